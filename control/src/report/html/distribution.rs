//! The charts of whole distributions, in which the tail has room.

use super::figure::Figure;
use crate::report::Report;
use crate::report::chart::{Axis, HEIGHT, Plot, Scale, Series, Shape};
use crate::report::latency::{Block, decoded};
use crate::report::number::float;
use crate::report::tables::{FEW_SAMPLES, Table, span};
use engine::measure::constants::SAMPLES_BEYOND;
use hdrhistogram::Histogram;

/// Points of a curve for each nine.
const POINTS: u32 = 24;

/// Nines at most: no run has more than a million million messages.
const NINES: u32 = 12;

/// What the text table tells.
const ASKED: [(&str, f64); 8] = [
    ("50 %", 2.0),
    ("75 %", 4.0),
    ("90 %", 10.0),
    ("95 %", 20.0),
    ("99 %", 100.0),
    ("99.9 %", 1e3),
    ("99.99 %", 1e4),
    ("99.999 %", 1e5),
];

/// A distribution as it travels in the result.
struct Spans {
    name: &'static str,
    histogram: Histogram<u64>,
    /// The exact maximum, which no percentile exceeds.
    max_us: f64,
}

impl Spans {
    /// `None` where nothing was recorded, or nothing that can be read.
    fn of(name: &'static str, block: Option<&Block>) -> Option<Self> {
        let block = block.filter(|block| 0 < block.count)?;
        let histogram = decoded(block.histogram.as_ref()?).ok()?;
        Some(Self { name, histogram, max_us: block.max_us? })
    }

    /// The span in microseconds that all but one of `of` samples do not exceed.
    fn all_but_one(&self, of: f64) -> f64 {
        let nanos = self.histogram.value_at_quantile(1.0 - 1.0 / of);
        (float(nanos) / 1e3).min(self.max_us)
    }

    /// Where the maximum stands: beyond it there are no samples.
    fn end(&self) -> f64 {
        float(self.histogram.len())
    }

    /// From the least to the maximum.
    fn curve(&self) -> Vec<(f64, f64)> {
        let steps =
            (0..=POINTS * NINES).map(|step| 10_f64.powf(f64::from(step) / f64::from(POINTS)));
        let inside = steps.take_while(|of| *of < self.end());
        let points = inside.map(|of| (of, self.all_but_one(of)));
        points.chain(std::iter::once((self.end(), self.max_us))).collect()
    }

    fn told(&self, of: f64) -> String {
        if of <= self.end() { span(Some(self.all_but_one(of))) } else { "-".to_owned() }
    }

    /// The same for the text table, with a star where few samples lie beyond. By the count, since the
    /// result flags its own percentiles alone, and the table has one more.
    fn flagged(&self, of: f64) -> String {
        let is_few = (self.end() / of).round() < float(SAMPLES_BEYOND);
        let flag = if is_few && of <= self.end() { "*" } else { "" };
        format!("{}{flag}", self.told(of))
    }
}

/// Publish latency beside service time: the gap is what a measurement that begins at the send would have hidden.
pub(super) fn omission(report: &Report) -> Figure {
    let latency = &report.latency;
    let spans = [
        Spans::of("publish (due → acked)", latency.publish.as_ref()),
        Spans::of("service (sent → acked)", latency.service.as_ref()),
    ];
    figure(
        ("chart-distribution", "Publish latency and service time"),
        &spans,
        (
            "Publish counts from the moment a message was due, service from the real send. Where publish lies \
         higher, messages waited for their turn: a measurement without due times would have hidden it \
         (coordinated omission).",
            "Nothing was acked.",
        ),
    )
}

/// The other spans: to the consumer, and what the client itself was late by.
pub(super) fn others(report: &Report) -> Figure {
    let latency = &report.latency;
    let spans = [
        Spans::of("end-to-end (due → received)", latency.end_to_end.as_ref()),
        Spans::of("transit (sent → received)", latency.transit.as_ref()),
        Spans::of("send delay (due → sent)", latency.send_delay.as_ref()),
    ];
    figure(
        ("chart-end-to-end-distribution", "End-to-end latency, transit and send delay"),
        &spans,
        (
            "End-to-end counts from the moment a message was due, transit from the real send, both to the \
         consumer. Send delay is what this client was late by.",
            "Nothing was received, and no message had a due time.",
        ),
    )
}

fn figure(
    (id, title): (&'static str, &'static str),
    spans: &[Option<Spans>],
    (caption, absent): (&'static str, &'static str),
) -> Figure {
    let spans: Vec<&Spans> = spans.iter().flatten().collect();
    let head = std::iter::once("share of messages").chain(spans.iter().map(|of| of.name));
    let row = |(share, of): &(&str, f64)| {
        let told = spans.iter().map(|spans| spans.flagged(*of));
        std::iter::once((*share).to_owned()).chain(told).collect()
    };
    let max = spans.iter().map(|of| span(Some(of.max_us)));
    let max: Vec<String> = std::iter::once("all".to_owned()).chain(max).collect();
    let rows: Vec<Vec<String>> = if spans.is_empty() {
        Vec::new()
    } else {
        ASKED.iter().map(row).chain(std::iter::once(max)).collect()
    };
    let is_flagged = rows.iter().flatten().any(|cell| cell.ends_with('*'));
    let note = is_flagged.then(|| FEW_SAMPLES.to_owned());
    Figure {
        id,
        title,
        caption: caption.to_owned(),
        plot: if spans.is_empty() { Err(absent) } else { Ok(plot((id, title), &spans)) },
        table: Table {
            caption: format!("{title}: took at most"),
            head: head.map(str::to_owned).collect(),
            rows,
            notes: note.into_iter().collect(),
        },
    }
}

