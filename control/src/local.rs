//! `kdyno run` on this host: plan, prepare, start, judge, save, clean up, tell.

use crate::ceiling::Kept;
use crate::cli::Format;
use crate::early_end::{Cut, EarlyEnd};
use crate::host::Environment;
use crate::interrupt::Interrupt;
use crate::listeners::{Ear, Listeners};
use crate::marks::{Mark, Marks};
use crate::metrics::Meter;
use crate::monitor::{Monitor, Observation};
use crate::progress::{Begun, Length, Phase, Progress, tell_verdict};
use crate::recording;
use crate::report::omb::Period;
use crate::report::{self, CeilingPart, Inputs, Report, RunFolder, Suite};
use crate::runs::{self, Finished};
use crate::spec::{Job, Request};
use crate::sweep::{self, Figures};
use engine::driver::Refusal;
use engine::error::RunError;
use engine::kafka::topics_of;
use engine::measure::constants::exit;
use engine::measure::{Evidence, NetworkSeen, Verdict};
use engine::plan::{CommitMode, Plan, TransactionLength, Transactions};
use engine::run::{CleanUp, Ending, Outcome, Teardown};
use engine::time::RunClock;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;

/// What may come from outside while runs go on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outside<'run> {
    /// Whether the user wants an end.
    pub(crate) interrupt: &'run Interrupt,
    /// What is marked on the time axis.
    pub(crate) marks: &'run Marks,
    /// What is told meanwhile; `None` where nobody can ask.
    pub(crate) meter: Option<&'run Meter>,
    /// Who else hears what happens, if somebody does.
    pub(crate) ear: Option<&'run dyn Ear>,
}

