//! What a lane's clients and a run's topics come from.

use super::{Inlet, Outlet};
use crate::error::RunError;
use crate::plan::Route;
use crate::units::Nanos;
use std::collections::BTreeMap;

/// A topic as the plan wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSpec {
    /// Its name.
    pub name: String,
    /// How many partitions.
    pub partitions: u32,
}

/// A consumer group as the cluster lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupState {
    /// Its name.
    pub name: String,
    /// How many members it has now.
    pub members: usize,
}

/// A topic that a client uses.
#[derive(Clone, Copy, Debug)]
pub struct RouteSpec<'plan> {
    /// Its index in the plan.
    pub route: Route,
    /// Its name.
    pub topic: &'plan str,
    /// Its partitions.
    pub partitions: u32,
}

/// What a producing client is made from.
#[derive(Clone, Copy, Debug)]
pub struct OutletSpec<'plan> {
    /// The client's name in messages to people.
    pub name: &'plan str,
    /// Where it will send to.
    pub routes: &'plan [RouteSpec<'plan>],
    /// By which id brokers know its transactions; `None` where it makes none.
    pub transactional_id: Option<&'plan str>,
}

/// What a consuming client is made from.
#[derive(Clone, Copy, Debug)]
pub struct InletSpec<'plan> {
    /// The client's name in messages to people.
    pub name: &'plan str,
    /// Its consumer group.
    pub group: &'plan str,
    /// The group's subscription, an index.
    pub subscription: u32,
    /// Which member of the group this is, and of how many.
    pub member: (u32, u32),
    /// What it subscribes to.
    pub routes: &'plan [RouteSpec<'plan>],
    /// Whether stamps travel in a header.
    pub stamp_in_header: bool,
}

/// What a partition's log holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Log {
    /// The first offset that is still there: what lay before was removed.
    pub first: i64,
    /// The offset after the last one.
    pub end: i64,
}

/// Who leads the partitions of topics, as a cluster says when it is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leaders {
    /// Addresses of brokers by their numbers.
    pub brokers: BTreeMap<i32, String>,
    /// By a topic's name, the number of the broker that leads each partition; negative for none.
    pub topics: BTreeMap<String, Vec<i32>>,
}

impl Leaders {
    /// Who leads a partition, if anybody does and is known.
    #[must_use]
    pub fn of(&self, topic: &str, partition: u32) -> Option<i32> {
        let place = usize::try_from(partition).expect("partitions fit in memory");
        let leader = self.topics.get(topic)?.get(place)?;
        Some(*leader).filter(|leader| 0 <= *leader)
    }
}

/// Creates, deletes and looks up topics (and the groups that read them).
///
/// What is provided is the answer of a target inside this process, whose topics are gone with it:
/// there is nothing to check, to delete or to list.
pub trait Topics: Send + Sync {
    /// Checks, before anything is created, that the cluster answers and can give what is asked.
    ///
    /// # Errors
    /// Unreachable, or refused with what to change.
    fn check(&self, _deadline: Nanos) -> Result<(), RunError> {
        Ok(())
    }

    /// Creates the topics that do not exist and accepts those that have the right shape. Returns
    /// the names that it created; `progress` hears how many are done.
    ///
    /// # Errors
    /// The first topic that cannot be as planned; what was created until then is in the second part.
    fn create(
        &self,
        topics: &[TopicSpec],
        deadline: Nanos,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Vec<String>, (RunError, Vec<String>)>;

    /// Deletes topics; returns each that stays, with the reason.
    fn delete(&self, _topics: &[String], _deadline: Nanos) -> Vec<(String, String)> {
        Vec::new()
    }

    /// Deletes consumer groups; returns each that stays, with the reason.
    fn delete_groups(&self, _groups: &[String], _deadline: Nanos) -> Vec<(String, String)> {
        Vec::new()
    }

    /// The names of all topics.
    ///
    /// # Errors
    /// Unreachable.
    fn list(&self, _deadline: Nanos) -> Result<Vec<String>, RunError> {
        Ok(Vec::new())
    }

    /// All consumer groups.
    ///
    /// # Errors
    /// Unreachable.
    fn list_groups(&self, _deadline: Nanos) -> Result<Vec<GroupState>, RunError> {
        Ok(Vec::new())
    }

    /// How many partitions a topic has; `None` when it does not exist.
    ///
    /// # Errors
    /// Unreachable.
    fn partitions(&self, _topic: &str, _deadline: Nanos) -> Result<Option<u32>, RunError> {
        Ok(None)
    }

    /// The log of each partition of a topic, as it is now; empty where acks always say the offsets
    /// and nothing is ever removed.
    ///
    /// # Errors
    /// Unreachable.
    fn logs(&self, _topic: &str, _partitions: u32, _deadline: Nanos) -> Result<Vec<Log>, RunError> {
        Ok(Vec::new())
    }

    /// Who leads the partitions of these topics; `None` where there are no brokers to tell apart.
    ///
    /// # Errors
    /// Unreachable.
    fn leaders(&self, _topics: &[&str], _deadline: Nanos) -> Result<Option<Leaders>, RunError> {
        Ok(None)
    }
}

/// A system under test: makes the clients of lanes and handles topics.
pub trait Target: Send + Sync + 'static {
    /// What produces to it.
    type Outlet: Outlet;
    /// What consumes from it.
    type Inlet: Inlet;

    /// How long assignments must stay as they are before consumers count as ready: zero where the
    /// target assigns partitions itself and nothing can move.
    const SETTLE: Nanos;

    /// The handler of topics, shared with the clean-up.
    fn topics(&self) -> std::sync::Arc<dyn Topics>;

    /// Makes a producing client; called on the lane's thread, which the client will unpark.
    ///
    /// # Errors
    /// The client's refusal.
    fn outlet(&self, spec: &OutletSpec<'_>) -> Result<Self::Outlet, RunError>;

    /// Makes a consuming client; called on the lane's thread, which the client will unpark.
    ///
    /// # Errors
    /// The client's refusal.
    fn inlet(&self, spec: &InletSpec<'_>) -> Result<Self::Inlet, RunError>;

    /// Makes the connections of an outlet ready, by `deadline`, so that the first message does not
    /// pay for them.
    fn warm(&self, outlet: &mut Self::Outlet, deadline: Nanos);
}
