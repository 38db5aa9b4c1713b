//! Laws of a measured phase whose beginning is decided while lanes send, in virtual time.

use super::doubles::{Case, Incident, Ran, START, Script};
use crate::measure::PhaseTally;
use crate::plan::samples::stream;
use crate::plan::{Pace, StreamDemand, Warmup};
use crate::time::WaitMode;
use crate::units::{Nanos, Timestamp};

fn ms(millis: u64) -> Nanos {
    Nanos::from_millis(millis)
}

fn auto(seconds: u64) -> Warmup {
    Warmup::Auto { bound: Nanos::from_secs(seconds) }
}

/// A run of so many messages per second, measured for so long after a warm-up of at most four seconds.
fn case(per_second: u64, millis: u64, script: Script) -> Case {
    let mut case = Case { script, ..Case::new(stream(per_second)) };
    (case.demand.phases.warmup, case.demand.phases.measured) = (auto(4), ms(millis));
    case
}

fn phases(ran: &Ran) -> [(&PhaseTally, bool); 2] {
    let stream = &ran.tally.streams[0];
    [(&stream.warmup, false), (&stream.measured, true)]
}

/// Demands that everything was counted in the phase in which it was due, at its send and its ack, and
/// that nothing was sent that was due at the end or later.
fn check_phases(ran: &Ran, length: Nanos, what: &str) {
    let end = ran.measured + length;
    assert!(ran.log.offers.iter().all(|sent| sent.stamp.due < end), "{what}: never due");
    for (phase, is_measured) in phases(ran) {
        let of_phase = |due: Timestamp| (ran.measured <= due) == is_measured;
        let taken = ran.log.accepted().filter(|sent| of_phase(sent.stamp.due)).count();
        let taken = u64::try_from(taken).expect("a test's messages");
        let counted = [phase.produced.messages, phase.acked.messages, phase.send_delay.count()];
        assert_eq!(counted, [taken; 3], "{what}: measured {is_measured}");
    }
}

/// Demands the counts that a border so many milliseconds after the start gives.
fn check(rate: u64, length_ms: u64, script: &Script, border_ms: u64) {
    // To spin through a virtual second takes half a real one: short runs only.
    let modes = [WaitMode::Sleep, WaitMode::Spin];
    for wait in if border_ms + length_ms <= 3_000 { &modes[..] } else { &modes[..1] } {
        let ran = Case { wait: *wait, ..case(rate, length_ms, script.clone()) }.run();
        let what = format!("{rate}/s for {length_ms} ms, {wait:?}, {script:?}");
        assert_eq!(ran.measured, START + ms(border_ms), "{what}: the border");
        check_phases(&ran, ms(length_ms), &what);
        for ((phase, _), millis) in phases(&ran).into_iter().zip([border_ms, length_ms]) {
            let due = rate * millis / 1_000;
            let counted = [phase.produced.due, phase.produced.attempted, phase.acked.messages];
            assert_eq!(counted, [due; 3], "{what}: due, offered, acked");
        }
        assert_eq!(ran.struck, None, "{what}");
    }
}

#[test]
fn a_border_decided_in_mid_run_parts_the_messages_by_their_due_times() {
    let steady = |at: u64| Script { incidents: vec![(at, Incident::Steady)], ..Script::default() };
    for rate in [1, 10, 3_000] {
        check(rate, 1_000, &steady(1_020), 2_000);
    }
    for length in [1, 300, 2_500] {
        check(1_000, length, &steady(2_999), 3_000);
    }
    // Answers that come when the other phase, or the drain, has long begun.
    check(1_000, 400, &Script { answer_after: ms(1_350), ..steady(1_020) }, 2_000);
}

#[test]
fn a_lane_that_stands_still_across_the_border_sends_each_message_in_its_phase() {
    // From 1.5 s on, for so long; the run is found steady so much later; the border that gives.
    let check = |still_ms: u64, steady_after_ms: u64, length_ms: u64, border_ms: u64| {
        let still = Incident::StandStill(ms(still_ms), ms(steady_after_ms));
        let script = Script { incidents: vec![(1_500, still)], ..Script::default() };
        check(1_000, length_ms, &script, border_ms);
    };
    check(2_000, 100, 1_000, 2_000);
    check(2_000, 600, 1_000, 3_000);
    // It wakes when the measured phase is over, and still owes both what they are due.
    check(4_000, 600, 300, 3_000);
    check(5_000, 100, 1, 2_000);
}

