//! Slack: how much of their time the sending lanes had left.

use super::facts::share;
use super::tally::Tally;
use crate::plan::{LaneWork, Plan};

/// Part of the sending lanes' time in the measured phase that was left before the next due time, 0
/// to 1; `None` where no lane sends by due times.
///
/// Lanes that spin are busy whatever they do, so their share of a core proves nothing; this does.
#[must_use]
pub fn slack(plan: &Plan, tally: &Tally) -> Option<f64> {
    let is_paced = |stream: usize| plan.demand.streams[stream].pace.is_paced();
    let lanes = plan
        .lanes
        .iter()
        .filter(|lane| matches!(lane.work, LaneWork::Produce { stream, .. } if is_paced(stream)));
    let lanes = u64::try_from(lanes.count()).expect("lanes fit in 64 bits");
    let whole = plan.demand.phases.measured.0.saturating_mul(lanes);
    let streams = tally.streams.iter().enumerate().filter(|(stream, _)| is_paced(*stream));
    let waited: u64 = streams.map(|(_, seen)| seen.measured.produced.waited.0).sum();
    (0 < whole).then(|| share(waited, whole).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::slack;
    use crate::measure::verdict_fixture::{plan, tally};
    use crate::plan::{ClientCount, Pace, Role};
    use crate::units::Nanos;

    #[test]
    fn slack_is_what_lanes_had_left_of_the_phase() {
        let mut plan = plan(ClientCount::Shared);
        let senders = plan.lanes.iter().filter(|lane| lane.role() == Role::Producer).count();
        let senders = u64::try_from(senders).expect("a few");
        let mut tally = tally(&plan);
        tally.streams[0].measured.produced.waited = Nanos(senders * 2_500_000_000);
        assert_eq!(slack(&plan, &tally), Some(0.25), "a quarter of ten seconds each");
        plan.demand.streams[0].pace = Pace::Max { in_flight: None };
        assert_eq!(slack(&plan, &tally), None, "a closed loop waits for no due time");
    }
}
