//! The charts of a fleet: what each worker brought, one below the other on one axis.

use super::figure::Figure;
use crate::report::Report;
use crate::report::chart::{Axis, Plot, Scale, Series, Shape};
use crate::report::latency::Block;
use crate::report::tables;
use crate::report::workers::WorkerPart;

/// Workers that are drawn at most; the table has more.
const WORKERS_MAX: usize = 60;

/// Height of a worker's row, and of what is around the rows.
const ROW: i32 = 30;
const AROUND: i32 = 110;

/// How far apart the values of one worker stand, in rows.
const APART: f64 = 0.24;

/// One value of a worker, by its name.
type Read = (&'static str, fn(&WorkerPart) -> Option<f64>);

/// Rates of each worker.
pub(super) fn throughput(report: &Report) -> Figure {
    let reads: [Read; 3] = [
        ("sent", |worker| worker.messages_per_second),
        ("acked", |worker| worker.acked_per_second),
        ("received", |worker| worker.consumed_per_second),
    ];
    let greatest = values(report, &reads).into_iter().fold(0.0, f64::max);
    figure(
        report,
        &reads,
        Drawing {
            id: "chart-workers-throughput",
            title: "Throughput of each worker",
            caption: "Messages per second over the measured phase.",
            shape: Shape::Stems,
            x: Axis { label: "messages per second".to_owned(), scale: Scale::counts(greatest) },
        },
    )
}

/// Tails of each worker.
pub(super) fn latency(report: &Report) -> Figure {
    fn p99(block: Option<&Block>) -> Option<f64> {
        block?.p99_us
    }
    let reads: [Read; 3] = [
        ("publish p99", |worker| p99(worker.latency.publish.as_ref())),
        ("end-to-end p99", |worker| p99(worker.latency.end_to_end.as_ref())),
        ("service p99", |worker| p99(worker.latency.service.as_ref())),
    ];
    let all = values(report, &reads);
    let least = all.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = all.iter().copied().fold(0.0, f64::max);
    figure(
        report,
        &reads,
        Drawing {
            id: "chart-workers-latency",
            title: "Latency of each worker",
            caption: "The 99th percentiles over the measured phase. A worker that stands apart has a bad host, or \
                  a bad way to the brokers.",
            shape: Shape::Dots,
            x: Axis {
                label: "latency (logarithmic)".to_owned(),
                scale: Scale::micros(least, greatest),
            },
        },
    )
}

/// A chart of workers before it is drawn.
struct Drawing {
    id: &'static str,
    title: &'static str,
    caption: &'static str,
    shape: Shape,
    x: Axis,
}

fn drawn(report: &Report) -> impl Iterator<Item = &WorkerPart> {
    report.workers.iter().flatten().take(WORKERS_MAX)
}

fn values(report: &Report, reads: &[Read]) -> Vec<f64> {
    drawn(report)
        .flat_map(|worker| reads.iter().filter_map(move |(_, read)| read(worker)))
        .collect()
}

fn figure(report: &Report, reads: &[Read], drawing: Drawing) -> Figure {
    let Drawing { id, title, caption, shape, x } = drawing;
    let names: Vec<String> = drawn(report)
        .map(|worker| worker.url.strip_prefix("http://").unwrap_or(&worker.url).to_owned())
        .collect();
    let one = |(place, (name, read)): (f64, &Read)| {
        let rows = (0_u32..).map(f64::from).zip(drawn(report));
        let points = rows.filter_map(|(row, worker)| Some((read(worker)?, row + place * APART)));
        // Piece by piece: no line leads from a worker to the next.
        let pieces = points.map(|point| vec![point]).collect();
        Series { name: (*name).to_owned(), shape, pieces, bands: Vec::new() }
    };
    let series: Vec<Series> = [-1.0, 0.0, 1.0].into_iter().zip(reads).map(one).collect();
    let count = i32::try_from(names.len()).expect("60 at most");
    let plot = Plot {
        id,
        title: title.to_owned(),
        words: format!("{} workers; the table has their figures.", names.len()),
        height: AROUND + count * ROW,
        x,
        y: Axis { label: String::new(), scale: Scale::names(&names) },
        series,
        bands: Vec::new(),
        marks: Vec::new(),
    };
    let more = drawn(report).count() < report.workers.as_ref().map_or(0, Vec::len);
    let more = if more { " The first 60 are drawn." } else { "" };
    Figure {
        id,
        title,
        caption: format!("{caption}{more}"),
        plot: if names.is_empty() { Err("No workers.") } else { Ok(plot) },
        table: tables::workers(report),
    }
}
