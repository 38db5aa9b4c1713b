//! A report's figures as tables of words, which `report.md` and `report.html` show alike.

mod events;
mod figures;
mod fleet;
mod setting;

pub(super) use events::{errors, events};
pub(super) use figures::{FEW_SAMPLES, counts, latencies, tiles, transactions};
pub(super) use figures::{leaders, stream_latencies, streams};
pub(super) use fleet::{hosts, search, tasks, workers};
pub(super) use setting::{client, environment, lanes, plan};

use super::text_table;

/// Rows at most where their number grows with the run's size: a page for people, not the whole result.
const ROWS_MAX: usize = 200;

/// Rows of words under their heads; the first column names its row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Table {
    /// What it shows.
    pub(super) caption: String,
    /// The columns' names.
    pub(super) head: Vec<String>,
    /// As many words in each as there are columns.
    pub(super) rows: Vec<Vec<String>>,
    /// What must be known to read it; a paragraph each.
    pub(super) notes: Vec<String>,
}

impl Table {
    /// Of rows whose first are the columns' names; empty where there are no others.
    fn of(caption: &str, rows: Vec<Vec<String>>) -> Self {
        let mut rows = rows.into_iter();
        let head = rows.next().unwrap_or_default();
        // The summary leaves cells at a row's end out where they are empty.
        let filled = |row: Vec<String>| {
            let empty = std::iter::repeat(String::new());
            row.iter().map(|cell| tidied(cell)).chain(empty).take(head.len()).collect()
        };
        let rows = rows.map(filled).collect();
        Self { caption: caption.to_owned(), head, rows, notes: Vec::new() }
    }

    /// Of names and values.
    fn of_pairs(caption: &str, pairs: Vec<(&str, String)>) -> Self {
        let rows = pairs.into_iter().map(|(name, value)| vec![name.to_owned(), value]);
        Self {
            caption: caption.to_owned(),
            head: words(&["", "value"]),
            rows: rows.collect(),
            notes: Vec::new(),
        }
    }

    fn noting(mut self, note: String) -> Self {
        self.notes.extend(Some(note).filter(|note| !note.is_empty()));
        self
    }

    /// No more rows than people read; says how many there are more.
    fn cut(mut self) -> Self {
        let more = self.rows.len().saturating_sub(ROWS_MAX);
        self.rows.truncate(ROWS_MAX);
        let note = format!("And {more} more: result.json has them.");
        if 0 < more { self.noting(note) } else { self }
    }

    /// Whether a column holds figures alone, with their units or missing: these stand to the right.
    pub(super) fn has_figures(&self, column: usize) -> bool {
        let is_figure = |cell: &String| {
            cell.is_empty() || cell.starts_with(|c: char| c.is_ascii_digit() || "-+".contains(c))
        };
        0 < column && self.rows.iter().filter_map(|row| row.get(column)).all(is_figure)
    }

    /// Whether there is anything to show.
    pub(super) const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// A span in the unit that gives it three digits; a dash where there is none.
pub(super) fn span(micros: Option<f64>) -> String {
    text_table::span(micros).replace(" us", " µs")
}

/// Some words of ours as rows hold them.
fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// A cell of the summary without the blanks that align it there.
fn tidied(cell: &str) -> String {
    cell.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{ROWS_MAX, Table, counts, environment, errors, events, hosts, lanes};
    use super::{client, latencies, plan, search, tasks, tiles, transactions, workers};
    use super::{leaders, stream_latencies, streams};
    use crate::report::fixture::{self, Made};
    use crate::report::search::made as searched;
    use crate::report::text_leaders::led;
    use crate::report::transactions::made as in_transactions;
    use engine::units::Nanos;

    #[test]
    fn every_row_has_a_word_for_every_column_and_every_table_has_rows_somewhere() {
        let committed = in_transactions("read_committed");
        let mut two = Made::two_streams();
        two.outcome.leaders = Some(led(&two));
        for place in 0..2 {
            let stream = &mut two.outcome.tally.streams[0];
            stream.partitions.record(place, Some(Nanos::from_millis(3)));
        }
        let made = [Made::clean(), Made::troubled(), Made::fleet(), searched(), committed, two];
        let mut seen = [false; 16];
        for report in made.iter().map(fixture::report) {
            let hosts = hosts(&report);
            let singles = [
                tiles(&report),
                counts(&report),
                latencies(&report),
                events(&report),
                errors(&report),
                search(&report),
                tasks(&report),
                workers(&report),
                environment(&report),
                lanes(&report),
                plan(&report),
                client(&report),
                transactions(&report),
                streams(&report),
                stream_latencies(&report),
                leaders(&report),
            ];
            for (table, seen_filled) in singles.iter().zip(&mut seen) {
                *seen_filled |= !table.is_empty();
            }
            for table in singles.iter().chain(&hosts) {
                let fits = |row: &Vec<String>| row.len() == table.head.len();
                assert!(table.rows.iter().all(fits), "{table:?}");
                assert!(!table.caption.is_empty(), "{table:?}");
            }
        }
        assert_eq!(seen, [true; 16], "each is seen with something in it");
    }

    #[test]
    fn figures_are_told_from_words_by_the_column() {
        let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
        let rows =
            vec![row(["", "", "", ""]), row(["1", "1 ms", "-", "1"]), row(["2", "-2", "", "two"])];
        let table = Table::of("t", rows);
        assert_eq!(
            [0, 1, 2, 3].map(|column| table.has_figures(column)),
            [false, true, true, false]
        );
    }

    #[test]
    fn a_table_that_grows_with_the_run_says_what_it_leaves_out() {
        let rows = |count: usize| vec![vec!["lane".to_owned()]; count];
        let cut = |count: usize| {
            let table = Table::of("t", rows(count + 1)).cut();
            (table.rows.len(), table.notes)
        };
        assert_eq!(cut(ROWS_MAX), (ROWS_MAX, Vec::new()), "all of them");
        let note = "And 3 more: result.json has them.".to_owned();
        assert_eq!(cut(ROWS_MAX + 3), (ROWS_MAX, vec![note]), "the first ones");
    }
}
