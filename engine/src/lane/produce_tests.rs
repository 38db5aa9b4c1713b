//! Laws of sending by the schedule, in virtual time.

use super::doubles::{Case, Incident, Offered, Ran, START, Script};
use crate::link::Offer;
use crate::measure::Latency;
use crate::plan::samples::{rate, stream, topics};
use crate::plan::{Pace, PhaseTimes, Phases, StreamDemand, Varied, Warmup};
use crate::time::{Arrival, Guard, Schedule, Shape, Shaped, Step, Tempo, WaitMode};
use crate::units::{Nanos, Timestamp};
use std::collections::HashMap;
use std::sync::Arc;

fn ms(millis: u64) -> Nanos {
    Nanos::from_millis(millis)
}

/// A case of so many messages per second for so long.
fn case(per_second: u64, millis: u64, script: Script) -> Case {
    let mut case = Case { script, ..Case::new(stream(per_second)) };
    case.demand.phases.measured = ms(millis);
    case
}

/// Demands that the messages taken are the schedule's first so many, each once, in order, each with
/// its own due time and producer.
fn check_walk(ran: &Ran, schedule: &Schedule, producers: u64, count: u64) {
    let taken: Vec<(u64, Timestamp)> =
        ran.log.accepted().map(|sent| (u64::from(sent.stamp.producer), sent.stamp.due)).collect();
    let expected: Vec<_> = (0..count).map(|j| (j % producers, schedule.due(j))).collect();
    assert_eq!(taken.len(), expected.len(), "each once");
    assert_eq!(taken, expected, "in order of due, the due times as the schedule has them");
}

/// How many of `latency`'s spans are longer: its percentile, against so many milliseconds.
fn check_longer(latency: &Latency, messages: u32, longer: u32, expected_ms: u64) {
    let percent = 100.0 * (1.0 - f64::from(longer) / f64::from(messages));
    let got = latency.percentile(percent);
    let off = got.0.abs_diff(ms(expected_ms).0);
    assert!(off <= ms(30).0, "{longer} longer than {expected_ms} ms, got {got}");
}

#[test]
fn a_stall_of_p_seconds_at_rate_r_shows_as_r_p_late_messages() {
    let script = Script { stall_ms: Some((1_000, 2_000)), room: 50, ..Script::default() };
    let ran = case(1_000, 3_000, script).run();
    let phase = &ran.tally.streams[0].measured;
    assert_eq!((phase.produced.messages, phase.acked.messages), (3_000, 3_000), "nothing is lost");
    // Evenly spread: of the 1,000 messages due in the stall, each tenth is 100 ms longer.
    for (longer, expected_ms) in [(950, 50), (900, 100), (500, 500), (100, 900), (50, 950)] {
        check_longer(&phase.publish, 3_000, longer, expected_ms);
    }
    check_longer(&phase.publish, 3_000, 1_030, 1);
    // Only what was in the client when the stall began, and the one on offer, waited for the broker.
    check_longer(&phase.service, 3_000, 25, 975);
    check_longer(&phase.service, 3_000, 60, 1);
    // The rest of the wait is ours, and said so.
    for (longer, expected_ms) in [(900, 50), (450, 500), (50, 900)] {
        check_longer(&phase.send_delay, 3_000, longer, expected_ms);
    }
    assert_eq!(phase.produced.late_by_us, 0, "not our lateness: the client was full");
    assert!(0 < phase.produced.held_back, "some were offered again");
}

#[test]
fn what_is_sent_and_when_does_not_depend_on_how_long_answers_take() {
    for answer_ms in [0, 1, 20, 700] {
        let script = Script { answer_after: ms(answer_ms), ..Script::default() };
        let ran = case(1_000, 2_000, script).run();
        let phase = &ran.tally.streams[0].measured;
        assert_eq!(phase.produced.messages, 2_000, "answers after {answer_ms} ms");
        let late = phase.send_delay.max();
        assert!(late < Nanos(200_000), "answers after {answer_ms} ms: {late} late");
    }
}

