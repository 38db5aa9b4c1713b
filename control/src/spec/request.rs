//! One workload against one driver: what the engine is asked, and what reports show of it.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use engine::driver::Driver;
use engine::plan::{
    Deadlines, Demand, Pace, Partitioner, Phases, SearchDemand, StreamDemand, TopicPlan, Varied,
    Warmup, Wishes,
};
use engine::units::{Bytes, Nanos};
use serde_json::{Map, Value};

use super::assignments::Assignments;
use super::benchmark::Benchmark;
use super::clients::{Clients, ShownProperty, clients, warn_of_literals};
use super::driver::DriverFile;
use super::fault::{Fault, Ledger, Remark};
use super::files::Files;
use super::identity::Identities;
use super::sweep::{self, Cell};
use super::workload::{BodySource, Codec, POOL_BYTES_MAX, Speed, Workload, key_source};
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
    /// What it was told, and which of several runs it is.
    pub cell: Cell,
    /// What each stream's bodies are made of; `None` where they are made.
    pub(crate) bodies: Option<Vec<BodySource>>,
}

impl Request {
    /// The same with its bodies made: the cells of a sweep and repeats have none before their turn, since
    /// those of all of them could be more than there is memory.
    pub fn whole(&self) -> Cow<'_, Self> {
        let Some(sources) = &self.bodies else { return Cow::Borrowed(self) };
        let mut whole = Self { bodies: None, ..self.clone() };
        for (stream, source) in whole.demand.streams.iter_mut().zip(sources) {
            stream.bodies = source.bodies();
        }
        Cow::Owned(whole)
    }
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
    pub(super) cell: &'a Cell,
    pub(super) identities: &'a mut Identities,
}

