//! Hooks that keep a meter, before they tell whoever else listens.

use super::meter::{Meter, Stage};
use engine::plan::Demand;
use engine::run::{Event, Hooks};

/// A run's hooks, and its meter where somebody may ask.
#[derive(Debug)]
pub(crate) struct Metered<'run, H> {
    /// Who else listens.
    hooks: H,
    meter: Option<&'run Meter>,
}

impl<'run, H: Hooks> Metered<'run, H> {
    /// For a run that begins.
    pub(crate) fn begin(hooks: H, meter: Option<&'run Meter>, demand: &Demand) -> Self {
        if let Some(meter) = meter {
            meter.begin(demand);
        }
        Self { hooks, meter }
    }

    /// The run is over, whatever became of it. Who else listened.
    pub(crate) fn end(self) -> H {
        if let Some(meter) = self.meter {
            meter.enter(Stage::Done);
        }
        self.hooks
    }
}

impl<H: Hooks> Hooks for Metered<'_, H> {
    fn event(&mut self, event: &Event<'_>) {
        if let Some(meter) = self.meter {
            match event {
                Event::Warmup(_) => meter.enter(Stage::Warmup),
                Event::Measuring { .. } => meter.enter(Stage::Measured),
                Event::Draining => meter.enter(Stage::Drain),
                Event::Collecting => meter.enter(Stage::Done),
                Event::Warming(interval, tally) | Event::Second(interval, tally) => {
                    meter.add(tally);
                    meter.note(interval);
                }
                _ => {}
            }
        }
        self.hooks.event(event);
    }

    fn is_interrupted(&self) -> bool {
        self.hooks.is_interrupted()
    }

    fn is_cut_short(&self) -> bool {
        self.hooks.is_cut_short()
    }
}
