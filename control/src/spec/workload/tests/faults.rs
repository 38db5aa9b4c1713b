//! Workloads that cannot be run, and what is said of them.

use super::{BASE, faults, with};

/// Checks that a line added to the base is the one fault, told so.
fn check_fault(line: &str, expected: &str) {
    let found = faults(&with(line));
    assert!(found.len() == 1 && found[0].starts_with(expected), "{line}: {found:?}");
}

#[test]
fn each_fault_of_a_count_says_where_what_and_what_instead() {
    let check = check_fault;
    check("topic: 1", "w.yaml:9: topic: there is no such field, did you mean topics?");
    check("colour: red", "w.yaml:9: colour: there is no such field");
    check(
        "topics: 0",
        "w.yaml:8: topics: got \"0\", need a whole number from 1 to 1000000, e.g. 1",
    );
    check("topics: many", "w.yaml:8: topics: got \"many\", need a whole number");
    check("topics: 1.9", "w.yaml:8: topics: got \"1.9\", need a whole number");
    check("topics: [1]", "w.yaml:8: topics: got a list, need a whole number");
    check("topics:", "w.yaml:8: topics: got nothing, need a whole number");
    check("partitionsPerTopic: 0", "w.yaml:8: partitionsPerTopic: got \"0\", need");
    check("messageSize: 0", "w.yaml:8: messageSize: got \"0\", need a size from 1 byte");
    check("messageSize: -5", "w.yaml:8: messageSize: got \"-5\", need a size");
    check(
        "producersPerTopic: 0",
        "w.yaml:8: producersPerTopic: got \"0\", need at least 1: reading",
    );
    check("consumerPerSubscription: 0", "w.yaml:8: consumerPerSubscription: got \"0\", need");
}

#[test]
fn each_fault_of_a_rate_or_time_says_where_what_and_what_instead() {
    let check = check_fault;
    check(
        "producerRate: -1",
        "w.yaml:8: producerRate: got \"-1\", need a number of messages per second",
    );
    check(
        "producerRate: fast",
        "w.yaml:8: producerRate: got \"fast\", need a number of messages per second, e.g. 50000 or 50k, or max",
    );
    check(
        "producerRate: 0\nsearchWindow: 2s",
        "w.yaml:9: searchWindow: got \"2s\", need a time from 3s",
    );
    check(
        "producerRate: 0\nsearchSettle: 1500ms",
        "w.yaml:9: searchSettle: got 1500ms, need whole seconds",
    );
    check(
        "producerRate: 0\nsearchMaxRate: 10M",
        "w.yaml:9: searchMaxRate: got \"10M\", need a rate from 1",
    );
    check(
        "producerRate: 0\nsearchPrecision: 0",
        "w.yaml:9: searchPrecision: got \"0\", need a share from 0.5%",
    );
    check(
        "producerRate: 0\nsearchMaxRate: 5k\nsearchStartRate: 6k",
        "w.yaml:10: searchStartRate: got 6k/s, need at most",
    );
    check("producerRate: 1.5", "w.yaml:8: producerRate: got \"1.5\", need");
    check(
        "testDurationMinutes: 0",
        "w.yaml:8: testDurationMinutes: got \"0\", need a whole number from 1 to 525600, e.g. 5, or --duration 30s",
    );
    check("testDurationMinutes: -1", "w.yaml:8: testDurationMinutes: got \"-1\"");
    check("warmupDuration: 30", "w.yaml:9: warmupDuration: got \"30\", need a time of at most");
    check(
        "warmupDuration: automatic",
        "w.yaml:9: warmupDuration: got \"automatic\", need a time of at most 8760h with its unit, e.g. 30s or 5m, or auto",
    );
    check(
        "warmupDurationMinutes: soon",
        "w.yaml:9: warmupDurationMinutes: got \"soon\", need a whole number from 0 to 525600, e.g. 5, or auto",
    );
    for value in ["auto:5s", "auto:6500ms", "auto:90", "auto:9000h", "auto:", "auto:soon"] {
        let need = "need auto:TIME with whole seconds from 6s on, e.g. auto:90s";
        let fault = format!("w.yaml:9: warmupDuration: got \"{value}\", {need}");
        check(&format!("warmupDuration: '{value}'"), &fault);
    }
    check(
        "testDuration: 1m",
        "w.yaml:8: testDurationMinutes: says the same as testDuration (w.yaml:9): keep one of them",
    );
}

#[test]
fn each_fault_of_a_shape_says_where_what_and_what_instead() {
    let check = check_fault;
    check(
        "producerRate: ramp 1k 50k over 2m",
        "w.yaml:8: producerRate: got \"ramp 1k 50k over 2m\", need ramp RATE to RATE over TIME: e.g.",
    );
    check(
        "producerRate: wave 1k +- 2k every 1m",
        "w.yaml:8: producerRate: wave: got 1000 +- 2000, need an amplitude of at most the mean",
    );
    check(
        "producerRate: hills 1k",
        "w.yaml:8: producerRate: got \"hills 1k\", need a number of messages per second, e.g. 50000 \
         or 50k, or max, or 0 to search the highest, or a shape: steps, ramp, wave, bursts or replay",
    );
    check(
        "producerRate: {ramp: 1k}",
        "w.yaml:8: producerRate: got a map, need a number of messages",
    );
    check(
        "producerRate: replay /no/such.txt every 60s",
        "w.yaml:8: producerRate: got \"/no/such.txt\": no such file, looked for /no/such.txt",
    );
    check("arrival: chance", "w.yaml:9: arrival: got \"chance\", need regular or poisson");
    check(
        "arrival: poisson\nseed: -1",
        "w.yaml:10: seed: got \"-1\", need a whole number from 0 to 18446744073709551615, e.g. 1",
    );
    check(
        "arrival: poisson\nwarmupDuration: auto",
        "w.yaml:10: warmupDuration: got \"auto\", need a time, e.g. 30s: arrivals by chance are never steady",
    );
    check(
        "producerRate: steps 1k\nwarmupDurationMinutes: auto",
        "w.yaml:9: warmupDurationMinutes: got \"auto\", need a time, e.g. 30s: a rate that changes is never steady",
    );
    check(
        "producerRate: max\narrival: poisson",
        "w.yaml:9: arrival: got \"poisson\", need regular: a closed loop (producerRate: max) has no due times",
    );
}

