//! The charts over time: throughput, latencies, backlog, pauses, processors, errors.

use super::figure::Figure;
use super::thin::{COLUMNS, Values, extremes, shared_by, thinned};
use crate::report::Report;
use crate::report::chart::{Axis, Band, HEIGHT, Mark, Plot, Scale, Series, Shape};
use crate::report::interval::Interval;
use crate::report::number::float;
use crate::report::tables::{Table, span};
use crate::report::text_table::rate;

/// Rows of a chart's text table at most.
const ROWS: usize = 60;

/// Vertical lines of a chart at most: more hide what they stand on.
const MARKS: usize = 60;

/// What the vertical axis measures, which says how it is divided and how values are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Measure {
    /// A number of things; the axis begins at 0 and ends at so many at least.
    Count(&'static str, u32),
    /// Microseconds, by their logarithms.
    Span,
}

impl Measure {
    fn told(self, value: Option<f64>) -> String {
        match self {
            Self::Count(..) => rate(value),
            Self::Span => span(value),
        }
    }

    fn axis(self, values: &[(f64, f64)]) -> Axis {
        let all = || values.iter().map(|(_, value)| *value);
        let greatest = all().fold(0.0, f64::max);
        match self {
            Self::Count(label, least) => Axis {
                label: label.to_owned(),
                scale: Scale::counts(greatest.max(f64::from(least))),
            },
            Self::Span => Axis {
                label: "latency (logarithmic)".to_owned(),
                scale: Scale::micros(all().fold(f64::INFINITY, f64::min), greatest),
            },
        }
    }
}

/// A line by its name and what it shows of each second.
type Drawn<'run> = (&'static str, &'run dyn Fn(&Interval) -> Option<f64>);

/// A chart over time before it is drawn.
struct Over<'run> {
    id: &'static str,
    title: &'static str,
    caption: &'static str,
    measure: Measure,
    lines: &'run [Drawn<'run>],
    /// Why there is nothing to draw where no second has a value.
    absent: &'static str,
}

/// Messages asked for, acked and received.
pub(super) fn throughput(report: &Report) -> Figure {
    let target = report.produced.target_messages_per_second.map(float);
    let end = asked_until(report);
    let asked = |second: &Interval| {
        // Of the last second, as much as lies in the phase.
        let part = (end - f64::from(second.t_s)).min(1.0);
        let planned = target.filter(|_| 0.0 < part).map(|rate| rate * part);
        second.asked.map(float).or(planned)
    };
    figure(
        report,
        &Over {
            id: "chart-throughput",
            title: "Throughput",
            caption: "Messages of each second: asked for, acked by brokers, and received by all \
                  subscriptions together.",
            measure: Measure::Count("messages per second", 1),
            lines: &[
                ("acked", &|second| Some(float(second.acked))),
                ("asked", &asked),
                ("received", &|second| Some(float(second.consumed))),
            ],
            absent: "No second was seen.",
        },
    )
}

/// When the last message was asked for, in seconds of the measured phase: at its planned end, or where it was
/// cut short. The last send alone would not do for that: where sending had stopped before, what was due until then
/// was asked for all the same.
fn asked_until(report: &Report) -> f64 {
    let produced = &report.produced;
    let sent_s = produced.flow.duration_s.unwrap_or(0.0);
    let target = produced.target_messages_per_second.filter(|target| 0 < *target);
    let due_s = produced.due.zip(target).map_or(0.0, |(due, rate)| float(due) / float(rate));
    sent_s.max(due_s).min(report.plan.measured_s)
}

/// Publish latency: median, 99th percentile, maximum.
pub(super) fn publish(report: &Report) -> Figure {
    figure(
        report,
        &Over {
            id: "chart-publish",
            title: "Publish latency",
            caption: "From the moment a message was due until its ack, by the second of the ack.",
            measure: Measure::Span,
            lines: &[
                ("p50", &|second| second.publish_p50_us),
                ("p99", &|second| second.publish_p99_us),
                ("max", &|second| second.publish_max_us),
            ],
            absent: "Not measured: a closed loop has no due times, or nothing was acked.",
        },
    )
}

/// End-to-end latency: median, 99th percentile, maximum.
pub(super) fn end_to_end(report: &Report) -> Figure {
    figure(
        report,
        &Over {
            id: "chart-end-to-end",
            title: "End-to-end latency",
            caption: "From the moment a message was due until a consumer had it, by the second of its receipt.",
            measure: Measure::Span,
            lines: &[
                ("p50", &|second| second.end_to_end_p50_us),
                ("p99", &|second| second.end_to_end_p99_us),
                ("max", &|second| second.end_to_end_max_us),
            ],
            absent: "Not measured: a closed loop has no due times, or nothing was received.",
        },
    )
}

