//! Which cores are the lanes' and which the client's own threads', by nodes and physical cores.

use super::machine::{Core, Machine, distinct};
use super::placement::Wishes;
use crate::error::PlanError;

/// Below this many cores lanes and the client's threads cannot be kept apart: two lanes, the
/// client's threads and a broker beside them need one each.
const CORES_APART: usize = 4;

/// So many lanes have one physical core for the client's threads. A client's broker thread costs
/// 0.14–0.3 s of processor time per million messages of 100 B, and 1.3–1.6 of 1 KiB, uncompressed or
/// by lz4 (CHANGELOG, Numbers): half a core carries the 300,000 of 1 KiB a second that a lane is
/// planned for, and more than a client was ever seen to send of 100 B. By zstd it carries 140,000.
const LANES_PER_IO: usize = 2;

/// Where lanes can run.
pub(super) enum Supply {
    /// As wished; the client's threads are where the user said, or wherever no lane is.
    ByHand { lanes: Vec<Core>, io: Vec<Core>, is_io_wished: bool },
    /// Few cores, all for everything.
    Shared(Vec<Core>),
    /// Each NUMA node for itself, the one that holds most lanes first.
    Apart(Vec<Node>),
}

/// A place for one lane.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    /// Its core.
    pub(super) core: Core,
    /// Where it may run.
    pub(super) cores: Vec<usize>,
    /// Whether others of ours run there too.
    pub(super) shares_core: bool,
    /// Where its clients' threads run.
    pub(super) io_cores: Vec<usize>,
}

impl Supply {
    /// By wish; else as many of the machine's cores as its quota can keep busy.
    pub(super) fn new(machine: &Machine, wishes: &Wishes) -> Result<Self, PlanError> {
        let wished = pick("--cores", wishes.cores.as_deref(), machine)?;
        let io = pick("--io-cores", wishes.io_cores.as_deref(), machine)?;
        let rest = |taken: &[Core]| -> Vec<Core> {
            let all = machine.cores.iter().copied();
            let free: Vec<Core> = all.filter(|core| !taken.contains(core)).collect();
            if free.is_empty() { machine.cores.clone() } else { free }
        };
        Ok(match (wished, io) {
            (Some(lanes), Some(io)) => Self::ByHand { lanes, io, is_io_wished: true },
            (Some(lanes), None) => Self::ByHand { io: rest(&lanes), lanes, is_io_wished: false },
            (None, Some(io)) => {
                let mut lanes = rest(&io);
                let all = lanes.clone();
                lanes.sort_by_key(|core| (thread_of(core, &all), core.id));
                Self::ByHand { lanes, io, is_io_wished: true }
            }
            (None, None) => Self::automatic(by_preference(machine), machine.budget()),
        })
    }

    /// Of the cores, the best one first, as many as the budget allows.
    fn automatic(mut all: Vec<Core>, budget: usize) -> Self {
        // A quota counts the time of all cores together: threads on more cores than it can keep
        // busy use it up early in a period, and all of them are stopped for the rest of it.
        all.truncate(budget);
        all.sort_unstable_by_key(|core| core.id);
        if all.len() < CORES_APART {
            return Self::Shared(all);
        }
        let nodes = distinct(all.iter().map(|core| core.node));
        let mut nodes: Vec<Node> = nodes.into_iter().map(|node| Node::of(node, &all)).collect();
        nodes.retain(|node| 0 < node.most());
        nodes.sort_by_key(|node| std::cmp::Reverse(node.at_ease()));
        if nodes.is_empty() { Self::Shared(all) } else { Self::Apart(nodes) }
    }

    /// How many lanes fit without crowding.
    pub(super) fn slots(&self) -> usize {
        match self {
            Self::ByHand { lanes, .. } => lanes.len(),
            Self::Shared(cores) => cores.len(),
            Self::Apart(nodes) => nodes.iter().map(Node::at_ease).sum(),
        }
    }

    /// The cores that are planned for, rising.
    pub(super) fn planned(&self) -> Vec<usize> {
        let ids = |cores: &[Core]| cores.iter().map(|core| core.id).collect::<Vec<usize>>();
        let all = match self {
            Self::ByHand { lanes, io, .. } => [ids(lanes), ids(io)].concat(),
            Self::Shared(cores) => ids(cores),
            Self::Apart(nodes) => nodes.iter().flat_map(|node| ids(&node.cores)).collect(),
        };
        distinct(all.into_iter())
    }

    /// Whether so many lanes may spin without using up the quota: what is planned for by itself is
    /// never more than it, what is wished may be.
    pub(super) fn is_affordable(&self, lanes: usize, budget: usize) -> bool {
        let is_wished = matches!(self, Self::ByHand { .. });
        !is_wished || lanes + lanes.div_ceil(LANES_PER_IO) <= budget
    }

    /// Places for so many lanes.
    pub(super) fn seats(&self, count: usize) -> Vec<Seat> {
        match self {
            Self::ByHand { lanes, io, is_io_wished } => {
                let near =
                    |core: &Core| if *is_io_wished { io.clone() } else { on_node(io, core.node) };
                (0..count)
                    .map(|lane| seat(lanes, lane, count, &near(&lanes[lane % lanes.len()])))
                    .collect()
            }
            Self::Shared(cores) => (0..count).map(|lane| seat(cores, lane, count, cores)).collect(),
            Self::Apart(nodes) => by_node(nodes, count),
        }
    }
}

