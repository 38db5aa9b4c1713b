//! Starts a lane's thread: clients first, on the client's cores; then its own core; then the line.

use super::board::Board;
use super::coming::Coming;
use super::consume::{Member, Reader};
use super::leaving::leave;
use super::load::{Load, Owner};
use super::pin::{bind_to_any, settle_on};
use super::port::Port;
use super::produce::{Orders, Patience, Walker, produce};
use super::signal::{Signal, Stage};
use super::start::{Go, Ticket};
use super::transact::Transactor;
use crate::error::RunError;
use crate::link::{InletSpec, OutletSpec, RouteSpec, Target};
use crate::measure::{Duty, LaneEnd, Mailbox, Recorder, Tally};
use crate::plan::{
    ConsumerClient, Demand, LanePlan, LaneWork, Plan, ProducerClient, Route, StampPlace,
    transactional_id,
};
use crate::time::{Clock, Walk};
use crate::units::{Nanos, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread::JoinHandle;

/// How long learning the topics' leaders may take before the start.
const WARM_DEADLINE: Nanos = Nanos::from_secs(10);

/// Longest sleep of a producing lane that waits for the start line.
const PATIENCE: Nanos = Nanos::from_millis(10);

/// What all lanes of a run share.
#[derive(Debug)]
pub struct LaneSetup<T, C> {
    /// The plan.
    pub plan: Arc<Plan>,
    /// Where clients come from.
    pub target: Arc<T>,
    /// The run's clock.
    pub clock: C,
    /// The run's word.
    pub signal: Arc<Signal>,
    /// Where lanes say how they are.
    pub board: Arc<Board>,
}

impl<T, C: Clone> Clone for LaneSetup<T, C> {
    fn clone(&self) -> Self {
        Self {
            plan: Arc::clone(&self.plan),
            target: Arc::clone(&self.target),
            clock: self.clock.clone(),
            signal: Arc::clone(&self.signal),
            board: Arc::clone(&self.board),
        }
    }
}

/// A thread that carries lanes: one of its own, or all of another host's.
#[derive(Debug)]
pub struct LaneHandle {
    /// Its name.
    pub name: String,
    /// The lanes, by their numbers in the plan.
    pub lanes: Vec<usize>,
    /// The thread.
    pub thread: JoinHandle<()>,
}

impl LaneHandle {
    /// Whether the thread has ended and its clients are closed.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits for the thread's end; the panic's message if it panicked.
    ///
    /// # Errors
    /// The lane's panic.
    pub fn join(self) -> Result<(), RunError> {
        self.thread.join().map_err(|panic| {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            RunError::Lane {
                lane: self.name,
                reason: text.unwrap_or_else(|| "panicked".to_owned()),
            }
        })
    }
}

/// Starts lane `index` of the plan.
///
/// # Errors
/// When the system starts no more threads.
pub fn spawn<T: Target, C: Clock + Send + 'static>(
    setup: &LaneSetup<T, C>,
    index: usize,
    (mailbox, tally): (Mailbox, Box<Tally>),
    ticket: Ticket,
) -> Result<LaneHandle, RunError> {
    let setup = setup.clone();
    let name = setup.plan.lanes[index].name.clone();
    let duties = duties(&setup.plan, index);
    let recorder = Recorder::new(tally, mailbox, &setup.plan.demand, &duties);
    let thread = std::thread::Builder::new()
        .name(name.clone())
        .spawn(move || run_lane(&setup, index, recorder, ticket))
        .map_err(|error| RunError::Lane { lane: name.clone(), reason: error.to_string() })?;
    Ok(LaneHandle { name, lanes: vec![index], thread })
}

/// What a lane of the plan sends or reads.
fn duties(plan: &Plan, index: usize) -> Vec<Duty> {
    match &plan.lanes[index].work {
        LaneWork::Produce { stream, .. } => vec![Duty::Send { stream: *stream }],
        LaneWork::Consume { clients } => {
            let read = |client: &ConsumerClient| {
                let group = &plan.groups[client.group];
                (group.stream, usize::try_from(group.subscription).expect("they fit in memory"))
            };
            let all: BTreeSet<(usize, usize)> = clients.iter().map(read).collect();
            let duty = |(stream, subscription)| Duty::Read { stream, subscription };
            all.into_iter().map(duty).collect()
        }
    }
}

