//! The result as a file format of its own: `kdyno.result/1`.
//!
//! The types of this folder are the format, written and read back; nothing else is made of them.
//! What a run did not examine is null or left out, so that nobody reads it as zero.

use super::assertions::AssertionPart;
use super::backlog::BacklogPart;
use super::catch_up::CatchUpPart;
use super::ceiling::CeilingPart;
use super::client::Client;
use super::figures::{Engine, Startup, Topics, Verification};
use super::host_second::Seconds;
use super::interval::Interval;
use super::json::one_line_each;
use super::judgement::Judgement;
use super::latency::{Block, Latencies, Seen};
use super::marks::MarkPart;
use super::number::rfc3339;
use super::omb::Period;
use super::outages::OutagePart;
use super::partitions::Partitions;
use super::plan::PlanPart;
use super::plateau::plateau;
use super::search::Search;
use super::shape::ShapePart;
use super::streams::{StreamPart, Whole, is_timed, sending_lanes};
use super::sweep::SweepPart;
use super::system::SystemPart;
use super::tasks::{Partial, Task};
use super::traffic::{Acked, Consumed, Produced, Span, Subscription};
use super::transactions::TransactionPart;
use super::warmup::Warmup;
use super::workers::WorkerPart;
use crate::host::Environment;
use crate::marks::Mark;
use crate::monitor::Observation;
use engine::measure::{Tally, Verdict, balances};
use engine::plan::Plan;
use engine::run::{CleanUp, Ending, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;

/// The name and version of the format; a change that old readers would misread is a new version.
pub const SCHEMA: &str = "kdyno.result/1";

/// What a report is made of.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'run> {
    /// What was planned.
    pub plan: &'run Plan,
    /// What it brought.
    pub outcome: &'run Outcome,
    /// The judgement on it.
    pub verdict: &'run Verdict,
    /// What the clean-up found; `None` when there was none, by wish.
    pub clean_up: Option<&'run CleanUp>,
    /// The workload as resolved, with defaults.
    pub workload: &'run Value,
    /// The driver as resolved, with the clients' effective properties.
    pub driver: &'run Value,
    /// The test's name, for people.
    pub test_name: &'run str,
    /// Where the cluster is; `None` for the embedded broker.
    pub bootstrap_servers: Option<&'run str>,
    /// Where it ran.
    pub environment: &'run Environment,
    /// What the monitor saw; `None` when it was off.
    pub observation: Option<&'run Observation>,
    /// Where it stood against this host's ceiling; `None` where there is none to set it against.
    pub ceiling: Option<&'run CeilingPart>,
    /// What the monitors of a fleet's workers told, each as an entry of `system`; empty for a run on this
    /// host alone.
    pub systems: &'run [Value],
    /// Of which sweep it is a cell; `None` outside one.
    pub sweep: Option<&'run SweepPart>,
    /// What was marked from outside, by time.
    pub marks: &'run [Mark],
    /// OMB's periods.
    pub periods: &'run [Period],
}

/// A run's result.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: Cow<'static, str>,
    /// The run's name, unique.
    pub test_id: String,
    /// The test's name, for people.
    pub test_name: String,
    /// The version that measured.
    pub kdyno_version: Cow<'static, str>,
    /// When preparation began.
    pub started_at: String,
    /// When preparation began, nanoseconds since the epoch.
    pub started_at_ns: u64,
    /// When the last lane's figures were in.
    pub ended_at: String,
    /// When the last lane's figures were in, nanoseconds since the epoch.
    pub ended_at_ns: u64,
    /// Of which sweep it is a cell; only in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sweep: Option<SweepPart>,
    /// The judgement.
    pub verdict: Judgement,
    /// What the user said must hold; only where something was said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assertions: Vec<AssertionPart>,
    /// The workload, as resolved.
    pub workload: Value,
    /// The driver, as resolved, secrets masked.
    pub driver: Value,
    /// Who carried the load.
    pub plan: PlanPart,
    /// The sending side.
    pub produced: Produced,
    /// How a rate that changes, or arrivals by chance, were followed; only where there are some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<ShapePart>,
    /// The broker's answers.
    pub acked: Acked,
    /// The receiving side.
    pub consumed: Consumed,
    /// Whether one partition was far slower than the others of its topic.
    pub partitions: Partitions,
    /// The start; null when the run failed before it.
    pub startup: Option<Startup>,
    /// The latencies.
    pub latency: Latencies,
    /// When acks stopped; only where they did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outages: Vec<OutagePart>,
    /// What was marked from outside; only where something was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<MarkPart>,
    /// Silences that were too many to be told, all of them shorter; only where there are some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outages_untold: Option<u64>,
    /// What was sent against what came.
    pub verification: Verification,
    /// What kdyno itself did and used.
    pub engine: Engine,
    /// librdkafka's own statistics; null: not collected.
    pub client: Option<Client>,
    /// The hosts over the measured phase; null: not monitored, or failed before the start.
    pub system: Option<Vec<SystemPart>>,
    /// Where it ran.
    pub environment: Environment,
    /// The warm-up; null when there was none.
    pub warmup: Option<Warmup>,
    /// The search for the highest sustainable rate; only where there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<Search>,
    /// What became of a backlog; only where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backlog: Option<BacklogPart>,
    /// What became of transactions; only where there were some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transactions: Option<TransactionPart>,
    /// What a run that sends nothing found and read; only of such a run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catch_up: Option<CatchUpPart>,
    /// What became of the topics.
    pub topics: Topics,
    /// One entry per lane, also for one that brought nothing.
    pub tasks: Vec<Task>,
    /// What is missing; only in the result of a run that is not whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial: Option<Partial>,
    /// Each stream by itself; only where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub streams: Vec<StreamPart>,
    /// Second by second.
    #[serde(serialize_with = "one_line_each")]
    pub intervals: Vec<Interval>,
    /// The hosts of a fleet; null: this host alone.
    pub workers: Option<Vec<WorkerPart>>,
    /// OMB's periods; what they say is in `omb.json`.
    #[serde(skip)]
    pub periods: Vec<Period>,
}

