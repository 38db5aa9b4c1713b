//! From a coordinator's order to the plan of this host's share: by the code that reads files for local runs.

use super::protocol::TaskOrder;
use crate::host;
use crate::spec::{self, Files, Identity, Job};
use engine::error::RunError;
use engine::link::Topics;
use engine::plan::{Machine, Plan, Role};
use engine::run::Lanes;
use engine::time::{ClockSource, RunClock};
use engine::units::Nanos;
use std::sync::Arc;

/// The longest name of a task.
const NAME_MAX: usize = 200;

/// What a task's order comes to.
pub(super) struct Planned {
    /// The share, on this host.
    pub(super) plan: Plan,
    /// The cluster that it needs.
    pub(super) cluster: Arc<dyn Topics>,
    /// Starts its lanes.
    pub(super) driver: fn(Plan, RunClock) -> Result<Lanes, RunError>,
    /// What the run's clock reads.
    pub(super) clock: ClockSource,
    /// How often the run wants the system to be looked at.
    pub(super) monitor: Option<Nanos>,
}

/// Plans a task.
///
/// # Errors
/// Everything that is wrong with the order, in words.
pub(super) fn plan(order: &TaskOrder, role: Role) -> Result<Planned, String> {
    check_name(&order.task_id)?;
    let share = order.share.share(role)?;
    let here = host::host_name().unwrap_or_else(|| "this worker".to_owned());
    let mut files = Files::of_bundle(&order.files, &here)?;
    let identity = Identity::Given(order.identity.clone());
    let job = spec::load_with(&order.order, &mut files, identity);
    let Job { requests, clock, monitor, .. } = job.map_err(|faults| faults.to_string())?;
    let [request] = <[_; 1]>::try_from(requests)
        .map_err(|requests| format!("workloads: got {}, need one", requests.len()))?;
    let name = request.driver.driver.name;
    let (cluster, driver) = request.driver.driver.fleet.ok_or_else(|| {
        format!("driver: got {name}, which lives in one process: need one with brokers of its own")
    })?;
    let machine = part_of(&engine::host::machine(), order.place)?;
    let plan = Plan::of_share(request.demand, share, &machine, &request.wishes)
        .map_err(|error| error.to_string())?;
    let (cluster, _) = cluster(&plan.demand.clients);
    Ok(Planned { plan, cluster, driver, clock, monitor })
}

fn check_name(name: &str) -> Result<(), String> {
    let is_legal = |letter: char| letter.is_ascii_alphanumeric() || "_.-".contains(letter);
    if name.is_empty()
        || NAME_MAX < name.len()
        || !name.chars().all(is_legal)
        || name.contains("..")
    {
        return Err(format!("task_id: need at most {NAME_MAX} of a-z A-Z 0-9 _ . -"));
    }
    Ok(())
}

/// The part of a machine that one of several workers on it uses: whole physical cores, where there are
/// two for each at least. Else all share all, and lanes are not bound to any.
fn part_of(machine: &Machine, (index, of): (usize, usize)) -> Result<Machine, String> {
    if of <= index {
        return Err(format!("place: got {index} of {of}, need a number below the second"));
    }
    let mut physical: Vec<usize> = machine.cores.iter().map(|core| core.physical).collect();
    physical.sort_unstable();
    physical.dedup();
    if of == 1 || physical.len() < 2 * of {
        return Ok(machine.clone());
    }
    let (from, until) = (physical.len() * index / of, physical.len() * (index + 1) / of);
    let own = &physical[from..until];
    let cores = machine.cores.iter().filter(|core| own.contains(&core.physical));
    Ok(Machine { cores: cores.copied().collect(), quota: machine.quota })
}

#[cfg(test)]
mod tests {
    use super::{check_name, part_of};
    use engine::plan::Machine;

    #[test]
    fn workers_on_one_host_share_its_cores_and_none_is_twice() {
        let machine = Machine::of_cores(0..16);
        for of in 1..=8 {
            let part = |index| part_of(&machine, (index, of)).expect("a place").ids();
            let all: Vec<usize> = (0..of).flat_map(part).collect();
            assert_eq!(all, machine.ids(), "{of} workers");
        }
    }

    #[test]
    fn too_few_cores_are_everybodys() {
        let machine = Machine::of_cores(0..2);
        assert_eq!(part_of(&machine, (1, 4)).map(|part| part.ids()), Ok(vec![0, 1]));
        let words = part_of(&machine, (4, 4)).expect_err("there is no fifth of four");
        assert_eq!(words, "place: got 4 of 4, need a number below the second");
    }

    #[test]
    fn a_name_that_could_be_a_path_is_refused() {
        assert_eq!(check_name("run-1_producer.0"), Ok(()));
        for name in ["", "..", "a/b", "a..b", "a b", &"x".repeat(201)] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
    }
}
