//! What coordinator and worker say to each other: JSON, but for tallies, which are postcard.
//!
//! Moments are nanoseconds since the epoch in the fleet's time, which is the coordinator's; only what
//! `GET /clock` answers is in the worker's own.

use crate::spec::{Bundle, Order, RunIdentity};
use engine::host::{Busy, Throttled};
use engine::lane::Progress;
use engine::measure::{ClientStats, ClientTallies, LaneEnd, NetworkSeen, Tally};
use engine::plan::{Deal, LanePlan, Machine, Role, Share};
use engine::run::{ClockSeen, Cost};
use engine::time::Schedule;
use engine::units::Nanos;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of what is said here; a change that the other side would misread is a new one.
pub(super) const WIRE: u32 = 1;

/// For how long a worker keeps what a coordinator started without hearing of it.
pub(super) const LEASE: Nanos = Nanos::from_secs(10);

/// The longest lease that may be asked for, by whoever starts tasks by hand.
pub(super) const LEASE_MAX: Nanos = Nanos::from_secs(3_600);

/// Tasks of one worker at a time: two of a run, and what it takes over from others.
pub(super) const TASKS_MAX: usize = 64;

/// `GET /health`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Health {
    /// The worker's version: coordinator and workers must have the same.
    pub kdyno_version: String,
    /// [`WIRE`].
    pub wire: u32,
    /// Drawn when the worker's process began: another one is another process.
    pub instance: String,
    /// The host's name.
    pub host: Option<String>,
    /// The same for all workers of one host.
    pub boot_id: Option<String>,
    /// The cores that it may use.
    pub machine: Machine,
    /// Processes that wanted a core over the last minute.
    pub load_1m: Option<f64>,
    /// Its client library.
    pub librdkafka: String,
    /// The clock that it reads.
    pub clock: String,
    /// What that says.
    pub now_ns: u64,
    /// Who has started something here, and is heard of.
    pub coordinator: Option<String>,
    /// What was started.
    pub tasks: Vec<String>,
}

/// `GET /clock`: when the question came and when the answer left, by the worker's own clock.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Moments {
    /// When the head of the question was complete.
    pub received_ns: u64,
    /// When the answer was made.
    pub sent_ns: u64,
}

/// `PUT /clock`: what a worker adds to its own clock: at a moment of it, and how fast that grows.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClockOrder {
    /// A moment of the worker's own clock.
    pub at_ns: u64,
    /// What to add there.
    pub offset_ns: i64,
    /// How fast that grows, in parts of 10⁹.
    pub drift_ppb: i64,
}

/// `POST /producer/start`, `POST /consumer/start`: a share of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TaskOrder {
    /// Its name; the same again is the same task.
    pub task_id: String,
    /// What was asked of the coordinator.
    pub order: Order,
    /// The files that it names.
    pub files: Bundle,
    /// The run that it is a share of.
    pub identity: RunIdentity,
    /// Which share; left out: everything.
    #[serde(default = "whole")]
    pub share: Part,
    /// Which worker of this host this is, and of how many; left out: the only one.
    #[serde(default = "alone")]
    pub place: (usize, usize),
    /// For how long the task is kept without a word of its coordinator; left out: [`LEASE`].
    #[serde(default)]
    pub lease_ms: Option<u64>,
}

/// A share, without the role, which the path says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    /// The first number.
    pub first: u64,
    /// How far apart numbers are.
    pub step: u64,
    /// Which holder of it this is.
    #[serde(default)]
    pub incarnation: u16,
}

impl Part {
    /// Of a deal.
    pub(super) const fn of(deal: Deal, incarnation: u16) -> Self {
        Self { first: deal.first, step: deal.step, incarnation }
    }

    /// The share, or what is wrong with it.
    pub(super) fn share(self, role: Role) -> Result<Share, String> {
        let Self { first, step, incarnation } = self;
        if step <= first {
            return Err(format!("share: got first {first}, step {step}: need first below step"));
        }
        Ok(Share { deal: Deal { first, step }, role: Some(role), incarnation })
    }
}

const fn whole() -> Part {
    Part::of(Deal::WHOLE, 0)
}

const fn alone() -> (usize, usize) {
    (0, 1)
}

/// The answer to a task's start.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Started {
    /// Its name.
    pub task_id: String,
    /// Its lanes, as this host plans them; none where nothing of the share is of that role.
    pub lanes: Vec<LanePlan>,
    /// What the user should know of that.
    pub remarks: Vec<String>,
}

/// Where a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// Clients connect, consumers join.
    Preparing,
    /// All lanes wait for the start.
    Prepared,
    /// The load is on, or read.
    Running,
    /// All lanes have handed everything over.
    Done,
    /// A lane cannot go on.
    Failed,
}

/// `GET /task/{id}/status`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Status {
    /// Its name.
    pub task_id: String,
    /// What its lanes do.
    pub role: String,
    /// Where it is.
    pub state: State,
    /// Why it cannot go on.
    pub error: Option<String>,
    /// What each lane has published.
    pub lanes: Vec<Progress>,
    /// What clients said of trouble, and how often.
    pub trouble: Vec<(String, u64)>,
}

