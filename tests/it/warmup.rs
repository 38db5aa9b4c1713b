//! Warm-ups that end by themselves: exact whatever happens, bounded, and told.

use crate::cli::{Kdyno, number, workload};
use engine::measure::{Severity, Verdict};
use engine::plan::{ClientCount, Demand, Pace, Warmup, Wishes};
use engine::run::{Ending, Event, Hooks, Outcome, prepare};
use engine::time::{Clock, ClockSource, RunClock};
use engine::units::{NANOS_PER_SECOND, Nanos};
use kdyno_tests::demand::small;
use kdyno_tests::engine_run::{plan, run, run_with};
use kdyno_tests::standstill::{Standstill, StillTarget};

/// A small demand that warms up until it is steady, at most so many seconds.
fn auto(test_id: &str, rate: u64, millis: u64, bound_s: u64) -> Demand {
    let mut demand = small(test_id, rate, millis);
    demand.phases.warmup = Warmup::Auto { bound: Nanos::from_secs(bound_s) };
    demand
}

/// How long the warm-up was, in whole seconds: it is nothing else.
fn warmed_up(outcome: &Outcome) -> u64 {
    let length = outcome.warmed_up().expect("it came to the measured phase");
    assert!(length.0.is_multiple_of(NANOS_PER_SECOND), "whole seconds: {length}");
    length.0 / NANOS_PER_SECOND
}

/// Demands that in both phases exactly what was due was sent, acked and read by every subscription,
/// and that the seconds add up.
fn check_exact(outcome: &Outcome, rate: u64, measured_ms: u64, what: &str) {
    assert_eq!(outcome.ending, Ending::Finished, "{what}: {:?}", outcome.trouble);
    let stream = &outcome.tally.streams[0];
    let warmup_ms = warmed_up(outcome) * 1_000;
    for (phase, millis) in [(&stream.warmup, warmup_ms), (&stream.measured, measured_ms)] {
        let due = rate * millis / 1_000;
        let produced = &phase.produced;
        let sent = [produced.due, produced.attempted, produced.messages, phase.acked.messages];
        assert_eq!(sent, [due; 4], "{what}, {millis} ms: due, offered, sent, acked");
        for (subscription, read) in phase.consumed.iter().enumerate() {
            assert_eq!(read.messages, due, "{what}, {millis} ms: read by {subscription}");
        }
    }
    let by_second: u64 = outcome.intervals.iter().map(|interval| interval.acked).sum();
    assert_eq!(by_second, stream.measured.acked.messages, "{what}: the seconds add up");
    let last = outcome.intervals.iter().rfind(|interval| 0 < interval.produced);
    let seconds = u32::try_from(measured_ms.div_ceil(1_000)).expect("a short run");
    // What a busy lane sends late is counted in the second in which it sends it.
    assert!(last.is_some_and(|last| last.second < seconds + 2), "{what}: numbered by the phase");
}

#[test]
fn a_warm_up_that_ends_by_itself_leaves_both_phases_exact_on_each_target() {
    for (driver, clients) in [("loopback", ClientCount::Each), ("embedded", ClientCount::Shared)] {
        let mut demand = auto("auto", 3_000, 1_300, 30);
        demand.streams[0].subscriptions = 2;
        demand.streams[0].producers_per_topic = 3;
        let wishes = Wishes { clients, ..Wishes::default() };
        let (outcome, clean_up) = run(driver, demand, &wishes);
        check_exact(&outcome, 3_000, 1_300, driver);
        let length = warmed_up(&outcome);
        assert!((6..=30).contains(&length), "{driver}: five steady seconds at least: {length}");
        assert!(outcome.steady_since.is_some_and(|since| since <= -5), "{driver}: steady before");
        assert!(outcome.drained.iter().all(|drained| *drained), "{driver}: drained");
        assert!(clean_up.unclosed.is_empty(), "{driver}: {clean_up:?}");
    }
}

#[test]
fn a_closed_loop_warms_up_until_its_rate_is_steady() {
    let mut demand = auto("auto-closed", 1, 1_000, 8);
    demand.streams[0].pace = Pace::Max { in_flight: Some(20) };
    let (outcome, _) = run("loopback", demand, &Wishes::default());
    assert_eq!(outcome.ending, Ending::Finished, "{:?}", outcome.trouble);
    let length = warmed_up(&outcome);
    assert!((6..=8).contains(&length), "steady, or the bound: {length}");
    let stream = &outcome.tally.streams[0];
    for (name, phase) in [("warm-up", &stream.warmup), ("measured", &stream.measured)] {
        assert!(1_000 < phase.acked.messages, "{name}: it is fast: {}", phase.acked.messages);
        assert_eq!(phase.produced.messages, phase.acked.messages, "{name}: all answered");
        assert_eq!(phase.consumed[0].messages, phase.acked.messages, "{name}: all read");
    }
}

/// Lets all lanes stand still from the decision on, beyond the border that was decided.
struct Stiller {
    still: Standstill,
    clock: RunClock,
    stood: bool,
}

impl Hooks for Stiller {
    fn event(&mut self, event: &Event<'_>) {
        if let Event::Steady(_) = event {
            // The border is the next second, or the one after it.
            self.still.until(self.clock.now() + Nanos::from_millis(2_300));
            self.stood = true;
        }
    }

    fn is_interrupted(&self) -> bool {
        false
    }
}

