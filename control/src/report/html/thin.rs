//! Fewer points than seconds, such that every extreme is still drawn.
//!
//! Percentiles of several seconds have no average that means anything, so there is none here: of the seconds
//! that share a column of the drawing the least and the greatest value are drawn, each where it was, as the edges of
//! a band.

/// More columns than this hide the dashes by which lines are told apart.
pub(super) const COLUMNS: usize = 180;

/// Values by time; `None` where a second has none.
pub(super) type Values = Vec<(f64, Option<f64>)>;

/// How many seconds share a column: one as long as twice as many points as columns can be drawn.
pub(super) const fn shared_by(seconds: usize, columns: usize) -> usize {
    if seconds <= 2 * columns { 1 } else { seconds.div_ceil(columns) }
}

/// A line, or the edges of a band; seconds without values part both into pieces.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Edges {
    /// The least of each column; nothing where no seconds share one.
    pub(super) least: Vec<Vec<(f64, f64)>>,
    /// The greatest of each column, in as many pieces.
    pub(super) greatest: Vec<Vec<(f64, f64)>>,
}

impl Edges {
    /// All pieces as lines.
    pub(super) fn lines(&self) -> Vec<Vec<(f64, f64)>> {
        [self.greatest.as_slice(), &self.least].concat()
    }

    /// What lies between the edges: there along the one, back along the other.
    pub(super) fn bands(&self) -> Vec<Vec<(f64, f64)>> {
        let pieces = self.greatest.iter().zip(&self.least);
        pieces
            .map(|(there, back)| there.iter().chain(back.iter().rev()).copied().collect())
            .collect()
    }
}

/// Values as so many columns at most.
pub(super) fn thinned(values: &[(f64, Option<f64>)], columns: usize) -> Edges {
    let shared = shared_by(values.len(), columns);
    let mut pieces = vec![Vec::new()];
    for column in values.chunks(shared) {
        match extremes(column) {
            Some(both) => pieces.last_mut().expect("one from the beginning").push(both),
            None => pieces.push(Vec::new()),
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    let (least, greatest) = pieces.into_iter().map(|piece| piece.into_iter().unzip()).unzip();
    if shared == 1 { Edges { least: Vec::new(), greatest } } else { Edges { least, greatest } }
}

/// The least and the greatest of some values.
pub(super) fn extremes(values: &[(f64, Option<f64>)]) -> Option<((f64, f64), (f64, f64))> {
    let known = || values.iter().filter_map(|(at, value)| Some((*at, (*value)?)));
    let least = known().min_by(|one, other| one.1.total_cmp(&other.1))?;
    let greatest = known().max_by(|one, other| one.1.total_cmp(&other.1))?;
    Some((least, greatest))
}

#[cfg(test)]
mod tests {
    use super::{COLUMNS, Edges, extremes, shared_by, thinned};
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
            let edges = thinned(&values, columns);
            let drawn: Vec<(f64, f64)> = edges.lines().concat();
            let all = values.iter().filter_map(|(_, value)| *value);
            assert_eq!(range(drawn.iter().map(|point| point.1)), range(all), "extremes");
            assert!(drawn.iter().all(|(at, value)| values.contains(&(*at, Some(*value)))), "true");
            for edge in [edges.least.concat(), edges.greatest.concat()] {
                assert!(edge.is_sorted_by(|one, other| one.0 < other.0), "in the order of time");
            }
            let corners: usize = edges.bands().iter().map(Vec::len).sum();
            assert_eq!(corners, 2 * edges.least.concat().len(), "each band has both edges");
            assert!(drawn.len() <= 2 * columns, "{} points, {columns} columns", drawn.len());
        }
    }

    #[test]
    fn short_runs_are_drawn_second_by_second_and_gaps_stay_gaps() {
        let some = |at: f64| (at, Some(at));
        let values = [some(0.0), some(1.0), (2.0, None), some(3.0), (4.0, None)];
        let expected = vec![vec![(0.0, 0.0), (1.0, 1.0)], vec![(3.0, 3.0)]];
        assert_eq!(thinned(&values, COLUMNS).lines(), expected);
        assert_eq!(thinned(&values, COLUMNS).bands(), Vec::<Vec<(f64, f64)>>::new(), "no band");
        assert_eq!(thinned(&[], COLUMNS), Edges::default(), "nothing");
        let shared = thinned(&values, 1);
        assert_eq!(shared.lines(), [[(3.0, 3.0)], [(0.0, 0.0)]], "the greatest, the least");
        assert_eq!(extremes(&[(0.0, None)]), None, "nothing known");
        assert_eq!([0, 360, 361, 3_600].map(|seconds| shared_by(seconds, COLUMNS)), [1, 1, 3, 20]);
    }
}
