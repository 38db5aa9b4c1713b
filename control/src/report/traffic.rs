//! What was produced, acked and consumed: counts, windows and rates.

use super::errors::Errors;
use super::groups::GroupPart;
use super::number::{mib, per_second, ratio, rfc3339, seconds};
use engine::measure::{Balance, ErrorCounts, PhaseTally, Window};
use engine::plan::Plan;
use engine::run::Outcome;
use engine::units::{Nanos, Timestamp};
use serde::{Deserialize, Serialize};

/// How long something went on, and how fast; null where nothing happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Flow {
    /// What the rates are divided by.
    pub duration_s: Option<f64>,
    /// The first event.
    pub first_at: Option<String>,
    /// The first event, nanoseconds since the epoch.
    pub first_at_ns: Option<u64>,
    /// The last event.
    pub last_at: Option<String>,
    /// The last event, nanoseconds since the epoch.
    pub last_at_ns: Option<u64>,
    /// Messages ÷ duration.
    pub messages_per_second: Option<f64>,
    /// Bytes ÷ duration.
    pub bytes_per_second: Option<f64>,
    /// The same in units of 1024².
    pub mib_per_second: Option<f64>,
}

impl Flow {
    /// The rates of `messages` and `bytes` over `duration`.
    pub(super) fn of(window: &Window, duration: Option<Nanos>, messages: u64, bytes: u64) -> Self {
        let rate = |count: u64| duration.and_then(|span| per_second(count, span));
        Self {
            duration_s: duration.map(seconds),
            first_at: window.first().map(rfc3339),
            first_at_ns: window.first().map(Timestamp::as_nanos),
            last_at: window.last().map(rfc3339),
            last_at_ns: window.last().map(Timestamp::as_nanos),
            messages_per_second: rate(messages),
            bytes_per_second: rate(bytes),
            mib_per_second: rate(bytes).map(mib),
        }
    }
}

/// The measured phase on the time line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    /// When it began; `None` when the run failed before.
    pub(super) start: Option<Timestamp>,
    /// Its planned length.
    pub(super) planned: Nanos,
    /// Whether it went on to its planned end.
    pub(super) complete: bool,
}

/// Debt paid for longer than this share of the phase counts as part of it.
const DEBT_SHARE: u64 = 100;

impl Span {
    /// The length of the phase; or to the last send, when debt was paid after it by more than 1 %
    /// or when the phase was cut short.
    fn of_sending(self, window: &Window) -> Option<Nanos> {
        let start = self.start?;
        let sending = window.last().map(|last| start.until(last));
        let debt_from = self.planned + Nanos(self.planned.0 / DEBT_SHARE);
        match sending {
            Some(sending) if !self.complete || debt_from < sending => Some(sending),
            None if !self.complete => None,
            _ => Some(self.planned),
        }
    }

    /// What the rates of each side are divided by.
    pub(super) fn lengths(self, seen: &PhaseTally) -> Lengths {
        Lengths {
            sending: self.of_sending(&seen.produced.window),
            acking: self.of_events(&seen.acked.window),
            reading: self.of_events(&reading(seen)),
        }
    }

    /// From the phase's start to the last event.
    fn of_events(self, window: &Window) -> Option<Nanos> {
        Some(self.start?.until(window.last()?))
    }
}

/// What the rates of each side are divided by; `None` where nothing happened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lengths {
    /// The phase, or to the last send.
    pub(super) sending: Option<Nanos>,
    /// To the last ack.
    pub(super) acking: Option<Nanos>,
    /// To the last receipt.
    pub(super) reading: Option<Nanos>,
}

/// From the first receipt of any subscription to the last.
fn reading(seen: &PhaseTally) -> Window {
    let mut window = Window::default();
    seen.consumed.iter().for_each(|consumed| window.merge(&consumed.window));
    window
}

