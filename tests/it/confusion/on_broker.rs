//! Cases on a real broker: quotas, and one that stands still.

use crate::cli::{Kdyno, Ran, workload};
use crate::real::broker::{Broker, Signal, tool};
use engine::time::{Clock, OsClock};
use engine::units::Nanos;
use kdyno_tests::demand::real_broker;

/// The client.id that has the quota.
const CLIENT: &str = "confused";

/// What the small queue takes.
const SMALL: &str = "queue.buffering.max.messages=200";

/// So long a frozen broker stands still.
const FROZEN: Nanos = Nanos::from_secs(4);

/// An invocation that sends to a broker, with nobody who reads.
fn sending(address: &str, load: &str, producer: &str) -> Kdyno {
    let driver = format!(
        "name: real\ndriverClass: kafka\nreplicationFactor: 1\ncommonConfig: |\n  \
         bootstrap.servers={address}\n  client.id={CLIENT}\n\
         producerConfig: |\n  acks=all\n  linger.ms=1\n  {producer}\n"
    );
    Kdyno::new(&["run", "w.yaml", "--driver", "d.yaml"])
        .with_file("w.yaml", &load.replace("subscriptionsPerTopic: 1", "subscriptionsPerTopic: 0"))
        .with_file("d.yaml", &driver)
}

/// Grants the client so many bytes per second; or takes the quota away.
fn set_quota(address: &str, change: [&str; 2]) {
    let who =
        ["--alter", change[0], change[1], "--entity-type", "clients", "--entity-name", CLIENT];
    tool("kafka.admin.ConfigCommand", &[&["--bootstrap-server", address][..], &who].concat());
}

/// 1 MB per second where 400 kB are granted.
fn run_with_quota(producer: &str) -> Option<Ran> {
    let address = real_broker()?;
    set_quota(&address, ["--add-config", "producer_byte_rate=400000"]);
    let load = workload("quota", 1_000, "12s").replace("messageSize: 100", "messageSize: 1000");
    let ran = sending(&address, &load, producer).run();
    set_quota(&address, ["--delete-config", "producer_byte_rate"]);
    Some(ran)
}

pub(super) fn quota() -> Option<Ran> {
    run_with_quota("")
}

/// Five requests may be unanswered, and the client waits for them: for the broker, that is.
pub(super) fn quota_and_idempotence() -> Option<Ran> {
    run_with_quota("enable.idempotence=true")
}

pub(super) fn quota_and_small_queue() -> Option<Ran> {
    run_with_quota(SMALL)
}

/// Stands still from the first measured second on.
fn run_frozen(producer: &str) -> Option<Ran> {
    real_broker()?;
    let broker = Broker::start("still", &[]);
    let mut run = sending(&broker.address(), &workload("still", 500, "10s"), producer).start();
    run.await_words("    0 s |");
    broker.send(Signal::Stop);
    let clock = OsClock::anchored();
    let until = clock.now() + FROZEN;
    while clock.now() < until {
        clock.park(clock.now().until(until));
    }
    broker.send(Signal::Continue);
    Some(run.finish())
}

pub(super) fn frozen() -> Option<Ran> {
    run_frozen("")
}

pub(super) fn frozen_with_small_queue() -> Option<Ran> {
    run_frozen(SMALL)
}
