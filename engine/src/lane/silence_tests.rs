//! Laws of acks that stop, in virtual time: when they stopped, where, and what was held up by it.

use super::doubles::{Case, Incident, Ran, START, Script};
use crate::measure::{PhaseTally, Silence, Silences};
use crate::plan::samples::{rate, stream};
use crate::plan::{Pace, Phases, Warmup};
use crate::units::{Nanos, Timestamp};

fn ms(millis: u64) -> Nanos {
    Nanos::from_millis(millis)
}

/// Ten seconds of so many messages per second over four partitions.
fn run(per_second: u64, script: Script) -> Ran {
    let mut case = Case { script, ..Case::new(stream(per_second)) };
    case.demand.phases.measured = ms(10_000);
    case.run()
}

fn silences(ran: &Ran) -> &Silences {
    &ran.tally.streams[0].silences
}

/// Begin and end in milliseconds of the run, rounded.
fn edges(silence: &Silence) -> (u64, u64) {
    let millis = |at: Timestamp| (START.until(at).0 + 500_000) / 1_000_000;
    (millis(silence.from), millis(silence.to()))
}

/// Demands that it began within these milliseconds and ended at this one.
fn check_edges(silence: &Silence, (earliest, latest): (u64, u64), end: u64) {
    let (from, to) = edges(silence);
    assert!(earliest <= from && from <= latest && to == end, "{from} to {to}");
}

fn measured(ran: &Ran) -> &PhaseTally {
    &ran.tally.streams[0].measured
}

fn held_up(ran: &Ran) -> u64 {
    measured(ran).publish_in_outage.as_ref().map_or(0, crate::measure::Latency::count)
}

#[test]
fn a_silence_of_three_seconds_is_one_of_the_lane_and_one_of_each_partition_with_its_edges() {
    let ran = run(1_000, Script { stall_ms: Some((2_000, 5_000)), ..Script::default() });
    let Silences { lane, partitions } = silences(&ran);
    // The last ack before comes at 2.000 s, of the message sent 1 ms earlier, or with its millisecond.
    let [whole] = lane.all() else { panic!("one: {lane:?}") };
    check_edges(whole, (1_999, 2_000), 5_000);
    assert!(whole.acked, "an ack ended it");
    let mut places: Vec<u32> = partitions.all().iter().map(|of| of.place).collect();
    places.sort_unstable();
    assert_eq!(places, [0, 1, 2, 3], "one of each partition");
    // Each has an ack every 4 ms.
    partitions.all().iter().for_each(|silence| check_edges(silence, (1_995, 2_003), 5_000));
}

#[test]
fn held_up_are_those_that_were_due_before_the_end_and_answered_after_the_beginning() {
    let ran = run(1_000, Script { stall_ms: Some((2_000, 5_000)), ..Script::default() });
    let inside = held_up(&ran);
    assert!(inside.abs_diff(3_000) <= 2, "1,000 a second for three seconds: {inside}");
    let phase = measured(&ran);
    let held_up = phase.publish_in_outage.as_ref().expect("there was a silence");
    let outside = phase.publish.without(held_up);
    assert_eq!(outside.count() + inside, 10_000, "inside and outside is all, to the count");
    assert!(outside.max() < ms(3), "outside nothing waited: {}", outside.max());
    assert_eq!(held_up.max(), phase.publish.max(), "the longest waited inside");
}

#[test]
fn one_partition_of_four_that_is_silent_is_no_silence_of_the_lane() {
    let script = Script { stall_ms: Some((2_000, 5_000)), stalled: Some(2), ..Script::default() };
    let ran = run(1_000, script);
    let Silences { lane, partitions } = silences(&ran);
    assert_eq!(lane.all(), [], "the others answered");
    let [one] = partitions.all() else { panic!("one: {partitions:?}") };
    assert_eq!(one.place, 2, "the one that was silent");
    check_edges(one, (1_995, 2_003), 5_000);
    assert!(held_up(&ran).abs_diff(750) <= 2, "a quarter of them: {}", held_up(&ran));
}

#[test]
fn where_nothing_is_sent_nothing_is_silent() {
    // Four partitions in turn: each gets a message every four seconds, or more often.
    for per_second in [1, 10] {
        let ran = run(per_second, Script::default());
        assert_eq!(silences(&ran), &Silences::default(), "{per_second} a second");
        assert_eq!(measured(&ran).publish_in_outage, None, "and costs no memory");
    }
    let change = |at: u64, to: u64| (at, Incident::Rate(rate(to)));
    let incidents = vec![change(2_000, 1), change(6_000, 1_000)];
    let ran = run(1_000, Script { incidents, ..Script::default() });
    assert_eq!(silences(&ran), &Silences::default(), "a pause in the load is none in the acks");
}

