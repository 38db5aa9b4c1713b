//! The warm-up as the file and the summary write it.

use super::number::{micros, per_second, seconds};
use super::streams::is_timed;
use engine::measure::Phase;
use engine::plan::{Plan, Warmup as Asked};
use engine::run::Outcome;
use engine::units::Nanos;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The warm-up; it enters no measured figure.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Warmup {
    /// `fixed`: of a length that was given; `auto`: until the run is steady.
    pub requested: Cow<'static, str>,
    /// How long it was to last at most; null where its length was given.
    pub bound_s: Option<f64>,
    /// How long it lasted.
    pub duration_s: f64,
    /// Due by the schedule.
    pub due: u64,
    /// Due and never sent.
    pub unsent: u64,
    /// Accepted by the clients, also after the warm-up's end where there was a backlog.
    pub messages: u64,
    /// Messages ÷ the time in which they were accepted: the warm-up's length, or longer.
    pub messages_per_second: Option<f64>,
    /// Publish latency, 99th percentile; null in a closed loop and where nothing was acked.
    pub publish_p99_us: Option<f64>,
}

impl Warmup {
    pub(super) fn of(plan: &Plan, outcome: &Outcome) -> Option<Self> {
        let asked = plan.demand.phases.warmup;
        let start = outcome.start.filter(|_| Nanos::ZERO < asked.longest())?;
        // Shorter than was asked where the run was ended in it.
        let length = start.at.until(start.measured.min(outcome.stopped));
        let seen = outcome.tally.total(Phase::Warmup);
        let sent = seen.produced.window.last().map_or(length, |last| start.at.until(last));
        let timed = plan.demand.streams.iter().all(is_timed);
        let some = timed && 0 < seen.publish.count();
        let (requested, bound_s) = match asked {
            Asked::Fixed(_) => ("fixed", None),
            Asked::Auto { .. } => ("auto", Some(seconds(asked.longest()))),
        };
        Some(Self {
            requested: requested.into(),
            bound_s,
            duration_s: seconds(length),
            due: seen.produced.due,
            unsent: seen.produced.unsent,
            messages: seen.produced.messages,
            messages_per_second: per_second(seen.produced.messages, length.max(sent)),
            publish_p99_us: some.then(|| micros(seen.publish.percentile(99.0))),
        })
    }
}

/// The warm-up in the line that says what was run.
pub(super) fn in_words(warmup: Option<&Warmup>, planned_s: f64) -> String {
    match warmup {
        Some(Warmup { bound_s: Some(bound_s), duration_s, .. }) => {
            format!("{duration_s} s of warm-up (auto, at most {bound_s} s)")
        }
        _ => format!("{planned_s} s of warm-up"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Warmup, in_words};
    use crate::report::fixture::Made;
    use engine::plan::Warmup as Asked;
    use engine::units::Nanos;

    /// What is told of a warm-up of five seconds.
    fn check(asked: Asked, expected: (&str, Option<f64>), words: &str) {
        let mut made = Made::clean();
        made.plan.demand.phases.warmup = asked;
        let told = Warmup::of(&made.plan, &made.outcome).expect("there was one");
        assert_eq!((&*told.requested, told.bound_s), expected, "{asked:?}");
        assert_eq!(in_words(Some(&told), 5.0), words, "{asked:?}");
        let rate = told.messages_per_second.expect("it lasted");
        assert!((rate * told.duration_s - f64::from(100_000)).abs() < 1.0, "{told:?}");
    }

    #[test]
    fn a_warm_up_that_ended_by_itself_says_how_long_it_was_and_could_have_been() {
        let five = Nanos::from_secs(5);
        check(Asked::Fixed(five), ("fixed", None), "5 s of warm-up");
        let bound = Nanos::from_secs(90);
        let words = "5 s of warm-up (auto, at most 90 s)";
        check(Asked::Auto { bound }, ("auto", Some(90.0)), words);
    }

    #[test]
    fn a_warm_up_in_which_the_run_was_ended_is_as_long_as_it_was() {
        let mut made = Made::clean();
        let start = made.outcome.start.expect("it started");
        made.plan.demand.phases.warmup = Asked::Auto { bound: Nanos::from_secs(5) };
        made.outcome.stopped = start.at + Nanos::from_secs(2);
        let told = Warmup::of(&made.plan, &made.outcome).expect("there was one");
        assert!((told.duration_s - 2.0).abs() < 1e-9, "{told:?}");
    }
}
