//! What the machine does by itself on a lane's core: the clock's step, the end of sleeps, hiccups, copying.

use super::document::{Hiccups, Timer};
use super::rows::spans;
use crate::report::{float, micros, seconds, thousandth};
use engine::lane::settle_on;
use engine::measure::{Gaps, Latency};
use engine::time::{Clock, RunClock};
use engine::units::{Nanos, Timestamp};
use std::hint::black_box;

/// Readings that are timed as one, so that the two around them do not count: 10 to 30 ms.
const READINGS: u64 = 1_000_000;

/// Readings that are kept, to see how far apart they are.
const KEPT: usize = 100_000;

/// How long the sleeps are meant to be: about what a lane sleeps at 10,000 messages per second.
const PARK: Nanos = Nanos(100_000);

/// Sleeps: twenty lie beyond the 99th percentile.
const PARKS: usize = 2_000;

/// Gaps up to this are the machine's everyday interrupts: a timer tick takes a few microseconds, some
/// more in a virtual machine. What is longer, somebody else had the core.
const EVERYDAY: Nanos = Nanos(10_000);

/// Larger than the caches of one core complex, so that memory is what is measured.
const COPY_BYTES: usize = 64 << 20;

/// Copies, of which the first only touches the memory.
const COPIES: usize = 6;

/// Runs a probe on a thread that is settled on a core as a lane is.
pub(super) fn on_core<R: Send>(core: usize, probe: impl FnOnce() -> R + Send) -> Result<R, String> {
    let work = || {
        settle_on(&[core]);
        probe()
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("probe".to_owned());
        let handle = thread.spawn_scoped(scope, work).map_err(|error| error.to_string())?;
        handle.join().map_err(|_| "the probe's thread panicked".to_owned())
    })
}

/// What the clock and the kernel's timers are worth; call it on the core.
pub(super) fn timer(clock: RunClock, core: usize) -> Timer {
    Timer {
        core,
        step_ns: step(clock),
        reading_ns: thousandth(float(reading(clock).0) / float(READINGS)),
        park_us: micros(PARK),
        oversleep: spans(&oversleep(clock)),
    }
}

/// What all readings take together.
fn reading(clock: RunClock) -> Nanos {
    let begun = clock.now();
    for _ in 0..READINGS {
        black_box(clock.now());
    }
    begun.until(clock.now())
}

/// The median of what successive readings that differ are apart.
fn step(clock: RunClock) -> Option<u64> {
    let mut kept = vec![Timestamp::default(); KEPT];
    // Twice: the first time touches the memory.
    for _ in 0..2 {
        kept.iter_mut().for_each(|moment| *moment = clock.now());
    }
    median_step(&kept)
}

fn median_step(readings: &[Timestamp]) -> Option<u64> {
    let apart = readings.windows(2).map(|pair| pair[0].until(pair[1]).0);
    let mut steps: Vec<u64> = apart.filter(|nanos| 0 < *nanos).collect();
    steps.sort_unstable();
    steps.get(steps.len() / 2).copied()
}

/// How much later than asked sleeps end; one that is ended early says nothing.
fn oversleep(clock: RunClock) -> Latency {
    let mut late = Latency::default();
    for _ in 0..PARKS {
        let asleep = clock.now();
        clock.park(PARK);
        if let Some(over) = clock.now().since(asleep + PARK) {
            late.record(Some(over));
        }
    }
    late
}

/// Spins for so long, or until it is to stop, and sees hiccups as a lane does; call it on the core.
pub(super) fn hiccups(
    clock: RunClock,
    core: usize,
    length: Nanos,
    is_over: impl Fn() -> bool,
) -> Hiccups {
    let mut longest = Latency::default();
    // Touches the histogram's memory, so that the first gap does not wait for it.
    longest.record(Some(EVERYDAY));
    longest.clear();
    let (mut gaps, mut lost) = (Gaps::default(), Nanos::ZERO);
    let begun = clock.now();
    let until = begun + length;
    let mut last = begun;
    while last < until && !is_over() {
        let now = clock.now();
        gaps.look(now).into_iter().for_each(|gap| longest.record(Some(gap)));
        let gap = last.until(now);
        if EVERYDAY < gap {
            lost = lost + gap;
        }
        last = now;
    }
    gaps.end().into_iter().for_each(|gap| longest.record(Some(gap)));
    let spun = begun.until(last);
    Hiccups {
        core,
        spun_s: seconds(spun),
        longest: spans(&longest),
        lost_share: share(lost, spun),
        lost_above_us: micros(EVERYDAY),
    }
}

