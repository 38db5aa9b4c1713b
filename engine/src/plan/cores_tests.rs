//! Laws of cores on made-up machines: who is apart from whom, and what stays on one node.

use super::machine::{Core, Machine};
use super::samples::{self, rate, stream, topics};
use super::{LanePlan, Pace, Plan, Role, StreamDemand, WaitChoice, Wishes};
use crate::time::WaitMode;
use crate::units::Millicores;

/// Nodes of physical cores of threads, numbered as Linux numbers them: first threads first.
fn machine(nodes: usize, physical: usize, threads: usize) -> Machine {
    let all = nodes * physical;
    let core = |id| Core { id, node: id % all / physical, physical: id % all };
    Machine { cores: (0..all * threads).map(core).collect(), quota: None }
}

/// What is left of a machine when a mask takes the other cores away.
fn masked(machine: &Machine, keep: impl Fn(usize) -> bool) -> Machine {
    let cores = machine.cores.iter().copied().filter(|core| keep(core.id)).collect();
    Machine { cores, ..machine.clone() }
}

fn limited(machine: Machine, millicores: u64) -> Machine {
    Machine { quota: Some(Millicores(millicores)), ..machine }
}

/// A load that wants every core, or a rate of so many messages per second.
fn load(per_second: Option<u64>) -> StreamDemand {
    StreamDemand {
        pace: per_second.map_or(Pace::Max { in_flight: None }, |rate_of| Pace::At(rate(rate_of))),
        topics: topics(10, 16),
        producers_per_topic: 10,
        consumers_per_subscription: 10,
        ..stream(1)
    }
}

fn plan(machine: &Machine, per_second: Option<u64>, wishes: &Wishes) -> Plan {
    Plan::new(samples::demand(load(per_second)), machine, wishes).expect("such cores exist")
}

fn core(machine: &Machine, id: usize) -> Core {
    *machine.cores.iter().find(|core| core.id == id).expect("the plan keeps to the machine")
}

fn distinct(numbers: impl Iterator<Item = usize>) -> Vec<usize> {
    super::machine::distinct(numbers)
}

/// What holds for every plan whose lanes have cores of their own.
fn assert_apart(plan: &Plan, what: &str) {
    let (machine, lanes) = (&plan.machine, &plan.lanes);
    let own: Vec<Core> = lanes.iter().map(|lane| core(machine, lane.core)).collect();
    let io = distinct(lanes.iter().flat_map(|lane| lane.io_cores.iter().copied()));
    assert!(
        lanes.iter().all(|lane| !lane.shares_core && lane.wait == WaitMode::Spin),
        "{what}: spin"
    );
    assert_eq!(distinct(own.iter().map(|core| core.id)).len(), lanes.len(), "{what}: a core each");
    assert!(own.iter().all(|core| !io.contains(&core.id)), "{what}: no lane where I/O is");
    assert!(own.iter().all(|core| core.id != 0), "{what}: core 0 has the interrupts");
    for lane in lanes {
        let far = lane.io_cores.iter().find(|id| core(machine, **id).node != lane.node);
        assert_eq!(far, None, "{what}: {} and its clients are on one node", lane.name);
        assert!(!lane.io_cores.is_empty(), "{what}: {} has cores for its clients", lane.name);
    }
    let used = lanes.len() + io.len();
    assert!(used <= machine.budget(), "{what}: {used} cores busy, of {}", machine.budget());
}

/// Lanes on physical cores of their own, with half as many at least for the clients' threads, and
/// nothing beside a spinning lane.
fn assert_at_ease(plan: &Plan, what: &str) {
    assert_apart(plan, what);
    let physical = |id: usize| core(&plan.machine, id).physical;
    let lanes = distinct(plan.lanes.iter().map(|lane| physical(lane.core)));
    let io = plan.lanes.iter().flat_map(|lane| lane.io_cores.iter().map(|id| physical(*id)));
    let io = distinct(io);
    assert_eq!(lanes.len(), plan.lanes.len(), "{what}: a physical core each");
    assert!(
        lanes.len() <= io.len() * 2,
        "{what}: {} lanes, I/O on {} physical",
        lanes.len(),
        io.len()
    );
    assert!(io.iter().all(|id| !lanes.contains(id)), "{what}: idle siblings");
}

