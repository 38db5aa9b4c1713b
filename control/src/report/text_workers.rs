//! The hosts of a fleet for people: a line for each, and one for all together.

use super::Report;
use super::latency::{Block, Latencies};
use super::text_table::{count, rate, span, table};
use super::workers::WorkerPart;

const HEAD: [&str; 10] = [
    "worker",
    "lanes",
    "sent/s",
    "acked/s",
    "publish p50",
    "p99",
    "max",
    "end-to-end p99",
    "clock",
    "status",
];

/// The table of a fleet; nothing for a run on this host alone.
pub(super) fn workers(report: &Report) -> String {
    table(&rows(report))
}

/// A row for each host and one for all, under their heads; none for a run on this host alone.
pub(super) fn rows(report: &Report) -> Vec<Vec<String>> {
    let Some(workers) = &report.workers else { return Vec::new() };
    let mut rows = vec![HEAD.map(str::to_owned).to_vec()];
    rows.extend(workers.iter().map(row));
    rows.push(all(report, workers));
    rows
}

fn row(worker: &WorkerPart) -> Vec<String> {
    let name = worker.url.strip_prefix("http://").unwrap_or(&worker.url).to_owned();
    let figures = [worker.messages_per_second, worker.acked_per_second].map(rate);
    let status = match (&*worker.status, worker.lost_at_s) {
        ("done", _) => "done".to_owned(),
        (_, Some(at)) => format!("LOST at {at:.1} s"),
        (other, None) => other.to_uppercase(),
    };
    let lanes = counted(worker.lanes.len());
    let clock = match (worker.clock_offset_us, worker.clock_error_us) {
        (Some(offset), Some(error)) => {
            let sign = if offset < 0.0 { '-' } else { '+' };
            format!("{sign}{} ± {}", span(Some(offset.abs())), span(Some(error)))
        }
        _ => "-".to_owned(),
    };
    [vec![name, lanes], figures.to_vec(), spans(&worker.latency), vec![clock, status]].concat()
}

/// The whole run; its clock is how far spans from host to host may be off.
fn all(report: &Report, workers: &[WorkerPart]) -> Vec<String> {
    let lanes = counted(workers.iter().map(|worker| worker.lanes.len()).sum());
    let flows = [&report.produced.flow, &report.acked.flow];
    let figures = flows.map(|flow| rate(flow.messages_per_second));
    let transit = report.latency.transit.as_ref();
    let clock = transit.and_then(|block| block.clock_error_us);
    let clock = clock.map_or_else(|| "-".to_owned(), |error| format!("± {}", span(Some(error))));
    let done = workers.iter().filter(|worker| worker.status == "done").count();
    let status = format!("{} of {} done", counted(done), counted(workers.len()));
    let name = "all".to_owned();
    [vec![name, lanes], figures.to_vec(), spans(&report.latency), vec![clock, status]].concat()
}

fn spans(latency: &Latencies) -> Vec<String> {
    let of = |block: &Option<Block>, part: fn(&Block) -> Option<f64>| {
        span(block.as_ref().and_then(part))
    };
    vec![
        of(&latency.publish, |block| block.p50_us),
        of(&latency.publish, |block| block.p99_us),
        of(&latency.publish, |block| block.max_us),
        of(&latency.end_to_end, |block| block.p99_us),
    ]
}

fn counted(number: usize) -> String {
    count(u64::try_from(number).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::workers;
    use crate::report::fixture::{self, Made};
    use crate::report::text;
    use std::path::Path;

    #[test]
    fn a_fleet_that_lost_a_worker_says_which_and_what_each_did() {
        let report = fixture::report(&Made::fleet());
        let text = text(&report, &Path::new("results").join(&report.test_id));
        fixture::golden("summary-fleet.txt", &text);
        let first = text.lines().next();
        assert_eq!(first, Some("INVALID: partial, a worker was lost (exit 14, limit unknown)"));
    }

    #[test]
    fn each_worker_has_a_line_and_a_run_on_this_host_has_no_table() {
        assert_eq!(workers(&fixture::report(&Made::clean())), "", "this host alone");
        let mut made = Made::fleet();
        let gone = &mut made.outcome.workers[2];
        gone.lost.as_mut().expect("it is lost").before_start = true;
        (gone.clock, gone.lanes) = (None, Vec::new());
        let table = workers(&fixture::report(&made));
        assert_eq!(table.lines().count(), 5, "a head, three workers, all of them: {table}");
        let line = table.lines().find(|line| line.starts_with("host-c:9410")).expect("its line");
        assert!(line.ends_with("MISSING") && line.contains(" - "), "{line}");
    }
}