fn run_lane<T: Target, C: Clock>(
    setup: &LaneSetup<T, C>,
    index: usize,
    recorder: Recorder,
    ticket: Ticket,
) {
    let lane = &setup.plan.lanes[index];
    bind_to_any(&lane.io_cores);
    match &lane.work {
        LaneWork::Produce { stream, clients } => {
            run_producer(setup, (index, lane), (*stream, clients), (recorder, ticket));
        }
        LaneWork::Consume { clients } => {
            run_consumer(setup, (index, lane), clients, (recorder, ticket));
        }
    }
}

/// Says on the board why a lane cannot go on, and arrives at the line all the same.
fn fail<T, C: Clock>(
    setup: &LaneSetup<T, C>,
    index: usize,
    error: &RunError,
    (recorder, ticket): (Recorder, Ticket),
) {
    let words = error.to_string();
    setup.board.slot(index).failed = Some(words.clone());
    drop(ticket);
    recorder.finish(setup.clock.now(), LaneEnd { error: Some(words), struck: None });
}

fn run_producer<T: Target, C: Clock>(
    setup: &LaneSetup<T, C>,
    (index, lane): (usize, &LanePlan),
    (stream, clients): (usize, &[ProducerClient]),
    (recorder, ticket): (Recorder, Ticket),
) {
    let (plan, clock, signal) = (&setup.plan, &setup.clock, &*setup.signal);
    let demand = &plan.demand.streams[stream];
    let verification = plan.demand.verification;
    let incarnation = plan.share.incarnation;
    let owner = Owner { run: plan.demand.run, stream, incarnation, verification };
    let (mut load, producers) = Load::new(demand, clients, owner);
    let outlets = clients.iter().map(|client| make_outlet(setup, stream, client)).collect();
    let outlets: Vec<T::Outlet> = match outlets {
        Ok(outlets) => outlets,
        Err(error) => return fail(setup, index, &error, (recorder, ticket)),
    };
    let mut port = Port::new(outlets, recorder, stream, &setup.board);
    port.lane = index;
    port.transactor = plan.demand.clients.transactions.map(|asked| {
        let [producer] = producers[..] else {
            unreachable!("a producer that sends in transactions has a lane of its own")
        };
        let deadlines = plan.demand.deadlines;
        Transactor::new(asked, producer, Patience { signal, deadlines, wait: lane.wait })
    });
    settle_on(&lane.cores);
    setup.board.slot(index).prepared = true;
    while signal.stage() == Stage::Preparing {
        port.serve(clock, 1024, clock.now());
        clock.park(PATIENCE);
    }
    let mut end = LaneEnd::default();
    if let Go::Run(timeline) = ticket.arrive() {
        port.recorder.join(&timeline.border, timeline.from);
        let walk = signal
            .schedule(stream)
            .map(|schedule| Walk::new(schedule, demand.producers(), &producers))
            .map(|walk| walk.starting_at(timeline.from));
        let asked = (&demand.pace, plan.demand.messages);
        let walker = Walker::new(asked, walk, place_among(plan, stream, index));
        if !demand.pace.is_paced() {
            wait_for_start(clock, timeline.from);
        }
        let orders = Orders { signal, timeline, deadlines: plan.demand.deadlines, wait: lane.wait };
        end.struck = produce(clock, &orders, &mut port, &mut load, walker);
    }
    port.recorder.finish(clock.now(), end);
    drop(port.outlets);
}

fn wait_for_start(clock: &impl Clock, start: Timestamp) {
    while clock.now() < start {
        clock.park(clock.now().until(start));
    }
}

/// Which of the stream's producing lanes this is, and of how many.
fn place_among(plan: &Plan, stream: usize, index: usize) -> (u64, u64) {
    let is_peer = |lane: &&LanePlan| matches!(&lane.work, LaneWork::Produce { stream: of, .. } if *of == stream);
    let before = plan.lanes[..index].iter().filter(is_peer).count();
    let all = plan.lanes.iter().filter(is_peer).count();
    let count = |lanes: usize| u64::try_from(lanes).expect("lanes fit in 64 bits");
    (count(before), count(all))
}

fn make_outlet<T: Target, C: Clock>(
    setup: &LaneSetup<T, C>,
    stream: usize,
    client: &ProducerClient,
) -> Result<T::Outlet, RunError> {
    let topics = setup.plan.demand.streams[stream].topics.len();
    let mut used: Vec<usize> = client
        .producers
        .iter()
        .map(|producer| usize::try_from(*producer).expect("producers fit in memory") % topics)
        .collect();
    used.sort_unstable();
    used.dedup();
    let routes: Vec<RouteSpec<'_>> = used
        .into_iter()
        .map(|topic| {
            route_spec(
                &setup.plan,
                stream,
                Route(u32::try_from(topic).expect("fewer than 2^32 topics")),
            )
        })
        .collect();
    let id = transactional_id_of(&setup.plan, stream, client);
    let spec = OutletSpec { name: &client.name, routes: &routes, transactional_id: id.as_deref() };
    let mut outlet = setup.target.outlet(&spec)?;
    setup.target.warm(&mut outlet, WARM_DEADLINE);
    Ok(outlet)
}

