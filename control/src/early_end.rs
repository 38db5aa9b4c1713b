//! Ends a run early when an assertion fails on what was measured so far.

use crate::assertion::{Assertion, Judged};
use crate::report::so_far;
use engine::measure::{Ended, Tally};
use engine::plan::Plan;
use engine::run::Interval;
use engine::units::Nanos;

/// An assertion must fail in so many seconds running. Lanes hand over one after the other, and one
/// that is held up counts two seconds into the later: a single second may look worse than it was.
const RUNNING: u32 = 2;

/// Why a run was ended early.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cut {
    /// How much of the measured phase was over, in whole seconds.
    pub(crate) after_s: u32,
    /// The assertion that failed, on what was measured until then.
    pub(crate) judged: Judged,
}

impl Cut {
    /// The assertion and what was seen.
    pub(crate) fn reason(&self) -> String {
        format!("{}: {}", self.judged.assertion, self.judged.message)
    }

    /// The end, as the verdict takes it.
    pub(crate) fn ended(&self) -> Ended {
        Ended::CutShort { after_s: self.after_s, reason: self.reason() }
    }
}

/// An assertion, and in how many seconds running it has failed.
struct Watched<'run> {
    assertion: &'run Assertion,
    failing: u32,
}

/// Looks at each second of the measured phase, from the end of the grace time on.
pub(crate) struct EarlyEnd<'run> {
    plan: &'run Plan,
    grace: Nanos,
    watched: Vec<Watched<'run>>,
    /// All seconds so far.
    tally: Tally,
    cut: Option<Cut>,
}

impl<'run> EarlyEnd<'run> {
    /// Watches those assertions that can be judged before the end.
    pub(crate) fn new(plan: &'run Plan, assertions: &'run [Assertion], grace: Nanos) -> Self {
        let early = assertions.iter().filter(|assertion| assertion.is_judged_early());
        let watched = early.map(|assertion| Watched { assertion, failing: 0 }).collect();
        Self { plan, grace, watched, tally: Tally::new(&plan.demand), cut: None }
    }

