//! A rate that changes, or arrivals by chance: what was asked for in each second against what was sent.

use super::Report;
use super::text::WIDTH;
use super::text_table::{count, wrapped};
use engine::plan::{Pace, Plan};
use engine::run::{Interval, Outcome};
use engine::time::{Arrival, Tempo};
use engine::units::NANOS_PER_SECOND;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A second is off by more than this part of what was asked for in it ...
const OFF_PART: u64 = 100;

/// ... and so many messages: what a lane sends some microseconds after the end of a second.
const OFF_LEAST: u64 = 5;

/// What was asked for, and how well it was followed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ShapePart {
    /// `steps`, `ramp`, `wave`, `bursts`, `replay`, or `constant`.
    pub kind: Cow<'static, str>,
    /// How the rate goes, in words.
    pub rate: String,
    /// `regular` or `poisson`.
    pub arrival: Cow<'static, str>,
    /// What the arrivals were drawn with; only where they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Due by the schedule in the measured phase, as far as it went, computed once more at the end.
    pub asked_messages: u64,
    /// Due as the lanes counted it.
    pub due_messages: u64,
    /// Seconds of the measured phase that were seen.
    pub seconds: usize,
    /// Of these, how many brought more than 1 % and 5 messages more or fewer than asked.
    pub seconds_off: usize,
    /// The second that was farthest off; null where none was off at all.
    pub worst: Option<WorstSecond>,
}

/// The second that was farthest off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorstSecond {
    /// When it began, from the start of the measured phase.
    pub t_s: u32,
    /// Due in it.
    pub asked: u64,
    /// Accepted by the clients in it.
    pub produced: u64,
}

/// Whether some stream's rate changes or its arrivals come by chance.
pub(super) fn is_varied(plan: &Plan) -> bool {
    plan.demand.streams.iter().any(|stream| matches!(stream.pace, Pace::Varied(_)))
}

/// How its seconds were followed, for people; nothing where all are alike.
pub(super) fn text(report: &Report) -> String {
    report.shape.as_ref().map_or_else(String::new, |shape| wrapped(&shape.line(), "", WIDTH))
}

impl ShapePart {
    /// Of the only stream; `None` where it has none. Seconds are those of all streams together, so one of
    /// several is not held against them.
    pub(super) fn of(plan: &Plan, outcome: &Outcome) -> Option<Self> {
        let [only] = &plan.demand.streams[..] else { return None };
        let Pace::Varied(varied) = &only.pace else { return None };
        let (kind, rate) = match varied.tempo() {
            Tempo::Rate(rate) => ("constant", rate.to_string()),
            Tempo::Shape(shaped) => (shaped.shape().kind(), shaped.shape().to_string()),
        };
        let (arrival, seed) = match varied.arrival() {
            Arrival::Regular => ("regular", None),
            Arrival::Poisson { seed } => ("poisson", Some(seed)),
        };
        let length = plan.demand.phases.measured.0.div_ceil(NANOS_PER_SECOND);
        let inside = |second: &&Interval| u64::from(second.second) < length;
        let seconds: Vec<&Interval> = outcome.intervals.iter().filter(inside).collect();
        let off = |second: &Interval| second.produced.abs_diff(second.due);
        let is_off = |second: &&&Interval| second.due / OFF_PART + OFF_LEAST < off(second);
        let worst =
            seconds.iter().filter(|second| 0 < off(second)).max_by_key(|second| off(second));
        let tallies = plan.demand.streams.iter().zip(&outcome.tally.streams);
        let timed = tallies.filter(|(stream, _)| stream.pace.is_paced());
        Some(Self {
            kind: kind.into(),
            rate,
            arrival: arrival.into(),
            seed,
            asked_messages: outcome.intervals.iter().map(|second| second.due).sum(),
            due_messages: timed.map(|(_, tally)| tally.measured.produced.due).sum(),
            seconds: seconds.len(),
            seconds_off: seconds.iter().filter(is_off).count(),
            worst: worst.map(|second| WorstSecond {
                t_s: second.second,
                asked: second.due,
                produced: second.produced,
            }),
        })
    }

