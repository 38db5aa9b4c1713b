//! The summary for people, on stdout: the verdict first, the run directory last.

use super::Report;
use super::backlog::BacklogPart;
use super::catch_up;
use super::ceiling::CeilingPart;
use super::errors::ByType;
use super::latency::Block;
use super::text_events::events;
use super::text_leaders::leaders;
use super::text_perf::perf_line;
use super::text_streams;
use super::text_system;
use super::text_table::{count, percent, rate, span, table, wrapped};
use super::text_workers;
use super::traffic::Flow;
use super::warmup;
use super::{assertions, groups, requests, search, shape, topic_load, transactions};
use engine::measure::constants::exit;
use std::path::Path;

/// No line is longer, tables with wide numbers apart.
pub(super) const WIDTH: usize = 100;

/// The summary of a run whose files are in `directory`.
#[must_use]
pub fn text(report: &Report, directory: &Path) -> String {
    let parts = [
        verdict(report),
        load(report),
        search::in_words(report.search.as_ref()),
        table(&count_rows(report)) + &verified(report),
        topic_load::text(report),
        shape::text(report),
        text_streams::text(report),
        latencies(report),
        publish_parts(report),
        leaders(report, WIDTH),
        requests::in_words(report),
        events(report, WIDTH),
        report.backlog.as_ref().map_or_else(String::new, BacklogPart::text),
        transactions::in_words(report.transactions.as_ref()),
        groups::in_words(report),
        text_workers::workers(report),
        text_system::systems(report),
        ceiling(report),
        assertions::in_words(report, WIDTH),
        errors(report),
        findings(report),
        topics(report),
        perf_line(report),
    ];
    let filled: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("{}\nresults: {}\n", filled.join("\n"), directory.display())
}

/// The first line: what to think of the rest.
pub(super) fn verdict(report: &Report) -> String {
    let verdict = &report.verdict;
    let limit = match &*verdict.limited_by {
        "nothing" => String::new(),
        "unknown" => ", limit unknown".to_owned(),
        by => format!(", limited by the {by}"),
    };
    let words = match verdict.exit_code {
        exit::VALID => {
            if let Some(part) = &report.catch_up {
                return part.valid(&report.consumed.flow);
            }
            return match report.produced.target_messages_per_second {
                Some(target) => {
                    let mean = if report.shape.is_some() { " on average" } else { "" };
                    let target = count(target);
                    format!("VALID: {target} msg/s{mean} were asked for and reached{limit}\n")
                }
                None => format!(
                    "VALID: {} msg/s acked in a closed loop, as fast as it went{limit}\n",
                    rate(report.acked.flow.messages_per_second)
                ),
            };
        }
        exit::FAILED => "not finished as planned",
        exit::ASSERTION => "an assertion failed",
        exit::CLIENT_LIMITED => "the client was too late, its numbers are its own",
        exit::TARGET => "target not reached",
        exit::VERIFICATION => "verification failed",
        exit::PARTIAL => "partial, a worker was lost",
        exit::TIMED_OUT => "timed out",
        exit::INTERRUPTED => "interrupted",
        _ => "see the findings",
    };
    format!("INVALID: {words} (exit {}{limit})\n", verdict.exit_code)
}

/// What was run.
pub(super) fn load(report: &Report) -> String {
    if let Some(reading) = catch_up::load(report) {
        return reading;
    }
    let plan = &report.plan;
    let streams: Vec<String> = plan
        .streams
        .iter()
        .map(|stream| {
            let pace = stream
                .messages_per_second
                .map_or_else(|| "max rate".to_owned(), |rate| format!("{} msg/s", count(rate)));
            format!("{pace} of {} B", count(stream.message_size))
        })
        .collect();
    let warmup = warmup::in_words(report.warmup.as_ref(), plan.warmup_s);
    format!(
        "{}: {}, {} topics, {} partitions, {} producers, {} consumers, {} s after {warmup}\n",
        report.test_name,
        streams.join(" + "),
        plan.topics,
        plan.partitions,
        plan.producers,
        plan.consumers,
        plan.measured_s,
    )
}

