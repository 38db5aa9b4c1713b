//! Cases on librdkafka's mock broker, whose answers take as long as they are told to.

use crate::cli::{Kdyno, Ran, workload};
use engine::kafka::embedded::MockBroker;

/// A broker of the topic, whose answers take so long.
pub(super) fn broker(partitions: u32, round_trip_ms: u32) -> MockBroker {
    let broker = MockBroker::start(1).expect("the broker starts");
    broker.create_topic("confused", partitions).expect("the topic is made");
    broker.set_round_trip(round_trip_ms);
    broker
}

/// An invocation that sends to that topic, with nobody who reads.
pub(super) fn sending_to(address: &str, load: &str, producer: &str) -> Kdyno {
    let driver = format!(
        "name: mock\ndriverClass: kafka\ncommonConfig: |\n  bootstrap.servers={address}\n\
         producerConfig: |\n  acks=all\n  {producer}\n"
    );
    Kdyno::new(&["run", "w.yaml", "--driver", "d.yaml", "--topic", "confused"])
        .with_file("w.yaml", &load.replace("subscriptionsPerTopic: 1", "subscriptionsPerTopic: 0"))
        .with_file("d.yaml", &driver)
}

/// The same to a broker in this process.
pub(super) fn sending(broker: &MockBroker, load: &str, producer: &str) -> Kdyno {
    sending_to(&broker.bootstrap_servers(), load, producer)
}

pub(super) fn clean() -> Option<Ran> {
    Some(sending(&broker(4, 0), &workload("clean", 200, "4s"), "linger.ms=1").run())
}

/// One request carries one partition, and idempotence allows five of them in flight per broker.
pub(super) fn client_cap() -> Option<Ran> {
    let idempotent = "linger.ms=1\n  enable.idempotence=true";
    let load = workload("cap", 5_000, "8s") + "keyDistributor: RANDOM_NANO\n";
    Some(sending(&broker(200, 3), &load, idempotent).run())
}

/// More than one thread of the client's can compress, however fast the broker is, and little for the lane to hand over.
pub(super) fn target_above_the_client() -> Option<Ran> {
    let slow = "linger.ms=5\n  compression.type=gzip\n  compression.level=9\n  \
                queue.buffering.max.messages=20000";
    let load = workload("above", 60_000, "4s").replace("Size: 100", "Size: 4000");
    Some(sending(&broker(4, 0), &load, slow).run())
}

pub(super) fn slow_answers() -> Option<Ran> {
    let small = "linger.ms=1\n  enable.idempotence=false\n  queue.buffering.max.messages=200";
    Some(sending(&broker(4, 1_000), &workload("slow", 1_000, "4s"), small).run())
}
