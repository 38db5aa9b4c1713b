//! What a run brought: merged tallies, seconds, and what happened on the way.

use super::second::StreamSecond;
use crate::error::RunError;
use crate::host::{Busy, Throttled};
use crate::measure::{BacklogSeen, CatchUpSeen, ClientStats, ClientTallies, LeadersSeen, Tally};
use crate::plan::{LanePlan, Role};
use crate::search::SearchEnd;
use crate::time::{ClockSource, Drift};
use crate::units::{Nanos, Timestamp};
use serde::{Deserialize, Serialize};

/// A finished run, also one that did not finish as planned.
#[derive(Debug)]
pub struct Outcome {
    /// When preparation began.
    pub started: Timestamp,
    /// When the last report was merged.
    pub ended: Timestamp,
    /// When the lanes had stopped sending.
    pub stopped: Timestamp,
    /// The start line; `None` when the run failed before it.
    pub start: Option<StartLine>,
    /// Everything, merged.
    pub tally: Tally,
    /// Each lane's own, merged over its seconds: those of the plan, then those that were added.
    pub lanes: Vec<LaneOutcome>,
    /// Lanes that were added in place of lost ones.
    pub added: Vec<LanePlan>,
    /// One entry per second of the measured phase and of its drain.
    pub intervals: Vec<Interval>,
    /// From the beginning of which second on the run was steady, counted from the start of the
    /// measured phase; `None` where it never was.
    pub steady_since: Option<i64>,
    /// What became of a backlog; `None` where none was asked for, or the run did not start.
    pub backlog: Option<BacklogSeen>,
    /// What a run that sends nothing found and read; `None` for any other, and where it did not start.
    pub catch_up: Option<CatchUpSeen>,
    /// How the run ended.
    pub ending: Ending,
    /// The deadlines that struck, each in words: what was waited for, how long, what was missing.
    pub deadlines_struck: Vec<String>,
    /// Trouble that clients reported in words, each once, with how often.
    pub trouble: Vec<(String, u64)>,
    /// For each group of the plan, how many partitions each member held at the start.
    pub partitions_per_member: Vec<Vec<usize>>,
    /// For each group, whether its consumers' positions passed the highest acked offset everywhere.
    pub drained: Vec<bool>,
    /// What the process used from the start line to the end of the drain.
    pub cost: Cost,
    /// The clock that was read.
    pub clock: ClockSeen,
    /// How often and for how long the system withheld cores, from the start of the measured phase to
    /// the end of the drain; `None` where it does not count that.
    pub throttled: Option<Throttled>,
    /// The client's own thread that wanted a core for most of the time over the measured phase;
    /// `None` where the system does not tell.
    pub client_thread: Option<Busy>,
    /// Who led the topics' partitions; `None` where that is not known.
    pub leaders: Option<LeadersSeen>,
    /// Messages that the topics no longer held at the end, asked for where some were lost; `None`
    /// where nothing was, or nobody knows.
    pub removed: Option<u64>,
    /// What the clients said of themselves; `None` where none did.
    pub client: Option<ClientStats>,
    /// Topics that this run created.
    pub topics_created: Vec<String>,
    /// What a search came to; `None` where the run had none.
    pub search: Option<SearchEnd>,
    /// The workers of a fleet; empty where the lanes were this process's.
    pub workers: Vec<WorkerOutcome>,
}

/// The moments of the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StartLine {
    /// When all lanes began.
    pub at: Timestamp,
    /// When the measured phase began.
    pub measured: Timestamp,
    /// When the last message was due.
    pub end: Timestamp,
    /// From the beginning of preparation until all consumers were ready.
    pub ready: Nanos,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// As planned; deadlines may have struck.
    Finished,
    /// The user interrupted it.
    Interrupted,
    /// The one who started it had seen enough ([`super::Hooks::is_cut_short`]).
    CutShort,
    /// It could not be finished as planned.
    Failed(RunError),
}

/// A worker's part in the run of a fleet.
#[derive(Clone, Debug, Default)]
pub struct WorkerOutcome {
    /// Where it was asked.
    pub url: String,
    /// Its host's name, as it says; empty where it never answered.
    pub host: String,
    /// Its lanes, by their numbers in the outcome.
    pub lanes: Vec<usize>,
    /// When and why it was lost, if it was.
    pub lost: Option<WorkerLoss>,
    /// Its clock against the coordinator's at the end; `None` where it was never asked.
    pub clock: Option<ClockOffset>,
    /// What its process used; zero where it did not come to say so.
    pub cost: Cost,
    /// How its own clock went against its kernel's.
    pub own_clock: Option<ClockSeen>,
    /// What its system withheld.
    pub throttled: Option<Throttled>,
    /// Its client's thread that wanted a core for most of the time.
    pub client_thread: Option<Busy>,
}

/// How a worker was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerLoss {
    /// When that was noticed.
    pub at: Timestamp,
    /// What was seen of it.
    pub reason: String,
    /// Whether the load had not begun: then its share was dealt to others before.
    pub before_start: bool,
    /// Who took its share over in the middle of the run, by URL.
    pub heirs: Vec<String>,
}

/// A worker's clock against the coordinator's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockOffset {
    /// Its own clock minus the coordinator's, nanoseconds.
    pub offset_ns: i64,
    /// How fast that grows, in parts of 10⁹.
    pub drift_ppb: i64,
    /// How far the corrected clock may be off.
    pub error: Nanos,
    /// The shortest round trip of a question for the time.
    pub round_trip_min: Nanos,
}

