//! Laws of what is recorded of transactions: each message is counted once, by its transaction's fate.

use super::{
    Duty, Fate, LaneEnd, Phase, PhaseTally, Recorder, Series, Side, Tally, TransactionEnd,
    mailboxes,
};
use crate::link::{Ack, End, Failure, FailureKind, Outcome};
use crate::message::Stamp;
use crate::plan::samples::{self, RUN};
use crate::plan::{Demand, Route, TransactionLength, Transactions};
use crate::time::Border;
use crate::units::{Nanos, Timestamp};

const START: Timestamp = Timestamp::from_nanos(1_000_000_000);
const MEASURED: Timestamp = Timestamp::from_nanos(2_000_000_000);

/// One stream in transactions, whose consumers read at this level.
fn demand(isolation: &str) -> Demand {
    let mut demand = samples::demand(samples::stream(1));
    demand.clients.transactions = Some(Transactions {
        length: TransactionLength::Messages(10),
        aborts_per_million: 0,
        seed: 1,
        longest: Nanos::from_secs(30),
    });
    demand.clients.consumer.push(("isolation.level".to_owned(), isolation.to_owned()));
    demand
}

/// Transactions of these fates: each of two messages on partition 0, the first due in the warm-up, the
/// second in the measured phase, and one on partition 1; acked 2 ms after they were due, ended 5 ms.
fn recorded(isolation: &str, fates: &[Fate]) -> Tally {
    let demand = demand(isolation);
    let (boxes, mut collector) = mailboxes(&demand, 1);
    let (mailbox, tally) = boxes.into_iter().next().expect("one lane has one mailbox");
    let mut recorder = Recorder::new(tally, mailbox, &demand, &Duty::all(&demand));
    recorder.start(&Border::fixed(START, MEASURED));
    for (fate, turn) in fates.iter().zip(0..) {
        recorder.transaction_begun(0, Nanos(3_000));
        for (partition, sequence, due) in
            [(0, 2 * turn, START), (0, 2 * turn + 1, MEASURED), (1, turn, MEASURED)]
        {
            let stamp = Stamp { run: RUN, sequence, due, sent: due, ..Stamp::default() };
            let offset = i64::try_from(10 * sequence).expect("a small number");
            let outcome = Outcome::Persisted { partition, offset };
            let ack = Ack { stamp, route: Route(0), bytes: 100, outcome };
            recorder.acks(due + Nanos::from_millis(2), 0, &[ack]);
        }
        let how = if *fate == Fate::Committed { End::Commit } else { End::Abort };
        let failure = Failure { kind: FailureKind::Kafka, code: 51 };
        let failure = (*fate == Fate::Undecided).then_some(failure);
        let (drain, took) = (Nanos::from_millis(1), Nanos::from_millis(3));
        let end = TransactionEnd { fate: *fate, how, drain, took, failure };
        recorder.transaction_ended(MEASURED + Nanos::from_millis(5), 0, &end);
    }
    recorder.finish(MEASURED, LaneEnd::default());
    while !collector.have_ended([0]) {
        collector.collect(Nanos::ZERO);
    }
    collector.total()
}

/// Committed and aborted messages of a phase, and those of which it is known when they were visible.
fn messages(phase: &PhaseTally) -> (u64, u64, u64) {
    let of = phase.transactions.as_deref().expect("transactions were begun");
    (of.committed_messages, of.aborted_messages, of.visible.count())
}

const ALL: [Fate; 4] = [Fate::Committed, Fate::Aborted, Fate::Forced, Fate::Undecided];

#[test]
fn each_message_has_the_fate_of_its_transaction_and_the_phase_of_its_due_time() {
    let tally = recorded("read_committed", &ALL);
    let stream = &tally.streams[0];
    assert_eq!(messages(&stream.warmup), (1, 2, 1), "of the warm-up");
    assert_eq!(messages(&stream.measured), (2, 4, 2), "of the measured phase");
    assert_eq!((stream.warmup.acked.messages, stream.measured.acked.messages), (4, 8), "acked");
    let of = stream.measured.transactions.as_deref().expect("transactions were begun");
    let fates = (of.committed, of.aborted, of.forced, of.undecided);
    assert_eq!((of.begun + begun(&stream.warmup), fates), (4, (1, 1, 1, 1)), "each once");
    assert_eq!((of.commit.count(), of.abort.count(), of.drain.count()), (1, 2, 4), "timed");
    assert_eq!(of.errors.iter().collect::<Vec<_>>(), [(51, 1)], "what was refused");
    assert!(of.visible.max() <= Nanos::from_millis(6), "5 ms after their due time");
    let warm = stream.warmup.transactions.as_deref().expect("the same");
    assert!(Nanos::from_secs(1) < warm.visible.max(), "the warm-up's waited for its end");
}

fn begun(phase: &PhaseTally) -> u64 {
    phase.transactions.as_ref().map_or(0, |of| of.begun)
}

#[test]
fn numbers_are_told_of_by_fate() {
    let tally = recorded("read_committed", &ALL);
    let account = &tally.streams[0].account;
    let numbers = |side: Side, partition: u32| -> Vec<u64> {
        let series = Series { producer: 0, incarnation: 0, partition };
        let stretches = account.of(side, series).iter();
        stretches.flat_map(|stretch| stretch.first..stretch.end()).collect()
    };
    assert_eq!(numbers(Side::Acked, 0), (0..8).collect::<Vec<_>>(), "all");
    assert_eq!(numbers(Side::Committed, 0), [0, 1], "the first's");
    assert_eq!(numbers(Side::Aborted, 0), [2, 3, 4, 5], "the second's and the third's");
    assert_eq!(numbers(Side::Committed, 1), [0], "on the other partition");
    assert_eq!(numbers(Side::Aborted, 1), [1, 2], "on the other partition");
    assert_eq!(account.count(Side::Committed), 2, "of the measured phase");
    assert!(account.is_whole(), "everything found its place");
    assert_eq!(tally.total(Phase::Measured).acked.messages, 8, "of all streams");
}

#[test]
fn who_reads_what_is_committed_need_not_pass_what_is_not() {
    let offsets = |isolation: &str, fates: &[Fate]| {
        recorded(isolation, fates).streams[0].acked_offsets[..2].to_vec()
    };
    let aborted_last = [Fate::Committed, Fate::Aborted];
    assert_eq!(offsets("read_committed", &aborted_last), [10, 0], "the committed ones");
    assert_eq!(offsets("read_uncommitted", &aborted_last), [30, 10], "all of them");
    assert_eq!(offsets("read_committed", &[Fate::Undecided]), [-1, -1], "nothing is sure to come");
}
