//! The search itself: which rate is held, for how long, and what it says in the end.

use super::held::Held;
use super::judge::{Judgement, View};
use super::lag::{Lag, Ledger, count, whole};
use super::order::{Order, SearchEnd, Stage};
use super::sample::Sample;
use super::steer::Bounds;
use super::step::{Step, StepKind};
use crate::measure::Latency;
use crate::plan::SearchDemand;
use crate::units::{NANOS_PER_SECOND, Nanos};
use std::collections::VecDeque;

/// How long a rate is looked at that is only to find the order of magnitude, in seconds.
const BRACKET: usize = 3;

/// How many times as long a rate is looked at that stays unclear.
const PATIENCE: usize = 3;

/// What may be left unanswered or unread before the next step, in seconds of what the cluster takes.
const RECOVERED: f64 = 0.2;

/// The rate meanwhile, as a part of what the cluster takes: it is to catch up, and not to fall asleep.
const RECOVERING: f64 = 0.1;

/// Over how many seconds what the cluster takes is averaged at least, to tell when it has caught up:
/// quotas let nothing pass for a while, and more before.
const RECENT: usize = 20;

/// Seconds from an order to its moment at most, in a fleet, and some more.
const ON_TOP: usize = 10;

/// A search, fed with seconds.
#[derive(Clone, Debug)]
pub struct Search {
    demand: SearchDemand,
    ledger: Ledger,
    bounds: Bounds,
    stage: Stage,
    rate: u64,
    /// From which second on the rate is held.
    from: i64,
    held: Held,
    /// The newest second.
    newest: i64,
    /// What the cluster takes, as far as it is known.
    taken: f64,
    /// What was acked in the last seconds, whatever the rate, and how many each stands for.
    recent: VecDeque<(u64, i64)>,
    /// Confirmations of the present answer so far.
    confirmed: u32,
    /// Where short steps were not sustained for a reason that may be chance.
    doubted: Option<u64>,
    steps: Vec<Step>,
    gave_up: Option<&'static str>,
    /// How long the measured phase is, and that in seconds.
    phase: Nanos,
    measured: usize,
}

impl Search {
    /// A search that holds its first rate from second 0 on, of a run with so many subscriptions and a
    /// measured phase of this length.
    #[must_use]
    pub fn new(demand: SearchDemand, subscriptions: u32, measured: Nanos) -> Self {
        let warm =
            i64::try_from(seconds(demand.warmup)).expect("a warm-up is no longer than a year");
        let rate = demand.start.get().min(demand.most.get());
        let mut held = Held::default();
        held.begin(0, usize::MAX / 2);
        Self {
            ledger: Ledger::new(subscriptions),
            bounds: Bounds::default(),
            stage: Stage::Warming(warm),
            rate,
            from: 0,
            held,
            newest: -1,
            taken: count(rate),
            recent: VecDeque::with_capacity(RECENT),
            confirmed: 0,
            doubted: None,
            steps: Vec::new(),
            gave_up: None,
            phase: measured,
            measured: seconds(measured).max(1),
            demand,
        }
    }

    /// The rate that was asked for last.
    #[must_use]
    pub const fn rate(&self) -> u64 {
        self.rate
    }

    /// The last order is obeyed from the beginning of this second on; what came before is not of it.
    pub const fn held_from(&mut self, second: i64) {
        self.from = second;
    }

    /// Gives up for a reason that lies outside, unless it is over.
    pub fn abandon(&mut self, reason: &'static str) -> Option<Order> {
        if self.is_over() { None } else { self.give_up(reason) }
    }

