//! Committed offsets: counted, right, and cleaned away with the run.

use super::broker::tool;
use super::load::{Load, SMALL};
use super::{SOON, assert_read, cluster, count, shared_turn, topics};
use crate::cli::Kdyno;
use engine::link::Topics;

/// The committed and the end offset of each partition of a group, as Kafka's own tool shows them.
fn committed(address: &str, group: &str) -> Vec<(String, String)> {
    let class = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand";
    let shown = tool(class, &["--bootstrap-server", address, "--describe", "--group", group]);
    let rows = shown.lines().filter(|line| line.starts_with(group));
    rows.map(|row| {
        let mut columns = row.split_whitespace().skip(3).map(str::to_owned);
        columns.next().zip(columns.next()).expect("current and end offset")
    })
    .collect()
}

#[test]
fn what_was_read_is_committed_whoever_commits() {
    let Some(turn) = shared_turn() else { return };
    for auto in ["true", "false"] {
        let load = Load { name: "commits", consumers: 2, seconds: 3, ..SMALL };
        let property = format!("driver.consumerConfig.enable.auto.commit={auto}");
        let ran = Kdyno::new(&["run", "w.yaml", "--bootstrap-server", &turn.address])
            .and(&["--keep-topics", "--set", &property])
            .with_file("w.yaml", &load.yaml())
            .run();
        assert!(matches!(ran.code, 0 | 11), "exit {}: {}", ran.code, ran.stderr);
        let result = ran.result();
        assert_eq!(count(&result, "/acked/messages"), load.due(), "acked");
        assert_read(&result, load.due(), 1);
        // The client's own commits are not ours to count.
        let counted = 0 < count(&result, "/consumed/commits");
        assert!(counted || auto == "true", "commits are counted: {:#}", result["consumed"]);
        let test_id = result["test_id"].as_str().expect("a run has an id");
        let group = format!("subscription-0-{test_id}");
        let offsets = committed(&turn.address, &group);
        assert_eq!(offsets.len(), 4, "four partitions: {offsets:?}");
        for (current, end) in &offsets {
            assert_eq!(current, end, "enable.auto.commit={auto}: {offsets:?}");
        }
        let clean = ["topics", "clean", test_id, "--bootstrap-server", &turn.address];
        let cleaned = Kdyno::new(&clean).run();
        assert_eq!(cleaned.code, 0, "{}", cleaned.stderr);
        assert!(cleaned.stdout.contains(&format!("group {group}\n")), "{}", cleaned.stdout);
        let names = topics(&turn.address);
        assert!(!names.iter().any(|name| name.contains(test_id)), "the topic is gone");
        let groups = cluster(&turn.address).list_groups(SOON).expect("the broker answers");
        assert!(!groups.iter().any(|known| known.name == group), "the group is gone");
    }
}
