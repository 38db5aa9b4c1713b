//! Each exit code of a run, reached by a scripted fault:
//!
//! | code | meaning | reached by |
//! |---|---|---|
//! | 0 | valid | `what_holds_leaves_the_run_valid_and_is_told` |
//! | 1 | not finished as planned | `a_broker_that_is_not_there_is_named_within_15_s` |
//! | 2 | usage or configuration | `every_nonsense_flag_is_refused_and_nothing_is_created` |
//! | 10 | assertion failed | `what_does_not_hold_or_is_not_known_fails_the_run_in_every_format` |
//! | 11 | client-limited | `a_process_that_was_stopped_is_limited_by_the_client` |
//! | 12 | target not reached | `errors_cost_exit_12_above_one_in_a_thousand_and_below_it_a_finding` |
//! | 13 | verification failed | `what_a_broker_forgot_before_it_was_read_fails_the_verification` |
//! | 14 | a worker was lost | `the_share_of_a_worker_that_dies_goes_to_the_others` |
//! | 15 | timed out | `consumers_that_get_nothing_for_30_s_time_the_run_out` |
//! | 130 | interrupted | `ctrl_c_in_the_measured_phase_keeps_what_was_measured` |
//!
//! Which is told where several apply:
//! `of_several_codes_the_one_that_explains_the_others_is_told` and
//! `an_assertion_that_fails_is_told_and_yields_to_a_graver_exit_code`.

use crate::cli::{Kdyno, Ran, alone, beside_others, findings, number, workload};
use engine::kafka::embedded::MockBroker;
use kdyno_tests::tidy::{read, sources, tests_named};

/// A run on a broker that answers a fetch which finds nothing only after so long: the first fetch of
/// each partition comes before the first message.
fn run(load: &str, fetch_wait_ms: u32) -> Ran {
    let broker = MockBroker::start(1).expect("the broker starts");
    broker.create_topic("ended", 4).expect("the topic is made");
    let driver = format!(
        "name: mock\ndriverClass: kafka\ncommonConfig: |\n  bootstrap.servers={}\n\
         producerConfig: |\n  acks=all\n  linger.ms=1\n\
         consumerConfig: |\n  auto.offset.reset=earliest\n  fetch.wait.max.ms={fetch_wait_ms}\n  \
         socket.timeout.ms=120000\n",
        broker.bootstrap_servers()
    );
    Kdyno::new(&["run", "w.yaml", "--driver", "d.yaml", "--topic", "ended"])
        .with_file("w.yaml", load)
        .with_file("d.yaml", &driver)
        .run()
}

#[test]
fn every_exit_code_names_the_test_that_reaches_it() {
    let own = read("tests/it/exit_codes.rs");
    let lines = own.lines().filter_map(|line| line.strip_prefix("//! "));
    let table: String = lines.map(|line| format!("{line}\n")).collect();
    let missing = tests_named(&table, &sources());
    assert!(missing.is_empty(), "\n{}\n", missing.join("\n"));
    for code in [0, 1, 2, 10, 11, 12, 13, 14, 15, 130] {
        let rows = table.lines().filter(|line| line.starts_with(&format!("| {code} |"))).count();
        assert_eq!(rows, 1, "exit code {code} has a row");
    }
}

#[test]
fn what_a_broker_forgot_before_it_was_read_fails_the_verification() {
    let _alone = alone();
    // 15 MB for each partition, of which the mock broker keeps 5 MiB.
    let load = workload("forgotten", 15_000, "4s").replace("Size: 100", "Size: 1000");
    let ran = run(&load, 6_000);
    assert_eq!(ran.code, 13, "{}{}", ran.stdout, ran.stderr);
    let result = ran.result();
    assert!(findings(&result).contains(&"lost".to_owned()), "{:#}", result["verdict"]);
    let count = |path: &str| number(&result, path);
    let (acked, lost) = (count("/acked/messages"), count("/verification/lost"));
    assert!(20_000.0 < lost, "most of it: {lost}");
    assert!((acked - lost - count("/verification/received")).abs() < 0.5, "all accounted for");
}

#[test]
fn consumers_that_get_nothing_for_30_s_time_the_run_out() {
    let _room = beside_others();
    let ran = run(&workload("silent", 100, "2s"), 60_000);
    assert_eq!(ran.code, 15, "{}{}", ran.stdout, ran.stderr);
    let result = ran.result();
    let found = findings(&result);
    assert!(found.contains(&"not_drained".to_owned()), "{found:?}");
    assert_eq!(result["acked"]["messages"], 200, "the broker has them");
    assert_eq!(result["verification"]["lost"], 0, "unread is not lost");
    assert_eq!(result["verification"]["outstanding"], 200, "but outstanding");
}
