//! The warm-up as the run thread sees it: seconds come in, and it ends when they are steady.

use crate::measure::{Latency, Pulse, STEADY_WINDOW, Second, steady_since};
use crate::plan::{Pace, Plan, StreamDemand, Warmup};
use crate::time::Border;
use crate::units::{NANOS_PER_SECOND, Nanos, Timestamp};
use std::sync::Arc;

/// What the notice of hosts is given beyond itself: a host that hears of a rate or a border too late is
/// lost, while a second more costs nothing.
const MARGIN: Nanos = Nanos::from_secs(1);

/// How far ahead of its moment lanes are told something, by the notice that they need: nothing for
/// threads of this process.
pub(super) fn ahead(notice: Nanos) -> Nanos {
    if notice == Nanos::ZERO { Nanos::ZERO } else { notice + MARGIN }
}

/// Watches a run become steady.
#[derive(Debug)]
pub(super) struct Warming {
    border: Arc<Border>,
    due_per_second: Option<u64>,
    /// Whether the rate is to be the same in every second: else nothing is steady that should be.
    is_even: bool,
    /// Every second, of both phases.
    pulses: Vec<Pulse>,
}

impl Warming {
    /// Of a run whose load begins at `start`.
    pub(super) fn new(plan: &Plan, start: Timestamp) -> Self {
        let asked = plan.demand.phases.warmup;
        let border = match asked {
            Warmup::Fixed(length) => Border::fixed(start, start + length),
            Warmup::Auto { .. } => Border::open(start, asked.longest()),
        };
        let varies = |stream: &StreamDemand| matches!(stream.pace, Pace::Varied(_));
        let is_even = !plan.demand.streams.iter().any(varies);
        Self { border, due_per_second: plan.demand.due_per_second(), is_even, pulses: Vec::new() }
    }

    /// Where it ends.
    pub(super) const fn border(&self) -> &Arc<Border> {
        &self.border
    }

    /// When the measured phase begins; while that is open, the latest moment.
    pub(super) fn measured(&self) -> Timestamp {
        self.border.measured()
    }

    /// How long it lasts; how long at most, while that is open.
    pub(super) fn length(&self) -> Nanos {
        self.border.start().until(self.measured())
    }

    /// Takes note of a complete second.
    pub(super) fn note(&mut self, second: &Second) {
        self.pulses.push(pulse(second));
    }

    /// Ends an open warm-up at the next second if the newest ones are steady: the next that all hosts can
    /// have heard of, where lanes have to be told `notice` before. True when it does.
    pub(super) fn end_if_steady(&self, now: Timestamp, notice: Nanos) -> bool {
        let newest = self.pulses.len().saturating_sub(STEADY_WINDOW);
        let is_over = self.border.is_decided() || self.border.latest() <= now;
        if is_over || steady_since(&self.pulses[newest..], self.due_per_second).is_none() {
            return false;
        }
        self.decide(now, notice);
        // It did not where the bound is the next second: that is where the phase begins anyway.
        self.border.is_decided()
    }

    /// Ends an open warm-up at a whole second, so far ahead that all lanes have heard of it. Returns where
    /// the measured phase begins.
    pub(super) fn decide(&self, now: Timestamp, notice: Nanos) -> Timestamp {
        // No lane of this process comes to the border of others': it lies where they are told.
        self.border.decide(now + ahead(notice))
    }

    /// Whether it ended at its bound without having been steady.
    pub(super) fn was_in_vain(&self) -> bool {
        !self.border.is_decided() && self.steady_since().is_none_or(|second| 0 < second)
    }

    /// The number of a lane's second, counted from the start of the measured phase. While that is
    /// open it counts from the latest moment, so the second is the warm-up's.
    pub(super) fn number(&self, second: i64) -> i64 {
        let seconds = self.border.origin().until(self.measured()).0 / NANOS_PER_SECOND;
        second - i64::try_from(seconds).expect("292 years of seconds")
    }

    /// The same; the first and the last number there are stay what they are.
    pub(super) fn number_or_edge(&self, second: i64) -> i64 {
        if second == i64::MIN || second == i64::MAX { second } else { self.number(second) }
    }

    /// From which second on the run was steady, counted from the start of the measured phase; of a
    /// rate that changes nobody asks.
    pub(super) fn steady_since(&self) -> Option<i64> {
        if !self.is_even {
            return None;
        }
        steady_since(&self.pulses, self.due_per_second).map(|second| self.number(second))
    }
}

/// A second of both phases.
fn pulse(second: &Second) -> Pulse {
    let (mut acked, mut publish) = (0, Latency::default());
    for phase in second.tally.streams.iter().flat_map(|of| [&of.warmup, &of.measured]) {
        acked += phase.acked.messages;
        publish.merge(&phase.publish);
    }
    Pulse { second: second.number, acked, publish_p50: publish.percentile(50.0) }
}

