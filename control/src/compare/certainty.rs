//! How well a mean is known when its samples depend on each other, as the seconds of a run do.
//!
//! What comes late stays late for a while: of seconds that follow each other many say as much as few
//! independent ones. How many, their autocovariances tell. Those are added up by pairs until a pair is no
//! longer above what independent samples show by chance, and no pair counts for more than the one before it:
//! the initial monotone sequence of Geyer (1992), whose pairs end at zero. Besides, the means of [`BATCHES`] stretches are looked at in the same way: what moves slowly
//! is lost in the noise of single seconds and shows there. Wherever there is a doubt, the mean is taken to be
//! known less well: samples are never more than they are, and the spread of an estimate of a spread goes into
//! the degrees of freedom.

use super::number;

/// More samples are joined to means of neighbours first, so that a day's run takes no longer than an hour's.
const SAMPLES_MAX: usize = 2_048;
/// Enough to see whether neighbours agree, few enough to be long.
const BATCHES: usize = 16;
/// Batches are believed where they say the mean is known so many times worse, in variance. Independent
/// samples hardly do that (chi-squared with 15 degrees of freedom: one of 1,000 runs).
const BELIEVED: f64 = 2.5;
/// Autocovariances further apart than this part of the samples rest on too few products.
const LAGS: usize = 3;
/// Of batches only neighbours are looked at: sixteen say no more.
const BATCH_LAGS: usize = 2;

/// The mean of samples, and how well it is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Certainty {
    /// The mean.
    pub(super) mean: f64,
    /// The variance of the mean.
    pub(super) variance: f64,
    /// Degrees of freedom of that variance.
    pub(super) freedom: f64,
    /// How many independent samples would say as much; at most as many as there are.
    pub(super) effective: f64,
}

impl Certainty {
    /// That of samples in the order of time; `None` for fewer than two.
    pub(super) fn of(samples: &[f64]) -> Option<Self> {
        let joined = samples.len().div_ceil(SAMPLES_MAX).max(1);
        let fine = batches(samples, joined);
        let single = Sequence::of(&fine, fine.len() / LAGS)?;
        let size = fine.len() / BATCHES;
        let coarse = if 1 < size { Sequence::of(&batches(&fine, size), BATCH_LAGS) } else { None };
        let sequence = match coarse {
            Some(coarse) if BELIEVED * single.variance < coarse.variance => coarse,
            _ => single,
        };
        let count = number(fine.len());
        let effective = single.spread / sequence.variance;
        Some(Self {
            mean: mean(samples),
            variance: sequence.variance,
            freedom: sequence.freedom,
            // Samples that are all the same have no variance: they are as many as they are.
            effective: if 0.0 < sequence.variance { effective.min(count) } else { count },
        })
    }
}

/// What a row of samples says of the variance of its mean.
#[derive(Clone, Copy, Debug)]
struct Sequence {
    /// The variance of a sample.
    spread: f64,
    /// The variance of the mean.
    variance: f64,
    /// Degrees of freedom of that.
    freedom: f64,
}

impl Sequence {
    /// By autocovariances of at most so many lags.
    fn of(samples: &[f64], lags_max: usize) -> Option<Self> {
        if samples.len() < 2 {
            return None;
        }
        let (count, centre) = (number(samples.len()), mean(samples));
        let away: Vec<f64> = samples.iter().map(|sample| sample - centre).collect();
        let covariance = |lag: usize| {
            away.iter().zip(&away[lag..]).map(|(one, other)| one * other).sum::<f64>() / count
        };
        let spread = covariance(0);
        let (mut sum, mut least, mut lags) = (0.0, f64::INFINITY, 0);
        while lags + 1 < lags_max {
            let pair = covariance(lags) + covariance(lags + 1);
            // The standard error of a pair of independent samples; the first pair has the spread in it.
            let chance = if lags == 0 { 0.0 } else { spread * (2.0 / count).sqrt() };
            if pair <= chance {
                break;
            }
            least = pair.min(least);
            sum += least;
            lags += 2;
        }
        // Of independent samples the variance of such an estimate is about twice the window over the count
        // (Geyer 1992, section 3.3), that of a chi-squared one twice over its degrees of freedom.
        let window = number((2 * lags).max(2) - 1);
        let freedom = count / window;
        // Samples that undo each other are not taken for more than they are.
        let long = (2.0 * sum - spread).max(spread);
        // Deviations are from the samples' own mean, which lies nearer to them than the true one.
        let long = long / (1.0 - 1.0 / freedom.max(2.0));
        Some(Self { spread, variance: long / count, freedom })
    }
}