/// A seat among `lanes`, dealt in turn; shared where there are more lanes than cores, or where the
/// client's threads run too.
fn seat(lanes: &[Core], lane: usize, count: usize, io: &[Core]) -> Seat {
    let core = lanes[lane % lanes.len()];
    let shares_core = lanes.len() < count || io.contains(&core);
    let ids = |cores: &[Core]| cores.iter().map(|of| of.id).collect();
    let cores = if shares_core { ids(lanes) } else { vec![core.id] };
    Seat { core, cores, shares_core, io_cores: ids(io) }
}

/// Fills one node after the other: lanes stay together while they fit.
fn by_node(nodes: &[Node], count: usize) -> Vec<Seat> {
    let at_ease: usize = nodes.iter().map(Node::at_ease).sum();
    let most: usize = nodes.iter().map(Node::most).sum();
    let room = |node: &Node| if count <= at_ease { node.at_ease() } else { node.most() };
    if most < count {
        let crowded: Vec<_> = nodes.iter().map(|node| node.split(node.most())).collect();
        let place = |lane: usize| {
            let (lanes, io) = &crowded[lane % crowded.len()];
            seat(lanes, lane / crowded.len(), usize::MAX, io)
        };
        return (0..count).map(place).collect();
    }
    let mut left = count;
    let mut seats = Vec::new();
    for node in nodes {
        let here = left.min(room(node));
        let (lanes, io) = node.split(here);
        seats.extend((0..here).map(|lane| seat(&lanes, lane, here, &io)));
        left -= here;
    }
    seats
}

/// The cores of one NUMA node.
pub(super) struct Node {
    /// Rising.
    cores: Vec<Core>,
    physical: usize,
}

impl Node {
    fn of(node: usize, all: &[Core]) -> Self {
        let cores = on_node(all, node);
        let physical = distinct(cores.iter().map(|core| core.physical)).len();
        Self { cores, physical }
    }

    /// Lanes that each have a physical core for themselves, with enough of them left over.
    const fn at_ease(&self) -> usize {
        self.physical * LANES_PER_IO / (LANES_PER_IO + 1)
    }

    /// Lanes that each have a core for themselves, with a quarter left for the client's threads.
    const fn most(&self) -> usize {
        self.cores.len() - self.cores.len().div_ceil(4)
    }

    /// The cores of so many lanes, and of the client's threads.
    fn split(&self, count: usize) -> (Vec<Core>, Vec<Core>) {
        let mut order = self.cores.clone();
        sort_by_rank(&mut order);
        let mut lanes: Vec<Core> = order.iter().copied().take(count).collect();
        lanes.sort_unstable_by_key(|core| core.id);
        let free: Vec<Core> =
            self.cores.iter().copied().filter(|core| !lanes.contains(core)).collect();
        let is_beside_a_lane =
            |core: &Core| lanes.iter().any(|lane| lane.physical == core.physical);
        let apart: Vec<Core> =
            free.iter().copied().filter(|core| !is_beside_a_lane(core)).collect();
        let physical = distinct(apart.iter().map(|core| core.physical)).len();
        // A busy sibling slows a spinning lane down, so it stays idle while there is enough else.
        let io = if lanes.len() <= physical * LANES_PER_IO { apart } else { free };
        (lanes, io)
    }
}

/// Those on this node; all of them where none is.
fn on_node(cores: &[Core], node: usize) -> Vec<Core> {
    let near: Vec<Core> = cores.iter().copied().filter(|core| core.node == node).collect();
    if near.is_empty() { cores.to_vec() } else { near }
}

/// How many threads of the same physical core come before this one.
fn thread_of(core: &Core, all: &[Core]) -> usize {
    all.iter().filter(|other| other.physical == core.physical && other.id < core.id).count()
}

/// One thread of each physical core before the second ones, the highest first: core 0 has most of
/// the interrupts, and is left to the client's threads.
fn sort_by_rank(cores: &mut [Core]) {
    let all = cores.to_vec();
    cores.sort_by_key(|core| (thread_of(core, &all), std::cmp::Reverse(core.id)));
}

/// All cores, in the order in which they are taken: node by node, the largest first.
fn by_preference(machine: &Machine) -> Vec<Core> {
    let mut nodes: Vec<Node> =
        machine.nodes().into_iter().map(|node| Node::of(node, &machine.cores)).collect();
    nodes.sort_by_key(|node| std::cmp::Reverse(node.physical));
    nodes.iter_mut().for_each(|node| sort_by_rank(&mut node.cores));
    nodes.into_iter().flat_map(|node| node.cores).collect()
}

/// The cores that a flag names.
fn pick(
    flag: &str,
    wish: Option<&[usize]>,
    machine: &Machine,
) -> Result<Option<Vec<Core>>, PlanError> {
    let Some(wish) = wish else { return Ok(None) };
    if wish.is_empty() {
        return Err(PlanError(format!("{flag}: need at least one core")));
    }
    let find = |id: &usize| {
        let found = machine.cores.iter().find(|core| core.id == *id).copied();
        found.ok_or_else(|| {
            let all = machine.ids();
            PlanError(format!("{flag}: got core {id}, this process may use {all:?}"))
        })
    };
    wish.iter().map(find).collect::<Result<Vec<Core>, PlanError>>().map(Some)
}
