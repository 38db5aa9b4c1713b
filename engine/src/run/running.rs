//! The second half of a run: load, drain, merge.

use super::cost::cost_since;
use super::drain::{self, Targets};
use super::outcome::{ClockSeen, Cost, Ending, Interval, LaneOutcome, Outcome, StartLine};
use super::prepare::{Event, Hooks, Ready};
use super::teardown::Teardown;
use super::warming::Warming;
use crate::error::RunError;
use crate::host::{
    Busy, ThreadTime, Throttled, Throttling, busiest, cpu_time, threads, throttling,
};
use crate::lane::{Go, Stage, Timeline};
use crate::measure::{ClientStats, LaneEnd, Latency, PhaseTally, Second, balances};
use crate::plan::{Pace, Role};
use crate::time::{Clock, Schedule};
use crate::units::{NANOS_PER_SECOND, Nanos, Timestamp};
use std::sync::Arc;

/// From the release of the barrier to the first due time: enough for every lane to wake.
const LEAD: Nanos = Nanos::from_millis(10);

/// How long one wait for handovers lasts: the pace at which interrupts are noticed.
const TURN: Nanos = Nanos::from_millis(20);

/// How long lanes may take to hand over their last tally: beyond their own deadlines.
const HANDOVER: Nanos = Nanos::from_secs(15);

/// How long the cluster may take to answer when messages are missing at the end.
const PROBE: Nanos = Nanos::from_secs(5);

/// How the names of librdkafka's threads begin that speak to brokers: one for each (librdkafka 2.12.1,
/// `rd_kafka_broker_thread_main`).
const CLIENT_THREADS: &str = "rdk:broker";

/// What is known while a run goes on.
struct Watch<'run> {
    ready: Ready,
    hooks: &'run mut dyn Hooks,
    intervals: Vec<Interval>,
    warming: Warming,
    /// Acked × subscriptions and received so far, warm-up included.
    owed: u64,
    received: u64,
    halted_at: Option<Timestamp>,
    /// The system's counters when the measured phase began.
    throttling: Throttling,
    /// The same of the client's own threads, and when.
    threads: (Timestamp, Vec<ThreadTime>),
    /// Which of them wanted a core most, until the last message was due.
    client_thread: Option<Busy>,
    stopped: Option<Timestamp>,
    /// Lanes whose thread ended without handing over their last tally: they panicked.
    died: Vec<usize>,
}

impl Ready {
    /// Releases the start line and sees the run to its end.
    pub fn start(mut self, hooks: &mut dyn Hooks) -> (Outcome, Teardown) {
        let phases = self.plan.demand.phases;
        let at = self.clock.now() + LEAD;
        let warming = Warming::new(&self.plan, at);
        let border = Arc::clone(warming.border());
        // The latest end: where the measured phase begins earlier, lanes end earlier by themselves.
        let end = border.latest() + phases.measured;
        for (index, stream) in self.plan.demand.streams.iter().enumerate() {
            if let Pace::At(rate) = stream.pace {
                self.signal.set_schedule(index, Schedule::constant(rate, at, end));
            }
        }
        self.collector.listener().start(warming.measured(), warming.length());
        self.signal.advance(Stage::Running);
        let timeline = Timeline { border, measured: phases.measured, grace: phases.grace() };
        self.start_line.release(Go::Run(timeline));
        let (cpu, mark) = (cpu_time(), self.clock.mark());
        let mut watch = Watch {
            ready: self,
            hooks,
            intervals: Vec::new(),
            warming,
            owed: 0,
            received: 0,
            halted_at: None,
            throttling: throttling(),
            threads: (at, Vec::new()),
            client_thread: None,
            stopped: None,
            died: Vec::new(),
        };
        let mut struck = watch.produce();
        let drained = watch.drain(&mut struck);
        let cost = cost_since(cpu);
        let throttled = throttling().since(&watch.throttling);
        let clock = watch.ready.clock;
        let clock = ClockSeen { source: clock.source(), drift: clock.drift_since(mark) };
        struck.extend(watch.close());
        let (measured, ready) = (watch.warming.measured(), watch.ready.ready);
        let start = StartLine { at, measured, end: measured + phases.measured, ready };
        watch.finish(start, (struck, drained), (cost, clock, throttled))
    }
}

