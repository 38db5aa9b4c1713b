//! OMB's files as they are, on a broker that cannot give all they ask for.

use super::load::{Load, SMALL};
use super::{Turn, assert_exact, shared_turn, topics};
use crate::cli::{Kdyno, number};

/// OMB's workload of its README: one of everything, 10,000 messages of 1 KiB a second.
const WORKLOAD: &str = "\
name: Simple Workload 1 producer on 1 topic

topics: 1
partitionsPerTopic: 10
messageSize: 1024
payloadFile: \"payload/payload-1Kb.data\"
subscriptionsPerTopic: 1
producersPerTopic: 1
consumerPerSubscription: 1
producerRate: 10000
consumerBacklogSizeGB: 0
testDurationMinutes: 5
";

/// OMB's driver file for latency: three replicas, of which two must be in sync.
const DRIVER: &str = "\
name: Kafka
driverClass: io.openmessaging.benchmark.driver.kafka.KafkaBenchmarkDriver

replicationFactor: 3

topicConfig: |
  min.insync.replicas=2

commonConfig: |
  bootstrap.servers=ADDRESS

producerConfig: |
  acks=all
  linger.ms=1
  batch.size=131072

consumerConfig: |
  auto.offset.reset=earliest
  enable.auto.commit=false
  max.partition.fetch.bytes=10485760
";

const ONE_BROKER: [&str; 4] =
    ["--set", "driver.replicationFactor=1", "--set", "driver.topicConfig.min.insync.replicas=1"];

/// `kdyno run` with OMB's driver file and this workload.
fn with_files(turn: &Turn, workload: &str) -> Kdyno {
    Kdyno::new(&["run", "w.yaml", "--driver", "kafka-latency.yaml"])
        .with_file("w.yaml", &workload.replace("payload/payload-1Kb.data", "payload-1Kb.data"))
        .with_file("payload-1Kb.data", &"0123456789abcdef".repeat(64))
        .with_file("kafka-latency.yaml", &DRIVER.replace("ADDRESS", &turn.address))
}

#[test]
fn files_of_omb_run_as_they_are_but_for_what_the_cluster_cannot_give() {
    let Some(turn) = shared_turn() else { return };
    let ran = with_files(&turn, WORKLOAD)
        .and(&ONE_BROKER)
        .and(&["--duration", "8s", "--warmup", "2s"])
        .run();
    let result = assert_exact(&ran, 80_000, 1);
    assert_eq!(result["produced"]["bytes"], 80_000 * 1_024, "bytes of the payload's size");
    let rate = number(&result, "/produced/messages_per_second");
    // A client that was late says so by 11, and may have sent its last messages after the phase.
    assert!(ran.code == 11 || (rate - 10_000.0).abs() <= 1.0, "within 0.01 %: {rate}");
}

#[test]
fn each_subscription_reads_all_that_was_acked() {
    let Some(turn) = shared_turn() else { return };
    let load = Load { name: "three readers", subscriptions: 3, seconds: 3, ..SMALL };
    let ran = with_files(&turn, &load.yaml()).and(&ONE_BROKER).run();
    let result = assert_exact(&ran, load.due(), 3);
    assert_eq!(result["consumed"]["messages"], 3 * load.due(), "in all");
}

#[test]
fn a_cluster_too_small_for_the_files_is_told_before_anything_is_created() {
    let Some(turn) = shared_turn() else { return };
    let load = Load { name: "too much for one broker", ..SMALL };
    let ran = with_files(&turn, &load.yaml()).run();
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    for flag in
        ["--set driver.replicationFactor=1", "--set driver.topicConfig.min.insync.replicas=1"]
    {
        assert!(ran.stderr.contains(flag), "names {flag}: {}", ran.stderr);
    }
    assert!(ran.run_directories().is_empty(), "nothing is saved");
    assert_eq!(ran.stdout, "", "nothing is printed");
    let created = topics(&turn.address);
    let ours = created.iter().find(|name| name.contains("too-much-for-one-broker"));
    assert_eq!(ours, None, "nothing is created");
}