/// Acked and not yet received.
pub(super) fn backlog(report: &Report) -> Figure {
    figure(
        report,
        &Over {
            id: "chart-backlog",
            title: "Backlog",
            caption: "Messages that were acked and not yet received at the end of each second, all \
                  subscriptions added up.",
            measure: Measure::Count("messages", 5),
            lines: &[("backlog", &|second| Some(float(second.backlog)))],
            absent: "No second was seen.",
        },
    )
}

/// What kdyno itself was late by.
pub(super) fn pauses(report: &Report) -> Figure {
    figure(
        report,
        &Over {
            id: "chart-pauses",
            title: "Pauses of this client",
            caption: "The longest time of each second for which a lane's core was taken away from it, and how \
                  late messages left. What is as high as the latencies is not the broker's.",
            measure: Measure::Span,
            lines: &[
                ("longest hiccup", &|second| second.hiccup_max_us),
                ("send delay p99", &|second| second.send_delay_p99_us),
            ],
            absent: "Not measured: no lane waited, or the workload asked for no hiccups.",
        },
    )
}

/// Processors of the host.
pub(super) fn processors(report: &Report) -> Figure {
    let busiest = |second: &Interval| {
        let lanes = second.host.lane_cpu_cores.iter().flatten().copied().flatten();
        lanes.reduce(f64::max)
    };
    figure(
        report,
        &Over {
            id: "chart-cpu",
            title: "Processors",
            caption: "Cores in use: by all programs of this host, by kdyno, and on the busiest core of its lanes.",
            measure: Measure::Count("cores", 1),
            lines: &[
                ("host", &|second| second.host.cpu.cpu_cores),
                ("kdyno", &|second| second.host.cpu.process_cpu_cores),
                ("busiest lane's core", &busiest),
            ],
            absent: "Not watched here: the monitor was off, or the load came from other hosts, which the table \
                 of hosts has.",
        },
    )
}

/// Errors of all kinds.
pub(super) fn errors(report: &Report) -> Figure {
    figure(
        report,
        &Over {
            id: "chart-errors",
            title: "Errors",
            caption: "Failed messages, failed commits and consumer errors of each second.",
            measure: Measure::Count("errors per second", 5),
            lines: &[("errors", &|second| Some(float(second.errors)))],
            absent: "No second was seen.",
        },
    )
}

fn figure(report: &Report, over: &Over<'_>) -> Figure {
    let seconds = &report.intervals;
    // A second's figures stand in its middle, so that marks stand in the seconds to which they belong.
    let values = |read: &dyn Fn(&Interval) -> Option<f64>| -> Values {
        seconds.iter().map(|second| (f64::from(second.t_s) + 0.5, read(second))).collect()
    };
    let lines: Vec<(&str, Values)> =
        over.lines.iter().map(|(name, read)| (*name, values(*read))).collect();
    let is_known = |(_, line): &(&str, Values)| line.iter().any(|(_, value)| value.is_some());
    let known: Vec<(&str, Values)> = lines.into_iter().filter(is_known).collect();
    let shared = shared_by(seconds.len(), COLUMNS);
    let thinned_by = if shared < 2 {
        String::new()
    } else {
        format!(
            " Each step stands for {shared} seconds: the edges of a band are the least and the greatest of \
             their values, never an average."
        )
    };
    Figure {
        id: over.id,
        title: over.title,
        caption: format!("{}{thinned_by}", over.caption),
        plot: if known.is_empty() { Err(over.absent) } else { Ok(plot(report, over, &known)) },
        table: table(over, &known),
    }
}

fn plot(report: &Report, over: &Over<'_>, lines: &[(&str, Values)]) -> Plot {
    let series: Vec<Series> = lines
        .iter()
        .map(|(name, values)| {
            let edges = thinned(values, COLUMNS);
            let (pieces, bands) = (edges.lines(), edges.bands());
            Series { name: (*name).to_owned(), shape: Shape::Line, pieces, bands }
        })
        .collect();
    let drawn: Vec<(f64, f64)> =
        series.iter().flat_map(|series| series.pieces.iter().flatten().copied()).collect();
    let end = report.intervals.last().map_or(0.0, |last| f64::from(last.t_s) + 1.0);
    let (x, unit) = Scale::seconds(0.0, end);
    let words = lines.iter().map(|(name, values)| {
        let greatest = values.iter().filter_map(|(_, value)| *value).reduce(f64::max);
        format!("{name}: at most {}", over.measure.told(greatest))
    });
    Plot {
        id: over.id,
        title: over.title.to_owned(),
        words: words.collect::<Vec<_>>().join("; "),
        height: HEIGHT,
        x: Axis { label: format!("time in the measured phase ({unit})"), scale: x },
        y: over.measure.axis(&drawn),
        series,
        bands: bands(report, end),
        marks: marks(report, end),
    }
}

