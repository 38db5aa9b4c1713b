//! Whether one partition was far slower than the others of its topic.

use super::number::{float, micros, thousandth};
use super::topic_load::TopicLoadPart;
use engine::measure::constants::OUTLIER_SAMPLES;
use engine::measure::{BrokerSeen, PartitionSeen, brokers_seen, partitions_seen};
use engine::plan::Plan;
use engine::run::Outcome;
use engine::units::Nanos;
use serde::{Deserialize, Serialize};

/// The partitions of the measured phase, told apart by publish latency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Partitions {
    /// Whether they were told apart: of a run with more than 1,024 none is.
    pub kept: bool,
    /// Partitions on which messages were acked; null where they were not told apart.
    pub acked_on: Option<u64>,
    /// The one that was the slowest against the others of its topic; null where no topic has two.
    pub slowest: Option<SlowPartition>,
    /// How each topic's messages lie on its partitions; only of topics with several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<TopicLoadPart>,
    /// The brokers that led partitions when the run ended, by their numbers; none where that is not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leaders: Vec<LeaderPart>,
    /// Partitions that another broker led when the run began; null where nobody knows.
    #[serde(default)]
    pub leaders_moved: Option<u64>,
}

/// A broker, and the publish latency of what was sent to partitions that it led when the run ended. Latencies are
/// at most an eighth too large; in a closed loop they count from the send.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeaderPart {
    /// Its number.
    pub broker: i32,
    /// Its address, as the cluster has it.
    pub address: String,
    /// Partitions that it led and on which messages were acked.
    pub partitions: u64,
    /// Messages acked on them.
    pub messages: u64,
    /// Their publish latency, the median.
    pub publish_p50_us: f64,
    /// 99th percentile.
    pub publish_p99_us: f64,
    /// The longest.
    pub publish_max_us: f64,
}

impl LeaderPart {
    fn of(broker: &BrokerSeen) -> Self {
        Self {
            broker: broker.id,
            address: broker.address.clone(),
            partitions: broker.partitions,
            messages: broker.seen.acked,
            publish_p50_us: micros(broker.publish_p50),
            publish_p99_us: micros(broker.seen.publish_p99),
            publish_max_us: micros(broker.publish_max),
        }
    }
}

/// One partition of a thousand messages or more against the others of its topic. Latencies are at most an
/// eighth too large.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SlowPartition {
    /// Its topic.
    pub topic: String,
    /// Its number.
    pub partition: u32,
    /// Which broker led it when the run ended; null where that is not known.
    #[serde(default)]
    pub leader: Option<i32>,
    /// Messages acked on it.
    pub messages: u64,
    /// Their publish latency, 99th percentile; in a closed loop counted from the send.
    pub publish_p99_us: f64,
    /// The median of this percentile over its topic's partitions, of two middle ones the lower.
    pub topic_median_p99_us: f64,
    /// The one ÷ the other.
    pub ratio: f64,
}

impl Partitions {
    pub(super) fn of(plan: &Plan, outcome: &Outcome) -> Self {
        if !outcome.tally.streams.iter().any(|stream| stream.partitions.is_kept()) {
            return Self {
                kept: false,
                acked_on: None,
                slowest: None,
                topics: Vec::new(),
                leaders: Vec::new(),
                leaders_moved: None,
            };
        }
        let leaders = outcome.leaders.as_ref().map(|leaders| &leaders.at_end);
        let brokers = leaders.map(|of| brokers_seen(&plan.demand, &outcome.tally, of));
        let topics = partitions_seen(&plan.demand, &outcome.tally, leaders);
        let acked_on = topics.iter().map(Vec::len).sum::<usize>();
        let slowest = topics.iter().filter_map(|topic| slowest(topic));
        Self {
            kept: true,
            acked_on: Some(u64::try_from(acked_on).expect("they are few")),
            slowest: slowest.max_by(|one, other| one.ratio.total_cmp(&other.ratio)),
            topics: TopicLoadPart::all(plan, &outcome.tally),
            leaders: brokers.unwrap_or_default().iter().map(LeaderPart::of).collect(),
            leaders_moved: outcome.leaders.as_ref().map(|of| of.moved),
        }
    }
}

