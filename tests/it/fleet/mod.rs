//! Runs of a fleet: a coordinator and workers, each on a host of its own, on a real broker.

mod api;
pub(crate) mod ask;
mod attacked;
mod course;
mod few;
mod hosts;
mod kinds;
mod lease;
mod loss;
mod stuck;

use crate::cli::{Kdyno, Ran};
use crate::real::{self, Turn, count};
use hosts::{Hosts, Worker};
use serde_json::Value;

/// A coordinator, its workers, and a broker.
pub(crate) struct Fleet {
    hosts: Hosts,
    workers: Vec<Worker>,
    /// Where the broker is.
    address: String,
    /// None of its own where it shares that of others.
    _turn: Option<Turn>,
}

impl Fleet {
    /// So many workers; `None` where there is no real broker.
    pub(crate) fn of(count: usize) -> Option<Self> {
        Some(Self::on(real::turn()?, Hosts::made(count), count))
    }

    /// The same beside fleets of other tests: for those that judge by counts and ask for little load.
    pub(crate) fn beside_others(count: usize) -> Option<Self> {
        Some(Self::on(real::shared_turn()?, Hosts::made(count), count))
    }

    /// The same, all of them on this host.
    pub(crate) fn here(count: usize) -> Option<Self> {
        Some(Self::on(real::turn()?, Hosts::here(), count))
    }

    /// One of several fleets on a broker, in the turn that somebody holds for all of them.
    pub(crate) fn one_of_several(address: &str, count: usize) -> Self {
        Self::made(address.to_owned(), None, Hosts::made(count), count)
    }

    fn on(turn: Turn, hosts: Hosts, count: usize) -> Self {
        Self::made(turn.address.clone(), Some(turn), hosts, count)
    }

    fn made(address: String, turn: Option<Turn>, hosts: Hosts, count: usize) -> Self {
        let workers = (0..count).map(|host| Worker::start(&hosts, host)).collect();
        Self { hosts, workers, address, _turn: turn }
    }

    fn urls(&self) -> String {
        let urls: Vec<&str> = self.workers.iter().map(|worker| worker.url.as_str()).collect();
        urls.join(",")
    }

    /// A run of this workload on all workers.
    fn run(&self, workload: &str, words: &[&str]) -> Kdyno {
        self.run_on(&self.urls(), workload, words)
    }

    fn run_on(&self, urls: &str, workload: &str, words: &[&str]) -> Kdyno {
        let token = self.workers[0].token_file();
        let run = Kdyno::new(&["run", "load.yaml", "--bootstrap-server", &self.address])
            .and(&["--workers", urls, "--token-file", token.to_str().expect("a folder of our own")])
            .and(&["--format", "json"])
            .and(words)
            .with_file("load.yaml", workload);
        self.hosts.coordinating(run)
    }

    /// What is left on the broker of a run.
    fn topics_of(&self, result: &Value) -> Vec<String> {
        self.topics_left(result["test_id"].as_str().expect("a run has an id"))
    }

    /// The same by the run's name.
    fn topics_left(&self, test_id: &str) -> Vec<String> {
        let all = real::topics(&self.address);
        all.into_iter().filter(|name| name.contains(test_id)).collect()
    }
}

/// Two topics of three partitions, eight producers, two subscriptions of two consumers each.
fn workload(rate: u32, seconds: u32) -> String {
    format!(
        "name: fleet\ntopics: 2\npartitionsPerTopic: 3\nmessageSize: 200\nproducersPerTopic: 4\n\
         subscriptionsPerTopic: 2\nconsumerPerSubscription: 2\nproducerRate: {rate}\n\
         warmupDuration: 2s\ntestDuration: {seconds}s\n"
    )
}

/// The counts of a run that did what was asked, of two subscriptions.
fn assert_exact(ran: &Ran, due: i64) -> Value {
    assert_exact_of(ran, due, 2)
}

/// The same of so many.
fn assert_exact_of(ran: &Ran, due: i64, subscriptions: usize) -> Value {
    let result = real::assert_exact(ran, due, subscriptions);
    let workers = result["workers"].as_array().expect("a fleet has workers");
    for path in ["produced", "acked", "consumed"] {
        let sum: i64 = workers.iter().map(|worker| count(worker, &format!("/{path}"))).sum();
        let all = count(&result, &format!("/{path}/messages"));
        assert_eq!(sum, all, "{path}: the workers' add up to the whole");
    }
    result
}

#[test]
fn four_workers_on_hosts_of_their_own_do_one_run_exactly() {
    let Some(fleet) = Fleet::beside_others(4) else { return };
    let ran = fleet.run(&workload(4_000, 10), &[]).run();
    let result = assert_exact(&ran, 40_000);
    let rate = result["produced"]["messages_per_second"].as_f64().expect("a rate");
    assert!((rate / 4_000.0 - 1.0).abs() < 0.0001, "within 0.01 %: {rate}");
    assert_eq!(result["workers"].as_array().map(Vec::len), Some(4));
    for worker in result["workers"].as_array().expect("a list") {
        assert!(0 < count(worker, "/produced"), "each has its share: {worker:#}");
        let error = worker["clock_error_us"].as_f64().expect("its clock was asked");
        assert!(error < 100_000.0, "on one host: {worker:#}");
    }
    assert!(fleet.topics_of(&result).is_empty(), "no topic is left");
    println!(
        "4 workers, {}: {} messages, {rate} /s, exit {}",
        if fleet.hosts.are_apart() { "network namespaces" } else { "loopback" },
        count(&result, "/acked/messages"),
        ran.code
    );
}

#[test]
fn one_worker_and_three_bring_the_same_counts() {
    let Some(fleet) = Fleet::beside_others(3) else { return };
    let alone = fleet.run_on(&fleet.workers[0].url, &workload(1_500, 4), &[]).run();
    let three = fleet.run(&workload(1_500, 4), &[]).run();
    let (alone, three) = (assert_exact(&alone, 6_000), assert_exact(&three, 6_000));
    for path in ["/produced/due", "/acked/messages", "/consumed/messages", "/verification/received"]
    {
        assert_eq!(count(&alone, path), count(&three, path), "{path}");
    }
    let logical = |result: &Value, role: &str| -> i64 {
        let tasks = result["tasks"].as_array().expect("a list");
        tasks.iter().filter(|task| task["role"] == role).map(|task| count(task, "/logical")).sum()
    };
    assert_eq!(
        (logical(&alone, "producer"), logical(&three, "producer")),
        (8, 8),
        "dealt, none twice"
    );
}
