//! What a lane hands over once a second; the only thing that leaves its thread.
//!
//! Seconds, lanes and hosts all combine by [`Tally::merge`]. Every `merge` takes its argument apart
//! field by field, so that a new field does not compile until it is merged.

use super::account::Account;
use super::bounded::at_most;
use super::counts::ErrorCounts;
use super::flows::{Acked, Commits, Consumed, Produced};
use super::groups::Rebalances;
use super::latency::Latency;
use super::partitions::Partitions;
use super::silences::Silences;
use super::transacted::Transacted;
use crate::plan::{Demand, StreamDemand, Verification};
use serde::{Deserialize, Serialize};

/// The phase a message belongs to: the one in which it was due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Phase {
    /// Before the measured phase; its figures enter no measured one.
    Warmup,
    /// What is reported.
    Measured,
}

/// Streams of a tally that is read from bytes at most: each takes memory before its numbers say why.
const STREAMS_MAX: usize = 64;

/// What a lane saw, by stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// In the plan's order.
    #[serde(deserialize_with = "at_most::<_, _, STREAMS_MAX>")]
    pub streams: Vec<StreamTally>,
    /// Turns of the lane's loop: a lane whose number stands still is stuck.
    pub turns: u64,
    /// Requests with messages that were answered, in both phases: each is of one partition. Those that the
    /// client gave up by itself are among them, once for each time that it did.
    pub answers: u64,
    /// In the measured phase, how long the lane's core was taken away from it: the longest gap of each
    /// millisecond that a spinning lane saw, how much too long a sleeping one slept.
    pub hiccup: Latency,
}

/// What a lane saw of one stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StreamTally {
    /// What was due in the warm-up.
    pub warmup: PhaseTally,
    /// What was due in the measured phase.
    pub measured: PhaseTally,
    /// The highest acked offset of each partition of each topic, in a row; −1 for none.
    pub acked_offsets: Vec<i64>,
    /// Publish latencies of the measured phase by partition, in the same row.
    pub partitions: Partitions,
    /// Which messages were acked and received, each by its number.
    pub account: Account,
    /// When acks stopped.
    pub silences: Silences,
}

/// What a lane saw of one stream's messages of one phase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhaseTally {
    /// The sending side.
    pub produced: Produced,
    /// The broker's answers.
    pub acked: Acked,
    /// The receiving side, by subscription.
    pub consumed: Vec<Consumed>,
    /// Offset commits.
    pub commits: Commits,
    /// Failed messages, by code: what the broker or the client answered.
    pub produce_errors: ErrorCounts,
    /// Consumer errors, by code.
    pub consume_errors: ErrorCounts,
    /// Failed commits, by code.
    pub commit_errors: ErrorCounts,
    /// sent − due: our own lateness.
    pub send_delay: Latency,
    /// acked − due.
    pub publish: Latency,
    /// The same of those alone that were held up when acks of their partition stopped: due before a silence's
    /// end, and acked after it had begun. `None` where there was none.
    pub publish_in_outage: Option<Latency>,
    /// acked − sent.
    pub service: Latency,
    /// received − due.
    pub end_to_end: Latency,
    /// received − sent.
    pub transit: Latency,
    /// From the client's call that acks are there to our hearing it: our share in publish and
    /// service. One for each call, not for each message.
    pub ack_wait: Latency,
    /// Transactions; `None` where none was begun.
    pub transactions: Option<Box<Transacted>>,
    /// Rebalances of consumer groups; `None` where no consumer heard of one.
    pub rebalances: Option<Box<Rebalances>>,
}

impl Tally {
    /// An empty tally for a plan.
    #[must_use]
    pub fn new(demand: &Demand) -> Self {
        let account = match demand.verification {
            Verification::Counts => Account::off(),
            Verification::Numbers | Verification::Payload => Account::keeping(),
        };
        let stream = |stream: &StreamDemand| {
            StreamTally::new(stream, account.clone(), Partitions::of(demand, stream))
        };
        Self::of(demand.streams.iter().map(stream).collect())
    }

    fn of(streams: Vec<StreamTally>) -> Self {
        Self { streams, turns: 0, answers: 0, hiccup: Latency::default() }
    }

    /// An empty tally for one second of all lanes, which says nothing of single messages.
    #[must_use]
    pub fn of_a_second(demand: &Demand) -> Self {
        let blank = |stream| StreamTally::new(stream, Account::off(), Partitions::off());
        Self::of(demand.streams.iter().map(blank).collect())
    }

    /// Adds another second's, lane's or host's.
    pub fn merge(&mut self, other: &Self) {
        let Self { streams, turns, answers, hiccup } = other;
        self.streams.iter_mut().zip(streams).for_each(|(mine, theirs)| mine.merge(theirs));
        self.turns += turns;
        self.answers += answers;
        self.hiccup.merge(hiccup);
    }

    /// One phase of all streams together; subscriptions are joined by their number.
    #[must_use]
    pub fn total(&self, phase: Phase) -> PhaseTally {
        let seen: Vec<&PhaseTally> = self
            .streams
            .iter()
            .map(|stream| match phase {
                Phase::Warmup => &stream.warmup,
                Phase::Measured => &stream.measured,
            })
            .collect();
        let most = seen.iter().map(|tally| tally.consumed.len()).max().unwrap_or(0);
        let mut total =
            PhaseTally::new(u32::try_from(most).expect("a plan's subscriptions are a u32"));
        seen.into_iter().for_each(|tally| total.merge(tally));
        total
    }

    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        let Self { streams, turns, answers, hiccup } = self;
        for StreamTally { warmup, measured, acked_offsets, partitions, account, silences } in
            streams
        {
            warmup.clear();
            measured.clear();
            acked_offsets.fill(-1);
            partitions.clear();
            account.clear();
            silences.clear();
        }
        (*turns, *answers) = (0, 0);
        hiccup.clear();
    }
}

