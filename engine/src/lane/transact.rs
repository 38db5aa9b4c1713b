//! A lane's transactions, one after the other: begun before a message, ended when nothing is in flight.

use super::port::{ACKS_AT_ONCE, Port};
use super::produce::{Patience, drain};
use crate::link::{Denied, End, Failure, FailureKind, Outlet, Then};
use crate::measure::{Fate, TransactionEnd};
use crate::plan::Transactions;
use crate::time::Clock;
use crate::units::{Nanos, Timestamp};

/// How long the end of a transaction may take, however often it is asked for.
const END_WITHIN: Nanos = Nanos::from_secs(60);

/// How long one call may block: an interrupt is heard and a second's figures are handed over in between.
const CALL_WITHIN: Nanos = Nanos::from_millis(200);

/// From a refusal that passes to the same call again.
const PAUSE: Nanos = Nanos::from_millis(10);

/// Messages that were given up are still in the client, so that nothing can be ended.
const STUCK: Failure = Failure { kind: FailureKind::Timeout, code: -185 };

/// Who begins and ends a lane's transactions.
pub(super) struct Transactor<'lane> {
    asked: Transactions,
    producer: u64,
    patience: Patience<'lane>,
    /// Its number of the transaction that is open, or of the next one.
    number: u64,
    state: State,
    /// The first deadline that struck.
    struck: Option<String>,
}

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Between two transactions.
    Between,
    /// One is begun, which took so long, and has no message yet. Brokers know nothing of it, so that it
    /// may stay so for any time, and need not be ended.
    Begun {
        /// How long that took.
        took: Nanos,
    },
    /// One is open.
    Open {
        /// When it must end.
        until: Timestamp,
        /// Messages that it still takes.
        left: u64,
    },
    /// The client makes no more: it refuses every message from now on.
    Broken,
}

/// What the calls to end a transaction came to.
struct Called {
    how: End,
    is_answered: bool,
    failure: Option<Failure>,
}

impl<'lane> Transactor<'lane> {
    /// For the one producer of a lane.
    pub(super) const fn new(asked: Transactions, producer: u64, patience: Patience<'lane>) -> Self {
        Self { asked, producer, patience, number: 0, state: State::Between, struck: None }
    }

    /// Messages that fit in the transaction that is open, or in the next one; at least one.
    pub(super) const fn room(&self) -> u64 {
        match self.state {
            State::Open { left, .. } => left,
            State::Between | State::Begun { .. } | State::Broken => self.asked.messages(),
        }
    }

    /// When the open one must end.
    pub(super) const fn until(&self) -> Option<Timestamp> {
        match self.state {
            State::Open { until, .. } => Some(until),
            State::Between | State::Begun { .. } | State::Broken => None,
        }
    }

    /// The deadline that struck, told once.
    pub(super) fn take_struck(&mut self) -> Option<String> {
        self.struck.take()
    }

    /// Whether the open one is full, or its time is over.
    fn is_over(&self, now: Timestamp) -> bool {
        match self.state {
            State::Open { until, left } => left == 0 || until <= now,
            State::Between | State::Begun { .. } | State::Broken => false,
        }
    }

    fn end<C: Clock, O: Outlet>(&mut self, clock: &C, port: &mut Port<'_, O>) {
        let decided = clock.now();
        let is_aborted = self.asked.is_aborted(self.producer, self.number);
        let planned = if is_aborted { End::Abort } else { End::Commit };
        (self.number, self.state) = (self.number + 1, State::Between);
        let struck = drain(clock, &self.patience, port);
        // What was given up cannot be committed any more.
        let wanted = if struck.is_some() { End::Abort } else { planned };
        self.struck = self.struck.take().or(struck);
        // A delivery event is let go when it is found empty, and the client counts its messages as being
        // on their way until then (librdkafka 2.12.1, `rd_kafka_curr_msgs_wait_zero` in its `flush`).
        port.serve(clock, ACKS_AT_ONCE, clock.now());
        let drained = clock.now();
        let Called { how, is_answered, failure } = if 0 < port.in_flight() {
            self.state = State::Broken;
            Called { how: wanted, is_answered: false, failure: Some(STUCK) }
        } else {
            self.call(clock, port, wanted)
        };
        let now = clock.now();
        let fate = match (is_answered, how, planned) {
            (false, ..) => Fate::Undecided,
            (true, End::Commit, _) => Fate::Committed,
            (true, End::Abort, End::Abort) => Fate::Aborted,
            (true, End::Abort, End::Commit) => Fate::Forced,
        };
        let (drain, took) = (decided.until(drained), drained.until(now));
        let end = TransactionEnd { fate, how, drain, took, failure };
        port.recorder.transaction_ended(now, port.stream, &end);
        if failure.is_some() {
            let words = port.outlets.first().and_then(|outlet| outlet.last_words());
            port.board.note_trouble(words.unwrap_or("a transaction was refused"));
        }
        // Whoever fell due meanwhile had to wait for the brokers, not for us.
        port.full_since = now;
        port.gaps.interrupt();
    }

