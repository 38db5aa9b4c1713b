//! Sweeps: the runs that lists and ranges make, and what is wrong with some.

use super::{Desk, DriverSource, NOW, OMB_DRIVER, WORKLOAD, job, stream, value};
use crate::spec::{Files, Identity, Job, Order, RunIdentity, load_with, validate};
use engine::units::Bytes;

fn words(job: &Job) -> Vec<String> {
    job.requests.iter().map(|request| request.cell.words()).collect()
}

fn axes(job: &Job) -> Vec<(&str, Vec<&str>)> {
    let sweep = job.sweep.as_ref().expect("a sweep");
    sweep
        .axes
        .iter()
        .map(|axis| (axis.field.as_str(), axis.values.iter().map(String::as_str).collect()))
        .collect()
}

#[test]
fn every_combination_is_a_run_and_the_first_field_changes_last() {
    let desk = Desk::new(OMB_DRIVER);
    let job = job(&desk.order(&["messageSize=100,1KiB", "topics=3", "driver.linger.ms=[0, 5]"]));
    let expected = [
        "messageSize=100 driver.linger.ms=0",
        "messageSize=100 driver.linger.ms=5",
        "messageSize=1KiB driver.linger.ms=0",
        "messageSize=1KiB driver.linger.ms=5",
    ];
    assert_eq!(words(&job), expected);
    let numbers: Vec<usize> = job.requests.iter().map(|request| request.cell.number).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
    let fields = [("messageSize", vec!["100", "1KiB"]), ("driver.linger.ms", vec!["0", "5"])];
    assert_eq!(axes(&job), fields);
    let sweep = job.sweep.as_ref().expect("a sweep");
    assert!(sweep.id.starts_with("sweep-a-b_1760000000_"), "{}", sweep.id);
    assert_eq!((job.runs_dir(&job.requests[0]), sweep.of), (job.results_dir.join(&sweep.id), 4));
    for (request, (size, linger)) in
        job.requests.iter().zip([(100, "0"), (100, "5"), (1024, "0"), (1024, "5")])
    {
        assert_eq!(stream(request).message_size, Bytes(size));
        assert_eq!(value(&request.demand.clients.producer, "queue.buffering.max.ms"), Some(linger));
        assert_eq!(request.resolved.workload["messageSize"], size, "as resolved");
        assert_eq!(request.resolved.workload["topics"], 3, "one value is every run's");
    }
    let ids: std::collections::BTreeSet<&str> =
        job.requests.iter().map(|request| request.demand.test_id.as_str()).collect();
    assert_eq!(ids.len(), 4, "each a run of its own");
}

#[test]
fn bodies_are_made_when_a_run_has_its_turn() {
    let desk = Desk::new(OMB_DRIVER);
    let one = job(&desk.order(&[]));
    let folder = one.runs_dir(&one.requests[0]);
    assert_eq!((one.sweep.is_none(), &folder), (true, &one.results_dir), "no sweep");
    assert_eq!(stream(&one.requests[0]).bodies.len(), 100, "one run alone has them");
    let swept = job(&desk.order(&["messageSize=[100]"]));
    let request = &swept.requests[0];
    assert_eq!((swept.requests.len(), stream(request).bodies.len()), (1, 0), "not yet");
    let whole = request.whole();
    assert_eq!(stream(&whole).bodies, stream(&one.requests[0]).bodies, "the same as ever");
}

