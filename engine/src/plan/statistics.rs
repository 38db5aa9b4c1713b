//! How often clients say how they are: the more they have to say, the less often.

use super::clients::{ConsumerClient, GroupPlan, ProducerClient};
use super::demand::{ClientSettings, Demand, StreamDemand};
use super::placement::{LanePlan, LaneWork, Role};
use crate::units::Nanos;

/// librdkafka's property.
const PROPERTY: &str = "statistics.interval.ms";

/// A client writes about 4 KB of itself and of a broker, as much as of four topics and partitions.
const OWN: u64 = 4;

/// How often a client may speak that has so many topics and partitions at most, where all clients of
/// its role together have so many. Measured with four partitions a topic (2 cores, AMD EPYC, KVM): one
/// topic or partition takes 0.9 KB of text, 2 us of the client's main thread to write, and some 10 more
/// for a topic that was sent to, whose percentiles are looked up; 0.7 us to read. A topic keeps about
/// 20 KB of histograms meanwhile.
const STEPS: [Step; 2] = [
    // A megabyte from each client: below a hundredth of a core.
    Step { every: Nanos::from_secs(1), of_one: 1_000, of_all: 10_000 },
    // Half of one; 50 MB of histograms where each topic has one partition.
    Step { every: Nanos::from_secs(10), of_one: 5_000, of_all: 100_000 },
];

struct Step {
    every: Nanos,
    of_one: u64,
    of_all: u64,
}

/// How often the clients of each role say how they are; `None` for never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatisticsPlan {
    /// Those that send.
    pub producer: Option<Nanos>,
    /// Those that read.
    pub consumer: Option<Nanos>,
}

/// Topics and partitions that clients of one role write about.
#[derive(Clone, Copy, Default)]
struct Volume {
    of_one: u64,
    of_all: u64,
}

impl Volume {
    fn include(&mut self, client: u64) {
        self.of_one = self.of_one.max(client);
        self.of_all += client + OWN;
    }

    fn step(self) -> Option<&'static Step> {
        STEPS.iter().find(|step| self.of_one <= step.of_one && self.of_all <= step.of_all)
    }
}

/// Decides it where the user did not, tells the clients, and remarks on what is less than each second.
pub(super) fn settle(
    demand: &mut Demand,
    groups: &[GroupPlan],
    lanes: &[LanePlan],
    remarks: &mut Vec<String>,
) -> StatisticsPlan {
    let [producers, consumers] = volumes(demand, groups, lanes);
    let ClientSettings { producer, consumer, .. } = &mut demand.clients;
    StatisticsPlan {
        producer: settle_role(Role::Producer, producer, producers, remarks),
        consumer: settle_role(Role::Consumer, consumer, consumers, remarks),
    }
}

fn settle_role(
    role: Role,
    settings: &mut Vec<(String, String)>,
    volume: Volume,
    remarks: &mut Vec<String>,
) -> Option<Nanos> {
    if let Some((_, written)) = settings.iter().rev().find(|(name, _)| name == PROPERTY) {
        let millis = written.parse().expect("properties are checked before they are here");
        return (0 < millis).then(|| Nanos::from_millis(millis));
    }
    let every = volume.step().map(|step| step.every);
    let millis = every.map_or(0, |every| every.duration().as_millis());
    settings.push((PROPERTY.to_owned(), millis.to_string()));
    let why = format!(
        "one client's have {} topics and partitions, all clients' {}",
        volume.of_one, volume.of_all
    );
    match every {
        Some(every) if every == STEPS[0].every => {}
        Some(every) => remarks.push(format!(
            "{role} clients write their statistics every {every} instead of every {}: {why}",
            STEPS[0].every
        )),
        None => remarks.push(format!(
            "{role} clients write no statistics: {why}; --set driver.{role}Config.{PROPERTY}=10000 \
             has them all the same"
        )),
    }
    every
}

/// What producing and what consuming clients write about.
fn volumes(demand: &Demand, groups: &[GroupPlan], lanes: &[LanePlan]) -> [Volume; 2] {
    let [mut producers, mut consumers] = [Volume::default(); 2];
    for lane in lanes {
        match &lane.work {
            LaneWork::Produce { stream, clients } => {
                let stream = &demand.streams[*stream];
                clients.iter().for_each(|client| producers.include(sent_to(stream, client)));
            }
            LaneWork::Consume { clients } => {
                let of = |client: &ConsumerClient| read_from(demand, &groups[client.group]);
                clients.iter().for_each(|client| consumers.include(of(client)));
            }
        }
    }
    [producers, consumers]
}

/// Producer *p* of a stream sends to its topic *p* mod topics.
fn sent_to(stream: &StreamDemand, client: &ProducerClient) -> u64 {
    let topics = stream.topics.len();
    let mut used = vec![false; topics];
    for producer in &client.producers {
        used[usize::try_from(*producer).expect("producers fit in memory") % topics] = true;
    }
    let used = stream.topics.iter().zip(used).filter(|(_, is_used)| *is_used);
    used.map(|(topic, _)| 1 + u64::from(topic.partitions)).sum()
}

