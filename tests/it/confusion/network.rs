//! Cases with a link between two network namespaces: one that carries too little, and one that is good.
//!
//! Where the machine lets nobody make namespaces, what was recorded here stands for it (the tests of
//! `engine/src/measure/network.rs`).

use super::mock::sending_to;
use crate::cli::{Ran, alone, findings, number, workload};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// What lies between the two ends.
#[derive(Clone, Copy, Debug)]
enum Link {
    /// 40 Mbit/s.
    Shaped,
    /// As fast as the kernel copies.
    Free,
}

/// Two network namespaces and the link between them. They go with the test.
#[derive(Debug)]
struct Namespaces {
    ours: String,
    brokers: String,
}

/// Whether a command that is there could be run and was obeyed.
fn obeyed(words: &str) -> bool {
    let mut command = Command::new("sh");
    command.args(["-c", words]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

impl Namespaces {
    /// `None` where this machine does not allow it.
    ///
    /// librdkafka's mock broker listens at 127.0.0.1 and says so. On our side that address is not ours
    /// but the way to the other end: the loopback is down there, and the kernel is told to route it.
    fn made(name: &str, link: Link) -> Option<Self> {
        let id = format!("{}{name}", std::process::id());
        let made = Self { ours: format!("kdyno-a{id}"), brokers: format!("kdyno-b{id}") };
        let Self { ours, brokers } = &made;
        let routed = |side: &str, end: &str| {
            let file = format!("/proc/sys/net/ipv4/conf/{end}/route_localnet");
            format!("ip netns exec {side} sh -c 'echo 1 > {file}'")
        };
        // An interface's name has at most 15 letters.
        let (near, far) = (format!("ka{id}"), format!("kb{id}"));
        let mut steps = vec![
            format!("ip netns add {ours}"),
            format!("ip netns add {brokers}"),
            format!("ip link add {near} netns {ours} type veth peer name {far} netns {brokers}"),
            format!("ip -n {ours} addr add 10.99.8.1/30 dev {near}"),
            format!("ip -n {brokers} addr add 10.99.8.2/30 dev {far}"),
            format!("ip -n {ours} link set {near} up"),
            format!("ip -n {brokers} link set {far} up"),
            format!("ip -n {brokers} link set lo up"),
            routed(ours, &near),
            routed(brokers, &far),
            format!("ip -n {ours} route add 127.0.0.1 dev {near} src 10.99.8.1"),
        ];
        if let Link::Shaped = link {
            let shape = "root tbf rate 40mbit burst 64kb latency 50ms";
            steps.push(format!("tc -n {ours} qdisc add dev {near} {shape}"));
        }
        steps.iter().all(|step| obeyed(step)).then_some(made)
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        // The link goes with them. One that was never made is not there to be removed.
        let _gone = [&self.ours, &self.brokers].map(|name| obeyed(&format!("ip netns del {name}")));
    }
}

/// A mock broker in the other namespace, that ends with the test.
#[derive(Debug)]
struct Broker {
    process: Child,
    address: String,
}

impl Broker {
    fn started(namespaces: &Namespaces, round_trip_ms: u32) -> Self {
        let binary = env!("CARGO_BIN_EXE_mock-broker-under-test");
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &namespaces.brokers, binary, "confused", "4"]);
        command.arg(round_trip_ms.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("ip is there");
        let mut address = String::new();
        let told = process.stdout.take().expect("it is piped");
        BufReader::new(told).read_line(&mut address).expect("the broker says where it listens");
        Self { process, address: address.trim().to_owned() }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // It ends with its stdin; whether it had ended before does not matter.
        drop(self.process.stdin.take());
        let _ended = self.process.wait();
    }
}

/// Sends over a link to a broker whose answers take so long; `None` where there can be no such link.
fn run(name: &str, (link, round_trip_ms): (Link, u32), load: &str, queue: u32) -> Option<Ran> {
    let namespaces = Namespaces::made(name, link)?;
    let broker = Broker::started(&namespaces, round_trip_ms);
    let producer =
        format!("linger.ms=1\n  enable.idempotence=false\n  queue.buffering.max.messages={queue}");
    let run = sending_to(&broker.address, load, &producer);
    Some(run.through(&["ip", "netns", "exec", &namespaces.ours]).run())
}

pub(super) fn narrow_link() -> Option<Ran> {
    let load = workload("shaped", 20_000, "5s").replace("messageSize: 100", "messageSize: 1024");
    run("s", (Link::Shaped, 0), &load, 5_000)
}

pub(super) fn slow_broker() -> Option<Ran> {
    run("b", (Link::Free, 1_000), &workload("slow", 1_000, "4s"), 200)
}

#[test]
fn a_narrow_link_is_busy_and_one_to_a_slow_broker_is_not() {
    let _alone = alone();
    let (Some(narrow), Some(slow)) = (narrow_link(), slow_broker()) else { return };
    let average =
        |ran: &Ran, figure: &str| number(&ran.result(), &format!("/system/0/network/{figure}/avg"));
    assert!(0.9 < average(&narrow, "tcp_busy_share"), "{}", narrow.stdout);
    let carried = average(&narrow, "network_sent_bytes_per_second");
    assert!(3e6 < carried && carried < 5.5e6, "40 Mbit/s and a burst: {carried}");
    assert!(narrow.stdout.contains("tcp busy"), "{}", narrow.stdout);
    let busy = average(&slow, "tcp_busy_share");
    assert!(busy < 0.5, "it waits for answers and not for its way: {busy}");
    assert!(!findings(&slow.result()).contains(&"network_saturated".to_owned()), "{}", slow.stdout);
}

#[test]
fn a_run_that_its_link_carries_easily_is_limited_by_nothing() {
    let _alone = alone();
    let Some(ran) = run("c", (Link::Shaped, 0), &workload("easy", 200, "4s"), 5_000) else {
        return;
    };
    let result = ran.result();
    // On a machine too busy for 200 sends a second the client is late, and says so.
    let told = if ran.code == 11 { "client" } else { "nothing" };
    assert_eq!(result["verdict"]["limited_by"], told, "{:#}", result["verdict"]);
    assert!(!findings(&result).contains(&"network_saturated".to_owned()), "{result:#}");
}
