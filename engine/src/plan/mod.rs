//! The validated run: plain data, decided once, before anything is created.
//!
//! A plan is made by [`Plan::new`] from a [`Demand`] (what is asked), a [`Machine`] (what there is)
//! and [`Wishes`] (what the user set by hand).

mod backlog;
mod catch_up;
mod churn;
mod clients;
mod cores;
mod count;
mod demand;
mod machine;
mod pace;
mod placement;
mod remarks;
mod requests;
mod search;
mod share;
mod statistics;
mod transactions;
mod two_clusters;

pub use backlog::{Backlog, build_time};
pub use churn::Churn;
pub use clients::{ClientCount, ConsumerClient, GroupPlan, ProducerClient};
pub(crate) use count::part_of_lane;
pub use count::{COUNT_WITHIN, length_of};
pub use demand::{
    ClientSettings, CommitMode, Deadlines, Demand, Partitioner, Phases, Route, SERIES_MAX,
    StampPlace, StreamDemand, TopicPlan, Verification, Warmup,
};
pub use machine::{Core, CoreList, Machine};
pub use pace::{Pace, PhaseTimes, Varied};
pub use placement::{LanePlan, LaneWork, Role, WaitChoice, Wishes};
pub use search::{Figure, Objective, ObjectiveSpan, SearchDemand};
pub use share::{Deal, Share};
pub use statistics::StatisticsPlan;
pub use transactions::{
    MILLION, TRANSACTIONAL_MAX, TransactionLength, Transactions, transactional_id,
};
pub use two_clusters::ConsumerCluster;

use crate::error::PlanError;
use crate::time::{Guard, WaitMode};
use crate::units::Nanos;

/// What will be run: the demand, and who carries it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is asked.
    pub demand: Demand,
    /// The consumer groups, all streams together.
    pub groups: Vec<GroupPlan>,
    /// The threads and their clients.
    pub lanes: Vec<LanePlan>,
    /// Which part of the demand the lanes carry: all of it on one host.
    pub share: Share,
    /// What it was made for.
    pub machine: Machine,
    /// How often the clients say how they are; the demand's settings tell them so.
    pub statistics: StatisticsPlan,
    /// What the user should know before the start.
    pub remarks: Vec<String>,
}

impl Plan {
    /// Deals the logical producers and consumers to clients, and the clients to lanes.
    ///
    /// # Errors
    /// When the wishes name cores that do not exist, or leave none to a role.
    pub fn new(demand: Demand, machine: &Machine, wishes: &Wishes) -> Result<Self, PlanError> {
        Self::of_share(demand, Share::WHOLE, machine, wishes)
    }

