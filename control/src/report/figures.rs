//! The smaller parts: start, verification, the engine itself, topics.

use super::ceiling::CeilingPart;
use super::latency::Block;
use super::number::{float, micros, seconds, thousandth};
use super::report::Inputs;
use super::requests::Requests;
use super::streams::is_timed;
use super::tail::Tail;
use crate::host::ALLOCATOR;
use engine::host::Busy;
use engine::measure::{Balance, Phase, PhaseTally, Repeats, slack};
use engine::plan::{Plan, Verification as Asked};
use engine::run::{ClockSeen, Outcome};
use engine::units::Nanos;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// The start of the run.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Startup {
    /// From the beginning of preparation until all consumers were ready.
    pub ready_ms: f64,
    /// From the start line to the first ack, the warm-up's included; null when none came.
    pub first_ack_ms: Option<f64>,
    /// From the beginning of which second on rate and latency were steady, counted from the start of
    /// the measured phase, so that the warm-up's are negative; null where they never were for five
    /// seconds.
    pub steady_s: Option<i64>,
}

impl Startup {
    pub(super) fn of(outcome: &Outcome) -> Option<Self> {
        let start = outcome.start?;
        let first = [Phase::Warmup, Phase::Measured]
            .into_iter()
            .filter_map(|phase| outcome.tally.total(phase).acked.window.first())
            .min();
        Some(Self {
            ready_ms: thousandth(micros(start.ready) / 1_000.0),
            first_ack_ms: first.map(|first| thousandth(micros(start.at.until(first)) / 1_000.0)),
            steady_s: outcome.steady_since,
        })
    }
}

/// What was sent against what came.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Verification {
    /// `numbers`: each message by its number within its producer and partition; `payload`: the same
    /// with a checksum over the whole body; `counts`: by how many were acked and received.
    pub mode: Cow<'static, str>,
    /// Acked, for each subscription once.
    pub expected: u64,
    /// Received by all subscriptions.
    pub received: u64,
    /// Acked, passed by the consumers and not received.
    pub lost: u64,
    /// Read again at the same offset; null: not examined in this mode.
    pub redelivered: Option<u64>,
    /// Read at two offsets; null: not examined in this mode.
    pub duplicated: Option<u64>,
    /// Read before an earlier one; null: not examined in this mode.
    pub reordered: Option<u64>,
    /// Received with a damaged stamp.
    pub corrupted: u64,
    /// Received from other runs or programs.
    pub foreign: u64,
    /// Without an answer, or acked and not read, when the deadline struck: not known to be lost.
    pub outstanding: u64,
    /// Received, and neither acked nor given up; by counts everything received beyond what was acked,
    /// repeats and late answers alike.
    pub unattributed: u64,
    /// Received although the client had given it up; null: not examined in this mode.
    pub failed_but_present: Option<u64>,
    /// Messages that the topics no longer held at the end; null where nothing was lost, or nobody
    /// knows.
    pub removed: Option<u64>,
}

impl Verification {
    pub(super) fn of(
        asked: Asked,
        balances: &[Balance],
        seen: &PhaseTally,
        removed: Option<u64>,
    ) -> Self {
        let sum = |part: fn(&Balance) -> u64| balances.iter().map(part).sum::<u64>();
        // Sums over all subscriptions, or nothing: half of them would look like the whole.
        let repeats: Option<Vec<Repeats>> = balances.iter().map(|of| of.repeats).collect();
        let repeats = repeats.filter(|all| !all.is_empty() && asked != Asked::Counts);
        let told = |part: fn(&Repeats) -> u64| {
            repeats.as_ref().map(|all| all.iter().map(part).sum::<u64>())
        };
        Self {
            mode: match asked {
                _ if repeats.is_none() => "counts",
                Asked::Payload => "payload",
                _ => "numbers",
            }
            .into(),
            expected: sum(|of| of.expected),
            received: sum(|of| of.received),
            lost: sum(|of| of.lost),
            redelivered: told(|of| of.redelivered),
            duplicated: told(|of| of.duplicated),
            reordered: told(|of| of.reordered),
            corrupted: sum(|of| of.corrupted),
            foreign: sum(|of| of.foreign),
            outstanding: sum(|of| of.outstanding) + seen.outstanding(),
            unattributed: told(|of| of.unanswered).unwrap_or_else(|| sum(|of| of.surplus)),
            failed_but_present: told(|of| of.failed_but_present),
            removed,
        }
    }
}

