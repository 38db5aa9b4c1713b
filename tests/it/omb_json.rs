//! OMB's own result beside ours: `omb.json` says in OMB's words what `result.json` says.

use crate::cli::{Kdyno, Ran, closed, number, read_json, workload};
use serde_json::{Value, json};

/// The `omb.json` of the only run.
fn omb(ran: &Ran) -> Value {
    read_json(&ran.run_directories()[0].join("omb.json"))
}

/// What the seconds that began before so many had passed have in sum.
fn before(result: &Value, seconds: u64, what: &str) -> f64 {
    let intervals = result["intervals"].as_array().expect("a list").iter();
    let early = intervals.filter(|of| of["t_s"].as_u64().is_some_and(|at| at < seconds));
    early.map(|of| number(of, &format!("/{what}"))).sum()
}

#[test]
fn omb_json_says_what_the_result_says() {
    let ran = Kdyno::new(&["run", "w.yaml", "--duration", "2s"])
        .with_file("w.yaml", &workload("in OMB's words", 2_000, "1m"))
        .run();
    // Exit 11: a crowded host was late, and the run says so; every count is exact all the same.
    assert!(matches!(ran.code, 0 | 11), "exit {}: {}{}", ran.code, ran.stdout, ran.stderr);
    let (result, omb) = (ran.result(), omb(&ran));
    let fields = omb.as_object().expect("an object");
    assert_eq!(fields.len(), 62, "its reader refuses one more: {:?}", fields.keys());
    for (key, expected) in [
        ("workload", json!("in OMB's words")),
        ("driver", result["driver"]["name"].clone()),
        ("messageSize", json!(100)),
        ("topics", json!(1)),
        ("partitions", json!(4)),
        ("producersPerTopic", json!(1)),
        ("consumersPerTopic", json!(1)),
    ] {
        assert_eq!(omb[key], expected, "{key}");
    }
    for (span, key) in
        [("service", "aggregatedPublishLatency"), ("transit", "aggregatedEndToEndLatency")]
    {
        for (ours, end) in [("p50_us", "50pct"), ("p99_us", "99pct"), ("max_us", "Max")] {
            let micros = number(&result, &format!("/latency/{span}/{ours}"));
            let millis = number(&omb, &format!("/{key}{end}"));
            let is_same = (millis * 1_000.0 - micros).abs() <= micros / 1_000.0;
            assert!(is_same, "{key}{end}: {millis} ms, {span}.{ours}: {micros} µs");
        }
        let reached =
            omb[&format!("{key}Quantiles")].as_object().and_then(|map| map.iter().next_back());
        let longest = omb[&format!("{key}Max")].clone();
        assert_eq!(
            reached,
            Some((&"100.0".to_owned(), &longest)),
            "{key}: the last is the longest"
        );
    }
    let delay = number(&result, "/latency/send_delay/p99_us").floor();
    let theirs = &omb["aggregatedPublishDelayLatency99pct"];
    assert!(theirs.is_u64() && theirs.as_f64() == Some(delay), "{theirs}, {delay} µs");
    for (key, field) in [("publishRate", "acked"), ("consumeRate", "consumed")] {
        let rates = omb[key].as_array().expect("a list");
        assert_eq!(rates.len(), 1, "{key}: one period, as short as the run: {rates:?}");
        let (counted, rate) = (before(&result, 2, field), number(&omb, &format!("/{key}/0")));
        assert!((rate * 2.0 - counted).abs() < 0.01, "{key}: {rate}/s, {counted} in 2 s");
        // What came in the drain is in no period, and in the totals.
        let all = number(&result, &format!("/{field}/messages"));
        let in_all = before(&result, u64::MAX, field);
        assert!((in_all - all).abs() < 0.5, "{key}: {in_all} in all seconds, {all} in all");
        assert!(counted <= all && 0.0 < counted, "{key}: {counted} of {all}");
    }
    assert_eq!(omb["publishErrorRate"], json!([0.0]), "none failed");
}

#[test]
fn a_closed_loop_has_no_publish_delay_and_a_run_that_failed_has_nothing() {
    let ran = Kdyno::new(&["run", "w.yaml", "--in-flight", "100"])
        .with_file("w.yaml", &closed("closed", "1s"))
        .run();
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let said = omb(&ran);
    assert_eq!(said["aggregatedPublishDelayLatencyQuantiles"], json!({}), "nothing is due");
    assert_eq!(said["publishDelayLatencyMax"], json!([0]), "nothing is due");
    assert!(0.0 < number(&said, "/publishLatencyMax/0"), "from the real send");
    let failed = Kdyno::new(&["run", "w.yaml", "--bootstrap-server", "127.0.0.1:1"])
        .with_file("w.yaml", &workload("nobody there", 100, "1s"))
        .run();
    assert_eq!(failed.code, 1, "{}{}", failed.stdout, failed.stderr);
    let nothing = omb(&failed);
    assert_eq!(
        (&nothing["publishRate"], &nothing["backlog"]),
        (&json!([0.0]), &json!([0])),
        "nothing"
    );
}
