//! The producing loop: waits for each due time, sends, takes acks, and drains.

use super::board::Board;
use super::load::{Load, Shot};
use super::signal::{Signal, Timeline};
use crate::link::{Ack, Failure, FailureKind, Offer, Outlet, OutletSink};
use crate::measure::Recorder;
use crate::plan::{Deadlines, Pace};
use crate::time::{Clock, Guard, WaitMode, Walk, wait_until};
use crate::units::{Nanos, Timestamp};

/// Acks taken between two looks at the clock while a due time may be near: about 10 µs of them.
const ACKS_PER_LOOK: usize = 32;

/// Acks taken at a time when nothing is due.
const ACKS_AT_ONCE: usize = 1024;

/// A lane in debt looks for acks at least once in so many offers.
const POLL_EVERY: u32 = 16;

/// Longest sleep while only acks can make progress; an ack ends it early.
const PATIENCE: Nanos = Nanos::from_millis(10);

/// Longest sleep while the client is full; an ack ends it early, and so does nothing where the
/// target itself holds back (the embedded broker's retention).
const FULL_PATIENCE: Nanos = Nanos::from_millis(1);

/// How long purged messages may take to be given back.
const PURGE_DEADLINE: Nanos = Nanos::from_secs(5);

/// A message that was offered until the lane gave up: the client's queue stayed full.
const GAVE_UP: Failure = Failure { kind: FailureKind::Client, code: -184 };

/// A lane's clients and its pen.
pub(super) struct Port<'lane, O> {
    pub(super) outlets: Vec<O>,
    pub(super) recorder: Recorder,
    pub(super) stream: usize,
    pub(super) board: &'lane Board,
    full_since: Timestamp,
    offers: u32,
}

/// What a lane reads from the run.
#[derive(Clone, Copy)]
pub(super) struct Orders<'lane> {
    pub(super) signal: &'lane Signal,
    pub(super) timeline: Timeline,
    pub(super) deadlines: Deadlines,
    pub(super) wait: WaitMode,
}

struct Sink<'port> {
    recorder: &'port mut Recorder,
    stream: usize,
    troubled: bool,
}

impl OutletSink for Sink<'_> {
    fn acks(&mut self, now: Timestamp, acks: &[Ack]) {
        self.recorder.acks(now, self.stream, acks);
    }

    /// Not counted: every message that fails comes back as an ack of its own.
    fn trouble(&mut self, _failure: Failure, _fatal: bool) {
        self.troubled = true;
    }
}

impl<'lane, O: Outlet> Port<'lane, O> {
    pub(super) fn new(
        outlets: Vec<O>,
        recorder: Recorder,
        stream: usize,
        board: &'lane Board,
    ) -> Self {
        Self { outlets, recorder, stream, board, full_since: Timestamp::default(), offers: 0 }
    }

    /// Takes what the clients have, about `limit` acks each.
    pub(super) fn serve(&mut self, clock: &impl Clock, limit: usize, now: Timestamp) {
        for outlet in &mut self.outlets {
            let mut sink =
                Sink { recorder: &mut self.recorder, stream: self.stream, troubled: false };
            outlet.poll(clock, limit, &mut sink);
            if sink.troubled {
                self.board.note_trouble(outlet.last_words().unwrap_or_default());
            }
        }
        self.recorder.tick(now);
        self.offers = 0;
    }

    fn in_flight(&self) -> u64 {
        self.outlets.iter().map(Outlet::in_flight).sum()
    }
}

/// The lane's walk through its stream.
pub(super) enum Walker {
    /// By due times.
    Paced(Walk),
    /// As fast as the client takes it.
    Closed {
        /// Unanswered messages at most.
        in_flight: u64,
    },
}

