//! The producing loop: waits for each due time, sends, takes acks, and drains.

use super::course::Course;
use super::load::Load;
use super::offer::{Effort, offer};
use super::port::{ACKS_AT_ONCE, ACKS_PER_LOOK, Port, Served};
use super::signal::{Signal, Timeline};
use super::transact::{self, Transactor};
use crate::link::{Failure, FailureKind, Outlet};
use crate::plan::{Deadlines, Pace, part_of_lane};
use crate::time::{Clock, Guard, Look, Turn, WaitMode, Waiter, Walk, wait_until};
use crate::units::{Nanos, Timestamp};

/// Longest sleep while only acks can make progress; an ack ends it early.
const PATIENCE: Nanos = Nanos::from_millis(10);

/// How long purged messages may take to be given back.
const PURGE_DEADLINE: Nanos = Nanos::from_secs(5);

/// A message that was offered until the lane gave up: the client's queue stayed full.
const GAVE_UP: Failure = Failure { kind: FailureKind::Client, code: -184 };

/// What a lane reads from the run.
pub(super) struct Orders<'lane> {
    pub(super) signal: &'lane Signal,
    pub(super) timeline: Timeline,
    pub(super) deadlines: Deadlines,
    pub(super) wait: WaitMode,
}

impl<'lane> Orders<'lane> {
    /// How it waits for answers.
    pub(super) const fn patience(&self) -> Patience<'lane> {
        Patience { signal: self.signal, deadlines: self.deadlines, wait: self.wait }
    }
}

/// How a lane waits for the answers that are to come.
#[derive(Clone, Copy)]
pub(super) struct Patience<'lane> {
    pub(super) signal: &'lane Signal,
    pub(super) deadlines: Deadlines,
    pub(super) wait: WaitMode,
}

/// The lane's walk through its stream.
pub(super) enum Walker {
    /// By due times.
    Paced(Box<Walk>),
    /// As fast as the client takes it.
    Closed(Bounds),
}

/// What bounds a lane's closed loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    /// Unanswered messages at most.
    pub(super) in_flight: u64,
    /// Messages in all.
    pub(super) messages: u64,
}

impl Walker {
    /// By the stream's schedule, or the closed loop with this lane's part of the window and of the count.
    pub(super) fn new(
        (pace, messages): (&Pace, Option<u64>),
        walk: Option<Walk>,
        place: (u64, u64),
    ) -> Self {
        match (pace, walk) {
            (Pace::At(_) | Pace::Varied(_), Some(walk)) => Self::Paced(Box::new(walk)),
            (Pace::Max { in_flight }, _) => {
                let part = |whole: u64| part_of_lane(whole, place);
                Self::Closed(Bounds {
                    in_flight: in_flight.map_or(u64::MAX, |window| part(window).max(1)),
                    messages: messages.map_or(u64::MAX, part),
                })
            }
            (Pace::At(_) | Pace::Varied(_), None) => {
                unreachable!("the start line comes after the schedule")
            }
        }
    }
}

/// Sends the lane's share until the schedule's end, then waits for the last ack. Returns the
/// deadline that struck, if one did.
pub(super) fn produce<C: Clock, O: Outlet>(
    clock: &C,
    orders: &Orders<'_>,
    port: &mut Port<'_, O>,
    load: &mut Load,
    walker: Walker,
) -> Option<String> {
    match walker {
        Walker::Paced(walk) => {
            port.gaps = port.recorder.gaps(orders.wait);
            send_by_schedule(clock, orders, port, load, *walk);
            port.gaps.end().into_iter().for_each(|gap| port.recorder.hiccup(gap));
        }
        Walker::Closed(bounds) => send_closed(clock, orders, port, load, bounds),
    }
    transact::end(clock, port);
    // Where that deadline has struck already, waiting once more brings nothing.
    let struck = port.transactor.as_mut().and_then(Transactor::take_struck);
    struck.or_else(|| drain(clock, &orders.patience(), port))
}

