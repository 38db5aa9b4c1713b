//! One entry per lane, also for one that brought nothing; and what is missing from a partial run.

use super::errors::Errors;
use super::latency::{Block, Latencies, Seen};
use super::number::per_second;
use super::streams::is_timed;
use super::traffic::Flow;
use super::workers::worker_of;
use engine::measure::constants::exit;
use engine::measure::{Phase, PhaseTally, Tally, Window};
use engine::plan::{LanePlan, LaneWork, Plan, Role};
use engine::run::{Ending, LaneOutcome, Outcome, WorkerOutcome};
use engine::units::Nanos;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// What one lane did.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Task {
    /// The lane's name.
    pub task_id: String,
    /// The worker's address; null: this host.
    pub worker: Option<String>,
    /// `producer` or `consumer`.
    pub role: String,
    /// The stream that it carries, where the run has several; null otherwise.
    pub stream: Option<String>,
    /// How many topics it served.
    pub topics: usize,
    /// The subscription it read, where there is exactly one; null otherwise.
    pub subscription: Option<u32>,
    /// All subscriptions it read.
    pub subscriptions: Vec<u32>,
    /// How many logical producers or consumers it stood for.
    pub logical: u64,
    /// `done`, `failed`, `timed_out`; of a worker that was lost `lost`, or `moved` where others took its
    /// share over.
    pub status: Cow<'static, str>,
    /// Why it is not done.
    pub error: Option<String>,
    /// When its first message was sent or received.
    pub first_at: Option<String>,
    /// The same, nanoseconds since the epoch.
    pub first_at_ns: Option<u64>,
    /// When its last message was sent or received.
    pub last_at: Option<String>,
    /// The same, nanoseconds since the epoch.
    pub last_at_ns: Option<u64>,
    /// Messages accepted by its clients, or received by them.
    pub messages: u64,
    /// Their body bytes.
    pub bytes: u64,
    /// Messages ÷ the time from its first to its last.
    pub messages_per_second: Option<f64>,
    /// Failed messages; or failed commits and consumer errors.
    pub errors: u64,
    /// By kind and by code.
    #[serde(flatten)]
    pub by_cause: Errors,
    /// What it saw; null for the other role's spans.
    pub latency: Latencies,
}

/// What a lane carries.
pub(super) struct Carried {
    pub(super) topics: usize,
    pub(super) subscriptions: Vec<u32>,
    pub(super) logical: u64,
}

/// What a lane carries, from the plan.
pub(super) fn carried(plan: &Plan, lane: &LanePlan) -> Carried {
    match &lane.work {
        LaneWork::Produce { stream, clients } => {
            let count =
                u64::try_from(plan.demand.streams[*stream].topics.len()).unwrap_or(u64::MAX);
            let producers = clients.iter().flat_map(|client| &client.producers);
            // Producer p of a stream sends to topic p mod topics.
            let topics: BTreeSet<u64> =
                producers.clone().map(|producer| producer % count.max(1)).collect();
            let logical = u64::try_from(producers.count()).unwrap_or(u64::MAX);
            Carried { topics: topics.len(), subscriptions: Vec::new(), logical }
        }
        LaneWork::Consume { clients } => {
            let (mut topics, mut subscriptions, mut logical) =
                (BTreeSet::new(), BTreeSet::new(), 0);
            for client in clients {
                let group = &plan.groups[client.group];
                topics.extend(group.topics.clone().map(|topic| (group.stream, topic)));
                subscriptions.insert(group.subscription);
                // The members share the logical consumers; the first ones take what is over.
                let members = u64::from(group.members.max(1));
                let extra = u64::from(u64::from(client.member) < group.logical % members);
                logical += group.logical / members + extra;
            }
            Carried {
                topics: topics.len(),
                subscriptions: subscriptions.into_iter().collect(),
                logical,
            }
        }
    }
}

/// How a lane fared.
struct Fate {
    status: &'static str,
    error: Option<String>,
}

impl Task {
    /// The tasks of all lanes of the plan, in its order.
    pub(super) fn all(plan: &Plan, outcome: &Outcome) -> Vec<Self> {
        (0..plan.lanes.len()).map(|lane| Self::of(plan, outcome, lane)).collect()
    }

    fn of(plan: &Plan, outcome: &Outcome, index: usize) -> Self {
        let lane = &plan.lanes[index];
        let came = outcome.lanes.iter().find(|came| came.name == lane.name);
        let worker = worker_of(outcome, index);
        let nothing = Tally::new(&plan.demand);
        let tally = came.map_or(&nothing, |came| &came.tally);
        let seen = tally.total(Phase::Measured);
        let fate = lost(worker, came).unwrap_or_else(|| fate(plan, outcome, lane, came));
        let Carried { topics, subscriptions, logical } = carried(plan, lane);
        let (messages, bytes, window) = moved(lane.role(), &seen);
        let span = window.first().zip(window.last()).map(|(first, last)| first.until(last));
        let flow = Flow::of(&window, span, messages, bytes);
        let causes = match lane.role() {
            Role::Producer => vec![&seen.produce_errors],
            Role::Consumer => vec![&seen.consume_errors, &seen.commit_errors],
        };
        Self {
            task_id: lane.name.clone(),
            worker: worker.map(|worker| worker.url.clone()),
            role: lane.role().to_string(),
            stream: stream_of(plan, lane),
            topics,
            subscription: match subscriptions[..] {
                [only] => Some(only),
                _ => None,
            },
            subscriptions,
            logical,
            status: fate.status.into(),
            error: fate.error,
            first_at: flow.first_at,
            first_at_ns: flow.first_at_ns,
            last_at: flow.last_at,
            last_at_ns: flow.last_at_ns,
            messages,
            bytes,
            messages_per_second: span.and_then(|span: Nanos| per_second(messages, span)),
            errors: causes.iter().map(|errors| errors.total()).sum(),
            by_cause: Errors::of(&causes),
            latency: latencies(plan, lane, tally),
        }
    }
}

