//! What became of transactions: how many, how long each step took, how many messages.

use super::counts::ErrorCounts;
use super::latency::Latency;
use serde::{Deserialize, Serialize};

/// Transactions by their fates, and their messages.
///
/// A transaction belongs to the phase in which it ended, each of its messages to that in which it was
/// due.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Transacted {
    /// Begun.
    pub begun: u64,
    /// Committed.
    pub committed: u64,
    /// Aborted, as was planned.
    pub aborted: u64,
    /// Aborted because the client could not commit: a message of theirs had failed.
    pub forced: u64,
    /// Neither was answered: consumers may see their messages or not.
    pub undecided: u64,
    /// Acked messages of the committed ones.
    pub committed_messages: u64,
    /// Acked messages of those aborted, as planned or not.
    pub aborted_messages: u64,
    /// Refusals to begin, commit or abort that were final, by code.
    pub errors: ErrorCounts,
    /// How long beginning took.
    pub begin: Latency,
    /// From the decision to end one to the last of its messages' answers.
    pub drain: Latency,
    /// From there to the answer that it is committed.
    pub commit: Latency,
    /// From there to the answer that it is aborted.
    pub abort: Latency,
    /// By message of the committed ones: from its due time to that answer, when consumers may see it.
    pub visible: Latency,
}

impl Transacted {
    /// Adds another second's, lane's or host's.
    pub(super) fn merge(&mut self, other: &Self) {
        let Self {
            begun,
            committed,
            aborted,
            forced,
            undecided,
            committed_messages,
            aborted_messages,
            errors,
            begin,
            drain,
            commit,
            abort,
            visible,
        } = other;
        self.begun += begun;
        self.committed += committed;
        self.aborted += aborted;
        self.forced += forced;
        self.undecided += undecided;
        self.committed_messages += committed_messages;
        self.aborted_messages += aborted_messages;
        self.errors.merge(errors);
        self.begin.merge(begin);
        self.drain.merge(drain);
        self.commit.merge(commit);
        self.abort.merge(abort);
        self.visible.merge(visible);
    }

    /// Those that ended, one way or the other.
    #[must_use]
    pub const fn ended(&self) -> u64 {
        self.committed + self.aborted + self.forced + self.undecided
    }
}

#[cfg(test)]
mod tests {
    use super::Transacted;
    use crate::units::Nanos;

    /// Every counter different from zero and from the others.
    fn made(factor: u64) -> Transacted {
        let mut made = Transacted {
            begun: 10 * factor,
            committed: factor,
            aborted: 2 * factor,
            forced: 3 * factor,
            undecided: 4 * factor,
            committed_messages: 5 * factor,
            aborted_messages: 6 * factor,
            ..Transacted::default()
        };
        for _ in 0..factor {
            made.errors.count(-185);
            let Transacted { begin, drain, commit, abort, visible, .. } = &mut made;
            for (latency, span) in [begin, drain, commit, abort, visible].into_iter().zip(1..) {
                latency.record(Some(Nanos(span)));
            }
        }
        made
    }

    #[test]
    fn every_counter_and_every_span_is_merged() {
        let mut merged = made(1);
        merged.merge(&made(2));
        assert_eq!(merged, made(3), "in every field");
        assert_eq!(merged.ended(), 30, "each ended once");
    }
}
