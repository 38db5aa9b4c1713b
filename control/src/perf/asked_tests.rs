//! Laws of what the flags of `kdyno perf-test producer` ask.

use super::asked::{Asked, WORKLOAD};
use crate::cli::{Command, PerfCommand, parse};
use crate::spec::Request;
use engine::plan::{COUNT_WITHIN, Pace, StampPlace, TransactionLength, Warmup};
use engine::units::{Nanos, Rate, Timestamp};
use std::path::Path;

const NOW: Timestamp = Timestamp::from_nanos(1_760_000_000_000_000_000);

/// What a line asks, its words behind `producer` with these before them.
fn asked(line: &str) -> Result<Asked, Vec<String>> {
    let whole = format!("kdyno perf-test producer --topic t --num-records 1000 {line}");
    match parse(whole.split_whitespace().map(Into::into)) {
        Ok(Command::PerfTest(PerfCommand::Producer(flags))) => Asked::of(&flags, NOW)
            .map_err(|faults| faults.0.iter().map(ToString::to_string).collect()),
        other => panic!("{whole}: {other:?}"),
    }
}

fn request(line: &str) -> Request {
    asked(line).expect(line).job.requests.swap_remove(0)
}

const PROPS: &str = "--producer-props bootstrap.servers=h:1";

#[test]
fn so_many_records_go_to_a_topic_that_stays_with_nobody_who_reads() {
    let asked = asked(&format!("--record-size 100 --throughput -1 {PROPS} acks=1")).expect("legal");
    assert_eq!((asked.topic.as_str(), asked.told.len()), ("t", 0));
    assert!(asked.job.sweep.is_none() && asked.job.requests.len() == 1, "one run");
    let request = &asked.job.requests[0];
    let (demand, stream) = (&request.demand, &request.demand.streams[0]);
    assert_eq!(demand.messages, Some(1_000));
    assert_eq!((stream.topics.len(), stream.topics[0].name.as_str()), (1, "t"));
    assert!(stream.topics[0].existing, "never created, never deleted");
    assert_eq!((stream.producers_per_topic, stream.readers()), (1, 0));
    assert_eq!((stream.message_size.0, stream.stamp), (100, StampPlace::Body));
    assert!(stream.bodies.iter().all(|body| body.is_ascii() && body.len() == 100), "letters");
    assert_eq!(demand.phases.warmup, Warmup::NONE);
    assert!(demand.test_id.starts_with("perf-test_"), "{}", demand.test_id);
    assert_eq!(request.resolved.workload["messages"], 1_000);
    assert!(!request.resolved.workload.contains_key("testDuration"), "it has none");
    assert_eq!(request.driver.driver.name, "kafka");
}

#[test]
fn a_rate_makes_the_phase_and_a_negative_one_is_none() {
    let check = |throughput: &str, pace: Pace, measured: Nanos| {
        let request = request(&format!("--record-size 10 --throughput {throughput} {PROPS}"));
        let demand = &request.demand;
        assert_eq!(demand.streams[0].pace, pace, "{throughput}");
        assert_eq!(demand.phases.measured, measured, "{throughput}");
        assert_eq!(demand.messages, Some(1_000), "{throughput}");
    };
    let at = |rate: u64| Pace::At(Rate::per_second(rate).expect("above 0"));
    let max = Pace::Max { in_flight: None };
    check("500", at(500), Nanos::from_secs(2));
    check("500.0", at(500), Nanos::from_secs(2));
    check("3", at(3), Nanos(333_333_333_333));
    check("9999999", at(9_999_999), Nanos(100_000));
    for unlimited in ["-1", "-0.5", "10000000", "1e9"] {
        check(unlimited, max.clone(), COUNT_WITHIN);
    }
}

