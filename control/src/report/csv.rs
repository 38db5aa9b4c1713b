//! The run as one row for spreadsheets: `summary.csv`.

use super::Report;
use serde_json::Value;
use std::borrow::Cow;

/// A column: its name with its unit, and where the result has its value.
type Column = (&'static str, &'static str);

/// What was run, and what to think of it.
const RUN: [Column; 22] = [
    ("test_id", "/test_id"),
    ("test_name", "/test_name"),
    ("started_at", "/started_at"),
    ("ended_at", "/ended_at"),
    ("kdyno_version", "/kdyno_version"),
    ("valid", "/verdict/valid"),
    ("exit_code", "/verdict/exit_code"),
    ("limited_by", "/verdict/limited_by"),
    ("workload", "/workload/name"),
    ("driver", "/driver/name"),
    ("topics", "/plan/topics"),
    ("partitions", "/plan/partitions"),
    ("producers", "/plan/producers"),
    ("consumers", "/plan/consumers"),
    // Of the first stream; the others stand in result.json.
    ("message_size_bytes", "/plan/streams/0/message_size"),
    ("warmup_s", "/warmup/duration_s"),
    ("measured_s", "/plan/measured_s"),
    ("target_messages_per_second", "/produced/target_messages_per_second"),
    ("sustainable_messages_per_second", "/search/sustainable_messages_per_second"),
    ("sustainable_error_messages_per_second", "/search/error"),
    ("sustainable_confirmed", "/search/confirmed"),
    ("sustainable_bound_by", "/search/cause"),
];

/// What was sent, acked and received.
const COUNTS: [Column; 29] = [
    ("due_messages", "/produced/due"),
    ("unsent_messages", "/produced/unsent"),
    ("produced_messages", "/produced/messages"),
    ("produced_bytes", "/produced/bytes"),
    ("produced_messages_per_second", "/produced/messages_per_second"),
    ("produced_mib_per_second", "/produced/mib_per_second"),
    ("produce_errors", "/produced/errors"),
    ("acked_messages", "/acked/messages"),
    ("acked_bytes", "/acked/bytes"),
    ("acked_messages_per_second", "/acked/messages_per_second"),
    ("acked_mib_per_second", "/acked/mib_per_second"),
    ("failed_messages", "/acked/failed"),
    ("unanswered_messages", "/acked/outstanding"),
    ("consumed_messages", "/consumed/messages"),
    ("consumed_bytes", "/consumed/bytes"),
    ("consumed_messages_per_second", "/consumed/messages_per_second"),
    ("consumed_mib_per_second", "/consumed/mib_per_second"),
    ("consume_errors", "/consumed/errors"),
    ("commits", "/consumed/commits"),
    ("commits_failed", "/consumed/commits_failed"),
    ("verified_by", "/verification/mode"),
    ("lost_messages", "/verification/lost"),
    ("redelivered_messages", "/verification/redelivered"),
    ("duplicated_messages", "/verification/duplicated"),
    ("reordered_messages", "/verification/reordered"),
    ("corrupted_messages", "/verification/corrupted"),
    ("foreign_messages", "/verification/foreign"),
    ("outstanding_messages", "/verification/outstanding"),
    ("unattributed_messages", "/verification/unattributed"),
];

/// Each latency in each of its figures: `publish_p99_us` stands at `/latency/publish/p99_us`.
const LATENCIES: [&str; 5] = ["publish", "service", "send_delay", "end_to_end", "transit"];
const FIGURES: [&str; 12] = [
    "count",
    "min_us",
    "mean_us",
    "stddev_us",
    "p50_us",
    "p75_us",
    "p90_us",
    "p95_us",
    "p99_us",
    "p99_9_us",
    "p99_99_us",
    "max_us",
];

