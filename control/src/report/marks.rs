//! Marks as the report shows them.

use super::number::{rfc3339, thousandth};
use crate::marks::Mark;
use engine::units::Timestamp;
use serde::{Deserialize, Serialize};

/// What somebody wanted to see on the time axis.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MarkPart {
    /// When.
    pub at: String,
    /// The same in seconds from the start of the measured phase, below zero in the warm-up; null where the
    /// run did not come to it.
    pub t_s: Option<f64>,
    /// Its words.
    pub text: String,
    /// Where it came from: `file`, `SIGUSR1`, `POST /mark`, or the worker that was called.
    pub source: String,
}

impl MarkPart {
    /// All marks of a run whose measured phase began at `measured`.
    pub(super) fn all(marks: &[Mark], measured: Option<Timestamp>) -> Vec<Self> {
        let of = |mark: &Mark| Self {
            at: rfc3339(mark.at),
            t_s: measured.map(|measured| seconds(measured, mark.at)),
            text: mark.text.clone(),
            source: mark.source.clone(),
        };
        marks.iter().map(of).collect()
    }

    /// On one line.
    pub(super) fn words(&self) -> String {
        let Self { at, t_s, text, source } = self;
        let when = t_s.map_or_else(|| at.clone(), |t_s| format!("{t_s:.3} s"));
        format!("{when}: {text} ({source})")
    }
}

/// To the millisecond.
fn seconds(measured: Timestamp, at: Timestamp) -> f64 {
    let span = measured.until(at).as_secs_f64() - at.until(measured).as_secs_f64();
    thousandth(span)
}

#[cfg(test)]
mod tests {
    use crate::report::fixture::{self, Made};
    use engine::measure::Tally;
    use engine::units::Nanos;

    #[test]
    fn a_run_that_ended_in_its_warm_up_has_no_phase_to_count_from_or_to_divide_by() {
        let mut made = Made::troubled();
        let told = fixture::report(&made);
        assert_eq!(told.marks[0].t_s, Some(-1.5), "in the warm-up of one that went on");
        // A search that gave up is finished, and nothing was measured.
        let start = made.outcome.start.expect("it began");
        made.outcome.stopped = start.measured.before(Nanos(1));
        made.outcome.tally = Tally::new(&made.plan.demand);
        let report = fixture::report(&made);
        assert!(report.marks.iter().all(|mark| mark.t_s.is_none()), "{:?}", report.marks);
        let sent = &report.produced.flow;
        assert_eq!((sent.duration_s, sent.messages_per_second), (None, None), "unknown, not 0");
    }
}
