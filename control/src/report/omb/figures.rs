//! A latency in OMB's eight figures, and the units that OMB writes them in.

use crate::report::latency::Block;
use engine::measure::Latency;
use serde_json::Value;

/// How the keys of the figures end, in OMB's order.
pub(super) const ENDS: [&str; 8] =
    ["Avg", "50pct", "75pct", "95pct", "99pct", "999pct", "9999pct", "Max"];

/// Where the mean is among them.
const MEAN: usize = 0;

/// The mean, what 50, 75, 95, 99, 99.9 and 99.99 % do not exceed, and the longest: in microseconds. Where
/// nothing was recorded all are 0: OMB has no other word for it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures(pub [f64; 8]);

impl Figures {
    /// Those of a latency.
    pub(super) fn of(latency: &Latency) -> Self {
        Self::of_block(Some(&Block::summary(latency)))
    }

    /// Those of a latency that is in the report already.
    pub(super) fn of_block(block: Option<&Block>) -> Self {
        let Some(block) = block else { return Self::default() };
        let known = [
            block.mean_us,
            block.p50_us,
            block.p75_us,
            block.p95_us,
            block.p99_us,
            block.p99_9_us,
            block.p99_99_us,
            block.max_us,
        ];
        Self(known.map(Option::unwrap_or_default))
    }
}

/// How OMB writes a latency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Milliseconds, to the nanosecond.
    Millis,
    /// Whole microseconds: what is less than one is left off, as by OMB. A mean keeps its decimals.
    Micros,
}

impl Unit {
    /// One of the figures.
    pub(super) fn figure(self, figures: &Figures, at: usize) -> Value {
        let micros = figures.0[at];
        if self == Self::Micros && at == MEAN { Value::from(micros) } else { self.span(micros) }
    }

    /// A span of so many microseconds.
    pub(super) fn span(self, micros: f64) -> Value {
        match self {
            // By way of whole nanoseconds, so that 1,000.511 µs are not 1.0005110000000001 ms.
            Self::Millis => Value::from((micros * 1_000.0).round() / 1e6),
            Self::Micros => Value::from(whole(micros)),
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a span is not negative, and 64 bits hold more than half a million years of µs"
)]
const fn whole(micros: f64) -> u64 {
    micros as u64
}

#[cfg(test)]
mod tests {
    use super::{ENDS, Figures, Unit};
    use engine::measure::Latency;
    use engine::units::Nanos;
    use serde_json::{Value, json};

    #[test]
    fn each_figure_is_where_its_name_is() {
        let mut latency = Latency::default();
        (1..=100_000).for_each(|index| latency.record(Some(Nanos(index * 1_000))));
        let figures = Figures::of(&latency);
        let expected =
            [50_000.5, 50_000.0, 75_000.0, 95_000.0, 99_000.0, 99_900.0, 99_990.0, 100_000.0];
        for ((end, got), micros) in ENDS.iter().zip(figures.0).zip(expected) {
            assert!((got - micros).abs() <= micros / 1_000.0, "{end}: {got} µs");
        }
        assert_eq!(Figures::of(&Latency::default()), Figures::default(), "nothing is zero");
        assert_eq!(Figures::of_block(None), Figures::default(), "a closed loop has no delay");
    }

    #[test]
    fn milliseconds_have_decimals_and_microseconds_do_not_but_in_the_mean() {
        let check = |unit: Unit, micros: f64, expected: Value| {
            assert_eq!(unit.span(micros), expected, "{micros} µs, {unit:?}");
        };
        check(Unit::Millis, 0.0, json!(0.0));
        check(Unit::Millis, 1_000.511, json!(1.000_511));
        check(Unit::Millis, 3_600_000_000.0, json!(3_600_000.0));
        check(Unit::Micros, 0.0, json!(0));
        check(Unit::Micros, 0.999, json!(0));
        check(Unit::Micros, 60_000_255.9, json!(60_000_255));
        let figures = Figures([1.5; 8]);
        assert_eq!(Unit::Micros.figure(&figures, 0), json!(1.5), "the mean");
        assert_eq!(Unit::Micros.figure(&figures, 7), json!(1), "the longest");
        assert_eq!(Unit::Millis.figure(&figures, 0), json!(0.001_5), "in milliseconds");
    }
}
