//! What a run says while it goes on: one line for each step and each second, on stderr.

use crate::describe::{NOTE, describe};
use crate::early_end::{Cut, EarlyEnd};
use crate::interrupt::Interrupt;
use crate::spec::Request;
use engine::plan::{Plan, Warmup};
use engine::run::{BacklogStep, Event, Hooks, Interval};
use engine::search::Step;
use engine::time::ClockSource;
use engine::units::Nanos;

/// Listens to the engine and logs.
pub(crate) struct Progress<'run> {
    interrupt: &'run Interrupt,
    told: bool,
    /// Without due times there is neither publish nor end-to-end latency to tell.
    is_timed: bool,
    is_search: bool,
    early_end: Option<EarlyEnd<'run>>,
    /// How long is measured when the backlog is drained, if there is to be one.
    after_backlog: Option<Nanos>,
}

impl<'run> Progress<'run> {
    /// Says what is about to run.
    pub(crate) fn begin(
        request: &Request,
        (plan, clock): (&Plan, ClockSource),
        interrupt: &'run Interrupt,
    ) -> Self {
        tracing::info!("{}: {}", plan.demand.test_id, request.resolved.test_name);
        if !request.driver.driver.caveat.is_empty() {
            tracing::info!("{}", request.driver.driver.caveat);
        }
        for line in describe(plan, clock).lines() {
            match line.strip_prefix(NOTE) {
                Some(remark) => tracing::warn!("{remark}"),
                None => tracing::info!("{line}"),
            }
        }
        for remark in &request.resolved.remarks {
            tracing::warn!("{remark}");
        }
        let is_timed = plan.demand.streams.iter().any(|stream| stream.pace.is_paced());
        let is_search = plan.demand.search.is_some();
        let after_backlog = plan.demand.backlog.map(|backlog| backlog.after);
        Self { interrupt, told: false, is_timed, is_search, early_end: None, after_backlog }
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
}

impl Hooks for Progress<'_> {
    fn event(&mut self, event: &Event<'_>) {
        if self.interrupt.is_raised() && !self.told {
            self.told = true;
            tracing::warn!(
                "interrupted: ending the run, keeping what was measured (again: quit at once)"
            );
        }
        match event {
            Event::Creating { done, of } => tracing::info!("topics: {done} of {of} created"),
            Event::Joining => tracing::info!("clients connect, consumers join their groups"),
            Event::Ready(took) => {
                tracing::info!("all consumers are ready after {}", seconds(*took));
            }
            Event::Warmup(Warmup::Fixed(length)) => tracing::info!("warm-up for {length}"),
            Event::Warmup(Warmup::Auto { .. }) if self.is_search => {
                tracing::info!("the search for the highest sustainable rate begins");
            }
            Event::Warmup(auto @ Warmup::Auto { .. }) => tracing::info!(
                "warm-up until rate and latency are steady, at most {}",
                auto.longest()
            ),
            Event::Steady(after) => {
                tracing::info!("steady: the measured phase begins {after} after the start");
            }
            Event::Unsteady(after) => {
                tracing::warn!("not steady {after} after the start: measured all the same");
            }
            Event::Asking(rate, why) => tracing::info!("search: {rate}, {why}"),
            Event::Step(step) => tracing::info!("search: {}", step_line(step)),
            Event::Found(rate) => {
                tracing::info!("search: {rate} is sustained, it is measured next");
            }
            Event::NotFound(reason) => tracing::error!("search: {reason}"),
            Event::Measuring { length, .. } => match self.after_backlog {
                Some(after) => tracing::info!(
                    "measured phase: until the backlog is drained, and {after} more; at most {length}"
                ),
                None => tracing::info!("measured phase for {length}"),
            },
            Event::Backlog(step) => tell_backlog(*step),
            Event::Second(interval, tally) => {
                tracing::info!("{}", line(interval, self.is_timed));
                let cut = self.early_end.as_mut().and_then(|early| early.see(interval, tally));
                if let Some(cut) = cut {
                    tracing::warn!(
                        "an assertion failed after {} s ({}): ending the run, keeping what was \
                         measured",
                        cut.after_s,
                        cut.reason()
                    );
                }
            }
            Event::Unmeasured(_) => {}
            Event::Draining => tracing::info!("all sent and answered, consumers read what is left"),
            Event::Collecting => tracing::info!("all read, the last figures come in"),
        }
    }

