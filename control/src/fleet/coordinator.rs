//! `kdyno run --workers`: health, shares, one start, one result.

use super::client::{Client, Trouble};
use super::crew::{FleetCrew, Posting, named};
use super::dispatch::{self, Dispatch};
use super::pool::{self, Member, Unfit, loss};
use super::token::Token;
use crate::cli::Format;
use crate::early_end::EarlyEnd;
use crate::host::{self, Environment};
use crate::listeners::Listeners;
use crate::local::{self, Outside, Run};
use crate::progress::Progress;
use crate::runs::{self, Finished};
use crate::spec::{Fleet, Job, OnLoss, Request, RunIdentity};
use engine::error::RunError;
use engine::measure::constants::exit;
use engine::plan::{Deal, LanePlan, Plan, Role};
use engine::run::{Ending, FailedAttempt, Grounds, Hooks, Outcome, Ready, Teardown};
use engine::time::{Clock, ClockChoice, RunClock};
use std::io::Write;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

/// How often a run is prepared anew when workers are lost meanwhile.
const ATTEMPTS: usize = 3;

/// What the coordinator sends: what was asked, and the texts that it names.
pub(crate) use super::sent::Sent;

/// Has the workers do every request of a job, one after the other.
///
/// # Errors
/// When `out` cannot be written.
pub(crate) fn run(
    job: &Job,
    fleet: &Fleet,
    sent: &Sent<'_>,
    (format, environment, outside): (Format, &Environment, Outside<'_>),
    out: &mut dyn Write,
) -> std::io::Result<u8> {
    let token = match Token::read(
        fleet.token_file.as_deref(),
        std::env::var_os(super::token::TOKEN_VARIABLE),
    ) {
        Ok(token) => token,
        Err(words) => {
            tracing::error!("{words}");
            return Ok(exit::USAGE);
        }
    };
    let workplace = Workplace { job, fleet, sent, token: token.as_ref(), environment, outside };
    runs::run_all(job, (format, environment, outside.interrupt), out, |request| {
        workplace.run_one(request)
    })
}

/// What all runs of an invocation have in common.
struct Workplace<'job> {
    job: &'job Job,
    fleet: &'job Fleet,
    sent: &'job Sent<'job>,
    token: Option<&'job Token>,
    environment: &'job Environment,
    outside: Outside<'job>,
}

/// Why an attempt to prepare a run failed.
enum Failed {
    /// Workers were lost; others may do without them.
    Lost(Box<Grounds>),
    /// Nothing will help.
    Over(Box<(Outcome, Teardown)>),
}

