//! Made-up runs for the tests of the report.

use super::fixture_client::said;
use super::{CeilingPart, Inputs, Report};
use crate::assertion::Assertion;
use crate::host::Environment;
use crate::monitor::{CpuShares, Observation, Sample, Tcp, Traffic, Waits};
use engine::host::{Busy, Card, Storage, Throttled};
use engine::measure::{ClientStats, Ended, Evidence, PhaseTally, Tally, Verdict};
use engine::message::KeySource;
use engine::plan::{
    ClientSettings, Deadlines, Demand, Machine, Pace, Partitioner, Phases, Plan, Role, StampPlace,
    StreamDemand, TopicPlan, Verification, Warmup, Wishes,
};
use engine::run::{CleanUp, ClockSeen, Cost, Ending, Interval, LaneOutcome, Outcome, StartLine};
use engine::time::{ClockSource, Drift};
use engine::units::{Bytes, Nanos, Rate, Timestamp};
use serde_json::json;
use std::path::PathBuf;

/// A plan, what it brought, and what the clean-up found.
pub(super) struct Made {
    pub(super) plan: Plan,
    pub(super) outcome: Outcome,
    pub(super) clean_up: Option<CleanUp>,
    pub(super) remarks: Vec<(&'static str, String)>,
    /// What its monitor saw.
    pub(super) observation: Option<Observation>,
    pub(super) ceiling: Option<CeilingPart>,
    pub(super) assertions: Vec<&'static str>,
}

const BODY: u64 = 100;
/// The start line: five seconds of warm-up, then ten of measuring.
const AT: Timestamp = Timestamp::from_nanos(1_700_000_005_000_000_000);
const MEASURED: Timestamp = Timestamp::from_nanos(1_700_000_010_000_000_000);

/// Two topics of two partitions at 20,000/s for 10 s, two subscriptions of two consumers each.
pub(super) fn plan() -> Plan {
    plan_of(vec![stream("main", 20_000)])
}

fn stream(name: &str, rate: u64) -> StreamDemand {
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
        partitioner: Partitioner::RoundRobin,
        topics: (0..2).map(topic).collect(),
        producers_per_topic: 1,
        subscriptions: 2,
        consumers_per_subscription: 2,
    }
}

fn plan_of(streams: Vec<StreamDemand>) -> Plan {
    let demand = Demand {
        test_id: "made-up_1700000000_abcd".to_owned(),
        run: 1,
        streams,
        phases: Phases {
            warmup: Warmup::Fixed(Nanos::from_secs(5)),
            measured: Nanos::from_secs(10),
        },
        clients: ClientSettings::default(),
        deadlines: Deadlines::standard(2),
        keep_topics: false,
        // The tally below says how many, and not which.
        verification: Verification::Counts,
        hiccups: true,
    };
    let wishes =
        Wishes { cores: Some(vec![2, 3, 4, 5]), io_cores: Some(vec![0, 1]), ..Wishes::default() };
    Plan::new(demand, &Machine::of_cores(0..8), &wishes).expect("a plan")
}

