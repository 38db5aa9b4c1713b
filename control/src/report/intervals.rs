//! `intervals.csv`: one row a second, its columns named as in `intervals` of the result, with their units.
//!
//! A run writes rows while it goes on, with what is known then: what hosts and clients said of a second
//! comes at the end, when the file is written again.

use super::Report;
use super::interval::Interval;
use engine::plan::Demand;
use engine::run::Interval as Second;
use serde_json::Value;

/// Its name in a run's directory.
pub(crate) const FILE: &str = "intervals.csv";

/// What lanes counted in a second, then what the monitor saw.
const COLUMNS: &[&str] = &[
    "t_s",
    "asked",
    "produced",
    "acked",
    "consumed",
    "errors",
    "backlog",
    "lanes_missing",
    "publish_p50_us",
    "publish_p99_us",
    "publish_max_us",
    "service_p50_us",
    "service_p99_us",
    "service_max_us",
    "end_to_end_p50_us",
    "end_to_end_p99_us",
    "end_to_end_max_us",
    "transit_p50_us",
    "transit_p99_us",
    "transit_max_us",
    "send_delay_p99_us",
    "hiccup_max_us",
    "cpu_cores",
    "process_cpu_cores",
    "lane_cpu_cores",
    "host_memory_bytes",
    "resident_bytes",
    "network_received_bytes_per_second",
    "network_sent_bytes_per_second",
    "loopback_received_bytes_per_second",
    "loopback_sent_bytes_per_second",
    "card_share",
    "tcp_busy_share",
    "tcp_receiver_limited_share",
    "tcp_buffer_limited_share",
    "tcp_unsent_bytes",
    "tcp_resent_bytes_per_second",
    "disk_read_bytes_per_second",
    "disk_written_bytes_per_second",
    "process_disk_read_bytes_per_second",
    "process_disk_written_bytes_per_second",
];

/// What the clients of each role said of a second.
const CLIENT_COLUMNS: &[&str] = &[
    "samples",
    "requests",
    "bytes_sent",
    "bytes_received",
    "retries",
    "messages_resent",
    "timeouts",
    "errors",
    "connects",
    "disconnects",
    "batch_messages_mean",
    "batch_messages_max",
    "batch_bytes_mean",
    "batch_bytes_max",
    "queue_wait_mean_us",
    "queue_wait_max_us",
    "transmit_wait_mean_us",
    "transmit_wait_max_us",
    "round_trip_mean_us",
    "round_trip_min_us",
    "round_trip_max_us",
    "throttled",
    "throttle_mean_ms",
    "throttle_max_ms",
    "in_flight_max",
    "in_flight_allowed",
    "looks",
    "looks_at_cap",
    "requests_waiting_max",
    "messages_held_max",
];
const ROLES: [&str; 2] = ["producers", "consumers"];

/// Of each of several streams, named `stream_NAME_acked`.
const STREAM_COLUMNS: &[&str] = &[
    "produced",
    "acked",
    "consumed",
    "errors",
    "publish_p50_us",
    "publish_p99_us",
    "publish_max_us",
    "service_p50_us",
    "service_p99_us",
    "service_max_us",
    "end_to_end_p50_us",
    "end_to_end_p99_us",
    "end_to_end_max_us",
    "transit_p50_us",
    "transit_p99_us",
    "transit_max_us",
    "send_delay_p99_us",
];

/// All seconds of a report.
#[must_use]
pub(crate) fn intervals(report: &Report) -> Vec<u8> {
    let names: Vec<&str> = report.streams.iter().map(|stream| stream.name.as_str()).collect();
    let rows = report.intervals.iter().map(|interval| row(interval, names.len()));
    std::iter::once(head(&names)).chain(rows).collect::<String>().into_bytes()
}

/// The first line, of a run of several streams of these names.
pub(crate) fn head(streams: &[&str]) -> String {
    let client = ROLES.iter().flat_map(|role| {
        CLIENT_COLUMNS.iter().map(move |column| format!("client_{role}_{column}"))
    });
    let of_stream = streams.iter().flat_map(|stream| {
        STREAM_COLUMNS.iter().map(move |column| format!("stream_{stream}_{column}"))
    });
    let own = COLUMNS.iter().map(|column| (*column).to_owned());
    let all: Vec<String> = own.chain(client).chain(of_stream).collect();
    all.join(",") + "\n"
}

/// A second that was just complete, with what is known of it then.
#[derive(Debug)]
pub(crate) struct Row {
    interval: Interval,
    streams: usize,
}

impl Row {
    /// Of a run's second.
    pub(crate) fn of(demand: &Demand, second: &Second) -> Self {
        let streams = Some(demand.streams.len()).filter(|streams| 1 < *streams).unwrap_or(0);
        Self { interval: Interval::live(demand, second), streams }
    }

    /// Its line.
    pub(crate) fn line(&self) -> String {
        row(&self.interval, self.streams)
    }
}

/// A line with the columns of so many streams.
fn row(interval: &Interval, streams: usize) -> String {
    let value = serde_json::to_value(interval).expect("numbers by name are JSON");
    let own = COLUMNS.iter().map(|column| cell(&value[*column]));
    let client = ROLES.iter().flat_map(|role| {
        let side = &value["client"][*role];
        CLIENT_COLUMNS.iter().map(|column| cell(&side[*column]))
    });
    let of_stream = (0..streams).flat_map(|index| {
        let stream = &value["streams"][index];
        STREAM_COLUMNS.iter().map(|column| cell(&stream[*column]))
    });
    own.chain(client).chain(of_stream).collect::<Vec<String>>().join(",") + "\n"
}