/// What kdyno itself did and used.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Engine {
    /// User and system time of all threads, from the start line to the end of the drain.
    pub cpu_seconds: Option<f64>,
    /// The same per million messages acked or received, those of the warm-up among them.
    pub cpu_seconds_per_million_messages: Option<f64>,
    /// Requests, and what one cost; null where none with messages was answered.
    pub requests: Option<Requests>,
    /// The largest resident memory.
    pub peak_rss_bytes: Option<u64>,
    /// How long lanes' cores were taken away from them: the longest gap of each millisecond that a
    /// spinning lane saw, how much too long a sleeping one slept; null where no lane waited, or the workload asked for none.
    pub hiccup: Option<Block>,
    /// Whether the tails of publish latency are the client's own; empty in a closed loop.
    pub tail: Vec<Tail>,
    /// Offers repeated because the client was full.
    pub queue_full: u64,
    /// Messages that met a full client at least once.
    pub held_back: u64,
    /// Sends more than 1 ms after their due while the client was not full.
    pub late_by_us: u64,
    /// Part of the sending lanes' time that they had left before the next due time, 0 to 1: near 0
    /// they can send no faster; null in a closed loop.
    pub slack: Option<f64>,
    /// Where it stood against this host's ceiling; null: none was measured here, or nothing acked.
    pub ceiling: Option<CeilingPart>,
    /// How long the client's call that acks are there waited for us: our share in the latencies
    /// that end there; null where no client calls.
    pub ack_wait: Option<Block>,
    /// The clock that was read.
    pub clock: Clock,
    /// Periods in which the cgroup's quota was used up while it was measured; null: not counted.
    pub throttled_periods: Option<u64>,
    /// For how long that kept threads from running, summed over cores.
    pub throttled_ms: Option<f64>,
    /// Of the client's own threads that speak to brokers the one that wanted a core most over the
    /// measured phase; null where the system does not tell, or the client has none.
    pub client_thread: Option<ClientThread>,
    /// Who serves memory.
    pub allocator: Cow<'static, str>,
}

/// A thread of the client's own. Near 1 it can do no more, whatever the broker can.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClientThread {
    /// Its name.
    pub name: String,
    /// Part of the time on a core, 0 to 1.
    pub on_core: f64,
    /// Part of the time on a core or waiting for one, 0 to 1.
    pub wanted: f64,
}

impl ClientThread {
    fn of(busy: &Busy) -> Self {
        let Busy { name, on_core, wanted } = busy;
        Self { name: name.clone(), on_core: thousandth(*on_core), wanted: thousandth(*wanted) }
    }
}

/// The clock that was read, and how well it went.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Clock {
    /// `os` (the kernel's) or `tsc` (the processor's time stamp counter).
    pub source: Cow<'static, str>,
    /// Against the kernel's monotonic clock from the start line to the end of the drain, parts in a
    /// million, above zero when it went faster; null for the kernel's own.
    pub drift_ppm: Option<f64>,
    /// How far the drift may be off: what the readings at both ends leave in doubt.
    pub drift_error_ppm: Option<f64>,
}

impl Clock {
    fn of(seen: &ClockSeen) -> Self {
        Self {
            source: seen.source.word().into(),
            drift_ppm: seen.drift.and_then(|drift| drift.ppm()).map(thousandth),
            drift_error_ppm: seen.drift.and_then(|drift| drift.error_ppm()).map(thousandth),
        }
    }
}

