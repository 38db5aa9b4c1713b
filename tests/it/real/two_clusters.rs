//! A run on two clusters makes its topics at both. Here they are one broker by two addresses, and two topics.

use super::{SOON, cluster, count, shared_turn, topics};
use crate::cli::{Kdyno, workload};
use engine::link::Topics;
use engine::time::{Clock, OsClock};
use engine::units::Nanos;
use kdyno_tests::replicator::{Carried, Replicator};

const PREFIX: &str = "mirror.";

/// The same broker by another address.
fn alias(address: &str) -> String {
    let (host, port) = address.split_once(':').expect("a host and a port");
    let other = if host == "localhost" { "127.0.0.1" } else { "localhost" };
    format!("{other}:{port}")
}

/// Waits until the run has made its topic by either name; the one at the producers' cluster.
fn made(address: &str) -> String {
    let clock = OsClock::anchored();
    let until = clock.now() + SOON;
    loop {
        let names = topics(address);
        let is_own = |name: &&String| name.starts_with("benchmark-carried-over_");
        if let Some(name) = names.iter().find(is_own)
            && names.contains(&format!("{PREFIX}{name}"))
        {
            return name.clone();
        }
        assert!(clock.now() < until, "both are made: {names:?}");
        clock.park(Nanos::from_millis(50));
    }
}

#[test]
fn topics_of_a_run_on_two_clusters_are_made_and_deleted_at_both() {
    let Some(turn) = shared_turn() else { return };
    let near = turn.address.as_str();
    let far = alias(near);
    let driver = format!(
        "name: two\ndriverClass: kafka\nproducerConfig: |\n  bootstrap.servers={near}\n  acks=all\n\
         consumerConfig: |\n  bootstrap.servers={far}\nreplicationFactor: 1\n\
         consumerTopicPrefix: {PREFIX}\n"
    );
    let running = Kdyno::new(&["run", "w.yaml", "--driver", "d.yaml"])
        .with_file("w.yaml", &workload("carried over", 1_000, "3s"))
        .with_file("d.yaml", &driver)
        .start();
    let from = made(near);
    let carried = Carried { to: format!("{PREFIX}{from}"), from, partitions: 4 };
    let replicator = Replicator::start((near, &far), carried, |_| 1);
    let ran = running.finish();
    assert_eq!(replicator.stop(), 3_000, "{}", ran.stderr);
    let left = cluster(near).delete_groups(&["replicator".to_owned()], SOON);
    assert_eq!(left, [], "its group");
    assert!(matches!(ran.code, 0 | 11), "exit {}: {}", ran.code, ran.stderr);
    let result = ran.result();
    assert_eq!(count(&result, "/consumed/messages"), 3_000, "{:#}", result["consumed"]);
    assert_eq!(count(&result, "/verification/lost"), 0, "{:#}", result["verification"]);
    assert_eq!(result["driver"]["clusters"]["producers"], near);
    assert_eq!(result["driver"]["clusters"]["consumers"], far.as_str());
    let names = topics(near);
    assert!(!names.iter().any(|name| name.contains("carried-over")), "deleted at both: {names:?}");
}
