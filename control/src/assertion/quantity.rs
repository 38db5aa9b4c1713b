//! Numbers with what they measure: spans, bytes, rates, or a bare number; and how they are shown.

use serde_json::Value;
use std::fmt;

/// What a number measures: powers of seconds and of bytes. Counts and shares have neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dimension {
    seconds: i32,
    bytes: i32,
}

impl Dimension {
    /// A count, a share, any bare number.
    pub const BARE: Self = Self { seconds: 0, bytes: 0 };
    /// A span of time, in seconds.
    pub const TIME: Self = Self { seconds: 1, bytes: 0 };
    /// A size, in bytes.
    pub const BYTES: Self = Self { seconds: 0, bytes: 1 };
    /// Messages per second.
    pub const RATE: Self = Self { seconds: -1, bytes: 0 };
    /// Bytes per second.
    pub const BYTE_RATE: Self = Self { seconds: -1, bytes: 1 };

    /// What a product of the two measures.
    #[must_use]
    pub const fn times(self, other: Self) -> Self {
        Self { seconds: self.seconds + other.seconds, bytes: self.bytes + other.bytes }
    }

    /// What a quotient of the two measures.
    #[must_use]
    pub const fn over(self, other: Self) -> Self {
        Self { seconds: self.seconds - other.seconds, bytes: self.bytes - other.bytes }
    }

    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BARE => "a bare number",
            Self::TIME => "a time",
            Self::BYTES => "a number of bytes",
            Self::RATE => "a rate of messages",
            Self::BYTE_RATE => "a rate of bytes",
            _ => "a product that no metric measures",
        }
    }

    /// How a value of it is written.
    #[must_use]
    pub const fn need(self) -> &'static str {
        match self {
            Self::TIME => "a time with its unit (ns, us, ms, s or m), e.g. 10ms",
            Self::BYTES => {
                "a number of bytes, bare or with its unit (B, KB, MB, GB, KiB, MiB or GiB)"
            }
            Self::RATE => "a number of messages per second, e.g. 50000, 50k/s or 0.99*target",
            Self::BYTE_RATE => "a rate of bytes with its unit, e.g. 10MiB/s",
            _ => "a bare number, e.g. 0, 50k or 99.9%",
        }
    }

    /// The unit in which `result.json` writes it; `None` for a bare number.
    #[must_use]
    pub const fn unit(self) -> Option<&'static str> {
        match self {
            Self::TIME => Some("us"),
            Self::BYTES => Some("bytes"),
            Self::RATE => Some("per_second"),
            Self::BYTE_RATE => Some("bytes_per_second"),
            _ => None,
        }
    }
}

/// A number in seconds, bytes, or both: what [`Dimension`] says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity {
    /// How much.
    pub value: f64,
    /// Of what.
    pub dimension: Dimension,
}

/// One side of an assertion.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Amount {
    /// A number.
    Number(Quantity),
    /// A boolean.
    Truth(bool),
}

impl Amount {
    /// The amount as `result.json` has it: spans in microseconds, everything else in base units.
    #[must_use]
    pub fn json(self) -> Value {
        match self {
            Self::Truth(truth) => Value::from(truth),
            Self::Number(Quantity { value, dimension: Dimension::TIME }) => {
                Value::from(shifted(value, 6))
            }
            Self::Number(Quantity { value, .. }) => Value::from(value),
        }
    }

    /// Whether it is a smaller number than another.
    pub(super) fn is_below(self, other: Self) -> bool {
        match (self, other) {
            (Self::Number(one), Self::Number(two)) => one.value < two.value,
            _ => false,
        }
    }

    /// The unit of [`Self::json`]; `None` for bare numbers and booleans.
    #[must_use]
    pub const fn unit(self) -> Option<&'static str> {
        match self {
            Self::Truth(_) => None,
            Self::Number(quantity) => quantity.dimension.unit(),
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(quantity) => quantity.fmt(f),
            Self::Truth(truth) => truth.fmt(f),
        }
    }
}

