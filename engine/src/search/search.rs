//! The search itself: which rate is held, for how long, and what it says in the end.

use super::judge::{Judgement, View};
use super::lag::{Lag, Ledger, count};
use super::sample::Sample;
use super::steer::Bounds;
use super::step::{Cause, Step, StepKind};
use crate::plan::SearchDemand;
use crate::units::{NANOS_PER_SECOND, Nanos};
use std::collections::VecDeque;

/// How long a rate is looked at that is only to find the order of magnitude, in seconds.
const BRACKET: usize = 3;

/// How many times as long a rate is looked at that stays unclear.
pub(super) const PATIENCE: usize = 3;

/// What may be left unanswered or unread before the next step, in seconds of what the cluster takes.
const RECOVERED: f64 = 0.2;

/// The rate meanwhile, as a part of what the cluster takes: it is to catch up, and not to fall asleep.
const RECOVERING: f64 = 0.1;

/// Over how many seconds what the cluster takes is averaged at least, to tell when it has caught up:
/// quotas let nothing pass for a while, and more before.
const RECENT: usize = 20;

/// What a search asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The load is to go at this rate. [`Search::held_from`] says from when on it does.
    Rate(u64),
    /// The answer was confirmed but for the last time: the measured phase is to begin.
    Measure,
    /// Nothing was found, for this reason: the run is to end.
    GiveUp(&'static str),
}

/// What a search came to.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchEnd {
    /// The answer: the highest rate that was sustained, messages per second; 0 where none was.
    pub sustainable: u64,
    /// The next rate above it that was not sustained; `None` where every one was.
    pub above: Option<u64>,
    /// Whether every confirmation held.
    pub confirmed: bool,
    /// What bounds the rate; `None` where nothing did up to the highest rate that was tried.
    pub bound_by: Option<Cause>,
    /// How often the cluster took less than it had sustained before.
    pub changes: u32,
    /// Why nothing was found.
    pub gave_up: Option<&'static str>,
    /// Every step, in the order of time.
    pub steps: Vec<Step>,
}

/// Where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The warm-up, until this second.
    Warming(i64),
    /// A rate is held; how often the answer has been confirmed.
    Holding(StepKind),
    /// The cluster catches up.
    Recovering,
    /// The measured phase.
    Measuring,
    /// It is over.
    Over,
}

/// A search, fed with seconds.
#[derive(Clone, Debug)]
pub struct Search {
    pub(super) demand: SearchDemand,
    ledger: Ledger,
    bounds: Bounds,
    stage: Stage,
    rate: u64,
    /// From which second on the rate is held.
    from: i64,
    held: Vec<(Sample, Lag)>,
    /// What the cluster takes, as far as it is known.
    taken: f64,
    /// What was acked in each of the last seconds, whatever the rate.
    recent: VecDeque<u64>,
    /// Confirmations of the present answer so far.
    confirmed: u32,
    /// Where short steps were not sustained for a reason that may be chance.
    doubted: Option<u64>,
    steps: Vec<Step>,
    gave_up: Option<&'static str>,
    /// How long the measured phase is, in seconds.
    pub(super) measured: usize,
}

impl Search {
    /// A search that holds its first rate from second 0 on, of a run with so many subscriptions and a
    /// measured phase of this length.
    #[must_use]
    pub fn new(demand: SearchDemand, subscriptions: u32, measured: Nanos) -> Self {
        let warm =
            i64::try_from(seconds(demand.warmup)).expect("a warm-up is no longer than a year");
        let rate = demand.start.get().min(demand.most.get());
        Self {
            ledger: Ledger::new(subscriptions),
            bounds: Bounds::default(),
            stage: Stage::Warming(warm),
            rate,
            from: 0,
            held: Vec::new(),
            taken: count(rate),
            recent: VecDeque::with_capacity(RECENT),
            confirmed: 0,
            doubted: None,
            steps: Vec::new(),
            gave_up: None,
            measured: seconds(measured).max(1),
            demand,
        }
    }

    /// The rate that was asked for last.
    #[must_use]
    pub const fn rate(&self) -> u64 {
        self.rate
    }

    /// The last order is obeyed from the beginning of this second on.
    pub const fn held_from(&mut self, second: i64) {
        self.from = second;
    }

