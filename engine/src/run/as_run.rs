//! The plan as it was run: what was decided meanwhile in place of its bounds.

use super::outcome::Outcome;
use crate::plan::Plan;

impl Outcome {
    /// The plan with the measured phase as long as it was, where the run decided that: whoever judges and
    /// reports counts by it. A run that was interrupted or failed keeps what was planned.
    #[must_use]
    pub fn plan_as_run(&self, plan: &Plan) -> Plan {
        let mut plan = plan.clone();
        if let Some(start) = self.start {
            plan.demand.phases.measured = start.measured.until(start.end);
        }
        plan
    }
}