impl Report {
    /// Puts a result together.
    #[must_use]
    pub fn of(inputs: &Inputs<'_>) -> Self {
        let Inputs { plan, outcome, verdict, .. } = *inputs;
        let whole = Whole::of(plan, &outcome.tally);
        let seen = &whole.measured;
        let span = span(plan, outcome);
        let balances = balances(plan, &outcome.tally, &outcome.readings(plan));
        let subscriptions = Subscription::all((plan, outcome), &balances, span);
        let start = outcome.start.map(|line| line.measured);
        let outages = outcome.outages(plan);
        let shares = sending_lanes(outcome);
        let tasks = Task::all(plan, outcome);
        Self {
            schema: SCHEMA.into(),
            test_id: plan.demand.test_id.clone(),
            test_name: inputs.test_name.to_owned(),
            kdyno_version: env!("CARGO_PKG_VERSION").into(),
            started_at: rfc3339(outcome.started),
            started_at_ns: outcome.started.as_nanos(),
            ended_at: rfc3339(outcome.ended),
            ended_at_ns: outcome.ended.as_nanos(),
            sweep: inputs.sweep.cloned(),
            verdict: Judgement::of(verdict),
            assertions: Vec::new(),
            workload: inputs.workload.clone(),
            driver: inputs.driver.clone(),
            plan: PlanPart::of(plan, &outcome.partitions_per_member),
            produced: Produced::of(
                seen,
                span,
                whole.target,
                plateau(&shares, &outcome.intervals, start),
            ),
            shape: ShapePart::of(plan, outcome),
            acked: Acked::of(seen, span),
            consumed: Consumed::of(seen, span, subscriptions),
            partitions: Partitions::of(plan, outcome),
            startup: Startup::of(outcome),
            latency: Latencies::of(&seen_by_stream(plan, &outcome.tally), Block::full)
                .uncertain_by(outcome.fleet(plan).map(|fleet| fleet.clock_error())),
            outages: OutagePart::all(&outages),
            marks: MarkPart::all(inputs.marks, outcome.warmed_up().and(start)),
            outages_untold: Some(outages.untold).filter(|untold| 0 < *untold),
            verification: Verification::of(
                plan.demand.verification,
                &balances,
                seen,
                outcome.removed,
            ),
            engine: Engine::of(plan, outcome, seen, inputs.ceiling),
            client: Client::of(plan, outcome),
            system: SystemPart::all(inputs),
            environment: inputs.environment.clone(),
            warmup: Warmup::of(plan, outcome),
            search: Search::of(outcome),
            backlog: BacklogPart::of(plan, outcome),
            transactions: TransactionPart::of(plan, seen, &balances),
            catch_up: CatchUpPart::of(outcome),
            topics: Topics::of(inputs),
            partial: Partial::of(&tasks, outcome, verdict.exit_code),
            tasks,
            streams: StreamPart::all(plan, outcome, span),
            intervals: Interval::all(
                plan,
                &outcome.intervals,
                &Seconds::of(inputs.observation, start),
            ),
            workers: WorkerPart::all(plan, outcome, span),
            periods: inputs.periods.to_vec(),
        }
    }
}

/// The measured phase on the time line.
fn span(plan: &Plan, outcome: &Outcome) -> Span {
    Span {
        start: outcome.start.map(|line| line.measured),
        planned: plan.demand.phases.measured,
        complete: outcome.ending == Ending::Finished && outcome.warmed_up().is_some(),
    }
}