impl Engine {
    pub(super) fn of(
        plan: &Plan,
        outcome: &Outcome,
        seen: &PhaseTally,
        ceiling: Option<&CeilingPart>,
    ) -> Self {
        // A closed loop has no due times to be late after.
        let timed = plan.demand.streams.iter().all(is_timed);
        let hiccups = plan.demand.hiccups.then_some(&outcome.tally.hiccup);
        let tail = if timed { Tail::all(seen, hiccups) } else { Vec::new() };
        let known = outcome.start.is_some() && Nanos::ZERO < outcome.cost.cpu;
        let cpu = known.then(|| seconds(outcome.cost.cpu));
        // The warm-up is in the processor time, so its messages count as well.
        let warmup = outcome.tally.total(Phase::Warmup);
        let messages = [seen, &warmup].map(|of| of.acked.messages + of.received()).iter().sum();
        let per_million = |used: f64| used * 1e6 / float(messages);
        Self {
            cpu_seconds: cpu,
            cpu_seconds_per_million_messages: cpu
                .filter(|_| 0 < messages)
                .map(|used| thousandth(per_million(used))),
            requests: Requests::of(outcome, cpu),
            peak_rss_bytes: (0 < outcome.cost.peak_rss).then_some(outcome.cost.peak_rss),
            hiccup: (0 < outcome.tally.hiccup.count())
                .then(|| Block::summary(&outcome.tally.hiccup)),
            tail,
            queue_full: seen.produced.queue_full,
            held_back: seen.produced.held_back,
            late_by_us: seen.produced.late_by_us,
            slack: outcome.start.and_then(|_| slack(plan, &outcome.tally)),
            ceiling: ceiling.cloned(),
            ack_wait: (0 < seen.ack_wait.count()).then(|| Block::summary(&seen.ack_wait)),
            clock: Clock::of(&outcome.clock),
            throttled_periods: outcome.throttled.map(|of| of.periods),
            throttled_ms: outcome.throttled.map(|of| thousandth(micros(of.time) / 1_000.0)),
            client_thread: outcome.client_thread.as_ref().map(ClientThread::of),
            allocator: ALLOCATOR.into(),
        }
    }
}

/// What became of the topics.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Topics {
    /// How many the run created.
    pub created: usize,
    /// How many of them it deleted.
    pub deleted: usize,
    /// Topics and groups that are still there.
    pub left: Vec<Left>,
    /// Clients that were not closed in time.
    pub unclosed: Vec<String>,
}

/// Something that is still there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Left {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
    /// What removes it.
    pub command: String,
}

impl Topics {
    pub(super) fn of(inputs: &Inputs<'_>) -> Self {
        let created = &inputs.outcome.topics_created;
        let command = cleaning(inputs);
        let left = |name: &str, reason: &str| Left {
            name: name.to_owned(),
            reason: reason.to_owned(),
            command: command.clone(),
        };
        match inputs.clean_up {
            Some(clean_up) => {
                let own: BTreeSet<&String> = created.iter().collect();
                Self {
                    created: created.len(),
                    deleted: clean_up.deleted.iter().filter(|name| own.contains(name)).count(),
                    left: clean_up.left.iter().map(|(name, reason)| left(name, reason)).collect(),
                    unclosed: clean_up.unclosed.clone(),
                }
            }
            // The embedded broker's topics end with the process: nothing stays.
            None if inputs.bootstrap_servers.is_none() => {
                Self { created: created.len(), deleted: 0, left: Vec::new(), unclosed: Vec::new() }
            }
            None => Self {
                created: created.len(),
                deleted: 0,
                left: created.iter().map(|name| left(name, "kept, as asked")).collect(),
                unclosed: Vec::new(),
            },
        }
    }
}

/// What deletes what stayed, at each cluster that the run used.
fn cleaning(inputs: &Inputs<'_>) -> String {
    let clean = format!("kdyno topics clean {}", inputs.plan.demand.test_id);
    let Some(servers) = inputs.bootstrap_servers else { return clean };
    let at = |address: &str| format!("{clean} --bootstrap-server {address}");
    let clients = &inputs.plan.demand.clients;
    if clients.consumer_cluster.is_none() {
        return at(servers);
    }
    // The file alone knows how names begin at the other.
    match inputs.driver["file"].as_str() {
        Some(file) => format!("{clean} --driver {file}"),
        None => format!("{} && {}", at(servers), at(clients.consumer_address())),
    }
}
