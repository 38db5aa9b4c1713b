//! Laws of a fleet's verdict: what is said of lost workers, of bad hosts and of clocks.

use super::balance::Reading;
use super::constants::exit;
use super::facts::FactValue;
use super::plausibility::{PeerSeen, SecondSeen};
use super::tally::{PhaseTally, Tally};
use super::verdict::{Evidence, Finding, LimitedBy, Severity, Verdict};
use super::verdict_fixture::{evidence, plan, tally};
use super::workers::{FleetSeen, Gone, GoneWhen, WorkerSeen};
use crate::plan::{ClientCount, Pace};
use crate::units::Nanos;

/// A third of the clean run, sent and read by one of three hosts.
fn worker(index: u32) -> WorkerSeen {
    WorkerSeen {
        peer: PeerSeen {
            name: format!("http://host-{index}:9410"),
            acked: 66_000,
            publish_p99: Nanos::from_millis(3),
        },
        lanes: vec![format!("w{index}/produce-0"), format!("w{index}/consume-0")],
        produced: 66_000,
        share: Some(66_000),
        is_sending: true,
        is_reading: true,
        clock_error: Some(Nanos(20_000)),
        ..WorkerSeen::default()
    }
}

fn fleet() -> FleetSeen {
    FleetSeen { workers: (0..3).map(worker).collect(), untold: 0 }
}

fn gone(when: GoneWhen, heirs: &[&str]) -> Option<Gone> {
    let heirs = heirs.iter().map(|heir| (*heir).to_owned()).collect();
    Some(Gone { when, reason: "no answer for 5 s".to_owned(), heirs })
}

/// The clean run, changed, on this fleet.
fn judge(fleet: &FleetSeen, change: impl FnOnce(&mut PhaseTally)) -> Verdict {
    let plan = plan(ClientCount::Shared);
    let mut tally: Tally = tally(&plan);
    let measured = &mut tally.streams[0].measured;
    for _ in 0..100_000 {
        measured.end_to_end.record(Some(Nanos::from_millis(2)));
    }
    change(measured);
    Verdict::of(&plan, &tally, &Evidence { fleet: Some(fleet), ..evidence() })
}

fn codes(verdict: &Verdict) -> Vec<(&'static str, Severity)> {
    verdict.findings.iter().map(|of| (of.code, of.severity)).collect()
}

fn number(finding: &Finding, name: &str) -> Option<f64> {
    let fact = finding.evidence.iter().find(|fact| fact.name == name)?;
    match fact.value {
        FactValue::Number(number) => Some(number),
        FactValue::Count(count) => u32::try_from(count).ok().map(f64::from),
        FactValue::Text(_) => None,
    }
}

#[test]
fn a_whole_fleet_raises_nothing() {
    assert_eq!(codes(&judge(&fleet(), |_| {})), [], "three hosts that did their share");
}

#[test]
fn a_worker_lost_under_load_makes_the_run_partial_and_the_finding_says_who_when_why_and_what_then()
{
    let check = |when: GoneWhen, heirs: &[&str], words: &[&str], at_s: f64| {
        let mut fleet = fleet();
        fleet.workers[2].gone = gone(when, heirs);
        let verdict = judge(&fleet, |_| {});
        assert_eq!(codes(&verdict), [("worker_lost", Severity::Error)], "{verdict:?}");
        assert_eq!((verdict.exit_code, verdict.valid), (exit::PARTIAL, false), "partial");
        assert_eq!(verdict.limited_by, LimitedBy::Unknown, "nobody is to blame");
        let finding = &verdict.findings[0];
        for part in words.iter().chain(&["http://host-2:9410", "no answer for 5 s"]) {
            assert!(finding.message.contains(part), "{part}: {}", finding.message);
        }
        assert_eq!(number(finding, "lost_at_s"), Some(at_s), "when");
        assert_eq!(number(finding, "sent"), Some(66_000.0), "what it did");
    };
    let after = GoneWhen::Measured(Nanos::from_millis(4_200));
    check(after, &[], &["4.2 s after the measured phase began", "is missing from then on"], 4.2);
    let heirs = ["http://host-0:9410", "http://host-1:9410"];
    check(after, &heirs, &["taken over by http://host-0:9410, http://host-1:9410"], 4.2);
    let warming = GoneWhen::InWarmup(Nanos::from_millis(1_500));
    check(warming, &[], &["1.5 s before the measured phase began"], -1.5);
}

