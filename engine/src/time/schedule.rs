//! The rate, turned into one exact due time per message.
//!
//! Message *j* of the run is due at `start + (j − first) / rate` of its segment and belongs to
//! logical producer *j* mod P. Who sends it never changes when it is due: one lane, sixteen lanes
//! or eight hosts walk the same *j* and see the same due times.

use super::written::Written;
use crate::units::{NANOS_PER_SECOND, Nanos, Rate, Timestamp};
use serde::{Deserialize, Serialize};

/// From message `first` on, the run goes at `rate`, counted from `start`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// The due time of message `first`.
    pub start: Timestamp,
    /// The first message that this segment times.
    pub first: u64,
    /// Messages per second of the whole run.
    pub rate: Rate,
}

impl Segment {
    /// The due time of message `index`, rounded down to a nanosecond once.
    fn due(&self, index: u64) -> Timestamp {
        let nth = u128::from(index - self.first);
        let nanos = nth * u128::from(NANOS_PER_SECOND) / u128::from(self.rate.get());
        self.start + Nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// The first message that is due at `moment` or later.
    pub(super) fn index_at(&self, moment: Timestamp) -> u64 {
        let elapsed = u128::from(self.start.until(moment).0);
        let messages =
            (elapsed * u128::from(self.rate.get())).div_ceil(u128::from(NANOS_PER_SECOND));
        self.first.saturating_add(u64::try_from(messages).unwrap_or(u64::MAX))
    }
}

/// The due times of a whole run: segments in order, up to an end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct Schedule {
    pub(super) segments: Vec<Segment>,
    pub(super) end: Timestamp,
}

impl Schedule {
    /// One rate from `start` to `end`, the end excluded.
    #[must_use]
    pub fn constant(rate: Rate, start: Timestamp, end: Timestamp) -> Self {
        Self { segments: vec![Segment { start, first: 0, rate }], end }
    }

    /// Changes the rate at `moment`; what was due before stays due, so no debt is forgiven.
    ///
    /// # Panics
    /// When `moment` lies before the last segment's start: the past cannot be changed.
    pub fn change_rate(&mut self, moment: Timestamp, rate: Rate) {
        let last = self.segments.last().expect("a schedule has at least one segment");
        assert!(last.start <= moment, "a rate changes from now on, not in the past");
        let first = last.index_at(moment);
        self.segments.push(Segment { start: moment, first, rate });
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
        self.segment_of(index).due(index)
    }

    /// How many messages of the run are due before `moment` (and before the end).
    #[must_use]
    pub fn count_before(&self, moment: Timestamp) -> u64 {
        let moment = moment.min(self.end);
        let later = self.segments.partition_point(|segment| segment.start < moment);
        self.segments[..later].last().map_or(0, |segment| segment.index_at(moment))
    }

    /// The first message that is due at `moment` or later, though it be after the end.
    fn index_from(&self, moment: Timestamp) -> u64 {
        let later = self.segments.partition_point(|segment| segment.start <= moment);
        self.segments[..later].last().map_or(0, |segment| segment.index_at(moment))
    }

    fn segment_of(&self, index: u64) -> &Segment {
        let later = self.segments.partition_point(|segment| segment.first <= index);
        &self.segments[later.max(1) - 1]
    }

    /// The first message that a later segment than `index`'s times.
    fn next_change(&self, index: u64) -> u64 {
        let later = self.segments.partition_point(|segment| segment.first <= index);
        self.segments.get(later).map_or(u64::MAX, |segment| segment.first)
    }
}

/// One message of a lane's share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Its number in the run.
    pub index: u64,
    /// Which of the lane's producers it belongs to, counted within the lane.
    pub slot: usize,
    /// When it is due.
    pub due: Timestamp,
}

/// A lane's walk through the schedule: the messages of its producers, in order.
///
/// The step to the next message is kept as quotient and remainder, so nothing is rounded twice and
/// the millionth due time is as exact as the first.
#[derive(Clone, Debug)]
pub struct Walk {
    schedule: Schedule,
    producers: u64,
    /// The lane's producers, ascending, each below `producers`.
    own: Vec<u64>,
    /// For each slot the step to the next slot's message: whole nanoseconds and remainder / rate.
    steps: Vec<(u64, u64)>,
    turn: Turn,
    /// The fraction of a nanosecond that the due time was rounded down by, over `rate`.
    remainder: u64,
    /// The current segment's rate.
    rate: u64,
    /// The first message that the next segment times.
    change: u64,
    /// Messages due at this moment or later do not come yet, or never.
    limit: Timestamp,
}