/// What it took, and where it was done.
const COST: [Column; 14] = [
    ("cpu_seconds", "/engine/cpu_seconds"),
    ("cpu_seconds_per_million_messages", "/engine/cpu_seconds_per_million_messages"),
    ("peak_rss_bytes", "/engine/peak_rss_bytes"),
    ("hiccup_p99_us", "/engine/hiccup/p99_us"),
    ("hiccup_max_us", "/engine/hiccup/max_us"),
    // Of this host; those of a fleet's hosts stand in result.json.
    ("host_cpu_cores", "/system/0/cpu/cpu_cores/avg"),
    ("process_cpu_cores", "/system/0/cpu/process_cpu_cores/avg"),
    ("ceiling_share", "/engine/ceiling/share"),
    ("os", "/environment/os"),
    ("kernel", "/environment/kernel"),
    ("cpu", "/environment/cpu"),
    ("cores", "/environment/cores"),
    ("librdkafka", "/environment/librdkafka"),
    ("command", "/environment/command"),
];

/// The run as a row under a row of names, by RFC 4180; what is not known is empty.
///
/// # Panics
/// Never: every key of the format is a string.
#[must_use]
pub fn csv(report: &Report) -> Vec<u8> {
    let result = serde_json::to_value(report).expect("every key of the format is a string");
    let cells = cells(&result);
    let (names, values): (Vec<String>, Vec<String>) = cells.into_iter().unzip();
    [line(&names), line(&values)].concat().into_bytes()
}

/// Every column's name and value, in their order.
fn cells(result: &Value) -> Vec<(String, String)> {
    let at = |(name, path): &Column| ((*name).to_owned(), plain(result.pointer(path)));
    let latency = |kind: &str, figure: &str| {
        let path = format!("/latency/{kind}/{figure}");
        (format!("{kind}_{figure}"), plain(result.pointer(&path)))
    };
    let latencies = LATENCIES.iter().flat_map(|kind| FIGURES.map(|figure| latency(kind, figure)));
    let parts = [
        RUN.iter().map(at).collect(),
        found(result),
        COUNTS.iter().map(at).collect(),
        latencies.collect(),
        COST.iter().map(at).collect::<Vec<_>>(),
    ];
    parts.concat()
}

