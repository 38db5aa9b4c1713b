//! Laws of a lane's transactions, in virtual time.

use super::doubles::{Case, Ended, REFUSAL, Ran, Script};
use crate::link::{End, Then};
use crate::measure::Transacted;
use crate::plan::samples::stream;
use crate::plan::{Pace, StreamDemand, TransactionLength, Transactions};
use crate::units::Nanos;

fn ms(millis: u64) -> Nanos {
    Nanos::from_millis(millis)
}

/// One second of so many messages per second, ten of them in a transaction, none aborted.
fn case(rate: u64) -> Case {
    let mut case = Case::new(stream(rate));
    case.demand.clients.transactions = Some(Transactions {
        length: TransactionLength::Messages(10),
        aborts_per_million: 0,
        seed: 7,
        longest: Nanos::from_secs(30),
    });
    case
}

/// The same with these changes to what is asked.
fn changed(rate: u64, change: impl Fn(&mut Transactions)) -> Case {
    let mut case = case(rate);
    case.demand.clients.transactions.iter_mut().for_each(change);
    case
}

fn seen(ran: &Ran) -> &Transacted {
    let measured = &ran.tally.streams[0].measured;
    measured.transactions.as_deref().expect("transactions were begun")
}

/// Demands that all that was due was acked, and is committed or aborted.
fn check_whole(ran: &Ran, due: u64) {
    let measured = &ran.tally.streams[0].measured;
    let counts = (measured.produced.due, measured.produced.messages, measured.acked.messages);
    assert_eq!(counts, (due, due, due), "due, sent, acked");
    let of = seen(ran);
    assert_eq!(of.committed_messages + of.aborted_messages, due, "each is one or the other");
    assert_eq!((of.begun, of.ended()), (of.begun, of.begun), "what was begun is ended");
    assert_eq!((of.errors.total(), of.undecided), (0, 0), "nothing was refused");
    assert_eq!((of.begin.count(), of.drain.count()), (of.begun, of.begun), "each step is timed");
    assert_eq!(of.commit.count(), of.committed, "commits are timed");
    assert_eq!(of.abort.count(), of.aborted + of.forced, "aborts are timed");
    assert_eq!(of.visible.count(), of.committed_messages, "from due to committed");
    assert_eq!(ran.struck, None, "no deadline struck");
}

#[test]
fn a_transaction_ends_after_so_many_messages_and_the_last_one_with_what_it_has() {
    let ran = case(1_005).run();
    check_whole(&ran, 1_005);
    assert_eq!((seen(&ran).committed, seen(&ran).aborted), (101, 0), "all of them");
    let sizes: Vec<usize> = ran.log.ends.iter().map(|end| end.messages).collect();
    assert_eq!(sizes, [vec![10; 100], vec![5]].concat(), "ten each");
}

#[test]
fn in_a_closed_loop_transactions_are_as_long() {
    let pace = Pace::Max { in_flight: Some(7) };
    let mut case = case(1);
    case.demand.streams = vec![StreamDemand { pace, ..stream(1) }];
    case.demand.messages = Some(25);
    let ran = case.run();
    let sizes: Vec<usize> = ran.log.ends.iter().map(|end| end.messages).collect();
    assert_eq!(sizes, [10, 10, 5], "by count, and what is left");
    assert_eq!(seen(&ran).committed_messages, 25, "all of them");
}

#[test]
fn those_are_aborted_that_the_seed_chooses_and_their_messages_are_never_visible() {
    let half = changed(1_000, |asked| asked.aborts_per_million = 500_000);
    let asked = half.demand.clients.transactions.expect("they are asked for");
    let ran = half.run();
    check_whole(&ran, 1_000);
    let chosen = |end: &Ended| end.how == End::Abort;
    let got: Vec<bool> = ran.log.ends.iter().map(chosen).collect();
    let expected: Vec<bool> = (0..100).map(|number| asked.is_aborted(0, number)).collect();
    assert_eq!(got, expected, "by the number of each");
    let aborted = u64::try_from(expected.iter().filter(|of| **of).count()).expect("a few");
    assert!(0 < aborted && aborted < 100, "some are, some are not: {aborted}");
    assert_eq!((seen(&ran).aborted, seen(&ran).committed), (aborted, 100 - aborted), "counted");
    assert_eq!(seen(&ran).aborted_messages, 10 * aborted, "their messages");
}

#[test]
fn a_transaction_ends_in_time_also_where_nothing_is_due() {
    // The first message of each begins it, and the next comes long after its end.
    let ran = changed(2, |asked| asked.length = TransactionLength::Span(ms(100))).run();
    check_whole(&ran, 2);
    assert_eq!(ran.log.ends.len(), 2, "one for each message");
    for end in &ran.log.ends {
        let open = end.first.until(end.at);
        assert!(ms(100) <= open && open < ms(102), "{open} open");
    }
    // By count too, before brokers lose their patience.
    let bounded = changed(20, |asked| asked.longest = ms(100)).run();
    check_whole(&bounded, 20);
    let ends = bounded.log.ends.len();
    assert!(5 < ends, "two would hold them all: {ends}");
}

