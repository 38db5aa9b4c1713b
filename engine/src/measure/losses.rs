//! The checks of what was received against what was acked: lost, damaged, repeated, out of order.

use super::account::FILED_MAX;
use super::balance::{Balance, Repeats};
use super::constants::exit;
use super::facts::{count, percent, text};
use super::fleet::or_untold_acks;
use super::promises::Promises;
use super::verdict::{Case, Found};
use crate::plan::Verification;

/// Every check, in the order in which equally grave findings are told.
pub(super) const CHECKS: &[fn(&Case<'_>, &mut Found)] = &[
    lost,
    corrupted,
    duplicated,
    reordered,
    redelivered,
    failed_but_present,
    unanswered,
    fallen_back,
    surplus,
];

fn sum(case: &Case<'_>, part: fn(&Balance) -> u64) -> u64 {
    case.balances.iter().map(part).sum()
}

/// Over the subscriptions whose messages were told apart by number.
fn repeats(case: &Case<'_>, part: fn(&Repeats) -> u64) -> u64 {
    case.balances.iter().filter_map(|of| of.repeats.as_ref()).map(part).sum()
}

fn lost(case: &Case<'_>, found: &mut Found) {
    let lost = sum(case, |of| of.lost);
    if lost == 0 {
        return;
    }
    let expected = sum(case, |of| of.expected);
    let mut facts = vec![count("lost", lost), count("expected", expected)];
    // What retention took is gone for every subscription that had not read it.
    let cause = match case.evidence.removed {
        Some(removed) if 0 < removed => {
            facts.push(count("removed", removed));
            format!(
                "The topics no longer hold {removed} of their messages: retention or a request \
                 (DeleteRecords) removed them, and what was not read by then is no fault of \
                 replication. Raise retention.ms and retention.bytes, or read faster."
            )
        }
        _ if case.evidence.embedded => "The embedded broker keeps 5 MiB or 100,000 batches of a \
             partition. It holds back before anything unread can vanish, so this is a fault of \
             kdyno's own: please report it with result.json."
            .to_owned(),
        _ if case.plan.demand.clients.consumer_cluster.is_some() => "One cluster confirmed what the other \
             does not have. Check whatever carries messages from one to the other: where it began to read, \
             and what it leaves out."
            .to_owned(),
        _ => "The broker confirmed what it does not have. Check replication, \
              min.insync.replicas, retention and unclean leader election."
            .to_owned(),
    };
    found.fail(
        exit::VERIFICATION,
        "lost",
        format!(
            "{lost} acked messages were not received, though their consumers read past them ({} of \
             {expected}). {cause}",
            percent(lost, expected)
        ),
        facts,
    );
}

fn corrupted(case: &Case<'_>, found: &mut Found) {
    let corrupted = sum(case, |of| of.corrupted);
    if 0 < corrupted {
        found.fail(
            exit::VERIFICATION,
            "corrupted",
            format!(
                "{corrupted} messages came back damaged: their checksum does not fit. Bytes changed \
                 on the way or on disk. Check memory, disks and whatever rewrites messages between \
                 here and the log."
            ),
            vec![count("corrupted", corrupted)],
        );
    }
}

fn duplicated(case: &Case<'_>, found: &mut Found) {
    let duplicated = repeats(case, |of| of.duplicated);
    if duplicated == 0 {
        return;
    }
    let facts = vec![count("duplicated", duplicated)];
    let seen = format!("{duplicated} messages lie in the log twice, at offsets of their own.");
    if Promises::of(case.plan).once {
        let message = format!(
            "{seen} The clients' settings rule that out (enable.idempotence, or no retries). \
             Look at the brokers' producer state and at whatever copies messages on the way."
        );
        found.fail(exit::VERIFICATION, "duplicated", message, facts);
    } else {
        let message = format!(
            "{seen} A client that retries without idempotence does that when an answer is lost or \
             late. Set enable.idempotence=true to rule it out."
        );
        found.warn("duplicated", message, facts);
    }
}

fn reordered(case: &Case<'_>, found: &mut Found) {
    let reordered = repeats(case, |of| of.reordered);
    if reordered == 0 {
        return;
    }
    let facts = vec![count("reordered", reordered)];
    let seen =
        format!("{reordered} messages lie behind one that the same producer sent after them.");
    if Promises::of(case.plan).ordered {
        let message = format!(
            "{seen} The clients' settings rule that out (enable.idempotence, or one request in \
             flight). Look at the brokers, and at whatever stands between."
        );
        found.fail(exit::VERIFICATION, "reordered", message, facts);
    } else {
        let message = format!(
            "{seen} A client with several requests in flight does that when it retries one. Set \
             enable.idempotence=true or max.in.flight.requests.per.connection=1 to rule it out."
        );
        found.warn("reordered", message, facts);
    }
}

fn redelivered(case: &Case<'_>, found: &mut Found) {
    let redelivered = repeats(case, |of| of.redelivered);
    if 0 < redelivered {
        found.note(
            "redelivered",
            format!(
                "{redelivered} messages were read again at the same offset: consumers went back to \
                 their last commit after a rebalance. They are in the counts and latencies each \
                 time. Commit more often, or see why the group rebalanced."
            ),
            vec![count("redelivered", redelivered)],
        );
    }
}

fn failed_but_present(case: &Case<'_>, found: &mut Found) {
    let present = repeats(case, |of| of.failed_but_present);
    if 0 < present {
        found.warn(
            "failed_but_present",
            format!(
                "{present} messages were received that the client had given up: the broker had \
                 them, and its answer did not come in time. An application would have sent them \
                 again. Raise delivery.timeout.ms, or look at what delays answers."
            ),
            vec![count("failed_but_present", present)],
        );
    }
}

fn unanswered(case: &Case<'_>, found: &mut Found) {
    let unanswered = repeats(case, |of| of.unanswered);
    if 0 < unanswered {
        found.warn(
            "unattributed",
            format!(
                "{unanswered} messages were received whose answer never came while the run waited \
                 for it. They are counted as outstanding among the answers: {}.",
                or_untold_acks(
                    case,
                    "look at what delays or drops them on the way from the brokers"
                )
            ),
            vec![count("unattributed", unanswered)],
        );
    }
}

/// Numbers were asked for, and are not all known.
fn fallen_back(case: &Case<'_>, found: &mut Found) {
    let is_asked = case.plan.demand.verification != Verification::Counts;
    let by_counts = case.balances.iter().filter(|of| of.repeats.is_none()).count();
    if !is_asked || by_counts == 0 {
        return;
    }
    let unfiled: u64 = case.tally.streams.iter().map(|stream| stream.account.unfiled()).sum();
    found.warn(
        "verified_by_counts",
        format!(
            "The messages could not be told apart by their numbers: {unfiled} found no place among \
             {FILED_MAX} stretches, or a lane ended without handing over its last ones. Subscriptions \
             were verified by counts alone, so a repeat can hide a loss. Look below for what broke \
             the order of the messages."
        ),
        vec![
            count("unfiled", unfiled),
            count("subscriptions", u64::try_from(by_counts).expect("a few")),
        ],
    );
}

/// Only where numbers do not tell it better.
fn surplus(case: &Case<'_>, found: &mut Found) {
    let counted = case.balances.iter().filter(|of| of.repeats.is_none());
    let surplus: u64 = counted.map(|of| of.surplus).sum();
    if surplus == 0 {
        return;
    }
    let maybe = case.sums.failed_maybe_persisted;
    let usual = or_untold_acks(case, "retries without idempotence and rebalances deliver twice");
    let cause = match maybe {
        0 => usual.to_owned(),
        _ => format!("{maybe} messages failed that the broker may have all the same"),
    };
    found.warn(
        "received_more",
        format!(
            "{surplus} more messages were received than acked: {cause}. By counts alone a repeat \
             can hide a loss. Verify by numbers (verification: numbers), set \
             enable.idempotence=true, and commit more often where consumers rebalance."
        ),
        vec![
            count("surplus", surplus),
            count("failed_maybe_persisted", maybe),
            count("outstanding", case.sums.outstanding),
            text("verification", "counts"),
        ],
    );
}

#[cfg(test)]
mod tests {
    use crate::measure::account::{Entry, Side};
    use crate::measure::stretch::{Series, Stretch};
    use crate::measure::tally::{Phase, Tally};
    use crate::measure::verdict::{Evidence, Severity, Verdict};
    use crate::measure::verdict_fixture::{evidence, plan, tally};
    use crate::plan::{ClientCount, Verification};

    /// The clean run by counts, with one subscription's messages changed.
    fn by_counts(change: impl Fn(&mut Tally, &mut Evidence<'static>)) -> Verdict {
        let plan = plan(ClientCount::Shared);
        let (mut tally, mut evidence) = (tally(&plan), evidence());
        change(&mut tally, &mut evidence);
        Verdict::of(&plan, &tally, &evidence)
    }

    /// A run of five acked messages, of which the first subscription reads these, by number, and the
    /// second all.
    fn by_numbers(read: &[(u64, i64)], settings: &[(&str, &str)]) -> Verdict {
        let mut plan = plan(ClientCount::Shared);
        plan.demand.verification = Verification::Numbers;
        let own = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        plan.demand.clients.producer.extend(own);
        let mut log = Tally::new(&plan.demand);
        let stream = &mut log.streams[0];
        let series = Series { producer: 1, incarnation: 0, partition: 1 };
        let mut note = |side, number, offset| {
            let stretch = Stretch::of_one(number, offset, Phase::Measured);
            stream.account.note(Entry { side, series, stretch });
        };
        for (number, offset) in (0..5).zip(0..) {
            note(Side::Acked, number, offset);
            note(Side::Received(1), number, offset);
        }
        note(Side::Failed, 7, 7);
        read.iter().for_each(|(number, offset)| note(Side::Received(0), *number, *offset));
        let seen = &mut stream.measured;
        (seen.produced.due, seen.produced.attempted, seen.produced.messages) = (5, 5, 5);
        (seen.acked.messages, seen.consumed[1].messages) = (5, 5);
        seen.consumed[0].messages = u64::try_from(read.len()).expect("a few");
        let mut tally = Tally::new(&plan.demand);
        tally.merge(&log);
        Verdict::of(&plan, &tally, &evidence())
    }

    fn codes(verdict: &Verdict) -> Vec<(&'static str, Severity)> {
        let counted = verdict.findings.iter().filter(|of| of.code != "few_samples");
        counted.map(|finding| (finding.code, finding.severity)).collect()
    }

    const CLEAN: [(u64, i64); 5] = [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4)];

    /// What is read besides the clean run, and the finding that it raises.
    fn check(read: &[(u64, i64)], code: &'static str, severity: Severity) {
        let verdict = by_numbers(read, &[]);
        assert_eq!(codes(&verdict), [(code, severity)], "{read:?}");
        let expected = if severity == Severity::Error { 13 } else { 0 };
        assert_eq!(verdict.exit_code, expected, "{code}");
    }

    #[test]
    fn lost_and_damaged_messages_fail_the_verification() {
        let lost = by_counts(|tally, _| tally.streams[0].measured.consumed[1].messages -= 1);
        assert_eq!((codes(&lost), lost.exit_code), (vec![("lost", Severity::Error)], 13), "lost");
        let damaged = by_counts(|tally, _| {
            let consumed = &mut tally.streams[0].measured.consumed[0];
            (consumed.messages, consumed.corrupted) = (consumed.messages - 1, 1);
        });
        let expected = vec![("corrupted", Severity::Error)];
        assert_eq!((codes(&damaged), damaged.exit_code), (expected, 13), "damaged");
        check(&CLEAN[..4], "lost", Severity::Error);
    }

    #[test]
    fn each_repeat_is_told_as_what_it_is() {
        let with = |more: &[(u64, i64)]| [&CLEAN[..], more].concat();
        assert_eq!(codes(&by_numbers(&CLEAN, &[])), [], "a clean run says nothing");
        check(&with(&[(2, 2)]), "redelivered", Severity::Info);
        check(&with(&[(2, 5)]), "duplicated", Severity::Warning);
        check(&with(&[(7, 5)]), "failed_but_present", Severity::Warning);
        check(&with(&[(5, 5)]), "unattributed", Severity::Warning);
        let swapped = [(0, 0), (2, 1), (1, 2), (3, 3), (4, 4)];
        check(&swapped, "reordered", Severity::Warning);
    }

    #[test]
    fn what_the_clients_settings_rule_out_fails_the_verification() {
        let twice = [&CLEAN[..], &[(2, 5)]].concat();
        let swapped = [(0, 0), (2, 1), (1, 2), (3, 3), (4, 4)];
        let check = |setting: (&str, &str), once: u8, ordered: u8| {
            let exit = |read: &[(u64, i64)]| by_numbers(read, &[setting]).exit_code;
            assert_eq!((exit(&twice), exit(&swapped)), (once, ordered), "{setting:?}");
        };
        check(("linger.ms", "1"), 0, 0);
        check(("enable.idempotence", "false"), 0, 0);
        check(("enable.idempotence", "true"), 13, 13);
        check(("message.send.max.retries", "0"), 13, 0);
        check(("max.in.flight", "1"), 0, 13);
        check(("max.in.flight", "5"), 0, 0);
    }

    #[test]
    fn numbers_that_are_not_all_known_are_told() {
        let mut plan = plan(ClientCount::Shared);
        plan.demand.verification = Verification::Numbers;
        // The clean run's counts, and none of its numbers.
        let verdict = Verdict::of(&plan, &tally(&plan), &evidence());
        assert_eq!(codes(&verdict), [("verified_by_counts", Severity::Warning)], "said");
        assert!(verdict.valid, "and no fault by itself");
    }

    #[test]
    fn a_loss_names_what_removed_the_messages() {
        let words = |change: fn(&mut Evidence<'static>)| {
            let verdict = by_counts(|tally, seen| {
                tally.streams[0].measured.consumed[1].messages -= 1;
                change(seen);
            });
            verdict.findings[0].message.clone()
        };
        assert!(words(|_| {}).contains("unclean leader election"), "unknown");
        assert!(words(|seen| seen.removed = Some(0)).contains("unclean"), "nothing was removed");
        let removed = words(|seen| seen.removed = Some(90));
        assert!(removed.contains("no longer hold 90 of their messages"), "{removed}");
        assert!(words(|seen| seen.embedded = true).contains("embedded broker keeps"), "embedded");
    }

    #[test]
    fn by_counts_more_received_than_acked_names_what_may_explain_it() {
        let check = |maybe: u64, words: &str| {
            let verdict = by_counts(|tally, _| {
                let seen = &mut tally.streams[0].measured;
                seen.consumed[0].messages += 7;
                seen.acked.failed_maybe_persisted = maybe;
            });
            assert_eq!(codes(&verdict), [("received_more", Severity::Warning)], "{maybe}");
            assert!(verdict.findings[0].message.contains(words), "{:?}", verdict.findings);
        };
        check(0, "7 more messages");
        check(9, "9 messages failed that the broker may have");
    }
}
