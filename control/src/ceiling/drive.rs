//! One step as a run of the engine: put together, run to its end, and what was seen of it.

use super::steps::{Sink, Step};
use crate::interrupt::Interrupt;
use engine::driver::{Refusal, find};
use engine::host::{ThreadTime, busiest, threads};
use engine::message::{KeySource, Recipe};
use engine::plan::{
    ClientCount, ClientSettings, Core, Deadlines, Demand, Machine, Partitioner, Phases, Plan,
    StampPlace, StreamDemand, TopicPlan, Verification, WaitChoice, Warmup, Wishes,
};
use engine::run::{Ending, Event, Hooks, Outcome};
use engine::time::{Clock, RunClock};
use engine::units::{Bytes, Timestamp};
use std::cmp::Reverse;

/// Where steps run.
pub(super) struct Stage<'run> {
    /// The cores to measure on.
    pub(super) machine: Machine,
    /// The clock of all steps.
    pub(super) clock: RunClock,
    /// What the embedded broker's clients are told: as in a run without a driver file.
    pub(super) clients: ClientSettings,
    /// Whether the user wants it to end.
    pub(super) interrupt: &'run Interrupt,
}

/// What a step came to.
#[derive(Debug)]
pub(super) struct Came {
    /// Who carried it.
    pub(super) plan: Plan,
    /// What it brought.
    pub(super) outcome: Outcome,
    /// Part of the time for which the embedded broker's one thread was on a core.
    pub(super) broker_cpu_share: Option<f64>,
}

/// Why a step came to nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The user wants the end.
    Interrupted,
    /// It failed, in words.
    Failed(String),
}

/// Partitions of a lane's topic on the loopback. Neighbours share a cache line, and lanes that meet at
/// the border of their topics slow each other down: with 16 they do in one of 256 moments.
const NULL_PARTITIONS: u32 = 16;

/// Partitions of a lane's topic on the embedded broker: what it makes by itself on first use.
const EMBEDDED_PARTITIONS: u32 = 4;

/// How long a lane stays on a partition: as runs without a driver file do.
const STICKY: Bytes = Bytes(64 << 10);

/// The name that librdkafka gives its mock cluster's thread (`rdkafka_mock.c:1492`).
const BROKER_THREAD: &str = "rdk:mock";

/// Runs a step to its end and cleans up after it.
pub(super) fn drive(step: &Step, stage: &Stage<'_>) -> Result<Came, Stop> {
    let plan = plan(step, stage)?;
    let driver = find(step.sink.driver()).expect("both sinks are in the engine's table");
    let mut watch = Watch { stage, begun: None };
    let ready = match (driver.prepare)(plan.clone(), stage.clock, &mut watch) {
        Ok(ready) => ready,
        Err(Refusal::Target(error)) => return Err(Stop::Failed(error.to_string())),
        Err(Refusal::Run(failed)) => {
            let (outcome, teardown) = *failed;
            let _clean_up = teardown.finish();
            return Err(fault(&outcome).unwrap_or_else(|| Stop::Failed("not ready".to_owned())));
        }
    };
    let (outcome, teardown) = ready.start(&mut watch);
    // The broker lives until the clean-up: its thread can still be looked at.
    let broker_cpu_share = watch.broker_cpu_share();
    let clean_up = teardown.finish();
    if let Some(stop) = fault(&outcome) {
        return Err(stop);
    }
    if let Some(lane) = clean_up.unclosed.first() {
        return Err(Stop::Failed(format!(
            "lane {lane}: its clients did not close by the deadline"
        )));
    }
    Ok(Came { plan, outcome, broker_cpu_share })
}

/// What kept an outcome from being whole.
fn fault(outcome: &Outcome) -> Option<Stop> {
    match &outcome.ending {
        Ending::Interrupted | Ending::CutShort => return Some(Stop::Interrupted),
        Ending::Failed(error) => return Some(Stop::Failed(error.to_string())),
        Ending::Finished => {}
    }
    let of_lanes = outcome.lanes.iter().find_map(|lane| lane.error.as_ref());
    of_lanes.or_else(|| outcome.deadlines_struck.first()).map(|words| Stop::Failed(words.clone()))
}

/// Notes when the measured time began, and what the broker's thread had used by then.
struct Watch<'run> {
    stage: &'run Stage<'run>,
    begun: Option<(Timestamp, Vec<ThreadTime>)>,
}