#[test]
fn who_falls_due_while_a_transaction_ends_waits_and_that_is_not_our_lateness() {
    let script = Script { end_takes: ms(50), ..Script::default() };
    let ran = Case { script, ..case(100) }.run();
    check_whole(&ran, 100);
    let measured = &ran.tally.streams[0].measured;
    assert!(ms(39) < measured.send_delay.max(), "{} waited", measured.send_delay.max());
    assert_eq!(measured.produced.late_by_us, 0, "for the broker");
    let commit = &seen(&ran).commit;
    let (least, most) = (commit.min(), commit.max());
    assert!(ms(49) < least && most < ms(51), "{least} to {most}, of 50ms");
    assert!(ms(50) < seen(&ran).visible.min(), "visible after the commit");
}

#[test]
fn beginning_is_no_part_of_any_messages_service_and_none_waits_for_it_that_is_due_later() {
    let ran = |takes: Nanos| {
        let script = Script { begin_takes: takes, ..Script::default() };
        let ran = Case { script, ..case(100) }.run();
        check_whole(&ran, 100);
        let (least, most) = (seen(&ran).begin.min(), seen(&ran).begin.max());
        assert!(
            takes.less(Nanos(10_000)) < least && most < takes + Nanos(100_000),
            "{takes}: {most}"
        );
        let measured = &ran.tally.streams[0].measured;
        assert!(measured.service.max() < Nanos(1_100_000), "{takes}: {}", measured.service.max());
        assert_eq!(measured.produced.late_by_us, 0, "{takes}: never our lateness");
        measured.send_delay.percentile(95.0)
    };
    // One is due every 10 ms, and a transaction begins when the one before it has ended; the first of
    // all, due at the start, waits.
    let in_time = ran(ms(5));
    assert!(in_time < Nanos(100_000), "begun before it is due: {in_time}");
    let late = ran(ms(30));
    assert!(ms(15) < late && late < ms(31), "due while it begins: {late}");
}

#[test]
fn an_end_that_takes_long_is_asked_for_again_until_it_is_answered() {
    let script = Script { end_takes: ms(1_500), ..Script::default() };
    let ran = Case { script, ..case(10) }.run();
    check_whole(&ran, 10);
    let took = seen(&ran).commit.max();
    assert!(ms(1_500) <= took && took < ms(1_600), "{took}, the pauses included");
}

#[test]
fn a_commit_that_only_an_abort_may_follow_is_aborted_and_the_run_goes_on() {
    let script = Script { denied: vec![(3, Then::Abort)], ..Script::default() };
    let ran = Case { script, ..case(1_000) }.run();
    let of = seen(&ran);
    assert_eq!((of.committed, of.aborted, of.forced, of.undecided), (99, 0, 1, 0), "one forced");
    assert_eq!((of.committed_messages, of.aborted_messages), (990, 10), "its messages");
    assert_eq!(of.errors.iter().collect::<Vec<_>>(), [(REFUSAL.code, 1)], "and why");
    let measured = &ran.tally.streams[0].measured;
    assert_eq!((measured.acked.messages, measured.errors()), (1_000, 0), "no message failed");
}

#[test]
fn a_client_that_makes_no_more_transactions_refuses_what_is_due_from_then_on() {
    let script = Script { denied: vec![(3, Then::Nothing)], ..Script::default() };
    let ran = Case { script, ..case(1_000) }.run();
    let of = seen(&ran);
    assert_eq!((of.committed, of.undecided), (2, 1), "two, and nobody knows of the third");
    assert_eq!((of.committed_messages, of.aborted_messages), (20, 0), "its messages are neither");
    let measured = &ran.tally.streams[0].measured;
    let (acked, refused) = (measured.acked.messages, measured.produce_errors.total());
    assert_eq!((acked, acked + refused), (30, 1_000), "each message is accounted for");
    assert_eq!(measured.produced.due, 1_000, "and was due");
}

#[test]
fn what_is_not_answered_in_time_is_given_up_and_its_transaction_aborted() {
    let script = Script { stall_ms: Some((500, 100_000_000)), ..Script::default() };
    let mut stalled = Case { script, ..case(1_000) };
    stalled.demand.deadlines.acks = ms(200);
    let ran = stalled.run();
    let words = ran.struck.as_deref().expect("the deadline that struck is named");
    assert!(words.starts_with("delivery reports: "), "{words}");
    let of = seen(&ran);
    assert!(0 < of.forced, "what cannot be committed is aborted");
    let measured = &ran.tally.streams[0].measured;
    let acked = measured.acked.messages;
    assert_eq!(of.committed_messages + of.aborted_messages, acked, "what was acked is told");
}
