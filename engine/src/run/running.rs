//! The second half of a run: load, drain, merge.

use super::across::Across;
use super::backlog::Damming;
use super::cost::cost_since;
use super::drain::{self, Targets};
use super::finish::Seen;
use super::losing::Gap;
use super::outcome::{ClockSeen, Interval, Outcome, StartLine};
use super::prepare::{Event, Hooks, Ready};
use super::searching::{STREAM, Searching};
use super::second::figures;
use super::teardown::Teardown;
use super::warming::Warming;
use crate::error::RunError;
use crate::host::{Busy, ThreadTime, Throttling, busiest, cpu_time, threads, throttling};
use crate::lane::{Go, Stage, Timeline};
use crate::link::Leaders;
use crate::measure::{CatchUpSeen, Phase, Second};
use crate::plan::{PhaseTimes, Role};
use crate::time::Clock;
use crate::units::{NANOS_PER_SECOND, Nanos, Timestamp};
use std::sync::Arc;

/// How long lanes may take to come to the start line; they may be asked for by a call to another host.
const ASSEMBLED: Nanos = Nanos::from_secs(8);

/// How long one wait for handovers lasts: the pace at which interrupts are noticed.
pub(super) const TURN: Nanos = Nanos::from_millis(20);

/// How often the client's threads are looked at in a run whose end is not known before.
pub(super) const LOOK_EVERY: Nanos = Nanos::from_millis(500);

/// How long lanes may take to hand over their last tally: beyond their own deadlines.
const HANDOVER: Nanos = Nanos::from_secs(15);

/// How long consumers may bring nothing after a host was lost: a session timeout of 10 s, and what a
/// group takes to deal its partitions anew.
const REJOINED: Nanos = Nanos::from_secs(15);

/// How the names of librdkafka's threads begin that speak to brokers: one for each (librdkafka 2.12.1,
/// `rd_kafka_broker_thread_main`).
pub const CLIENT_THREADS: &str = "rdk:broker";

/// What is known while a run goes on.
pub(super) struct Watch<'run> {
    pub(super) ready: Ready,
    pub(super) hooks: &'run mut dyn Hooks,
    pub(super) intervals: Vec<Interval>,
    pub(super) warming: Warming,
    /// The search for the rate, where that is what is asked.
    pub(super) searching: Option<Searching>,
    pub(super) backlog: Option<Damming>,
    /// What a run that sends nothing came to.
    pub(super) caught_up: Option<CatchUpSeen>,
    pub(super) leaders: Option<Leaders>,
    /// Acked × subscriptions and received so far, warm-up included.
    pub(super) owed: u64,
    pub(super) received: u64,
    pub(super) halted_at: Option<Timestamp>,
    /// Whether the measured phase has begun.
    pub(super) is_measuring: bool,
    /// The system's counters when the measured phase began.
    pub(super) throttling: Throttling,
    /// The same of the client's own threads, and when.
    pub(super) threads: (Timestamp, Vec<ThreadTime>),
    /// Which of them wanted a core most, until the last message was due.
    pub(super) client_thread: Option<Busy>,
    pub(super) stopped: Option<Timestamp>,
    /// What lanes need to know, also those that join in later.
    pub(super) timeline: Timeline,
    /// Lanes that there were at the start.
    pub(super) planned: usize,
    /// Lanes whose thread ended without handing over their last tally.
    pub(super) died: Vec<usize>,
    /// Why the run was ended for their sake, if it was.
    pub(super) broken: Option<RunError>,
    /// Moments between which lanes were missing.
    pub(super) gaps: Vec<Gap>,
}

