//! The scale of an axis: where a value stands between its ends, and which values are written beside it.

use super::lines::number;

/// More values than this beside an axis hide each other.
const TICKS_MAX: u32 = 24;

/// Steps between times, in seconds.
const TIME_STEPS: [f64; 19] = [
    1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0,
    14_400.0, 21_600.0, 43_200.0, 86_400.0, 172_800.0,
];

/// As many steps of time fit beside an axis.
const TIMES_MAX: f64 = 8.0;

/// A span that is drawn as at least so long, in microseconds: logarithms need one, and no clock of ours tells
/// less apart.
const LEAST_MICROS: f64 = 0.1;

/// Percentiles with their places on the axis that widens the tail: 1 ÷ (1 − share).
const TAIL: [(f64, &str); 9] = [
    (1.0, "0 %"),
    (2.0, "50 %"),
    (10.0, "90 %"),
    (100.0, "99 %"),
    (1e3, "99.9 %"),
    (1e4, "99.99 %"),
    (1e5, "99.999 %"),
    (1e6, "99.9999 %"),
    (1e7, "99.99999 %"),
];

/// Where values stand on an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    from: f64,
    to: f64,
    is_log: bool,
    /// Values with their words, ascending.
    pub ticks: Vec<(f64, String)>,
}

impl Scale {
    /// From 0 to a round number, `greatest` or above.
    #[must_use]
    pub fn counts(greatest: f64) -> Self {
        let greatest = if greatest.is_finite() && 0.0 < greatest { greatest } else { 1.0 };
        let step = round_up(greatest / 5.0, &[1.0, 2.0, 5.0, 10.0]);
        let to = (greatest / step).ceil() * step;
        let ticks = steps(0.0, step, to).map(|at| (at, number(at))).collect();
        Self { from: 0.0, to, is_log: false, ticks }
    }

    /// A span of time, in seconds; the second value is the unit of what is written beside it.
    #[must_use]
    pub fn seconds(from: f64, to: f64) -> (Self, &'static str) {
        let to = if from < to { to } else { from + 1.0 };
        let (unit, word) = match to - from {
            span if span <= 180.0 => (1.0, "s"),
            span if span <= 10_800.0 => (60.0, "min"),
            _ => (3_600.0, "h"),
        };
        let fits = |step: &&f64| (to - from) / **step <= TIMES_MAX;
        let step = TIME_STEPS.iter().find(fits).copied().unwrap_or((to - from) / TIMES_MAX);
        let first = (from / step).ceil() * step;
        let ticks = steps(first, step, to).map(|at| (at, number(at / unit))).collect();
        (Self { from, to, is_log: false, ticks }, word)
    }

    /// Spans in microseconds by their logarithms, from a round one to a round one, a factor of ten at least.
    #[must_use]
    pub fn micros(least: f64, greatest: f64) -> Self {
        let greatest = if greatest.is_finite() { greatest.max(LEAST_MICROS) } else { LEAST_MICROS };
        let least = least.clamp(LEAST_MICROS, greatest);
        let to = round_up(greatest, &[1.0, 2.0, 5.0, 10.0]);
        let from = (1.0 / round_up(1.0 / least, &[1.0, 2.0, 5.0, 10.0])).min(to / 10.0);
        let parts: &[f64] = match (to / from).log10() {
            wide if 4.0 < wide => &[1.0],
            wide if 2.0 < wide => &[1.0, 3.0],
            _ => &[1.0, 2.0, 5.0],
        };
        let first = from.log10().floor();
        let decades = (0..TICKS_MAX).map(|decade| 10_f64.powf(first + f64::from(decade)));
        let ticks = decades.flat_map(|decade| parts.iter().map(move |part| part * decade));
        // Ends are round numbers, and rounding must not cut the ticks at them off.
        let is_inside = |at: &f64| from * 0.999 <= *at && *at <= to * 1.001;
        let ticks = ticks.filter(is_inside).map(|at| (at, micros(at))).collect();
        Self { from, to, is_log: true, ticks }
    }

    /// Shares of all samples that widen the tail: values are 1 ÷ (1 − share), up to `most`.
    #[must_use]
    pub fn tail(most: f64) -> Self {
        let to = if most.is_finite() { most.max(100.0) } else { 100.0 };
        let ticks = TAIL.iter().filter(|(at, _)| *at <= to);
        let ticks = ticks.map(|(at, share)| (*at, (*share).to_owned())).collect();
        Self { from: 1.0, to, is_log: true, ticks }
    }

    /// Names one below the other: the first stands at 0, the next at 1.
    #[must_use]
    pub fn names(names: &[String]) -> Self {
        let places = (0_u32..).map(f64::from).zip(names);
        let ticks: Vec<(f64, String)> = places.map(|(at, name)| (at, name.clone())).collect();
        let last = ticks.last().map_or(0.0, |(at, _)| *at);
        Self { from: last + 0.5, to: -0.5, is_log: false, ticks }
    }

    /// Whether it is one of names: only these stand from the top down.
    pub(super) fn is_of_names(&self) -> bool {
        self.to < self.from
    }

