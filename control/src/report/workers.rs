//! The hosts of a fleet: what each brought, how its clock stood, and what became of it.

use super::latency::{Block, Latencies};
use super::number::{float, micros, per_second, seconds, thousandth};
use super::report::seen_by_stream;
use super::traffic::{Lengths, Span};
use engine::measure::{Phase, Tally};
use engine::plan::{Plan, Role};
use engine::run::{ClockOffset, Outcome, StartLine, WorkerLoss, WorkerOutcome};
use engine::units::{Nanos, Timestamp};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// One worker of a fleet. Counts and rates add up to those of the run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WorkerPart {
    /// Where it was asked.
    pub url: String,
    /// Its host's name; null where it never said.
    pub host: Option<String>,
    /// Its lanes, by the names of their tasks; those that it took over from others come last.
    pub lanes: Vec<String>,
    /// Its clock minus the coordinator's at the end; null where it was never asked.
    pub clock_offset_us: Option<f64>,
    /// How far the corrected clock may be off.
    pub clock_error_us: Option<f64>,
    /// How fast the offset grows.
    pub clock_drift_ppm: Option<f64>,
    /// Messages accepted by its clients.
    pub produced: u64,
    /// Messages acked.
    pub acked: u64,
    /// Messages received, all subscriptions together.
    pub consumed: u64,
    /// Accepted messages per second of the whole run's sending; null where it does not send.
    pub messages_per_second: Option<f64>,
    /// Acked ones per second, of the time to the whole run's last ack; null where it does not send.
    pub acked_per_second: Option<f64>,
    /// Received ones per second, of the time to the whole run's last receipt; null where it does not read.
    pub consumed_per_second: Option<f64>,
    /// What it saw; null for the spans of a role that it does not have.
    pub latency: Latencies,
    /// User and system time of its process; null where it did not come to say so.
    pub cpu_seconds: Option<f64>,
    /// The largest resident memory of its process.
    pub peak_rss_bytes: Option<u64>,
    /// `done`, `lost` (under load) or `missing` (lost before the load began).
    pub status: Cow<'static, str>,
    /// Why it was lost.
    pub error: Option<String>,
    /// When that was noticed, from the start of the measured phase, so that the warm-up's are negative;
    /// null where the load had not begun.
    pub lost_at_s: Option<f64>,
    /// Who took its share over, by URL.
    pub heirs: Vec<String>,
}

impl WorkerPart {
    /// All workers; `None` for a run on this host alone.
    pub(super) fn all(plan: &Plan, outcome: &Outcome, span: Span) -> Option<Vec<Self>> {
        let lengths = span.lengths(&outcome.tally.total(Phase::Measured));
        let one = |worker: &WorkerOutcome| Self::of(plan, outcome, worker, &lengths);
        let all: Vec<Self> = outcome.workers.iter().map(one).collect();
        (!all.is_empty()).then_some(all)
    }

    fn of(plan: &Plan, outcome: &Outcome, worker: &WorkerOutcome, lengths: &Lengths) -> Self {
        let lanes = || worker.lanes.iter().filter_map(|lane| outcome.lanes.get(*lane));
        // Figures alone: what each message came to is verified over all hosts.
        let mut tally = Tally::of_a_second(&plan.demand);
        lanes().for_each(|lane| tally.merge(&lane.tally));
        let seen = tally.total(Phase::Measured);
        let has = |role: Role| lanes().any(|lane| lane.role == role);
        let (sends, reads) = (has(Role::Producer), has(Role::Consumer));
        let rate = |count: u64, length: Option<Nanos>| per_second(count, length?);
        let latency = Latencies::of(&seen_by_stream(plan, &tally), Block::summary);
        let latency = match (sends, reads) {
            (true, false) => latency.sending(),
            (false, true) => latency.receiving(),
            _ => latency,
        };
        let clock = worker.clock.as_ref();
        Self {
            url: worker.url.clone(),
            host: (!worker.host.is_empty()).then(|| worker.host.clone()),
            lanes: lanes().map(|lane| lane.name.clone()).collect(),
            clock_offset_us: clock.map(offset_us),
            clock_error_us: clock.map(|clock| micros(clock.error)),
            clock_drift_ppm: clock.map(|clock| signed(clock.drift_ppb) / 1_000.0),
            produced: seen.produced.messages,
            acked: seen.acked.messages,
            consumed: seen.received(),
            messages_per_second: rate(seen.produced.messages, lengths.sending.filter(|_| sends)),
            acked_per_second: rate(seen.acked.messages, lengths.acking.filter(|_| sends)),
            consumed_per_second: rate(seen.received(), lengths.reading.filter(|_| reads)),
            latency,
            cpu_seconds: (Nanos::ZERO < worker.cost.cpu).then(|| seconds(worker.cost.cpu)),
            peak_rss_bytes: (0 < worker.cost.peak_rss).then_some(worker.cost.peak_rss),
            status: status(worker.lost.as_ref()).into(),
            error: worker.lost.as_ref().map(|loss| loss.reason.clone()),
            lost_at_s: worker.lost.as_ref().and_then(|loss| lost_at(loss, outcome.start)),
            heirs: worker.lost.as_ref().map_or_else(Vec::new, |loss| loss.heirs.clone()),
        }
    }
}

