//! Whether a rate is sustained, by the seconds seen of it: yes, no, or not to be told yet.

use super::lag::{Lag, count};
use super::sample::Sample;
use super::step::Cause;
use super::trend::{Trend, median, trend};
use crate::measure::constants::{CLIENT_THREAD_BUSY, LATE_SHARE_INVALID, TARGET_SHARE};
use crate::plan::{Figure, Objective};
use crate::units::Nanos;

/// How much of the load may stay unanswered or unread: what the target's share leaves.
const GROWTH: f64 = 1.0 - TARGET_SHARE;

/// A load is too much for certain when so many seconds of it have piled up since the step began, and
/// more each second: a pause of half a second, of which virtual machines have many, is none.
const PILED_UP: f64 = 1.5;

/// Seconds in a row in which it must have grown.
const IN_A_ROW: usize = 2;

/// Growth is told when at least so many seconds of load have come on top: answers that take a tenth of a
/// second longer now and then leave as much unanswered, and queues near their limit swing by it.
const RISE: f64 = 0.1;

/// An objective whose figure lies within this part of its limit is looked at for longer.
const NEAR: f64 = 0.1;

/// What was seen of a rate so far.
#[derive(Clone, Copy)]
pub(super) struct View<'step> {
    pub(super) rate: f64,
    pub(super) objectives: &'step [Objective],
    /// Every second since the rate is held, with the lag at its end.
    pub(super) held: &'step [(Sample, Lag)],
    /// How many of them are looked at: those at the end.
    pub(super) looked_at: usize,
    /// Whether nothing more will come: what cannot be told by now is told as it seems.
    pub(super) is_last: bool,
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Judgement {
    pub(super) cause: Option<Cause>,
    /// What the cluster took per second, where it was asked more than that.
    pub(super) taken: Option<f64>,
    /// Whether it needs no longer look: seconds of load have piled up.
    pub(super) is_certain: bool,
}

impl Judgement {
    /// Of a phase of which nothing was seen.
    pub(super) const UNSEEN: Self = Self::seems(Cause::Throughput, None);

    pub(super) const fn seems(cause: Cause, taken: Option<f64>) -> Self {
        Self { cause: Some(cause), taken, is_certain: false }
    }
}

const SUSTAINED: Judgement = Judgement { cause: None, taken: None, is_certain: false };

