//! Numbers as they are written in an assertion: digits, a unit, and `/s` where it is a rate.

use super::quantity::{Dimension, GIB, KIB, MIB, shifted};
use std::fmt;

/// A unit: what it measures, and how many seconds, bytes or ones it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unit {
    /// As it is written.
    pub word: &'static str,
    /// What it measures.
    pub dimension: Dimension,
    /// How many decimal places it moves the number.
    pub places: i32,
    /// What it multiplies the number by after that.
    pub factor: f64,
}

impl Unit {
    const fn decimal(word: &'static str, dimension: Dimension, places: i32) -> Self {
        Self { word, dimension, places, factor: 1.0 }
    }

    const fn times(word: &'static str, dimension: Dimension, factor: f64) -> Self {
        Self { word, dimension, places: 0, factor }
    }
}

/// No unit at all.
pub(super) const BARE: Unit = Unit::decimal("", Dimension::BARE, 0);

/// Every unit there is. A micro has two signs in Unicode, and keyboards have either.
pub(super) const UNITS: [Unit; 18] = [
    Unit::decimal("ns", Dimension::TIME, -9),
    Unit::decimal("us", Dimension::TIME, -6),
    Unit::decimal("\u{b5}s", Dimension::TIME, -6),
    Unit::decimal("\u{3bc}s", Dimension::TIME, -6),
    Unit::decimal("ms", Dimension::TIME, -3),
    Unit::decimal("s", Dimension::TIME, 0),
    Unit::times("m", Dimension::TIME, 60.0),
    Unit::decimal("B", Dimension::BYTES, 0),
    Unit::decimal("KB", Dimension::BYTES, 3),
    Unit::decimal("kB", Dimension::BYTES, 3),
    Unit::decimal("MB", Dimension::BYTES, 6),
    Unit::decimal("GB", Dimension::BYTES, 9),
    Unit::times("KiB", Dimension::BYTES, KIB),
    Unit::times("MiB", Dimension::BYTES, MIB),
    Unit::times("GiB", Dimension::BYTES, GIB),
    Unit::decimal("%", Dimension::BARE, -2),
    Unit::decimal("k", Dimension::BARE, 3),
    Unit::decimal("M", Dimension::BARE, 6),
];

/// The unit of a word.
pub(super) fn unit(word: &str) -> Option<Unit> {
    UNITS.into_iter().find(|unit| unit.word == word)
}

/// A number as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Literal {
    /// Its digits, at most one point among them.
    pub(super) digits: String,
    /// Its unit.
    pub(super) unit: Unit,
    /// Whether `/s` stands behind it.
    pub(super) is_rate: bool,
}

impl Literal {
    /// The number in seconds, bytes or ones.
    #[must_use]
    pub fn value(&self) -> f64 {
        let number = self.digits.parse().expect("digits were looked at when they were read");
        shifted(number, self.unit.places) * self.unit.factor
    }

    /// What it measures.
    #[must_use]
    pub const fn dimension(&self) -> Dimension {
        if self.is_rate { self.unit.dimension.over(Dimension::TIME) } else { self.unit.dimension }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per_second = if self.is_rate { "/s" } else { "" };
        write!(f, "{}{}{per_second}", self.digits, self.unit.word)
    }
}

#[cfg(test)]
mod tests {
    use super::{BARE, Literal, UNITS, unit};
    use crate::assertion::Dimension;

    fn check(digits: &str, word: &str, expected: f64) {
        let unit = unit(word).unwrap_or(BARE);
        assert_eq!(unit.word, word, "it is a unit");
        let literal = Literal { digits: digits.to_owned(), unit, is_rate: false };
        assert_eq!(literal.value().to_bits(), expected.to_bits(), "{literal}");
        let rate = Literal { is_rate: true, ..literal.clone() };
        assert_eq!(rate.dimension().times(Dimension::TIME), literal.dimension(), "{rate}");
    }

    #[test]
    fn units_say_how_many_seconds_bytes_and_ones_they_are() {
        check("250", "ns", 250e-9);
        check("1.5", "us", 1.5e-6);
        check("1.5", "\u{b5}s", 1.5e-6);
        check("1.5", "\u{3bc}s", 1.5e-6);
        check("10", "ms", 0.01);
        check("1.5", "m", 90.0);
        check("1", "KiB", 1_024.0);
        check("1.5", "MiB", 1_572_864.0);
        check("1", "GB", 1e9);
        check("99.9", "%", 0.999);
        check("50", "k", 50_000.0);
        check("1.5", "M", 1_500_000.0);
        check("7", "", 7.0);
    }

    #[test]
    fn every_unit_has_a_word_of_its_own() {
        for (index, one) in UNITS.iter().enumerate() {
            assert!(!one.word.is_empty(), "no unit at all is no unit");
            let others = UNITS[index + 1..].iter().filter(|other| other.word == one.word).count();
            assert_eq!(others, 0, "{}", one.word);
        }
    }
}