impl Walk {
    /// The messages of `own` among `producers` logical producers.
    ///
    /// # Panics
    /// When `own` is empty, unsorted, or names a producer that does not exist.
    #[must_use]
    pub fn new(schedule: Schedule, producers: u64, own: &[u64]) -> Self {
        assert!(own.is_sorted_by(|a, b| a < b), "producers ascend, each once");
        let first = *own.first().expect("a lane has at least one producer");
        assert!(own.last().is_some_and(|last| *last < producers), "producers exist");
        let turn = Turn { index: first, slot: 0, due: Timestamp::default() };
        let own = own.to_vec();
        let limit = schedule.end;
        let mut walk = Self {
            schedule,
            producers,
            own,
            steps: Vec::new(),
            turn,
            remainder: 0,
            rate: 1,
            change: 0,
            limit,
        };
        walk.seat();
        walk
    }

    /// The same walk from the first message on that is due at `moment` or later.
    #[must_use]
    pub fn starting_at(mut self, moment: Timestamp) -> Self {
        let first = self.schedule.index_from(moment);
        let (round, within) = (first / self.producers, first % self.producers);
        let slot = self.own.partition_point(|producer| *producer < within);
        let (round, slot) = if slot == self.own.len() { (round + 1, 0) } else { (round, slot) };
        self.turn.index = round.saturating_mul(self.producers).saturating_add(self.own[slot]);
        self.turn.slot = slot;
        self.seat();
        self
    }

    /// The next message, `None` after the schedule's end, or the limit where one is set.
    #[must_use]
    pub fn peek(&self) -> Option<Turn> {
        (self.turn.due < self.limit).then_some(self.turn)
    }

    /// The moment from which on nothing comes.
    #[must_use]
    pub const fn limit(&self) -> Timestamp {
        self.limit
    }

    /// Goes no further than `moment`, excluded, nor than the schedule's end.
    pub fn limit_to(&mut self, moment: Timestamp) {
        self.limit = moment.min(self.schedule.end);
    }

    /// Goes on to the message after the current one.
    pub fn advance(&mut self) {
        let slot = self.turn.slot;
        let (step, step_remainder) = self.steps[slot];
        self.turn.index += self.gap(slot);
        self.turn.slot = if slot + 1 == self.own.len() { 0 } else { slot + 1 };
        if self.change <= self.turn.index {
            self.seat();
            return;
        }
        self.turn.due = self.turn.due + Nanos(step);
        self.remainder += step_remainder;
        if self.rate <= self.remainder {
            self.remainder -= self.rate;
            self.turn.due = self.turn.due + Nanos(1);
        }
    }

    /// Takes over a schedule with segments appended; the current message keeps its number.
    pub fn follow(&mut self, schedule: Schedule) {
        self.schedule = schedule;
        self.seat();
    }

    /// How many messages of this lane from the current one on are due before `moment`.
    #[must_use]
    pub fn left_before(&self, moment: Timestamp) -> u64 {
        let total = self.schedule.count_before(moment);
        self.own_below(total).saturating_sub(self.own_below(self.turn.index))
    }

    /// How many of the run's first `count` messages are this lane's.
    fn own_below(&self, count: u64) -> u64 {
        let below = self.own.partition_point(|producer| *producer < count % self.producers);
        count / self.producers * to_u64(self.own.len()) + to_u64(below)
    }

    /// The distance in messages from `slot`'s to the next slot's.
    fn gap(&self, slot: usize) -> u64 {
        match self.own.get(slot + 1) {
            Some(next) => next - self.own[slot],
            None => self.producers - self.own[slot] + self.own[0],
        }
    }

    /// Computes the current due time and the steps anew, from the exact formula.
    fn seat(&mut self) {
        let segment = *self.schedule.segment_of(self.turn.index);
        let rate = segment.rate.get();
        self.rate = rate;
        self.change = self.schedule.next_change(self.turn.index);
        self.turn.due = segment.due(self.turn.index);
        self.remainder = fraction(self.turn.index - segment.first, rate).1;
        self.steps = (0..self.own.len()).map(|slot| fraction(self.gap(slot), rate)).collect();
    }
}

/// `messages` at `rate` take this many whole nanoseconds, and this remainder over the rate.
fn fraction(messages: u64, rate: u64) -> (u64, u64) {
    let nanos = u128::from(messages) * u128::from(NANOS_PER_SECOND);
    let (whole, rest) = (nanos / u128::from(rate), nanos % u128::from(rate));
    let rest = u64::try_from(rest).expect("a remainder is smaller than the 64-bit rate");
    (u64::try_from(whole).unwrap_or(u64::MAX), rest)
}

fn to_u64(count: usize) -> u64 {
    u64::try_from(count).expect("a count fits in 64 bits")
}
