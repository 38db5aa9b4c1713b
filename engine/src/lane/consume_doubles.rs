//! A consumer that follows a script, and the lane that carries it, for the laws of the consuming loop.

use super::board::{Board, MemberState};
use super::coming::Coming;
use super::consume::{Member, Reader};
use super::signal::{Signal, Stage};
use crate::link::{Assigned, Delivery, Failure, FailureKind, Inlet, InletSink, Moved};
use crate::measure::{Duty, LaneEnd, Latency, PhaseTally, Recorder, Tally, mailboxes};
use crate::message::Stamp;
use crate::plan::samples::{self, RUN};
use crate::plan::{Churn, ClientSettings, CommitMode, Route, StreamDemand};
use crate::time::virtual_time::StepClock;
use crate::time::{Border, Clock, WaitMode};
use crate::units::{Nanos, Timestamp};
use std::cell::RefCell;
use std::rc::Rc;

pub(super) const START: Timestamp = Timestamp::from_nanos(1_000_000_000);
const TROUBLE: Failure = Failure { kind: FailureKind::Kafka, code: 29 };

/// What happens to a consumer, or to its run.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    /// It now holds these partitions.
    Hold(&'static [i32]),
    /// So many messages come.
    Messages(u64),
    /// The client complains.
    Trouble {
        fatal: bool,
    },
    /// Time passes: the core is away, or what happened before takes it.
    Pass(Nanos),
    /// Reading a message takes so long from now on.
    Slow(Nanos),
    /// The run lets nobody read, or lets everybody. Nobody unparks the lane for it.
    Held,
    LetRead,
    /// The run goes on to another stage. Nobody unparks the lane for it.
    Stage(Stage),
}

/// What a consumer saw.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) polls: Vec<Timestamp>,
    pub(super) commits: Vec<Timestamp>,
    /// Its partitions that are paused, whenever that was asked for.
    pub(super) paused: Vec<(Timestamp, Vec<i32>)>,
    /// When messages came.
    pub(super) read: Vec<Timestamp>,
    /// What the board said of it at each poll.
    pub(super) board: Vec<MemberState>,
}

/// A consumer that follows a script; events by milliseconds from the start.
struct ScriptedInlet<'run> {
    clock: StepClock,
    events: Vec<(u64, Event)>,
    answer: Option<(Nanos, Result<(), Failure>)>,
    run: (&'run Signal, &'run Board),
    index: usize,
    waiting: u64,
    next: i64,
    takes: Nanos,
    revision: u64,
    assignment: Vec<Assigned>,
    paused: Vec<Assigned>,
    is_broken: bool,
    commits: Vec<Timestamp>,
    log: Rc<RefCell<Log>>,
}

impl ScriptedInlet<'_> {
    fn live_through(&mut self, now: Timestamp, sink: &mut impl InletSink) {
        while let Some((at, event)) = self.events.first().copied()
            && START + Nanos::from_millis(at) <= now
        {
            self.events.remove(0);
            match event {
                Event::Hold(partitions) => {
                    let hold =
                        |partition: &i32| Assigned { route: Route(0), partition: *partition };
                    self.assignment = partitions.iter().map(hold).collect();
                    self.revision += 1;
                }
                Event::Messages(count) => self.waiting += count,
                Event::Trouble { fatal } => {
                    self.is_broken = true;
                    sink.trouble(TROUBLE, fatal);
                }
                Event::Pass(span) => self.clock.advance(span),
                Event::Slow(span) => self.takes = span,
                Event::Held => self.run.0.hold(),
                Event::LetRead => self.run.0.let_read(),
                Event::Stage(stage) => self.run.0.advance(stage),
            }
        }
    }

    /// Notes what is paused now; a client that complained once obeys no more.
    fn obey(&self) -> Result<(), Failure> {
        let paused = self.paused.iter().map(|at| at.partition).collect();
        self.log.borrow_mut().paused.push((self.clock.now(), paused));
        if self.is_broken { Err(TROUBLE) } else { Ok(()) }
    }

    fn deliver(&mut self, now: Timestamp, limit: usize, sink: &mut impl InletSink) -> bool {
        // Messages are of the first partition.
        let is_paused = self.paused.iter().any(|at| at.partition == 0);
        let limit = if is_paused { 0 } else { limit };
        let count = self.waiting.min(u64::try_from(limit).expect("a small limit"));
        for _ in 0..count {
            let stamp = Ok(Stamp { run: RUN, due: START, sent: START, ..Stamp::default() });
            let (route, partition, offset) = (Route(0), 0, self.next);
            sink.delivery(now, &Delivery { stamp, route, partition, offset, body: &[0; 10] });
            self.log.borrow_mut().read.push(now);
            self.clock.advance(self.takes);
            self.next += 1;
        }
        self.waiting -= count;
        0 < self.waiting && !is_paused
    }
}

impl Inlet for ScriptedInlet<'_> {
    fn poll(&mut self, clock: &impl Clock, limit: usize, sink: &mut impl InletSink) -> bool {
        let now = clock.now();
        self.live_through(now, sink);
        {
            let mut log = self.log.borrow_mut();
            log.polls.push(now);
            log.board.extend(self.run.1.slot(0).members.get(self.index).cloned());
        }
        if let Some((after, result)) = self.answer {
            let answered = self.commits.iter().filter(|at| **at + after <= now).count();
            self.commits.drain(..answered).for_each(|_| sink.committed(result));
        }
        self.deliver(clock.now(), limit, sink)
    }

    fn revision(&self) -> u64 {
        self.revision
    }

    fn assignment(&self) -> &[Assigned] {
        &self.assignment
    }

    fn position(&self) -> Vec<Moved> {
        vec![Moved { at: Assigned { route: Route(0), partition: 0 }, next: self.next }]
    }

    fn pause(&mut self) -> Result<(), Failure> {
        self.paused.clone_from(&self.assignment);
        self.obey()
    }

    fn resume(&mut self) -> Result<(), Failure> {
        self.paused.clear();
        self.obey()
    }

    fn commit(&mut self, _sink: &mut impl InletSink) {
        let now = self.clock.now();
        self.log.borrow_mut().commits.push(now);
        self.commits.push(now);
    }

    fn commits_pending(&self) -> u64 {
        u64::try_from(self.commits.len()).expect("a few")
    }

    fn last_words(&self) -> Option<&str> {
        Some("not authorized")
    }
}

