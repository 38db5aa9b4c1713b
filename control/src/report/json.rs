//! The whole result as JSON: `result.json`, and the answer to `--format json`.

use super::Report;
use super::interval::Interval;
use serde::Serializer;
use serde_json::value::to_raw_value;

/// The report as indented JSON with a line end; each of its seconds is one line.
///
/// # Panics
/// Never: every key of the format is a string and every number is finite or null.
#[must_use]
pub fn json(report: &Report) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(report).expect("every key of the format is a string");
    bytes.push(b'\n');
    bytes
}

/// Seconds without blanks and line ends within them: indented, an hour of them would be 15 MiB.
pub(super) fn one_line_each<S: Serializer>(
    intervals: &[Interval],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let line = |interval| to_raw_value(interval).expect("numbers by name are JSON");
    serializer.collect_seq(intervals.iter().map(line))
}

#[cfg(test)]
mod tests {
    use super::{Interval, json};
    use crate::report::SweepPart;
    use crate::report::fixture::{self, Made};
    use engine::run::Ending;
    use engine::time::Arrival;
    use serde_json::Value;
    use std::fmt::Write;

    /// The names of all fields below `value` with the kind of their values, arrays by their first.
    fn fields(path: &str, value: &Value, out: &mut String) {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        writeln!(out, "{path}: {kind}").expect("writing to memory");
        match value {
            Value::Object(map) => {
                map.iter().for_each(|(name, field)| fields(&format!("{path}.{name}"), field, out));
            }
            Value::Array(items) => {
                items
                    .first()
                    .into_iter()
                    .for_each(|first| fields(&format!("{path}[]"), first, out));
            }
            _ => {}
        }
    }

    #[test]
    fn the_fields_that_others_rely_on_stay() {
        let mut made = Made::troubled();
        made.assertions = vec!["publish.p99 < 10ms"];
        made.outcome.ending = Ending::Interrupted;
        made.outcome.leaders = Some(crate::report::text_leaders::led(&made));
        let read = |of: &Made| -> Value {
            serde_json::from_slice(&json(&fixture::report(of))).expect("JSON")
        };
        let (mut report, fleet) = (read(&made), read(&Made::fleet()));
        // What only a fleet has, of a worker that was lost what only that has.
        let mut worker = fleet["workers"][0].clone();
        for name in ["error", "lost_at_s", "heirs"] {
            worker[name] = fleet["workers"][2][name].clone();
        }
        report["workers"] = Value::Array(vec![worker]);
        report["intervals"][0]["lanes_missing"] = fleet["intervals"][4]["lanes_missing"].clone();
        for span in ["end_to_end", "transit"] {
            let error = &fleet["latency"][span]["clock_error_us"];
            report["latency"][span]["clock_error_us"] = error.clone();
        }
        let backlog = serde_json::to_value(fixture::report(&crate::report::backlog::made()));
        report["backlog"] = backlog.expect("a report is JSON")["backlog"].clone();
        report["search"] = read(&crate::report::search::made())["search"].clone();
        let mut shaped = crate::report::shape::made(Arrival::Poisson { seed: 7 });
        shaped.outcome.intervals[7].produced -= 1;
        report["shape"] = read(&shaped)["shape"].clone();
        let values = serde_json::Map::new();
        let place = SweepPart { id: "sweep-w_1_ab".to_owned(), cell: 1, of: 2, values };
        report["sweep"] = serde_json::to_value(place).expect("a place is JSON");
        report["catch_up"] = read(&crate::report::catch_up::made())["catch_up"].clone();
        let two = read(&Made::two_streams());
        report["streams"] = two["streams"].clone();
        report["intervals"][0]["streams"] = two["intervals"][0]["streams"].clone();
        report["tasks"][0]["stream"] = two["tasks"][0]["stream"].clone();
        let mut list = String::new();
        fields("$", &report, &mut list);
        fixture::golden("result-fields.txt", &list);
    }

    #[test]
    fn an_hour_takes_less_than_10_mib_and_each_second_a_line() {
        let mut report = fixture::report(&Made::troubled());
        let seconds = report.intervals.iter();
        let full = seconds.max_by_key(|of| serde_json::to_vec(of).map(|text| text.len()).ok());
        let full = full.expect("there are seconds").clone();
        assert!(full.client.is_some() && full.host.cpu.cpu_cores.is_some(), "all is known of it");
        let second = |t_s: u32| Interval { t_s, ..full.clone() };
        report.intervals = (0..3_600).map(second).collect();
        let text = String::from_utf8(json(&report)).expect("JSON is UTF-8");
        assert!(text.len() < 10 << 20, "{} bytes", text.len());
        let lines = text.lines().filter(|line| line.starts_with("    {\"t_s\":"));
        assert_eq!(lines.count(), 3_600, "one for each");
    }

    #[test]
    fn the_file_ends_with_a_line_end_and_begins_with_its_version() {
        let bytes = json(&fixture::report(&Made::clean()));
        let text = String::from_utf8(bytes).expect("JSON is UTF-8");
        assert!(text.starts_with("{\n  \"schema\": \"kdyno.result/1\",\n"), "{}", &text[..80]);
        assert!(text.ends_with("}\n"), "a text file");
        assert!(!text.contains("NaN") && !text.contains("inf"), "numbers or null");
    }
}