impl Ready {
    /// Releases the start line and sees the run to its end.
    pub fn start(mut self, hooks: &mut dyn Hooks) -> (Outcome, Teardown) {
        let phases = self.plan.demand.phases;
        let leaders = self.leaders();
        // All of them first: the lead counts from when the last has come.
        self.signal.advance(Stage::Assembling);
        let until = self.clock.now() + ASSEMBLED;
        while !self.start_line.have_arrived() && self.clock.now() < until {
            self.clock.park(Nanos::from_millis(1));
        }
        let at = self.clock.now() + self.crew.lead();
        let warming = Warming::new(&self.plan, at);
        let searching = Searching::new(&self.plan, at);
        let border = Arc::clone(warming.border());
        // The latest end: where the measured phase begins earlier, lanes end earlier by themselves.
        let latest = border.latest();
        let times = PhaseTimes { at, measured: latest, end: latest + phases.measured };
        for (index, stream) in self.plan.demand.streams.iter().enumerate() {
            if let Some(schedule) = stream.pace.schedule(times) {
                self.signal.set_schedule(index, schedule);
            }
        }
        self.collector.listener().start(warming.measured(), warming.length());
        self.signal.advance(Stage::Running);
        let timeline = Timeline {
            border,
            from: at,
            measured: phases.measured,
            grace: self.plan.demand.grace(),
        };
        self.start_line.release(Go::Run(timeline.clone()));
        let backlog = self.plan.demand.backlog.map(Damming::new);
        let (cpu, mark) = (cpu_time(), self.clock.mark());
        let mut watch = Watch {
            planned: self.plan.lanes.len(),
            ready: self,
            hooks,
            intervals: Vec::new(),
            warming,
            searching,
            backlog,
            caught_up: None,
            leaders,
            owed: 0,
            received: 0,
            halted_at: None,
            is_measuring: false,
            throttling: throttling(),
            threads: (at, Vec::new()),
            client_thread: None,
            stopped: None,
            timeline,
            died: Vec::new(),
            broken: None,
            gaps: Vec::new(),
        };
        let (mut struck, drained) = watch.carry_out();
        let cost = cost_since(cpu);
        let throttled = throttling().since(&watch.throttling);
        let clock = watch.ready.clock;
        let clock = ClockSeen { source: clock.source(), drift: clock.drift_since(mark) };
        struck.extend(watch.close());
        let client_thread = watch.client_thread.take();
        let own = Seen { cost, clock, throttled, client_thread, workers: Vec::new() };
        let seen = watch.hear_hosts(own);
        let (measured, ready) = (watch.warming.measured(), watch.ready.ready);
        let start = StartLine { at, measured, end: watch.end(), ready };
        watch.finish(start, (struck, drained), seen)
    }
}

