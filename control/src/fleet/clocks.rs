//! A worker's clocks: its own, and what makes them the fleet's.

use engine::time::{
    Clock, ClockChoice, ClockSource, Correction, KERNEL_CLOCK_SOURCE, Line, OsClock, RunClock,
};
use engine::units::Timestamp;
use std::path::Path;

/// Both clocks of this process, and the one correction of both.
#[derive(Debug)]
pub(super) struct Clocks {
    /// For what has nothing to do with a run: leases, and how long calls wait.
    steady: OsClock,
    os: RunClock,
    /// `None` where the kernel does not keep time by it.
    tsc: Option<RunClock>,
    correction: &'static Correction,
}

impl Clocks {
    /// Anchors them; once in a process, since lanes read the correction for as long as it lives.
    pub(super) fn start() -> Self {
        let tsc = ClockSource::choose(ClockChoice::Tsc, Path::new(KERNEL_CLOCK_SOURCE)).ok();
        Self {
            steady: OsClock::anchored(),
            os: RunClock::anchored(ClockSource::Os),
            tsc: tsc.map(RunClock::anchored),
            correction: Box::leak(Box::new(Correction::new())),
        }
    }

    /// The clock that runs read where nobody asks for another.
    pub(super) fn best(&self) -> RunClock {
        self.tsc.unwrap_or(self.os)
    }

    /// The clock of a name.
    ///
    /// # Errors
    /// There is none of that name, or not on this host.
    pub(super) fn of(&self, name: &str) -> Result<RunClock, String> {
        match name {
            "auto" => Ok(self.best()),
            "os" => Ok(self.os),
            "tsc" => self.tsc.ok_or_else(|| {
                "got tsc, and this host's kernel does not keep time by it: use os".to_owned()
            }),
            other => Err(format!("source: got {other}, need auto, os or tsc")),
        }
    }

    /// The clock of that source in the fleet's time.
    ///
    /// # Errors
    /// As [`Clocks::of`].
    pub(super) fn in_fleet(&self, source: ClockSource) -> Result<RunClock, String> {
        Ok(self.of(source.word())?.in_fleet(self.correction))
    }

    /// Leads the fleet's time to a line: at once where no task reads it yet. Says what became of it.
    pub(super) fn correct(&self, reading: Option<RunClock>, line: &Line) -> String {
        match reading {
            None => {
                self.correction.begin(line);
                "begun".to_owned()
            }
            Some(clock) => clock.correct(line).map_or_else(String::new, |made| format!("{made:?}")),
        }
    }

    /// This moment by a clock that nobody corrects.
    pub(super) fn steady(&self) -> Timestamp {
        self.steady.now()
    }
}
