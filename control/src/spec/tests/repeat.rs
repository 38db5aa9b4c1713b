//! Repeats: whose turn it is, what B is, where runs lie, and what is refused.

use super::{Desk, NOW, OMB_DRIVER, WORKLOAD, job, stream, value};
use crate::spec::{Files, Identity, Job, Order, RepeatOrder, Repeats, RunIdentity, load_with};
use engine::units::Bytes;
use std::path::PathBuf;

/// An order that is repeated so often, against a file of the desk.
fn order(desk: &Desk, count: usize, against: Option<&str>) -> Order {
    let against = against.map(|name| desk.folder.path().join(name));
    let repeat = RepeatOrder { count: Some(count), against, tolerance: None };
    Order { repeat, ..desk.order(&[]) }
}

fn titles(job: &Job) -> Vec<String> {
    job.requests.iter().map(|request| request.cell.title()).collect()
}

fn repeats(job: &Job) -> &Repeats {
    job.repeats.as_ref().expect("there are repeats")
}

/// The folders of all runs, below that of the repeats.
fn folders(job: &Job) -> Vec<PathBuf> {
    let below = |folder: PathBuf| {
        folder.strip_prefix(&repeats(job).folder).expect("all lie in it").to_owned()
    };
    job.requests.iter().map(|request| below(job.runs_dir(request))).collect()
}

#[test]
fn one_run_is_repeated_in_a_folder_of_its_own() {
    let desk = Desk::new(OMB_DRIVER);
    let read = job(&order(&desk, 3, None));
    assert_eq!(titles(&read), ["repeat 1", "repeat 2", "repeat 3"]);
    assert_eq!(folders(&read), [""; 3].map(PathBuf::from), "directly in it");
    let of = repeats(&read);
    assert!(of.id.starts_with("repeat-a-b_1760000000_"), "{}", of.id);
    assert_eq!((&of.folder, of.each), (&read.results_dir.join(&of.id), 3));
    assert_eq!((of.tolerance, read.sweep.is_none()), (None, true), "nothing to be compared with");
    let ids: std::collections::BTreeSet<&str> =
        read.requests.iter().map(|request| request.demand.test_id.as_str()).collect();
    assert_eq!(ids.len(), 3, "each a run of its own");
    let first = &read.requests[0];
    assert!(stream(first).bodies.is_empty(), "not before its turn");
    assert_eq!(stream(&first.whole()).bodies.len(), 100, "in its turn");
    let once = job(&desk.order(&[]));
    assert_eq!((once.repeats, once.requests[0].cell.repeat), (None, None), "one run is no repeat");
}

#[test]
fn a_candidate_is_known_by_what_its_file_holds_and_takes_turns() {
    let desk = Desk::new(OMB_DRIVER);
    desk.write("other.yaml", &OMB_DRIVER.replace("linger.ms=1", "linger.ms=9"));
    desk.write("larger.yaml", &WORKLOAD.replace("messageSize: 100", "messageSize: 300"));
    for against in ["other.yaml", "larger.yaml"] {
        let asked = order(&desk, 3, Some(against));
        let read = job(&Order { sets: vec!["topics=5".to_owned()], ..asked });
        let expected = ["1 of A", "1 of B", "2 of B", "2 of A", "3 of A", "3 of B"];
        assert_eq!(titles(&read), expected.map(|words| format!("repeat {words}")), "{against}");
        assert_eq!(folders(&read), ["a", "b", "b", "a", "a", "b"].map(PathBuf::from), "{against}");
        assert!(repeats(&read).tolerance.is_some_and(|part| (part - 0.01).abs() < 1e-12), "1 %");
        for (request, side) in read.requests.iter().zip("ABBAAB".chars()) {
            let (linger, size) = match (side, against) {
                ('B', "other.yaml") => ("9", 100),
                ('B', _) => ("1", 300),
                _ => ("1", 100),
            };
            let sent = &request.demand.clients.producer;
            assert_eq!(value(sent, "queue.buffering.max.ms"), Some(linger), "{side} {against}");
            assert_eq!(stream(request).message_size, Bytes(size), "{side} {against}");
            assert_eq!(request.resolved.workload["topics"], 5, "a flag holds for both");
        }
    }
}

