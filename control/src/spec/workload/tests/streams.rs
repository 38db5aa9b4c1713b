//! Workloads of several streams.

use super::{BASE, read, read_with};
use crate::spec::given::FieldFlag;
use crate::spec::workload::{Speed, Workload};
use engine::time::Arrival;
use engine::units::{Bytes, Rate};

const STREAMS: &str = "streams:\n  bulk:\n    partitionsPerTopic: 8\n    messageSize: 1024\n  \
    probe: {topics: 1, producersPerTopic: 1, producerRate: 100}\n";

/// The base's ten lines, and then the streams.
fn with(streams: &str) -> String {
    format!("{BASE}{streams}")
}

fn set(field: &str, value: &str) -> FieldFlag {
    let flag = format!("--set {field}");
    FieldFlag { flag, field: field.to_owned(), value: value.to_owned() }
}

fn faults(text: &str, flags: &[FieldFlag]) -> Vec<String> {
    let (read, ledger) = read_with(text, flags);
    assert_eq!(read.is_none(), !ledger.faults.is_empty(), "{text}: {:?}", ledger.faults);
    ledger.faults.iter().map(ToString::to_string).collect()
}

fn rate(per_second: u64) -> Speed {
    Speed::At(Rate::per_second(per_second).expect("not 0"))
}

#[test]
fn each_stream_has_its_own_fields_and_else_those_beside_them() {
    let workload = read(&with(STREAMS));
    let parts = workload.parts();
    assert_eq!(parts.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["bulk", "probe"]);
    let [(_, bulk), (_, probe)] = parts[..] else { panic!("two of them") };
    assert_eq!((bulk.shape.topics, bulk.shape.partitions, bulk.shape.producers), (2, 8, 4));
    assert_eq!((probe.shape.topics, probe.shape.partitions, probe.shape.producers), (1, 3, 1));
    assert_eq!((bulk.body.size, probe.body.size), (Bytes(1024), Bytes(100)));
    assert_eq!((&bulk.speed, &probe.speed), (&rate(1000), &rate(100)));
    assert_eq!((bulk.measured, probe.measured), (workload.measured, workload.measured));
    let single = read(BASE);
    assert_eq!(single.parts().len(), 1, "a workload without streams is one");
    assert_eq!(single.parts()[0].0, "w", "of its own name");
}

#[test]
fn what_is_the_same_stands_beside_the_streams_and_can_be_read_again() {
    let workload = read(&with(STREAMS));
    let shown = workload.resolved();
    assert_eq!(shown["consumerPerSubscription"], 2, "of both");
    assert!(!shown.contains_key("topics") && !shown.contains_key("producerRate"), "{shown:?}");
    let probe = shown["streams"]["probe"].as_object().expect("its fields");
    let names: Vec<&str> = probe.keys().map(String::as_str).collect();
    let differ =
        ["messageSize", "partitionsPerTopic", "producerRate", "producersPerTopic", "topics"];
    let mut sorted = names.clone();
    sorted.retain(|name| differ.contains(name));
    sorted.sort_unstable();
    assert_eq!(sorted, differ, "what differs alone: {names:?}");
    let text = serde_yaml::to_string(&shown).expect("YAML");
    let again = read(&text);
    assert_eq!(again.resolved(), shown, "the same in all");
    let of = |one: &Workload| -> Vec<(Speed, Bytes)> {
        one.parts().iter().map(|(_, of)| (of.speed.clone(), of.body.size)).collect()
    };
    assert_eq!(of(&again), of(&workload), "and in what is run");
}

#[test]
fn a_flag_reaches_every_field_of_a_stream() {
    let flags = [
        set("streams.probe.producerRate", "200"),
        set("streams.bulk.message_size", "2KiB"),
        set("streams.probe.keyDistributor", "RANDOM"),
        set("testDuration", "9s"),
    ];
    let (read, ledger) = read_with(&with(STREAMS), &flags);
    let workload = read.unwrap_or_else(|| panic!("{:?}", ledger.faults));
    let parts = workload.parts();
    assert_eq!(parts[1].1.speed, rate(200), "in place of the file's");
    assert_eq!(parts[0].1.body.size, Bytes(2048), "in either spelling");
    assert!(parts[1].1.keys.is_some() && parts[0].1.keys.is_none(), "of one stream alone");
    assert_eq!(workload.measured.to_string(), "9s", "of the whole run");
}

