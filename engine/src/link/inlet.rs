//! The consuming side of a broker.

use super::{Failure, Statistics};
use crate::message::{Stamp, StampFault};
use crate::plan::Route;
use crate::time::Clock;
use crate::units::Timestamp;
use serde::{Deserialize, Serialize};

/// One message as it came.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'run> {
    /// Its stamp, or why there is none of ours.
    pub stamp: Result<Stamp, StampFault>,
    /// The topic it came from.
    pub route: Route,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
    /// The body.
    pub body: &'run [u8],
}

/// A partition held by a consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Assigned {
    /// The topic.
    pub route: Route,
    /// The partition.
    pub partition: i32,
}

/// How far a consumer has come on a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Moved {
    /// The partition.
    pub at: Assigned,
    /// The offset of the next message to come.
    pub next: i64,
}

/// What a group does to what one of its members holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Gives it partitions.
    Given,
    /// Takes partitions from it, which it gives up in good order.
    Taken,
    /// Has taken partitions from it already: it was not heard of in time.
    Lost,
}

/// A part of a rebalance, as one member of the group lives through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rebalance {
    /// What happens.
    pub change: Change,
    /// How many partitions that are; none where a rebalance leaves the member as it was.
    pub partitions: usize,
    /// How many it holds afterwards.
    pub held: usize,
    /// Which of its group's rebalances this is: the group's generation, or the member's epoch, as the
    /// protocol has it; `None` where the client does not say, and where partitions are taken.
    pub generation: Option<i32>,
    /// When the client said so.
    pub begun: Timestamp,
    /// When it was done, a commit included.
    pub ended: Timestamp,
    /// Whether everything that was read was committed first, and that was answered.
    pub is_committed: bool,
}

/// Takes what an inlet reports.
pub trait InletSink {
    /// A message came, read at `now`.
    fn delivery(&mut self, now: Timestamp, delivery: &Delivery<'_>);

    /// An offset commit ended.
    fn committed(&mut self, result: Result<(), Failure>);

    /// There was nothing to commit that is not committed.
    fn nothing_to_commit(&mut self) {}

    /// Partitions were given or taken. Who does not count rebalances need not listen.
    fn rebalanced(&mut self, _rebalance: &Rebalance) {}

    /// The client reports trouble; `fatal` when this consumer cannot go on.
    fn trouble(&mut self, failure: Failure, fatal: bool);

    /// The client says how it is, heard at `now`. Who does not ask about it need not listen.
    fn statistics(&mut self, _now: Timestamp, _statistics: Box<dyn Statistics>) {}
}

/// One client that consumes; leaves its group when dropped.
pub trait Inlet {
    /// Takes what is pending, at most about `limit` messages; never blocks but for the commit that
    /// a revocation asks for. Returns whether there may be more.
    fn poll(&mut self, clock: &impl Clock, limit: usize, sink: &mut impl InletSink) -> bool;

    /// How many assignments this consumer has been given; 0 until it has joined.
    fn revision(&self) -> u64;

    /// The partitions it holds.
    fn assignment(&self) -> &[Assigned];

    /// How far it has come on each partition that it ever read from in this run.
    fn position(&self) -> Vec<Moved>;

    /// Stops fetching; what was fetched stays for later.
    ///
    /// # Errors
    /// The client's refusal.
    fn pause(&mut self) -> Result<(), Failure>;

    /// Goes on fetching.
    ///
    /// # Errors
    /// The client's refusal.
    fn resume(&mut self) -> Result<(), Failure>;

    /// Commits what was read, without waiting; the result comes through `poll`, or at once where
    /// the client refuses.
    fn commit(&mut self, sink: &mut impl InletSink);

    /// How many commits have not been answered.
    fn commits_pending(&self) -> u64;

    /// Begins to leave the group, without waiting; whoever asks goes on polling until [`Self::has_left`].
    fn leave(&mut self) {}

    /// Whether there is nothing left to leave, so that dropping the client takes no time.
    fn has_left(&self) -> bool {
        true
    }

    /// The client's last own words about trouble, for messages to people.
    fn last_words(&self) -> Option<&str>;
}
