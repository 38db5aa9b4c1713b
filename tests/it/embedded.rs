//! The first command of the README and what it promises, on the embedded broker.

use crate::cli::{Kdyno, number, workload};
use std::path::Path;

#[test]
fn the_first_command_needs_nothing_installed_and_loses_nothing() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../workloads/quick-test.yaml");
    let file = file.to_str().expect("the repository's path is text");
    let ran = Kdyno::new(&["run", file, "--duration", "3s", "--warmup", "1s"]).run();
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let result = ran.result();
    assert_eq!(result["verdict"]["valid"], true, "{result:#}");
    assert_eq!(result["verification"]["lost"], 0, "lost");
    assert_eq!(result["acked"]["messages"], 30_000, "acked");
    let first_ack = number(&result, "/startup/first_ack_ms") + number(&result, "/startup/ready_ms");
    assert!(first_ack < 5_000.0, "generous here, measured by scripts: {first_ack} ms");
    let last = ran.stdout.trim_end().lines().last().unwrap_or_default();
    assert!(
        last.starts_with("results: results/quick-test_"),
        "the last line names the directory: {last}"
    );
    assert!(ran.stderr.contains("embedded broker"), "says what it is: {}", ran.stderr);
}

#[test]
fn json_on_stdout_is_the_file_and_nothing_else() {
    let ran = Kdyno::new(&["run", "w.yaml", "--format", "json"])
        .with_file("w.yaml", &workload("json", 1_000, "1s"))
        .run();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let printed: serde_json::Value = serde_json::from_str(&ran.stdout).expect("one JSON document");
    assert_eq!(printed, ran.result(), "the same document");
}
