//! How far answers and readers lie behind the load, in seconds of it.

use super::sample::Sample;

/// What is unanswered and unread at the end of a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Lag {
    /// Due and neither acked nor failed.
    pub(super) unanswered: f64,
    /// Acked and not read, of the mean subscription.
    pub(super) unread: f64,
}

impl Lag {
    /// In seconds of load at `rate`.
    pub(super) fn at(self, rate: f64) -> Self {
        Self { unanswered: self.unanswered / rate, unread: self.unread / rate }
    }
}

/// Adds seconds up.
#[derive(Clone, Debug)]
pub(super) struct Ledger {
    subscriptions: f64,
    unanswered: f64,
}

impl Ledger {
    pub(super) fn new(subscriptions: u32) -> Self {
        Self { subscriptions: f64::from(subscriptions.max(1)), unanswered: 0.0 }
    }

    /// The lag at the end of the next second.
    pub(super) fn add(&mut self, sample: &Sample) -> Lag {
        self.unanswered += count(sample.due) - count(sample.acked) - count(sample.failed);
        Lag { unanswered: self.unanswered, unread: count(sample.backlog) / self.subscriptions }
    }
}

/// A count as a number to calculate with: exact up to 2⁵³.
#[expect(clippy::cast_precision_loss, reason = "beyond 2^53 messages a rate is told to 16 digits")]
pub(super) const fn count(messages: u64) -> f64 {
    messages as f64
}

/// The whole part of a rate, a count or a span; none of these is negative for long.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what is negative becomes 0, and all are far below 2^53"
)]
pub(super) const fn whole(number: f64) -> u64 {
    number.max(0.0) as u64
}