/// The sending side.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Produced {
    /// Due by the schedule; null in a closed loop.
    pub due: Option<u64>,
    /// Offered at least once.
    pub attempted: u64,
    /// Accepted by the client.
    pub messages: u64,
    /// Due and never offered; null in a closed loop.
    pub unsent: Option<u64>,
    /// Body bytes of the accepted ones.
    pub bytes: u64,
    /// Failed messages.
    pub errors: u64,
    /// Failed ÷ attempted.
    pub error_rate: Option<f64>,
    /// By kind and by code.
    #[serde(flatten)]
    pub by_cause: Errors,
    /// When and how fast.
    #[serde(flatten)]
    pub flow: Flow,
    /// How fast while all lanes were sending.
    pub plateau_messages_per_second: Option<f64>,
    /// How fast it should have been; null in a closed loop.
    pub target_messages_per_second: Option<u64>,
}

/// What a stream, or all together, should have done.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Target {
    /// Due by the schedule.
    pub(super) due: Option<u64>,
    /// Due and never offered.
    pub(super) unsent: Option<u64>,
    /// Messages per second.
    pub(super) rate: Option<u64>,
}

impl Produced {
    pub(super) fn of(seen: &PhaseTally, span: Span, target: Target, plateau: Option<f64>) -> Self {
        let produced = &seen.produced;
        let duration = span.of_sending(&produced.window);
        Self {
            due: target.due,
            attempted: produced.attempted,
            messages: produced.messages,
            unsent: target.unsent,
            bytes: produced.bytes,
            errors: seen.produce_errors.total(),
            error_rate: ratio(seen.produce_errors.total(), produced.attempted),
            by_cause: Errors::of(&[&seen.produce_errors]),
            flow: Flow::of(&produced.window, duration, produced.messages, produced.bytes),
            plateau_messages_per_second: plateau,
            target_messages_per_second: target.rate,
        }
    }
}

/// The broker's answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Acked {
    /// Persisted.
    pub messages: u64,
    /// Their body bytes.
    pub bytes: u64,
    /// Given up by the client.
    pub failed: u64,
    /// Of these, those that the broker may have all the same.
    pub failed_maybe_persisted: u64,
    /// Accepted, and neither acked nor failed when waiting ended.
    pub outstanding: u64,
    /// When and how fast.
    #[serde(flatten)]
    pub flow: Flow,
}

impl Acked {
    pub(super) fn of(seen: &PhaseTally, span: Span) -> Self {
        let acked = &seen.acked;
        Self {
            messages: acked.messages,
            bytes: acked.bytes,
            failed: acked.failed,
            failed_maybe_persisted: acked.failed_maybe_persisted,
            outstanding: seen.outstanding(),
            flow: Flow::of(
                &acked.window,
                span.of_events(&acked.window),
                acked.messages,
                acked.bytes,
            ),
        }
    }
}

/// The receiving side, all subscriptions together and each by itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Consumed {
    /// This run's messages received.
    pub messages: u64,
    /// Their body bytes.
    pub bytes: u64,
    /// Messages of other runs or programs.
    pub foreign: u64,
    /// Messages with a damaged stamp.
    pub corrupted: u64,
    /// Consumer errors and failed commits.
    pub errors: u64,
    /// By kind and by code.
    #[serde(flatten)]
    pub by_cause: Errors,
    /// Commits that were acknowledged.
    pub commits: u64,
    /// Commits that failed.
    pub commits_failed: u64,
    /// Rebalances of consumer groups.
    pub rebalances: u64,
    /// What they did; only where there were some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<GroupPart>,
    /// When and how fast.
    #[serde(flatten)]
    pub flow: Flow,
    /// Each subscription that has consumers.
    pub subscriptions: Vec<Subscription>,
}

