//! What became of consumer groups while messages came: their rebalances, counted and timed.

use super::bounded::at_most;
use super::latency::Latency;
use super::recorder::Recorder;
use crate::link::Change;
use crate::units::Nanos;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeSet;

/// Rebalances that are told apart at most: a group of an hour that moves every second is 3,600.
const REBALANCES_MAX: usize = 1 << 16;

/// A rebalance: its group in the plan, and the group's generation or the member's epoch; −1 where the
/// client does not say.
type Known = (u32, i32);

/// What one member lived through of a rebalance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// What happened.
    pub change: Change,
    /// To how many partitions.
    pub partitions: u64,
    /// How many of the messages that it had read of them may be read again, at most: what was not known to
    /// be committed when they were taken.
    pub again: u64,
    /// For how long it was without any partition; `None` where it was not.
    pub apart: Option<Nanos>,
    /// How long it took from joining the group to its first partitions; `None` where it was in it.
    pub joined: Option<Nanos>,
    /// Whether nothing is new in its group: a static member comes back to what it held.
    pub is_back: bool,
}

impl Part {
    /// What happened to so many partitions.
    #[must_use]
    pub const fn of(change: Change, partitions: u64) -> Self {
        Self { change, partitions, again: 0, apart: None, joined: None, is_back: false }
    }
}

/// Rebalances of one stream's groups.
///
/// They belong to the phase in which members heard of them: a member hears of one once its group is done
/// with it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rebalances {
    /// Each once, whoever of its group heard of it.
    #[serde(deserialize_with = "read_known")]
    known: BTreeSet<Known>,
    /// Partitions that members were given.
    pub given: u64,
    /// Partitions that they gave up in good order.
    pub taken: u64,
    /// Partitions that were lost to them: they were not heard of in time.
    pub lost: u64,
    /// Messages that may be read again, at most.
    pub again: u64,
    /// For how long a member was without any partition: one for each time.
    pub apart: Latency,
    /// Members that left, since the workload has consumers come and go.
    pub left: u64,
    /// How long those took that joined again, to their first partitions.
    pub joined: Latency,
}

impl Rebalances {
    /// How many there were; those beyond 65,536 are not told apart from these.
    #[must_use]
    pub fn count(&self) -> u64 {
        u64::try_from(self.known.len()).expect("a few")
    }

    /// Writes down what a member says, of which rebalance where that is known.
    pub fn note(&mut self, known: Option<Known>, part: Part) {
        if self.known.len() < REBALANCES_MAX {
            self.known.extend(known);
        }
        match part.change {
            Change::Given => self.given += part.partitions,
            Change::Taken => self.taken += part.partitions,
            Change::Lost => self.lost += part.partitions,
        }
        self.again += part.again;
        if part.apart.is_some() {
            self.apart.record(part.apart);
        }
        if part.joined.is_some() {
            self.joined.record(part.joined);
        }
    }

    /// Adds another second's, lane's or host's.
    pub(super) fn merge(&mut self, other: &Self) {
        let Self { known, given, taken, lost, again, apart, left, joined } = other;
        let room = REBALANCES_MAX.saturating_sub(self.known.len());
        let new: Vec<Known> = known.difference(&self.known).take(room).copied().collect();
        self.known.extend(new);
        self.given += given;
        self.taken += taken;
        self.lost += lost;
        self.again += again;
        self.apart.merge(apart);
        self.left += left;
        self.joined.merge(joined);
    }
}

fn read_known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeSet<Known>, D::Error> {
    let all: Vec<Known> = at_most::<_, _, REBALANCES_MAX>(deserializer)?;
    Ok(all.into_iter().collect())
}

impl Recorder {
    /// A consumer of this stream lived through this part of a rebalance: of its group in the plan, and of
    /// this generation.
    ///
    /// Where a group gives up partitions it is still in the generation before: only what it gives counts.
    pub fn rebalanced(
        &mut self,
        stream: usize,
        (group, generation): (usize, Option<i32>),
        part: Part,
    ) {
        let group = u32::try_from(group).expect("a plan's groups are a u32");
        let seen = self.rebalances(stream);
        let known = (group, generation.unwrap_or(-1));
        let is_new = part.change == Change::Given && !part.is_back;
        seen.note(Some(known).filter(|_| is_new), part);
    }

    /// A consumer of this stream leaves its group, since its turn has come.
    pub fn consumer_left(&mut self, stream: usize) {
        self.rebalances(stream).left += 1;
    }

    fn rebalances(&mut self, stream: usize) -> &mut Rebalances {
        let present = self.present;
        self.tally.streams[stream].phase(present).rebalances.get_or_insert_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Part, Rebalances};
    use crate::link::Change;
    use crate::units::Nanos;

    fn part(change: Change, partitions: u64) -> Part {
        Part { again: 10 * partitions, ..Part::of(change, partitions) }
    }

    /// A group of two: both hear of two rebalances, one of a third.
    fn members() -> [Rebalances; 2] {
        let (mut one, mut two) = (Rebalances::default(), Rebalances::default());
        one.note(None, part(Change::Taken, 4));
        one.note(Some((0, 7)), {
            let part = part(Change::Given, 2);
            let span = Some(Nanos::from_millis(3));
            Part { apart: span, joined: span, ..part }
        });
        one.note(Some((0, 8)), part(Change::Given, 2));
        two.note(Some((0, 7)), part(Change::Given, 2));
        two.note(None, part(Change::Lost, 1));
        two.note(Some((0, 8)), part(Change::Given, 0));
        two.note(Some((1, 8)), part(Change::Given, 0));
        (one.left, two.left) = (1, 2);
        [one, two]
    }

    #[test]
    fn a_rebalance_counts_once_whoever_hears_of_it_and_in_whatever_order() {
        let [one, two] = members();
        let (mut forth, mut back) = (one.clone(), two.clone());
        forth.merge(&two);
        back.merge(&one);
        assert_eq!(forth, back, "either way");
        assert_eq!((one.count(), two.count(), forth.count()), (2, 3, 3), "by generation and group");
        assert_eq!((forth.given, forth.taken, forth.lost), (6, 4, 1), "partitions");
        assert_eq!((forth.again, forth.apart.count()), (110, 1), "messages, and times apart");
        assert_eq!((forth.left, forth.joined.count()), (3, 1), "and who came and went");
    }

    #[test]
    fn they_travel_between_hosts() {
        let [one, _] = members();
        let bytes = postcard::to_stdvec(&one).expect("memory takes it");
        assert_eq!(postcard::from_bytes::<Rebalances>(&bytes), Ok(one), "in every field");
    }
}
