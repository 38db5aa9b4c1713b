//! Workloads that can be run.

mod backlog;
mod churn;
mod faults;
mod keys;
mod records;
mod streams;
mod transactions;

use super::{
    Body, Circumstances, CommitWish, FIELDS, Payload, Speed, StampWish, VERIFICATIONS, Workload,
};
use crate::spec::document::Document;
use crate::spec::fault::Ledger;
use crate::spec::fields::snake;
use crate::spec::files::Files;
use crate::spec::given::FieldFlag;
use engine::plan::{Verification, Warmup};
use engine::time::Arrival;
use engine::units::{Bytes, Nanos, Rate};
use std::path::Path;

const BASE: &str = "topics: 2\npartitionsPerTopic: 3\nmessageSize: 100\nproducersPerTopic: 4\n\
    subscriptionsPerTopic: 1\nconsumerPerSubscription: 2\nproducerRate: 1000\ntestDurationMinutes: 5\n";

fn read_with(text: &str, flags: &[FieldFlag]) -> (Option<Workload>, Ledger) {
    let mut ledger = Ledger::default();
    let asked = Circumstances { flags, existing_topics: 0, skip_warmup: false };
    let document = Document::parse("w.yaml", text, &mut ledger);
    let read = document.and_then(|document| {
        Workload::of_document(Path::new("w.yaml"), &document, &asked, &Files::disk(), &mut ledger)
    });
    (read, ledger)
}

fn read(text: &str) -> Workload {
    let (read, ledger) = read_with(text, &[]);
    read.unwrap_or_else(|| panic!("{text}: {:?}", ledger.faults))
}

/// The base with one line replaced, or added where it has no such field.
fn with(line: &str) -> String {
    let field = line.split(':').next().expect("a field").trim();
    let mut text: Vec<&str> =
        BASE.lines().filter(|other| other.split(':').next() != Some(field)).collect();
    text.push(line);
    text.join("\n")
}

fn faults(text: &str) -> Vec<String> {
    let (read, ledger) = read_with(text, &[]);
    assert_eq!(read.is_none(), !ledger.faults.is_empty(), "{text}");
    ledger.faults.iter().map(ToString::to_string).collect()
}

fn remarks(text: &str) -> Vec<String> {
    let (read, ledger) = read_with(text, &[]);
    assert!(read.is_some(), "{text}: {:?}", ledger.faults);
    ledger.remarks.iter().map(ToString::to_string).collect()
}

#[test]
fn a_workload_is_read_with_its_defaults() {
    let workload = read(BASE);
    assert_eq!(workload.name, "w");
    let shape = workload.shape;
    assert_eq!((shape.topics, shape.partitions, shape.producers), (2, 3, 4));
    assert_eq!((shape.subscriptions, shape.consumers), (1, 2));
    assert_eq!(workload.speed, Speed::At(Rate::per_second(1000).expect("not 0")));
    let payload = Payload::Random { ratio: 0.5, pool: 100 };
    assert_eq!(workload.body, Body { size: Bytes(100), payload, stamp: StampWish::Body });
    assert_eq!(workload.keys, None);
    assert_eq!(workload.measured, Nanos::from_secs(300));
    assert_eq!(workload.warmup, Warmup::Fixed(Nanos::from_secs(60)), "OMB's");
    assert_eq!(workload.commit, None);
    assert_eq!(
        workload.verification,
        Verification::Numbers,
        "as closely as costs nothing to speak of"
    );
    assert!(workload.hiccups, "as is how long cores were away");
}

#[test]
fn snake_case_means_the_same() {
    let camel = format!(
        "{BASE}name: n\nkeyDistributor: RANDOM_NANO\nuseRandomizedPayloads: yes\nrandomBytesRatio: 0.25\n\
         randomizedPayloadPoolSize: 7\nwarmupDuration: 3s\nstamp: header\noffsetCommitInterval: none\n"
    );
    let mut snaked = camel.clone();
    for field in FIELDS {
        snaked = snaked.replace(&format!("{}:", field.name), &format!("{}:", snake(field.name)));
    }
    assert_ne!(camel, snaked, "it is spelled in another way");
    assert_eq!(read(&camel), read(&snaked));
    assert_eq!(read(&snaked.replace("consumer_per", "consumers_per")), read(&camel));
}

