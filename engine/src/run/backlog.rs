//! A backlog as the run thread sees it: consumers are held, let go, waited for, and not for ever.

use super::prepare::Event;
use super::running::{TURN, Watch};
use super::warming::ahead;
use crate::measure::{BacklogEnd, BacklogSeen, Given, Leg, Tally, Unread};
use crate::plan::{Backlog, Demand, Pace};
use crate::time::Clock;
use crate::units::{Bytes, NANOS_PER_SECOND, Nanos, Rate, Timestamp};
use std::collections::VecDeque;

/// A backlog that comes no nearer for a tenth of its bound is not waited for any longer; for not less
/// than a group takes to deal its partitions anew, and not more than a minute.
const WINDOW: (Nanos, Nanos) = (Nanos::from_secs(10), Nanos::from_secs(60));

/// What becomes unread in a tenth of a second is always on its way to consumers, or counted into a
/// neighbouring second by one of several lanes: with so much left a backlog is drained whatever was asked.
const ON_THE_WAY: u64 = 10;

/// How a backlog comes on.
#[derive(Clone, Copy, Debug)]
pub enum BacklogStep {
    /// Consumers are held until so much is unread.
    Held(Unread),
    /// So much was unread after so long: consumers read again.
    Stands(Unread, Nanos),
    /// It is drained, after so long.
    Drained(Unread, Nanos),
    /// It did not stand, or was not drained, within so long: the run ends.
    GivenUp(Unread, Nanos),
}

/// Where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Waiting,
    Building,
    Draining,
    After,
    GivenUp,
}

/// Builds a backlog and sees it drained, by what the seconds bring.
#[derive(Debug)]
pub(super) struct Damming {
    asked: Backlog,
    step: Step,
    /// When this step began.
    since: Timestamp,
    /// When the measured phase did.
    measured: Timestamp,
    /// What became unread so far, and was received; both phases.
    owed: Unread,
    received: Unread,
    /// The newest second, and what became unread in it.
    newest: Option<(i64, u64)>,
    /// What was unread at the ends of this step's seconds, as far back as its window.
    past: VecDeque<u64>,
    /// The second from which on nothing is any leg's.
    until: Option<u32>,
    seen: BacklogSeen,
}

impl Damming {
    pub(super) fn new(asked: Backlog) -> Self {
        Self {
            asked,
            step: Step::Waiting,
            since: Timestamp::default(),
            measured: Timestamp::default(),
            owed: Unread::default(),
            received: Unread::default(),
            newest: None,
            past: VecDeque::new(),
            until: None,
            seen: BacklogSeen::default(),
        }
    }

    /// Takes in a complete second, by its number from the start of the measured phase.
    pub(super) fn add(&mut self, number: i64, tally: &Tally, demand: &Demand) {
        let mut leg = Leg::default();
        let mut owed_bytes = Bytes(0);
        for (stream, of) in demand.streams.iter().zip(&tally.streams) {
            let readers = u64::from(stream.readers());
            let first = leg.by_subscription.len();
            leg.by_subscription.resize(first + of.measured.consumed.len(), 0);
            for phase in [&of.warmup, &of.measured] {
                leg.owed += phase.acked.messages * readers;
                owed_bytes += Bytes(phase.acked.bytes * readers);
                for (sum, read) in leg.by_subscription[first..].iter_mut().zip(&phase.consumed) {
                    *sum += read.messages;
                    leg.received += read.messages;
                    leg.received_bytes += Bytes(read.bytes);
                }
            }
            leg.sent += of.measured.produced.messages;
            leg.acked += of.measured.acked.messages;
            leg.publish.merge(&of.measured.publish);
        }
        self.owed.messages += leg.owed;
        self.owed.bytes += owed_bytes;
        self.received.messages += leg.received;
        self.received.bytes += leg.received_bytes;
        if self.newest.is_none_or(|(newest, _)| newest < number) {
            self.newest = Some((number, leg.owed));
            if matches!(self.step, Step::Building | Step::Draining) {
                self.past.push_back(self.unread().messages);
            }
        }
        let Ok(second) = u32::try_from(number) else { return };
        if let Some(mine) = self.leg(second) {
            mine.join(second, &leg);
        }
    }

