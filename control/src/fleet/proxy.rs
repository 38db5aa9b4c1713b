//! The thread that stands for a worker's lanes: fetches what they hand over, passes on what they are told.

use super::beat::next_fetch;
use super::client::Trouble;
use super::pool::{CLOCK_EVERY, Member};
use super::protocol::{Finished, StartOrder, State, Stop, StopOrder};
use super::proxied::{Posted, Task};
use engine::lane::{Board, Go, Signal, Stage, Ticket, Timeline};
use engine::plan::{Demand, PhaseTimes, Plan};
use engine::time::{Clock, RunClock, Schedule};
use engine::units::{Nanos, Timestamp};
use std::sync::{Arc, Mutex};

/// How often a worker is asked while its lanes prepare or drain.
pub(super) const LOOK_EVERY: Nanos = Nanos::from_millis(100);

/// How often the run's word to its lanes is looked for.
const PASS_ON_EVERY: Nanos = Nanos::from_millis(500);

/// How long a worker may not answer before it is lost.
pub(super) const LOST_AFTER: Nanos = Nanos::from_secs(5);

/// How long it may not listen: a process that has gone does not come back with its tasks.
pub(super) const GONE_AFTER: Nanos = Nanos::from_secs(1);

/// How long a lane may hand over nothing before it is stuck, and its worker lost: its loop turns, and it
/// does so once a second.
pub(super) const STUCK_AFTER: Nanos = Nanos::from_secs(6);

/// From the moment that late lanes are told to join in to the moment when they do.
const JOIN_LEAD: Nanos = Nanos::from_secs(1);

/// How long late lanes may take to prepare.
const PREPARE: Nanos = Nanos::from_secs(20);

/// How the lanes begin.
pub(super) enum Begin {
    /// At the start line, with all others.
    Together(Ticket),
    /// In the middle of the run.
    Late(Timeline),
}

/// What a proxy is made from.
pub(super) struct Post {
    pub(super) member: Arc<Member>,
    pub(super) tasks: Vec<Posted>,
    pub(super) plan: Arc<Plan>,
    pub(super) clock: RunClock,
    pub(super) signal: Arc<Signal>,
    pub(super) board: Arc<Board>,
    /// Where it leaves what clients said.
    pub(super) finished: Arc<Mutex<Vec<Finished>>>,
}

/// Why a proxy gives its worker up.
pub(super) type Lost = String;

pub(super) struct Proxy {
    pub(super) post: Post,
    pub(super) tasks: Vec<Task>,
    /// When the worker answered last.
    answered: Timestamp,
    /// Since when nobody listens there, if so.
    refused_since: Option<Timestamp>,
    clock_at: Timestamp,
    /// What it was told last.
    told: Option<Stop>,
    halted: bool,
}

/// Stands for the worker's lanes until they have ended or it is lost.
pub(super) fn stand_for(mut post: Post, begin: Begin) {
    let now = post.clock.now();
    let tasks = std::mem::take(&mut post.tasks).into_iter().map(|posted| Task::new(posted, now));
    let proxy = Proxy {
        tasks: tasks.collect(),
        post,
        answered: now,
        refused_since: None,
        clock_at: now,
        told: None,
        halted: false,
    };
    match begin {
        Begin::Together(ticket) => proxy.take_part(ticket),
        Begin::Late(timeline) => proxy.join_in(&timeline),
    }
}

impl Proxy {
    /// From the preparation on, with all others.
    fn take_part(mut self, ticket: Ticket) {
        let prepared = self.prepare();
        if let Err(reason) = &prepared {
            // While it is prepared the run learns of it from the board, and does without.
            let in_time = self.post.signal.stage() == Stage::Preparing;
            self.lose(reason, true);
            if in_time {
                self.say_failed(reason);
            }
        }
        // Whoever is lost arrives all the same: the others wait for it.
        let ended = match (prepared, ticket.arrive()) {
            (Ok(()), Go::Run(timeline)) => {
                self.post.member.begin_errors();
                self.run(&timeline)
            }
            (Ok(()), Go::Abort) => Ok(()),
            (Err(_), Go::Run(_)) => return self.post.member.lost_after_the_start(),
            (Err(_), Go::Abort) => return,
        };
        match ended {
            Ok(()) => self.delete(),
            Err(reason) => self.lose(&reason, false),
        }
    }

    /// In the middle of the run. Until its lanes have joined in, what goes wrong is no fault of the
    /// worker's other lanes.
    fn join_in(mut self, timeline: &Timeline) {
        if let Err(reason) = self.prepare_late().and_then(|()| self.start(timeline)) {
            let url = self.post.member.client.url();
            tracing::error!("worker {url}: lanes that were to join in do not: {reason}");
            return self.fence();
        }
        match self.go_on(timeline) {
            Ok(()) => self.delete(),
            Err(reason) => self.lose(&reason, false),
        }
    }

