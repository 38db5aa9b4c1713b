//! What made-up runs are made of: a plan, what its lanes saw, its seconds, its host.

use crate::monitor::{CpuShares, Observation, Sample, Tcp, Traffic, Waits};
use engine::host::{Card, Storage};
use engine::measure::{PhaseTally, Silence, StreamTally, Tally};
use engine::message::{KeySource, Recipe};
use engine::plan::{
    ClientSettings, Deadlines, Demand, Machine, Pace, Partitioner, Phases, Plan, Role, StampPlace,
    StreamDemand, TopicPlan, Verification, Warmup, Wishes,
};
use engine::run::{Interval, LaneOutcome, Spread, StreamSecond};
use engine::units::{Bytes, Nanos, Rate, Timestamp};

pub(super) const BODY: u64 = 100;
/// The start line: five seconds of warm-up, then ten of measuring.
pub(super) const AT: Timestamp = Timestamp::from_nanos(1_700_000_005_000_000_000);
pub(super) const MEASURED: Timestamp = Timestamp::from_nanos(1_700_000_010_000_000_000);

/// Two topics of two partitions at 20,000/s for 10 s, two subscriptions of two consumers each.
pub(super) fn plan() -> Plan {
    plan_of(vec![stream("main", 20_000)])
}

pub(super) fn stream(name: &str, rate: u64) -> StreamDemand {
    let topic = |index: u32| TopicPlan {
        name: format!("made-{name}-{index}"),
        partitions: 2,
        existing: false,
    };
    StreamDemand {
        name: name.to_owned(),
        pace: Pace::At(Rate::per_second(rate).expect("not zero")),
        message_size: Bytes(BODY),
        bodies: vec![vec![0; 100]],
        stamp: StampPlace::Body,
        keys: KeySource::None,
        recipe: Recipe::default(),
        partitioner: Partitioner::RoundRobin,
        topics: (0..2).map(topic).collect(),
        producers_per_topic: 1,
        subscriptions: 2,
        consumers_per_subscription: 2,
    }
}

pub(super) fn plan_of(streams: Vec<StreamDemand>) -> Plan {
    let demand = Demand {
        test_id: "made-up_1700000000_abcd".to_owned(),
        run: 1,
        streams,
        phases: Phases {
            warmup: Warmup::Fixed(Nanos::from_secs(5)),
            measured: Nanos::from_secs(10),
        },
        messages: None,
        search: None,
        backlog: None,
        clients: ClientSettings::default(),
        deadlines: Deadlines::standard(2),
        keep_topics: false,
        // The tally below says how many, and not which.
        verification: Verification::Counts,
        hiccups: true,
    };
    Plan::new(demand, &machine(), &wishes()).expect("a plan")
}

pub(super) fn machine() -> Machine {
    Machine::of_cores(0..8)
}

pub(super) fn wishes() -> Wishes {
    Wishes { cores: Some(vec![2, 3, 4, 5]), io_cores: Some(vec![0, 1]), ..Wishes::default() }
}

/// What a producing lane sees of `messages` messages, all acked.
pub(super) fn send(seen: &mut PhaseTally, from: Timestamp, messages: u64) {
    (seen.produced.due, seen.produced.attempted) = (messages, messages);
    (seen.produced.messages, seen.produced.bytes) = (messages, messages * BODY);
    (seen.acked.messages, seen.acked.bytes) = (messages, messages * BODY);
    seen.produced.window.include(from);
    // The last of them a millisecond before the end of the five or ten seconds that they take.
    let last = Nanos::from_millis(if from == AT { 4_999 } else { 9_999 });
    seen.produced.window.include(from + last);
    seen.acked.window.include(from + Nanos::from_millis(3));
    seen.acked.window.include(from + Nanos::from_millis(10_250));
    (0..20).for_each(|call| seen.ack_wait.record(Some(Nanos(2_000 + call * 100))));
    for index in 0..messages {
        let delay = Nanos(index % 100 * 100);
        let service = Nanos(1_000_000 + index % 1_000 * 2_000);
        seen.send_delay.record(Some(delay));
        seen.service.record(Some(service));
        seen.publish.record(Some(service + delay));
    }
}

/// Acks of a producing lane stop from 4 s to 6.8 s, on its third partition until 9 s. A hundred messages are
/// held up.
pub(super) fn fall_silent(stream: &mut StreamTally) {
    let at = |millis: u64| MEASURED + Nanos::from_millis(millis);
    let between = |from: u64, to: u64, place: u32| Silence::between(at(from), at(to), place, true);
    stream.silences.lane.file(between(4_000, 6_800, 0));
    for (from, to, place) in [(4_000, 6_800, 0), (4_001, 6_810, 1), (3_999, 9_000, 2)] {
        stream.silences.partitions.file(between(from, to, place));
    }
    let held_up = stream.measured.publish_in_outage.get_or_insert_default();
    (0..100_u64).for_each(|index| held_up.record(Some(Nanos(1_000_000 + index * 2_100))));
}

