//! The trend of a row of values, one a second, robust against single seconds that stand out.

/// A slope and how far it may be off.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Trend {
    /// Per second.
    pub(super) slope: f64,
    /// Its standard error.
    pub(super) error: f64,
}

/// From the median distance from the line to the standard deviation of a normal distribution: 1 / Φ⁻¹(3/4).
const OF_MEDIAN: f64 = 1.4826;

/// The Theil–Sen estimate: the median of the slopes between all pairs (Sen 1968), which a single pause
/// does not move. Its error is that of a least squares line through points that lie as far from it as
/// these do at the median, s · √(12 / (n (n² − 1))), a seventh more for the estimate's efficiency
/// against normal noise.
///
/// Fewer than three values have no trend that could be told from noise.
pub(super) fn trend(values: &[f64]) -> Trend {
    if values.len() < 3 {
        return Trend { slope: 0.0, error: f64::INFINITY };
    }
    let points: Vec<(f64, f64)> = (0_u32..).map(f64::from).zip(values.iter().copied()).collect();
    let mut slopes = Vec::with_capacity(values.len() * values.len() / 2);
    for (index, (x, y)) in points.iter().enumerate() {
        slopes.extend(points[..index].iter().map(|(before, from)| (y - from) / (x - before)));
    }
    let slope = median(&slopes);
    let rests: Vec<f64> = points.iter().map(|(x, y)| y - slope * x).collect();
    let level = median(&rests);
    let distances: Vec<f64> = rests.iter().map(|rest| (rest - level).abs()).collect();
    let spread = OF_MEDIAN * median(&distances);
    let count = points.last().map_or(0.0, |(x, _)| x + 1.0);
    let error = 8.0 / 7.0 * spread * (12.0 / (count * (count * count - 1.0))).sqrt();
    Trend { slope, error }
}

/// The middle one, or the mean of the two in the middle; 0 of none.
pub(super) fn median(of: &[f64]) -> f64 {
    let mut values = of.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    if values.is_empty() {
        return 0.0;
    }
    let half = values.len() / 2;
    if values.len().is_multiple_of(2) {
        f64::midpoint(values[half - 1], values[half])
    } else {
        values[half]
    }
}

#[cfg(test)]
mod tests {
    use super::trend;
    use rand::rngs::SmallRng;
    use rand::{Rng, SeedableRng};

    #[test]
    fn a_line_is_found_exactly_and_a_pause_does_not_bend_it() {
        let line: Vec<f64> = (0..12).map(|x| 3.0 + 0.25 * f64::from(x)).collect();
        assert!((trend(&line).slope - 0.25).abs() < 1e-12, "{:?}", trend(&line));
        assert!(trend(&line).error < 1e-12, "{:?}", trend(&line));
        let mut paused = line;
        paused[4] += 50.0;
        assert!((trend(&paused).slope - 0.25).abs() < 1e-12, "{:?}", trend(&paused));
    }

    #[test]
    fn its_error_is_as_large_as_it_is_wrong() {
        let mut draw = SmallRng::seed_from_u64(7);
        // Twelve uniform draws add up to nearly a normal one.
        let mut noise = || (0..12).map(|_| draw.random::<f64>()).sum::<f64>() - 6.0;
        let (mut within, mut squares, mut errors) = (0, 0.0, 0.0);
        for _ in 0..1_000 {
            let values: Vec<f64> = (0..12).map(|x| f64::from(x) * 0.5 + noise()).collect();
            let found = trend(&values);
            within += u32::from((found.slope - 0.5).abs() <= 2.0 * found.error);
            squares += (found.slope - 0.5).powi(2);
            errors += found.error;
        }
        // Of normal noise, 95 % lie within two errors; the error itself is told from twelve points.
        assert!((880..=980).contains(&within), "{within} of 1000");
        let (rms, told) = ((squares / 1_000.0).sqrt(), errors / 1_000.0);
        assert!((0.7..1.3).contains(&(told / rms)), "{told} told, {rms} seen");
    }

    #[test]
    fn two_values_have_no_trend() {
        assert!(trend(&[1.0, 9.0]).error.is_infinite(), "nothing tells it from noise");
    }
}
