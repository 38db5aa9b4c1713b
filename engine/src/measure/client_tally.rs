//! What clients said of themselves, merged: over clients, over seconds, over hosts.
//!
//! Kept are sums, counts and the largest values, which merge. librdkafka's percentiles do not, so
//! they are not kept.

use crate::link::{ClientSample, Counters, Mean};
use crate::plan::Role;
use serde::{Deserialize, Serialize};

/// What the clients of one role said of some span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientTally {
    /// How often one of them spoke.
    pub samples: u64,
    /// What they did in that time.
    pub done: Counters,
    /// Messages sent again, at least: those put into requests beyond those taken. Messages that were
    /// waiting when a client spoke hide as many.
    pub resent: u64,
    /// Messages of a batch.
    pub batch_messages: Mean,
    /// Bytes of a batch.
    pub batch_bytes: Mean,
    /// By message, microseconds: from our call to its place in a request.
    pub queue_wait: Mean,
    /// By request, microseconds: from there to the socket.
    pub transmit_wait: Mean,
    /// By request, microseconds: from there to the answer.
    pub round_trip: Mean,
    /// The shortest of these, microseconds; `None` where there was none.
    pub round_trip_min: Option<u64>,
    /// By answer that asked for it, milliseconds.
    pub throttle_ms: Mean,
    /// The most requests to one broker that were seen unanswered.
    pub in_flight_max: u64,
    /// The least that a client allows of these; 0 when none spoke.
    pub max_in_flight: u64,
    /// Looks at a broker: one for each with which a client had to do since it last spoke.
    pub looks: u64,
    /// Looks that found as many requests unanswered as the client allows: it holds others back.
    pub looks_at_cap: u64,
    /// The most requests to one broker that were seen waiting for the socket.
    pub waiting_max: u64,
    /// The most messages that one client was seen to hold.
    pub queued_max: u64,
    /// The waits as messages met them.
    pub weighed: Weighed,
}

/// Waits by message, in nanoseconds: what is known by request counts as often as messages went.
///
/// A window's mean over a broker's requests stands for all messages that went to it in the window.
/// That is exact where requests are equally large, or their size does not go with how long they take;
/// where larger ones take longer it is too small, by the covariance of size and time ÷ the mean size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weighed {
    /// How many messages.
    pub messages: u64,
    /// From our call to their places in requests, all together.
    pub queue_wait: u128,
    /// From there to the socket.
    pub transmit_wait: u128,
    /// From there to the answer.
    pub round_trip: u128,
}

/// The clients of both roles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientTallies {
    /// Those that send.
    pub producers: ClientTally,
    /// Those that read.
    pub consumers: ClientTally,
}

/// What a run's clients said of themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientStats {
    /// Of the measured phase and its drain.
    pub measured: ClientTallies,
    /// Statistics that nobody had room for.
    pub dropped: u64,
    /// Statistics that nobody understood.
    pub unreadable: u64,
    /// What was wrong with the first of them.
    pub complaint: Option<String>,
}

impl ClientTally {
    /// What one client said of what it did since it last spoke.
    pub(super) fn of(sample: &ClientSample, done: Counters, resent: u64, weighed: Weighed) -> Self {
        let mut tally = Self {
            samples: 1,
            done,
            resent,
            batch_messages: sample.batch_messages,
            batch_bytes: sample.batch_bytes,
            max_in_flight: sample.max_in_flight,
            queued_max: sample.queued,
            weighed,
            ..Self::default()
        };
        for broker in &sample.brokers {
            tally.queue_wait.merge(&broker.queue_wait);
            tally.transmit_wait.merge(&broker.transmit_wait);
            tally.round_trip.merge(&broker.round_trip);
            tally.round_trip_min = least(tally.round_trip_min, broker.round_trip_min);
            tally.throttle_ms.merge(&broker.throttle_ms);
            tally.in_flight_max = tally.in_flight_max.max(broker.in_flight);
            tally.waiting_max = tally.waiting_max.max(broker.waiting);
            let is_used = 0 < broker.in_flight
                + broker.waiting
                + broker.queue_wait.count
                + broker.round_trip.count;
            tally.looks += u64::from(is_used);
            tally.looks_at_cap += u64::from(sample.max_in_flight <= broker.in_flight);
        }
        tally
    }

