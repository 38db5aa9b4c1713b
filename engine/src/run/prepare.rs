//! The first half of a run: the cluster checked, topics made, lanes started, consumers ready.

use super::outcome::{ClockSeen, Cost, Ending, Interval, Outcome};
use super::ready::{Look, look, partitions_per_member};
use super::teardown::Teardown;
use crate::error::RunError;
use crate::lane::{Board, Go, LaneSetup, Signal, Stage, StartLine, spawn};
use crate::link::{Target, TopicSpec, Topics};
use crate::measure::{Collector, Listener, Tally, mailboxes};
use crate::plan::{Plan, Warmup};
use crate::time::{Clock, RunClock};
use crate::units::{Nanos, Timestamp};
use std::sync::Arc;

/// How often the board is looked at while lanes prepare.
const LOOK_EVERY: Nanos = Nanos::from_millis(10);

/// What a run tells the one who started it, and asks.
pub trait Hooks {
    /// Something happened.
    fn event(&mut self, event: &Event<'_>);

    /// Whether the user wants the run to end.
    fn is_interrupted(&self) -> bool;

    /// Whether the one who started it has seen enough: the run ends early, as by an interrupt, and its
    /// ending is [`Ending::CutShort`].
    fn is_cut_short(&self) -> bool {
        false
    }
}

/// What happens in a run.
#[derive(Clone, Copy, Debug)]
pub enum Event<'run> {
    /// So many of so many topics are created.
    Creating {
        /// Done.
        done: usize,
        /// In all.
        of: usize,
    },
    /// Lanes make their clients, consumers join.
    Joining,
    /// All consumers are ready, this long after the run began.
    Ready(Nanos),
    /// The warm-up begins.
    Warmup(Warmup),
    /// The run is steady: the measured phase begins this long after the start, at the next second.
    Steady(Nanos),
    /// The run was not steady within the bound, so long: it is measured all the same.
    Unsteady(Nanos),
    /// The measured phase begins and lasts this long.
    Measuring(Nanos),
    /// One second of the measured phase is complete: its figures, and what all lanes saw in it.
    Second(&'run Interval, &'run Tally),
    /// Everything due has been sent and answered; consumers read what is left.
    Draining,
}

/// A prepared run: every lane waits for the start line.
#[derive(Debug)]
pub struct Ready {
    pub(super) plan: Arc<Plan>,
    pub(super) clock: RunClock,
    pub(super) signal: Arc<Signal>,
    pub(super) board: Arc<Board>,
    pub(super) start_line: Arc<StartLine>,
    pub(super) collector: Collector,
    pub(super) began: Timestamp,
    pub(super) ready: Nanos,
    pub(super) partitions_per_member: Vec<Vec<usize>>,
    pub(super) teardown: Teardown,
}

/// Checks the cluster, creates topics, starts the lanes and waits until every consumer is ready.
///
/// # Errors
/// What failed, as an outcome without a start, and what must be torn down.
pub fn prepare<T: Target>(
    plan: Plan,
    target: T,
    clock: RunClock,
    hooks: &mut dyn Hooks,
) -> Result<Ready, Box<(Outcome, Teardown)>> {
    let began = clock.now();
    let plan = Arc::new(plan);
    let mut teardown = Teardown::new(&plan, target.topics());
    let give_up = |error, left: Teardown, board: Option<&Board>| {
        let outcome = failed(&plan, (began, clock), error, &left, board);
        Box::new((outcome, left))
    };
    if let Err(error) = make_topics(&plan, &*target.topics(), &mut teardown, hooks) {
        return Err(give_up(error, teardown, None));
    }
    hooks.event(&Event::Joining);
    teardown.groups = plan.groups.iter().map(|group| group.name.clone()).collect();
    let board = Arc::new(Board::new(plan.lanes.len()));
    let signal = Arc::new(Signal::new(plan.demand.streams.len()));
    let start_line = StartLine::new(plan.lanes.len());
    let (boxes, mut collector) = mailboxes(&plan.demand, plan.lanes.len());
    let setup = LaneSetup {
        plan: Arc::clone(&plan),
        target: Arc::new(target),
        clock,
        signal: Arc::clone(&signal),
        board: Arc::clone(&board),
    };
    let mut refused = None;
    for (index, mailbox) in boxes.into_iter().enumerate() {
        let ticket = start_line.ticket();
        match spawn(&setup, index, mailbox, ticket) {
            Ok(handle) => teardown.lanes.push(handle),
            Err(error) => refused = Some(error),
        }
    }
    let settled = match refused {
        Some(error) => Err(error),
        None => {
            let listener = collector.listener();
            await_ready(&plan, (&board, &start_line, listener), T::SETTLE, (clock, hooks))
        }
    };
    if let Err(error) = settled {
        signal.halt();
        signal.advance(Stage::Assembling);
        start_line.release(Go::Abort);
        return Err(give_up(error, teardown, Some(&board)));
    }
    let ready = clock.now().since(began).unwrap_or_default();
    hooks.event(&Event::Ready(ready));
    let partitions_per_member = partitions_per_member(&plan, &board);
    Ok(Ready {
        plan,
        clock,
        signal,
        board,
        start_line,
        collector,
        began,
        ready,
        partitions_per_member,
        teardown,
    })
}