/// The means of so many samples each; those that are left over at the end belong to none.
fn batches(samples: &[f64], size: usize) -> Vec<f64> {
    samples.chunks_exact(size).map(mean).collect()
}

/// The mean; of nothing 0.
pub(super) fn mean(samples: &[f64]) -> f64 {
    if samples.is_empty() { 0.0 } else { samples.iter().sum::<f64>() / number(samples.len()) }
}

#[cfg(test)]
mod tests {
    use super::super::synthetic::{Noise, noise};
    use super::Certainty;

    /// The mean over 200 rows of what `part` says of each.
    fn typical(kind: Noise, count: usize, part: fn(&Certainty) -> f64) -> f64 {
        let rows = (0..200).map(|seed| noise(kind, count, seed));
        let told = rows.map(|row| Certainty::of(&row).expect("there are samples"));
        told.map(|of| part(&of)).sum::<f64>() / 200.0
    }

    #[test]
    fn independent_samples_count_as_what_they_are() {
        for count in [60, 120, 300] {
            let part = typical(Noise::Independent, count, |of| of.effective) / super::number(count);
            assert!((0.7..=1.0).contains(&part), "{count}: {part}");
        }
    }

    #[test]
    fn dependent_samples_count_as_few() {
        // An AR(1) of n samples counts as n (1 - r) / (1 + r): 100 and 15.8.
        let half = typical(Noise::Ar(0.5), 300, |of| of.effective);
        assert!((60.0..150.0).contains(&half), "{half}");
        let strong = typical(Noise::Ar(0.9), 300, |of| of.effective);
        assert!((8.0..32.0).contains(&strong), "{strong}");
    }

    #[test]
    fn what_drifts_all_the_time_says_next_to_nothing() {
        let drift: Vec<f64> = (0..120).map(f64::from).collect();
        let of = Certainty::of(&drift).expect("there are samples");
        assert!(of.effective < 8.0, "{of:?}");
        // As large as the noise, so that single seconds hardly show it.
        let hidden: Vec<f64> = noise(Noise::Independent, 320, 5)
            .iter()
            .zip(0..)
            .map(|(sample, at)| sample + f64::from(at) / 160.0)
            .collect();
        let slow = Certainty::of(&hidden).expect("there are samples");
        assert!(slow.effective < 60.0, "{slow:?}");
    }

    #[test]
    fn the_variance_of_the_mean_is_what_means_really_vary_by() {
        for (kind, least, most) in [
            (Noise::Independent, 0.8, 1.6),
            (Noise::Ar(0.5), 0.7, 1.8),
            (Noise::Ar(0.9), 0.6, 2.0),
            (Noise::Bumps, 1.0, 40.0),
        ] {
            let told = typical(kind, 300, |of| of.variance);
            let means: Vec<f64> =
                (0..200).map(|seed| super::mean(&noise(kind, 300, seed))).collect();
            let centre = super::mean(&means);
            let real =
                means.iter().map(|mean| (mean - centre) * (mean - centre)).sum::<f64>() / 199.0;
            assert!((least..most).contains(&(told / real)), "{kind:?}: {told}, {real}");
        }
    }

    #[test]
    fn what_undoes_itself_is_never_more_than_it_is() {
        let swing: Vec<f64> = (0..100).map(|at| f64::from(at % 2)).collect();
        let of = Certainty::of(&swing).expect("there are samples");
        assert!(of.effective <= 100.0 && 0.0 < of.variance, "{of:?}");
        let same = Certainty::of(&[7.0; 50]).expect("there are samples");
        assert!((same.effective - 50.0).abs() < 1e-9 && same.variance.abs() < 1e-12, "{same:?}");
    }

    #[test]
    fn long_rows_are_joined_and_short_ones_say_nothing() {
        let long = noise(Noise::Independent, 86_400, 1);
        let of = Certainty::of(&long).expect("there are samples");
        assert!(of.effective <= 2_048.0 && 0.000_5 < of.variance.sqrt(), "{of:?}");
        assert_eq!(Certainty::of(&[1.0]), None, "one has no spread");
        assert_eq!(Certainty::of(&[]), None, "nothing");
    }
}
