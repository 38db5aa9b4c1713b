//! The clock of a run: the time stamp counter where the kernel itself trusts it, else the kernel's.

use super::tsc::{Mark, TscClock};
use super::{Clock, Correction, Line, OsClock, Setting};
use crate::error::PlanError;
use crate::units::{Nanos, Timestamp};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Where Linux says which clock it keeps time by.
pub const KERNEL_CLOCK_SOURCE: &str =
    "/sys/devices/system/clocksource/clocksource0/current_clocksource";

/// Which clock the user asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClockChoice {
    /// The time stamp counter where the kernel trusts it.
    #[default]
    Auto,
    /// The operating system's.
    Os,
    /// The time stamp counter, or no run.
    Tsc,
}

/// Which clock a run reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClockSource {
    /// The operating system's.
    Os,
    /// The processor's time stamp counter.
    Tsc,
}

/// The clock of a run: made once, then copied to every lane.
#[derive(Clone, Copy, Debug)]
pub struct RunClock {
    own: OwnClock,
    /// Where this host is one of a fleet: what makes its time the fleet's.
    correction: Option<&'static Correction>,
}

/// What a run's clock reads.
#[derive(Clone, Copy, Debug)]
enum OwnClock {
    Os(OsClock),
    Tsc(TscClock),
}

/// How far a clock and the kernel's monotonic clock went in the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// The run's clock.
    pub clock: Nanos,
    /// The kernel's, which is the one that a time server corrects.
    pub kernel: Nanos,
    /// How much of the difference may come from reading one after the other.
    pub error: Nanos,
}

impl ClockSource {
    /// The source for a choice, by what the kernel says in the file at `kernels`, by
    /// [`KERNEL_CLOCK_SOURCE`] that is.
    ///
    /// # Errors
    /// When the time stamp counter was asked for and the kernel does not keep time by it: then it
    /// may stop, jump or differ between cores.
    pub fn choose(choice: ClockChoice, kernels: &Path) -> Result<Self, PlanError> {
        if choice == ClockChoice::Os {
            return Ok(Self::Os);
        }
        match (is_trusted(kernels), choice) {
            (Ok(()), _) => Ok(Self::Tsc),
            (Err(reason), ClockChoice::Tsc) => Err(PlanError(format!(
                "got tsc, but {reason}; use --clock os, or leave it out to take what is there"
            ))),
            (Err(_), _) => Ok(Self::Os),
        }
    }

    /// Its name on the command line and in the result.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Os => "os",
            Self::Tsc => "tsc",
        }
    }
}

/// Says why the counter cannot be relied upon, if so.
fn is_trusted(kernels: &Path) -> Result<(), String> {
    let file = kernels.display();
    match std::fs::read_to_string(kernels) {
        Err(error) => {
            Err(format!("whether the kernel keeps time by it is not known: {file}: {error}"))
        }
        Ok(text) if text.trim() != "tsc" => {
            Err(format!("the kernel keeps time by {:?}, see {file}", text.trim()))
        }
        Ok(_) if !TscClock::is_readable() => {
            Err("this processor does not say that its counter goes at one rate".to_owned())
        }
        Ok(_) => Ok(()),
    }
}

impl RunClock {
    /// The clock of that source, anchored to the wall clock; the time stamp counter is calibrated
    /// first, which takes 20 ms, or up to 200 ms on a machine that is interrupted all the time.
    #[must_use]
    pub fn anchored(source: ClockSource) -> Self {
        let own = match source {
            ClockSource::Os => OwnClock::Os(OsClock::anchored()),
            ClockSource::Tsc => OwnClock::Tsc(TscClock::anchored()),
        };
        Self { own, correction: None }
    }

    /// This clock, telling the fleet's time; one correction serves all clocks of a process.
    #[must_use]
    pub const fn in_fleet(self, correction: &'static Correction) -> Self {
        Self { correction: Some(correction), ..self }
    }

    /// The current moment by this host alone, uncorrected. Never steps back.
    #[must_use]
    pub fn own_now(&self) -> Timestamp {
        self.own.now()
    }