#[test]
fn sends_are_as_far_apart_as_their_due_times() {
    let ran = case(1_000, 2_000, Script::default()).run();
    let sent: Vec<Timestamp> = ran.log.accepted().map(|offered| offered.at).collect();
    for pair in sent.windows(2) {
        let apart = pair[1].since(pair[0]).expect("one after the other");
        // A guard's last spin away from a millisecond, never in bursts.
        assert!((800_000..1_200_000).contains(&apart.0), "{apart} apart");
    }
}

#[test]
fn every_due_message_is_sent_once_in_order_of_its_due() {
    let check = |producers: u32, script: Script| {
        let demand =
            StreamDemand { topics: topics(2, 3), producers_per_topic: producers, ..stream(2_000) };
        let ran = Case { script, ..Case::new(demand) }.run();
        let schedule = Schedule::constant(rate(2_000), START, START + ms(1_000));
        check_walk(&ran, &schedule, u64::from(producers) * 2, 2_000);
    };
    check(1, Script::default());
    check(7, Script::default());
    check(3, Script { stall_ms: Some((200, 700)), room: 10, ..Script::default() });
    check(3, Script { offer_takes: ms(1), ..Script::default() });
}

/// A case of a varied pace over 1.2 s after a warm-up of 0.3 s, and its schedule.
fn varied(tempo: Tempo, arrival: Arrival) -> (Case, Schedule) {
    let phases = Phases { warmup: Warmup::Fixed(ms(300)), measured: ms(1_200) };
    let made = Varied::new(tempo, arrival, phases.measured).expect("something is due");
    let pace = Pace::Varied(Arc::new(made));
    let (measured, end) = (START + ms(300), START + ms(1_500));
    let schedule = pace.schedule(PhaseTimes { at: START, measured, end }).expect("it is paced");
    let demand = StreamDemand { topics: topics(3, 2), pace, ..stream(1) };
    let mut case = Case::new(demand);
    case.demand.phases = phases;
    (case, schedule)
}

#[test]
fn a_changing_rate_and_arrivals_by_chance_are_sent_at_exactly_their_due_times() {
    let step = |rate, millis| Step { rate, lasts: ms(millis) };
    let times = (0..400).map(|nth| ms(nth * nth / 150)).collect();
    let shapes = [
        Shape::Steps(vec![step(500, 200), step(3_000, 300), step(100, 1)]),
        Shape::Ramp { from: 0, to: 4_000, over: ms(1_000) },
        Shape::Wave { mean: 1_000, amplitude: 1_000, period: ms(400) },
        Shape::Bursts { on: step(5_000, 50), off: step(0, 150) },
        Shape::Replay { times, every: None },
    ];
    let shaped = |shape| Tempo::Shape(Shaped::new(shape).expect("it is sound"));
    let tempos = shapes.map(shaped).into_iter().chain([Tempo::Rate(rate(2_000))]);
    for tempo in tempos {
        for arrival in [Arrival::Regular, Arrival::Poisson { seed: 5 }] {
            let (case, schedule) = varied(tempo.clone(), arrival);
            let ran = case.run();
            let due = schedule.count_before(schedule.end());
            check_walk(&ran, &schedule, 3, due);
            let warm = schedule.count_before(START + ms(300));
            let streams = &ran.tally.streams[0];
            let counted = (streams.warmup.produced.due, streams.measured.produced.due);
            assert_eq!(counted, (warm, due - warm), "{tempo:?}, {arrival:?}: due by phase");
        }
    }
}

#[test]
fn a_live_rate_ends_a_shape_and_forgives_no_debt() {
    let bursts = Shape::Bursts {
        on: Step { rate: 1_000, lasts: ms(100) },
        off: Step { rate: 0, lasts: ms(400) },
    };
    let shaped = Tempo::Shape(Shaped::new(bursts).expect("it is sound"));
    let (mut case, schedule) = varied(shaped, Arrival::Regular);
    // In the first pause, 1 s before the end.
    case.script.incidents = vec![(500, Incident::Rate(rate(200)))];
    let ran = case.run();
    let kept = schedule.count_before(START + ms(500));
    let sent = u64::try_from(ran.log.accepted().count()).expect("a small count");
    assert!((kept + 199..=kept + 200).contains(&sent), "{sent} after {kept}");
}

