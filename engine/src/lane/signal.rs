//! What lanes read from the run: the stage, the halt, the schedules. One cache line, rarely written.

use crate::time::{Border, Schedule};
use crate::units::{Nanos, Rate, Timestamp};
use crossbeam::utils::CachePadded;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Where the run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Clients connect, consumers join: lanes poll.
    Preparing,
    /// All are ready (or one has failed): lanes leave their loops and meet at the start line.
    Assembling,
    /// Load.
    Running,
    /// All acks are in: consumers read what is left and say how far they are.
    Draining,
    /// Everything is read, or the deadline struck: consumers commit and hand over.
    Closing,
}

const STAGES: [Stage; 5] =
    [Stage::Preparing, Stage::Assembling, Stage::Running, Stage::Draining, Stage::Closing];

/// Later than any moment of any run.
const NEVER: Timestamp = Timestamp::from_nanos(u64::MAX);

#[derive(Debug)]
struct Line {
    stage: AtomicU8,
    halted: AtomicBool,
    /// Counts the changes of the schedules and of the end, so that a lane sees one without taking the
    /// lock.
    version: AtomicU64,
    /// When the last message is due, excluded, in nanoseconds; the greatest number: as planned.
    end: AtomicU64,
    /// Whether consumers are to read nothing for now.
    is_held: AtomicBool,
}

/// What the run tells lanes of their load, all of it: said again it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// By stream; `None` for those without due times.
    pub schedules: Vec<Option<Schedule>>,
    /// When the last message is due, excluded, where that is earlier than planned; else later than any
    /// moment.
    pub end: Timestamp,
    /// Whether consumers are to read nothing for now.
    pub is_held: bool,
}

impl Word {
    /// These schedules, as planned.
    #[must_use]
    pub const fn of(schedules: Vec<Option<Schedule>>) -> Self {
        Self { schedules, end: NEVER, is_held: false }
    }

    /// The same, with an end.
    #[must_use]
    pub fn ending_at(mut self, end: Timestamp) -> Self {
        self.schedules.iter_mut().flatten().for_each(|schedule| schedule.end_at(end));
        self.end = end;
        self
    }
}

/// The run's word to all lanes.
#[derive(Debug)]
pub struct Signal {
    line: CachePadded<Line>,
    /// By stream; `None` until the start line, and for streams without due times.
    schedules: Mutex<Vec<Option<Schedule>>>,
}

impl Signal {
    /// A run of so many streams that is being prepared.
    #[must_use]
    pub fn new(streams: usize) -> Self {
        let line = Line {
            stage: AtomicU8::new(0),
            halted: AtomicBool::new(false),
            version: AtomicU64::new(0),
            end: AtomicU64::new(NEVER.as_nanos()),
            is_held: AtomicBool::new(false),
        };
        Self { line: CachePadded::new(line), schedules: Mutex::new(vec![None; streams]) }
    }

    /// The stage. Relaxed: it orders nothing, whoever needs data besides takes a lock or the barrier.
    #[must_use]
    pub fn stage(&self) -> Stage {
        STAGES[usize::from(self.line.stage.load(Ordering::Relaxed))]
    }

    /// Goes on to a stage; stages only follow one another.
    pub fn advance(&self, stage: Stage) {
        let index =
            STAGES.iter().position(|known| *known == stage).expect("the list has every stage");
        self.line.stage.store(u8::try_from(index).expect("five stages"), Ordering::Relaxed);
    }

    /// Whether the run is to end early. Relaxed, as the stage.
    #[must_use]
    pub fn is_halted(&self) -> bool {
        self.line.halted.load(Ordering::Relaxed)
    }

    /// Ends the run early: what was sent is still waited for, by a short deadline.
    pub fn halt(&self) {
        self.line.halted.store(true, Ordering::Relaxed);
    }