    /// How many steps there have been.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.steps.len()
    }

    /// What it does, in a few words.
    #[must_use]
    pub const fn doing(&self) -> &'static str {
        match self.stage {
            Stage::Warming(_) => "warms up",
            Stage::Holding(StepKind::Bracket) => "looks for the order of magnitude",
            Stage::Holding(StepKind::Confirm) => "confirms the answer",
            Stage::Holding(StepKind::Probe | StepKind::Measured) => "tries it",
            Stage::Recovering => "lets the cluster catch up",
            Stage::Measuring => "measures",
            Stage::Over => "is over",
        }
    }

    /// Whether the measured phase has begun, or the search has given up.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Measuring | Stage::Over)
    }

    /// The newest step, where there is one.
    #[must_use]
    pub fn last_step(&self) -> Option<&Step> {
        self.steps.last()
    }

    /// Takes note of the next complete second; says what is to be done, if anything.
    pub fn note(&mut self, sample: Sample) -> Option<Order> {
        let lag = self.ledger.add(&sample);
        let second = sample.second;
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(sample.acked);
        if second < self.from {
            return None;
        }
        self.held.push((sample, lag));
        match self.stage {
            Stage::Warming(until) => match self.view(self.held.len(), false).piled_up() {
                Some(judgement) => {
                    self.conclude(StepKind::Bracket, judgement);
                    self.go_on(judgement, second)
                }
                None if second + 1 < until => None,
                None => self.hold(StepKind::Bracket, self.rate, second),
            },
            Stage::Recovering => self.recover(second, lag),
            Stage::Holding(kind) => {
                let judgement = self.look(kind)?;
                self.conclude(kind, judgement);
                self.go_on(judgement, second)
            }
            Stage::Measuring | Stage::Over => None,
        }
    }

    /// What it came to, once the run is over.
    #[must_use]
    pub fn end(mut self) -> SearchEnd {
        let is_measured = self.stage == Stage::Measuring;
        if is_measured {
            let looked_at = self.held.len().min(self.measured);
            // What comes after the phase is its drain.
            self.held.truncate(self.measured);
            let judgement = self.view(looked_at, true).judge();
            self.conclude(StepKind::Measured, judgement.unwrap_or(UNSEEN));
        }
        let last = self.steps.last().filter(|_| is_measured);
        let confirmed = last.is_some_and(Step::is_sustained);
        let broken = last.and_then(|step| step.cause);
        let bound_by = broken.or(self.bounds.above().map(|(_, cause)| cause));
        SearchEnd {
            sustainable: if is_measured { self.rate } else { self.bounds.sustained() },
            above: self.bounds.above().map(|(above, _)| above),
            confirmed,
            bound_by,
            changes: self.bounds.changes,
            gave_up: self.gave_up,
            steps: self.steps,
        }
    }

    /// Looks at what is held so far; `None` while that tells nothing.
    fn look(&self, kind: StepKind) -> Option<Judgement> {
        let (settle, least, most) = match kind {
            StepKind::Bracket => (1, BRACKET, BRACKET * PATIENCE),
            StepKind::Probe => {
                let window = seconds(self.demand.window);
                (seconds(self.demand.settle), window, window * PATIENCE)
            }
            StepKind::Confirm => {
                let length = self.confirmation();
                (seconds(self.demand.settle), length, length)
            }
            StepKind::Measured => return None,
        };
        let looked_at = self.held.len().saturating_sub(settle);
        let view = self.view(looked_at, most <= looked_at);
        view.piled_up().or_else(|| if looked_at < least { None } else { view.judge() })
    }

    fn view(&self, looked_at: usize, is_last: bool) -> View<'_> {
        View {
            rate: count(self.rate),
            objectives: &self.demand.objectives,
            held: &self.held,
            looked_at,
            is_last,
        }
    }

    /// Writes a step down, and what it says of the limit.
    fn conclude(&mut self, kind: StepKind, judgement: Judgement) {
        let settle = if kind == StepKind::Bracket { 1 } else { seconds(self.demand.settle) };
        let settle = if kind == StepKind::Measured { 0 } else { settle };
        let looked_at = self.held.len().saturating_sub(settle).max(1);
        let view = self.view(looked_at, true);
        let (sum, rate) = (view.sum(), count(self.rate));
        let lag = self.held.last().map_or(Lag::default(), |(_, lag)| lag.at(rate));
        let first = self.held.len().saturating_sub(looked_at);
        self.steps.push(Step {
            kind,
            rate: self.rate,
            from_s: self.held.get(first).map_or(0, |(sample, _)| sample.second),
            seconds: u32::try_from(looked_at).expect("a step has few seconds"),
            due: sum.due,
            acked: sum.acked,
            errors: sum.errors,
            lag_s: lag.unanswered.max(0.0),
            backlog: sum.backlog,
            publish_p50: sum.publish.percentile(50.0),
            publish_p99: sum.publish.percentile(99.0),
            publish_p999: sum.publish.percentile(99.9),
            publish_max: sum.publish.max(),
            end_to_end_p99: sum.end_to_end.percentile(99.0),
            cause: judgement.cause,
        });
        let seen = if judgement.cause.is_none() { rate } else { self.taken.min(rate) };
        let recent: f64 = self.recent.iter().map(|acked| count(*acked)).sum();
        let recent = recent / count(u64::try_from(self.recent.len().max(1)).expect("a few"));
        self.taken = judgement.taken.unwrap_or(seen).max(recent);
        match (kind, judgement.cause) {
            (StepKind::Bracket, None) => self.bounds.hint(self.rate),
            (_, None) => self.bounds.hold(self.rate),
            // Too short to be believed, whatever it was.
            (StepKind::Bracket, Some(_)) if !judgement.is_certain => {
                self.doubted = Some(self.rate);
            }
            (_, Some(cause)) => {
                // A probe may be chance.
                let is_certain = judgement.is_certain || kind != StepKind::Probe;
                self.bounds.refuse(self.rate, (cause, is_certain), judgement.taken);
            }
        }
    }

    /// What follows a step.
    fn go_on(&mut self, judgement: Judgement, second: i64) -> Option<Order> {
        if judgement.cause.is_some() {
            self.confirmed = 0;
            self.stage = Stage::Recovering;
            self.held.clear();
            return Some(Order::Rate(floor(self.taken * RECOVERING).min(self.rate).max(1)));
        }
        if self.stage == Stage::Holding(StepKind::Confirm) {
            self.confirmed += 1;
        }
        self.next(second)
    }

    /// Waits until what has piled up is gone.
    fn recover(&mut self, second: i64, lag: Lag) -> Option<Order> {
        let lag = lag.at(self.taken.max(1.0));
        if lag.unanswered <= RECOVERED && lag.unread <= RECOVERED {
            return self.next(second);
        }
        // What was sustained needs time to be confirmed, and no further step.
        let is_known = 0 < self.bounds.sustained();
        let is_hopeless =
            if is_known { self.left(second) < self.confirming() } else { self.is_late(second) };
        is_hopeless.then(|| self.give_up("what had piled up was not gone in time at a low rate"))?
    }

    /// The next step, at the end of this second.
    fn next(&mut self, second: i64) -> Option<Order> {
        if let Some(rate) = self.doubted.take() {
            return self.hold(StepKind::Probe, rate, second);
        }
        let most = self.demand.most.get();
        let (sustained, is_late) = (self.bounds.sustained(), self.is_late(second));
        let is_close = self.bounds.are_close(self.demand.precision_permille) || most <= sustained;
        if let Some(above) = self.bounds.unsure().filter(|_| is_close && !is_late) {
            // What keeps the search from going higher is asked twice.
            return self.hold(StepKind::Probe, above, second);
        }
        if is_close || (is_late && 0 < sustained) {
            // It is measured as it was held before, and so settled.
            if self.demand.confirmations <= self.confirmed + 1 && self.rate == sustained {
                return self.measure(sustained);
            }
            return self.hold(StepKind::Confirm, sustained, second);
        }
        if is_late || self.bounds.above().is_some_and(|(above, _)| above <= 1) {
            return self.give_up("no rate was found that is sustained");
        }
        let kind = if self.bounds.above().is_none() { StepKind::Bracket } else { StepKind::Probe };
        let rate = self.bounds.next();
        // The highest there is to try is believed only when it was held for long.
        if most <= rate {
            self.hold(StepKind::Probe, most, second)
        } else {
            self.hold(kind, rate, second)
        }
    }

    fn hold(&mut self, kind: StepKind, rate: u64, second: i64) -> Option<Order> {
        self.stage = Stage::Holding(kind);
        self.held.clear();
        self.from = second + 1;
        if kind != StepKind::Confirm {
            self.confirmed = 0;
        }
        self.set(rate)
    }

    fn set(&mut self, rate: u64) -> Option<Order> {
        self.rate = rate;
        Some(Order::Rate(rate))
    }

    fn measure(&mut self, rate: u64) -> Option<Order> {
        self.stage = Stage::Measuring;
        self.held.clear();
        self.rate = rate;
        Some(Order::Measure)
    }

    fn give_up(&mut self, reason: &'static str) -> Option<Order> {
        self.stage = Stage::Over;
        self.gave_up = Some(reason);
        Some(Order::GiveUp(reason))
    }
}

/// A phase of which nothing was seen.
const UNSEEN: Judgement = Judgement::seems(Cause::Throughput, None);

/// Whole seconds, rounded up.
pub(super) fn seconds(span: Nanos) -> usize {
    usize::try_from(span.0.div_ceil(NANOS_PER_SECOND)).expect("a run's seconds fit in memory")
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rates are positive and far below 2^53"
)]
fn floor(rate: f64) -> u64 {
    rate.max(0.0) as u64
}
