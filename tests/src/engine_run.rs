//! A run through the engine's own interface.

use engine::driver::{Refusal, find};
use engine::plan::{Demand, Machine, Plan, Wishes};
use engine::run::{CleanUp, Event, Hooks, Outcome, Teardown};
use engine::time::{ClockSource, RunClock};

/// Listens to nothing and never interrupts.
#[derive(Debug, Default)]
pub struct Silent;

impl Hooks for Silent {
    fn event(&mut self, _event: &Event<'_>) {}

    fn is_interrupted(&self) -> bool {
        false
    }
}

/// The plan of a demand on this machine's cores.
///
/// # Panics
/// When the plan is refused.
#[must_use]
pub fn plan(demand: Demand, wishes: &Wishes) -> Plan {
    let machine: Machine = engine::host::machine();
    Plan::new(demand, &machine, wishes).expect("the plan is sound")
}

/// Runs a demand on a driver, on this machine's cores.
///
/// # Panics
/// When the plan is refused or the run does not get ready.
#[must_use]
pub fn run(driver: &str, demand: Demand, wishes: &Wishes) -> (Outcome, CleanUp) {
    let (outcome, teardown) = run_with(driver, plan(demand, wishes), &mut Silent);
    (outcome, teardown.finish())
}

/// Runs a plan on a driver, with someone who listens; what it made is still there afterwards.
///
/// # Panics
/// When the run does not get ready.
#[must_use]
pub fn run_with(driver: &str, plan: Plan, hooks: &mut dyn Hooks) -> (Outcome, Teardown) {
    let driver = find(driver).expect("the driver exists");
    match (driver.prepare)(plan, RunClock::anchored(ClockSource::Os), hooks) {
        Ok(ready) => ready.start(hooks),
        Err(Refusal::Target(error)) => panic!("no target: {error}"),
        Err(Refusal::Run(failed)) => panic!("not ready: {:?}", failed.0.ending),
    }
}