/// What a workload's streams are made of.
#[derive(Clone, Copy)]
struct Load<'a> {
    workload: &'a Workload,
    /// Of each stream.
    sources: &'a [BodySource],
    search: Option<&'a SearchDemand>,
    test_id: &'a str,
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
        let is_named = workload.as_ref().is_some_and(|of| !of.topics.is_empty());
        let is_existing = is_named || !self.order.topics.is_empty();
        let clients = clients(self.driver, workload.as_ref(), is_existing, ledger);
        if let Some(clients) = &clients {
            sweep::refuse_secrets(self.cell, &clients.shown, ledger);
        }
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
        let sources = sources(workload, &clients, files, ledger)?;
        let search = self.search(workload, ledger)?;
        self.check_in_flight(workload, ledger)?;
        let warmup = match &search {
            Some(search) => Warmup::Auto { bound: search.latest(workload.measured) },
            None => workload.warmup,
        };
        let (test_id, run) = self.identities.next(&workload.name);
        let load = Load { workload, sources: &sources, search: search.as_ref(), test_id: &test_id };
        let streams = self.streams(&load, clients.partitioner, files, ledger)?;
        let topics = streams.iter().map(|stream| stream.topics.len()).sum();
        let mut deadlines = Deadlines::standard(topics);
        deadlines.ready = self.benchmark.consumer_ready_timeout.unwrap_or(deadlines.ready);
        deadlines.acks = deadlines.acks.max(clients.delivery_timeout);
        let backlog = workload.backlog.map(|wish| wish.plan);
        let measured = backlog.map_or(workload.measured, |backlog| backlog.longest());
        if let Some(problem) =
            backlog.and_then(|asked| room::problem(self.driver.driver, &streams[0], asked.messages))
        {
            let file = workload.file.display().to_string();
            ledger.fault(Fault::new(file, "consumerBacklog", problem));
            return None;
        }
        Some(Request {
            demand: Demand {
                test_id,
                run,
                streams,
                phases: Phases { warmup, measured },
                messages: None,
                search,
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
            cell: self.cell.clone(),
            bodies: self.has_turn().then_some(sources),
        })
    }

    /// Whether it is one of several runs, so that its bodies are made when its turn comes.
    const fn has_turn(&self) -> bool {
        self.cell.repeat.is_some() || !self.cell.values.is_empty()
    }

    /// What each stream of a workload is to do.
    fn streams(
        &self,
        load: &Load<'_>,
        partitioner: Partitioner,
        files: &mut Files,
        ledger: &mut Ledger,
    ) -> Option<Vec<StreamDemand>> {
        let Load { workload, sources, search, test_id } = *load;
        let mut streams = Vec::new();
        for ((name, part), source) in workload.parts().into_iter().zip(sources) {
            let bodies = if self.has_turn() { Vec::new() } else { source.bodies() };
            let varied = ledger.take(part.varied(files))?;
            let stream = StreamDemand {
                name: name.to_owned(),
                pace: self.pace(part, varied, search),
                message_size: part.body.size,
                bodies,
                stamp: part.body.stamp.place(),
                keys: key_source(part.keys.as_ref(), files, ledger)?,
                recipe: part.records.recipe.clone(),
                partitioner,
                topics: self.topics(workload, (name, part), test_id),
                producers_per_topic: part.shape.producers,
                subscriptions: part.shape.subscriptions,
                consumers_per_subscription: part.shape.consumers,
            };
            streams.push(stream);
        }
        Some(streams)
    }

    /// The search that a workload asks for; the outer option says whether it can be made.
    fn search(&self, workload: &Workload, ledger: &mut Ledger) -> Option<Option<SearchDemand>> {
        let Some(wish) = workload.search else { return Some(None) };
        let warmup = match workload.warmup {
            Warmup::Fixed(length) => length,
            // Steadiness is what its steps wait for.
            Warmup::Auto { .. } => Nanos::ZERO,
        };
        let is_remote = self.driver.driver.is_remote;
        let made = wish.demand(workload.body.size, is_remote, (warmup, workload.measured));
        let file = workload.file.display().to_string();
        let made = made.map_err(|(field, problem)| Fault::new(&file, field, problem));
        ledger.take(made).map(Some)
    }

    /// How many may be in flight bounds closed loops alone: without one it would do nothing.
    fn check_in_flight(&self, workload: &Workload, ledger: &mut Ledger) -> Option<()> {
        let parts = workload.parts();
        let is_free = parts.iter().any(|(_, part)| part.speed == Speed::Max);
        if self.order.in_flight.is_none() || is_free {
            return Some(());
        }
        let speed = |(_, part): &(&str, &Workload)| match &part.speed {
            Speed::Max => "max".to_owned(),
            Speed::At(rate) => rate.to_string(),
            Speed::Shaped(shape) => shape.to_string(),
            Speed::Replay(recording) => recording.to_string(),
            Speed::Search => "searched".to_owned(),
        };
        let speeds: Vec<String> = parts.iter().map(speed).collect();
        let problem = format!(
            "only bounds --rate max, and the rate of {} is {}: leave one of them out",
            workload.file.display(),
            speeds.join(" and ")
        );
        ledger.fault(Fault::whole("--in-flight", problem));
        None
    }

    fn pace(
        &self,
        workload: &Workload,
        varied: Option<Varied>,
        search: Option<&SearchDemand>,
    ) -> Pace {
        match (&workload.speed, varied, search) {
            (Speed::Max, ..) => Pace::Max { in_flight: self.order.in_flight },
            (_, Some(varied), _) => Pace::Varied(Arc::new(varied)),
            (Speed::At(rate), None, _) => Pace::At(*rate),
            (_, None, Some(search)) => Pace::At(search.start),
            (_, None, None) => unreachable!("a shape is varied, and a search has been asked for"),
        }
    }

    /// A stream's topics; where there are several streams, each of them is named after its own.
    fn topics(
        &self,
        workload: &Workload,
        (name, part): (&str, &Workload),
        test_id: &str,
    ) -> Vec<TopicPlan> {
        let partitions = part.shape.partitions;
        let stream = (!workload.streams.is_empty()).then_some(name);
        // Those of the command line win over the file's.
        let told = &self.order.topics;
        let existing = if told.is_empty() { &workload.topics } else { told };
        if existing.is_empty() {
            let new = |index| TopicPlan {
                name: test_id::topic(test_id, stream, index),
                partitions,
                existing: false,
            };
            return (0..part.shape.topics).map(new).collect();
        }
        let old = |topic: &String| TopicPlan {
            name: topic.clone(),
            partitions: self.identities.partitions(topic),
            existing: true,
        };
        existing.iter().map(old).collect()
    }
}

/// What the bodies of each stream of a workload are made of, for these clients.
fn sources(
    workload: &Workload,
    clients: &Clients,
    files: &mut Files,
    ledger: &mut Ledger,
) -> Option<Vec<BodySource>> {
    let codec = Codec::of(&clients.settings);
    let mut sources = Vec::new();
    for (_, part) in workload.parts() {
        let made = part.body.source(files, codec);
        sources
            .push(ledger.take(made.map_err(|problem| Fault::whole(part.body.field(), problem)))?);
    }
    // One stream's were checked by themselves.
    let bytes: u64 = sources.iter().map(BodySource::bytes).sum();
    if 1 < sources.len() && POOL_BYTES_MAX < bytes {
        let most = Bytes(POOL_BYTES_MAX);
        let problem = format!("their bodies take {bytes} bytes in all, at most {most} are held");
        ledger.fault(Fault::new(workload.file.display().to_string(), "streams", problem));
        return None;
    }
    Some(sources)
}