    /// The same for one host's share of the demand. Both roles are placed, so that they do not take
    /// each other's cores, and then those lanes are left that the share is about.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub fn of_share(
        mut demand: Demand,
        share: Share,
        machine: &Machine,
        wishes: &Wishes,
    ) -> Result<Self, PlanError> {
        catch_up::settle(&mut demand);
        bound_transactions(&demand)?;
        let wishes = &Wishes {
            clients: Churn::clients(demand.clients.churn, wishes.clients),
            ..wishes.clone()
        };
        let mut groups = clients::groups(&demand, wishes.clients);
        let mut remarks = Vec::new();
        remarks.extend(bound_verification(&mut demand));
        remarks.extend(clients::remark(&groups, wishes.clients));
        let mut lanes =
            placement::place((&demand, &groups, &share), machine, wishes, &mut remarks)?;
        for (index, group) in groups.iter_mut().enumerate() {
            group.members = members_of(&lanes, index);
        }
        Churn::check(demand.clients.churn, &groups)?;
        name_members(&mut demand, share.deal);
        let statistics = statistics::settle(&mut demand, &groups, &lanes, &mut remarks);
        remarks.extend(transactions::remark(&demand, wishes.clients));
        remarks.extend(clients::remark_producing(&lanes, wishes.clients));
        remarks.extend(requests::remark(&demand, &lanes));
        demand.streams.iter_mut().for_each(|stream| stream.pace = stream.pace.part_of(share));
        lanes.retain(|lane| share.role.is_none_or(|role| role == lane.role()));
        if share.is_taken_over() {
            lanes.iter_mut().for_each(|lane| lane.float(machine));
        }
        Ok(Self { demand, groups, lanes, share, machine: machine.clone(), statistics, remarks })
    }

    /// The same run carried by these lanes, which other hosts have planned for their shares of it.
    #[must_use]
    pub fn carried_by(mut self, lanes: Vec<LanePlan>, remarks: Vec<String>) -> Self {
        for (index, group) in self.groups.iter_mut().enumerate() {
            group.members = members_of(&lanes, index);
        }
        Self { lanes, remarks, ..self }
    }

    /// Logical producers of all streams.
    #[must_use]
    pub fn logical_producers(&self) -> u64 {
        self.demand.streams.iter().map(StreamDemand::producers).sum()
    }

    /// Logical consumers of all streams.
    #[must_use]
    pub fn logical_consumers(&self) -> u64 {
        self.demand.streams.iter().map(StreamDemand::consumers).sum()
    }

    /// How far apart the wake-ups are at least that near dues share on a lane; `None` where there
    /// are none to share: it spins, it reads, or its stream has no due times.
    #[must_use]
    pub fn tick(&self, lane: &LanePlan) -> Option<Nanos> {
        let LaneWork::Produce { stream, .. } = lane.work else { return None };
        let is_paced = self.demand.streams[stream].pace.is_paced();
        (is_paced && lane.wait == WaitMode::Sleep).then_some(Guard::TICK)
    }

    /// The stream that a lane carries.
    #[must_use]
    pub fn stream_of(&self, lane: &LanePlan) -> usize {
        match &lane.work {
            LaneWork::Produce { stream, .. } => *stream,
            LaneWork::Consume { clients } => {
                clients.first().map_or(0, |client| self.groups[client.group].stream)
            }
        }
    }

    /// The name of a topic.
    #[must_use]
    pub fn topic(&self, stream: usize, route: Route) -> &str {
        let index = usize::try_from(route.0).expect("a topic's index fits in memory");
        &self.demand.streams[stream].topics[index].name
    }
}

/// Static members of a group are told apart by their ids, those of several hosts too.
fn name_members(demand: &mut Demand, deal: Deal) {
    let names = demand.clients.consumer.iter_mut();
    for (_, prefix) in names.filter(|(name, _)| name == "group.instance.id" && deal != Deal::WHOLE)
    {
        *prefix = format!("{prefix}-{}", deal.first);
    }
}

/// Refuses more transactional producers than there may be lanes for.
fn bound_transactions(demand: &Demand) -> Result<(), PlanError> {
    let producers: u64 = demand.streams.iter().map(StreamDemand::producers).sum();
    if demand.clients.transactions.is_none() || producers <= TRANSACTIONAL_MAX {
        return Ok(());
    }
    Err(PlanError(format!(
        "transactions: got {producers} producers, need at most {TRANSACTIONAL_MAX}: each has a client \
         and a lane of its own; use fewer topics or producers per topic"
    )))
}

/// Verifies by counts where numbers would take more memory than a run may, and says so.
fn bound_verification(demand: &mut Demand) -> Option<String> {
    let series = demand.series();
    let fits = usize::try_from(series).is_ok_and(|series| series <= SERIES_MAX);
    if fits || demand.verification == Verification::Counts {
        return None;
    }
    demand.verification = Verification::Counts;
    Some(format!(
        "verification by counts alone: {series} series of numbers (producers × partitions, acked, in \
         transactions committed and aborted too, and for each subscription) are more than {SERIES_MAX}; \
         use fewer producers per topic or partitions"
    ))
}

/// How many clients of a group the lanes carry.
fn members_of(lanes: &[LanePlan], group: usize) -> u32 {
    let of_lane = |lane: &LanePlan| match &lane.work {
        LaneWork::Consume { clients } => {
            clients.iter().filter(|client| client.group == group).count()
        }
        LaneWork::Produce { .. } => 0,
    };
    u32::try_from(lanes.iter().map(of_lane).sum::<usize>()).expect("fewer than 2^32 clients")
}

#[cfg(test)]
mod clients_tests;
#[cfg(test)]
mod cores_tests;
#[cfg(test)]
mod placement_tests;
#[cfg(test)]
pub(crate) mod samples;
