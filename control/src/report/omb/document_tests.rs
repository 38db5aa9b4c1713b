//! The keys, their types and their units.

use super::document::omb;
use super::periods::{Period, Periods};
use crate::report::Report;
use crate::report::fixture::{self, Made};
use crate::report::fixture_run::{MEASURED, interval, receive, send};
use crate::report::latency::Block;
use engine::error::RunError;
use engine::measure::Tally;
use engine::plan::Pace;
use engine::run::Ending;
use serde_json::{Map, Value, json};

/// OMB's keys in its order, and what each holds: text, count, float, a list or a map of these.
const KEYS: &str = "
workload text
driver text
messageSize count
topics count
partitions count
producersPerTopic count
consumersPerTopic count
publishRate floats
publishErrorRate floats
consumeRate floats
backlog counts
publishLatencyAvg floats
publishLatency50pct floats
publishLatency75pct floats
publishLatency95pct floats
publishLatency99pct floats
publishLatency999pct floats
publishLatency9999pct floats
publishLatencyMax floats
publishDelayLatencyAvg floats
publishDelayLatency50pct counts
publishDelayLatency75pct counts
publishDelayLatency95pct counts
publishDelayLatency99pct counts
publishDelayLatency999pct counts
publishDelayLatency9999pct counts
publishDelayLatencyMax counts
aggregatedPublishLatencyAvg float
aggregatedPublishLatency50pct float
aggregatedPublishLatency75pct float
aggregatedPublishLatency95pct float
aggregatedPublishLatency99pct float
aggregatedPublishLatency999pct float
aggregatedPublishLatency9999pct float
aggregatedPublishLatencyMax float
aggregatedPublishDelayLatencyAvg float
aggregatedPublishDelayLatency50pct count
aggregatedPublishDelayLatency75pct count
aggregatedPublishDelayLatency95pct count
aggregatedPublishDelayLatency99pct count
aggregatedPublishDelayLatency999pct count
aggregatedPublishDelayLatency9999pct count
aggregatedPublishDelayLatencyMax count
aggregatedPublishLatencyQuantiles map-of-floats
aggregatedPublishDelayLatencyQuantiles map-of-counts
endToEndLatencyAvg floats
endToEndLatency50pct floats
endToEndLatency75pct floats
endToEndLatency95pct floats
endToEndLatency99pct floats
endToEndLatency999pct floats
endToEndLatency9999pct floats
endToEndLatencyMax floats
aggregatedEndToEndLatencyQuantiles map-of-floats
aggregatedEndToEndLatencyAvg float
aggregatedEndToEndLatency50pct float
aggregatedEndToEndLatency75pct float
aggregatedEndToEndLatency95pct float
aggregatedEndToEndLatency99pct float
aggregatedEndToEndLatency999pct float
aggregatedEndToEndLatency9999pct float
aggregatedEndToEndLatencyMax float";

/// The report of a run, with the periods that its seconds make: each sends and reads 20,000.
fn report(made: &Made) -> Report {
    let demand = &made.plan.demand;
    let mut periods = Periods::new(demand);
    for second in 0..11 {
        let mut tally = Tally::new(demand);
        send(&mut tally.streams[0].measured, MEASURED, 20_000);
        receive(&mut tally.streams[0].measured, MEASURED, 20_000);
        periods.add(&interval(second, &made.plan), &tally);
    }
    Report { periods: periods.of(&made.outcome), ..fixture::report(made) }
}

fn read(report: &Report) -> Map<String, Value> {
    serde_json::from_slice(&omb(report)).expect("JSON")
}

fn is_of_kind(value: &Value, kind: &str, periods: usize) -> bool {
    let all = |is: fn(&Value) -> bool| {
        value.as_array().is_some_and(|list| list.len() == periods && list.iter().all(is))
    };
    let map = |is: fn(&Value) -> bool| value.as_object().is_some_and(|map| map.values().all(is));
    match kind {
        "text" => value.is_string(),
        "count" => value.is_u64(),
        "float" => value.is_f64(),
        "counts" => all(Value::is_u64),
        "floats" => all(Value::is_f64),
        "map-of-counts" => map(Value::is_u64),
        "map-of-floats" => map(Value::is_f64),
        _ => false,
    }
}

/// A run that failed before it began.
fn failed() -> Made {
    let mut made = Made::clean();
    made.outcome.start = None;
    made.outcome.ending = Ending::Failed(RunError::Refused("no".to_owned()));
    made.outcome.tally = Tally::new(&made.plan.demand);
    made.outcome.lanes.clear();
    made.outcome.intervals.clear();
    made
}

fn closed() -> Made {
    let mut made = Made::clean();
    made.plan.demand.streams[0].pace = Pace::Max { in_flight: None };
    made
}

#[test]
fn there_are_ombs_62_keys_in_its_order_of_its_types_and_nothing_else() {
    let keys: Vec<(&str, &str)> = KEYS.lines().filter_map(|line| line.split_once(' ')).collect();
    assert_eq!(keys.len(), 62, "as OMB has");
    let check = |what: &str, report: &Report, periods: usize| {
        let read = read(report);
        let names: Vec<&str> = read.keys().map(String::as_str).collect();
        let expected: Vec<&str> = keys.iter().map(|(key, _)| *key).collect();
        assert_eq!(names, expected, "{what}");
        for (key, kind) in &keys {
            assert!(is_of_kind(&read[*key], kind, periods), "{what}: {key} {kind}: {}", read[*key]);
        }
    };
    check("clean", &report(&Made::clean()), 1);
    check("troubled", &report(&Made::troubled()), 1);
    check("of a fleet", &report(&Made::fleet()), 1);
    check("closed", &report(&closed()), 1);
    check("failed", &report(&failed()), 1);
    // One that was read from a file knows no periods.
    check("read", &fixture::report(&Made::clean()), 1);
    check("searched", &fixture::report(&crate::report::search::made()), 1);
    check("with a backlog", &fixture::report(&crate::report::backlog::made()), 1);
    let periods = vec![Period::default(); 3];
    check("long", &Report { periods, ..fixture::report(&Made::clean()) }, 3);
}

