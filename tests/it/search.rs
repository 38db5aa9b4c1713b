//! The search for the highest sustainable rate, as a user asks for it.

use crate::cli::{Kdyno, Ran, findings, number, workload};
use crate::real::broker::{Signal, send, tool};
use kdyno_tests::demand::real_broker;
use serde_json::Value;

/// The client.id that has the quota.
const CLIENT: &str = "searched";

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.stderr))
}

/// An invocation that searches with messages of 1,000 bytes that nobody reads.
fn searching(duration: &str, words: &[&str]) -> Kdyno {
    let load = workload("search", 1, duration)
        .replace("subscriptionsPerTopic: 1", "subscriptionsPerTopic: 0")
        .replace("messageSize: 100", "messageSize: 1000");
    Kdyno::new(&["run", "w.yaml", "--rate", "0", "--warmup", "0s"])
        .with_file("w.yaml", &load)
        .and(words)
}

#[test]
fn a_search_says_before_it_starts_what_it_will_do_and_how_long_it_may_take() {
    let words = ["--dry-run", "--slo", "publish.p99 < 20ms", "--bootstrap-server", "localhost:1"];
    let ran = searching("30s", &words).run();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for part in [
        "each rate held for 12s and looked at for 6s or longer",
        "confirmed 2 x 30s, publish.p99 < 20ms",
        "search: takes at most 1086s and the last 30s",
    ] {
        assert!(ran.stdout.contains(part), "{part:?} in {}", ran.stdout);
    }
}

#[test]
fn rates_up_to_the_highest_that_is_tried_are_sustained_and_that_is_all_that_is_said() {
    let sets = ["searchStartRate=100", "searchMaxRate=400", "searchTimeout=2m"];
    let sets = sets.iter().flat_map(|set| ["--set", set]).collect::<Vec<&str>>();
    let ran = searching("3s", &[&sets[..], &["--format", "json"]].concat()).run();
    let result = json(&ran);
    let search = &result["search"];
    assert_eq!(search["sustainable_messages_per_second"], 400, "{search}");
    assert_eq!((&search["error"], &search["bound_by"]), (&Value::Null, &Value::Null), "{search}");
    let kinds = search["steps"].as_array().expect("steps").iter();
    let kinds: Vec<&str> = kinds.filter_map(|step| step["kind"].as_str()).collect();
    assert_eq!(kinds.first(), Some(&"bracket"), "{search}");
    assert!(kinds.ends_with(&["confirm", "measured"]), "{search}");
    // The measured phase is the last confirmation, and what is reported is that.
    assert_eq!(result["produced"]["due"], 1_200, "400/s for 3 s");
    assert_eq!(result["produced"]["target_messages_per_second"], 400);
    let codes = findings(&result);
    assert!(codes.iter().any(|code| code == "search_no_limit"), "{codes:?}");
    // This machine may be too busy even for 400 messages a second: then it says so.
    let is_calm = search["confirmed"] == true;
    assert_eq!(ran.code == 0, is_calm, "{codes:?}");
}

#[test]
fn a_search_that_is_interrupted_keeps_its_steps_and_gives_no_answer() {
    let sets = ["--set", "searchStartRate=100", "--set", "searchMaxRate=400"];
    let mut run = searching("3s", &[&sets[..], &["--format", "json"]].concat()).start();
    run.await_words("search: 200/s, looks");
    send(Signal::Interrupt, &run.id().to_string());
    let ran = run.finish();
    let result = json(&ran);
    assert_eq!(ran.code, 130, "{}", ran.stderr);
    assert_eq!(result["search"]["confirmed"], false, "{}", result["search"]);
    let steps = result["search"]["steps"].as_array().expect("steps");
    assert!(!steps.is_empty(), "what was seen is kept: {}", result["search"]);
    assert_eq!(result["produced"]["due"], 0, "nothing was measured");
}

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
