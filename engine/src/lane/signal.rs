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
            end: AtomicU64::new(u64::MAX),
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