#[test]
fn a_run_that_failed_before_it_began_is_all_zeros() {
    let read = read(&report(&failed()));
    for (key, value) in read.iter().skip(7) {
        let is_nothing = match value {
            Value::Array(list) => list.iter().all(|of| of.as_f64() == Some(0.0)),
            Value::Object(map) => map.is_empty(),
            other => other.as_f64() == Some(0.0),
        };
        assert!(is_nothing, "{key}: {value}");
    }
}

#[test]
fn a_closed_loop_has_a_publish_latency_and_no_delay() {
    let read = read(&report(&closed()));
    for (key, value) in read.iter().filter(|(key, _)| key.contains("DelayLatency")) {
        let nothing = [json!([0]), json!([0.0]), json!(0), json!(0.0), json!({})];
        assert!(nothing.contains(value), "{key}: {value}");
    }
    assert_eq!(read["aggregatedPublishLatencyMax"], json!(2.998), "from the real send");
    assert_eq!(read["publishLatencyMax"], json!([2.998]), "in the period too");
}

#[test]
fn it_says_in_ombs_units_what_the_result_says() {
    let report = report(&Made::clean());
    let read = read(&report);
    let blocks = &report.latency;
    let same = |key: &str, block: Option<&Block>| {
        let block = block.expect("there is one");
        for (end, micros) in [
            ("Avg", block.mean_us),
            ("50pct", block.p50_us),
            ("75pct", block.p75_us),
            ("95pct", block.p95_us),
            ("99pct", block.p99_us),
            ("999pct", block.p99_9_us),
            ("9999pct", block.p99_99_us),
            ("Max", block.max_us),
        ] {
            let millis = read[&format!("{key}{end}")].as_f64().expect("a float");
            let micros = micros.expect("something was recorded");
            assert!((millis * 1_000.0 - micros).abs() < 1e-3, "{key}{end}: {millis} ms");
        }
    };
    same("aggregatedPublishLatency", blocks.service.as_ref());
    same("aggregatedEndToEndLatency", blocks.transit.as_ref());
    // Delays are 0 to 9.9 µs, each as often as the others.
    assert_eq!(read["aggregatedPublishDelayLatencyAvg"], json!(4.95), "a mean has decimals");
    assert_eq!(read["aggregatedPublishDelayLatency50pct"], json!(4), "4.9 µs, whole ones");
    assert_eq!(read["aggregatedPublishDelayLatencyMax"], json!(9), "9.9 µs");
    let ends = |key: &str| read[key].as_object().and_then(|map| map.iter().next_back());
    let last = "100.0".to_owned();
    let longest = json!(9);
    let expected = Some((&last, &longest));
    assert_eq!(ends("aggregatedPublishDelayLatencyQuantiles"), expected, "whole ones too");
    // 20,000/s to two subscriptions.
    assert_eq!(read["publishRate"], json!([20_000.0]), "acked per second");
    assert_eq!(read["consumeRate"], json!([40_000.0]), "by all subscriptions");
    assert_eq!(read["publishErrorRate"], json!([0.0]), "none failed");
}

#[test]
fn the_workload_comes_first_and_the_plan_where_it_is_silent() {
    let mut report = fixture::report(&Made::clean());
    let shape = |of: &Report| -> Vec<Value> {
        read(of).into_iter().map(|(_, value)| value).take(7).collect()
    };
    let expected =
        [json!("made up"), json!("kafka"), json!(100), json!(2), json!(2), json!(1), json!(2)];
    assert_eq!(shape(&report), expected, "two topics of two partitions, two consumers each");
    report.workload = json!({
        "messageSize": 7, "topics": 3, "partitionsPerTopic": 5, "producersPerTopic": 11,
        "consumerPerSubscription": 13,
    });
    let copied =
        [json!("made up"), json!("kafka"), json!(7), json!(3), json!(5), json!(11), json!(13)];
    assert_eq!(shape(&report), copied, "copied");
}

/// A line of quantiles by its first and last entries.
fn abridged(line: &str) -> String {
    let Some((key, map)) = line.split_once(": {\"") else { return line.to_owned() };
    let entries: Vec<&str> = map.split(',').filter(|entry| !entry.is_empty()).collect();
    let (first, rest) = entries.split_at(2.min(entries.len()));
    let (middle, last) = rest.split_at(rest.len().saturating_sub(2));
    format!("{key}: {{\"{} … {} more … {}", first.join(","), middle.len(), last.join(","))
}

#[test]
fn a_clean_run_reads_as_ever() {
    let text = String::from_utf8(omb(&report(&Made::clean()))).expect("JSON is UTF-8");
    let lines: Vec<String> = text.lines().map(abridged).collect();
    fixture::golden("omb.txt", &(lines.join("\n") + "\n"));
}