impl Watch<'_> {
    fn broker_cpu_share(&self) -> Option<f64> {
        let (begun, before) = self.begun.as_ref()?;
        let now = (self.stage.clock.now(), threads(BROKER_THREAD));
        busiest((*begun, before), (now.0, &now.1)).map(|busy| busy.on_core)
    }
}

impl Hooks for Watch<'_> {
    fn event(&mut self, event: &Event<'_>) {
        if matches!(event, Event::Measuring { .. }) {
            self.begun = Some((self.stage.clock.now(), threads(BROKER_THREAD)));
        }
    }

    fn is_interrupted(&self) -> bool {
        self.stage.interrupt.is_raised()
    }
}

/// The plan of a step. Against the embedded broker it is what a run with so many lanes would get by
/// itself, or, for more lanes than a run would take, that many on the best cores. Against the null
/// sink each lane has a core of its own: there are no clients' threads to leave room for.
fn plan(step: &Step, stage: &Stage<'_>) -> Result<Plan, Stop> {
    let machine = &stage.machine;
    let refused = |error: engine::error::PlanError| Stop::Failed(error.0);
    let cores = Some(best_cores(machine, step.lanes));
    let mut plan = match step.sink {
        Sink::Embedded => {
            let asked = demand(step, stage);
            let own = Plan::new(asked.clone(), machine, &Wishes::default()).map_err(refused)?;
            if own.lanes.len() == step.lanes {
                own
            } else {
                let wishes = Wishes { cores, ..Wishes::default() };
                Plan::new(asked, machine, &wishes).map_err(refused)?
            }
        }
        Sink::Null => {
            let wait = WaitChoice::Fixed(step.wait);
            let wishes = Wishes { cores, io_cores: None, wait, clients: ClientCount::Shared };
            let mut alone = Plan::new(demand(step, stage), machine, &wishes).map_err(refused)?;
            for lane in &mut alone.lanes {
                (lane.cores, lane.shares_core) = (vec![lane.core], false);
            }
            alone
        }
    };
    if plan.lanes.len() != step.lanes {
        let words = format!("{} lanes were planned, not {}", plan.lanes.len(), step.lanes);
        return Err(Stop::Failed(words));
    }
    plan.remarks.clear();
    Ok(plan)
}

/// A load that only sends: each lane to a topic of its own, so that lanes meet at no partition.
fn demand(step: &Step, stage: &Stage<'_>) -> Demand {
    let partitions = match step.sink {
        Sink::Null => NULL_PARTITIONS,
        Sink::Embedded => EMBEDDED_PARTITIONS,
    };
    let topic =
        |index: usize| TopicPlan { name: format!("ceiling-{index}"), partitions, existing: false };
    let size = usize::try_from(step.size.0).expect("the flag's bounds fit in memory");
    let stream = StreamDemand {
        name: "ceiling".to_owned(),
        pace: step.pace.clone(),
        message_size: step.size,
        bodies: vec![vec![7; size]],
        stamp: StampPlace::Body,
        keys: KeySource::None,
        recipe: Recipe::default(),
        partitioner: Partitioner::Sticky { batch: STICKY },
        topics: (0..step.lanes).map(topic).collect(),
        producers_per_topic: 1,
        subscriptions: 0,
        consumers_per_subscription: 0,
    };
    Demand {
        test_id: "ceiling".to_owned(),
        run: 1,
        streams: vec![stream],
        phases: Phases { warmup: Warmup::Fixed(step.warmup), measured: step.measured },
        messages: None,
        search: None,
        backlog: None,
        clients: stage.clients.clone(),
        deadlines: Deadlines::standard(step.lanes),
        keep_topics: false,
        verification: Verification::default(),
        hiccups: true,
    }
}

/// So many cores: one of each physical core before their second threads, node by node, and core 0, which
/// has most of the interrupts, as the last of its kind.
pub(super) fn best_cores(machine: &Machine, count: usize) -> Vec<usize> {
    let is_before =
        |other: &Core, core: &Core| other.physical == core.physical && other.id < core.id;
    let thread = |core: &Core| machine.cores.iter().filter(|other| is_before(other, core)).count();
    let mut cores: Vec<Core> = machine.cores.clone();
    cores.sort_by_key(|core| (thread(core), core.node, Reverse(core.id)));
    cores.into_iter().take(count).map(|core| core.id).collect()
}

/// How many physical cores these cores are.
pub(super) fn physical(machine: &Machine, cores: &[usize]) -> usize {
    let own = machine.cores.iter().filter(|core| cores.contains(&core.id)).copied();
    Machine { cores: own.collect(), quota: None }.physical_cores()
}

