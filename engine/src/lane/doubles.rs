//! Stand-ins for a broker in virtual time: an outlet and a run around it.

use super::board::Board;
use super::load::{Load, Owner};
use super::port::Port;
use super::produce::{Orders, Walker, produce};
use super::signal::{Signal, Timeline};
use super::transact::Transactor;
use crate::link::{
    Ack, Denied, End, Failure, FailureKind, Message, Offer, Outcome, Outlet, OutletSink, Then,
};
use crate::measure::{Duty, LaneEnd, Recorder, Tally, mailboxes};
use crate::message::Stamp;
use crate::plan::samples::RUN;
use crate::plan::{Demand, PhaseTimes, ProducerClient, StreamDemand, Warmup};
use crate::time::virtual_time::StepClock;
use crate::time::{Border, Clock, WaitMode, Walk};
use crate::units::{Nanos, Rate, Timestamp};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

/// When virtual runs start.
pub(super) const START: Timestamp = Timestamp::from_nanos(1_000_000_000);

/// What a refusing outlet says.
pub(super) const REFUSAL: Failure = Failure { kind: FailureKind::Serialization, code: 10 };

/// What happens to the run at a moment of it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Incident {
    /// The run is told to end early.
    Halt,
    /// Time passes: the lane's core is away.
    Pass(Nanos),
    /// The rate changes from this moment on.
    Rate(Rate),
    /// The run is told to send nothing that is due later than so long after its start.
    End(Nanos),
    /// The run is found steady.
    Steady,
    /// The lane stands still for so long; so much later, meanwhile, the run is found steady.
    StandStill(Nanos, Nanos),
}

/// How a made-up client behaves.
#[derive(Clone, Debug)]
pub(super) struct Script {
    /// From the offer to the ack.
    pub(super) answer_after: Nanos,
    /// Acks that would come from the first moment on come at the second, in milliseconds.
    pub(super) stall_ms: Option<(u64, u64)>,
    /// Of this partition alone; of all where there is none.
    pub(super) stalled: Option<i32>,
    /// Each message whose number of offer lies here fails when it would be acked.
    pub(super) failing: std::ops::Range<usize>,
    /// Messages in the client at most.
    pub(super) room: usize,
    /// Each message whose number of offer is a multiple of this is refused.
    pub(super) refuse_every: Option<usize>,
    /// What happens, by milliseconds from the start.
    pub(super) incidents: Vec<(u64, Incident)>,
    /// How long each offer takes.
    pub(super) offer_takes: Nanos,
    /// How long beginning each transaction takes.
    pub(super) begin_takes: Nanos,
    /// How long each end of a transaction takes, however often it is asked for.
    pub(super) end_takes: Nanos,
    /// Which ends, counted from 1, are refused, and what may follow; ascending.
    pub(super) denied: Vec<(usize, Then)>,
}

impl Default for Script {
    /// Answers after 1 ms, always.
    fn default() -> Self {
        Self {
            answer_after: Nanos::from_millis(1),
            stall_ms: None,
            stalled: None,
            failing: 0..0,
            room: usize::MAX,
            refuse_every: None,
            incidents: Vec::new(),
            offer_takes: Nanos::ZERO,
            begin_takes: Nanos::ZERO,
            end_takes: Nanos::ZERO,
            denied: Vec::new(),
        }
    }
}

/// One offer, as the client saw it.
#[derive(Clone, Debug)]
pub(super) struct Offered {
    pub(super) at: Timestamp,
    pub(super) answer: Offer,
    pub(super) partition: i32,
    pub(super) body: Vec<u8>,
    pub(super) stamp: Stamp,
}

/// One call of `poll`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Polled {
    pub(super) at: Timestamp,
    pub(super) limit: usize,
    pub(super) taken: usize,
}

/// What a client saw.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) offers: Vec<Offered>,
    pub(super) polls: Vec<Polled>,
    pub(super) most_in_flight: usize,
    pub(super) purges: usize,
    pub(super) ends: Vec<Ended>,
}

/// One answered call to end a transaction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    /// When it took its first message.
    pub(super) first: Timestamp,
    pub(super) at: Timestamp,
    pub(super) how: End,
    /// Messages that it took.
    pub(super) messages: usize,
    pub(super) answer: Result<(), Then>,
}

impl Log {
    /// The messages that the client took.
    pub(super) fn accepted(&self) -> impl Iterator<Item = &Offered> {
        self.offers.iter().filter(|offered| offered.answer == Offer::Accepted)
    }
}