fn make_topics(
    plan: &Plan,
    topics: &dyn Topics,
    teardown: &mut Teardown,
    hooks: &mut dyn Hooks,
) -> Result<(), RunError> {
    let deadlines = &plan.demand.deadlines;
    topics.check(deadlines.reach)?;
    let planned = plan.demand.streams.iter().flat_map(|stream| &stream.topics);
    let (existing, new): (Vec<_>, Vec<_>) = planned.partition(|topic| topic.existing);
    for topic in existing {
        let found = topics.partitions(&topic.name, deadlines.reach)?;
        if found != Some(topic.partitions) {
            let reason = found.map_or_else(
                || "does not exist, and an existing topic was asked for".to_owned(),
                |found| format!("has {found} partitions, the plan counts on {}", topic.partitions),
            );
            return Err(RunError::Topic { topic: topic.name.clone(), reason });
        }
    }
    let specs: Vec<TopicSpec> = new
        .into_iter()
        .map(|topic| TopicSpec { name: topic.name.clone(), partitions: topic.partitions })
        .collect();
    if hooks.is_interrupted() {
        return Err(RunError::Interrupted);
    }
    let of = specs.len();
    let made = topics
        .create(&specs, deadlines.create, &mut |done| hooks.event(&Event::Creating { done, of }));
    match made {
        Ok(created) => {
            teardown.created = created;
            Ok(())
        }
        Err((error, created)) => {
            teardown.created = created;
            Err(error)
        }
    }
}

/// Waits until the board is complete and has not changed for `settle`.
fn await_ready(
    plan: &Plan,
    (board, start_line, listener): (&Board, &StartLine, &mut Listener),
    settle: Nanos,
    (clock, hooks): (RunClock, &mut dyn Hooks),
) -> Result<(), RunError> {
    let until = clock.now() + plan.demand.deadlines.ready;
    let mut seen = None;
    let mut since = clock.now();
    loop {
        let now = clock.now();
        listener.hear();
        if hooks.is_interrupted() {
            return Err(RunError::Interrupted);
        }
        let missing = match look(plan, board) {
            Look::Failed(words) => return Err(RunError::NotReady(words)),
            Look::Waiting(missing) => {
                seen = None;
                missing
            }
            Look::Complete(revision) => {
                if seen != Some(revision) {
                    (seen, since) = (Some(revision), now);
                }
                if now.since(since).is_some_and(|quiet| settle <= quiet) {
                    return Ok(());
                }
                "assignments keep changing".to_owned()
            }
        };
        if start_line.is_deserted() {
            // What a lane could say about it, it said on the board before it gave up.
            let words = match look(plan, board) {
                Look::Failed(words) => words,
                _ => "a lane's thread panicked while it prepared".to_owned(),
            };
            return Err(RunError::NotReady(words));
        }
        if until <= now {
            let waited = plan.demand.deadlines.ready;
            return Err(RunError::NotReady(format!(
                "not ready after {waited} (consumerReadyTimeout): {missing}"
            )));
        }
        clock.park(LOOK_EVERY);
    }
}

/// The outcome of a run that never started.
fn failed(
    plan: &Plan,
    (started, clock): (Timestamp, RunClock),
    error: RunError,
    teardown: &Teardown,
    board: Option<&Board>,
) -> Outcome {
    let ending = match error {
        RunError::Interrupted => Ending::Interrupted,
        error => Ending::Failed(error),
    };
    let ended = clock.now();
    Outcome {
        started,
        ended,
        stopped: ended,
        start: None,
        tally: Tally::new(&plan.demand),
        lanes: Vec::new(),
        intervals: Vec::new(),
        steady_since: None,
        ending,
        deadlines_struck: Vec::new(),
        trouble: board.map(Board::trouble).unwrap_or_default(),
        partitions_per_member: Vec::new(),
        // Nothing was acked, so nothing is left to read.
        drained: vec![true; plan.groups.len()],
        cost: Cost::default(),
        clock: ClockSeen { source: clock.source(), drift: None },
        throttled: None,
        client_thread: None,
        removed: None,
        client: None,
        topics_created: teardown.created.clone(),
    }
}