    /// Adds another client's, second's or host's.
    pub fn merge(&mut self, other: &Self) {
        let Self {
            samples,
            done,
            resent,
            batch_messages,
            batch_bytes,
            queue_wait,
            transmit_wait,
            round_trip,
            round_trip_min,
            throttle_ms,
            in_flight_max,
            max_in_flight,
            looks,
            looks_at_cap,
            waiting_max,
            queued_max,
            weighed,
        } = other;
        self.max_in_flight = match (self.samples, *samples) {
            (_, 0) => self.max_in_flight,
            (0, _) => *max_in_flight,
            _ => self.max_in_flight.min(*max_in_flight),
        };
        self.samples += samples;
        self.done.merge(done);
        self.resent += resent;
        self.batch_messages.merge(batch_messages);
        self.batch_bytes.merge(batch_bytes);
        self.queue_wait.merge(queue_wait);
        self.transmit_wait.merge(transmit_wait);
        self.round_trip.merge(round_trip);
        self.round_trip_min = least(self.round_trip_min, *round_trip_min);
        self.throttle_ms.merge(throttle_ms);
        self.in_flight_max = self.in_flight_max.max(*in_flight_max);
        self.looks += looks;
        self.looks_at_cap += looks_at_cap;
        self.waiting_max = self.waiting_max.max(*waiting_max);
        self.queued_max = self.queued_max.max(*queued_max);
        self.weighed.merge(weighed);
    }
}

fn least(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one.into_iter().chain(other).min()
}

impl Weighed {
    /// Adds other messages.
    pub fn merge(&mut self, other: &Self) {
        let Self { messages, queue_wait, transmit_wait, round_trip } = other;
        self.messages += messages;
        self.queue_wait += queue_wait;
        self.transmit_wait += transmit_wait;
        self.round_trip += round_trip;
    }
}

impl ClientTallies {
    /// Those of one role.
    pub const fn of(&mut self, role: Role) -> &mut ClientTally {
        match role {
            Role::Producer => &mut self.producers,
            Role::Consumer => &mut self.consumers,
        }
    }

    /// Adds another second's or host's.
    pub fn merge(&mut self, other: &Self) {
        let Self { producers, consumers } = other;
        self.producers.merge(producers);
        self.consumers.merge(consumers);
    }
}