fn send_by_schedule<C: Clock, O: Outlet>(
    clock: &C,
    orders: &Orders<'_>,
    port: &mut Port<'_, O>,
    load: &mut Load,
    mut walk: Walk,
) {
    let signal = orders.signal;
    let mut course = Course::paced(&orders.timeline);
    let mut guard = (orders.wait == WaitMode::Sleep).then(Guard::new);
    // What was said since the walk was made is heard too, and by who joins in later where the run ends.
    let mut version = heed(signal, port.stream, &mut course, &mut walk);
    loop {
        let next = walk.peek();
        if next.is_some() {
            transact::begin(clock, port);
        }
        // With nothing left to send the lane waits for the end: a new rate may bring more before it,
        // and an open border another second.
        let moment = next.map_or(walk.limit(), |turn| turn.due);
        // A transaction ends in time, whatever is due then.
        let over = port.transactor.as_ref().and_then(Transactor::until);
        let moment = over.map_or(moment, |over| moment.min(over));
        // What the lane did since it waited last is no gap of its core's.
        port.gaps.interrupt();
        let due = next.map(|turn| turn.due.min(moment));
        let serving = Serving { clock, port: &mut *port, signal, version, due };
        let woken = wait_until(clock, moment, guard.as_mut(), serving);
        // A gap that goes on beyond the due time is seen only now.
        if let Some((now, gap)) = woken.and_then(|now| Some((now, port.gaps.look(now)?))) {
            port.recorder.hiccup_at(now, gap);
        }
        if signal.version() != version {
            version = heed(signal, port.stream, &mut course, &mut walk);
            continue;
        }
        let Some(now) = woken.filter(|now| !course.is_over(*now) && !signal.is_halted()) else {
            return leave_unsent(port, walk, &mut course, (clock.now(), signal.is_halted()));
        };
        if transact::end_if_over(clock, port, now) {
            continue;
        }
        let Some(turn) = next else {
            if course.horizon() <= walk.limit() {
                return;
            }
            walk.limit_to(course.horizon());
            continue;
        };
        aim_what_is_due(clock, port, load, &mut walk, (turn, now));
        let verdict = Some(GAVE_UP);
        let mut effort = Effort { signal, wait: orders.wait, course: &mut course, verdict };
        offer(clock, port, load, &mut effort);
    }
}

/// Goes by what the run says now of the schedule and its end; returns the version of that.
fn heed(signal: &Signal, stream: usize, course: &mut Course, walk: &mut Walk) -> u64 {
    let version = signal.version();
    course.end_at(signal.end());
    walk.follow(signal.schedule(stream).expect("a paced stream keeps its schedule"));
    walk.limit_to(course.horizon());
    version
}

/// A lane that waits for a due time, and takes acks meanwhile.
struct Serving<'wait, 'lane, C, O> {
    clock: &'wait C,
    port: &'wait mut Port<'lane, O>,
    signal: &'wait Signal,
    /// The schedules that the lane walks by.
    version: u64,
    /// What it waits for, until it has looked once.
    due: Option<Timestamp>,
}

impl<C: Clock, O: Outlet> Waiter for Serving<'_, '_, C, O> {
    fn look(&mut self, now: Timestamp) -> Look {
        if let Some(due) = self.due.take() {
            self.port.recorder.waits(self.port.stream, due, now);
        }
        if let Some(gap) = self.port.gaps.look(now)
            && self.port.recorder.hiccup_at(now, gap)
        {
            self.port.gaps.interrupt();
        }
        let served = self.port.serve(self.clock, ACKS_PER_LOOK, now);
        if self.signal.is_halted() || self.signal.version() != self.version {
            return Look::Stop;
        }
        if served != Served::Nothing {
            self.port.gaps.interrupt();
        }
        if served == Served::More { Look::Again } else { Look::Done }
    }

    fn overslept(&mut self, late: Nanos) {
        self.port.recorder.hiccup(late);
    }
}

/// Aims the turn that has come, and those after it whose time has come too.
fn aim_what_is_due<C: Clock, O: Outlet>(
    clock: &C,
    port: &mut Port<'_, O>,
    load: &mut Load,
    walk: &mut Walk,
    (mut turn, mut now): (Turn, Timestamp),
) {
    let room = room(port);
    loop {
        walk.advance();
        port.recorder.due(now, port.stream, turn.due);
        load.aim(turn, now);
        let has_room = load.shots().len() < room;
        match walk.peek() {
            Some(next) if has_room && next.due <= now && load.joins(next.slot) => turn = next,
            _ => return,
        }
        // Each has its own reading: what the ones before it took is in its send delay.
        now = clock.now();
    }
}

