//! The rate, turned into one exact due time per message.
//!
//! Message *j* of the run is due at `start + (j − first) / rate` of its segment, or when a shape has
//! brought as many, or when chance has it; it belongs to logical producer *j* mod P. Who sends it never
//! changes when it is due: one lane, sixteen lanes or eight hosts walk the same *j* and see the same due
//! times.

use super::arrivals::{Arrival, Arrivals};
use super::curve::MESSAGE;
use super::tempo::Tempo;
use super::written::Written;
use crate::units::{NANOS_PER_SECOND, Nanos, Rate, Timestamp};
use serde::{Deserialize, Serialize};

/// From message `first` on, the run goes at `tempo`, counted from `start`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// When it begins: the due time of message `first`, where one is due at once.
    pub start: Timestamp,
    /// The first message that this segment times. Arrivals by chance have numbers of their own: then
    /// it is 0 in every segment.
    pub first: u64,
    /// How fast the whole run goes.
    pub tempo: Tempo,
}

impl Segment {
    /// The due time of message `index` at regular arrivals, rounded down to a nanosecond once.
    pub(super) fn due(&self, index: u64) -> Timestamp {
        let nth = u128::from(index - self.first);
        match &self.tempo {
            Tempo::Rate(rate) => {
                let nanos = nth * u128::from(NANOS_PER_SECOND) / u128::from(rate.get());
                self.start + Nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
            }
            Tempo::Shape(_) => self.start + self.tempo.reach(nth * MESSAGE),
        }
    }

    /// The first message that is due at `moment` or later, at regular arrivals.
    pub(super) fn index_at(&self, moment: Timestamp) -> u64 {
        self.first.saturating_add(self.tempo.count(self.start.until(moment)))
    }
}

/// The due times of a whole run: segments in order, up to an end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct Schedule {
    pub(super) segments: Vec<Segment>,
    pub(super) end: Timestamp,
    pub(super) arrival: Arrival,
    /// What has grown when each segment begins.
    #[serde(skip)]
    pub(super) bases: Vec<u128>,
}

impl Schedule {
    /// One rate from `start` to `end`, the end excluded.
    #[must_use]
    pub fn constant(rate: Rate, start: Timestamp, end: Timestamp) -> Self {
        Self::new(Tempo::Rate(rate), Arrival::Regular, start, end)
    }

    /// One tempo from `start` to `end`, the end excluded.
    #[must_use]
    pub fn new(tempo: Tempo, arrival: Arrival, start: Timestamp, end: Timestamp) -> Self {
        Self { segments: vec![Segment { start, first: 0, tempo }], end, arrival, bases: vec![0] }
    }

    /// Changes the rate at `moment`; what was due before stays due, so no debt is forgiven.
    ///
    /// # Panics
    /// When `moment` lies before the last segment's start: the past cannot be changed.
    pub fn change_rate(&mut self, moment: Timestamp, rate: Rate) {
        self.append(moment, Tempo::Rate(rate));
    }

    /// Goes on at another tempo from `moment` on; arrivals by chance go on where they are.
    ///
    /// # Panics
    /// When `moment` lies before the last segment's start: the past cannot be changed.
    pub fn append(&mut self, moment: Timestamp, tempo: Tempo) {
        let last = self.segments.last().expect("a schedule has at least one segment");
        assert!(last.start <= moment, "a rate changes from now on, not in the past");
        let first = match self.arrival {
            Arrival::Regular => last.index_at(moment),
            Arrival::Poisson { .. } => 0,
        };
        let base = self.bases.last().expect("each segment has one");
        self.bases.push(base + last.tempo.grown(last.start.until(moment)));
        self.segments.push(Segment { start: moment, first, tempo });
    }

    /// Ends the schedule at `moment`, if it would have ended later.
    pub fn end_at(&mut self, moment: Timestamp) {
        self.end = self.end.min(moment);
    }

    /// When the rate changed last, or the schedule began.
    #[must_use]
    pub fn changed(&self) -> Timestamp {
        self.segments.last().expect("a schedule has at least one segment").start
    }

    /// When the last message is due at the latest, excluded.
    #[must_use]
    pub const fn end(&self) -> Timestamp {
        self.end
    }

    /// The due time of message `index` of the run.
    #[must_use]
    pub fn due(&self, index: u64) -> Timestamp {
        match self.arrivals() {
            None => self.segment_of(index).due(index),
            Some(mut arrivals) => {
                arrivals.go_to(index);
                self.due_at(arrivals.at())
            }
        }
    }

    /// How many messages of the run are due before `moment` (and before the end).
    #[must_use]
    pub fn count_before(&self, moment: Timestamp) -> u64 {
        self.counting().before(moment)
    }

    /// Counts up to one moment after the other.
    #[must_use]
    pub fn counting(&self) -> Counting<'_> {
        Counting { schedule: self, arrivals: self.arrivals() }
    }

    /// The first message that is due at `moment` or later, though it be after the end; of arrivals by
    /// chance none is looked for there.
    pub(super) fn index_from(&self, moment: Timestamp) -> u64 {
        if self.arrivals().is_some() {
            return self.count_before(moment);
        }
        let later = self.segments.partition_point(|segment| segment.start <= moment);
        self.segments[..later].last().map_or(0, |segment| segment.index_at(moment))
    }

    pub(super) fn segment_of(&self, index: u64) -> &Segment {
        let later = self.segments.partition_point(|segment| segment.first <= index);
        &self.segments[later.max(1) - 1]
    }

    /// The first message that a later segment than `index`'s times.
    pub(super) fn next_change(&self, index: u64) -> u64 {
        let later = self.segments.partition_point(|segment| segment.first <= index);
        self.segments.get(later).map_or(u64::MAX, |segment| segment.first)
    }

    /// The first of the arrivals; `None` where they are regular.
    pub(super) fn arrivals(&self) -> Option<Arrivals> {
        match self.arrival {
            Arrival::Regular => None,
            Arrival::Poisson { seed } => Some(Arrivals::new(seed)),
        }
    }

    /// What has grown before `moment` and the end.
    pub(super) fn grown(&self, moment: Timestamp) -> u128 {
        let moment = moment.min(self.end);
        let later = self.segments.partition_point(|segment| segment.start < moment);
        let Some(last) = later.checked_sub(1) else { return 0 };
        let segment = &self.segments[last];
        self.bases[last] + segment.tempo.grown(segment.start.until(moment))
    }

    /// The last moment at which no more than this has grown.
    pub(super) fn due_at(&self, amount: u128) -> Timestamp {
        let last = self.bases.partition_point(|base| *base <= amount).max(1) - 1;
        let segment = &self.segments[last];
        segment.start + segment.tempo.reach(amount - self.bases[last])
    }
}

/// Counts what is due up to moments that ascend: of arrivals by chance it looks at each once.
#[derive(Clone, Debug)]
pub struct Counting<'schedule> {
    schedule: &'schedule Schedule,
    arrivals: Option<Arrivals>,
}

impl Counting<'_> {
    /// How many messages of the run are due before `moment`, which is no earlier than the last one
    /// asked for, and before the end.
    pub fn before(&mut self, moment: Timestamp) -> u64 {
        if let Some(arrivals) = &mut self.arrivals {
            arrivals.pass(self.schedule.grown(moment));
            return arrivals.index();
        }
        let Schedule { segments, end, .. } = self.schedule;
        let moment = moment.min(*end);
        let later = segments.partition_point(|segment| segment.start < moment);
        segments[..later].last().map_or(0, |segment| segment.index_at(moment))
    }
}
