//! The counts that a run is judged by: of all streams together, and of each by itself.

use super::facts::{Fact, text};
use super::tally::{StreamTally, Tally};
use crate::plan::{Pace, Plan, StreamDemand};

/// What came of the measured phase.
#[derive(Default)]
pub(super) struct Sums {
    /// Due, in the streams with a schedule.
    pub(super) due: u64,
    /// Acked, in the streams with a schedule.
    pub(super) acked_of_due: u64,
    /// Attempted, in the streams without.
    pub(super) free_attempted: u64,
    /// Failed, in the streams without.
    pub(super) free_failed: u64,
    pub(super) attempted: u64,
    pub(super) acked: u64,
    pub(super) failed_maybe_persisted: u64,
    pub(super) late_by_us: u64,
    pub(super) held_back: u64,
    pub(super) unsent: u64,
    pub(super) outstanding: u64,
    pub(super) errors: u64,
}

/// One stream's part of a run.
pub(super) struct Part<'run> {
    /// Its name where the run has several streams.
    name: Option<&'run str>,
    /// What came of it.
    pub(super) sums: Sums,
    /// All that was seen of it.
    pub(super) tally: &'run StreamTally,
}

impl Sums {
    /// Those of all streams.
    pub(super) fn of(plan: &Plan, tally: &Tally) -> Self {
        let mut sums = Self::default();
        for (demand, stream) in plan.demand.streams.iter().zip(&tally.streams) {
            sums.add(demand, stream);
        }
        sums
    }

    fn add(&mut self, demand: &StreamDemand, stream: &StreamTally) {
        let seen = &stream.measured;
        match demand.pace {
            Pace::At(_) | Pace::Varied(_) => {
                self.due += seen.produced.due;
                self.acked_of_due += seen.acked.messages;
            }
            Pace::Max { .. } => {
                self.free_attempted += seen.produced.attempted;
                self.free_failed += seen.produce_errors.total().max(seen.acked.failed);
            }
        }
        self.attempted += seen.produced.attempted;
        self.acked += seen.acked.messages;
        self.failed_maybe_persisted += seen.acked.failed_maybe_persisted;
        self.late_by_us += seen.produced.late_by_us;
        self.held_back += seen.produced.held_back;
        self.unsent += seen.produced.unsent;
        self.outstanding += seen.outstanding();
        self.errors += seen.errors();
    }
}

impl<'run> Part<'run> {
    /// Those of all streams, in the plan's order.
    pub(super) fn all(plan: &'run Plan, tally: &'run Tally) -> Vec<Self> {
        let several = 1 < plan.demand.streams.len();
        let part = |(demand, stream): (&'run StreamDemand, &'run StreamTally)| {
            let mut sums = Sums::default();
            sums.add(demand, stream);
            Self { name: several.then_some(demand.name.as_str()), sums, tally: stream }
        };
        plan.demand.streams.iter().zip(&tally.streams).map(part).collect()
    }

    /// How a sentence about it begins: with nothing where it is the only one.
    pub(super) fn about(&self) -> String {
        self.name.map_or_else(String::new, |name| format!("Stream {name}: "))
    }

