//! What a recorder is told of a client's answers beside the messages in them.

use super::recorder::Recorder;
use crate::units::Nanos;

impl Recorder {
    /// The client's call that acks are there was heard `waited` after it was made.
    pub fn acks_heard(&mut self, stream: usize, waited: Nanos) {
        let present = self.present;
        self.tally.streams[stream].phase(present).ack_wait.record(Some(waited));
    }

    /// A request with messages was answered.
    pub const fn answered(&mut self) {
        self.tally.answers += 1;
    }
}