/// The name of the stream that a lane carries, where it is one of several.
fn stream_of(plan: &Plan, lane: &LanePlan) -> Option<String> {
    let streams = &plan.demand.streams;
    (1 < streams.len()).then(|| streams[plan.stream_of(lane)].name.clone())
}

/// What a lane moved: a producer's are sent, a consumer's received.
fn moved(role: Role, seen: &PhaseTally) -> (u64, u64, Window) {
    match role {
        Role::Producer => (seen.produced.messages, seen.produced.bytes, seen.produced.window),
        Role::Consumer => {
            let mut window = Window::default();
            seen.consumed.iter().for_each(|consumed| window.merge(&consumed.window));
            (seen.received(), seen.consumed.iter().map(|of| of.bytes).sum(), window)
        }
    }
}

fn latencies(plan: &Plan, lane: &LanePlan, tally: &Tally) -> Latencies {
    let streams = plan.demand.streams.iter().zip(&tally.streams).enumerate();
    let is_its = |stream: usize| match &lane.work {
        LaneWork::Produce { stream: own, .. } => *own == stream,
        LaneWork::Consume { clients } => {
            clients.iter().any(|client| plan.groups[client.group].stream == stream)
        }
    };
    let seen: Vec<Seen<'_>> = streams
        .filter(|(index, _)| is_its(*index))
        .map(|(_, (demand, stream))| Seen { timed: is_timed(demand), tally: &stream.measured })
        .collect();
    let all = Latencies::of(&seen, Block::full);
    match lane.role() {
        Role::Producer => all.sending(),
        Role::Consumer => all.receiving(),
    }
}

/// How a lane fared whose worker was lost before it had told of its end.
fn lost(worker: Option<&WorkerOutcome>, came: Option<&LaneOutcome>) -> Option<Fate> {
    let loss = worker?.lost.as_ref()?;
    came.is_none_or(|came| came.is_lost).then(|| Fate {
        status: if loss.heirs.is_empty() { "lost" } else { "moved" },
        error: Some(loss.reason.clone()),
    })
}

fn fate(plan: &Plan, outcome: &Outcome, lane: &LanePlan, came: Option<&LaneOutcome>) -> Fate {
    let Some(came) = came else {
        return Fate { status: "failed", error: Some("brought nothing".to_owned()) };
    };
    if let Some(error) = &came.error {
        return Fate { status: "failed", error: Some(error.clone()) };
    }
    let waiting = match &lane.work {
        LaneWork::Produce { .. } => {
            let outstanding = came.tally.total(Phase::Measured).outstanding();
            (0 < outstanding).then(|| format!("{outstanding} messages without an answer"))
        }
        LaneWork::Consume { clients } => clients
            .iter()
            .find(|client| outcome.drained.get(client.group) != Some(&true))
            .map(|client| format!("{} was not read to its end", plan.groups[client.group].name)),
    };
    match waiting {
        Some(error) => Fate { status: "timed_out", error: Some(error) },
        None => Fate { status: "done", error: None },
    }
}

/// What is missing from a run that is not whole.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Partial {
    /// Whether a deadline struck.
    pub timed_out: bool,
    /// The producing tasks.
    pub producers: Completed,
    /// The consuming tasks.
    pub consumers: Completed,
}

/// How many tasks of a role there are and how many are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completed {
    /// In the plan.
    pub expected: usize,
    /// Done.
    pub completed: usize,
}

impl Partial {
    /// `None` for a run that went to its end, valid or not.
    pub(super) fn of(tasks: &[Task], outcome: &Outcome, exit_code: u8) -> Option<Self> {
        let cut = [exit::INTERRUPTED, exit::FAILED, exit::PARTIAL, exit::TIMED_OUT];
        let count = |role: Role| {
            let role = role.to_string();
            let of_role = || tasks.iter().filter(|task| task.role == role);
            let completed = of_role().filter(|task| task.status == "done").count();
            Completed { expected: of_role().count(), completed }
        };
        // A run may be short of something and worse at the same time: the code tells only the worse.
        let is_cut = cut.contains(&exit_code)
            || outcome.ending != Ending::Finished
            || !outcome.deadlines_struck.is_empty();
        is_cut.then(|| Self {
            timed_out: exit_code == exit::TIMED_OUT || !outcome.deadlines_struck.is_empty(),
            producers: count(Role::Producer),
            consumers: count(Role::Consumer),
        })
    }
}
