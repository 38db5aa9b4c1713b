//! Without due times: what does not exist is not made up, and the window is a bound.

use crate::cli::{Kdyno, alone, closed, number};
use serde_json::Value;

#[test]
fn a_closed_loop_has_no_due_times_and_says_so() {
    let _alone = alone();
    let ran = Kdyno::new(&["run", "w.yaml", "--in-flight", "100"])
        .with_file("w.yaml", &closed("window", "2s"))
        .run();
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let result = ran.result();
    for span in ["publish", "send_delay", "end_to_end"] {
        assert_eq!(result["latency"][span], Value::Null, "{span} begins at a due time");
    }
    let acked = number(&result, "/acked/messages");
    for span in ["service", "transit"] {
        let count = number(&result, &format!("/latency/{span}/count"));
        assert!((count - acked).abs() < 0.5, "{span}: every message has one: {count}");
    }
    let seconds = result["intervals"].as_array().expect("there are seconds");
    for (span, due) in [("service", "publish"), ("transit", "end_to_end")] {
        let longest = seconds.iter().filter_map(|second| second[format!("{span}_max_us")].as_f64());
        let whole = number(&result, &format!("/latency/{span}/max_us"));
        let longest = longest.fold(0.0, f64::max);
        assert!((longest - whole).abs() < 0.01, "{span}: {longest} in a second, {whole} in all");
        let of_due = |second: &Value| second[format!("{due}_p99_us")].is_null();
        assert!(seconds.iter().all(of_due), "{due} begins at a due time");
    }
    assert_eq!(result["produced"]["due"], Value::Null, "nothing is due");
    let words = "A closed loop has no due times";
    assert!(ran.stdout.contains(words), "the text says why: {}", ran.stdout);
}

#[test]
fn the_window_bounds_what_is_unanswered() {
    let _alone = alone();
    let unanswered = |window: &str| {
        let ran = Kdyno::new(&["run", "w.yaml", "--in-flight", window])
            .with_file("w.yaml", &closed("window", "2s"))
            .run();
        assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
        // Little's law: the mean number under way is throughput times mean time under way.
        let result = ran.result();
        let seconds = number(&result, "/acked/duration_s");
        let mean = number(&result, "/latency/service/mean_us") / 1e6;
        number(&result, "/acked/messages") / seconds * mean
    };
    let (small, large) = (unanswered("100"), unanswered("2000"));
    println!("under way on average: {small:.1} of 100, {large:.1} of 2000");
    assert!(10.0 < small && small <= 101.0, "at most 100, and not far from it: {small}");
    assert!(small < large && large <= 2_020.0, "a larger window holds more: {large}");
}
