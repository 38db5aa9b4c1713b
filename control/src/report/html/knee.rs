//! The charts of a search: what each rate brought, and what it cost.

use super::figure::Figure;
use crate::report::Report;
use crate::report::chart::{Axis, HEIGHT, Plot, Scale, Series, Shape};
use crate::report::number::float;
use crate::report::search::SearchStep;
use crate::report::tables;

/// Acked against asked for.
pub(super) fn throughput(report: &Report) -> Figure {
    let acked = |step: &SearchStep| Some(step.acked_per_second);
    // Both axes hold the line on which all was acked, which goes up to the highest rate.
    let all = points(report, |_| true, acked);
    let greatest = all.iter().map(|point| point.0.max(point.1)).fold(0.0, f64::max);
    figure(
        report,
        Knee {
            id: "chart-knee-throughput",
            title: "Rates that were held: acked",
            caption: "Each point is a rate that was held for some seconds. On the line everything that was asked \
                  for was acked; from the knee on the points fall below it.",
            y: Axis { label: "acked per second".to_owned(), scale: Scale::counts(greatest) },
            read: acked,
            line: Some("asked for"),
        },
    )
}

/// The 99th percentile against the rate.
pub(super) fn latency(report: &Report) -> Figure {
    let p99 = |step: &SearchStep| step.publish_p99_us;
    let all: Vec<f64> = points(report, |_| true, p99).iter().map(|point| point.1).collect();
    let least = all.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = all.iter().copied().fold(0.0, f64::max);
    figure(
        report,
        Knee {
            id: "chart-knee-latency",
            title: "Rates that were held: publish p99",
            caption: "The 99th percentile of publish latency at each rate that was held.",
            y: Axis {
                label: "publish p99 (logarithmic)".to_owned(),
                scale: Scale::micros(least, greatest),
            },
            read: p99,
            line: None,
        },
    )
}

/// A chart over the rate before it is drawn.
struct Knee {
    id: &'static str,
    title: &'static str,
    caption: &'static str,
    y: Axis,
    read: fn(&SearchStep) -> Option<f64>,
    /// The name of the line on which a value is the rate itself.
    line: Option<&'static str>,
}

fn figure(report: &Report, knee: Knee) -> Figure {
    let Knee { id, title, caption, y, read, line } = knee;
    let steps = report.search.iter().flat_map(|search| &search.steps);
    let most = steps.map(|step| float(step.rate)).fold(0.0, f64::max);
    let dots = |name: &str, is_sustained: bool| Series {
        name: name.to_owned(),
        shape: Shape::Dots,
        pieces: vec![points(report, |step| step.sustainable == is_sustained, read)],
        bands: Vec::new(),
    };
    let line = line.map(|name| Series {
        name: name.to_owned(),
        shape: Shape::Line,
        pieces: vec![vec![(0.0, 0.0), (most, most)]],
        bands: Vec::new(),
    });
    let series: Vec<Series> =
        [dots("sustained", true), dots("not sustained", false)].into_iter().chain(line).collect();
    let table = tables::search(report);
    let words = table.notes.join(" ");
    let plot = Plot {
        id,
        title: title.to_owned(),
        words,
        height: HEIGHT,
        x: Axis { label: "messages per second asked for".to_owned(), scale: Scale::counts(most) },
        y,
        series,
        bands: Vec::new(),
        marks: Vec::new(),
    };
    let plot = if table.is_empty() { Err("No rate was held.") } else { Ok(plot) };
    Figure { id, title, caption: caption.to_owned(), plot, table }
}

/// The rates of some steps with a value of each, by rate; those without are left out.
fn points(
    report: &Report,
    is_one: impl Fn(&SearchStep) -> bool,
    read: fn(&SearchStep) -> Option<f64>,
) -> Vec<(f64, f64)> {
    let steps = report.search.iter().flat_map(|search| &search.steps);
    let chosen = steps.filter(|step| is_one(step));
    let mut points: Vec<(f64, f64)> =
        chosen.filter_map(|step| Some((float(step.rate), read(step)?))).collect();
    points.sort_by(|one, other| one.0.total_cmp(&other.0));
    points
}

#[cfg(test)]
mod tests {
    use super::throughput;
    use crate::report::fixture;
    use crate::report::search::made;

    #[test]
    fn the_line_on_which_all_was_acked_ends_at_the_highest_rate_on_both_axes() {
        let plot = throughput(&fixture::report(&made())).plot.expect("rates were held");
        let line =
            plot.series.iter().find(|series| series.name == "asked for").expect("it is drawn");
        assert_eq!(line.pieces, [[(0.0, 0.0), (21_000.0, 21_000.0)]], "the probe's rate");
        let last = plot.y.scale.ticks.last().expect("there are some");
        assert!(21_000.0 <= last.0, "nothing is cut off: {last:?}");
    }
}
