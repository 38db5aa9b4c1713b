//! Partitions as they travel: the rows that were written, and of these the counters that are not zero.

use super::bounded::at_most;
use super::partitions::{COUNTERS, PARTITIONS_MAX, Partitions, row};
use serde::{Deserialize, Serialize, Serializer};

/// What is told of a stream's partitions.
#[derive(Serialize, Deserialize)]
pub(super) struct Rows {
    /// How many are told apart.
    partitions: u64,
    /// Those with messages, ascending. Each once: so there are no more than these.
    rows: Vec<Row>,
}

/// One partition.
#[derive(Serialize, Deserialize)]
struct Row {
    place: usize,
    messages: u64,
    /// The counters that are not zero, each with its place, ascending.
    #[serde(deserialize_with = "at_most::<_, _, COUNTERS>")]
    counters: Vec<(u8, u32)>,
}

impl Serialize for Partitions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { messages, counters } = self;
        let written = messages.iter().copied().enumerate().filter(|(_, count)| 0 < *count);
        let rows = written.map(|(place, count)| {
            let all = (0_u8..).zip(counters[row(place)].iter().copied());
            Row { place, messages: count, counters: all.filter(|(_, of)| 0 < *of).collect() }
        });
        let partitions = u64::try_from(messages.len()).expect("they are few");
        Rows { partitions, rows: rows.collect() }.serialize(serializer)
    }
}

impl TryFrom<Rows> for Partitions {
    type Error = String;

    fn try_from(Rows { partitions, rows }: Rows) -> Result<Self, String> {
        if PARTITIONS_MAX < partitions {
            return Err(format!("got {partitions} partitions, need at most {PARTITIONS_MAX}"));
        }
        let mut told = Self::so_many(usize::try_from(partitions).expect("they are few"));
        for Row { place, messages, counters } in rows {
            let words = || format!("partitions: no row {place} of {partitions} is {counters:?}");
            // Rows without messages are never cleared, nor merged.
            let is_sound = 0 < messages && !counters.is_empty();
            let of_row = told.messages.get_mut(place).filter(|of| **of == 0 && is_sound);
            *of_row.ok_or_else(words)? = messages;
            for (at, counter) in &counters {
                let of_counter = told.counters[row(place)].get_mut(usize::from(*at));
                let is_new = |of: &&mut u32| **of == 0 && 0 < *counter;
                *of_counter.filter(is_new).ok_or_else(words)? = *counter;
            }
        }
        Ok(told)
    }
}

#[cfg(test)]
mod tests {
    use super::{Row, Rows};
    use crate::measure::Partitions;
    use crate::units::Nanos;

    /// A row of one message, with a counter for each of these places.
    fn rows(partitions: u64, place: usize, at: &[u8]) -> Rows {
        let counters = at.iter().map(|at| (*at, 1)).collect();
        Rows { partitions, rows: vec![Row { place, messages: 1, counters }] }
    }

    #[test]
    fn what_cannot_be_a_row_is_refused() {
        let check = |of: Rows, expected: bool| {
            assert_eq!(Partitions::try_from(of).is_ok(), expected, "as expected");
        };
        check(rows(4, 3, &[0, 199]), true);
        check(rows(1_024, 1_023, &[7]), true);
        check(rows(1_025, 0, &[7]), false);
        check(rows(u64::MAX, 0, &[7]), false);
        check(rows(4, 4, &[7]), false);
        check(rows(4, 3, &[]), false);
        check(rows(4, 3, &[200]), false);
        check(rows(4, 3, &[7, 7]), false);
        let mut twice = rows(4, 3, &[7]);
        twice.rows.extend(rows(4, 3, &[8]).rows);
        check(twice, false);
        let mut of_none = rows(4, 3, &[7]);
        of_none.rows[0].messages = 0;
        check(of_none, false);
        let mut blank = rows(4, 3, &[7]);
        blank.rows[0].counters[0].1 = 0;
        check(blank, false);
    }

    #[test]
    fn rows_that_were_not_written_take_no_bytes() {
        let mut partitions = Partitions::so_many(1_000);
        let size = |of: &Partitions| postcard::to_stdvec(of).expect("memory takes it").len();
        let empty = size(&partitions);
        partitions.record(500, Some(Nanos::from_millis(3)));
        let one = size(&partitions);
        assert!(empty < 5 && one < empty + 10, "{empty} and {one}");
    }
}
