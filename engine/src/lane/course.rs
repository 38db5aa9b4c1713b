//! What a producing lane knows of the way ahead: which phase, how far it may go, when it gives up.

use super::signal::Timeline;
use crate::time::Outlook;
use crate::units::{Nanos, Timestamp};

/// A lane's course. While the border between the phases is open, the lane goes no further than the
/// end of the second that it is in, and then asks whether the border lies there: so no message is
/// sent of which it could turn out that it was never due.
#[derive(Debug)]
pub(super) struct Course {
    outlook: Outlook,
    length: Nanos,
    grace: Nanos,
    /// Where the run was told to end; later than any moment while it was not.
    ends: Timestamp,
}

impl Course {
    /// That of a lane whose messages have due times, which may be in debt at the end.
    pub(super) fn paced(timeline: &Timeline) -> Self {
        Self {
            outlook: Outlook::new(&timeline.border),
            length: timeline.measured,
            grace: timeline.grace,
            ends: Timestamp::from_nanos(u64::MAX),
        }
    }

    /// That of a closed loop, which owes nothing.
    pub(super) fn closed(timeline: &Timeline) -> Self {
        Self { grace: Nanos::ZERO, ..Self::paced(timeline) }
    }

    /// Where the measured phase begins; while that is open, the latest moment.
    pub(super) const fn measured(&self) -> Timestamp {
        self.outlook.measured()
    }

    /// When the last message is due, excluded; while the border is open, the latest moment.
    pub(super) fn end(&self) -> Timestamp {
        (self.measured() + self.length).min(self.ends)
    }

    /// The run was told to end at `moment`, if that is earlier.
    pub(super) fn end_at(&mut self, moment: Timestamp) {
        self.ends = self.ends.min(moment);
    }

    /// How far the lane may go for now.
    pub(super) fn horizon(&self) -> Timestamp {
        self.outlook.sure_until().min(self.end())
    }

    /// When a lane in debt gives up.
    pub(super) fn give_up(&self) -> Timestamp {
        self.end() + self.grace
    }

    /// Takes note of the time, and says whether it is time to give up.
    pub(super) fn is_over(&mut self, now: Timestamp) -> bool {
        self.outlook.come_to(now);
        self.give_up() <= now
    }
}