    /// How often the schedules or the end have changed. Acquire, so that the end is seen with it; the
    /// lock orders the schedules themselves.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.line.version.load(Ordering::Acquire)
    }

    /// When the last message is due, excluded, where that is earlier than planned; else later than any
    /// moment. Relaxed: it is ordered by the version.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        Timestamp::from_nanos(self.line.end.load(Ordering::Relaxed))
    }

    /// Ends the load at `moment` if it would have ended later. It lies ahead of what lanes have sent:
    /// what was sent already is not taken back.
    ///
    /// # Panics
    /// As [`Self::schedule`].
    pub fn end_at(&self, moment: Timestamp) {
        let mut schedules =
            self.schedules.lock().expect("nobody panics with the schedules in hand");
        schedules.iter_mut().flatten().for_each(|schedule| schedule.end_at(moment));
        self.line.end.fetch_min(moment.as_nanos(), Ordering::Relaxed);
        self.line.version.fetch_add(1, Ordering::Release);
    }

    /// Whether consumers are to read nothing for now. Relaxed, as the stage.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.line.is_held.load(Ordering::Relaxed)
    }

    /// Lets consumers read nothing until [`Self::let_read`]: they stay in their groups.
    pub fn hold(&self) {
        self.line.is_held.store(true, Ordering::Relaxed);
    }

    /// Lets consumers read.
    pub fn let_read(&self) {
        self.line.is_held.store(false, Ordering::Relaxed);
    }

    /// A stream's schedule as it is now.
    ///
    /// # Panics
    /// When another thread panicked while holding the lock: the run is lost then.
    #[must_use]
    pub fn schedule(&self, stream: usize) -> Option<Schedule> {
        self.schedules.lock().expect("nobody panics with the schedules in hand")[stream].clone()
    }

    /// Sets a stream's schedule.
    ///
    /// # Panics
    /// As [`Self::schedule`].
    pub fn set_schedule(&self, stream: usize, schedule: Schedule) {
        self.schedules.lock().expect("nobody panics with the schedules in hand")[stream] =
            Some(schedule);
        self.line.version.fetch_add(1, Ordering::Release);
    }

    /// Changes a stream's rate from `moment` on; no debt is forgiven. False when the stream has no
    /// schedule: a closed loop has no rate to change.
    ///
    /// # Panics
    /// As [`Self::schedule`], and when `moment` lies before the last change.
    pub fn change_rate(&self, stream: usize, moment: Timestamp, rate: Rate) -> bool {
        let mut schedules =
            self.schedules.lock().expect("nobody panics with the schedules in hand");
        let Some(schedule) = &mut schedules[stream] else { return false };
        schedule.change_rate(moment, rate);
        self.line.version.fetch_add(1, Ordering::Release);
        true
    }

    /// What lanes are told now.
    ///
    /// # Panics
    /// As [`Self::schedule`].
    #[must_use]
    pub fn word(&self) -> Word {
        let schedules = self.schedules.lock().expect("nobody panics with the schedules in hand");
        // The end changes under the same lock.
        Word { schedules: schedules.clone(), end: self.end(), is_held: self.is_held() }
    }

    /// Whether lanes that have come to `now` can go on by this word.
    ///
    /// # Errors
    /// What of it lies behind them already.
    ///
    /// # Panics
    /// As [`Self::schedule`].
    pub fn check(&self, word: &Word, now: Timestamp) -> Result<(), String> {
        let present = self.word();
        if word.schedules.len() != present.schedules.len() {
            let (got, need) = (word.schedules.len(), present.schedules.len());
            return Err(format!("schedules: got {got}, need one for each of {need} streams"));
        }
        for (stream, pair) in present.schedules.iter().zip(&word.schedules).enumerate() {
            match pair {
                (None, None) => {}
                (Some(old), Some(new)) if old.is_continued_by(new, now) => {}
                (Some(_), Some(_)) => {
                    let now = now.as_nanos();
                    return Err(format!(
                        "stream {stream}: it is {now}, and what its schedule says of the time before is not \
                         what was sent by: need the same up to now"
                    ));
                }
                _ => return Err(format!("stream {stream}: a closed loop keeps no schedule")),
            }
        }
        let (old, new) = (present.end, word.end);
        if old < new {
            let (old, new) = (old.as_nanos(), new.as_nanos());
            return Err(format!("the end: got {new}, and it is to be at {old} already"));
        }
        if new < old && new <= now {
            let (new, now) = (new.as_nanos(), now.as_nanos());
            return Err(format!("the end: got {new}, and it is {now}: too late"));
        }
        Ok(())
    }

    /// Tells lanes this word, which was checked; nothing where it is what they were told before.
    ///
    /// # Panics
    /// As [`Self::schedule`].
    pub fn follow(&self, word: &Word) {
        let before = self.word();
        if before.is_held != word.is_held {
            self.line.is_held.store(word.is_held, Ordering::Relaxed);
        }
        if (&before.schedules, before.end) != (&word.schedules, word.end) {
            let mut schedules =
                self.schedules.lock().expect("nobody panics with the schedules in hand");
            schedules.clone_from(&word.schedules);
            self.line.end.fetch_min(word.end.as_nanos(), Ordering::Relaxed);
            self.line.version.fetch_add(1, Ordering::Release);
        }
    }
}

