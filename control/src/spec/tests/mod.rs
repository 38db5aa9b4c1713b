//! Orders and what they become, file by file.

mod bundle;
mod clients;
mod existing;
mod fleet;
mod repeat;
mod sweep;
mod two_clusters;

use super::order::{Job, Order, load, target};
use super::{DriverSource, FieldFlag, Request, validate};
use engine::message::KeySource;
use engine::plan::{CommitMode, Pace, Partitioner, StampPlace, StreamDemand, Warmup};
use engine::units::{Bytes, Nanos, Rate, Timestamp};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const WORKLOAD: &str = "name: a b\ntopics: 2\npartitionsPerTopic: 3\nmessageSize: 100\nproducersPerTopic: 4\n\
    subscriptionsPerTopic: 1\nconsumerPerSubscription: 2\nproducerRate: 1000\ntestDurationMinutes: 5\n";

/// Like OMB's, with line numbers to be found again.
const OMB_DRIVER: &str = "name: Kafka
driverClass: io.openmessaging.benchmark.driver.kafka.KafkaBenchmarkDriver
replicationFactor: 3
topicConfig: |
  min.insync.replicas=2
commonConfig: |
  bootstrap.servers=localhost:9092
  request.timeout.ms=1200000
producerConfig: |
  acks=all
  linger.ms=1
  batch.size=131072
consumerConfig: |
  auto.offset.reset=earliest
  enable.auto.commit=false
";

/// A folder with files, and orders for them.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new(driver: &str) -> Self {
        let desk = Self { folder: tempfile::tempdir().expect("a folder") };
        desk.write("w.yaml", WORKLOAD);
        desk.write("d.yaml", driver);
        desk
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path
    }

    fn order(&self, sets: &[&str]) -> Order {
        Order {
            workloads: vec![self.folder.path().join("w.yaml")],
            driver: DriverSource {
                file: Some(self.folder.path().join("d.yaml")),
                bootstrap_servers: None,
            },
            sets: sets.iter().map(|set| (*set).to_owned()).collect(),
            ..Order::default()
        }
    }

    /// The faults, without the folder's name.
    fn faults(&self, order: &Order) -> Vec<String> {
        let Err(faults) = load(order, NOW) else { return Vec::new() };
        let folder = format!("{}/", self.folder.path().display());
        faults.0.iter().map(|fault| fault.to_string().replace(&folder, "")).collect()
    }
}

const NOW: Timestamp = Timestamp::from_nanos(1_760_000_000_000_000_000);

fn job(order: &Order) -> Job {
    load(order, NOW).unwrap_or_else(|faults| panic!("{faults}"))
}

fn one(order: &Order) -> Request {
    job(order).requests.remove(0)
}

fn stream(request: &Request) -> &StreamDemand {
    &request.demand.streams[0]
}

fn value<'a>(properties: &'a [(String, String)], name: &str) -> Option<&'a str> {
    properties.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str())
}

fn remark(request: &Request, code: &str) -> Option<String> {
    let found = request.resolved.remarks.iter().find(|remark| remark.code == code);
    found.map(ToString::to_string)
}

