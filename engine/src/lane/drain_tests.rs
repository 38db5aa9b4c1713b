//! Laws of the closed loop and of the wait for the last ack, in virtual time.

use super::doubles::{Case, Incident, Ran, START, Script};
use super::produce::Walker;
use crate::plan::samples::stream;
use crate::plan::{COUNT_WITHIN, Pace, StreamDemand};
use crate::time::WaitMode;
use crate::units::Nanos;

fn ms(millis: u64) -> Nanos {
    Nanos::from_millis(millis)
}

/// A broker that stops answering 100 ms before the end of the one second.
fn unanswered(incidents: Vec<(u64, Incident)>) -> Case {
    let script = Script { stall_ms: Some((900, 100_000_000)), incidents, ..Script::default() };
    let mut case = Case { script, ..Case::new(stream(1_000)) };
    case.demand.deadlines.acks = Nanos::from_secs(8);
    case.demand.deadlines.interrupt = Nanos::from_secs(2);
    case
}

/// Demands that the lane waited until about so long after the start, and then gave up the rest.
fn check_given_up(ran: &Ran, until_ms: u64) {
    let phase = &ran.tally.streams[0].measured;
    let left = phase.produced.messages - phase.acked.messages;
    assert!((100..=102).contains(&left), "sent since the broker is silent: {left}");
    assert_eq!(ran.log.purges, 1, "given up by us");
    assert_eq!((phase.acked.purged, phase.acked.failed), (left, 0), "given up is not failed");
    assert_eq!((phase.outstanding(), phase.errors()), (left, 0), "outstanding, and no error");
    let waited = ran.ended.since(START + ms(until_ms)).expect("not before the deadline");
    assert!(waited < ms(25), "{waited} longer than allowed");
    let words = ran.struck.as_deref().expect("the deadline that struck is named");
    assert!(words.starts_with(&format!("delivery reports: {left} not in after")), "{words}");
}

#[test]
fn what_is_not_answered_by_the_deadline_is_given_up_and_outstanding() {
    check_given_up(&unanswered(Vec::new()).run(), 9_000);
}

#[test]
fn an_interrupt_shortens_the_drain() {
    check_given_up(&unanswered(vec![(4_000, Incident::Halt)]).run(), 6_000);
}

#[test]
fn an_interrupt_shortly_before_the_deadline_does_not_lengthen_the_drain() {
    check_given_up(&unanswered(vec![(8_500, Incident::Halt)]).run(), 9_000);
}

#[test]
fn a_drain_ends_with_the_last_ack() {
    let script = Script { stall_ms: Some((900, 3_000)), ..Script::default() };
    let ran = Case { script, ..Case::new(stream(1_000)) }.run();
    assert_eq!(ran.tally.streams[0].measured.acked.messages, 1_000, "all answered");
    assert_eq!((ran.struck, ran.log.purges), (None, 0), "nothing given up");
    assert!(ran.ended < START + ms(3_001), "not a moment longer");
}

fn closed(in_flight: Option<u64>, script: Script) -> Case {
    let pace = Pace::Max { in_flight };
    Case { script, ..Case::new(StreamDemand { pace, producers_per_topic: 3, ..stream(1) }) }
}

#[test]
fn a_closed_loop_keeps_its_window_full_and_never_fuller() {
    for (wait, window) in [(WaitMode::Sleep, 1_u64), (WaitMode::Sleep, 20), (WaitMode::Spin, 20)] {
        let mut case = Case { wait, ..closed(Some(window), Script::default()) };
        case.demand.phases.measured = ms(50);
        let ran = case.run();
        let most = u64::try_from(ran.log.most_in_flight);
        assert_eq!(most, Ok(window), "{wait:?}: in flight at most");
        let sent = ran.tally.streams[0].measured.produced.messages;
        assert!(
            (window * 48..=window * 50).contains(&sent),
            "{wait:?} {window}: a round per ms: {sent}"
        );
    }
}

#[test]
fn a_closed_loop_ends_on_time_whatever_the_client_does() {
    let check = |script: Script, in_flight, ends_ms| {
        let ran = closed(in_flight, script.clone()).run();
        let last = ran.log.offers.last().expect("something was offered").at;
        assert!(last < START + ms(1_002), "{script:?}: no offer after the end");
        assert!(ran.ended < START + ms(ends_ms), "{script:?}: ended at {:?}", ran.ended);
        let phase = &ran.tally.streams[0].measured;
        assert_eq!(phase.acked.messages, phase.produced.messages, "{script:?}: all answered");
        assert_eq!(phase.errors(), 0, "{script:?}: what was on offer at the end is no error");
    };
    check(Script { answer_after: ms(5), ..Script::default() }, Some(10), 1_007);
    check(Script { room: 10, ..Script::default() }, None, 1_005);
    check(Script { room: 10, stall_ms: Some((500, 1_500)), ..Script::default() }, None, 1_502);
    check(Script { stall_ms: Some((500, 1_500)), ..Script::default() }, Some(3), 1_502);
    let incidents = vec![(200, Incident::Halt)];
    check(Script { incidents, ..Script::default() }, Some(10), 215);
}

