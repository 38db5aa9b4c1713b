//! The checks of transactions: aborted messages that were delivered, and ends that nobody planned.

use super::balance::Repeats;
use super::constants::exit;
use super::facts::count;
use super::transacted::Transacted;
use super::verdict::{Case, Found};

/// Every check, in the order in which equally grave findings are told.
pub(super) const CHECKS: &[fn(&Case<'_>, &mut Found)] = &[delivered, undecided, forced];

/// Over both phases and all streams: a transaction of the warm-up is no smaller fault.
fn sum(case: &Case<'_>, part: fn(&Transacted) -> u64) -> u64 {
    let phases = case.tally.streams.iter().flat_map(|stream| [&stream.warmup, &stream.measured]);
    phases.filter_map(|phase| phase.transactions.as_deref()).map(part).sum()
}

fn delivered(case: &Case<'_>, found: &mut Found) {
    let repeats = case.balances.iter().filter_map(|of| of.repeats.as_ref());
    let delivered: u64 = repeats.map(|of: &Repeats| of.aborted_but_present).sum();
    if delivered == 0 {
        return;
    }
    found.fail(
        exit::VERIFICATION,
        "aborted_but_delivered",
        format!(
            "{delivered} messages of aborted transactions were received by consumers that read what is \
             committed alone. Look at the brokers' list of aborted transactions (the .txnindex files) \
             and at whatever copies messages on the way."
        ),
        vec![
            count("aborted_but_delivered", delivered),
            count("aborted_messages", sum(case, |of| of.aborted_messages)),
        ],
    );
}

fn undecided(case: &Case<'_>, found: &mut Found) {
    let undecided = sum(case, |of| of.undecided);
    if undecided == 0 {
        return;
    }
    found.warn(
        "transactions_undecided",
        format!(
            "{undecided} transactions were neither committed nor aborted as far as their producers know: \
             their messages are expected nowhere, and no fault where they come. Their producers sent \
             nothing more. Look at the clients' words above, and at the brokers' transaction coordinator."
        ),
        vec![
            count("undecided", undecided),
            count("committed", sum(case, |of| of.committed)),
            count("errors", sum(case, |of| of.errors.total())),
        ],
    );
}

fn forced(case: &Case<'_>, found: &mut Found) {
    let forced = sum(case, |of| of.forced);
    if forced == 0 {
        return;
    }
    found.warn(
        "transactions_forced_to_abort",
        format!(
            "{forced} transactions were aborted that were to be committed: a message of theirs had failed, \
             or was not answered in time. An application would have sent them again. Look at the failed \
             messages' causes, and compare transaction.timeout.ms with how long a transaction is open."
        ),
        vec![count("forced", forced), count("aborted", sum(case, |of| of.aborted))],
    );
}

#[cfg(test)]
mod tests {
    use crate::measure::account::{Entry, Side};
    use crate::measure::stretch::{Series, Stretch};
    use crate::measure::tally::{Phase, Tally};
    use crate::measure::transacted::Transacted;
    use crate::measure::verdict::{Severity, Verdict};
    use crate::measure::verdict_fixture::{evidence, plan};
    use crate::plan::{ClientCount, TransactionLength, Transactions, Verification};
    use crate::units::Nanos;

    /// A run of ten acked messages, of which 4 and 5 are aborted, with these transactions; both
    /// subscriptions read these.
    fn verdict(isolation: &str, read: &[u64], transacted: Transacted) -> Verdict {
        let mut plan = plan(ClientCount::Shared);
        plan.demand.verification = Verification::Numbers;
        plan.demand.clients.transactions = Some(Transactions {
            length: TransactionLength::Messages(2),
            aborts_per_million: 200_000,
            seed: 1,
            longest: Nanos::from_secs(30),
        });
        let level = ("isolation.level".to_owned(), isolation.to_owned());
        plan.demand.clients.consumer.push(level);
        let mut log = Tally::new(&plan.demand);
        let stream = &mut log.streams[0];
        let mut note = |side, number: u64, offset: i64| {
            let stretch = Stretch::of_one(number, offset, Phase::Measured);
            let series = Series { producer: 1, incarnation: 0, partition: 1 };
            stream.account.note(Entry { side, series, stretch });
        };
        for (number, place) in (0..10).zip(0..) {
            note(Side::Acked, number, place);
            let is_aborted = number == 4 || number == 5;
            note(if is_aborted { Side::Aborted } else { Side::Committed }, number, place);
        }
        for (number, place) in read.iter().zip(0..) {
            note(Side::Received(0), *number, place);
            note(Side::Received(1), *number, place);
        }
        let seen = &mut stream.measured;
        (seen.produced.due, seen.produced.attempted, seen.produced.messages) = (10, 10, 10);
        seen.acked.messages = 10;
        let read = u64::try_from(read.len()).expect("a few");
        seen.consumed.iter_mut().for_each(|consumed| consumed.messages = read);
        let counts = Transacted { committed_messages: 8, aborted_messages: 2, ..transacted };
        seen.transactions = Some(Box::new(counts));
        let mut tally = Tally::new(&plan.demand);
        tally.merge(&log);
        Verdict::of(&plan, &tally, &evidence())
    }

    fn check(verdict: &Verdict, expected: &[(&str, Severity)], exit_code: u8) {
        let told = verdict.findings.iter().filter(|of| of.code != "few_samples");
        let codes: Vec<_> = told.map(|finding| (finding.code, finding.severity)).collect();
        assert_eq!((codes.as_slice(), verdict.exit_code), (expected, exit_code), "{verdict:?}");
    }

    const COMMITTED: [u64; 8] = [0, 1, 2, 3, 6, 7, 8, 9];
    const ALL: [u64; 10] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

    #[test]
    fn who_reads_what_is_committed_must_receive_exactly_that() {
        let of = |read: &[u64]| verdict("read_committed", read, Transacted::default());
        check(&of(&COMMITTED), &[], 0);
        check(&of(&ALL), &[("aborted_but_delivered", Severity::Error)], 13);
        check(&of(&COMMITTED[1..]), &[("lost", Severity::Error)], 13);
    }

    #[test]
    fn who_reads_all_that_is_written_must_receive_all_of_it() {
        let of = |read: &[u64]| verdict("read_uncommitted", read, Transacted::default());
        check(&of(&ALL), &[], 0);
        check(&of(&COMMITTED), &[("lost", Severity::Error)], 13);
    }

    #[test]
    fn ends_that_nobody_planned_are_told() {
        let of = |seen: Transacted| verdict("read_committed", &COMMITTED, seen);
        let undecided = of(Transacted { undecided: 1, ..Transacted::default() });
        check(&undecided, &[("transactions_undecided", Severity::Warning)], 0);
        let forced = of(Transacted { forced: 1, ..Transacted::default() });
        check(&forced, &[("transactions_forced_to_abort", Severity::Warning)], 0);
    }
}
