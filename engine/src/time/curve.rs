//! How many messages a changing rate has brought after so long, exactly, and the way back.
//!
//! Every shape is drawn by straight lines, whose integrals are integers in the right unit. What has
//! grown is a function of whole nanoseconds that never falls, and a message is due at the last
//! nanosecond at which no more than its number has grown: so counting up to a moment and walking up
//! to it cannot disagree, whatever was rounded where.

use super::shape::{Shape, Step};
use crate::units::Nanos;

/// Rates of lines are in millionths of a message per second: a wave is no staircase at low rates.
const MICRO: u64 = 1_000_000;

/// What grows while one message does, in half millionths of a billionth of it: so twice the integral
/// of a straight line is a whole number.
pub(super) const MESSAGE: u128 = 2 * 1_000_000 * 1_000_000_000;

/// Lines that draw half a wave: nowhere farther off than five millionths of the amplitude.
const LINES: u32 = 512;

/// A changing rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Curve {
    /// Straight lines.
    Drawn(Lines),
    /// Recorded times, and when they begin anew.
    Recorded(Vec<Nanos>, Option<Nanos>),
}

/// Lines one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lines {
    lines: Vec<Line>,
    /// Of all of them, nanoseconds.
    length: u64,
    /// What all of them bring.
    total: u128,
    then: Then,
}

/// What comes after the last line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// This rate, in millionths.
    Hold(u64),
    /// The first.
    Repeat,
}

/// A rate that changes evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Line {
    /// When it begins, nanoseconds after the curve.
    at: u64,
    /// What has grown by then.
    base: u128,
    /// How long it is, nanoseconds.
    length: u64,
    /// Its first rate, in millionths.
    from: u64,
    /// Its last one.
    to: u64,
}

impl Curve {
    /// Draws a shape that was checked.
    pub(super) fn of(shape: &Shape) -> Self {
        let micro = |rate: u64| rate * MICRO;
        let flat = |step: &Step| (step.lasts.0, micro(step.rate), micro(step.rate));
        Self::Drawn(match shape {
            Shape::Steps(steps) => {
                let (last, others) = steps.split_last().expect("a shape was checked");
                Lines::new(others.iter().map(flat), Then::Hold(micro(last.rate)))
            }
            Shape::Ramp { from, to, over } => {
                Lines::new([(over.0, micro(*from), micro(*to))], Then::Hold(micro(*to)))
            }
            Shape::Wave { mean, amplitude, period } => {
                Lines::new(sine(micro(*mean), micro(*amplitude), period.0), Then::Repeat)
            }
            Shape::Bursts { on, off } => Lines::new([flat(on), flat(off)], Then::Repeat),
            Shape::Replay { times, every } => return Self::Recorded(times.clone(), *every),
        })
    }

    /// What has grown after so long.
    pub(super) fn grown(&self, elapsed: Nanos) -> u128 {
        match self {
            Self::Drawn(lines) => lines.grown(elapsed.0),
            Self::Recorded(times, every) => {
                let below = |span: Nanos| to_u64(times.partition_point(|time| *time < span));
                let count = match every {
                    Some(Nanos(every)) => {
                        u128::from(elapsed.0 / every) * u128::from(to_u64(times.len()))
                            + u128::from(below(Nanos(elapsed.0 % every)))
                    }
                    None => u128::from(below(elapsed)),
                };
                count * MESSAGE
            }
        }
    }

    /// The last nanosecond at which no more than this has grown; `None` where more never does.
    pub(super) fn reach(&self, amount: u128) -> Option<Nanos> {
        match self {
            Self::Drawn(lines) => lines.reach(amount).map(Nanos),
            Self::Recorded(times, every) => {
                let nth = u64::try_from(amount / MESSAGE).ok()?;
                let all = to_u64(times.len());
                let (round, within) = (nth / all, nth % all);
                let time = times[usize::try_from(within).expect("it is an index")];
                match every {
                    Some(every) => Some(time + Nanos(round.saturating_mul(every.0))),
                    None => (round == 0).then_some(time),
                }
            }
        }
    }
}

/// Both halves have lines of the same lengths and opposite heights, so a period brings its mean exactly.
fn sine(mean: u64, amplitude: u64, period: u64) -> Vec<(u64, u64, u64)> {
    let half = period / 2;
    let knot = |nth: u32| {
        let at = u128::from(half) * u128::from(nth) / u128::from(LINES);
        let angle = std::f64::consts::PI * f64::from(nth) / f64::from(LINES);
        let height = whole(libm::round(libm::sin(angle) * approximate(u128::from(amplitude))));
        // The sine of a full half is a little above 0 in floats.
        (u64::try_from(at).expect("it lies within the half"), height.min(amplitude))
    };
    let line = |nth: u32| {
        let ((begin, from), (end, to)) = (knot(nth), knot(nth + 1));
        (end - begin, from, to)
    };
    let up = (0..LINES).map(line).map(|(length, from, to)| (length, mean + from, mean + to));
    let down = (0..LINES).map(line).map(|(length, from, to)| (length, mean - from, mean - to));
    up.chain(down).collect()
}