/// By which id brokers know a client's transactions; `None` where it makes none.
fn transactional_id_of(plan: &Plan, stream: usize, client: &ProducerClient) -> Option<String> {
    let Demand { test_id, streams, clients, .. } = &plan.demand;
    clients.transactions?;
    let producer = *client.producers.first()?;
    let prefix = clients.transactional_prefix();
    Some(transactional_id(prefix, test_id, &streams[stream].name, producer))
}

fn route_spec(plan: &Plan, stream: usize, route: Route) -> RouteSpec<'_> {
    let index = usize::try_from(route.0).expect("topics fit in memory");
    let partitions = plan.demand.streams[stream].topics[index].partitions;
    RouteSpec { route, topic: plan.topic(stream, route), partitions }
}

fn make_member<T: Target, C: Clock>(
    setup: &LaneSetup<T, C>,
    number: usize,
    client: &ConsumerClient,
) -> Result<Member<T::Inlet>, RunError> {
    let group = &setup.plan.groups[client.group];
    let subscription = usize::try_from(group.subscription).expect("subscriptions fit in memory");
    let inlet = make_inlet(setup, client)?;
    let of = (group.stream, subscription, client.group);
    let member = Member::new(inlet, client.name.clone(), of);
    Ok(Member { client: number, seat: (client.member, group.members), ..member })
}

fn make_inlet<T: Target, C: Clock>(
    setup: &LaneSetup<T, C>,
    client: &ConsumerClient,
) -> Result<T::Inlet, RunError> {
    let group = &setup.plan.groups[client.group];
    let stream = group.stream;
    let routes: Vec<RouteSpec<'_>> =
        group.routes().map(|route| route_spec(&setup.plan, stream, route)).collect();
    setup.target.inlet(&InletSpec {
        name: &client.name,
        group: &group.name,
        subscription: group.subscription,
        member: (client.member, group.members),
        routes: &routes,
        stamp_in_header: setup.plan.demand.streams[stream].stamp == StampPlace::Header,
    })
}

fn run_consumer<T: Target, C: Clock>(
    setup: &LaneSetup<T, C>,
    (index, lane): (usize, &LanePlan),
    clients: &[ConsumerClient],
    (recorder, ticket): (Recorder, Ticket),
) {
    let (clock, signal) = (&setup.clock, &*setup.signal);
    let commit = setup.plan.demand.clients.commit;
    let reads_only = setup.plan.demand.is_catch_up();
    let mut reader = Reader {
        members: Vec::new(),
        recorder,
        board: &setup.board,
        lane: index,
        commit,
        coming: None,
        // What is there is read from the start line on, not while members join.
        is_held: reads_only,
        is_over: false,
        left: setup.plan.demand.messages.filter(|_| reads_only).unwrap_or(u64::MAX),
    };
    for (number, client) in clients.iter().enumerate() {
        match make_member(setup, number, client) {
            Ok(member) => reader.members.push(member),
            Err(error) => {
                fail(setup, index, &error, (reader.recorder, ticket));
                return leave(&mut reader.members, clock);
            }
        }
    }
    reader.announce();
    settle_on(&lane.cores);
    setup.board.slot(index).prepared = true;
    reader.prepare(clock, signal);
    if let Go::Run(timeline) = ticket.arrive() {
        reader.recorder.join(&timeline.border, timeline.from);
        if reads_only {
            wait_for_start(clock, timeline.from);
        }
        let make = move |member: usize| {
            // A client's own threads run where it is made.
            bind_to_any(&lane.io_cores);
            let made = make_inlet(setup, &clients[member]);
            settle_on(&lane.cores);
            made
        };
        let asked = &setup.plan.demand.clients;
        reader.coming = Coming::new(asked, timeline.border.start(), Box::new(make));
        reader.consume(clock, signal, lane.wait);
        reader.settle(clock);
    }
    reader.recorder.finish(clock.now(), LaneEnd::default());
    // After the results are handed over, since this may take its time.
    leave(&mut reader.members, clock);
    drop(reader.members);
}
