//! A step of a search: a rate that was held, and what came of it.

use crate::units::Nanos;

/// What a step is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// To find the order of magnitude: short, and believed only where the rate was not sustained.
    Bracket,
    /// To tell rates apart: held until quotas and queues show.
    Probe,
    /// To confirm the answer, as long as the measured phase.
    Confirm,
    /// The measured phase itself.
    Measured,
}

/// Why a rate was not sustained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Less was acked than was due, or what is unanswered grew.
    Throughput,
    /// Readers fell behind.
    Backlog,
    /// Messages, commits or consumers failed.
    Errors,
    /// A latency objective did not hold.
    Slo,
    /// Our own sends were late, or the client's own thread was at its end: not the cluster's limit.
    Client,
}

/// A rate that was held.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What for.
    pub kind: StepKind,
    /// Messages per second that were due.
    pub rate: u64,
    /// The first second that was looked at, from the start of the load.
    pub from_s: i64,
    /// How many seconds were looked at.
    pub seconds: u32,
    /// Due in them.
    pub due: u64,
    /// Acked in them.
    pub acked: u64,
    /// Errors in them.
    pub errors: u64,
    /// Unanswered at their end, in seconds of this load.
    pub lag_s: f64,
    /// Unread at their end, all subscriptions together.
    pub backlog: u64,
    /// Publish latency in them: median; `None` where nothing was acked, here and below.
    pub publish_p50: Option<Nanos>,
    /// 99th percentile.
    pub publish_p99: Option<Nanos>,
    /// 99.9th percentile.
    pub publish_p999: Option<Nanos>,
    /// Maximum.
    pub publish_max: Option<Nanos>,
    /// End-to-end latency: 99th percentile; `None` where nothing was read.
    pub end_to_end_p99: Option<Nanos>,
    /// Why it was not sustained; `None` where it was.
    pub cause: Option<Cause>,
}

impl Step {
    /// Whether the rate was sustained.
    #[must_use]
    pub const fn is_sustained(&self) -> bool {
        self.cause.is_none()
    }

    /// Acked per second.
    #[must_use]
    pub fn acked_per_second(&self) -> f64 {
        super::lag::count(self.acked) / f64::from(self.seconds.max(1))
    }
}

impl StepKind {
    /// Its word in results.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Bracket => "bracket",
            Self::Probe => "probe",
            Self::Confirm => "confirm",
            Self::Measured => "measured",
        }
    }
}

impl Cause {
    /// Its word in results.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Throughput => "throughput",
            Self::Backlog => "backlog",
            Self::Errors => "errors",
            Self::Slo => "slo",
            Self::Client => "client",
        }
    }
}
