//! Who carried the load: the plan as the file writes it.

use super::number::{micros, seconds};
use super::tasks::carried;
use engine::plan::{Pace, Plan};
use engine::time::WaitMode;
use engine::units::{Millicores, Rate};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The plan.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlanPart {
    /// Length of the warm-up; at most, where it was to end by itself.
    pub warmup_s: f64,
    /// Length of the measured phase.
    pub measured_s: f64,
    /// Topics of all streams.
    pub topics: usize,
    /// Their partitions.
    pub partitions: u64,
    /// Logical producers.
    pub producers: u64,
    /// Logical consumers.
    pub consumers: u64,
    /// What is sent and read.
    pub streams: Vec<StreamPlan>,
    /// What there was to run them on.
    pub machine: Cores,
    /// The threads and what they carry.
    pub lanes: Vec<Lane>,
    /// The consumer groups.
    pub groups: Vec<Group>,
    /// How often clients say how they are.
    pub statistics: Statistics,
    /// What the user was told before the start.
    pub remarks: Vec<String>,
}

/// How often clients say how they are: librdkafka's `statistics.interval.ms`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Statistics {
    /// Those that send; null for never.
    pub producers_every_s: Option<f64>,
    /// Those that read; null for never.
    pub consumers_every_s: Option<f64>,
}

/// A stream, as planned.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StreamPlan {
    /// Its name.
    pub name: String,
    /// `rate` (due times by a schedule), `varied` (by one of a rate that changes, or of arrivals by
    /// chance) or `max` (a closed loop without).
    pub pace: Cow<'static, str>,
    /// Messages per second, on average over the measured phase; null in a closed loop.
    pub messages_per_second: Option<u64>,
    /// The closed loop's bound, if it has one.
    pub in_flight: Option<u64>,
    /// Bytes of a body.
    pub message_size: u64,
}

/// The cores that the process may use.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cores {
    /// Their numbers.
    pub cores: Vec<usize>,
    /// How many physical cores these are.
    pub physical_cores: usize,
    /// The NUMA nodes that they lie on.
    pub nodes: Vec<usize>,
    /// How many of them the cgroup grants in all; null without a quota below that.
    pub quota_cores: Option<f64>,
}

impl Cores {
    fn of(machine: &engine::plan::Machine) -> Self {
        Self {
            cores: machine.ids(),
            physical_cores: machine.physical_cores(),
            nodes: machine.nodes(),
            quota_cores: machine.quota.map(Millicores::as_cores_f64),
        }
    }
}

/// A thread, its core and its clients.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Lane {
    /// Its name.
    pub name: String,
    /// `producer` or `consumer`.
    pub role: String,
    /// Where it ran.
    pub core: usize,
    /// The NUMA node of that core.
    pub node: usize,
    /// Where it may run: that core alone, or any of these.
    pub cores: Vec<usize>,
    /// Whether others of ours ran there too.
    pub shares_core: bool,
    /// Where its clients' own threads ran.
    pub io_cores: Vec<usize>,
    /// How many clients it carried.
    pub clients: usize,
    /// How many logical producers or consumers these stood for.
    pub logical: u64,
    /// `spin` or `sleep`.
    pub wait: Cow<'static, str>,
    /// How far apart the wake-ups are at least that near dues share; null where none are shared:
    /// in spin, in a closed loop, on consuming lanes.
    pub tick_us: Option<f64>,
}

/// A consumer group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// The stream it read.
    pub stream: String,
    /// Which subscription of the stream.
    pub subscription: u32,
    /// How many topics it read.
    pub topics: usize,
    /// Its members.
    pub members: u32,
    /// The logical consumers that they stood for.
    pub logical: u64,
    /// Partitions of each member at the start; null when it was not seen.
    pub partitions_per_member: Option<Vec<usize>>,
}

impl PlanPart {
    pub(super) fn of(plan: &Plan, partitions_per_member: &[Vec<usize>]) -> Self {
        let demand = &plan.demand;
        Self {
            warmup_s: seconds(demand.phases.warmup.longest()),
            measured_s: seconds(demand.phases.measured),
            topics: demand.streams.iter().map(|stream| stream.topics.len()).sum(),
            partitions: demand.streams.iter().map(|stream| stream.partitions()).sum(),
            producers: plan.logical_producers(),
            consumers: plan.logical_consumers(),
            streams: streams(plan),
            machine: Cores::of(&plan.machine),
            lanes: lanes(plan),
            groups: groups(plan, partitions_per_member),
            statistics: Statistics {
                producers_every_s: plan.statistics.producer.map(seconds),
                consumers_every_s: plan.statistics.consumer.map(seconds),
            },
            remarks: plan.remarks.clone(),
        }
    }
}

fn streams(plan: &Plan) -> Vec<StreamPlan> {
    let of = |stream: &engine::plan::StreamDemand| {
        let messages_per_second = stream.pace.rate().map(Rate::get);
        let (pace, in_flight) = match stream.pace {
            Pace::At(_) => ("rate", None),
            Pace::Varied(_) => ("varied", None),
            Pace::Max { in_flight } => ("max", in_flight),
        };
        let (name, message_size) = (stream.name.clone(), stream.message_size.0);
        StreamPlan { name, pace: pace.into(), messages_per_second, in_flight, message_size }
    };
    plan.demand.streams.iter().map(of).collect()
}

fn lanes(plan: &Plan) -> Vec<Lane> {
    let of = |lane: &engine::plan::LanePlan| Lane {
        name: lane.name.clone(),
        role: lane.role().to_string(),
        core: lane.core,
        node: lane.node,
        cores: lane.cores.clone(),
        shares_core: lane.shares_core,
        io_cores: lane.io_cores.clone(),
        clients: lane.client_count(),
        logical: carried(plan, lane).logical,
        wait: match lane.wait {
            WaitMode::Spin => "spin",
            WaitMode::Sleep => "sleep",
        }
        .into(),
        tick_us: plan.tick(lane).map(micros),
    };
    plan.lanes.iter().map(of).collect()
}

fn groups(plan: &Plan, partitions_per_member: &[Vec<usize>]) -> Vec<Group> {
    let of = |(index, group): (usize, &engine::plan::GroupPlan)| Group {
        name: group.name.clone(),
        stream: plan.demand.streams[group.stream].name.clone(),
        subscription: group.subscription,
        topics: group.topics.len(),
        members: group.members,
        logical: group.logical,
        partitions_per_member: partitions_per_member.get(index).cloned(),
    };
    plan.groups.iter().enumerate().map(of).collect()
}
