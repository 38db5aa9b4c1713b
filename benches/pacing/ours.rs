//! A whole run with one producing lane.

use super::{Job, Turn};
use engine::plan::{ClientCount, Demand, Pace, Phases, Plan, WaitChoice, Warmup, Wishes};
use engine::run::{Event, Hooks};
use engine::time::{Clock, RunClock};
use engine::units::{Nanos, Rate, Timestamp};
use kdyno_benches::{ThreadTime, demand, prepared, run_clock};
use std::cell::Cell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// How often the lane's processor time is read.
const LOOK_EVERY: Nanos = Nanos::from_millis(50);

/// Held while a run prepares, so that a lane that appears is that run's.
static PREPARING: Mutex<()> = Mutex::new(());

/// Numbers the runs, for the names of their topics.
static RUNS: AtomicU64 = AtomicU64::new(0);

/// Runs the job through the engine.
pub(crate) fn take(job: &Job) -> Turn {
    let wishes = Wishes {
        cores: Some(vec![job.core]),
        io_cores: Some(job.others.clone()),
        wait: WaitChoice::Fixed(job.mode),
        clients: ClientCount::Shared,
    };
    let phases = Phases { warmup: Warmup::Fixed(job.warmup), measured: job.measured };
    let plan = plan(producing(job.link, job.rate, phases), &wishes);
    let (ready, lane) = {
        let _alone = PREPARING.lock().expect("no turn panics while it prepares");
        let before = ThreadTime::threads_named("produce-0");
        let ready = prepared(job.link, plan);
        let new = || {
            let threads = ThreadTime::threads_named("produce-0");
            threads.into_iter().find(|thread| !before.contains(thread))
        };
        (ready, new())
    };
    let mut meter = Meter { clock: run_clock(), lane, first: None, last: Cell::default() };
    let (mut outcome, teardown) = ready.start(&mut meter);
    let clean_up = teardown.finish();
    assert!(clean_up.unclosed.is_empty() && clean_up.left.is_empty(), "clean: {clean_up:?}");
    let stream = outcome.tally.streams.remove(0);
    let (produced, acked) = (&stream.measured.produced, &stream.measured.acked);
    assert_eq!(
        [produced.due, produced.messages, acked.messages],
        [job.due(); 3],
        "due, sent, acked"
    );
    let permille = meter.first.and_then(|first| ThreadTime::permille(first, meter.last.get()));
    Turn { delays: stream.measured.send_delay, permille }
}

/// A demand that only sends: 100 bytes to one topic of four partitions.
pub(crate) fn producing(link: &str, rate: Rate, phases: Phases) -> Demand {
    let number = RUNS.fetch_add(1, Ordering::Relaxed);
    let mut demand = demand(phases.measured);
    demand.phases = phases;
    demand.test_id = format!("bench-pacing-{}-{number}", std::process::id());
    let stream = &mut demand.streams[0];
    stream.pace = Pace::At(rate);
    stream.topics[0].name = format!("benchmark-{}-topic-0", demand.test_id);
    (stream.subscriptions, stream.consumers_per_subscription) = (0, 0);
    demand.clients.replication_factor = 1;
    if link == "kafka" {
        let servers = std::env::var("KDYNO_KAFKA").expect("link=kafka: KDYNO_KAFKA names a broker");
        let bootstrap = ("bootstrap.servers".to_owned(), servers);
        demand.clients.admin.push(bootstrap.clone());
        demand.clients.producer.push(bootstrap);
        demand.clients.producer.push(("linger.ms".to_owned(), "1".to_owned()));
    }
    demand
}

/// The plan on this machine: one lane.
pub(crate) fn plan(demand: Demand, wishes: &Wishes) -> Plan {
    let plan = Plan::new(demand, &engine::host::machine(), wishes).expect("the cores exist");
    assert_eq!(plan.lanes.len(), 1, "one lane sends");
    plan
}

/// A moment, and the lane's processor time then.
type Look = (Timestamp, Option<Nanos>);

/// Reads the lane's processor time from the measured phase's beginning until the lane's end.
struct Meter {
    clock: RunClock,
    lane: Option<u64>,
    first: Option<Look>,
    last: Cell<Look>,
}

impl Meter {
    fn look(&self) -> Look {
        (self.clock.now(), self.lane.and_then(ThreadTime::of))
    }
}

impl Hooks for Meter {
    fn event(&mut self, event: &Event<'_>) {
        if matches!(event, Event::Measuring { .. }) {
            self.first = Some(self.look());
        }
    }

    /// Asked at every turn of the run: a place to look from, without a thread more.
    fn is_interrupted(&self) -> bool {
        if self.last.get().0 + LOOK_EVERY < self.clock.now() {
            let look = self.look();
            if look.1.is_some() {
                self.last.set(look);
            }
        }
        false
    }
}