#[test]
fn a_worker_lost_before_the_load_is_a_warning_and_the_run_is_valid() {
    let mut fleet = fleet();
    fleet.workers[1].gone = gone(GoneWhen::BeforeLoad, &[]);
    let verdict = judge(&fleet, |_| {});
    assert_eq!(codes(&verdict), [("worker_missing", Severity::Warning)], "{verdict:?}");
    assert_eq!((verdict.exit_code, verdict.limited_by), (exit::VALID, LimitedBy::Nothing), "whole");
}

/// The third worker is lost: a gap of 20,000 messages, and 1,000 whose answers nobody tells of.
fn gap(measured: &mut PhaseTally) {
    measured.produced.unsent = 20_000;
    measured.produced.messages = 180_000;
    measured.produced.attempted = 180_000;
    measured.acked.messages = 179_000;
    measured.consumed.iter_mut().for_each(|consumed| consumed.messages = 179_000);
}

fn with_gap() -> FleetSeen {
    let mut fleet = fleet();
    let lost = &mut fleet.workers[2];
    lost.gone = gone(GoneWhen::Measured(Nanos::from_secs(7)), &[]);
    lost.outstanding = 1_000;
    FleetSeen { untold: 20_000, ..fleet }
}

#[test]
fn a_gap_of_a_lost_worker_is_neither_the_brokers_fault_nor_the_clients() {
    let verdict = judge(&with_gap(), gap);
    let found = [("target_not_reached", Severity::Error), ("worker_lost", Severity::Error)];
    let mut got = codes(&verdict);
    got.sort_unstable();
    assert_eq!(got, found, "no debt of the others, no answer that they miss: {verdict:?}");
    assert_eq!((verdict.exit_code, verdict.limited_by), (exit::PARTIAL, LimitedBy::Unknown));
    let target = verdict.findings.iter().find(|of| of.code == "target_not_reached");
    let words = &target.expect("it is missed").message;
    assert!(words.contains("lost workers") && !words.contains("Lower the rate"), "{words}");
    let slow = judge(&with_gap(), |measured| {
        gap(measured);
        measured.acked.messages -= 50_000;
        measured.produced.held_back = 9_000;
    });
    assert_eq!(slow.limited_by, LimitedBy::Broker, "what the others missed is as it ever was");
    assert_eq!(slow.exit_code, exit::PARTIAL, "told before all that it may explain");
}

#[test]
fn acks_that_a_lost_worker_did_not_tell_of_are_no_back_pressure_and_its_seconds_no_silence() {
    let plan = plan(ClientCount::Shared);
    let second = |second: u32| SecondSeen {
        second,
        produced: 20_000,
        acked: if second == 6 { 0 } else { 20_000 },
        consumed: if second == 6 { 0 } else { 40_000 },
        lanes_missing: u32::from(6 <= second),
        ..SecondSeen::default()
    };
    let judge = |seconds: Vec<SecondSeen>| {
        let seen = Evidence { seconds: &seconds, fleet: Some(&with_gap()), ..evidence() };
        let verdict = Verdict::of(&plan, &tally(&plan), &seen);
        let own = ["second_without_ack", "second_without_receipt", "acks_behind"];
        let told = verdict.findings.iter().map(|of| of.code).filter(|code| own.contains(code));
        (told.collect::<Vec<_>>(), verdict.limited_by)
    };
    let seconds: Vec<SecondSeen> = (0..10).map(second).collect();
    assert_eq!(judge(seconds.clone()), (vec![], LimitedBy::Unknown), "lanes were missing");
    let whole = seconds.into_iter().map(|of| SecondSeen { lanes_missing: 0, ..of }).collect();
    let (told, _) = judge(whole);
    assert_eq!(told.len(), 2, "else both silences are told: {told:?}");
}

#[test]
fn what_a_lost_consumer_may_have_read_is_never_called_lost() {
    let plan = plan(ClientCount::Shared);
    let check = |reading: Reading, codes: [&str; 2]| {
        let mut tally = tally(&plan);
        tally.streams[0].measured.consumed[1].messages -= 700;
        let readings = [Reading::DRAINED, reading];
        let mut fleet = fleet();
        fleet.workers[2].gone = gone(GoneWhen::Measured(Nanos::from_secs(7)), &[]);
        let seen = Evidence { fleet: Some(&fleet), readings: &readings, ..evidence() };
        let verdict = Verdict::of(&plan, &tally, &seen);
        let got: Vec<&str> = verdict.findings.iter().map(|of| of.code).collect();
        assert_eq!((got.as_slice(), verdict.exit_code), (&codes[..], exit::PARTIAL), "{verdict:?}");
        verdict
    };
    let verdict =
        check(Reading { is_unheard: true, ..Reading::DRAINED }, ["worker_lost", "unheard"]);
    let unheard = &verdict.findings[1];
    assert!(unheard.message.contains("outstanding and not as lost"), "{}", unheard.message);
    assert_eq!(number(unheard, "outstanding"), Some(700.0), "how many");
    check(Reading::DRAINED, ["lost", "worker_lost"]);
}