#[test]
fn an_omb_pair_becomes_a_request() {
    let desk = Desk::new(OMB_DRIVER);
    let request = one(&desk.order(&[]));
    let stream = stream(&request);
    let id = &request.demand.test_id;
    assert!(id.starts_with("a-b_1760000000_") && id.len() == 19, "{id}");
    assert_eq!(stream.pace, Pace::At(Rate::per_second(1000).expect("not 0")));
    assert_eq!((stream.message_size, stream.bodies.len()), (Bytes(100), 100));
    assert_eq!((stream.stamp, &stream.keys), (StampPlace::Body, &KeySource::None));
    assert_eq!(
        stream.partitioner,
        Partitioner::Sticky { batch: Bytes(131_072) },
        "the file's batch"
    );
    assert_eq!((stream.producers(), stream.consumers(), stream.partitions()), (8, 4, 6));
    assert_eq!(stream.topics[1].name, format!("benchmark-{id}-topic-1"));
    assert!(!stream.topics[1].existing, "made by the run");
    let clients = &request.demand.clients;
    assert_eq!(
        clients.replication_factor, 3,
        "the engine refuses it where there are fewer brokers"
    );
    assert_eq!(clients.commit, CommitMode::Every(Nanos::from_secs(1)));
    assert_eq!(value(&clients.topic, "min.insync.replicas"), Some("2"));
    assert_eq!(value(&clients.producer, "enable.idempotence"), Some("true"), "Java's default");
    assert_eq!(value(&clients.admin, "bootstrap.servers"), Some("localhost:9092"));
    assert_eq!(request.demand.deadlines.acks, Nanos::from_millis(900_001), "the delivery timeout");
    assert_eq!((request.driver.name.as_str(), request.driver.driver.name), ("Kafka", "kafka"));
    let shown = &request.resolved.properties;
    let linger = shown.iter().find(|one| one.name == "linger.ms").expect("shown");
    assert_eq!(
        (linger.role, linger.value.as_str(), linger.origin.as_str()),
        ("producer", "1", "file")
    );
    assert_eq!(request.resolved.workload["testDuration"], "5m");
}

#[test]
fn without_a_driver_it_is_the_embedded_broker() {
    let desk = Desk::new("");
    let order = Order { driver: DriverSource::default(), ..desk.order(&["warmupDuration=0s"]) };
    let request = one(&order);
    assert_eq!((request.driver.driver.name, request.driver.file.as_ref()), ("embedded", None));
    assert_eq!(request.demand.clients.replication_factor, 1);
    assert_eq!(value(&request.demand.clients.producer, "bootstrap.servers"), None, "not known yet");
    assert_eq!(stream(&request).partitioner, Partitioner::Sticky { batch: Bytes(65_536) });
    assert_eq!(request.demand.clients.commit, CommitMode::Client);
    assert_eq!(request.demand.phases.warmup, Warmup::NONE);
    assert_eq!(request.demand.deadlines.ready, Nanos::from_secs(60));

    let servers = Some("h:1,i:2".to_owned());
    let named = Order { driver: DriverSource { file: None, bootstrap_servers: servers }, ..order };
    let other = one(&named);
    assert_eq!(other.driver.driver.name, "kafka");
    assert_eq!(value(&other.demand.clients.consumer, "bootstrap.servers"), Some("h:1,i:2"));
    assert_eq!(other.demand.clients.replication_factor, -1, "the broker's default");
    assert_eq!(value(&other.demand.clients.consumer, "auto.offset.reset"), Some("earliest"));
}

#[test]
fn names_of_existing_topics_are_checked() {
    let desk = Desk::new(OMB_DRIVER);
    let mut order = desk.order(&[]);
    order.topics = ["ok", "no/slash", "", "ok", ".."].map(str::to_owned).to_vec();
    let faults = desk.faults(&order);
    assert_eq!(faults.len(), 4, "{faults:?}");
    assert!(faults.iter().all(|fault| fault.starts_with("--topic: got ")), "{faults:?}");

    order.topics = vec!["ok".to_owned()];
    order.driver = DriverSource::default();
    assert_eq!(desk.faults(&order), ["--topic: the embedded driver has no topics before a run"]);
}

#[test]
fn in_flight_bounds_a_closed_loop_alone() {
    let desk = Desk::new(OMB_DRIVER);
    let order = |rate: &str| Order { in_flight: Some(9), ..desk.order(&[rate]) };
    assert_eq!(stream(&one(&order("producerRate=max"))).pace, Pace::Max { in_flight: Some(9) });
    let shaped = desk.faults(&order("producerRate=steps 5k for 1s, 7k"));
    let expected = "w.yaml is steps 5k/s for 1s, 7k/s: leave one of them out";
    assert!(shaped.len() == 1 && shaped[0].ends_with(expected), "{shaped:?}");
    let faults = desk.faults(&order("producerRate=5k"));
    assert!(
        faults.len() == 1 && faults[0].starts_with("--in-flight: only bounds --rate max"),
        "{faults:?}"
    );
}

