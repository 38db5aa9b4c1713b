//! Which threads carry which clients, on which cores, and how they wait.

use super::clients::{ClientCount, ConsumerClient, GroupPlan, ProducerClient};
use super::cores::{Seat, Supply};
use super::demand::{Demand, Pace, StreamDemand};
use super::machine::Machine;
use super::remarks;
use crate::error::PlanError;
use crate::time::WaitMode;
use std::fmt;

/// What the user set by hand.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// Cores for lanes.
    pub cores: Option<Vec<usize>>,
    /// Cores for the client's own threads.
    pub io_cores: Option<Vec<usize>>,
    /// How lanes wait.
    pub wait: WaitChoice,
    /// How many clients.
    pub clients: ClientCount,
}

/// How lanes wait, as asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WaitChoice {
    /// Spin on a core of its own, sleep on a shared one.
    #[default]
    Auto,
    /// Always this way.
    Fixed(WaitMode),
}

/// What a lane does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Sends.
    Producer,
    /// Reads.
    Consumer,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Producer => "producer",
            Self::Consumer => "consumer",
        })
    }
}

/// A thread, its core and its clients.
#[derive(Clone, Debug)]
pub struct LanePlan {
    /// The thread's name, at most 15 characters.
    pub name: String,
    /// The core that is dealt to it.
    pub core: usize,
    /// The NUMA node of that core.
    pub node: usize,
    /// Where it may run: that core alone, or any of the lanes' where cores are shared. A lane bound
    /// to a core that a broker or a client's thread happens to use waits while another idles:
    /// measured on 2 cores, three times the send delay p99 (CHANGELOG, Numbers).
    pub cores: Vec<usize>,
    /// Whether others of ours run there too: lanes or the client's threads.
    pub shares_core: bool,
    /// Where its clients' own threads run.
    pub io_cores: Vec<usize>,
    /// How it waits.
    pub wait: WaitMode,
    /// What it carries.
    pub work: LaneWork,
}

/// What a lane carries.
#[derive(Clone, Debug)]
pub enum LaneWork {
    /// Producing clients of one stream.
    Produce {
        /// The stream.
        stream: usize,
        /// The clients.
        clients: Vec<ProducerClient>,
    },
    /// Consuming clients, of any stream.
    Consume {
        /// The clients.
        clients: Vec<ConsumerClient>,
    },
}

impl LanePlan {
    /// What the lane does.
    #[must_use]
    pub const fn role(&self) -> Role {
        match self.work {
            LaneWork::Produce { .. } => Role::Producer,
            LaneWork::Consume { .. } => Role::Consumer,
        }
    }

    /// How many clients it carries.
    #[must_use]
    pub const fn client_count(&self) -> usize {
        match &self.work {
            LaneWork::Produce { clients, .. } => clients.len(),
            LaneWork::Consume { clients } => clients.len(),
        }
    }
}

/// Messages per second that one lane carries without being near its limit: a third of what one
/// librdkafka producer reached on the slowest machine measured (1.0 million per second of 100 B).
const LANE_RATE: u64 = 300_000;

/// How many lanes of each role each stream would like.
struct Want {
    produce: usize,
    consume: usize,
}

fn want(stream: &StreamDemand, slots: usize) -> Want {
    let by_rate = |rate: u64| usize::try_from(rate.div_ceil(LANE_RATE)).unwrap_or(slots).max(1);
    let rate = match stream.pace {
        Pace::At(rate) => Some(rate.get()),
        Pace::Max { .. } => None,
    };
    let reads = u64::from(stream.subscriptions);
    let fit =
        |logical: u64, lanes: usize| lanes.min(usize::try_from(logical).unwrap_or(usize::MAX));
    Want {
        produce: fit(stream.producers(), rate.map_or(slots, by_rate)),
        consume: fit(
            stream.consumers(),
            rate.map_or(slots, |rate| by_rate(rate.saturating_mul(reads))),
        ),
    }
}

