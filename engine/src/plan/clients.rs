//! Which clients carry the logical producers and consumers.

use super::demand::{Demand, Route, StreamDemand};
use super::placement::{LanePlan, LaneWork};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use std::ops::Range;

/// How many clients carry the logical producers and consumers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientCount {
    /// One per lane, and per subscription of a consuming lane; more where topics are very many.
    #[default]
    Shared,
    /// One per logical producer and consumer, as OMB does; one group per topic and subscription.
    Each,
    /// This many producing clients, and this many members per subscription.
    Number(u32),
}

/// A producing client and the logical producers it carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProducerClient {
    /// Its name in messages to people.
    pub name: String,
    /// The logical producers, ascending.
    #[serde(deserialize_with = "ascending")]
    pub producers: Vec<u64>,
}

/// A consuming client: one member of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsumerClient {
    /// Its name in messages to people.
    pub name: String,
    /// Its group, an index into the plan's groups.
    pub group: usize,
    /// Which member of the group, from 0.
    pub member: u32,
}

/// A consumer group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupPlan {
    /// Its name: `subscription-{i}-{test_id}`, with `-{topic}` where each topic has its own.
    pub name: String,
    /// The stream it reads.
    pub stream: usize,
    /// Which subscription of the stream.
    pub subscription: u32,
    /// The topics it reads, as indices into the stream's.
    pub topics: Range<u32>,
    /// Its members.
    pub members: u32,
    /// The logical consumers that its members stand for.
    pub logical: u64,
}

/// Reads the producers of a client: a lane walks through them in their order.
fn ascending<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u64>, D::Error> {
    let producers = Vec::<u64>::deserialize(deserializer)?;
    if producers.is_sorted_by(|one, next| one < next) {
        return Ok(producers);
    }
    Err(D::Error::custom("producers of a client: need each once, ascending"))
}

impl GroupPlan {
    /// The routes that its members subscribe to.
    pub fn routes(&self) -> impl Iterator<Item = Route> {
        self.topics.clone().map(Route)
    }

    /// Partitions of all its topics.
    #[must_use]
    pub fn partitions(&self, stream: &StreamDemand) -> u64 {
        let range = self.topics.start as usize..self.topics.end as usize;
        stream.topics[range].iter().map(|topic| u64::from(topic.partitions)).sum()
    }
}

/// Partitions that a shared producing client sends to, about, where it has several topics. Whenever a message is
/// handed over, or a request is due or answered, the client goes through all its partitions (librdkafka 2.12.1,
/// `rd_kafka_broker_produce_toppars`). Of 2,000 topics at 500 messages/s, CPU for each request was 805 us with one
/// client, 611 with four, 490 with eight; each takes 15 MiB and three threads more (2 cores).
const PARTITIONS_OF_CLIENT: u64 = 500;

/// Deals a stream's logical producers to clients of so many lanes: the producers of each client, ascending.
pub(super) fn producing(
    stream: &StreamDemand,
    own: &[u64],
    lanes: usize,
    count: ClientCount,
) -> Vec<Vec<u64>> {
    let parts = parts(stream, own.len());
    let clients = match count {
        ClientCount::Shared => lanes.max(parts),
        ClientCount::Each => own.len(),
        ClientCount::Number(number) => (number as usize).clamp(1, own.len()),
    };
    if count == ClientCount::Shared && lanes < parts {
        // A topic's producers keep together: each client has its own topics.
        let mut dealt = vec![Vec::new(); clients];
        for producer in own {
            let topic = usize::try_from(*producer).expect("producers fit in memory");
            dealt[topic % stream.topics.len() % clients].push(*producer);
        }
        dealt.retain(|producers| !producers.is_empty());
        return dealt;
    }
    (0..clients).map(|client| own.iter().skip(client).step_by(clients).copied().collect()).collect()
}

/// Clients for the partitions of the topics that so many logical producers send to.
fn parts(stream: &StreamDemand, producers: usize) -> usize {
    let topics = stream.topics.len().min(producers);
    let all: u64 = stream.topics.iter().map(|topic| u64::from(topic.partitions)).sum();
    let partitions = all * topics as u64 / (stream.topics.len() as u64).max(1);
    let parts = usize::try_from(partitions.div_ceil(PARTITIONS_OF_CLIENT)).unwrap_or(topics);
    parts.min(topics)
}

/// Tells of producers that have more clients for the sake of their topics.
pub(super) fn remark_producing(lanes: &[LanePlan], count: ClientCount) -> Option<String> {
    let of_lane = |lane: &LanePlan| match &lane.work {
        LaneWork::Produce { clients, .. } => Some(clients.len()),
        LaneWork::Consume { .. } => None,
    };
    let producing = lanes.iter().filter_map(of_lane).count();
    let clients: usize = lanes.iter().filter_map(of_lane).sum();
    (count == ClientCount::Shared && producing < clients).then(|| {
        format!(
            "{clients} producing clients, each for at most {PARTITIONS_OF_CLIENT} partitions or one topic: a client \
             goes through all its partitions at every wake-up"
        )
    })
}

