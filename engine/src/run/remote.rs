//! Lanes that somebody else drives: a worker's part in a run that a coordinator leads.

use super::teardown::close;
use crate::error::RunError;
use crate::lane::{
    Board, Go, LaneHandle, LaneSetup, Progress, Signal, Stage, StartLine, Timeline, Word, spawn,
};
use crate::link::Target;
use crate::measure::{ClientStats, ClientTallies, Collector, Handover, mailboxes};
use crate::plan::Plan;
use crate::time::{Border, RunClock};
use crate::units::{Nanos, Rate, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// What lanes of another's run are led by, from any thread.
#[derive(Clone, Debug)]
pub struct Reins {
    plan: Arc<Plan>,
    signal: Arc<Signal>,
    board: Arc<Board>,
    /// Until the start.
    start_line: Arc<Mutex<Option<Arc<StartLine>>>>,
}

impl Reins {
    /// What is planned.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What each lane has published.
    #[must_use]
    pub fn progress(&self) -> Vec<Progress> {
        self.board.slots().map(|slot| slot.clone()).collect()
    }

    /// Trouble that clients reported in words, each once, with how often.
    #[must_use]
    pub fn trouble(&self) -> Vec<(String, u64)> {
        self.board.trouble()
    }

    /// Whether the lanes were let go, to load or to their end.
    #[must_use]
    pub fn have_started(&self) -> bool {
        self.line().is_none()
    }

    /// Lets all lanes go together, by this word. Waits for the lanes to leave what they are at, a few
    /// milliseconds.
    ///
    /// # Errors
    /// When they were let go before, or one still prepares: nobody waits for its cluster here.
    pub fn start(&self, timeline: &Timeline, word: &Word) -> Result<(), String> {
        let is_open = |slot: &Progress| !slot.prepared && slot.failed.is_none();
        if let Some(lane) = self.board.slots().position(|slot| is_open(&slot)) {
            return Err(format!("lane {} still prepares", self.plan.lanes[lane].name));
        }
        let line = self.line().take().ok_or("it was started before")?;
        self.signal.follow(word);
        self.signal.advance(Stage::Running);
        line.release(Go::Run(timeline.clone()));
        Ok(())
    }

    /// Changes a stream's rate from `moment` on.
    ///
    /// # Errors
    /// When it has none, has not started, or has changed later than that.
    pub fn change_rate(&self, stream: usize, moment: Timestamp, rate: Rate) -> Result<(), String> {
        if !self.have_started() {
            return Err("it has not started".to_owned());
        }
        let schedule =
            self.plan.demand.streams.get(stream).and_then(|_| self.signal.schedule(stream));
        let schedule = schedule.ok_or_else(|| format!("stream {stream} has no rate to change"))?;
        if moment < schedule.changed() {
            return Err("a rate changes after its last change, not before it".to_owned());
        }
        self.signal.change_rate(stream, moment, rate);
        Ok(())
    }

    /// What the lanes are told now.
    #[must_use]
    pub fn word(&self) -> Word {
        self.signal.word()
    }

    /// Tells the lanes, which have come to `now`, what their run tells its lanes, and where the border lies
    /// if it is decided. The same again changes nothing.
    ///
    /// # Errors
    /// When they have not started, or something of it lies behind them already: then nothing is followed.
    pub fn follow(
        &self,
        word: &Word,
        (border, decided): (&Border, Option<Timestamp>),
        now: Timestamp,
    ) -> Result<(), String> {
        if !self.have_started() {
            return Err("it has not started".to_owned());
        }
        self.signal.check(word, now)?;
        if let Some(moment) = decided
            && !border.decide_at(moment)
        {
            let [got, start, latest] =
                [moment, border.start(), border.latest()].map(Timestamp::as_nanos);
            return Err(format!(
                "the measured phase cannot begin at {got}: need whole seconds after the start at {start}, \
                 before {latest}, where no lane has come and nothing else was decided"
            ));
        }
        self.signal.follow(word);
        Ok(())
    }

    /// When the last message is due, excluded, where that is earlier than planned; else later than any
    /// moment.
    #[must_use]
    pub fn cut(&self) -> Timestamp {
        self.signal.end()
    }

    /// Lets consumers say how far they are.
    pub fn drain(&self) {
        self.signal.advance(Stage::Draining);
    }

    /// Lets consumers commit, hand over and leave.
    pub fn close(&self) {
        self.signal.advance(Stage::Closing);
    }

    /// Ends the run early: what was sent is still waited for, by a short deadline.
    pub fn halt(&self) {
        self.signal.halt();
    }

    /// Ends the lanes wherever they are.
    pub fn end(&self) {
        self.signal.halt();
        match self.line().take() {
            Some(line) => {
                self.signal.advance(Stage::Assembling);
                line.release(Go::Abort);
            }
            None => self.signal.advance(Stage::Closing),
        }
    }

    fn line(&self) -> MutexGuard<'_, Option<Arc<StartLine>>> {
        self.start_line.lock().expect("nobody panics with the start line in hand")
    }
}

