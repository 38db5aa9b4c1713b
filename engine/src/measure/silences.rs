//! Times in which acks stopped though messages were outstanding, as one lane saw them: the longest of them.

use super::bounded::at_most;
use crate::units::{Nanos, Timestamp};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// Of a lane as a whole, and of single partitions: of a stream so many are kept, 24 KiB in all.
/// Beyond it the shortest are only counted.
pub(super) const LANE_MAX: usize = 256;
pub(super) const PARTITIONS_MAX: usize = 512;

/// A time in which something was outstanding and no ack came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Silence {
    /// When it began: with the last ack before, or the send of what was not answered then.
    pub from: Timestamp,
    /// How long it was.
    pub length: Nanos,
    /// The partition's place in the row of all of its stream.
    pub place: u32,
    /// Whether an ack ended it; else the client gave up what was outstanding, or the run ended.
    pub acked: bool,
}

impl Silence {
    /// Between two moments.
    #[must_use]
    pub const fn between(from: Timestamp, to: Timestamp, place: u32, acked: bool) -> Self {
        Self { from, length: from.until(to), place, acked }
    }

    /// When it ended.
    #[must_use]
    pub fn to(&self) -> Timestamp {
        self.from + self.length
    }

    /// The longest first; of equally long ones the earliest.
    const fn rank(&self) -> (Reverse<Nanos>, Timestamp, u32, bool) {
        (Reverse(self.length), self.from, self.place, self.acked)
    }
}

/// The silences of one stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silences {
    /// When no ack came on any partition; their place says nothing.
    pub lane: Longest<LANE_MAX>,
    /// Of single partitions.
    pub partitions: Longest<PARTITIONS_MAX>,
}

/// At most so many silences, the longest: which of them stay depends on no order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Listed<MOST>")]
pub struct Longest<const MOST: usize> {
    /// By rank.
    list: Vec<Silence>,
    /// How many there were, those that are not kept included.
    seen: u64,
}

/// As it is written.
#[derive(Deserialize)]
struct Listed<const MOST: usize> {
    #[serde(deserialize_with = "at_most::<_, _, MOST>")]
    list: Vec<Silence>,
    seen: u64,
}

impl<const MOST: usize> TryFrom<Listed<MOST>> for Longest<MOST> {
    type Error = String;

    fn try_from(listed: Listed<MOST>) -> Result<Self, String> {
        let Listed { list, seen } = listed;
        let is_sorted = list.is_sorted_by_key(Silence::rank);
        if is_sorted && u64::try_from(list.len()).is_ok_and(|kept| kept <= seen) {
            return Ok(Self { list, seen });
        }
        Err(format!("silences: got {seen} for {} of them, need them by length", list.len()))
    }
}

impl Silences {
    /// Adds another second's, lane's or host's.
    pub(super) fn merge(&mut self, other: &Self) {
        let Self { lane, partitions } = other;
        self.lane.merge(lane);
        self.partitions.merge(partitions);
    }

    /// Forgets everything and keeps the memory.
    pub(super) fn clear(&mut self) {
        let Self { lane, partitions } = self;
        lane.clear();
        partitions.clear();
    }
}

impl<const MOST: usize> Longest<MOST> {
    /// Those that were kept, the longest first.
    #[must_use]
    pub fn all(&self) -> &[Silence] {
        &self.list
    }

    /// How many were not kept.
    #[must_use]
    pub fn beyond(&self) -> u64 {
        self.seen - u64::try_from(self.list.len()).expect("few are kept")
    }

    /// Notes one more.
    pub fn file(&mut self, silence: Silence) {
        self.seen = self.seen.saturating_add(1);
        self.keep(silence);
    }

    fn keep(&mut self, silence: Silence) {
        if MOST <= self.list.len() {
            if self.list.last().is_some_and(|last| last.rank() <= silence.rank()) {
                return;
            }
            self.list.pop();
        }
        let place = self.list.partition_point(|known| known.rank() <= silence.rank());
        self.list.insert(place, silence);
    }

    fn merge(&mut self, other: &Self) {
        let Self { list, seen } = other;
        self.seen = self.seen.saturating_add(*seen);
        list.iter().for_each(|silence| self.keep(*silence));
    }

    fn clear(&mut self) {
        let Self { list, seen } = self;
        list.clear();
        *seen = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::{Longest, Silence};
    use crate::units::{Nanos, Timestamp};
    use proptest::prelude::{any, prop, proptest};

    type Few = Longest<4>;

    fn of(lengths: &[(u64, u32)]) -> Few {
        let mut few = Few::default();
        for (length, place) in lengths {
            let from = Timestamp::from_nanos(7);
            few.file(Silence::between(from, from + Nanos(*length), *place, length % 2 == 0));
        }
        few
    }

    proptest! {
        #[test]
        fn whatever_the_order_the_longest_stay_and_the_others_are_counted(
            parts in prop::collection::vec(
                prop::collection::vec((0_u64..9, any::<u32>()), 0..7), 0..6,
            ),
        ) {
            let whole = of(&parts.concat());
            let mut merged = Few::default();
            parts.iter().rev().for_each(|part| merged.merge(&of(part)));
            assert_eq!(merged, whole, "in any order");
            let mut lengths: Vec<u64> = parts.concat().iter().map(|(length, _)| *length).collect();
            lengths.sort_unstable_by(|one, other| other.cmp(one));
            let kept: Vec<u64> = whole.all().iter().map(|silence| silence.length.0).collect();
            assert_eq!(kept, lengths[..lengths.len().min(4)], "the longest");
            let beyond = u64::try_from(lengths.len().saturating_sub(4)).expect("few");
            assert_eq!(whole.beyond(), beyond, "counted");
            let bytes = postcard::to_stdvec(&whole).expect("memory takes it");
            assert_eq!(postcard::from_bytes::<Few>(&bytes), Ok(whole), "as it was sent");
        }
    }

    #[test]
    fn a_list_that_nobody_wrote_is_refused() {
        let three = postcard::to_stdvec(&of(&[(1, 0), (2, 0), (3, 0)])).expect("memory takes it");
        assert!(postcard::from_bytes::<Longest<2>>(&three).is_err(), "three are too many");
        let unsorted =
            Few { list: of(&[(1, 0), (2, 0)]).list.into_iter().rev().collect(), seen: 2 };
        let uncounted = Few { seen: 1, ..of(&[(1, 0), (2, 0)]) };
        for wrong in [unsorted, uncounted] {
            let bytes = postcard::to_stdvec(&wrong).expect("memory takes it");
            assert!(postcard::from_bytes::<Few>(&bytes).is_err(), "{wrong:?}");
        }
    }
}
