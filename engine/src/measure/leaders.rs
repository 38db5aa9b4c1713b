//! Publish latencies by the broker that leads a partition: which broker is slow.

use super::outliers::slow_among;
use super::partitions::Spread;
use super::plausibility::PeerSeen;
use super::tally::Tally;
use super::verdict::{Case, Found};
use crate::link::Leaders;
use crate::plan::Demand;
use crate::units::Nanos;
use std::collections::BTreeMap;

/// Who led the partitions of a run's topics when it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeadersSeen {
    /// As the cluster said at the end.
    pub at_end: Leaders,
    /// Partitions that another broker led when the run began. What they were sent before is told with their
    /// leader at the end.
    pub moved: u64,
}

impl LeadersSeen {
    /// What two answers of the cluster come to.
    #[must_use]
    pub fn of(at_start: &Leaders, at_end: Leaders) -> Self {
        let has_moved = |(topic, partition): (&String, u32), leader: Option<i32>| {
            let before = at_start.of(topic, partition);
            before.is_some() && before != leader
        };
        let of_topic = |(topic, leaders): (&String, &Vec<i32>)| {
            let count = u32::try_from(leaders.len()).expect("partitions are a u32");
            (0..count).filter(|of| has_moved((topic, *of), at_end.of(topic, *of))).count()
        };
        let moved = at_end.topics.iter().map(of_topic).sum::<usize>();
        Self { moved: u64::try_from(moved).expect("they are few"), at_end }
    }
}

/// A broker, as those that lead other partitions are compared with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerSeen {
    /// Its number.
    pub id: i32,
    /// Its address, as the cluster has it.
    pub address: String,
    /// Partitions that it led at the end and on which messages were acked.
    pub partitions: u64,
    /// Their publish latency: the median, at most an eighth too large.
    pub publish_p50: Nanos,
    /// The longest, likewise.
    pub publish_max: Nanos,
    /// How many messages were acked on them, and the 99th percentile.
    pub seen: PeerSeen,
}

/// The brokers that led partitions on which messages were acked, by their numbers; none where partitions are not
/// told apart. Partitions without a leader are nobody's. A closed loop's latency is from the send: beside paced
/// streams, whose is from the due time, it is left out.
#[must_use]
pub fn brokers_seen(demand: &Demand, tally: &Tally, leaders: &Leaders) -> Vec<BrokerSeen> {
    let mut led: BTreeMap<i32, (u64, Spread)> = BTreeMap::new();
    let mut longest = Nanos::ZERO;
    let has_due_times = demand.streams.iter().any(|stream| stream.pace.is_paced());
    let all = demand.streams.iter().zip(&tally.streams);
    for (stream, seen) in all.filter(|(of, _)| of.pace.is_paced() || !has_due_times) {
        longest = longest.max(seen.measured.publish.max());
        for (topic, base) in stream.topics.iter().zip(stream.partition_bases()) {
            for number in 0..topic.partitions {
                let place = base + usize::try_from(number).expect("they are few");
                let leader = leaders.of(&topic.name, number);
                let Some(leader) = leader.filter(|_| 0 < seen.partitions.messages(place)) else {
                    continue;
                };
                let (partitions, spread) = led.entry(leader).or_default();
                *partitions += 1;
                spread.add(&seen.partitions, place);
            }
        }
    }
    // A counter's greatest span may be more than anything that was seen.
    let bound = |span: Nanos| if longest == Nanos::ZERO { span } else { span.min(longest) };
    let broker = |(id, (partitions, spread)): (i32, (u64, Spread))| {
        let [p50, p99, max] = [50, 99, 100].map(|percent| spread.percentile(percent));
        let address = leaders.brokers.get(&id).cloned().unwrap_or_default();
        Some(BrokerSeen {
            id,
            partitions,
            publish_p50: bound(p50?),
            publish_max: bound(max?),
            seen: PeerSeen {
                name: format!("broker {id} ({address}), which leads {}", so_many(partitions)),
                acked: spread.messages,
                publish_p99: bound(p99?),
            },
            address,
        })
    };
    led.into_iter().filter_map(broker).collect()
}

fn so_many(partitions: u64) -> String {
    if partitions == 1 { "1 partition".to_owned() } else { format!("{partitions} partitions") }
}

