//! How many produce requests a load asks of each client, and whether one client sends so many.
//!
//! librdkafka puts the messages of one partition into a request (2.12.1, `rdkafka_msgset_writer.c:452`),
//! and a batch waits for no longer than the linger: what is spread over many partitions asks for as many
//! requests in each linger, or for one with each message where there are fewer of these.

use super::demand::{Demand, Partitioner, StreamDemand};
use super::placement::{LanePlan, LaneWork};
use crate::units::{NANOS_PER_SECOND, Nanos};

/// Produce requests of one client that a broker answers in a second, about: it takes those of a connection
/// one after the other, at a fifth of a millisecond each.
const SENDS: u64 = 5_000;

/// Where the partitions are so few that a batch waits no longer than this when the client does nothing
/// but send, batches that fill meanwhile bring the requests down by themselves.
const WAIT_LEAST: Nanos = Nanos::from_millis(10);

/// What is asked of one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Asked {
    /// Requests per second.
    requests: u64,
    /// Partitions that have messages at the same time.
    partitions: u64,
    /// Messages per second, where it is most.
    messages: u64,
}

/// Says so where a client is asked for more requests than one sends; of several the one with most.
pub(super) fn remark(demand: &Demand, lanes: &[LanePlan]) -> Option<String> {
    let linger = demand.clients.linger();
    let most = lanes.iter().filter_map(|lane| of_lane(demand, lane)).max()?;
    let Asked { requests, partitions, messages } = most;
    let wait = Nanos(partitions.saturating_mul(NANOS_PER_SECOND / SENDS));
    (SENDS < requests && WAIT_LEAST < wait).then(|| {
        format!(
            "a client is asked for {requests} produce requests/s ({messages} messages/s to {partitions} \
             partitions, for each a request every {linger}, linger.ms), and one sends about {SENDS}: batches \
             will wait {wait} and more for the client itself; use a longer linger, a lower rate, fewer \
             topics or partitions, or more --clients on more cores"
        )
    })
}

/// The client of a lane that is asked for most; in a closed loop batches fill while the client is busy.
fn of_lane(demand: &Demand, lane: &LanePlan) -> Option<Asked> {
    let LaneWork::Produce { stream, clients } = &lane.work else { return None };
    let stream = &demand.streams[*stream];
    let rate = stream.pace.peak()?;
    clients.iter().map(|client| of_client(demand, (stream, rate), &client.producers)).max()
}

fn of_client(demand: &Demand, (stream, rate): (&StreamDemand, u64), producers: &[u64]) -> Asked {
    let topics = stream.topics.len();
    let mut used = vec![false; topics];
    for producer in producers {
        used[usize::try_from(*producer).expect("producers fit in memory") % topics] = true;
    }
    // A sticky producer fills a batch of one partition before it goes to the next.
    let at_once = |partitions: u32| match stream.partitioner {
        Partitioner::RoundRobin => u64::from(partitions),
        Partitioner::Sticky { .. } => 1,
    };
    let used = stream.topics.iter().zip(used).filter(|(_, is_used)| *is_used);
    let partitions = used.map(|(topic, _)| at_once(topic.partitions)).sum();
    let own = u128::try_from(producers.len()).unwrap_or(u128::MAX);
    let share = u128::from(rate) * own / u128::from(stream.producers().max(1));
    let messages = u64::try_from(share).expect("a part is not more than the whole");
    let of_linger = by_linger(partitions, demand.clients.linger().0);
    let requests = of_linger.map_or(messages, |of_linger| messages.min(of_linger));
    Asked { requests, partitions, messages }
}

/// One request for each partition in each linger; `None` without a linger.
fn by_linger(partitions: u64, linger_ns: u64) -> Option<u64> {
    let all = u128::from(partitions) * u128::from(NANOS_PER_SECOND);
    all.checked_div(u128::from(linger_ns)).map(|all| u64::try_from(all).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::{Partitioner, SENDS};
    use crate::plan::samples;
    use crate::plan::{ClientCount, Plan, StreamDemand, Wishes};
    use crate::units::Bytes;

    /// What a plan says of requests, for a stream with this linger.
    fn told(stream: StreamDemand, linger_ms: &str, clients: ClientCount) -> Option<String> {
        let mut demand = samples::demand(stream);
        demand.clients.producer.push(("linger.ms".to_owned(), linger_ms.to_owned()));
        let wishes = Wishes { clients, ..Wishes::default() };
        let plan = Plan::new(demand, &samples::machine(8), &wishes).expect("nothing impossible");
        plan.remarks.into_iter().find(|words| words.contains("produce requests/s"))
    }

    fn stream(rate: u64, topics: u32, partitions: u32) -> StreamDemand {
        StreamDemand { topics: samples::topics(topics, partitions), ..samples::stream(rate) }
    }

    #[test]
    fn more_requests_than_a_client_sends_are_told_with_what_asks_for_them() {
        let one = ClientCount::Number(1);
        let words = told(stream(50_000, 10_000, 1), "5", one).expect("too many");
        let parts =
            ["for 50000 produce requests/s", "50000 messages/s to 10000", "every 5ms", "wait 2s"];
        for part in parts {
            assert!(words.contains(part), "{part}: {words}");
        }
        let check = |stream: StreamDemand, linger: &str, is_told: bool| {
            let remark = told(stream, linger, one);
            assert_eq!(remark.is_some(), is_told, "{remark:?}");
        };
        check(stream(SENDS, 10_000, 1), "5", false);
        check(stream(SENDS + 1, 10_000, 1), "5", true);
        check(stream(SENDS + 1, 10, 1_000), "5", true);
        // A batch for each of few partitions holds many.
        check(stream(50_000, 50, 1), "5", false);
        check(stream(50_000, 51, 1), "5", true);
        check(stream(50_000, 51, 1), "0", true);
        check(stream(50_000, 1, 4), "0", false);
        check(stream(50_000, 10_000, 1), "2000", false);
    }

    #[test]
    fn what_is_dealt_to_more_clients_asks_less_of_each() {
        let of = |clients| told(stream(5 * SENDS, 10_000, 1), "5", clients).is_some();
        assert_eq!([of(ClientCount::Number(4)), of(ClientCount::Number(5))], [true, false]);
    }

    #[test]
    fn a_sticky_producer_has_one_partition_of_a_topic_at_once() {
        let sticky = Partitioner::Sticky { batch: Bytes(16_384) };
        let of = |partitioner| {
            let one = StreamDemand { partitioner, ..stream(50_000, 1, 1_000) };
            told(one, "5", ClientCount::Shared).is_some()
        };
        assert_eq!([of(Partitioner::RoundRobin), of(sticky)], [true, false]);
    }
}