    /// Leads the fleet's time to a new line, as [`Correction::set`] does; nothing where this clock
    /// is in no fleet.
    pub fn correct(&self, wanted: &Line) -> Option<Setting> {
        self.correction.map(|correction| correction.set(&self.own, wanted))
    }

    /// What it reads.
    #[must_use]
    pub const fn source(&self) -> ClockSource {
        match self.own {
            OwnClock::Os(_) => ClockSource::Os,
            OwnClock::Tsc(_) => ClockSource::Tsc,
        }
    }

    /// This moment, to measure the drift from; `None` for the kernel's own clock, which has none.
    /// The drift is that of the source: a correction by the fleet is no part of it.
    #[must_use]
    pub fn mark(&self) -> Option<Mark> {
        match &self.own {
            OwnClock::Os(_) => None,
            OwnClock::Tsc(clock) => Some(clock.mark()),
        }
    }

    /// The drift since a mark of this clock.
    #[must_use]
    pub fn drift_since(&self, begun: Option<Mark>) -> Option<Drift> {
        let (first, last) = (begun?, self.mark()?);
        Some(Drift {
            clock: last.clock.less(first.clock),
            kernel: last.kernel.less(first.kernel),
            error: first.error + last.error,
        })
    }
}

impl Clock for RunClock {
    #[inline]
    fn now(&self) -> Timestamp {
        match self.correction {
            None => self.own.now(),
            Some(correction) => correction.now(&self.own),
        }
    }

    fn park(&self, span: Nanos) {
        std::thread::park_timeout(span.duration());
    }
}

impl Clock for OwnClock {
    #[inline]
    fn now(&self) -> Timestamp {
        match self {
            Self::Os(clock) => clock.now(),
            Self::Tsc(clock) => clock.now(),
        }
    }

    fn park(&self, span: Nanos) {
        std::thread::park_timeout(span.duration());
    }
}

impl Drift {
    /// Parts in a million, above zero when the run's clock went faster; `None` for no time at all.
    #[must_use]
    pub fn ppm(&self) -> Option<f64> {
        let ahead = self.clock.less(self.kernel).as_secs_f64();
        let behind = self.kernel.less(self.clock).as_secs_f64();
        (Nanos::ZERO < self.kernel).then(|| (ahead - behind) * 1e6 / self.kernel.as_secs_f64())
    }

    /// How far [`Drift::ppm`] may be off, in parts in a million.
    #[must_use]
    pub fn error_ppm(&self) -> Option<f64> {
        let share = self.error.as_secs_f64() * 1e6 / self.kernel.as_secs_f64();
        (Nanos::ZERO < self.kernel).then_some(share)
    }
}

#[cfg(test)]
mod tests {
    use super::{ClockChoice, ClockSource, Drift, KERNEL_CLOCK_SOURCE, OwnClock, RunClock};
    use crate::time::tsc::TscClock;
    use crate::time::{Clock, Correction, Line};
    use crate::units::{Nanos, Timestamp};
    use std::path::Path;

    /// A processor that cannot be relied upon is asked nothing: the kernel's word comes first.
    #[test]
    fn the_counter_is_taken_only_where_the_kernel_keeps_time_by_it() {
        let told = |name: &str, text: &str| {
            let name = format!("kdyno-clock-source-{}-{name}", std::process::id());
            let path = std::env::temp_dir().join(name);
            std::fs::write(&path, text).expect("the temporary folder can be written");
            path
        };
        let check = |path: &Path, choice: ClockChoice, expected: Result<ClockSource, &str>| {
            let got = ClockSource::choose(choice, path);
            match (&got, expected) {
                (Ok(got), Ok(expected)) => assert_eq!(*got, expected, "{choice:?}"),
                (Err(error), Err(words)) => assert!(error.0.contains(words), "{error}"),
                other => panic!("{choice:?}: {other:?}"),
            }
        };
        let (other, tsc) = (told("kvm", "kvm-clock\n"), told("tsc", "tsc\n"));
        let missing = Path::new("/no/such/clock_source");
        check(&other, ClockChoice::Auto, Ok(ClockSource::Os));
        check(&other, ClockChoice::Os, Ok(ClockSource::Os));
        check(&other, ClockChoice::Tsc, Err("keeps time by \"kvm-clock\", see /"));
        check(missing, ClockChoice::Auto, Ok(ClockSource::Os));
        check(missing, ClockChoice::Tsc, Err("/no/such/clock_source: No such file"));
        check(&tsc, ClockChoice::Os, Ok(ClockSource::Os));
        if TscClock::is_readable() {
            check(&tsc, ClockChoice::Auto, Ok(ClockSource::Tsc));
            check(&tsc, ClockChoice::Tsc, Ok(ClockSource::Tsc));
        } else {
            check(&tsc, ClockChoice::Auto, Ok(ClockSource::Os));
            check(&tsc, ClockChoice::Tsc, Err("does not say that its counter"));
        }
        [other, tsc].iter().for_each(|path| std::fs::remove_file(path).expect("it is ours"));
    }