#[test]
fn what_is_resolved_reads_back_as_itself() {
    let check = |text: &str| {
        let workload = read(text);
        let resolved = serde_json::Value::Object(workload.resolved()).to_string();
        assert_eq!(read(&resolved), workload, "{resolved}");
    };
    check(BASE);
    check(&with("producerRate: max"));
    check(&with("messageSize: 10"));
    check(&format!(
        "{BASE}offsetCommitInterval: 250ms\nkeyDistributor: ROUND_ROBIN\nname: 'a: b'\n"
    ));
    check(&with("subscriptionsPerTopic: 0"));
    for (word, meaning) in VERIFICATIONS {
        let text = format!("{BASE}verification: {word}\n");
        assert_eq!(read(&text).verification, meaning, "{word}");
        check(&text);
    }
    for (word, meaning) in [("true", true), ("false", false), ("no", false)] {
        let text = format!("{BASE}hiccups: {word}\n");
        assert_eq!(read(&text).hiccups, meaning, "{word}");
        check(&text);
    }
}

#[test]
fn values_are_read_as_omb_reads_them() {
    let check = |line: &str, expected: u64| {
        assert_eq!(u64::from(read(&with(line)).shape.topics), expected, "{line}");
    };
    check("topics : 7", 7);
    check("topics: '7' # seven", 7);
    check("topics: 1_000", 1000);
    check("topics: 0x10", 16);
    check("topics: 1e3", 1000);
}

#[test]
fn rates_are_numbers_words_or_loops() {
    let check = |line: &str, expected: Option<u64>| {
        let speed = match read(&with(line)).speed {
            Speed::At(rate) => Some(rate.get()),
            Speed::Search => Some(0),
            _ => None,
        };
        assert_eq!(speed, expected, "{line}");
    };
    check("producerRate: 50k/s", Some(50_000));
    check("producerRate: 9_999_999", Some(9_999_999));
    check("producerRate: 0", Some(0));
    check("producerRate: max", None);
    check("producerRate: 10000000", None);
    assert_eq!(remarks(&with("producerRate: max")), Vec::<String>::new(), "asked for by name");
    let said = remarks(&with("producerRate: 10000000"));
    assert!(
        said.len() == 1 && said[0].starts_with("w.yaml:8: producerRate: 10M/s is OMB's way"),
        "{said:?}"
    );
}

#[test]
fn a_search_is_told_how_to_go_and_waits_for_quotas_against_a_real_cluster() {
    let of = |lines: &str, is_remote: bool| {
        let wish = read(&with(&format!("producerRate: 0\n{lines}"))).search.expect("a search");
        wish.demand(Bytes(100), is_remote, (Nanos::ZERO, Nanos::from_secs(30)))
    };
    let usual = of("", true).expect("all of it is open");
    assert_eq!((usual.start.get(), usual.most.get()), (10_000, 9_999_999), "as OMB begins");
    assert_eq!((usual.settle, usual.window), (Nanos::from_secs(12), Nanos::from_secs(6)), "11 s");
    assert_eq!((usual.precision_permille, usual.confirmations), (15, 2), "1.5 %, twice");
    assert_eq!(usual.bound, Nanos::from_secs(942), "a quarter of an hour and a confirmation");
    let long = read(&with("producerRate: 0")).search.expect("a search");
    let long = long.demand(Bytes(100), true, (Nanos::ZERO, Nanos::from_secs(900)));
    let bound = long.map(|demand| demand.bound);
    assert_eq!(bound, Ok(Nanos::from_secs(900 + 912)), "however long OMB's files measure");
    let near = of("", false).expect("all of it is open");
    assert!(near.settle < usual.settle && near.window < usual.window, "there are no quotas");
    let lines = "searchStartRate: 5k\nsearchMaxRate: 1M\nsearchSettle: 20s\nsearchWindow: 10s\n\
                 searchPrecision: 5%\nsearchConfirmations: 3\nsearchTimeout: 10m";
    let told = of(lines, true).expect("all of it fits");
    let rates = (told.start.get(), told.most.get());
    let spans = (told.settle, told.window, told.bound);
    assert_eq!(rates, (5_000, 1_000_000));
    assert_eq!(spans, (Nanos::from_secs(20), Nanos::from_secs(10), Nanos::from_secs(600)));
    assert_eq!((told.precision_permille, told.confirmations), (50, 3));
    let large = read(&with("producerRate: 0")).search.expect("a search");
    let large = large.demand(Bytes(1 << 20), true, (Nanos::ZERO, Nanos::from_secs(30)));
    assert_eq!(large.map(|demand| demand.start.get()), Ok(10), "no more than 10 MiB a second");
    let late = of("searchTimeout: 60s", true).expect_err("it does not fit");
    assert!(late.0 == "searchTimeout" && late.1.contains("need at least"), "{late:?}");
    let said = remarks(&with("searchWindow: 10s"));
    assert!(said.len() == 1 && said[0].contains("searchWindow: has no effect"), "{said:?}");
}