impl Lines {
    /// Of lengths and rates in millionths.
    fn new(parts: impl IntoIterator<Item = (u64, u64, u64)>, then: Then) -> Self {
        let (mut lines, mut at, mut base) = (Vec::new(), 0, 0);
        for (length, from, to) in parts {
            let line = Line { at, base, length, from, to };
            lines.push(line);
            at += length;
            base += line.grown(length);
        }
        Self { lines, length: at, total: base, then }
    }

    fn grown(&self, elapsed: u64) -> u128 {
        let (whole, rest) = match self.then {
            Then::Hold(rate) if self.length <= elapsed => {
                return self.total + 2 * u128::from(rate) * u128::from(elapsed - self.length);
            }
            Then::Hold(_) => (0, elapsed),
            Then::Repeat => (elapsed / self.length, elapsed % self.length),
        };
        let later = self.lines.partition_point(|line| line.at <= rest);
        let line = &self.lines[later - 1];
        u128::from(whole) * self.total + line.base + line.grown(rest - line.at)
    }

    fn reach(&self, amount: u128) -> Option<u64> {
        let (round, rest) = match self.then {
            Then::Hold(rate) if self.total <= amount => {
                let more = (amount - self.total).checked_div(2 * u128::from(rate))?;
                return self.length.checked_add(u64::try_from(more).ok()?);
            }
            Then::Hold(_) => (0, amount),
            Then::Repeat => (amount / self.total, amount % self.total),
        };
        // Of lines that bring nothing the last begins with the same as the one that brings more.
        let later = self.lines.partition_point(|line| line.base <= rest);
        let line = &self.lines[later - 1];
        let within = line.at + line.reach(rest - line.base);
        u64::try_from(round).ok()?.checked_mul(self.length)?.checked_add(within)
    }
}

impl Line {
    /// What has grown after so much of it, rounded up.
    fn grown(&self, elapsed: u64) -> u128 {
        let (time, length) = (u128::from(elapsed), u128::from(self.length));
        let level = 2 * u128::from(self.from) * time;
        if self.from == self.to {
            return level;
        }
        // The square of a year in nanoseconds times a rate is beyond 128 bits: divided in two steps.
        let slope = u128::from(self.from.abs_diff(self.to)) * time;
        let (whole, rest) = (slope / length * time, slope % length * time);
        if self.from < self.to {
            level + whole + rest.div_ceil(length)
        } else {
            level - whole - rest / length
        }
    }

    /// The last moment at which no more than `amount` has grown, which is less than all of it.
    fn reach(&self, amount: u128) -> u64 {
        if self.from == self.to {
            let time = amount / (2 * u128::from(self.from));
            return u64::try_from(time).expect("it lies within the line");
        }
        let (from, to) = (approximate(u128::from(self.from)), approximate(u128::from(self.to)));
        let (length, amount_near) = (approximate(u128::from(self.length)), approximate(amount));
        let root = libm::sqrt((from * from + (to - from) / length * amount_near).max(0.0));
        let sum = from + root;
        let estimate = if 0.0 < sum { whole(amount_near / sum) } else { 0 };
        last_within(estimate, self.length, |moment| self.grown(moment) <= amount)
    }
}

/// The last moment below `end` that fits, where those that do come first and 0 is one: looked for
/// around an estimate, ever farther, then between the two.
fn last_within(estimate: u64, end: u64, fits: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, end);
    let mut probe = estimate.min(end - 1);
    let mut stride = 1_u64;
    let up = fits(probe);
    if up {
        low = probe;
    } else {
        high = probe;
    }
    // Doubled steps: 64 at most.
    while 1 < high - low {
        let next = if up { low.saturating_add(stride) } else { high.saturating_sub(stride) };
        if next <= low || high <= next {
            break;
        }
        probe = next;
        let is_fit = fits(probe);
        if is_fit {
            low = probe;
        } else {
            high = probe;
        }
        if is_fit != up {
            break;
        }
        stride = stride.saturating_mul(2);
    }
    // Halves: 64 at most.
    while 1 < high - low {
        let middle = low + (high - low) / 2;
        if fits(middle) { low = middle } else { high = middle }
    }
    low
}

/// A number for an estimate.
#[expect(clippy::cast_precision_loss, reason = "what follows from it is corrected exactly")]
pub(super) const fn approximate(number: u128) -> f64 {
    number as f64
}

/// The whole part of what is not negative.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float that is too large becomes the greatest number, and a negative one 0"
)]
pub(super) const fn whole(number: f64) -> u64 {
    number as u64
}

fn to_u64(count: usize) -> u64 {
    u64::try_from(count).expect("a count fits in 64 bits")
}

