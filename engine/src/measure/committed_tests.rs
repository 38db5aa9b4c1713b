//! Laws of who sees committed messages alone: those must come, no aborted one may.

use super::account::{Account, Entry, Side};
use super::audit::{Audit, Drained};
use super::stretch::{Series, Stretch};
use super::tally::Phase;

const SERIES: Series = Series { producer: 3, incarnation: 0, partition: 1 };

/// The account of ten acked messages, of which 3 to 5 are aborted, and of 8 nobody knows the end; read
/// are these, in the order of the log.
fn account(read: &[u64]) -> Account {
    let (mut log, mut account) = (Account::keeping(), Account::keeping());
    let mut note = |side, number: u64, offset: usize| {
        let offset = i64::try_from(offset).expect("a small number");
        let stretch = Stretch::of_one(number, offset, Phase::Measured);
        log.note(Entry { side, series: SERIES, stretch });
    };
    for (number, place) in (0..10).zip(0..) {
        note(Side::Acked, number, place);
        match number {
            3..=5 => note(Side::Aborted, number, place),
            8 => {}
            _ => note(Side::Committed, number, place),
        }
    }
    for (number, place) in read.iter().zip(0..) {
        note(Side::Received(0), *number, place);
    }
    account.merge(&log);
    account
}

fn check(read: &[u64], expected: Audit) {
    let got = Audit::of_committed(&account(read), 0, Drained::Everywhere);
    assert_eq!(got, expected, "{read:?}");
}

#[test]
fn each_fault_of_a_transaction_is_counted_as_what_it_is() {
    let clean = Audit { distinct: 6, ..Audit::default() };
    check(&[0, 1, 2, 6, 7, 9], clean);
    check(&[0, 1, 2, 6, 7, 8, 9], Audit { distinct: 7, ..clean });
    check(&[0, 1, 2, 4, 6, 7, 9], Audit { distinct: 7, aborted_but_present: 1, ..clean });
    check(&[0, 1, 2, 7, 9], Audit { distinct: 5, lost: 1, ..clean });
    check(&[0, 1, 2, 6, 7, 9, 12], Audit { distinct: 7, unanswered: 1, ..clean });
}

#[test]
fn what_is_committed_and_was_not_passed_is_outstanding() {
    let audit = Audit::of_committed(&account(&[0, 2]), 0, Drained::NotKnown);
    assert_eq!((audit.lost, audit.outstanding), (1, 3), "1 is passed; 6, 7 and 9 are not");
}

#[test]
fn who_sees_all_that_is_written_must_see_the_aborted_ones_too() {
    let all: Vec<u64> = (0..10).collect();
    let seen = |read: &[u64]| Audit::of(&account(read), 0, Drained::Everywhere);
    assert_eq!(seen(&all), Audit { distinct: 10, ..Audit::default() }, "all of them");
    let expected = Audit { distinct: 7, lost: 3, ..Audit::default() };
    assert_eq!(seen(&[0, 1, 2, 6, 7, 8, 9]), expected, "without the aborted ones");
}