/// What a producing lane sees of `messages` messages, all acked.
fn send(seen: &mut PhaseTally, from: Timestamp, messages: u64) {
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

/// What a consuming lane sees of them, in both subscriptions.
fn receive(seen: &mut PhaseTally, from: Timestamp, messages: u64) {
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

impl Made {
    /// Everything due was sent, acked, received by both subscriptions and cleaned up.
    pub(super) fn clean() -> Self {
        Self::of(plan())
    }

    /// A second stream at half the rate.
    pub(super) fn two_streams() -> Self {
        Self::of(plan_of(vec![stream("main", 20_000), stream("side", 10_000)]))
    }

    /// Late sends, failures, a loss, repeats, strangers, a deadline and leftovers; with a monitor.
    pub(super) fn troubled() -> Self {
        let mut made = Self::clean();
        made.observation = Some(observation(&made.plan));
        for lane in &mut made.outcome.lanes {
            let stream = &mut lane.tally.streams[0];
            let at_place = [2, 3, 2, 8].map(Nanos::from_millis);
            let each_often = at_place.iter().zip(0..).cycle().take(4_000);
            each_often.for_each(|(of, at)| stream.partitions.record(at, Some(*of)));
            let seen = &mut stream.measured;
            match lane.role {
                Role::Producer => {
                    seen.produced.late_by_us = 4_000;
                    (seen.produced.held_back, seen.produced.queue_full) = (120, 900);
                    seen.acked.messages -= 300;
                    (seen.acked.failed, seen.acked.failed_maybe_persisted) = (300, 200);
                    (0..200).for_each(|_| seen.produce_errors.count(-192));
                    (0..100).for_each(|_| seen.produce_errors.count(-195));
                }
                Role::Consumer => {
                    seen.consumed[0].messages -= 295;
                    seen.consumed[1].messages -= 302;
                    seen.consumed[1].foreign = 3;
                    seen.commit_errors.count(25);
                    (seen.commits.failed, seen.commits.succeeded) = (1, 3);
                }
            }
        }
        made.outcome.merge_lanes();
        let last = &mut made.outcome.intervals[9];
        (last.acked, last.consumed) = (last.acked - 300, last.consumed - 597);
        made.outcome.deadlines_struck = vec!["delivery reports: 120 s, 0 missing".to_owned()];
        let message = "auto.offset.reset=latest was replaced by earliest on new topics.".to_owned();
        made.remarks = vec![("offset_reset_replaced", message)];
        made.outcome.trouble = vec![("broker 1 disconnected".to_owned(), 2)];
        let topic = |index: u32| format!("made-main-{index}");
        made.outcome.throttled =
            Some(Throttled { periods: 12, of: 100, time: Nanos::from_millis(340) });
        made.ceiling = Some(CeilingPart {
            messages_per_second: 24_000.0,
            share: 0.812,
            of: "loopback".to_owned(),
            lanes: 2,
            message_size: BODY,
            measured_at: "2023-11-14T09:00:00.000000Z".to_owned(),
            copied_bytes_per_second: Some(11.2e9),
        });
        made.outcome.client =
            Some(ClientStats { measured: said(200_000), ..ClientStats::default() });
        made.outcome.intervals[0].client = Some(said(20_000));
        made.clean_up = Some(CleanUp {
            deleted: vec![topic(0)],
            left: vec![(topic(1), "not authorised to delete it".to_owned())],
            unclosed: vec!["consumer 1".to_owned()],
        });
        made
    }

    fn of(plan: Plan) -> Self {
        let lanes: Vec<LaneOutcome> =
            plan.lanes.iter().map(|lane| came(&plan, lane.role(), &lane.name)).collect();
        let names = plan.demand.streams.iter().flat_map(|stream| &stream.topics);
        let topics: Vec<String> = names.map(|topic| topic.name.clone()).collect();
        let mut outcome = Outcome {
            started: Timestamp::from_nanos(1_700_000_000_000_000_000),
            ended: Timestamp::from_nanos(1_700_000_021_000_000_000),
            stopped: Timestamp::from_nanos(1_700_000_021_000_000_000),
            start: Some(StartLine {
                at: AT,
                measured: MEASURED,
                end: MEASURED + Nanos::from_secs(10),
                ready: Nanos::from_millis(750),
            }),
            tally: Tally::new(&plan.demand),
            lanes,
            steady_since: Some(-5),
            intervals: (0..11).map(|second| interval(second, &plan)).collect(),
            ending: Ending::Finished,
            deadlines_struck: Vec::new(),
            trouble: Vec::new(),
            partitions_per_member: plan.groups.iter().map(|_| vec![2, 2]).collect(),
            drained: plan.groups.iter().map(|_| true).collect(),
            cost: Cost { cpu: Nanos::from_secs(6), peak_rss: 50 << 20 },
            clock: ClockSeen {
                source: ClockSource::Tsc,
                drift: Some(Drift {
                    clock: Nanos(16_000_008_000),
                    kernel: Nanos::from_secs(16),
                    error: Nanos(40),
                }),
            },
            removed: None,
            throttled: None,
            client_thread: Some(Busy {
                name: "rdk:broker1".to_owned(),
                on_core: 0.25,
                wanted: 0.31,
            }),
            client: None,
            topics_created: topics.clone(),
        };
        outcome.merge_lanes();
        let clean_up = Some(CleanUp { deleted: topics, left: Vec::new(), unclosed: Vec::new() });
        Self {
            plan,
            outcome,
            clean_up,
            remarks: Vec::new(),
            observation: None,
            ceiling: None,
            assertions: Vec::new(),
        }
    }
}

/// Joins what the lanes brought, as a run does.
trait MergeLanes {
    fn merge_lanes(&mut self);
}

impl MergeLanes for Outcome {
    fn merge_lanes(&mut self) {
        self.tally.clear();
        for lane in &self.lanes {
            self.tally.merge(&lane.tally);
        }
    }
}

/// Each role's messages are dealt to one lane of each stream.
fn came(plan: &Plan, role: Role, name: &str) -> LaneOutcome {
    let mut tally = Tally::new(&plan.demand);
    let index: usize =
        name.rsplit('-').next().and_then(|digits| digits.parse().ok()).expect("a number");
    for (stream, (demand, seen)) in plan.demand.streams.iter().zip(&mut tally.streams).enumerate() {
        let Pace::At(rate) = demand.pace else { continue };
        match role {
            Role::Producer if index == stream => {
                send(&mut seen.warmup, AT, rate.get() * 5);
                send(&mut seen.measured, MEASURED, rate.get() * 10);
            }
            Role::Consumer if index == 0 => receive(&mut seen.measured, MEASURED, rate.get() * 10),
            Role::Producer | Role::Consumer => {}
        }
    }
    LaneOutcome { name: name.to_owned(), role, tally, error: None }
}

/// Ten seconds of sending and one of draining.
fn interval(second: u32, plan: &Plan) -> Interval {
    let rate = |stream: &StreamDemand| match stream.pace {
        Pace::At(rate) => rate.get(),
        Pace::Max { .. } => 0,
    };
    let rate: u64 = plan.demand.streams.iter().map(rate).sum();
    let produced = if second < 10 { rate } else { 0 };
    Interval {
        second,
        produced,
        acked: produced,
        consumed: produced * 2,
        publish_p50: Nanos::from_millis(2),
        publish_p99: Nanos::from_millis(3),
        publish_max: Nanos::from_millis(4),
        ..Interval::default()
    }
}

/// Ten looks at the measured phase and one at the drain, of a host that gets busier.
fn observation(plan: &Plan) -> Observation {
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

/// The report of a made-up run.
pub(super) fn report(made: &Made) -> Report {
    let Made { plan, outcome, clean_up, .. } = made;
    let sight = outcome.sight(plan);
    let remarks = made.remarks.iter().map(|(code, message)| (*code, message.as_str()));
    let told = outcome.evidence(&sight);
    let reason = "publish.p99 < 1ms: publish.p99 is 3 ms".to_owned();
    let evidence = Evidence {
        ended: match outcome.ending {
            Ending::CutShort => Ended::CutShort { after_s: 5, reason },
            _ => told.ended.clone(),
        },
        remarks: remarks.collect(),
        standing: made.ceiling.as_ref().map(CeilingPart::standing),
        ..told
    };
    let verdict = Verdict::of(plan, &outcome.tally, &evidence);
    let environment = Environment {
        os: Some("Linux 1".to_owned()),
        kernel: Some("6.1".to_owned()),
        cpu: None,
        cores: 8,
        quota_cores: None,
        memory_bytes: 16 << 30,
        librdkafka: "2.12.1".to_owned(),
        command: "kdyno run made-up.yaml".to_owned(),
    };
    let workload = json!({"name": "made up", "messageSize": 100});
    let driver = json!({"name": "kafka"});
    let inputs = Inputs {
        plan,
        outcome,
        verdict: &verdict,
        clean_up: clean_up.as_ref(),
        workload: &workload,
        driver: &driver,
        test_name: "made up",
        bootstrap_servers: Some("localhost:9092"),
        environment: &environment,
        observation: made.observation.as_ref(),
        ceiling: made.ceiling.as_ref(),
    };
    let read = |text: &&str| Assertion::parse(text).expect("an assertion");
    Report::held_to(&inputs, &made.assertions.iter().map(read).collect::<Vec<_>>())
}

/// Compares with the golden file; `UPDATE_GOLDEN=1` writes it.
pub(super) fn golden(name: &str, got: &str) {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "src/report/golden", name].iter().collect();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, got).expect("the golden file is written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(got, expected, "{}: UPDATE_GOLDEN=1 rewrites it", path.display());
}