#[test]
fn a_full_queue_across_the_border_moves_no_message_into_the_other_phase() {
    for (steady, border) in [(1_520, 2_000), (2_700, 3_000)] {
        let incidents = vec![(steady, Incident::Steady)];
        let stall_ms = Some((1_600, 3_200));
        check(1_000, 2_000, &Script { incidents, stall_ms, room: 20, ..Script::default() }, border);
    }
}

#[test]
fn without_a_decision_the_measured_phase_begins_at_the_bound() {
    check(1_000, 700, &Script::default(), 4_000);
}

#[test]
fn a_lane_in_debt_gives_up_by_the_grace_after_the_end_that_was_decided() {
    // Each offer takes 10 ms, a tenth of what is due is sent: 2 s and 1 s are due, 100 a second sent.
    let script = Script {
        offer_takes: ms(10),
        incidents: vec![(1_020, Incident::Steady)],
        ..Script::default()
    };
    let case = Case { grace: ms(500), ..case(1_000, 1_000, script) };
    let ran = case.run();
    assert_eq!(ran.measured, START + ms(2_000), "the border");
    let [warmup, measured] = phases(&ran).map(|(phase, _)| phase.produced);
    assert_eq!((warmup.due, measured.due), (2_000, 1_000), "due by phase");
    assert_eq!(warmup.attempted + warmup.unsent, 2_000, "offered or unsent");
    assert_eq!((measured.attempted, measured.unsent), (0, 1_000), "never reached");
    assert_eq!(measured.unsent_due.first(), Some(ran.measured), "its oldest is its first");
    let end = START + ms(3_500);
    assert!(end <= ran.ended && ran.ended < end + ms(200), "not the bound's end: {:?}", ran.ended);
}

#[test]
fn a_client_that_stays_full_is_given_up_by_the_end_that_was_decided() {
    let incidents = vec![(1_020, Incident::Steady)];
    let stall_ms = Some((500, 30_000));
    let script = Script { incidents, stall_ms, room: 20, ..Script::default() };
    let mut case = Case { grace: ms(500), ..case(1_000, 1_000, script) };
    case.demand.deadlines.acks = ms(100);
    let ran = case.run();
    let [warmup, measured] = phases(&ran).map(|(phase, _)| phase.produced);
    assert_eq!((warmup.due, measured.due), (2_000, 1_000), "due by phase");
    let last = ran.log.offers.last().expect("it offered").at;
    assert!(last < START + ms(3_510), "it did not insist beyond the grace: {last:?}");
}

#[test]
fn a_halt_before_the_border_is_decided_leaves_everything_to_the_warm_up() {
    let check = |takes: Nanos, sent: u64| {
        let incidents = vec![(2_500, Incident::Halt)];
        let ran = case(1_000, 1_000, Script { incidents, offer_takes: takes, ..Script::default() });
        let ran = ran.run();
        let [warmup, measured] = phases(&ran).map(|(phase, _)| phase.produced);
        assert_eq!((measured.due, measured.messages), (0, 0), "nothing was measured");
        assert_eq!(warmup.attempted + warmup.unsent, warmup.due, "the rest is told");
        assert!(warmup.due.abs_diff(2_500) <= 170, "due up to the halt: {}", warmup.due);
        assert!(warmup.attempted.abs_diff(sent) <= 20, "sent: {}", warmup.attempted);
    };
    check(Nanos::ZERO, 2_500);
    // In debt by more than two seconds: those are due all the same.
    check(ms(10), 250);
}

#[test]
fn a_closed_loop_is_cut_at_the_border_and_ends_with_its_phase() {
    let still = Incident::StandStill(ms(1_800), ms(100));
    let scripts = [
        (Some(7), Script { incidents: vec![(1_020, Incident::Steady)], ..Script::default() }),
        (Some(7), Script { incidents: vec![(1_500, still)], ..Script::default() }),
        (None, Script { incidents: vec![(1_020, Incident::Steady)], room: 9, ..Script::default() }),
    ];
    for (in_flight, script) in scripts {
        let what = format!("{in_flight:?}, {script:?}");
        let stream = StreamDemand { pace: Pace::Max { in_flight }, ..stream(1) };
        let mut case = Case { script, ..Case::new(stream) };
        (case.demand.phases.warmup, case.demand.phases.measured) = (auto(4), ms(1_500));
        let ran = case.run();
        assert_eq!(ran.measured, START + ms(2_000), "{what}: the border");
        check_phases(&ran, ms(1_500), &what);
        let last = ran.log.offers.last().expect("it offered").at;
        assert!(last < START + ms(3_502), "{what}: no offer after the end: {last:?}");
        let [(warmup, _), (measured, _)] = phases(&ran);
        assert!(0 < warmup.acked.messages && 0 < measured.acked.messages, "{what}: both");
    }
}
