//! The drivers there are: what a driver file's `driverClass` chooses. Adding one adds one line here.

use crate::error::RunError;
use crate::kafka::KafkaTarget;
use crate::kafka::embedded::{EmbeddedTarget, UNREAD_MAX};
use crate::link::loopback::{LoopbackTarget, UNREAD_MAX as LOOPBACK_MAX};
use crate::link::{Target, Topics};
use crate::plan::{ClientSettings, Plan};
use crate::run::{Hooks, Lanes, Outcome, Ready, Teardown, prepare};
use crate::time::RunClock;
use crate::units::{Bytes, Nanos};
use std::sync::Arc;

/// Prepares a plan on a driver's target.
type Prepare = fn(Plan, RunClock, &mut dyn Hooks) -> Result<Ready, Refusal>;

/// Starts a plan's lanes on a driver's target, for somebody else to drive.
type Spawn = fn(Plan, RunClock) -> Result<Lanes, RunError>;

/// What a coordinator needs of a target whose lanes run on other hosts: its topics, and how long
/// assignments must have stayed as they are before consumers count as ready.
type Cluster = fn(&ClientSettings) -> (Arc<dyn Topics>, Nanos);

/// Why a run did not get ready.
#[derive(Debug)]
pub enum Refusal {
    /// The target itself could not be made; nothing was created.
    Target(RunError),
    /// Preparation failed: the outcome without a start, and what must be torn down.
    Run(Box<(Outcome, Teardown)>),
}

/// What a target in memory holds unread of each partition.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// At most so many bytes, where they are what counts.
    pub bytes: Option<Bytes>,
    /// At most so many messages, where these are.
    pub messages: Option<usize>,
}

/// One kind of system under test.
#[derive(Debug)]
pub struct Driver {
    /// Its name, a `driverClass` of its own.
    pub name: &'static str,
    /// Other tools' `driverClass`es that mean it.
    pub classes: &'static [&'static str],
    /// What it is and is not good for, said before a run; empty for a real cluster.
    pub caveat: &'static str,
    /// Whether it talks to a cluster of the user's, so that `bootstrap.servers` must be set.
    pub is_remote: bool,
    /// What it holds unread before it holds producers back; `None` for a cluster, whose disks do.
    pub room: Option<Room>,
    /// Prepares a run on it.
    pub prepare: Prepare,
    /// Runs it from several hosts; `None` where it lives in one process.
    pub fleet: Option<(Cluster, Spawn)>,
}

/// Every driver.
pub const DRIVERS: &[Driver] = &[
    Driver {
        name: "kafka",
        classes: &[
            "io.openmessaging.benchmark.driver.kafka.KafkaBenchmarkDriver",
            "io.openmessaging.benchmark.driver.redpanda.RedpandaBenchmarkDriver",
            "io.openmessaging.benchmark.driver.redpanda.swarm.RedpandaBenchmarkDriver",
            "io.openmessaging.benchmark.driver.redpanda.tx.RedpandaBenchmarkDriver",
            "benchmark.drivers.kafka.KafkaDriver",
        ],
        caveat: "",
        is_remote: true,
        room: None,
        prepare: |plan, clock, hooks| {
            on(Ok(KafkaTarget::new(&plan.demand.clients)), plan, clock, hooks)
        },
        fleet: Some((
            |clients| (KafkaTarget::new(clients).topics(), KafkaTarget::SETTLE),
            |plan, clock| {
                let target = KafkaTarget::new(&plan.demand.clients);
                Lanes::spawn(plan, target, clock)
            },
        )),
    },
    Driver {
        name: "embedded",
        classes: &[],
        caveat: "embedded broker (librdkafka's mock cluster in this process): good for a first look, \
                 for scripts and for the client's own cost; no disk, no replication, no groups: its \
                 numbers say nothing about a Kafka cluster",
        is_remote: false,
        room: Some(Room { bytes: Some(UNREAD_MAX), messages: None }),
        prepare: |plan, clock, hooks| on(EmbeddedTarget::start(&plan.demand), plan, clock, hooks),
        fleet: None,
    },
    Driver {
        name: "loopback",
        classes: &[],
        caveat: "loopback (no broker at all, messages are handed over in memory): the engine's own \
                 floor; its numbers say nothing about a Kafka cluster",
        is_remote: false,
        room: Some(Room { bytes: None, messages: Some(LOOPBACK_MAX) }),
        prepare: |plan, clock, hooks| on(Ok(LoopbackTarget::new(&plan.demand)), plan, clock, hooks),
        fleet: None,
    },
];

fn on<T: Target>(
    target: Result<T, RunError>,
    plan: Plan,
    clock: RunClock,
    hooks: &mut dyn Hooks,
) -> Result<Ready, Refusal> {
    prepare(plan, target.map_err(Refusal::Target)?, clock, hooks).map_err(Refusal::Run)
}

/// The driver of that name or class.
#[must_use]
pub fn find(class: &str) -> Option<&'static Driver> {
    DRIVERS.iter().find(|driver| driver.name == class || driver.classes.contains(&class))
}
