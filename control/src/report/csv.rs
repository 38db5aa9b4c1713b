//! The run as one row for spreadsheets: `summary.csv`.

use super::Report;
use serde_json::Value;
use std::borrow::Cow;

/// A column: its name with its unit, and where the result has its value.
type Column = (&'static str, &'static str);

/// What was run, and what to think of it.
const RUN: [Column; 24] = [
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
    ("planned_s", "/plan/measured_s"),
    // What the rates of sending are divided by: less than planned where the run was cut short, more where
    // debt was paid after the phase.
    ("measured_s", "/produced/duration_s"),
    ("target_messages_per_second", "/produced/target_messages_per_second"),
    ("sustainable_messages_per_second", "/search/sustainable_messages_per_second"),
    ("sustainable_error_messages_per_second", "/search/error"),
    ("sustainable_confirmed", "/search/confirmed"),
    ("sustainable_bound_by", "/search/bound_by"),
    ("sustainable_cause", "/search/cause"),
];

/// What was sent, acked and received.
const COUNTS: [Column; 32] = [
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
    ("rebalances", "/consumed/rebalances"),
    ("read_again_at_most", "/consumed/groups/read_again_at_most"),
    ("without_partitions_max_us", "/consumed/groups/without_partitions/max_us"),
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

/// What became of transactions; empty where there were none.
const TRANSACTIONS: [Column; 17] = [
    ("isolation", "/transactions/isolation"),
    ("transactions_begun", "/transactions/begun"),
    ("transactions_committed", "/transactions/committed"),
    ("transactions_aborted", "/transactions/aborted"),
    ("transactions_forced_to_abort", "/transactions/forced_to_abort"),
    ("transactions_undecided", "/transactions/undecided"),
    ("messages_per_transaction", "/transactions/messages_per_transaction"),
    ("committed_messages", "/transactions/committed_messages"),
    ("aborted_messages", "/transactions/aborted_messages"),
    ("undecided_messages", "/transactions/undecided_messages"),
    ("aborted_but_delivered_messages", "/transactions/aborted_but_delivered"),
    ("begin_p99_us", "/transactions/begin/p99_us"),
    ("drain_p99_us", "/transactions/drain/p99_us"),
    ("commit_p50_us", "/transactions/commit/p50_us"),
    ("commit_p99_us", "/transactions/commit/p99_us"),
    ("abort_p99_us", "/transactions/abort/p99_us"),
    ("visible_p99_us", "/transactions/visible/p99_us"),
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
    // Of this host; empty in a fleet, whose hosts stand in result.json.
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

/// The run as a row under a row of names, by RFC 4180; what is not known is empty. Text that a spreadsheet
/// would take for a formula, since it begins with `=`, `+`, `-`, `@`, a tab or a carriage return, has an
/// apostrophe before it; numbers stand as they are.
///
/// # Panics
/// Never: every key of the format is a string.
#[must_use]
pub fn csv(report: &Report) -> Vec<u8> {
    let mut result = serde_json::to_value(report).expect("every key of the format is a string");
    if report.workers.is_some() {
        // The first worker's host would stand beside the processor and the kernel of the coordinator's.
        result["system"] = Value::Null;
    }
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
        TRANSACTIONS.iter().map(at).collect(),
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
        ("findings", harmless(&codes.join(" "))),
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
        Some(Value::String(text)) => harmless(text),
        Some(other) => other.to_string(),
    }
}

/// Text that no spreadsheet runs as a formula: names come from users, and whole results from elsewhere.
fn harmless(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if is_formula { format!("'{text}") } else { text.to_owned() }
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
    use super::{COST, COUNTS, FIGURES, LATENCIES, RUN, TRANSACTIONS, csv, line, plain};
    use crate::report::fixture::{self, Made};
    use crate::report::{Report, search, transactions};
    use engine::error::RunError;
    use engine::run::Ending;
    use engine::search::Cause;
    use proptest::prelude::{prop, proptest};
    use serde_json::json;
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
        row_of(&fixture::report(made))
    }

    fn row_of(report: &Report) -> BTreeMap<String, String> {
        let text = String::from_utf8(csv(report)).expect("it is text");
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
        check("publish_max_us", &json!(publish).to_string());
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
        assert_eq!((&*clean["isolation"], &*clean["committed_messages"]), ("", ""), "in none");
        let row = row(&transactions::made("read_uncommitted"));
        let told = ["isolation", "committed_messages", "aborted_but_delivered_messages"];
        assert_eq!(told.map(|name| &*row[name]), ["read_uncommitted", "180000", ""]);
    }

    #[test]
    fn no_text_is_a_formula_and_numbers_stay_numbers() {
        let check = |text: &str, expected: &str| {
            assert_eq!(plain(Some(&json!(text))), expected, "{text:?}");
        };
        check("=1+1", "'=1+1");
        check("+1", "'+1");
        check("-1", "'-1");
        check("@SUM(A1)", "'@SUM(A1)");
        check("\t=1", "'\t=1");
        check("\r=1", "'\r=1");
        check("a=1", "a=1");
        check("", "");
        assert_eq!(plain(Some(&json!(-1.5))), "-1.5", "a number");
        let mut report = fixture::report(&Made::troubled());
        report.test_name = "=HYPERLINK(\"http://x\",\"y\")".to_owned();
        report.verdict.findings[0].code = "@lost".to_owned();
        report.verdict.limited_by = "-1".into();
        let row = row_of(&report);
        assert_eq!(row["test_name"], format!("'{}", report.test_name), "text of a user");
        assert!(row["findings"].starts_with("'@lost "), "text from a list: {row:?}");
        assert_eq!(row["limited_by"], "'-1", "a word of a file");
    }

    #[test]
    fn a_run_that_was_cut_short_says_what_was_planned_and_what_was_measured() {
        let lengths = |ending: Ending| {
            let mut made = Made::clean();
            if matches!(ending, Ending::Failed(_)) {
                made.outcome.start = None;
            }
            made.outcome.ending = ending;
            let row = row(&made);
            (row["planned_s"].clone(), row["measured_s"].clone())
        };
        let expected = |measured: &str| ("10.0".to_owned(), measured.to_owned());
        assert_eq!(lengths(Ending::Finished), expected("10.0"), "as planned");
        assert_eq!(lengths(Ending::Interrupted), expected("9.999"), "to the last send");
        let refused = Ending::Failed(RunError::Refused("no".to_owned()));
        assert_eq!(lengths(refused), expected(""), "nothing before the start");
    }

    #[test]
    fn a_host_is_told_only_where_it_is_the_one_of_the_row() {
        let names = ["host_cpu_cores", "process_cpu_cores", "cores"];
        let told = |made: &Made| {
            let row = row(made);
            names.map(|name| row[name].clone())
        };
        assert_eq!(told(&Made::troubled()), ["3.56", "2.045", "8"], "this host");
        let fleet = Made::fleet();
        assert!(fixture::report(&fleet).system.is_some(), "its workers told of theirs");
        assert_eq!(told(&fleet), ["", "", "8"], "the coordinator's cores alone");
    }

    #[test]
    fn a_search_says_what_bounds_its_rate_and_in_full_why() {
        let mut made = search::made();
        let found = made.outcome.search.as_mut().expect("it searched");
        found.bound_by = Some(Cause::Backlog);
        let row = row(&made);
        assert_eq!(row["sustainable_bound_by"], "throughput", "as in the result");
        assert_eq!(row["sustainable_cause"], "backlog", "as in the result");
    }

    #[test]
    fn every_column_names_a_field_of_the_result() {
        let mut made = [Made::troubled(), search::made(), transactions::made("read_committed")];
        made[0].outcome.tally.hiccup.record(Some(engine::units::Nanos::from_millis(1)));
        let value = |run| serde_json::to_value(fixture::report(run)).expect("a report is JSON");
        let results: Vec<_> = made.iter().map(value).collect();
        let latencies =
            LATENCIES.map(|kind| FIGURES.map(|figure| format!("/latency/{kind}/{figure}")));
        let paths = [&RUN[..], &COUNTS, &TRANSACTIONS, &COST].concat();
        let paths = paths.iter().map(|(_, path)| (*path).to_owned()).chain(latencies.concat());
        for path in paths {
            let found = results.iter().any(|result| result.pointer(&path).is_some());
            assert!(found, "{path}: no result has it");
        }
    }
}
