//! The phases of a run as its log tells them: each is begun, and ended with its length.

use super::display;
use super::words::seconds;
use engine::time::{Clock, OsClock};
use engine::units::{Nanos, Timestamp};

/// What a run is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The cluster is asked, topics are made.
    Preparing,
    /// Clients connect, consumers join.
    Readiness,
    /// Load that is not measured.
    WarmUp,
    /// The highest sustainable rate is looked for.
    Search,
    /// Load that is measured.
    Measured,
    /// Consumers read what is left.
    Drain,
    /// Clients close; topics and groups of the run are deleted.
    CleanUp,
}

/// How long a phase will take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// As long as it takes.
    Open,
    /// So long.
    Of(Nanos),
    /// So long, or until something comes about.
    AtMost(Nanos),
}

/// A phase that goes on.
#[derive(Debug)]
pub(crate) struct Begun {
    phase: Phase,
    test_id: String,
    clock: OsClock,
    at: Timestamp,
}

impl Phase {
    /// Its name in logs and on the display.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Preparing => "preparing",
            Self::Readiness => "readiness",
            Self::WarmUp => "warm-up",
            Self::Search => "search",
            Self::Measured => "measured phase",
            Self::Drain => "drain",
            Self::CleanUp => "clean-up",
        }
    }
}

impl Begun {
    /// A phase of this run begins now, in these words.
    pub(crate) fn now((phase, length): (Phase, Length), test_id: &str, words: &str) -> Self {
        tracing::info!(test_id, phase = phase.word(), "{words}");
        display::enter(phase, length);
        let clock = OsClock::anchored();
        Self { phase, test_id: test_id.to_owned(), clock, at: clock.now() }
    }

    /// Whether it is this one.
    pub(super) fn is(&self, phase: Phase) -> bool {
        self.phase == phase
    }

    /// It ends now, and so do these words about it.
    pub(crate) fn end(self, words: &str) {
        let length = self.clock.now().since(self.at).unwrap_or_default();
        self.end_after(length, words);
    }

    /// It ends, and is known to have taken so long.
    pub(super) fn end_after(self, length: Nanos, words: &str) {
        let (test_id, phase) = (self.test_id.as_str(), self.phase.word());
        let length_s = thousandths(length);
        tracing::info!(test_id, phase, length_s, "{phase} ended after {}{words}", seconds(length));
    }
}

/// Seconds to the millisecond.
fn thousandths(span: Nanos) -> f64 {
    (span.as_secs_f64() * 1e3).round() / 1e3
}