#[test]
fn a_files_sweep_is_the_same_and_the_command_line_wins() {
    let desk = Desk::new(OMB_DRIVER);
    let text = WORKLOAD.replace("messageSize: 100\n", "")
        + "sweep:\n  messageSize: [100B, 1 KiB]\n  producers_per_topic: 1..4*2\n  \
           testDurationMinutes: 1,2\n  driver.linger.ms: 7\n";
    desk.write("w.yaml", &text);
    let read = job(&desk.order(&["testDuration=9s"]));
    let fields = [
        ("messageSize", vec!["100B", "1 KiB"]),
        ("producersPerTopic", vec!["1", "2", "4"]),
        ("driver.linger.ms", vec!["7"]),
    ];
    assert_eq!(axes(&read), fields, "testDuration says the same as testDurationMinutes");
    assert_eq!(read.requests.len(), 6);
    let last = &read.requests[5];
    assert_eq!((stream(last).message_size, stream(last).producers_per_topic), (Bytes(1024), 4));
    assert_eq!(last.resolved.workload["testDuration"], "9s");
    let linger = value(&last.demand.clients.producer, "queue.buffering.max.ms");
    assert_eq!(linger, Some("7"));

    let sets = ["messageSize=5", "driver.linger.ms=1,2", "producersPerTopic=9"];
    let won = job(&desk.order(&[&sets[..], &["testDuration=9s"]].concat()));
    assert_eq!(words(&won), ["driver.linger.ms=1", "driver.linger.ms=2"]);
    assert_eq!(stream(&won.requests[0]).message_size, Bytes(5), "one value ends a sweep");
}

#[test]
fn several_workloads_are_one_sweep_where_one_of_them_is() {
    let desk = Desk::new(OMB_DRIVER);
    let mut order = desk.order(&[]);
    let swept = WORKLOAD.replace("a b", "c") + "sweep: {topics: 1..2}\n";
    order.workloads.push(desk.write("v.yaml", &swept));
    let read = job(&order);
    assert_eq!(words(&read), ["", "topics=1", "topics=2"]);
    let sweep = read.sweep.expect("one of them is");
    assert!(sweep.id.starts_with("sweep-workloads_"), "{}", sweep.id);
}

#[test]
fn a_worker_is_told_one_value_and_reads_the_same_run() {
    let desk = Desk::new(OMB_DRIVER);
    desk.write("w.yaml", &format!("{WORKLOAD}sweep: {{topics: [1, 2], driver.acks: [0, 1]}}\n"));
    let order = desk.order(&["messageSize=100,200", "driver.bootstrap.servers=[a:1,b:2]"]);
    let mut files = Files::disk();
    let sent = load_with(&order, &mut files, Identity::Drawn(NOW)).expect("legal");
    assert_eq!(sent.requests.len(), 16);
    let bundle = files.bundle().expect("small");
    for request in &sent.requests {
        let told = serde_json::to_string(&order.for_worker(&request.cell)).expect("written");
        let told: Order = serde_json::from_str(&told).expect("an order");
        let mut there = Files::of_bundle(&bundle, "load-1").expect("sound");
        let identity = Identity::Given(RunIdentity::of(&request.demand));
        let got = load_with(&told, &mut there, identity).expect("legal");
        assert_eq!((got.requests.len(), got.sweep.is_none()), (1, true), "one run");
        let (got, meant) = (&got.requests[0], request.whole());
        assert_eq!(format!("{:?}", got.demand), format!("{:?}", meant.demand));
        assert_eq!(format!("{:?}", got.resolved), format!("{:?}", meant.resolved));
    }
}

#[test]
fn a_comma_in_text_is_a_part_of_it() {
    let desk = Desk::new(OMB_DRIVER);
    let read = job(&desk.order(&["driver.bootstrap.servers=a:1,b:2", "name=x,y"]));
    assert_eq!((read.requests.len(), read.sweep.is_none()), (1, true));
    let request = &read.requests[0];
    let servers = value(&request.demand.clients.producer, "bootstrap.servers");
    assert_eq!((servers, request.resolved.test_name.as_str()), (Some("a:1,b:2"), "x,y"));
}

