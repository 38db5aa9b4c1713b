//! Fewer points than seconds, such that every extreme is still drawn.
//!
//! Percentiles of several seconds have no average that means anything, so there is none here: of the seconds
//! that share a column of the drawing the least and the greatest value are drawn, each where it was.

/// More columns than this do not show on a chart of the usual width.
pub(super) const COLUMNS: usize = 360;

/// Values by time; `None` where a second has none.
pub(super) type Values = Vec<(f64, Option<f64>)>;

/// How many seconds share a column: one as long as twice as many points as columns can be drawn.
pub(super) const fn shared_by(seconds: usize, columns: usize) -> usize {
    if seconds <= 2 * columns { 1 } else { seconds.div_ceil(columns) }
}

/// The pieces of a line through the extremes of each column; seconds without values part them.
pub(super) fn thinned(values: &[(f64, Option<f64>)], columns: usize) -> Vec<Vec<(f64, f64)>> {
    let mut pieces = vec![Vec::new()];
    for column in values.chunks(shared_by(values.len(), columns)) {
        match extremes(column) {
            Some((one, other)) => {
                let piece = pieces.last_mut().expect("there is one from the beginning");
                piece.push(one);
                // The same second is the least and the greatest where there is only one.
                piece.extend(Some(other).filter(|other| one.0 < other.0));
            }
            None => pieces.push(Vec::new()),
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// The least and the greatest of some values, in the order of time.
pub(super) fn extremes(values: &[(f64, Option<f64>)]) -> Option<((f64, f64), (f64, f64))> {
    let known = || values.iter().filter_map(|(at, value)| Some((*at, (*value)?)));
    let least = known().min_by(|one, other| one.1.total_cmp(&other.1))?;
    let greatest = known().max_by(|one, other| one.1.total_cmp(&other.1))?;
    Some(if least.0 <= greatest.0 { (least, greatest) } else { (greatest, least) })
}

#[cfg(test)]
mod tests {
    use super::{COLUMNS, extremes, shared_by, thinned};
    use proptest::prelude::{prop, proptest};

    /// The least and the greatest value; `None` of none.
    fn range(values: impl Iterator<Item = f64> + Clone) -> Option<(f64, f64)> {
        let least = values.clone().reduce(f64::min)?;
        Some((least, values.reduce(f64::max)?))
    }

    proptest! {
        #[test]
        fn the_extremes_of_what_is_drawn_are_those_of_all(
            values in prop::collection::vec(prop::option::weighted(0.9, 0.0..1e9_f64), 0..3_000),
            columns in 1_usize..400,
        ) {
            let seconds = (0_u32..).map(f64::from);
            let values: Vec<(f64, Option<f64>)> = seconds.zip(values).collect();
            let pieces = thinned(&values, columns);
            let drawn: Vec<(f64, f64)> = pieces.concat();
            let all = values.iter().filter_map(|(_, value)| *value);
            assert_eq!(range(drawn.iter().map(|point| point.1)), range(all), "extremes");
            assert!(drawn.iter().all(|(at, value)| values.contains(&(*at, Some(*value)))), "true");
            assert!(drawn.is_sorted_by(|one, other| one.0 < other.0), "in the order of time");
            assert!(drawn.len() <= 2 * columns, "{} points, {columns} columns", drawn.len());
        }
    }

    #[test]
    fn short_runs_are_drawn_second_by_second_and_gaps_stay_gaps() {
        let some = |at: f64| (at, Some(at));
        let values = [some(0.0), some(1.0), (2.0, None), some(3.0), (4.0, None)];
        let expected = vec![vec![(0.0, 0.0), (1.0, 1.0)], vec![(3.0, 3.0)]];
        assert_eq!(thinned(&values, COLUMNS), expected);
        assert_eq!(thinned(&[], COLUMNS), Vec::<Vec<(f64, f64)>>::new(), "nothing");
        assert_eq!(extremes(&[(0.0, None)]), None, "nothing known");
        assert_eq!([0, 720, 721, 3_600].map(|seconds| shared_by(seconds, COLUMNS)), [1, 1, 3, 10]);
    }
}
