//! Looks after a worker's process while a run is on: what it used, and what its host withheld.

use super::protocol::HostSaid;
use crate::monitor::Monitor;
use crate::report::{System, network_seen};
use engine::host::{Busy, ThreadTime, Throttling, busiest, cpu_time, threads, throttling};
use engine::lane::Timeline;
use engine::plan::Plan;
use engine::run::{CLIENT_THREADS, ClockSeen, Event, Reins, cost_since};
use engine::time::{Clock, RunClock};
use engine::units::{Nanos, Timestamp};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};

/// How long before the end of the phase the clients' threads are looked at: then lanes let them go.
const BEFORE_END: Nanos = Nanos::from_millis(40);

/// How long it may take to say what it saw: the monitor's last look, and a little.
const LAST_WORD: Nanos = Nanos::from_secs(4);

/// An attendant at work.
#[derive(Debug)]
pub(super) struct Attendant {
    /// Dropped, it ends the thread.
    bell: Sender<()>,
    said: Receiver<HostSaid>,
    thread: JoinHandle<()>,
}

/// How long it waits at most before it looks again where the phases lie: hosts hear of that earlier.
const LOOK_EVERY: Nanos = Nanos::from_millis(500);

/// The load that is on.
pub(super) struct Load {
    /// All lanes of this worker.
    pub(super) plan: Plan,
    pub(super) timeline: Timeline,
    /// Of one of its tasks: all are told the same.
    pub(super) reins: Reins,
}

impl Load {
    /// Where the measured phase begins, as far as is known now.
    fn measured(&self) -> Timestamp {
        self.timeline.border.measured()
    }

    /// When the last message is due, as far as is known now.
    fn end(&self) -> Timestamp {
        (self.measured() + self.timeline.measured).min(self.reins.cut())
    }
}

/// What is looked at from the start on.
struct Watch {
    clock: RunClock,
    load: Load,
    monitor: Option<Monitor>,
}

impl Attendant {
    /// Begins with the load. Without a thread for it, there is a warning and nothing to say.
    pub(super) fn begin(load: Load, clock: RunClock, period: Option<Nanos>) -> Option<Self> {
        let monitor = period.and_then(|period| Monitor::start(period, &load.plan, clock));
        let watch = Watch { clock, load, monitor };
        let (bell, heard) = channel();
        let (say, said) = channel();
        let work = move || {
            // Whoever gave up waiting is not there any more.
            let _unheard = say.send(attend(watch, &heard));
        };
        match thread::Builder::new().name("attendant".to_owned()).spawn(work) {
            Ok(thread) => Some(Self { bell, said, thread }),
            Err(error) => {
                tracing::warn!("what this host used is not known: no thread for it: {error}");
                None
            }
        }
    }

    /// The load has ended; what was seen.
    pub(super) fn end(self) -> Option<HostSaid> {
        let Self { bell, said, thread } = self;
        drop(bell);
        let said = said.recv_timeout(LAST_WORD.duration()).ok();
        if said.is_some() {
            // It has said all it had to say.
            let _ended = thread.join();
        }
        said
    }
}

fn attend(watch: Watch, heard: &Receiver<()>) -> HostSaid {
    let Watch { clock, load, monitor } = watch;
    let (cpu, mark) = (cpu_time(), clock.mark());
    let mut seen = Seen { throttling: throttling(), threads: Vec::new(), since: clock.now() };
    let mut busy: Option<Busy> = None;
    if !has_ended(clock, || load.measured(), heard) {
        seen =
            Seen { throttling: throttling(), threads: threads(CLIENT_THREADS), since: clock.now() };
        let length = load.timeline.measured;
        tell(monitor.as_ref(), &Event::Measuring { from: load.measured(), length });
        if !has_ended(clock, || load.end().before(BEFORE_END), heard) {
            let now = (clock.now(), &*threads(CLIENT_THREADS));
            busy = busiest((seen.since, &seen.threads), now);
            if !has_ended(clock, || load.end(), heard) {
                tell(monitor.as_ref(), &Event::Draining);
                // Until the lanes have handed everything over.
                let _ended = heard.recv();
            }
        }
    }
    let cost = cost_since(cpu);
    let observation = monitor.and_then(Monitor::stop);
    let phase = (load.measured(), load.end().min(clock.now()));
    let system = observation.as_ref().map(|watched| System::of(&load.plan, watched, phase));
    HostSaid {
        cost,
        clock: ClockSeen { source: clock.source(), drift: clock.drift_since(mark) },
        throttled: throttling().since(&seen.throttling),
        client_thread: busy,
        system: system.and_then(|system| serde_json::to_string(&system).ok()),
        network: observation.as_ref().and_then(|watched| network_seen(watched, phase)),
        // Those are not its own to tell.
        marks: Vec::new(),
    }
}

/// What was so when the measured phase began.
struct Seen {
    throttling: Throttling,
    threads: Vec<ThreadTime>,
    since: Timestamp,
}

fn tell(monitor: Option<&Monitor>, event: &Event<'_>) {
    if let Some(monitor) = monitor {
        monitor.hear(event);
    }
}

/// Waits until a moment, which may come to lie earlier meanwhile; true when the load ended before it.
fn has_ended(clock: RunClock, moment: impl Fn() -> Timestamp, heard: &Receiver<()>) -> bool {
    loop {
        let left = clock.now().until(moment());
        if left == Nanos::ZERO {
            return false;
        }
        match heard.recv_timeout(left.min(LOOK_EVERY).duration()) {
            Ok(_) | Err(RecvTimeoutError::Disconnected) => return true,
            // That wait goes by another clock, too, which may be a little ahead.
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}
