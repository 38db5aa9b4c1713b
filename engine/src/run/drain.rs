//! The consumers' drain: has each group passed the highest acked offset of each partition?

use crate::lane::Board;
use crate::link::{Assigned, Topics};
use crate::measure::Tally;
use crate::plan::{Plan, Route};
use crate::time::{Clock, OsClock};
use crate::units::{Nanos, Timestamp};
use std::collections::HashMap;

/// How long asking for the end of a topic may take, where acks say no offsets.
const LOOKUP: Nanos = Nanos::from_secs(5);

/// The same of all topics together: those of very many that are left then count as if they did not answer.
const LOOKUPS: Nanos = Nanos::from_secs(60);

/// The end of a partition that could not be asked for: such a drain ends when nothing comes any more,
/// and what is missing then is never called lost.
const UNKNOWN: i64 = i64::MAX;

/// For each stream and topic, the offset that each partition must be read up to; −1 for none.
pub(super) struct Targets(Vec<Vec<Vec<i64>>>);

impl Targets {
    /// From the acks; with `acks=0`, which say nothing, from the topics' ends.
    pub(super) fn new(plan: &Plan, total: &Tally, topics: &dyn Topics) -> Self {
        let silent = plan.demand.clients.producer.iter().any(is_silent);
        let time = TimeLeft::of(LOOKUPS);
        let of_stream =
            |(stream, tally): (&crate::plan::StreamDemand, &crate::measure::StreamTally)| {
                let bases = stream.partition_bases();
                let of_topic = |(topic, base): (&crate::plan::TopicPlan, &usize)| {
                    let count =
                        usize::try_from(topic.partitions).expect("partitions fit in memory");
                    let acked = tally.acked_offsets[*base..*base + count].to_vec();
                    if !silent {
                        return acked;
                    }
                    if time.is_up() {
                        return vec![UNKNOWN; count];
                    }
                    match topics.logs(&topic.name, topic.partitions, LOOKUP) {
                        Ok(logs) if logs.is_empty() => acked,
                        Ok(logs) => logs.into_iter().map(|log| log.end - 1).collect(),
                        Err(_) => vec![UNKNOWN; count],
                    }
                };
                stream.topics.iter().zip(&bases).map(of_topic).collect()
            };
        Self(plan.demand.streams.iter().zip(&total.streams).map(of_stream).collect())
    }
}

/// Messages that the run's own topics no longer hold: retention or somebody's request removed them.
/// `None` where a topic was there before, or does not answer in time.
pub(super) fn removed(plan: &Plan, topics: &dyn Topics) -> Option<u64> {
    let mut removed = 0;
    let time = TimeLeft::of(LOOKUPS);
    for topic in plan.demand.streams.iter().flat_map(|stream| &stream.topics) {
        if topic.existing || time.is_up() {
            return None;
        }
        // A topic that the run made began at offset 0.
        let logs = topics.logs(&topic.name, topic.partitions, LOOKUP).ok()?;
        removed += logs.iter().filter_map(|log| u64::try_from(log.first).ok()).sum::<u64>();
    }
    Some(removed)
}

/// A deadline of several lookups.
struct TimeLeft {
    clock: OsClock,
    until: Timestamp,
}

impl TimeLeft {
    fn of(span: Nanos) -> Self {
        let clock = OsClock::anchored();
        Self { clock, until: clock.now() + span }
    }

    fn is_up(&self) -> bool {
        self.until <= self.clock.now()
    }
}

/// Whether a producer's setting says that brokers answer nothing. Both of the setting's names:
/// settings that were resolved from a file have librdkafka's.
fn is_silent((name, value): &(String, String)) -> bool {
    matches!(name.as_str(), "acks" | "request.required.acks") && value == "0"
}

/// What the board shows of the drain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Drained {
    /// For each group, whether it has passed every target.
    pub(super) groups: Vec<bool>,
    /// The sum of all positions: as long as it grows, something is being read.
    pub(super) read: i64,
    /// Messages up to the targets that have not been read, by offsets.
    pub(super) left: u64,
}

/// For each group, the furthest position on each partition that its members have told.
pub(super) fn reached(plan: &Plan, board: &Board) -> Vec<HashMap<Assigned, i64>> {
    let mut next: Vec<HashMap<Assigned, i64>> = vec![HashMap::new(); plan.groups.len()];
    for slot in board.slots() {
        for member in &slot.members {
            for moved in &member.position {
                let furthest = next[member.group].entry(moved.at).or_insert(moved.next);
                *furthest = (*furthest).max(moved.next);
            }
        }
    }
    next
}

/// Compares positions with targets.
pub(super) fn look(plan: &Plan, board: &Board, targets: &Targets) -> Drained {
    let next = reached(plan, board);
    let mut drained = Drained::default();
    for (group, reached) in plan.groups.iter().zip(&next) {
        let mut left = 0;
        for route in group.routes() {
            left += unread(&targets.0[group.stream], route, reached);
        }
        drained.groups.push(left == 0);
        drained.left += left;
        drained.read += reached.values().sum::<i64>();
    }
    drained
}

fn unread(topics: &[Vec<i64>], route: Route, next: &HashMap<Assigned, i64>) -> u64 {
    let targets = &topics[usize::try_from(route.0).expect("topics fit in memory")];
    (0_i32..)
        .zip(targets)
        .map(|(partition, target)| {
            if *target == UNKNOWN {
                return 1;
            }
            let reached = next.get(&Assigned { route, partition }).copied().unwrap_or(0);
            u64::try_from(target + 1 - reached).unwrap_or(0)
        })
        .sum()
}