#[test]
fn each_fault_of_a_word_says_where_what_and_what_instead() {
    let check = check_fault;
    check(
        "keyDistributor: random",
        "w.yaml:9: keyDistributor: got \"random\", need NO_KEY, KEY_ROUND_ROBIN",
    );
    check(
        "keyDistributor: ROUND_ROBIN\nkeyCount: 0",
        "w.yaml:10: keyCount: got \"0\", need a whole number from 1 to 1000000, e.g. 10000",
    );
    check(
        "keyDistributor: ZIP_LATENT\nkeySkew: 11",
        "w.yaml:10: keySkew: got \"11\", need a number from 0 to 10, e.g. 0.99",
    );
    check(
        "keyDistributor: ZIP_LATENT\nkeyRecency: often",
        "w.yaml:10: keyRecency: got \"often\", need a whole number from 0",
    );
    check(
        "keyFile: /no/such.txt",
        "w.yaml:9: keyFile: got \"/no/such.txt\": no such file, looked for /no/such.txt",
    );
    check("stamp: tail", "w.yaml:9: stamp: got \"tail\", need body or header");
    check(
        "verification: all",
        "w.yaml:9: verification: got \"all\", need numbers, payload or counts",
    );
    check(
        "offsetCommitInterval: 0s",
        "w.yaml:9: offsetCommitInterval: got \"0s\", need a time above 0",
    );
    check(
        "useRandomizedPayloads: maybe",
        "w.yaml:9: useRandomizedPayloads: got \"maybe\", need true or false",
    );
    check("hiccups: some", "w.yaml:9: hiccups: got \"some\", need true or false");
    check(
        "message_size: 5",
        "w.yaml:9: message_size: is the same field as messageSize (w.yaml:3): keep one of them",
    );
    check(
        "existingTopicList: [a]",
        "w.yaml:1: topics: says how many topics to make, and existingTopicList names those that are",
    );
    check(
        "payloadFile: /no/such.data",
        "w.yaml:9: payloadFile: got \"/no/such.data\": no such file, looked for /no/such.data",
    );
}

#[test]
fn faults_that_need_two_lines() {
    let check = |lines: &str, expected: &str| {
        let found = faults(&format!("{BASE}{lines}\n"));
        assert!(found.len() == 1 && found[0].starts_with(expected), "{lines}: {found:?}");
    };
    let random = |rest: &str| format!("useRandomizedPayloads: true\n{rest}");
    check(
        &random("randomizedPayloadPoolSize: 0"),
        "w.yaml:10: randomizedPayloadPoolSize: got \"0\", need",
    );
    check(
        &random(""),
        "w.yaml: randomizedPayloadPoolSize: got nothing, need a whole number from 1",
    );
    check(
        &random("randomizedPayloadPoolSize: 5\nrandomBytesRatio: 1.1"),
        "w.yaml:11: randomBytesRatio: got \"1.1\", need a number from 0 to 1",
    );
    let large = with("messageSize: 1MiB");
    let found =
        faults(&format!("{large}\nuseRandomizedPayloads: true\nrandomizedPayloadPoolSize: 1025\n"));
    assert_eq!(
        found,
        [
            "w.yaml:10: randomizedPayloadPoolSize: got \"1025\", need at most 1024: bodies of 1 MiB take 1074790400 bytes in all, at most 1 GiB are held"
        ]
    );
    let small = with("messageSize: 47");
    let stamp = faults(&format!("{small}\nstamp: body\n"));
    assert_eq!(
        stamp,
        ["w.yaml:9: stamp: got \"body\", need header: a stamp has 48 bytes and messageSize is 47"]
    );
}

#[test]
fn sums_beyond_all_bounds_are_refused() {
    let check = |lines: [&str; 2], expected: &str| {
        let kept =
            |line: &&str| !lines.iter().any(|new| new.split(':').next() == line.split(':').next());
        let text: Vec<&str> = BASE.lines().filter(kept).chain(lines).collect();
        let found = faults(&text.join("\n"));
        assert!(found.len() == 1 && found[0].contains(expected), "{lines:?}: {found:?}");
    };
    check(
        ["topics: 1000000", "partitionsPerTopic: 100"],
        "topics × partitionsPerTopic is 100000000, need at most 10000000",
    );
    check(
        ["topics: 1000000", "producersPerTopic: 1000000"],
        "topics × producersPerTopic is 1000000000000",
    );
    check(
        ["subscriptionsPerTopic: 10000", "consumerPerSubscription: 1000000"],
        "topics × subscriptionsPerTopic × consumerPerSubscription is 20000000000",
    );
}

#[test]
fn all_faults_are_told_at_once() {
    let found = faults("topics: 0\nmessageSize: 0\nproducerRate: -1\ntestDuration: 0s\nfoo: 1\n");
    let fields: Vec<&str> =
        found.iter().map(|fault| fault.split(": ").nth(1).expect("a field")).collect();
    let expected = [
        "foo",
        "topics",
        "partitionsPerTopic",
        "producersPerTopic",
        "messageSize",
        "producerRate",
        "testDuration",
    ];
    assert_eq!(fields, expected);
}