impl Watch<'_> {
    /// Waits a turn for handovers; makes intervals of complete seconds; notices interrupts and lanes
    /// that died without a word.
    pub(super) fn turn(&mut self) {
        let gathers = self.ready.crew.gathers();
        // A wait for the inbox spins and yields before it sleeps, and is over with every handover.
        let wait = if gathers == Nanos::ZERO { TURN } else { Nanos::ZERO };
        self.ready.clock.park(gathers);
        for second in self.ready.collector.collect(wait) {
            self.add(&second);
        }
        if !self.conduct() {
            self.warm_up();
        }
        self.tend_backlog();
        self.ready.collector.listener().hear();
        // Of a lane that cannot go on nothing more is to be had, and the run has failed by it.
        let is_over = |of: &Self| of.hooks.is_interrupted() || of.hooks.is_cut_short();
        if self.halted_at.is_none() && (is_over(self) || self.failed().is_some()) {
            self.halt();
        }
        self.find_dead();
    }

    /// Ends an open warm-up when the run is steady; not that of a run which is ending.
    fn warm_up(&mut self) {
        let (now, notice) = (self.ready.clock.now(), self.ready.crew.notice());
        if self.halted_at.is_none() && self.warming.end_if_steady(now, notice) {
            let (measured, length) = (self.warming.measured(), self.warming.length());
            self.ready.collector.listener().start(measured, length);
            self.hooks.event(&Event::Steady(length));
        }
    }

    /// When the last message is due, excluded, as far as is known now.
    pub(super) fn end(&self) -> Timestamp {
        let planned = self.warming.measured() + self.timeline.measured;
        planned.min(self.ready.signal.end())
    }

    pub(super) fn halt(&mut self) {
        self.ready.signal.halt();
        self.halted_at = Some(self.ready.clock.now());
    }

    pub(super) fn lanes_of(&self, role: Role) -> Vec<usize> {
        let lanes = self.ready.plan.lanes.iter().enumerate();
        lanes.filter(|(_, lane)| lane.role() == role).map(|(index, _)| index).collect()
    }

    pub(super) fn have_ended(&self, lanes: &[usize]) -> bool {
        lanes
            .iter()
            .all(|lane| self.died.contains(lane) || self.ready.collector.end(*lane).is_some())
    }

    pub(super) fn add(&mut self, second: &Second) {
        let mut interval = figures(&self.ready.plan.demand, &second.tally, Phase::Measured);
        self.warming.note(second);
        let number = self.warming.number(second.number);
        if let Some(damming) = &mut self.backlog {
            damming.add(number, &second.tally, &self.ready.plan.demand);
        }
        let is_hidden = self.ready.plan.demand.clients.hides_until_committed();
        for (stream, tally) in self.ready.plan.demand.streams.iter().zip(&second.tally.streams) {
            for phase in [&tally.warmup, &tally.measured] {
                let owed = if is_hidden { phase.committed() } else { phase.acked.messages };
                self.owed += owed * u64::from(stream.subscriptions);
                self.received += phase.received();
            }
        }
        interval.backlog = self.owed.saturating_sub(self.received);
        if let Some(searching) = self.searching.as_mut().filter(|_| self.halted_at.is_none()) {
            let schedule = self.ready.signal.schedule(STREAM);
            let now = self.ready.clock.now();
            searching.note(second, interval.backlog, schedule.as_ref(), now);
        }
        // Seconds of the warm-up hold nothing measured, and after the end only the drain counts.
        let is_empty =
            interval.produced + interval.acked + interval.consumed + interval.errors == 0;
        let length = self.warming.measured().until(self.end()).0.div_ceil(NANOS_PER_SECOND);
        let is_inside = u64::try_from(number).is_ok_and(|number| number < length);
        if is_empty && !is_inside {
            let warm = figures(&self.ready.plan.demand, &second.tally, Phase::Warmup);
            let warm = Interval { backlog: interval.backlog, ..warm };
            self.hooks.event(&Event::Warming(&warm, &second.tally));
            return;
        }
        // Where this thread was held up, the first second is complete before the phase was told.
        self.begin_to_measure(self.ready.clock.now());
        interval.second = u32::try_from(number.max(0)).unwrap_or(u32::MAX);
        self.hooks.event(&Event::Second(&interval, &second.tally));
        match self.intervals.last_mut() {
            Some(early) if early.second == interval.second => early.join(&interval),
            _ => self.intervals.push(interval),
        }
    }

    /// Notes and tells once that the measured phase has begun, when it has.
    pub(super) fn begin_to_measure(&mut self, now: Timestamp) {
        let from = self.warming.measured();
        if self.is_measuring || now < from {
            return;
        }
        self.is_measuring = true;
        self.throttling = throttling();
        self.threads = (now, threads(CLIENT_THREADS));
        // What a search waits for is not that its rates are steady.
        let is_awaited = self.halted_at.is_none() && self.searching.is_none();
        if is_awaited && self.warming.was_in_vain() {
            self.hooks.event(&Event::Unsteady(self.warming.length()));
        }
        let length = self.ready.plan.demand.phases.measured;
        self.hooks.event(&Event::Measuring { from, length });
    }

    /// The load and the reading of what is left of it, or of what was there before. Returns the deadlines
    /// that struck, and whether each group has read what it should.
    fn carry_out(&mut self) -> (Vec<String>, Vec<bool>) {
        if self.ready.plan.demand.is_catch_up() {
            return self.catch_up();
        }
        let mut struck = self.produce();
        let drained = self.drain(&mut struck);
        (struck, drained)
    }

    /// Notes which of the client's threads has wanted a core most since the measured phase began.
    pub(super) fn look_at_threads(&mut self, now: Timestamp) {
        let (from, before) = &self.threads;
        self.client_thread = busiest((*from, before), (now, &threads(CLIENT_THREADS)));
    }

    /// Waits for all producing lanes: their schedules, their debts, their acks.
    fn produce(&mut self) -> Vec<String> {
        let phases = self.ready.plan.demand.phases;
        if Nanos::ZERO < phases.warmup.longest() {
            self.hooks.event(&Event::Warmup(phases.warmup));
        }
        let ends_by_itself = self.ready.plan.demand.ends_after().is_some();
        let mut looked = ends_by_itself.then_some(self.timeline.from);
        while !self.have_ended(&self.lanes_of(Role::Producer)) {
            self.turn();
            let now = self.ready.clock.now();
            let is_time = match looked {
                // Nobody knows when it will end: the last look counts.
                Some(before) => ends_by_itself && before + LOOK_EVERY <= now,
                // Two turns before the end: then lanes let their clients go, and these their threads.
                None => self.end() <= now + TURN + TURN,
            };
            if is_time {
                looked = Some(now);
                self.look_at_threads(now);
            }
            self.begin_to_measure(now);
        }
        self.stopped = Some(self.ready.clock.now());
        if ends_by_itself {
            self.end_with_the_last();
        }
        let producers = self.lanes_of(Role::Producer);
        let ends = producers.iter().filter_map(|lane| self.ready.collector.end(*lane));
        ends.filter_map(|end| end.struck.clone()).collect()
    }

    /// Waits until every group has read what was acked, or nothing comes any more.
    fn drain(&mut self, struck: &mut Vec<String>) -> Vec<bool> {
        if self.ready.plan.groups.is_empty() {
            return Vec::new();
        }
        self.hooks.event(&Event::Draining);
        let total = self.ready.collector.total();
        let targets = Targets::new(&self.ready.plan, &total, &*self.ready.teardown.topics);
        let is_across = self.ready.plan.demand.clients.consumer_cluster.is_some();
        let mut across = is_across.then(|| Across::new(self.ready.clock.now()));
        self.ready.signal.advance(Stage::Draining);
        let deadlines = self.ready.plan.demand.deadlines;
        let mut last = drain::Drained::default();
        let began = self.ready.clock.now();
        let mut moved_at = began;
        loop {
            self.turn();
            let now = self.ready.clock.now();
            let (plan, board) = (&self.ready.plan, &self.ready.board);
            let seen = match &mut across {
                Some(across) => across.look(plan, board, || self.ready.collector.total(), now),
                None => drain::look(plan, board, &targets),
            };
            if seen.groups.iter().all(|drained| *drained) {
                return seen.groups;
            }
            if seen.read != last.read {
                moved_at = now;
            }
            last = seen;
            let waited = now.since(began).unwrap_or_default();
            if let Some(words) = self.undrained(waited, last.left) {
                struck.push(words);
                return last.groups;
            }
            let quiet = now.since(moved_at).unwrap_or_default();
            // Those of a host that was lost are in their groups until their session ends: when that
            // has passed, others read what was theirs, or there is nothing left to read.
            let is_whole = self.gaps.is_empty();
            let allowed = if is_whole { deadlines.quiet } else { deadlines.quiet.min(REJOINED) };
            if allowed <= quiet {
                struck.push(format!(
                    "consumers: nothing came for {allowed}, {} messages not read",
                    last.left
                ));
                return last.groups;
            }
            let hurried = self
                .halted_at
                .is_some_and(|at| deadlines.interrupt <= now.since(at).unwrap_or_default());
            if hurried || self.have_ended(&self.lanes_of(Role::Consumer)) {
                return last.groups;
            }
        }
    }

    /// Lets consumers commit and hand over; names lanes that do not.
    fn close(&mut self) -> Vec<String> {
        self.hooks.event(&Event::Collecting);
        self.ready.signal.advance(Stage::Closing);
        let until = self.ready.clock.now() + HANDOVER;
        let all: Vec<usize> = (0..self.ready.plan.lanes.len()).collect();
        let mut struck = Vec::new();
        while struck.is_empty() && !self.have_ended(&all) {
            self.turn();
            if until <= self.ready.clock.now() {
                let late = all.iter().filter(|lane| self.ready.collector.end(**lane).is_none());
                let names: Vec<&str> =
                    late.map(|lane| self.ready.plan.lanes[*lane].name.as_str()).collect();
                let names = names.join(", ");
                struck.push(format!("last tallies: {names} did not hand over after {HANDOVER}"));
            }
        }
        self.end_with_the_last_read();
        // Seconds that waited for lanes which said no more have what the others brought.
        for second in self.ready.collector.flush() {
            self.add(&second);
        }
        struck
    }
}