impl StreamTally {
    fn new(stream: &StreamDemand, account: Account, partitions: Partitions) -> Self {
        let all = usize::try_from(stream.partitions()).expect("partitions fit in memory");
        Self {
            warmup: PhaseTally::new(stream.subscriptions),
            measured: PhaseTally::new(stream.subscriptions),
            acked_offsets: vec![-1; all],
            partitions,
            account,
            silences: Silences::default(),
        }
    }

    /// The tally of a phase.
    pub const fn phase(&mut self, phase: Phase) -> &mut PhaseTally {
        match phase {
            Phase::Warmup => &mut self.warmup,
            Phase::Measured => &mut self.measured,
        }
    }

    fn merge(&mut self, other: &Self) {
        let Self { warmup, measured, acked_offsets, partitions, account, silences } = other;
        self.warmup.merge(warmup);
        self.measured.merge(measured);
        let highest = self.acked_offsets.iter_mut().zip(acked_offsets);
        highest.for_each(|(mine, theirs)| *mine = (*mine).max(*theirs));
        self.partitions.merge(partitions);
        self.account.merge(account);
        self.silences.merge(silences);
    }
}

impl PhaseTally {
    fn new(subscriptions: u32) -> Self {
        Self {
            produced: Produced::default(),
            acked: Acked::default(),
            consumed: (0..subscriptions).map(|_| Consumed::default()).collect(),
            commits: Commits::default(),
            produce_errors: ErrorCounts::default(),
            consume_errors: ErrorCounts::default(),
            commit_errors: ErrorCounts::default(),
            send_delay: Latency::default(),
            publish: Latency::default(),
            publish_in_outage: None,
            service: Latency::default(),
            end_to_end: Latency::default(),
            transit: Latency::default(),
            ack_wait: Latency::default(),
            transactions: None,
            rebalances: None,
        }
    }

    /// Transactions, which are told of from now on.
    pub(super) fn transacted(&mut self) -> &mut Transacted {
        self.transactions.get_or_insert_default()
    }

    /// Accepted messages whose fate is not known.
    #[must_use]
    pub const fn outstanding(&self) -> u64 {
        self.produced.messages.saturating_sub(self.acked.messages + self.acked.failed)
    }

    /// Failed messages, failed commits and consumer errors, once each.
    #[must_use]
    pub const fn errors(&self) -> u64 {
        self.produce_errors.total() + self.consume_errors.total() + self.commit_errors.total()
    }

    /// Acked messages whose transactions were committed.
    #[must_use]
    pub fn committed(&self) -> u64 {
        self.transactions.as_ref().map_or(0, |of| of.committed_messages)
    }

    /// Messages received by all subscriptions.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.consumed.iter().map(|consumed| consumed.messages).sum()
    }

    fn merge(&mut self, other: &Self) {
        let Self {
            produced,
            acked,
            consumed,
            commits: Commits { succeeded, failed },
            produce_errors,
            consume_errors,
            commit_errors,
            send_delay,
            publish,
            publish_in_outage,
            service,
            end_to_end,
            transit,
            ack_wait,
            transactions,
            rebalances,
        } = other;
        self.produced.merge(produced);
        self.acked.merge(acked);
        self.consumed.iter_mut().zip(consumed).for_each(|(mine, theirs)| mine.merge(theirs));
        self.commits.succeeded += succeeded;
        self.commits.failed += failed;
        self.produce_errors.merge(produce_errors);
        self.consume_errors.merge(consume_errors);
        self.commit_errors.merge(commit_errors);
        self.send_delay.merge(send_delay);
        self.publish.merge(publish);
        if let Some(held_up) = publish_in_outage {
            self.publish_in_outage.get_or_insert_default().merge(held_up);
        }
        self.service.merge(service);
        self.end_to_end.merge(end_to_end);
        self.transit.merge(transit);
        self.ack_wait.merge(ack_wait);
        if let Some(transactions) = transactions {
            self.transacted().merge(transactions);
        }
        if let Some(rebalances) = rebalances {
            self.rebalances.get_or_insert_default().merge(rebalances);
        }
    }

    fn clear(&mut self) {
        let Self {
            produced,
            acked,
            consumed,
            commits,
            produce_errors,
            consume_errors,
            commit_errors,
            send_delay,
            publish,
            publish_in_outage,
            service,
            end_to_end,
            transit,
            ack_wait,
            transactions,
            rebalances,
        } = self;
        *produced = Produced::default();
        *acked = Acked::default();
        consumed.fill(Consumed::default());
        (*publish_in_outage, *transactions, *rebalances) = (None, None, None);
        *commits = Commits::default();
        [produce_errors, consume_errors, commit_errors].into_iter().for_each(ErrorCounts::clear);
        [send_delay, publish, service, end_to_end, transit, ack_wait]
            .into_iter()
            .for_each(Latency::clear);
    }
}