    /// What it watches, one line each.
    pub(crate) fn describe(&self) -> Vec<String> {
        let line = |watched: &Watched<'_>| {
            format!("ends early if this fails after {}: {}", self.grace, watched.assertion)
        };
        self.watched.iter().map(line).collect()
    }

    /// Takes a second in; returns why the run must end, once, when it must.
    pub(crate) fn see(&mut self, second: &Interval, tally: &Tally) -> Option<&Cut> {
        if self.cut.is_some() {
            return None;
        }
        self.tally.merge(tally);
        let after_s = second.second.saturating_add(1);
        let elapsed = Nanos::from_secs(u64::from(after_s));
        let is_over = self.plan.demand.phases.measured <= elapsed;
        if elapsed < self.grace || is_over {
            return None;
        }
        let so_far = so_far(self.plan, &self.tally, elapsed);
        for watched in &mut self.watched {
            let failed = watched.assertion.fails_early(&so_far);
            watched.failing = if failed.is_some() { watched.failing + 1 } else { 0 };
            if let Some(judged) = failed.filter(|_| RUNNING <= watched.failing) {
                self.cut = Some(Cut { after_s, judged });
                break;
            }
        }
        self.cut.as_ref()
    }

    /// Why the run must end, if it must.
    pub(crate) const fn cut(&self) -> Option<&Cut> {
        self.cut.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::EarlyEnd;
    use crate::assertion::Assertion;
    use crate::spec::{Order, load};
    use engine::measure::{PhaseTally, Tally};
    use engine::plan::{Core, Machine, Plan, Wishes};
    use engine::run::Interval;
    use engine::units::{Nanos, Timestamp};
    use std::path::PathBuf;

    /// A plan of 1,000 messages per second for ten seconds.
    fn plan() -> Plan {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let sets = ["producerRate=1000", "testDuration=10s"].map(str::to_owned).to_vec();
        let workloads = vec![root.join("../workloads/quick-test.yaml")];
        let order = Order { workloads, sets, ..Order::default() };
        let job = load(&order, Timestamp::from_nanos(0)).expect("these fields exist");
        let core = |id| Core { id, node: 0, physical: id };
        let machine = Machine { cores: (0..2).map(core).collect(), quota: None };
        let demand = job.requests[0].demand.clone();
        Plan::new(demand, &machine, &Wishes::default()).expect("nothing is wished")
    }

    /// A second in which everything due was acked within a millisecond.
    fn good(seen: &mut PhaseTally) {
        (seen.produced.attempted, seen.produced.messages) = (1_000, 1_000);
        seen.acked.messages = 1_000;
        (0..1_000).for_each(|_| seen.publish.record(Some(Nanos::from_millis(1))));
    }

    /// The second after which a run of ten such seconds is ended, and by which assertion.
    fn check(
        assertions: &[&str],
        grace_s: u64,
        second: fn(u32, &mut PhaseTally),
        expected: Option<(u32, &str)>,
    ) {
        let plan = plan();
        let read = |text: &&str| Assertion::parse(text).expect("an assertion");
        let read: Vec<Assertion> = assertions.iter().map(read).collect();
        let mut early = EarlyEnd::new(&plan, &read, Nanos::from_secs(grace_s));
        let mut told = None;
        for number in 0..11 {
            let mut tally = Tally::new(&plan.demand);
            second(number, &mut tally.streams[0].measured);
            let interval = Interval { second: number, ..Interval::default() };
            let cut = early.see(&interval, &tally);
            assert!(cut.is_none() || told.is_none(), "told once");
            told = told.or(cut.map(|cut| (cut.after_s, cut.judged.assertion.clone())));
        }
        let expected = expected.map(|(after_s, assertion)| (after_s, assertion.to_owned()));
        assert_eq!(told, expected, "{assertions:?}, grace {grace_s} s");
        assert_eq!(early.cut().is_some(), told.is_some(), "{assertions:?}: it stays");
    }

    #[test]
    fn a_run_ends_when_an_assertion_failed_in_two_seconds_running_after_the_grace_time() {
        let all_good = |_: u32, seen: &mut PhaseTally| good(seen);
        let bounds = ["publish.p99 < 10ms", "rate >= 0.99*target", "errors == 0"];
        check(&bounds, 0, all_good, None);
        let errors_from_3 = |number: u32, seen: &mut PhaseTally| {
            good(seen);
            if 3 <= number {
                seen.produce_errors.count(-195);
            }
        };
        check(&bounds, 0, errors_from_3, Some((5, "errors == 0")));
        check(&bounds, 7, errors_from_3, Some((8, "errors == 0")));
        check(&["errors <= 3"], 0, errors_from_3, Some((8, "errors <= 3")));
        // The ninth second is the last that is looked at: the tenth ends the phase by itself.
        check(&["errors <= 4"], 0, errors_from_3, Some((9, "errors <= 4")));
        check(&["errors <= 5"], 0, errors_from_3, None);
    }

    #[test]
    fn a_stall_lowers_the_rate_at_once_and_a_single_bad_second_ends_nothing() {
        let stall_from_4 = |number: u32, seen: &mut PhaseTally| {
            if number < 4 {
                good(seen);
            }
        };
        check(&["rate >= 0.99*target"], 2, stall_from_4, Some((6, "rate >= 0.99 * target")));
        check(&["publish.p99 < 10ms"], 2, stall_from_4, None);
        let late_by_one = |number: u32, seen: &mut PhaseTally| match number {
            3 => {}
            4 => (0..2).for_each(|_| {
                let before = seen.acked.messages;
                good(seen);
                seen.acked.messages += before;
            }),
            _ => good(seen),
        };
        check(&["rate >= 0.99*target"], 0, late_by_one, None);
    }

    #[test]
    fn what_is_known_at_the_end_only_is_not_watched() {
        let plan = plan();
        let read = |text: &str| Assertion::parse(text).expect("an assertion");
        let assertions = [read("lost == 0"), read("publish.p99 < 10ms")];
        let early = EarlyEnd::new(&plan, &assertions, Nanos::from_secs(5));
        assert_eq!(early.describe(), ["ends early if this fails after 5s: publish.p99 < 10ms"]);
    }
}
