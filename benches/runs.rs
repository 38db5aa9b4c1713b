//! Whole runs through the engine's interface.

use engine::driver::{Refusal, find};
use engine::plan::Plan;
use engine::run::{Event, Hooks, Outcome, Ready};

/// Listens to nothing and never interrupts.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Hooks for Silent {
    fn event(&mut self, _event: &Event<'_>) {}

    fn is_interrupted(&self) -> bool {
        false
    }
}

/// Runs a plan on a driver and cleans up after it.
///
/// # Panics
/// When the run does not get ready, or a lane does not end.
pub fn run(driver: &str, plan: Plan, hooks: &mut dyn Hooks) -> Outcome {
    let (outcome, teardown) = prepared(driver, plan).start(hooks);
    let clean_up = teardown.finish();
    assert!(clean_up.unclosed.is_empty(), "all lanes end: {:?}", clean_up.unclosed);
    assert!(clean_up.left.is_empty(), "nothing is left: {:?}", clean_up.left);
    outcome
}

/// A plan on a driver, every lane at the start line.
///
/// # Panics
/// When the run does not get ready.
#[must_use]
pub fn prepared(driver: &str, plan: Plan) -> Ready {
    let found = find(driver).expect("the driver exists");
    match (found.prepare)(plan, crate::run_clock(), &mut Silent) {
        Ok(ready) => ready,
        Err(Refusal::Target(error)) => panic!("no target: {error}"),
        Err(Refusal::Run(failed)) => panic!("not ready: {:?}", failed.0.ending),
    }
}