    /// The facts of a finding about it, which name it where there are several.
    pub(super) fn facts(&self, facts: Vec<Fact>) -> Vec<Fact> {
        self.name.map(|name| text("stream", name)).into_iter().chain(facts).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::measure::constants::exit;
    use crate::measure::facts::{Fact, FactValue};
    use crate::measure::tally::Tally;
    use crate::measure::verdict::Verdict;
    use crate::measure::verdict_fixture::{evidence, plan, tally};
    use crate::plan::{ClientCount, Pace, Plan, StreamDemand};
    use crate::units::{Nanos, Rate};

    /// The clean run of 20,000 a second with a probe of 100 a second beside it, all of it well.
    fn with_probe() -> (Plan, Tally) {
        let clean = plan(ClientCount::Shared);
        let mut demand = clean.demand.clone();
        let pace = Pace::At(Rate::per_second(100).expect("not zero"));
        let probe = StreamDemand { name: "probe".to_owned(), pace, ..demand.streams[0].clone() };
        demand.streams.push(probe);
        let both = Plan { demand, ..clean };
        let mut all = Tally::new(&both.demand);
        all.streams[0] = tally(&plan(ClientCount::Shared)).streams.remove(0);
        let seen = &mut all.streams[1].measured;
        (seen.produced.due, seen.produced.attempted) = (1_000, 1_000);
        (seen.produced.messages, seen.acked.messages) = (1_000, 1_000);
        seen.produced.waited = Nanos::from_secs(1_000);
        seen.consumed.iter_mut().for_each(|consumed| consumed.messages = 1_000);
        for _ in 0..100_000 {
            seen.service.record(Some(Nanos::from_millis(1)));
            seen.transit.record(Some(Nanos::from_millis(2)));
        }
        (both, all)
    }

    /// What the probe raises when this happens to it, of which stream that is told, and the exit code.
    fn check(change: impl Fn(&mut Tally), code: &str, exit: u8) {
        let (plan, mut tally) = with_probe();
        change(&mut tally);
        let verdict = Verdict::of(&plan, &tally, &evidence());
        let named = verdict.findings.iter().find(|finding| finding.code == code);
        let finding = named.unwrap_or_else(|| panic!("{code}: {:?}", verdict.findings));
        let of = Fact { name: "stream", value: FactValue::Text("probe".to_owned()) };
        assert_eq!(finding.evidence[0], of, "{code}: whose it is");
        assert!(finding.message.starts_with("Stream probe: "), "{}", finding.message);
        assert_eq!(verdict.exit_code, exit, "{code}: {:?}", verdict.findings);
    }

    #[test]
    fn a_clean_run_of_two_streams_raises_nothing() {
        let (plan, tally) = with_probe();
        let verdict = Verdict::of(&plan, &tally, &evidence());
        assert_eq!((verdict.exit_code, verdict.findings.len()), (exit::VALID, 0), "{verdict:?}");
    }

    #[test]
    fn what_is_wrong_with_a_small_stream_does_not_hide_in_a_large_one() {
        // 200 of 201,000 are a thousandth, and a fifth of the probe's.
        let late = |tally: &mut Tally| tally.streams[1].measured.produced.late_by_us = 200;
        check(late, "client_limited", exit::CLIENT_LIMITED);
        let tardy = |tally: &mut Tally| tally.streams[1].measured.produced.late_by_us = 10;
        check(tardy, "late_sends", exit::VALID);
        let held = |tally: &mut Tally| tally.streams[1].measured.produced.held_back = 100;
        check(held, "held_back", exit::VALID);
        let short = |tally: &mut Tally| {
            let seen = &mut tally.streams[1].measured;
            seen.acked.messages -= 100;
            (seen.acked.failed, seen.acked.failed_maybe_persisted) = (100, 0);
            seen.consumed.iter_mut().for_each(|consumed| consumed.messages -= 100);
        };
        check(short, "target_not_reached", exit::TARGET);
        let few = |tally: &mut Tally| tally.streams[1].measured.transit.clear();
        let few = |tally: &mut Tally| {
            few(tally);
            tally.streams[1].measured.transit.record(Some(Nanos::from_millis(2)));
        };
        check(few, "few_samples", exit::VALID);
    }

    #[test]
    fn what_is_wrong_with_a_large_stream_is_told_as_its_own() {
        let (plan, mut tally) = with_probe();
        tally.streams[0].measured.produced.late_by_us = 40_000;
        let verdict = Verdict::of(&plan, &tally, &evidence());
        let told: Vec<&str> =
            verdict.findings.iter().map(|finding| finding.message.as_str()).collect();
        assert!(told[0].starts_with("Stream main: 20.000 % of all sends"), "{told:?}");
        assert_eq!(told.len(), 1, "the probe was not late: {told:?}");
    }
}