#[cfg(test)]
mod tests {
    use super::Warming;
    use crate::measure::{Second, Tally};
    use crate::plan::samples::{demand, stream};
    use crate::plan::{Machine, Plan, Warmup, Wishes};
    use crate::units::{Nanos, Timestamp};

    const START: Timestamp = Timestamp::from_nanos(5_000_000_007);

    fn after(millis: u64) -> Timestamp {
        START + Nanos::from_millis(millis)
    }

    fn warming(warmup: Warmup) -> (Warming, Plan) {
        let mut demand = demand(stream(100));
        demand.phases.warmup = warmup;
        let machine = Machine::of_cores(0..4);
        let plan = Plan::new(demand, &machine, &Wishes::default()).expect("a plan");
        (Warming::new(&plan, START), plan)
    }

    /// Seconds come in one after the other, each 20 ms after its end; when the warm-up ended, in
    /// milliseconds, and the second since which it was steady.
    fn run(warmup: Warmup, seconds: &[u64]) -> (Option<u64>, Option<i64>) {
        run_told(warmup, Nanos::ZERO, seconds)
    }

    /// The same where lanes have to be told so long before.
    fn run_told(warmup: Warmup, notice: Nanos, seconds: &[u64]) -> (Option<u64>, Option<i64>) {
        let (mut warming, plan) = warming(warmup);
        let mut ended = None;
        for (number, acked) in (0_i64..).zip(seconds) {
            let mut tally = Tally::new(&plan.demand);
            tally.streams[0].warmup.acked.messages = *acked;
            warming.note(&Second { number, tally });
            let now = after(u64::try_from(number).expect("it counts up") * 1_000 + 1_020);
            if warming.end_if_steady(now, notice) {
                assert_eq!(ended, None, "it ends once");
                ended = Some(warming.length().0 / 1_000_000);
            }
        }
        (ended, warming.steady_since())
    }

    #[test]
    fn it_ends_at_the_next_second_after_five_steady_ones() {
        let auto = Warmup::Auto { bound: Nanos::from_secs(20) };
        let check = |seconds: &[u64], expected: (Option<u64>, Option<i64>)| {
            assert_eq!(run(auto, seconds), expected, "{seconds:?}");
        };
        check(&[100; 4], (None, None));
        check(&[100; 5], (Some(6_000), Some(-6)));
        check(&[100; 9], (Some(6_000), Some(-6)));
        check(&[7, 60, 100, 100, 100, 100, 100, 100], (Some(8_000), Some(-6)));
        check(&[100, 100, 100, 100, 7, 100, 100, 100, 100, 100], (Some(11_000), Some(-6)));
        check(&[50; 19], (None, None));
    }

    #[test]
    fn where_hosts_are_told_it_ends_a_second_after_all_can_have_heard_of_it() {
        // So much notice, a bound of so many seconds; where it ends, steady from the start on.
        let check = |millis: u64, bound: u64, expected: Option<u64>| {
            let auto = Warmup::Auto { bound: Nanos::from_secs(bound) };
            let (ended, _) = run_told(auto, Nanos::from_millis(millis), &[100; 20]);
            assert_eq!(ended, expected, "{millis} ms, {bound} s");
        };
        check(2_000, 20, Some(9_000));
        check(1, 20, Some(7_000));
        check(2_980, 20, Some(10_000));
        check(2_000, 10, Some(9_000));
        check(2_000, 9, None);
    }

    #[test]
    fn a_fixed_one_ends_when_it_was_to_end() {
        let fixed = Warmup::Fixed(Nanos::from_millis(1_500));
        assert_eq!(run(fixed, &[100; 9]), (None, Some(0)), "seconds are numbered by the phase");
        let (warming, _) = warming(fixed);
        assert_eq!((warming.measured(), warming.number(-1)), (after(1_500), -1));
        assert!(!warming.was_in_vain(), "nobody waited for anything");
    }

    #[test]
    fn at_the_bound_it_ends_all_the_same_and_says_whether_in_vain() {
        // Seconds until the bound of 7 s; whether it was in vain.
        let check = |seconds: [u64; 7], expected: bool| {
            let (mut warming, plan) = warming(Warmup::Auto { bound: Nanos::from_millis(6_100) });
            for (number, acked) in (0_i64..).zip(seconds) {
                let mut tally = Tally::new(&plan.demand);
                tally.streams[0].warmup.acked.messages = acked;
                warming.note(&Second { number, tally });
                // The run thread stands still; it looks again when the phase has begun.
            }
            assert!(!warming.end_if_steady(after(7_010), Nanos::ZERO), "it has ended");
            assert_eq!(warming.measured(), after(7_000), "at the bound, in whole seconds");
            assert_eq!(warming.was_in_vain(), expected, "{seconds:?}");
        };
        check([100; 7], false);
        check([100, 50, 100, 50, 100, 50, 100], true);
    }
}
