//! The thread that looks: by a steady clock, from the start of the measured phase to the run's end.

use super::meters::Meters;
use super::sample::{Observation, Sample};
use engine::lane::settle_on;
use engine::plan::Plan;
use engine::run::Event;
use engine::time::{Clock, RunClock};
use engine::units::{NANOS_PER_SECOND, Nanos, Timestamp};
use std::collections::BTreeSet;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use sysinfo::System;

/// More samples are not kept: a week of one a second, some 140 MB.
const SAMPLES_MAX: usize = 604_800;

/// How long its last look may take; a run does not wait longer for it.
const HANDOVER: Nanos = Nanos::from_secs(2);

/// A monitor at work.
#[derive(Debug)]
pub struct Monitor {
    /// Dropped, it ends the thread.
    marks: Sender<Mark>,
    thread: JoinHandle<()>,
    seen: Receiver<Observation>,
}

/// Where the phases of a run begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    /// The measured phase.
    Measuring,
    /// The drain.
    Draining,
}

impl Monitor {
    /// Starts the thread, off the cores of the plan's lanes where there are others. Where the system
    /// starts no more threads there is a warning and no monitor: a run does not fail for it.
    #[must_use]
    pub fn start(period: Nanos, plan: &Plan, clock: RunClock) -> Option<Self> {
        let of_all = |cores: BTreeSet<usize>| cores.into_iter().collect::<Vec<usize>>();
        let lane_cores = of_all(plan.lanes.iter().flat_map(|lane| lane.cores.clone()).collect());
        let io_cores = of_all(plan.lanes.iter().flat_map(|lane| lane.io_cores.clone()).collect());
        let cores = place(&lane_cores, &io_cores, &plan.machine.ids());
        let (marks, inbox) = mpsc::channel();
        let (outbox, seen) = mpsc::sync_channel(1);
        let work = move || {
            settle_on(&cores);
            let mut meters = Meters::new(&lane_cores, clock);
            let observation = Observation {
                host: System::host_name(),
                cores: meters.cores(),
                period,
                cards: meters.cards(),
                samples: watch(period, (&mut meters, &clock), &inbox),
                lane_cores,
            };
            // Whoever gave up waiting is not there any more.
            let _unheard = outbox.send(observation);
        };
        match thread::Builder::new().name("monitor".to_owned()).spawn(work) {
            Ok(thread) => Some(Self { marks, thread, seen }),
            Err(error) => {
                tracing::warn!("the system is not monitored: its thread did not start: {error}");
                None
            }
        }
    }

    /// Takes note of a phase's beginning.
    pub fn hear(&self, event: &Event<'_>) {
        let mark = match event {
            Event::Measuring { .. } => Mark::Measuring,
            Event::Draining => Mark::Draining,
            _ => return,
        };
        // A thread that has ended has said so, or will by handing nothing over.
        let _unheard = self.marks.send(mark);
    }

    /// Ends the thread and takes what it saw; nothing, and a warning, where it does not answer.
    #[must_use]
    pub fn stop(self) -> Option<Observation> {
        let Self { marks, thread, seen } = self;
        drop(marks);
        match seen.recv_timeout(HANDOVER.duration()) {
            Ok(observation) => {
                // It has handed over and has nothing left to do.
                let _ended = thread.join();
                Some(observation)
            }
            Err(error) => {
                let why = match error {
                    RecvTimeoutError::Timeout => format!("did not end after {HANDOVER}"),
                    RecvTimeoutError::Disconnected => "panicked".to_owned(),
                };
                tracing::warn!("the monitor {why}: the figures of the system are missing");
                None
            }
        }
    }
}

/// Where the monitor runs: on the cores of the clients' threads, else on any that lanes leave free;
/// on all of them where lanes leave none.
fn place(lane_cores: &[usize], io_cores: &[usize], all: &[usize]) -> Vec<usize> {
    let free = |cores: &[usize]| -> Vec<usize> {
        cores.iter().copied().filter(|core| !lane_cores.contains(core)).collect()
    };
    let choices = [free(io_cores), free(all)];
    choices.into_iter().find(|cores| !cores.is_empty()).unwrap_or_else(|| all.to_vec())
}

