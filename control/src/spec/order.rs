//! What an invocation names, and what it becomes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use engine::plan::{ClientSettings, Wishes};
use engine::time::{ClockChoice, ClockSource, KERNEL_CLOCK_SOURCE};
use engine::units::{Nanos, Timestamp};
use serde::{Deserialize, Serialize};

use super::assignments::Assignments;
use super::benchmark::{Benchmark, LogLevel};
use super::checks::{CheckOrder, Checks};
use super::clients::clients;
use super::driver::{DriverFile, DriverSource};
use super::fault::{Fault, Faults, Ledger};
use super::files::Files;
use super::fleet::{self, Fleet, FleetOrder};
use super::given::FieldFlag;
use super::identity::{Identities, Identity};
use super::monitoring;
use super::repeat::{self, RepeatOrder, Repeats};
use super::request::{DriverChoice, Request, Shared};
use super::sweep::{self, Cell, Sweep};
use super::workload::{Circumstances, Workload};

/// What a topic's name is to be, for messages.
pub(super) const TOPIC_NEED: &str = "need a topic's name: at most 249 of a-z A-Z 0-9 . _ -";
/// Kafka's longest topic name.
const TOPIC_NAME_MAX: usize = 249;
/// Where results go unless a flag or a file says otherwise.
pub const RESULTS_DIR: &str = "results";

/// What the command line names.
///
/// As JSON it is what a worker needs to do a share of one of its runs. What only concerns the
/// coordinator stays behind: where results go, what they are held to, how often it is repeated, and
/// the fleet. A field that is not known is refused, since it may change the load; one that is left
/// out is as without its flag.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Order {
    /// Workload files, in the order of their runs.
    pub workloads: Vec<PathBuf>,
    /// Against what.
    pub driver: DriverSource,
    /// A benchmark file.
    pub benchmark: Option<PathBuf>,
    /// Flags that stand for workload fields.
    pub flags: Vec<FieldFlag>,
    /// `--set`, unread.
    pub sets: Vec<String>,
    /// Existing topics to use in place of new ones.
    pub topics: Vec<String>,
    /// The greatest number of unanswered messages of a closed loop.
    pub in_flight: Option<u64>,
    /// Whether topics stay.
    pub keep_topics: bool,
    /// Lanes, cores, waits and clients.
    pub wishes: Wishes,
    /// The clock of all runs.
    pub clock: ClockChoice,
    /// How often the system is looked at, or `off`; unread.
    pub monitor: Option<String>,
    /// What results are held to.
    #[serde(skip)]
    pub checks: CheckOrder,
    /// Where results go.
    #[serde(skip)]
    pub results_dir: Option<PathBuf>,
    /// How much is logged.
    #[serde(skip)]
    pub log_level: Option<LogLevel>,
    /// Which workers do the runs, unread.
    #[serde(skip)]
    pub fleet: FleetOrder,
    /// How often, and compared with what: a worker is told of one run.
    #[serde(skip)]
    pub repeat: RepeatOrder,
}

/// What an invocation becomes.
#[derive(Clone, Debug)]
pub struct Job {
    /// One for each run, in their order.
    pub requests: Vec<Request>,
    /// What their clocks read.
    pub clock: ClockSource,
    /// How often the system is looked at; `None` when it is not.
    pub monitor: Option<Nanos>,
    /// What their results are held to.
    pub checks: Checks,
    /// The folder of all run directories, and of what is kept for all runs.
    pub results_dir: PathBuf,
    /// Of which all requests are cells, if they are.
    pub sweep: Option<Sweep>,
    /// Of which all requests are repeats, if they are.
    pub repeats: Option<Repeats>,
    /// How much is logged.
    pub log_level: LogLevel,
    /// The workers that do the runs; without, this host does them.
    pub fleet: Option<Fleet>,
}

/// A cluster without a workload, for handling topics.
#[derive(Clone, Debug)]
pub struct Target {
    /// The system.
    pub driver: DriverChoice,
    /// What its clients are told.
    pub settings: ClientSettings,
}