/// The consumer groups of a run. Members of `Shared` groups are set when lanes are known.
pub(super) fn groups(demand: &Demand, count: ClientCount) -> Vec<GroupPlan> {
    let mut groups = Vec::new();
    for (index, stream) in demand.streams.iter().enumerate() {
        for subscription in 0..stream.subscriptions {
            let prefix = if demand.streams.len() == 1 {
                format!("subscription-{subscription}-{}", demand.test_id)
            } else {
                format!("subscription-{subscription}-{}-{}", demand.test_id, stream.name)
            };
            let template = GroupPlan {
                name: prefix,
                stream: index,
                subscription,
                topics: 0..u32::try_from(stream.topics.len()).expect("fewer than 2^32 topics"),
                members: 1,
                logical: 0,
            };
            push_groups(&mut groups, &template, stream, count);
        }
    }
    groups
}

/// Topics of one group of shared clients at most. For each partition in the answer to a fetch, which are all of its
/// client's, the client looks its topic up in the list of all (librdkafka 2.12.1, `rd_kafka_topic_find_by_topic_id`):
/// of 10,000 topics at 500 messages/s that was 17 % of the CPU in groups of 1,000, and CPU for each request 947 us; in
/// groups of 250 it was 773 us, for 290 MiB more (2 cores). The member that deals the partitions compares every topic
/// with every name that it subscribed to (`rd_kafka_member_subscriptions_map`): 10,000 in one group took it two minutes
/// and were not done.
const TOPICS_OF_GROUP: u32 = 250;

/// Topics of one group from which on several members may be long in dealing: 2,000 topics and four members were
/// ready after 2 s, ten members not after 80 s (2 cores).
const SLOW_TO_DEAL: u32 = 1_000;

/// Tells of subscriptions that are read by several groups, and of groups that will be long in dealing.
pub(super) fn remark(groups: &[GroupPlan], count: ClientCount) -> Option<String> {
    let parts = groups.iter().filter(|group| (group.stream, group.subscription) == (0, 0)).count();
    let topics =
        groups.iter().map(|group| group.topics.end - group.topics.start).max().unwrap_or(0);
    match count {
        ClientCount::Shared if 1 < parts => Some(format!(
            "a subscription is read by {parts} groups with a part of the topics each, at most \
             {TOPICS_OF_GROUP}: what a client spends on fetching from and on dealing them grows with their square"
        )),
        ClientCount::Number(members) if 1 < members && SLOW_TO_DEAL < topics => Some(format!(
            "{members} members deal {topics} topics in one group, which may take the client longer than \
             consumerReadyTimeout: --clients shared reads them in groups of at most {TOPICS_OF_GROUP}"
        )),
        _ => None,
    }
}

/// How many members of each group a host's lanes have where clients are shared: the fewest with which every lane reads,
/// and none much more than its part. One for each lane where a subscription is one group's; of 40 groups, which three
/// lanes read as evenly, one.
pub(super) fn members_on(lanes: usize, groups: usize) -> usize {
    let is_even = |members: &usize| {
        let clients = groups * members;
        // The busiest lane has at most a tenth more than its part.
        lanes <= clients && clients.div_ceil(lanes) * lanes * 10 <= clients * 11
    };
    (1..lanes).find(is_even).unwrap_or(lanes)
}

/// A group for each so many topics, of even sizes; the only one has the subscription's name.
fn push_parts(groups: &mut Vec<GroupPlan>, template: &GroupPlan, per_topic: u64) {
    let all = template.topics.end;
    let parts = all.div_ceil(TOPICS_OF_GROUP);
    let step = all.div_ceil(parts);
    for (part, first) in (0..all).step_by(step as usize).enumerate() {
        let topics = first..all.min(first + step);
        let name = match parts {
            1 => template.name.clone(),
            _ => format!("{}-{part}", template.name),
        };
        let logical = u64::from(topics.end - topics.start) * per_topic;
        groups.push(GroupPlan { name, topics, logical, ..template.clone() });
    }
}

fn push_groups(
    groups: &mut Vec<GroupPlan>,
    template: &GroupPlan,
    stream: &StreamDemand,
    count: ClientCount,
) {
    let per_topic = u64::from(stream.consumers_per_subscription);
    let logical = u64::from(template.topics.end) * per_topic;
    if logical == 0 {
        return;
    }
    match count {
        ClientCount::Shared => push_parts(groups, template, per_topic),
        ClientCount::Number(members) => {
            groups.push(GroupPlan { members: members.max(1), logical, ..template.clone() });
        }
        ClientCount::Each => {
            groups.extend(template.topics.clone().zip(&stream.topics).map(|(route, topic)| {
                GroupPlan {
                    name: format!("{}-{}", template.name, topic.name),
                    topics: route..route + 1,
                    members: stream.consumers_per_subscription,
                    logical: per_topic,
                    ..template.clone()
                }
            }));
        }
    }
}