    /// Where a value stands: 0 at the beginning of the axis, 1 at its end. What lies outside stands at the
    /// nearer end.
    #[must_use]
    pub fn place(&self, value: f64) -> f64 {
        let place = if self.is_log {
            (value.max(f64::MIN_POSITIVE) / self.from).log10() / (self.to / self.from).log10()
        } else {
            (value - self.from) / (self.to - self.from)
        };
        if place.is_finite() { place.clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// Values from `first` on that do not exceed `to`.
fn steps(first: f64, step: f64, to: f64) -> impl Iterator<Item = f64> {
    let values = (0..TICKS_MAX).map(move |count| first + f64::from(count) * step);
    values.take_while(move |at| *at <= to + step * 1e-6)
}

/// The least product of a power of ten and one of `parts` (ascending, 1 to 10) that is not below `value`.
fn round_up(value: f64, parts: &[f64]) -> f64 {
    let decade = 10_f64.powf(value.log10().floor());
    // A product may come out a little below the number that it is.
    let part = parts.iter().find(|part| value <= **part * decade * (1.0 + 1e-9));
    part.copied().unwrap_or(10.0) * decade
}

/// A span at a tick.
fn micros(micros: f64) -> String {
    match micros {
        _ if micros < 999.0 => format!("{} µs", number(micros)),
        _ if micros < 999_000.0 => format!("{} ms", number(micros / 1e3)),
        _ => format!("{} s", number(micros / 1e6)),
    }
}

#[cfg(test)]
mod tests {
    use super::Scale;
    use proptest::prelude::{prop, proptest};

    fn words(scale: &Scale) -> Vec<&str> {
        scale.ticks.iter().map(|(_, word)| word.as_str()).collect()
    }

    #[test]
    fn counts_begin_at_0_and_end_at_a_round_number() {
        assert_eq!(words(&Scale::counts(20_000.0)), ["0", "5000", "10k", "15k", "20k"]);
        assert_eq!(words(&Scale::counts(3.92)), ["0", "1", "2", "3", "4"]);
        for nothing in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(Scale::counts(nothing), Scale::counts(1.0), "{nothing}");
        }
    }

    #[test]
    fn times_have_the_unit_that_gives_them_few_digits() {
        let check = |to: f64, unit: &str, expected: &[&str]| {
            let (scale, word) = Scale::seconds(0.0, to);
            assert_eq!((words(&scale), word), (expected.to_vec(), unit), "{to} s");
        };
        check(11.0, "s", &["0", "2", "4", "6", "8", "10"]);
        check(3_600.0, "min", &["0", "10", "20", "30", "40", "50", "60"]);
        check(86_400.0, "h", &["0", "4", "8", "12", "16", "20", "24"]);
        check(0.0, "s", &["0", "1"]);
        assert!(words(&Scale::seconds(0.0, 1e9).0).len() < 10, "longer than anyone waits");
    }

    #[test]
    fn spans_stand_by_their_logarithms_between_round_ones() {
        assert_eq!(words(&Scale::micros(2_000.0, 4_000.0)), ["500 µs", "1 ms", "2 ms", "5 ms"]);
        assert_eq!(
            words(&Scale::micros(0.0, 2e6)),
            ["0.1 µs", "1 µs", "10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s"]
        );
        let scale = Scale::micros(1_000.0, 100_000.0);
        assert!((scale.place(10_000.0) - 0.5).abs() < 1e-9, "the middle");
        assert!(!words(&Scale::micros(f64::NAN, f64::NAN)).is_empty(), "of nothing as well");
    }

    #[test]
    fn a_tail_gives_each_nine_the_same_room_and_names_go_down() {
        let tail = Scale::tail(1e4);
        assert_eq!(words(&tail), ["0 %", "50 %", "90 %", "99 %", "99.9 %", "99.99 %"]);
        assert!((tail.place(100.0) - 0.5).abs() < 1e-9, "half of the nines");
        let names = Scale::names(&["a".to_owned(), "b".to_owned()]);
        assert!(names.place(1.0) < names.place(0.0), "the first is on top");
    }

    proptest! {
        #[test]
        fn places_keep_the_order_and_stay_between_the_ends(
            ends in (0.0..1e9_f64, 0.0..1e9_f64),
            values in prop::collection::vec(-1.0..2e9_f64, 2..20),
        ) {
            let (least, greatest) = (ends.0.min(ends.1), ends.0.max(ends.1));
            let mut values = values;
            values.sort_by(f64::total_cmp);
            for scale in [
                Scale::counts(greatest),
                Scale::seconds(least, greatest).0,
                Scale::micros(least, greatest),
                Scale::tail(greatest),
            ] {
                let places: Vec<f64> = values.iter().map(|value| scale.place(*value)).collect();
                assert!(places.is_sorted(), "{scale:?} {values:?} {places:?}");
                assert!(places.iter().all(|place| (0.0..=1.0).contains(place)), "{places:?}");
                assert!(scale.place(least) <= scale.place(greatest), "{scale:?}");
                assert!(scale.ticks.len() < 25, "{scale:?}");
            }
        }
    }
}
