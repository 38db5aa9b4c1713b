//! The rates of a search, the workers, their hosts, and the tasks.

use super::{Table, span, words};
use crate::report::latency::Block;
use crate::report::search::{answer, knee_rows};
use crate::report::tasks::Task;
use crate::report::text_table::{count, rate};
use crate::report::{Report, text_system, text_workers};

/// Every rate that a search held; no rows where there was none.
pub(in crate::report) fn search(report: &Report) -> Table {
    let caption = "Rates that were held, by rate (each step's own seconds)";
    let Some(search) = &report.search else { return Table::of(caption, Vec::new()) };
    let mut rows = knee_rows(search);
    if let Some(last) = rows.first_mut().and_then(|head| head.last_mut()) {
        *last = "held".to_owned();
    }
    let told = answer(search);
    Table::of(caption, rows).noting(told.strip_prefix("search: ").unwrap_or(&told).to_owned())
}

/// A row for each worker; none for a run on this host alone.
pub(in crate::report) fn workers(report: &Report) -> Table {
    Table::of("Workers", text_workers::rows(report)).cut()
}

/// Each host that was watched over the measured phase.
pub(in crate::report) fn hosts(report: &Report) -> Vec<Table> {
    let tables = text_system::tables(report).into_iter();
    tables.map(|rows| Table::of("Hosts over the measured phase", rows).cut()).collect()
}

/// What each lane did, also one that brought nothing.
pub(in crate::report) fn tasks(report: &Report) -> Table {
    let head = ["task", "role", "messages", "messages/s", "errors", "p50", "p99", "max", "status"];
    let rows = report.tasks.iter().map(task);
    let note = "Latency of a producing task is publish (in a closed loop: service), of a consuming one \
                end-to-end (transit).";
    Table::of("Tasks", std::iter::once(words(&head)).chain(rows).collect())
        .cut()
        .noting(note.to_owned())
}

fn task(task: &Task) -> Vec<String> {
    let latency = &task.latency;
    let spans = [&latency.publish, &latency.end_to_end, &latency.service, &latency.transit];
    let block = spans.into_iter().flatten().find(|block| 0 < block.count);
    let at = |part: fn(&Block) -> Option<f64>| span(block.and_then(part));
    let status = match &task.error {
        Some(error) => format!("{}: {error}", task.status),
        None => task.status.clone().into_owned(),
    };
    vec![
        task.task_id.clone(),
        task.role.clone(),
        count(task.messages),
        rate(task.messages_per_second),
        count(task.errors),
        at(|of| of.p50_us),
        at(|of| of.p99_us),
        at(|of| of.max_us),
        status,
    ]
}
