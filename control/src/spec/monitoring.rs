//! Whether and how often the system is looked at, as flag and benchmark file say it.

use engine::units::Nanos;
use serde_yaml::Value;

use super::benchmark::Benchmark;
use super::fault::{Fault, Ledger};
use super::scalar;

/// How often unless somebody says otherwise.
const PERIOD: Nanos = Nanos::from_secs(1);
/// The kernel counts processor time in ticks of 10 ms: a tenth of this.
const PERIOD_MIN: Nanos = Nanos::from_millis(100);
/// Longer than this there is nothing to see.
const PERIOD_MAX: Nanos = Nanos::from_secs(3_600);

/// Reads a period with its unit.
pub(crate) fn period(value: &Value) -> Result<Nanos, String> {
    let read = scalar::text(value).and_then(|text| text.parse::<Nanos>().ok());
    read.filter(|period| (PERIOD_MIN..=PERIOD_MAX).contains(period)).ok_or_else(|| {
        let shown = scalar::show(value);
        format!("got {shown}, need a time from {PERIOD_MIN} to {PERIOD_MAX} with its unit, e.g. 1s")
    })
}

/// The period; nothing when the monitor is off, or a fault is noted. The flag wins over the file.
pub(super) fn resolve(
    flag: Option<&str>,
    benchmark: &Benchmark,
    ledger: &mut Ledger,
) -> Option<Nanos> {
    match flag {
        Some(word) if word.trim().eq_ignore_ascii_case("off") => None,
        Some(text) => {
            let read = period(&Value::String(text.to_owned()));
            let or_off = |problem: String| Fault::whole("--monitor", format!("{problem}, or off"));
            ledger.take(read.map_err(or_off))
        }
        None if benchmark.monitoring_enabled == Some(false) => None,
        None => Some(benchmark.monitor_interval.unwrap_or(PERIOD)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Benchmark, Ledger, Nanos, resolve};

    /// What a flag and a file's fields come to: a period, off, or the fault's words.
    fn check(
        flag: Option<&str>,
        (enabled, interval_ms): (Option<bool>, Option<u64>),
        expected: Result<Option<u64>, &str>,
    ) {
        let benchmark = Benchmark {
            monitoring_enabled: enabled,
            monitor_interval: interval_ms.map(Nanos::from_millis),
            ..Benchmark::default()
        };
        let mut ledger = Ledger::default();
        let got = resolve(flag, &benchmark, &mut ledger);
        let faults: Vec<String> = ledger.faults.iter().map(ToString::to_string).collect();
        match expected {
            Ok(millis) => {
                assert_eq!(got, millis.map(Nanos::from_millis), "{flag:?}, {enabled:?}");
                assert!(faults.is_empty(), "{flag:?}: {faults:?}");
            }
            Err(words) => assert_eq!(faults, [words], "{flag:?}"),
        }
    }

    #[test]
    fn it_is_on_unless_somebody_says_off_and_the_flag_wins() {
        let nothing = (None, None);
        check(None, nothing, Ok(Some(1_000)));
        check(None, (Some(true), None), Ok(Some(1_000)));
        check(None, (None, Some(5_000)), Ok(Some(5_000)));
        check(None, (Some(false), Some(5_000)), Ok(None));
        check(Some("off"), (Some(true), Some(5_000)), Ok(None));
        check(Some(" OFF "), nothing, Ok(None));
        check(Some("250ms"), (Some(false), Some(5_000)), Ok(Some(250)));
        check(Some("100ms"), nothing, Ok(Some(100)));
        check(Some("1h"), nothing, Ok(Some(3_600_000)));
    }

    #[test]
    fn a_period_has_a_unit_and_lies_between_a_tenth_of_a_second_and_an_hour() {
        for text in ["99ms", "61m", "1", "0s", "-1s", "never", ""] {
            let fault = format!(
                "--monitor: got \"{text}\", need a time from 100ms to 1h with its unit, e.g. 1s, or off"
            );
            check(Some(text), (None, None), Err(&fault));
        }
    }
}
