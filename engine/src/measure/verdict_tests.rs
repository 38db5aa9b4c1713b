//! Laws of the verdict: which code is told, and what limited a run.

use super::verdict::{Ended, Evidence, Finding, LimitedBy, Severity, Verdict, first};
use crate::measure::constants::exit;
use crate::measure::verdict_fixture::{evidence, plan, tally};
use crate::plan::{ClientCount, Pace, Plan};
use crate::units::Nanos;

#[test]
fn of_several_codes_the_one_that_explains_the_others_is_told() {
    let check = |codes: &[u8], expected: u8| assert_eq!(first(codes), expected, "{codes:?}");
    check(&[], 0);
    let order = [130, 1, 14, 13, 11, 12, 15, 10];
    for (index, code) in order.into_iter().enumerate() {
        check(&[code], code);
        let mut rest = order[index..].to_vec();
        rest.reverse();
        check(&rest, code);
    }
}

#[test]
fn what_limited_the_run_follows_from_lateness_and_a_full_queue() {
    let plan = plan(ClientCount::Shared);
    let clean = tally(&plan).streams[0].measured.produced.waited;
    let check = |late: u64, acked: u64, (held_back, waited): (u64, Nanos), expected| {
        let mut tally = tally(&plan);
        let measured = &mut tally.streams[0].measured;
        measured.produced.late_by_us = late;
        measured.produced.held_back = held_back;
        measured.produced.waited = waited;
        measured.acked.messages = acked;
        let got: LimitedBy = Verdict::of(&plan, &tally, &evidence()).limited_by;
        assert_eq!(got, expected, "late {late}, acked {acked}, {held_back}, {waited}");
    };
    check(0, 200_000, (0, clean), LimitedBy::Nothing);
    check(0, 200_000, (5, clean), LimitedBy::Nothing);
    check(0, 200_000, (0, Nanos::ZERO), LimitedBy::Nothing);
    check(0, 100_000, (5, clean), LimitedBy::Broker);
    check(0, 100_000, (5, Nanos::ZERO), LimitedBy::Broker);
    check(0, 100_000, (0, clean), LimitedBy::Unknown);
    check(0, 100_000, (0, Nanos::ZERO), LimitedBy::Client);
    check(100_000, 100_000, (5, clean), LimitedBy::Client);
}

#[test]
fn a_lost_cluster_a_closed_loop_and_an_early_end_say_so() {
    let timed = plan(ClientCount::Shared);
    let tally = tally(&timed);
    let judge = |plan: &Plan, evidence: &Evidence<'_>| {
        let verdict = Verdict::of(plan, &tally, evidence);
        (verdict.limited_by, verdict.exit_code)
    };
    let lost = Evidence { cluster_lost: true, ..evidence() };
    assert_eq!(judge(&timed, &lost), (LimitedBy::Broker, exit::FAILED), "lost");
    let early = Evidence { ended: Ended::Interrupted, ..evidence() };
    assert_eq!(judge(&timed, &early), (LimitedBy::Unknown, exit::INTERRUPTED), "early");
    let mut closed = plan(ClientCount::Shared);
    closed.demand.streams[0].pace = Pace::Max { in_flight: None };
    assert_eq!(judge(&closed, &evidence()), (LimitedBy::Unknown, exit::VALID), "closed loop");
}

/// A clean run, or one that was late, with a failed assertion.
fn with_failed_assertion(late: u64) -> (Verdict, Verdict) {
    let plan = plan(ClientCount::Shared);
    let mut tally = tally(&plan);
    tally.streams[0].measured.produced.late_by_us = late;
    let finding = Finding {
        code: "assertion_failed",
        severity: Severity::Error,
        message: "m".to_owned(),
        evidence: Vec::new(),
    };
    let before = Verdict::of(&plan, &tally, &evidence());
    (before.clone(), before.with(exit::ASSERTION, vec![finding]))
}

#[test]
fn a_failed_assertion_spoils_a_run_unless_something_graver_did() {
    let check = |late: u64, codes: &[&str], expected: u8| {
        let (before, after) = with_failed_assertion(late);
        let got: Vec<&str> = after.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(got, codes, "{late} late: errors first, warnings after them");
        assert_eq!((after.exit_code, after.valid), (expected, false), "{late} late");
        assert_eq!(after.limited_by, before.limited_by, "{late} late: counts tell the limit");
    };
    check(0, &["assertion_failed"], exit::ASSERTION);
    check(4_000, &["assertion_failed", "late_sends"], exit::ASSERTION);
    check(100_000, &["client_limited", "assertion_failed"], exit::CLIENT_LIMITED);
    let (before, _) = with_failed_assertion(0);
    assert_eq!(before.clone().with(exit::ASSERTION, Vec::new()), before, "none failed");
}

#[test]
fn a_run_cut_short_is_told_first_and_is_not_blamed_for_what_it_left_unsent() {
    let plan = plan(ClientCount::Shared);
    let mut tally = tally(&plan);
    tally.streams[0].measured.produced.unsent = 3;
    let reason = "publish.p99 < 1 ms: publish.p99 is 2 ms".to_owned();
    let ended = Ended::CutShort { after_s: 7, reason };
    let verdict = Verdict::of(&plan, &tally, &Evidence { ended, ..evidence() });
    assert_eq!((verdict.exit_code, verdict.limited_by), (exit::ASSERTION, LimitedBy::Unknown));
    let codes: Vec<&str> = verdict.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["cut_short"], "no grace was given to pay the debt");
    let message = &verdict.findings[0].message;
    assert!(message.contains("after 7 s") && message.contains("is 2 ms"), "{message}");
}
