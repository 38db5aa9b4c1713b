//! The checks that can spoil a run.

use super::constants::{LATE, LATE_SHARE_INVALID, LATE_SHARE_NOTED, TARGET_SHARE, exit};
use super::counts::Window;
use super::facts::{count, number, percent, share, some_of, text};
use super::fleet;
use super::sums::Part;
use super::verdict::{Case, Ended, Found};
use crate::units::Nanos;

/// How the run ended: told before everything else.
pub(super) const ENDING: &[fn(&Case<'_>, &mut Found)] = &[ending];

/// Every other check, in the order in which equally grave findings are told.
pub(super) const CHECKS: &[fn(&Case<'_>, &mut Found)] =
    &[lateness, target, closed_loop, unsent, left_over, deadlines];

fn ending(case: &Case<'_>, found: &mut Found) {
    match &case.evidence.ended {
        Ended::AsPlanned => {}
        Ended::Interrupted => found.fail(
            exit::INTERRUPTED,
            "interrupted",
            "The run was interrupted. What was measured until then is kept; it is shorter than \
             planned. Run it again to the end before comparing it."
                .to_owned(),
            Vec::new(),
        ),
        Ended::CutShort { after_s, reason } => found.fail(
            exit::ASSERTION,
            "cut_short",
            format!(
                "The run was ended after {after_s} s of measuring, as asked, because an assertion \
                 failed: {reason}. What was measured until then is kept; it is shorter than \
                 planned. Look at the seconds before the end for the cause."
            ),
            vec![count("after_s", u64::from(*after_s)), text("reason", reason)],
        ),
        Ended::Failed(reason) => found.fail(
            exit::FAILED,
            "failed",
            format!(
                "The run could not be finished as planned: {reason}. The numbers cover only what \
                 happened before. Remove the cause and run it again."
            ),
            vec![text("reason", reason)],
        ),
        Ended::TimedOut => found.fail(
            exit::TIMED_OUT,
            "timed_out",
            "The whole run's deadline struck before it was finished. What had come until then is \
             kept. Look below for what it waited for."
                .to_owned(),
            Vec::new(),
        ),
    }
    if case.evidence.cluster_lost {
        found.fail(
            exit::FAILED,
            "cluster_lost",
            "The cluster went away and did not come back. The numbers cover only what happened \
             before. Look at the brokers' logs, then run it again."
                .to_owned(),
            Vec::new(),
        );
    }
}

fn lateness(case: &Case<'_>, found: &mut Found) {
    case.parts.iter().for_each(|part| late_part(part, found));
}

fn late_part(part: &Part<'_>, found: &mut Found) {
    let (late, attempted) = (part.sums.late_by_us, part.sums.attempted);
    let late_share = share(late, attempted);
    if late_share <= LATE_SHARE_NOTED {
        return;
    }
    let evidence = part.facts(vec![
        count("late_by_us", late),
        count("attempted", attempted),
        number("late_share", late_share),
        number("client_from_percentile", 100.0 - late_share * 100.0),
    ]);
    let seen = format!(
        "{}{} of all sends ({late} of {attempted}) left more than {LATE} after their due although \
         the client was not full",
        part.about(),
        percent(late, attempted)
    );
    if LATE_SHARE_INVALID < late_share {
        let message = format!(
            "{seen}. The latencies measure this host, not the broker. Lower the rate, give the \
             lanes cores of their own (--cores), or use more hosts."
        );
        found.fail(exit::CLIENT_LIMITED, "client_limited", message, evidence);
    } else {
        let message = format!(
            "{seen}. From about p{:.2} on, publish and end-to-end latency may be this client's and \
             not the broker's: how much of the tail is, engine.tail says. For the far tail lower the \
             rate or free the lanes' cores.",
            100.0 - late_share * 100.0
        );
        found.warn("late_sends", message, evidence);
    }
}

fn target(case: &Case<'_>, found: &mut Found) {
    for part in &case.parts {
        let (due, acked) = (part.sums.due, part.sums.acked_of_due);
        if due == 0 || TARGET_SHARE <= share(acked, due) {
            continue;
        }
        let held_back = part.sums.held_back;
        let held = if held_back == 0 {
            String::new()
        } else {
            format!(" {held_back} messages met a full client queue first.")
        };
        let message = format!(
            "{}{} of what was due was acked ({acked} of {due}); the target is {:.1} %.{held} \
             Latencies below the target rate do not compare with those at it. {}",
            part.about(),
            percent(acked, due),
            TARGET_SHARE * 100.0,
            if fleet::explains_target(case) {
                "What lost workers did not send, or not tell of, is all that is short."
            } else {
                "Lower the rate until it holds, or see errors and backlog for what was short."
            }
        );
        let evidence = vec![
            count("due", due),
            count("acked", acked),
            number("acked_share", share(acked, due)),
            count("held_back", held_back),
        ];
        found.fail(exit::TARGET, "target_not_reached", message, part.facts(evidence));
    }
}

fn closed_loop(case: &Case<'_>, found: &mut Found) {
    for part in &case.parts {
        let (attempted, failed) = (part.sums.free_attempted, part.sums.free_failed);
        if attempted == 0 || TARGET_SHARE <= share(attempted.saturating_sub(failed), attempted) {
            continue;
        }
        let message = format!(
            "{}{} of the messages failed ({failed} of {attempted}). A throughput with this many \
             failures is not what the cluster delivers. See the errors by code.",
            part.about(),
            percent(failed, attempted)
        );
        let evidence = vec![count("failed", failed), count("attempted", attempted)];
        found.fail(exit::TARGET, "too_many_failures", message, part.facts(evidence));
    }
}

/// What was due and never offered fails the target however little it is: a lane that could not pay
/// its debt within the grace was not going at the rate. A run that was cut short gave it none, and
/// what lost workers left unsent is told with their loss. One that was interrupted gave it none either, but
/// what is in no histogram is told, however it came.
fn unsent(case: &Case<'_>, found: &mut Found) {
    let unsent = case.sums.unsent.saturating_sub(fleet::untold(case));
    let due = case.sums.due;
    if unsent == 0 || matches!(case.evidence.ended, Ended::CutShort { .. }) {
        return;
    }
    let mut window = Window::default();
    for stream in &case.tally.streams {
        window.merge(&stream.measured.produced.unsent_due);
    }
    let age = window.first().map_or(Nanos::ZERO, |first| first.until(case.evidence.stopped));
    let advice = match case.evidence.ended {
        Ended::Interrupted => "The interrupt left no time to send them.",
        _ => "Lower the rate.",
    };
    found.fail(
        exit::TARGET,
        "unsent",
        format!(
            "{unsent} messages were due and never sent ({}); the oldest had waited {:.3} s when \
             sending stopped. They are in no histogram: the true latencies are worse than shown. \
             {advice}",
            percent(unsent, due),
            age.as_secs_f64()
        ),
        vec![count("unsent", unsent), count("due", due), number("oldest_s", age.as_secs_f64())],
    );
}

fn left_over(case: &Case<'_>, found: &mut Found) {
    // Those of lost workers are told with their loss.
    let outstanding = case.sums.outstanding.saturating_sub(fleet::unanswered(case));
    if 0 < outstanding {
        found.fail(
            exit::TIMED_OUT,
            "outstanding",
            format!(
                "{outstanding} sent messages were neither acked nor refused when waiting ended. \
                 Whether the broker has them is not known; they are in no histogram. Look at the \
                 brokers, or raise delivery.timeout.ms."
            ),
            vec![count("outstanding", outstanding), count("acked", case.sums.acked)],
        );
    }
    if case.plan.demand.is_catch_up() {
        // How far it came, its own checks tell: nothing was acked.
        return;
    }
    let groups = case.plan.groups.iter().zip(case.evidence.readings);
    let behind = groups.filter(|(_, reading)| !reading.is_drained);
    let behind: Vec<&str> = behind.map(|(group, _)| group.name.as_str()).collect();
    if !behind.is_empty() {
        let unread: u64 = case.balances.iter().map(|of| of.outstanding).sum();
        let advice = if case.plan.demand.clients.consumer_cluster.is_some() {
            "Look first at what carries messages from one cluster to the other: whether it runs, and \
             how far it has come."
        } else {
            "Give the group more consumers or partitions, or lower the rate."
        };
        found.fail(
            exit::TIMED_OUT,
            "not_drained",
            format!(
                "Consumers of {} did not read up to the last acked message in time; {unread} acked \
                 messages are unread. These are outstanding, not known to be lost. {advice}",
                some_of(&behind)
            ),
            vec![count("unread", unread), text("groups", behind.join(", "))],
        );
    }
}

fn deadlines(case: &Case<'_>, found: &mut Found) {
    for deadline in case.evidence.deadlines_struck {
        found.fail(
            exit::TIMED_OUT,
            "deadline",
            format!("A deadline struck: {deadline}. What had not come by then is counted as outstanding."),
            vec![text("deadline", deadline)],
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::measure::balance::Reading;
    use crate::measure::constants::exit;
    use crate::measure::tally::PhaseTally;
    use crate::measure::verdict::{Ended, Evidence, Verdict};
    use crate::measure::verdict_fixture::{evidence, plan, tally};
    use crate::plan::{ClientCount, Pace};
    use crate::units::Timestamp;

    /// The first group did not read to the end.
    const BEHIND: [Reading; 2] =
        [Reading { is_drained: false, is_unheard: false }, Reading::DRAINED];

    /// Changes a clean run and says which findings it must raise and which code it must tell.
    fn check(
        change: impl Fn(&mut PhaseTally, &mut Evidence<'static>),
        codes: &[&str],
        expected: u8,
    ) {
        let plan = plan(ClientCount::Shared);
        let (mut tally, mut evidence) = (tally(&plan), evidence());
        change(&mut tally.streams[0].measured, &mut evidence);
        let verdict = Verdict::of(&plan, &tally, &evidence);
        let got: Vec<&str> = verdict.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(got, codes, "findings");
        assert_eq!(verdict.exit_code, expected, "{codes:?}");
        assert_eq!(verdict.valid, expected == exit::VALID, "valid follows the code");
    }

    #[test]
    fn a_clean_run_raises_nothing() {
        check(|_, _| {}, &[], 0);
    }

    #[test]
    fn an_early_end_is_told_first() {
        check(|_, seen| seen.ended = Ended::Interrupted, &["interrupted"], 130);
        check(|_, seen| seen.ended = Ended::Failed("no".to_owned()), &["failed"], 1);
        check(|_, seen| seen.ended = Ended::TimedOut, &["timed_out"], 15);
        check(|_, seen| seen.cluster_lost = true, &["cluster_lost"], 1);
        check(
            |tally, seen| {
                seen.ended = Ended::Interrupted;
                tally.acked.messages = 100_000;
                tally.consumed[1].messages = 100_000;
                tally.produced.late_by_us = 100_000;
                seen.readings = &BEHIND;
            },
            &[
                "interrupted",
                "client_limited",
                "target_not_reached",
                "outstanding",
                "not_drained",
                "received_more",
            ],
            130,
        );
    }

    #[test]
    fn lateness_is_silent_then_noted_then_the_clients() {
        check(|tally, _| tally.produced.late_by_us = 200, &[], 0);
        check(|tally, _| tally.produced.late_by_us = 201, &["late_sends"], 0);
        check(|tally, _| tally.produced.late_by_us = 20_000, &["late_sends"], 0);
        check(|tally, _| tally.produced.late_by_us = 20_001, &["client_limited"], 11);
    }

    #[test]
    fn the_note_on_late_sends_names_the_percentile() {
        let plan = plan(ClientCount::Shared);
        let mut tally = tally(&plan);
        tally.streams[0].measured.produced.late_by_us = 4_000;
        let verdict = Verdict::of(&plan, &tally, &evidence());
        let message = &verdict.findings[0].message;
        assert!(message.contains("From about p98.00 on"), "{message}");
    }

    #[test]
    fn the_target_is_999_of_1000() {
        let fail = |tally: &mut PhaseTally, failed: u64| {
            tally.acked.messages -= failed;
            tally.acked.failed = failed;
            (0..failed).for_each(|_| tally.produce_errors.count(-195));
            tally.consumed.iter_mut().for_each(|consumed| consumed.messages -= failed);
        };
        check(move |tally, _| fail(tally, 200), &["errors"], 0);
        check(move |tally, _| fail(tally, 201), &["target_not_reached", "errors"], 12);
    }

    #[test]
    fn a_closed_loop_fails_by_its_failures_and_never_by_what_was_due() {
        let mut plan = plan(ClientCount::Shared);
        plan.demand.streams[0].pace = Pace::Max { in_flight: None };
        let exit_with = |failed: u64| {
            let mut tally = tally(&plan);
            let measured = &mut tally.streams[0].measured;
            measured.produced.due = 0;
            measured.acked.messages -= failed;
            measured.acked.failed = failed;
            measured.consumed.iter_mut().for_each(|consumed| consumed.messages -= failed);
            Verdict::of(&plan, &tally, &evidence()).exit_code
        };
        assert_eq!(exit_with(200), 0, "one in a thousand");
        assert_eq!(exit_with(201), 12, "more than that");
    }

    #[test]
    fn unsent_messages_fail_the_target_and_are_named_with_their_age() {
        let plan = plan(ClientCount::Shared);
        let mut tally = tally(&plan);
        let produced = &mut tally.streams[0].measured.produced;
        produced.unsent = 1;
        produced.unsent_due.include(Timestamp::from_nanos(1_500_000_000));
        let stopped = Timestamp::from_nanos(4_000_000_000);
        let verdict = Verdict::of(&plan, &tally, &Evidence { stopped, ..evidence() });
        assert_eq!((verdict.exit_code, verdict.findings[0].code), (12, "unsent"), "fails");
        assert!(verdict.findings[0].message.contains("waited 2.500 s"), "{verdict:?}");
        let seen = Evidence { stopped, ended: Ended::Interrupted, ..evidence() };
        let ended = Verdict::of(&plan, &tally, &seen);
        let told = ended.findings.iter().find(|finding| finding.code == "unsent");
        let words = &told.expect("they are in no histogram").message;
        assert!(words.ends_with("The interrupt left no time to send them."), "{words}");
        assert_eq!(ended.exit_code, 130, "{ended:?}");
    }

    #[test]
    fn what_had_not_come_at_a_deadline_times_the_run_out() {
        check(|tally, _| tally.produced.messages += 1, &["outstanding"], 15);
        check(|_, seen| seen.readings = &BEHIND, &["not_drained"], 15);
        let struck: &'static [String] = Box::leak(Box::new(["drain: 30 s of quiet".to_owned()]));
        check(move |_, seen| seen.deadlines_struck = struck, &["deadline"], 15);
    }
}
