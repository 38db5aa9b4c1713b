//! A rate that changes over time: its kinds, what each may be, and how people write it.

use crate::units::{NANOS_PER_SECOND, Nanos, Rate};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Rates are below it, as in workloads, where it means as fast as possible.
pub const SHAPE_RATE_END: u64 = 10_000_000;

/// Steps of one shape at most: more are a recording, for which there is [`Shape::Replay`].
pub const SHAPE_STEPS_MAX: usize = 1_000;

/// Send times of one recording at most: 8 MB in each process of a fleet.
pub const SHAPE_TIMES_MAX: usize = 1_000_000;

/// A part of a shape lasts a year at most.
const SPAN_MAX: Nanos = Nanos::from_secs(365 * 24 * 3_600);

/// The shortest wave, which is drawn by about a thousand lines.
const PERIOD_MIN: Nanos = Nanos::from_millis(1);

/// A rate of messages per second for some time; here it may be zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Messages per second, below [`SHAPE_RATE_END`].
    pub rate: u64,
    /// For how long.
    pub lasts: Nanos,
}

/// How the rate of a run goes, from the moment on at which the shape begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// One rate after the other; the last holds, however long it lasts.
    Steps(Vec<Step>),
    /// Evenly from one rate to another, which then holds.
    Ramp {
        /// Messages per second at the beginning.
        from: u64,
        /// And at the end.
        to: u64,
        /// How long it takes.
        over: Nanos,
    },
    /// A sine around a mean, which it begins with, rising.
    Wave {
        /// Messages per second on average.
        mean: u64,
        /// How far it goes above and below.
        amplitude: u64,
        /// How long one takes; whole microseconds.
        period: Nanos,
    },
    /// Two rates in turn.
    Bursts {
        /// First.
        on: Step,
        /// Then, for most uses at 0.
        off: Step,
    },
    /// At recorded times.
    Replay {
        /// Send times from the beginning on, ascending.
        times: Vec<Nanos>,
        /// When it begins anew; `None`: once.
        every: Option<Nanos>,
    },
}

impl Shape {
    /// Its kind, in the word of workload files.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Steps(_) => "steps",
            Self::Ramp { .. } => "ramp",
            Self::Wave { .. } => "wave",
            Self::Bursts { .. } => "bursts",
            Self::Replay { .. } => "replay",
        }
    }

    /// The rate with which it begins; `None` for a recording, which has none.
    #[must_use]
    pub fn first_rate(&self) -> Option<u64> {
        match self {
            Self::Steps(steps) => steps.first().map(|step| step.rate),
            Self::Ramp { from: rate, .. }
            | Self::Wave { mean: rate, .. }
            | Self::Bursts { on: Step { rate, .. }, .. } => Some(*rate),
            Self::Replay { .. } => None,
        }
    }

    /// The highest rate it comes to; of a recording, what the fullest second holds.
    #[must_use]
    pub fn peak(&self) -> u64 {
        match self {
            Self::Steps(steps) => steps.iter().map(|step| step.rate).max().unwrap_or(0),
            Self::Ramp { from, to, .. } => *from.max(to),
            Self::Wave { mean, amplitude, .. } => mean + amplitude,
            Self::Bursts { on, off } => on.rate.max(off.rate),
            Self::Replay { times, .. } => {
                let within = |(nth, from): (usize, &Nanos)| {
                    let end = *from + Nanos(NANOS_PER_SECOND);
                    times[nth..].partition_point(|time| *time < end)
                };
                let most = times.iter().enumerate().map(within).max().unwrap_or(0);
                u64::try_from(most).expect("a count fits in 64 bits")
            }
        }
    }

    /// Whether a schedule can be made of it.
    ///
    /// # Errors
    /// What is wrong with it: what was got, and what is allowed.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Self::Steps(steps) => {
                if !(1..=SHAPE_STEPS_MAX).contains(&steps.len()) {
                    return Err(format!("got {} steps, need 1 to {SHAPE_STEPS_MAX}", steps.len()));
                }
                steps.iter().try_for_each(check_step)?;
                check_any(steps.iter().map(|step| step.rate))
            }
            Self::Ramp { from, to, over } => {
                check_step(&Step { rate: *from, lasts: *over })?;
                check_rate(*to)?;
                check_any([*from, *to])
            }
            Self::Wave { mean, amplitude, period } => check_wave(*mean, *amplitude, *period),
            Self::Bursts { on, off } => {
                check_step(on)?;
                check_step(off)?;
                check_any([on.rate, off.rate])
            }
            Self::Replay { times, every } => check_times(times, *every),
        }
    }
}

fn check_rate(rate: u64) -> Result<(), String> {
    if rate < SHAPE_RATE_END {
        return Ok(());
    }
    Err(format!("got {rate} messages per second, need 0 to {}", SHAPE_RATE_END - 1))
}

fn check_span(span: Nanos) -> Result<(), String> {
    if (Nanos(1)..=SPAN_MAX).contains(&span) {
        return Ok(());
    }
    Err(format!("got a time of {span}, need one above 0 and of at most {SPAN_MAX}"))
}

fn check_step(step: &Step) -> Result<(), String> {
    check_rate(step.rate)?;
    check_span(step.lasts)
}

fn check_any(rates: impl IntoIterator<Item = u64>) -> Result<(), String> {
    if rates.into_iter().any(|rate| 0 < rate) {
        return Ok(());
    }
    Err("got no rate above 0, need one".to_owned())
}

