//! The workers of a fleet as their coordinator knows them: who answers, who is lost, how clocks stand.

use super::client::{Client, Trouble};
use super::exchanges::Exchange;
use super::offset::{Offset, Offsets};
use super::protocol::{ClockOrder, Finished, Health, HostSaid, MarkSaid, WIRE};
use crate::local::HostsSaid;
use crate::marks::Mark;
use engine::measure::{ClientStats, ClientTallies};
use engine::run::{ClockOffset, WorkerLoss, WorkerOutcome};
use engine::time::{Clock, Line, RunClock};
use engine::units::{Nanos, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

/// Questions for the time before a run: the quickest of them tell.
const FIRST_EXCHANGES: usize = 24;

/// Questions for the time in every second of it: those of the last minute tell together.
const EXCHANGES: usize = 1;

/// A worker.
#[derive(Debug)]
pub(super) struct Member {
    /// Who asks it.
    pub(super) client: Client,
    /// Which clock it is asked for.
    pub(super) source: &'static str,
    known: Mutex<Known>,
}

/// What is known of a worker.
#[derive(Debug, Default)]
struct Known {
    health: Option<Health>,
    loss: Option<WorkerLoss>,
    offsets: Offsets,
    /// What its clock is led by.
    line: Option<Line>,
    /// How far that may have been off at most, since the load began.
    error_max: Nanos,
    said: Option<HostSaid>,
}

impl Member {
    /// One that was not asked yet.
    pub(super) fn new(client: Client, source: &'static str) -> Self {
        Self { client, source, known: Mutex::default() }
    }

    /// Asks how it is.
    ///
    /// # Errors
    /// It does not answer, or cannot take part: in words, and whether asking others would help.
    pub(super) fn ask(&self) -> Result<(), Unfit> {
        let health = self.client.health().map_err(|trouble| match trouble {
            Trouble::Unreachable(words) | Trouble::Gone(words) => Unfit::Missing(words),
            refused @ Trouble::Refused(..) => Unfit::Wrong(refused.to_string()),
        })?;
        let version = env!("CARGO_PKG_VERSION");
        if health.kdyno_version != version || health.wire != WIRE {
            let (theirs, wire) = (&health.kdyno_version, health.wire);
            return Err(Unfit::Wrong(format!(
                "is kdyno {theirs} (wire {wire}), this is {version} (wire {WIRE}): one version is needed"
            )));
        }
        if let Some(holder) = &health.coordinator {
            return Err(Unfit::Wrong(format!("does tasks of {holder}: wait until they end")));
        }
        self.known().health = Some(health);
        Ok(())
    }

    /// Its host's name; empty where it never said.
    pub(super) fn host(&self) -> String {
        let known = self.known();
        let name = known.health.as_ref().and_then(|health| health.host.clone());
        name.unwrap_or_default()
    }

    /// What tells hosts apart.
    pub(super) fn boot_id(&self) -> Option<String> {
        self.known().health.as_ref().and_then(|health| health.boot_id.clone())
    }

    /// Whether both are one process, asked under two names.
    pub(super) fn is_twin_of(&self, other: &Self) -> bool {
        let instance = |of: &Self| of.known().health.as_ref().map(|health| health.instance.clone());
        instance(self).is_some_and(|own| instance(other) == Some(own))
    }

    /// Whether it can be given something to do.
    pub(super) fn is_healthy(&self) -> bool {
        let known = self.known();
        known.health.is_some() && known.loss.is_none()
    }

    /// Notes that it is lost; the first reason stays.
    pub(super) fn lose(&self, loss: WorkerLoss) {
        let mut known = self.known();
        if known.loss.is_none() {
            tracing::error!("worker {}: lost: {}", self.client.url(), loss.reason);
            known.loss = Some(loss);
        }
    }

    /// It was lost when the run had begun without its noticing.
    pub(super) fn lost_after_the_start(&self) {
        if let Some(loss) = &mut self.known().loss {
            loss.before_start = false;
        }
    }

    /// How it was lost, if it was.
    pub(super) fn loss(&self) -> Option<WorkerLoss> {
        self.known().loss.clone()
    }

    /// Notes who took over what was its share.
    pub(super) fn inherited_by(&self, url: &str) {
        if let Some(loss) = &mut self.known().loss {
            let url = url.to_owned();
            if !loss.heirs.contains(&url) {
                loss.heirs.push(url);
            }
        }
    }

    /// Keeps what its process used.
    pub(super) fn hear(&self, said: HostSaid) {
        self.known().said = Some(said);
    }

    /// What its process used, once it has said so.
    pub(super) fn said(&self) -> Option<HostSaid> {
        self.known().said.clone()
    }

    /// Finds out how its clock stands and leads it to the fleet's time, before a run.
    ///
    /// # Errors
    /// It does not answer any more.
    pub(super) fn set_clock(&self, clock: RunClock) -> Result<(), Trouble> {
        self.exchange(clock, FIRST_EXCHANGES)?;
        match self.offset(clock.now()) {
            Some(offset) => self.correct(offset),
            None => Ok(()),
        }
    }

    /// The same in a run, in small steps, and only where they would be seen. What does not work now
    /// will the next time.
    pub(super) fn keep_clock(&self, clock: RunClock) -> Result<(), Trouble> {
        self.exchange(clock, EXCHANGES)?;
        let Some(offset) = self.offset(clock.now()) else { return Ok(()) };
        if self.note_error(&offset) {
            return Ok(());
        }
        self.correct(offset)
    }

    /// Asks for the time so often; fails when not one question is answered.
    fn exchange(&self, clock: RunClock, times: usize) -> Result<(), Trouble> {
        let mut failed = None;
        let mut answered = false;
        for _ in 0..times {
            let sent = clock.now();
            match self.client.moments(self.source) {
                Ok(moments) => {
                    answered = true;
                    let noted = self.known().offsets.note(Exchange {
                        asked: sent,
                        heard: Timestamp::from_nanos(moments.received_ns),
                        answered: Timestamp::from_nanos(moments.sent_ns),
                        returned: clock.now(),
                    });
                    if let Err(words) = noted {
                        // The next one tells.
                        tracing::debug!("worker {}: {words}", self.client.url());
                    }
                }
                Err(trouble) => {
                    failed = Some(trouble);
                    break;
                }
            }
        }
        match failed {
            Some(trouble) if !answered => Err(trouble),
            _ => Ok(()),
        }
    }

    fn correct(&self, offset: Offset) -> Result<(), Trouble> {
        let Ok(line) = offset.line() else { return Ok(()) };
        let is_led = self.client.correct(&ClockOrder {
            at_ns: line.at().as_nanos(),
            offset_ns: line.offset_ns(),
            drift_ppb: line.drift_ppb(),
        })?;
        if is_led {
            self.known().line = Some(line);
        }
        Ok(())
    }

    /// The error bar counts from here on: before, nothing was measured.
    pub(super) fn begin_errors(&self) {
        self.known().error_max = Nanos::ZERO;
    }

    /// Notes how far the clock may be off by the line that it goes by; whether that line is still good.
    fn note_error(&self, offset: &Offset) -> bool {
        let mut known = self.known();
        let line = known.line;
        let error = line.and_then(|led_by| known.offsets.error_of(&led_by, offset.at));
        known.error_max = known.error_max.max(offset.error.max(error.unwrap_or_default()));
        line.is_some_and(|line| known.offsets.is_served_by(&line, offset))
    }

    fn offset(&self, at: Timestamp) -> Option<Offset> {
        self.known().offsets.estimate(at)
    }

    /// How its clock stands against the coordinator's.
    pub(super) fn clock(&self, at: Timestamp) -> Option<ClockOffset> {
        let offset = self.offset(at)?;
        Some(ClockOffset {
            offset_ns: offset.offset_ns,
            drift_ppb: offset.drift_ppb,
            error: offset.error.max(self.known().error_max),
            round_trip_min: offset.round_trip_min,
        })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().expect("nobody panics with a worker's state in hand")
    }
}

/// Why a worker is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// It does not answer: the others can do without it.
    Missing(String),
    /// It answers, and cannot take part: somebody has to do something about it.
    Wrong(String),
}