/// Runs every request of a job, one after the other, and writes the results to `out`.
///
/// # Errors
/// When `out` cannot be written.
pub(crate) fn run(
    job: &Job,
    (format, environment, outside): (Format, &Environment, Outside<'_>),
    out: &mut dyn Write,
) -> std::io::Result<u8> {
    let kept = Kept::read(&job.results_dir, environment, job.clock);
    if let Some(note) = kept.note() {
        tracing::warn!("{note}");
    }
    runs::run_all(job, (format, environment, outside.interrupt), out, |request| {
        run_one(request, job, (environment, &kept), outside)
    })
}

/// A run that never came to a result: bad plan, or a cluster that cannot give what is asked.
pub(crate) fn refused(request: &Request, job: &Job, exit_code: u8, words: &str) -> Finished {
    tracing::error!("{words}");
    let suite = suite_without_result(request, job, words);
    Finished { exit_code, json: None, text: String::new(), suite, figures: None }
}

fn suite_without_result(request: &Request, job: &Job, reason: &str) -> Suite {
    let (name, test_id) = (&request.resolved.test_name, &request.demand.test_id);
    let assertions: Vec<String> = job.checks.assertions.iter().map(ToString::to_string).collect();
    Suite::without_result(name, test_id, &assertions, reason)
}

fn run_one(
    request: &Request,
    job: &Job,
    (environment, kept): (&Environment, &Kept),
    Outside { interrupt, marks, meter, ear }: Outside<'_>,
) -> Finished {
    let refuse = |code: u8, words: &str| refused(request, job, code, words);
    let plan = match plan(request) {
        Ok(plan) => plan,
        Err((code, words)) => return refuse(code, &words),
    };
    let assertions = &job.checks.assertions;
    let early_end = job.checks.grace.map(|grace| EarlyEnd::new(&plan, assertions, grace));
    let progress = Progress::begin(request, (&plan, job.clock), interrupt).ending_early(early_end);
    let clock = RunClock::anchored(job.clock);
    let monitor = job.monitor.and_then(|period| Monitor::start(period, &plan, clock));
    let told = (job.runs_dir(request), meter);
    let mut hooks = Listeners::new(progress, monitor, &plan.demand, told).heard_by(ear);
    let prepared = (request.driver.driver.prepare)(plan.clone(), clock, &mut hooks);
    let (outcome, teardown) = match prepared {
        Ok(ready) => ready.start(&mut hooks),
        Err(Refusal::Target(RunError::Refused(words))) => return refuse(exit::USAGE, &words),
        Err(Refusal::Target(error)) => return refuse(exit::FAILED, &error.to_string()),
        Err(Refusal::Run(failed)) => {
            let (outcome, teardown) = *failed;
            if let Ending::Failed(RunError::Refused(words)) = &outcome.ending {
                return refuse(exit::USAGE, words);
            }
            (outcome, teardown)
        }
    };
    let heard = hooks.end();
    if let Ending::Failed(error) = &outcome.ending {
        tracing::error!("{error}");
    }
    let as_run = outcome.plan_as_run(&plan);
    let run = Run {
        request,
        job,
        plan: &as_run,
        outcome: &outcome,
        cut: heard.progress.cut(),
        environment,
        observation: heard.observation.as_ref(),
        ceiling: kept.standing(request.driver.driver.name, &as_run, &outcome),
        note: kept.note(),
        unwritten: heard.on_disk.unwritten.as_deref(),
        fleet: None,
        marks: marks.take(),
        periods: heard.periods.of(&outcome),
    };
    run.conclude(teardown, heard.on_disk.folder)
}

/// Makes the plan; asks the cluster for the partitions of topics that are there already.
pub(crate) fn plan(request: &Request) -> Result<Plan, (u8, String)> {
    let mut demand = request.demand.clone();
    let reach = demand.deadlines.reach;
    let topics = topics_of(&demand.clients);
    for topic in demand.streams.iter_mut().flat_map(|stream| &mut stream.topics) {
        if topic.existing {
            let found = topics.partitions(&topic.name, reach);
            topic.partitions = match found.map_err(|error| (exit::FAILED, error.to_string()))? {
                Some(partitions) => partitions,
                None => {
                    let words = format!("--topic {}: there is no such topic", topic.name);
                    return Err((exit::USAGE, words));
                }
            };
        }
    }
    Plan::new(demand, &engine::host::machine(), &request.wishes)
        .map_err(|error| (exit::USAGE, error.to_string()))
}

/// Makes the plan without asking anybody: partitions of existing topics stay unknown.
pub(crate) fn plan_without_cluster(request: &Request) -> Result<Plan, String> {
    let machine = engine::host::machine();
    Plan::new(request.demand.clone(), &machine, &request.wishes).map_err(|error| error.to_string())
}

/// What workers said of their hosts.
#[derive(Debug, Default)]
pub(crate) struct HostsSaid {
    /// What each one's monitor saw, as the result has it.
    pub(crate) systems: Vec<Value>,
    /// The network where it was nearest to its limit.
    pub(crate) network: Option<NetworkSeen>,
}

impl HostsSaid {
    /// Of each worker, what it said of its host, if it did.
    pub(crate) fn of<'said>(
        said: impl Iterator<Item = (&'said str, Option<String>, Option<NetworkSeen>)>,
    ) -> Self {
        let mut seen = Self::default();
        let load = |network: &NetworkSeen| -> f64 {
            let card = network.card.as_ref().map_or(0.0, |card| card.share);
            network.tcp.as_ref().map_or(0.0, |tcp| tcp.busy).max(card)
        };
        for (worker, system, network) in said {
            let told = system.and_then(|text| serde_json::from_str::<Value>(&text).ok());
            if let Some(mut host) = told {
                host["worker"] = worker.into();
                seen.systems.push(host);
            }
            let both = seen.network.take().into_iter().chain(network);
            seen.network = both.max_by(|one, other| load(one).total_cmp(&load(other)));
        }
        seen
    }
}

/// A run whose lanes have handed everything over.
pub(crate) struct Run<'run> {
    pub(crate) request: &'run Request,
    pub(crate) job: &'run Job,
    pub(crate) plan: &'run Plan,
    pub(crate) outcome: &'run Outcome,
    /// Why it was ended early, if it was.
    pub(crate) cut: Option<&'run Cut>,
    pub(crate) environment: &'run Environment,
    pub(crate) observation: Option<&'run Observation>,
    /// Where it stood against this host's ceiling.
    pub(crate) ceiling: Option<CeilingPart>,
    /// Why a ceiling that is there was ignored.
    pub(crate) note: Option<&'run str>,
    /// Why the logs of its seconds are not whole, if they are not.
    pub(crate) unwritten: Option<&'run str>,
    /// What workers said, where they did the run.
    pub(crate) fleet: Option<&'run HostsSaid>,
    /// What was marked, by time.
    pub(crate) marks: Vec<Mark>,
    /// OMB's periods.
    pub(crate) periods: Vec<Period>,
}

