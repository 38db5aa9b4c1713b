//! How a figure spread over a phase: least, average, 95th percentile, greatest.

use super::number::{float, thousandth};
use serde::Serialize;

/// A value, and for how long it held.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Held {
    /// The value.
    pub(super) value: f64,
    /// Seconds.
    pub(super) time: f64,
}

/// A figure over a phase, to a thousandth.
///
/// `min ≤ avg ≤ max` and `min ≤ p95 ≤ max` hold for all values. `avg ≤ p95` holds for up to 19
/// samples of the same length, of which `p95` is the greatest; of more, a few outliers beyond the
/// percentile can outweigh the rest, and then an average above `p95` is what the values say.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// The least.
    pub min: f64,
    /// Weighted by time: of a rate, all that flowed ÷ all the time.
    pub avg: f64,
    /// The least value that at least 95 % of the samples do not exceed (nearest rank).
    pub p95: f64,
    /// The greatest.
    pub max: f64,
}

impl Spread {
    /// Of these samples; `None` where there are none.
    pub(super) fn of(samples: impl Iterator<Item = Held>) -> Option<Self> {
        let mut samples: Vec<Held> = samples.collect();
        samples.sort_by(|a, b| a.value.total_cmp(&b.value));
        let (first, last) = (samples.first()?.value, samples.last()?.value);
        let rank = (samples.len() * 95).div_ceil(100);
        Some(Self {
            min: thousandth(first),
            // Rounding must not put an average outside of what is averaged.
            avg: thousandth(average(&samples).clamp(first, last)),
            p95: thousandth(samples[rank - 1].value),
            max: thousandth(last),
        })
    }
}

/// By time; by number where no time passed.
fn average(samples: &[Held]) -> f64 {
    let time: f64 = samples.iter().map(|held| held.time).sum();
    if 0.0 < time {
        return samples.iter().map(|held| held.value * held.time).sum::<f64>() / time;
    }
    let count = u64::try_from(samples.len()).expect("fewer than 2^64 samples");
    samples.iter().map(|held| held.value).sum::<f64>() / float(count)
}

#[cfg(test)]
mod tests {
    use super::{Held, Spread};
    use proptest::prelude::{prop, proptest};

    fn spread(values: &[f64]) -> Option<Spread> {
        Spread::of(values.iter().map(|value| Held { value: *value, time: 1.0 }))
    }

    #[test]
    fn of_nothing_there_is_nothing_and_of_one_sample_all_are_the_same() {
        assert_eq!(spread(&[]), None, "none");
        assert_eq!(
            spread(&[0.25]),
            Some(Spread { min: 0.25, avg: 0.25, p95: 0.25, max: 0.25 }),
            "one"
        );
    }

    #[test]
    fn the_95th_percentile_is_of_the_nearest_rank() {
        let check = |count: u32, p95: f64| {
            let values: Vec<f64> = (1..=count).rev().map(f64::from).collect();
            let got = spread(&values).expect("there are some");
            assert_eq!((got.min, got.p95, got.max), (1.0, p95, f64::from(count)), "1 to {count}");
        };
        check(2, 2.0);
        check(19, 19.0);
        check(20, 19.0);
        check(21, 20.0);
        check(40, 38.0);
        check(100, 95.0);
        check(101, 96.0);
    }

    #[test]
    fn the_average_of_rates_is_all_that_flowed_through_all_the_time() {
        let held = [Held { value: 10.0, time: 3.0 }, Held { value: 50.0, time: 1.0 }];
        let got = Spread::of(held.into_iter()).expect("there are some");
        assert_eq!((got.min, got.avg), (10.0, 20.0), "80 in 4 seconds");
        let timeless = [Held { value: 10.0, time: 0.0 }, Held { value: 50.0, time: 0.0 }];
        assert_eq!(Spread::of(timeless.into_iter()).map(|of| of.avg), Some(30.0), "by number");
    }

    #[test]
    fn a_rare_burst_can_lift_the_average_above_the_percentile() {
        let mut values = vec![0.0; 99];
        values.push(1_000.0);
        let got = spread(&values).expect("there are some");
        assert_eq!((got.avg, got.p95, got.max), (10.0, 0.0, 1_000.0), "as the values say");
    }

    proptest! {
        #[test]
        fn the_order_holds_for_all_values(values in prop::collection::vec(0.0..1e12_f64, 1..200)) {
            let got = spread(&values).expect("there are some");
            assert!(got.min <= got.avg && got.avg <= got.max, "average: {got:?}");
            assert!(got.min <= got.p95 && got.p95 <= got.max, "percentile: {got:?}");
            let few = spread(&values[..values.len().min(19)]).expect("there are some");
            assert!(few.avg <= few.p95, "of up to 19 the percentile is the greatest: {few:?}");
        }
    }
}
