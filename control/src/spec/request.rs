//! One workload against one driver: what the engine is asked, and what reports show of it.

use std::path::PathBuf;

use engine::driver::Driver;
use engine::plan::{Deadlines, Demand, Pace, Phases, StreamDemand, TopicPlan, Wishes};
use serde_json::{Map, Value};

use super::assignments::Assignments;
use super::benchmark::Benchmark;
use super::clients::{Clients, ShownProperty, clients, warn_of_literals};
use super::driver::DriverFile;
use super::fault::{Fault, Ledger, Remark};
use super::files::Files;
use super::identity::Identities;
use super::workload::{Speed, Workload};
use super::{Order, room, test_id};

/// A run to be planned.
#[derive(Clone, Debug)]
pub struct Request {
    /// What is asked of the engine.
    pub demand: Demand,
    /// What the user set by hand.
    pub wishes: Wishes,
    /// Against what.
    pub driver: DriverChoice,
    /// What reports show.
    pub resolved: ResolvedRun,
}

/// The system under test.
#[derive(Clone, Debug)]
pub struct DriverChoice {
    /// The engine's driver.
    pub driver: &'static Driver,
    /// Its name in reports.
    pub name: String,
    /// Its file.
    pub file: Option<PathBuf>,
}

/// What reports show of a request.
#[derive(Clone, Debug)]
pub struct ResolvedRun {
    /// The workload's name.
    pub test_name: String,
    /// The workload's file.
    pub workload_file: PathBuf,
    /// The workload's fields with defaults, in the form that can be read again.
    pub workload: Map<String, Value>,
    /// For new topics; −1 leaves it to the broker.
    pub replication_factor: i16,
    /// The properties of clients and topics, secrets masked.
    pub properties: Vec<ShownProperty>,
    /// What the user should know.
    pub remarks: Vec<Remark>,
}

impl DriverChoice {
    /// The choice that a driver file makes.
    pub fn of(driver: &DriverFile) -> Self {
        Self { driver: driver.driver, name: driver.name.clone(), file: driver.file.clone() }
    }
}

/// What all requests of an invocation share.
pub(super) struct Shared<'a> {
    pub(super) order: &'a Order,
    pub(super) benchmark: &'a Benchmark,
    pub(super) driver: &'a DriverFile,
    pub(super) flags: &'a Assignments,
    pub(super) identities: Identities,
}

impl Shared<'_> {
    /// Puts a request together. A workload that could not be read still has its clients'
    /// properties checked, so that all faults are told at once.
    pub(super) fn request(
        &mut self,
        workload: Option<Workload>,
        files: &mut Files,
        ledger: &mut Ledger,
    ) -> Option<Request> {
        let is_existing = !self.order.topics.is_empty();
        let clients = clients(self.driver, workload.as_ref(), is_existing, ledger);
        let (workload, clients) = workload.zip(clients)?;
        warn_of_literals(&clients.shown, self.flags, ledger);
        let mut request = self.join(&workload, clients, files, ledger)?;
        request.resolved.remarks.clone_from(&ledger.remarks);
        Some(request)
    }

    fn join(
        &mut self,
        workload: &Workload,
        clients: Clients,
        files: &mut Files,
        ledger: &mut Ledger,
    ) -> Option<Request> {
        let made = workload.body.make(files);
        let bodies = ledger.take(made.map_err(|problem| Fault::whole("payloadFile", problem)))?;
        let pace = self.pace(workload, ledger)?;
        let (test_id, run) = self.identities.next(&workload.name);
        let topics = self.topics(workload, &test_id);
        let shape = workload.shape;
        let mut deadlines = Deadlines::standard(topics.len());
        deadlines.ready = self.benchmark.consumer_ready_timeout.unwrap_or(deadlines.ready);
        deadlines.acks = deadlines.acks.max(clients.delivery_timeout);
        let backlog = workload.backlog.map(|wish| wish.plan);
        let measured = backlog.map_or(workload.measured, |backlog| backlog.longest());
        let stream = StreamDemand {
            name: workload.name.clone(),
            pace,
            message_size: workload.body.size,
            bodies,
            stamp: workload.body.stamp.place(),
            keys: workload.keys,
            partitioner: clients.partitioner,
            topics,
            producers_per_topic: shape.producers,
            subscriptions: shape.subscriptions,
            consumers_per_subscription: shape.consumers,
        };
        if let Some(problem) =
            backlog.and_then(|asked| room::problem(self.driver.driver, &stream, asked.messages))
        {
            let file = workload.file.display().to_string();
            ledger.fault(Fault::new(file, "consumerBacklog", problem));
            return None;
        }
        Some(Request {
            demand: Demand {
                test_id,
                run,
                streams: vec![stream],
                phases: Phases { warmup: workload.warmup, measured },
                backlog,
                clients: clients.settings,
                deadlines,
                keep_topics: self.order.keep_topics
                    || self.benchmark.cleanup_enabled == Some(false),
                verification: workload.verification,
                hiccups: workload.hiccups,
            },
            wishes: self.order.wishes.clone(),
            driver: DriverChoice::of(self.driver),
            resolved: ResolvedRun {
                test_name: workload.name.clone(),
                workload_file: workload.file.clone(),
                workload: workload.resolved(),
                replication_factor: self.driver.replication_factor,
                properties: clients.shown,
                remarks: Vec::new(),
            },
        })
    }

    fn pace(&self, workload: &Workload, ledger: &mut Ledger) -> Option<Pace> {
        match (workload.speed, self.order.in_flight) {
            (Speed::Max, in_flight) => Some(Pace::Max { in_flight }),
            (Speed::At(rate), None) => Some(Pace::At(rate)),
            (Speed::At(rate), Some(_)) => {
                let file = workload.file.display();
                let problem = format!(
                    "only bounds --rate max, and the rate of {file} is {rate}: leave one of them out"
                );
                ledger.fault(Fault::whole("--in-flight", problem));
                None
            }
        }
    }

    fn topics(&self, workload: &Workload, test_id: &str) -> Vec<TopicPlan> {
        let partitions = workload.shape.partitions;
        if self.order.topics.is_empty() {
            let new = |index| TopicPlan {
                name: test_id::topic(test_id, index),
                partitions,
                existing: false,
            };
            return (0..workload.shape.topics).map(new).collect();
        }
        let old = |name: &String| TopicPlan {
            name: name.clone(),
            partitions: self.identities.partitions(name),
            existing: true,
        };
        self.order.topics.iter().map(old).collect()
    }
}
