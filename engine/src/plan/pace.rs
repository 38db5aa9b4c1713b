//! How fast a stream is sent, and the schedule that this makes.

use super::share::Share;
use crate::time::{Arrival, Schedule, Tempo};
use crate::units::{Nanos, Rate, Timestamp};
use std::fmt;
use std::sync::Arc;

/// How fast messages are sent; cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pace {
    /// By a schedule of this many messages per second in all, evenly.
    At(Rate),
    /// By a schedule of a rate that changes, or of arrivals by chance.
    Varied(Arc<Varied>),
    /// As fast as the client takes them: a closed loop without due times.
    Max {
        /// At most this many unanswered messages over all producers; `None` leaves it to the
        /// client's queue.
        in_flight: Option<u64>,
    },
}

/// A rate that changes, or arrivals by chance.
#[derive(Debug, PartialEq, Eq)]
pub struct Varied {
    tempo: Tempo,
    arrival: Arrival,
    mean: Rate,
    warm: Rate,
}

/// When the phases of a run are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhaseTimes {
    /// When the load begins.
    pub at: Timestamp,
    /// When the measured phase does.
    pub measured: Timestamp,
    /// When the last message is due, excluded.
    pub end: Timestamp,
}

impl Varied {
    /// For a measured phase of this length, with whose beginning a shape begins.
    ///
    /// # Errors
    /// When not even one message would be due in it.
    pub fn new(tempo: Tempo, arrival: Arrival, measured: Nanos) -> Result<Self, String> {
        let mean = tempo.mean(measured).ok_or_else(|| {
            format!("not even one message would be due in the {measured} that are measured")
        })?;
        let first = match &tempo {
            Tempo::Rate(rate) => Some(rate.get()),
            Tempo::Shape(shaped) => shaped.shape().first_rate(),
        };
        let warm = first.and_then(Rate::per_second).unwrap_or(mean);
        Ok(Self { tempo, arrival, mean, warm })
    }

    /// How fast it goes.
    #[must_use]
    pub const fn tempo(&self) -> &Tempo {
        &self.tempo
    }

    /// How messages are spread around that.
    #[must_use]
    pub const fn arrival(&self) -> Arrival {
        self.arrival
    }

    /// The rate of the warm-up: that with which the measured phase begins, or its mean where that is
    /// none or 0.
    #[must_use]
    pub const fn warm(&self) -> Rate {
        self.warm
    }
}

/// As people read it.
impl fmt::Display for Varied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.tempo {
            Tempo::Rate(rate) => write!(f, "{rate} in all")?,
            Tempo::Shape(shaped) => {
                write!(f, "{} in all, {} on average", shaped.shape(), self.mean)?;
            }
        }
        match self.arrival {
            Arrival::Regular => Ok(()),
            Arrival::Poisson { seed } => write!(f, ", by chance (Poisson, seed {seed})"),
        }
    }
}

impl Pace {
    /// Whether a schedule gives messages their due times.
    #[must_use]
    pub const fn is_paced(&self) -> bool {
        match self {
            Self::At(_) | Self::Varied(_) => true,
            Self::Max { .. } => false,
        }
    }

    /// Messages per second, on average over the measured phase; `None` for a closed loop.
    #[must_use]
    pub fn rate(&self) -> Option<Rate> {
        match self {
            Self::At(rate) => Some(*rate),
            Self::Varied(varied) => Some(varied.mean),
            Self::Max { .. } => None,
        }
    }

    /// Messages per second where most are due; `None` for a closed loop.
    #[must_use]
    pub fn peak(&self) -> Option<u64> {
        match self {
            Self::At(rate) => Some(rate.get()),
            Self::Varied(varied) => Some(varied.tempo.peak()),
            Self::Max { .. } => None,
        }
    }

    /// The due times of a run with these phases; `None` for a closed loop. A shape begins with the
    /// measured phase.
    #[must_use]
    pub fn schedule(&self, times: PhaseTimes) -> Option<Schedule> {
        let PhaseTimes { at, measured, end } = times;
        match self {
            Self::At(rate) => Some(Schedule::constant(*rate, at, end)),
            Self::Varied(varied) => {
                let Varied { tempo, arrival, warm, .. } = &**varied;
                if measured <= at || matches!(tempo, Tempo::Rate(_)) {
                    return Some(Schedule::new(tempo.clone(), *arrival, at, end));
                }
                let mut schedule = Schedule::new(Tempo::Rate(*warm), *arrival, at, end);
                schedule.append(measured, tempo.clone());
                Some(schedule)
            }
            Self::Max { .. } => None,
        }
    }

