//! Which threads carry which clients, on which cores, and how they wait.

use super::clients::{self, ClientCount, ConsumerClient, GroupPlan, ProducerClient};
use super::cores::{Seat, Supply};
use super::demand::{Demand, StreamDemand};
use super::machine::Machine;
use super::remarks;
use super::share::Share;
use crate::error::PlanError;
use crate::time::WaitMode;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What the user set by hand.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum WaitChoice {
    /// Spin on a core of its own, sleep on a shared one.
    #[default]
    Auto,
    /// Always this way.
    Fixed(WaitMode),
}

/// What a lane does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
#[derive(Clone, Debug, Serialize, Deserialize)]
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
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum LaneWork {
    /// Producing clients of one stream.
    Produce {
        /// The stream.
        stream: usize,
        /// The clients.
        clients: Vec<ProducerClient>,
    },
    /// Consuming clients of one stream: what one stream brings is not read late for another's sake.
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

    /// Lets it run on any core, asleep while it waits: the cores of its machine were dealt already.
    pub(super) fn float(&mut self, machine: &Machine) {
        self.cores = machine.ids();
        self.io_cores = machine.ids();
        self.shares_core = true;
        self.wait = WaitMode::Sleep;
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

/// What one host carries of a stream.
struct Load {
    /// Its own producers and all of them.
    producers: (u64, u64),
    /// Its own seats of groups and all of them.
    consumers: (u64, u64),
}

fn want(stream: &StreamDemand, load: &Load, slots: usize) -> Want {
    let by_rate = |rate: u64| usize::try_from(rate.div_ceil(LANE_RATE)).unwrap_or(slots).max(1);
    // The host's part of the rate: by how many of the producers and consumers are its own.
    // Lanes must carry it where it is highest.
    let part = |(own, all): (u64, u64)| {
        let part = u128::from(stream.pace.peak()?) * u128::from(own) / u128::from(all.max(1));
        Some(u64::try_from(part).expect("a part is not more than the whole"))
    };
    let reads = u64::from(stream.subscriptions);
    let fit =
        |logical: u64, lanes: usize| lanes.min(usize::try_from(logical).unwrap_or(usize::MAX));
    let (sent, read) = (part(load.producers), part(load.consumers));
    Want {
        produce: fit(load.producers.0, sent.map_or(slots, by_rate)),
        consume: fit(
            load.consumers.0,
            read.map_or(slots, |rate| by_rate(rate.saturating_mul(reads))),
        ),
    }
}

/// What a share carries of each stream, with the number of the stream's first producer.
fn loads(
    (demand, groups, share): (&Demand, &[GroupPlan], &Share),
    count: ClientCount,
) -> Vec<(u64, Load)> {
    let mut base = 0;
    let seats = seats(demand, groups, count);
    let of_stream = |(index, stream): (usize, &StreamDemand)| {
        let first = base;
        base += stream.producers();
        let own = groups.iter().zip(&seats).filter(|(group, _)| group.stream == index);
        let counts = own.map(|(_, (seat, all))| (share.deal.count_among(*seat, *all), *all));
        let consumers = counts.fold((0, 0), |sum, next| (sum.0 + next.0, sum.1 + next.1));
        let all = stream.producers();
        let producers = (share.deal.count_among(first, all), all);
        (first, Load { producers, consumers })
    };
    demand.streams.iter().enumerate().map(of_stream).collect()
}

/// Each group's seats: the first one's number, counted over all groups, and how many there are. As
/// many members as a group may have at most sit there, on whichever hosts: as it says, or where clients
/// are shared one for each logical consumer, and no more than partitions.
fn seats(demand: &Demand, groups: &[GroupPlan], count: ClientCount) -> Vec<(u64, u64)> {
    let mut base = 0;
    let of_group = |group: &GroupPlan| {
        let first = base;
        let partitions = group.partitions(&demand.streams[group.stream]);
        let seats = match count {
            ClientCount::Shared => group.logical.min(partitions).max(1),
            ClientCount::Each | ClientCount::Number(_) => u64::from(group.members),
        };
        base += seats;
        (first, seats)
    };
    groups.iter().map(of_group).collect()
}

/// Deals lanes to cores and clients to lanes.
pub(super) fn place(
    (demand, groups, share): (&Demand, &[GroupPlan], &Share),
    machine: &Machine,
    wishes: &Wishes,
    remarks: &mut Vec<String>,
) -> Result<Vec<LanePlan>, PlanError> {
    let supply = Supply::new(machine, wishes)?;
    let slots = supply.slots();
    let loads = loads((demand, groups, share), wishes.clients);
    let mut wants: Vec<Want> = demand
        .streams
        .iter()
        .zip(&loads)
        .map(|(stream, (_, load))| want(stream, load, slots))
        .collect();
    shrink(&mut wants, slots);
    let mut works = Vec::new();
    for (stream, wanted) in wants.iter().enumerate().filter(|(_, wanted)| 0 < wanted.produce) {
        let own: Vec<u64> =
            share.deal.among(loads[stream].0, demand.streams[stream].producers()).collect();
        // A transaction is a client's, and its end stops the lane: neither is shared.
        let (lanes, count) = match demand.clients.transactions {
            Some(_) => (own.len(), ClientCount::Each),
            None => (wanted.produce, wishes.clients),
        };
        let of = (stream, own_name(demand, stream), &demand.streams[stream]);
        works.extend(producers(of, &own, lanes, count));
    }
    // Nor do streams share a lane for reading: a message would wait there while others' are taken.
    for (stream, wanted) in wants.iter().enumerate().filter(|(_, wanted)| 0 < wanted.consume) {
        works.extend(consumers((demand, groups, share), (stream, wanted.consume), wishes.clients));
    }
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

/// A stream's name where it is one of several.
fn own_name(demand: &Demand, stream: usize) -> Option<&str> {
    (1 < demand.streams.len()).then(|| demand.streams[stream].name.as_str())
}

/// Deals a stream's logical producers that are the host's `own` to clients, and the clients to lanes.
fn producers(
    (index, of, stream): (usize, Option<&str>, &StreamDemand),
    own: &[u64],
    lanes: usize,
    count: ClientCount,
) -> Vec<LaneWork> {
    let of_stream = of.map_or_else(String::new, |name| format!(" of {name}"));
    let dealt = clients::producing(stream, own, lanes, count);
    let lanes = lanes.min(dealt.len());
    let mut works: Vec<Vec<ProducerClient>> = vec![Vec::new(); lanes];
    for (client, producers) in dealt.into_iter().enumerate() {
        let name = format!("producer client {client}{of_stream}");
        works[client % lanes].push(ProducerClient { name, producers });
    }
    works.into_iter().map(|clients| LaneWork::Produce { stream: index, clients }).collect()
}

/// Deals the host's members of a stream's groups to its lanes, one after the other.
fn consumers(
    (demand, groups, share): (&Demand, &[GroupPlan], &Share),
    (stream, lanes): (usize, usize),
    count: ClientCount,
) -> Vec<LaneWork> {
    let mut works: Vec<Vec<ConsumerClient>> = vec![Vec::new(); lanes];
    let mut lane = 0;
    let seats = seats(demand, groups, count);
    let all_groups = groups.iter().zip(seats).enumerate();
    for (index, (group, (first, all))) in
        all_groups.filter(|(_, (group, _))| group.stream == stream)
    {
        let of_subscription = groups.iter().filter(|other| {
            (other.stream, other.subscription) == (group.stream, group.subscription)
        });
        let most = match count {
            ClientCount::Shared => clients::members_on(lanes, of_subscription.count()),
            ClientCount::Each | ClientCount::Number(_) => usize::MAX,
        };
        // A member is named after its seat, so no two hosts have the same.
        for seat in share.deal.among(first, all).take(most) {
            let member = u32::try_from(seat).expect("fewer than 2^32 consumers");
            let name = format!("consumer {member} of {}", group.name);
            works[lane].push(ConsumerClient { name, group: index, member });
            lane = (lane + 1) % lanes;
        }
    }
    works.retain(|clients| !clients.is_empty());
    works.into_iter().map(|clients| LaneWork::Consume { clients }).collect()
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