#[test]
fn properties_are_javas_with_the_defaults_of_its_tool() {
    let line =
        format!("--record-size 10 --throughput 1 {PROPS} batch.size=9 buffer.memory=2097152");
    let request = request(&line);
    let of = |list: &[(String, String)], name: &str| {
        let found = list.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let clients = &request.demand.clients;
    for (name, value) in [
        ("client.id", "perf-producer-client"),
        ("bootstrap.servers", "h:1"),
        ("queue.buffering.max.ms", "5"),
        ("queue.buffering.max.kbytes", "2048"),
    ] {
        assert_eq!(of(&clients.producer, name), value, "{name}: {:?}", clients.producer);
    }
    assert_eq!(of(&clients.admin, "bootstrap.servers"), "h:1", "who asks for the topic");
    assert!(of(&clients.producer, "acks") != "1", "Java's default: {:?}", clients.producer);
    let flag = request_with_server();
    assert_eq!(of(&flag.demand.clients.producer, "bootstrap.servers"), "flag:2", "it wins");
}

fn request_with_server() -> Request {
    request(&format!("--record-size 10 --throughput 1 {PROPS} --bootstrap-server flag:2"))
}

#[test]
fn payloads_of_a_file_travel_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("p.txt");
    std::fs::write(&file, "one,three,,five5\n").expect("written");
    let shown = file.display();
    let line = format!("--payload-file {shown} --payload-delimiter , --throughput 7 {PROPS}");
    let asked = asked(&line).expect("legal");
    assert_eq!(asked.told[0], format!("Reading payloads from: {shown}"));
    assert_eq!(asked.told[1], "Number of messages read: 4");
    let stream = &asked.job.requests[0].demand.streams[0];
    let bodies: Vec<&[u8]> = stream.bodies.iter().map(Vec::as_slice).collect();
    assert_eq!(bodies, [&b"one"[..], b"three", b"", b"five5\n"]);
    assert_eq!((stream.message_size.0, stream.stamp), (6, StampPlace::Header));
}

#[test]
fn what_cannot_be_done_is_told_at_once_and_in_whole() {
    let check = |line: &str, expected: &[&str]| {
        let faults = asked(line).expect_err(line);
        let all = faults.len() == expected.len()
            && faults.iter().zip(expected).all(|(fault, words)| fault.contains(words));
        assert!(all, "{line}: {faults:#?}");
    };
    check(
        "--payload-monotonic --throughput 0.5 --warmup-records 10 --producer-props acks",
        &[
            "--payload-monotonic: is not supported",
            "--warmup-records: is not supported",
            "--producer-props: got \"acks\", need NAME=VALUE",
            "--producer-props: bootstrap.servers is not given, need e.g.",
            "--throughput: got 0.5, need a whole number of records per second, e.g. 50000, or -1",
        ],
    );
    for throughput in ["0", "0.5", "1.5", "nan"] {
        let line = format!("--record-size 1 --throughput {throughput} {PROPS}");
        check(&line, &[&format!("--throughput: got {}", throughput.replace("nan", "NaN"))]);
    }
    check(&format!("--record-size 9 --throughput 1 {PROPS} lingr.ms=1"), &["lingr.ms"]);
    check(
        &format!("--record-size 9 --throughput 1 {PROPS} linger.ms=1,2"),
        &["--producer-props: got a list or a range of values"],
    );
    check(
        &format!("--payload-file /no/such --payload-delimiter [,] --throughput 1 {PROPS}"),
        &["--payload-delimiter: got \"[,]\", a regular expression"],
    );
    check(
        &format!("--payload-file /no/such --throughput 1 {PROPS}"),
        &["--payload-file: /no/such: No such file"],
    );
}

#[test]
fn what_has_no_effect_and_what_everybody_sees_is_said() {
    let line = format!("--record-size 9 --throughput 1 --print-metrics {PROPS}");
    let said = |words: &str| {
        let remarks = request(words).resolved.remarks;
        remarks.iter().map(|remark| remark.code).collect::<Vec<_>>()
    };
    assert_eq!(said(&line), ["flag_without_effect"]);
    let secret = format!(
        "{line} security.protocol=SASL_PLAINTEXT sasl.mechanism=PLAIN sasl.username=u sasl.password=p"
    );
    assert_eq!(said(&secret), ["secret_on_command_line", "flag_without_effect"]);
    assert!(Path::new(WORKLOAD).extension().is_some(), "read as a workload file");
}

#[test]
fn an_id_or_a_length_asks_for_transactions_as_the_tool_does() {
    let check = |line: &str, expected: Option<(&str, u64)>| {
        let demand = request(&format!("--record-size 9 --throughput 1 {PROPS} {line}")).demand;
        let asked = demand.clients.transactions.map(|asked| match asked.length {
            TransactionLength::Span(span) => span.0 / 1_000_000,
            TransactionLength::Messages(_) => panic!("{line}: by time"),
        });
        let prefix = demand.clients.transactional_prefix();
        assert_eq!(asked.map(|length| (prefix, length)), expected, "{line}");
    };
    check("", None);
    check("--transactional-id t", Some(("t", 3_000)));
    check("transactional.id=p", Some(("p", 3_000)));
    check("transactional.id=p --transactional-id t --transaction-duration-ms 70", Some(("t", 70)));
    check("--transaction-duration-ms 70", Some(("performance-producer", 70)));
}
