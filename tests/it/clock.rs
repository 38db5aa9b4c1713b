//! The clock of a run: which one is read, and what the result says about it.

use crate::cli::{Kdyno, alone, findings, number, workload};
use engine::time::KERNEL_CLOCK_SOURCE;
use serde_json::Value;

/// Whether the kernel itself keeps time by the counter, as far as a test can say.
fn kernel_trusts_the_counter() -> bool {
    cfg!(target_arch = "x86_64")
        && std::fs::read_to_string(KERNEL_CLOCK_SOURCE).is_ok_and(|text| text.trim() == "tsc")
}

#[test]
fn the_kernels_clock_can_be_asked_for_and_is_in_the_result() {
    let _turn = alone();
    let ran = Kdyno::new(&["run", "w.yaml", "--clock", "os"])
        .with_file("w.yaml", &workload("by os", 100, "1s"))
        .run();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("clock: os"), "told before the run: {}", ran.stderr);
    let clock = &ran.result()["engine"]["clock"];
    assert_eq!(clock["source"], "os", "{clock:#}");
    assert_eq!(clock["drift_ppm"], Value::Null, "not examined is not zero: {clock:#}");
    assert_eq!(clock["drift_error_ppm"], Value::Null, "{clock:#}");
}

#[test]
fn the_counter_is_read_where_the_kernel_keeps_time_by_it_and_its_drift_is_in_the_result() {
    let _turn = alone();
    let ran = Kdyno::new(&["run", "w.yaml", "--clock", "tsc"])
        .with_file("w.yaml", &workload("by tsc", 100, "1s"))
        .run();
    if !kernel_trusts_the_counter() {
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains("--clock: got tsc, but "), "{}", ran.stderr);
        assert!(ran.stderr.contains("use --clock os"), "what to do: {}", ran.stderr);
        assert_eq!(ran.files(), ["w.yaml"], "nothing is created");
        return;
    }
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let result = ran.result();
    assert_eq!(result["engine"]["clock"]["source"], "tsc", "{result:#}");
    let drift = number(&result, "/engine/clock/drift_ppm");
    let error = number(&result, "/engine/clock/drift_error_ppm");
    assert!(drift.abs() < 500.0, "as far as a time server moves the kernel's clock: {drift}");
    assert!((0.0..100.0).contains(&error), "a second is long enough to tell: {error}");
    let is_told = findings(&result).contains(&"clock_drift".to_owned());
    assert_eq!(is_told, 10.0 < drift.abs() - error, "{drift} ± {error}: {result:#}");
}

#[test]
fn a_dry_run_shows_the_clock_that_would_be_read() {
    let free = if kernel_trusts_the_counter() { "tsc" } else { "os" };
    let show = |words: &[&str]| {
        let ran = Kdyno::new(&["run", "w.yaml", "--dry-run"])
            .and(words)
            .with_file("w.yaml", &workload("dry", 100, "1s"))
            .run();
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.stdout
    };
    let check = |words: &[&str], clock: &str| {
        let plan = show(words);
        assert!(plan.contains(&format!("clock: {clock}, ")), "{plan}");
    };
    check(&[], free);
    check(&["--clock", "os"], "os");
    let document: Value =
        serde_json::from_str(&show(&["--format", "json"])).expect("one JSON document");
    assert_eq!(document["clock"], free, "{document:#}");
}

#[test]
fn a_clock_that_does_not_exist_is_refused_with_those_that_do() {
    let ran = Kdyno::new(&["run", "w.yaml", "--clock", "sun"])
        .with_file("w.yaml", &workload("sun", 100, "1s"))
        .run();
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("'sun'") && ran.stderr.contains("os, tsc"), "{}", ran.stderr);
    assert_eq!(ran.files(), ["w.yaml"], "nothing is created");
}