#[test]
fn a_lane_in_time_sends_within_microseconds_of_the_due() {
    for (wait, millis) in [(WaitMode::Sleep, 500), (WaitMode::Spin, 5)] {
        let ran = Case { wait, ..case(1_000, millis, Script::default()) }.run();
        let phase = &ran.tally.streams[0].measured;
        assert!(phase.send_delay.max() < Nanos(2_000), "{wait:?}: {}", phase.send_delay.max());
        let took = phase.publish.max().0.abs_diff(ms(1).0);
        assert!(took < 10_000, "{wait:?}: an ack wakes the lane: {}", phase.publish.max());
    }
}

#[test]
fn a_lane_that_is_late_never_skips_and_goes_on_looking_for_acks() {
    let ran = case(1_000, 500, Script { offer_takes: ms(3), ..Script::default() }).run();
    let schedule = Schedule::constant(rate(1_000), START, START + ms(500));
    check_walk(&ran, &schedule, 1, 500);
    let produced = &ran.tally.streams[0].measured.produced;
    assert!(490 < produced.late_by_us, "it is our lateness: {}", produced.late_by_us);
    let longest = longest_without_poll(&ran);
    assert!(longest <= 16, "acks are looked for while in debt: {longest} offers without");
}

fn longest_without_poll(ran: &Ran) -> usize {
    let gaps = ran.log.polls.windows(2).map(|pair| {
        let between = |sent: &&Offered| pair[0].at < sent.at && sent.at < pair[1].at;
        ran.log.offers.iter().filter(between).count()
    });
    gaps.max().expect("there are polls")
}

#[test]
fn in_debt_at_the_end_it_goes_on_for_the_grace_and_names_the_rest() {
    let script = Script { offer_takes: ms(3), ..Script::default() };
    let ran = Case { grace: ms(300), ..case(1_000, 600, script) }.run();
    let produced = &ran.tally.streams[0].measured.produced;
    assert_eq!(produced.due, 600, "all of the phase is due");
    assert!((298..=301).contains(&produced.attempted), "900 ms of offers: {}", produced.attempted);
    assert_eq!(produced.attempted + produced.unsent, produced.due, "offered or unsent");
    let oldest = START + ms(produced.attempted);
    assert_eq!(produced.unsent_due.first(), Some(oldest), "the oldest due of what is unsent");
    assert_eq!(
        ran.tally.streams[0].measured.send_delay.count(),
        produced.messages,
        "sent ones only"
    );
    assert_eq!(ran.struck, None, "the acks came in time");
}

#[test]
fn debt_of_the_warm_up_stays_with_the_warm_up() {
    let script = Script { offer_takes: ms(10), ..Script::default() };
    let mut case = Case { grace: Nanos::ZERO, ..case(1_000, 200, script) };
    case.demand.phases.warmup = Warmup::Fixed(ms(700));
    let streams = case.run().tally.streams;
    let (warmup, measured) = (streams[0].warmup.produced, streams[0].measured.produced);
    assert_eq!((warmup.due, measured.due), (700, 200), "due by phase");
    assert_eq!(warmup.attempted + warmup.unsent, 700, "offered or unsent");
    assert_eq!((measured.attempted, measured.unsent), (0, 200), "never reached");
    assert_eq!(measured.unsent_due.first(), Some(START + ms(700)), "its oldest is its first");
}

#[test]
fn a_halt_in_mid_run_counts_due_only_up_to_the_halt() {
    // Noticed between two batches: an offer takes well below 1 µs, here it is stretched.
    let check = |takes: Nanos, attempted: u64, batch: Nanos| {
        let incidents = vec![(300, Incident::Halt)];
        let ran =
            case(1_000, 5_000, Script { incidents, offer_takes: takes, ..Script::default() }).run();
        let produced = &ran.tally.streams[0].measured.produced;
        let latest = 304 + batch.0 / 1_000_000;
        assert!((299..=latest).contains(&produced.due), "offers of {takes}: {} due", produced.due);
        assert_eq!(produced.attempted + produced.unsent, produced.due, "offered or unsent");
        assert!(
            (attempted - 3..attempted + 3 + latest - 304).contains(&produced.attempted),
            "{} attempted",
            produced.attempted
        );
        assert!(ran.ended < START + ms(310) + batch, "offers of {takes}: it ends at once");
    };
    check(Nanos::ZERO, 300, Nanos::ZERO);
    check(ms(3), 100, ms(3 * 16));
}

