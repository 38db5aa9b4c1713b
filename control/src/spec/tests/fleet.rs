//! Workers: where they are named, and what is wrong with that.

use super::{Desk, OMB_DRIVER, WORKLOAD, job, one, remark};
use crate::spec::{DriverSource, Fleet, OnLoss, Order, validate};

fn on(desk: &Desk, workers: &[&str]) -> Order {
    let mut order = desk.order(&[]);
    order.fleet.workers = workers.iter().map(|text| (*text).to_owned()).collect();
    order
}

fn workers(order: &Order) -> Vec<String> {
    let fleet = job(order).fleet.expect("workers");
    fleet.workers.iter().map(ToString::to_string).collect()
}

const A_AND_B: [&str; 2] = ["http://a:1", "http://b:9410"];

#[test]
fn workers_come_from_flags_or_from_the_benchmark_file() {
    let desk = Desk::new(OMB_DRIVER);
    let mut order = desk.order(&[]);
    assert_eq!(job(&order).fleet, None, "this host does the run");

    order.benchmark = Some(desk.write("b.yaml", "workers: []\n"));
    assert_eq!(job(&order).fleet, None, "an empty list asks for nothing");
    order.benchmark = Some(desk.write("b.yaml", "workers:\n  - http://a:1\n  - b\n"));
    assert_eq!(workers(&order), A_AND_B);
    order.fleet.workers = vec!["c,d:7".to_owned(), "http://[::2]:1".to_owned()];
    assert_eq!(workers(&order), ["http://c:9410", "http://d:7", "http://[::2]:1"], "a flag wins");

    order.fleet.token_file = Some("token".into());
    let Some(Fleet { on_loss, .. }) = job(&order).fleet else { panic!("workers") };
    assert_eq!(on_loss, OnLoss::Reassign, "a token is for workers");
    order.fleet.on_loss = Some(OnLoss::Fail);
    assert_eq!(job(&order).fleet.map(|fleet| fleet.on_loss), Some(OnLoss::Fail));
}

#[test]
fn a_file_of_workers_has_three_forms() {
    let desk = Desk::new(OMB_DRIVER);
    let check = |text: &str, expected: &[&str]| {
        let mut order = desk.order(&[]);
        order.fleet.workers_file = Some(desk.write("workers", text));
        assert_eq!(workers(&order), expected, "{text:?}");
    };
    check("http://a:1\nb\n", &A_AND_B);
    check("\u{feff}# two\r\n\r\n  http://a:1  # first\r\nb:9410", &A_AND_B);
    check("[::2]:1\n[::3]\n", &["http://[::2]:1", "http://[::3]:9410"]);
    check("- http://a:1\n- b\n", &A_AND_B);
    check("--- # two\n- 'http://a:1' # first\n- b\n", &A_AND_B);
    check("[http://a:1, b]\n", &A_AND_B);
    check("[\n  http://a:1,\n  b]\n", &A_AND_B);
    check("# OMB's\nworkers:\n  - http://a:1\n  - b\n", &A_AND_B);
    check("workers: [http://a:1, b]\n", &A_AND_B);
    check("{workers: [http://a:1, b]}\n", &A_AND_B);
}

#[test]
fn every_fault_of_a_file_of_workers_is_told_with_its_line() {
    let desk = Desk::new(OMB_DRIVER);
    let check = |text: &str, expected: &[&str]| {
        let mut order = desk.order(&[]);
        order.fleet.workers_file = Some(desk.write("workers", text));
        let faults = desk.faults(&order);
        assert_eq!(faults.len(), expected.len(), "{text:?}: {faults:#?}");
        for (fault, start) in faults.iter().zip(expected) {
            assert!(fault.starts_with(start), "{text:?}: {fault} / {start}");
        }
    };
    let lines = "http://a:1\n\nhttps://b:1\na:1 # again\nno such host\n";
    let of_lines = [
        "workers:3: got \"https://b:1\", but there is no TLS",
        "workers:4: got http://a:1 twice, need each worker once",
        "workers:5: got \"no such host\", need http://HOST:PORT",
    ];
    check(lines, &of_lines);
    check(
        "- a:0\n- [b]\n",
        &["workers: got \"a:0\", need a port", "workers: got \"a list\", need"],
    );
    check("workers:\n- a:0\n", &["workers:1: workers: got \"a:0\", need a port from 1 to 65535"]);
    check("workers: a\n", &["workers:1: workers: got \"a\", need a list"]);
    check("workerz: [a]\n", &["workers:1: workerz: there is no such field, did you mean workers?"]);
    check("[a\n", &["workers: is no valid YAML"]);
    for nothing in ["", "# none\n", "workers: []\n", "[]\n"] {
        check(nothing, &["workers: names no worker, need one on each line"]);
    }
}