impl Run<'_> {
    /// Saves the result, in the run's directory where there is one already, then cleans up, then adds what
    /// the clean-up found.
    pub(crate) fn conclude(&self, teardown: Teardown, begun: Option<RunFolder>) -> Finished {
        let verdict = self.verdict();
        let first = self.report(&verdict, None);
        let mut folder = match begun {
            Some(folder) => Ok(folder),
            None => recording::begin(&self.job.runs_dir(self.request), &first.test_id),
        };
        // It is tried again after the clean-up: closed clients give descriptors back.
        if let Ok(there) = &mut folder
            && let Err(error) = there.settle(&first)
        {
            tracing::warn!("the result could not be saved yet: {error}");
        }
        let deleted = match teardown.deletes() {
            (true, true) => ", topics and groups of the run are deleted",
            (true, false) => ", topics of the run are deleted",
            (false, true) => ", groups of the run are deleted",
            (false, false) => "",
        };
        let cleaning = Begun::now(
            (Phase::CleanUp, Length::Open),
            &self.plan.demand.test_id,
            &format!("clean-up: clients close{deleted}"),
        );
        let clean_up = teardown.finish();
        for (name, reason) in clean_up.left.iter().filter(|_| !self.plan.demand.keep_topics) {
            tracing::warn!("{name} stays: {reason}");
        }
        for lane in &clean_up.unclosed {
            tracing::warn!("lane {lane}: its clients did not close by the deadline");
        }
        cleaning.end("");
        let whole = self.report(&verdict, Some(&clean_up));
        tell_verdict(&whole);
        match folder.and_then(|mut saved| saved.settle(&whole).map(|()| saved)) {
            Ok(saved) => Finished {
                exit_code: whole.verdict.exit_code,
                json: Some(report::json(&whole)),
                text: report::text(&whole, saved.path()),
                suite: Suite::of(&whole),
                figures: Some(Figures::of(&whole)),
            },
            // What was measured is not lost: it goes to stdout all the same.
            Err(error) => {
                let words = format!("the result could not be saved: {error}");
                tracing::error!("{words}");
                Finished {
                    exit_code: exit::FAILED,
                    json: Some(report::json(&whole)),
                    text: report::text(&whole, Path::new("not saved")),
                    suite: suite_without_result(self.request, self.job, &words),
                    figures: None,
                }
            }
        }
    }

    fn verdict(&self) -> Verdict {
        let outcome = self.outcome;
        let is_embedded = self.request.driver.driver.name == "embedded";
        let held_back = outcome.tally.streams.iter().any(|of| 0 < of.measured.produced.held_back);
        let remarks = self.request.resolved.remarks.iter().map(|of| (of.code, of.message.as_str()));
        let sight = outcome.sight(self.plan);
        let remarks = remarks.chain(self.note.map(|words| ("ceiling_ignored", words)));
        let remarks = remarks.chain(self.unwritten.map(|words| ("seconds_not_written", words)));
        let told = outcome.evidence(&sight);
        // An interrupt may have come before it.
        let cut = self.cut.filter(|_| outcome.ending == Ending::CutShort);
        let ended = cut.map_or_else(|| told.ended.clone(), Cut::ended);
        let measured = outcome.start.map(|start| (start.measured, start.end));
        let network = self
            .observation
            .zip(measured)
            .and_then(|(seen, phase)| report::network_seen(seen, phase));
        let evidence = Evidence {
            ended,
            network: network.as_ref().or_else(|| self.fleet?.network.as_ref()),
            remarks: remarks.collect(),
            standing: self.ceiling.as_ref().map(CeilingPart::standing),
            embedded: is_embedded,
            embedded_full: is_embedded && held_back,
            ..told
        };
        Verdict::of(self.plan, &outcome.tally, &evidence)
    }

    fn report(&self, verdict: &Verdict, clean_up: Option<&CleanUp>) -> Report {
        let resolved = &self.request.resolved;
        let bootstrap = self.bootstrap_servers();
        let sweep = sweep::part(self.request, self.job);
        let inputs = Inputs {
            plan: self.plan,
            outcome: self.outcome,
            verdict,
            clean_up,
            workload: &Value::Object(resolved.workload.clone()),
            driver: &driver(self.request),
            test_name: &resolved.test_name,
            bootstrap_servers: bootstrap.as_deref(),
            environment: self.environment,
            observation: self.observation,
            ceiling: self.ceiling.as_ref(),
            systems: self.fleet.map_or(&[], |said| &said.systems),
            sweep: sweep.as_ref(),
            marks: &self.marks,
            periods: &self.periods,
        };
        Report::held_to(&inputs, &self.job.checks.assertions)
    }

    fn bootstrap_servers(&self) -> Option<String> {
        let address = self.plan.demand.clients.address();
        self.request.driver.driver.is_remote.then(|| address.to_owned())
    }
}

/// The driver as the result shows it.
pub(crate) fn driver(request: &Request) -> Value {
    let properties = request.resolved.properties.iter().map(crate::spec::ShownProperty::json);
    json!({
        "name": request.driver.name,
        "driver_class": request.driver.driver.name,
        "file": request.driver.file,
        "replication_factor": request.resolved.replication_factor,
        "clusters": clusters(request),
        "commits": commits(request.demand.clients.commit),
        "transactions": request.demand.clients.transactions.as_ref().map(transactions),
        "properties": properties.collect::<Vec<Value>>(),
    })
}

/// Who commits what was read, and how often.
fn commits(mode: CommitMode) -> String {
    match mode {
        CommitMode::Client => "by the client".to_owned(),
        CommitMode::Every(every) => format!("every {every}"),
        CommitMode::Never => "never".to_owned(),
    }
}

/// When transactions end, whichever file says so, and how many of a million are aborted.
fn transactions(asked: &Transactions) -> Value {
    let (messages, span) = match asked.length {
        TransactionLength::Messages(messages) => (Some(messages), None),
        TransactionLength::Span(span) => (None, Some(span.as_secs_f64())),
    };
    json!({
        "messages": messages,
        "duration_s": span,
        "aborts_per_million": asked.aborts_per_million,
    })
}

/// Where producers send and consumers read, and how topics' names there begin; null where no cluster is named.
fn clusters(request: &Request) -> Value {
    let clients = &request.demand.clients;
    if !request.driver.driver.is_remote {
        return Value::Null;
    }
    let prefix = clients.consumer_cluster.as_ref().map_or("", |far| &far.topic_prefix);
    json!({
        "producers": clients.address(),
        "consumers": clients.consumer_address(),
        "consumer_topic_prefix": prefix,
    })
}
