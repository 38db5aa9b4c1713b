//! Made-up runs for the tests of the report.

use super::fixture_client::said;
use super::fixture_run::{
    AT, BODY, MEASURED, came, fall_silent, interval, observation, plan_of, stream,
};
use super::{CeilingPart, Inputs, Report};
use crate::assertion::Assertion;
use crate::host::Environment;
use crate::marks::Mark;
use crate::monitor::Observation;
use engine::host::{Busy, Throttled};
use engine::measure::{ClientStats, Ended, Evidence, Tally, Verdict};
use engine::plan::{Plan, Role};
use engine::run::{CleanUp, ClockSeen, Cost, Ending, LaneOutcome, Outcome, StartLine};
use engine::time::{ClockSource, Drift};
use engine::units::{Nanos, Timestamp};
use serde_json::{Value, json};
use std::path::PathBuf;

pub(super) use super::fixture_run::plan;

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
    /// What its workers' monitors told.
    pub(super) systems: Vec<Value>,
    /// What was marked.
    pub(super) marks: Vec<Mark>,
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
                    fall_silent(stream);
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
        super::groups::rebalance(&mut made.outcome.tally.streams[0].measured);
        let last = &mut made.outcome.intervals[9];
        (last.acked, last.consumed) = (last.acked - 300, last.consumed - 597);
        made.outcome.deadlines_struck = vec!["delivery reports: 120 s, 0 missing".to_owned()];
        let message = "auto.offset.reset=latest was replaced by earliest on new topics.".to_owned();
        let mark = |at: Timestamp, text: &str, source: &str| Mark {
            at,
            text: text.to_owned(),
            source: source.to_owned(),
        };
        made.marks = vec![
            mark(MEASURED.before(Nanos::from_millis(1_500)), "signal 1", "SIGUSR1"),
            mark(MEASURED + Nanos::from_millis(3_998), "broker 2 killed", "file"),
        ];
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

    pub(super) fn of(plan: Plan) -> Self {
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
            backlog: None,
            catch_up: None,
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
            leaders: None,
            removed: None,
            throttled: None,
            client_thread: Some(Busy {
                name: "rdk:broker1".to_owned(),
                on_core: 0.25,
                wanted: 0.31,
            }),
            client: None,
            topics_created: topics.clone(),
            added: Vec::new(),
            search: None,
            workers: Vec::new(),
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
            systems: Vec::new(),
            marks: Vec::new(),
        }
    }
}

/// Joins what the lanes brought, as a run does.
pub(super) trait MergeLanes {
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
        systems: &made.systems,
        sweep: None,
        marks: &made.marks,
        periods: &[],
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