/// Messages that fit in the lane's transaction; any number where it sends in none.
fn room<O>(port: &Port<'_, O>) -> usize {
    let room = port.transactor.as_ref().map_or(u64::MAX, Transactor::room);
    usize::try_from(room).unwrap_or(usize::MAX)
}

/// Counts what the walk has left before the end, warm-up and measured phase apart; where the run was
/// halted, what has become due by `now`.
fn leave_unsent<O>(
    port: &mut Port<'_, O>,
    mut walk: Walk,
    course: &mut Course,
    (now, halted): (Timestamp, bool),
) {
    course.is_over(now);
    let (measured, end) = (course.measured(), course.end());
    let until = if halted { now.min(end) } else { end };
    walk.limit_to(end);
    let Some(turn) = walk.peek() else { return };
    let all = walk.left_before(until);
    let warmup = walk.left_before(measured.min(until));
    port.recorder.unsent(port.stream, warmup, turn.due, measured.min(until));
    port.recorder.unsent(port.stream, all - warmup, turn.due.max(measured), until);
}

fn send_closed<C: Clock, O: Outlet>(
    clock: &C,
    orders: &Orders<'_>,
    port: &mut Port<'_, O>,
    load: &mut Load,
    Bounds { in_flight, messages: mut left }: Bounds,
) {
    let mut course = Course::closed(&orders.timeline);
    let (mut round, mut slot) = (0, 0);
    loop {
        if 0 < left {
            transact::begin(clock, port);
        }
        let now = clock.now();
        course.end_at(orders.signal.end());
        if left == 0 || course.is_over(now) || orders.signal.is_halted() {
            return;
        }
        if transact::end_if_over(clock, port, now) {
            continue;
        }
        if in_flight <= port.in_flight() {
            let served = port.serve(clock, ACKS_AT_ONCE, now);
            let is_full = in_flight <= port.in_flight() && served != Served::More;
            if is_full && orders.wait == WaitMode::Sleep {
                clock.park(PATIENCE.min(now.until(course.end())));
            }
            continue;
        }
        let fits = u64::try_from(room(port)).expect("a transaction's room fits in 64 bits");
        let mut room = left.min(in_flight - port.in_flight()).min(fits);
        let mut aimed = now;
        loop {
            load.aim(load.turn((round, slot), aimed), aimed);
            (round, slot) =
                if slot + 1 == load.slots() { (round + 1, 0) } else { (round, slot + 1) };
            (room, left) = (room - 1, left - 1);
            if room == 0 || !load.joins(slot) {
                break;
            }
            aimed = clock.now();
            if course.end() <= aimed {
                break;
            }
        }
        let (signal, wait) = (orders.signal, orders.wait);
        offer(clock, port, load, &mut Effort { signal, wait, course: &mut course, verdict: None });
    }
}

/// Waits for the last ack, by a deadline; what is left then is given up and called outstanding.
pub(super) fn drain<C: Clock, O: Outlet>(
    clock: &C,
    patience: &Patience<'_>,
    port: &mut Port<'_, O>,
) -> Option<String> {
    let begun = clock.now();
    let mut allowed = patience.deadlines.acks;
    loop {
        let now = clock.now();
        let served = port.serve(clock, ACKS_AT_ONCE, now);
        let left = port.in_flight();
        if left == 0 {
            return None;
        }
        if patience.signal.is_halted() {
            allowed =
                allowed.min(now.since(begun).unwrap_or_default() + patience.deadlines.interrupt);
        }
        if begun + allowed <= now {
            give_back(clock, port);
            return Some(format!("delivery reports: {left} not in after {allowed}"));
        }
        if patience.wait == WaitMode::Sleep && served != Served::More {
            clock.park(PATIENCE);
        }
    }
}

fn give_back<C: Clock, O: Outlet>(clock: &C, port: &mut Port<'_, O>) {
    port.outlets.iter_mut().for_each(Outlet::purge);
    let until = clock.now() + PURGE_DEADLINE;
    while 0 < port.in_flight() {
        let now = clock.now();
        if until <= now {
            return;
        }
        if port.serve(clock, ACKS_AT_ONCE, now) != Served::More {
            clock.park(PATIENCE);
        }
    }
}
