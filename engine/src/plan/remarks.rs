//! What the user should know of a plan's cores before the start.

use super::cores::Supply;
use super::machine::{CoreList, Machine, distinct};
use super::placement::LanePlan;
use crate::time::WaitMode;

/// What is less good than on a machine with cores enough, each in a sentence.
pub(super) fn of(lanes: &[LanePlan], machine: &Machine, supply: &Supply) -> Vec<String> {
    [
        quota(machine, supply),
        spinning(lanes, machine, supply),
        sharing(lanes, supply),
        nodes(lanes, machine),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A quota that is less than the cores.
fn quota(machine: &Machine, supply: &Supply) -> Option<String> {
    let quota = machine.quota?;
    let all = machine.cores.len();
    let planned = supply.planned();
    let plan = match (quota.0 < 1_000, supply) {
        (_, Supply::ByHand { .. }) => "cores are as wished".to_owned(),
        (false, _) => format!(
            "the plan keeps to cores {}, so that the threads are not stopped in the middle of a period",
            CoreList(&planned)
        ),
        (true, _) => {
            "less than one, so a busy moment can use up a period and stop all threads until the next".to_owned()
        }
    };
    Some(format!("this process may use {quota} of {all} cores (cgroup quota): {plan}"))
}

/// Spinning that eats up the quota, by wish.
fn spinning(lanes: &[LanePlan], machine: &Machine, supply: &Supply) -> Option<String> {
    let quota = machine.quota?;
    let spinning = lanes.iter().filter(|lane| lane.wait == WaitMode::Spin).count();
    let is_affordable =
        spinning < machine.budget() && supply.is_affordable(spinning, machine.budget());
    (0 < spinning && !is_affordable).then(|| {
        format!(
            "{spinning} spinning lanes and their clients' threads need more than the quota of {quota} cores: \
             they will be stopped again and again; use --wait auto"
        )
    })
}

/// Lanes that share cores with each other or with the client's threads.
fn sharing(lanes: &[LanePlan], supply: &Supply) -> Option<String> {
    lanes.iter().any(|lane| lane.shares_core).then(|| {
        format!(
            "{} lanes and the client's threads share {} cores: lanes wait by sleeping unless told to spin",
            lanes.len(),
            supply.planned().len(),
        )
    })
}

/// A plan that does not fit on one NUMA node.
fn nodes(lanes: &[LanePlan], machine: &Machine) -> Option<String> {
    let used = distinct(lanes.iter().map(|lane| lane.node));
    let is_far = |lane: &&LanePlan| {
        let far = |core: &&super::Core| core.node != lane.node && lane.io_cores.contains(&core.id);
        machine.cores.iter().any(|core| far(&core))
    };
    let far: Vec<&str> = lanes.iter().filter(is_far).map(|lane| lane.name.as_str()).collect();
    if !far.is_empty() {
        return Some(format!(
            "the clients' threads of {} may run on another NUMA node than the lane: what they hand over crosses",
            far.join(", ")
        ));
    }
    (1 < used.len()).then(|| {
        format!(
            "{} lanes are spread over NUMA nodes {}: one node does not hold them; each lane's clients stay on its node",
            lanes.len(),
            CoreList(&used),
        )
    })
}