fn roles(lanes: &[LanePlan]) -> (usize, usize) {
    let count = |role| lanes.iter().filter(|lane| lane.role() == role).count();
    (count(Role::Producer), count(Role::Consumer))
}

#[test]
fn greedy_loads_take_two_thirds_of_the_physical_cores() {
    let check = |machine: &Machine, what: &str, expected: (usize, usize)| {
        let plan = plan(machine, None, &Wishes::default());
        assert_at_ease(&plan, what);
        assert_eq!(roles(&plan.lanes), expected, "{what}: producing and consuming lanes");
    };
    check(&machine(1, 4, 1), "4 cores", (1, 1));
    check(&machine(1, 8, 1), "8 cores", (3, 2));
    check(&machine(1, 4, 2), "8 threads of 4", (1, 1));
    check(&machine(1, 64, 1), "64 cores", (21, 21));
    check(&machine(2, 16, 2), "64 threads of 32 on two nodes", (10, 10));
    check(&machine(2, 32, 2), "128 threads of 64 on two nodes", (21, 21));
}

#[test]
fn a_rate_takes_the_lanes_it_needs_on_one_node_while_they_fit() {
    let machine = machine(2, 16, 2);
    let check = |per_second: u64, lanes: (usize, usize), nodes: &[usize]| {
        let plan = plan(&machine, Some(per_second), &Wishes::default());
        assert_at_ease(&plan, &format!("{per_second}/s"));
        assert_eq!(roles(&plan.lanes), lanes, "{per_second}/s: producing and consuming lanes");
        let used = distinct(plan.lanes.iter().map(|lane| lane.node));
        assert_eq!(used, nodes, "{per_second}/s: nodes");
        let crossing = plan.remarks.iter().any(|remark| remark.contains("over NUMA nodes 0-1"));
        assert_eq!(crossing, 1 < nodes.len(), "{per_second}/s: {:?}", plan.remarks);
    };
    check(10_000, (1, 1), &[0]);
    check(1_500_000, (5, 5), &[0]);
    check(1_800_000, (6, 6), &[0, 1]);
    check(5_000_000, (10, 10), &[0, 1]);
}

#[test]
fn two_physical_cores_carry_two_lanes_with_the_clients_threads_beside_them() {
    let plan = plan(&machine(1, 2, 2), None, &Wishes::default());
    let at: Vec<usize> = plan.lanes.iter().map(|lane| lane.core % 2).collect();
    assert_eq!(at, [0, 1], "one lane on each physical core: {:?}", plan.lanes);
    let io = plan.lanes.iter().all(|lane| lane.io_cores == [0, 1] || lane.io_cores == [2, 3]);
    assert!(io, "on the siblings: {:?}", plan.lanes);
}

#[test]
fn with_lanes_enough_siblings_are_taken_last() {
    // Each stream needs a lane for sending and one for reading: more than two thirds of four physical
    // cores from the second on.
    let machine = machine(1, 4, 2);
    for streams in 1..=3 {
        let mut demand = samples::demand(load(Some(1_000)));
        for index in 1..streams {
            demand.streams.push(StreamDemand { name: format!("s{index}"), ..load(Some(1_000)) });
        }
        let plan = Plan::new(demand, &machine, &Wishes::default()).expect("nothing is wished");
        let lanes = plan.lanes.len();
        assert_eq!(lanes, 2 * streams, "each stream has one for sending and one for reading");
        let physical = distinct(plan.lanes.iter().map(|lane| core(&machine, lane.core).physical));
        assert_eq!(
            physical.len(),
            lanes.min(4),
            "{lanes} lanes: no physical core twice while one is free"
        );
        assert!(
            plan.lanes.iter().all(|lane| !lane.io_cores.contains(&lane.core)),
            "{lanes} lanes: apart"
        );
        assert!(plan.lanes.iter().all(|lane| lane.wait == WaitMode::Spin), "{lanes} lanes: spin");
    }
}