#[test]
fn lanes_that_stand_still_across_the_border_move_no_message_into_the_other_phase() {
    // Awake again in the measured phase, and when it is long over.
    for millis in [3_000, 200] {
        let demand = auto("standstill", 1_000, millis, 30);
        let (still, clock) = (Standstill::default(), RunClock::anchored(ClockSource::Os));
        let target = StillTarget::new(&demand, &still);
        let mut hooks = Stiller { still, clock, stood: false };
        let ready = prepare(plan(demand, &Wishes::default()), target, clock, &mut hooks);
        let (outcome, teardown) = ready.expect("the loopback is ready").start(&mut hooks);
        let clean_up = teardown.finish();
        assert!(hooks.stood, "they stood still");
        check_exact(&outcome, 1_000, millis, &format!("{millis} ms"));
        let late = outcome.tally.streams[0].measured.publish.max();
        assert!(Nanos::from_millis(200) < late, "the standstill is on the bill: {late}");
        assert!(clean_up.unclosed.is_empty(), "{clean_up:?}");
    }
}

/// Hears how a warm-up ends.
#[derive(Default)]
struct Told(Vec<String>);

impl Hooks for Told {
    fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::Steady(after) => self.0.push(format!("steady after {after}")),
            Event::Unsteady(after) => self.0.push(format!("not steady after {after}")),
            Event::Measuring { length, .. } => self.0.push(format!("measuring for {length}")),
            _ => {}
        }
    }

    fn is_interrupted(&self) -> bool {
        false
    }
}

#[test]
fn at_its_bound_the_warm_up_ends_and_a_finding_says_so() {
    // No five seconds can be steady in two.
    let demand = auto("bound", 1_000, 1_000, 2);
    let judged = plan(demand, &Wishes::default());
    let mut told = Told::default();
    let (outcome, teardown) = run_with("loopback", judged.clone(), &mut told);
    assert!(teardown.finish().unclosed.is_empty(), "every thread has ended");
    check_exact(&outcome, 1_000, 1_000, "bound");
    assert_eq!(told.0, ["not steady after 2s", "measuring for 1s"], "told while it goes on");
    assert_eq!(warmed_up(&outcome), 2, "the bound");
    let sight = outcome.sight(&judged);
    let verdict = Verdict::of(&judged, &outcome.tally, &outcome.evidence(&sight));
    let found = verdict.findings.iter().find(|finding| finding.code == "warmup_bound_reached");
    let found = found.unwrap_or_else(|| panic!("{:?}", verdict.findings));
    assert_eq!(found.severity, Severity::Warning, "{found:?}");
    assert!(found.message.contains("its bound of 2s"), "{found:?}");
}

#[test]
fn warmup_auto_ends_by_itself_and_the_result_says_how_long_it_took() {
    let ran = Kdyno::new(&["run", "w.yaml", "--warmup", "auto:50s"])
        .with_file("w.yaml", &workload("auto", 500, "2s"))
        .run();
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let result = ran.result();
    assert_eq!(result["warmup"]["requested"], "auto", "{:#}", result["warmup"]);
    assert_eq!(result["warmup"]["bound_s"], 50.0, "{:#}", result["warmup"]);
    assert_eq!(result["produced"]["due"], 1_000, "exactly what was due");
    assert_eq!(result["consumed"]["messages"], 1_000, "and read");
    let lasted = number(&result, "/warmup/duration_s");
    assert!((6.0..=50.0).contains(&lasted), "{lasted} s");
    let sent = number(&result, "/warmup/messages");
    assert!((sent - 500.0 * lasted).abs() < 0.5, "{sent} in {lasted} s");
    for words in [
        "warm-up until rate and latency are steady, at most 50s".to_owned(),
        format!("steady: the measured phase begins {lasted}s after the start"),
    ] {
        assert!(ran.stderr.contains(&words), "{words}: {}", ran.stderr);
    }
    let words = format!("2 s after {lasted} s of warm-up (auto, at most 50 s)");
    assert!(ran.stdout.contains(&words), "{words}: {}", ran.stdout);
    assert!(number(&result, "/startup/steady_s") <= -5.0, "steady before it was measured");
}

#[test]
fn the_plan_shows_the_bound_in_either_spelling_and_a_bad_one_is_refused() {
    let check = |line: &str, words: &[&str], expected: &str| {
        let text = workload("auto", 500, "2s").replace("warmupDuration: 0s", line);
        let ran =
            Kdyno::new(&["run", "w.yaml", "--dry-run"]).and(words).with_file("w.yaml", &text).run();
        assert_eq!(ran.code, 0, "{line}: {}", ran.stderr);
        assert!(ran.stdout.contains(expected), "{line}, {words:?}: {}", ran.stdout);
    };
    check("warmupDuration: auto", &[], "warm-up auto, at most 1m, measured 2s");
    check("warmup_duration: auto:30s", &[], "warm-up auto, at most 30s, measured 2s");
    check("warmupDurationMinutes: auto:2m", &[], "warm-up auto, at most 2m, measured 2s");
    check("warmupDuration: 0s", &["--warmup", "auto:7s"], "warm-up auto, at most 7s,");
    check("warmupDuration: auto", &["--warmup", "3s"], "warm-up 3s, measured 2s");
    let ran = Kdyno::new(&["run", "w.yaml", "--warmup", "auto:3s"])
        .with_file("w.yaml", &workload("auto", 500, "2s"))
        .run();
    assert_eq!(ran.code, 2, "{}{}", ran.stdout, ran.stderr);
    let words = "--warmup: got \"auto:3s\", need auto:TIME with whole seconds from 6s on";
    assert!(ran.stderr.contains(words), "{}", ran.stderr);
}