/// One subscription of one stream.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subscription {
    /// The stream's name.
    pub stream: String,
    /// The subscription's number.
    pub subscription: usize,
    /// Everything acked.
    pub expected: u64,
    /// Received.
    pub messages: u64,
    /// Their body bytes.
    pub bytes: u64,
    /// Acked, passed by the consumers and not received.
    pub lost: u64,
    /// Read again at the same offset; null: not examined in this mode.
    pub redelivered: Option<u64>,
    /// Received at a further offset; null: not examined in this mode.
    pub duplicated: Option<u64>,
    /// Received after one that was sent later; null: not examined in this mode.
    pub reordered: Option<u64>,
    /// Received, and neither acked nor given up; by counts everything beyond what was acked.
    pub unattributed: u64,
    /// Acked and not read when the deadline struck.
    pub outstanding: u64,
    /// Messages of other runs or programs.
    pub foreign: u64,
    /// Messages with a damaged stamp.
    pub corrupted: u64,
    /// Whether the consumers passed the highest acked offset everywhere.
    pub drained: bool,
    /// When and how fast.
    #[serde(flatten)]
    pub flow: Flow,
}

impl Consumed {
    pub(super) fn of(seen: &PhaseTally, span: Span, subscriptions: Vec<Subscription>) -> Self {
        let window = reading(seen);
        let (messages, bytes) = (seen.received(), seen.consumed.iter().map(|of| of.bytes).sum());
        let causes: [&ErrorCounts; 2] = [&seen.consume_errors, &seen.commit_errors];
        Self {
            messages,
            bytes,
            foreign: seen.consumed.iter().map(|of| of.foreign).sum(),
            corrupted: seen.consumed.iter().map(|of| of.corrupted).sum(),
            errors: causes.iter().map(|errors| errors.total()).sum(),
            by_cause: Errors::of(&causes),
            commits: seen.commits.succeeded,
            commits_failed: seen.commits.failed,
            rebalances: seen.rebalances.as_ref().map_or(0, |of| of.count()),
            groups: GroupPart::of(seen, &subscriptions),
            flow: Flow::of(&window, span.of_events(&window), messages, bytes),
            subscriptions,
        }
    }
}

impl Subscription {
    /// Each subscription's receiving side.
    pub(super) fn all(
        (plan, outcome): (&Plan, &Outcome),
        balances: &[Balance],
        span: Span,
    ) -> Vec<Self> {
        let of = |balance: &Balance| {
            let name = &plan.demand.streams[balance.stream].name;
            let tally = &outcome.tally.streams[balance.stream].measured;
            Self::of(name, balance, tally, span)
        };
        balances.iter().map(of).collect()
    }

    pub(super) fn of(stream: &str, balance: &Balance, seen: &PhaseTally, span: Span) -> Self {
        let consumed = &seen.consumed[balance.subscription];
        let duration = span.of_events(&consumed.window);
        Self {
            stream: stream.to_owned(),
            subscription: balance.subscription,
            expected: balance.expected,
            messages: balance.received,
            bytes: consumed.bytes,
            lost: balance.lost,
            redelivered: balance.repeats.map(|of| of.redelivered),
            duplicated: balance.repeats.map(|of| of.duplicated),
            reordered: balance.repeats.map(|of| of.reordered),
            unattributed: balance.repeats.map_or(balance.surplus, |of| of.unanswered),
            outstanding: balance.outstanding,
            foreign: balance.foreign,
            corrupted: balance.corrupted,
            drained: balance.drained,
            flow: Flow::of(&consumed.window, duration, consumed.messages, consumed.bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Span;
    use engine::measure::Window;
    use engine::units::{Nanos, Timestamp};

    fn check(complete: bool, last_ms: Option<u64>, expected_ms: Option<u64>) {
        let start = Timestamp::from_nanos(5_000_000_000);
        let span = Span { start: Some(start), planned: Nanos::from_secs(10), complete };
        let mut window = Window::default();
        if let Some(last) = last_ms {
            window.include(start + Nanos::from_millis(last));
        }
        assert_eq!(span.of_sending(&window), expected_ms.map(Nanos::from_millis), "{last_ms:?}");
    }

    #[test]
    fn a_phase_is_as_long_as_planned_unless_debt_or_an_early_end_says_otherwise() {
        check(true, Some(9_999), Some(10_000));
        check(true, Some(10_100), Some(10_000));
        check(true, Some(10_101), Some(10_101));
        check(true, None, Some(10_000));
        check(false, Some(3_000), Some(3_000));
        check(false, None, None);
    }
}
