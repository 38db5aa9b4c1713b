//! The two kinds of error: the user's, found before the run, and the world's.

use thiserror::Error;

/// What the user asked for cannot be run; nothing has been created.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct PlanError(pub String);

/// The world failed: the cluster, the machine or a client.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RunError {
    /// No broker answered in time.
    #[error("no broker answers at {address} within {seconds} s: {reason}")]
    Unreachable {
        /// The bootstrap servers as configured.
        address: String,
        /// How long was waited.
        seconds: u64,
        /// The client's last word.
        reason: String,
    },
    /// The cluster is there and does not let this client in, or not do what a run does.
    #[error("{0}")]
    NotAdmitted(String),
    /// A topic could not be made as the plan asks.
    #[error("topic {topic}: {reason}")]
    Topic {
        /// Its name.
        topic: String,
        /// The broker's answer, or how the topic differs from the plan.
        reason: String,
    },
    /// The plan asks what this cluster cannot give; nothing was created.
    #[error("{0}")]
    Refused(String),
    /// A client could not be created.
    #[error("{client}: {reason}")]
    Client {
        /// The client's name in the plan.
        client: String,
        /// librdkafka's word.
        reason: String,
    },
    /// A client failed, or a consumer was not ready by the deadline.
    #[error("{0}")]
    NotReady(String),
    /// A thread panicked or could not be started.
    #[error("lane {lane}: {reason}")]
    Lane {
        /// The lane's name.
        lane: String,
        /// The panic's message, or the system's.
        reason: String,
    },
    /// A worker of a fleet could not go on, or was lost.
    #[error("worker {url}: {reason}")]
    Worker {
        /// Where it was asked.
        url: String,
        /// What was seen of it.
        reason: String,
    },
    /// The user interrupted the run before the start line.
    #[error("interrupted before the start")]
    Interrupted,
}
