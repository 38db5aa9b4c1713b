//! What periods of which seconds are made.

use super::periods::{Period, Periods, SecondCounts, SecondSpans};
use crate::report::fixture::{self, Made};
use crate::report::fixture_run::{AT, MEASURED};
use engine::measure::{Latency, Tally, Window};
use engine::plan::Pace;
use engine::run::{Ending, Interval};
use engine::units::Nanos;
use std::ops::Range;

fn of(millis: &[u64]) -> Latency {
    let mut latency = Latency::default();
    millis.iter().for_each(|span| latency.record(Some(Nanos::from_millis(*span))));
    latency
}

/// Second n acks n + 1 messages, gives up 2 and receives n + 3; n are unread at its end.
fn hear(periods: &mut Periods, second: u32) {
    let number = u64::from(second);
    let counts = SecondCounts {
        second,
        acked: number + 1,
        failed: 2,
        received: number + 3,
        backlog: number,
    };
    periods.add_second(counts, &[]);
}

fn heard(seconds: impl IntoIterator<Item = u32>) -> Periods {
    let mut periods = Periods::default();
    seconds.into_iter().for_each(|second| hear(&mut periods, second));
    periods
}

/// The periods of a phase of so many milliseconds of which these seconds were heard, the drain's too.
fn of_phase(millis: u64, seconds: Range<u32>) -> Vec<Period> {
    heard(seconds).of_phase(Nanos::from_millis(millis))
}

#[test]
fn a_period_is_ten_seconds_and_the_drain_is_in_none() {
    let check = |millis: u64, seconds: Range<u32>, expected: &[u64]| {
        let periods = of_phase(millis, seconds.clone());
        let acked: Vec<u64> = periods.iter().map(|period| period.acked).collect();
        assert_eq!(acked, expected, "{millis} ms, seconds {seconds:?}");
        let lengths: Vec<Nanos> = periods.iter().map(|period| period.length).collect();
        let each = Nanos::from_millis(millis.min(10_000));
        assert_eq!(lengths, vec![each; expected.len()], "{millis} ms, seconds {seconds:?}");
    };
    check(30_000, 0..31, &[55, 155, 255]);
    check(30_000, 0..49, &[55, 155, 255]);
    check(35_000, 0..37, &[55, 155, 255]);
    check(39_999, 0..40, &[55, 155, 255]);
    check(10_000, 0..10, &[55]);
    check(10_000, 0..12, &[55]);
    // The only one, as short as it is: the drain may last longer than it.
    check(3_000, 0..3, &[6]);
    check(3_000, 0..5, &[6]);
    check(3_000, 0..45, &[6]);
    check(2_300, 0..9, &[6]);
    check(9_999, 0..11, &[55]);
    // Nothing was measured, or nothing was heard of it.
    check(0, 0..0, &[0]);
    check(0, 0..4, &[0]);
    check(20_000, 0..0, &[0, 0]);
    check(20_000, 0..5, &[15, 0]);
}

#[test]
fn counts_add_up_and_a_backlog_is_the_last() {
    let first = of_phase(20_000, 0..20)[0];
    let seen = (first.acked, first.failed, first.received, first.backlog);
    assert_eq!(seen, (55, 20, 75, 9), "sums, and what was unread at the end");
    let short = of_phase(3_000, 0..8)[0];
    let part = (short.acked, short.failed, short.received, short.backlog);
    assert_eq!(part, (6, 6, 12, 2), "of what came before the end");
}

#[test]
fn a_second_may_come_twice_and_whole_periods_may_be_missing() {
    let twice = heard([0, 0, 1]).of_phase(Nanos::from_secs(2));
    assert_eq!((twice.len(), twice[0].acked), (1, 4), "both parts, and the second after");
    let gaps = heard((0..5).chain(7..10).chain(31..39)).of_phase(Nanos::from_secs(50));
    let seen: Vec<_> = gaps.iter().map(|period| (period.acked, period.backlog)).collect();
    assert_eq!(seen, [(42, 9), (0, 9), (0, 9), (284, 38), (0, 38)], "none is left out");
}