    /// The same in a line.
    fn line(&self) -> String {
        let arrival = match self.seed {
            Some(seed) => format!("{}, seed {seed}", self.arrival),
            None => self.arrival.to_string(),
        };
        let rate = if self.kind == "constant" {
            format!("constant {}", self.rate)
        } else {
            self.rate.clone()
        };
        let worst = self.worst.map_or_else(String::new, |worst| {
            let (asked, produced) = (count(worst.asked), count(worst.produced));
            format!(", farthest second {}: {produced} sent of {asked} asked", worst.t_s)
        });
        format!(
            "shape: {rate}, {arrival}; {} of {} seconds off by more than 1 %{worst}",
            self.seconds_off, self.seconds
        )
    }
}

/// A made-up run of a ramp, for tests.
#[cfg(test)]
pub(super) fn made(arrival: Arrival) -> super::fixture::Made {
    use engine::time::{Shape, Shaped};
    let mut made = super::fixture::Made::clean();
    let measured = made.plan.demand.phases.measured;
    let ramp = Shape::Ramp { from: 5_000, to: 15_000, over: measured };
    let tempo = Tempo::Shape(Shaped::new(ramp).expect("it is sound"));
    let pace = engine::plan::Varied::new(tempo, arrival, measured).expect("it sends");
    made.plan.demand.streams[0].pace = Pace::Varied(std::sync::Arc::new(pace));
    made.outcome.intervals.iter_mut().for_each(|second| second.due = second.produced);
    made
}

#[cfg(test)]
mod tests {
    use super::made;
    use crate::report::fixture::{self, Made};
    use engine::time::Arrival;
    use engine::units::Nanos;
    use serde_json::{Value, json};
    use std::path::Path;

    fn json_of(made: &Made) -> Value {
        serde_json::to_value(fixture::report(made)).expect("written")
    }

    fn text_of(made: &Made) -> String {
        crate::report::text(&fixture::report(made), Path::new("results")).replace("\n", " ")
    }

    #[test]
    fn a_rate_that_changes_is_held_against_what_was_sent_second_by_second() {
        let mut made = made(Arrival::Regular);
        let asked = made.outcome.intervals[0].due;
        let clean = json_of(&made);
        let shape = &clean["shape"];
        assert_eq!(shape["kind"], "ramp");
        assert_eq!(shape["rate"], "ramp 5k/s to 15k/s over 10s");
        assert_eq!((&shape["seconds"], &shape["seconds_off"]), (&json!(10), &json!(0)));
        assert_eq!(shape["asked_messages"], json!(10 * asked));
        assert_eq!(shape["due_messages"], clean["produced"]["due"]);
        assert_eq!((&shape["worst"], &shape["seed"]), (&Value::Null, &Value::Null));
        assert_eq!(clean["intervals"][3]["asked"], json!(asked));
        // Just within, and beyond: below and above.
        made.outcome.intervals[2].produced -= asked / 100 + 5;
        made.outcome.intervals[4].produced += asked / 100 + 6;
        made.outcome.intervals[5].produced -= asked / 100 + 7;
        let off = json_of(&made)["shape"].clone();
        assert_eq!(off["seconds_off"], 2);
        let produced = asked - asked / 100 - 7;
        assert_eq!(off["worst"], json!({"t_s": 5, "asked": asked, "produced": produced}));
        let text = text_of(&made);
        let line =
            "shape: ramp 5k/s to 15k/s over 10s, regular; 2 of 10 seconds off by more than 1 %";
        assert!(text.contains(line), "{text}");
        assert!(text.contains("msg/s on average were asked for and reached"), "{text}");
    }

    #[test]
    fn arrivals_by_chance_name_their_seed_and_an_even_rate_has_no_shape() {
        let made = made(Arrival::Poisson { seed: 7 });
        let shape = json_of(&made)["shape"].clone();
        assert_eq!((&shape["arrival"], &shape["seed"]), (&json!("poisson"), &json!(7)));
        assert!(
            text_of(&made).contains(", poisson, seed 7; 0 of 10 seconds"),
            "{}",
            text_of(&made)
        );
        let even = Made::clean();
        assert_eq!(json_of(&even)["shape"], Value::Null);
        assert_eq!(json_of(&even)["intervals"][0]["asked"], Value::Null, "as in every second");
        assert!(!text_of(&even).contains("shape:"), "{}", text_of(&even));
        assert_eq!(
            Nanos::from_secs(10),
            even.plan.demand.phases.measured,
            "the fixture's ten seconds"
        );
    }
}
