//! The workers as the crew of a run: each stood for by a proxy, their shares taken over when one is lost.

use super::dispatch::{self, Dispatch};
use super::pool::{self, Member, loss};
use super::protocol::Finished;
use super::proxied::Posted;
use super::proxy::{Begin, Post, stand_for};
use crate::spec::OnLoss;
use engine::error::RunError;
use engine::lane::{LaneHandle, Timeline};
use engine::plan::{Deal, LanePlan, Plan, Role};
use engine::run::{ClockSeen, Cost, Crew, Join, Rescue, Seats, Used, WorkerOutcome};
use engine::time::{Clock, OsClock, RunClock};
use engine::units::Nanos;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::thread;

/// From the release of the start line to the first due time: a word to every worker, and its answer.
const LEAD: Nanos = Nanos::from_secs(1);

/// From a word to all lanes to its moment: until their proxies look for one, and a call to each worker.
const NOTICE: Nanos = Nanos::from_secs(2);

/// How long tallies may wait until the run looks at them: not long beside the second that each covers.
const GATHERS: Nanos = Nanos::from_millis(100);

/// How often a share may be taken over.
const MOVES_MAX: u16 = 2;

/// How long dealing on may take before what is left of it is left out: meanwhile nobody reads what comes
/// in.
const DEALING: Nanos = Nanos::from_secs(8);

/// Lanes that may be added beside three for each that was planned.
const ROOM: usize = 64;

/// How long workers may take to say what they used, once all their lanes have ended.
const LAST_WORD: Nanos = Nanos::from_secs(6);

/// A task that a worker has.
#[derive(Clone, Debug)]
pub(super) struct Posting {
    /// Which worker.
    pub(super) member: usize,
    /// Its name.
    pub(super) task: String,
    /// What its lanes do.
    pub(super) role: Role,
    /// Its share.
    pub(super) deal: Deal,
    /// Which holder of the share it is.
    pub(super) incarnation: u16,
    /// Its lanes in the run's plan.
    pub(super) lanes: Range<usize>,
}

/// The workers of a run.
#[derive(Debug)]
pub(super) struct FleetCrew {
    pub(super) members: Vec<Arc<Member>>,
    pub(super) dispatch: Arc<Dispatch>,
    /// All tasks of the run.
    pub(super) postings: Vec<Posting>,
    /// From this one on they wait for their places in the run.
    pub(super) seated: usize,
    pub(super) settle: Nanos,
    pub(super) clock: RunClock,
    pub(super) on_loss: OnLoss,
    pub(super) finished: Arc<Mutex<Vec<Finished>>>,
}

impl FleetCrew {
    /// Deals a lost task's share among those that are healthy.
    fn deal_on(&mut self, lost: &Posting, plan: &Plan, lanes: &mut Vec<LanePlan>) -> bool {
        let heirs: Vec<usize> = (0..self.members.len())
            .filter(|index| self.members[*index].is_healthy() && *index != lost.member)
            .collect();
        let count = u64::try_from(heirs.len()).expect("few");
        if heirs.is_empty() || MOVES_MAX <= lost.incarnation {
            return false;
        }
        let mut all = true;
        for (nth, deal) in lost.deal.split(count).into_iter().enumerate() {
            let order = heirs.iter().cycle().skip(nth).take(heirs.len());
            all &= self.deal_one((lost, deal), &order.copied().collect::<Vec<_>>(), plan, lanes);
        }
        all
    }

