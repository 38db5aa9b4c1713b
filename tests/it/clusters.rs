//! Producers at one cluster, consumers at another: what a replicator carries between them is verified end to end.

use crate::cli::{Kdyno, Ran, alone, findings, number, workload};
use engine::kafka::embedded::MockBroker;
use kdyno_tests::replicator::{Carried, Replicator};

const RATE: u64 = 500;

fn driver(near: &MockBroker, far: &MockBroker) -> String {
    let (near, far) = (near.bootstrap_servers(), far.bootstrap_servers());
    format!(
        "name: two\ndriverClass: kafka\nproducerConfig: |\n  bootstrap.servers={near}\n  linger.ms=1\n\
         consumerConfig: |\n  bootstrap.servers={far}\nconsumerTopicPrefix: near.\n"
    )
}

/// A run on two clusters, and a replicator that writes the nth message so often.
fn run(copies: impl Fn(u64) -> usize + Send + 'static, words: &[&str]) -> (Ran, u64) {
    let near = MockBroker::start(1).expect("a broker starts");
    let far = MockBroker::start(1).expect("another broker starts");
    near.create_topic("carried", 3).expect("the topic is made");
    far.create_topic("near.carried", 3).expect("the topic is made");
    let carried =
        Carried { from: "carried".to_owned(), to: "near.carried".to_owned(), partitions: 3 };
    let addresses = (near.bootstrap_servers(), far.bootstrap_servers());
    let replicator = Replicator::start((&addresses.0, &addresses.1), carried, copies);
    let ran = Kdyno::new(&["run", "w.yaml", "--driver", "d.yaml", "--topic", "carried"])
        .and(words)
        .with_file("w.yaml", &workload("two clusters", RATE, "4s"))
        .with_file("d.yaml", &driver(&near, &far))
        .run();
    (ran, replicator.stop())
}

#[test]
fn what_a_replicator_carries_is_verified_from_end_to_end() {
    let _alone = alone();
    let (ran, carried) = run(|_| 1, &[]);
    assert!(matches!(ran.code, 0 | 11), "exit {}: {}", ran.code, ran.stderr);
    let result = ran.result();
    assert_eq!(carried, 4 * RATE, "all of them");
    assert_eq!(result["acked"]["messages"], 4 * RATE, "{:#}", result["acked"]);
    assert_eq!(result["consumed"]["messages"], 4 * RATE, "{:#}", result["consumed"]);
    assert_eq!(result["verification"]["lost"], 0, "{:#}", result["verification"]);
    assert!(0.0 < number(&result, "/latency/end_to_end/p50_us"), "{:#}", result["latency"]);
    let clusters = &result["driver"]["clusters"];
    assert_ne!(clusters["producers"], clusters["consumers"], "{clusters:#}");
    assert_eq!(clusters["consumer_topic_prefix"], "near.");
    assert!(ran.stderr.contains("two clusters: producers send to "), "{}", ran.stderr);
}

#[test]
fn what_a_replicator_leaves_out_or_carries_twice_is_told() {
    let _alone = alone();
    // Three in the middle are left out, and three more come twice: by counts nothing would be missing.
    let copies = |nth: u64| match nth {
        900..=902 => 0,
        700..=702 => 2,
        _ => 1,
    };
    let (ran, _) = run(copies, &[]);
    assert_eq!(ran.code, 13, "{}", ran.stderr);
    let result = ran.result();
    let told = findings(&result);
    assert!(told.iter().any(|code| code == "lost"), "{told:?}");
    assert!(told.iter().any(|code| code == "duplicated"), "{told:?}");
    assert_eq!(result["verification"]["lost"], 3, "{:#}", result["verification"]);
    assert_eq!(result["verification"]["duplicated"], 3, "{:#}", result["verification"]);
}

#[test]
fn a_topic_that_nobody_carries_over_is_missed_before_the_run() {
    let _alone = alone();
    let near = MockBroker::start(1).expect("a broker starts");
    let far = MockBroker::start(1).expect("another broker starts");
    near.create_topic("alone", 3).expect("the topic is made");
    let ran = Kdyno::new(&["run", "w.yaml", "--driver", "d.yaml", "--topic", "alone"])
        .with_file("w.yaml", &workload("one of two", RATE, "1s"))
        .with_file("d.yaml", &driver(&near, &far))
        .run();
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("near.alone: does not exist at the consumers' cluster"),
        "{}",
        ran.stderr
    );
}