/// What was seen of each stream's measured messages.
pub(super) fn seen_by_stream<'run>(plan: &Plan, tally: &'run Tally) -> Vec<Seen<'run>> {
    let streams = plan.demand.streams.iter().zip(&tally.streams);
    streams
        .map(|(demand, stream)| Seen { timed: is_timed(demand), tally: &stream.measured })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::report::fixture::{self, Made};
    use engine::error::RunError;
    use engine::plan::Pace;
    use engine::run::Ending;
    use serde_json::Value;

    /// The report of a made-up run, as JSON.
    fn json(made: &Made) -> Value {
        serde_json::to_value(fixture::report(made)).expect("a report is JSON")
    }

    #[test]
    fn rates_follow_from_the_phase_and_the_last_event() {
        let report = fixture::report(&Made::clean());
        assert_eq!(report.produced.due, Some(200_000), "due");
        assert_eq!(report.produced.flow.duration_s, Some(10.0), "the phase");
        assert_eq!(report.produced.flow.messages_per_second, Some(20_000.0), "of the phase");
        assert_eq!(report.acked.flow.duration_s, Some(10.25), "to the last ack");
        assert_eq!(report.consumed.messages, 400_000, "both subscriptions");
        assert_eq!(report.consumed.subscriptions.len(), 2, "each by itself");
        let parts: u64 = report.consumed.subscriptions.iter().map(|of| of.messages).sum();
        assert_eq!(parts, report.consumed.messages, "slices add up to the whole");
        let tasks = |role: &str, part: fn(&super::Task) -> u64| -> u64 {
            report.tasks.iter().filter(|task| task.role == role).map(part).sum()
        };
        assert_eq!(tasks("producer", |task| task.messages), report.produced.messages, "producers");
        assert_eq!(tasks("consumer", |task| task.messages), report.consumed.messages, "consumers");
        assert_eq!(tasks("producer", |task| task.logical), 2, "logical producers");
        assert_eq!(tasks("consumer", |task| task.logical), 8, "logical consumers");
        let cost = report.engine.cpu_seconds_per_million_messages.expect("something was done");
        assert!(
            (cost - 8.571).abs() < 1e-9,
            "6 s for 600,000 acked and received, 100,000 before: {cost}"
        );
        assert_eq!(
            report.startup.map(|of| (of.ready_ms, of.first_ack_ms)),
            Some((750.0, Some(3.0))),
            "start"
        );
    }

    #[test]
    fn a_closed_loop_has_no_due_no_target_and_no_latency_from_a_due_time() {
        let mut made = Made::clean();
        made.plan.demand.streams[0].pace = Pace::Max { in_flight: None };
        let json = json(&made);
        for path in [
            "/produced/due",
            "/produced/unsent",
            "/produced/target_messages_per_second",
            "/latency/publish",
            "/latency/send_delay",
            "/latency/end_to_end",
            "/intervals/0/publish_p99_us",
            "/tasks/0/latency/publish",
        ] {
            assert_eq!(json.pointer(path), Some(&Value::Null), "{path}");
        }
        assert!(json.pointer("/latency/service/p50_us").is_some_and(Value::is_number), "service");
    }

    #[test]
    fn what_was_not_examined_is_null_and_never_zero() {
        let mut made = Made::clean();
        made.outcome.start = None;
        made.outcome.ending = Ending::Failed(RunError::Refused("no".to_owned()));
        made.outcome.tally = engine::measure::Tally::new(&made.plan.demand);
        made.outcome.lanes.clear();
        made.outcome.intervals.clear();
        made.outcome.cost = engine::run::Cost::default();
        let json = json(&made);
        for path in [
            "/startup",
            "/client",
            "/system",
            "/workers",
            "/engine/ceiling",
            "/engine/hiccup",
            "/engine/cpu_seconds",
            "/engine/cpu_seconds_per_million_messages",
            "/engine/peak_rss_bytes",
            "/produced/duration_s",
            "/produced/messages_per_second",
            "/produced/error_rate",
            "/produced/plateau_messages_per_second",
            "/acked/first_at",
            "/latency/publish/p99_us",
            "/verification/redelivered",
            "/verification/duplicated",
            "/verification/reordered",
        ] {
            assert_eq!(json.pointer(path), Some(&Value::Null), "{path}");
        }
        assert_eq!(json.pointer("/partial/producers/completed"), Some(&Value::from(0)), "partial");
        let tasks = json.pointer("/tasks").and_then(Value::as_array).expect("tasks");
        assert_eq!(tasks.len(), made.plan.lanes.len(), "also tasks that brought nothing");
        assert!(tasks.iter().all(|task| task["status"] == "failed"), "{tasks:?}");
    }

    #[test]
    fn streams_are_merged_and_shown_each_by_itself() {
        let made = Made::two_streams();
        let report = fixture::report(&made);
        assert_eq!(report.streams.len(), 2, "each");
        let parts: u64 = report.streams.iter().map(|stream| stream.produced.messages).sum();
        assert_eq!((report.produced.messages, parts), (300_000, 300_000), "merged");
        assert_eq!(report.produced.target_messages_per_second, Some(30_000), "rates add up");
        let publish = |of: &super::Latencies| of.publish.as_ref().map(|block| block.count);
        assert_eq!(publish(&report.latency), Some(300_000), "all samples");
        assert_eq!(publish(&report.streams[1].latency), Some(100_000), "its own");
        assert_eq!(report.consumed.subscriptions.len(), 4, "two of each");
        assert_eq!(fixture::report(&Made::clean()).streams.len(), 0, "one stream needs no list");
    }
}