    /// Deals a part of a lost task's share to the first heir that takes it.
    fn deal_one(
        &mut self,
        (lost, deal): (&Posting, Deal),
        heirs: &[usize],
        plan: &Plan,
        lanes: &mut Vec<LanePlan>,
    ) -> bool {
        for heir in heirs {
            let member = Arc::clone(&self.members[*heir]);
            // It may have been lost while others were asked.
            if !member.is_healthy() {
                continue;
            }
            let incarnation = lost.incarnation + 1;
            let (task, started) = self.dispatch.post(
                (&member, *heir),
                lost.role,
                (deal, incarnation),
                dispatch::LATE_TASK,
            );
            match started {
                Ok(started) => {
                    let first = plan.lanes.len() + lanes.len();
                    if plan.lanes.len() + started.lanes.len() + lanes.len() > self.limit(plan) {
                        tracing::error!(
                            "no room for more lanes: a share of task {} is missing",
                            lost.task
                        );
                        dispatch::take_back(&member, &task);
                        return false;
                    }
                    let taken = first..first + started.lanes.len();
                    if taken.is_empty() {
                        dispatch::take_back(&member, &task);
                        return true;
                    }
                    self.members[lost.member].inherited_by(member.client.url());
                    lanes.extend(named(started.lanes, *heir, &format!("+{}", self.postings.len())));
                    self.postings.push(Posting {
                        member: *heir,
                        task,
                        deal,
                        incarnation,
                        lanes: taken,
                        ..lost.clone()
                    });
                    return true;
                }
                Err(trouble) => {
                    tracing::warn!(
                        "worker {}: did not take over a share of task {}: {trouble}",
                        member.client.url(),
                        lost.task
                    );
                    // It may have begun all the same.
                    dispatch::take_back(&member, &task);
                }
            }
        }
        false
    }

    fn limit(&self, plan: &Plan) -> usize {
        let planned = self.postings.iter().filter(|posting| posting.incarnation == 0);
        let planned: usize = planned.map(|posting| posting.lanes.len()).sum();
        room_for(planned.max(1)) + planned.min(plan.lanes.len())
    }

    fn worker(&self, index: usize) -> WorkerOutcome {
        let member = &self.members[index];
        let own = self.postings.iter().filter(|posting| posting.member == index);
        let said = member.said();
        WorkerOutcome {
            url: member.client.url().to_owned(),
            host: member.host(),
            lanes: own.flat_map(|posting| posting.lanes.clone()).collect(),
            lost: member.loss(),
            clock: member.clock(self.clock.now()),
            cost: said.as_ref().map_or_else(Cost::default, |said| said.cost),
            own_clock: said.as_ref().map(|said| said.clock),
            throttled: said.as_ref().and_then(|said| said.throttled),
            client_thread: said.and_then(|said| said.client_thread),
        }
    }

    /// Waits until those that are there have said what they used.
    fn hear_out(&self) {
        let clock = OsClock::anchored();
        let until = clock.now() + LAST_WORD;
        let is_silent = |index: &usize| {
            let member = &self.members[*index];
            let takes_part = self.postings.iter().any(|posting| posting.member == *index);
            takes_part && member.loss().is_none() && member.said().is_none()
        };
        while (0..self.members.len()).any(|index| is_silent(&index)) && clock.now() < until {
            clock.park(Nanos::from_millis(10));
        }
    }
}

impl Crew for FleetCrew {
    fn hands(&self, _plan: &Plan) -> usize {
        of_member(&self.postings).len()
    }

    fn room(&self, plan: &Plan) -> usize {
        room_for(plan.lanes.len())
    }

    fn settle(&self) -> Nanos {
        self.settle
    }

    fn lead(&self) -> Nanos {
        LEAD
    }

    fn gathers(&self) -> Nanos {
        GATHERS
    }

    fn notice(&self) -> Nanos {
        NOTICE
    }

    fn raise(&mut self, seats: Seats) -> Result<Vec<LaneHandle>, (RunError, Vec<LaneHandle>)> {
        let new = self.postings[self.seated..].to_vec();
        self.seated = self.postings.len();
        let mut boxes: BTreeMap<usize, _> =
            seats.mailboxes.into_iter().map(|(lane, mailbox, _)| (lane, mailbox)).collect();
        let mut handles = Vec::new();
        let mut refused = None;
        for (member, postings) in of_member(&new) {
            let mut take = |lane: usize| {
                let mailbox = boxes.remove(&lane).expect("every lane of the plan has a mailbox");
                (lane, mailbox)
            };
            let tasks: Vec<Posted> = postings
                .iter()
                .map(|posting| Posted {
                    id: posting.task.clone(),
                    lanes: posting.lanes.clone().map(&mut take).collect(),
                })
                .collect();
            let lanes = postings.iter().flat_map(|posting| posting.lanes.clone()).collect();
            let begin = match &seats.join {
                Join::Together(line) => Begin::Together(line.ticket()),
                Join::Late(timeline) => Begin::Late(timeline.clone()),
            };
            let post = Post {
                member: Arc::clone(&self.members[member]),
                tasks,
                plan: Arc::clone(&seats.plan),
                clock: seats.clock,
                signal: Arc::clone(&seats.signal),
                board: Arc::clone(&seats.board),
                finished: Arc::clone(&self.finished),
            };
            let name = format!("worker {}", self.members[member].client.url());
            let work = move || stand_for(post, begin);
            match thread::Builder::new().name(format!("proxy-{member}")).spawn(work) {
                Ok(thread) => handles.push(LaneHandle { name, lanes, thread }),
                Err(error) => {
                    refused = Some(RunError::Lane { lane: name, reason: error.to_string() });
                }
            }
        }
        match refused {
            Some(error) => Err((error, handles)),
            None => Ok(handles),
        }
    }

