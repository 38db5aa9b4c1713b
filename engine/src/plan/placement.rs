//! Which threads carry which clients, on which cores, and how they wait.

use super::clients::{ClientCount, ConsumerClient, GroupPlan, ProducerClient};
use super::demand::{Demand, Pace, StreamDemand};
use crate::error::PlanError;
use crate::time::WaitMode;
use std::fmt;

/// The cores there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// The ids of the cores that this process may use.
    pub cores: Vec<usize>,
}

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

/// Below this many cores lanes and the client's threads cannot be kept apart: two lanes, the
/// client's threads and a broker beside them need one each.
const CORES_APART: usize = 4;

/// The cores of lanes and of the client's threads.
struct Cores {
    lanes: Vec<usize>,
    io: Vec<usize>,
}

impl Cores {
    /// By wish, or the first quarter for the client's threads and the rest for lanes; all for both
    /// on small machines.
    fn choose(machine: &Machine, wishes: &Wishes) -> Result<Self, PlanError> {
        let all = &machine.cores;
        check("--cores", wishes.cores.as_deref(), all)?;
        check("--io-cores", wishes.io_cores.as_deref(), all)?;
        let rest = |taken: &[usize]| -> Vec<usize> {
            let free: Vec<usize> =
                all.iter().copied().filter(|core| !taken.contains(core)).collect();
            if free.is_empty() { all.clone() } else { free }
        };
        Ok(match (&wishes.cores, &wishes.io_cores) {
            (Some(lanes), Some(io)) => Self { lanes: lanes.clone(), io: io.clone() },
            (Some(lanes), None) => Self { lanes: lanes.clone(), io: rest(lanes) },
            (None, Some(io)) => Self { lanes: rest(io), io: io.clone() },
            (None, None) if all.len() < CORES_APART => Self { lanes: all.clone(), io: all.clone() },
            (None, None) => {
                let (io, lanes) = all.split_at(all.len() / 4);
                Self { lanes: lanes.to_vec(), io: io.to_vec() }
            }
        })
    }
}

fn check(flag: &str, wish: Option<&[usize]>, all: &[usize]) -> Result<(), PlanError> {
    let Some(wish) = wish else { return Ok(()) };
    match wish.iter().find(|core| !all.contains(core)) {
        Some(core) => {
            Err(PlanError(format!("{flag}: got core {core}, this process may use {all:?}")))
        }
        None if wish.is_empty() => Err(PlanError(format!("{flag}: need at least one core"))),
        None => Ok(()),
    }
}

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
    let cores = Cores::choose(machine, wishes)?;
    let mut wants: Vec<Want> =
        demand.streams.iter().map(|stream| want(stream, cores.lanes.len())).collect();
    shrink(&mut wants, cores.lanes.len());
    let mut works = Vec::new();
    for (stream, wanted) in wants.iter().enumerate().filter(|(_, wanted)| 0 < wanted.produce) {
        works.extend(producers(demand, stream, wanted.produce, wishes.clients));
    }
    let consuming = wants.iter().map(|wanted| wanted.consume).max().unwrap_or(0);
    works.extend(consumers(demand, groups, consuming, wishes.clients));
    if cores.lanes.len() < works.len() || cores.lanes.iter().any(|core| cores.io.contains(core)) {
        remarks.push(format!(
            "{} lanes and the client's threads share {} cores: lanes wait by sleeping unless told to spin",
            works.len(),
            machine.cores.len(),
        ));
    }
    Ok(assign(works, &cores, wishes.wait))
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

fn assign(works: Vec<LaneWork>, cores: &Cores, wait: WaitChoice) -> Vec<LanePlan> {
    let many = cores.lanes.len() < works.len();
    let mut counts = [0_usize; 2];
    works
        .into_iter()
        .enumerate()
        .map(|(index, work)| {
            let core = cores.lanes[index % cores.lanes.len()];
            let shares_core = many || cores.io.contains(&core);
            let (name, counter) = match work {
                LaneWork::Produce { .. } => ("produce", 0),
                LaneWork::Consume { .. } => ("consume", 1),
            };
            let name = format!("{name}-{}", counts[counter]);
            counts[counter] += 1;
            let wait = match (wait, shares_core) {
                (WaitChoice::Fixed(mode), _) => mode,
                (WaitChoice::Auto, true) => WaitMode::Sleep,
                (WaitChoice::Auto, false) => WaitMode::Spin,
            };
            let within = if shares_core { cores.lanes.clone() } else { vec![core] };
            LanePlan {
                name,
                core,
                cores: within,
                shares_core,
                io_cores: cores.io.clone(),
                wait,
                work,
            }
        })
        .collect()
}