    /// What is unread as of the newest second.
    fn unread(&self) -> Unread {
        let (owed, received) = (self.owed, self.received);
        Unread {
            messages: owed.messages.saturating_sub(received.messages),
            bytes: Bytes(owed.bytes.0.saturating_sub(received.bytes.0)),
        }
    }

    /// The leg that a second belongs to.
    fn leg(&mut self, second: u32) -> Option<&mut Leg> {
        if self.until.is_some_and(|until| until <= second) {
            return None;
        }
        let BacklogSeen { building, draining, after, .. } = &mut self.seen;
        let begun = |leg: &&mut Leg| leg.first.is_some_and(|first| first <= second);
        [after, draining, building].into_iter().find(begun)
    }

    /// Looks whether it is time for the next step, and takes it. `measured` is when the measured phase
    /// begins, as far as is known.
    pub(super) fn look(&mut self, now: Timestamp, measured: Timestamp) -> Option<BacklogStep> {
        let (unread, asked) = (self.unread(), self.asked);
        let length = self.since.until(now);
        match self.step {
            Step::Waiting if measured <= now => {
                self.measured = measured;
                self.seen.building.first = Some(self.enter(Step::Building, now));
                Some(BacklogStep::Held(Unread { messages: asked.messages, bytes: asked.bytes }))
            }
            Step::Building if asked.messages <= unread.messages => {
                self.seen.building.length = length;
                self.seen.stood = unread;
                self.seen.draining.first = Some(self.enter(Step::Draining, now));
                Some(BacklogStep::Stands(unread, length))
            }
            Step::Building => {
                let given =
                    self.given(asked.build_within, length, |past| unread.messages <= past)?;
                self.seen.end = BacklogEnd::NotBuilt(given);
                self.seen.building.length = length;
                Some(self.give_up(length))
            }
            Step::Draining => match self.drained() {
                Some(second) => Some(self.drained_by(second)),
                None => {
                    let stalled = |past| past <= unread.messages;
                    let given = self.given(asked.drain_within, length, stalled)?;
                    self.seen.end = BacklogEnd::NotDrained(given);
                    self.seen.draining.length = length;
                    Some(self.give_up(length))
                }
            },
            Step::Waiting | Step::After | Step::GivenUp => None,
        }
    }

    /// Goes on to a step; the second with which it begins, the one whose border is nearest.
    fn enter(&mut self, step: Step, now: Timestamp) -> u32 {
        (self.step, self.since) = (step, now);
        self.past.clear();
        let half = NANOS_PER_SECOND / 2;
        let seconds = self.measured.until(now).0.saturating_add(half) / NANOS_PER_SECOND;
        u32::try_from(seconds).unwrap_or(u32::MAX)
    }

    /// The newest second, if at its end the backlog was drained.
    fn drained(&self) -> Option<u32> {
        let (newest, owed) = self.newest?;
        let second = u32::try_from(newest).ok()?;
        let is_new = self.seen.draining.first.is_some_and(|first| first <= second);
        let allowed = self.asked.left.max(owed / ON_THE_WAY);
        (is_new && self.unread().messages <= allowed).then_some(second)
    }

    /// It was drained at the end of a second.
    fn drained_by(&mut self, second: u32) -> BacklogStep {
        let end = self.measured + Nanos::from_secs(u64::from(second) + 1);
        let length = self.since.until(end);
        self.seen.draining.length = length;
        self.seen.left = self.unread();
        self.seen.end = BacklogEnd::Drained;
        self.seen.after.first = Some(self.enter(Step::After, end));
        BacklogStep::Drained(self.seen.left, length)
    }

    /// Why nobody waits any longer, if so: `stalled` says whether it is no nearer than it was.
    fn given(
        &mut self,
        bound: Nanos,
        length: Nanos,
        stalled: impl Fn(u64) -> bool,
    ) -> Option<Given> {
        if bound <= length {
            return Some(Given::Bound);
        }
        let window = Nanos(bound.0 / 10).max(WINDOW.0).min(WINDOW.1);
        let seconds = usize::try_from(window.0 / NANOS_PER_SECOND).expect("a minute at most");
        // One more than the window: what was unread before its first second.
        self.past.drain(..self.past.len().saturating_sub(seconds + 1));
        let is_long = self.past.len() == seconds + 1;
        let before = self.past.front().copied().filter(|_| is_long)?;
        stalled(before).then_some(Given::NoNearer(window))
    }

