//! A straight line over a host's own clock: what to add to it.

use crate::units::Timestamp;

/// What to add to a host's own clock, as a straight line over that clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    at: Timestamp,
    offset_ns: i64,
    drift_ppb: i64,
}

impl Line {
    /// The steepest line, in parts in 10^9: twice what a time server may make of a clock's rate.
    pub const DRIFT_MAX_PPB: i64 = 1_000_000;
    /// The greatest offset: 36 years.
    pub const OFFSET_MAX_NS: i64 = 1 << 60;

    /// Adds `offset_ns` at the moment `at` of the host's own clock, and `drift_ppb` nanoseconds more
    /// for each second after it.
    ///
    /// # Errors
    /// When the line is steeper than [`Line::DRIFT_MAX_PPB`] or farther than [`Line::OFFSET_MAX_NS`].
    pub fn new(at: Timestamp, offset_ns: i64, drift_ppb: i64) -> Result<Self, String> {
        let check = |name: &str, got: i64, max: i64| {
            let fault = || format!("{name}: got {got}, need -{max} to {max}");
            (got.unsigned_abs() <= max.unsigned_abs()).then_some(()).ok_or_else(fault)
        };
        check("drift_ppb", drift_ppb, Self::DRIFT_MAX_PPB)?;
        check("offset_ns", offset_ns, Self::OFFSET_MAX_NS)?;
        Ok(Self { at, offset_ns, drift_ppb })
    }

    /// From `at` on a clock goes so many times as fast: what a run keeps of an hour is looked at in a
    /// minute. No line that a host is led to.
    #[must_use]
    pub fn hastened(at: Timestamp, times: u32) -> Self {
        let drift_ppb = (i64::from(times) - 1) * 1_000_000_000;
        Self { at, offset_ns: 0, drift_ppb }
    }

    /// The moment of the host's own clock at which its offset is given.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// Nanoseconds to add at that moment.
    #[must_use]
    pub const fn offset_ns(&self) -> i64 {
        self.offset_ns
    }

    /// Nanoseconds to add more for each second after it.
    #[must_use]
    pub const fn drift_ppb(&self) -> i64 {
        self.drift_ppb
    }

    /// Nanoseconds to add at a moment of the host's own clock.
    #[must_use]
    pub fn offset_at(&self, own: Timestamp) -> i64 {
        let span = i128::from(own.as_nanos()) - i128::from(self.at.as_nanos());
        let rise = (i128::from(self.drift_ppb) * span).div_euclid(1_000_000_000);
        self.offset_ns + i64::try_from(rise).expect("a thousandth of 64 bits")
    }
}

#[cfg(test)]
mod tests {
    use super::Line;
    use crate::units::Timestamp;

    #[test]
    fn a_line_goes_through_its_moment_and_rounds_down_on_both_sides() {
        let line = Line::new(Timestamp::from_nanos(10_000_000_000), -5, 200_000);
        let line = line.expect("200 ppm");
        let check = |own: u64, expected: i64| {
            assert_eq!(line.offset_at(Timestamp::from_nanos(own)), expected, "{own}");
        };
        check(10_000_000_000, -5);
        check(11_000_000_000, 199_995);
        check(9_000_000_000, -200_005);
        check(10_000_004_999, -5);
        check(9_999_999_999, -6);
    }

    #[test]
    fn a_hastened_clock_adds_what_it_is_faster_by() {
        let at = |seconds: u64| Timestamp::from_nanos(seconds * 1_000_000_000);
        let line = Line::hastened(at(10), 60);
        assert_eq!(line.offset_at(at(10)), 0, "it begins at the host's own time");
        assert_eq!(line.offset_at(at(11)), 59_000_000_000, "a minute in a second");
    }

    #[test]
    fn a_line_that_no_clock_needs_is_refused_by_name() {
        let check = |offset_ns: i64, drift_ppb: i64, expected: Option<&str>| {
            let got = Line::new(Timestamp::from_nanos(1), offset_ns, drift_ppb);
            assert_eq!(got.as_ref().err().map(String::as_str), expected, "{got:?}");
        };
        check(Line::OFFSET_MAX_NS, Line::DRIFT_MAX_PPB, None);
        check(-Line::OFFSET_MAX_NS, -Line::DRIFT_MAX_PPB, None);
        check(0, 1_000_001, Some("drift_ppb: got 1000001, need -1000000 to 1000000"));
        check(0, i64::MIN, Some("drift_ppb: got -9223372036854775808, need -1000000 to 1000000"));
        let words = "offset_ns: got -1152921504606846977, need \
                     -1152921504606846976 to 1152921504606846976";
        check(-Line::OFFSET_MAX_NS - 1, 0, Some(words));
    }
}