    fn is_interrupted(&self) -> bool {
        self.interrupt.is_raised()
    }

    fn is_cut_short(&self) -> bool {
        self.cut().is_some()
    }
}

/// OMB's words for the steps of a backlog, with the numbers.
fn tell_backlog(step: BacklogStep) {
    match step {
        BacklogStep::Held(asked) => tracing::info!(
            "Stopping all consumers to build backlog: {} messages, {}",
            asked.messages,
            asked.bytes
        ),
        BacklogStep::Stands(unread, after) => {
            tracing::info!(
                "--- Completed backlog build in {} --- {} messages are unread",
                seconds(after),
                unread.messages
            );
            tracing::info!("--- Start draining backlog ---");
        }
        BacklogStep::Drained(left, after) => tracing::info!(
            "--- Completed backlog draining in {} --- {} messages are left",
            seconds(after),
            left.messages
        ),
        BacklogStep::GivenUp(unread, after) => tracing::warn!(
            "the backlog is given up after {}, {} messages are unread: ending the run",
            seconds(after),
            unread.messages
        ),
    }
}

/// One second, ready to paste; `-` where nothing was measured.
fn line(interval: &Interval, is_timed: bool) -> String {
    let acked = |span| millis(is_timed && 0 < interval.acked, span);
    let read = |span| millis(is_timed && 0 < interval.consumed, span);
    format!(
        "{:>5} s | sent {:>8} | acked {:>8} | read {:>8} | backlog {:>6} | errors {} | publish p50 {} p99 {} max {} | end-to-end p50 {} p99 {}",
        interval.second,
        interval.produced,
        interval.acked,
        interval.consumed,
        interval.backlog,
        interval.errors,
        acked(interval.publish_p50),
        acked(interval.publish_p99),
        acked(interval.publish_max),
        read(interval.end_to_end_p50),
        read(interval.end_to_end_p99),
    )
}

/// A step of a search, ready to paste.
fn step_line(step: &Step) -> String {
    let rate = step.rate;
    let held = match step.cause {
        None => "sustained".to_owned(),
        Some(cause) => format!("not sustained ({})", cause.word()),
    };
    format!(
        "{rate}/s for {} s: {held}, acked {:.0}/s | unanswered {:.2} s | backlog {} | publish p50 {} p99 {} max {}",
        step.seconds,
        step.acked_per_second(),
        step.lag_s,
        step.backlog,
        millis(step.publish_p50.is_some(), step.publish_p50.unwrap_or_default()),
        millis(step.publish_p99.is_some(), step.publish_p99.unwrap_or_default()),
        millis(step.publish_max.is_some(), step.publish_max.unwrap_or_default()),
    )
}

fn millis(is_known: bool, span: Nanos) -> String {
    if !is_known {
        return "-".to_owned();
    }
    format!("{:.2} ms", span.as_micros_f64() / 1_000.0)
}

fn seconds(span: Nanos) -> String {
    format!("{:.2} s", span.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::line;
    use engine::run::Interval;
    use engine::units::Nanos;

    #[test]
    fn what_was_not_measured_is_a_dash_and_no_zero() {
        let check = |acked: u64, is_timed: bool, expected: &str| {
            let publish_p50 = Nanos::from_millis(2);
            let told = line(&Interval { acked, publish_p50, ..Interval::default() }, is_timed);
            assert!(told.contains(expected), "{acked} acked, timed {is_timed}: {told}");
        };
        check(1, true, "publish p50 2.00 ms p99 0.00 ms");
        check(0, true, "publish p50 - p99 - max - | end-to-end p50 - p99 -");
        check(1, false, "publish p50 - p99 - max -");
    }
}
