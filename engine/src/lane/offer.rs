//! Hands what was aimed to the client: all at once, then one by one what found it full.

use super::course::Course;
use super::load::{BATCH, Load};
use super::port::{ACKS_AT_ONCE, ACKS_PER_LOOK, Port, Served};
use super::signal::Signal;
use super::transact;
use crate::link::{Failure, Message, Offer, Outlet};
use crate::time::{Clock, WaitMode};
use crate::units::Nanos;

/// A lane in debt looks for acks at least once in so many offers.
const POLL_EVERY: usize = BATCH;

/// Longest sleep while the client is full; an ack ends it early, and so does nothing where the
/// target itself holds back (the embedded broker's retention).
const FULL_PATIENCE: Nanos = Nanos::from_millis(1);

/// How long a lane tries.
pub(super) struct Effort<'lane> {
    pub(super) signal: &'lane Signal,
    pub(super) wait: WaitMode,
    /// Says when it gives up.
    pub(super) course: &'lane mut Course,
    /// What giving up is called; `None` where it is no failure.
    pub(super) verdict: Option<Failure>,
}

/// Offers the load's shots, each until the client takes or refuses it, the lane gives up, or the run
/// halts. The stamps stay as they are: the wait is on the messages' bill.
pub(super) fn offer<C: Clock, O: Outlet>(
    clock: &C,
    port: &mut Port<'_, O>,
    load: &mut Load,
    effort: &mut Effort<'_>,
) {
    if let Some(first) = load.shots().first() {
        transact::open(port, first.stamp.sent);
    }
    for shot in load.shots() {
        port.recorder.attempted(port.stream, &shot.stamp, port.full_since);
    }
    let mut answers = std::mem::take(&mut port.answers);
    answers.clear();
    match load.shots() {
        [only] => answers.push(load.fire(only, |message| port.outlets[only.client].offer(message))),
        [first, ..] => port.outlets[first.client].offer_all(load.messages(), &mut answers),
        [] => {}
    }
    // Only the first that found the client full was tried; those after it begin anew.
    let mut tried = 1;
    for (shot, answer) in load.shots().iter().zip(&mut answers) {
        let mut refusals = 0;
        if *answer == Offer::Full {
            refusals = std::mem::take(&mut tried);
            *answer = load.fire(shot, |message| {
                insist(clock, port, effort, (shot.client, message), &mut refusals)
            });
        }
        let stream = port.stream;
        let failure = match *answer {
            Offer::Accepted => {
                port.recorder.accepted(stream, &shot.stamp, shot.bytes, refusals);
                continue;
            }
            Offer::Refused(failure) => Some(failure),
            Offer::Full => None,
        };
        port.recorder.refused(stream, &shot.stamp, failure, refusals);
    }
    port.offers += answers.len();
    if POLL_EVERY <= port.offers
        && let Some(last) = load.shots().last()
    {
        port.serve(clock, ACKS_PER_LOOK, last.stamp.sent);
    }
    load.clear(|index| answers[index] == Offer::Accepted);
    port.answers = answers;
    if port.transactor.is_some() {
        let taken = port.answers.iter().filter(|answer| **answer == Offer::Accepted).count();
        transact::took(clock, port, u64::try_from(taken).expect("a batch is small"));
    }
}

/// Offers a message for which the client had no room, `refusals` times so far, until something
/// decides; `Full` where the effort ends without a verdict.
fn insist<C: Clock, O: Outlet>(
    clock: &C,
    port: &mut Port<'_, O>,
    effort: &mut Effort<'_>,
    (client, message): (usize, &Message<'_>),
    refusals: &mut u64,
) -> Offer {
    loop {
        if 0 < *refusals {
            let now = clock.now();
            port.full_since = now;
            let served = port.serve(clock, ACKS_AT_ONCE, now);
            if effort.signal.is_halted() {
                return Offer::Full;
            }
            // Nobody else listens for it while this message waits.
            effort.course.end_at(effort.signal.end());
            if effort.course.is_over(now) {
                return effort.verdict.map_or(Offer::Full, Offer::Refused);
            }
            // An ack made room.
            if effort.wait == WaitMode::Sleep && served == Served::Nothing {
                clock.park(FULL_PATIENCE.min(now.until(effort.course.give_up())));
            }
        }
        match port.outlets[client].offer(message) {
            Offer::Full => *refusals += 1,
            answer => return answer,
        }
    }
}
