//! Cases on librdkafka's mock broker, whose answers take as long as they are told to.

use crate::cli::{Kdyno, Ran, workload};
use engine::kafka::embedded::MockBroker;

/// A broker of one topic, and the text of a driver file for it.
pub(super) fn broker(partitions: u32, round_trip_ms: u32, producer: &str) -> (MockBroker, String) {
    let broker = MockBroker::start(1).expect("the broker starts");
    broker.create_topic("confused", partitions).expect("the topic is made");
    broker.set_round_trip(round_trip_ms);
    let servers = broker.bootstrap_servers();
    let driver = format!(
        "name: mock\ndriverClass: kafka\ncommonConfig: |\n  bootstrap.servers={servers}\n\
         producerConfig: |\n  acks=all\n  {producer}\n"
    );
    (broker, driver)
}

/// An invocation that sends to that topic, with nobody who reads.
pub(super) fn sending(load: &str, driver: &str) -> Kdyno {
    Kdyno::new(&["run", "w.yaml", "--driver", "d.yaml", "--topic", "confused"])
        .with_file("w.yaml", &load.replace("subscriptionsPerTopic: 1", "subscriptionsPerTopic: 0"))
        .with_file("d.yaml", driver)
}

pub(super) fn clean() -> Option<Ran> {
    let (_broker, driver) = broker(4, 0, "linger.ms=1");
    Some(sending(&workload("clean", 200, "4s"), &driver).run())
}

/// One request carries one partition, and idempotence allows five of them in flight per broker.
pub(super) fn client_cap() -> Option<Ran> {
    let (_broker, driver) = broker(200, 3, "linger.ms=1\n  enable.idempotence=true");
    let load = workload("cap", 5_000, "8s") + "keyDistributor: RANDOM_NANO\n";
    Some(sending(&load, &driver).run())
}

/// More than one thread of the client's can compress, however fast the broker is.
pub(super) fn target_above_the_client() -> Option<Ran> {
    let slow = "linger.ms=5\n  compression.type=gzip\n  compression.level=9\n  \
                queue.buffering.max.messages=20000";
    let (_broker, driver) = broker(4, 0, slow);
    let load = workload("above", 300_000, "4s").replace("Size: 100", "Size: 4000");
    Some(sending(&load, &driver).run())
}

pub(super) fn slow_answers() -> Option<Ran> {
    let small = "linger.ms=1\n  enable.idempotence=false\n  queue.buffering.max.messages=200";
    let (_broker, driver) = broker(4, 1_000, small);
    Some(sending(&workload("slow", 1_000, "4s"), &driver).run())
}
