//! Holm's procedure (1979): many rows are judged, and all of them together are wrong as seldom as one may be.

/// The level at which each row is decided, in their order; `p`: how probable each is by chance alone.
///
/// The least probable row must pass `family` divided by the number of rows, the next one by one fewer, and so
/// on until one does not pass; the others are then decided at its level. So a row passes where it is at most
/// its level, and an interval at that level leaves 0 out exactly where its row passes.
pub(super) fn levels(p: &[f64], family: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|one, other| p[*one].total_cmp(&p[*other]));
    let mut levels = vec![family; p.len()];
    let mut left = super::number(p.len());
    for row in order {
        levels[row] = family / left;
        // From the first that does not pass on, all are decided at one level.
        if p[row] <= levels[row] {
            left -= 1.0;
        }
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::levels;

    fn check(p: &[f64], expected: &[f64]) {
        let got = levels(p, 0.06);
        assert_eq!(got.len(), expected.len(), "a level for each");
        for (level, divisor) in got.iter().zip(expected) {
            assert!((level - 0.06 / divisor).abs() < 1e-12, "{p:?}: {got:?}");
        }
    }

    #[test]
    fn each_row_that_passes_makes_it_easier_for_the_next() {
        check(&[], &[]);
        check(&[0.5], &[1.0]);
        check(&[0.03, 0.001, 0.02], &[1.0, 3.0, 2.0]);
    }

    #[test]
    fn the_first_that_does_not_pass_ends_it() {
        check(&[0.5, 0.4, 0.6], &[3.0, 3.0, 3.0]);
        check(&[0.001, 0.04, 0.05], &[3.0, 2.0, 2.0]);
        // By itself the last would pass the level of one row.
        check(&[0.025, 0.035, 0.055], &[3.0, 3.0, 3.0]);
    }

    #[test]
    fn a_row_passes_exactly_where_holm_rejects() {
        // Holm's own words: sorted, each against family / (rows - rank), until the first failure.
        let p = [0.011, 0.9, 0.004, 0.013, 0.019];
        let passes: Vec<bool> =
            p.iter().zip(levels(&p, 0.05)).map(|(p, level)| *p <= level).collect();
        assert_eq!(passes, [true, false, true, true, true], "0.01, 0.0125, 0.0167, 0.025, 0.05");
    }
}
