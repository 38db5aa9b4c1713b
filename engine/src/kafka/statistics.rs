//! librdkafka's own statistics: an event on the lane, parsed by whoever reads it.
//!
//! Parsing looks only at what is kept. The text holds much more: 0.7 KB for every partition.

use super::native::{Event, Handle};
use crate::link::{BrokerSample, ClientSample, Counters, Mean, Statistics};
use crate::plan::Role;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

/// Statistics as the client's queue holds them. The event is moved, so that a lane copies nothing.
#[derive(Debug)]
pub(super) struct KafkaStatistics {
    event: Event,
    own: Own,
}

/// What we know of a client and its statistics do not say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Own {
    /// Requests to one broker that it leaves unanswered at most.
    pub(super) max_in_flight: u64,
    /// Messages that it took from us. Its own count leaves out what is handed over together
    /// (librdkafka 2.12.1, `rd_kafka_produce_batch` does not touch `producer_enq_msgs`).
    pub(super) taken: u64,
}

impl KafkaStatistics {
    pub(super) fn boxed(event: Event, own: Own) -> Box<dyn Statistics> {
        Box::new(Self { event, own })
    }
}

impl Statistics for KafkaStatistics {
    fn read(&self) -> Result<ClientSample, String> {
        parse(self.event.statistics(), self.own)
    }
}

/// How many requests to one broker a client leaves unanswered at most, by its own word: idempotence
/// lowers it without a trace in the properties that were set.
pub(super) fn max_in_flight(client: Handle) -> u64 {
    let said = client.property("max.in.flight").and_then(|text| text.parse().ok());
    said.expect("every client has this property, and it is a number")
}

fn parse(json: &[u8], own: Own) -> Result<ClientSample, String> {
    let Client { role, msg_cnt, txmsgs, brokers, topics } =
        serde_json::from_slice(json).map_err(|error| error.to_string())?;
    let mut sample = ClientSample {
        role: match role {
            Kind::Producer => Role::Producer,
            Kind::Consumer => Role::Consumer,
        },
        counters: Counters { handed_over: gauge(txmsgs), taken: own.taken, ..Counters::default() },
        batch_messages: Mean::default(),
        batch_bytes: Mean::default(),
        queued: gauge(msg_cnt),
        max_in_flight: own.max_in_flight,
        brokers: Vec::with_capacity(brokers.len()),
    };
    for (name, broker) in brokers {
        count_broker(&mut sample.counters, &broker);
        sample.brokers.push(BrokerSample {
            name,
            in_flight: gauge(broker.waitresp_cnt),
            waiting: gauge(broker.outbuf_cnt),
            queue_wait: broker.int_latency.mean(),
            transmit_wait: broker.outbuf_latency.mean(),
            round_trip: broker.rtt.mean(),
            round_trip_min: broker.rtt.least(),
            throttle_ms: broker.throttle.mean(),
        });
    }
    for topic in topics.0 {
        sample.batch_messages.merge(&topic.batchcnt.mean());
        sample.batch_bytes.merge(&topic.batchsize.mean());
    }
    Ok(sample)
}

fn count_broker(counters: &mut Counters, broker: &Broker) {
    counters.requests += gauge(broker.tx);
    counters.bytes_sent += gauge(broker.txbytes);
    counters.bytes_received += gauge(broker.rxbytes);
    counters.retries += gauge(broker.txretries);
    counters.timeouts += gauge(broker.req_timeouts);
    counters.errors += gauge(broker.txerrs) + gauge(broker.rxerrs);
    counters.connects += gauge(broker.connects);
    counters.disconnects += gauge(broker.disconnects);
}

/// A count that several threads write can be seen below zero for a moment.
fn gauge(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

// The names of what follows are those of STATISTICS.md.

#[derive(serde::Deserialize)]
struct Client {
    #[serde(rename = "type")]
    role: Kind,
    msg_cnt: i64,
    txmsgs: i64,
    brokers: BTreeMap<String, Broker>,
    topics: Values<Topic>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Producer,
    Consumer,
}

#[derive(serde::Deserialize)]
struct Broker {
    outbuf_cnt: i64,
    waitresp_cnt: i64,
    tx: i64,
    txbytes: i64,
    txerrs: i64,
    txretries: i64,
    req_timeouts: i64,
    rxbytes: i64,
    rxerrs: i64,
    connects: i64,
    disconnects: i64,
    int_latency: Window,
    outbuf_latency: Window,
    rtt: Window,
    throttle: Window,
}

#[derive(serde::Deserialize)]
struct Topic {
    batchsize: Window,
    batchcnt: Window,
}

/// Values since the client last spoke. Their percentiles are left aside: those of several windows
/// cannot be merged.
#[derive(serde::Deserialize)]
struct Window {
    min: i64,
    max: i64,
    sum: i64,
    cnt: i64,
}

impl Window {
    /// No time is below zero: with `message.timeout.ms=0` librdkafka takes the wait in the queue from
    /// a message's time-out, which is then the end of time (2.12.1, `rdkafka_msgset_writer.c:830`).
    /// Such a window says nothing.
    fn mean(&self) -> Mean {
        if self.min < 0 || self.sum < 0 {
            return Mean::default();
        }
        Mean { count: gauge(self.cnt), sum: gauge(self.sum), max: gauge(self.max) }
    }

    /// The least value, where there was one.
    fn least(&self) -> Option<u64> {
        (0 < self.cnt && 0 <= self.min).then(|| gauge(self.min))
    }
}

/// What an object's fields hold. Their names stand in the values too, so they need no memory of their
/// own.
struct Values<T>(Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Values<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields(PhantomData))
    }
}