    /// Asks for the end until the client answers, says that there is none, or the deadline strikes.
    fn call<C: Clock, O: Outlet>(
        &mut self,
        clock: &C,
        port: &mut Port<'_, O>,
        mut how: End,
    ) -> Called {
        let begun = clock.now();
        let (mut allowed, mut failure) = (END_WITHIN, None);
        loop {
            let Err(Denied { failure: said, then }) = port.outlets[0].end(how, CALL_WITHIN) else {
                return Called { how, is_answered: true, failure };
            };
            let now = clock.now();
            port.serve(clock, ACKS_AT_ONCE, now);
            if self.patience.signal.is_halted() {
                let so_far = now.since(begun).unwrap_or_default();
                allowed = allowed.min(so_far + self.patience.deadlines.interrupt);
            }
            match (then, how) {
                (Then::Abort, End::Commit) => (how, failure) = (End::Abort, Some(said)),
                (Then::Repeat, _) if now < begun + allowed => clock.park(PAUSE),
                _ => {
                    self.state = State::Broken;
                    return Called { how, is_answered: false, failure: Some(said) };
                }
            }
        }
    }
}

/// Begins a transaction where none is: before its first message is due or stamped, so that no message's
/// service has the time that this takes. A client that refuses to refuses the messages too, each of which
/// is counted.
pub(super) fn begin<C: Clock, O: Outlet>(clock: &C, port: &mut Port<'_, O>) {
    let Some(transactor) = port.transactor.as_mut() else { return };
    if transactor.state != State::Between {
        return;
    }
    let before = clock.now();
    match port.outlets[0].begin() {
        Ok(()) => {
            let now = clock.now();
            transactor.state = State::Begun { took: before.until(now) };
            // Whoever fell due meanwhile had to wait for the client, not for us.
            port.full_since = now;
        }
        Err(Denied { failure, then }) => {
            if then == Then::Nothing {
                transactor.state = State::Broken;
            }
            port.recorder.transaction_refused(port.stream, failure);
            let words = port.outlets[0].last_words();
            port.board.note_trouble(words.unwrap_or("a transaction was refused"));
        }
    }
}

/// The first message of the transaction that is begun is offered now, if none was before.
pub(super) fn open<O: Outlet>(port: &mut Port<'_, O>, now: Timestamp) {
    let Some(transactor) = port.transactor.as_mut() else { return };
    if let State::Begun { took } = transactor.state {
        let until = now + transactor.asked.span();
        transactor.state = State::Open { until, left: transactor.asked.messages() };
        port.recorder.transaction_begun(port.stream, took);
    }
}

/// The client took so many messages of the open transaction; ends it where that was the last.
pub(super) fn took<C: Clock, O: Outlet>(clock: &C, port: &mut Port<'_, O>, taken: u64) {
    if let Some(transactor) = port.transactor.as_mut()
        && let State::Open { left, .. } = &mut transactor.state
    {
        *left = left.saturating_sub(taken);
        end_if_over(clock, port, clock.now());
    }
}

/// Ends the open transaction where it is full or its time is over; says whether it did.
pub(super) fn end_if_over<C: Clock, O: Outlet>(
    clock: &C,
    port: &mut Port<'_, O>,
    now: Timestamp,
) -> bool {
    let is_over = port.transactor.as_ref().is_some_and(|transactor| transactor.is_over(now));
    if is_over {
        end(clock, port);
    }
    is_over
}

/// Ends the transaction that is open, if one is.
pub(super) fn end<C: Clock, O: Outlet>(clock: &C, port: &mut Port<'_, O>) {
    let Some(mut transactor) = port.transactor.take() else { return };
    if matches!(transactor.state, State::Open { .. }) {
        transactor.end(clock, port);
    }
    port.transactor = Some(transactor);
}