impl Job {
    /// The folder of a request's run directory.
    pub fn runs_dir(&self, request: &Request) -> PathBuf {
        let of_sweep = self.sweep.as_ref().map(|sweep| sweep.folder.clone());
        let of_repeat = || Some(self.repeats.as_ref()?.folder_of(request.cell.repeat?));
        of_sweep.or_else(of_repeat).unwrap_or_else(|| self.results_dir.clone())
    }
}

impl Order {
    /// The part of it that a worker needs to do a share of one run: it is told one driver, and one value for
    /// each field.
    pub fn for_worker(&self, cell: &Cell) -> Self {
        Self {
            workloads: vec![cell.workload.clone()],
            driver: cell.driver.clone(),
            flags: cell.flags.clone(),
            sets: cell.sets.clone(),
            checks: CheckOrder::default(),
            results_dir: None,
            log_level: None,
            fleet: FleetOrder::default(),
            repeat: RepeatOrder::default(),
            ..self.clone()
        }
    }
}

/// Reads everything that the order names, from this host's disk.
///
/// # Errors
/// Every fault of every file and flag.
pub fn load(order: &Order, now: Timestamp) -> Result<Job, Faults> {
    load_with(order, &mut Files::disk(), Identity::Drawn(now))
}

/// Reads everything that the order names out of `files`, for runs of this identity.
///
/// # Errors
/// Every fault of every file and flag.
pub fn load_with(order: &Order, files: &mut Files, identity: Identity) -> Result<Job, Faults> {
    let mut ledger = Ledger::default();
    let is_own = matches!(identity, Identity::Drawn(_));
    let mut identities = Identities::new(identity, order, &mut ledger);
    check_topics(order, &mut ledger);
    let benchmark =
        order.benchmark.as_deref().and_then(|path| Benchmark::read(path, files, &mut ledger));
    let benchmark = benchmark.unwrap_or_default();
    // A share of a run is one cell, and was told its values.
    let cells = match is_own {
        true => {
            let own = sweep::cells(order, files, &mut ledger);
            repeat::cells(order, own, files, &mut ledger)
        }
        false => order.workloads.iter().map(|workload| Cell::only(order, workload)).collect(),
    };
    let checks = Checks::read(&order.checks, &mut ledger);
    let read = Reader { order, benchmark: &benchmark, is_own };
    let (mut requests, mut fleet) = (Vec::new(), None);
    for cell in &cells {
        // Remarks so far hold for every request; those of a cell for it alone.
        let mut own = Ledger { faults: Vec::new(), remarks: ledger.remarks.clone() };
        let (request, workers) = read.cell(cell, &mut identities, files, &mut own);
        requests.extend(request);
        fleet = fleet.or(workers);
        own.faults.into_iter().for_each(|fault| ledger.fault(fault));
    }
    checks.fit(&mut requests, &mut ledger);
    let bundle = fleet.as_ref().map(|_| files.bundle());
    if let Some(Err(problem)) = bundle {
        ledger.fault(Fault::whole("--workers", problem));
    }
    let clock = ClockSource::choose(order.clock, Path::new(KERNEL_CLOCK_SOURCE));
    let clock = ledger.take(clock.map_err(|error| Fault::whole("--clock", error.0)));
    let monitor = monitoring::resolve(order.monitor.as_deref(), &benchmark, &mut ledger);
    ledger.settle()?;
    let flag = order.results_dir.clone().or_else(|| benchmark.results_dir.clone());
    let results_dir = flag.unwrap_or_else(|| RESULTS_DIR.into());
    let name = requests.first().map_or("", |request| request.resolved.test_name.as_str());
    Ok(Job {
        sweep: together(&cells, &requests, &mut identities, &results_dir),
        repeats: Repeats::of(&order.repeat, (name, &results_dir), &mut identities),
        requests,
        monitor,
        clock: clock.expect("what is missing was noted as a fault"),
        checks,
        results_dir,
        log_level: order.log_level.or(benchmark.log_level).unwrap_or_default(),
        fleet,
    })
}

/// What all cells of an invocation are read with.
struct Reader<'a> {
    order: &'a Order,
    benchmark: &'a Benchmark,
    is_own: bool,
}