/// In the unit that people would take, and to the nanosecond or the byte: what differs looks so.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { value, dimension } = *self;
        let size = value.abs();
        match dimension {
            Dimension::TIME => {
                let (places, unit) = match size {
                    _ if 1.0 <= size => (0, "s"),
                    _ if 1e-3 <= size => (3, "ms"),
                    _ => (6, "us"),
                };
                write!(f, "{} {unit}", decimal(shifted(value, places)))
            }
            Dimension::BYTES | Dimension::BYTE_RATE => {
                let (factor, unit) = match size {
                    _ if GIB <= size => (GIB, "GiB"),
                    _ if MIB <= size => (MIB, "MiB"),
                    _ if KIB <= size => (KIB, "KiB"),
                    _ => (1.0, "B"),
                };
                let per_second = if dimension == Dimension::BYTES { "" } else { "/s" };
                write!(f, "{} {unit}{per_second}", decimal(value / factor))
            }
            Dimension::RATE => write!(f, "{}/s", decimal(value)),
            _ => f.write_str(&decimal(value)),
        }
    }
}

/// Bytes of a KiB.
pub(super) const KIB: f64 = 1_024.0;
/// Bytes of a MiB.
pub(super) const MIB: f64 = 1_048_576.0;
/// Bytes of a GiB.
pub(super) const GIB: f64 = 1_073_741_824.0;

/// A number moved by decimal places as its digits say, and not by a product that rounds: 1234.567 µs
/// and 1.234567 ms are one number of seconds, to the last bit.
pub(super) fn shifted(number: f64, places: i32) -> f64 {
    if !number.is_finite() {
        return number;
    }
    format!("{number}e{places}").parse().expect("digits with an exponent are a number")
}

/// Up to six decimals, or an exponent where these would all be zeros.
pub(super) fn decimal(value: f64) -> String {
    let size = value.abs();
    if 0.0 < size && size < 1e-6 {
        return format!("{value:e}");
    }
    let digits = format!("{value:.6}");
    let digits = digits.trim_end_matches('0').trim_end_matches('.');
    if digits == "-0" { "0".to_owned() } else { digits.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{Amount, Dimension, Quantity, decimal, shifted};
    use serde_json::json;

    #[test]
    fn equal_spans_are_equal_in_whatever_unit_they_were_written() {
        let check = |micros: f64, millis: f64| {
            let (one, two) = (shifted(micros, -6), shifted(millis, -3));
            assert_eq!(one.to_bits(), two.to_bits(), "{micros} us, {millis} ms");
        };
        check(1_234.567, 1.234_567);
        check(0.1, 0.000_1);
        check(333.333, 0.333_333);
        check(1e9, 1e6);
        assert!(shifted(f64::INFINITY, 3).is_infinite(), "no digits to move");
    }

    #[test]
    fn quantities_are_shown_in_a_unit_that_people_would_take_and_never_rounded_to_equal() {
        let check = |value: f64, dimension: Dimension, expected: &str| {
            assert_eq!(Quantity { value, dimension }.to_string(), expected);
        };
        check(0.010_004, Dimension::TIME, "10.004 ms");
        check(0.010_000_001, Dimension::TIME, "10.000001 ms");
        check(2.5, Dimension::TIME, "2.5 s");
        check(0.0, Dimension::TIME, "0 us");
        check(0.000_000_5, Dimension::TIME, "0.5 us");
        check(-0.002, Dimension::TIME, "-2 ms");
        check(52_428_800.0, Dimension::BYTES, "50 MiB");
        check(100.0, Dimension::BYTES, "100 B");
        check(1_536.0, Dimension::BYTE_RATE, "1.5 KiB/s");
        check(19_512.195, Dimension::RATE, "19512.195/s");
        check(0.99 * 20_000.0, Dimension::RATE, "19800/s");
        check(3.0, Dimension::BARE, "3");
        check(0.000_000_25, Dimension::BARE, "2.5e-7");
    }

    #[test]
    fn the_file_has_microseconds_bytes_and_seconds() {
        let check = |value: f64, dimension: Dimension, number: f64, unit: Option<&str>| {
            let amount = Amount::Number(Quantity { value, dimension });
            assert_eq!((amount.json(), amount.unit()), (json!(number), unit), "{amount}");
        };
        check(0.010_004, Dimension::TIME, 10_004.0, Some("us"));
        check(7.0, Dimension::BYTES, 7.0, Some("bytes"));
        check(7.5, Dimension::RATE, 7.5, Some("per_second"));
        check(7.0, Dimension::BYTE_RATE, 7.0, Some("bytes_per_second"));
        check(7.0, Dimension::BARE, 7.0, None);
        assert_eq!(Amount::Truth(true).json(), json!(true), "a boolean stays one");
    }

    #[test]
    fn decimals_end_where_they_say_nothing() {
        assert_eq!([0.0, -0.0, 12.5, 100.0].map(decimal), ["0", "0", "12.5", "100"], "trimmed");
    }
}