impl Workplace<'_> {
    fn run_one(&self, request: &Request) -> Finished {
        let refuse = |code: u8, words: &str| local::refused(request, self.job, code, words);
        let plan = match local::plan(request) {
            Ok(plan) => plan,
            Err((code, words)) => return refuse(code, &words),
        };
        let Some((cluster, _)) = request.driver.driver.fleet else {
            let words = "this driver lives in one process: workers cannot share it";
            return refuse(exit::USAGE, words);
        };
        let clock = RunClock::anchored(self.job.clock);
        let members = self.members(&plan.demand.test_id);
        if let Err(words) = self.check(&members, clock) {
            return refuse(exit::FAILED, &words);
        }
        let files = match self.sent.files.bundle() {
            Ok(files) => files,
            Err(words) => return refuse(exit::USAGE, &words),
        };
        let healthy: Vec<&Member> = members.iter().map(|member| &**member).collect();
        let dispatch = Arc::new(Dispatch {
            order: self.sent.order.for_worker(&request.cell),
            files,
            identity: RunIdentity::of(&plan.demand),
            places: pool::places(&healthy),
            count: AtomicU64::new(0),
        });
        let checks = &self.job.checks;
        let early_end = checks.grace.map(|grace| EarlyEnd::new(&plan, &checks.assertions, grace));
        let unplaced = plan.clone().carried_by(Vec::new(), Vec::new());
        let progress =
            Progress::begin(request, (&unplaced, self.job.clock), self.outside.interrupt)
                .ending_early(early_end);
        let told = (self.job.runs_dir(request), self.outside.meter);
        let mut hooks = Listeners::new(progress, None, &unplaced.demand, told);
        let (topics, settle) = cluster(&plan.demand.clients);
        let begun =
            Begun { workplace: self, members: &members, dispatch: &dispatch, clock, settle };
        let (plan, (mut outcome, teardown)) = match Grounds::lay(&plan, topics, clock, &mut hooks) {
            Ok(grounds) => begun.run(&plan, grounds, &mut hooks),
            Err(failed) => (plan.clone(), *failed),
        };
        let heard = hooks.end();
        if let Ending::Failed(RunError::Refused(words)) = &outcome.ending {
            return refuse(exit::USAGE, words);
        }
        if let Ending::Failed(error) = &outcome.ending {
            tracing::error!("{error}");
        }
        if outcome.workers.is_empty() {
            outcome.workers = pool::never_started(&members, clock);
        }
        let plan = outcome.plan_as_run(&plan);
        let plan = Plan { lanes: [plan.lanes, outcome.added.clone()].concat(), ..plan };
        let seen = pool::hosts(&members);
        let run = Run {
            request,
            job: self.job,
            plan: &plan,
            outcome: &outcome,
            cut: heard.progress.cut(),
            environment: self.environment,
            observation: None,
            ceiling: None,
            note: None,
            unwritten: heard.on_disk.unwritten.as_deref(),
            fleet: Some(&seen),
            marks: pool::marks(&members, self.outside.marks.take()),
            periods: heard.periods.of(&outcome),
        };
        run.conclude(teardown, heard.on_disk.folder)
    }

    fn members(&self, test_id: &str) -> Vec<Arc<Member>> {
        let host = host::host_name().unwrap_or_else(|| "a host without a name".to_owned());
        let name = format!("{host}, process {}, run {test_id}", std::process::id());
        let name: String =
            name.chars().filter(|letter| (' '..='~').contains(letter)).take(200).collect();
        let source = match self.sent.order.clock {
            ClockChoice::Auto => "auto",
            ClockChoice::Os => "os",
            ClockChoice::Tsc => "tsc",
        };
        let member = |url| Arc::new(Member::new(Client::new(url, self.token, &name), source));
        self.fleet.workers.iter().map(member).collect()
    }

    /// Asks all workers how they are and sets their clocks. Those that do not answer are left out.
    ///
    /// # Errors
    /// One cannot take part, or none answers, or all are needed.
    fn check(&self, members: &[Arc<Member>], clock: RunClock) -> Result<(), String> {
        let all: Vec<&Member> = members.iter().map(|member| &**member).collect();
        let asked = pool::all(&all, |_, member| {
            member.ask()?;
            member.set_clock(clock).map_err(|trouble| match trouble {
                Trouble::Unreachable(words) | Trouble::Gone(words) => Unfit::Missing(words),
                refused @ Trouble::Refused(..) => Unfit::Wrong(refused.to_string()),
            })
        });
        let mut wrong = Vec::new();
        for (member, answer) in members.iter().zip(asked) {
            let url = member.client.url();
            match answer {
                Ok(()) => {}
                Err(Unfit::Wrong(words)) => wrong.push(format!("worker {url}: {words}")),
                Err(Unfit::Missing(words)) => {
                    if self.fleet.on_loss == OnLoss::Fail {
                        wrong.push(format!("worker {url}: {words}"));
                    }
                    member.lose(loss(clock.now(), words, true));
                }
            }
        }
        for (index, member) in members.iter().enumerate() {
            let twin = members[..index].iter().find(|other| other.is_twin_of(member));
            wrong.extend(twin.map(|twin| {
                let (one, other) = (member.client.url(), twin.client.url());
                format!("worker {one}: is the same worker as {other}: name each once")
            }));
        }
        if !wrong.is_empty() {
            return Err(wrong.join("\n"));
        }
        if !members.iter().any(|member| member.is_healthy()) {
            let reasons = members.iter().map(|member| {
                let reason = member.loss().map_or_else(String::new, |loss| loss.reason);
                format!("{}: {reason}", member.client.url())
            });
            return Err(format!("no worker answers: {}", reasons.collect::<Vec<_>>().join("; ")));
        }
        Ok(())
    }
}

/// A run whose grounds are laid.
struct Begun<'run> {
    workplace: &'run Workplace<'run>,
    members: &'run [Arc<Member>],
    dispatch: &'run Arc<Dispatch>,
    clock: RunClock,
    settle: engine::units::Nanos,
}