/// Looks once a period from the start of the measured phase until nobody sends marks any more.
fn watch(
    period: Nanos,
    (meters, clock): (&mut Meters, &RunClock),
    inbox: &Receiver<Mark>,
) -> Vec<Sample> {
    let mut samples: Vec<Sample> = Vec::new();
    // The run has deadlines, and this wait ends with it.
    loop {
        match inbox.recv() {
            Ok(Mark::Measuring) => break,
            Ok(Mark::Draining) => {}
            Err(_) => return samples,
        }
    }
    // What flowed before is no part of it.
    let begun = meters.look().at;
    let mut last = begun;
    let mut next = next_tick(begun, period, begun);
    while samples.len() < SAMPLES_MAX {
        let heard = inbox.recv_timeout(clock.now().until(next).duration());
        let now = clock.now();
        let is_due = match heard {
            // The wait goes by another clock, which may be a little ahead.
            Err(RecvTimeoutError::Timeout) => next <= now,
            // What is left of a phase is looked at too, unless it is too short to mean anything.
            Ok(_) | Err(RecvTimeoutError::Disconnected) => {
                samples.is_empty() || rest_min(period) <= last.until(now)
            }
        };
        if is_due {
            let sample = meters.look();
            last = sample.at;
            samples.push(sample);
        }
        if heard == Err(RecvTimeoutError::Disconnected) {
            return samples;
        }
        next = next_tick(begun, period, clock.now());
    }
    tracing::warn!("{SAMPLES_MAX} samples of the system are taken: it is not monitored any more");
    samples
}

/// The shortest rest of a phase that has a sample of its own: half a period, or half a second of a
/// long one.
fn rest_min(period: Nanos) -> Nanos {
    Nanos(period.0.min(NANOS_PER_SECOND) / 2)
}

/// The next whole number of periods after the beginning: looks that are late make none of the others
/// late, and those that were missed are left out.
fn next_tick(begun: Timestamp, period: Nanos, now: Timestamp) -> Timestamp {
    let passed = begun.until(now).0 / period.0;
    begun + Nanos(period.0.saturating_mul(passed + 1))
}

#[cfg(test)]
mod tests {
    use super::{Mark, Meters, next_tick, place, rest_min, watch};
    use engine::time::{Clock, ClockSource, RunClock};
    use engine::units::{Nanos, Timestamp};
    use proptest::prelude::proptest;
    use std::sync::mpsc;

    #[test]
    fn a_phase_shorter_than_the_period_is_one_sample_and_ends_at_once() {
        let clock = RunClock::anchored(ClockSource::Os);
        let check = |marks: &[Mark], expected: usize| {
            let (sender, inbox) = mpsc::channel();
            marks.iter().for_each(|mark| sender.send(*mark).expect("the inbox is ours"));
            drop(sender);
            let mut meters = Meters::new(&[0], clock);
            let begun = clock.now();
            let samples = watch(Nanos::from_secs(3_600), (&mut meters, &clock), &inbox);
            assert_eq!(samples.len(), expected, "{marks:?}");
            let took = begun.until(clock.now());
            assert!(took < Nanos::from_secs(60), "not the hour of its period: {took}");
        };
        check(&[], 0);
        check(&[Mark::Draining], 0);
        check(&[Mark::Measuring], 1);
        check(&[Mark::Measuring, Mark::Draining], 1);
    }

    #[test]
    fn it_keeps_off_the_lanes_cores_where_others_are_left() {
        let check = |lanes: &[usize], io: &[usize], all: &[usize], expected: &[usize]| {
            assert_eq!(place(lanes, io, all), expected, "lanes {lanes:?}, clients {io:?}");
        };
        check(&[2, 3], &[0, 1], &[0, 1, 2, 3], &[0, 1]);
        check(&[1, 2], &[1, 2], &[0, 1, 2, 3], &[0, 3]);
        check(&[1, 2], &[0, 1], &[0, 1, 2, 3], &[0]);
        check(&[0, 1], &[0, 1], &[0, 1], &[0, 1]);
        check(&[], &[], &[0], &[0]);
    }

    proptest! {
        #[test]
        fn ticks_never_drift_however_late_the_looks_are(
            period in 100_000_000_u64..3_600_000_000_000,
            late in 0_u64..10_000_000_000_000,
        ) {
            let begun = Timestamp::from_nanos(1_700_000_000_000_000_000);
            let now = begun + Nanos(late);
            let next = next_tick(begun, Nanos(period), now);
            let ahead = next.since(now).expect("it lies ahead");
            assert!(Nanos::ZERO < ahead && ahead.0 <= period, "within a period: {ahead}");
            assert_eq!(begun.until(next).0 % period, 0, "whole periods from the beginning");
        }
    }

    #[test]
    fn a_rest_of_half_a_period_or_half_a_second_is_long_enough() {
        let check = |period_ms: u64, expected_ms: u64| {
            let rest = rest_min(Nanos::from_millis(period_ms));
            assert_eq!(rest, Nanos::from_millis(expected_ms), "{period_ms} ms");
        };
        check(100, 50);
        check(1_000, 500);
        check(3_600_000, 500);
    }
}
