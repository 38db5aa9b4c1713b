//! What is known of a figure of a variant: by the seconds of its runs, or by whole runs as repeats.
//!
//! Everything is a logarithm, so that differences are ratios. By seconds: throughput is the mean of its
//! seconds, its error a part of that (the delta method); of a latency's percentile it is the mean of the
//! logarithms of the seconds' percentiles, the typical second, which is not the percentile of the whole run
//! and varies with it. By repeats: each run is one sample by its own figure, and its seconds say nothing.

use super::certainty::{Certainty, mean};
use super::figure::Figure;
use super::number;
use super::recorded::Recorded;

/// Fewer repeats say too little of how repeats differ.
pub(super) const REPEATS_MIN: usize = 3;
/// Seconds that count as fewer independent ones say too little of how seconds differ: with eight an AR(1) of
/// 0.97 over five minutes was told to differ from itself in 4 % of cases, with twelve in 2 % (2026-11-26).
const EFFECTIVE_MIN: f64 = 12.0;
/// With fewer degrees of freedom an interval says nothing.
const FREEDOM_MIN: f64 = 4.0;
/// Repeats that agree to the last digit are still not known better than this: clocks and edges of phases.
const RESOLUTION: f64 = 0.000_5;

/// What is known of a figure's logarithm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Estimate {
    /// The logarithm.
    pub(super) ln: f64,
    /// Its variance, as far as it was estimated.
    pub(super) variance: f64,
    /// Degrees of freedom of that.
    pub(super) freedom: f64,
    /// What comes on top, and is taken as it is.
    pub(super) fixed: f64,
    /// As how many independent seconds, or repeats, its samples count.
    pub(super) effective: f64,
}

/// An estimate, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Known {
    /// There is one.
    Estimate(Estimate),
    /// Seconds count as so few independent ones.
    TooFew(f64),
    /// No second has the figure, or not every run.
    Nothing,
}

/// By the seconds of a variant's runs. Where there are several, how they differ comes on top.
pub(super) fn by_seconds(figure: Figure, runs: &[Recorded]) -> Known {
    let mut singles = Vec::new();
    for run in runs {
        match of_run(figure, run) {
            Known::Estimate(single) => singles.push(single),
            other => return other,
        }
    }
    let Some((lns, count)) = logarithms(singles.iter().map(|single| single.ln)) else {
        return Known::Nothing;
    };
    let sum = |part: fn(&Estimate) -> f64| singles.iter().map(part).sum::<f64>();
    let within = sum(|of| of.variance);
    // Welch (1947) and Satterthwaite: a sum of variances has the freedom of its parts, by weight.
    let parts = sum(|of| of.variance * of.variance / of.freedom);
    let freedom = if 0.0 < parts { within * within / parts } else { sum(|of| of.freedom) };
    let between = if 1.0 < count { variance(&lns) / count } else { 0.0 };
    Known::Estimate(Estimate {
        ln: mean(&lns),
        variance: within / (count * count),
        freedom,
        fixed: sum(|of| of.fixed) / (count * count) + between,
        effective: sum(|of| of.effective),
    })
}

/// By a variant's runs themselves, at least [`REPEATS_MIN`] of them.
pub(super) fn by_repeats(figure: Figure, runs: &[Recorded]) -> Known {
    let own: Option<Vec<f64>> = runs.iter().map(|run| figure.of(run)).collect();
    let Some((lns, count)) = own.and_then(|own| logarithms(own.iter().map(|of| of.ln()))) else {
        return Known::Nothing;
    };
    Known::Estimate(Estimate {
        ln: mean(&lns),
        variance: variance(&lns) / count,
        freedom: count - 1.0,
        fixed: RESOLUTION * RESOLUTION,
        effective: count,
    })
}

