//! Runs on topics that are there already: what they need, what they leave alone, and what only reads.

use super::{Desk, OMB_DRIVER, WORKLOAD, one, remark, stream};
use crate::spec::Order;
use engine::plan::Pace;

/// Sets that leave a run with nobody who sends.
const ONLY_READ: [&str; 1] = ["producersPerTopic=0"];

fn existing(desk: &Desk, sets: &[&str]) -> Order {
    Order { topics: vec!["theirs".to_owned()], ..desk.order(sets) }
}

#[test]
fn nothing_that_only_new_topics_need_is_asked_of_the_cluster() {
    let desk = Desk::new(OMB_DRIVER);
    let clients = one(&existing(&desk, &[])).demand.clients;
    let makes_none = ("allow.auto.create.topics".to_owned(), "false".to_owned());
    assert!(clients.producer.contains(&makes_none), "nor made again: {:?}", clients.producer);
    assert_eq!((clients.replication_factor, clients.topic.len()), (-1, 0), "no topic is made");
    let makes = one(&desk.order(&[])).demand.clients;
    assert!(!makes.producer.contains(&makes_none), "as the client has it");
    assert_eq!((makes.replication_factor, makes.topic.len()), (3, 1), "as the file has it");
}

#[test]
fn what_is_there_is_read_where_nobody_sends() {
    let desk = Desk::new(OMB_DRIVER);
    let request = one(&existing(&desk, &ONLY_READ));
    let stream = stream(&request);
    assert_eq!((stream.producers_per_topic, stream.consumers_per_subscription), (0, 2));
    assert_eq!(stream.pace, Pace::Max { in_flight: None }, "nothing is due");
    assert!(request.demand.is_catch_up() && stream.topics[0].existing, "and none is made");
    let said = remark(&request, "field_without_effect").expect("what has no effect is said");
    assert!(said.ends_with("have no effect: messageSize, producerRate"), "{said}");
    let fields: Vec<&str> = request.resolved.workload.keys().map(String::as_str).collect();
    let expected = [
        "name",
        "topics",
        "hiccups",
        "producersPerTopic",
        "subscriptionsPerTopic",
        "consumerPerSubscription",
        "testDuration",
    ];
    assert_eq!(fields, expected, "what is of sending is not shown");
}

#[test]
fn reading_needs_topics_readers_and_no_backlog() {
    let desk = Desk::new(OMB_DRIVER);
    let check = |order: &Order, expected: &str| {
        let faults = desk.faults(order);
        assert!(faults.len() == 1 && faults[0].contains(expected), "{expected}: {faults:?}");
    };
    let new = desk.order(&ONLY_READ);
    check(
        &new,
        "producersPerTopic: got \"0\", need at least 1: reading without sending needs topics",
    );
    let nobody = existing(&desk, &[ONLY_READ[0], "subscriptionsPerTopic=0"]);
    check(&nobody, "subscriptionsPerTopic: got none, need at least 1 where producersPerTopic is 0");
    let backlog = existing(&desk, &[ONLY_READ[0], "consumerBacklog=30s"]);
    check(&backlog, "consumerBacklog: needs producers that bring it");
    let mut shared = existing(&desk, &ONLY_READ);
    shared.fleet.workers = vec!["http://a:1".to_owned()];
    check(&shared, "--workers: a run that only reads is done by one host");
    let none = existing(&desk, &[ONLY_READ[0], "consumerBacklog=none"]);
    assert_eq!(desk.faults(&none), Vec::<String>::new(), "none is asked for");
}

/// A workload whose file names topics in this line, and not how many.
fn naming(line: &str) -> Desk {
    let desk = Desk::new(OMB_DRIVER);
    desk.write("w.yaml", &format!("{}{line}\n", WORKLOAD.replace("topics: 2\n", "")));
    desk
}

#[test]
fn a_file_names_topics_that_are_there() {
    let names = |order: &Order| -> Vec<String> {
        let request = one(order);
        let topics = stream(&request).topics.iter();
        topics.filter(|of| of.existing).map(|of| of.name.clone()).collect()
    };
    let same = "existingProduceTopicList: [a, b]\nexistingConsumeTopicList: [a, b]";
    for line in ["existingTopicList: [a, b]", same] {
        let desk = naming(line);
        assert_eq!(names(&desk.order(&[])), ["a", "b"], "{line}");
        assert_eq!(names(&existing(&desk, &[])), ["theirs"], "{line}: the command line wins");
        let request = one(&desk.order(&[]));
        assert_eq!(request.resolved.workload["existingTopicList"], serde_json::json!(["a", "b"]));
        assert_eq!(request.demand.clients.replication_factor, -1, "no topic is made");
    }
    let unnamed = naming("");
    let flag = unnamed.order(&["existingTopicList=[a, b]"]);
    assert_eq!(names(&flag), ["a", "b"], "a flag's list is one value");
    let read = naming("existingConsumeTopicList: [a]");
    let request = one(&read.order(&ONLY_READ));
    assert!(request.demand.is_catch_up(), "what is there is read");
    let written = naming("existingProduceTopicList: [a]");
    assert_eq!(names(&written.order(&["subscriptionsPerTopic=0"])), ["a"]);
}

#[test]
fn lists_of_topics_that_cannot_be_followed_are_told() {
    let check = |line: &str, expected: &str| {
        let desk = naming(line);
        let faults = desk.faults(&desk.order(&[]));
        assert!(faults.len() == 1 && faults[0].contains(expected), "{line}: {faults:?}");
    };
    check("existingTopicList: some", "existingTopicList: got \"some\", need a list of names");
    check("existingTopicList: [a/b]", "existingTopicList: got \"a/b\", need a topic's name");
    check("existingTopicList: [a, a]", "existingTopicList: got \"a\" twice");
    check(
        "existingProduceTopicList: [a]\nexistingConsumeTopicList: [b]",
        "existingConsumeTopicList: names other topics than existingProduceTopicList",
    );
    check(
        "existingTopicList: [a]\nexistingConsumeTopicList: [a]",
        "existingConsumeTopicList: is given beside existingTopicList",
    );
    check("existingProduceTopicList: [a]", "says what is written and not what is read");
    check("existingConsumeTopicList: [a]", "says what is read and not what is written");
    check("topics: 2\nexistingTopicList: [a]", "topics: says how many topics to make");
}
