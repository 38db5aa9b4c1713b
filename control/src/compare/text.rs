//! A comparison for a terminal: what is said of each candidate first, tables, then what a reader should know.

use super::comparison::{Comparison, Pair};
use super::words;
use crate::report::{table, wrapped};

/// No line is longer, tables apart.
pub(super) const WIDTH: usize = 110;

/// A comparison as text.
pub(super) fn text(comparison: &Comparison) -> String {
    let line = |told: &str| wrapped(&words::printable(told), "", WIDTH);
    let pairs = || comparison.pairs.iter();
    let heads: String = pairs().map(|pair| line(&words::headline(comparison, pair))).collect();
    let runs = 0..comparison.variants.len();
    let runs: String = runs.map(|at| line(&words::runs(comparison, at))).collect();
    let differing = pairs().filter_map(|pair| words::differing(comparison, pair));
    let differing: String = differing.map(|told| line(&told)).collect();
    let tables = pairs().map(|pair| of_pair(comparison, pair));
    let notes: String = words::notes(comparison).iter().map(|note| line(note)).collect();
    let parts = [heads, runs + &differing].into_iter().chain(tables).chain([notes]);
    parts.collect::<Vec<String>>().join("\n")
}

fn of_pair(comparison: &Comparison, pair: &Pair) -> String {
    let columns = words::COLUMNS.map(str::to_owned);
    let head: Vec<String> =
        std::iter::once(words::title(comparison, pair)).chain(columns).collect();
    let rows = std::iter::once(head).chain(pair.rows.iter().map(words::cells));
    table(&rows.collect::<Vec<_>>())
}
