//! Stretches of one producer's numbers on one partition, as they lie in the log: exact however often they are read.

use super::tally::Phase;
use serde::{Deserialize, Serialize};

/// The messages of one holder of a producer's share on one partition: their numbers run from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Series {
    /// The logical producer, counted over the stream; it tells the topic.
    pub producer: u32,
    /// Which holder of the producer's share.
    pub incarnation: u16,
    /// The partition of the producer's topic.
    pub partition: u32,
}

/// Messages of a series that follow one another: by their numbers, and in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// The first one's number.
    pub first: u64,
    /// How many there are; at least one.
    pub count: u64,
    /// The first one's offset, or an earlier one after which its reader saw none of the series: where
    /// a reader goes on after a pause, the stretches touch (`to` + 1 is the next one's `from`).
    pub from: i64,
    /// The last one's offset. In between may lie other producers' messages.
    pub to: i64,
    /// The phase in which all of them were due.
    pub phase: Phase,
}

impl Stretch {
    /// One message.
    #[must_use]
    pub const fn of_one(number: u64, offset: i64, phase: Phase) -> Self {
        Self { first: number, count: 1, from: offset, to: offset, phase }
    }

    /// The number after the last one's.
    #[must_use]
    pub const fn end(&self) -> u64 {
        self.first + self.count
    }

    /// Whether there can be such a stretch: it has messages, its last one does not lie before its first,
    /// and the next number and offset can be told.
    ///
    /// # Errors
    /// Where there cannot.
    pub(super) fn check(&self) -> Result<(), String> {
        let has_end = self.first.checked_add(self.count).is_some() && self.to < i64::MAX;
        if 0 < self.count && i64::MIN < self.from && self.from <= self.to && has_end {
            return Ok(());
        }
        Err(format!("an account: there is no such stretch: {self:?}"))
    }

    /// Whether both are one: what lies between them in the log must have been read.
    pub(super) fn is_followed_by(&self, next: &Self) -> bool {
        self.end() == next.first && self.phase == next.phase && self.to + 1 == next.from
    }
}

/// What is known of one series: its stretches in the order of their offsets, none of which overlap.
///
/// A log never changes: what lies at an offset is the same message whoever reads it. So what two
/// readers saw of the same offsets is one thing, and their union is what either of them saw; a
/// number that lies at two offsets is there twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Stretch>")]
pub struct Stretches(Vec<Stretch>);

impl TryFrom<Vec<Stretch>> for Stretches {
    type Error = String;

    /// Takes stretches as they were filed.
    fn try_from(all: Vec<Stretch>) -> Result<Self, String> {
        all.iter().try_for_each(Stretch::check)?;
        if let Some(pair) = all.windows(2).find(|pair| pair[1].from <= pair[0].to) {
            return Err(format!("an account: stretches that do not follow: {pair:?}"));
        }
        Ok(Self(all))
    }
}

impl Stretches {
    /// All of them, by offset.
    #[must_use]
    pub fn all(&self) -> &[Stretch] {
        &self.0
    }

    /// Adds what was read: only what nobody has read before at its offsets makes a difference.
    /// Returns how many messages found no place since they contradict what is known: none, as long
    /// as the log is one.
    pub fn add(&mut self, read: Stretch) -> u64 {
        let mut misplaced = 0;
        let mut rest = read;
        loop {
            let place = self.0.partition_point(|known| known.to < rest.from);
            let Some(known) = self.0.get(place).filter(|known| known.from <= rest.to).copied()
            else {
                self.insert(place, rest);
                break;
            };
            if rest.first < known.first {
                let count = known.first.min(rest.end()) - rest.first;
                if rest.from < known.from {
                    let to = known.from - 1;
                    self.insert(place, Stretch { count, to, ..rest });
                } else {
                    misplaced += count;
                }
            } else if rest.first == known.first && rest.from < known.from {
                self.0.remove(place);
                self.insert(place, Stretch { from: rest.from, ..known });
            }
            if rest.end() <= known.end() {
                break;
            }
            let first = rest.first.max(known.end());
            let count = rest.end() - first;
            if rest.to <= known.to {
                misplaced += count;
                break;
            }
            rest = Stretch { first, count, from: known.to + 1, ..rest };
        }
        misplaced
    }

