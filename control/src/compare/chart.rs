//! The chart of a comparison: what was compared, second by second.

use super::certainty::mean;
use super::comparison::Comparison;
use super::figure::{At, Figure, Span};
use super::recorded::Recorded;
use crate::report::chart::{Chart, Line, Panel};

/// A line of more points shows no more; neighbours are joined.
const POINTS_MAX: usize = 240;
/// More lines than colours cannot be told apart.
const LINES_MAX: usize = 7;
/// About so many labels below the chart.
const TICKS: f64 = 10.0;
/// The panels: a figure, its axis with the unit, and what makes its numbers those of the axis. Only those of
/// figures that are compared: where not all runs have due times, what begins at the send.
const PANELS: [(Figure, [&str; 2], f64); 5] = [
    (Figure::Acked, ["acked", "msg/s"], 1.0),
    (Figure::Span(Span::Publish, At::P99), ["publish p99", "ms"], 1_000.0),
    (Figure::Span(Span::Service, At::P99), ["service p99", "ms"], 1_000.0),
    (Figure::Span(Span::EndToEnd, At::P99), ["end-to-end p99", "ms"], 1_000.0),
    (Figure::Span(Span::Transit, At::P99), ["transit p99", "ms"], 1_000.0),
];

/// What becomes of neighbours that are joined to one point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Joined {
    /// Of rates, which add up.
    Mean,
    /// Of percentiles: their mean is no percentile of anything, and hides the worst.
    Max,
}

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
    let compared = Figure::all(&runs.iter().map(|(_, run)| *run).collect::<Vec<_>>());
    let panel = |(figure, [name, unit], scale): (Figure, [&str; 2], f64)| {
        let joined = if figure.is_throughput() { Joined::Mean } else { Joined::Max };
        let traces = runs.iter().map(|(_, run)| trace(run, figure, scale));
        let traces: Vec<Vec<(f64, f64)>> = traces.collect();
        let most = traces.iter().map(|trace| a_point(trace)).max().unwrap_or(1);
        let drawn = runs.iter().zip(&traces).filter(|(_, trace)| !trace.is_empty());
        let lines: Vec<Line> = drawn
            .map(|((of, _), trace)| Line { name: of.clone(), points: points(trace, joined) })
            .collect();
        let y_label = format!("{name}{} ({unit})", joined.words(most));
        (!lines.is_empty()).then_some(Panel { y_label, lines })
    };
    let shown = PANELS.into_iter().filter(|(figure, ..)| compared.contains(figure));
    let panels: Vec<Panel> = shown.filter_map(panel).collect();
    let all = panels.iter().flat_map(|drawn| &drawn.lines).flat_map(|line| &line.points);
    let last = all.map(|(at, _)| *at).fold(1.0, f64::max);
    Chart { x_label: "seconds of the measured phase".to_owned(), ticks: ticks(last), panels }
}

impl Joined {
    /// One value of several.
    fn of(self, values: &[f64]) -> f64 {
        match self {
            Self::Mean => mean(values),
            Self::Max => values.iter().copied().fold(0.0, f64::max),
        }
    }

    /// What the axis says of it where some points are of up to so many seconds.
    fn words(self, seconds: usize) -> String {
        let word = match self {
            Self::Mean => "mean",
            Self::Max => "max",
        };
        if 1 < seconds { format!(", {word} of up to {seconds} s") } else { String::new() }
    }
}

/// A run's seconds with their values of a figure.
fn trace(run: &Recorded, figure: Figure, scale: f64) -> Vec<(f64, f64)> {
    let seconds = run.steady();
    seconds
        .filter_map(|second| Some((f64::from(second.t_s), figure.second(second)? / scale)))
        .collect()
}

/// How many seconds of a trace make a point.
fn a_point(trace: &[(f64, f64)]) -> usize {
    trace.len().div_ceil(POINTS_MAX).max(1)
}

/// A trace's points, neighbours joined where they are many.
fn points(trace: &[(f64, f64)], joined: Joined) -> Vec<(f64, f64)> {
    let point = |part: &[(f64, f64)]| {
        let (times, values): (Vec<f64>, Vec<f64>) = part.iter().copied().unzip();
        (mean(&times), joined.of(&values))
    };
    trace.chunks(a_point(trace)).map(point).collect()
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
    use super::super::fixture::{Made, closed, variants};
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
        let names = chart.panels.into_iter().map(|panel| panel.y_label).collect::<Vec<String>>();
        let [acked, publish, _] = &names[..] else { panic!("{names:?}") };
        assert_eq!(acked, "acked, mean of up to 5 s (msg/s)");
        assert_eq!(publish, "publish p99, max of up to 5 s (ms)");
    }

    #[test]
    fn rates_are_joined_to_their_mean_and_percentiles_to_the_worst_of_them() {
        let mut made = variants(&[&[plain("a", 480)], &[plain("b", 30)]]);
        for (second, at) in made[0].runs[0].intervals.iter_mut().zip(0_u32..480) {
            let (acked, span) =
                if at.is_multiple_of(2) { (100.0, 1_000.0) } else { (300.0, 9_000.0) };
            (second.acked, second.publish_p99_us) = (acked, Some(span));
        }
        let joined = chart(&Comparison::of(made, 0.01));
        for (panel, expected) in joined.panels.iter().zip([200.0_f64, 9.0]) {
            let points = &panel.lines[0].points;
            assert_eq!(points.len(), 240, "two seconds a point");
            let is_so = |point: &(f64, f64)| (point.1 - expected).abs() < 1e-9;
            assert!(points.iter().all(is_so), "{}: {points:?}", panel.y_label);
        }
        let short = variants(&[&[plain("a", 50)], &[plain("b", 30)]]);
        let plain_labels = chart(&Comparison::of(short, 0.01));
        assert_eq!(plain_labels.panels[0].y_label, "acked (msg/s)", "each second a point");
    }

    #[test]
    fn a_closed_loop_shows_what_begins_at_the_send() {
        let mut made = variants(&[&[plain("a", 50)], &[plain("b", 50)]]);
        for run in made.iter_mut().flat_map(|variant| &mut variant.runs) {
            *run = closed(run.clone());
        }
        let panels = chart(&Comparison::of(made, 0.01)).panels;
        let labels: Vec<&str> = panels.iter().map(|panel| panel.y_label.as_str()).collect();
        assert_eq!(labels, ["acked (msg/s)", "service p99 (ms)", "transit p99 (ms)"]);
        assert!(panels.iter().all(|panel| panel.lines.len() == 2), "of both");
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