/// A member may come to hold any topic of its group.
fn read_from(demand: &Demand, group: &GroupPlan) -> u64 {
    u64::from(group.topics.end - group.topics.start)
        + group.partitions(&demand.streams[group.stream])
}

#[cfg(test)]
mod tests {
    use super::{PROPERTY, StatisticsPlan};
    use crate::plan::samples;
    use crate::plan::{ClientCount, Demand, Plan, StreamDemand, Wishes};
    use crate::units::Nanos;

    fn demand(topics: u32, partitions: u32) -> Demand {
        let topics = samples::topics(topics, partitions);
        samples::demand(StreamDemand { topics, ..samples::stream(1_000) })
    }

    fn plan(demand: Demand, clients: ClientCount) -> Plan {
        let wishes = Wishes { clients, ..Wishes::default() };
        Plan::new(demand, &samples::machine(8), &wishes).expect("nothing is wished that cannot be")
    }

    /// What clients of a role are told.
    fn told(settings: &[(String, String)]) -> Option<&str> {
        let found = settings.iter().find(|(name, _)| name == PROPERTY);
        found.map(|(_, value)| value.as_str())
    }

    #[test]
    fn clients_speak_every_second_every_ten_or_never_by_their_topics_and_partitions() {
        let check = |topics: u32, partitions: u32, seconds: Option<u64>, remark: &str| {
            let plan = plan(demand(topics, partitions), ClientCount::Number(1));
            let every = seconds.map(Nanos::from_secs);
            let expected = StatisticsPlan { producer: every, consumer: every };
            assert_eq!(plan.statistics, expected, "{topics} × {partitions}");
            let millis = (seconds.unwrap_or(0) * 1_000).to_string();
            let clients = &plan.demand.clients;
            let all = [told(&clients.producer), told(&clients.consumer), told(&clients.admin)];
            assert_eq!(all, [Some(&*millis), Some(&*millis), None], "{topics} × {partitions}");
            let about = plan.remarks.iter().filter(|words| words.contains("statistics"));
            let about: Vec<&String> = about.collect();
            if remark.is_empty() {
                assert!(about.is_empty(), "nothing to say: {about:?}");
            } else {
                assert_eq!(about.len(), 2, "both roles: {about:?}");
                assert!(about.iter().all(|words| words.contains(remark)), "{remark}: {about:?}");
            }
        };
        check(1, 4, Some(1), "");
        check(50, 4, Some(1), "");
        check(1, 999, Some(1), "");
        check(1, 1_000, Some(10), "every 10s instead of every 1s: one client's have 1001 topics");
        check(1_000, 4, Some(10), "one client's have 5000 topics and partitions");
        check(1_000, 5, None, "Config.statistics.interval.ms=10000 has them all the same");
    }

    #[test]
    fn many_small_clients_speak_less_often_than_few() {
        let of = |topics: u32| {
            let plan = plan(demand(topics, 1), ClientCount::Each);
            plan.statistics.producer.map(|every| every.duration().as_secs())
        };
        // Each has a topic, a partition and what it writes of itself.
        assert_eq!((of(1_666), of(1_667)), (Some(1), Some(10)), "10,000 in all");
        assert_eq!((of(16_666), of(16_667)), (Some(10), None), "100,000 in all");
    }

    #[test]
    fn a_client_that_sends_to_some_topics_writes_about_those() {
        let stream = StreamDemand { producers_per_topic: 3, ..demand(800, 1).streams[0].clone() };
        let one = plan(samples::demand(stream.clone()), ClientCount::Number(1));
        assert_eq!(one.statistics.producer, Some(Nanos::from_secs(10)), "all 800 in one client");
        let dealt = plan(samples::demand(stream), ClientCount::Number(4));
        assert_eq!(dealt.statistics.producer, Some(Nanos::from_secs(1)), "200 each");
    }

    #[test]
    fn what_the_user_wrote_stands_and_zero_means_never() {
        let check = |value: &str, expected: Option<Nanos>| {
            let mut demand = demand(2_000, 4);
            demand.clients.producer.push((PROPERTY.to_owned(), value.to_owned()));
            let plan = plan(demand, ClientCount::Shared);
            assert_eq!(plan.statistics.producer, expected, "{value}");
            let told = plan.demand.clients.producer.iter().filter(|(name, _)| name == PROPERTY);
            assert_eq!(told.count(), 1, "{value}: told once");
            let about = plan.remarks.iter().filter(|words| words.starts_with("producer clients"));
            assert_eq!(about.count(), 0, "{value}: they know it");
        };
        check("250", Some(Nanos::from_millis(250)));
        check("0", None);
    }
}
