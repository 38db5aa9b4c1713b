//! The name and the number of a run: drawn where it is asked for, given where a share of it is done.

use std::collections::BTreeMap;

use engine::plan::{Demand, TopicPlan};
use engine::units::Timestamp;
use serde::{Deserialize, Serialize};

use super::fault::{Fault, Ledger};
use super::order::Order;
use super::test_id::{Ids, is_test_id};

/// Where the names and numbers of runs come from.
#[derive(Clone, Debug)]
pub enum Identity {
    /// Drawn for each workload, in an invocation at this time.
    Drawn(Timestamp),
    /// Given by the coordinator of one run, of which this host does a share. A fleet that the files
    /// name is the coordinator's and not this host's.
    Given(RunIdentity),
}

/// What makes a run one and the same on all its hosts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunIdentity {
    /// The run's name, from which those of its topics and groups follow.
    pub test_id: String,
    /// The run's number in every stamp.
    pub run: u64,
    /// How many partitions each existing topic has, by its name: the coordinator asked the broker.
    #[serde(default)]
    pub partitions: BTreeMap<String, u32>,
}

impl RunIdentity {
    /// The identity of a run whose existing topics were looked up.
    pub fn of(demand: &Demand) -> Self {
        let topics = demand.streams.iter().flat_map(|stream| &stream.topics);
        let known = |topic: &TopicPlan| (topic.name.clone(), topic.partitions);
        Self {
            test_id: demand.test_id.clone(),
            run: demand.run,
            partitions: topics.filter(|topic| topic.existing).map(known).collect(),
        }
    }

    /// Notes what does not fit the order.
    fn check(&self, order: &Order, ledger: &mut Ledger) {
        let mut fault = |field: &str, problem: String| {
            ledger.fault(Fault::new("the coordinator's order", field, problem));
        };
        if order.workloads.len() != 1 {
            fault("workloads", format!("got {}, need one", order.workloads.len()));
        }
        if !is_test_id(&self.test_id) {
            let got = &self.test_id;
            fault("test_id", format!("got \"{got}\", need a name of a-z 0-9 _ -"));
        }
        for topic in &order.topics {
            if self.partitions.get(topic).is_none_or(|partitions| *partitions == 0) {
                fault("partitions", format!("got none for the existing topic {topic}, need some"));
            }
        }
    }
}

/// Gives each run of an invocation its identity.
#[derive(Debug)]
pub(super) enum Identities {
    /// A new one for each.
    Drawn(Ids),
    /// This one.
    Given(RunIdentity),
}

impl Identities {
    /// Those that an order's runs have, or what does not fit is noted.
    pub(super) fn new(identity: Identity, order: &Order, ledger: &mut Ledger) -> Self {
        match identity {
            Identity::Drawn(now) => Self::Drawn(Ids::new(now)),
            Identity::Given(given) => {
                given.check(order, ledger);
                Self::Given(given)
            }
        }
    }

    /// The name and the number of the next run.
    pub(super) fn next(&mut self, workload: &str) -> (String, u64) {
        match self {
            Self::Drawn(ids) => (ids.test_id(workload), ids.run()),
            Self::Given(given) => (given.test_id.clone(), given.run),
        }
    }

    /// The name of what all runs of the invocation are together, a `sweep` or a `repeat`; nothing on a host
    /// that does a share of one run.
    pub(super) fn group(&mut self, kind: &str, name: &str) -> Option<String> {
        match self {
            Self::Drawn(ids) => Some(ids.test_id(&format!("{kind}-{name}"))),
            Self::Given(_) => None,
        }
    }

    /// The partitions of an existing topic; 0 until the broker was asked.
    pub(super) fn partitions(&self, topic: &str) -> u32 {
        match self {
            Self::Drawn(_) => 0,
            Self::Given(given) => given.partitions.get(topic).copied().unwrap_or(0),
        }
    }
}