impl ClientStats {
    /// Adds another host's.
    pub fn merge(&mut self, other: &Self) {
        let Self { measured, dropped, unreadable, complaint } = other;
        self.measured.merge(measured);
        self.dropped += dropped;
        self.unreadable += unreadable;
        if self.complaint.is_none() {
            self.complaint.clone_from(complaint);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ClientStats, ClientTallies, ClientTally, Weighed};
    use crate::link::{BrokerSample, ClientSample, Counters, Mean};
    use crate::plan::Role;

    fn mean(value: u64) -> Mean {
        Mean { count: value, sum: value * 100, max: value * 3 }
    }

    /// A client of two brokers; every number differs from every other.
    fn sample(base: u64) -> ClientSample {
        let broker = |at: u64| BrokerSample {
            name: format!("b{at}"),
            in_flight: at,
            waiting: at + 1,
            queue_wait: mean(at + 2),
            transmit_wait: mean(at + 3),
            round_trip: mean(at + 4),
            round_trip_min: Some(at + 9),
            throttle_ms: mean(at + 5),
        };
        ClientSample {
            role: Role::Producer,
            counters: Counters::default(),
            batch_messages: mean(base + 6),
            batch_bytes: mean(base + 7),
            queued: base + 8,
            max_in_flight: base + 20,
            brokers: vec![broker(base), broker(base + 20)],
        }
    }

    fn done(base: u64) -> Counters {
        Counters {
            requests: base,
            bytes_sent: base + 1,
            bytes_received: base + 2,
            retries: base + 3,
            handed_over: base + 4,
            taken: base + 5,
            timeouts: base + 6,
            errors: base + 7,
            connects: base + 8,
            disconnects: base + 9,
        }
    }

    fn tally(base: u64) -> ClientTally {
        let wide = u128::from(base);
        let weighed = Weighed {
            messages: base,
            queue_wait: wide + 1,
            transmit_wait: wide + 2,
            round_trip: wide + 3,
        };
        ClientTally::of(&sample(base), done(base), base + 30, weighed)
    }

    #[test]
    fn a_clients_brokers_are_joined_and_its_cap_is_noticed() {
        let tally = tally(100);
        assert_eq!(
            (tally.looks, tally.looks_at_cap),
            (2, 1),
            "one of two holds as many as allowed"
        );
        assert_eq!(
            (tally.in_flight_max, tally.waiting_max, tally.queued_max),
            (120, 121, 108),
            "most"
        );
        let both = Mean { count: 102 + 122, sum: 22_400, max: 366 };
        assert_eq!(tally.queue_wait, both, "of both");
    }

    #[test]
    fn a_broker_that_a_client_has_nothing_to_do_with_is_not_looked_at() {
        let mut said = sample(100);
        said.brokers.push(BrokerSample { name: "idle".to_owned(), ..BrokerSample::default() });
        let tally = ClientTally::of(&said, Counters::default(), 0, Weighed::default());
        assert_eq!((tally.looks, tally.looks_at_cap), (2, 1), "the cap's share stays what it is");
    }

    #[test]
    fn two_clients_merge_to_their_sums_and_their_largest() {
        let mut merged = tally(100);
        merged.merge(&tally(1_000));
        let all = |of: fn(&ClientTally) -> u64| (of(&merged), of(&tally(100)) + of(&tally(1_000)));
        for (got, sum) in [
            all(|of| of.samples),
            all(|of| of.done.requests),
            all(|of| of.done.bytes_sent),
            all(|of| of.done.bytes_received),
            all(|of| of.done.retries),
            all(|of| of.done.handed_over),
            all(|of| of.done.taken),
            all(|of| of.done.timeouts),
            all(|of| of.done.errors),
            all(|of| of.done.connects),
            all(|of| of.done.disconnects),
            all(|of| of.resent),
            all(|of| of.batch_messages.count),
            all(|of| of.batch_bytes.sum),
            all(|of| of.queue_wait.sum),
            all(|of| of.transmit_wait.sum),
            all(|of| of.round_trip.sum),
            all(|of| of.throttle_ms.count),
            all(|of| of.looks),
            all(|of| of.looks_at_cap),
            all(|of| of.weighed.messages),
        ] {
            assert_eq!(got, sum, "a sum");
        }
        assert_eq!(merged.weighed.round_trip, 1_106, "a sum");
        assert_eq!(
            (merged.weighed.queue_wait, merged.weighed.transmit_wait),
            (1_102, 1_104),
            "sums"
        );
        let most = (merged.in_flight_max, merged.waiting_max, merged.queued_max);
        assert_eq!(most, (1_020, 1_021, 1_008), "the largest");
        assert_eq!(merged.round_trip.max, 1_024 * 3, "the largest");
        assert_eq!(merged.round_trip_min, Some(109), "the least");
        assert_eq!(merged.max_in_flight, 120, "the least that is allowed");
        let mut empty = ClientTally::default();
        empty.merge(&tally(100));
        assert_eq!(empty, tally(100), "nothing adds nothing");
        empty.merge(&ClientTally::default());
        assert_eq!(empty, tally(100), "nothing adds nothing");
    }

    #[test]
    fn hosts_merge_by_role_with_what_was_not_heard() {
        let of = |base: u64, complaint: Option<&str>| ClientStats {
            measured: ClientTallies { producers: tally(base), consumers: tally(base + 7) },
            dropped: base,
            unreadable: base + 1,
            complaint: complaint.map(str::to_owned),
        };
        let mut merged = of(100, None);
        merged.merge(&of(200, Some("line 1")));
        merged.merge(&of(300, Some("line 2")));
        assert_eq!((merged.dropped, merged.unreadable), (600, 603), "counted");
        assert_eq!(merged.complaint.as_deref(), Some("line 1"), "the first");
        assert_eq!(merged.measured.producers.done.requests, 600, "producers");
        assert_eq!(merged.measured.of(Role::Consumer).done.requests, 621, "consumers");
    }
}
