//! Driver files, right and wrong.

use super::{Config, DriverFile, DriverSource};
use crate::spec::assignments::Assignments;
use crate::spec::fault::Ledger;
use crate::spec::files::Files;
use engine::kafka::properties::Dialect;

fn read(text: &str) -> (Option<DriverFile>, Vec<String>, Vec<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("d.yaml");
    std::fs::write(&path, text).expect("written");
    let source = DriverSource { file: Some(path), bootstrap_servers: None };
    let mut ledger = Ledger::default();
    let read = DriverFile::read(&source, &Assignments::default(), &mut Files::disk(), &mut ledger);
    let prefix = format!("{}/", folder.path().display());
    let faults = ledger.faults.iter().map(|fault| fault.to_string().replace(&prefix, "")).collect();
    let remarks =
        ledger.remarks.iter().map(|remark| remark.to_string().replace(&prefix, "")).collect();
    (read, faults, remarks)
}

#[test]
fn classes_choose_driver_and_dialect() {
    let check = |class: &str, name: &str, dialect: Dialect| {
        let (read, faults, _) = read(&format!("driverClass: {class}\nreplicationFactor: 1\n"));
        let driver = read.unwrap_or_else(|| panic!("{class}: {faults:?}"));
        assert_eq!((driver.driver.name, driver.dialect), (name, dialect), "{class}");
    };
    check("io.openmessaging.benchmark.driver.kafka.KafkaBenchmarkDriver", "kafka", Dialect::Java);
    check(
        "io.openmessaging.benchmark.driver.redpanda.RedpandaBenchmarkDriver",
        "kafka",
        Dialect::Java,
    );
    check(
        "io.openmessaging.benchmark.driver.redpanda.tx.RedpandaBenchmarkDriver",
        "kafka",
        Dialect::Java,
    );
    check("benchmark.drivers.kafka.KafkaDriver", "kafka", Dialect::Java);
    check("kafka", "kafka", Dialect::Librdkafka);
    check("", "kafka", Dialect::Librdkafka);
    check("embedded", "embedded", Dialect::Librdkafka);
    check("loopback", "loopback", Dialect::Librdkafka);
}

#[test]
fn drivers_of_other_systems_are_refused_with_the_list_alone() {
    let class = "io.openmessaging.benchmark.driver.pulsar.PulsarBenchmarkDriver";
    let (read, faults, _) =
        read(&format!("name: Pulsar\ndriverClass: {class}\nclient:\n  ioThreads: 8\n"));
    assert!(read.is_none() && faults.len() == 1, "{faults:?}");
    let start = format!(
        "d.yaml:2: driverClass: got \"{class}\", which is not a Kafka driver, need one of kafka, embedded, loopback, io."
    );
    assert!(faults[0].starts_with(&start) && faults[0].ends_with(".KafkaDriver"), "{faults:?}");
}

#[test]
fn blocks_are_text_or_maps_and_every_property_has_its_line() {
    let (read, faults, _) = read(
        "producerConfig: | # text\n\n  # comment\n  acks=all\n  linger.ms : 5\ncommonConfig:\n  # map\n  \
         bootstrap.servers: a:1\n  'socket.timeout.ms': 5000\ntopic_config:\nconsumer_config: |\n",
    );
    let driver = read.unwrap_or_else(|| panic!("{faults:?}"));
    let found: Vec<_> = driver
        .configs
        .entries
        .iter()
        .map(|one| {
            let place = one.entry.place.rsplit('/').next().expect("a place").to_owned();
            (one.config, one.entry.name.as_str(), one.entry.value.as_str(), place)
        })
        .collect();
    let expected = [
        (Config::Common, "bootstrap.servers", "a:1", "d.yaml:8".to_owned()),
        (Config::Common, "socket.timeout.ms", "5000", "d.yaml:9".to_owned()),
        (Config::Producer, "acks", "all", "d.yaml:4".to_owned()),
        (Config::Producer, "linger.ms", "5", "d.yaml:5".to_owned()),
    ];
    assert_eq!(found, expected);
    assert_eq!((driver.name.as_str(), driver.replication_factor), ("d", -1), "defaults");
}

#[test]
fn what_is_wrong_in_a_driver_file_is_told() {
    let check = |text: &str, expected: &[&str]| {
        let (_, faults, _) = read(text);
        let fits = faults.len() == expected.len()
            && faults.iter().zip(expected).all(|(fault, expected)| fault.starts_with(expected));
        assert!(fits, "{text}: {faults:#?}");
    };
    check(
        "producerConfig: |\n  acks\n",
        &["d.yaml:2: producerConfig: got a line without a separator, need name=value"],
    );
    check(
        "producerConfig:\n  acks=all\n  linger.ms=1\n",
        &["d.yaml:1: producerConfig: its lines run together, need a |"],
    );
    check(
        "producerConfig: >\n  acks=all\n  linger.ms=1\n",
        &["d.yaml:1: producerConfig: its lines run together"],
    );
    check("producerConfig:\n  acks=all\n", &[]);
    check("producerConfig: acks=all\n", &[]);
    check(
        "producerConfig: [acks=all]\n",
        &["d.yaml:1: producerConfig: got a list, need lines of the form name=value"],
    );
    check(
        "producerConfig:\n  acks: [1]\n",
        &["d.yaml:2: producerConfig: acks: got a list, need one value"],
    );
    check(
        "producerConfig:\n  acks:\n",
        &["d.yaml:2: producerConfig: acks: got nothing, need one value"],
    );
    check(
        "commonConfig: |\n  sasl.password=${env:KDYNO_NO_SUCH_VARIABLE}\n",
        &[
            "d.yaml:2: commonConfig: sasl.password: the environment variable KDYNO_NO_SUCH_VARIABLE is not set",
        ],
    );
    check(
        "replicationFactor: 0\n",
        &[
            "d.yaml:1: replicationFactor: got \"0\", need a whole number from 1 to 32767, e.g. 3, or -1",
        ],
    );
    check("replicationFactor: three\n", &["d.yaml:1: replicationFactor: got \"three\""]);
    check(
        "requestsPerTransaction: few\n",
        &["d.yaml:1: requestsPerTransaction: got \"few\", need a whole number from 0 to 32767"],
    );
    check(
        "topicsConfig: |\n",
        &["d.yaml:1: topicsConfig: there is no such field, did you mean topicConfig?"],
    );
    check("topics: 1\n", &["d.yaml: is a workload file"]);
    check(
        "driverClass: embedded\ncommonConfig: |\n  bootstrap.servers=a:1\n",
        &["d.yaml:3: bootstrap.servers: the embedded driver has no addresses: remove it"],
    );
}

#[test]
fn what_has_no_effect_is_remarked() {
    let (_, _, remarks) = read("reset: true\nproducerConfig: |\n  acks=1\n  acks=all\n");
    let expected = [
        "d.yaml:1: reset: has no effect here: each run has topics of its own and deletes them itself",
        "d.yaml:4: acks: replaces the value of d.yaml:3",
    ];
    assert_eq!(remarks.len(), 2, "{remarks:?}");
    assert!(remarks[0].starts_with(expected[0]), "{remarks:?}");
    assert!(
        remarks[1].starts_with("d.yaml:4: acks: replaces the value of ")
            && remarks[1].ends_with("d.yaml:3"),
        "{remarks:?}"
    );
    assert_eq!(read("reset: false\nrequestsPerTransaction: 0\n").2, Vec::<String>::new());
}