/// A part of a time, to a millionth.
fn share(part: Nanos, whole: Nanos) -> f64 {
    (float(part.0) / float(whole.0.max(1)) * 1e6).round() / 1e6
}

/// Bytes that the calling thread copies per second; `None` where no time passed.
pub(super) fn copy_bytes_per_second(clock: RunClock) -> Option<f64> {
    let (source, mut target) = (vec![1_u8; COPY_BYTES], vec![0_u8; COPY_BYTES]);
    let mut copy = || {
        let begun = clock.now();
        target.copy_from_slice(black_box(&source));
        black_box(&target);
        begun.until(clock.now())
    };
    let mut took: Vec<Nanos> = (0..COPIES).map(|_| copy()).skip(1).collect();
    took.sort_unstable();
    let median = took.get(took.len() / 2).filter(|span| Nanos::ZERO < **span)?;
    let bytes = u64::try_from(COPY_BYTES).expect("it fits in memory");
    Some((float(bytes) / median.as_secs_f64()).round())
}

#[cfg(test)]
mod tests {
    use super::{copy_bytes_per_second, hiccups, median_step, on_core, share, timer};
    use engine::time::{ClockSource, RunClock};
    use engine::units::{Nanos, Timestamp};

    #[test]
    fn the_step_is_the_median_of_readings_that_differ() {
        let check = |nanos: &[u64], expected: Option<u64>| {
            let readings: Vec<Timestamp> =
                nanos.iter().map(|nanos| Timestamp::from_nanos(*nanos)).collect();
            assert_eq!(median_step(&readings), expected, "{nanos:?}");
        };
        check(&[], None);
        check(&[5, 5, 5], None);
        check(&[0, 10, 10, 20, 20, 30, 5_030], Some(10));
        check(&[0, 1, 3, 6], Some(2));
    }

    #[test]
    fn a_share_of_no_time_is_nothing() {
        let got = [(0, 5), (1, 4), (0, 0)].map(|(part, whole)| share(Nanos(part), Nanos(whole)));
        assert_eq!(got.map(|share| share.to_string()), ["0", "0.25", "0"], "part of whole");
    }

    #[test]
    fn a_core_is_probed_on_a_thread_of_its_own() {
        let clock = RunClock::anchored(ClockSource::Os);
        let length = Nanos::from_millis(20);
        let probed = on_core(0, || (timer(clock, 0), hiccups(clock, 0, length, || false)));
        let (timer, seen) = probed.expect("it does not panic");
        assert!(timer.step_ns.is_some_and(|step| 0 < step), "{timer:?}");
        assert!(0.0 < timer.reading_ns && timer.reading_ns < 1e5, "{timer:?}");
        // A park that is ended early is not counted, which hardly ever happens.
        assert!((1_500..=2_000).contains(&timer.oversleep.count), "{timer:?}");
        assert!(0.02 <= seen.spun_s, "{seen:?}");
        // Fewer where the core was away for whole milliseconds.
        assert!((1..=21).contains(&seen.longest.count), "one a millisecond: {seen:?}");
        let ordered = seen.longest.p50_us <= seen.longest.max_us;
        assert!(seen.longest.p50_us > Some(0.0) && ordered, "a look takes time: {seen:?}");
        assert!((0.0..=1.0).contains(&seen.lost_share), "{seen:?}");
        assert!(copy_bytes_per_second(clock).is_some_and(|rate| 1e6 < rate), "some GB/s");
        let at_once = hiccups(clock, 0, Nanos::from_secs(3_600), || true);
        assert!(at_once.spun_s < 1.0, "stopped: {at_once:?}");
        assert_eq!((at_once.longest.count, at_once.longest.max_us), (0, None), "it saw none");
        let failed = on_core(0, || -> u64 { panic!("on purpose") });
        assert!(failed.is_err_and(|words| words.contains("panicked")), "told, not passed on");
    }
}
