//! Quantities with their unit in the type: what is added, compared or printed says what it is.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::num::NonZeroU64;
use std::ops::{Add, AddAssign};
use std::str::FromStr;

/// Nanoseconds in one second.
pub const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// A moment: nanoseconds since the Unix epoch.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(u64);

/// A span of time in nanoseconds; up to 584 years.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Nanos(pub u64);

/// Messages per second over the whole run; never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rate(NonZeroU64);

/// A size in bytes.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Bytes(pub u64);

/// Processor time per time, in thousandths of a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Millicores(pub u64);

impl Timestamp {
    /// A moment read from a clock or from a stamp.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the Unix epoch, for the wire.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// How long ago `earlier` was; `None` when it lies in the future.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Option<Nanos> {
        match self.0.checked_sub(earlier.0) {
            Some(nanos) => Some(Nanos(nanos)),
            None => None,
        }
    }

    /// How long until `later`; zero when it has passed.
    #[must_use]
    pub const fn until(self, later: Self) -> Nanos {
        Nanos(later.0.saturating_sub(self.0))
    }

    /// The moment `span` before this one, not before the epoch.
    #[must_use]
    pub const fn before(self, span: Nanos) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Add<Nanos> for Timestamp {
    type Output = Self;

    fn add(self, span: Nanos) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Nanos {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of whole seconds.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(NANOS_PER_SECOND))
    }

    /// A span of whole milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// The span left after taking `other` away, never below zero.
    #[must_use]
    pub const fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The span as the standard library writes it.
    #[must_use]
    pub const fn duration(self) -> std::time::Duration {
        std::time::Duration::from_nanos(self.0)
    }

    /// The span in seconds, for reports.
    #[must_use]
    pub const fn as_secs_f64(self) -> f64 {
        self.duration().as_secs_f64()
    }

    /// The span in microseconds, for reports.
    #[must_use]
    pub const fn as_micros_f64(self) -> f64 {
        self.duration().as_secs_f64() * 1e6
    }
}

impl Add for Nanos {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Bytes {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Rate {
    /// Refuses a rate of zero.
    #[must_use]
    pub const fn per_second(messages: u64) -> Option<Self> {
        match NonZeroU64::new(messages) {
            Some(rate) => Some(Self(rate)),
            None => None,
        }
    }

    /// The number of messages in one second.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0.get()
    }
}

/// Splits `50k/s` into its number and its unit, both trimmed.
fn split_unit(text: &str) -> (&str, &str) {
    let trimmed = text.trim();
    let end = trimmed
        .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_'))
        .unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(end);
    (number.trim(), unit.trim())
}

/// Multiplies a decimal number by a whole factor, exactly; `None` when digits would be lost.
fn scale(number: &str, factor: u64) -> Option<u64> {
    let plain: String = number.chars().filter(|c| *c != '_').collect();
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    if whole.is_empty() || (plain.contains('.') && fraction.is_empty()) {
        return None;
    }
    let base = whole.parse::<u64>().ok()?.checked_mul(factor)?;
    if fraction.is_empty() {
        return Some(base);
    }
    let places = u32::try_from(fraction.len()).ok()?;
    let denominator = 10_u128.checked_pow(places)?;
    let numerator = fraction.parse::<u128>().ok()?.checked_mul(u128::from(factor))?;
    if numerator % denominator != 0 {
        return None;
    }
    base.checked_add(u64::try_from(numerator / denominator).ok()?)
}

impl Millicores {
    /// Cores as a number, for reports.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "no machine has 2^53 thousandths of a core")]
    pub const fn as_cores_f64(self) -> f64 {
        self.0 as f64 / 1e3
    }
}

/// With one digit, or with as many as it needs: `2.0`, `0.25`.
impl fmt::Display for Millicores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 1_000, self.0 % 1_000);
        let digits = format!("{rest:03}");
        let digits = digits.trim_end_matches('0');
        write!(f, "{whole}.{}", if digits.is_empty() { "0" } else { digits })
    }
}

impl FromStr for Rate {
    type Err = String;

    /// Reads `50000`, `50k`, `1.5M/s`; the number of messages in one second must be whole.
    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || {
            format!(
                "got \"{text}\", need a whole number of messages per second above 0, e.g. 50000, 50k or 1.5M/s"
            )
        };
        let (number, unit) = split_unit(text);
        let unit = unit.strip_suffix("/s").unwrap_or(unit).trim();
        let factor = match unit {
            "" => 1,
            "k" | "K" => 1_000,
            "m" | "M" => 1_000_000,
            _ => return Err(fault()),
        };
        scale(number, factor).and_then(Self::per_second).ok_or_else(fault)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = self.get();
        match (rate % 1_000_000, rate % 1_000) {
            (0, _) => write!(f, "{}M/s", rate / 1_000_000),
            (_, 0) => write!(f, "{}k/s", rate / 1_000),
            _ => write!(f, "{rate}/s"),
        }
    }
}

impl FromStr for Nanos {
    type Err = String;