    /// Puts a stretch where it overlaps nothing, and joins it with its neighbours.
    fn insert(&mut self, place: usize, new: Stretch) {
        let joins_before = place.checked_sub(1).is_some_and(|at| self.0[at].is_followed_by(&new));
        let joins_after = self.0.get(place).is_some_and(|next| new.is_followed_by(next));
        match (joins_before, joins_after) {
            (false, false) => self.0.insert(place, new),
            (true, false) => {
                let known = &mut self.0[place - 1];
                (known.count, known.to) = (known.count + new.count, new.to);
            }
            (false, true) => {
                let known = &mut self.0[place];
                (known.first, known.from) = (new.first, new.from);
                known.count += new.count;
            }
            (true, true) => {
                let next = self.0.remove(place);
                let known = &mut self.0[place - 1];
                (known.count, known.to) = (known.count + new.count + next.count, next.to);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Stretch, Stretches};
    use crate::measure::tally::Phase;
    use proptest::prelude::{Strategy, any, prop, proptest};

    fn stretch(first: u64, count: u64, from: i64, to: i64) -> Stretch {
        Stretch { first, count, from, to, phase: Phase::Measured }
    }

    /// Whoever reads first, and in whatever order.
    fn check(reads: &[Stretch], expected: &[Stretch]) {
        let mut list = Stretches::default();
        for read in reads {
            assert_eq!(list.add(*read), 0, "everything finds its place: {reads:?}");
        }
        assert_eq!(list.all(), expected, "{reads:?}");
    }

    #[test]
    fn what_follows_is_one_stretch_and_what_was_read_before_makes_no_difference() {
        check(&[stretch(0, 10, 0, 9), stretch(10, 5, 10, 14)], &[stretch(0, 15, 0, 14)]);
        check(&[stretch(10, 5, 10, 14), stretch(0, 10, 0, 9)], &[stretch(0, 15, 0, 14)]);
        check(&[stretch(0, 10, 0, 9), stretch(0, 10, 0, 9)], &[stretch(0, 10, 0, 9)]);
        check(&[stretch(0, 10, 0, 9), stretch(8, 6, 8, 13)], &[stretch(0, 14, 0, 13)]);
        check(&[stretch(5, 10, 105, 114), stretch(0, 20, 100, 119)], &[stretch(0, 20, 100, 119)]);
    }

    #[test]
    fn what_nobody_read_in_between_keeps_stretches_apart_until_somebody_does() {
        let (early, late) = (stretch(0, 3, 0, 4), stretch(3, 3, 6, 10));
        check(&[early, late], &[early, late]);
        check(&[early, late, stretch(0, 6, 0, 10)], &[stretch(0, 6, 0, 10)]);
        check(&[early, late, stretch(3, 3, 5, 10)], &[stretch(0, 6, 0, 10)]);
        let repeated = stretch(2, 4, 5, 10);
        check(&[early, late, repeated], &[early, repeated]);
    }

    #[test]
    fn gaps_repeats_and_other_phases_stay_apart() {
        check(
            &[stretch(0, 10, 0, 9), stretch(12, 3, 10, 12)],
            &[stretch(0, 10, 0, 9), stretch(12, 3, 10, 12)],
        );
        check(
            &[stretch(0, 10, 0, 9), stretch(4, 2, 10, 11), stretch(10, 1, 12, 12)],
            &[stretch(0, 10, 0, 9), stretch(4, 2, 10, 11), stretch(10, 1, 12, 12)],
        );
        let warm = Stretch { phase: Phase::Warmup, ..stretch(0, 4, 0, 3) };
        check(&[warm, stretch(4, 4, 4, 7)], &[warm, stretch(4, 4, 4, 7)]);
    }

    #[test]
    fn a_gap_is_filled_by_whoever_read_it_whole() {
        check(
            &[stretch(0, 50, 0, 49), stretch(51, 49, 51, 99), stretch(0, 100, 0, 99)],
            &[stretch(0, 100, 0, 99)],
        );
    }

    /// A log of one series among others: each message's number and offset, mostly in order.
    fn log() -> impl Strategy<Value = Vec<(u64, i64)>> {
        prop::collection::vec((0_u64..4, 1_i64..3), 1..60).prop_map(|steps| {
            let (mut number, mut offset) = (0, -1);
            let mut log = Vec::new();
            for (kind, step) in steps {
                offset += step;
                match kind {
                    // A repeat of the last, a gap, or the next.
                    0 if 0 < number => log.push((number - 1, offset)),
                    1 => {
                        log.push((number + 1, offset));
                        number += 2;
                    }
                    _ => {
                        log.push((number, offset));
                        number += 1;
                    }
                }
            }
            log
        })
    }

    /// What one reader makes of a part of the log: a new stretch where the numbers do not follow.
    fn read(log: &[(u64, i64)]) -> Vec<Stretch> {
        let mut stretches: Vec<Stretch> = Vec::new();
        for (number, offset) in log {
            match stretches.last_mut().filter(|last| last.end() == *number) {
                Some(last) => (last.count, last.to) = (last.count + 1, *offset),
                None => stretches.push(Stretch::of_one(*number, *offset, Phase::Measured)),
            }
        }
        stretches
    }

    proptest! {
        #[test]
        fn readers_of_any_parts_in_any_order_see_what_one_reader_of_all_sees(
            log in log(),
            parts in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..6),
            late: bool,
        ) {
            let mut list = Stretches::default();
            let mut add = |part: &[(u64, i64)]| {
                for stretch in read(part) {
                    assert_eq!(list.add(stretch), 0, "no contradiction in one log");
                }
            };
            if !late {
                add(&log);
            }
            for (one, two) in &parts {
                let (one, two) = (one.index(log.len()), two.index(log.len()));
                add(&log[one.min(two)..=one.max(two)]);
            }
            if late {
                add(&log);
            }
            assert_eq!(list.all(), read(&log), "the union is the log");
        }
    }
}