/// The figure of a variant as a whole: of several runs their geometric mean, of maxima the greatest.
pub(super) fn own(figure: Figure, runs: &[Recorded]) -> Option<f64> {
    let own: Vec<f64> = runs.iter().map(|run| figure.of(run)).collect::<Option<_>>()?;
    if let [only] = own[..] {
        return Some(only);
    }
    if figure.is_judged() {
        let (lns, _) = logarithms(own.iter().map(|of| of.ln()))?;
        return Some(mean(&lns).exp());
    }
    own.into_iter().reduce(f64::max)
}

/// By the seconds of one run.
fn of_run(figure: Figure, run: &Recorded) -> Known {
    let seconds = run.steady().filter_map(|second| figure.second(second));
    let samples: Vec<f64> = if figure.is_throughput() {
        seconds.collect()
    } else {
        seconds.filter(|value| 0.0 < *value).map(f64::ln).collect()
    };
    if samples.is_empty() {
        return Known::Nothing;
    }
    let Some(of) = Certainty::of(&samples) else { return Known::TooFew(number(samples.len())) };
    if of.effective < EFFECTIVE_MIN || of.freedom < FREEDOM_MIN {
        return Known::TooFew(of.effective);
    }
    let (ln, scale) = if figure.is_throughput() { (of.mean.ln(), of.mean) } else { (of.mean, 1.0) };
    if !ln.is_finite() {
        // Nothing in any second: there is no ratio to zero.
        return Known::Nothing;
    }
    let searched = if figure.is_throughput() { run.search_error() } else { 0.0 };
    let between = figure.between_repeats();
    Known::Estimate(Estimate {
        ln,
        variance: of.variance / (scale * scale),
        freedom: of.freedom,
        fixed: between * between + searched * searched,
        effective: of.effective,
    })
}

/// Logarithms and how many they are; `None` where there is none or one of them is of nothing.
fn logarithms(of: impl Iterator<Item = f64>) -> Option<(Vec<f64>, f64)> {
    let lns: Vec<f64> = of.collect();
    let is_whole = !lns.is_empty() && lns.iter().all(|ln| ln.is_finite());
    let count = number(lns.len());
    is_whole.then_some((lns, count))
}

/// The variance of samples of which there are at least two.
pub(super) fn variance(samples: &[f64]) -> f64 {
    let centre = mean(samples);
    let squares = samples.iter().map(|sample| (sample - centre) * (sample - centre));
    squares.sum::<f64>() / (number(samples.len()) - 1.0)
}

#[cfg(test)]
mod tests {
    use super::super::figure::{At, Figure, Span};
    use super::super::fixture::{Made, made};
    use super::super::recorded::Recorded;
    use super::super::synthetic::Noise;
    use super::{Known, by_repeats, by_seconds, own};

    const P99: Figure = Figure::Span(Span::Publish, At::P99);

    fn run(id: &str, seconds: usize, noise: Noise) -> Recorded {
        made(&Made { seconds, noise, ..Made::plain(id) })
    }