/// A consuming lane of some members, each with its script.
pub(super) struct Case {
    pub(super) members: Vec<Vec<(u64, Event)>>,
    pub(super) commit: CommitMode,
    pub(super) answer: Option<(Nanos, Result<(), Failure>)>,
    pub(super) wait: WaitMode,
    pub(super) stage: Stage,
    pub(super) hiccups: bool,
    /// How members come and go; the client of one that comes back lives through its script from the beginning.
    pub(super) churn: Option<Churn>,
    /// Whether members are static, so that their groups wait for them.
    pub(super) is_static: bool,
}

/// What came of it.
pub(super) struct Ran {
    pub(super) logs: Vec<Log>,
    pub(super) board: &'static Board,
    pub(super) phase: PhaseTally,
    pub(super) hiccup: Latency,
    pub(super) ended: Timestamp,
}

/// One member, whose run is closed after so many milliseconds.
pub(super) fn case(events: &[(u64, Event)], close_ms: u64) -> Case {
    let mut events = events.to_vec();
    events.push((close_ms, Event::Stage(Stage::Closing)));
    Case {
        members: vec![events],
        commit: CommitMode::Client,
        answer: Some((Nanos::from_millis(3), Ok(()))),
        wait: WaitMode::Sleep,
        stage: Stage::Running,
        hiccups: true,
        churn: None,
        is_static: false,
    }
}

impl Case {
    fn settings(&self) -> ClientSettings {
        let id = self.is_static.then(|| ("group.instance.id".to_owned(), "a".to_owned()));
        ClientSettings {
            churn: self.churn,
            consumer: id.into_iter().collect(),
            ..ClientSettings::default()
        }
    }

    /// From joining to the last commit, or up to the stage in which joining ends.
    pub(super) fn run(self) -> Ran {
        let count = u32::try_from(self.members.len()).expect("a few");
        let mut demand =
            samples::demand(StreamDemand { subscriptions: count, ..samples::stream(1) });
        demand.hiccups = self.hiccups;
        let clock = StepClock::default();
        clock.advance(Nanos(START.as_nanos()));
        // Left behind: what makes a client anew may use them for as long as there is a lane.
        let signal: &'static Signal = Box::leak(Box::new(Signal::new(1)));
        let board: &'static Board = Box::leak(Box::new(Board::new(1)));
        signal.advance(self.stage);
        let logs: Vec<Rc<RefCell<Log>>> = self.members.iter().map(|_| Rc::default()).collect();
        let answer = self.answer;
        let inlet = |index: usize, events: &[(u64, Event)]| ScriptedInlet {
            clock: clock.clone(),
            events: events.to_vec(),
            answer,
            run: (signal, board),
            index,
            waiting: 0,
            next: 0,
            takes: Nanos::ZERO,
            revision: 0,
            assignment: Vec::new(),
            paused: Vec::new(),
            is_broken: false,
            commits: Vec::new(),
            log: Rc::clone(&logs[index]),
        };
        let made = |(index, events): (usize, &Vec<(u64, Event)>)| {
            let unparks =
                |event: &Event| !matches!(event, Event::Stage(_) | Event::Held | Event::LetRead);
            let wakes = events.iter().filter(|(_, event)| unparks(event));
            wakes.for_each(|(at, _)| clock.wake_at(START + Nanos::from_millis(*at)));
            let name = format!("consumer {index}");
            let member = Member::new(inlet(index, events), name, (0, index, index));
            Member { seat: (u32::try_from(index).expect("a few"), count), ..member }
        };
        let members = self.members.iter().enumerate().map(made).collect();
        let (boxes, mut collector) = mailboxes(&demand, 1);
        let (mailbox, tally) = boxes.into_iter().next().expect("one lane has one mailbox");
        let recorder = Recorder::new(tally, mailbox, &demand, &Duty::all(&demand));
        let settings = self.settings();
        let anew = |index: usize| Ok(inlet(index, &self.members[index]));
        let mut reader = Reader {
            members,
            recorder,
            board,
            lane: 0,
            commit: self.commit,
            coming: Coming::new(&settings, START, Box::new(anew)),
            is_held: false,
            is_over: false,
            left: u64::MAX,
        };
        reader.announce();
        reader.prepare(&clock, signal);
        if signal.stage() != Stage::Assembling {
            reader.recorder.start(&Border::fixed(START, START));
            reader.consume(&clock, signal, self.wait);
            reader.settle(&clock);
        }
        let ended = clock.now();
        reader.recorder.finish(ended, LaneEnd::default());
        drop((reader.members, reader.coming));
        while !collector.have_ended([0]) {
            collector.collect(Nanos::ZERO);
        }
        let Tally { mut streams, hiccup, .. } = collector.total();
        let phase = streams.remove(0).measured;
        let logs = logs.iter().map(|log| log.take()).collect();
        Ran { logs, board, phase, hiccup, ended }
    }
}