#[cfg(test)]
mod tests {
    use super::super::steps::{pacing, throughput};
    use super::{Sink, Stage, Stop, best_cores, drive, physical, plan};
    use crate::interrupt::Interrupt;
    use engine::measure::Phase;
    use engine::plan::{ClientSettings, Core, Machine};
    use engine::time::{ClockSource, RunClock, WaitMode};
    use engine::units::{Bytes, Nanos};

    fn stage_on(machine: Machine, interrupt: &Interrupt) -> Stage<'_> {
        let clock = RunClock::anchored(ClockSource::Os);
        Stage { machine, clock, clients: ClientSettings::default(), interrupt }
    }

    /// Physical cores of two threads each, on one node.
    fn threaded(physical: usize) -> Machine {
        let core = |id| Core { id, node: 0, physical: id % physical };
        Machine { cores: (0..physical * 2).map(core).collect(), quota: None }
    }

    #[test]
    fn second_threads_of_a_core_come_last_and_core_0_is_the_last_of_its_kind() {
        let check = |machine: &Machine, count: usize, cores: &[usize], physical_cores: usize| {
            let got = best_cores(machine, count);
            assert_eq!(got, cores, "{count} of {machine}");
            assert_eq!(physical(machine, &got), physical_cores, "{count} of {machine}");
        };
        check(&Machine::of_cores(0..4), 2, &[3, 2], 2);
        check(&Machine::of_cores(0..4), 4, &[3, 2, 1, 0], 4);
        check(&threaded(2), 2, &[1, 0], 2);
        check(&threaded(2), 3, &[1, 0, 3], 2);
        check(&threaded(2), 4, &[1, 0, 3, 2], 2);
    }

    #[test]
    fn every_step_has_as_many_lanes_as_it_asks_for_and_the_null_sinks_are_alone() {
        let interrupt = Interrupt::default();
        for machine in [Machine::of_cores(0..1), Machine::of_cores(0..2), threaded(4)] {
            let stage = stage_on(machine, &interrupt);
            let cores = stage.machine.cores.len();
            let measured = Nanos::from_millis(10);
            let loops = throughput(cores, Bytes(100), measured);
            for step in loops.iter().chain(&pacing(2_000_000, Bytes(100), measured)) {
                let plan = plan(step, &stage).expect("the cores are there");
                assert_eq!(plan.lanes.len(), step.lanes, "{step} on {}", stage.machine);
                let mut own: Vec<usize> = plan.lanes.iter().map(|lane| lane.core).collect();
                own.sort_unstable();
                own.dedup();
                assert_eq!(own.len(), step.lanes, "{step}: a core for each");
                let is_alone = plan.lanes.iter().all(|lane| lane.cores == [lane.core]);
                assert!(is_alone || step.sink == Sink::Embedded, "{step}: pinned");
                let waits = plan.lanes.iter().all(|lane| lane.wait == step.wait);
                assert!(waits || step.sink == Sink::Embedded, "{step}: as asked");
            }
        }
    }

    #[test]
    fn what_was_due_is_sent_and_a_closed_loop_sends_what_it_can() {
        let interrupt = Interrupt::default();
        let stage = stage_on(Machine::of_cores(0..1), &interrupt);
        let measured = Nanos::from_millis(50);
        let closed = throughput(1, Bytes(100), measured)[0].clone();
        let came = drive(&closed, &stage).expect("nothing is in its way");
        let seen = came.outcome.tally.total(Phase::Measured);
        assert!(0 < seen.acked.messages, "some 10 million a second on a quiet machine");
        assert_eq!(seen.produced.messages, seen.acked.messages, "all are acked");
        assert_eq!(came.broker_cpu_share, None, "there is no broker");
        let steps = pacing(100, Bytes(100), measured);
        let slow = steps.iter().find(|step| step.wait == WaitMode::Sleep).expect("both ways");
        let paced = drive(slow, &stage).expect("nothing is in its way").outcome;
        let one = paced.tally.total(Phase::Measured).produced;
        assert_eq!((one.due, one.messages), (1, 1), "one a second, in a step of 50 ms");
    }

    #[test]
    fn an_interrupted_step_says_so() {
        let interrupt = Interrupt::default();
        interrupt.raise();
        let stage = stage_on(Machine::of_cores(0..1), &interrupt);
        let step = throughput(1, Bytes(100), Nanos::from_secs(60))[0].clone();
        assert_eq!(
            drive(&step, &stage).err(),
            Some(Stop::Interrupted),
            "before or after its start"
        );
    }
}