/// What one lane brought.
#[derive(Debug)]
pub struct LaneOutcome {
    /// The lane's name.
    pub name: String,
    /// What it did.
    pub role: Role,
    /// Its own tally.
    pub tally: Tally,
    /// Why it ended early, if it did.
    pub error: Option<String>,
    /// Whether nobody heard of its end: its host was lost, or it panicked.
    pub is_lost: bool,
}

/// One second of all lanes, of messages of the measured phase, all streams together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Interval {
    /// Which second, from the start of the measured phase.
    pub second: u32,
    /// Due by the schedules. Known at the end of the run.
    pub due: u64,
    /// Accepted by the clients.
    pub produced: u64,
    /// Acked.
    pub acked: u64,
    /// Received, all subscriptions together.
    pub consumed: u64,
    /// Failed messages, failed commits, consumer errors.
    pub errors: u64,
    /// Messages that the client gave up: answered too.
    pub failed: u64,
    /// Acked × subscriptions − received at the end of the second, warm-up included.
    pub backlog: u64,
    /// Publish latency (from due): median.
    pub publish_p50: Nanos,
    /// Publish latency: 99th percentile.
    pub publish_p99: Nanos,
    /// Publish latency: maximum.
    pub publish_max: Nanos,
    /// Service time (from the send, so also in a closed loop): median.
    pub service_p50: Nanos,
    /// Service time: 99th percentile.
    pub service_p99: Nanos,
    /// Service time: maximum.
    pub service_max: Nanos,
    /// End-to-end latency: median.
    pub end_to_end_p50: Nanos,
    /// End-to-end latency: 99th percentile.
    pub end_to_end_p99: Nanos,
    /// End-to-end latency: maximum.
    pub end_to_end_max: Nanos,
    /// Transit (from the send, so also in a closed loop): median.
    pub transit_p50: Nanos,
    /// Transit: 99th percentile.
    pub transit_p99: Nanos,
    /// Transit: maximum.
    pub transit_max: Nanos,
    /// Send delay: 99th percentile.
    pub send_delay_p99: Nanos,
    /// The longest time for which a lane's core was taken away from it; `None` where no lane waited.
    pub hiccup_max: Option<Nanos>,
    /// Lanes of which nothing is in this second since their host was lost. Known at the end of the run.
    pub lanes_missing: u32,
    /// What the clients said of the second; `None` where none did. Known at the end of the run.
    pub client: Option<ClientTallies>,
    /// Each of several streams by itself, in the plan's order; empty where there is one.
    pub streams: Vec<StreamSecond>,
}

/// What the process used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// User and system time of all threads, from the start line to the end of the drain.
    pub cpu: Nanos,
    /// The largest resident memory so far, in bytes.
    pub peak_rss: u64,
}

/// Which clock the run read, and how well it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockSeen {
    /// What it read.
    pub source: ClockSource,
    /// Against the kernel's monotonic clock, from the start line to the end of the drain; `None` for
    /// the kernel's own and for a run that failed before the start.
    pub drift: Option<Drift>,
}

/// What the clean-up found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CleanUp {
    /// Topics that were deleted.
    pub deleted: Vec<String>,
    /// Topics and groups that stay, with the reason.
    pub left: Vec<(String, String)>,
    /// Clients that were not closed by the deadline.
    pub unclosed: Vec<String>,
}

impl Interval {
    /// Adds what came for the same second under another number. Percentiles cannot be added: the
    /// higher ones stand, so that nothing looks better than it was.
    pub(super) fn join(&mut self, other: &Self) {
        let Self {
            second: _,
            due,
            produced,
            acked,
            consumed,
            errors,
            failed,
            backlog,
            publish_p50,
            publish_p99,
            publish_max,
            service_p50,
            service_p99,
            service_max,
            end_to_end_p50,
            end_to_end_p99,
            end_to_end_max,
            transit_p50,
            transit_p99,
            transit_max,
            send_delay_p99,
            hiccup_max,
            lanes_missing,
            client,
            streams,
        } = other;
        self.due += due;
        self.produced += produced;
        self.acked += acked;
        self.consumed += consumed;
        self.errors += errors;
        self.failed += failed;
        self.backlog = *backlog;
        self.lanes_missing = self.lanes_missing.max(*lanes_missing);
        self.hiccup_max = self.hiccup_max.max(*hiccup_max);
        for (mine, theirs) in self.streams.iter_mut().zip(streams) {
            mine.join(theirs);
        }
        for (mine, theirs) in [
            (&mut self.publish_p50, publish_p50),
            (&mut self.publish_p99, publish_p99),
            (&mut self.publish_max, publish_max),
            (&mut self.service_p50, service_p50),
            (&mut self.service_p99, service_p99),
            (&mut self.service_max, service_max),
            (&mut self.end_to_end_p50, end_to_end_p50),
            (&mut self.end_to_end_p99, end_to_end_p99),
            (&mut self.end_to_end_max, end_to_end_max),
            (&mut self.transit_p50, transit_p50),
            (&mut self.transit_p99, transit_p99),
            (&mut self.transit_max, transit_max),
            (&mut self.send_delay_p99, send_delay_p99),
        ] {
            *mine = (*mine).max(*theirs);
        }
        if let Some(theirs) = client {
            self.client.get_or_insert_default().merge(theirs);
        }
    }
}