/// A client that follows a script.
pub(super) struct ScriptedOutlet<'run> {
    clock: StepClock,
    script: Script,
    signal: &'run Signal,
    border: Arc<Border>,
    pending: VecDeque<(Timestamp, Ack)>,
    next_offset: i64,
    /// Whether it takes messages in transactions alone.
    is_transactional: bool,
    /// When the open transaction took its first message, else when it began, and how many it has.
    open: Option<(Timestamp, usize)>,
    /// How long the end that was asked for still takes.
    ending: Option<Nanos>,
    log: Rc<RefCell<Log>>,
}

impl ScriptedOutlet<'_> {
    fn live_through(&mut self, now: Timestamp) {
        while let Some((at, incident)) = self.script.incidents.first().copied()
            && START + Nanos::from_millis(at) <= now
        {
            self.script.incidents.remove(0);
            match incident {
                Incident::Halt => self.signal.halt(),
                Incident::End(span) => self.signal.end_at(START + span),
                Incident::Pass(span) => self.clock.advance(span),
                Incident::Steady => {
                    self.border.decide(now);
                }
                Incident::StandStill(span, steady_after) => {
                    self.border.decide(now + steady_after);
                    self.clock.advance(span);
                }
                Incident::Rate(rate) => assert!(self.signal.change_rate(0, now, rate), "paced"),
            }
        }
    }

    fn answered_at(&self, now: Timestamp, partition: i32) -> Timestamp {
        let at = now + self.script.answer_after;
        let is_stalled = self.script.stalled.is_none_or(|stalled| stalled == partition);
        let stall = self.script.stall_ms.filter(|_| is_stalled).map(|(from, until)| {
            (START + Nanos::from_millis(from), START + Nanos::from_millis(until))
        });
        match stall {
            Some((from, until)) if from <= at && at < until => until,
            _ => at,
        }
    }
}

impl Outlet for ScriptedOutlet<'_> {
    fn offer(&mut self, message: &Message<'_>) -> Offer {
        self.clock.advance(self.script.offer_takes);
        let now = self.clock.now();
        self.live_through(now);
        let number = self.log.borrow().offers.len() + 1;
        let partition = message.partition.expect("the lane chooses the partition");
        let refuse = self.script.refuse_every;
        let is_refused = refuse.is_some_and(|every| number.is_multiple_of(every))
            || (self.is_transactional && self.open.is_none());
        let answer = if is_refused {
            Offer::Refused(REFUSAL)
        } else if self.script.room <= self.pending.len() {
            Offer::Full
        } else {
            let outcome = if self.script.failing.contains(&number) {
                Outcome::Failed { partition, failure: REFUSAL, maybe_persisted: false }
            } else {
                Outcome::Persisted { partition, offset: self.next_offset }
            };
            self.next_offset += 1;
            let bytes = u32::try_from(message.body.len()).expect("a small body");
            let ack = Ack { stamp: *message.stamp, route: message.route, bytes, outcome };
            let at = self.answered_at(now, partition);
            self.clock.wake_at(at);
            self.pending.push_back((at, ack));
            if let Some((first, messages)) = &mut self.open {
                *first = if *messages == 0 { now } else { *first };
                *messages += 1;
            }
            Offer::Accepted
        };
        let mut log = self.log.borrow_mut();
        log.most_in_flight = log.most_in_flight.max(self.pending.len());
        log.offers.push(Offered {
            at: now,
            answer,
            partition,
            body: message.body.to_vec(),
            stamp: *message.stamp,
        });
        answer
    }

    fn poll(&mut self, clock: &impl Clock, limit: usize, sink: &mut impl OutletSink) -> bool {
        let now = clock.now();
        self.live_through(now);
        // One partition may answer while another does not.
        let mut acks: Vec<Ack> = Vec::new();
        self.pending.retain(|(at, ack)| {
            let is_ready = *at <= now && acks.len() < limit;
            acks.extend(is_ready.then_some(*ack));
            !is_ready
        });
        let ready = acks.len();
        sink.acks(now, &acks);
        self.log.borrow_mut().polls.push(Polled { at: now, limit, taken: ready });
        ready == limit
    }

    fn in_flight(&self) -> u64 {
        u64::try_from(self.pending.len()).expect("a queue's length fits in 64 bits")
    }

    fn purge(&mut self) {
        self.log.borrow_mut().purges += 1;
        let now = self.clock.now();
        for (at, ack) in &mut self.pending {
            let Outcome::Persisted { partition, .. } = ack.outcome else { continue };
            (*at, ack.outcome) = (now, Outcome::Purged { partition });
        }
    }

    fn begin(&mut self) -> Result<(), Denied> {
        let is_broken = self.log.borrow().ends.iter().any(|end| end.answer == Err(Then::Nothing));
        if !self.is_transactional || is_broken || self.open.is_some() {
            return Err(Denied::for_good(REFUSAL));
        }
        self.clock.advance(self.script.begin_takes);
        self.open = Some((self.clock.now(), 0));
        Ok(())
    }

    fn end(&mut self, how: End, within: Nanos) -> Result<(), Denied> {
        assert!(self.pending.is_empty(), "a transaction ends when nothing is in flight");
        let (first, messages) = self.open.expect("what was begun is ended");
        let left = self.ending.take().unwrap_or(self.script.end_takes);
        if within < left {
            self.clock.advance(within);
            self.ending = Some(left.less(within));
            return Err(Denied { failure: REFUSAL, then: Then::Repeat });
        }
        self.clock.advance(left);
        let number = self.log.borrow().ends.len() + 1;
        let denied = self.script.denied.iter().find(|(at, _)| *at == number);
        let answer = denied.map_or(Ok(()), |(_, then)| Err(*then));
        let at = self.clock.now();
        self.log.borrow_mut().ends.push(Ended { first, at, how, messages, answer });
        if answer != Err(Then::Abort) {
            self.open = None;
        }
        answer.map_err(|then| Denied { failure: REFUSAL, then })
    }

    fn last_words(&self) -> Option<&str> {
        None
    }
}

