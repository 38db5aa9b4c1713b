//! The plan as it was run: what was decided meanwhile in place of its bounds.

use super::outcome::Outcome;
use super::searching::STREAM;
use crate::plan::{Pace, Plan};
use crate::units::Rate;

impl Outcome {
    /// The plan with the measured phase as long as it was, where the run decided that, and the rate that a
    /// search found: whoever judges and reports counts by it. A run that was interrupted or failed keeps
    /// what was planned.
    #[must_use]
    pub fn plan_as_run(&self, plan: &Plan) -> Plan {
        let mut plan = plan.clone();
        if let Some(start) = self.start {
            plan.demand.phases.measured = start.measured.until(start.end);
        }
        let found = self.search.as_ref().and_then(|end| Rate::per_second(end.sustainable));
        if let Some(rate) = found {
            plan.demand.streams[STREAM].pace = Pace::At(rate);
        }
        plan
    }
}