/// What is gathered from lists.
fn found(result: &Value) -> Vec<(String, String)> {
    let list = |path: &str| result.pointer(path).and_then(Value::as_array);
    let codes = list("/verdict/findings").into_iter().flatten();
    let codes = codes.filter(|finding| finding["severity"] != "info");
    let codes: Vec<&str> = codes.filter_map(|finding| finding["code"].as_str()).collect();
    let greatest = |path: &str, field: &str| {
        let values = list(path).into_iter().flatten().map(|one| &one[field]);
        let known = values.filter_map(|value| Some((value, value.as_f64()?)));
        plain(known.max_by(|one, other| one.1.total_cmp(&other.1)).map(|(value, _)| value))
    };
    let length = |path: &str| list(path).map_or_else(String::new, |all| all.len().to_string());
    [
        ("findings", codes.join(" ")),
        ("workers", length("/workers")),
        ("backlog_max_messages", greatest("/intervals", "backlog")),
        ("outages", length("/outages")),
        ("outage_longest_s", greatest("/outages", "seconds")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

/// A value by itself; nothing where it is missing or null.
fn plain(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Fields as a record with its line end.
fn line(fields: &[String]) -> String {
    let fields: Vec<Cow<'_, str>> = fields.iter().map(|field| quoted(field)).collect();
    fields.join(",") + "\r\n"
}

/// A field, in quotes where it must be; blanks at the ends are in them too, since some readers cut them.
fn quoted(field: &str) -> Cow<'_, str> {
    if field.contains(['"', ',', '\r', '\n']) || field.trim() != field {
        return Cow::Owned(format!("\"{}\"", field.replace('"', "\"\"")));
    }
    Cow::Borrowed(field)
}

#[cfg(test)]
mod tests {
    use super::{COST, COUNTS, FIGURES, LATENCIES, RUN, csv, line};
    use crate::report::fixture::{self, Made};
    use crate::report::search;
    use proptest::prelude::{prop, proptest};
    use std::collections::BTreeMap;

    /// Records of fields, read by the grammar of RFC 4180.
    fn read(text: &str) -> Vec<Vec<String>> {
        let (mut records, mut record, mut field) = (Vec::new(), Vec::new(), String::new());
        let mut chars = text.chars().peekable();
        let mut is_quoted = false;
        while let Some(c) = chars.next() {
            match c {
                '"' if is_quoted && chars.peek() == Some(&'"') => field.extend(chars.next()),
                '"' => is_quoted = !is_quoted,
                ',' if !is_quoted => record.push(std::mem::take(&mut field)),
                '\r' if !is_quoted => {
                    assert_eq!(chars.next(), Some('\n'), "records end with both");
                    record.push(std::mem::take(&mut field));
                    records.push(std::mem::take(&mut record));
                }
                '\n' if !is_quoted => panic!("a bare line feed: {text:?}"),
                other => field.push(other),
            }
        }
        assert!(!is_quoted && field.is_empty() && record.is_empty(), "whole: {text:?}");
        records
    }

    /// The row of a run, by its names.
    fn row(made: &Made) -> BTreeMap<String, String> {
        let text = String::from_utf8(csv(&fixture::report(made))).expect("it is text");
        let [names, values] = &read(&text)[..] else { panic!("two records: {text}") };
        assert_eq!(names.len(), values.len(), "a value for each name");
        let row: BTreeMap<String, String> =
            names.iter().cloned().zip(values.iter().cloned()).collect();
        assert_eq!(row.len(), names.len(), "each name once: {names:?}");
        row
    }

    proptest! {
        #[test]
        fn whatever_is_in_a_field_comes_back(
            fields in prop::collection::vec("[a ,;\"\r\n=é]{0,6}", 1..6),
        ) {
            assert_eq!(read(&line(&fields)), [fields]);
        }
    }

    #[test]
    fn names_carry_units_and_values_are_those_of_the_result() {
        let row = row(&Made::troubled());
        let report = fixture::report(&Made::troubled());
        let check = |name: &str, expected: &str| {
            assert_eq!(row.get(name).map(String::as_str), Some(expected), "{name}");
        };
        check("test_id", &report.test_id);
        check("valid", "false");
        check("exit_code", "13");
        check("acked_messages", "199700");
        check("target_messages_per_second", "20000");
        let publish = report.latency.publish.expect("timed").max_us;
        check("publish_max_us", &serde_json::json!(publish).to_string());
        check("outages", "2");
        check("outage_longest_s", "5.001");
        check("backlog_max_messages", "0");
        assert!(row["findings"].starts_with("lost target_not_reached deadline"), "{row:?}");
        assert!(!row["findings"].contains("client_trouble"), "an info is no finding: {row:?}");
    }

    #[test]
    fn what_is_not_known_is_empty() {
        let clean = row(&Made::clean());
        for name in ["duplicated_messages", "host_cpu_cores", "sustainable_bound_by", "workers"] {
            assert_eq!(clean[name], "", "{name}");
        }
        assert_eq!(row(&Made::fleet())["workers"], "3");
        assert_eq!(row(&search::made())["sustainable_messages_per_second"], "20000");
    }

    #[test]
    fn every_column_names_a_field_of_the_result() {
        let mut made = [Made::troubled(), search::made()];
        made[0].outcome.tally.hiccup.record(Some(engine::units::Nanos::from_millis(1)));
        let value = |run| serde_json::to_value(fixture::report(run)).expect("a report is JSON");
        let results: Vec<_> = made.iter().map(value).collect();
        let latencies =
            LATENCIES.map(|kind| FIGURES.map(|figure| format!("/latency/{kind}/{figure}")));
        let paths = [&RUN[..], &COUNTS, &COST].concat();
        let paths = paths.iter().map(|(_, path)| (*path).to_owned()).chain(latencies.concat());
        for path in paths {
            let found = results.iter().any(|result| result.pointer(&path).is_some());
            assert!(found, "{path}: no result has it");
        }
    }
}