#[test]
fn a_halt_ends_a_wait_for_a_full_client() {
    let incidents = vec![(300, Incident::Halt)];
    let script = Script { incidents, room: 5, stall_ms: Some((100, 400)), ..Script::default() };
    let ran = case(1_000, 5_000, script).run();
    let produced = &ran.tally.streams[0].measured.produced;
    assert_eq!(produced.attempted + produced.unsent, produced.due, "offered or unsent");
    assert_eq!(produced.attempted, produced.messages + 1, "the one on offer was never taken");
    assert_eq!(ran.tally.streams[0].measured.errors(), 0, "and is no error");
    assert!(ran.ended < START + ms(410), "it ends when the last ack is in");
}

#[test]
fn a_full_client_is_offered_the_same_message_again() {
    let ran = case(1_000, 200, Script { room: 1, answer_after: ms(5), ..Script::default() }).run();
    for pair in ran.log.offers.windows(2) {
        let again = (pair[0].stamp, &pair[0].body) == (pair[1].stamp, &pair[1].body);
        assert_eq!(again, pair[0].answer == Offer::Full, "again if full, never else");
    }
    let full = ran.log.offers.iter().filter(|offered| offered.answer == Offer::Full).count();
    let produced = &ran.tally.streams[0].measured.produced;
    assert_eq!(u64::try_from(full), Ok(produced.queue_full), "each refusal is counted");
    assert!(
        190 < produced.held_back && produced.held_back < produced.queue_full,
        "and each message"
    );
}

#[test]
fn a_message_that_is_offered_until_the_end_of_the_grace_is_given_up_as_an_error() {
    let script = Script { room: 0, ..Script::default() };
    let ran = Case { grace: ms(100), ..case(100, 200, script) }.run();
    let phase = &ran.tally.streams[0].measured;
    let produced = &phase.produced;
    assert_eq!((produced.due, produced.attempted, produced.unsent), (20, 1, 19), "one was offered");
    let errors: Vec<_> = phase.produce_errors.iter().collect();
    assert_eq!(errors, [(-184, 1)], "the client's queue was full");
    assert!(ran.ended < START + ms(302), "not a moment longer");
}

#[test]
fn a_refused_message_uses_no_sequence_number() {
    let demand = StreamDemand { topics: topics(2, 3), producers_per_topic: 2, ..stream(1_000) };
    let script = Script { refuse_every: Some(7), ..Script::default() };
    let ran = Case { script, ..Case::new(demand) }.run();
    let mut next: HashMap<(u32, i32), u64> = HashMap::new();
    for sent in ran.log.accepted() {
        let expected = next.entry((sent.stamp.producer, sent.partition)).or_default();
        assert_eq!(sent.stamp.sequence, *expected, "contiguous per producer and partition");
        *expected += 1;
    }
    assert_eq!(next.len(), 4 * 3, "four producers on three partitions each");
    let phase = &ran.tally.streams[0].measured;
    assert_eq!(phase.produce_errors.iter().collect::<Vec<_>>(), [(10, 142)], "counted by code");
    assert_eq!(
        (phase.produced.attempted, phase.produced.messages),
        (1_000, 858),
        "the others went"
    );
}

#[test]
fn no_more_than_32_acks_are_taken_between_two_looks_at_the_clock_while_a_due_time_is_near() {
    let script = Script { stall_ms: Some((0, 300)), ..Script::default() };
    let ran = case(10_000, 600, script).run();
    let end = START + ms(600);
    let polls = || ran.log.polls.iter().filter(|polled| polled.at < end);
    let most = polls().map(|polled| polled.taken).max();
    assert_eq!(most, Some(32), "of the 3,000 that came at once");
    assert!(polls().all(|polled| polled.limit == 32), "never asked for more");
    let worst = ran.tally.streams[0].measured.send_delay.max();
    let shared = Guard::TICK + Nanos(5_000);
    assert!(worst < shared, "so no wake-up that these dues share was missed: {worst}");
}

