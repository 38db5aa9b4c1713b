//! What was seen of a rate while it is held: each second in short, and all that are looked at joined.

use super::judge::holds;
use super::lag::{Lag, count};
use super::sample::Sample;
use crate::plan::Objective;

/// A second in short; its latencies are in the sum.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Brief {
    pub(super) second: i64,
    /// How many seconds it stands for: lanes that were held up hand over two as one.
    pub(super) seconds: i64,
    pub(super) attempted: u64,
    pub(super) late_by_us: u64,
    pub(super) acked: u64,
    pub(super) client_thread: Option<f64>,
    /// What is left at its end.
    pub(super) lag: Lag,
    /// Which objectives it broke by itself, a bit each.
    broken: u64,
}

impl Brief {
    /// Whether it broke the objective of this number by itself.
    pub(super) const fn breaks(&self, objective: usize) -> bool {
        self.broken & bit(objective) != 0
    }
}

/// Beyond so many, objectives are judged by the sum alone.
const fn bit(objective: usize) -> u64 {
    if objective < 64 { 1 << objective } else { 0 }
}

/// The seconds of a rate.
#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    pub(super) all: Vec<Brief>,
    /// Those that are looked at, joined.
    pub(super) sum: Sample,
    /// Those before them, joined.
    early: Sample,
    /// How many at the beginning are not looked at.
    settle: usize,
    /// How many are looked at, at most.
    most: usize,
}

impl Held {
    /// Forgets everything; of what comes, so many seconds are not looked at, and so many after them are.
    pub(super) fn begin(&mut self, settle: usize, most: usize) {
        *self = Self { settle, most, ..Self::default() };
    }

    pub(super) fn push(
        &mut self,
        sample: &Sample,
        (seconds, lag): (i64, Lag),
        objectives: &[Objective],
    ) {
        if self.settle + self.most <= self.all.len() {
            return;
        }
        let broken = objectives.iter().enumerate().filter(|(_, of)| !holds(of, sample));
        self.all.push(Brief {
            second: sample.second,
            seconds,
            attempted: sample.attempted,
            late_by_us: sample.late_by_us,
            acked: sample.acked,
            client_thread: sample.client_thread,
            lag,
            broken: broken.map(|(number, _)| bit(number)).fold(0, |all, one| all | one),
        });
        let is_looked_at = self.settle < self.all.len();
        if is_looked_at { &mut self.sum } else { &mut self.early }.join(sample);
    }

    /// Those that are looked at.
    pub(super) fn looked(&self) -> &[Brief] {
        &self.all[self.settle.min(self.all.len())..]
    }
}

impl Held {
    /// What a step shows: those that are looked at; where it was over before, all there were.
    pub(super) fn shown(&self) -> (&[Brief], &Sample) {
        match self.looked() {
            [] => (&self.all, &self.early),
            looked => (looked, &self.sum),
        }
    }
}

/// Acked in a second, over these.
pub(super) fn acked_per_second(seconds: &[Brief]) -> f64 {
    let acked: f64 = seconds.iter().map(|of| count(of.acked)).sum();
    acked / long(seconds)
}

/// How many seconds these are.
pub(super) fn long(seconds: &[Brief]) -> f64 {
    let sum = seconds.iter().map(|of| of.seconds).sum::<i64>().max(1);
    count(sum.unsigned_abs())
}
