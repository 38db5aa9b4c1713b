//! The difference between two estimates: how probable it is by chance, its interval, and what would have shown.

use super::estimate::Estimate;
use super::student;

/// How often a difference as small as [`Difference::detectable`] would have been found.
const POWER: f64 = 0.8;

/// A difference of logarithms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Difference {
    /// Candidate less baseline.
    pub(super) ln: f64,
    /// Its standard error.
    error: f64,
    /// Degrees of freedom of that.
    freedom: f64,
    /// As how many independent samples those of either side count.
    pub(super) effective: [f64; 2],
}

/// From where to where, in logarithms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Interval {
    /// The least.
    pub(super) low: f64,
    /// The greatest.
    pub(super) high: f64,
}

impl Difference {
    /// By Welch's t-test (1947): the two sides may vary by different amounts.
    pub(super) fn between(baseline: &Estimate, candidate: &Estimate) -> Self {
        let sides = [baseline, candidate];
        let sum = |part: fn(&Estimate) -> f64| sides.iter().map(|side| part(side)).sum::<f64>();
        let variance = sum(|of| of.variance + of.fixed);
        let parts = sum(|of| of.variance * of.variance / of.freedom);
        let freedom = if 0.0 < parts { variance * variance / parts } else { f64::INFINITY };
        Self {
            ln: candidate.ln - baseline.ln,
            error: variance.sqrt(),
            freedom,
            effective: [baseline.effective, candidate.effective],
        }
    }

    /// How probable a difference at least so large is by chance alone.
    pub(super) fn p(&self) -> f64 {
        student::two_sided(self.ln / self.error, self.freedom)
    }

    /// Where the true difference lies but for `level` of all cases.
    pub(super) fn interval(&self, level: f64) -> Interval {
        let half = student::quantile(level / 2.0, self.freedom) * self.error;
        Interval { low: self.ln - half, high: self.ln + half }
    }

    /// The least difference, in logarithms, that would have been found at `level` in four of five cases.
    pub(super) fn detectable(&self, level: f64) -> f64 {
        let [of_level, of_power] = [level / 2.0, 1.0 - POWER];
        let sum =
            student::quantile(of_level, self.freedom) + student::quantile(of_power, self.freedom);
        sum * self.error
    }
}

impl Interval {
    /// Whether there may be no difference.
    pub(super) fn has_zero(self) -> bool {
        self.has(0.0)
    }

    /// Whether this difference lies in it.
    pub(super) fn has(self, ln: f64) -> bool {
        self.low <= ln && ln <= self.high
    }

    /// The least interval that has both.
    pub(super) fn with(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    /// The least interval that has this difference, too.
    pub(super) fn and(self, ln: f64) -> Self {
        self.with(Self { low: ln, high: ln })
    }
}

#[cfg(test)]
mod tests {
    use super::super::estimate::Estimate;
    use super::{Difference, Interval};

    fn estimate(ln: f64, variance: f64, freedom: f64) -> Estimate {
        Estimate { ln, variance, freedom, fixed: 0.0, effective: freedom + 1.0 }
    }

    #[test]
    fn it_is_welchs_test() {
        // Two samples of five and seven: variances of the means 0.04 and 0.01, 4 and 6 degrees of freedom.
        let (one, other) = (estimate(1.0, 0.04, 4.0), estimate(1.5, 0.01, 6.0));
        let of = Difference::between(&one, &other);
        assert!((of.ln - 0.5).abs() < 1e-12, "candidate less baseline");
        assert!((of.error - 0.05_f64.sqrt()).abs() < 1e-12, "{of:?}");
        let freedom = 0.05_f64.powi(2) / (0.04_f64.powi(2) / 4.0 + 0.01_f64.powi(2) / 6.0);
        assert!((of.freedom - freedom).abs() < 1e-9, "{of:?}");
        let back = Difference::between(&other, &one);
        assert!((back.ln + 0.5).abs() < 1e-12 && (back.p() - of.p()).abs() < 1e-12, "either way");
    }

    #[test]
    fn an_interval_leaves_zero_out_exactly_where_its_level_is_passed() {
        let of = Difference::between(&estimate(0.0, 0.01, 8.0), &estimate(0.4, 0.01, 8.0));
        let p = of.p();
        assert!(of.interval(p * 0.99).has_zero(), "a little stricter");
        assert!(!of.interval(p * 1.01).has_zero(), "a little less strict");
    }

    #[test]
    fn what_is_taken_as_it_is_widens_and_adds_no_doubt_of_its_own() {
        let plain = estimate(0.0, 0.01, 4.0);
        let wider = Estimate { fixed: 0.04, ..plain };
        let (one, two) = (Difference::between(&plain, &plain), Difference::between(&wider, &wider));
        assert!((two.error / one.error - 5.0_f64.sqrt()).abs() < 1e-9, "{two:?}");
        assert!(one.freedom < two.freedom, "most of it is known: {two:?}");
        let same =
            Difference::between(&Estimate { fixed: 1e-6, ..estimate(0.0, 0.0, 2.0) }, &plain);
        assert!(same.p() <= 1.0 && same.interval(0.01).has_zero(), "{same:?}");
    }

    #[test]
    fn a_difference_that_is_just_detectable_is_found_in_four_of_five_cases() {
        let of = Difference::between(&estimate(0.0, 0.01, 1e6), &estimate(0.0, 0.01, 1e6));
        let detectable = of.detectable(0.01);
        // The normal distribution's 2.576 and 0.842.
        assert!((detectable / of.error - 3.417).abs() < 0.01, "{detectable}");
    }

    #[test]
    fn intervals_join() {
        let one = Interval { low: 0.1, high: 0.2 };
        assert_eq!(one.with(Interval { low: -0.1, high: 0.15 }), Interval { low: -0.1, high: 0.2 });
        assert_eq!(one.and(0.4), Interval { low: 0.1, high: 0.4 }, "a difference outside");
        assert_eq!(one.and(0.15), one, "one inside");
        assert!(!one.has_zero() && one.and(-0.1).has_zero(), "with zero");
        assert!(one.has(0.1) && one.has(0.2) && !one.has(0.21), "with its ends");
    }
}