#[test]
fn a_worker_is_told_the_driver_and_the_workload_of_its_run() {
    let desk = Desk::new(OMB_DRIVER);
    desk.write("other.yaml", &OMB_DRIVER.replace("linger.ms=1", "linger.ms=9"));
    desk.write("larger.yaml", &WORKLOAD.replace("messageSize: 100", "messageSize: 300"));
    for against in ["other.yaml", "larger.yaml"] {
        let order = order(&desk, 2, Some(against));
        let mut files = Files::disk();
        let sent = load_with(&order, &mut files, Identity::Drawn(NOW)).expect("legal");
        let bundle = files.bundle().expect("small");
        for request in &sent.requests {
            let told = serde_json::to_string(&order.for_worker(&request.cell)).expect("written");
            let told: Order = serde_json::from_str(&told).expect("an order");
            let mut there = Files::of_bundle(&bundle, "load-1").expect("sound");
            let identity = Identity::Given(RunIdentity::of(&request.demand));
            let got = load_with(&told, &mut there, identity).expect("legal");
            assert_eq!((got.requests.len(), &got.repeats), (1, &None), "one run");
            let (got, meant) = (&got.requests[0], request.whole());
            assert_eq!(format!("{:?}", got.demand), format!("{:?}", meant.demand));
            assert_eq!(format!("{:?}", got.resolved), format!("{:?}", meant.resolved));
        }
    }
}

#[test]
fn what_does_not_go_together_is_refused_with_what_helps() {
    let desk = Desk::new(OMB_DRIVER);
    desk.write("v.yaml", WORKLOAD);
    desk.write("swept.yaml", &format!("{WORKLOAD}sweep: {{topics: [1, 2]}}\n"));
    desk.write("bad.yaml", &OMB_DRIVER.replace("acks=all", "acks=2"));
    desk.write("short.yaml", &WORKLOAD.replace("topics: 2", "topics: 0"));
    desk.write("pulsar.yaml", "driverClass: org.example.Pulsar\n");
    let check = |change: &dyn Fn(&mut Order), expected: &[&str]| {
        let mut asked = order(&desk, 2, None);
        change(&mut asked);
        let faults = desk.faults(&asked);
        assert_eq!(faults.len(), expected.len(), "{faults:#?}");
        for (fault, start) in faults.iter().zip(expected) {
            assert!(fault.starts_with(start), "{fault} / {start}");
        }
    };
    let at = |name: &str| desk.folder.path().join(name);
    let against = |name: &'static str| {
        let path = at(name);
        move |order: &mut Order| order.repeat.against = Some(path.clone())
    };
    check(&|order| order.workloads.push(at("v.yaml")), &["--repeat: got 2 workloads, and one is"]);
    let swept = "is given a list or a range, which makes a sweep, and one run is repeated";
    let sizes = format!("--repeat: messageSize {swept}");
    let topics = format!("--repeat: topics {swept}");
    check(&|order| order.sets.push("messageSize=1,2".to_owned()), &[sizes.as_str()]);
    check(&|order| order.sets.push("messageSize=[1]".to_owned()), &[sizes.as_str()]);
    check(&|order| order.workloads = vec![at("swept.yaml")], &[topics.as_str()]);
    check(&against("swept.yaml"), &[topics.as_str()]);
    check(&against("none.yaml"), &["none.yaml: no such file"]);
    check(&against("bad.yaml"), &["bad.yaml:10: producerConfig: acks: got \"2\""]);
    check(&against("short.yaml"), &["short.yaml:2: topics: got \"0\""]);
    check(&against("pulsar.yaml"), &["pulsar.yaml:1: driverClass: got \"org.example.Pulsar\""]);
    let alone = "--tolerance: is how much worse a candidate may be: name one with --against";
    check(&|order| order.repeat.tolerance = Some(0.1), &[alone]);
    let nothing =
        "--against: is compared by repeats that take turns, and none are asked for: add --repeat 5";
    let once = |order: &mut Order| {
        order.repeat = RepeatOrder { against: Some(at("bad.yaml")), ..RepeatOrder::default() };
    };
    check(&once, &[nothing, "bad.yaml:10: producerConfig: acks: got \"2\""]);
}
