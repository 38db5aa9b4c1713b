//! What the display of a run knows: the phase, the rate that is asked, the last second, and how it stands.

use super::phases::{Length, Phase};
use super::standing::Standing;
use super::words::IsTimed;
use engine::plan::Demand;
use engine::run::Interval;
use engine::units::{Nanos, Timestamp};

/// A run, as its display shows it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct View {
    pub(super) test_id: String,
    pub(super) phase: Phase,
    /// When the phase began.
    pub(super) since: Timestamp,
    pub(super) length: Length,
    /// Messages per second that are asked for; `None` for as fast as it goes.
    pub(super) asked: Option<u64>,
    /// `None` before the first second of load.
    pub(super) last: Option<Figures>,
    /// Of all seconds so far.
    pub(super) errors: u64,
    /// `None` before anything was measured.
    pub(super) standing: Option<Standing>,
}

/// The last second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Figures {
    pub(super) sent: u64,
    pub(super) acked: u64,
    pub(super) read: u64,
    pub(super) backlog: u64,
    /// `None` where nothing was acked, or nothing has a due time.
    pub(super) publish: Option<Spread>,
    /// The same of what was read.
    pub(super) end_to_end: Option<Spread>,
}

/// A latency in the last second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) p50: Nanos,
    pub(super) p99: Nanos,
    pub(super) max: Nanos,
}

impl View {
    /// Before a run does anything.
    pub(super) fn of(demand: &Demand, now: Timestamp) -> Self {
        Self {
            test_id: demand.test_id.clone(),
            phase: Phase::Preparing,
            since: now,
            length: Length::Open,
            asked: demand.due_per_second(),
            last: None,
            errors: 0,
            standing: None,
        }
    }
}

impl Figures {
    /// Of a second.
    pub(super) fn of(second: &Interval, IsTimed(is_timed): IsTimed) -> Self {
        let publish =
            Spread { p50: second.publish_p50, p99: second.publish_p99, max: second.publish_max };
        let end_to_end = Spread {
            p50: second.end_to_end_p50,
            p99: second.end_to_end_p99,
            max: second.end_to_end_max,
        };
        Self {
            sent: second.produced,
            acked: second.acked,
            read: second.consumed,
            backlog: second.backlog,
            publish: (is_timed && 0 < second.acked).then_some(publish),
            end_to_end: (is_timed && 0 < second.consumed).then_some(end_to_end),
        }
    }
}
