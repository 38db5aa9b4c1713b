//! What the clients of made-up runs said of themselves.

use engine::link::{Counters, Mean};
use engine::measure::{ClientTallies, ClientTally, Weighed};

/// What clients say of so many messages, ten to a request: each was 0.9 ms with the client and 1 ms on
/// its way to the broker and back.
pub(super) fn said(messages: u64) -> ClientTallies {
    let requests = messages / 10;
    let each = |count: u64, value: u64| Mean { count, sum: count * value, max: value * 2 };
    let nanos = u128::from(messages) * 1_000;
    let done = Counters {
        requests,
        bytes_sent: messages * 110,
        bytes_received: requests * 60,
        retries: 1,
        handed_over: messages + 4,
        taken: messages,
        connects: 1,
        ..Counters::default()
    };
    let producers = ClientTally {
        samples: 10,
        done,
        resent: 4,
        batch_messages: each(requests, 10),
        batch_bytes: each(requests, 1_100),
        queue_wait: each(messages, 800),
        transmit_wait: each(requests, 100),
        round_trip: each(requests, 1_000),
        round_trip_min: Some(900),
        throttle_ms: each(2, 15),
        in_flight_max: 5,
        max_in_flight: 5,
        looks: 10,
        looks_at_cap: 1,
        waiting_max: 2,
        queued_max: 90,
        weighed: Weighed {
            messages,
            queue_wait: nanos * 800,
            transmit_wait: nanos * 100,
            round_trip: nanos * 1_000,
        },
    };
    let consumers = ClientTally {
        resent: 0,
        queue_wait: Mean::default(),
        max_in_flight: 1_000_000,
        looks_at_cap: 0,
        weighed: Weighed::default(),
        ..producers
    };
    ClientTallies { producers, consumers }
}