#[test]
fn latencies_are_merged_over_a_periods_seconds_and_streams_and_end_with_it() {
    let mut periods = Periods::default();
    let (fast, slow, nothing) = (of(&[1; 495]), of(&[100; 5]), of(&[]));
    let mut add = |second: u32, all: &[(&Latency, Option<&Latency>)]| {
        let spans: Vec<SecondSpans<'_>> = all
            .iter()
            .map(|(service, send_delay)| SecondSpans {
                service,
                send_delay: *send_delay,
                transit: &nothing,
            })
            .collect();
        periods.add_second(SecondCounts { second, ..SecondCounts::default() }, &spans);
    };
    add(0, &[(&fast, Some(&slow)), (&fast, None)]);
    add(9, &[(&slow, Some(&slow)), (&slow, None)]);
    add(10, &[(&fast, None)]);
    let near = |got: f64, millis: f64| (got - millis * 1_000.0).abs() <= millis;
    let all = periods.of_phase(Nanos::from_secs(20));
    let [mean, median, _, _, p99, p999, _, max] = all[0].service.0;
    assert!(near(mean, 1.99), "990 of 1 ms and 10 of 100 ms: {mean}");
    assert!(near(median, 1.0) && near(p99, 1.0) && near(p999, 100.0), "{:?}", all[0].service);
    assert!(near(max, 100.0), "the longest: {max}");
    assert!(near(all[0].send_delay.0[1], 100.0), "of the stream that has some");
    assert_eq!(all[0].transit, Period::default().transit, "nothing is zero");
    assert!(near(all[1].service.0[7], 1.0), "the next begins anew: {:?}", all[1].service);
    assert_eq!(all[1].send_delay, Period::default().send_delay, "also here");
}

#[test]
fn a_closed_loop_has_no_send_delay() {
    let mut plan = fixture::plan();
    let mut tally = Tally::new(&plan.demand);
    let seen = &mut tally.streams[0].measured;
    for latency in [&mut seen.service, &mut seen.send_delay, &mut seen.transit] {
        latency.record(Some(Nanos::from_millis(5)));
    }
    let interval = Interval { acked: 1, failed: 2, consumed: 3, backlog: 4, ..Interval::default() };
    for pace in [plan.demand.streams[0].pace.clone(), Pace::Max { in_flight: None }] {
        let is_timed = pace.is_paced();
        plan.demand.streams[0].pace = pace;
        let mut periods = Periods::new(&plan.demand);
        periods.add(&interval, &tally);
        let period = periods.of_phase(Nanos::from_secs(1))[0];
        let counts = (period.acked, period.failed, period.received, period.backlog);
        assert_eq!(counts, (1, 2, 3, 4), "the interval's");
        assert_eq!(period.send_delay.0[7] > 0.0, is_timed, "timed {is_timed}");
        assert!(period.service.0[7] > 0.0 && period.transit.0[7] > 0.0, "timed {is_timed}");
    }
}

#[test]
fn a_phase_is_as_long_as_it_was_and_not_as_it_was_planned() {
    let mut run = Made::clean();
    run.outcome.tally.streams[0].measured.acked.window = Window::default();
    let periods = heard(0..11);
    let check = |made: &Made, expected: &[(u64, u64)]| {
        let all = periods.of(&made.outcome);
        let seen: Vec<_> = all.iter().map(|of| (of.length.0 / 1_000_000, of.acked)).collect();
        assert_eq!(seen, expected, "{:?}", made.outcome.ending);
    };
    check(&run, &[(10_000, 55)]);
    run.outcome.ending = Ending::Interrupted;
    check(&run, &[(10_000, 55)]);
    run.outcome.stopped = MEASURED + Nanos::from_millis(3_500);
    check(&run, &[(3_500, 10)]);
    run.outcome.ending = Ending::CutShort;
    check(&run, &[(3_500, 10)]);
    // What is acked in the rest of the second is in its period, and counts as so long; what comes later is not.
    for (millis, length) in [(3_200, 3_500), (3_700, 3_700), (4_600, 4_000)] {
        run.outcome.tally.streams[0]
            .measured
            .acked
            .window
            .include(MEASURED + Nanos::from_millis(millis));
        check(&run, &[(length, 10)]);
    }
    // Interrupted in the warm-up, or a search that gave up: it has ended as it should.
    for ending in [Ending::Interrupted, Ending::Finished] {
        (run.outcome.ending, run.outcome.stopped) = (ending, AT + Nanos::from_secs(1));
        check(&run, &[(0, 0)]);
    }
    run.outcome.start = None;
    check(&run, &[(0, 0)]);
}

#[test]
fn an_hour_is_360_periods_of_a_few_hundred_bytes() {
    let hour = heard(0..3_600).of_phase(Nanos::from_secs(3_600));
    assert_eq!(hour.len(), 360, "ten seconds each");
    assert_eq!(hour.iter().map(|period| period.acked).sum::<u64>(), 3_600 * 3_601 / 2, "all");
    // Nothing of it is on the heap.
    assert!(size_of::<Period>() <= 256, "{} bytes", size_of::<Period>());
}