#[test]
fn a_recording_that_cannot_be_sent_is_told_before_the_run() {
    let desk = Desk::new(OMB_DRIVER);
    let check = |text: &str, rate: &str, expected: &str| {
        desk.write("trace.txt", text);
        let set = format!("producerRate={rate}");
        assert_eq!(desk.faults(&desk.order(&[&set])), [expected], "{text}");
    };
    let start = "w.yaml: producerRate: trace.txt";
    check("# none\n", "replay trace.txt", &format!("{start}: got 0 send times, need 1 to 1000000"));
    check(
        "1\n0.5\n",
        "replay trace.txt",
        &format!("{start}:2: got \"0.5\" after 1s, need times that do not go back"),
    );
    check(
        "1\n2\n",
        "replay trace.txt every 2s",
        &format!("{start}: got a repetition every 2s, need more than the last send time, 2s"),
    );
    check(
        "9000\n",
        "replay trace.txt",
        "w.yaml: producerRate: not even one message would be due in the 5m that are measured",
    );
}

#[test]
fn the_benchmark_file_holds_for_all_and_flags_win() {
    let desk = Desk::new(OMB_DRIVER);
    let text = "resultsDir: out\nwarmupEnabled: false\ncleanupEnabled: false\nconsumerReadyTimeout: 5s\nlogLevel: debug\n\
        enableMonitoring: true\nmonitorInterval: 5s\n";
    let mut order = desk.order(&[]);
    order.benchmark = Some(desk.write("b.yaml", text));
    let of_file = job(&order);
    assert_eq!((of_file.results_dir, of_file.log_level), ("out".into(), super::LogLevel::Debug));
    let demand = &of_file.requests[0].demand;
    assert_eq!((demand.phases.warmup, demand.keep_topics), (Warmup::NONE, true));
    assert_eq!(demand.deadlines.ready, Nanos::from_secs(5));
    assert_eq!(of_file.monitor, Some(Nanos::from_secs(5)));

    order.monitor = Some("off".to_owned());
    order.results_dir = Some("flag".into());
    order.log_level = Some(super::LogLevel::Error);
    order.flags = vec![FieldFlag {
        flag: "--warmup".to_owned(),
        field: "warmupDuration".to_owned(),
        value: "3s".to_owned(),
    }];
    let of_flags = job(&order);
    assert_eq!((of_flags.results_dir, of_flags.log_level), ("flag".into(), super::LogLevel::Error));
    assert_eq!(of_flags.requests[0].demand.phases.warmup, Warmup::Fixed(Nanos::from_secs(3)));
    assert_eq!(of_flags.monitor, None);

    // Off in the benchmark file is off, whatever the workload says; a flag wins over both.
    let workload = WORKLOAD.to_owned() + "warmupDuration: auto\n";
    order.workloads = vec![desk.write("auto.yaml", &workload)];
    let value = "auto:90s".to_owned();
    let flags = order.flags.iter().map(|flag| FieldFlag { value: value.clone(), ..flag.clone() });
    let by_flag = Order { flags: flags.collect(), ..order.clone() };
    order.flags = Vec::new();
    let warmup = |of: &Order| job(of).requests[0].demand.phases.warmup;
    assert_eq!(warmup(&order), Warmup::NONE);
    assert_eq!(warmup(&by_flag), Warmup::Auto { bound: Nanos::from_secs(90) });
}