fn slowest(topic: &[PartitionSeen]) -> Option<SlowPartition> {
    let mut tails: Vec<Nanos> = topic.iter().map(|of| of.seen.publish_p99).collect();
    tails.sort_unstable();
    let median = *tails.get((tails.len().checked_sub(1)?) / 2).filter(|_| 2 <= tails.len())?;
    let slow = topic.iter().filter(|of| OUTLIER_SAMPLES <= of.seen.acked);
    let slow = slow.max_by_key(|of| of.seen.publish_p99)?;
    Some(SlowPartition {
        topic: slow.topic.clone(),
        partition: slow.partition,
        leader: slow.leader,
        messages: slow.seen.acked,
        publish_p99_us: micros(slow.seen.publish_p99),
        topic_median_p99_us: micros(median),
        // No counter's greatest span is zero.
        ratio: thousandth(float(slow.seen.publish_p99.0) / float(median.0)),
    })
}

#[cfg(test)]
mod tests {
    use super::{Partitions, slowest};
    use crate::report::fixture::Made;
    use engine::measure::constants::OUTLIER_SAMPLES;
    use engine::measure::{PartitionSeen, Partitions as Kept, PeerSeen};
    use engine::units::Nanos;

    /// The ratio of a topic's slowest partition, and which it is.
    fn check(tails_ms: &[u64], expected: Option<(u32, f64)>) {
        let one = |(tail, partition): (&u64, u32)| PartitionSeen {
            topic: "t".to_owned(),
            partition,
            leader: None,
            seen: PeerSeen {
                name: String::new(),
                // Those of 99 ms have too few messages.
                acked: if *tail == 99 { OUTLIER_SAMPLES - 1 } else { OUTLIER_SAMPLES },
                publish_p99: Nanos::from_millis(*tail),
            },
        };
        let topic: Vec<PartitionSeen> = tails_ms.iter().zip(0..).map(one).collect();
        let told = slowest(&topic);
        match (told, expected) {
            (None, None) => {}
            (Some(slow), Some((partition, ratio))) => {
                let near = (slow.ratio - ratio).abs() < 1e-9;
                assert!(slow.partition == partition && near, "{tails_ms:?}: {slow:?}");
            }
            (told, _) => panic!("{tails_ms:?}: {told:?}, not {expected:?}"),
        }
    }

    #[test]
    fn the_slowest_is_told_against_the_median_of_its_topic() {
        check(&[2, 40, 4], Some((1, 10.0)));
        check(&[60, 60, 60, 60], Some((3, 1.0)));
        check(&[2, 40], Some((1, 20.0)));
        check(&[2, 99, 4], Some((2, 1.0)));
        check(&[2], None);
        check(&[], None);
    }

    #[test]
    fn what_was_not_told_apart_is_null_and_never_zero() {
        let mut made = Made::clean();
        let stream = &mut made.outcome.tally.streams[0];
        // One partition of each topic.
        [0, 2].iter().for_each(|place| stream.partitions.record(*place, Some(Nanos(1))));
        let told = Partitions::of(&made.plan, &made.outcome);
        assert_eq!((told.kept, told.acked_on, told.slowest), (true, Some(2), None), "no peers");
        made.outcome.tally.streams[0].partitions = Kept::off();
        let untold = Partitions::of(&made.plan, &made.outcome);
        let (topics, leaders) = (Vec::new(), Vec::new());
        let nothing = Partitions {
            kept: false,
            acked_on: None,
            slowest: None,
            topics,
            leaders,
            leaders_moved: None,
        };
        assert_eq!(untold, nothing, "too many");
    }
}
