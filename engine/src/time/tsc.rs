//! The processor's time stamp counter (TSC) as a clock: read without asking the kernel.
//!
//! The counter is read by quanta, its rate is found here: quanta's own calibration ends after a
//! millisecond and was off by up to 14.5 ppm, two pairs of readings 20 ms apart by less than 0.5.

use super::Clock;
use crate::units::{Nanos, Timestamp};
use rustix::time::{ClockId, clock_gettime};
use std::sync::OnceLock;

/// Readings of which the tightest is taken: what interrupts one of them does not interrupt all.
const TRIES: u32 = 64;

/// The calibration ends when the widths of its two pairs leave at most this of its span in doubt:
/// 1 ppm, a tenth of the drift that becomes a finding.
const DOUBT: u128 = 1_000_000;

/// How long the counter is watched at least, and between looks.
const LOOK_EVERY: Nanos = Nanos::from_millis(20);

/// A machine on which no tight pair is found after this long is calibrated as well as it goes: the
/// drift over the run shows what that was worth.
const CALIBRATION_MAX: Nanos = Nanos::from_millis(200);

/// The time stamp counter, calibrated against the kernel's monotonic clock and anchored once to the
/// Unix epoch.
///
/// Copies share one scale, so all lanes of a run have the same time. A reading is not fenced: the
/// processor may take it some tens of nanoseconds before what stands before it is done.
#[derive(Clone, Copy, Debug)]
pub(super) struct TscClock {
    counter: &'static quanta::Clock,
    scale: Scale,
    base: u64,
    anchor_nanos: u64,
}

/// From ticks to nanoseconds: a product and a shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Scale {
    /// Nanoseconds per tick, times 2^[`Scale::SHIFT`].
    factor: u64,
}

/// One moment on both clocks.
#[derive(Clone, Copy, Debug)]
struct Pair {
    ticks: u64,
    /// The kernel's monotonic clock.
    kernel: Nanos,
    /// The ticks during which the kernel's clock was read: `ticks` is off by half of it at most.
    width: u64,
}

/// One moment on the run's clock and on the kernel's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Since the run's clock was anchored.
    pub(super) clock: Nanos,
    /// Since the machine was started.
    pub(super) kernel: Nanos,
    /// How far apart the two readings may lie at most.
    pub(super) error: Nanos,
}

impl TscClock {
    /// Whether this processor's counter can be read and counts at one rate whatever its cores do.
    /// The first call may take some milliseconds.
    pub(super) fn is_readable() -> bool {
        // Where it cannot, quanta reads the kernel's clock instead, and then lies between two
        // readings of it.
        let before = kernel_now();
        let ticks = counter().raw();
        cfg!(target_arch = "x86_64") && !(before.0..=kernel_now().0).contains(&ticks)
    }

    /// Calibrates the counter for 20 ms, up to 200 ms on a machine that interrupts every reading,
    /// and anchors it to the wall clock.
    ///
    /// # Panics
    /// When the counter stands still or is slower than 250 MHz, which no processor's is.
    pub(super) fn anchored() -> Self {
        let counter = counter();
        let first = Pair::read(counter);
        let (scale, last) = loop {
            std::thread::park_timeout(LOOK_EVERY.duration());
            let last = Pair::read(counter);
            let doubt = u128::from(first.width + last.width) / 2 * DOUBT;
            let is_sure = doubt <= u128::from(last.ticks.saturating_sub(first.ticks));
            if is_sure || CALIBRATION_MAX <= last.kernel.less(first.kernel) {
                break (Scale::between(&first, &last), last);
            }
        };
        let scale = scale.expect("the counter of a processor goes on, faster than 250 MHz");
        let wall = nanos(ClockId::Realtime);
        let since = kernel_now().less(last.kernel);
        Self { counter, scale, base: last.ticks, anchor_nanos: wall.less(since).0 }
    }

    /// This moment on both clocks, for the drift between two of them.
    pub(super) fn mark(&self) -> Mark {
        let pair = Pair::read(self.counter);
        Mark {
            clock: Nanos(self.scale.nanos(pair.ticks.saturating_sub(self.base))),
            kernel: pair.kernel,
            error: Nanos(self.scale.nanos(pair.width / 2) + 1),
        }
    }

    /// This clock, going wrong by so many parts in a million.
    #[cfg(test)]
    pub(super) fn bent(self, ppm: u64) -> Self {
        let factor = self.scale.factor + self.scale.factor / 1_000_000 * ppm;
        Self { scale: Scale { factor }, ..self }
    }
}

impl Clock for TscClock {
    #[inline]
    fn now(&self) -> Timestamp {
        // Another core's counter may be some ticks behind that of the calibration.
        let ticks = self.counter.raw().saturating_sub(self.base);
        Timestamp::from_nanos(self.anchor_nanos + self.scale.nanos(ticks))
    }

    fn park(&self, span: Nanos) {
        std::thread::park_timeout(span.duration());
    }
}

impl Scale {
    /// Rates from 250 MHz on fit in 64 bits; at 10 GHz a factor still has 58 of them.
    const SHIFT: u32 = 62;