#[test]
fn warm_up_and_measured_phase_are_told_apart_by_due_time_on_every_side() {
    let script = Script { answer_after: ms(350), ..Script::default() };
    let mut case = case(1_000, 1_000, script);
    case.demand.phases.warmup = Warmup::Fixed(ms(700));
    let ran = case.run();
    let stream = &ran.tally.streams[0];
    for (phase, expected) in [(&stream.warmup, 700), (&stream.measured, 1_000)] {
        let produced = &phase.produced;
        let sent = [produced.due, produced.attempted, produced.messages, phase.send_delay.count()];
        assert_eq!(sent, [expected; 4], "sent");
        let acked = [phase.acked.messages, phase.publish.count(), phase.service.count()];
        assert_eq!(acked, [expected; 3], "answered, though 350 ms later");
    }
}

#[test]
fn a_live_change_of_rate_is_followed_while_waiting() {
    let check = |from: u64, to: u64, expected: usize| {
        let incidents = vec![(300, Incident::Rate(rate(to)))];
        let ran = case(from, 1_000, Script { incidents, ..Script::default() }).run();
        let sent: Vec<Timestamp> = ran.log.accepted().map(|sent| sent.stamp.due).collect();
        let off = sent.len().abs_diff(expected);
        assert!(off <= 1 + expected / 50, "from {from} to {to}: {} sent", sent.len());
        let late = ran.tally.streams[0].measured.send_delay.max();
        assert!(late < ms(11), "from {from} to {to}: the new rate waits for no old due: {late}");
    };
    check(1, 1_000, 701);
    check(1_000, 1, 301);
    check(2, 3, 3);
}

#[test]
fn a_lane_that_is_not_asked_for_hiccups_tells_none() {
    for wait in [WaitMode::Spin, WaitMode::Sleep] {
        let told = |hiccups: bool| {
            let mut case = Case { wait, ..case(1_000, 100, Script::default()) };
            case.demand.hiccups = hiccups;
            case.run().tally.hiccup.count()
        };
        assert!(0 < told(true), "{wait:?}: it sees some");
        assert_eq!(told(false), 0, "{wait:?}: and says nothing");
    }
}

#[test]
fn what_a_sending_lane_saw_last_is_told_at_its_end() {
    // The first, in the warm-up, makes 49.3 ms the end of a slot, so that one of them goes on after the
    // lane's end at 51.2 ms.
    let incidents =
        vec![(49, Incident::Pass(Nanos(300_000))), (51, Incident::Pass(Nanos(100_000)))];
    let script = Script { incidents, ..Script::default() };
    let mut case = Case { wait: WaitMode::Spin, ..case(10, 1, script) };
    case.demand.phases = Phases { warmup: Warmup::Fixed(ms(50)), measured: Nanos(1_200_000) };
    let hiccup = case.run().tally.hiccup;
    assert_eq!(hiccup.max().0 / 1_000, 100, "in its last slot");
}

#[test]
fn a_run_that_is_told_to_end_earlier_sends_all_that_is_due_before_and_nothing_after() {
    let end = |at: u64| (at, Incident::End(ms(at + 500)));
    let told = [vec![end(1_000)], vec![end(1_000), end(1_200)], vec![end(2_000)]];
    for incidents in told {
        let paced = Script { incidents: incidents.clone(), ..Script::default() };
        let ran = case(1_000, 3_000, paced).run();
        let produced = &ran.tally.streams[0].measured.produced;
        let last = if incidents[0].0 == 1_000 { 1_500 } else { 2_500 };
        let counts = (produced.due, produced.messages, produced.unsent);
        assert_eq!(counts, (last, last, 0), "{incidents:?}");
        assert!(ran.ended <= START + ms(last + 2), "it waits for the last answer and no longer");
    }
    // One in debt goes on after the end, and gives up what it cannot send.
    let full = Script {
        incidents: vec![end(1_000)],
        stall_ms: Some((900, 60_000)),
        room: 10,
        ..Script::default()
    };
    let ran = Case { grace: ms(200), ..case(1_000, 3_000, full) }.run();
    let produced = &ran.tally.streams[0].measured.produced;
    assert_eq!(produced.due, 1_500, "no more than was due before the end");
    let last = ran.log.offers.last().expect("it sent").at;
    assert!(0 < produced.unsent && last < START + ms(1_702), "given up after the grace: {last:?}");
}
