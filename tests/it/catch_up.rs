//! Runs that send nothing and read what is there, from a broker that a run before has filled.

use crate::cli::{Kdyno, Ran, alone, number};
use engine::kafka::embedded::MockBroker;
use serde_json::Value;

const RECORDS: u64 = 5_000;

/// Reads a topic of which nobody knows how much it holds.
const READER: &str = "name: reader\nproducersPerTopic: 0\nsubscriptionsPerTopic: 2\n\
                      consumerPerSubscription: 1\ntestDuration: 60s\n";

/// A broker whose topic `held` holds so many records of 100 bytes.
fn filled() -> MockBroker {
    let broker = MockBroker::start(1).expect("the broker starts");
    fill(&broker);
    broker
}

/// Sends so many more.
fn fill(broker: &MockBroker) {
    let server = format!("bootstrap.servers={}", broker.bootstrap_servers());
    let records = RECORDS.to_string();
    let ran = Kdyno::new(&["perf-test", "producer", "--topic", "held", "--num-records", &records])
        .and(&["--record-size", "100", "--throughput", "-1", "--producer-props", &server])
        .run();
    assert!(matches!(ran.code, 0 | 11), "exit {}: {}", ran.code, ran.stderr);
}

fn reader(broker: &MockBroker, text: &str) -> Kdyno {
    let address = broker.bootstrap_servers();
    Kdyno::new(&["run", "w.yaml", "--topic", "held", "--bootstrap-server", &address])
        .with_file("w.yaml", text)
}

fn text<'result>(result: &'result Value, path: &str) -> &'result str {
    result.pointer(path).and_then(Value::as_str).unwrap_or_else(|| panic!("{path}: {result:#}"))
}

/// A number of a result, as a whole one.
fn whole(result: &Value, path: &str) -> String {
    format!("{:.0}", number(result, path))
}

#[test]
fn all_that_is_there_is_read_by_every_subscription_and_then_the_run_ends() {
    let _alone = alone();
    let broker = filled();
    let ran = reader(&broker, READER).run();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let result = ran.result();
    let twice = (2 * RECORDS).to_string();
    assert_eq!(whole(&result, "/consumed/messages"), twice, "each subscription all of them");
    assert_eq!(whole(&result, "/consumed/bytes"), (200 * RECORDS).to_string());
    assert_eq!(whole(&result, "/catch_up/offsets"), twice);
    assert_eq!(whole(&result, "/catch_up/left"), "0");
    assert_eq!(text(&result, "/catch_up/ended"), "all_read");
    assert_eq!(whole(&result, "/produced/messages"), "0", "nobody sends");
    assert!(number(&result, "/plan/measured_s") < 30.0, "it ends when all is read, not after 60 s");
    assert!(number(&result, "/consumed/duration_s") > 0.0, "from the start to the last message");
    assert!(ran.stdout.starts_with("VALID: all that was there was read, at "), "{}", ran.stdout);
    // What is there stays, and a file can name it as well as the command line.
    let named = format!("{READER}existingConsumeTopicList: [held]\n");
    let address = broker.bootstrap_servers();
    let again = Kdyno::new(&["run", "w.yaml", "--bootstrap-server", &address])
        .with_file("w.yaml", &named)
        .run();
    assert_eq!(whole(&again.result(), "/consumed/messages"), twice, "from the first offset again");
}

#[test]
fn where_consumers_begin_at_the_end_the_time_ends_the_run() {
    let _alone = alone();
    let broker = filled();
    let ran = reader(&broker, &READER.replace("60s", "2s"))
        .and(&["--set", "driver.auto.offset.reset=latest"])
        .run();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let result = ran.result();
    assert_eq!(whole(&result, "/consumed/messages"), "0", "what is there is passed over");
    assert_eq!(text(&result, "/catch_up/ended"), "time_over");
    let findings = result["verdict"]["findings"].as_array().expect("findings are a list");
    let is_said = findings.iter().any(|finding| finding["code"] == "nothing_to_read");
    assert!(is_said, "{findings:#?}");
}

#[test]
fn who_begins_at_the_end_reads_what_others_send_meanwhile() {
    let _alone = alone();
    let broker = filled();
    let mut reading = reader(&broker, &READER.replace("60s", "25s"))
        .and(&["--set", "driver.auto.offset.reset=latest"])
        .start();
    reading.await_words("measured phase: until all that was asked for is read");
    fill(&broker);
    let ran = reading.finish();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let result = ran.result();
    let twice = (2 * RECORDS).to_string();
    assert_eq!(whole(&result, "/consumed/messages"), twice, "not those that were there before");
    assert_eq!(text(&result, "/catch_up/ended"), "time_over");
}

/// The numbers of the tool's last line: messages, and the time in which they were fetched.
fn last_line(ran: &Ran) -> (u64, u64) {
    let line = ran.stdout.lines().last().unwrap_or_else(|| panic!("a line: {}", ran.stderr));
    let columns: Vec<&str> = line.split(", ").collect();
    assert_eq!(columns.len(), 10, "{line}");
    let whole = |at: usize| columns[at].parse::<u64>().unwrap_or_else(|_| panic!("{at}: {line}"));
    (whole(4), whole(7))
}

#[test]
fn perf_test_consumer_reads_exactly_so_many_and_tells_them_in_the_tools_line() {
    let _alone = alone();
    let broker = filled();
    let address = broker.bootstrap_servers();
    let consumer = |messages: u64, words: &[&str]| {
        let count = messages.to_string();
        Kdyno::new(&["perf-test", "consumer", "--topic", "held", "--messages", &count])
            .and(&["--bootstrap-server", &address])
            .and(words)
            .run()
    };
    for (asked, expected) in [(RECORDS, RECORDS), (1, 1), (1_234, 1_234), (RECORDS + 1, RECORDS)] {
        let ran = consumer(asked, &[]);
        assert_eq!(ran.code, 0, "{asked}: {}", ran.stderr);
        let (messages, fetching) = last_line(&ran);
        assert_eq!(messages, expected, "{asked}: {}", ran.stdout);
        assert!(fetching < 20_000, "it waits for no more: {fetching} ms");
        let result = ran.result();
        assert_eq!(whole(&result, "/consumed/messages"), expected.to_string(), "{asked}");
        let ended = if asked <= RECORDS { "enough" } else { "all_read" };
        let got = text(&result, "/catch_up/ended");
        // With exactly as many as there are, either may be seen first.
        assert!(got == ended || asked == RECORDS, "{asked}: {got}");
        let header = ran.stdout.lines().next().unwrap_or_default();
        assert!(header.starts_with("start.time, end.time, data.consumed.in.MB"), "{header}");
        assert_eq!(ran.stdout.lines().count(), 2, "{}", ran.stdout);
        let missing = format!("--messages {asked}: only {expected} were read");
        assert_eq!(ran.stderr.contains(&missing), expected < asked, "{asked}: {}", ran.stderr);
    }
    let bare = consumer(10, &["--hide-header", "--group", "mine"]);
    assert_eq!(bare.stdout.lines().count(), 1, "{}", bare.stdout);
    assert!(bare.stderr.contains("--group: has no effect"), "{}", bare.stderr);
}

#[test]
fn perf_test_consumer_misses_a_topic_that_is_not_there() {
    let _alone = alone();
    let broker = MockBroker::start(1).expect("the broker starts");
    let address = broker.bootstrap_servers();
    let ran = Kdyno::new(&["perf-test", "consumer", "--topic", "typo", "--messages", "1"])
        .and(&["--bootstrap-server", &address])
        .run();
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("--topic typo: there is no such topic"), "{}", ran.stderr);
}