impl Begun<'_> {
    /// Prepares it, anew where workers are lost meanwhile, and runs it. With the plan it had.
    fn run(
        &self,
        plan: &Plan,
        mut grounds: Grounds,
        hooks: &mut dyn Hooks,
    ) -> (Plan, (Outcome, Teardown)) {
        for attempt in 1.. {
            let (fleets, postings) = match self.post_all(plan) {
                Ok(posted) => posted,
                Err(error) => return (plan.clone(), *grounds.give_up(error, None)),
            };
            let crew = FleetCrew {
                members: self.members.to_vec(),
                dispatch: Arc::clone(self.dispatch),
                postings,
                seated: 0,
                settle: self.settle,
                clock: self.clock,
                on_loss: self.workplace.fleet.on_loss,
                finished: Arc::new(Mutex::new(Vec::new())),
            };
            match self.raise(grounds, (&fleets, crew), attempt < ATTEMPTS, hooks) {
                Ok(ready) => return (fleets, ready.start(hooks)),
                Err(Failed::Over(over)) => return (fleets, *over),
                Err(Failed::Lost(left)) => grounds = *left,
            }
        }
        unreachable!("the last attempt is not repeated")
    }

    fn raise(
        &self,
        grounds: Grounds,
        (plan, crew): (&Plan, FleetCrew),
        again: bool,
        hooks: &mut dyn Hooks,
    ) -> Result<Ready, Failed> {
        let before = self.lost();
        let tried = grounds.try_raise(plan.clone(), Box::new(crew), hooks);
        tried.map_err(|failed| {
            let FailedAttempt { grounds: mut left, error, board } = *failed;
            let is_lost = before < self.lost();
            let may_go_on = self.workplace.fleet.on_loss != OnLoss::Fail
                && self.members.iter().any(|member| member.is_healthy())
                && error != RunError::Interrupted;
            if is_lost && again && may_go_on {
                for name in left.clear() {
                    tracing::warn!("{name}: its clients did not close by the deadline");
                }
                tracing::warn!("preparing anew without the workers that were lost");
                return Failed::Lost(Box::new(left));
            }
            Failed::Over(left.give_up(error, Some(&board)))
        })
    }

    fn lost(&self) -> usize {
        self.members.iter().filter(|member| member.loss().is_some()).count()
    }

    /// Deals the run to the workers that are there, all at once; anew where one is lost meanwhile.
    fn post_all(&self, plan: &Plan) -> Result<(Plan, Vec<Posting>), RunError> {
        for _ in 0..ATTEMPTS {
            let there: Vec<usize> =
                (0..self.members.len()).filter(|index| self.members[*index].is_healthy()).collect();
            if there.is_empty() {
                break;
            }
            let posted = self.post_to(&there);
            let is_whole = posted.iter().all(|(_, started)| started.is_ok());
            if is_whole {
                let (plan, postings) = together(plan, posted);
                self.tell(&plan, &postings);
                return Ok((plan, postings));
            }
            let refused = self.take_back(posted);
            if let Some(error) = refused {
                return Err(error);
            }
        }
        Err(RunError::NotReady(
            "every worker was lost before the start: nothing was measured".to_owned(),
        ))
    }

    /// Says who does what.
    fn tell(&self, plan: &Plan, postings: &[Posting]) {
        for (index, member) in self.members.iter().enumerate() {
            let own = postings.iter().filter(|posting| posting.member == index);
            let lanes: Vec<String> = own
                .flat_map(|posting| &plan.lanes[posting.lanes.clone()])
                .map(|lane| format!("{} with {} clients", lane.name, lane.client_count()))
                .collect();
            if !lanes.is_empty() {
                let (url, host) = (member.client.url(), member.host());
                let lanes = lanes.join(", ");
                tracing::info!(worker = url, host, "worker w{index}, {url} ({host}): {lanes}");
            }
        }
        for remark in &plan.remarks {
            tracing::warn!("{remark}");
        }
    }

    fn post_to(&self, there: &[usize]) -> Vec<(Posting, Posted)> {
        let hosts = u64::try_from(there.len()).expect("few");
        let members: Vec<&Member> = there.iter().map(|index| &*self.members[*index]).collect();
        let posted = pool::all(&members, |nth, member| {
            let deal = Deal::of_host(u64::try_from(nth).expect("few"), hosts);
            let post = |role| {
                let index = there[nth];
                let (task, started) =
                    self.dispatch.post((member, index), role, (deal, 0), dispatch::TASK);
                if started.as_ref().is_ok_and(|started| started.lanes.is_empty()) {
                    // Nothing of that role falls to it.
                    dispatch::take_back(member, &task);
                    return None;
                }
                let posting =
                    Posting { member: index, task, role, deal, incarnation: 0, lanes: 0..0 };
                Some((posting, started))
            };
            [Role::Consumer, Role::Producer].into_iter().filter_map(post).collect::<Vec<_>>()
        });
        posted.into_iter().flatten().collect()
    }

    /// Ends what was begun in an attempt; notes who is lost. Says what no attempt will get over.
    fn take_back(&self, posted: Vec<(Posting, Posted)>) -> Option<RunError> {
        let mut refused = None;
        for (posting, started) in posted {
            let member = &self.members[posting.member];
            match started {
                Ok(_) => {
                    if let Err(trouble) = member.client.delete(&posting.task) {
                        member.lose(loss(self.clock.now(), trouble.to_string(), true));
                    }
                }
                Err(trouble @ (Trouble::Unreachable(_) | Trouble::Gone(_))) => {
                    member.lose(loss(self.clock.now(), trouble.to_string(), true));
                }
                Err(trouble @ Trouble::Refused(..)) => {
                    let url = member.client.url().to_owned();
                    refused = Some(RunError::Worker { url, reason: trouble.to_string() });
                }
            }
        }
        refused
    }
}

type Posted = Result<super::protocol::Started, Trouble>;

/// The run's plan with the lanes of all workers, and where each task's are in it.
fn together(plan: &Plan, posted: Vec<(Posting, Posted)>) -> (Plan, Vec<Posting>) {
    let mut lanes: Vec<LanePlan> = Vec::new();
    let mut postings = Vec::new();
    let mut remarks: Vec<String> = Vec::new();
    for (posting, started) in posted {
        let started = started.expect("an attempt that is not whole was taken back");
        let first = lanes.len();
        lanes.extend(named(started.lanes, posting.member, ""));
        remarks.extend(started.remarks);
        postings.push(Posting { lanes: first..lanes.len(), ..posting });
    }
    remarks.sort_unstable();
    remarks.dedup();
    (plan.clone().carried_by(lanes, remarks), postings)
}
