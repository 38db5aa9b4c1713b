//! Workloads whose producers send in transactions.

use super::{BASE, faults, read};
use crate::spec::workload::TransactionWish;
use engine::plan::TransactionLength;
use engine::units::Nanos;

fn wish(fields: &str) -> Option<TransactionWish> {
    read(&format!("{BASE}{fields}")).transactions
}

#[test]
fn a_transaction_ends_by_count_or_by_time() {
    assert_eq!(wish(""), None, "nothing is wished");
    let wished = TransactionWish {
        length: Some(TransactionLength::Messages(50)),
        aborts_per_million: 100_000,
        seed: 9,
    };
    let fields = "transactionMessages: 50\ntransactionAbortRatio: 0.1\ntransactionSeed: 9\n";
    assert_eq!(wish(fields), Some(wished), "by count");
    let snake = "transaction_messages: 50\ntransaction_abort_ratio: 10e-2\ntransaction_seed: 9\n";
    assert_eq!(wish(snake), Some(wished), "in the other spelling");
    let length = Some(TransactionLength::Span(Nanos::from_millis(250)));
    let timed = TransactionWish { length, ..TransactionWish::NONE };
    assert_eq!(wish("transactionDuration: 250ms\n"), Some(timed), "by time, none aborted");
}

#[test]
fn what_is_resolved_reads_back_as_itself() {
    for fields in [
        "transactionMessages: 50\ntransactionAbortRatio: 0.1\ntransactionSeed: 9\n",
        "transactionDuration: 1s\n",
        "transactionAbortRatio: 0.25\n",
    ] {
        let workload = read(&format!("{BASE}{fields}"));
        let resolved = serde_json::Value::Object(workload.resolved()).to_string();
        assert_eq!(read(&resolved), workload, "{resolved}");
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let check = |fields: &str, expected: &str| {
        let got = faults(&format!("{BASE}{fields}"));
        assert!(got.iter().any(|fault| fault.contains(expected)), "{fields}: {got:?}");
    };
    check("transactionMessages: 0\n", "transactionMessages: got \"0\", need a whole number from 1");
    check("transactionDuration: 5\n", "transactionDuration: got \"5\", need a time");
    check("transactionAbortRatio: 10\n", "transactionAbortRatio: got \"10\", need a number from 0");
    check(
        "transactionMessages: 1\ntransactionDuration: 1s\n",
        "transactionDuration: ends a transaction as transactionMessages does: keep one",
    );
    check(
        "transactionMessages: 1\nconsumerBacklog: 10s\n",
        "transactionMessages: a backlog is what was acked and not read",
    );
}

#[test]
fn the_length_is_the_workloads_and_else_the_drivers() {
    let minute = Nanos::from_secs(60);
    let length = |wish: TransactionWish, of_driver| {
        wish.demand(of_driver, minute).map(|asked| (asked.length, asked.longest))
    };
    let half = Nanos::from_secs(30);
    assert_eq!(length(TransactionWish::NONE, None), None, "neither says it");
    let five = TransactionLength::Messages(5);
    assert_eq!(length(TransactionWish::NONE, Some(5)), Some((five, half)), "the driver");
    let timed = TransactionLength::Span(Nanos::from_secs(1));
    let own = TransactionWish { length: Some(timed), ..TransactionWish::NONE };
    assert_eq!(length(own, Some(5)), Some((timed, half)), "the workload");
}
