//! Where consumers begin: nothing is missed, whatever the files say.

use super::load::{Load, SMALL};
use super::{assert_exact, assert_read, count, has_finding, shared_turn, topics};
use crate::cli::Kdyno;

/// A driver file with these consumer properties.
fn driver(address: &str, consumer: &str) -> String {
    format!(
        "name: Kafka\ndriverClass: kafka\nreplicationFactor: 1\ncommonConfig: |\n  \
         bootstrap.servers={address}\nconsumerConfig: |\n  {consumer}\n"
    )
}

#[test]
fn nothing_is_missed_whatever_the_driver_file_says_about_the_beginning() {
    let Some(turn) = shared_turn() else { return };
    let with_driver = |consumer: &str| {
        Kdyno::new(&["run", "w.yaml", "--driver", "d.yaml"])
            .with_file("d.yaml", &driver(&turn.address, consumer))
    };
    let load = Load { name: "reset", warmup: 0, ..SMALL };
    let check = |kdyno: Kdyno, replaced: bool| {
        let ran = kdyno.with_file("w.yaml", &load.yaml()).run();
        let result = assert_exact(&ran, load.due(), 1);
        assert_eq!(has_finding(&result, "offset_reset_replaced"), replaced, "{result:#}");
    };
    check(with_driver("fetch.min.bytes=1"), false);
    check(with_driver("auto.offset.reset=latest"), true);
    check(Kdyno::new(&["run", "w.yaml", "--bootstrap-server", &turn.address]), false);
}

#[test]
fn old_messages_of_an_existing_topic_are_not_read_when_latest_is_asked_for() {
    let Some(turn) = shared_turn() else { return };
    let load = Load { name: "old data", warmup: 0, ..SMALL };
    let first = Kdyno::new(&["run", "w.yaml", "--bootstrap-server", &turn.address])
        .and(&["--keep-topics"])
        .with_file("w.yaml", &load.yaml())
        .run();
    let old = first.result();
    assert_read(&old, load.due(), 1);
    let test_id = old["test_id"].as_str().expect("a run has an id");
    let topic = format!("benchmark-{test_id}-topic-0");
    let ran = Kdyno::new(&["run", "w.yaml", "--driver", "d.yaml", "--topic", &topic])
        .with_file("w.yaml", &load.yaml())
        .with_file("d.yaml", &driver(&turn.address, "auto.offset.reset=latest"))
        .run();
    let result = assert_exact(&ran, load.due(), 1);
    assert!(!has_finding(&result, "offset_reset_replaced"), "kept: {result:#}");
    assert_eq!(count(&result, "/topics/created"), 0, "an existing topic is not ours");
    assert!(topics(&turn.address).contains(&topic), "it is still there");
    let clean = ["topics", "clean", test_id, "--bootstrap-server", &turn.address];
    assert_eq!(Kdyno::new(&clean).run().code, 0, "cleaned");
}

#[test]
fn who_begins_at_the_end_misses_nothing_when_partitions_change_hands_before_their_first_message() {
    let Some(turn) = shared_turn() else { return };
    let load = |rest: &str| {
        format!(
            "name: latest\ntopics: 1\npartitionsPerTopic: 12\nmessageSize: 100\nproducersPerTopic: 1\n\
             subscriptionsPerTopic: 1\nwarmupDuration: 0s\n{rest}"
        )
    };
    let first = Kdyno::new(&["run", "w.yaml", "--bootstrap-server", &turn.address])
        .and(&["--keep-topics"])
        .with_file(
            "w.yaml",
            &load("consumerPerSubscription: 1\nproducerRate: 10\ntestDuration: 1s\n"),
        )
        .run();
    let old = first.result();
    let test_id = old["test_id"].as_str().expect("a run has an id");
    let topic = format!("benchmark-{test_id}-topic-0");
    // So few messages that most partitions have none when they change hands.
    let churn = "consumerPerSubscription: 3\nproducerRate: 50\nconsumerChurnInterval: 3s\ntestDuration: 16s\n";
    let ran = Kdyno::new(&["run", "w.yaml", "--driver", "d.yaml", "--topic", &topic])
        .with_file("w.yaml", &load(churn))
        .with_file("d.yaml", &driver(&turn.address, "auto.offset.reset=latest"))
        .run();
    let result = ran.result();
    assert!(0 < count(&result, "/consumed/rebalances"), "{result:#}");
    assert_eq!(count(&result, "/produced/due"), 800, "{result:#}");
    assert_eq!(count(&result, "/verification/lost"), 0, "{:#}", result["verification"]);
    assert!(matches!(ran.code, 0 | 11), "exit {}: {:#}", ran.code, result["verdict"]);
    let clean = ["topics", "clean", test_id, "--bootstrap-server", &turn.address];
    assert_eq!(Kdyno::new(&clean).run().code, 0, "cleaned");
}