/// When acks had stopped, as far as it is on the axis.
fn bands(report: &Report, end: f64) -> Vec<Band> {
    let outages = report.outages.iter().filter(|outage| 0.0 < outage.to_s && outage.from_s < end);
    outages.map(|outage| Band { from: outage.from_s, to: outage.to_s }).take(MARKS).collect()
}

/// What was marked, the ends of workers and of the load, as far as they are on the axis.
fn marks(report: &Report, end: f64) -> Vec<Mark> {
    let is_inside = |at: &f64| (0.0..end).contains(at);
    let marked = (1..).zip(&report.marks).filter_map(|(number, mark)| {
        let at = mark.t_s.filter(is_inside)?;
        Some(Mark { at, number: Some(number), words: mark.text.clone() })
    });
    let lost = report.workers.iter().flatten().filter_map(|worker| {
        let at = worker.lost_at_s.filter(is_inside)?;
        let name = worker.url.strip_prefix("http://").unwrap_or(&worker.url);
        Some(Mark { at, number: None, words: format!("lost {name}") })
    });
    let load = Some(report.plan.measured_s).filter(is_inside);
    let load = load.map(|at| Mark { at, number: None, words: "load ends".to_owned() });
    marked.take(MARKS).chain(lost.take(MARKS)).chain(load).collect()
}

/// The values in so many rows that one can read them: each row's least and greatest where several seconds share one.
fn table(over: &Over<'_>, lines: &[(&str, Values)]) -> Table {
    let seconds = lines.first().map_or(0, |(_, values)| values.len());
    let shared = seconds.div_ceil(ROWS).max(1);
    let cell = |values: &[(f64, Option<f64>)]| match extremes(values) {
        None => "-".to_owned(),
        Some(((_, least), (_, greatest))) => {
            let [least, greatest] = [least, greatest].map(|value| over.measure.told(Some(value)));
            if least == greatest { least } else { format!("{least} to {greatest}") }
        }
    };
    // Values stand in the middle of their second.
    let begin = |index: usize| {
        let middle = lines.first().and_then(|(_, values)| values.get(index)).map(|value| value.0);
        format!("{:.0}", middle.unwrap_or(0.0) - 0.5)
    };
    let row = |from: usize| {
        let to = (from + shared).min(seconds);
        let (first, last) = (begin(from), begin(to - 1));
        let when = if first == last { first } else { format!("{first} to {last}") };
        let cells = lines.iter().map(|(_, values)| cell(&values[from..to]));
        std::iter::once(when).chain(cells).collect()
    };
    let names = lines.iter().map(|(name, _)| (*name).to_owned());
    Table {
        caption: format!("{} by second", over.title),
        head: std::iter::once("second".to_owned()).chain(names).collect(),
        rows: (0..seconds).step_by(shared).map(row).collect(),
        notes: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::throughput;
    use crate::report::fixture::{self, Made};

    #[test]
    fn no_more_is_asked_of_a_second_than_of_its_part_in_the_phase() {
        let mut report = fixture::report(&Made::clean());
        let mut check = |planned_s: f64, (sent_s, due): (Option<f64>, u64), expected: &[&str]| {
            report.plan.measured_s = planned_s;
            (report.produced.flow.duration_s, report.produced.due) = (sent_s, Some(due));
            let table = throughput(&report).table;
            let column = table.head.iter().position(|name| name == "asked").expect("it is drawn");
            let asked: Vec<&str> = table.rows.iter().map(|row| row[column].as_str()).collect();
            let (inside, beyond) = asked.split_at(expected.len());
            assert_eq!(inside, expected, "{planned_s} s, {sent_s:?}, {due}");
            assert!(beyond.iter().all(|cell| *cell == "-"), "{planned_s} s, {sent_s:?}: {asked:?}");
        };
        check(3.0, (Some(3.0), 60_000), &["20,000"; 3]);
        check(2.5, (Some(2.5), 50_000), &["20,000", "20,000", "10,000"]);
        // A debt that is paid after the phase was asked for in it.
        check(2.5, (Some(4.0), 50_000), &["20,000", "20,000", "10,000"]);
        // Cut short: while it sent, after it had stopped sending, and before it sent anything.
        check(60.0, (Some(2.25), 45_000), &["20,000", "20,000", "5,000"]);
        check(60.0, (Some(1.0), 50_000), &["20,000", "20,000", "10,000"]);
        check(60.0, (None, 30_000), &["20,000", "10,000"]);
    }
}
