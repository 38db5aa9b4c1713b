//! What a search asks for, where it is, and what it comes to.

use super::step::{Cause, Step, StepKind};

/// What a search asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The load is to go at this rate. [`Search::held_from`] says from when on it does.
    Rate(u64),
    /// The answer was confirmed but for the last time: the measured phase is to begin.
    Measure,
    /// Nothing was found, for this reason: the run is to end.
    GiveUp(&'static str),
}

/// What a search came to.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchEnd {
    /// The answer: the highest rate that was sustained, messages per second; 0 where none was.
    pub sustainable: u64,
    /// The next rate above it that was not sustained; `None` where every one was.
    pub above: Option<u64>,
    /// Whether every confirmation held.
    pub confirmed: bool,
    /// What bounds the rate; `None` where nothing did up to the highest rate that was tried.
    pub bound_by: Option<Cause>,
    /// How often the cluster took less than it had sustained before.
    pub changes: u32,
    /// Why nothing was found.
    pub gave_up: Option<&'static str>,
    /// Every step, in the order of time.
    pub steps: Vec<Step>,
}

/// Where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The warm-up, until this second.
    Warming(i64),
    /// A rate is held; how often the answer has been confirmed.
    Holding(StepKind),
    /// The cluster catches up.
    Recovering,
    /// The measured phase.
    Measuring,
    /// It is over.
    Over,
}

impl Stage {
    /// What the search does in it, in a few words.
    pub(super) const fn doing(self) -> &'static str {
        match self {
            Stage::Warming(_) => "warms up",
            Stage::Holding(StepKind::Bracket) => "looks for the order of magnitude",
            Stage::Holding(StepKind::Confirm) => "confirms the answer",
            Stage::Holding(StepKind::Probe | StepKind::Measured) => "tries it",
            Stage::Recovering => "lets the cluster catch up",
            Stage::Measuring => "measures",
            Stage::Over => "is over",
        }
    }
}
