//! Keys as a consumer that is not ours reads them.

use super::broker::tool;
use super::load::{Load, SMALL};
use super::{assert_read, shared_turn};
use crate::cli::Kdyno;
use engine::message::{KeyDraw, KeyOrder, KeyPool, KeySource, Keys, murmur2};
use std::collections::HashMap;

const CONSUMER: &str = "org.apache.kafka.tools.consumer.ConsoleConsumer";
const MESSAGES: u32 = 8_000;

/// Pearson's statistic of a hundred counts against a hundred weights: 99 on average where they hold, with a
/// standard deviation of 14.
fn chi_square(seen: &[u32], weights: &[f64]) -> f64 {
    let sum: f64 = weights.iter().sum();
    let off = |(count, weight): (&u32, &f64)| {
        let expected = f64::from(MESSAGES) * weight / sum;
        (f64::from(*count) - expected).powi(2) / expected
    };
    seen.iter().zip(weights).map(off).sum()
}

/// The keys in a topic, by their places; each lies on the partition that the Java client would have chosen.
fn read_back(address: &str, topic: &str, keys: &Keys) -> Vec<u32> {
    let messages = MESSAGES.to_string();
    let mut words = vec!["--bootstrap-server", address, "--topic", topic, "--from-beginning"];
    words.extend(["--max-messages", messages.as_str(), "--timeout-ms", "30000"]);
    for property in ["print.key=true", "print.value=false", "print.partition=true"] {
        words.extend(["--property", property]);
    }
    let places: HashMap<&[u8], usize> = (0..100).map(|place| (keys.key(place), place)).collect();
    let mut seen = vec![0; 100];
    for line in tool(CONSUMER, &words).lines().filter(|line| line.starts_with("Partition:")) {
        let (partition, key) = line.split_once('\t').expect("a partition and a key");
        let expected = format!("Partition:{}", murmur2(key.as_bytes()) % 4);
        assert_eq!(partition, expected, "where Java's client puts {key}");
        seen[places[key.as_bytes()]] += 1;
    }
    assert_eq!(seen.iter().sum::<u32>(), MESSAGES, "all were read back");
    seen
}

#[test]
fn keys_that_a_foreign_consumer_reads_follow_their_law() {
    let Some(turn) = shared_turn() else { return };
    let bring = |lines: &str, order: KeyOrder| {
        let more = format!("{lines}\nkeyCount: 100\n");
        let load = Load { name: "keys", warmup: 0, rate: 2_000, seconds: 4, more: &more, ..SMALL };
        let ran = Kdyno::new(&["run", "w.yaml", "--bootstrap-server", &turn.address])
            .and(&["--keep-topics"])
            .with_file("w.yaml", &load.yaml())
            .run();
        let result = ran.result();
        assert_read(&result, i64::from(MESSAGES), 1);
        let test_id = result["test_id"].as_str().expect("a run has an id");
        let draw = KeyDraw { order, pool: KeyPool::Made(100), seed: KeySource::SEED };
        let keys = Keys::new(&KeySource::Drawn(draw), 0);
        let topic = format!("benchmark-{test_id}-topic-0");
        let seen = read_back(&turn.address, &topic, &keys);
        let clean = ["topics", "clean", test_id, "--bootstrap-server", &turn.address];
        assert_eq!(Kdyno::new(&clean).run().code, 0, "cleaned");
        seen
    };
    let turns = bring("keyDistributor: ROUND_ROBIN", KeyOrder::RoundRobin);
    assert_eq!(turns, [80; 100], "in turn: each as often as any other");

    let even = [1.0; 100];
    let chance = chi_square(&bring("keyDistributor: RANDOM", KeyOrder::Random), &even);
    assert!((40.0..170.0).contains(&chance), "by chance, each as likely as any other: {chance}");

    let order = KeyOrder::Zipf { skew: 0.99, recency: None };
    let places = bring("keyDistributor: ZIP_LATENT\nkeyRecency: 0", order);
    // Place 0 is the hottest, and each further rank lies one place before it.
    let ranks: Vec<u32> = (0..100).map(|rank| places[(100 - rank) % 100]).collect();
    let law: Vec<f64> = (1..=100_u32).map(|rank| f64::from(rank).powf(-0.99)).collect();
    let skewed = chi_square(&ranks, &law);
    assert!((40.0..170.0).contains(&skewed), "Zipf's law: {skewed}");
    assert!(1_000.0 < chi_square(&ranks, &even), "the check can fail");
}
