//! What the clients said of themselves: librdkafka's own statistics, and the publish latency in parts.
//!
//! Sums, counts, means and the largest values: librdkafka's percentiles of several windows or clients
//! cannot be merged, so there are none.

use super::number::{ratio, thousandth};
use engine::link::Mean;
use engine::measure::{ClientTallies, ClientTally, Phase, PublishParts};
use engine::plan::Plan;
use engine::run::Outcome;
use serde::{Deserialize, Serialize};

/// The clients over the measured phase and its drain.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Client {
    /// Those that send; null when none spoke in the measured phase.
    pub producers: Option<Side>,
    /// Those that read; null when none spoke in the measured phase.
    pub consumers: Option<Side>,
    /// The mean publish latency in parts; null in a closed loop, with `acks=0`, and where no client
    /// told its waits.
    pub publish_parts: Option<Parts>,
    /// Bytes of bodies for each byte of the batches in which they travelled, these as producers told
    /// them: what compressing saved beyond what framing, keys and headers took. Null where nothing was
    /// acked or no batch was told.
    pub compression_ratio: Option<f64>,
    /// Statistics that nobody had room for: in none of these figures.
    pub dropped: u64,
    /// Statistics that nobody understood: in none of these figures.
    pub unreadable: u64,
}

/// The clients in one second; null where none spoke in it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ClientSecond {
    /// Those that send.
    pub producers: Option<Side>,
    /// Those that read.
    pub consumers: Option<Side>,
}

/// What the clients of one role said.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Side {
    /// How often one of them spoke.
    pub samples: u64,
    /// Requests written, of all kinds.
    pub requests: u64,
    /// Bytes written.
    pub bytes_sent: u64,
    /// Bytes read.
    pub bytes_received: u64,
    /// Requests repeated as a whole.
    pub retries: u64,
    /// Messages sent again in new requests, at least.
    pub messages_resent: u64,
    /// Requests not answered in time.
    pub timeouts: u64,
    /// Failed writes and reads.
    pub errors: u64,
    /// Attempts to connect, those on the way to the start line apart.
    pub connects: u64,
    /// Connections that ended.
    pub disconnects: u64,
    /// Messages of a batch: sent, or fetched.
    pub batch_messages_mean: Option<f64>,
    /// The most messages of a batch.
    pub batch_messages_max: Option<u64>,
    /// Bytes of a batch.
    pub batch_bytes_mean: Option<f64>,
    /// The most bytes of a batch.
    pub batch_bytes_max: Option<u64>,
    /// By message: from our call to its place in a request; null for consumers.
    pub queue_wait_mean_us: Option<f64>,
    /// The longest.
    pub queue_wait_max_us: Option<u64>,
    /// By request: from there to the socket.
    pub transmit_wait_mean_us: Option<f64>,
    /// The longest.
    pub transmit_wait_max_us: Option<u64>,
    /// By request of any kind: from there to the answer. A fetch waits at the broker for messages.
    pub round_trip_mean_us: Option<f64>,
    /// The shortest of them.
    pub round_trip_min_us: Option<u64>,
    /// The longest.
    pub round_trip_max_us: Option<u64>,
    /// Answers by which a broker throttled a client.
    pub throttled: u64,
    /// For how long, by such an answer.
    pub throttle_mean_ms: Option<f64>,
    /// The longest.
    pub throttle_max_ms: Option<u64>,
    /// The most requests to one broker that were seen unanswered.
    pub in_flight_max: u64,
    /// How many a client allows of these.
    pub in_flight_allowed: u64,
    /// Looks at a broker: one for each with which a client had to do since it last spoke.
    pub looks: u64,
    /// Looks that found as many unanswered as the client allows.
    pub looks_at_cap: u64,
    /// The most requests to one broker that were seen waiting for the socket.
    pub requests_waiting_max: u64,
    /// The most messages that one client was seen to hold.
    pub messages_held_max: u64,
}

/// The mean publish latency (due → acked) of the measured phase, in parts that add up, each a mean
/// over messages.
///
/// Publish and send delay are of all acked messages, queue and broker of those in the statistics'
/// windows; what is known by request is weighted by its messages. Rest is what is left.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Parts {
    /// The whole: due → acked.
    pub publish_mean_us: f64,
    /// Due → sent.
    pub send_delay_mean_us: f64,
    /// Sent → written to the socket.
    pub queue_mean_us: f64,
    /// Written → answered.
    pub broker_mean_us: f64,
    /// In none of them: our call, compressing, taking the answer apart, hearing of it. Below zero where
    /// parts overlap.
    pub rest_mean_us: f64,
    /// Rest ÷ publish.
    pub rest_share: f64,
    /// Messages whose waits the clients told.
    pub messages: u64,
}

impl Client {
    /// `None` where no client ever spoke.
    pub(super) fn of(plan: &Plan, outcome: &Outcome) -> Option<Self> {
        let stats = outcome.client.as_ref()?;
        Some(Self {
            producers: Side::of(&stats.measured.producers),
            consumers: Side::of(&stats.measured.consumers),
            publish_parts: PublishParts::of(plan, &outcome.tally, stats).map(|of| Parts::of(&of)),
            compression_ratio: compression(outcome, &stats.measured.producers),
            dropped: stats.dropped,
            unreadable: stats.unreadable,
        })
    }
}