    /// Asks the worker something; trouble is nothing as long as it does not last.
    pub(super) fn ask<T>(
        &mut self,
        ask: impl FnOnce(&Member) -> Result<T, Trouble>,
    ) -> Result<Option<T>, Lost> {
        match ask(&self.post.member) {
            Ok(answer) => {
                self.answered = self.post.clock.now();
                self.refused_since = None;
                Ok(Some(answer))
            }
            Err(Trouble::Refused(404, words)) => Err(format!("it has begun anew: {words}")),
            Err(trouble) => {
                let now = self.post.clock.now();
                let silent = now.since(self.answered).unwrap_or_default();
                let is_gone = matches!(trouble, Trouble::Gone(_))
                    && GONE_AFTER <= self.refused_since.get_or_insert(now).until(now);
                if is_gone || LOST_AFTER <= silent {
                    return Err(format!("not heard of for {}: {trouble}", rounded(silent)));
                }
                self.post.clock.park(LOOK_EVERY);
                Ok(None)
            }
        }
    }

    /// Keeps the board until the run assembles its lanes.
    fn prepare(&mut self) -> Result<(), Lost> {
        while self.post.signal.stage() == Stage::Preparing {
            self.look()?;
            self.keep_clock()?;
            self.post.clock.park(LOOK_EVERY);
        }
        Ok(())
    }

    /// Waits until late lanes are prepared, by a deadline.
    fn prepare_late(&mut self) -> Result<(), Lost> {
        let until = self.post.clock.now() + PREPARE;
        while !self.look()? {
            if until <= self.post.clock.now() {
                return Err(format!(
                    "lanes that were to join in were not prepared after {PREPARE}"
                ));
            }
            self.post.clock.park(LOOK_EVERY);
        }
        Ok(())
    }

    /// Puts on the board what the worker's lanes have published. Says whether all are prepared.
    fn look(&mut self) -> Result<bool, Lost> {
        let mut all = true;
        for index in 0..self.tasks.len() {
            if self.post.signal.stage() == Stage::Assembling {
                // The others wait at the start line.
                break;
            }
            let id = self.tasks[index].id.clone();
            let Some(status) = self.ask(|member| member.client.status(&id))? else {
                all = false;
                continue;
            };
            let url = self.post.member.client.url();
            all &= status.state != State::Preparing;
            for ((lane, _), mut progress) in self.tasks[index].lanes.iter().zip(status.lanes) {
                if let Some(words) = &mut progress.failed {
                    *words = format!("worker {url}: {words}");
                }
                *self.post.board.slot(*lane) = progress;
            }
            if let Some(words) = status.error.filter(|_| status.state == State::Failed)
                && let Some((lane, _)) = self.tasks[index].lanes.first()
            {
                let mut slot = self.post.board.slot(*lane);
                slot.failed.get_or_insert_with(|| format!("worker {url}: {words}"));
            }
        }
        Ok(all)
    }

    /// Load, drain, and the end.
    fn run(&mut self, timeline: &Timeline) -> Result<(), Lost> {
        self.start(timeline)?;
        self.go_on(timeline)
    }

    /// What follows the start.
    fn go_on(&mut self, timeline: &Timeline) -> Result<(), Lost> {
        let begin = self.post.clock.now().max(timeline.border.start());
        for task in &mut self.tasks {
            task.heard.iter_mut().flatten().for_each(|heard| *heard = begin);
        }
        // Lanes count seconds from here on.
        let origin = timeline.border.measured();
        let mut fetch_at = begin;
        while !self.tasks.iter().all(Task::has_ended) {
            self.pass_on()?;
            let stage = self.post.signal.stage();
            if stage == Stage::Draining {
                self.look()?;
            }
            let moment = self.post.clock.now();
            let is_over = timeline.border.measured() + timeline.measured <= moment;
            let is_ending = is_over || self.halted || Stage::Draining <= stage;
            if is_ending || fetch_at <= moment {
                self.fetch()?;
                // What was not answered is asked for again at once.
                if moment <= self.answered {
                    fetch_at = next_fetch(origin, moment);
                }
            }
            self.find_stuck()?;
            self.keep_clock()?;
            let until_fetch = self.post.clock.now().until(fetch_at);
            self.post.clock.park(if is_ending {
                LOOK_EVERY
            } else {
                PASS_ON_EVERY.min(until_fetch)
            });
        }
        self.hear_out();
        Ok(())
    }