/// A broker whose partitions are far slower than those of the others; a tail of no more than `usual` is none.
pub(super) fn slow_brokers(case: &Case<'_>, usual: Nanos, found: &mut Found) {
    let advice = "What is slow there is in the merged tail and not in the other brokers'. Look at that \
                  broker's disk, network and load first, then at the followers of what it leads.";
    let brokers: Vec<&PeerSeen> = case.evidence.brokers.iter().map(|of| &of.seen).collect();
    slow_among(&brokers, usual).tell(advice, found);
}

#[cfg(test)]
mod tests {
    use super::{BrokerSeen, LeadersSeen, brokers_seen};
    use crate::link::Leaders;
    use crate::measure::tally::Tally;
    use crate::plan::samples::{demand, stream, topics};
    use crate::plan::{Pace, StreamDemand};
    use crate::units::{Nanos, Rate};

    fn led(by_topic: &[(&str, &[i32])]) -> Leaders {
        let address = |id: i32| (id, format!("b{id}:9092"));
        let topic = |(name, leaders): &(&str, &[i32])| ((*name).to_owned(), leaders.to_vec());
        Leaders {
            brokers: (1..=3).map(address).collect(),
            topics: by_topic.iter().map(topic).collect(),
        }
    }

    #[test]
    fn partitions_of_one_leader_are_told_together() {
        let mut asked = stream(1);
        asked.topics = topics(2, 3);
        let demand = demand(asked);
        let mut tally = Tally::new(&demand);
        // Of the second topic's partitions the last has nothing, and the first nobody leads.
        for (place, millis) in [(0, 1), (1, 40), (2, 1), (3, 9), (4, 80)] {
            for _ in 0..100 {
                tally.streams[0].partitions.record(place, Some(Nanos::from_millis(millis)));
            }
        }
        let leaders = led(&[("topic-0", &[1, 2, 1]), ("topic-1", &[-1, 2, 3])]);
        let seen = brokers_seen(&demand, &tally, &leaders);
        let brief = |of: &BrokerSeen| (of.id, of.partitions, of.seen.acked);
        assert_eq!(seen.iter().map(brief).collect::<Vec<_>>(), [(1, 2, 200), (2, 2, 200)]);
        let near = |told: Nanos, millis: u64| {
            let (least, most) = (Nanos::from_millis(millis), Nanos(millis * 9 * 125_000));
            assert!(least <= told && told <= most, "{told}, not {millis} ms");
        };
        near(seen[0].seen.publish_p99, 1);
        near(seen[1].publish_p50, 40);
        near(seen[1].seen.publish_p99, 80);
        near(seen[1].publish_max, 80);
        assert_eq!(seen[1].seen.name, "broker 2 (b2:9092), which leads 2 partitions");
    }

    #[test]
    fn a_closed_loop_counts_where_it_is_not_beside_a_paced_stream() {
        let acked = |first: Pace, second: Pace| {
            let of = |pace| StreamDemand { pace, topics: topics(1, 1), ..stream(1) };
            let mut demand = demand(of(first));
            demand.streams.push(of(second));
            let mut tally = Tally::new(&demand);
            for (index, count) in [(0, 10), (1, 3)] {
                let partitions = &mut tally.streams[index].partitions;
                (0..count).for_each(|_| partitions.record(0, Some(Nanos::from_millis(1))));
            }
            brokers_seen(&demand, &tally, &led(&[("topic-0", &[1])]))[0].seen.acked
        };
        let paced = || Pace::At(Rate::per_second(1).expect("it is one"));
        assert_eq!(acked(paced(), paced()), 13);
        assert_eq!(acked(paced(), Pace::Max { in_flight: None }), 10);
        assert_eq!(acked(Pace::Max { in_flight: None }, Pace::Max { in_flight: None }), 13);
    }

    #[test]
    fn a_partition_has_moved_when_another_broker_leads_it() {
        let check = |before: &[(&str, &[i32])], after: &[(&str, &[i32])], moved: u64| {
            assert_eq!(
                LeadersSeen::of(&led(before), led(after)).moved,
                moved,
                "{before:?} {after:?}"
            );
        };
        check(&[("a", &[1, 2, 3])], &[("a", &[1, 2, 3])], 0);
        check(&[("a", &[1, 2, 3]), ("b", &[1])], &[("a", &[2, 2, -1]), ("b", &[3])], 3);
        // Who led it before is not known.
        check(&[("a", &[-1])], &[("a", &[1]), ("b", &[1])], 0);
    }
}