    fn give_up(&mut self, length: Nanos) -> BacklogStep {
        self.step = Step::GivenUp;
        self.seen.left = self.unread();
        let newest = self.newest.map_or(-1, |(number, _)| number);
        self.until = Some(u32::try_from(newest + 1).unwrap_or(0));
        BacklogStep::GivenUp(self.seen.left, length)
    }

    /// Nothing is due from this moment on: what comes later belongs to no leg.
    pub(super) fn ends_at(&mut self, moment: Timestamp) {
        let seconds = self.measured.until(moment).0.div_ceil(NANOS_PER_SECOND);
        self.until.get_or_insert(u32::try_from(seconds).unwrap_or(u32::MAX));
    }

    /// What was seen, when the measured phase is over.
    pub(super) fn into_seen(mut self, ended: Timestamp) -> BacklogSeen {
        let (length, unread) = (self.since.until(ended), self.unread());
        match self.step {
            Step::Waiting | Step::GivenUp => {}
            Step::Building => (self.seen.building.length, self.seen.left) = (length, unread),
            Step::Draining => (self.seen.draining.length, self.seen.left) = (length, unread),
            Step::After => self.seen.after.length = length,
        }
        self.seen
    }

    /// Whether it was waited for in vain, so that what is left will not be read soon.
    fn was_given_up(&self) -> bool {
        self.step == Step::GivenUp
    }
}

impl Watch<'_> {
    /// Holds consumers, lets them go, and ends the run when all is seen.
    pub(super) fn tend_backlog(&mut self) {
        let Some(damming) = &mut self.backlog else { return };
        let signal = &self.ready.signal;
        if self.halted_at.is_some() || self.stopped.is_some() {
            // Whatever comes now, consumers read to the end.
            if signal.is_held() {
                signal.let_read();
            }
            return;
        }
        let (now, measured) = (self.ready.clock.now(), self.warming.measured());
        let Some(step) = damming.look(now, measured) else { return };
        let heard = now + ahead(self.ready.crew.notice()) + TURN;
        let demand = &self.ready.plan.demand;
        let slower = demand.drain_rates();
        match step {
            BacklogStep::Held(_) => signal.hold(),
            BacklogStep::Stands(..) => {
                signal.let_read();
                for (stream, rate) in slower.into_iter().enumerate() {
                    rate.map(|rate| signal.change_rate(stream, heard, rate));
                }
            }
            BacklogStep::Drained(..) => {
                for (stream, rate) in before(demand, &slower) {
                    signal.change_rate(stream, heard, rate);
                }
                let after = demand.backlog.map_or(Nanos::ZERO, |backlog| backlog.after);
                let end = whole_second(measured, heard + after);
                damming.ends_at(end);
                signal.end_at(end);
            }
            BacklogStep::GivenUp(..) => {
                signal.let_read();
                signal.end_at(whole_second(measured, heard));
            }
        }
        self.hooks.event(&Event::Backlog(step));
    }
}

impl Watch<'_> {
    /// Why consumers are not waited for any longer: what is left of a backlog that was given up may take
    /// them for ever, though they go on reading.
    pub(super) fn undrained(&self, waited: Nanos, left: u64) -> Option<String> {
        let is_given_up = self.backlog.as_ref().is_some_and(Damming::was_given_up);
        let quiet = self.ready.plan.demand.deadlines.quiet;
        (is_given_up && quiet <= waited).then(|| {
            format!("consumers: {left} messages of a backlog that was given up not read in {quiet}")
        })
    }
}

/// The rates that streams had before they were changed.
fn before<'run>(
    demand: &'run Demand,
    changed: &'run [Option<Rate>],
) -> impl Iterator<Item = (usize, Rate)> + 'run {
    let streams = demand.streams.iter().zip(changed).enumerate();
    streams.filter_map(|(index, (stream, meanwhile))| match stream.pace {
        Pace::At(rate) => meanwhile.map(|_| (index, rate)),
        Pace::Varied(_) | Pace::Max { .. } => None,
    })
}

/// The first border of seconds, counted from `origin`, at a moment or after it.
fn whole_second(origin: Timestamp, moment: Timestamp) -> Timestamp {
    origin + Nanos::from_secs(origin.until(moment).0.div_ceil(NANOS_PER_SECOND))
}