#[test]
fn more_received_than_acked_is_laid_to_the_acks_that_a_lost_worker_did_not_tell_of() {
    let words = |fleet: &FleetSeen| {
        let verdict = judge(fleet, |measured| measured.acked.messages -= 100);
        let finding = verdict.findings.into_iter().find(|of| of.code == "received_more");
        finding.expect("more came than was acked").message
    };
    assert!(words(&with_gap()).contains("could not tell of its last acks"), "lost");
    assert!(words(&fleet()).contains("retries without idempotence"), "as ever");
    let mut reader = with_gap();
    reader.workers[2].is_sending = false;
    assert!(words(&reader).contains("retries without idempotence"), "it sent nothing");
}

#[test]
fn one_bad_host_cannot_hide_and_is_told_once() {
    let named = |fleet: &FleetSeen, peers: &[PeerSeen]| {
        let plan = plan(ClientCount::Shared);
        let seen = Evidence { fleet: Some(fleet), peers, ..evidence() };
        let verdict = Verdict::of(&plan, &tally(&plan), &seen);
        let outliers = verdict.findings.into_iter().filter(|of| of.code == "outlier");
        let name = |of: Finding| of.message.split(": ").next().unwrap_or_default().to_owned();
        outliers.map(name).collect::<Vec<_>>()
    };
    let lanes = |tails: [u64; 3]| -> Vec<PeerSeen> {
        let lane = |(index, tail): (usize, u64)| PeerSeen {
            name: format!("w{index}/produce-0"),
            acked: 66_000,
            publish_p99: Nanos::from_millis(tail),
        };
        tails.into_iter().enumerate().map(lane).collect()
    };
    let mut slow = fleet();
    slow.workers[1].peer.publish_p99 = Nanos::from_millis(90);
    assert_eq!(named(&slow, &lanes([3, 90, 3])), ["http://host-1:9410"], "not its lane as well");
    assert_eq!(named(&fleet(), &lanes([3, 90, 3])), ["w1/produce-0"], "one lane of a good host");
    let mut short = fleet();
    short.workers[0].produced = 40_000;
    assert_eq!(named(&short, &[]), ["http://host-0:9410"], "61 % of its share");
    short.workers.iter_mut().for_each(|of| of.produced = 40_000);
    assert_eq!(named(&short, &[]), [""; 0], "all did alike: the broker, and no host");
    let mut two = fleet();
    two.workers.truncate(2);
    two.workers[0].produced = 40_000;
    assert_eq!(named(&two, &[]), ["http://host-0:9410"], "of two as well");
    two.workers[0].gone = gone(GoneWhen::Measured(Nanos::from_secs(7)), &[]);
    assert_eq!(named(&two, &[]), [""; 0], "of a lost one something worse is told");
}

#[test]
fn clocks_may_be_off_by_a_tenth_of_the_median_end_to_end_latency() {
    // The median is 2 ms; two of these errors make the bar.
    let check = |error: u64, expected: &[(&str, Severity)]| {
        let mut fleet = fleet();
        fleet.workers.iter_mut().for_each(|of| of.clock_error = Some(Nanos(error)));
        let verdict = judge(&fleet, |_| {});
        assert_eq!(codes(&verdict), expected, "{error}: {verdict:?}");
        assert!(verdict.valid, "a warning never changes `valid`");
    };
    check(99_000, &[]);
    check(101_000, &[("clock_uncertain", Severity::Warning)]);
}

#[test]
fn a_closed_loop_is_held_against_its_transit_and_negative_spans_name_the_clocks() {
    let mut plan = plan(ClientCount::Shared);
    plan.demand.streams[0].pace = Pace::Max { in_flight: None };
    let mut fleet = fleet();
    fleet.workers.iter_mut().for_each(|of| of.clock_error = Some(Nanos(101_000)));
    let mut tally = tally(&plan);
    tally.streams[0].measured.transit.record(None);
    let seen = Evidence { fleet: Some(&fleet), ..evidence() };
    let verdict = Verdict::of(&plan, &tally, &seen);
    let told = |code: &str| {
        let finding = verdict.findings.iter().find(|of| of.code == code);
        finding.map(|of| of.message.clone()).unwrap_or_default()
    };
    assert!(told("clock_uncertain").contains("median transit is 2"), "{verdict:?}");
    assert!(told("negative_spans").contains("workers' clocks"), "{verdict:?}");
    assert!(told("negative_spans").contains("202.0 us"), "by how much: {verdict:?}");
}