#[test]
fn faults_of_all_files_come_at_once_and_each_once() {
    let desk =
        Desk::new(&OMB_DRIVER.replace("acks=all", "acks=2").replace("topicConfig", "topicsConfig"));
    let mut order = desk.order(&["nope", "topcs=1"]);
    order.workloads = vec![
        desk.write("a.yaml", &WORKLOAD.replace("topics: 2", "topics: 0")),
        desk.write("b.yaml", &WORKLOAD.replace("messageSize: 100", "messageSize: big")),
        desk.folder.path().join("none.yaml"),
        desk.folder.path().join("d.yaml"),
    ];
    let faults = desk.faults(&order);
    let expected = [
        "--set: got \"nope\"",
        "d.yaml:4: topicsConfig: there is no such field, did you mean topicConfig?",
        "--set topcs: there is no such field, did you mean topics?",
        "a.yaml:2: topics: got \"0\"",
        "d.yaml:10: producerConfig: acks: got \"2\"",
        "b.yaml:4: messageSize: got \"big\"",
        "none.yaml: no such file",
        "d.yaml: is a driver file, give it with --driver",
    ];
    assert_eq!(faults.len(), expected.len(), "{faults:#?}");
    for (fault, start) in faults.iter().zip(expected) {
        assert!(fault.starts_with(start), "{fault} / {start}");
    }
}

#[test]
fn runs_of_one_invocation_share_nothing() {
    let desk = Desk::new(OMB_DRIVER);
    let mut order = desk.order(&[]);
    order.workloads = vec![order.workloads[0].clone(); 20];
    let requests = job(&order).requests;
    let ids: std::collections::BTreeSet<&str> =
        requests.iter().map(|request| request.demand.test_id.as_str()).collect();
    assert_eq!(ids.len(), 20, "ids");
    let runs: std::collections::BTreeSet<u64> =
        requests.iter().map(|request| request.demand.run).collect();
    assert_eq!(runs.len(), 20, "runs");
}

#[test]
fn topics_are_handled_without_a_workload() {
    let desk = Desk::new(OMB_DRIVER);
    let source = desk.order(&[]).driver;
    let settings = target(&source).expect("legal").settings;
    assert_eq!(value(&settings.admin, "socket.timeout.ms"), Some("300000"), "clamped");
    let missing = DriverSource { file: Some("no.yaml".into()), bootstrap_servers: None };
    assert_eq!(target(&missing).expect_err("no file").to_string(), "no.yaml: no such file");
}

/// A file's text, its secrets taken from a variable that every test has.
fn with_known_secrets(path: &Path) -> String {
    let text = std::fs::read_to_string(path).expect("a text");
    ["KDYNO_USER", "KDYNO_PASSWORD"]
        .iter()
        .fold(text, |text, name| text.replace(&format!("${{env:{name}}}"), "${env:CARGO_PKG_NAME}"))
}

#[test]
fn the_files_that_come_with_kdyno_are_valid() {
    let desk = Desk::new(OMB_DRIVER);
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut files = Vec::new();
    for folder in ["workloads", "configs"] {
        for entry in std::fs::read_dir(root.join(folder)).expect("the folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
            let is_secured = name == "kafka-secured.yaml";
            let secured = is_secured.then(|| desk.write(name, &with_known_secrets(&path)));
            files.push(secured.unwrap_or(path));
        }
    }
    assert!(18 < files.len(), "{files:?}");
    let lines = validate(&files).unwrap_or_else(|faults| panic!("{faults}"));
    // What two of them are for is worth a warning.
    let mut remarks = lines.iter().filter(|line| line.contains("remark"));
    assert!(remarks.all(|line| line.contains("acks=0: no broker confirms")), "{lines:#?}");
}

#[test]
fn bodies_are_made_for_the_codec_of_the_drivers_producers() {
    let desk = Desk::new(OMB_DRIVER);
    let asked = ["messageSize=1024", "compressibility=3"];
    let faults = desk.faults(&desk.order(&asked));
    let expected = "compressibility: got \"3\", and the driver's producers do not compress";
    assert!(faults.len() == 1 && faults[0].starts_with(expected), "{faults:?}");
    let zeros = |codec: &str| {
        let codec = format!("driver.producerConfig.compression.type={codec}");
        let request = one(&desk.order(&[asked[0], asked[1], codec.as_str()]));
        let body = stream(&request).bodies[0].clone();
        body.iter().rev().take_while(|byte| **byte == 0).count()
    };
    let (lz4, snappy) = (zeros("lz4"), zeros("snappy"));
    assert!(600 < lz4 && lz4 < snappy, "each by its own measure: {lz4}, {snappy}");
}