struct Fields<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
    type Value = Values<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Values<T>, A::Error> {
        let mut values = Vec::new();
        while let Some((_, value)) = map.next_entry::<IgnoredAny, T>()? {
            values.push(value);
        }
        Ok(Values(values))
    }
}

#[cfg(test)]
mod tests {
    use super::{Own, parse};
    use crate::link::{ClientSample, Counters, Mean};
    use crate::plan::Role;

    /// What a producer wrote after a second of 10,000 messages, as far as it matters here, and a
    /// second broker made up beside the first.
    const PRODUCER: &str = include_str!("statistics_producer.json");

    /// A reader of the same messages.
    const CONSUMER: &str = include_str!("statistics_consumer.json");

    const OWN: Own = Own { max_in_flight: 5, taken: 9_955 };

    fn read(json: &str) -> ClientSample {
        parse(json.as_bytes(), OWN).expect("it is as a client writes it")
    }

    fn mean(count: u64, sum: u64, max: u64) -> Mean {
        Mean { count, sum, max }
    }

    #[test]
    fn a_producers_statistics_are_read_as_it_wrote_them() {
        let sample = read(PRODUCER);
        assert_eq!(
            (sample.role, sample.queued, sample.max_in_flight),
            (Role::Producer, 12, 5),
            "own"
        );
        let expected = Counters {
            requests: 412 + 30,
            bytes_sent: 1_300_000 + 2_000,
            bytes_received: 25_000 + 900,
            retries: 2 + 1,
            handed_over: 10_000,
            taken: 9_955,
            timeouts: 1,
            errors: 3 + 4 + 5,
            connects: 1 + 2,
            disconnects: 1,
        };
        assert_eq!(sample.counters, expected, "both brokers together");
        assert_eq!(sample.batch_messages, mean(407 + 20, 9_800 + 200, 64), "both topics");
        assert_eq!(sample.batch_bytes, mean(407 + 20, 1_250_000 + 30_000, 8_200), "both topics");
        let [one, two] = &sample.brokers[..] else { panic!("two brokers: {sample:?}") };
        assert_eq!(
            (one.name.as_str(), two.name.as_str()),
            ("127.0.0.1:9092/1", "127.0.0.1:9093/2"),
            "names"
        );
        assert_eq!((one.in_flight, one.waiting), (3, 2), "at the moment");
        assert_eq!(one.queue_wait, mean(9_800, 5_880_000, 2_100), "by message");
        assert_eq!(one.transmit_wait, mean(410, 20_500, 400), "by request");
        assert_eq!(one.round_trip, mean(409, 818_000, 9_000), "by request");
        assert_eq!(two.throttle_ms, mean(2, 30, 20), "by throttled answer");
    }

    #[test]
    fn a_consumers_batches_are_those_it_fetched() {
        let sample = read(CONSUMER);
        assert_eq!((sample.role, sample.brokers.len()), (Role::Consumer, 1), "what it is");
        assert_eq!(sample.batch_messages, mean(400, 10_000, 50), "fetched");
        assert_eq!(sample.brokers[0].queue_wait, Mean::default(), "it sends nothing");
    }

    #[test]
    fn a_wait_without_a_time_out_is_no_wait() {
        let odd = PRODUCER.replace(r#""min":86,"#, r#""min":-9223367000000000000,"#);
        assert_ne!(odd, PRODUCER, "it is changed");
        assert_eq!(read(&odd).brokers[0].queue_wait, Mean::default(), "left out");
        assert_eq!(read(&odd).brokers[0].round_trip, mean(409, 818_000, 9_000), "the rest stays");
    }

    #[test]
    fn what_cannot_be_read_is_an_error_that_says_where() {
        let check = |json: &str, words: &str| {
            let error = parse(json.as_bytes(), OWN).expect_err("it is broken");
            assert!(error.contains(words), "{json:.40}: {error}");
        };
        check("", "EOF");
        check(r#"{ "type": "mirror" }"#, "mirror");
        check(&PRODUCER.replace("waitresp_cnt", "renamed"), "waitresp_cnt");
        check(&PRODUCER[..PRODUCER.len() / 2], "EOF");
    }
}
