//! What is there on a real broker, read by runs that send nothing, and by Kafka's own tool.

use super::broker::tool;
use super::load::{Load, SMALL};
use super::{SOON, assert_read, cluster, count, shared_turn, topics};
use crate::cli::Kdyno;
use engine::link::Topics;

/// Reads with three subscriptions.
const READER: &str = "name: reader\nproducersPerTopic: 0\nsubscriptionsPerTopic: 3\n\
                      consumerPerSubscription: 2\ntestDuration: 60s\n";

#[test]
fn what_a_run_has_left_is_read_to_the_end_as_often_as_asked() {
    let Some(turn) = shared_turn() else { return };
    let load = Load { name: "left", warmup: 0, partitions: 3, ..SMALL };
    let first =
        Kdyno::new(&["run", "w.yaml", "--bootstrap-server", &turn.address, "--keep-topics"])
            .with_file("w.yaml", &load.yaml())
            .run();
    let left = first.result();
    assert_read(&left, load.due(), 1);
    let test_id = left["test_id"].as_str().expect("a run has an id");
    let topic = format!("benchmark-{test_id}-topic-0");

    let ran =
        Kdyno::new(&["run", "r.yaml", "--bootstrap-server", &turn.address, "--topic", &topic])
            .with_file("r.yaml", READER)
            .run();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let result = ran.result();
    let logs = cluster(&turn.address).logs(&topic, 3, SOON).expect("the broker answers");
    let held: i64 = logs.iter().map(|log| log.end - log.first).sum();
    assert_eq!(count(&result, "/catch_up/offsets"), 3 * held, "by the broker's own offsets");
    assert_eq!(count(&result, "/consumed/messages"), 3 * held, "each of them three times");
    assert_eq!(count(&result, "/catch_up/left"), 0);
    assert_eq!(result["catch_up"]["ended"], "all_read");
    assert_eq!(count(&result, "/topics/created"), 0, "none is ours");
    assert!(topics(&turn.address).contains(&topic), "it is still there");

    let words = format!("--topic {topic} --bootstrap-server {}", turn.address);
    let messages = held.to_string();
    let words: Vec<&str> =
        words.split_whitespace().chain(["--messages", &messages, "--timeout", "5000"]).collect();
    let theirs = tool("org.apache.kafka.tools.ConsumerPerformance", &words);
    let ours = Kdyno::new(&["perf-test", "consumer"]).and(&words).run();
    assert_eq!(ours.code, 0, "{}", ours.stderr);
    let names =
        |text: &str| text.lines().find(|line| line.starts_with("start.time")).map(str::to_owned);
    assert_eq!(names(&theirs), names(&ours.stdout), "the columns have the same names");
    let read = |text: &str| {
        let line =
            text.lines().rfind(|line| line.split(", ").count() == 10).expect("the last line");
        line.split(", ").nth(4).map(str::to_owned)
    };
    assert_eq!(read(&theirs), read(&ours.stdout), "and they read the same");
    let clean = ["topics", "clean", test_id, "--bootstrap-server", &turn.address];
    assert_eq!(Kdyno::new(&clean).run().code, 0, "cleaned");
}