#[test]
fn without_a_schedule_a_message_is_due_when_it_is_sent_and_producers_take_turns() {
    let script = Script { room: 7, ..Script::default() };
    let mut case = closed(None, script);
    case.demand.phases.measured = ms(100);
    let ran = case.run();
    for (sent, producer) in ran.log.accepted().zip([0, 1, 2].into_iter().cycle()) {
        assert_eq!(sent.stamp.due, sent.stamp.sent, "no due time but the offer's");
        assert_eq!(sent.stamp.producer, producer, "one after the other");
    }
    let phase = &ran.tally.streams[0].measured;
    assert_eq!(phase.send_delay.max(), Nanos::ZERO, "no send delay");
    assert_eq!(phase.publish.max(), phase.service.max(), "publish latency is service time");
}

#[test]
fn lanes_share_a_window_to_the_last_message() {
    let check = |window: u64, lanes: u64, expected: &[u64]| {
        let pace = Pace::Max { in_flight: Some(window) };
        let part = |lane| match Walker::new((&pace, None), None, (lane, lanes)) {
            Walker::Closed(bounds) => bounds.in_flight,
            Walker::Paced(_) => 0,
        };
        assert_eq!((0..lanes).map(part).collect::<Vec<_>>(), expected, "{window} over {lanes}");
    };
    check(10, 1, &[10]);
    check(10, 3, &[4, 3, 3]);
    check(2, 3, &[1, 1, 1]);
}

#[test]
fn a_closed_loop_by_count_sends_so_many_and_ends_with_the_last() {
    let check = |script: Script, in_flight: Option<u64>, messages: u64| {
        let mut case = closed(in_flight, script);
        case.demand.messages = Some(messages);
        case.demand.phases.measured = COUNT_WITHIN;
        let ran = case.run();
        let phase = &ran.tally.streams[0].measured;
        let sent = (phase.produced.attempted, phase.produced.messages, phase.acked.messages);
        assert_eq!(sent, (messages, messages, messages), "{in_flight:?}: attempted, sent, acked");
        assert_eq!((phase.produced.unsent, phase.errors(), ran.struck), (0, 0, None), "whole");
        assert!(ran.ended < START + ms(5_000), "long before the year is over: {:?}", ran.ended);
    };
    for messages in [0, 1, 15, 16, 17, 1_000, 4_099] {
        check(Script::default(), Some(1), messages.min(100));
        check(Script::default(), Some(20), messages);
        // A client with room for less than is handed over at once.
        check(Script { room: 7, ..Script::default() }, None, messages);
    }
    // What the client does not answer is waited for: the count is of messages, not of time.
    let stalled = Script { room: 10, stall_ms: Some((2, 1_500)), ..Script::default() };
    check(stalled, None, 100);
}

#[test]
fn a_closed_loop_by_count_still_ends_with_the_phase_and_when_it_is_told_to() {
    let check = |script: Script, least: u64, most: u64| {
        let mut case = closed(Some(10), script);
        case.demand.messages = Some(1_000_000);
        let sent = case.run().tally.streams[0].measured.produced.messages;
        assert!((least..=most).contains(&sent), "{sent}");
    };
    check(Script::default(), 9_000, 10_010);
    check(Script { incidents: vec![(200, Incident::Halt)], ..Script::default() }, 1_500, 2_100);
}

#[test]
fn by_count_a_lane_in_debt_sends_all_that_was_due_however_late() {
    // 1,000 messages in a second to a client that is full for the next minute.
    let script = Script { room: 10, stall_ms: Some((0, 60_000)), ..Script::default() };
    let ran = |messages: Option<u64>| {
        let mut case = Case { script: script.clone(), ..Case::new(stream(1_000)) };
        case.demand.messages = messages;
        case.grace = case.demand.grace();
        let ran = case.run();
        let produced = ran.tally.streams[0].measured.produced;
        (produced.due, produced.messages, produced.unsent)
    };
    assert_eq!(ran(Some(1_000)), (1_000, 1_000, 0), "all of them, a minute late");
    let (due, sent, unsent) = ran(None);
    assert!(due == 1_000 && sent < 20 && 900 < unsent, "by time it gives up: {sent} {unsent}");
}

#[test]
fn a_drain_reads_what_is_there_without_sleeping_over_it() {
    // 100,000 messages a second without an answer for a second: far more than one look takes.
    let script = Script { stall_ms: Some((0, 1_000)), ..Script::default() };
    let ran = Case { script, wait: WaitMode::Sleep, ..Case::new(stream(100_000)) }.run();
    assert_eq!(ran.tally.streams[0].measured.acked.messages, 100_000, "all answered");
    assert!(ran.ended < START + ms(1_020), "not 1,024 of them every 10 ms: {:?}", ran.ended);
}
