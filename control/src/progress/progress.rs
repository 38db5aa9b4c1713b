//! Listens to a run and tells it: its phases and seconds as lines, and the same to the display.

use super::display::{self, Display};
use super::phases::{Begun, Length, Phase};
use super::standing::Seen;
use super::view::Figures;
use super::words::{self, IsTimed, seconds};
use crate::describe::{NOTE, describe};
use crate::early_end::{Cut, EarlyEnd};
use crate::interrupt::Interrupt;
use crate::log::SECOND;
use crate::spec::Request;
use engine::measure::Tally;
use engine::plan::{Demand, Pace, Plan, Warmup};
use engine::run::{Event, Hooks, Interval};
use engine::time::ClockSource;
use engine::units::{Nanos, Timestamp};

/// Listens to the engine and logs.
pub(crate) struct Progress<'run> {
    interrupt: &'run Interrupt,
    told: bool,
    is_timed: IsTimed,
    is_search: bool,
    /// Whether the rate is another from second to second.
    is_varied: bool,
    early_end: Option<EarlyEnd<'run>>,
    measured_until: Until,
    test_id: String,
    /// The phase that goes on.
    phase: Option<Begun>,
    /// How long the warm-up takes, as it was planned or decided.
    warmup: Option<Nanos>,
    seen: Seen,
    /// Dropped, it clears the terminal.
    _display: Option<Display>,
}

/// With what the measured phase ends.
#[derive(Clone, Copy)]
enum Until {
    /// The time that was asked for.
    TimeIsOver,
    /// So many messages: nobody knows when that is.
    Sent(u64),
    /// A backlog that is drained, and so much time after it.
    Drained(Nanos),
    /// Nobody sends: all that is there is read, or as much as was asked for.
    AllIsRead,
}

impl Until {
    fn of(demand: &Demand) -> Self {
        if demand.is_catch_up() {
            return Self::AllIsRead;
        }
        if let Some(count) = demand.ends_after() {
            return Self::Sent(count);
        }
        demand.backlog.map_or(Self::TimeIsOver, |backlog| Self::Drained(backlog.after))
    }
}

impl<'run> Progress<'run> {
    /// Says what is about to run.
    pub(crate) fn begin(
        request: &Request,
        (plan, clock): (&Plan, ClockSource),
        interrupt: &'run Interrupt,
    ) -> Self {
        let demand = &plan.demand;
        let test_id = demand.test_id.clone();
        tracing::info!(
            test_id = test_id.as_str(),
            version = env!("CARGO_PKG_VERSION"),
            "{test_id}: {}",
            request.resolved.test_name
        );
        if !request.driver.driver.caveat.is_empty() {
            tracing::info!("{}", request.driver.driver.caveat);
        }
        for line in describe(plan, clock).lines() {
            match line.strip_prefix(NOTE) {
                Some(remark) => tracing::warn!("{remark}"),
                None => tracing::info!("{line}"),
            }
        }
        tracing::info!("{}", words::topics(demand));
        for remark in &request.resolved.remarks {
            tracing::warn!("{remark}");
        }
        let display = Display::begin(plan);
        let words = "preparing: the cluster is asked, topics are made";
        let phase = Begun::now((Phase::Preparing, Length::Open), &test_id, words);
        Self {
            interrupt,
            told: false,
            is_timed: IsTimed(demand.streams.iter().any(|stream| stream.pace.is_paced())),
            is_search: demand.search.is_some(),
            is_varied: demand.streams.iter().any(|of| matches!(of.pace, Pace::Varied(_))),
            early_end: None,
            measured_until: Until::of(demand),
            test_id,
            phase: Some(phase),
            warmup: None,
            seen: Seen::new(demand),
            _display: display,
        }
    }

    /// Ends the run early when it should.
    pub(crate) fn ending_early(self, early_end: Option<EarlyEnd<'run>>) -> Self {
        for line in early_end.iter().flat_map(|early| early.describe()) {
            tracing::info!("{line}");
        }
        Self { early_end, ..self }
    }

    /// Why the run was ended early, if it was.
    pub(crate) fn cut(&self) -> Option<&Cut> {
        self.early_end.as_ref().and_then(EarlyEnd::cut)
    }

    /// The run is over, in whatever phase it was.
    pub(crate) fn end(&mut self) {
        self.leave("");
    }

    /// Another phase begins, in these words.
    fn enter(&mut self, phase: Phase, length: Length, words: &str) {
        self.leave("");
        self.phase = Some(Begun::now((phase, length), &self.test_id, words));
    }

    /// The phase that goes on ends, with these words about it.
    fn leave(&mut self, words: &str) {
        if let Some(phase) = self.phase.take() {
            phase.end(words);
        }
    }

