//! The main figures: what came of the messages, and how long they took.

use super::{Table, span, words};
use crate::report::Report;
use crate::report::groups::in_words;
use crate::report::latency::Block;
use crate::report::text::{count_rows, verified};
use crate::report::text_table::{count, rate};
use crate::report::{text_leaders, text_streams};

/// What the star beside a percentile means.
pub(in crate::report) const FEW_SAMPLES: &str =
    "* Fewer than 10 samples lie beyond: one message's luck.";

/// The few figures that people look for first.
pub(in crate::report) fn tiles(report: &Report) -> Table {
    let latency = &report.latency;
    let of = |block: &Option<Block>, part: fn(&Block) -> Option<f64>| {
        span(block.as_ref().and_then(part))
    };
    let mut pairs = vec![
        ("acked msg/s", rate(report.acked.flow.messages_per_second)),
        ("received msg/s", rate(report.consumed.flow.messages_per_second)),
    ];
    if latency.publish.is_some() {
        pairs.push(("publish p50", of(&latency.publish, |block| block.p50_us)));
        pairs.push(("publish p99", of(&latency.publish, |block| block.p99_us)));
        pairs.push(("publish max", of(&latency.publish, |block| block.max_us)));
        pairs.push(("end-to-end p99", of(&latency.end_to_end, |block| block.p99_us)));
    } else {
        pairs.push(("service p50", of(&latency.service, |block| block.p50_us)));
        pairs.push(("service p99", of(&latency.service, |block| block.p99_us)));
        pairs.push(("service max", of(&latency.service, |block| block.max_us)));
        pairs.push(("transit p99", of(&latency.transit, |block| block.p99_us)));
    }
    pairs.push(("errors", count(report.produced.errors + report.consumed.errors)));
    pairs.push(("lost", count(report.verification.lost)));
    Table::of_pairs("Main figures", pairs)
}

/// What was due, sent, acked and received, and what was held against what.
pub(in crate::report) fn counts(report: &Report) -> Table {
    let verified = verified(report).trim_end().to_owned();
    let rebalanced = in_words(report);
    let table = Table::of("Messages", count_rows(report)).noting(verified);
    rebalanced.lines().fold(table, |table, line| table.noting(line.to_owned()))
}

/// What each of several streams was asked and did; no rows where there is one.
pub(in crate::report) fn streams(report: &Report) -> Table {
    Table::of("Streams", text_streams::count_rows(report))
}

/// How long each stream's messages took; no rows where there is one.
pub(in crate::report) fn stream_latencies(report: &Report) -> Table {
    let note = "The latencies below are those of all streams together.";
    Table::of("Latency by stream", text_streams::latency_rows(report)).noting(note.to_owned())
}

/// Publish latency by the broker that leads; no rows where fewer than two do.
pub(in crate::report) fn leaders(report: &Report) -> Table {
    let table = Table::of("Publish latency by leader", text_leaders::rows(report));
    text_leaders::notes(report).into_iter().fold(table, Table::noting)
}

/// Every span that was measured, with its percentiles.
pub(in crate::report) fn latencies(report: &Report) -> Table {
    let latency = &report.latency;
    let named = [
        ("publish (due → acked)", &latency.publish),
        ("publish, held up by an outage", &latency.publish_in_outage),
        ("publish, all others", &latency.publish_outside),
        ("service (sent → acked)", &latency.service),
        ("send delay (due → sent)", &latency.send_delay),
        ("end-to-end (due → received)", &latency.end_to_end),
        ("transit (sent → received)", &latency.transit),
    ];
    let blocks = named.iter().filter_map(|(name, block)| Some((*name, block.as_ref()?)));
    let blocks: Vec<(&str, &Block)> = blocks.filter(|(_, block)| 0 < block.count).collect();
    let head = ["latency", "messages", "p50", "p90", "p99", "p99.9", "p99.99", "max"];
    let rows = blocks.iter().map(|(name, block)| row(name, block));
    let table = Table::of("Latency", std::iter::once(words(&head)).chain(rows).collect());
    let is_flagged = blocks.iter().any(|(_, block)| !block.few_samples.is_empty());
    let flag = if is_flagged { FEW_SAMPLES } else { "" };
    let clock = blocks.iter().find_map(|(_, block)| block.clock_error_us);
    let clock = clock.map_or_else(String::new, |error| {
        let error = span(Some(error));
        format!(
            "End-to-end and transit begin and end on two hosts, whose clocks may be {error} apart."
        )
    });
    table.noting(flag.to_owned()).noting(clock).noting(meaning(report).to_owned())
}

/// How long each step of the transactions took, and how many there were; no rows where there were none.
pub(in crate::report) fn transactions(report: &Report) -> Table {
    let Some(part) = &report.transactions else { return Table::of("Transactions", Vec::new()) };
    let head = ["step", "count", "p50", "p90", "p99", "p99.9", "p99.99", "max"];
    let steps = part.steps();
    let rows = steps.iter().map(|(name, block)| row(name, block));
    let table = Table::of("Transactions", std::iter::once(words(&head)).chain(rows).collect());
    let is_flagged = steps.iter().any(|(_, block)| !block.few_samples.is_empty());
    let flag = if is_flagged { FEW_SAMPLES } else { "" };
    part.counts().into_iter().fold(table, Table::noting).noting(flag.to_owned())
}

/// What the spans mean.
const fn meaning(report: &Report) -> &'static str {
    if report.latency.publish.is_some() {
        "Publish counts from the moment a message was due, so every message that a stall holds up \
         shows it; service counts from the real send and hides what waited before."
    } else {
        "A closed loop has no due times: publish latency, send delay and end-to-end latency do not \
         exist. Service includes the wait in the client's own queue."
    }
}

fn row(name: &str, block: &Block) -> Vec<String> {
    let at = |micros: Option<f64>, field: &str| {
        let flag = if block.few_samples.iter().any(|few| few == field) { "*" } else { "" };
        format!("{}{flag}", span(micros))
    };
    vec![
        name.to_owned(),
        count(block.count),
        at(block.p50_us, "p50_us"),
        at(block.p90_us, "p90_us"),
        at(block.p99_us, "p99_us"),
        at(block.p99_9_us, "p99_9_us"),
        at(block.p99_99_us, "p99_99_us"),
        span(block.max_us),
    ]
}