/// A number as JSON writes it, the numbers of a list with blanks between them; empty where nothing is known.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Array(list) => list.iter().map(cell).collect::<Vec<String>>().join(" "),
        one => one.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{CLIENT_COLUMNS, COLUMNS, Row, head, intervals};
    use crate::report::fixture::{self, Made};
    use engine::plan::Pace;
    use engine::run::Interval;
    use engine::units::Nanos;
    use serde_json::Value;
    use std::collections::BTreeSet;

    /// The rows of a file by the names of their columns.
    fn rows(text: &str) -> Vec<Vec<(String, String)>> {
        let mut lines = text.lines();
        let names: Vec<&str> = lines.next().expect("a head").split(',').collect();
        let row = |line: &str| {
            let cells: Vec<&str> = line.split(',').collect();
            assert_eq!(cells.len(), names.len(), "a cell for each column: {line}");
            names
                .iter()
                .zip(cells)
                .map(|(name, cell)| ((*name).to_owned(), cell.to_owned()))
                .collect()
        };
        lines.map(row).collect()
    }

    #[test]
    fn every_number_of_every_second_is_in_the_file() {
        for made in [Made::clean(), Made::troubled()] {
            let report = fixture::report(&made);
            let text = String::from_utf8(intervals(&report)).expect("UTF-8");
            let rows = rows(&text);
            assert_eq!(rows.len(), report.intervals.len(), "one row a second");
            assert!(!rows.is_empty(), "there are some");
            for (row, interval) in rows.iter().zip(&report.intervals) {
                let value = serde_json::to_value(interval).expect("JSON");
                let of = |name: &str| {
                    row.iter().find(|(column, _)| column == name).map(|(_, cell)| cell.as_str())
                };
                for (name, field) in value.as_object().expect("fields") {
                    let expected = match field {
                        Value::Object(_) => continue,
                        Value::Array(_) if name == "streams" => continue,
                        Value::Null if name == "client" => continue,
                        other => super::cell(other),
                    };
                    assert_eq!(of(name), Some(expected.as_str()), "{name}");
                }
            }
        }
    }

    #[test]
    fn what_clients_say_has_a_column_for_each_figure() {
        let report = fixture::report(&Made::troubled());
        let said = report.intervals.iter().find_map(|interval| interval.client.as_ref());
        let value = serde_json::to_value(said.expect("clients spoke")).expect("JSON");
        let names: BTreeSet<&str> =
            value["producers"].as_object().expect("fields").keys().map(String::as_str).collect();
        assert_eq!(names, CLIENT_COLUMNS.iter().copied().collect(), "no figure is left out");
        assert_eq!(
            head(&[]).split(',').count(),
            COLUMNS.len() + 2 * CLIENT_COLUMNS.len(),
            "each once"
        );
    }

    #[test]
    fn each_of_several_streams_has_columns_of_its_own() {
        let made = Made::two_streams();
        let report = fixture::report(&made);
        let text = String::from_utf8(intervals(&report)).expect("UTF-8");
        let rows = rows(&text);
        for (row, interval) in rows.iter().zip(&report.intervals) {
            assert_eq!(interval.streams.len(), 2, "each by itself");
            for stream in &interval.streams {
                let value = serde_json::to_value(stream).expect("JSON");
                let fields = value.as_object().expect("fields").iter();
                for (name, field) in fields.filter(|(name, _)| *name != "name") {
                    let column = format!("stream_{}_{name}", stream.name);
                    let cell = row.iter().find(|(of, _)| *of == column).map(|(_, cell)| cell);
                    assert_eq!(cell, Some(&super::cell(field)), "{column}");
                }
            }
        }
        let live = Row::of(&made.plan.demand, &made.outcome.intervals[3]).line();
        let commas = |line: &str| line.matches(',').count();
        assert_eq!(commas(&live), commas(&head(&["main", "side"])), "live as at the end");
        let unknown = Interval { second: 3, ..Interval::default() };
        let unknown = Row::of(&made.plan.demand, &unknown).line();
        assert_eq!(commas(&unknown), commas(&live), "and of a second of which nothing is known");
    }

    #[test]
    fn a_second_that_was_just_complete_leaves_empty_what_is_not_known() {
        let second = Interval { second: 7, acked: 3, ..Interval::default() };
        let second =
            Interval { publish_p50: Nanos(1_500_000), service_p50: Nanos(7_000), ..second };
        let mut demand = fixture::plan().demand;
        let timed = Row::of(&demand, &second).line();
        demand.streams[0].pace = Pace::Max { in_flight: None };
        let untimed = Row::of(&demand, &second).line();
        assert!(timed.starts_with("7,,0,3,0,0,0,,1500.0,0.0,0.0,7.0,"), "{timed}");
        assert!(untimed.starts_with("7,,0,3,0,0,0,,,,,7.0,"), "{untimed}");
        assert_eq!(timed.matches(',').count(), head(&[]).matches(',').count(), "as many cells");
    }
}
