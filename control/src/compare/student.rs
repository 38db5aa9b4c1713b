//! Student's t-distribution: how far a mean of few samples may lie from the truth (Student 1908).

/// Beyond it the distribution is the normal one, to four digits.
const FREEDOM_MAX: f64 = 10_000.0;
/// More terms than the fraction below ever took for degrees of freedom up to the most.
const TERMS_MAX: u32 = 2_000;
/// Halvings of an interval: as exact as a float can be.
const HALVINGS: u32 = 52;
/// No quantile that anybody asks for is further out.
const FAR: f64 = 1e9;

/// How probable it is to be at least so far from 0, to either side; 0 to 1. `freedom`: above 0.
pub(super) fn two_sided(t: f64, freedom: f64) -> f64 {
    let freedom = freedom.min(FREEDOM_MAX);
    beta(freedom / (freedom + t * t), freedom / 2.0, 0.5)
}

/// What is exceeded, on one side, with probability `tail`: above 0, at most 0.5.
pub(super) fn quantile(tail: f64, freedom: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while high < FAR && 2.0 * tail < two_sided(high, freedom) {
        (low, high) = (high, 2.0 * high);
    }
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if 2.0 * tail < two_sided(middle, freedom) {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// The regularized incomplete beta function (DLMF 8.17.1), whose letters these are.
fn beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || 1.0 <= x {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    let gammas = libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b);
    let front = (gammas + a * x.ln() + b * (1.0 - x).ln()).exp();
    // On either side of the mean the fraction converges quickly for one of the two tails.
    if x < (a + 1.0) / (a + b + 2.0) {
        front * fraction(x, a, b) / a
    } else {
        1.0 - front * fraction(1.0 - x, b, a) / b
    }
}

/// Its continued fraction (DLMF 8.17.22), by the method of Lentz.
fn fraction(x: f64, a: f64, b: f64) -> f64 {
    let away = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let mut above = 1.0;
    let mut below = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut whole = below;
    for term in 1..=TERMS_MAX {
        let m = f64::from(term);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for part in [even, odd] {
            below = 1.0 / away(1.0 + part * below);
            above = away(1.0 + part / above);
            change = below * above;
            whole *= change;
        }
        if (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::{quantile, two_sided};

    #[test]
    fn quantiles_are_those_of_the_tables() {
        let check = |tail: f64, freedom: f64, expected: f64| {
            let got = quantile(tail, freedom);
            assert!((got / expected - 1.0).abs() < 1e-5, "{tail}, {freedom}: {got}");
        };
        check(0.025, 1.0, 12.706_205);
        check(0.005, 2.0, 9.924_843);
        check(0.005, 5.0, 4.032_143);
        check(0.025, 10.0, 2.228_139);
        check(0.000_5, 30.0, 3.645_959);
        check(0.05, 120.0, 1.657_651);
        check(0.2, 4.0, 0.940_965);
    }

    #[test]
    fn with_many_degrees_of_freedom_it_is_the_normal_distribution() {
        let got = quantile(0.025, 1e12);
        assert!((got - 1.959_964).abs() < 1e-3, "{got}");
        assert!((quantile(0.5, 7.0)).abs() < 1e-6, "the middle");
    }

    #[test]
    fn probability_and_quantile_undo_each_other() {
        for freedom in [1.0, 2.5, 4.0, 17.3, 400.0, 9_999.0] {
            for tail in [0.3, 0.05, 0.001, 1e-5] {
                let back = two_sided(quantile(tail, freedom), freedom) / 2.0;
                assert!((back / tail - 1.0).abs() < 1e-6, "{freedom}, {tail}: {back}");
            }
        }
        assert!((two_sided(0.0, 3.0) - 1.0).abs() < 1e-12, "all of it");
        assert!((two_sided(-2.0, 5.0) - 0.101_939).abs() < 1e-5, "either side");
    }
}
