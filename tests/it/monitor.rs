//! The system monitor as a user meets it: in the result, in the summary, and off.

use crate::cli::{Kdyno, Ran, alone, closed, number, workload};
use serde_json::Value;

/// The figures of a second.
const FIGURES: [&str; 12] = [
    "cpu_cores",
    "process_cpu_cores",
    "host_memory_bytes",
    "resident_bytes",
    "network_received_bytes_per_second",
    "network_sent_bytes_per_second",
    "loopback_received_bytes_per_second",
    "loopback_sent_bytes_per_second",
    "disk_read_bytes_per_second",
    "disk_written_bytes_per_second",
    "process_disk_read_bytes_per_second",
    "process_disk_written_bytes_per_second",
];

/// A run of half a second on the loopback, with these words and a benchmark file.
fn quick(words: &[&str], benchmark: &str) -> Ran {
    let ran = Kdyno::new(&["run", "w.yaml", "--driver", "d.yaml", "--config", "b.yaml"])
        .and(words)
        .with_file("w.yaml", &closed("watched", "500ms"))
        .with_file("d.yaml", "name: l\ndriverClass: loopback\n")
        .with_file("b.yaml", benchmark)
        .run();
    assert_eq!(ran.code, 0, "{words:?}, {benchmark}: {}{}", ran.stdout, ran.stderr);
    ran
}

#[test]
fn what_the_system_did_is_in_the_result_by_phase_and_by_second_and_costs_no_message() {
    let _alone = alone();
    let ran = Kdyno::new(&["run", "w.yaml", "--monitor", "250ms", "--warmup", "1s"])
        .with_file("w.yaml", &workload("watched", 1_000, "3s"))
        .run();
    // Exit 11: a crowded host was late, and the run says so.
    assert!(matches!(ran.code, 0 | 11), "exit {}: {}{}", ran.code, ran.stdout, ran.stderr);
    let result = ran.result();
    for count in ["/produced/due", "/acked/messages", "/consumed/messages"] {
        assert_eq!(result.pointer(count), Some(&Value::from(3_000)), "{count}");
    }
    let hosts = result["system"].as_array().expect("a list");
    assert_eq!(hosts.len(), 1, "this host: {hosts:#?}");
    let host = &hosts[0];
    assert_eq!(host["period_s"], 0.25, "{host:#}");
    let samples = number(host, "/samples");
    // Twelve periods in the phase; a crowded host may have missed some, the warm-up adds none.
    assert!((2.0..=13.0).contains(&samples), "of the measured phase: {host:#}");
    for part in ["cpu/cpu_cores", "cpu/process_cpu_cores", "memory/resident_bytes"] {
        let of = |name: &str| number(host, &format!("/{part}/{name}"));
        let (min, avg, p95, max) = (of("min"), of("avg"), of("p95"), of("max"));
        assert!(min <= avg && avg <= p95 && p95 <= max, "{part}: {host:#}");
        assert!(0.0 < max, "{part}: something was used: {host:#}");
    }
    let cores = host["cpu"]["lane_cores"].as_array().expect("a list").len();
    assert!(0 < cores, "lanes have cores: {host:#}");
    let names = &host["cpu"]["lane_cores"][0]["lanes"];
    assert!(names.as_array().is_some_and(|lanes| !lanes.is_empty()), "by name: {host:#}");
    for second in ["/intervals/0", "/intervals/1", "/intervals/2"] {
        for figure in ["process_cpu_cores", "host_memory_bytes", "resident_bytes"] {
            assert!(0.0 < number(&result, &format!("{second}/{figure}")), "{second}: {figure}");
        }
        let lanes = result.pointer(second).and_then(|of| of["lane_cpu_cores"].as_array());
        assert_eq!(lanes.map(Vec::len), Some(cores), "{second}: in their order");
    }
    let used = number(host, "/cpu/process_cpu_cores/avg") * 3.0;
    let whole = number(&result, "/engine/cpu_seconds");
    assert!(used <= whole * 1.1 + 0.1, "part of what the run used: {used} of {whole} s");
    assert!(ran.stdout.contains("\ncpu of kdyno "), "in the summary: {}", ran.stdout);
}

#[test]
fn every_figure_has_its_place_in_every_second_and_a_short_run_has_one_sample() {
    let result = quick(&["--monitor", "1h"], "name: b\n").result();
    assert_eq!(result["system"][0]["samples"], 1, "of the phase as a whole: {result:#}");
    let second = result["intervals"][0].as_object().expect("a second");
    for figure in FIGURES {
        assert!(second.contains_key(figure), "{figure} in {second:#?}");
    }
    assert!(second["resident_bytes"].is_number(), "sampled: {second:#?}");
}

#[test]
fn off_is_null_by_flag_or_file_and_the_flag_wins() {
    let check = |words: &[&str], benchmark: &str, period: Option<f64>| {
        let ran = quick(words, benchmark);
        let result = ran.result();
        let got = result.pointer("/system/0/period_s").and_then(Value::as_f64);
        assert_eq!(got, period, "{words:?}, {benchmark}: {:#}", result["system"]);
        assert_eq!(result["system"].is_null(), period.is_none(), "{words:?}, {benchmark}");
        assert_eq!(ran.stdout.contains("cpu of kdyno"), period.is_some(), "{}", ran.stdout);
        if period.is_none() {
            let second = &result["intervals"][0];
            let told = FIGURES.iter().filter(|figure| !second[**figure].is_null());
            assert_eq!(told.count(), 0, "not examined is not zero: {second:#}");
        }
    };
    check(&[], "name: b\n", Some(1.0));
    check(&["--monitor", "off"], "name: b\n", None);
    check(&[], "enableMonitoring: false\n", None);
    check(&[], "monitoring_enabled: true\nmonitor_interval: 200ms\n", Some(0.2));
    check(&["--monitor", "500ms"], "enableMonitoring: false\nmonitorInterval: 5s\n", Some(0.5));
    check(&["--monitor", "off"], "enableMonitoring: true\nmonitorInterval: 5s\n", None);
}