/// A run of one lane with one client in virtual time.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) demand: Demand,
    pub(super) script: Script,
    pub(super) wait: WaitMode,
    pub(super) grace: Nanos,
    /// The lane's share of the logical producers.
    pub(super) producers: Vec<u64>,
}

/// What came of it.
pub(super) struct Ran {
    pub(super) tally: Tally,
    pub(super) log: Log,
    pub(super) struck: Option<String>,
    pub(super) ended: Timestamp,
    /// When the measured phase began.
    pub(super) measured: Timestamp,
}

impl Case {
    /// A sleeping lane and a client that answers after 1 ms.
    pub(super) fn new(stream: StreamDemand) -> Self {
        let producers = (0..stream.producers()).collect();
        let demand = crate::plan::samples::demand(stream);
        let grace = demand.grace();
        Self { demand, script: Script::default(), wait: WaitMode::Sleep, grace, producers }
    }

    /// Sends and drains.
    pub(super) fn run(self) -> Ran {
        let Self { demand, script, wait, grace, producers: share } = self;
        let stream = &demand.streams[0];
        let clock = StepClock::default();
        clock.advance(Nanos(START.as_nanos()));
        let warmup = demand.phases.warmup;
        let border = match warmup {
            Warmup::Fixed(length) => Border::fixed(START, START + length),
            Warmup::Auto { .. } => Border::open(START, warmup.longest()),
        };
        let end = border.latest() + demand.phases.measured;
        let (signal, board) = (Signal::new(1), Board::new(1));
        let times = PhaseTimes { at: START, measured: border.latest(), end };
        if let Some(schedule) = stream.pace.schedule(times) {
            signal.set_schedule(0, schedule);
        }
        let (boxes, mut collector) = mailboxes(&demand, 1);
        let (mailbox, tally) = boxes.into_iter().next().expect("one lane has one mailbox");
        let mut recorder = Recorder::new(tally, mailbox, &demand, &Duty::all(&demand));
        recorder.start(&border);
        let clients = [ProducerClient { name: "client".to_owned(), producers: share }];
        let verification = demand.verification;
        let owner = Owner { run: RUN, stream: 0, incarnation: 0, verification };
        let (mut load, producers) = Load::new(stream, &clients, owner);
        let log = Rc::<RefCell<Log>>::default();
        let outlet = ScriptedOutlet {
            clock: clock.clone(),
            script,
            signal: &signal,
            border: Arc::clone(&border),
            pending: VecDeque::new(),
            next_offset: 0,
            is_transactional: demand.clients.transactions.is_some(),
            open: None,
            ending: None,
            log: Rc::clone(&log),
        };
        let mut port = Port::new(vec![outlet], recorder, 0, &board);
        let walk =
            signal.schedule(0).map(|schedule| Walk::new(schedule, stream.producers(), &producers));
        let walker = Walker::new((&stream.pace, demand.messages), walk, (0, 1));
        let from = border.start();
        let timeline = Timeline { border, from, measured: demand.phases.measured, grace };
        let orders = Orders { signal: &signal, timeline, deadlines: demand.deadlines, wait };
        let transactor = |asked| Transactor::new(asked, producers[0], orders.patience());
        port.transactor = demand.clients.transactions.map(transactor);
        let struck = produce(&clock, &orders, &mut port, &mut load, walker);
        let ended = clock.now();
        port.recorder.finish(ended, LaneEnd::default());
        while !collector.have_ended([0]) {
            collector.collect(Nanos::ZERO);
        }
        let measured = orders.timeline.border.measured();
        Ran { tally: collector.total(), log: log.take(), struck, ended, measured }
    }
}