impl Watch<'_> {
    /// Waits a turn for handovers; makes intervals of complete seconds; notices interrupts and lanes
    /// that died without a word.
    fn turn(&mut self) {
        for second in self.ready.collector.collect(TURN) {
            self.add(&second);
        }
        self.warm_up();
        self.ready.collector.listener().hear();
        if self.halted_at.is_none() && (self.hooks.is_interrupted() || self.hooks.is_cut_short()) {
            self.halt();
        }
        self.find_dead();
        if !self.died.is_empty() && self.halted_at.is_none() {
            self.halt();
        }
    }

    /// Ends an open warm-up when the run is steady; not that of a run which is ending.
    fn warm_up(&mut self) {
        if self.halted_at.is_none() && self.warming.end_if_steady(self.ready.clock.now()) {
            let (measured, length) = (self.warming.measured(), self.warming.length());
            self.ready.collector.listener().start(measured, length);
            self.hooks.event(&Event::Steady(length));
        }
    }

    fn halt(&mut self) {
        self.ready.signal.halt();
        self.halted_at = Some(self.ready.clock.now());
    }

    /// Looks for lanes that panicked. A thread that has ended handed over before it did: its last
    /// tally is here or still in the inbox, so threads are looked at first and the inbox is emptied
    /// after that.
    fn find_dead(&mut self) {
        let lanes = self.ready.teardown.lanes.iter().enumerate();
        let ended = lanes.filter(|(_, handle)| handle.is_finished()).map(|(lane, _)| lane);
        let ended: Vec<usize> = ended.collect();
        while self.ready.collector.has_mail() {
            for second in self.ready.collector.collect(Nanos::ZERO) {
                self.add(&second);
            }
        }
        let silent = |lane: &usize| self.ready.collector.end(*lane).is_none();
        self.died = ended.into_iter().filter(silent).collect();
    }

    fn lanes_of(&self, role: Role) -> Vec<usize> {
        let lanes = self.ready.plan.lanes.iter().enumerate();
        lanes.filter(|(_, lane)| lane.role() == role).map(|(index, _)| index).collect()
    }

    fn have_ended(&self, lanes: &[usize]) -> bool {
        lanes
            .iter()
            .all(|lane| self.died.contains(lane) || self.ready.collector.end(*lane).is_some())
    }

    fn add(&mut self, second: &Second) {
        let mut interval = Interval::default();
        self.warming.note(second);
        let number = self.warming.number(second.number);
        let mut latencies = [Latency::default(), Latency::default(), Latency::default()];
        for (stream, tally) in self.ready.plan.demand.streams.iter().zip(&second.tally.streams) {
            for phase in [&tally.warmup, &tally.measured] {
                self.owed += phase.acked.messages * u64::from(stream.subscriptions);
                self.received += phase.received();
            }
            add_counts(&mut interval, &tally.measured);
            let [publish, end_to_end, send_delay] = &mut latencies;
            publish.merge(&tally.measured.publish);
            end_to_end.merge(&tally.measured.end_to_end);
            send_delay.merge(&tally.measured.send_delay);
        }
        interval.backlog = self.owed.saturating_sub(self.received);
        let [publish, end_to_end, send_delay] = &latencies;
        interval.publish_p50 = publish.percentile(50.0);
        interval.publish_p99 = publish.percentile(99.0);
        interval.publish_max = publish.max();
        interval.end_to_end_p50 = end_to_end.percentile(50.0);
        interval.end_to_end_p99 = end_to_end.percentile(99.0);
        interval.end_to_end_max = end_to_end.max();
        interval.send_delay_p99 = send_delay.percentile(99.0);
        let hiccup = &second.tally.hiccup;
        interval.hiccup_max = (0 < hiccup.count()).then(|| hiccup.max());
        // Seconds of the warm-up hold nothing measured, and after the end only the drain counts.
        let is_empty =
            interval.produced + interval.acked + interval.consumed + interval.errors == 0;
        let length = self.ready.plan.demand.phases.measured.0.div_ceil(NANOS_PER_SECOND);
        let is_inside = u64::try_from(number).is_ok_and(|number| number < length);
        if is_empty && !is_inside {
            return;
        }
        interval.second = u32::try_from(number.max(0)).unwrap_or(u32::MAX);
        self.hooks.event(&Event::Second(&interval, &second.tally));
        match self.intervals.last_mut() {
            Some(early) if early.second == interval.second => early.join(&interval),
            _ => self.intervals.push(interval),
        }
    }

    /// Waits for all producing lanes: their schedules, their debts, their acks.
    fn produce(&mut self) -> Vec<String> {
        let producers = self.lanes_of(Role::Producer);
        let phases = self.ready.plan.demand.phases;
        if Nanos::ZERO < phases.warmup.longest() {
            self.hooks.event(&Event::Warmup(phases.warmup));
        }
        let (mut measuring, mut measured) = (false, false);
        while !self.have_ended(&producers) {
            self.turn();
            let now = self.ready.clock.now();
            if !measured && self.warming.measured() + phases.measured <= now + TURN + TURN {
                // Two turns before the end: then lanes let their clients go, and these their threads.
                measured = true;
                let (from, before) = &self.threads;
                self.client_thread = busiest((*from, before), (now, &threads(CLIENT_THREADS)));
            }
            if !measuring && self.warming.measured() <= now {
                measuring = true;
                self.throttling = throttling();
                self.threads = (now, threads(CLIENT_THREADS));
                if self.halted_at.is_none() && self.warming.was_in_vain() {
                    self.hooks.event(&Event::Unsteady(self.warming.length()));
                }
                self.hooks.event(&Event::Measuring(phases.measured));
            }
        }
        self.stopped = Some(self.ready.clock.now());
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
        self.ready.signal.advance(Stage::Draining);
        let deadlines = self.ready.plan.demand.deadlines;
        let mut last = drain::Drained::default();
        let mut moved_at = self.ready.clock.now();
        loop {
            self.turn();
            let now = self.ready.clock.now();
            let seen = drain::look(&self.ready.plan, &self.ready.board, &targets);
            if seen.groups.iter().all(|drained| *drained) {
                return seen.groups;
            }
            if seen.read != last.read {
                moved_at = now;
            }
            last = seen;
            let quiet = now.since(moved_at).unwrap_or_default();
            if deadlines.quiet <= quiet {
                struck.push(format!(
                    "consumers: nothing came for {}, {} messages not read",
                    deadlines.quiet, last.left
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
        self.ready.signal.advance(Stage::Closing);
        let until = self.ready.clock.now() + HANDOVER;
        let all: Vec<usize> = (0..self.ready.plan.lanes.len()).collect();
        while !self.have_ended(&all) {
            self.turn();
            if until <= self.ready.clock.now() {
                let late = all.iter().filter(|lane| self.ready.collector.end(**lane).is_none());
                let names: Vec<&str> =
                    late.map(|lane| self.ready.plan.lanes[*lane].name.as_str()).collect();
                return vec![format!(
                    "last tallies: {} did not hand over after {HANDOVER}",
                    names.join(", ")
                )];
            }
        }
        Vec::new()
    }

    /// What the clients said of themselves: of the whole, and into the seconds.
    fn hear_out(&mut self) -> Option<ClientStats> {
        let listener = self.ready.collector.listener();
        listener.hear();
        for interval in &mut self.intervals {
            interval.client = listener.take_second(interval.second);
        }
        listener.stats()
    }

    fn finish(
        mut self,
        start: StartLine,
        (deadlines_struck, drained): (Vec<String>, Vec<bool>),
        (cost, clock_seen, throttled): (Cost, ClockSeen, Option<Throttled>),
    ) -> (Outcome, Teardown) {
        let client = self.hear_out();
        let interrupted = self.hooks.is_interrupted();
        let cut_short = self.hooks.is_cut_short();
        let stopped = self.stopped.unwrap_or(start.end);
        let died: Vec<String> =
            self.died.iter().map(|lane| self.ready.plan.lanes[*lane].name.clone()).collect();
        let Ready {
            plan, clock, board, collector, began, partitions_per_member, mut teardown, ..
        } = self.ready;
        let tally = collector.total();
        let steady_since = self.warming.steady_since();
        let lost = balances(&plan, &tally, &drained).iter().any(|of| 0 < of.lost);
        let removed = if lost { drain::removed(&plan, &*teardown.topics) } else { None };
        let missing = drained.contains(&false)
            || tally
                .streams
                .iter()
                .any(|stream| 0 < stream.measured.outstanding() + stream.measured.acked.failed);
        let ending = if let Some(lane) = died.into_iter().next() {
            Ending::Failed(RunError::Lane {
                lane,
                reason: "panicked; the run was ended, results are kept".to_owned(),
            })
        } else if let Some(words) = board.slots().find_map(|slot| slot.failed.clone()) {
            Ending::Failed(RunError::NotReady(words))
        } else if interrupted {
            Ending::Interrupted
        } else if let Some(error) =
            missing.then(|| teardown.topics.check(PROBE)).and_then(Result::err)
        {
            // Who did not answer now will not delete topics either: no use in waiting long for it.
            teardown.hurry(PROBE);
            Ending::Failed(error)
        } else if cut_short {
            Ending::CutShort
        } else {
            Ending::Finished
        };
        let lanes =
            plan.lanes.iter().zip(collector.into_lanes()).map(|(lane, (own, end))| LaneOutcome {
                name: lane.name.clone(),
                role: lane.role(),
                tally: own,
                error: match end {
                    Some(LaneEnd { error, .. }) => error,
                    None => Some("ended without a word".to_owned()),
                },
            });
        let outcome = Outcome {
            started: began,
            ended: clock.now(),
            stopped,
            start: Some(start),
            tally,
            lanes: lanes.collect(),
            intervals: self.intervals,
            steady_since,
            ending,
            deadlines_struck,
            trouble: board.trouble(),
            partitions_per_member,
            drained,
            cost,
            clock: clock_seen,
            throttled,
            client_thread: self.client_thread,
            removed,
            client,
            topics_created: teardown.created.clone(),
        };
        (outcome, teardown)
    }
}

fn add_counts(interval: &mut Interval, tally: &PhaseTally) {
    interval.produced += tally.produced.messages;
    interval.acked += tally.acked.messages;
    interval.consumed += tally.received();
    interval.errors += tally.errors();
    interval.failed += tally.acked.failed;
}