/// The worker that carried a lane, by the lane's number in the plan.
pub(super) fn worker_of(outcome: &Outcome, lane: usize) -> Option<&WorkerOutcome> {
    outcome.workers.iter().find(|worker| worker.lanes.contains(&lane))
}

fn status(lost: Option<&WorkerLoss>) -> &'static str {
    match lost {
        None => "done",
        Some(WorkerLoss { before_start: true, .. }) => "missing",
        Some(WorkerLoss { before_start: false, .. }) => "lost",
    }
}

fn lost_at(loss: &WorkerLoss, start: Option<StartLine>) -> Option<f64> {
    let measured: Timestamp = start.filter(|_| !loss.before_start)?.measured;
    Some(match loss.at.since(measured) {
        Some(after) => thousandth(seconds(after)),
        None => -thousandth(seconds(loss.at.until(measured))),
    })
}

fn offset_us(clock: &ClockOffset) -> f64 {
    signed(clock.offset_ns) / 1_000.0
}

/// A count that may be below zero, as a float.
fn signed(count: i64) -> f64 {
    let size = float(count.unsigned_abs());
    if count < 0 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::WorkerPart;
    use crate::report::Report;
    use crate::report::fixture::{self, Made};
    use engine::units::Nanos;
    use serde_json::{Value, json};

    fn workers(report: &Report) -> &[WorkerPart] {
        report.workers.as_deref().expect("it is a fleet")
    }

    #[test]
    fn the_sums_over_workers_are_those_of_the_run() {
        let report = fixture::report(&Made::fleet());
        let all = workers(&report);
        let sum = |part: fn(&WorkerPart) -> u64| all.iter().map(part).sum::<u64>();
        assert_eq!(sum(|of| of.produced), report.produced.messages, "produced");
        assert_eq!(sum(|of| of.acked), report.acked.messages, "acked");
        assert_eq!(sum(|of| of.consumed), report.consumed.messages, "consumed");
        let lanes: usize = all.iter().map(|of| of.lanes.len()).sum();
        assert_eq!(lanes, report.tasks.len(), "each lane is somebody's");
        let publish = |of: &WorkerPart| of.latency.publish.as_ref().map_or(0, |of| of.count);
        let whole = report.latency.publish.as_ref().map(|of| of.count);
        assert_eq!(Some(sum(publish)), whole, "samples");
        let rates = |part: fn(&WorkerPart) -> Option<f64>| all.iter().filter_map(part).sum::<f64>();
        for (name, got, expected) in [
            ("sent", rates(|of| of.messages_per_second), &report.produced.flow),
            ("acked", rates(|of| of.acked_per_second), &report.acked.flow),
            ("consumed", rates(|of| of.consumed_per_second), &report.consumed.flow),
        ] {
            let expected = expected.messages_per_second.expect("something happened");
            assert!((got - expected).abs() < 0.01, "{name}: {got}, not {expected}");
        }
        let cpu: f64 = all.iter().filter_map(|of| of.cpu_seconds).sum();
        assert_eq!(Some(cpu), report.engine.cpu_seconds, "processor time");
    }

    #[test]
    fn a_lost_worker_is_told_with_its_lanes_its_gap_and_its_heirs() {
        let report = fixture::report(&Made::fleet());
        let json = serde_json::to_value(&report).expect("a report is JSON");
        let check = |path: &str, expected: Value| {
            assert_eq!(json.pointer(path), Some(&expected), "{path}");
        };
        check("/verdict/exit_code", json!(14));
        check("/verdict/limited_by", json!("unknown"));
        check("/workers/0/status", json!("done"));
        check("/workers/0/clock_offset_us", json!(1_250.0));
        check("/workers/1/clock_offset_us", json!(-300.0));
        check("/workers/1/clock_drift_ppm", json!(-2.5));
        check("/workers/2/status", json!("lost"));
        check("/workers/2/lost_at_s", json!(4.0));
        check("/workers/2/error", json!("no answer for 5 s"));
        check("/workers/2/heirs", json!(["http://host-a:9410"]));
        check("/workers/2/cpu_seconds", Value::Null);
        assert_eq!(json.pointer("/workers/2/latency/publish/histogram"), None, "a summary");
        check("/verification/lost", json!(0));
        check("/verification/outstanding", json!(2_000));
        check("/partial/timed_out", json!(false));
        let missing: Vec<Value> = report
            .intervals
            .iter()
            .map(|second| serde_json::to_value(second).expect("JSON")["lanes_missing"].clone())
            .collect();
        let told: Vec<&Value> = missing.iter().filter(|of| !of.is_null()).collect();
        assert_eq!((told, &missing[4]), (vec![&json!(2)], &json!(2)), "only where some were");
        let of_lost =
            report.tasks.iter().filter(|task| task.worker.as_deref() == Some("http://host-c:9410"));
        let statuses: Vec<&str> = of_lost.map(|task| &*task.status).collect();
        assert!(!statuses.is_empty() && statuses.iter().all(|of| *of == "moved"), "{statuses:?}");
        let heir = report.tasks.last().expect("there are tasks");
        assert_eq!((&*heir.status, heir.messages), ("done", 50_000), "{heir:?}");
        assert_eq!(heir.worker.as_deref(), Some("http://host-a:9410"), "it has a host");
        let expected = report.tasks.iter().filter(|task| task.role == "producer").count();
        let partial = report.partial.expect("it is partial");
        assert!(partial.producers.completed < expected, "{partial:?}");
    }

    #[test]
    fn without_heirs_a_lost_workers_tasks_are_lost_and_before_the_load_it_is_missing() {
        let changed = |change: fn(&mut Made)| {
            let mut made = Made::fleet();
            change(&mut made);
            serde_json::to_value(fixture::report(&made)).expect("a report is JSON")
        };
        let alone = changed(|made| {
            made.outcome.workers[2].lost.as_mut().expect("it is lost").heirs.clear();
        });
        let tasks = alone["tasks"].as_array().expect("tasks");
        let lost = tasks.iter().filter(|task| task["worker"] == "http://host-c:9410");
        assert!(lost.clone().count() >= 2 && lost.clone().all(|task| task["status"] == "lost"));
        assert!(lost.into_iter().all(|task| task["error"] == "no answer for 5 s"), "why");
        let missing = changed(|made| {
            let worker = &mut made.outcome.workers[2];
            worker.lanes.clear();
            worker.lost.as_mut().expect("it is lost").before_start = true;
        });
        let worker = &missing["workers"][2];
        assert_eq!((&worker["status"], &worker["lost_at_s"]), (&json!("missing"), &Value::Null));
        assert_eq!((&worker["produced"], &worker["lanes"]), (&json!(0), &json!([])), "no part");
        assert_eq!(worker["messages_per_second"], Value::Null, "it does not send");
        let early = changed(|made| {
            let loss = made.outcome.workers[2].lost.as_mut().expect("it is lost");
            let measured = made.outcome.start.expect("it started").measured;
            loss.at = engine::units::Timestamp::from_nanos(measured.as_nanos() - 1_500_000_000);
        });
        assert_eq!(early["workers"][2]["lost_at_s"], json!(-1.5), "in the warm-up");
    }

    #[test]
    fn spans_from_host_to_host_say_how_far_clocks_may_be_off() {
        let json = serde_json::to_value(fixture::report(&Made::fleet())).expect("JSON");
        for (span, expected) in [
            ("end_to_end", json!(95.0)),
            ("transit", json!(95.0)),
            ("publish", Value::Null),
            ("service", Value::Null),
            ("send_delay", Value::Null),
        ] {
            assert_eq!(json["latency"][span]["clock_error_us"], expected, "{span}");
        }
        let alone = serde_json::to_value(fixture::report(&Made::clean())).expect("JSON");
        assert_eq!(alone["workers"], Value::Null, "this host alone");
        assert_eq!(alone["latency"]["end_to_end"].get("clock_error_us"), None, "one clock");
        let mut one = Made::fleet();
        one.outcome.workers.truncate(1);
        one.outcome.workers[0].cost.cpu = Nanos::from_secs(1);
        let one = serde_json::to_value(fixture::report(&one)).expect("JSON");
        assert_eq!(one["latency"]["transit"]["clock_error_us"], json!(0.0), "a fleet of one");
    }

    #[test]
    fn each_workers_own_host_is_shown_and_the_coordinators_is_not() {
        let mut made = Made::fleet();
        made.observation = Made::troubled().observation;
        let hosts = |of: &Made| {
            let json = serde_json::to_value(fixture::report(of)).expect("JSON");
            let all = json["system"].as_array().cloned();
            all.map(|all| all.iter().map(|one| one["host"].clone()).collect::<Vec<_>>())
        };
        assert_eq!(hosts(&made), Some(vec![json!("host-a"), json!("host-b")]), "as they told");
        made.systems.clear();
        assert_eq!(hosts(&made), None, "none told");
    }
}