fn compression(outcome: &Outcome, producers: &ClientTally) -> Option<f64> {
    let acked = outcome.tally.total(Phase::Measured).acked;
    let body = ratio(acked.bytes, acked.messages)?;
    let batch = ratio(producers.batch_bytes.sum, producers.batch_messages.sum)?;
    (0.0 < batch).then(|| thousandth(body / batch))
}

impl ClientSecond {
    pub(super) fn of(said: &ClientTallies) -> Self {
        Self { producers: Side::of(&said.producers), consumers: Side::of(&said.consumers) }
    }
}

impl Side {
    /// `None` where none of them spoke.
    fn of(said: &ClientTally) -> Option<Self> {
        let mean = |of: &Mean| of.value().map(thousandth);
        let max = |of: &Mean| (0 < of.count).then_some(of.max);
        (0 < said.samples).then(|| Self {
            samples: said.samples,
            requests: said.done.requests,
            bytes_sent: said.done.bytes_sent,
            bytes_received: said.done.bytes_received,
            retries: said.done.retries,
            messages_resent: said.resent,
            timeouts: said.done.timeouts,
            errors: said.done.errors,
            connects: said.done.connects,
            disconnects: said.done.disconnects,
            batch_messages_mean: mean(&said.batch_messages),
            batch_messages_max: max(&said.batch_messages),
            batch_bytes_mean: mean(&said.batch_bytes),
            batch_bytes_max: max(&said.batch_bytes),
            queue_wait_mean_us: mean(&said.queue_wait),
            queue_wait_max_us: max(&said.queue_wait),
            transmit_wait_mean_us: mean(&said.transmit_wait),
            transmit_wait_max_us: max(&said.transmit_wait),
            round_trip_mean_us: mean(&said.round_trip),
            round_trip_min_us: said.round_trip_min,
            round_trip_max_us: max(&said.round_trip),
            throttled: said.throttle_ms.count,
            throttle_mean_ms: mean(&said.throttle_ms),
            throttle_max_ms: max(&said.throttle_ms),
            in_flight_max: said.in_flight_max,
            in_flight_allowed: said.max_in_flight,
            looks: said.looks,
            looks_at_cap: said.looks_at_cap,
            requests_waiting_max: said.waiting_max,
            messages_held_max: said.queued_max,
        })
    }
}

impl Parts {
    fn of(parts: &PublishParts) -> Self {
        let micros = |nanos: f64| thousandth(nanos / 1e3);
        Self {
            publish_mean_us: micros(parts.publish),
            send_delay_mean_us: micros(parts.send_delay),
            queue_mean_us: micros(parts.queue),
            broker_mean_us: micros(parts.broker),
            rest_mean_us: micros(parts.rest()),
            rest_share: thousandth(parts.rest_share()),
            messages: parts.messages,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::report::fixture::{self, Made};

    #[test]
    fn the_parts_add_up_to_the_latencys_own_mean() {
        let report = fixture::report(&Made::troubled());
        let client = report.client.expect("its clients spoke");
        let parts = client.publish_parts.expect("they told their waits");
        let sum = parts.send_delay_mean_us
            + parts.queue_mean_us
            + parts.broker_mean_us
            + parts.rest_mean_us;
        assert!((sum - parts.publish_mean_us).abs() < 0.01, "{parts:?}");
        let publish = report.latency.publish.and_then(|block| block.mean_us).expect("acked");
        assert!((publish - parts.publish_mean_us).abs() < 0.01, "{publish}, {parts:?}");
        let share = parts.rest_mean_us / parts.publish_mean_us;
        assert!((share - parts.rest_share).abs() < 0.001, "{parts:?}");
    }

    #[test]
    fn bodies_are_held_against_the_batches_that_carried_them() {
        let mut made = Made::troubled();
        let ratio = |of: &Made| fixture::report(of).client.expect("told").compression_ratio;
        // 300 of 200,000 failed, and their bytes are among those acked: 100.15 bytes each.
        assert_eq!(ratio(&made), Some(0.91), "of 110 that travelled");
        let batches = |of: &mut Made, share: u64| {
            let stats = of.outcome.client.as_mut().expect("its clients spoke");
            let bytes = &mut stats.measured.producers.batch_bytes.sum;
            *bytes = bytes.checked_div(share).unwrap_or(0);
        };
        batches(&mut made, 4);
        assert_eq!(ratio(&made), Some(3.642), "a quarter travelled");
        batches(&mut made, 0);
        assert_eq!(ratio(&made), None, "nobody told");
    }

    #[test]
    fn a_role_that_said_nothing_is_null() {
        let mut made = Made::troubled();
        let stats = made.outcome.client.as_mut().expect("its clients spoke");
        stats.measured.consumers = engine::measure::ClientTally::default();
        let report = fixture::report(&made);
        let client = report.client.expect("its producers spoke");
        assert!(client.consumers.is_none() && client.producers.is_some(), "{client:?}");
        made.outcome.client = None;
        assert!(fixture::report(&made).client.is_none(), "nobody spoke");
    }
}