#[test]
fn every_fault_of_every_cell_is_told_at_once() {
    let desk = Desk::new(OMB_DRIVER);
    let check = |file: &str, sets: &[&str], expected: &[&str]| {
        desk.write("w.yaml", &format!("{WORKLOAD}{file}"));
        let faults = desk.faults(&desk.order(sets));
        assert_eq!(faults.len(), expected.len(), "{faults:#?}");
        for (fault, start) in faults.iter().zip(expected) {
            assert!(fault.starts_with(start), "{fault} / {start}");
        }
    };
    check(
        "",
        &["messageSize=0,100,x", "topics=1,0", "driver.acks=1,2"],
        &[
            "--set messageSize: got \"0\"",
            "--set driver.acks: acks: got \"2\"",
            "--set topics: got \"0\"",
            "--set messageSize: got \"x\"",
        ],
    );
    check(
        "",
        &["topics=1,,2", "messageSize=5..1"],
        &[
            "--set topics: got an empty value in a list",
            "--set messageSize: got \"5..1\", which runs backwards",
        ],
    );
    check(
        "",
        &["topics=1..32", "producersPerTopic=1..32"],
        &[
            "w.yaml: sweep: got 32 of topics × 32 of producersPerTopic, which makes 1024 runs, need at most 1000",
        ],
    );
    check(
        "",
        &["sweep=1,2", "topcs=1,2", "driver.sasl.password=[x,y]"],
        &[
            "--set sweep: holds the values of other fields",
            "--set topcs: there is no such field, did you mean topics?",
            "driver.sasl.password: is a secret",
        ],
    );
    check("sweep: 5\n", &[], &["w.yaml:10: sweep: got \"5\", need fields with their values"]);
    check(
        "sweep:\n  topcs: [1]\n  topics: [1, [2]]\n  messageSize: []\n  name:\n  producersPerTopic: [1, 0]\n  \
         messageSize2: 1\n",
        &[],
        &[
            "w.yaml:11: sweep: topcs: there is no such field, did you mean topics?",
            "w.yaml:12: sweep: topics: got a list in a list, need values",
            "w.yaml:13: sweep: messageSize: got an empty list",
            "w.yaml:14: sweep: name: got nothing, need a list or a range",
            "w.yaml:16: sweep: messageSize2: there is no such field, did you mean messageSize?",
            "w.yaml:15: sweep: producersPerTopic: got \"0\"",
        ],
    );
    check(
        "sweep: {topics: [1], messageSize: [1], message_size: [2]}\n",
        &[],
        &["w.yaml:10: sweep: message_size: is there already in another spelling"],
    );
    check("", &["messageSize=1,2", "messageSize=3,4"], &[]);
}

#[test]
fn two_flags_of_one_field_are_told_and_the_same_flag_again_wins() {
    let desk = Desk::new(OMB_DRIVER);
    let read = job(&desk.order(&["messageSize=1,2", "messageSize=3,4"]));
    assert_eq!(words(&read), ["messageSize=3", "messageSize=4"]);
    let single = job(&desk.order(&["messageSize=1,2", "messageSize=3"]));
    assert_eq!(
        (words(&single), stream(&single.requests[0]).message_size),
        (vec![String::new()], Bytes(3))
    );
    let faults = desk.faults(&desk.order(&["messageSize=1,2", "message_size=3"]));
    assert_eq!(
        faults,
        ["--set message_size: says the same as --set messageSize: keep one of them"]
    );
}

#[test]
fn validate_checks_every_cell_and_says_how_many() {
    let desk = Desk::new(OMB_DRIVER);
    let sweep = "sweep: {messageSize: [100, 1KiB], driver.linger.ms: 0..5+5}\n";
    let text =
        validate(&[desk.write("s.yaml", &format!("{WORKLOAD}{sweep}"))]).expect("legal").join("\n");
    let part = "  that is the first of 4 runs, a sweep of:\n    messageSize: 100, 1KiB\n    driver.linger.ms: 0, 5";
    assert!(text.contains(part), "{text}");
    let bad = sweep
        .replace("1KiB", "0")
        .replace("+5", "+5, -1")
        .replace("0..5", "[0..5")
        .replace("-1", "-1]");
    let faults =
        validate(&[desk.write("s.yaml", &format!("{WORKLOAD}{bad}"))]).expect_err("both are wrong");
    let faults: Vec<String> = faults.0.iter().map(ToString::to_string).collect();
    assert_eq!(faults.len(), 2, "{faults:#?}");
    assert!(faults[0].contains("linger.ms: got \"-1\""), "{faults:#?}");
    assert!(faults[1].contains("sweep: messageSize: got \"0\""), "{faults:#?}");
    let embedded = Order { driver: DriverSource::default(), ..desk.order(&["topics=1,2"]) };
    assert_eq!(job(&embedded).requests.len(), 2);
}