/// What was due, sent, acked and received: a row each, under their heads.
pub(super) fn count_rows(report: &Report) -> Vec<Vec<String>> {
    if let Some(rows) = catch_up::count_rows(report) {
        return rows;
    }
    let (produced, acked) = (&report.produced, &report.acked);
    let head = ["", "messages", "share", "msg/s", "MiB/s"].map(str::to_owned).to_vec();
    let mut rows = vec![head];
    let (whole, of) = match produced.due {
        Some(due) => {
            let target = produced.target_messages_per_second.map_or("-".to_owned(), count);
            rows.push(vec!["due".to_owned(), count(due), String::new(), target]);
            (due, "due")
        }
        None => (produced.attempted, "tried"),
    };
    let row = |name: String, messages: u64, share: String, flow: &Flow| {
        let mib = flow.mib_per_second.map_or("-".to_owned(), |mib| format!("{mib:.2}"));
        vec![name, count(messages), share, rate(flow.messages_per_second), mib]
    };
    let done = |messages: u64| format!("{} of {of}", percent(messages, whole));
    rows.push(row("sent".to_owned(), produced.messages, done(produced.messages), &produced.flow));
    rows.push(row("acked".to_owned(), acked.messages, done(acked.messages), &acked.flow));
    let subscriptions = &report.consumed.subscriptions;
    let (several_streams, owed) = (1 < report.plan.streams.len(), transactions::owed(report));
    for part in subscriptions {
        let name = match (several_streams, subscriptions.len()) {
            (true, _) => format!("received, {} {}", part.stream, part.subscription),
            (false, 1) => "received".to_owned(),
            (false, _) => format!("received, subscription {}", part.subscription),
        };
        let share = format!("{} of {owed}", percent(part.messages, part.expected));
        rows.push(row(name, part.messages, share, &part.flow));
    }
    rows
}

