//! Keys that were produced: each message has its number's, and where they put the load is told.

use crate::cli::{Kdyno, alone, findings, workload};
use engine::message::{KeyDraw, KeyList, KeyOrder, KeyPool, KeySource, Keys, murmur2};
use std::num::NonZeroU64;

const PARTITIONS: u32 = 8;
const MESSAGES: u64 = 4_000;

/// How many of the messages each partition must have, by the keys of their numbers.
fn expected(source: &KeySource) -> Vec<u64> {
    let keys = Keys::new(source, 0);
    let mut on = vec![0; 8];
    for number in 0..MESSAGES {
        let place = keys.place(number).expect("every message has a key");
        let partition = murmur2(keys.key(place)) % PARTITIONS;
        on[usize::try_from(partition).expect("a few")] += 1;
    }
    on
}

/// Runs the load with these lines and producers, and holds the most loaded partition against what must come;
/// returns whether the skew was told.
fn check(lines: &str, producers: u32, source: &KeySource) -> bool {
    let load = workload("keys", 2_000, "2s")
        .replace("partitionsPerTopic: 4", "partitionsPerTopic: 8")
        .replace("producersPerTopic: 1", &format!("producersPerTopic: {producers}"));
    let ran = Kdyno::new(&["run", "w.yaml"])
        .with_file("w.yaml", &format!("{load}{lines}\n"))
        .with_file("keys.txt", "north\neast\nsouth\n")
        .run();
    assert!(matches!(ran.code, 0 | 11), "exit {}: {}{}", ran.code, ran.stdout, ran.stderr);
    let result = ran.result();
    let on = expected(source);
    let most = *on.iter().max().expect("eight partitions");
    let first = on.iter().position(|count| *count == most).expect("one has the most");
    let told = &result["partitions"]["topics"][0];
    assert_eq!(told["messages"], MESSAGES, "{lines}: {told:#}");
    assert_eq!(told["most_loaded"], first, "{lines}: {on:?}, {told:#}");
    assert_eq!(told["most_loaded_messages"], most, "{lines}: {on:?}, {told:#}");
    let is_line = ran.stdout.contains("most loaded partition: ");
    assert_eq!(is_line, 5 * MESSAGES <= 4 * 8 * most, "{lines}: {on:?}: {}", ran.stdout);
    let is_skewed = findings(&result).iter().any(|code| code == "partition_skew");
    assert_eq!(is_skewed, 3 * MESSAGES < 8 * most, "{lines}: {on:?}: {:#}", result["verdict"]);
    is_skewed
}

#[test]
fn every_message_lies_where_its_number_says_whoever_sends_it() {
    let _alone = alone();
    let zipf = |skew, recency| {
        KeySource::standard(KeyOrder::Zipf { skew, recency: NonZeroU64::new(recency) })
    };
    for producers in [1, 3] {
        let order = KeySource::standard(KeyOrder::RoundRobin);
        assert!(!check("keyDistributor: KEY_ROUND_ROBIN", producers, &order), "even");
        let chance = KeySource::standard(KeyOrder::Random);
        assert!(!check("keyDistributor: RANDOM_NANO", producers, &chance), "nearly even");
        check("keyDistributor: ZIP_LATENT\nkeyRecency: 100", producers, &zipf(0.99, 100));
        let hot = "keyDistributor: ZIP_LATENT\nkeySkew: 2\nkeyRecency: 0";
        assert!(check(hot, producers, &zipf(2.0, 0)), "three of five have the hottest key");
    }
}

#[test]
fn keys_of_a_file_are_sent_in_turn() {
    let _alone = alone();
    let list = KeyList::new(b"north\neast\nsouth\n".to_vec().into()).expect("three keys");
    let (order, pool) = (KeyOrder::RoundRobin, KeyPool::Listed(list));
    let source = KeySource::Drawn(KeyDraw { order, pool, seed: KeySource::SEED });
    check("keyFile: keys.txt", 1, &source);
}

#[test]
fn a_key_file_that_is_none_is_refused_before_the_run() {
    let check = |text: &str, expected: &str| {
        let load = workload("keys", 10, "1s") + "keyFile: keys.txt\n";
        let ran = Kdyno::new(&["run", "w.yaml"])
            .with_file("w.yaml", &load)
            .with_file("keys.txt", text)
            .run();
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{}", ran.stderr);
        assert!(ran.run_directories().is_empty(), "nothing was made");
    };
    check("", "keys.txt: line 1 has 0 bytes, need a key of 1 to 512 bytes in every line");
    check("a\n\nb\n", "keys.txt: line 2 has 0 bytes, need a key");
}
