//! Laws of consumers that the run holds, in virtual time.

use super::consume_doubles::{Case, Event, Ran, START, case};
use super::signal::Stage;
use crate::units::{Nanos, Timestamp};

fn at(millis: u64) -> Timestamp {
    START + Nanos::from_millis(millis)
}

/// A consumer that lets a commanding word wait for at most one look.
const LOOK: Nanos = Nanos::from_millis(11);

/// One that holds two partitions, whose messages come three times; it is held from 100 to 500 ms.
fn held() -> Case {
    let events = [
        (10, Event::Hold(&[0, 1])),
        (50, Event::Messages(10)),
        (100, Event::Held),
        (150, Event::Messages(1_000)),
        (300, Event::Hold(&[0, 1, 2])),
        (400, Event::Messages(5)),
        (500, Event::LetRead),
        (600, Event::Messages(7)),
    ];
    case(&events, 1_000)
}

fn read(ran: &Ran) -> u64 {
    ran.phase.received()
}

#[test]
fn a_held_member_is_paused_reads_nothing_and_is_polled_all_the_same() {
    let ran = held().run();
    let log = &ran.logs[0];
    assert_eq!(read(&ran), 1_022, "all of it in the end");
    let meanwhile = log.read.iter().filter(|moment| (at(100) + LOOK..at(500)).contains(*moment));
    assert_eq!(meanwhile.count(), 0, "nothing while it is held");
    let polls = log.polls.windows(2).map(|pair| pair[0].until(pair[1])).max();
    assert!(polls.is_some_and(|longest| longest < LOOK), "never left alone: {polls:?}");
    assert_eq!(ran.board.slot(0).members[0].assignment.len(), 3, "it stays in its group");
}

#[test]
fn partitions_that_are_assigned_meanwhile_are_held_too() {
    let ran = held().run();
    let paused: Vec<&[i32]> = ran.logs[0].paused.iter().map(|(_, held)| held.as_slice()).collect();
    let expected: [&[i32]; 3] = [&[0, 1], &[0, 1, 2], &[]];
    assert_eq!(paused, expected, "held, held anew, let go");
    for ((moment, _), due) in ran.logs[0].paused.iter().zip([100, 300, 500]) {
        let late = moment.since(at(due)).expect("not before it was said");
        assert!(late < LOOK, "{due} ms: {late} later");
    }
}

#[test]
fn reading_goes_on_at_once_when_it_is_let() {
    let ran = held().run();
    let first = ran.logs[0].read.iter().find(|moment| at(300) < **moment);
    let late = first.and_then(|first| first.since(at(500))).expect("not while it is held");
    assert!(late < LOOK, "{late} later");
}

#[test]
fn several_members_are_held_alike_and_one_that_cannot_be_is_counted() {
    let mut two = held();
    let mut second = two.members[0].clone();
    second.insert(1, (20, Event::Trouble { fatal: false }));
    // The run's words are the first one's.
    second.retain(|(_, event)| !matches!(event, Event::Held | Event::LetRead | Event::Stage(_)));
    two.members.push(second);
    let ran = two.run();
    assert_eq!(read(&ran), 2 * 1_022, "both read all of it");
    assert_eq!(ran.logs[1].paused.len(), 3, "both are told");
    // The trouble itself, and three words that were not obeyed.
    assert_eq!(ran.phase.consume_errors.total(), 4, "counted, not hidden");
}

#[test]
fn one_that_is_never_held_is_never_told_to_pause() {
    let ran = case(&[(10, Event::Hold(&[0])), (50, Event::Messages(10))], 200).run();
    assert_eq!((read(&ran), ran.logs[0].paused.len()), (10, 0), "left alone");
    let held = case(&[(10, Event::Held), (20, Event::Stage(Stage::Draining))], 200).run();
    assert_eq!(held.logs[0].paused.len(), 1, "who holds also lets go");
}