/// What a consuming lane sees of them, in both subscriptions.
pub(super) fn receive(seen: &mut PhaseTally, from: Timestamp, messages: u64) {
    for consumed in &mut seen.consumed {
        (consumed.messages, consumed.bytes) = (messages, messages * BODY);
        consumed.window.include(from + Nanos::from_millis(4));
        consumed.window.include(from + Nanos::from_millis(10_500));
    }
    seen.commits.succeeded = 4;
    let subscriptions = u64::try_from(seen.consumed.len()).expect("two");
    for index in 0..messages * subscriptions {
        let transit = Nanos(1_500_000 + index % 1_000 * 3_000);
        seen.transit.record(Some(transit));
        seen.end_to_end.record(Some(transit + Nanos(index % 100 * 100)));
    }
}

/// Each role's messages are dealt to one lane of each stream.
pub(super) fn came(plan: &Plan, role: Role, name: &str) -> LaneOutcome {
    let mut tally = Tally::new(&plan.demand);
    let index: usize =
        name.rsplit('-').next().and_then(|digits| digits.parse().ok()).expect("a number");
    for (stream, (demand, seen)) in plan.demand.streams.iter().zip(&mut tally.streams).enumerate() {
        let Some(rate) = demand.pace.rate() else { continue };
        match role {
            Role::Producer if index == stream => {
                send(&mut seen.warmup, AT, rate.get() * 5);
                send(&mut seen.measured, MEASURED, rate.get() * 10);
                // Ten messages to a request.
                tally.answers += rate.get() * 15 / 10;
            }
            Role::Consumer if index == stream => {
                receive(&mut seen.measured, MEASURED, rate.get() * 10);
            }
            Role::Producer | Role::Consumer => {}
        }
    }
    LaneOutcome { name: name.to_owned(), role, tally, error: None, is_lost: false }
}

/// Ten seconds of sending and one of draining.
pub(super) fn interval(second: u32, plan: &Plan) -> Interval {
    let rates = plan.demand.streams.iter().filter_map(|stream| stream.pace.rate());
    let rate: u64 = rates.map(Rate::get).sum();
    let of_phase = |messages: u64| if second < 10 { messages } else { 0 };
    let produced = of_phase(rate);
    let of_stream = |stream: &StreamDemand| {
        let sent = of_phase(stream.pace.rate().map_or(0, Rate::get));
        let millis = |p50, p99, max| {
            let [p50, p99, max] = [p50, p99, max].map(Nanos::from_millis);
            (0 < sent).then_some(Spread { p50, p99, max })
        };
        StreamSecond {
            produced: sent,
            acked: sent,
            consumed: sent * 2,
            publish: millis(2, 3, 4),
            service: millis(1, 1, 1),
            ..StreamSecond::default()
        }
    };
    let streams = plan.demand.streams.iter().map(of_stream);
    let has_several = 1 < plan.demand.streams.len();
    Interval {
        streams: streams.filter(|_| has_several).collect(),
        second,
        produced,
        acked: produced,
        consumed: produced * 2,
        publish_p50: Nanos::from_millis(2),
        publish_p99: Nanos::from_millis(3),
        publish_max: Nanos::from_millis(4),
        service_max: Nanos::from_millis(1),
        ..Interval::default()
    }
}

/// Ten looks at the measured phase and one at the drain, of a host that gets busier.
pub(super) fn observation(plan: &Plan) -> Observation {
    let mut lane_cores: Vec<usize> =
        plan.lanes.iter().flat_map(|lane| lane.cores.clone()).collect();
    lane_cores.sort_unstable();
    let second = Nanos::from_secs(1);
    let sample = |index: u8| Sample {
        at: MEASURED + Nanos::from_secs(u64::from(index) + 1),
        span: second,
        process_cpu: Nanos::from_millis(2_000 + 10 * u64::from(index)),
        cpu: Some(CpuShares {
            span: second,
            host: 40.0 + f32::from(index),
            lanes: vec![Some(50.0); lane_cores.len()],
        }),
        host_memory: Some(Bytes(4 << 30)),
        resident: Some(Bytes(50_000_000 + 1_000_000 * u64::from(index))),
        network: Some(Traffic { received: Bytes(1_000_000), sent: Bytes(2_000_000) }),
        loopback: Some(Traffic { received: Bytes(4_000_000), sent: Bytes(4_000_000) }),
        cards: vec![Some(Traffic { received: Bytes(1_000_000), sent: Bytes(2_000_000) })],
        tcp: Some(Tcp {
            on_cards: true,
            sent: Bytes(1_900_000),
            resent: Bytes(3_000),
            busiest: vec![Waits {
                inode: 7,
                busy: Nanos::from_millis(200),
                receiver_limited: Nanos::from_millis(50),
                buffer_limited: Nanos::from_millis(10),
                unsent: Bytes(40_000),
            }],
        }),
        disk: Some(Storage { read: Bytes(0), written: Bytes(500_000) }),
        process_disk: Some(Storage { read: Bytes(0), written: Bytes(300_000) }),
    };
    Observation {
        host: Some("made-up".to_owned()),
        cores: 8,
        period: second,
        cards: vec![Card { name: "eth0".to_owned(), speed: Bytes(125_000_000) }],
        samples: (0..11).map(sample).collect(),
        lane_cores,
    }
}