impl Reader<'_> {
    /// A cell's request and the workers that do it, or what is wrong is noted.
    fn cell(
        &self,
        cell: &Cell,
        identities: &mut Identities,
        files: &mut Files,
        ledger: &mut Ledger,
    ) -> (Option<Request>, Option<Fleet>) {
        let Self { order, benchmark, is_own } = *self;
        let flags = Assignments::read(&cell.flags, &cell.sets, files, ledger);
        let driver = DriverFile::read(&cell.driver, &flags, files, ledger);
        let fleet = || fleet::resolve(order, benchmark, driver.as_ref(), ledger);
        let fleet = is_own.then(fleet).flatten();
        if let Some(driver) = driver.as_ref().filter(|driver| !driver.driver.is_remote)
            && !order.topics.is_empty()
        {
            let problem = format!("the {} driver has no topics before a run", driver.driver.name);
            ledger.fault(Fault::whole("--topic", problem));
        }
        let asked = Circumstances {
            flags: &flags.workload,
            existing_topics: order.topics.len(),
            skip_warmup: benchmark.warmup_enabled == Some(false),
        };
        let workload = Workload::read(&cell.workload, &asked, files, ledger);
        if fleet.is_some() && workload.as_ref().is_some_and(|of| of.shape.is_read_only()) {
            let problem = "a run that only reads is done by one host: leave the workers out";
            ledger.fault(Fault::whole("--workers", problem));
        }
        let names_topics = workload.as_ref().is_some_and(|of| !of.topics.is_empty());
        if let Some(driver) = driver.as_ref().filter(|driver| !driver.driver.is_remote)
            && names_topics
        {
            let problem = format!("the {} driver has no topics before a run", driver.driver.name);
            let file = cell.workload.display().to_string();
            ledger.fault(Fault::new(file, "existingTopicList", problem));
        }
        let request = driver.as_ref().and_then(|driver| {
            let mut shared = Shared { order, benchmark, driver, flags: &flags, cell, identities };
            shared.request(workload, files, ledger)
        });
        (request, fleet)
    }
}

/// The sweep that all cells are together, if they are.
fn together(
    cells: &[Cell],
    requests: &[Request],
    identities: &mut Identities,
    results_dir: &Path,
) -> Option<Sweep> {
    let axes = Sweep::axes_of(cells)?;
    let first = requests.first()?.resolved.test_name.clone();
    let is_one = requests.iter().all(|request| request.cell.workload == cells[0].workload);
    let name = if is_one { first } else { "workloads".to_owned() };
    let id = identities.group("sweep", &name)?;
    Some(Sweep { folder: results_dir.join(&id), id, name, axes, of: requests.len() })
}

/// Reads what is needed to handle topics.
///
/// # Errors
/// Every fault of the driver.
pub fn target(source: &DriverSource) -> Result<Target, Faults> {
    let mut ledger = Ledger::default();
    let driver = DriverFile::read(source, &Assignments::default(), &mut Files::disk(), &mut ledger);
    let resolved = driver.as_ref().and_then(|driver| clients(driver, None, false, &mut ledger));
    ledger.settle()?;
    let (driver, resolved) = driver.zip(resolved).expect("what is missing was noted as a fault");
    Ok(Target { driver: DriverChoice::of(&driver), settings: resolved.settings })
}

/// Whether Kafka would take a topic's name.
pub(super) fn is_topic_name(name: &str) -> bool {
    let legal = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    let is_fit = !name.is_empty() && name.len() <= TOPIC_NAME_MAX && name.chars().all(legal);
    is_fit && name != "." && name != ".."
}

fn check_topics(order: &Order, ledger: &mut Ledger) {
    let mut seen = BTreeSet::new();
    for name in &order.topics {
        if !is_topic_name(name) {
            ledger.fault(Fault::whole("--topic", format!("got \"{name}\", {TOPIC_NEED}")));
        } else if !seen.insert(name) {
            ledger.fault(Fault::whole("--topic", format!("got \"{name}\" twice, need each once")));
        }
    }
    if !order.topics.is_empty() {
        let text = "--topic: the files' topics, partitionsPerTopic, topicConfig and replicationFactor have \
                    no effect on existing topics";
        ledger.remark("existing_topics", text);
    }
}
