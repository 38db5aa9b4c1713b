//! A run through the engine's own interface.

use engine::driver::{Refusal, find};
use engine::plan::{Demand, Machine, Plan, Wishes};
use engine::run::{CleanUp, Event, Hooks, Outcome};
use engine::time::OsClock;

/// Listens to nothing and never interrupts.
#[derive(Debug, Default)]
pub struct Silent;

impl Hooks for Silent {
    fn event(&mut self, _event: &Event<'_>) {}

    fn is_interrupted(&self) -> bool {
        false
    }
}

/// Runs a demand on a driver, on this machine's cores.
///
/// # Panics
/// When the plan is refused or the run does not get ready.
#[must_use]
pub fn run(driver: &str, demand: Demand, wishes: &Wishes) -> (Outcome, CleanUp) {
    let machine: Machine = engine::lane::machine();
    let plan = Plan::new(demand, &machine, wishes).expect("the plan is sound");
    let driver = find(driver).expect("the driver exists");
    match (driver.prepare)(plan, OsClock::anchored(), &mut Silent) {
        Ok(ready) => {
            let (outcome, teardown) = ready.start(&mut Silent);
            (outcome, teardown.finish())
        }
        Err(Refusal::Target(error)) => panic!("no target: {error}"),
        Err(Refusal::Run(failed)) => panic!("not ready: {:?}", failed.0.ending),
    }
}
