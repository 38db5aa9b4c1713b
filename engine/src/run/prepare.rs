//! The first half of a run: the cluster checked, topics made, lanes started, consumers ready.

use super::backlog::BacklogStep;
use super::catch_up::Stock;
use super::crew::{Crew, Join, Seats, Threads};
use super::outcome::{ClockSeen, Cost, Ending, Interval, Outcome};
use super::ready::{Look, look, partitions_per_member};
use super::teardown::Teardown;
use crate::error::RunError;
use crate::lane::{Board, Go, Signal, Stage, StartLine};
use crate::link::{Target, TopicSpec, Topics};
use crate::measure::{Collector, Listener, Tally, mailboxes};
use crate::plan::{Demand, Plan, Warmup};
use crate::search::Step;
use crate::time::{Clock, RunClock};
use crate::units::{Nanos, Rate, Timestamp};
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
    /// A search holds this rate next, and does so for this reason.
    Asking(Rate, &'static str),
    /// A step of a search is over.
    Step(&'run Step),
    /// A search has found this rate and measures it.
    Found(Rate),
    /// A search gives up, for this reason.
    NotFound(&'static str),
    /// The measured phase began.
    Measuring {
        /// When.
        from: Timestamp,
        /// How long it lasts; with a backlog, at most.
        length: Nanos,
    },
    /// A backlog that was asked for comes on.
    Backlog(BacklogStep),
    /// One second is complete in which nothing was measured, of the warm-up or of a search: its figures, which
    /// enter no result, and what all lanes saw in it. It has no number.
    Warming(&'run Interval, &'run Tally),
    /// One second of the measured phase is complete: its figures, and what all lanes saw in it.
    Second(&'run Interval, &'run Tally),
    /// Everything due has been sent and answered; consumers read what is left.
    Draining,
    /// Everything is read, or was waited for; the last figures come in.
    Collecting,
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
    /// What is to be read, of a run that sends nothing.
    pub(super) stock: Option<Stock>,
    pub(super) teardown: Teardown,
    pub(super) crew: Box<dyn Crew>,
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
    let topics = target.topics();
    let crew = Box::new(Threads(Arc::new(target)));
    Grounds::lay(&plan, topics, clock, hooks)?.raise(plan, crew, hooks)
}

/// An attempt to prepare that failed, and what another one may begin with.
#[derive(Debug)]
pub struct FailedAttempt {
    /// The cluster as it was.
    pub grounds: Grounds,
    /// Why.
    pub error: RunError,
    /// What lanes said.
    pub board: Arc<Board>,
}

/// A cluster that was checked and has the run's topics.
#[derive(Debug)]
pub struct Grounds {
    demand: Demand,
    groups: usize,
    stock: Option<Stock>,
    clock: RunClock,
    began: Timestamp,
    teardown: Teardown,
}

impl Grounds {
    /// Checks the cluster and creates topics.
    ///
    /// # Errors
    /// As [`prepare`].
    pub fn lay(
        plan: &Plan,
        topics: Arc<dyn Topics>,
        clock: RunClock,
        hooks: &mut dyn Hooks,
    ) -> Result<Self, Box<(Outcome, Teardown)>> {
        let began = clock.now();
        let demand = plan.demand.clone();
        let teardown = Teardown::new(&demand, topics);
        let groups = plan.groups.len();
        let mut grounds = Self { demand, groups, stock: None, clock, began, teardown };
        let laid = make_topics(&grounds.demand, &mut grounds.teardown, hooks)
            .and_then(|()| Stock::of(&grounds.demand, &*grounds.teardown.topics));
        match laid {
            Ok(stock) => Ok(Self { stock, ..grounds }),
            Err(error) => Err(grounds.give_up(error, None)),
        }
    }

    /// The run will not start, for this reason.
    #[must_use]
    pub fn give_up(self, error: RunError, board: Option<&Board>) -> Box<(Outcome, Teardown)> {
        let Self { demand, groups, clock, began, teardown, .. } = self;
        let outcome = failed((&demand, groups), (began, clock), error, &teardown, board);
        Box::new((outcome, teardown))
    }

    /// Waits until the lanes of an attempt that failed have ended; names those that have not in time.
    #[must_use]
    pub fn clear(&mut self) -> Vec<String> {
        self.teardown.close()
    }

    /// Starts the lanes of a plan and waits until every consumer is ready.
    ///
    /// # Errors
    /// As [`prepare`].
    pub fn raise(
        self,
        plan: Plan,
        crew: Box<dyn Crew>,
        hooks: &mut dyn Hooks,
    ) -> Result<Ready, Box<(Outcome, Teardown)>> {
        self.try_raise(plan, crew, hooks).map_err(|failed| {
            let FailedAttempt { grounds, error, board } = *failed;
            grounds.give_up(error, Some(&board))
        })
    }

    /// Starts what carries lanes and keeps it for the end, also where not all could be started.
    fn start(&mut self, crew: &mut dyn Crew, seats: Seats) -> Result<(), RunError> {
        let (handles, started) = match crew.raise(seats) {
            Ok(handles) => (handles, Ok(())),
            Err((error, handles)) => (handles, Err(error)),
        };
        self.teardown.lanes.extend(handles);
        started
    }

    /// The same; where it fails the grounds are there for another attempt, with the reason and what was
    /// on the board.
    ///
    /// # Errors
    /// What failed; lanes that were started are told to end.
    pub fn try_raise(
        mut self,
        plan: Plan,
        mut crew: Box<dyn Crew>,
        hooks: &mut dyn Hooks,
    ) -> Result<Ready, Box<FailedAttempt>> {
        let clock = self.clock;
        let plan = Arc::new(plan);
        hooks.event(&Event::Joining);
        self.teardown.groups = plan.groups.iter().map(|group| group.name.clone()).collect();
        let board = Arc::new(Board::with_room(plan.lanes.len(), crew.room(&plan)));
        let signal = Arc::new(Signal::new(plan.demand.streams.len()));
        let start_line = StartLine::new(crew.hands(&plan));
        let (boxes, mut collector) = mailboxes(&plan.demand, plan.lanes.len());
        let boxes = boxes.into_iter().enumerate();
        let seats = Seats {
            plan: Arc::clone(&plan),
            clock,
            signal: Arc::clone(&signal),
            board: Arc::clone(&board),
            join: Join::Together(Arc::clone(&start_line)),
            mailboxes: boxes.map(|(lane, (mailbox, tally))| (lane, mailbox, tally)).collect(),
        };
        let settled = self.start(&mut *crew, seats).and_then(|()| {
            let listener = collector.listener();
            let settle = crew.settle();
            await_ready(&plan, (&board, &start_line, listener), settle, (clock, hooks))
        });
        if let Err(error) = settled {
            signal.halt();
            signal.advance(Stage::Assembling);
            start_line.release(Go::Abort);
            return Err(Box::new(FailedAttempt { grounds: self, error, board }));
        }
        let ready = clock.now().since(self.began).unwrap_or_default();
        hooks.event(&Event::Ready(ready));
        let partitions_per_member = partitions_per_member(&plan, &board);
        let Self { began, stock, teardown, .. } = self;
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
            stock,
            teardown,
            crew,
        })
    }
}

fn make_topics(
    demand: &Demand,
    teardown: &mut Teardown,
    hooks: &mut dyn Hooks,
) -> Result<(), RunError> {
    let deadlines = &demand.deadlines;
    let topics = Arc::clone(&teardown.topics);
    topics.check(deadlines.reach)?;
    let planned = demand.streams.iter().flat_map(|stream| &stream.topics);
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
    (demand, groups): (&Demand, usize),
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
        tally: Tally::new(demand),
        lanes: Vec::new(),
        added: Vec::new(),
        intervals: Vec::new(),
        steady_since: None,
        backlog: None,
        catch_up: None,
        ending,
        deadlines_struck: Vec::new(),
        trouble: board.map(Board::trouble).unwrap_or_default(),
        partitions_per_member: Vec::new(),
        // Nothing was acked, so nothing is left to read.
        drained: vec![true; groups],
        cost: Cost::default(),
        clock: ClockSeen { source: clock.source(), drift: None },
        throttled: None,
        client_thread: None,
        leaders: None,
        removed: None,
        client: None,
        topics_created: teardown.created.clone(),
        search: None,
        workers: Vec::new(),
    }
}
