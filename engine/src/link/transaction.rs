//! How a transaction begins and ends, and what may follow where the client refuses.

use super::Failure;

/// How a transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Its messages become visible.
    Commit,
    /// Its messages never do.
    Abort,
}

/// A refusal to begin or to end a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denied {
    /// Why.
    pub failure: Failure,
    /// What may follow.
    pub then: Then,
}

/// What may follow a refusal, as librdkafka classifies its errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// The same call again: it goes on where it stopped (`rd_kafka_error_is_retriable`).
    Repeat,
    /// An abort, and after it the next transaction (`rd_kafka_error_txn_requires_abort`).
    Abort,
    /// Nothing: this client makes no more transactions (`rd_kafka_error_is_fatal`, or a call in a state
    /// that has no place for it).
    Nothing,
}

impl Denied {
    /// A refusal for good.
    #[must_use]
    pub const fn for_good(failure: Failure) -> Self {
        Self { failure, then: Then::Nothing }
    }
}
