//! Orders and files that travel: another host reads the same run out of them.

use super::{Desk, NOW, OMB_DRIVER, WORKLOAD, job, one};
use crate::spec::{
    Bundle, DriverSource, Files, Identity, Job, Order, Request, RunIdentity, load_with,
};
use std::path::{Path, PathBuf};

/// What a coordinator reads from its disk, and what it sends of the first run: two JSON texts and
/// the run's identity.
struct Sent {
    job: Job,
    order: String,
    bundle: String,
    identity: String,
}

impl Sent {
    fn of(order: &Order) -> Self {
        let mut files = Files::disk();
        let job = load_with(order, &mut files, Identity::Drawn(NOW))
            .unwrap_or_else(|faults| panic!("{faults}"));
        let bundle = files.bundle().expect("small");
        Self {
            order: json(&order.for_worker(&job.requests[0].cell)),
            bundle: json(&bundle),
            identity: json(&RunIdentity::of(&job.requests[0].demand)),
            job,
        }
    }

    /// What a worker makes of it.
    fn read(&self) -> Result<Job, Vec<String>> {
        let order: Order = serde_json::from_str(&self.order).expect("an order");
        let bundle: Bundle = serde_json::from_str(&self.bundle).expect("a bundle");
        let identity = serde_json::from_str(&self.identity).expect("an identity");
        let mut files = Files::of_bundle(&bundle, "load-1").expect("sound");
        load_with(&order, &mut files, Identity::Given(identity))
            .map_err(|faults| faults.0.iter().map(ToString::to_string).collect())
    }

    /// The law: coordinator and worker mean the same run.
    fn check(&self, name: &str) {
        let read = self.read().unwrap_or_else(|faults| panic!("{name}: {faults:#?}"));
        assert_eq!(read.requests.len(), 1, "{name}: one run");
        let got = &read.requests[0];
        // Of a sweep, a worker knows the values and not the place.
        let sent = Request { cell: got.cell.clone(), ..self.job.requests[0].whole().into_owned() };
        assert_eq!(format!("{:?}", got.demand), format!("{:?}", sent.demand), "{name}");
        assert_eq!(format!("{:?}", got.resolved), format!("{:?}", sent.resolved), "{name}");
        assert_eq!(format!("{got:?}"), format!("{sent:?}"), "{name}");
        assert_eq!((read.monitor, read.clock), (self.job.monitor, self.job.clock), "{name}");
    }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("written")
}

/// The YAML files of a folder of the repository, copied to the desk.
fn copies(desk: &Desk, folder: &str) -> Vec<PathBuf> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(folder);
    let entries = std::fs::read_dir(root).expect("the folder").map(|entry| entry.expect("one"));
    let copy = |entry: std::fs::DirEntry| {
        let text = super::with_known_secrets(&entry.path());
        desk.write(entry.file_name().to_str().expect("a name"), &text)
    };
    entries.map(copy).collect()
}

#[test]
fn every_workload_and_every_driver_is_the_same_run_for_a_host_without_the_files() {
    let desk = Desk::new(OMB_DRIVER);
    let omb = [desk.folder.path().join("w.yaml"), desk.folder.path().join("d.yaml")];
    let (workloads, drivers) = (copies(&desk, "workloads"), copies(&desk, "configs"));
    assert!(18 <= workloads.len() && 4 <= drivers.len(), "{drivers:?}, {workloads:?}");
    let on_omb = workloads.into_iter().map(|workload| (workload, Some(omb[1].clone())));
    let of_omb = drivers.into_iter().map(|driver| (omb[0].clone(), Some(driver)));
    let both = [(omb[0].clone(), Some(omb[1].clone())), (omb[0].clone(), None)];
    // Those that are built in, by their names.
    let named = [("acks-comparison".into(), Some("kafka-replicated".into()))];
    let mut sent = Vec::new();
    for (workload, file) in on_omb.chain(of_omb).chain(both).chain(named) {
        let name = format!("{} on {file:?}", workload.display());
        let driver = DriverSource { file, bootstrap_servers: None };
        // Large bodies would take long to be compared.
        let flag = super::FieldFlag {
            flag: "--message-size".to_owned(),
            field: "messageSize".to_owned(),
            value: "1KiB".to_owned(),
        };
        // Each of several streams has a size of its own.
        let flags = if name.contains("bulk-and-probe") { Vec::new() } else { vec![flag] };
        let order = Order { workloads: vec![workload], driver, flags, ..Order::default() };
        sent.push((name, Sent::of(&order)));
    }
    let folder = desk.folder.path().to_owned();
    drop(desk);
    assert!(!folder.exists(), "the files have gone");
    for (name, one) in sent {
        one.check(&name);
    }
}

