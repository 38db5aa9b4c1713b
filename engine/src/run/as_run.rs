//! The plan as it was run: what was open when it was made is filled in.

use super::outcome::Outcome;
use super::searching::STREAM;
use crate::plan::{Pace, Plan};
use crate::units::Rate;

impl Outcome {
    /// The plan with the measured phase as long as it became, and the rate that a search found; for the
    /// verdict and the report, which hold the run against what was asked of it in the end.
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
