//! A thread that writes, so that whoever has something to be written does not wait for a disk.

use engine::units::Nanos;
use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread::{self, JoinHandle};

/// How long the disk may take, when nothing more comes, for what waits for it. The run then ends without it.
pub(super) const PATIENCE: Nanos = Nanos::from_secs(10);

/// A thread that takes pieces in their order, and says at its end what became of them.
#[derive(Debug)]
pub(super) struct Writer<T, R> {
    /// Dropped, it ends the thread when all pieces are done.
    inbox: SyncSender<T>,
    ended: Receiver<R>,
    thread: JoinHandle<()>,
}

/// Why such a thread said nothing at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silent {
    /// It waits for the disk still.
    Waiting,
    /// It panicked.
    Panicked,
}

impl<T: Send + 'static, R: Send + 'static> Writer<T, R> {
    /// Starts it under a name, with room for so many pieces that wait. `work` takes them until none comes any
    /// more, or until one fails.
    ///
    /// # Errors
    /// When the system starts no more threads.
    pub(super) fn start(
        (name, room): (&str, usize),
        work: impl FnOnce(&Receiver<T>) -> R + Send + 'static,
    ) -> io::Result<Self> {
        let (inbox, pieces) = mpsc::sync_channel(room);
        let (outbox, ended) = mpsc::sync_channel(1);
        let work = move || {
            let end = work(&pieces);
            // Whoever gave up waiting is not there any more.
            let _unheard = outbox.send(end);
        };
        let thread = thread::Builder::new().name(name.to_owned()).spawn(work)?;
        Ok(Self { inbox, ended, thread })
    }

    /// Hands a piece over and waits for nothing: `false` where there is no room for it, or nobody to take it.
    #[must_use]
    pub(super) fn offer(&self, piece: T) -> bool {
        self.inbox.try_send(piece).is_ok()
    }

    /// Lets the thread do what waits, for so long, and says what became of it.
    ///
    /// # Errors
    /// When it does not say: it is left to itself then.
    pub(super) fn end(self, patience: Nanos) -> Result<R, Silent> {
        let Self { inbox, ended, thread } = self;
        drop(inbox);
        let end = ended.recv_timeout(patience.duration()).map_err(|error| match error {
            RecvTimeoutError::Timeout => Silent::Waiting,
            RecvTimeoutError::Disconnected => Silent::Panicked,
        })?;
        // It has said all and has nothing left to do.
        let _ended = thread.join();
        Ok(end)
    }
}

#[cfg(test)]
mod tests {
    use super::{PATIENCE, Silent, Writer};
    use engine::units::Nanos;
    use std::sync::mpsc::{self, Receiver};

    /// Starts one with room for two that begins when its gate is dropped; its end is the sum of what it took.
    fn held() -> (Writer<u32, u32>, mpsc::Sender<()>) {
        let (gate, opened) = mpsc::channel::<()>();
        let work = move |pieces: &Receiver<u32>| {
            let _opened = opened.recv();
            pieces.iter().sum()
        };
        (Writer::start(("held", 2), work).expect("there are threads"), gate)
    }

    #[test]
    fn what_finds_room_is_done_and_nobody_waits_for_room() {
        let (writer, gate) = held();
        let taken = [1, 20, 300].map(|piece| writer.offer(piece));
        assert_eq!(taken, [true, true, false], "two wait, the third would have to");
        drop(gate);
        assert_eq!(writer.end(PATIENCE), Ok(21), "all that waited");
    }

    #[test]
    fn one_that_does_not_end_is_left_to_itself() {
        let (writer, gate) = held();
        assert!(writer.offer(1), "there is room");
        assert_eq!(writer.end(Nanos::from_millis(1)), Err(Silent::Waiting), "it hangs");
        drop(gate);
    }

    #[test]
    fn one_that_ended_early_takes_nothing_and_still_says_why() {
        let work = |pieces: &Receiver<u32>| pieces.recv().expect("one comes");
        let writer = Writer::start(("early", 1), work).expect("there are threads");
        assert!(writer.offer(7), "there is room");
        let mut tries = 0;
        while writer.offer(8) && tries < 1_000_000 {
            tries += 1;
            std::thread::yield_now();
        }
        assert_eq!(writer.end(PATIENCE), Ok(7), "what it took");
    }

    #[test]
    fn one_that_panics_is_told_from_one_that_waits() {
        let work = |_: &Receiver<u32>| -> u32 { panic!("on purpose") };
        let writer = Writer::start(("panics", 1), work).expect("there are threads");
        assert_eq!(writer.end(PATIENCE), Err(Silent::Panicked), "it said nothing");
    }
}
