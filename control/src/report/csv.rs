//! The run as one row for spreadsheets: `summary.csv`.

use super::Report;
use super::csv_columns::{COST, COUNTS, Column, FIGURES, LATENCIES, RUN, STREAM, TRANSACTIONS};
use serde_json::Value;
use std::borrow::Cow;

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
    if report.warmup.is_none() && report.plan.warmup_s == 0.0 {
        // None was asked for, which is a length of it; an empty cell is what nobody knows.
        result["warmup"] = serde_json::json!({ "duration_s": 0 });
    }
    let cells = cells(&result);
    let (names, values): (Vec<String>, Vec<String>) = cells.into_iter().unzip();
    [line(&names), line(&values)].concat().into_bytes()
}

/// Every column's name and value, in their order.
fn cells(result: &Value) -> Vec<(String, String)> {
    let at = |(name, path): &Column| ((*name).to_owned(), plain(result.pointer(path)));
    let parts = [
        RUN.iter().map(at).collect(),
        found(result),
        COUNTS.iter().map(at).collect(),
        latencies(result),
        TRANSACTIONS.iter().map(at).collect(),
        COST.iter().map(at).collect::<Vec<_>>(),
        streams(result),
    ];
    parts.concat()
}

/// Every latency in every figure, of the run or of a stream.
fn latencies(part: &Value) -> Vec<(String, String)> {
    let latency = |kind: &str, figure: &str| {
        let path = format!("/latency/{kind}/{figure}");
        (format!("{kind}_{figure}"), plain(part.pointer(&path)))
    };
    LATENCIES.iter().flat_map(|kind| FIGURES.map(|figure| latency(kind, figure))).collect()
}

/// Each of several streams.
fn streams(result: &Value) -> Vec<(String, String)> {
    let streams = result["streams"].as_array().into_iter().flatten();
    let of_stream = |stream: &Value| {
        let name = stream["name"].as_str().unwrap_or_default().to_owned();
        let own = STREAM.map(|(column, path)| (column.to_owned(), plain(stream.pointer(path))));
        let all = own.into_iter().chain(latencies(stream));
        all.map(|(column, value)| (format!("stream_{name}_{column}"), value)).collect::<Vec<_>>()
    };
    streams.flat_map(of_stream).collect()
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
    use super::{csv, line, plain};
    use crate::report::csv_columns::{COST, COUNTS, FIGURES, LATENCIES, RUN, STREAM, TRANSACTIONS};
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
    fn each_of_several_streams_has_columns_of_its_own() {
        let report = fixture::report(&Made::two_streams());
        let row = row_of(&report);
        let [main, side] = &report.streams[..] else { panic!("two") };
        for stream in [main, side] {
            let cell = |column: &str| row[&format!("stream_{}_{column}", stream.name)].clone();
            assert_eq!(cell("acked_messages"), stream.acked.messages.to_string());
            let publish = stream.latency.publish.as_ref().expect("timed");
            assert_eq!(cell("publish_p99_us"), json!(publish.p99_us).to_string());
        }
        assert_ne!(row["stream_main_acked_messages"], row["stream_side_acked_messages"]);
        let value = serde_json::to_value(main).expect("a stream is JSON");
        for (_, path) in STREAM {
            assert!(value.pointer(path).is_some(), "{path}: no stream has it");
        }
        let one = row_of(&fixture::report(&Made::clean()));
        assert!(!one.keys().any(|name| name.starts_with("stream_")), "one is the whole");
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
    fn without_a_warm_up_it_took_no_time() {
        let mut made = Made::clean();
        made.plan.demand.phases.warmup = engine::plan::Warmup::NONE;
        assert_eq!(row(&made)["warmup_s"], "0");
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