    /// A host's part: due times are everybody's, of a closed loop's window each has its own.
    pub(super) fn part_of(&self, share: Share) -> Self {
        match self {
            Self::At(_) | Self::Varied(_) | Self::Max { in_flight: None } => self.clone(),
            Self::Max { in_flight: Some(window) } => {
                Self::Max { in_flight: Some(share.deal.count_among(0, *window).max(1)) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Pace, PhaseTimes, Varied};
    use crate::time::{Arrival, Schedule, Shape, Shaped, Step, Tempo};
    use crate::units::{Nanos, Rate, Timestamp};
    use std::sync::Arc;

    const TIMES: PhaseTimes = PhaseTimes {
        at: Timestamp::from_nanos(1_000_000_000),
        measured: Timestamp::from_nanos(3_000_000_000),
        end: Timestamp::from_nanos(7_000_000_000),
    };

    fn step(rate: u64, secs: u64) -> Step {
        Step { rate, lasts: Nanos::from_secs(secs) }
    }

    fn varied(shape: Shape, arrival: Arrival) -> Result<Varied, String> {
        let shaped = Shaped::new(shape).expect("it is sound");
        Varied::new(Tempo::Shape(shaped), arrival, TIMES.measured.until(TIMES.end))
    }

    /// What is due in the warm-up and in the measured phase.
    fn due(shape: Shape) -> (u64, u64) {
        let pace = Pace::Varied(Arc::new(varied(shape, Arrival::Regular).expect("it sends")));
        let schedule = pace.schedule(TIMES).expect("it has due times");
        let warm = schedule.count_before(TIMES.measured);
        (warm, schedule.count_before(TIMES.end) - warm)
    }

    #[test]
    fn a_shape_begins_with_the_measured_phase_and_the_warm_up_as_the_shape_does() {
        let check = |shape: Shape, expected: (u64, u64)| {
            assert_eq!(due(shape.clone()), expected, "{shape}");
        };
        check(Shape::Steps(vec![step(10, 1), step(40, 1)]), (20, 130));
        check(Shape::Ramp { from: 100, to: 300, over: Nanos::from_secs(4) }, (200, 800));
        // Begun with 0: at the mean over the four seconds.
        check(Shape::Ramp { from: 0, to: 200, over: Nanos::from_secs(4) }, (200, 400));
        let period = Nanos::from_secs(4);
        check(Shape::Wave { mean: 50, amplitude: 50, period }, (100, 200));
        check(Shape::Bursts { on: step(30, 1), off: step(0, 1) }, (60, 60));
        let times = [0, 1, 2, 3].map(Nanos::from_secs).to_vec();
        check(Shape::Replay { times, every: None }, (2, 4));
    }

    #[test]
    fn a_test_in_which_nothing_is_due_is_refused() {
        let error = varied(Shape::Steps(vec![step(0, 9), step(5, 1)]), Arrival::Regular);
        let expected = "not even one message would be due in the 4s that are measured";
        assert_eq!(error.map_err(|words| words == expected), Err(true));
    }

    #[test]
    fn chance_goes_through_both_phases_and_a_constant_rate_has_one_segment() {
        let rate = Rate::per_second(1_000).expect("above 0");
        let poisson = Arrival::Poisson { seed: 3 };
        let plain = Varied::new(Tempo::Rate(rate), poisson, Nanos::from_secs(4)).expect("it sends");
        assert_eq!(plain.to_string(), "1k/s in all, by chance (Poisson, seed 3)");
        let schedule = Pace::Varied(Arc::new(plain)).schedule(TIMES);
        let whole = Schedule::new(Tempo::Rate(rate), poisson, TIMES.at, TIMES.end);
        assert_eq!(schedule, Some(whole.clone()));
        let step = Shape::Steps(vec![step(1_000, 1)]);
        let pace = Pace::Varied(Arc::new(varied(step, poisson).expect("it sends")));
        let both = pace.schedule(TIMES).expect("it has due times");
        assert_eq!(both.changed(), TIMES.measured, "the shape begins there");
        for index in [0, 1_999, 2_000, 5_000] {
            assert_eq!(
                both.due(index),
                whole.due(index),
                "the same rate, the same chance: {index}"
            );
        }
    }
}
