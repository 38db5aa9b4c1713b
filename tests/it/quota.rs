//! A search finds the quota that a real broker has for a client. It waits for minutes and asks for little, so it goes on
//! beside others; tests begin in the order of their names, and the last ones have no others beside them.

use crate::cli::number;
use crate::real::broker::tool;
use crate::search::{json, searching};
use kdyno_tests::demand::real_broker;

/// The client.id that has the quota.
const CLIENT: &str = "searched";

#[test]
fn a_brokers_quota_is_found() {
    let Some(address) = real_broker() else { return };
    let quota = |change: [&str; 2]| {
        let who = ["--entity-type", "clients", "--entity-name", CLIENT];
        let words = [&["--bootstrap-server", &address, "--alter"][..], &change, &who].concat();
        tool("kafka.admin.ConfigCommand", &words);
    };
    let driver = format!(
        "name: real\ndriverClass: kafka\nreplicationFactor: 1\ncommonConfig: |\n  \
         bootstrap.servers={address}\n  client.id={CLIENT}\n\
         producerConfig: |\n  acks=all\n  linger.ms=1\n"
    );
    quota(["--add-config", "producer_byte_rate=1000000"]);
    // A first rate near the quota: what a quota lets pass before it holds takes a minute to pay back.
    let sets = ["searchStartRate=500", "searchTimeout=6m"];
    let sets = sets.iter().flat_map(|set| ["--set", set]).collect::<Vec<&str>>();
    let words = [&sets[..], &["--driver", "d.yaml", "--format", "json"]].concat();
    let ran = searching("10s", &words).with_file("d.yaml", &driver).run();
    quota(["--delete-config", "producer_byte_rate"]);
    let result = json(&ran);
    let found = number(&result, "/search/sustainable_messages_per_second");
    println!("a quota of 1 MB/s: {found} messages of 1,000 bytes per second, exit {}", ran.code);
    // Records have heads of their own, which the quota counts too. Generous: machines stand still.
    assert!((880.0..=1_050.0).contains(&found), "{}", result["search"]);
    assert_eq!(result["search"]["bound_by"], "throughput", "{}", result["search"]);
}