/// Asks all at once, so that a slow one delays nobody; in the order of the workers.
pub(super) fn all<T: Send>(
    members: &[&Member],
    ask: impl Fn(usize, &Member) -> T + Sync,
) -> Vec<T> {
    let ask = &ask;
    thread::scope(|scope| {
        let each = members.iter().enumerate();
        let all: Vec<_> = each.map(|(nth, member)| scope.spawn(move || ask(nth, member))).collect();
        all.into_iter().map(|one| one.join().expect("asking does not panic")).collect()
    })
}

/// Which worker of its host each is, and of how many.
pub(super) fn places(members: &[&Member]) -> Vec<(usize, usize)> {
    let hosts: Vec<Option<String>> = members.iter().map(|member| member.boot_id()).collect();
    let place = |index: usize| {
        let Some(host) = &hosts[index] else { return (0, 1) };
        let same = |other: &&Option<String>| other.as_ref() == Some(host);
        (hosts[..index].iter().filter(same).count(), hosts.iter().filter(same).count())
    };
    (0..hosts.len()).map(place).collect()
}

/// A loss, noticed now.
pub(super) fn loss(at: Timestamp, reason: impl Into<String>, before_start: bool) -> WorkerLoss {
    WorkerLoss { at, reason: reason.into(), before_start, heirs: Vec::new() }
}

/// No worker is asked more often than this for anything but its tallies.
pub(super) const CLOCK_EVERY: Nanos = Nanos::from_secs(1);

/// The marks that were set here and on all workers, by time.
pub(super) fn marks(members: &[Arc<Member>], mut marks: Vec<Mark>) -> Vec<Mark> {
    for member in members {
        let said = member.said().map_or_else(Vec::new, |said| said.marks);
        marks.extend(said.into_iter().map(|MarkSaid { at_ns, text }| Mark {
            at: Timestamp::from_nanos(at_ns),
            text,
            source: member.client.url().to_owned(),
        }));
    }
    marks.sort_by_key(|mark| mark.at);
    marks
}

/// What clients said that has come in.
pub(super) fn taken(
    finished: &Mutex<Vec<Finished>>,
) -> Vec<(ClientStats, BTreeMap<i64, ClientTallies>)> {
    let mut finished = finished.lock().expect("nobody panics with it in hand");
    finished.drain(..).filter_map(|finished| finished.clients).collect()
}
/// What the members said of their hosts.
pub(super) fn hosts(members: &[Arc<Member>]) -> HostsSaid {
    HostsSaid::of(members.iter().map(|member| {
        let said = member.said();
        let (system, network) = said.map_or((None, None), |said| (said.system, said.network));
        (member.client.url(), system, network)
    }))
}

/// The workers of a run that never began.
pub(super) fn never_started(members: &[Arc<Member>], clock: RunClock) -> Vec<WorkerOutcome> {
    let one = |member: &Arc<Member>| WorkerOutcome {
        url: member.client.url().to_owned(),
        host: member.host(),
        lost: member.loss(),
        clock: member.clock(clock.now()),
        ..WorkerOutcome::default()
    };
    members.iter().map(one).collect()
}
