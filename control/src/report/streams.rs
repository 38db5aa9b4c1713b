//! Several streams: all together, and each by itself.

use super::latency::{Block, Latencies, Seen};
use super::plateau::Share;
use super::traffic::{Acked, Consumed, Produced, Span, Subscription, Target};
use engine::measure::{Phase, PhaseTally, Tally, balances};
use engine::plan::{Plan, Role, StreamDemand};
use engine::run::Outcome;
use serde::{Deserialize, Serialize};

/// One stream's part of the result.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StreamPart {
    /// Its name.
    pub name: String,
    /// Bytes of a body.
    pub message_size: u64,
    /// The sending side.
    pub produced: Produced,
    /// The broker's answers.
    pub acked: Acked,
    /// The receiving side.
    pub consumed: Consumed,
    /// The latencies.
    pub latency: Latencies,
}

/// Whether a schedule gives a stream's messages their due times.
pub(super) const fn is_timed(demand: &StreamDemand) -> bool {
    demand.pace.is_paced()
}

impl Target {
    /// What one stream should have done; nothing in a closed loop.
    fn of(demand: &StreamDemand, seen: &PhaseTally) -> Self {
        match demand.pace.rate() {
            Some(rate) => Self {
                due: Some(seen.produced.due),
                unsent: Some(seen.produced.unsent),
                rate: Some(rate.get()),
            },
            None => Self::default(),
        }
    }

    /// What two should have done together.
    fn and(self, other: Self) -> Self {
        let add = |one: Option<u64>, two: Option<u64>| match (one, two) {
            (Some(one), Some(two)) => Some(one + two),
            (one, two) => one.or(two),
        };
        Self {
            due: add(self.due, other.due),
            unsent: add(self.unsent, other.unsent),
            rate: add(self.rate, other.rate),
        }
    }
}

/// All streams together.
pub(super) struct Whole {
    /// The measured phase.
    pub(super) measured: PhaseTally,
    /// What should have been done.
    pub(super) target: Target,
}

impl Whole {
    pub(super) fn of(plan: &Plan, tally: &Tally) -> Self {
        let streams = plan.demand.streams.iter().zip(&tally.streams);
        let targets = streams.map(|(demand, stream)| Target::of(demand, &stream.measured));
        Self {
            measured: tally.total(Phase::Measured),
            target: targets.fold(Target::default(), Target::and),
        }
    }
}

/// What each producing lane sent.
pub(super) fn sending_lanes(outcome: &Outcome) -> Vec<Share> {
    let producing = outcome.lanes.iter().filter(|lane| lane.role == Role::Producer);
    producing
        .map(|lane| {
            let produced = lane.tally.total(Phase::Measured).produced;
            Share { messages: produced.messages, window: produced.window }
        })
        .collect()
}

impl StreamPart {
    /// Each stream by itself, where there are several.
    pub(super) fn all(plan: &Plan, outcome: &Outcome, span: Span) -> Vec<Self> {
        if plan.demand.streams.len() < 2 {
            return Vec::new();
        }
        let balances = balances(plan, &outcome.tally, &outcome.readings(plan));
        let streams = plan.demand.streams.iter().zip(&outcome.tally.streams).enumerate();
        streams
            .map(|(index, (demand, stream))| {
                let seen = &stream.measured;
                let own = balances.iter().filter(|balance| balance.stream == index);
                let subscriptions = own
                    .map(|balance| Subscription::of(&demand.name, balance, seen, span))
                    .collect();
                let by_itself = [Seen { timed: is_timed(demand), tally: seen }];
                Self {
                    name: demand.name.clone(),
                    message_size: demand.message_size.0,
                    // Seconds are counted over all streams, so a stream has no plateau of its own.
                    produced: Produced::of(seen, span, Target::of(demand, seen), None),
                    acked: Acked::of(seen, span),
                    consumed: Consumed::of(seen, span, subscriptions),
                    latency: Latencies::of(&by_itself, Block::full),
                }
            })
            .collect()
    }
}