    fn warm_up(&mut self, asked: Warmup) {
        let longest = asked.longest();
        match asked {
            Warmup::Fixed(length) => {
                self.warmup = Some(length);
                let words = format!("warm-up for {length}");
                self.enter(Phase::WarmUp, Length::Of(length), &words);
            }
            Warmup::Auto { .. } if self.is_search => {
                let words = "the search for the highest sustainable rate begins";
                self.enter(Phase::Search, Length::AtMost(longest), words);
            }
            Warmup::Auto { .. } => {
                let words = format!("warm-up until rate and latency are steady, at most {longest}");
                self.enter(Phase::WarmUp, Length::AtMost(longest), &words);
            }
        }
    }

    fn measure(&mut self, from: Timestamp, length: Nanos) {
        // It began when all hosts had been told, and this is heard a moment after it ended.
        if let Some(warmup) = self.warmup
            && let Some(phase) = self.phase.take_if(|phase| phase.is(Phase::WarmUp))
        {
            phase.end_after(warmup, "");
        }
        let (asked, words) = match self.measured_until {
            Until::AllIsRead => (
                Length::AtMost(length),
                format!("measured phase: until all that was asked for is read, at most {length}"),
            ),
            Until::Sent(count) => {
                (Length::Open, format!("measured phase: until {count} messages are sent"))
            }
            Until::Drained(after) => (
                Length::AtMost(length),
                format!(
                    "measured phase: until the backlog is drained, and {after} more; at most {length}"
                ),
            ),
            Until::TimeIsOver => (Length::Of(length), format!("measured phase for {length}")),
        };
        self.enter(Phase::Measured, asked, &words);
        self.phase = self.phase.take().map(|phase| phase.since(from));
    }

    /// A second of the measured phase, or of what comes after it.
    fn second(&mut self, interval: &Interval, tally: &Tally) {
        tracing::info!(
            target: SECOND,
            second = interval.second,
            sent = interval.produced,
            acked = interval.acked,
            read = interval.consumed,
            backlog = interval.backlog,
            errors = interval.errors,
            "{}",
            words::second(interval, self.is_timed)
        );
        self.seen.add(tally);
        let figures = Figures::of(interval, self.is_timed);
        display::change(|view, _| {
            view.last = Some(figures);
            view.errors = self.seen.errors();
            view.standing = Some(self.seen.standing());
            if self.is_varied && 0 < self.seen.due_last() {
                view.asked = Some(self.seen.due_last());
            }
        });
        let cut = self.early_end.as_mut().and_then(|early| early.see(interval, tally));
        if let Some(cut) = cut {
            tracing::warn!(
                "an assertion failed after {} s ({}): ending the run, keeping what was measured",
                cut.after_s,
                cut.reason()
            );
        }
    }

    fn hear_interrupt(&mut self) {
        if self.interrupt.is_raised() && !self.told {
            self.told = true;
            tracing::warn!(
                "interrupted: ending the run, keeping what was measured (again: quit at once)"
            );
        }
    }
}

impl Hooks for Progress<'_> {
    fn event(&mut self, event: &Event<'_>) {
        self.hear_interrupt();
        match event {
            Event::Creating { done, of } => tracing::info!("topics: {done} of {of} created"),
            Event::Joining => {
                let words = "clients connect, consumers join their groups";
                self.enter(Phase::Readiness, Length::Open, words);
            }
            Event::Ready(took) => {
                self.leave("");
                tracing::info!("all consumers are ready after {}", seconds(*took));
            }
            Event::Warmup(asked) => self.warm_up(*asked),
            Event::Warming(interval, _) => {
                let figures = Figures::of(interval, self.is_timed);
                display::change(|view, _| view.last = Some(figures));
            }
            Event::Steady(after) => {
                self.warmup = Some(*after);
                tracing::info!("steady: the measured phase begins {after} after the start");
            }
            Event::Unsteady(after) => {
                self.warmup = Some(*after);
                tracing::warn!("not steady {after} after the start: measured all the same");
            }
            Event::Asking(rate, why) => {
                display::change(|view, _| view.asked = Some(rate.get()));
                tracing::info!("search: {rate}, {why}");
            }
            Event::Step(step) => tracing::info!("search: {}", words::step(step)),
            Event::Found(rate) => {
                display::change(|view, _| view.asked = Some(rate.get()));
                tracing::info!("search: {rate} is sustained, it is measured next");
            }
            Event::NotFound(reason) => tracing::error!("search: {reason}"),
            Event::Measuring { from, length } => self.measure(*from, *length),
            Event::Backlog(step) => words::tell_backlog(*step),
            Event::Second(interval, tally) => self.second(interval, tally),
            Event::Draining => {
                let words = "all sent and answered, consumers read what is left";
                self.enter(Phase::Drain, Length::Open, words);
            }
            Event::Collecting => {
                self.leave("");
                tracing::info!("all read, the last figures come in");
            }
        }
    }

    fn is_interrupted(&self) -> bool {
        self.interrupt.is_raised()
    }

    fn is_cut_short(&self) -> bool {
        self.cut().is_some()
    }
}