impl View<'_> {
    /// The seconds that are looked at, joined.
    pub(super) fn sum(&self) -> Sample {
        let mut sum = Sample::default();
        self.looked().iter().for_each(|(sample, _)| sum.join(sample));
        sum
    }

    fn looked(&self) -> &[(Sample, Lag)] {
        &self.held[self.held.len() - self.looked_at.min(self.held.len())..]
    }

    /// Whether so much has piled up that there is no need to wait.
    pub(super) fn piled_up(&self) -> Option<Judgement> {
        let first = self.held.first()?.1.at(self.rate);
        let newest = &self.held[self.held.len().saturating_sub(IN_A_ROW + 1)..];
        let grows = |of: fn(&Lag) -> f64| {
            let lags: Vec<f64> = newest.iter().map(|(_, lag)| of(&lag.at(self.rate))).collect();
            let is_growing = lags.len() == IN_A_ROW + 1 && lags.is_sorted_by(|a, b| a < b);
            let piled = lags.last().is_some_and(|last| of(&first) + PILED_UP <= *last);
            is_growing && piled
        };
        let is_behind = grows(|lag| lag.unanswered);
        if !is_behind && !grows(|lag| lag.unread) {
            return None;
        }
        let cause = if is_behind { Cause::Throughput } else { Cause::Backlog };
        // Since it was least behind: the cluster may have taken more before.
        let least = |at: &(usize, f64), of: &(usize, f64)| at.1.total_cmp(&of.1);
        let lags = self.held.iter().map(|(_, lag)| lag.unanswered).enumerate();
        let from = lags.rev().min_by(least).map_or(0, |(index, _)| index + 1);
        let since = &self.held[from.min(self.held.len() - 1)..];
        let acked: f64 = since.iter().map(|(sample, _)| count(sample.acked)).sum();
        let taken = is_behind.then(|| acked / count_of(since));
        let seconds = &newest[1.min(newest.len())..];
        Some(Judgement { cause: Some(self.blame(cause, seconds)), taken, is_certain: true })
    }

    /// Whether the rate is sustained by what is looked at; `None` where more must be seen.
    pub(super) fn judge(&self) -> Option<Judgement> {
        let looked = self.looked();
        let sum = self.sum();
        if 0 < sum.errors {
            return Some(Judgement::seems(Cause::Errors, None));
        }
        let answers = self.growth(|lag| lag.unanswered);
        let readers = self.growth(|lag| lag.unread);
        if is_late(looked) {
            return Some(Judgement::seems(Cause::Client, None));
        }
        if let Growth::Grows(slope) = answers {
            let taken = Some(self.rate * (1.0 - slope.clamp(0.0, 1.0)));
            return Some(Judgement::seems(self.blame(Cause::Throughput, looked), taken));
        }
        if let Growth::Grows(_) = readers {
            return Some(Judgement::seems(Cause::Backlog, None));
        }
        let objectives = self.objectives.iter().map(|objective| self.hold(objective, &sum));
        match objectives.max().unwrap_or(Held::Yes) {
            Held::No => Some(Judgement::seems(Cause::Slo, None)),
            Held::Unclear => None,
            Held::Yes if answers == Growth::None && readers == Growth::None => Some(SUSTAINED),
            Held::Yes => None,
        }
    }

    /// Whose the limit is that shows in throughput: the client's, where its own thread was at its end
    /// or most sends were late while it had room.
    fn blame(&self, cause: Cause, seconds: &[(Sample, Lag)]) -> Cause {
        let busy: Vec<f64> =
            seconds.iter().filter_map(|(sample, _)| sample.client_thread).collect();
        let mean = busy.iter().sum::<f64>() / count_of(&busy);
        if is_late(seconds) || (!busy.is_empty() && CLIENT_THREAD_BUSY < mean) {
            Cause::Client
        } else {
            cause
        }
    }

    /// Whether a lag grows: by the trend of what is looked at; and where more is left than when the rate
    /// was new, which jumps hide from a trend, it is looked at for longer.
    fn growth(&self, of: fn(&Lag) -> f64) -> Growth {
        let all: Vec<f64> = self.held.iter().map(|(_, lag)| of(&lag.at(self.rate))).collect();
        let lags = &all[all.len() - self.looked().len()..];
        let Trend { slope, error } = trend(lags);
        let left = median(&all[all.len().saturating_sub(3)..]) - median(&all[..all.len().min(2)]);
        let allowed = RISE + GROWTH * count_of(&all);
        let is_sure = GROWTH < slope - 2.0 * error || (self.is_last && GROWTH + error < slope);
        if is_sure && RISE <= slope * count_of(lags) {
            Growth::Grows(slope)
        } else if self.is_last && allowed < left {
            Growth::Grows(left / count_of(&all))
        } else if self.is_last || (slope + error <= GROWTH && left <= allowed) {
            Growth::None
        } else {
            Growth::Unclear
        }
    }

    fn hold(&self, objective: &Objective, sum: &Sample) -> Held {
        let latency = sum.latency(objective.span);
        if latency.count() == 0 {
            return if self.is_last { Held::No } else { Held::Unclear };
        }
        let seen = figure(objective, sum);
        let apart = count(seen.0.abs_diff(objective.limit.0));
        let is_near = apart < NEAR * count(objective.limit.0);
        // One second that stands out is not what the rate does.
        let broken = self.looked().iter().filter(|(sample, _)| !holds(objective, sample)).count();
        match holds(objective, sum) {
            true if is_near && !self.is_last => Held::Unclear,
            true => Held::Yes,
            false if self.is_last || (!is_near && self.looked().len() < 2 * broken) => Held::No,
            false => Held::Unclear,
        }
    }
}

/// Whether most seconds are the client's: more than a tenth of their sends were late by us. One second
/// in which this host stood still does not make it the limit.
fn is_late(seconds: &[(Sample, Lag)]) -> bool {
    let late = seconds.iter().filter(|(sample, _)| {
        LATE_SHARE_INVALID < count(sample.late_by_us) / count(sample.attempted.max(1))
    });
    seconds.len() < 2 * late.count()
}

fn figure(objective: &Objective, sample: &Sample) -> Nanos {
    let latency = sample.latency(objective.span);
    match objective.figure {
        Figure::Percentile(percent) => latency.percentile(percent),
        Figure::Max => latency.max(),
        Figure::Mean => Nanos(nanos(latency.mean_nanos())),
    }
}

fn holds(objective: &Objective, sample: &Sample) -> bool {
    let seen = figure(objective, sample);
    if objective.or_equal { seen <= objective.limit } else { seen < objective.limit }
}

/// Whether something grows with time.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Growth {
    None,
    Unclear,
    /// By so much a second.
    Grows(f64),
}

/// Whether an objective is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Held {
    Yes,
    Unclear,
    No,
}

fn count_of<T>(items: &[T]) -> f64 {
    count(u64::try_from(items.len().max(1)).expect("a step has few seconds"))
}

/// A mean of spans, which is none of the extremes that a number of nanoseconds could not hold.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a mean of spans lies among them, and each fits"
)]
const fn nanos(mean: f64) -> u64 {
    mean as u64
}
