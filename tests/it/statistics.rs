//! What clients say of themselves: librdkafka's statistics in the result, and the latency in parts.

use crate::cli::{Kdyno, Ran, alone, closed, number, workload};
use engine::plan::Wishes;
use kdyno_tests::demand::small;
use kdyno_tests::engine_run::run;
use serde_json::Value;

/// Demands of a run whose producers sent all along that its clients spoke, that seconds and whole agree
/// with it, and that the mean publish latency is the sum of its parts. Returns these in words.
pub(crate) fn assert_spoken(ran: &Ran, seconds: usize) -> String {
    let result = ran.result();
    let whole = |name: &str| number(&result, &format!("/client/producers/{name}"));
    assert!(0.0 < whole("requests") && 0.0 < whole("bytes_sent"), "{:#}", result["client"]);
    assert!(1.0 <= whole("batch_messages_mean"), "{:#}", result["client"]);
    for name in ["queue_wait_mean_us", "round_trip_mean_us"] {
        assert!(0.0 < whole(name), "{name}: {:#}", result["client"]);
    }
    assert!(0.0 < number(&result, "/client/consumers/batch_messages_mean"), "read in batches");
    let second = |of: &Value| of.pointer("/client/producers/requests").and_then(Value::as_f64);
    let told: Vec<f64> =
        result["intervals"].as_array().into_iter().flatten().filter_map(second).collect();
    assert!(seconds <= told.len() + 2, "of {seconds} s, some at both ends apart: {told:?}");
    let sum: f64 = told.iter().sum();
    assert!(sum <= whole("requests"), "{told:?} are part of {}", whole("requests"));
    let part = |name: &str| number(&result, &format!("/client/publish_parts/{name}"));
    let parts = ["send_delay_mean_us", "queue_mean_us", "broker_mean_us", "rest_mean_us"].map(part);
    let publish = part("publish_mean_us");
    assert!((parts.iter().sum::<f64>() - publish).abs() < 1.0, "{parts:?} are {publish}");
    assert!(
        (number(&result, "/latency/publish/mean_us") - publish).abs() < 1.0,
        "the latency's own"
    );
    assert!(parts[0] < publish && 0.0 < parts[1] && 0.0 < parts[2], "{parts:?}");
    let said = ran.stdout.lines().find(|line| line.starts_with("publish on average "));
    said.unwrap_or_else(|| panic!("the summary says it: {}", ran.stdout)).to_owned()
}

#[test]
fn clients_statistics_are_in_the_result_and_the_parts_of_the_publish_latency_add_up() {
    let _alone = alone();
    let ran =
        Kdyno::new(&["run", "w.yaml"]).with_file("w.yaml", &workload("talk", 10_000, "5s")).run();
    assert!(matches!(ran.code, 0 | 11), "exit {}: {}{}", ran.code, ran.stdout, ran.stderr);
    println!("{}", assert_spoken(&ran, 5));
    let result = ran.result();
    let rest = number(&result, "/client/publish_parts/rest_share");
    assert!(rest.abs() <= 0.5, "generous on a crowded host: {rest}");
    assert_eq!(result["client"]["unreadable"], 0, "{:#}", result["client"]);
    assert_eq!(result["plan"]["statistics"]["producers_every_s"], 1.0, "each second");
}

#[test]
fn what_clients_do_not_say_is_null_and_never_zero() {
    let _alone = alone();
    let ran = Kdyno::new(&["run", "w.yaml", "--set", "driver.statistics.interval.ms=0"])
        .with_file("w.yaml", &workload("mute", 1_000, "2s"))
        .run();
    assert!(matches!(ran.code, 0 | 11), "exit {}: {}{}", ran.code, ran.stdout, ran.stderr);
    let result = ran.result();
    assert_eq!(result["client"], Value::Null, "switched off");
    assert_eq!(
        result["plan"]["statistics"]["producers_every_s"],
        Value::Null,
        "{:#}",
        result["plan"]
    );
    assert_eq!(result["intervals"][1]["client"], Value::Null, "in no second either");
    assert!(!ran.stdout.contains("publish on average"), "nothing is made up: {}", ran.stdout);

    let (outcome, _) = run("loopback", small("mute", 1_000, 1_500), &Wishes::default());
    assert_eq!(outcome.client, None, "the loopback has no client");
}

#[test]
fn a_closed_loops_clients_speak_and_its_parts_do_not_exist() {
    let _alone = alone();
    let ran = Kdyno::new(&["run", "w.yaml"]).with_file("w.yaml", &closed("loop", "2s")).run();
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let client = &ran.result()["client"];
    assert!(client["producers"].is_object(), "a closed loop's clients speak too: {client:#}");
    assert_eq!(client["publish_parts"], Value::Null, "but nothing is due in it");
}

#[test]
fn an_interval_of_the_users_own_is_followed() {
    let _alone = alone();
    let ran =
        Kdyno::new(&["run", "w.yaml", "--set", "driver.producerConfig.statistics.interval.ms=200"])
            .with_file("w.yaml", &workload("chatter", 1_000, "3s"))
            .run();
    assert!(matches!(ran.code, 0 | 11), "exit {}: {}{}", ran.code, ran.stdout, ran.stderr);
    let result = ran.result();
    let every = &result["plan"]["statistics"];
    assert_eq!(every["producers_every_s"], 0.2, "as set: {every:#}");
    assert_eq!(every["consumers_every_s"], 1.0, "the default: {every:#}");
    let samples = number(&result, "/client/producers/samples");
    assert!((5.0..=20.0).contains(&samples), "five a second: {samples}");
    let second = &result["intervals"][1]["client"]["producers"];
    assert!(1 < second["samples"].as_u64().unwrap_or(0), "several in a second: {second:#}");
}

#[test]
fn many_topics_and_partitions_make_clients_speak_less_often_and_it_is_said() {
    let check = |clients: &str, sets: [&str; 2], every: Option<f64>, remark: &str| {
        let ran = Kdyno::new(&["run", "w.yaml", "--dry-run", "--format", "json"])
            .and(&["--clients", clients, "--set", sets[0], "--set", sets[1]])
            .with_file("w.yaml", &workload("many", 1_000, "1s"))
            .run();
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let document: Value = serde_json::from_str(&ran.stdout).expect("one JSON document");
        let plan = &document["plan"];
        let told = plan["statistics"]["producers_every_s"].as_f64();
        assert_eq!(told, every, "{sets:?}: {:#}", plan["statistics"]);
        let is_said = plan["remarks"].to_string().contains(remark);
        assert!(is_said, "{sets:?}: {:#}", plan["remarks"]);
    };
    check("shared", ["topics=1", "partitionsPerTopic=16"], Some(1.0), "");
    let every_ten = "write their statistics every 10s";
    check("1", ["topics=1000", "partitionsPerTopic=1"], Some(10.0), every_ten);
    check("shared", ["topics=1000", "partitionsPerTopic=1"], Some(1.0), "2 producing clients");
    let never = "producer clients write no statistics";
    check("1", ["topics=3000", "partitionsPerTopic=4"], None, never);
}
