//! A lane's way through the schedule: each message of its producers, with its due time.

use super::arrivals::Arrivals;
use super::schedule::Schedule;
use super::tempo::Tempo;
use crate::units::{NANOS_PER_SECOND, Nanos, Timestamp};

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
    /// The first message that the next segment times; 0 where each due time is computed by itself.
    change: u64,
    /// Where the arrivals are, if they come by chance.
    arrivals: Option<Arrivals>,
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
        let arrivals = schedule.arrivals();
        let mut walk = Self {
            schedule,
            producers,
            steps: vec![(0, 0); own.len()],
            own,
            turn,
            remainder: 0,
            rate: 1,
            change: 0,
            arrivals,
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
        self.arrivals = self.schedule.arrivals();
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
    ///
    /// # Panics
    /// When the arrivals are others.
    pub fn follow(&mut self, schedule: Schedule) {
        assert!(self.schedule.arrival == schedule.arrival, "segments are appended, nothing else");
        self.schedule = schedule;
        self.seat();
    }

    /// How many messages of this lane from the current one on are due before `moment`.
    #[must_use]
    pub fn left_before(&self, moment: Timestamp) -> u64 {
        let total = match self.arrivals.clone() {
            None => self.schedule.count_before(moment),
            Some(mut arrivals) => {
                arrivals.pass(self.schedule.grown(moment));
                arrivals.index()
            }
        };
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

    /// Computes the current due time anew from the exact formula, and the steps where there are some.
    fn seat(&mut self) {
        let index = self.turn.index;
        if let Some(arrivals) = &mut self.arrivals {
            arrivals.go_to(index);
            self.turn.due = self.schedule.due_at(arrivals.at());
            return;
        }
        let segment = self.schedule.segment_of(index);
        self.turn.due = segment.due(index);
        let Tempo::Rate(rate) = segment.tempo else {
            self.change = 0;
            return;
        };
        let rate = rate.get();
        self.rate = rate;
        self.change = self.schedule.next_change(index);
        self.remainder = fraction(index - segment.first, rate).1;
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