/// The lanes of a plan, led by somebody else; what they hand over is passed on as it is.
#[derive(Debug)]
pub struct Lanes {
    reins: Reins,
    collector: Collector,
    handles: Vec<LaneHandle>,
}

impl Lanes {
    /// Starts the lanes: their clients connect, consumers join.
    ///
    /// # Errors
    /// When the system starts no more threads; those that were started are told to end.
    pub fn spawn<T: Target>(plan: Plan, target: T, clock: RunClock) -> Result<Self, RunError> {
        let plan = Arc::new(plan);
        let count = plan.lanes.len();
        let (boxes, collector) = mailboxes(&plan.demand, count);
        let setup = LaneSetup {
            target: Arc::new(target),
            clock,
            signal: Arc::new(Signal::new(plan.demand.streams.len())),
            board: Arc::new(Board::new(count)),
            plan: Arc::clone(&plan),
        };
        let line = StartLine::new(count);
        let reins = Reins {
            plan,
            signal: Arc::clone(&setup.signal),
            board: Arc::clone(&setup.board),
            start_line: Arc::new(Mutex::new(Some(Arc::clone(&line)))),
        };
        let mut handles = Vec::with_capacity(count);
        let mut refused = None;
        for (index, mailbox) in boxes.into_iter().enumerate() {
            // A ticket that no thread took arrives when it is dropped: it must not be this thread.
            match spawn(&setup, index, mailbox, line.ticket()) {
                Ok(handle) => handles.push(handle),
                Err(error) => refused = Some(error),
            }
        }
        match refused {
            None => Ok(Self { reins, collector, handles }),
            Some(error) => {
                reins.end();
                Err(error)
            }
        }
    }

    /// What they are led by.
    #[must_use]
    pub const fn reins(&self) -> &Reins {
        &self.reins
    }

    /// Takes note of when the measured phase begins, for what clients say of themselves; again when that is
    /// decided.
    pub fn note_start(&mut self, timeline: &Timeline) {
        let measured = timeline.border.measured();
        let warmup = timeline.border.start().until(measured);
        self.collector.listener().start(measured, warmup);
    }

    /// Waits up to `span` for what a lane hands over.
    pub fn pass_on(&mut self, span: Nanos) -> Option<Handover> {
        self.collector.listener().hear();
        self.collector.pass_on(span)
    }

    /// Gives a tally back when it has been passed on.
    pub fn give_back(&self, handover: Handover) {
        self.collector.give_back(handover);
    }

    /// Whether all lanes have handed over their last tally.
    #[must_use]
    pub fn have_ended(&self) -> bool {
        self.collector.have_ended(0..self.reins.plan.lanes.len())
    }

    /// A lane whose thread has ended without handing over its last tally: it panicked.
    #[must_use]
    pub fn dead(&self) -> Option<&str> {
        let is_dead = |handle: &&LaneHandle| {
            let silent = |lane: &usize| self.collector.end(*lane).is_none();
            // In this order: who has ended has handed over before.
            handle.is_finished() && !self.collector.has_mail() && handle.lanes.iter().any(silent)
        };
        self.handles.iter().find(is_dead).map(|handle| handle.name.as_str())
    }

    /// Whether all lanes' threads have ended and nothing of theirs is left to be passed on.
    #[must_use]
    pub fn are_over(&self) -> bool {
        self.handles.iter().all(LaneHandle::is_finished) && !self.collector.has_mail()
    }

    /// What the clients said of themselves in all and by second; nothing where none ever spoke.
    pub fn clients(&mut self) -> Option<(ClientStats, BTreeMap<i64, ClientTallies>)> {
        let listener = self.collector.listener();
        listener.hear();
        listener.take_all()
    }

    /// Waits until the lanes' threads have ended; names those that have not by the deadline.
    #[must_use]
    pub fn join(self, deadline: Nanos) -> Vec<String> {
        close(self.handles, deadline)
    }
}
