//! `kdyno perf-test` and Kafka's own tool, told the same words but one.

use super::broker::{Broker, tool};
use super::{SOON, Turn, cluster, shared_turn, topics};
use crate::cli::Kdyno;
use crate::perf::{assert_count, line};
use engine::link::{TopicSpec, Topics};

const RECORDS: u64 = 20_000;

/// The words of both tools.
fn words(topic: &str, address: &str) -> Vec<String> {
    let words = format!(
        "--topic {topic} --num-records {RECORDS} --record-size 100 --throughput -1 --producer-props \
         bootstrap.servers={address} acks=1 batch.size=131072 --print-metrics"
    );
    words.split_whitespace().map(str::to_owned).collect()
}

/// Records in the topic, by its offsets.
fn held(turn: &Turn, topic: &str) -> i64 {
    let logs = cluster(&turn.address).logs(topic, 2, SOON).expect("the broker answers");
    logs.iter().map(|log| log.end - log.first).sum()
}

/// As `scripts/versus` reads the tool: its last line that ends so.
fn read_as_versus(stdout: &str) -> &str {
    let is_it = |line: &&str| line.contains(" records sent, ") && line.ends_with("99.9th.");
    stdout.lines().rfind(is_it).expect("the last line")
}

#[test]
fn a_script_changes_one_word_and_reads_the_same_line() {
    const TOPIC: &str = "perf-test-of-kdyno";
    let Some(turn) = shared_turn() else { return };
    let spec = TopicSpec { name: TOPIC.to_owned(), partitions: 2 };
    cluster(&turn.address).create(&[spec], SOON, &mut |_| ()).expect("the topic is made");
    let words = words(TOPIC, &turn.address);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();

    let theirs = tool("org.apache.kafka.tools.ProducerPerformance", &words);
    assert_eq!(line(read_as_versus(&theirs)).records, RECORDS, "{theirs}");
    let before = held(&turn, TOPIC);

    let ran = Kdyno::new(&["perf-test", "producer"]).and(&words).run();
    let ours = assert_count(&ran, RECORDS);
    assert_eq!(line(read_as_versus(&ran.stdout)).records, ours.records);
    let brought = held(&turn, TOPIC) - before;
    assert_eq!(u64::try_from(brought), Ok(RECORDS), "and the topic has them");
    assert!(ran.stderr.contains("--print-metrics: has no effect"), "{}", ran.stderr);
    assert!(topics(&turn.address).iter().any(|name| name == TOPIC), "it is never deleted");

    let left = cluster(&turn.address).delete(&[TOPIC.to_owned()], SOON);
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_topic_is_made_by_a_broker_that_makes_topics_and_missed_on_another() {
    const TOPIC: &str = "perf-test-without-topic";
    let Some(turn) = shared_turn() else { return };
    let run = |address: &str| {
        let words = words(TOPIC, address);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Kdyno::new(&["perf-test", "producer"]).and(&words).run()
    };
    // That of scripts/kafka makes none.
    let ran = run(&turn.address);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    let words = format!("--topic {TOPIC}: there is no such topic");
    assert!(ran.stderr.contains(&words), "{}", ran.stderr);

    let broker = Broker::start("makes-topics", &["auto.create.topics.enable=true"]);
    assert_count(&run(&broker.address()), RECORDS);
    let names = topics(&broker.address());
    assert!(names.iter().any(|name| name == TOPIC), "{names:?}");
}