#[test]
fn flags_payloads_and_a_benchmark_file_travel_too() {
    let desk = Desk::new(OMB_DRIVER);
    std::fs::create_dir(desk.folder.path().join("workloads")).expect("made");
    std::fs::create_dir(desk.folder.path().join("payload")).expect("made");
    let text = format!("{WORKLOAD}payloadFile: payload/p.data\nuseRandomizedPayloads: false\n");
    let workload = desk.write("workloads/w.yaml", &text);
    let payload: Vec<u8> = (0..100).map(|byte| 200 - byte).collect();
    std::fs::write(desk.folder.path().join("payload/p.data"), &payload).expect("written");
    let benchmark = "consumerReadyTimeout: 90s\ncleanupEnabled: false\nworkers: [http://a:1, b]\n\
                     resultsDir: out\nmonitorInterval: 7s\n";
    let sets = ["driver.linger.ms=7", "driver.sasl.username=${env:CARGO_PKG_NAME}"];
    let flag = |flag: &str, field: &str, value: &str| super::FieldFlag {
        flag: flag.to_owned(),
        field: field.to_owned(),
        value: value.to_owned(),
    };
    let mut order = desk.order(&sets);
    order.workloads = vec![workload, desk.folder.path().join("w.yaml")];
    order.benchmark = Some(desk.write("b.yaml", benchmark));
    order.flags =
        vec![flag("--rate", "producerRate", "max"), flag("--warmup", "warmupDuration", "3s")];
    // One that every host can reach: otherwise the coordinator alone remarks it.
    order.driver.bootstrap_servers = Some("broker-1:9092".to_owned());
    order.in_flight = Some(17);
    order.wishes.cores = Some(vec![0]);
    order.wishes.wait = engine::plan::WaitChoice::Fixed(engine::time::WaitMode::Sleep);
    order.wishes.clients = engine::plan::ClientCount::Number(2);
    order.clock = engine::time::ClockChoice::Os;
    let sent = Sent::of(&order);
    assert_eq!(sent.job.requests[0].demand.streams[0].bodies, [payload], "the file's bytes");
    assert_eq!(sent.job.fleet.as_ref().map(|fleet| fleet.workers.len()), Some(2));
    assert!(sent.order.contains("${env:CARGO_PKG_NAME}"), "not looked up: {}", sent.order);
    drop(desk);
    sent.check("everything");
    let read = sent.read().expect("legal");
    assert_eq!(read.fleet, None, "a worker has no workers");
}

#[test]
fn a_file_of_keys_travels() {
    let desk = Desk::new(OMB_DRIVER);
    desk.write("keys.txt", "north\neast\n");
    desk.write("w.yaml", &format!("{WORKLOAD}keyFile: keys.txt\n"));
    let mut order = desk.order(&[]);
    // One that every host can reach: otherwise the coordinator alone remarks it.
    order.driver.bootstrap_servers = Some("broker-1:9092".to_owned());
    let sent = Sent::of(&order);
    let keys = &sent.job.requests[0].demand.streams[0].keys;
    assert_eq!(keys.longest(), 5, "they were read");
    drop(desk);
    sent.check("keys");
}

#[test]
fn a_recording_travels_and_is_read_where_it_is_named_from() {
    let desk = Desk::new(OMB_DRIVER);
    desk.write("trace.txt", "0\n0.5 # two at once\n500ms\n");
    let rate = "replay trace.txt every 1s";
    let workload = WORKLOAD.replace("producerRate: 1000", &format!("producerRate: {rate}"));
    assert!(workload.contains(rate), "{workload}");
    let mut order = desk.order(&["testDuration=4s", "warmupDuration=0s"]);
    order.workloads = vec![desk.write("w.yaml", &workload)];
    let sent = Sent::of(&order);
    let shown = sent.job.requests[0].demand.streams[0].pace.clone();
    assert_eq!(shown.rate().map(engine::units::Rate::get), Some(3), "three in each second");
    assert!(sent.bundle.contains("two at once"), "as it is: {}", sent.bundle);
    drop(desk);
    sent.check("a recording");
}

