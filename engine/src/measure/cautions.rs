//! The checks that never spoil a run: what its reader should know all the same.

use super::constants::{DRIFT_PPM, IMBALANCE, PERCENTILES, SAMPLES_BEYOND};
use super::early_start::{bound_reached, early_start};
use super::facts::{count, number, percent, some_of, text};
use super::latency::{LATENCY_MAX, Latency};
use super::outages::outage;
use super::parts::{parts_add_up, statistics_missing};
use super::skew::partition_skew;
use super::standing::near_ceiling;
use super::tally::PhaseTally;
use super::verdict::{Case, Found};

/// Every check, in the order in which equally grave findings are told.
pub(super) const CHECKS: &[fn(&Case<'_>, &mut Found)] = &[
    throttled,
    outage,
    early_start,
    bound_reached,
    errors,
    foreign,
    imbalance,
    partition_skew,
    spans,
    drift,
    embedded,
    trouble,
    parts_add_up,
    statistics_missing,
    few_samples,
    near_ceiling,
    remarks,
];

fn throttled(case: &Case<'_>, found: &mut Found) {
    let Some(seen) = case.evidence.throttled.filter(|seen| 0 < seen.periods) else { return };
    let millis = seen.time.as_micros_f64() / 1_000.0;
    let quota = case.plan.machine.quota;
    let of = quota.map_or_else(String::new, |quota| format!(", whose quota is {quota} cores"));
    let mut facts = vec![
        count("throttled_periods", seen.periods),
        count("periods", seen.of),
        number("throttled_ms", millis),
    ];
    facts.extend(quota.map(|quota| number("quota_cores", quota.as_cores_f64())));
    found.warn(
        "throttled",
        format!(
            "The system withheld this process for {} of {} periods, {millis:.0} ms in all, summed \
             over cores (CFS throttling of the cgroup{of}). Sends were late and acks read late by \
             its pauses, so they are in the latencies. Raise the quota, or lower the rate.",
            seen.periods, seen.of
        ),
        facts,
    );
}

fn errors(case: &Case<'_>, found: &mut Found) {
    let (errors, attempted) = (case.sums.errors, case.sums.attempted);
    if errors == 0 {
        return;
    }
    let sum = |part: fn(&PhaseTally) -> u64| {
        case.tally.streams.iter().map(|stream| part(&stream.measured)).sum::<u64>()
    };
    let failed = sum(|seen| seen.produce_errors.total());
    let commits = sum(|seen| seen.commit_errors.total());
    let consumers = sum(|seen| seen.consume_errors.total());
    found.warn(
        "errors",
        format!(
            "{errors} errors ({} of the attempted): {failed} failed messages, {commits} failed \
             commits, {consumers} consumer errors. Failed messages are in no latency. See the \
             errors by code for the cause.",
            percent(errors, attempted)
        ),
        vec![
            count("errors", errors),
            count("failed_messages", failed),
            count("failed_commits", commits),
            count("consumer_errors", consumers),
        ],
    );
}

fn foreign(case: &Case<'_>, found: &mut Found) {
    let foreign: u64 = case.balances.iter().map(|of| of.foreign).sum();
    if 0 < foreign {
        found.warn(
            "foreign",
            format!(
                "{foreign} messages of other runs or programs were received. They are in no count \
                 and no latency, but they took the consumers' time. Use topics of the run's own."
            ),
            vec![count("foreign", foreign)],
        );
    }
}

fn imbalance(case: &Case<'_>, found: &mut Found) {
    let uneven = |members: &[usize]| {
        let (least, most) = (members.iter().min().copied()?, members.iter().max().copied()?);
        let (least, most) = (u64::try_from(least).ok()?, u64::try_from(most).ok()?);
        // Where members outnumber partitions some must have none, so nothing is uneven about it.
        let enough = members.len() <= members.iter().sum::<usize>();
        (enough && least.saturating_mul(IMBALANCE) < most).then_some((least, most))
    };
    let groups = case.plan.groups.iter().zip(case.evidence.partitions_per_member);
    let seen: Vec<_> = groups
        .filter_map(|(group, members)| Some((group.name.as_str(), uneven(members)?)))
        .collect();
    let Some((_, (least, most))) = seen.first().copied() else { return };
    let names: Vec<&str> = seen.iter().map(|(name, _)| *name).collect();
    found.warn(
        "imbalance",
        format!(
            "Members of {} hold between {least} and {most} partitions. The most loaded one sets \
             the end-to-end tail. Use partition.assignment.strategy=cooperative-sticky, or a \
             number of consumers that divides the partitions.",
            some_of(&names)
        ),
        vec![text("groups", names.join(", ")), count("least", least), count("most", most)],
    );
}

/// The latencies of a stream's measured messages, with their names.
fn latencies(seen: &PhaseTally) -> [(&'static str, &Latency); 5] {
    [
        ("publish", &seen.publish),
        ("service", &seen.service),
        ("send_delay", &seen.send_delay),
        ("end_to_end", &seen.end_to_end),
        ("transit", &seen.transit),
    ]
}

fn spans(case: &Case<'_>, found: &mut Found) {
    let sum = |part: fn(&Latency) -> u64| {
        let all = case.tally.streams.iter().flat_map(|stream| latencies(&stream.measured));
        all.map(|(_, latency)| part(latency)).sum::<u64>()
    };
    let (negative, beyond) = (sum(Latency::negative), sum(Latency::beyond_range));
    if 0 < negative {
        found.warn(
            "negative_spans",
            format!(
                "{negative} spans came out negative: something ended before it began, so clocks \
                 disagree. They are counted and in no percentile. {}",
                case.evidence.fleet.map_or_else(
                    || "Check the hosts' time synchronisation.".to_owned(),
                    |fleet| format!(
                        "In a fleet that is most likely the workers' clocks, which are known to \
                         {:.1} us: see whose offset or drift stands out (workers).",
                        fleet.clock_error().as_micros_f64()
                    )
                )
            ),
            vec![count("negative", negative)],
        );
    }
    if 0 < beyond {
        found.warn(
            "beyond_range",
            format!(
                "{beyond} spans were longer than {LATENCY_MAX}. Percentiles show at most that, the \
                 maximum is exact. Look for an outage in the intervals."
            ),
            vec![count("beyond_range", beyond)],
        );
    }
}

/// Told only where it is beyond what the readings themselves leave in doubt.
fn drift(case: &Case<'_>, found: &mut Found) {
    let Some(drift) = case.evidence.drift else { return };
    let Some((ppm, error)) = drift.ppm().zip(drift.error_ppm()) else { return };
    if ppm.abs() - error <= DRIFT_PPM {
        return;
    }
    let went = if 0.0 < ppm { "faster" } else { "slower" };
    found.warn(
        "clock_drift",
        format!(
            "The time stamp counter went {:.1} ppm {went} than the kernel's clock: every rate and \
             span is off by that share, and times drift from other programs'. A time server \
             corrected the kernel's clock, or this virtual machine was moved. Use --clock os.",
            ppm.abs()
        ),
        vec![
            number("drift_ppm", ppm),
            number("drift_error_ppm", error),
            number("allowed_ppm", DRIFT_PPM),
        ],
    );
}

fn embedded(case: &Case<'_>, found: &mut Found) {
    if case.evidence.embedded && case.evidence.embedded_full {
        found.warn(
            "embedded_full",
            "The embedded broker's own limit held the load back. It has no disk and no replicas \
             and shares this process: its numbers say nothing about a cluster. Name a real one \
             with --bootstrap-server, or lower the rate."
                .to_owned(),
            vec![count("held_back", case.sums.held_back)],
        );
    }
}

fn trouble(case: &Case<'_>, found: &mut Found) {
    for (words, times) in case.evidence.trouble {
        found.note(
            "client_trouble",
            format!("A client reported {times} times: {words}."),
            vec![text("words", words), count("times", *times)],
        );
    }
}

/// Sent and received sides apart: the spans of one side have equally many samples. Each stream by itself:
/// so are its percentiles.
fn few_samples(case: &Case<'_>, found: &mut Found) {
    for part in &case.parts {
        let seen = &part.tally.measured;
        for (side, latency) in [("publish", &seen.service), ("end_to_end", &seen.transit)] {
            let few = |percent: &f64| latency.samples_beyond(*percent) < SAMPLES_BEYOND;
            let samples = latency.count();
            let Some(from) = PERCENTILES.into_iter().find(few).filter(|_| 0 < samples) else {
                continue;
            };
            let message = format!(
                "{}With {samples} samples, {side} percentiles from p{from} on rest on fewer than \
                 {SAMPLES_BEYOND} messages each. They will differ from run to run. Run longer for \
                 a steady tail.",
                part.about()
            );
            let facts = vec![
                text("side", side),
                count("samples", samples),
                text("from", format!("p{from}")),
            ];
            found.note("few_samples", message, part.facts(facts));
        }
    }
}

fn remarks(case: &Case<'_>, found: &mut Found) {
    for (code, message) in &case.evidence.remarks {
        found.note(code, (*message).to_owned(), Vec::new());
    }
}

#[cfg(test)]
mod tests {
    use crate::host::Throttled;
    use crate::measure::tally::PhaseTally;
    use crate::measure::verdict::{Evidence, Severity, Verdict};
    use crate::measure::verdict_fixture::{evidence, plan, tally};
    use crate::plan::ClientCount;
    use crate::time::Drift;
    use crate::units::Nanos;

    /// Changes a clean run and says which one finding it must raise; the run stays valid.
    fn check(change: impl Fn(&mut PhaseTally, &mut Evidence<'static>), code: &str, words: &str) {
        let plan = plan(ClientCount::Shared);
        let (mut tally, mut evidence) = (tally(&plan), evidence());
        change(&mut tally.streams[0].measured, &mut evidence);
        let verdict = Verdict::of(&plan, &tally, &evidence);
        let got: Vec<&str> = verdict.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(got, [code], "findings");
        assert!(verdict.findings[0].message.contains(words), "{:?}", verdict.findings);
        assert_ne!(verdict.findings[0].severity, Severity::Error, "a caution");
        assert!(verdict.valid && verdict.exit_code == 0, "a caution never changes `valid`");
    }

    #[test]
    fn throttling_is_told_with_its_numbers() {
        let throttled = |periods: u64| Throttled { periods, of: 95, time: Nanos::from_millis(340) };
        let words = "withheld this process for 12 of 95 periods, 340 ms";
        check(|_, seen| seen.throttled = Some(throttled(12)), "throttled", words);
        let plan = plan(ClientCount::Shared);
        let none = Evidence { throttled: Some(throttled(0)), ..evidence() };
        assert_eq!(Verdict::of(&plan, &tally(&plan), &none).findings, [], "limited, never stopped");
    }

    #[test]
    fn errors_below_the_target_are_named_by_kind() {
        let change = |tally: &mut PhaseTally, _: &mut Evidence<'static>| {
            tally.commit_errors.count(25);
            tally.consume_errors.count(-195);
            tally.consume_errors.count(-195);
        };
        check(change, "errors", "0 failed messages, 1 failed commits, 2 consumer errors");
    }

    #[test]
    fn foreign_messages_and_odd_spans_are_counted_aloud() {
        check(|tally, _| tally.consumed[1].foreign = 4, "foreign", "4 messages of other");
        check(|tally, _| tally.end_to_end.record(None), "negative_spans", "1 spans");
        let long = Nanos::from_secs(3_601);
        check(move |tally, _| tally.publish.record(Some(long)), "beyond_range", "longer than 1h");
    }

    #[test]
    fn members_may_hold_twice_as_much_as_each_other_and_no_more() {
        let uneven = |members: &[&[usize]]| -> &'static [Vec<usize>] {
            Box::leak(members.iter().map(|member| member.to_vec()).collect())
        };
        let bad = uneven(&[&[1, 3], &[2, 2]]);
        check(move |_, seen| seen.partitions_per_member = bad, "imbalance", "between 1 and 3");
        let plan = plan(ClientCount::Shared);
        for fine in [uneven(&[&[1, 2], &[2]]), uneven(&[&[1, 0, 0], &[3]])] {
            let seen = Evidence { partitions_per_member: fine, ..evidence() };
            assert_eq!(Verdict::of(&plan, &tally(&plan), &seen).findings, [], "{fine:?}");
        }
    }

    #[test]
    fn the_embedded_brokers_limit_and_the_clients_words_are_told() {
        let full = |_: &mut PhaseTally, seen: &mut Evidence<'static>| {
            (seen.embedded, seen.embedded_full) = (true, true);
        };
        check(full, "embedded_full", "say nothing about a cluster");
        let words: &'static [(String, u64)] = Box::leak(Box::new([("broker down".to_owned(), 3)]));
        check(move |_, seen| seen.trouble = words, "client_trouble", "3 times: broker down");
        let remark = |_: &mut PhaseTally, seen: &mut Evidence<'static>| {
            seen.remarks = vec![("offset_reset_replaced", "latest became earliest")];
        };
        check(remark, "offset_reset_replaced", "latest became earliest");
    }

    #[test]
    fn a_clock_that_drifts_by_more_than_10_ppm_is_told() {
        let kernel = Nanos::from_secs(10);
        let of = |clock: u64, error: u64| {
            Some(Drift { clock: Nanos(clock), kernel, error: Nanos(error) })
        };
        check(move |_, seen| seen.drift = of(10_000_200_000, 50), "clock_drift", "20.0 ppm faster");
        check(move |_, seen| seen.drift = of(9_999_800_000, 50), "clock_drift", "20.0 ppm slower");
        let plan = plan(ClientCount::Shared);
        // 5 ppm, 10 ppm, and 20 ppm of which 15 may be a reading that was interrupted.
        let fine =
            [of(10_000_050_000, 50), of(10_000_100_000, 50), of(10_000_200_000, 150_000), None];
        for drift in fine {
            let seen = Evidence { drift, ..evidence() };
            assert_eq!(Verdict::of(&plan, &tally(&plan), &seen).findings, [], "{drift:?}");
        }
    }

    #[test]
    fn a_percentile_of_few_samples_is_flagged() {
        let change = |tally: &mut PhaseTally, _: &mut Evidence<'static>| {
            tally.service.clear();
            (0..1_000).for_each(|_| tally.service.record(Some(Nanos::from_millis(1))));
        };
        check(change, "few_samples", "publish percentiles from p99.9 on");
    }
}