#[test]
fn a_flag_that_no_stream_would_heed_is_refused() {
    let both = "streams:\n  a: {producerRate: 1}\n  b: {producerRate: 2}\n";
    let found = faults(&with(both), &[set("producerRate", "7")]);
    let expected = "--set producerRate: has no effect, since each stream has a producerRate of its \
                    own: set one stream's, e.g. --set streams.a.producerRate=…";
    assert_eq!(found, [expected]);
    let (read, _) = read_with(&with(STREAMS), &[set("producerRate", "7")]);
    let parts = read.expect("bulk has none of its own");
    assert_eq!(parts.parts()[0].1.speed, rate(7), "so it is for bulk");
    assert_eq!(parts.parts()[1].1.speed, rate(100), "and the probe keeps its own");
}

#[test]
fn what_is_wrong_is_told_with_its_line_and_its_stream() {
    let check = |streams: &str, expected: &[&str]| {
        assert_eq!(faults(&with(streams), &[]), expected, "{streams}");
    };
    let one = "w.yaml:9: streams: got 1 of them, need 2 to 8: the fields of a single stream stand beside \
               the others, without streams";
    check("streams:\n  a: {topics: 1}\n", &[one]);
    let run = "is of the whole run and not of one stream: give it beside streams, not within";
    check(
        "streams:\n  a:\n    testDuration: 1m\n  b:\n    topics: 1\n    transactionMessages: 2\n",
        &[
            &format!("w.yaml:11: streams.a.testDuration: {run}"),
            &format!("w.yaml:14: streams.b.transactionMessages: {run}"),
        ],
    );
    check(
        "streams:\n  a:\n    topics: 0\n    topicz: 1\n  b: {}\n",
        &[
            "w.yaml:12: streams.a.topicz: there is no such field, did you mean topics?",
            "w.yaml:11: streams.a.topics: got \"0\", need a whole number from 1 to 1000000, e.g. 1",
        ],
    );
    check(
        "streams:\n  a: {topics: 1}\n  b: {producerRate: 0}\n",
        &[
            "w.yaml:11: streams.b.producerRate: got \"0\", a search, which is for one stream: need a \
           rate, or max",
        ],
    );
    check(
        "streams:\n  A: {topics: 1}\n  b: 7\n",
        &[
            "w.yaml:10: streams: got the name \"A\", need a letter and up to 31 more of a-z, 0-9 and -: topics \
             and groups are named after it",
            "w.yaml:11: streams.b: got \"7\", need its fields, e.g. {producerRate: 100}",
        ],
    );
    let list = faults(&with("streams: [a, b]\n"), &[]);
    assert!(
        list.len() == 1 && list[0].starts_with("w.yaml:9: streams: got a list, need names"),
        "{list:?}"
    );
}

#[test]
fn flags_of_streams_that_are_not_there_are_refused() {
    let check = |text: &str, field: &str, expected: &str| {
        let found = faults(text, &[set(field, "1")]);
        assert!(found.len() == 1 && found[0].contains(expected), "{field}: {found:?}");
    };
    let two = with(STREAMS);
    check(&two, "streams.prob.topics", "there is no stream \"prob\", did you mean probe?");
    check(&two, "streams.probe.topicz", "there is no such field, did you mean topics?");
    check(&two, "streams.probe.testDuration", "testDuration is of the whole run");
    check(&two, "streams.probe", "need the stream and its field, e.g.");
    check(BASE, "streams.probe.topics", "the workload has no streams");
}

#[test]
fn what_several_streams_cannot_do_together_is_refused() {
    let check = |line: &str, expected: &str| {
        let text = format!("{}{line}\n", with(STREAMS));
        let found = faults(&text, &[]);
        assert!(found.iter().any(|fault| fault.contains(expected)), "{line}: {found:?}");
    };
    check("consumerBacklog: 1GiB", "is built and drained by one stream");
    check("existingTopicList: [a]", "is not for several streams");
}

#[test]
fn arrivals_by_chance_differ_from_stream_to_stream() {
    let seeds = |lines: &str| -> Vec<Arrival> {
        let workload = read(&format!("{}{lines}", with(STREAMS)));
        workload.parts().iter().map(|(_, part)| part.arrival).collect()
    };
    let poisson = |seed| Arrival::Poisson { seed };
    assert_eq!(seeds("arrival: poisson\n"), [poisson(1), poisson(2)], "each its own");
    assert_eq!(seeds("arrival: poisson\nseed: 40\n"), [poisson(40), poisson(41)], "from there on");
    let own = "streams:\n  a: {seed: 7}\n  b: {seed: 7}\narrival: poisson\n";
    let workload = read(&with(own));
    assert!(workload.parts().iter().all(|(_, part)| part.arrival == poisson(7)), "as asked");
}