#[cfg(test)]
mod tests {
    use super::{Curve, MESSAGE, last_within};
    use crate::time::samples::shapes;
    use crate::time::shape::{Shape, Step};
    use crate::units::Nanos;
    use proptest::prelude::proptest;

    proptest! {
        #[test]
        fn the_way_back_is_the_last_moment_at_which_no_more_has_grown(
            shape in shapes(), index in 0_u64..2_000_000, part in 0_u64..2_000_000_000_000_000,
        ) {
            let curve = Curve::of(&shape);
            let amount = u128::from(index) * MESSAGE + u128::from(part);
            match curve.reach(amount) {
                Some(Nanos(moment)) => {
                    assert!(curve.grown(Nanos(moment)) <= amount, "{shape:?}: not yet");
                    assert!(amount < curve.grown(Nanos(moment + 1)), "{shape:?}: and then");
                }
                None => {
                    let ever = curve.grown(Nanos::from_secs(10_000_000));
                    assert!(ever <= amount, "{shape:?}: never");
                }
            }
        }

        #[test]
        fn what_has_grown_never_falls(
            shape in shapes(), at in 0_u64..20_000_000_000, further in 0_u64..1_000_000,
        ) {
            let curve = Curve::of(&shape);
            assert!(curve.grown(Nanos(at)) <= curve.grown(Nanos(at + further)), "{shape:?}");
        }

        #[test]
        fn whole_parts_bring_their_integral_exactly(
            low in 0_u64..1_000_000, high in 1_u64..1_000_000, millis in 1_u64..100_000_000,
            rounds in 1_u64..1_000,
        ) {
            let lasts = Nanos::from_millis(millis);
            let span = |times: u64| Nanos::from_millis(millis * times);
            let halves = |shape: &Shape, times: u64, per_second_twice: u64| {
                let grown = Curve::of(shape).grown(span(times));
                let exact = u128::from(per_second_twice) * u128::from(millis) * (MESSAGE / 2_000);
                assert_eq!(grown, exact, "{shape:?}");
            };
            let step = |rate| Step { rate, lasts };
            halves(&Shape::Steps(vec![step(low), step(high)]), 1 + rounds, 2 * (low + high * rounds));
            halves(&Shape::Ramp { from: low, to: high, over: lasts }, 1, low + high);
            halves(&Shape::Ramp { from: high, to: low, over: lasts }, 1, low + high);
            halves(&Shape::Bursts { on: step(high), off: step(low) }, 2 * rounds, 2 * rounds * (low + high));
            let (mean, amplitude) = (low.max(high), low.min(high));
            halves(&Shape::Wave { mean, amplitude, period: lasts }, rounds, 2 * rounds * mean);
        }

        #[test]
        fn a_wave_is_a_sine_within_a_hundred_thousandth(
            mean in 1_u32..5_000_000, percent in 0_u32..=100, at in 0_u32..=1_000,
        ) {
            let amplitude = mean / 100 * percent;
            let period = Nanos::from_secs(1_000);
            let shape =
                Shape::Wave { mean: u64::from(mean), amplitude: u64::from(amplitude), period };
            let grown = super::approximate(Curve::of(&shape).grown(Nanos::from_secs(u64::from(at))));
            let turn = std::f64::consts::TAU / 1_000.0;
            let exact = f64::from(mean) * f64::from(at)
                + f64::from(amplitude) * (1.0 - (turn * f64::from(at)).cos()) / turn;
            let off = (grown / super::approximate(MESSAGE) - exact).abs();
            assert!(off <= 1e-5 * f64::from(amplitude) / turn + 1e-3, "{shape}: {off} off");
        }
    }

    #[test]
    fn the_last_that_fits_is_found_from_any_estimate() {
        for end in [1, 2, 9, 1_000, u64::MAX] {
            for answer in [0, 1, 5, 8, 999, u64::MAX / 2, u64::MAX - 1] {
                for estimate in [0, 1, 4, 6, 998, 1_000, u64::MAX / 3, u64::MAX] {
                    let expected = answer.min(end - 1);
                    let found = last_within(estimate, end, |moment| moment <= expected);
                    assert_eq!(found, expected, "below {end}, from {estimate}");
                }
            }
        }
    }

    #[test]
    fn the_longest_and_fastest_parts_overflow_nothing() {
        let over = Nanos::from_secs(365 * 24 * 3_600);
        for (from, to) in [(0, 9_999_999), (9_999_999, 0), (9_999_999, 9_999_998)] {
            let shape = Shape::Ramp { from, to, over };
            assert_eq!(shape.check(), Ok(()), "{shape}");
            let curve = Curve::of(&shape);
            for moment in [1, over.0 / 3, over.0 - 1, over.0] {
                let reached = curve.reach(curve.grown(Nanos(moment)));
                // Where a nanosecond brings nothing, in the last of a falling ramp, it is a later one.
                assert!(reached.is_none_or(|found| moment <= found.0), "{shape} at {moment}");
            }
        }
    }
}