/// The phases of a started run, as lanes need them.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// When the load begins, and where the measured phase does: earlier messages are warm-up.
    pub border: Arc<Border>,
    /// When these lanes join in: with the load, or later where they take over a share.
    pub from: Timestamp,
    /// How long the measured phase lasts: what would be due at its end is never due.
    pub measured: Nanos,
    /// How long a lane in debt goes on after that.
    pub grace: Nanos,
}

#[cfg(test)]
mod tests {
    use super::{NEVER, Signal, Word};
    use crate::plan::samples::rate;
    use crate::time::Schedule;
    use crate::units::{Nanos, Timestamp};

    const START: Timestamp = Timestamp::from_nanos(7_000_000_000);

    fn after(seconds: u64) -> Timestamp {
        START + Nanos::from_secs(seconds)
    }

    fn planned() -> Schedule {
        Schedule::constant(rate(100), START, after(20))
    }

    /// A paced stream and a closed loop, as they are told at the start.
    fn signal() -> (Signal, Word) {
        let (signal, word) = (Signal::new(2), Word::of(vec![Some(planned()), None]));
        signal.follow(&word);
        (signal, word)
    }

    #[test]
    fn what_one_signal_tells_another_that_follows_tells_too_and_again_is_nothing_new() {
        let (first, word) = signal();
        let (second, _) = signal();
        assert_eq!((first.word(), word.end), (word.clone(), NEVER), "as planned");
        assert!(first.change_rate(0, after(5), rate(300)), "it has a rate");
        first.end_at(after(9));
        first.hold();
        let told = first.word();
        assert_ne!(told, word, "all of it is another");
        for _ in 0..3 {
            let seen = second.version();
            assert_eq!(second.check(&told, after(6)).is_ok(), second.word() == told, "walked");
            assert_eq!(second.check(&told, after(4)), Ok(()), "it lies ahead");
            let is_new = second.word() != told;
            second.follow(&told);
            assert_eq!(second.word(), told, "the schedules, the end, who is held");
            assert_eq!(seen < second.version(), is_new, "lanes look once");
        }
        first.let_read();
        second.follow(&first.word());
        assert!(!second.is_held() && second.end() == after(9), "they may read");
    }

    #[test]
    fn what_lies_behind_lanes_is_not_followed_nor_what_is_of_another_run() {
        let (signal, word) = signal();
        signal.follow(&word.clone().ending_at(after(10)));
        let check = |told: &Word, now: u64, expected: &str| {
            let told = signal.check(told, after(now)).err().unwrap_or_default();
            assert_eq!(told.is_empty(), expected.is_empty(), "{now}: {told}");
            assert!(told.contains(expected), "{now}: {told}");
        };
        check(&word.clone().ending_at(after(10)), 15, "");
        check(&word.clone().ending_at(after(8)), 7, "");
        check(&word.clone().ending_at(after(8)), 8, "stream 0");
        check(&word, 7, "the end: got");
        let closed = |end| Word::of(vec![None, None]).ending_at(after(end));
        check(&closed(10), 1, "stream 0: a closed loop keeps no schedule");
        check(&Word::of(vec![None]), 1, "need one for each of 2 streams");
        let both = Word::of(vec![Some(planned()), Some(planned())]);
        check(&both.ending_at(after(10)), 1, "stream 1");
        let loops = Signal::new(1);
        let ending = Word::of(vec![None]).ending_at(after(8));
        assert_eq!(loops.check(&ending, after(7)), Ok(()), "a closed loop ends too");
        let late = loops.check(&ending, after(8)).expect_err("it is past");
        assert!(late.contains("too late"), "{late}");
    }
}
