//! Draws from a law of many values, in one step each: Walker's alias table, built in Vose's way.

/// 2⁶⁴, which is how finely a row is divided.
const WHOLE: f64 = 18_446_744_073_709_551_616.0;

/// A law of the values from 0 on, made before the run. A draw reads one row of 16 bytes.
#[derive(Clone, Debug)]
pub(super) struct Alias {
    rows: Vec<Row>,
}

/// One of as many equally likely rows as there are values: two values share it.
#[derive(Clone, Copy, Debug)]
struct Row {
    /// The part of the row, of 2⁶⁴, that is its own value's.
    own: u64,
    /// Whose the rest is.
    other: usize,
}

impl Alias {
    /// The law in which each value is as likely as its weight among all says.
    ///
    /// # Panics
    /// When there are no weights, 2³² or more, or they do not add up to a number above zero.
    pub(super) fn new(weights: &[f64]) -> Self {
        let count = u32::try_from(weights.len()).expect("fewer than 2^32 values");
        let sum: f64 = weights.iter().sum();
        assert!(0.0 < sum && sum.is_finite(), "weights add up to more than nothing, got {sum}");
        // What each value has, in rows; all together have as many as there are.
        let mut left: Vec<f64> =
            weights.iter().map(|weight| weight / sum * f64::from(count)).collect();
        // What rounding leaves at the end keeps its row for itself.
        let full = |value| Row { own: u64::MAX, other: value };
        let mut rows: Vec<Row> = (0..left.len()).map(full).collect();
        let (mut poor, mut rich): (Vec<usize>, Vec<usize>) =
            (0..left.len()).partition(|value| left[*value] < 1.0);
        while let (Some(taker), Some(giver)) = (poor.pop(), rich.pop()) {
            rows[taker] = Row { own: part(left[taker]), other: giver };
            left[giver] -= 1.0 - left[taker];
            let next = if left[giver] < 1.0 { &mut poor } else { &mut rich };
            next.push(giver);
        }
        Self { rows }
    }

    /// The value that 64 random bits stand for.
    pub(super) fn value(&self, bits: u64) -> usize {
        let (row, within) = split(bits, self.rows.len());
        let Row { own, other } = self.rows[row];
        if within < own { row } else { other }
    }
}

/// 64 random bits as one of so many equal parts, and the place within it, of 2⁶⁴.
pub(super) fn split(bits: u64, parts: usize) -> (usize, u64) {
    let parts = u64::try_from(parts).expect("a count fits in 64 bits");
    let product = u128::from(bits) * u128::from(parts);
    let part = usize::try_from(product >> 64).expect("it is below the parts");
    let within = u64::try_from(product & u128::from(u64::MAX)).expect("64 bits of it");
    (part, within)
}

/// A share of a row, of 2⁶⁴.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share lies from 0 to below 1; what rounding puts outside becomes the nearest number"
)]
const fn part(share: f64) -> u64 {
    (share * WHOLE) as u64
}

#[cfg(test)]
mod tests {
    use super::{Alias, WHOLE, split};

    /// How likely each value is, from the rows themselves.
    fn likelihoods(weights: &[f64]) -> Vec<f64> {
        let alias = Alias::new(weights);
        let mut likely = vec![0.0; weights.len()];
        let each = 1.0 / f64::from(u32::try_from(weights.len()).expect("few"));
        for (value, row) in alias.rows.iter().enumerate() {
            let high = f64::from(u32::try_from(row.own >> 32).expect("32 bits"));
            let own = (high + 1.0) * 4_294_967_296.0 / WHOLE;
            likely[value] += own * each;
            likely[row.other] += (1.0 - own) * each;
        }
        likely
    }

    #[test]
    fn each_value_is_as_likely_as_its_weight() {
        let check = |weights: &[f64]| {
            let sum: f64 = weights.iter().sum();
            for (got, weight) in likelihoods(weights).iter().zip(weights) {
                assert!((got - weight / sum).abs() < 1e-8, "{weights:?}: {got} for {weight}");
            }
        };
        check(&[3.0]);
        check(&[1.0, 1.0, 1.0]);
        check(&[1.0, 0.0, 7.0]);
        check(&[1e9, 1.0, 1e-9, 5.0, 5.0]);
        let zipf: Vec<f64> = (1..=1_000_u32).map(|rank| 1.0 / f64::from(rank)).collect();
        check(&zipf);
    }

    #[test]
    fn bits_are_split_into_equal_parts() {
        assert_eq!(split(0, 7), (0, 0), "the first");
        assert_eq!(split(u64::MAX, 7).0, 6, "the last");
        let fourth = 1 << 62;
        assert_eq!(
            [0, 1, 2, 3].map(|nth| split(nth * fourth, 4)),
            [(0, 0), (1, 0), (2, 0), (3, 0)]
        );
        assert_eq!(split(fourth / 2, 4), (0, 1 << 63), "half of the first");
    }

    #[test]
    fn a_draw_takes_the_rows_own_value_and_then_the_other() {
        // Rows: 0 has 0.5 of its own and the rest of 1; 1 is whole.
        let alias = Alias::new(&[1.0, 3.0]);
        let values: Vec<usize> = (0..4).map(|nth| alias.value(nth << 62)).collect();
        assert_eq!(values, [0, 1, 1, 1], "a quarter and three");
    }
}