impl Walker {
    /// By the stream's schedule, or the closed loop with this lane's part of the window.
    pub(super) fn new(pace: Pace, walk: Option<Walk>, (lane, lanes): (u64, u64)) -> Self {
        match (pace, walk) {
            (Pace::At(_), Some(walk)) => Self::Paced(walk),
            (Pace::Max { in_flight }, _) => {
                let part = |window: u64| (window / lanes + u64::from(lane < window % lanes)).max(1);
                Self::Closed { in_flight: in_flight.map_or(u64::MAX, part) }
            }
            (Pace::At(_), None) => unreachable!("the start line comes after the schedule"),
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
        Walker::Paced(walk) => send_by_schedule(clock, orders, port, load, walk),
        Walker::Closed { in_flight } => send_closed(clock, orders, port, load, in_flight),
    }
    drain(clock, orders, port)
}

fn send_by_schedule<C: Clock, O: Outlet>(
    clock: &C,
    orders: &Orders<'_>,
    port: &mut Port<'_, O>,
    load: &mut Load,
    mut walk: Walk,
) {
    let signal = orders.signal;
    let give_up = orders.timeline.end + orders.timeline.grace;
    let mut guard = (orders.wait == WaitMode::Sleep).then(Guard::new);
    let mut version = signal.version();
    loop {
        let next = walk.peek();
        // With nothing left to send the lane waits for the end: a new rate may bring more before it.
        let moment = next.map_or(orders.timeline.end, |turn| turn.due);
        let woken = wait_until(clock, moment, guard.as_mut(), |now| {
            port.serve(clock, ACKS_PER_LOOK, now);
            !signal.is_halted() && signal.version() == version
        });
        if signal.version() != version {
            version = signal.version();
            walk.follow(signal.schedule(port.stream).expect("a paced stream keeps its schedule"));
            continue;
        }
        let Some(turn) = next else { return };
        let Some(now) = woken.filter(|now| *now < give_up && !signal.is_halted()) else {
            let until = if signal.is_halted() {
                clock.now().min(orders.timeline.end)
            } else {
                orders.timeline.end
            };
            return leave_unsent(port, &walk, orders.timeline.measured, until);
        };
        walk.advance();
        port.recorder.due(now, port.stream, turn.due);
        let shot = load.aim(turn.slot, turn.due, now);
        send(clock, (signal, orders.wait), port, load, (&shot, give_up, Some(GAVE_UP)));
    }
}

/// Counts what the walk has left before `until`, warm-up and measured phase apart.
fn leave_unsent<O>(port: &mut Port<'_, O>, walk: &Walk, measured: Timestamp, until: Timestamp) {
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
    in_flight: u64,
) {
    let end = orders.timeline.end;
    let mut slot = 0;
    loop {
        let now = clock.now();
        if end <= now || orders.signal.is_halted() {
            return;
        }
        if in_flight <= port.in_flight() {
            port.serve(clock, ACKS_AT_ONCE, now);
            if in_flight <= port.in_flight() && orders.wait == WaitMode::Sleep {
                clock.park(PATIENCE.min(now.until(end)));
            }
            continue;
        }
        let shot = load.aim(slot, now, now);
        slot = if slot + 1 == load.slots() { 0 } else { slot + 1 };
        send(clock, (orders.signal, orders.wait), port, load, (&shot, end, None));
    }
}

/// Offers one message until the client takes or refuses it, the lane gives up, or the run halts.
/// The stamp stays as it is: the wait is on the message's bill.
fn send<C: Clock, O: Outlet>(
    clock: &C,
    (signal, wait): (&Signal, WaitMode),
    port: &mut Port<'_, O>,
    load: &mut Load,
    (shot, give_up, gave_up): (&Shot, Timestamp, Option<Failure>),
) {
    let stream = port.stream;
    port.recorder.attempted(stream, &shot.stamp, port.full_since);
    let mut refusals = 0;
    let taken = load.fire(shot, |message| {
        loop {
            match port.outlets[shot.client].offer(message) {
                Offer::Accepted => {
                    return Ok(u64::try_from(message.body.len()).expect("a body fits in 64 bits"));
                }
                Offer::Refused(failure) => return Err(Some(failure)),
                Offer::Full => {}
            }
            refusals += 1;
            let now = clock.now();
            port.full_since = now;
            port.serve(clock, ACKS_AT_ONCE, now);
            if signal.is_halted() {
                return Err(None);
            }
            if give_up <= now {
                return Err(gave_up);
            }
            if wait == WaitMode::Sleep {
                clock.park(FULL_PATIENCE.min(now.until(give_up)));
            }
        }
    });
    match taken {
        Ok(bytes) => {
            port.recorder.accepted(stream, &shot.stamp, bytes, refusals);
            load.taken(shot, bytes);
        }
        Err(failure) => port.recorder.refused(stream, &shot.stamp, failure, refusals),
    }
    port.offers += 1;
    if POLL_EVERY <= port.offers {
        port.serve(clock, ACKS_PER_LOOK, shot.stamp.sent);
    }
}

/// Waits for the last ack, by a deadline; what is left then is given up and called outstanding.
fn drain<C: Clock, O: Outlet>(
    clock: &C,
    orders: &Orders<'_>,
    port: &mut Port<'_, O>,
) -> Option<String> {
    let begun = clock.now();
    let mut allowed = orders.deadlines.acks;
    loop {
        let now = clock.now();
        port.serve(clock, ACKS_AT_ONCE, now);
        let left = port.in_flight();
        if left == 0 {
            return None;
        }
        if orders.signal.is_halted() {
            allowed =
                allowed.min(now.since(begun).unwrap_or_default() + orders.deadlines.interrupt);
        }
        if begun + allowed <= now {
            give_back(clock, port);
            return Some(format!("delivery reports: {left} not in after {allowed}"));
        }
        if orders.wait == WaitMode::Sleep {
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
        port.serve(clock, ACKS_AT_ONCE, now);
        clock.park(PATIENCE);
    }
}