/// `GET /consumer/{id}/ready`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Readiness {
    /// Whether all its members have joined their groups.
    pub subscribed: bool,
    /// What they were given.
    pub assigned_partitions: Vec<Assignment>,
    /// Whether that has not changed for a while; true for members without a partition too.
    pub ready: bool,
    /// Why it never will be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A partition that a member was given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Assignment {
    /// The topic's name.
    pub topic: String,
    /// Which of its partitions.
    pub partition: i32,
}

/// `POST /start`: the agreed instant.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StartOrder {
    /// When the load begins.
    pub at_ns: u64,
    /// When these lanes join in, where that is later.
    #[serde(default)]
    pub from_ns: Option<u64>,
    /// When the measured phase begins; left out: after the workload's warm-up, or open.
    #[serde(default)]
    pub measured_ns: Option<u64>,
    /// Where that is decided while the load is on, the latest moment, and seconds are counted from
    /// `at_ns`; left out: with `measured_ns` it is settled, else the workload says.
    #[serde(default)]
    pub latest_ns: Option<u64>,
    /// By stream, where rates have changed; left out: the workload's.
    #[serde(default)]
    pub schedules: Option<Vec<Option<Schedule>>>,
    /// When the last message is due, excluded, where that is earlier than planned.
    #[serde(default)]
    pub end_ns: Option<u64>,
    /// Whether consumers read nothing for now.
    #[serde(default)]
    pub held: bool,
    /// Which tasks; left out: all that have not started.
    #[serde(default)]
    pub tasks: Option<Vec<String>>,
}

/// `PUT /course`: what the run tells its lanes while it goes on, all of it. What is left out stays as it
/// is, but for `held`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CourseOrder {
    /// Counts a coordinator's courses: one that was on its way for so long that a later one was followed
    /// before is refused.
    pub number: u64,
    /// By stream, null for a closed loop: the same as before up to now.
    pub schedules: Option<Vec<Option<Schedule>>>,
    /// When the last message is due, excluded, where that is earlier than planned.
    pub end_ns: Option<u64>,
    /// When the measured phase begins, once that is decided.
    pub measured_ns: Option<u64>,
    /// Whether consumers read nothing for now.
    pub held: bool,
    /// Which tasks; left out: all that have started.
    pub tasks: Option<Vec<String>>,
}

/// `PUT /rate`: a stream's rate from a moment on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RateOrder {
    /// Which stream of the workload.
    #[serde(default)]
    pub stream: usize,
    /// Messages per second of the whole run.
    pub rate: u64,
    /// From when on.
    pub at_ns: u64,
}

/// How tasks are to stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stop {
    /// Producers send no more and wait a little for answers.
    #[default]
    Halt,
    /// Consumers say how far they are, and read on.
    Drain,
    /// Consumers commit and leave.
    Close,
}

/// `POST /stop`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct StopOrder {
    /// How.
    pub how: Stop,
    /// Which tasks; left out: all.
    pub tasks: Option<Vec<String>>,
}

/// The answer to `DELETE /task/{id}`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Deleted {
    /// Lanes whose clients were not closed in time.
    pub unclosed: Vec<String>,
}

/// `GET /task/{id}/result?from=N`: what lanes handed over, in postcard.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Frames {
    /// The number of the first frame here: later than asked for where some were dropped.
    pub first: u64,
    /// The frames, each encoded by itself.
    pub frames: Vec<Vec<u8>>,
    /// What the clients said of themselves; there when all lanes have ended and no frame is left.
    pub finished: Option<Finished>,
    /// What the process used; there when no task of the run is left that has not finished.
    pub host: Option<HostSaid>,
}

/// What one lane handed over.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Frame {
    /// Which lane of the task.
    pub lane: u32,
    /// The last second it covers.
    pub second: i64,
    /// What it saw.
    pub tally: Tally,
    /// How it ended, in its last one.
    pub end: Option<LaneEnd>,
}

/// A task that has ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Finished {
    /// What its clients said, in all and by second.
    pub clients: Option<(ClientStats, BTreeMap<i64, ClientTallies>)>,
    /// What went wrong with a lane that did not hand over its last tally.
    pub error: Option<String>,
}

/// What a worker's process used and saw of its host.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct HostSaid {
    /// From the start on.
    pub cost: Cost,
    /// Its own clock against its kernel's.
    pub clock: ClockSeen,
    /// What its system withheld.
    pub throttled: Option<Throttled>,
    /// Its client's thread that wanted a core most.
    pub client_thread: Option<Busy>,
    /// What its monitor saw, as the result has it; null when it was off.
    pub system: Option<String>,
    /// What its monitor saw of the network.
    pub network: Option<NetworkSeen>,
    /// What was marked there.
    pub marks: Vec<MarkSaid>,
}

/// A mark that was set at a worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MarkSaid {
    /// When.
    pub at_ns: u64,
    /// Its words.
    pub text: String,
}