    fn estimate(known: Known) -> super::Estimate {
        match known {
            Known::Estimate(estimate) => estimate,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn seconds_say_the_middle_and_how_well_it_is_known() {
        let run = run("a", 120, Noise::Independent);
        for figure in [Figure::Acked, P99, Figure::Cpu] {
            let of = estimate(by_seconds(figure, std::slice::from_ref(&run)));
            let value = figure.of(&run).expect("the run has it");
            assert!((of.ln - value.ln()).abs() < 1e-9, "{figure:?}: {of:?}");
            assert!(60.0 < of.effective && of.effective <= 120.0, "{figure:?}: {of:?}");
        }
        // 2 % of a second's throughput, 14 % of its 99th percentile, over the root of 120.
        let error = |figure: Figure| {
            estimate(by_seconds(figure, std::slice::from_ref(&run))).variance.sqrt()
        };
        assert!((0.001_2..0.003).contains(&error(Figure::Acked)), "{}", error(Figure::Acked));
        assert!((0.008..0.021).contains(&error(P99)), "{}", error(P99));
    }

    #[test]
    fn too_few_seconds_say_nothing_and_it_is_told_how_few() {
        let check = |run: &Recorded| match by_seconds(Figure::Acked, std::slice::from_ref(run)) {
            Known::TooFew(effective) => assert!(effective < 30.0, "{effective}"),
            other => panic!("{other:?}"),
        };
        check(&run("short", 6, Noise::Independent));
        check(&run("slow", 60, Noise::Ar(0.97)));
        let mut silent = run("silent", 60, Noise::Independent);
        silent.intervals.iter_mut().for_each(|second| second.process_cpu_cores = None);
        assert_eq!(by_seconds(Figure::Cpu, &[silent]), Known::Nothing, "no monitor");
        let mut idle = run("idle", 60, Noise::Independent);
        idle.intervals.iter_mut().for_each(|second| second.consumed = 0.0);
        assert_eq!(by_seconds(Figure::Consumed, &[idle]), Known::Nothing, "no ratio to zero");
        let service = Figure::Span(Span::Service, At::P50);
        let known = by_seconds(service, &[run("a", 60, Noise::Independent)]);
        assert_eq!(known, Known::Nothing, "no second has it");
    }

    #[test]
    fn seconds_without_an_ack_count_for_throughput_and_have_no_latency() {
        let mut run = run("stall", 60, Noise::Independent);
        for second in &mut run.intervals[10..13] {
            (second.acked, second.publish_p99_us) = (0.0, None);
        }
        let acked = estimate(by_seconds(Figure::Acked, std::slice::from_ref(&run)));
        assert!((acked.ln.exp() / 19_000.0 - 1.0).abs() < 0.01, "three of sixty less: {acked:?}");
        let p99 = estimate(by_seconds(P99, &[run]));
        assert!(p99.effective <= 57.0, "{p99:?}");
    }

    #[test]
    fn of_repeats_each_run_is_one_sample() {
        let run = |acked: f64| {
            let mut run = made(&Made::plain("a"));
            run.acked.messages_per_second = Some(acked);
            run
        };
        let runs = [run(90.0), run(100.0), run(110.0)];
        let of = estimate(by_repeats(Figure::Acked, &runs));
        let lns = [90.0_f64, 100.0, 110.0].map(f64::ln);
        let centre = lns.iter().sum::<f64>() / 3.0;
        let spread = lns.iter().map(|ln| (ln - centre).powi(2)).sum::<f64>() / 2.0;
        assert!((of.ln - centre).abs() < 1e-12 && (of.variance - spread / 3.0).abs() < 1e-12);
        assert!((of.freedom - 2.0).abs() < 1e-12 && (of.effective - 3.0).abs() < 1e-12);
        let geometric = own(Figure::Acked, &runs).expect("all have it");
        assert!((geometric - centre.exp()).abs() < 1e-9, "{geometric}");
        let mut maxima = runs;
        maxima[1].latency.publish.as_mut().expect("an open loop").max_us = Some(1e6);
        assert_eq!(own(Figure::Span(Span::Publish, At::Max), &maxima), Some(1e6), "the greatest");
        maxima[2].latency.publish = None;
        assert_eq!(by_repeats(P99, &maxima), Known::Nothing, "not every run has it");
    }

    #[test]
    fn of_two_runs_what_they_differ_by_comes_on_top_of_their_seconds() {
        let run =
            |id: &str, throughput: f64| made(&Made { seconds: 60, throughput, ..Made::plain(id) });
        let alike = estimate(by_seconds(Figure::Acked, &[run("a", 1.0), run("b", 1.0)]));
        let apart = estimate(by_seconds(Figure::Acked, &[run("a", 1.0), run("b", 1.2)]));
        assert!((60.0..=120.0).contains(&alike.effective), "of both: {alike:?}");
        let (near, far) = (alike.variance + alike.fixed, apart.variance + apart.fixed);
        assert!(near.sqrt() < 0.006 && 0.08 < far.sqrt(), "{near}, {far}");
    }
}