fn check_wave(mean: u64, amplitude: u64, period: Nanos) -> Result<(), String> {
    check_rate(mean.saturating_add(amplitude))?;
    check_any([mean])?;
    if mean < amplitude {
        return Err(format!(
            "got {mean} +- {amplitude}, need an amplitude of at most the mean, so that no rate is below 0"
        ));
    }
    check_span(period)?;
    if period < PERIOD_MIN || !period.0.is_multiple_of(1_000) {
        return Err(format!(
            "got a period of {period}, need whole microseconds from {PERIOD_MIN} on"
        ));
    }
    Ok(())
}

fn check_times(times: &[Nanos], every: Option<Nanos>) -> Result<(), String> {
    if !(1..=SHAPE_TIMES_MAX).contains(&times.len()) {
        return Err(format!("got {} send times, need 1 to {SHAPE_TIMES_MAX}", times.len()));
    }
    if let Some(nth) = times.windows(2).position(|pair| pair[1] < pair[0]) {
        let (earlier, later) = (times[nth], times[nth + 1]);
        return Err(format!(
            "got send time {} of {later} after {earlier}, need times that do not go back",
            nth + 2
        ));
    }
    let last = times[times.len() - 1];
    if SPAN_MAX < last {
        return Err(format!("got a last send time of {last}, need one of at most {SPAN_MAX}"));
    }
    match every {
        Some(every) if every <= last => Err(format!(
            "got a repetition every {every}, need more than the last send time, {last}"
        )),
        Some(every) => check_span(every),
        None => Ok(()),
    }
}

/// As workload files have it; a recording, whose file is not known here, in other words.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())?;
        match self {
            Self::Steps(steps) => {
                let (last, others) = steps.split_last().expect("a shape was checked");
                for step in others {
                    write!(f, " {} for {},", shown(step.rate), step.lasts)?;
                }
                write!(f, " {}", shown(last.rate))
            }
            Self::Ramp { from, to, over } => {
                write!(f, " {} to {} over {over}", shown(*from), shown(*to))
            }
            Self::Wave { mean, amplitude, period } => {
                write!(f, " {} +- {} every {period}", shown(*mean), shown(*amplitude))
            }
            Self::Bursts { on, off } => {
                let (high, low) = (shown(on.rate), shown(off.rate));
                write!(f, " {high} for {}, {low} for {}", on.lasts, off.lasts)
            }
            Self::Replay { times, every } => {
                write!(f, " of {} recorded send times", times.len())?;
                every.map_or(Ok(()), |every| write!(f, " every {every}"))
            }
        }
    }
}

fn shown(rate: u64) -> String {
    Rate::per_second(rate).map_or_else(|| "0".to_owned(), |rate| rate.to_string())
}

#[cfg(test)]
mod tests {
    use super::{Shape, Step};
    use crate::units::Nanos;

    fn step(rate: u64, secs: u64) -> Step {
        Step { rate, lasts: Nanos::from_secs(secs) }
    }

    fn replay(secs: &[u64], every: Option<u64>) -> Shape {
        let times = secs.iter().copied().map(Nanos::from_secs).collect();
        Shape::Replay { times, every: every.map(Nanos::from_secs) }
    }

    fn wave(mean: u64, amplitude: u64, period: Nanos) -> Shape {
        Shape::Wave { mean, amplitude, period }
    }

    #[test]
    fn what_no_schedule_can_be_made_of_is_refused_in_words() {
        let check = |shape: Shape, expected: &str| {
            let words = shape.check().err().unwrap_or_default();
            assert_eq!(words, expected, "{shape:?}");
        };
        let bursts = |on, off| Shape::Bursts { on, off };
        let ramp = |from, to, secs| Shape::Ramp { from, to, over: Nanos::from_secs(secs) };
        check(Shape::Steps(vec![step(0, 1), step(5, 1)]), "");
        check(Shape::Steps(Vec::new()), "got 0 steps, need 1 to 1000");
        check(Shape::Steps(vec![step(0, 9)]), "got no rate above 0, need one");
        check(
            Shape::Steps(vec![step(1, 0)]),
            "got a time of 0s, need one above 0 and of at most 8760h",
        );
        check(ramp(0, 9, 4), "");
        check(ramp(0, 0, 4), "got no rate above 0, need one");
        check(ramp(1, 10_000_000, 4), "got 10000000 messages per second, need 0 to 9999999");
        check(wave(9, 9, Nanos::from_secs(1)), "");
        check(
            wave(9, 10, Nanos::from_secs(1)),
            "got 9 +- 10, need an amplitude of at most the mean, so that no rate is below 0",
        );
        check(
            wave(9, 1, Nanos(1_000_001)),
            "got a period of 1000001ns, need whole microseconds from 1ms on",
        );
        check(bursts(step(0, 1), step(4, 1)), "");
        check(bursts(step(0, 1), step(0, 1)), "got no rate above 0, need one");
        check(replay(&[0, 0, 3], Some(4)), "");
        check(replay(&[], None), "got 0 send times, need 1 to 1000000");
        check(
            replay(&[1, 3, 2], None),
            "got send time 3 of 2s after 3s, need times that do not go back",
        );
        check(
            replay(&[1, 3], Some(3)),
            "got a repetition every 3s, need more than the last send time, 3s",
        );
    }

    #[test]
    fn the_peak_of_a_recording_is_its_fullest_second() {
        let times = [0, 900, 1_000, 1_500, 1_999, 2_000].map(Nanos::from_millis).to_vec();
        assert_eq!(Shape::Replay { times, every: None }.peak(), 3, "1,000 up to 1,999 ms");
        assert_eq!(wave(9, 5, Nanos::from_secs(1)).peak(), 14);
    }
}