#[test]
fn a_mask_that_leaves_few_cores_is_kept_to() {
    let whole = machine(2, 16, 2);
    let few = masked(&whole, |id| id == 3 || id == 40);
    let shared = plan(&few, None, &Wishes::default());
    for lane in &shared.lanes {
        assert_eq!((&lane.cores[..], lane.wait), (&[3, 40][..], WaitMode::Sleep), "two cores left");
        assert_eq!(lane.io_cores, [3, 40], "for the clients too");
    }
    // One core of node 0, eight physical ones of node 1.
    let uneven =
        plan(&masked(&whole, |id| id == 1 || (24..32).contains(&id)), None, &Wishes::default());
    assert_at_ease(&uneven, "uneven mask");
    assert!(uneven.lanes.iter().all(|lane| lane.node == 1), "where most cores are");
    assert_eq!(uneven.lanes.len(), 5, "two thirds of the eight");
    let scattered = machine(4, 1, 1);
    let plan = plan(&scattered, None, &Wishes::default());
    assert!(plan.lanes.iter().all(|lane| lane.shares_core), "one core a node: {:?}", plan.lanes);
}

#[test]
fn a_quota_bounds_the_cores_that_are_busy() {
    let check = |machine: Machine, millicores: u64, cores: usize, words: &str| {
        let what = format!("{millicores} thousandths");
        let plan = plan(&limited(machine, millicores), None, &Wishes::default());
        let io =
            plan.lanes.iter().flat_map(|lane| lane.io_cores.iter().chain(&lane.cores).copied());
        assert_eq!(distinct(io).len(), cores, "{what}: cores in use");
        assert!(plan.remarks[0].contains(words), "{what}: {:?}", plan.remarks);
        if 4 <= cores {
            assert_at_ease(&plan, &what);
        } else {
            assert!(plan.lanes.iter().all(|lane| lane.wait == WaitMode::Sleep), "{what}: sleep");
        }
    };
    check(machine(1, 8, 1), 500, 1, "may use 0.5 of 8 cores (cgroup quota): less than one");
    check(
        machine(1, 8, 1),
        1_500,
        1,
        "may use 1.5 of 8 cores (cgroup quota): the plan keeps to cores 7,",
    );
    check(
        machine(1, 8, 1),
        2_000,
        2,
        "may use 2.0 of 8 cores (cgroup quota): the plan keeps to cores 6-7,",
    );
    check(machine(1, 8, 1), 6_500, 6, "may use 6.5 of 8 cores");
    // As many physical cores as it goes, all on one node.
    check(machine(2, 16, 2), 8_000, 8, "keeps to cores 8-15,");
}

#[test]
fn spinning_that_eats_the_quota_is_left_or_told() {
    let machine = limited(machine(1, 8, 1), 4_000);
    let wished = |cores: Vec<usize>, wait| Wishes { cores: Some(cores), wait, ..Wishes::default() };
    let check = |wishes: &Wishes, mode: WaitMode, is_told: bool| {
        let plan = plan(&machine, None, wishes);
        assert!(plan.lanes.iter().all(|lane| lane.wait == mode), "{wishes:?}: {mode:?}");
        let told = plan.remarks.iter().any(|remark| remark.contains("spinning lanes"));
        assert_eq!(told, is_told, "{wishes:?}: {:?}", plan.remarks);
    };
    check(&wished(vec![6, 7], WaitChoice::Auto), WaitMode::Spin, false);
    check(&wished((2..8).collect(), WaitChoice::Auto), WaitMode::Sleep, false);
    check(&wished((2..8).collect(), WaitChoice::Fixed(WaitMode::Spin)), WaitMode::Spin, true);
}

#[test]
fn wished_cores_on_another_node_than_the_clients_threads_are_told() {
    let machine = machine(2, 4, 1);
    let wishes = |io: Option<Vec<usize>>| Wishes {
        cores: Some(vec![6, 7]),
        io_cores: io,
        ..Wishes::default()
    };
    let near = plan(&machine, None, &wishes(None));
    assert!(near.lanes.iter().all(|lane| lane.io_cores == [4, 5]), "the rest of the lanes' node");
    assert_eq!(near.remarks, [""; 0], "nothing to say");
    let far = plan(&machine, None, &wishes(Some(vec![0, 1])));
    assert!(far.lanes.iter().all(|lane| lane.io_cores == [0, 1]), "as wished");
    assert!(far.remarks[0].contains("on another NUMA node"), "{:?}", far.remarks);
}