/// What was held against what, and what came of it.
pub(super) fn verified(report: &Report) -> String {
    let seen = &report.verification;
    if report.consumed.subscriptions.is_empty() || report.catch_up.is_some() {
        return String::new();
    }
    let told = |name: &str, number: Option<u64>| Some(format!("{name} {}", count(number?)));
    let parts = [
        told("lost", Some(seen.lost)),
        told("duplicated", seen.duplicated),
        told("reordered", seen.reordered),
        told("redelivered", seen.redelivered),
        told("corrupted", Some(seen.corrupted)),
        told("foreign", Some(seen.foreign)),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    format!("verified by {}: {}\n", seen.mode, parts.join(", "))
}

fn latencies(report: &Report) -> String {
    let latency = &report.latency;
    let named = [
        ("publish     due -> acked", &latency.publish),
        ("  in an outage", &latency.publish_in_outage),
        ("  outside", &latency.publish_outside),
        ("service     sent -> acked", &latency.service),
        ("send delay  due -> sent", &latency.send_delay),
        ("end-to-end  due -> received", &latency.end_to_end),
        ("transit     sent -> received", &latency.transit),
    ];
    let rows: Vec<Vec<String>> = named
        .iter()
        .filter_map(|(name, block)| Some((*name, block.as_ref()?)))
        .filter(|(_, block)| 0 < block.count)
        .map(|(name, block)| latency_row(name, block))
        .collect();
    if rows.is_empty() {
        return "latency: none was measured\n".to_owned();
    }
    let flagged = rows.iter().flatten().any(|cell| cell.ends_with('*'));
    let head =
        ["latency", "min", "p50", "p99", "p99.9", "max"].map(|name| format!("{name} ")).to_vec();
    let mut out = table(&[vec![head], rows].concat());
    if flagged {
        out.push_str("* fewer than 10 samples lie beyond: one message's luck\n");
    }
    out.push_str(&tail(report));
    let words = if latency.publish.is_some() {
        "Publish counts from the moment a message was due, so every message that a stall holds up \
         shows it; service counts from the real send and hides what waited before."
    } else {
        "A closed loop has no due times: publish latency, send delay and end-to-end latency do not \
         exist. Service includes the wait in the client's own queue."
    };
    out + &wrapped(words, "", WIDTH)
}

/// Whether the tail is the client's own.
fn tail(report: &Report) -> String {
    let words = report.engine.tail.iter().filter_map(|tail| {
        let share = tail.client_share? * 100.0;
        Some(format!("p{} {share:.1} % ({})", tail.percentile, tail.explained_by_client))
    });
    let words: Vec<String> = words.collect();
    if words.is_empty() {
        let off = "the client's part in the tail of publish latency: unknown, hiccups were not measured\n";
        return if report.engine.tail.is_empty() { String::new() } else { off.to_owned() };
    }
    format!("the client's part in the tail of publish latency: {}\n", words.join(", "))
}

/// Where the mean publish latency went.
fn publish_parts(report: &Report) -> String {
    let parts = report.client.as_ref().and_then(|client| client.publish_parts);
    let Some(parts) = parts else { return String::new() };
    let part = |micros: f64| {
        let sign = if micros < 0.0 { "-" } else { "" };
        format!("{sign}{}", span(Some(micros.abs())))
    };
    let text = format!(
        "publish on average {} = send delay {} + queue {} + broker {} + rest {} ({:.0} %)",
        part(parts.publish_mean_us),
        part(parts.send_delay_mean_us),
        part(parts.queue_mean_us),
        part(parts.broker_mean_us),
        part(parts.rest_mean_us),
        parts.rest_share * 100.0,
    );
    wrapped(&text, "", WIDTH)
}

fn latency_row(name: &str, block: &Block) -> Vec<String> {
    let flag = |field: &str| {
        let is_flagged = block.few_samples.iter().any(|of| of == field);
        if is_flagged { "*" } else { " " }
    };
    vec![
        name.to_owned(),
        format!("{} ", span(block.min_us)),
        format!("{}{}", span(block.p50_us), flag("p50_us")),
        format!("{}{}", span(block.p99_us), flag("p99_us")),
        format!("{}{}", span(block.p99_9_us), flag("p99_9_us")),
        format!("{} ", span(block.max_us)),
    ]
}

/// Where the run stood against what this host can do by itself.
fn ceiling(report: &Report) -> String {
    let line = |part: &CeilingPart| wrapped(&part.line(), "", WIDTH);
    report.engine.ceiling.as_ref().map_or_else(String::new, line)
}

fn errors(report: &Report) -> String {
    let (sent, received) = (&report.produced, &report.consumed);
    let line =
        |what: &str, errors: u64, by_type: &ByType, codes: &mut dyn Iterator<Item = String>| {
            if errors == 0 {
                return String::new();
            }
            let kinds: Vec<String> = by_type
                .named()
                .into_iter()
                .filter(|(_, count)| 0 < *count)
                .map(|(kind, number)| format!("{kind} {}", count(number)))
                .collect();
            let codes: Vec<String> = codes.collect();
            let text =
                format!("{what}: {}: {} ({})", count(errors), kinds.join(", "), codes.join(", "));
            wrapped(&text, "", WIDTH)
        };
    let code = |(name, number): (&String, &u64)| format!("{name} {}", count(*number));
    let producing = &sent.by_cause;
    let consuming = &received.by_cause;
    [
        line(
            "failed messages",
            sent.errors,
            &producing.errors_by_type,
            &mut producing.errors_by_code.iter().map(code),
        ),
        line(
            "consumer and commit errors",
            received.errors,
            &consuming.errors_by_type,
            &mut consuming.errors_by_code.iter().map(code),
        ),
    ]
    .concat()
}

fn findings(report: &Report) -> String {
    let findings = report.verdict.findings.iter().map(|finding| {
        let message = wrapped(&finding.message, "  ", WIDTH);
        format!("{} {}\n{message}", finding.severity, finding.code)
    });
    findings.collect()
}

fn topics(report: &Report) -> String {
    let unclosed = match &report.topics.unclosed[..] {
        [] => String::new(),
        clients => {
            let names = clients.join(", ");
            wrapped(&format!("clients not closed in time: {names}"), "", WIDTH)
        }
    };
    let left = &report.topics.left;
    let Some(first) = left.first() else { return unclosed };
    let more = match left.len() - 1 {
        0 => String::new(),
        more => format!(" and {} more", count(u64::try_from(more).unwrap_or(u64::MAX))),
    };
    let (name, reason) = (&first.name, &first.reason);
    let what = format!("left on the cluster: {name} ({reason}){more}; remove with:");
    format!("{unclosed}{}  {}\n", wrapped(&what, "", WIDTH), first.command)
}

#[cfg(test)]
mod tests {
    use super::text;
    use crate::report::fixture::{self, Made};
    use engine::plan::Pace;
    use std::path::Path;

    fn summary(made: &Made) -> String {
        let report = fixture::report(made);
        text(&report, &Path::new("results").join(&report.test_id))
    }

    #[test]
    fn a_clean_run_reads_as_expected() {
        fixture::golden("summary-clean.txt", &summary(&Made::clean()));
    }

    #[test]
    fn a_troubled_run_says_what_was_wrong_and_what_to_do() {
        fixture::golden("summary-troubled.txt", &summary(&Made::troubled()));
    }

    #[test]
    fn assertions_are_told_with_their_values_and_the_first_line_says_that_one_failed() {
        let assertions = vec!["publish.p99 < 10ms", "rate >= 0.99*target", "duplicated == 0"];
        let text = summary(&Made { assertions, ..Made::clean() });
        fixture::golden("summary-asserted.txt", &text);
        let first = text.lines().next();
        assert_eq!(first, Some("INVALID: an assertion failed (exit 10)"), "{text}");
    }

    #[test]
    fn a_closed_loop_says_what_it_cannot_measure() {
        let mut made = Made::clean();
        made.plan.demand.streams[0].pace = Pace::Max { in_flight: None };
        let text = summary(&made);
        assert!(text.starts_with("VALID: "), "{text}");
        assert!(text.contains("A closed loop has no due times"), "{text}");
        assert!(!text.contains("due -> acked"), "{text}");
    }

    #[test]
    fn the_first_line_is_the_verdict_and_the_last_names_the_directory() {
        for made in [Made::clean(), Made::troubled(), Made::two_streams()] {
            let text = summary(&made);
            let first = text.lines().next().expect("a line");
            assert!(first.starts_with("VALID") || first.starts_with("INVALID"), "{first}");
            let last = text.lines().last().expect("a line");
            assert_eq!(
                last,
                format!("results: results/{}", made.plan.demand.test_id),
                "the directory"
            );
            let plain = |c: char| c == '\n' || !c.is_control();
            assert!(text.chars().all(plain), "no control characters");
        }
    }
}