fn plot((id, title): (&'static str, &str), spans: &[&Spans]) -> Plot {
    let curves: Vec<Vec<(f64, f64)>> = spans.iter().map(|of| of.curve()).collect();
    let all = || curves.iter().flatten().map(|point| point.1);
    let end = spans.iter().map(|of| of.end()).fold(0.0, f64::max);
    let words = spans.iter().map(|of| {
        format!("{}: half took at most {}, all {}", of.name, of.told(2.0), span(Some(of.max_us)))
    });
    let series = spans.iter().zip(&curves).map(|(of, curve)| Series {
        name: of.name.to_owned(),
        shape: Shape::Line,
        pieces: vec![curve.clone()],
        bands: Vec::new(),
    });
    Plot {
        id,
        title: title.to_owned(),
        words: words.collect::<Vec<_>>().join("; "),
        height: HEIGHT,
        x: Axis {
            label: "share of messages (the tail widened)".to_owned(),
            scale: Scale::tail(end),
        },
        y: Axis {
            label: "latency (logarithmic)".to_owned(),
            scale: Scale::micros(all().fold(f64::INFINITY, f64::min), all().fold(0.0, f64::max)),
        },
        series: series.collect(),
        bands: Vec::new(),
        marks: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{FEW_SAMPLES, Spans, omission, others};
    use crate::report::fixture::{self, Made};
    use crate::report::latency::Block;
    use engine::measure::Latency;
    use engine::plan::Pace;
    use engine::units::Nanos;

    #[test]
    fn the_curve_meets_the_figures_of_the_result() {
        let report = fixture::report(&Made::clean());
        let block = report.latency.publish.as_ref().expect("timed");
        let spans = Spans::of("publish", Some(block)).expect("acked");
        let near = |got: f64, expected: Option<f64>| {
            let expected = expected.expect("known");
            assert!((got - expected).abs() <= expected / 500.0, "{got}, not {expected}");
        };
        near(spans.all_but_one(2.0), block.p50_us);
        near(spans.all_but_one(100.0), block.p99_us);
        near(spans.all_but_one(1e4), block.p99_99_us);
        let curve = spans.curve();
        near(curve[0].1, block.min_us);
        assert_eq!(curve.last().map(|last| Some(last.1)), Some(block.max_us), "the exact maximum");
        assert!(curve.is_sorted_by(|one, other| one.0 < other.0 && one.1 <= other.1), "{curve:?}");
    }

    #[test]
    fn percentiles_beyond_which_few_samples_lie_are_flagged_and_the_table_says_why() {
        let mut report = fixture::report(&Made::clean());
        let mut check = |samples: u64, expected: &[&str]| {
            let mut latency = Latency::default();
            (0..samples).for_each(|index| latency.record(Some(Nanos(1_000_000 + index % 1_000))));
            report.latency.publish = Some(Block::full(&latency));
            report.latency.service = Some(Block::full(&latency));
            let table = omission(&report).table;
            let is_flagged = |row: &&Vec<String>| row[1].ends_with('*') && row[2].ends_with('*');
            let flagged: Vec<&str> =
                table.rows.iter().filter(is_flagged).map(|row| row[0].as_str()).collect();
            assert_eq!(flagged, expected, "of {samples}: {table:?}");
            let notes = if expected.is_empty() { Vec::new() } else { vec![FEW_SAMPLES.to_owned()] };
            assert_eq!(table.notes, notes, "of {samples}");
        };
        check(15, &["50 %", "75 %", "90 %"]);
        check(900, &["99 %"]);
        // Ten lie beyond p99: as the result flags its own.
        check(1_000, &["99.9 %"]);
        check(200_000, &["99.999 %"]);
        check(1_000_000, &[]);
    }

    #[test]
    fn a_closed_loop_has_service_alone_and_what_cannot_be_read_is_not_drawn() {
        let mut made = Made::clean();
        made.plan.demand.streams[0].pace = Pace::Max { in_flight: None };
        let names = |figure: &super::Figure| figure.table.head[1..].to_vec();
        let mut report = fixture::report(&made);
        assert_eq!(names(&omission(&report)), ["service (sent → acked)"]);
        assert_eq!(names(&others(&report)), ["transit (sent → received)"]);
        for block in [&mut report.latency.service, &mut report.latency.transit] {
            block.as_mut().expect("measured").histogram = Some("no histogram".to_owned());
        }
        assert!(omission(&report).plot.is_err() && others(&report).table.is_empty(), "nothing");
    }
}
