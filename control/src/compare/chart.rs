//! The chart of a comparison: what was compared, second by second.

use super::comparison::Comparison;
use super::figure::{At, Figure, Span};
use super::number;
use super::recorded::Recorded;
use crate::report::chart::{Chart, Line, Panel};

/// A line of more points shows no more; neighbours are joined to their mean.
const POINTS_MAX: usize = 240;
/// More lines than colours cannot be told apart.
const LINES_MAX: usize = 7;
/// About so many labels below the chart.
const TICKS: f64 = 10.0;
/// The panels: a figure, its axis, and what makes its numbers those of the axis.
const PANELS: [(Figure, &str, f64); 3] = [
    (Figure::Acked, "acked (msg/s)", 1.0),
    (Figure::Span(Span::Publish, At::P99), "publish p99 (ms)", 1_000.0),
    (Figure::Span(Span::EndToEnd, At::P99), "end-to-end p99 (ms)", 1_000.0),
];

/// The chart of the steady seconds of all runs, the first seven of them.
pub(super) fn chart(comparison: &Comparison) -> Chart {
    let mut runs: Vec<(String, &Recorded)> = Vec::new();
    for variant in &comparison.variants {
        for (run, number) in variant.runs.iter().zip(1..) {
            let several = 1 < variant.runs.len();
            let name = if several {
                format!("{}{number}", variant.name)
            } else {
                variant.name.to_string()
            };
            runs.push((name, run));
        }
    }
    runs.truncate(LINES_MAX);
    let panel = |(figure, label, unit): (Figure, &str, f64)| {
        let line = |(name, run): &(String, &Recorded)| Line {
            name: name.clone(),
            points: points(run, figure, unit),
        };
        let lines: Vec<Line> =
            runs.iter().map(line).filter(|line| !line.points.is_empty()).collect();
        (!lines.is_empty()).then(|| Panel { y_label: label.to_owned(), lines })
    };
    let panels: Vec<Panel> = PANELS.into_iter().filter_map(panel).collect();
    let all = panels.iter().flat_map(|drawn| &drawn.lines).flat_map(|line| &line.points);
    let last = all.map(|(at, _)| *at).fold(1.0, f64::max);
    Chart { x_label: "seconds of the measured phase".to_owned(), ticks: ticks(last), panels }
}

/// A run's seconds, neighbours joined where they are many.
fn points(run: &Recorded, figure: Figure, unit: f64) -> Vec<(f64, f64)> {
    let seconds = run.steady();
    let all: Vec<(f64, f64)> = seconds
        .filter_map(|second| Some((f64::from(second.t_s), figure.second(second)? / unit)))
        .collect();
    let joined = all.len().div_ceil(POINTS_MAX).max(1);
    let mean = |part: &[(f64, f64)]| {
        let sum = part.iter().fold((0.0, 0.0), |sum, point| (sum.0 + point.0, sum.1 + point.1));
        (sum.0 / number(part.len()), sum.1 / number(part.len()))
    };
    all.chunks(joined).map(mean).collect()
}

/// Round seconds from 0 to the last.
fn ticks(last: f64) -> Vec<(f64, String)> {
    let decades = [1.0, 10.0, 100.0, 1e3, 1e4, 1e5];
    let mut steps = decades.iter().flat_map(|decade| [1.0, 2.0, 5.0].map(|digit| digit * decade));
    let step = steps.find(|step| last / step <= TICKS).unwrap_or(last / TICKS);
    let all = (0_u32..=12).map(|at| f64::from(at) * step).take_while(|at| *at <= last);
    all.map(|at| (at, format!("{at:.0}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::comparison::Comparison;
    use super::super::fixture::{Made, variants};
    use super::{chart, ticks};

    fn plain(id: &str, seconds: usize) -> Made {
        Made { seconds, ..Made::plain(id) }
    }

    #[test]
    fn each_run_is_a_line_and_long_ones_are_joined() {
        let groups: [&[Made]; 2] = [&[plain("a", 50)], &[plain("b", 50), plain("c", 1_000)]];
        let chart = chart(&Comparison::of(variants(&groups), 0.01));
        assert_eq!(chart.panels.len(), 3, "throughput and both tails");
        for panel in &chart.panels {
            let names: Vec<&str> = panel.lines.iter().map(|line| line.name.as_str()).collect();
            assert_eq!(names, ["A", "B1", "B2"]);
            let points: Vec<usize> = panel.lines.iter().map(|line| line.points.len()).collect();
            assert_eq!(points, [50, 50, 200], "five seconds a point");
        }
        let middle = chart.panels[1].lines[0].points[0].1;
        assert!((5.0..15.0).contains(&middle), "milliseconds: {middle}");
        let labels: Vec<String> = chart.ticks.into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["0", "100", "200", "300", "400", "500", "600", "700", "800", "900"]);
    }

    #[test]
    fn what_nobody_has_is_no_panel_and_many_runs_are_seven_lines() {
        let runs: Vec<Made> = (0..9).map(|run| plain(&format!("r{run}"), 30)).collect();
        let mut made = variants(&[&runs[..5], &runs[5..]]);
        for run in made.iter_mut().flat_map(|variant| &mut variant.runs) {
            run.intervals.iter_mut().for_each(|second| second.end_to_end_p99_us = None);
        }
        let chart = chart(&Comparison::of(made, 0.01));
        assert_eq!(chart.panels.len(), 2, "nothing was read");
        assert_eq!(chart.panels[0].lines.len(), 7);
    }

    #[test]
    fn ticks_are_round_and_few() {
        let labels =
            |last: f64| ticks(last).into_iter().map(|(_, label)| label).collect::<Vec<_>>();
        assert_eq!(labels(4.0), ["0", "1", "2", "3", "4"]);
        assert_eq!(labels(19.0).last().map(String::as_str), Some("18"));
        assert!(labels(1e7).len() <= 12, "{:?}", labels(1e7));
    }
}
