//! Counts of the sending side, of the broker's answers, of the receiving side and of commits.

use super::counts::Window;
use crate::units::Nanos;
use serde::{Deserialize, Serialize};

/// Counts of the sending side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Produced {
    /// Due by the schedule.
    pub due: u64,
    /// Offered at least once.
    pub attempted: u64,
    /// Accepted by the client.
    pub messages: u64,
    /// Body bytes of the accepted ones.
    pub bytes: u64,
    /// Due and never offered.
    pub unsent: u64,
    /// Offered again because the client was full.
    pub queue_full: u64,
    /// Messages that met a full client at least once.
    pub held_back: u64,
    /// Sent more than [`super::constants::LATE`] after their due while the client was not full in
    /// between.
    pub late_by_us: u64,
    /// Time that the lane had left when it began to wait for a due time, summed: its slack.
    pub waited: Nanos,
    /// When messages were accepted.
    pub window: Window,
    /// When the unsent ones were due.
    pub unsent_due: Window,
}

/// Counts of the broker's answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acked {
    /// Persisted.
    pub messages: u64,
    /// Their body bytes.
    pub bytes: u64,
    /// Given up by the client.
    pub failed: u64,
    /// Of these, those that the broker may have all the same.
    pub failed_maybe_persisted: u64,
    /// Given up by us at the deadline: neither acked nor failed.
    pub purged: u64,
    /// When acks came.
    pub window: Window,
}

/// Counts of one subscription's receiving side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consumed {
    /// This run's messages received.
    pub messages: u64,
    /// Their body bytes.
    pub bytes: u64,
    /// Other runs' or programs' messages.
    pub foreign: u64,
    /// Messages whose stamp was damaged.
    pub corrupted: u64,
    /// When messages came.
    pub window: Window,
}

/// Counts of offset commits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commits {
    /// Acknowledged.
    pub succeeded: u64,
    /// Failed.
    pub failed: u64,
}

impl Produced {
    /// Adds another second's, lane's or host's.
    pub(super) fn merge(&mut self, other: &Self) {
        let Self {
            due,
            attempted,
            messages,
            bytes,
            unsent,
            queue_full,
            held_back,
            late_by_us,
            waited,
            window,
            unsent_due,
        } = other;
        self.due += due;
        self.attempted += attempted;
        self.messages += messages;
        self.bytes += bytes;
        self.unsent += unsent;
        self.queue_full += queue_full;
        self.held_back += held_back;
        self.late_by_us += late_by_us;
        self.waited = self.waited + *waited;
        self.window.merge(window);
        self.unsent_due.merge(unsent_due);
    }
}

impl Acked {
    /// Adds another second's, lane's or host's.
    pub(super) fn merge(&mut self, other: &Self) {
        let Self { messages, bytes, failed, failed_maybe_persisted, purged, window } = other;
        self.messages += messages;
        self.bytes += bytes;
        self.failed += failed;
        self.failed_maybe_persisted += failed_maybe_persisted;
        self.purged += purged;
        self.window.merge(window);
    }
}

impl Consumed {
    /// Adds another second's, lane's or host's.
    pub(super) fn merge(&mut self, other: &Self) {
        let Self { messages, bytes, foreign, corrupted, window } = other;
        self.messages += messages;
        self.bytes += bytes;
        self.foreign += foreign;
        self.corrupted += corrupted;
        self.window.merge(window);
    }
}