#[test]
fn partitions_of_existing_topics_come_with_the_identity() {
    let desk = Desk::new(OMB_DRIVER);
    let mut order = desk.order(&[]);
    order.topics = vec!["mine".to_owned(), "yours".to_owned()];
    let mut sent = Sent::of(&order);
    let expected = |part: &str| {
        format!(
            "the coordinator's order: partitions: got none for the existing topic {part}, need some"
        )
    };
    let faults = sent.read().expect_err("nobody has asked the broker");
    assert_eq!(faults, [expected("mine"), expected("yours")]);

    let demand = &mut sent.job.requests[0].demand;
    for (topic, partitions) in demand.streams[0].topics.iter_mut().zip([5, 7]) {
        topic.partitions = partitions;
    }
    sent.identity = json(&RunIdentity::of(demand));
    sent.check("existing topics");
}

#[test]
fn an_order_that_is_no_share_of_a_run_is_refused() {
    let desk = Desk::new(OMB_DRIVER);
    let mut sent = Sent::of(&desk.order(&[]));
    let mut order = desk.order(&[]).for_worker(&one(&desk.order(&[])).cell);
    order.workloads.push("w.yaml".into());
    sent.order = json(&order);
    sent.identity = r#"{"test_id":"a/b","run":1,"partitions":{}}"#.to_owned();
    let faults = sent.read().expect_err("wrong");
    let expected = [
        "the coordinator's order: workloads: got 2, need one",
        "the coordinator's order: test_id: got \"a/b\", need a name of a-z 0-9 _ -",
        "w.yaml: no such file",
    ];
    assert_eq!(faults, expected);
    let later = sent.order.replacen("\"sets\"", "\"shape\":\"sine\",\"sets\"", 1);
    let error = serde_json::from_str::<Order>(&later).expect_err("a later version's field");
    assert!(error.to_string().contains("shape"), "{error}");
}

#[test]
fn secrets_stay_and_are_missed_on_the_host_that_needs_them() {
    let desk = Desk::new(OMB_DRIVER);
    let secret = desk.write("password", "hunter2\n");
    let reference = format!("driver.sasl.password=${{file:{}}}", secret.display());
    let security = ["driver.security.protocol=SASL_PLAINTEXT", "driver.sasl.mechanism=PLAIN"];
    let order = desk.order(&[&security[..], &["driver.sasl.username=u", &reference]].concat());
    let sent = Sent::of(&order);
    for text in [&sent.order, &sent.bundle, &sent.identity] {
        assert!(!text.contains("hunter2"), "{text}");
    }
    sent.check("with the secret there");
    drop(desk);
    let faults = sent.read().expect_err("no secret there");
    let start = format!("--set driver.sasl.password: the file {} cannot be", secret.display());
    let end = ", on load-1: secrets do not travel, each host needs its own";
    assert!(faults.len() == 1 && faults[0].starts_with(&start), "{faults:?}");
    assert!(faults[0].ends_with(end), "{faults:?}");
}

#[test]
fn what_concerns_the_coordinator_alone_stays_there() {
    let desk = Desk::new(OMB_DRIVER);
    let mut order = desk.order(&[]);
    order.results_dir = Some("kept-results".into());
    order.fleet.token_file = Some("kept-token".into());
    order.fleet.workers = vec!["kept-worker".to_owned()];
    order.checks.assertions = vec!["lost == 0".to_owned()];
    order.workloads.push(desk.write("other.yaml", WORKLOAD));
    let sent = Sent::of(&order);
    let read: Order = serde_json::from_str(&sent.order).expect("an order");
    assert_eq!(read.workloads, order.workloads[..1], "one");
    for word in ["kept", "lost", "other.yaml"] {
        assert!(!sent.order.contains(word), "{word} in {}", sent.order);
    }
    assert_eq!(job(&order).requests.len(), 2, "both");
    assert_ne!(one(&order).demand.test_id, "", "drawn");
}