#[test]
fn a_rate_that_changes_and_arrivals_by_chance_are_read_and_resolved() {
    let check = |lines: &str, shown: &str, arrival: Arrival| {
        let workload = read(&with(lines));
        let resolved = workload.resolved();
        assert_eq!(resolved["producerRate"], shown, "{lines}");
        assert_eq!(workload.arrival, arrival, "{lines}");
        let text = serde_json::Value::Object(resolved).to_string();
        assert_eq!(read(&text), workload, "{text}");
    };
    let regular = Arrival::Regular;
    check("producerRate: steps 10k for 30s, 20k for 30s", "steps 10k/s for 30s, 20k/s", regular);
    check("producerRate: ramp 0 to 50k over 2m", "ramp 0 to 50k/s over 2m", regular);
    check("producerRate: wave 2k +- 2k every 1m", "wave 2k/s +- 2k/s every 1m", regular);
    let poisson = |seed| Arrival::Poisson { seed };
    let bursts = "bursts 5k/s for 200ms, 0 for 800ms";
    check("producerRate: bursts 5k for 200ms, 0 for 800ms\narrival: poisson", bursts, poisson(1));
    check(
        "producerRate: 'bursts 5k for 200ms, 0 for 800ms'\narrival: poisson\nseed: 18446744073709551615",
        bursts,
        poisson(u64::MAX),
    );
    let plain = read(&with("arrival: poisson\nseed: 0"));
    assert_eq!(plain.resolved()["seed"], 0, "also where the rate is one");
    let said = remarks(&with("seed: 3"));
    assert_eq!(said, ["w.yaml:9: seed: has no effect: arrival is not poisson"]);
}

#[test]
fn phases_have_two_units() {
    let check = |line: &str, seconds: (u64, u64)| {
        let workload = read(&format!("{}\n{line}\n", BASE.replace("testDurationMinutes: 5\n", "")));
        let expected = (Nanos::from_secs(seconds.0), Warmup::Fixed(Nanos::from_secs(seconds.1)));
        assert_eq!((workload.measured, workload.warmup), expected, "{line}");
    };
    check("testDuration: 30s", (30, 60));
    check("testDurationMinutes: 1\nwarmupDurationMinutes: 0", (60, 0));
    check("test_duration: 1.5m\nwarmup_duration: 10s", (90, 10));
}

#[test]
fn a_warm_up_may_end_by_itself_in_both_spellings() {
    let check = |value: &str, bound_s: u64| {
        let expected = Warmup::Auto { bound: Nanos::from_secs(bound_s) };
        let names = ["warmupDuration", "warmupDurationMinutes"];
        for field in names.into_iter().flat_map(|name| [name.to_owned(), snake(name)]) {
            let workload = read(&with(&format!("{field}: {value}")));
            assert_eq!(workload.warmup, expected, "{field}: {value}");
            let resolved = serde_json::Value::Object(workload.resolved()).to_string();
            assert_eq!(read(&resolved), workload, "{resolved}");
        }
    };
    check("auto", 60);
    check("' auto '", 60);
    check("auto:6s", 6);
    check("auto:90s", 90);
    check("'auto: 2m'", 120);
    check("auto:0.5h", 1_800);
}

#[test]
fn stamps_travel_where_there_is_room() {
    let check = |lines: &str, expected: StampWish| {
        let base = BASE.replace("messageSize: 100\n", "");
        assert_eq!(read(&format!("{base}{lines}\n")).body.stamp, expected, "{lines}");
    };
    check("messageSize: 48", StampWish::Body);
    check("messageSize: 47", StampWish::Header);
    check("messageSize: 1", StampWish::Header);
    check("messageSize: 1 KiB\nstamp: header", StampWish::Header);
}

#[test]
fn commits_are_every_so_often_or_never() {
    let commit = |line: &str| read(&with(line)).commit;
    assert_eq!(commit("offsetCommitInterval: 2s"), Some(CommitWish::Every(Nanos::from_secs(2))));
    assert_eq!(commit("offset_commit_interval: none"), Some(CommitWish::Never));
}