/// Deals lanes to cores and clients to lanes.
pub(super) fn place(
    demand: &Demand,
    groups: &[GroupPlan],
    machine: &Machine,
    wishes: &Wishes,
    remarks: &mut Vec<String>,
) -> Result<Vec<LanePlan>, PlanError> {
    let supply = Supply::new(machine, wishes)?;
    let slots = supply.slots();
    let mut wants: Vec<Want> = demand.streams.iter().map(|stream| want(stream, slots)).collect();
    shrink(&mut wants, slots);
    let mut works = Vec::new();
    for (stream, wanted) in wants.iter().enumerate().filter(|(_, wanted)| 0 < wanted.produce) {
        works.extend(producers(demand, stream, wanted.produce, wishes.clients));
    }
    let consuming = wants.iter().map(|wanted| wanted.consume).max().unwrap_or(0);
    works.extend(consumers(demand, groups, consuming, wishes.clients));
    let seats = supply.seats(works.len());
    let is_affordable = supply.is_affordable(works.len(), machine.budget());
    let lanes = assign(works, seats, |shares_core| match wishes.wait {
        WaitChoice::Fixed(mode) => mode,
        WaitChoice::Auto if shares_core || !is_affordable => WaitMode::Sleep,
        WaitChoice::Auto => WaitMode::Spin,
    });
    remarks.extend(remarks::of(&lanes, machine, &supply));
    Ok(lanes)
}

/// Takes lanes from the greediest until they fit; each role of a stream keeps one.
fn shrink(wants: &mut [Want], slots: usize) {
    loop {
        let total: usize = wants.iter().map(|wanted| wanted.produce + wanted.consume).sum();
        let greediest = wants
            .iter_mut()
            .flat_map(|wanted| [&mut wanted.produce, &mut wanted.consume])
            .max_by_key(|count| **count);
        match greediest {
            Some(count) if slots < total && 1 < *count => *count -= 1,
            _ => return,
        }
    }
}

/// Deals a stream's logical producers to clients, and the clients to lanes.
fn producers(demand: &Demand, stream: usize, lanes: usize, count: ClientCount) -> Vec<LaneWork> {
    let logical = demand.streams[stream].producers();
    let whole = usize::try_from(logical).expect("producers fit in memory");
    let clients = match count {
        ClientCount::Shared => lanes,
        ClientCount::Each => whole,
        ClientCount::Number(number) => (number as usize).clamp(1, whole),
    };
    let lanes = lanes.min(clients);
    let step = clients;
    let client = |index: usize| ProducerClient {
        name: format!("producer client {index}"),
        producers: (0..logical).skip(index).step_by(step).collect(),
    };
    (0..lanes)
        .map(|lane| {
            let clients = (lane..clients).step_by(lanes).map(client).collect();
            LaneWork::Produce { stream, clients }
        })
        .collect()
}

/// Deals the members of all groups to lanes, one after the other.
fn consumers(
    demand: &Demand,
    groups: &[GroupPlan],
    lanes: usize,
    count: ClientCount,
) -> Vec<LaneWork> {
    let mut works: Vec<Vec<ConsumerClient>> = vec![Vec::new(); lanes];
    let mut lane = 0;
    for (index, group) in groups.iter().enumerate() {
        for member in 0..members(demand, group, lanes, count) {
            let name = format!("consumer {member} of {}", group.name);
            works[lane].push(ConsumerClient { name, group: index, member });
            lane = (lane + 1) % lanes;
        }
    }
    works.retain(|clients| !clients.is_empty());
    works.into_iter().map(|clients| LaneWork::Consume { clients }).collect()
}

/// Members of a group: as the group says, or one per lane where clients are shared, never more than
/// its logical consumers or partitions.
fn members(demand: &Demand, group: &GroupPlan, lanes: usize, count: ClientCount) -> u32 {
    if count != ClientCount::Shared {
        return group.members;
    }
    let most = group.logical.min(group.partitions(&demand.streams[group.stream])).max(1);
    u32::try_from(most.min(u64::try_from(lanes).unwrap_or(u64::MAX))).expect("at most the cores")
}

fn assign(
    works: Vec<LaneWork>,
    seats: Vec<Seat>,
    wait: impl Fn(bool) -> WaitMode,
) -> Vec<LanePlan> {
    let mut counts = [0_usize; 2];
    let lanes = works.into_iter().zip(seats).map(|(work, seat)| {
        let (name, counter) = match work {
            LaneWork::Produce { .. } => ("produce", 0),
            LaneWork::Consume { .. } => ("consume", 1),
        };
        let name = format!("{name}-{}", counts[counter]);
        counts[counter] += 1;
        LanePlan {
            name,
            core: seat.core.id,
            node: seat.core.node,
            cores: seat.cores,
            shares_core: seat.shares_core,
            io_cores: seat.io_cores,
            wait: wait(seat.shares_core),
            work,
        }
    });
    lanes.collect()
}