#[test]
fn every_fault_of_the_flags_is_told_at_once() {
    let desk = Desk::new(OMB_DRIVER);
    let check = |order: &Order, expected: &[&str]| {
        let faults = desk.faults(order);
        assert_eq!(faults.len(), expected.len(), "{faults:#?}");
        for (fault, start) in faults.iter().zip(expected) {
            assert!(fault.starts_with(start), "{fault} / {start}");
        }
    };
    let addresses = [
        "--workers: got \"https://a\", but there is no TLS between kdyno's hosts",
        "--workers: got \"b/x\", need http://HOST:PORT or HOST:PORT",
        "--workers: got \"\", need http://HOST:PORT or HOST:PORT",
    ];
    check(&on(&desk, &["https://a,b/x,"]), &addresses);
    let twice = ["--workers: got http://a:9410 twice, need each worker once"];
    check(&on(&desk, &["a,b", "http://A:9410"]), &twice);
    let crowd: Vec<String> = (0..1_001).map(|index| format!("w{index}")).collect();
    check(&on(&desk, &[&crowd.join(",")]), &["--workers: got 1001 workers, need at most 1000"]);
    assert_eq!(workers(&on(&desk, &[&crowd[1..].join(",")])).len(), 1_000, "just as many");

    let mut both = on(&desk, &["a"]);
    both.fleet.workers_file = Some(desk.folder.path().join("none"));
    check(&both, &["none: no such file", "--workers-file: --workers is given too: keep one"]);

    let mut alone = desk.order(&["topics=0"]);
    alone.fleet.token_file = Some("token".into());
    alone.fleet.on_loss = Some(OnLoss::Fail);
    let without = [
        "--token-file: there are no workers: name some with --workers, or leave it out",
        "--on-worker-loss: there are no workers",
        "--set topics: got \"0\"",
    ];
    check(&alone, &without);
    alone.benchmark = Some(desk.write("b.yaml", "workers: [https://a]\n"));
    check(&alone, &["b.yaml:1: workers: got \"https://a\"", "--set topics: got \"0\""]);
}

#[test]
fn a_broker_inside_one_process_cannot_be_shared() {
    let desk = Desk::new("driverClass: loopback\n");
    let words = "driver's broker is inside one process and cannot be shared by workers: give --driver or \
                 --bootstrap-server";
    let faults = desk.faults(&on(&desk, &["a"]));
    assert_eq!(faults, [format!("--workers: the loopback {words}")]);
    let mut order = Order { driver: DriverSource::default(), ..on(&desk, &["a"]) };
    assert_eq!(desk.faults(&order), [format!("--workers: the embedded {words}")]);
    order.fleet.workers = Vec::new();
    order.benchmark = Some(desk.write("b.yaml", "workers: [a]\n"));
    assert_eq!(desk.faults(&order), [format!("b.yaml: workers: the embedded {words}")]);
}

#[test]
fn a_broker_that_each_host_would_look_for_on_itself_is_remarked() {
    let desk = Desk::new(OMB_DRIVER);
    let check = |workers: &[&str], servers: Option<&str>, expected: Option<&str>| {
        let mut order = on(&desk, workers);
        order.driver.bootstrap_servers = servers.map(str::to_owned);
        let said = remark(&one(&order), "broker_on_each_host");
        let said = said.map(|text| text.replace(&format!("{}/", desk.folder.path().display()), ""));
        assert_eq!(said.as_deref(), expected, "{workers:?}, {servers:?}");
    };
    let told = "d.yaml:7: localhost:9092 is on each worker's own host: http://b:9410 will look for the \
                broker there";
    check(&["localhost:1", "b"], None, Some(told));
    check(&["localhost:1", "127.0.0.1:2"], None, None);
    check(&[], None, None);
    check(&["b"], Some("broker-1:9092,10.0.0.1:9092"), None);
    for server in ["127.0.0.2:9092", "[::1]:9092", "PLAINTEXT://localhost:9092"] {
        let of_flag = format!(
            "--bootstrap-server: {server} is on each worker's own host: http://b:9410 will look for the \
             broker there"
        );
        check(&["b"], Some(&format!("broker-1:9092,{server}")), Some(&of_flag));
    }
}

#[test]
fn validate_knows_the_workers_of_a_benchmark_file() {
    let desk = Desk::new(OMB_DRIVER);
    let fine = desk.write("b.yaml", "workers: [http://a:1, B]\n");
    let lines = validate(&[fine]).expect("fine");
    assert_eq!(lines[1], "  runs are done by http://a:1, http://b:9410");
    let bad = desk.write("c.yaml", "workers: [ftp://a:1]\n");
    let fault = validate(&[bad, desk.write("v.yaml", WORKLOAD)]).expect_err("bad").to_string();
    assert!(
        fault.contains("c.yaml:1: workers: got \"ftp://a:1\", need http://HOST:PORT"),
        "{fault}"
    );
}

#[test]
fn files_that_are_too_much_to_be_sent_are_a_fault_where_there_are_workers() {
    let desk = Desk::new(OMB_DRIVER);
    let size = 49 << 20;
    std::fs::write(desk.folder.path().join("p.data"), vec![0; size]).expect("written");
    let payload = ["payloadFile=p.data".to_owned(), format!("messageSize={size}")];
    let mut order = desk.order(&payload.each_ref().map(String::as_str));
    assert_eq!(desk.faults(&order), Vec::<String>::new(), "this host has them");
    order.fleet.workers = vec!["a".to_owned()];
    let expected = "--workers: p.data: has 49 MiB, and all files that are sent to workers may have 48 MiB: \
                    need smaller ones";
    assert_eq!(desk.faults(&order), [expected]);
}
