//! How a consumer stands in its group: what it has read that the group does not know of, and since when it
//! is without its partitions. Nothing here is done for each message.

use crate::link::{Change, Rebalance};
use crate::measure::Part;
use crate::units::Timestamp;
use std::collections::VecDeque;

/// One consumer's.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// Messages that it has read.
    read: u64,
    /// How many it had read when each commit was asked for that is not answered.
    asked: VecDeque<u64>,
    /// How many it had read when a commit was answered last: what a client that commits by itself has
    /// committed with its next one, at least.
    answered: u64,
    /// How many of those that it read are committed, as far as it was told.
    committed: u64,
    /// When it was left without partitions.
    apart: Option<Timestamp>,
    /// When it began to join its group in the middle of a run, until it has partitions.
    joining: Option<Timestamp>,
    /// Whether its group keeps its partitions for it while it is away.
    is_static: bool,
}

impl Standing {
    /// Of one that joins its group in the middle of a run, from now on.
    pub(super) fn joining(now: Timestamp, is_static: bool) -> Self {
        Self { joining: Some(now), is_static, ..Self::default() }
    }

    /// So many messages more.
    pub(super) const fn read(&mut self, messages: u64) {
        self.read += messages;
    }

    /// A commit of everything read so far was asked for.
    pub(super) fn asked(&mut self) {
        self.asked.push_back(self.read);
    }

    /// A commit was answered, when so many messages had come in this turn.
    pub(super) fn answered(&mut self, is_committed: bool, this_turn: u64) {
        let first = self.asked.pop_front();
        let known = first.unwrap_or(self.answered);
        self.answered = self.read + this_turn;
        if is_committed {
            self.committed = self.committed.max(known);
        }
    }

    /// Partitions were given or taken, when so many messages had come in this turn: what of that is to be
    /// written down.
    pub(super) fn moved(&mut self, rebalance: &Rebalance, this_turn: u64) -> Part {
        let read = self.read + this_turn;
        let mut part = Part::of(rebalance.change, 0);
        part.partitions = u64::try_from(rebalance.partitions).expect("partitions fit in 64 bits");
        match rebalance.change {
            Change::Given => {
                let since = self.apart.take_if(|_| 0 < rebalance.held);
                part.apart = since.map(|since| since.until(rebalance.ended));
                let joining = self.joining.take_if(|_| 0 < rebalance.held);
                part.joined = joining.map(|begun| begun.until(rebalance.ended));
                part.is_back = self.is_static && part.joined.is_some();
            }
            Change::Taken | Change::Lost if rebalance.partitions == 0 => {}
            Change::Taken | Change::Lost => {
                if rebalance.is_committed {
                    self.committed = read;
                }
                part.again = read.saturating_sub(self.committed);
                if rebalance.held == 0 {
                    // Others read it now, or this one from there on.
                    self.committed = read;
                    self.apart.get_or_insert(rebalance.begun);
                }
            }
        }
        part
    }
}

#[cfg(test)]
mod tests {
    use super::Standing;
    use crate::link::{Change, Rebalance};
    use crate::measure::Part;
    use crate::units::{Nanos, Timestamp};

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_nanos(millis * 1_000_000)
    }

    fn rebalance(change: Change, (partitions, held): (usize, usize), millis: u64) -> Rebalance {
        Rebalance {
            change,
            partitions,
            held,
            generation: Some(1),
            begun: at(millis),
            ended: at(millis + 1),
            is_committed: false,
        }
    }

    fn check(part: Part, again: u64, apart: Option<u64>) {
        assert_eq!((part.again, part.apart), (again, apart.map(Nanos::from_millis)), "{part:?}");
    }

    #[test]
    fn what_was_read_since_the_last_answered_commit_may_be_read_again() {
        let mut own = Standing::default();
        own.read(100);
        own.asked();
        own.read(20);
        own.asked();
        own.answered(true, 0);
        check(own.moved(&rebalance(Change::Lost, (2, 0), 5), 3), 23, None);
        check(own.moved(&rebalance(Change::Lost, (2, 0), 6), 3), 0, None);
        own.answered(false, 0);
        let mut client = Standing::default();
        client.read(100);
        client.answered(true, 7);
        client.read(17);
        check(client.moved(&rebalance(Change::Taken, (1, 1), 5), 0), 117, None);
        client.answered(true, 0);
        check(client.moved(&rebalance(Change::Taken, (1, 1), 5), 0), 10, None);
    }

    #[test]
    fn what_is_committed_as_partitions_go_is_not_read_again() {
        let mut own = Standing::default();
        own.read(100);
        let committed = Rebalance { is_committed: true, ..rebalance(Change::Taken, (2, 0), 5) };
        check(own.moved(&committed, 9), 0, None);
    }

    #[test]
    fn a_consumer_is_apart_from_the_first_word_to_the_last() {
        let mut own = Standing::default();
        check(own.moved(&rebalance(Change::Given, (4, 4), 5), 0), 0, None);
        check(own.moved(&rebalance(Change::Taken, (2, 2), 10), 0), 0, None);
        check(own.moved(&rebalance(Change::Given, (0, 2), 11), 0), 0, None);
        check(own.moved(&rebalance(Change::Taken, (2, 0), 20), 0), 0, None);
        check(own.moved(&rebalance(Change::Taken, (0, 0), 21), 0), 0, None);
        check(own.moved(&rebalance(Change::Given, (0, 0), 22), 0), 0, None);
        check(own.moved(&rebalance(Change::Given, (3, 3), 30), 0), 0, Some(11));
        check(own.moved(&rebalance(Change::Given, (3, 6), 40), 0), 0, None);
        let mut later = Standing::joining(at(50), true);
        assert_eq!(later.moved(&rebalance(Change::Given, (0, 0), 60), 0).joined, None, "surplus");
        let back = later.moved(&rebalance(Change::Given, (1, 1), 69), 0);
        let expected = (Some(Nanos::from_millis(20)), true);
        assert_eq!((back.joined, back.is_back), expected, "until it has partitions");
        assert!(!later.moved(&rebalance(Change::Given, (1, 2), 80), 0).is_back, "once");
    }
}