    fn bury(&mut self, lost: &[usize], plan: &Plan, rest: Option<&Timeline>) -> Rescue {
        let is_lost = |posting: &&Posting| posting.lanes.clone().any(|lane| lost.contains(&lane));
        let gone: Vec<Posting> = self.postings.iter().filter(is_lost).cloned().collect();
        // Lanes that were to join in and did not are no fault of their worker's own ones.
        for posting in gone.iter().filter(|posting| posting.incarnation == 0) {
            // A proxy that panicked never said so.
            let reason = "the thread that stood for it panicked";
            self.members[posting.member].lose(loss(self.clock.now(), reason, false));
        }
        let reason = |posting: &Posting| {
            let member = &self.members[posting.member];
            let words = member.loss().map_or_else(String::new, |loss| loss.reason);
            RunError::Worker { url: member.client.url().to_owned(), reason: words }
        };
        let Some(first) = gone.first() else { return Rescue::GoOn(Vec::new()) };
        if self.on_loss == OnLoss::Fail {
            return Rescue::End(reason(first));
        }
        if !self.members.iter().any(|member| member.is_healthy()) {
            return Rescue::End(RunError::NotReady(
                "every worker was lost: nobody is left to go on".to_owned(),
            ));
        }
        if self.on_loss == OnLoss::Degrade || rest.is_none() {
            return Rescue::GoOn(Vec::new());
        }
        let until = self.clock.now() + DEALING;
        let mut lanes = Vec::new();
        for posting in &gone {
            let is_late = until <= self.clock.now();
            if !is_late && self.deal_on(posting, plan, &mut lanes) {
                tracing::warn!("task {}: its share goes to the other workers", posting.task);
            } else {
                tracing::error!("task {}: nobody takes all of its share over", posting.task);
            }
        }
        Rescue::GoOn(lanes)
    }

    fn used(&mut self) -> Option<Used> {
        self.hear_out();
        let workers: Vec<WorkerOutcome> =
            (0..self.members.len()).map(|index| self.worker(index)).collect();
        let cost = workers.iter().fold(Cost::default(), |sum, worker| Cost {
            cpu: sum.cpu + worker.cost.cpu,
            peak_rss: sum.peak_rss + worker.cost.peak_rss,
        });
        let drift =
            |seen: &ClockSeen| seen.drift.and_then(|drift| drift.ppm()).unwrap_or(0.0).abs();
        let clocks = workers.iter().filter_map(|worker| worker.own_clock);
        let clock = clocks.max_by(|one, other| drift(one).total_cmp(&drift(other)));
        let throttled = workers.iter().filter_map(|worker| worker.throttled);
        let threads = workers.iter().filter_map(|worker| worker.client_thread.clone());
        Some(Used {
            cost,
            clock,
            throttled: throttled.max_by_key(|throttled| throttled.time),
            client_thread: threads.max_by(|one, other| one.wanted.total_cmp(&other.wanted)),
            clients: pool::taken(&self.finished),
            workers,
        })
    }
}

/// Each worker's tasks.
fn of_member(postings: &[Posting]) -> BTreeMap<usize, Vec<Posting>> {
    let mut of_member: BTreeMap<usize, Vec<Posting>> = BTreeMap::new();
    for posting in postings {
        of_member.entry(posting.member).or_default().push(posting.clone());
    }
    of_member
}

fn room_for(planned: usize) -> usize {
    2 * planned + ROOM
}

/// A worker's lanes as the run's plan names them.
pub(super) fn named(lanes: Vec<LanePlan>, member: usize, mark: &str) -> Vec<LanePlan> {
    let named =
        |lane: LanePlan| LanePlan { name: format!("w{member}{mark}/{}", lane.name), ..lane };
    lanes.into_iter().map(named).collect()
}
