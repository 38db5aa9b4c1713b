//! Hiccups as a user sees them: measured, or left out and said to be.

use crate::cli::{Kdyno, alone, number, workload};
use serde_json::Value;

#[test]
fn hiccups_are_measured_and_where_they_are_off_nothing_is_made_up() {
    let _alone = alone();
    let part = "the client's part in the tail of publish latency: ";
    let run = |words: &[&str]| {
        let file = workload("away", 1_000, "2s");
        let ran = Kdyno::new(&["run", "w.yaml"]).and(words).with_file("w.yaml", &file).run();
        assert!(matches!(ran.code, 0 | 11), "exit {}: {}{}", ran.code, ran.stdout, ran.stderr);
        let told = ran.stdout.lines().find_map(|line| line.strip_prefix(part)).map(str::to_owned);
        (ran.result(), told.expect("it is in the summary"))
    };
    let (on, told) = run(&[]);
    assert!(0.0 < number(&on, "/engine/hiccup/count"), "{:#}", on["engine"]);
    assert!(told.starts_with("p99 "), "{told}");
    assert_eq!(on["workload"]["hiccups"], true, "by itself");

    let (off, said) = run(&["--set", "hiccups=false"]);
    assert_eq!(off["engine"]["hiccup"], Value::Null, "not measured");
    assert_eq!(off["engine"]["tail"][0]["explained_by_client"], "unknown", "{:#}", off["engine"]);
    assert_eq!(off["engine"]["tail"][0]["client_share"], Value::Null, "{:#}", off["engine"]);
    assert_eq!(off["intervals"][0]["hiccup_max_us"], Value::Null, "in no second either");
    assert_eq!(said, "unknown, hiccups were not measured", "and said");
    assert_eq!(off["workload"]["hiccups"], false, "as it was asked");
}
