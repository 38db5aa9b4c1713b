//! All who listen to a run, one around the other, and what they have in the end.

use crate::metrics::{Meter, Metered};
use crate::monitor::{Monitor, Observation, Watched};
use crate::progress::Progress;
use crate::recording::{OnDisk, Recorded};
use crate::report::omb::{Periodic, Periods};
use crate::spec::Job;
use engine::plan::Demand;
use engine::run::{Event, Hooks};

/// A run's hooks: what goes to disk comes first, then what can be asked for, then what is shown.
pub(crate) struct Listeners<'run> {
    all: Recorded<'run, Metered<'run, Watched<Periodic<Progress<'run>>>>>,
}

/// What they have when the run is over.
pub(crate) struct Heard<'run> {
    /// What was shown.
    pub(crate) progress: Progress<'run>,
    /// What the monitor saw; `None` when it was off.
    pub(crate) observation: Option<Observation>,
    /// OMB's periods.
    pub(crate) periods: Periods,
    /// The run's directory.
    pub(crate) on_disk: OnDisk,
}

impl<'run> Listeners<'run> {
    /// Of a run that begins.
    pub(crate) fn new(
        progress: Progress<'run>,
        monitor: Option<Monitor>,
        demand: &'run Demand,
        (job, meter): (&Job, Option<&'run Meter>),
    ) -> Self {
        let watched = Watched { hooks: Periodic::new(progress, demand), monitor };
        let metered = Metered::begin(watched, meter, demand);
        Self { all: Recorded::new(metered, demand, job.runs_dir().to_owned()) }
    }

    /// The run is over.
    pub(crate) fn end(self) -> Heard<'run> {
        let (metered, on_disk) = self.all.end();
        let Watched { hooks: Periodic { hooks: mut progress, periods }, monitor } = metered.end();
        progress.end();
        Heard { progress, observation: monitor.and_then(Monitor::stop), periods, on_disk }
    }
}

impl Hooks for Listeners<'_> {
    fn event(&mut self, event: &Event<'_>) {
        self.all.event(event);
    }

    fn is_interrupted(&self) -> bool {
        self.all.is_interrupted()
    }

    fn is_cut_short(&self) -> bool {
        self.all.is_cut_short()
    }
}