    /// How many steps there have been.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.steps.len()
    }

    /// What it does, in a few words.
    #[must_use]
    pub const fn doing(&self) -> &'static str {
        self.stage.doing()
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
    pub fn note(&mut self, sample: &Sample) -> Option<Order> {
        let lag = self.ledger.add(sample);
        let second = sample.second;
        let passed = (second - self.newest).max(1);
        self.newest = second;
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back((sample.acked, passed));
        if second < self.from {
            return None;
        }
        self.held.push(sample, (passed, lag), &self.demand.objectives);
        let order = self.decide(second, lag);
        if order.is_some() {
            // Until it is obeyed nothing more is decided: seconds come several at once.
            self.from = i64::MAX;
        }
        order
    }

    fn decide(&mut self, second: i64, lag: Lag) -> Option<Order> {
        match self.stage {
            Stage::Warming(until) => match self.view(false).piled_up() {
                Some(judgement) => {
                    self.conclude(StepKind::Bracket, judgement);
                    self.go_on(judgement, second)
                }
                None if second + 1 < until => None,
                None => self.hold(StepKind::Bracket, self.rate),
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

    /// What it came to, once the run is over; `is_cut` where that was before its end.
    #[must_use]
    pub fn end(mut self, is_cut: bool) -> SearchEnd {
        let above = self.bounds.above();
        let is_measured = self.stage == Stage::Measuring;
        let is_whole = i64::try_from(self.measured).is_ok_and(|of| of <= self.held_seconds());
        let mut broken = None;
        if is_measured && is_whole && !is_cut {
            let judgement = self.view(true).judge().unwrap_or(Judgement::UNSEEN);
            broken = judgement.cause;
            self.write_down(StepKind::Measured, judgement);
        }
        let last = self.steps.last().filter(|step| step.kind == StepKind::Measured);
        let sustainable = if is_measured { self.rate } else { self.bounds.sustained() };
        SearchEnd {
            sustainable: if self.gave_up.is_some() { 0 } else { sustainable },
            above: above.map(|(rate, _)| rate),
            confirmed: last.is_some_and(Step::is_sustained),
            bound_by: broken.or(above.map(|(_, cause)| cause)),
            changes: self.bounds.changes,
            gave_up: self.gave_up,
            steps: self.steps,
        }
    }

    fn held_seconds(&self) -> i64 {
        self.held.all.iter().map(|brief| brief.seconds).sum()
    }

    /// How many seconds of a step are not looked at, and how many are, at least and at most.
    fn spans(&self, kind: StepKind) -> (usize, usize, usize) {
        let (settle, window) = (seconds(self.demand.settle), seconds(self.demand.window));
        match kind {
            StepKind::Bracket => (1, BRACKET, BRACKET * PATIENCE),
            StepKind::Probe => (settle, window, window * PATIENCE),
            StepKind::Confirm => (settle, self.measured, self.measured),
            StepKind::Measured => (0, self.measured, self.measured),
        }
    }

    /// Looks at what is held so far; `None` while that tells nothing.
    fn look(&self, kind: StepKind) -> Option<Judgement> {
        let (_, least, most) = self.spans(kind);
        let looked_at = self.held.looked().len();
        let view = self.view(most <= looked_at);
        view.piled_up().or_else(|| if looked_at < least { None } else { view.judge() })
    }

    fn view(&self, is_last: bool) -> View<'_> {
        let objectives = &self.demand.objectives;
        View { rate: count(self.rate), objectives, held: &self.held, is_last }
    }

    /// Writes a step down.
    fn write_down(&mut self, kind: StepKind, judgement: Judgement) {
        let (shown, sum) = self.held.shown();
        let publish = |percent: f64| of(&sum.publish, |latency| latency.percentile(percent));
        let lag = shown.last().map_or(Lag::default(), |last| last.lag.at(count(self.rate)));
        let length: i64 = shown.iter().map(|brief| brief.seconds).sum();
        self.steps.push(Step {
            kind,
            rate: self.rate,
            from_s: shown.first().map_or(0, |first| first.second),
            seconds: u32::try_from(length).expect("a step has few seconds"),
            due: sum.due,
            acked: sum.acked,
            errors: sum.errors,
            lag_s: lag.unanswered.max(0.0),
            backlog: sum.backlog,
            publish_p50: publish(50.0),
            publish_p99: publish(99.0),
            publish_p999: publish(99.9),
            publish_max: of(&sum.publish, Latency::max),
            end_to_end_p99: of(&sum.end_to_end, |latency| latency.percentile(99.0)),
            cause: judgement.cause,
        });
    }

    /// Writes a step down, and what it says of the limit.
    fn conclude(&mut self, kind: StepKind, judgement: Judgement) {
        self.write_down(kind, judgement);
        let rate = count(self.rate);
        let seen = if judgement.cause.is_none() { rate } else { self.taken.min(rate) };
        let recent: f64 = self.recent.iter().map(|(acked, _)| count(*acked)).sum();
        let passed: i64 = self.recent.iter().map(|(_, seconds)| seconds).sum();
        let recent = recent / count(passed.max(1).unsigned_abs());
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
            self.held.begin(0, 0);
            return Some(Order::Rate(whole(self.taken * RECOVERING).min(self.rate).max(1)));
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
        if self.is_over_time(second) {
            return self.give_up("what had piled up was not gone in time at a low rate");
        }
        None
    }

    /// The next step, at the end of this second.
    fn next(&mut self, second: i64) -> Option<Order> {
        let most = self.demand.most.get();
        let (sustained, is_late) = (self.bounds.sustained(), self.is_late(second));
        if let Some(rate) = self.doubted.take().filter(|_| !is_late) {
            return self.hold(StepKind::Probe, rate);
        }
        let is_close = self.bounds.are_close(self.demand.precision_permille) || most <= sustained;
        if let Some(above) = self.bounds.unsure().filter(|_| is_close && !is_late) {
            // What keeps the search from going higher is asked twice.
            return self.hold(StepKind::Probe, above);
        }
        if is_close || (is_late && 0 < sustained) {
            if self.demand.confirmations <= self.confirmed + 1 {
                return self.measure(sustained);
            }
            if self.is_over_time(second) {
                return self.give_up("the time was over before the answer was confirmed");
            }
            return self.hold(StepKind::Confirm, sustained);
        }
        if is_late || self.bounds.above().is_some_and(|(above, _)| above <= 1) {
            return self.give_up("no rate was found that is sustained");
        }
        let kind = if self.bounds.above().is_none() { StepKind::Bracket } else { StepKind::Probe };
        let rate = self.bounds.next();
        // The highest there is to try is believed only when it was held for long.
        if most <= rate { self.hold(StepKind::Probe, most) } else { self.hold(kind, rate) }
    }

    /// Whether no further step but the confirmations fits in what is left of the time.
    fn is_late(&self, second: i64) -> bool {
        let step = seconds(self.demand.settle) + PATIENCE * seconds(self.demand.window);
        let confirm = seconds(self.demand.settle) + self.measured;
        let more = usize::try_from(self.demand.confirmations.saturating_sub(1)).unwrap_or(0);
        let left = i64::try_from(seconds(self.demand.bound)).unwrap_or(i64::MAX) - second;
        left < i64::try_from(step + confirm * more).unwrap_or(i64::MAX)
    }

    /// Whether not even one more confirmation fits before the measured phase begins by itself.
    fn is_over_time(&self, second: i64) -> bool {
        let confirm = seconds(self.demand.settle) + self.measured + ON_TOP;
        let left =
            i64::try_from(seconds(self.demand.latest(self.phase))).unwrap_or(i64::MAX) - second;
        left < i64::try_from(confirm).unwrap_or(i64::MAX)
    }

    fn hold(&mut self, kind: StepKind, rate: u64) -> Option<Order> {
        self.stage = Stage::Holding(kind);
        let (settle, _, most) = self.spans(kind);
        self.held.begin(settle, most);
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
        self.held.begin(0, self.measured);
        self.rate = rate;
        Some(Order::Measure)
    }

    fn give_up(&mut self, reason: &'static str) -> Option<Order> {
        self.stage = Stage::Over;
        self.gave_up = Some(reason);
        Some(Order::GiveUp(reason))
    }
}

/// Whole seconds, rounded up.
fn seconds(span: Nanos) -> usize {
    usize::try_from(span.0.div_ceil(NANOS_PER_SECOND)).expect("a run's seconds fit in memory")
}

/// A figure of a latency; none where nothing was measured.
fn of(latency: &Latency, figure: impl Fn(&Latency) -> Nanos) -> Option<Nanos> {
    (0 < latency.count()).then(|| figure(latency))
}