    #[test]
    fn a_clock_that_goes_wrong_by_20_ppm_is_seen_to() {
        let right = TscClock::anchored();
        let check = |clock: TscClock, expected: f64| {
            let clock = RunClock { own: OwnClock::Tsc(clock), correction: None };
            let begun = clock.mark();
            let until = clock.now() + Nanos::from_millis(50);
            while clock.now() < until {
                clock.park(Nanos::from_millis(5));
            }
            let drift = clock.drift_since(begun).expect("a counter has a drift");
            let (ppm, error) = drift.ppm().zip(drift.error_ppm()).expect("time went on");
            // The calibration may be off by 1 ppm where nothing interrupted it, see `DOUBT`; a busy
            // machine's is told by the error of the pairs.
            assert!((ppm - expected).abs() < 3.0 + 4.0 * error, "{ppm} ± {error}: {drift:?}");
        };
        check(right, 0.0);
        check(right.bent(20), 20.0);
    }

    #[test]
    fn the_drift_is_a_share_with_a_sign() {
        let kernel = Nanos::from_secs(10);
        let check = |clock: u64, expected: f64| {
            let drift = Drift { clock: Nanos(clock), kernel, error: Nanos(50) };
            let ppm = drift.ppm().expect("time went on");
            assert!((ppm - expected).abs() < 1e-6, "{ppm}, not {expected}");
            let error = drift.error_ppm().expect("time went on");
            assert!((error - 0.005).abs() < 1e-9, "{error}");
        };
        check(10_000_000_000, 0.0);
        check(10_000_200_000, 20.0);
        check(9_999_900_000, -10.0);
        let none = Drift { clock: Nanos(5), kernel: Nanos::ZERO, error: Nanos(1) };
        assert_eq!((none.ppm(), none.error_ppm()), (None, None), "no time, no share");
    }

    #[test]
    fn the_kernels_own_clock_has_no_drift() {
        let clock = RunClock::anchored(ClockSource::Os);
        assert_eq!(clock.source(), ClockSource::Os);
        assert_eq!(clock.drift_since(clock.mark()), None, "not examined");
    }

    #[test]
    fn a_clock_in_a_fleet_tells_the_fleets_time_and_still_knows_its_own() {
        let correction: &'static Correction = Box::leak(Box::default());
        let alone = RunClock::anchored(ClockSource::Os);
        let clock = alone.in_fleet(correction);
        let line = Line::new(alone.now(), -3_600_000_000_000, 0).expect("an hour");
        assert_eq!(alone.correct(&line), None, "in no fleet");
        correction.begin(&line);
        let check = |earlier: Timestamp, between: Timestamp, later: Timestamp| {
            assert!(earlier <= between && between <= later, "{earlier:?} {between:?} {later:?}");
        };
        check(alone.now(), clock.own_now(), alone.now());
        check(alone.now(), clock.now() + Nanos::from_secs(3_600), alone.now());
        assert!(clock.correct(&line).is_some(), "in a fleet");
        assert_eq!((clock.source(), clock.mark()), (ClockSource::Os, None), "those of its own");
    }

    #[test]
    fn this_machine_has_a_clock() {
        let source = ClockSource::choose(ClockChoice::Auto, Path::new(KERNEL_CLOCK_SOURCE));
        let clock = RunClock::anchored(source.expect("auto takes what is there"));
        let first = clock.now();
        clock.park(Nanos::from_millis(2));
        assert!(first < clock.now(), "time goes on");
    }
}