    /// The rate between two pairs; `None` when the counter stands still or is slower than 250 MHz.
    fn between(first: &Pair, last: &Pair) -> Option<Self> {
        let ticks = u128::from(last.ticks.checked_sub(first.ticks)?);
        let shifted = u128::from(last.kernel.less(first.kernel).0) << Self::SHIFT;
        let factor = shifted.checked_div(ticks)?;
        Some(Self { factor: u64::try_from(factor).ok()? }).filter(|scale| 0 < scale.factor)
    }

    /// Rounded down: by less than 2 ns in the first ten years, by less than 4 in 2^63 ticks, which are
    /// more than a century at 2.6 GHz.
    #[inline]
    fn nanos(self, ticks: u64) -> u64 {
        let (low, high) = ticks.carrying_mul(self.factor, 0);
        (high << (u64::BITS - Self::SHIFT)) | (low >> Self::SHIFT)
    }
}

impl Pair {
    /// The tightest of [`TRIES`] pairs.
    fn read(counter: &quanta::Clock) -> Self {
        let one = |_| {
            let before = counter.raw();
            let kernel = kernel_now();
            let width = counter.raw().saturating_sub(before);
            Self { ticks: before + width / 2, kernel, width }
        };
        (0..TRIES).map(one).min_by_key(|pair| pair.width).expect("there are some tries")
    }
}

/// The process's counter: a reference to it can be copied, and what it refers to is never written.
fn counter() -> &'static quanta::Clock {
    static COUNTER: OnceLock<quanta::Clock> = OnceLock::new();
    COUNTER.get_or_init(quanta::Clock::new)
}

fn kernel_now() -> Nanos {
    nanos(ClockId::Monotonic)
}

fn nanos(clock: ClockId) -> Nanos {
    let read = clock_gettime(clock);
    let seconds = u64::try_from(read.tv_sec).unwrap_or(0);
    Nanos::from_secs(seconds) + Nanos(u64::try_from(read.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::{Pair, Scale, TscClock};
    use crate::time::Clock;
    use crate::units::Nanos;
    use proptest::prelude::{prop_assert, proptest};

    /// A year of nanoseconds.
    const YEAR: u64 = 31_557_600 * 1_000_000_000;

    fn pair(ticks: u64, kernel: u64) -> Pair {
        Pair { ticks, kernel: Nanos(kernel), width: 0 }
    }

    proptest! {
        /// From 250 MHz to 10 GHz, calibrated over anything from a millisecond to an hour.
        #[test]
        fn ticks_become_nanoseconds_as_exact_arithmetic_has_it(
            kilohertz in 251_000_u64..10_000_000,
            millis in 1_u64..3_600_000,
            span in 0..100 * YEAR,
        ) {
            let per_span = |nanos: u64| u128::from(nanos) * u128::from(kilohertz) / 1_000_000;
            let (first, last) = (pair(7, 9), pair(
                7 + u64::try_from(per_span(millis * 1_000_000)).expect("an hour fits"),
                9 + millis * 1_000_000,
            ));
            let scale = Scale::between(&first, &last).expect("the counter goes on");
            let ticks = u64::try_from(per_span(span).min(1 << 63)).expect("63 bits");
            // The rate as measured, not as drawn: its rounding is the calibration's.
            let (nanos, counted) = (last.kernel.0 - first.kernel.0, last.ticks - first.ticks);
            let exact = u128::from(ticks) * u128::from(nanos) / u128::from(counted);
            let got = u128::from(scale.nanos(ticks));
            prop_assert!(got <= exact && exact <= got + 3, "{ticks} ticks: {got}, not {exact}");
        }

        #[test]
        fn later_ticks_are_never_earlier_nanoseconds(
            factor in 1_u64 << 58..u64::MAX,
            ticks in 0_u64..1 << 61,
            more in 0_u64..1 << 61,
        ) {
            let scale = Scale { factor };
            prop_assert!(scale.nanos(ticks) <= scale.nanos(ticks + more));
        }
    }

    #[test]
    fn a_counter_that_stands_still_or_crawls_has_no_scale() {
        let check = |ticks: u64, expected: bool| {
            let scale = Scale::between(&pair(100, 0), &pair(100 + ticks, 1_000_000));
            assert_eq!(scale.is_some(), expected, "{ticks} ticks in a millisecond");
        };
        check(0, false);
        check(249_000, false);
        check(251_000, true);
        check(10_000_000, true);
        assert_eq!(Scale::between(&pair(100, 0), &pair(99, 1_000_000)), None, "back");
        assert_eq!(Scale::between(&pair(100, 5), &pair(200, 5)), None, "no time");
    }

    /// Also where the counter cannot be read: then quanta's reading of the kernel's clock is scaled.
    #[test]
    fn the_calibrated_clock_never_steps_back_and_is_at_the_wall_clocks_time() {
        let clock = TscClock::anchored();
        let mut last = clock.now();
        for _ in 0..200_000 {
            let now = clock.now();
            assert!(last <= now, "{last:?} then {now:?}");
            last = now;
        }
        let wall = super::nanos(super::ClockId::Realtime);
        let apart = wall.less(Nanos(last.as_nanos())).max(Nanos(last.as_nanos()).less(wall));
        assert!(apart < Nanos::from_secs(1), "off the wall clock by {apart}");
    }
}