    /// Tells the worker when to begin. Trouble here is the worker's loss: a late word is none.
    fn start(&mut self, timeline: &Timeline) -> Result<(), Lost> {
        let demand = &self.post.plan.demand;
        let is_late = timeline.border.start() < timeline.from;
        let from = is_late.then(|| self.post.clock.now() + JOIN_LEAD);
        let order = StartOrder {
            at_ns: timeline.border.start().as_nanos(),
            from_ns: from.map(Timestamp::as_nanos),
            measured_ns: Some(timeline.border.measured().as_nanos()),
            schedules: self.schedules(demand, timeline),
            tasks: Some(self.tasks.iter().map(|task| task.id.clone()).collect()),
        };
        let started = self.post.member.client.start(&order);
        started.map_err(|trouble| format!("could not be started: {trouble}"))
    }

    /// Those that are not what the worker makes of its own plan: a recorded shape is large, and it has
    /// the file.
    fn schedules(&self, demand: &Demand, timeline: &Timeline) -> Option<Vec<Option<Schedule>>> {
        let (at, measured) = (timeline.border.start(), timeline.border.measured());
        let times = PhaseTimes { at, measured, end: measured + timeline.measured };
        let planned = demand.streams.iter().map(|stream| stream.pace.schedule(times));
        let now = (0..demand.streams.len()).map(|stream| self.post.signal.schedule(stream));
        let (planned, now): (Vec<_>, Vec<_>) = (planned.collect(), now.collect());
        (planned != now).then_some(now)
    }

    /// Passes on what the run tells its lanes.
    fn pass_on(&mut self) -> Result<(), Lost> {
        if self.post.signal.is_halted() && !self.halted {
            self.halted = self.stop(Stop::Halt)?;
        }
        let wanted = match self.post.signal.stage() {
            Stage::Draining => Some(Stop::Drain),
            Stage::Closing => Some(Stop::Close),
            Stage::Preparing | Stage::Assembling | Stage::Running => None,
        };
        if wanted != self.told
            && let Some(how) = wanted
            && self.stop(how)?
        {
            self.told = wanted;
        }
        Ok(())
    }

    fn stop(&mut self, how: Stop) -> Result<bool, Lost> {
        let tasks = Some(self.tasks.iter().map(|task| task.id.clone()).collect());
        let order = StopOrder { how, tasks };
        Ok(self.ask(|member| member.client.stop(&order))?.is_some())
    }

    /// Fetches what lanes have handed over and hands it on.
    fn fetch(&mut self) -> Result<(), Lost> {
        for index in 0..self.tasks.len() {
            if self.tasks[index].has_ended() {
                continue;
            }
            let (id, next) = (self.tasks[index].id.clone(), self.tasks[index].next);
            let Some(frames) = self.ask(|member| member.client.frames(&id, next))? else {
                continue;
            };
            if frames.first != next {
                return Err(format!("tallies {next} to {} are gone", frames.first));
            }
            let now = self.post.clock.now();
            for bytes in &frames.frames {
                let frame = postcard::from_bytes(bytes)
                    .map_err(|error| format!("a tally that cannot be read: {error}"))?;
                self.tasks[index].hand_on(frame, &self.post.plan.demand, now)?;
            }
            if let Some(finished) = frames.finished {
                if let Some(error) = finished.error {
                    return Err(error);
                }
                self.tasks[index].finished = Some(finished.clone());
                lock(&self.post.finished).push(finished);
            }
            if let Some(said) = frames.host {
                self.post.member.hear(said);
            }
        }
        Ok(())
    }

    fn find_stuck(&self) -> Result<(), Lost> {
        let now = self.post.clock.now();
        for task in &self.tasks {
            for ((lane, _), heard) in task.lanes.iter().zip(&task.heard) {
                let silent = heard.and_then(|heard| now.since(heard)).unwrap_or_default();
                if STUCK_AFTER <= silent {
                    let name =
                        self.post.plan.lanes.get(*lane).map_or("?", |lane| lane.name.as_str());
                    let silent = rounded(silent);
                    return Err(format!("lane {name} is stuck: nothing of it for {silent}"));
                }
            }
        }
        Ok(())
    }

    fn keep_clock(&mut self) -> Result<(), Lost> {
        let now = self.post.clock.now();
        if now < self.clock_at {
            return Ok(());
        }
        self.clock_at = now + CLOCK_EVERY;
        let clock = self.post.clock;
        self.ask(|member| member.keep_clock(clock)).map(|_| ())
    }
}

/// For people: to the millisecond.
fn rounded(span: Nanos) -> Nanos {
    Nanos::from_millis(span.0 / 1_000_000)
}

fn lock(finished: &Mutex<Vec<Finished>>) -> std::sync::MutexGuard<'_, Vec<Finished>> {
    finished.lock().expect("nobody panics with it in hand")
}
