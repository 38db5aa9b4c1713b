//! Messages that a cluster removes before they are read: each is lost, and it is said what removed it.

use super::broker::tool;
use super::{SOON, cluster, shared_turn};
use engine::link::Topics;
use engine::measure::{Repeats, balances};
use engine::plan::Wishes;
use engine::run::{Ending, Event, Hooks};
use engine::time::{Clock, OsClock};
use engine::units::Nanos;
use kdyno_tests::demand::on_broker;
use kdyno_tests::engine_run::{plan, run_with};
use std::fmt::Write;
use std::thread::JoinHandle;

/// Deletes what a topic holds, two seconds into the measured phase.
struct Remover {
    address: String,
    topic: String,
    at_work: Option<JoinHandle<u64>>,
}

impl Hooks for Remover {
    fn event(&mut self, event: &Event<'_>) {
        let Event::Measuring { .. } = event else { return };
        let (address, topic) = (self.address.clone(), self.topic.clone());
        self.at_work = Some(std::thread::spawn(move || {
            let clock = OsClock::anchored();
            let until = clock.now() + Nanos::from_secs(2);
            while clock.now() < until {
                clock.park(clock.now().until(until));
            }
            remove_all(&address, &topic)
        }));
    }

    fn is_interrupted(&self) -> bool {
        false
    }
}

/// Deletes the records of all four partitions up to their present end; returns how many they were.
fn remove_all(address: &str, topic: &str) -> u64 {
    let logs = cluster(address).logs(topic, 4, SOON).expect("the broker answers");
    let mut partitions = String::new();
    let mut removed = 0;
    for (partition, log) in logs.iter().enumerate() {
        let comma = if partition == 0 { "" } else { "," };
        let end = log.end;
        write!(
            partitions,
            "{comma}{{\"topic\":\"{topic}\",\"partition\":{partition},\"offset\":{end}}}"
        )
        .expect("a string takes everything");
        removed += u64::try_from(end).expect("offsets are not negative");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("offsets.json");
    let json = format!("{{\"version\":1,\"partitions\":[{partitions}]}}");
    std::fs::write(&file, json).expect("it is written");
    let file = file.to_str().expect("a plain name");
    let arguments = ["--bootstrap-server", address, "--offset-json-file", file];
    tool("org.apache.kafka.tools.DeleteRecordsCommand", &arguments);
    removed
}

#[test]
fn records_that_are_deleted_before_they_are_read_are_lost_to_the_last_one() {
    let Some(turn) = shared_turn() else { return };
    let test_id = format!("removed_{}_0000", std::process::id());
    let mut demand = on_broker(&turn.address, &test_id, 1_000, 6_000);
    // So long the first fetch waits for more bytes than will ever come: until then nothing is read.
    let patient = [("fetch.min.bytes", "50000000"), ("fetch.wait.max.ms", "12000")];
    let settings = &mut demand.clients.consumer;
    settings.retain(|(name, _)| patient.iter().all(|(own, _)| name != own));
    settings.extend(patient.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let topic = demand.streams[0].topics[0].name.clone();
    let plan = plan(demand, &Wishes::default());
    let mut remover = Remover { address: turn.address, topic, at_work: None };
    let (outcome, teardown) = run_with("kafka", plan.clone(), &mut remover);
    assert_eq!(teardown.finish().left, [], "nothing is left");
    let removed = remover.at_work.expect("the phase began").join().expect("records were deleted");
    assert_eq!(outcome.ending, Ending::Finished, "{:?}", outcome.trouble);
    let measured = &outcome.tally.streams[0].measured;
    assert_eq!(measured.acked.messages, 6_000, "acked");
    assert!((1_000..5_999).contains(&removed), "in mid-run: {removed}");
    let [balance] = balances(&plan, &outcome.tally, &outcome.readings(&plan))[..] else {
        panic!("one subscription")
    };
    assert_eq!((balance.lost, balance.received), (removed, 6_000 - removed), "each of them");
    assert_eq!((balance.outstanding, balance.corrupted), (0, 0), "and nothing else");
    assert_eq!(balance.repeats, Some(Repeats::default()), "nor came anything twice");
    assert_eq!(outcome.removed, Some(removed), "and the run knows that they are gone");
}