#[test]
fn slow_acks_that_go_on_coming_are_no_silence() {
    let ran = run(1_000, Script { answer_after: ms(450), ..Script::default() });
    assert_eq!(silences(&ran), &Silences::default(), "below the threshold");
    // Longer than the threshold: silent until the first came, and never again.
    let slower = run(1_000, Script { answer_after: ms(900), ..Script::default() });
    let Silences { lane, partitions } = silences(&slower);
    assert_eq!((lane.all().len(), partitions.all().len()), (1, 4), "at the beginning alone");
}

#[test]
fn a_client_that_lingers_is_quiet_for_as_long_as_it_waits_and_that_is_no_silence() {
    // One a second, each answered when the client has waited, and a round trip later.
    let told = |linger: &[(&str, &str)], answer_after: Nanos| {
        let script = Script { answer_after, ..Script::default() };
        let mut case = Case { script, ..Case::new(stream(1)) };
        case.demand.phases.measured = ms(5_000);
        let own = linger.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        case.demand.clients.producer = own.collect();
        silences(&case.run()).lane.all().len()
    };
    for name in ["linger.ms", "queue.buffering.max.ms"] {
        assert_eq!(told(&[(name, "600")], ms(610)), 0, "{name}: it waited for more");
        assert_eq!(told(&[(name, "600")], ms(1_090)), 0, "{name}: within the threshold after it");
        assert_ne!(told(&[(name, "600")], ms(1_200)), 0, "{name}: longer than both");
    }
    assert_ne!(told(&[], ms(610)), 0, "it did not linger");
    assert_eq!(told(&[], ms(502)), 0, "librdkafka lingers for 5 ms where nobody says otherwise");
}

#[test]
fn failures_are_no_acks_and_do_not_end_a_silence() {
    // Messages 2,000 to 3,999 fail one by one, each before the next is sent.
    let failing = |answer_after: Nanos| {
        run(1_000, Script { answer_after, failing: 2_000..4_000, ..Script::default() })
    };
    let at_once = failing(Nanos(500_000));
    assert_eq!(silences(&at_once), &Silences::default(), "nobody waited while one was sent");
    // The same 100 ms after it was sent: always some are out.
    let later = failing(ms(100));
    let Silences { lane, partitions } = silences(&later);
    let [whole] = lane.all() else { panic!("one: {lane:?}") };
    let (from, to) = edges(whole);
    assert!(from.abs_diff(2_098) <= 3 && to.abs_diff(4_099) <= 3, "{from} to {to}");
    assert_eq!(partitions.all().len(), 4, "and on each partition");
}

#[test]
fn what_is_never_answered_is_silent_until_it_is_given_up() {
    let script = Script { stall_ms: Some((8_000, 900_000)), ..Script::default() };
    let mut case = Case { script, ..Case::new(stream(1_000)) };
    case.demand.phases = Phases { warmup: Warmup::NONE, measured: ms(10_000) };
    case.demand.deadlines.acks = ms(5_000);
    let ran = case.run();
    let Silences { lane, partitions } = silences(&ran);
    for silence in [&lane.all()[..1], partitions.all()].concat() {
        let (from, to) = edges(&silence);
        assert!((7_995..=8_003).contains(&from), "{from}");
        assert!((14_990..=15_030).contains(&to), "to the deadline for acks: {to}");
        assert!(!silence.acked, "no ack ended it");
    }
    assert_eq!((lane.all().len(), partitions.all().len()), (1, 4), "one each");
    assert_eq!(held_up(&ran), 0, "none of them was acked");
}

#[test]
fn a_closed_loop_is_silent_with_its_window_full() {
    let mut demand = stream(1);
    demand.pace = Pace::Max { in_flight: Some(8) };
    let script =
        Script { stall_ms: Some((2_000, 5_000)), offer_takes: Nanos(100_000), ..Script::default() };
    let mut case = Case { script, ..Case::new(demand) };
    case.demand.phases.measured = ms(6_000);
    let ran = case.run();
    let [whole] = silences(&ran).lane.all() else { panic!("one: {:?}", silences(&ran)) };
    assert_eq!(edges(whole).1, 5_000, "until the first ack");
    assert_eq!(held_up(&ran), 8, "what was out");
}