#[test]
fn known_fields_without_effect_are_named() {
    let check = |line: &str, expected: &[&str]| {
        let said = remarks(&with(line));
        let all = said.len() == expected.len()
            && said.iter().zip(expected).all(|(said, expected)| said.starts_with(expected));
        assert!(all, "{line}: {said:?}");
    };
    check("backlogDrainRatio: 1.0", &[]);
    let no_backlog = "has no effect here: no backlog is built";
    for (name, value) in [
        ("backlogDrainRatio", "0.5"),
        ("drainProducerRate", "100"),
        ("producerPauseDuringDrain", "true"),
        ("backlogBuildTimeout", "30s"),
        ("backlogDrainTimeout", "30s"),
    ] {
        check(&format!("{name}: {value}"), &[&format!("w.yaml:9: {name}: {no_backlog}")]);
    }
    check("drainProducerRate: -1", &[]);
    check("producerPauseDuringDrain: false", &[]);
    check("consumerBacklog: none", &[]);
    check("sampleRateMillis: 10000", &["w.yaml:9: sampleRateMillis: has no effect here"]);
    check("consumerBacklogSizeGB: 0", &[]);
    check("messageSizeDistribution:", &[]);
    check(
        "randomBytesRatio: 0.5",
        &["w.yaml:9: randomBytesRatio: has no effect: useRandomizedPayloads"],
    );
    check("keyDistributor: ''", &[]);
}

#[test]
fn flags_win_over_the_file() {
    let flag = |flag: &str, field: &str, value: &str| FieldFlag {
        flag: flag.to_owned(),
        field: field.to_owned(),
        value: value.to_owned(),
    };
    let (read, ledger) = read_with(
        BASE,
        &[
            flag("--rate", "producerRate", "max"),
            flag("--duration", "testDuration", "30s"),
            flag("--set messageSize", "messageSize", "1KiB"),
            flag("--set topics", "topics", "5"),
            flag("--set topics", "topics", "6"),
        ],
    );
    let workload = read.unwrap_or_else(|| panic!("{:?}", ledger.faults));
    assert_eq!(workload.speed, Speed::Max);
    assert_eq!(workload.measured, Nanos::from_secs(30), "in place of the file's minutes");
    assert_eq!((workload.body.size, workload.shape.topics), (Bytes(1024), 6));

    let (_, refused) = read_with(
        BASE,
        &[
            flag("--rate", "producerRate", "fast"),
            flag("--duration", "testDuration", "30s"),
            flag("--set testDurationMinutes", "testDurationMinutes", "1"),
            flag("--set topic", "topic", "1"),
        ],
    );
    let found: Vec<String> = refused.faults.iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(
        found[0],
        "--set testDurationMinutes: says the same as --duration: keep one of them"
    );
    assert_eq!(found[1], "--set topic: there is no such field, did you mean topics?");
    assert!(found[2].starts_with("--rate: got \"fast\", need"), "{found:?}");
}

#[test]
fn payload_files_are_found_beside_the_workload() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["workloads", "payload"] {
        std::fs::create_dir(folder.path().join(name)).expect("created");
    }
    std::fs::write(folder.path().join("payload/ten.data"), [7; 10]).expect("written");
    std::fs::write(folder.path().join("workloads/five.data"), [5; 5]).expect("written");
    let path = folder.path().join("workloads/w.yaml");
    let check = |file: &str, size: u64, expected: Result<u8, &str>| {
        let text = BASE
            .replace("messageSize: 100", &format!("messageSize: {size}\npayloadFile: \"{file}\""));
        std::fs::write(&path, text).expect("written");
        let mut ledger = Ledger::default();
        let asked = Circumstances { flags: &[], existing_topics: 0, skip_warmup: false };
        let read = Workload::read(&path, &asked, &mut Files::disk(), &mut ledger);
        match (read, expected) {
            (Some(workload), Ok(byte)) => {
                assert_eq!(
                    workload.body.source(&mut Files::disk(), None).expect("it is there").bodies(),
                    [vec![byte; usize::try_from(size).expect("small")]]
                );
            }
            (None, Err(part)) => {
                let fault = ledger.faults[0].to_string();
                assert!(
                    fault.contains("w.yaml:4: payloadFile: got ") && fault.contains(part),
                    "{fault}"
                );
            }
            (read, expected) => panic!("{file}: {read:?}, {expected:?}: {:?}", ledger.faults),
        }
    };
    check("payload/ten.data", 10, Ok(7));
    check("five.data", 5, Ok(5));
    check("payload/ten.data", 11, Err("with 10 bytes, need a file of messageSize: 11 bytes"));
    check("payload", 10, Ok(7));
    check("none.data", 10, Err("workloads/none.data, "));
}