    /// Reads `30s`, `1.5m`, `250ms`, `1h`; a bare number is refused, since its unit would be a guess.
    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || {
            format!(
                "got \"{text}\", need a number with a unit: ns, us, ms, s, m or h, e.g. 30s or 1.5m"
            )
        };
        let (number, unit) = split_unit(text);
        let factor = match unit {
            "ns" => 1,
            "us" | "µs" => 1_000,
            "ms" => 1_000_000,
            "s" => NANOS_PER_SECOND,
            "m" | "min" => 60 * NANOS_PER_SECOND,
            "h" => 3_600 * NANOS_PER_SECOND,
            _ => return Err(fault()),
        };
        scale(number, factor).map(Self).ok_or_else(fault)
    }
}

impl fmt::Display for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 6] = [
            (3_600 * NANOS_PER_SECOND, "h"),
            (60 * NANOS_PER_SECOND, "m"),
            (NANOS_PER_SECOND, "s"),
            (1_000_000, "ms"),
            (1_000, "us"),
            (1, "ns"),
        ];
        for (size, name) in UNITS {
            if size <= self.0 && self.0.is_multiple_of(size) {
                return write!(f, "{}{name}", self.0 / size);
            }
        }
        if self.0 == 0 { f.write_str("0s") } else { write!(f, "{}ns", self.0) }
    }
}

impl FromStr for Bytes {
    type Err = String;

    /// Reads `1024`, `1KiB`, `100 B`, `1.5MB`; `k…B` counts in thousands, `Ki…B` in 1024s.
    fn from_str(text: &str) -> Result<Self, String> {
        let fault =
            || format!("got \"{text}\", need a number of bytes, e.g. 1024, 100B, 1KiB or 1.5MB");
        let (number, unit) = split_unit(text);
        let factor = match unit {
            "" | "B" => 1,
            "kB" | "KB" | "k" => 1_000,
            "MB" | "M" => 1_000_000,
            "GB" | "G" => 1_000_000_000,
            "KiB" | "Ki" => 1 << 10,
            "MiB" | "Mi" => 1 << 20,
            "GiB" | "Gi" => 1 << 30,
            _ => return Err(fault()),
        };
        scale(number, factor).map(Self).ok_or_else(fault)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (size, name) in [(1_u64 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] {
            if size <= self.0 && self.0.is_multiple_of(size) {
                return write!(f, "{} {name}", self.0 / size);
            }
        }
        write!(f, "{} B", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Bytes, Millicores, Nanos, Rate, Timestamp};
    use proptest::prelude::proptest;

    #[test]
    fn rates_are_read_as_people_write_them() {
        let check = |text: &str, expected: Option<u64>| {
            assert_eq!(text.parse::<Rate>().ok().map(Rate::get), expected, "{text}");
        };
        check("50000", Some(50_000));
        check("50k/s", Some(50_000));
        check(" 1.5M ", Some(1_500_000));
        check("50_000", Some(50_000));
        check("0", None);
        check("-1", None);
        check("1.5", None);
        check("fast", None);
        check("1.", None);
        check("", None);
        check("18446744073709551616", None);
    }

    #[test]
    fn thousandths_of_cores_are_shown_as_cores() {
        let check = |of: u64, text: &str| assert_eq!(Millicores(of).to_string(), text, "{of}");
        check(2_000, "2.0");
        check(1_500, "1.5");
        check(250, "0.25");
        check(7, "0.007");
    }

    #[test]
    fn spans_need_their_unit() {
        let check = |text: &str, expected: Option<u64>| {
            assert_eq!(text.parse::<Nanos>().ok().map(|span| span.0), expected, "{text}");
        };
        check("30s", Some(30_000_000_000));
        check("1.5m", Some(90_000_000_000));
        check("250 ms", Some(250_000_000));
        check("0s", Some(0));
        check("30", None);
        check("5x", None);
    }

    #[test]
    fn sizes_tell_thousands_from_1024s() {
        let check = |text: &str, expected: Option<u64>| {
            assert_eq!(text.parse::<Bytes>().ok().map(|size| size.0), expected, "{text}");
        };
        check("1 KiB", Some(1024));
        check("1kB", Some(1000));
        check("100B", Some(100));
        check("1.5MiB", Some(1_572_864));
        check("0.3B", None);
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(number in 1_u64..u64::MAX / 4) {
            let rate = Rate::per_second(number).expect("the range starts at 1");
            assert_eq!(rate.to_string().parse::<Rate>(), Ok(rate), "rate");
            assert_eq!(Nanos(number).to_string().parse::<Nanos>(), Ok(Nanos(number)), "span");
            assert_eq!(Bytes(number).to_string().parse::<Bytes>(), Ok(Bytes(number)), "size");
        }
    }

    #[test]
    fn a_negative_span_is_none_and_never_zero() {
        let (early, late) = (Timestamp::from_nanos(1), Timestamp::from_nanos(3));
        assert_eq!(late.since(early), Some(Nanos(2)), "forward");
        assert_eq!(early.since(late), None, "backward");
    }
}
