//! What is asked of a search for the highest rate that a cluster sustains.

use crate::units::{NANOS_PER_SECOND, Nanos, Rate};
use std::fmt;

/// A search for the highest sustainable rate: which steps it takes, what a step must show, and when
/// it ends.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchDemand {
    /// How long the load goes at the first rate before the first step begins.
    pub warmup: Nanos,
    /// The first rate.
    pub start: Rate,
    /// The highest rate that is tried.
    pub most: Rate,
    /// How long a rate is held before it is looked at. Against a real cluster longer than the window of
    /// its quotas (11 s by default: `quota.window.num` × `quota.window.size.seconds`), or a search
    /// finds what a quota lets pass for a while.
    pub settle: Nanos,
    /// How long a rate is looked at, at least; up to three times as long where it stays unclear.
    pub window: Nanos,
    /// The search is over when the next rate that was not sustained lies within so many thousandths.
    pub precision_permille: u64,
    /// How often the answer is confirmed; the last time is the measured phase.
    pub confirmations: u32,
    /// What a step must hold besides throughput.
    pub objectives: Vec<Objective>,
    /// How long it may look for an answer, the warm-up included and the confirmations not: whole seconds.
    pub bound: Nanos,
}

/// Kept for what comes after the bound besides confirmations: what has piled up must go, and each order
/// takes seconds to be obeyed in a fleet.
const RESERVE: Nanos = Nanos::from_secs(60);

impl SearchDemand {
    /// When the measured phase begins at the latest, after the start of the load, where it is so long: with
    /// time for a confirmation that fails.
    #[must_use]
    pub fn latest(&self, measured: Nanos) -> Nanos {
        let confirm = self.settle.0.saturating_add(measured.0);
        let times = u64::from(self.confirmations);
        let latest = self.bound.0.saturating_add(confirm.saturating_mul(times)) + RESERVE.0;
        Nanos::from_secs(latest.div_ceil(NANOS_PER_SECOND))
    }
}

/// A latency objective: a percentile, the mean or the maximum of a span stays below a limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// Of which span.
    pub span: ObjectiveSpan,
    /// Which figure of it.
    pub figure: Figure,
    /// What it stays below; at it, where `or_equal`.
    pub limit: Nanos,
    /// Whether the limit itself will do.
    pub or_equal: bool,
}

/// The spans that objectives are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectiveSpan {
    /// acked − due.
    Publish,
    /// acked − sent.
    Service,
    /// sent − due.
    SendDelay,
    /// received − due.
    EndToEnd,
    /// received − sent.
    Transit,
}

/// A figure of a latency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Figure {
    /// A percentile, 0 to 100.
    Percentile(f64),
    /// The mean.
    Mean,
    /// The maximum.
    Max,
}

impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let span = match self.span {
            ObjectiveSpan::Publish => "publish",
            ObjectiveSpan::Service => "service",
            ObjectiveSpan::SendDelay => "send_delay",
            ObjectiveSpan::EndToEnd => "end_to_end",
            ObjectiveSpan::Transit => "transit",
        };
        let sign = if self.or_equal { "<=" } else { "<" };
        match self.figure {
            Figure::Percentile(percent) => write!(f, "{span}.p{percent} {sign} {}", self.limit),
            Figure::Mean => write!(f, "{span}.mean {sign} {}", self.limit),
            Figure::Max => write!(f, "{span}.max {sign} {}", self.limit),
        }
    }
}
