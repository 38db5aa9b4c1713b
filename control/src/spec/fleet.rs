//! Which workers do a run, and what happens when one of them is lost.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_yaml::Value;

use super::benchmark::Benchmark;
use super::document::{Document, text_of};
use super::driver::DriverFile;
use super::fault::{Fault, Ledger};
use super::fields::Field;
use super::files::Files;
use super::given::{Given, Givens};
use super::order::Order;
use super::scalar;
use super::worker_url::{WorkerUrl, is_loopback};

/// The coordinator has a thread for each.
const WORKERS_MAX: usize = 1_000;

const FLAG: &str = "--workers";
const FILE_FLAG: &str = "--workers-file";

/// The field of OMB's workers.yaml.
const FIELDS: &[Field] = &[Field::used("workers")];

/// What becomes of a run that loses a worker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnLoss {
    /// It ends.
    Fail,
    /// It goes on without the worker's share.
    Degrade,
    /// The other workers take the share over.
    #[default]
    Reassign,
}

impl OnLoss {
    /// All of them with their words.
    pub const WORDS: [(&'static str, Self); 3] =
        [("fail", Self::Fail), ("degrade", Self::Degrade), ("reassign", Self::Reassign)];

    /// What a word means.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(name, _)| *name == word).map(|(_, meaning)| *meaning)
    }
}

/// What the command line says of workers, unread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FleetOrder {
    /// `--workers`: lists with commas.
    pub workers: Vec<String>,
    /// `--workers-file`.
    pub workers_file: Option<PathBuf>,
    /// `--token-file`.
    pub token_file: Option<PathBuf>,
    /// `--listen` or `--metrics`: what is called there asks for the token too.
    pub listen: Option<SocketAddr>,
    /// `--on-worker-loss`.
    pub on_loss: Option<OnLoss>,
}

/// The workers of an invocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fleet {
    /// Where they are, each once, in the order in which they were named; at least one.
    pub workers: Vec<WorkerUrl>,
    /// What becomes of a run that loses one.
    pub on_loss: OnLoss,
}

/// The workers of an order; nothing where none are named, or a fault is noted. A flag wins over the
/// benchmark file.
pub(super) fn resolve(
    order: &Order,
    benchmark: &Benchmark,
    driver: Option<&DriverFile>,
    ledger: &mut Ledger,
) -> Option<Fleet> {
    let asked = &order.fleet;
    let of_file = || {
        let file = order.benchmark.as_deref().unwrap_or(Path::new("--config"));
        Some((format!("{}: workers", file.display()), benchmark.workers.clone()?))
    };
    let Some((place, workers)) = by_flags(asked, ledger).or_else(of_file) else {
        refuse_what_belongs_to_workers(asked, ledger);
        return None;
    };
    if workers.is_empty() {
        return None;
    }
    if let Some(driver) = driver {
        check_broker(&workers, (&place, driver), ledger);
    }
    Some(Fleet { workers, on_loss: asked.on_loss.unwrap_or_default() })
}

/// The flag that names workers, and these; nothing without flags.
fn by_flags(asked: &FleetOrder, ledger: &mut Ledger) -> Option<(String, Vec<WorkerUrl>)> {
    let of_flag = (!asked.workers.is_empty()).then(|| {
        let lists = asked.workers.iter().flat_map(|list| list.split(','));
        let texts: Vec<String> = lists.map(str::to_owned).collect();
        read(&texts, |_, problem| Fault::whole(FLAG, problem), ledger)
    });
    let of_file = asked.workers_file.as_deref().map(|path| of_file(path, ledger));
    if of_flag.is_some() && of_file.is_some() {
        ledger.fault(Fault::whole(FILE_FLAG, "--workers is given too: keep one of them"));
    }
    let of_flag = of_flag.map(|workers| (FLAG.to_owned(), workers));
    of_flag.or(of_file.map(|workers| (FILE_FLAG.to_owned(), workers)))
}

fn refuse_what_belongs_to_workers(asked: &FleetOrder, ledger: &mut Ledger) {
    let given = [
        ("--token-file", asked.token_file.is_some() && asked.listen.is_none()),
        ("--on-worker-loss", asked.on_loss.is_some()),
    ];
    for (flag, _) in given.iter().filter(|(_, is_given)| *is_given) {
        let problem = "there are no workers: name some with --workers, or leave it out";
        ledger.fault(Fault::whole(*flag, problem));
    }
}

/// Workers must find the broker, from where they are.
fn check_broker(workers: &[WorkerUrl], (place, driver): (&str, &DriverFile), ledger: &mut Ledger) {
    if !driver.driver.is_remote {
        let problem = format!(
            "the {} driver's broker is inside one process and cannot be shared by workers: give \
             --driver or --bootstrap-server",
            driver.driver.name
        );
        ledger.fault(Fault::whole(place, problem));
        return;
    }
    let Some(far) = workers.iter().find(|worker| !worker.is_loopback()) else { return };
    let names = ["bootstrap.servers", "metadata.broker.list"];
    let Some(written) = names.iter().find_map(|name| driver.configs.find(name)) else { return };
    let servers = written.entry.value.split(',').map(str::trim);
    for server in servers.filter(|server| is_loopback(host_of(server))) {
        let text = format!(
            "{}: {server} is on each worker's own host: {far} will look for the broker there",
            written.entry.place
        );
        ledger.remark("broker_on_each_host", text);
    }
}

/// The host of a broker's address, which may have a protocol before it.
fn host_of(server: &str) -> &str {
    let server = server.split_once("://").map_or(server, |(_, server)| server);
    let host = server.rsplit_once(':').map_or(server, |(host, _)| host);
    host.trim_start_matches('[').trim_end_matches(']')
}

/// The workers of a list in YAML, or everything that is wrong with it.
pub(super) fn of_given(given: &Given, ledger: &mut Ledger) -> Vec<WorkerUrl> {
    of_value(&given.value, |problem| given.fault(problem), ledger)
}

fn of_value(value: &Value, fault: impl Fn(String) -> Fault, ledger: &mut Ledger) -> Vec<WorkerUrl> {
    let Value::Sequence(list) = value else {
        let shown = scalar::show(value);
        ledger.fault(fault(format!("got {shown}, need a list, e.g. [http://load-1:9410]")));
        return Vec::new();
    };
    let text = |one: &Value| scalar::text(one).unwrap_or_else(|| scalar::show(one));
    let texts: Vec<String> = list.iter().map(text).collect();
    read(&texts, |_, problem| fault(problem), ledger)
}

/// The workers of a file, or everything that is wrong with it.
///
/// Its text is not among the files that are sent: workers need not know of each other.
fn of_file(path: &Path, ledger: &mut Ledger) -> Vec<WorkerUrl> {
    let name = path.display().to_string();
    let Some(text) = ledger.take(text_of(path, &mut Files::disk())) else { return Vec::new() };
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let faults_before = ledger.faults.len();
    let workers = match Form::of(text) {
        Form::Lines => of_lines(&name, text, ledger),
        Form::List => match serde_yaml::from_str(text) {
            Ok(value) => of_value(&value, |problem| Fault::whole(&name, problem), ledger),
            Err(error) => {
                ledger.fault(Fault::whole(&name, format!("is no valid YAML: {error}")));
                Vec::new()
            }
        },
        Form::Map => {
            let givens = Document::parse(&name, text, ledger)
                .map(|document| Givens::of_file(&document, FIELDS, ledger));
            let given = givens.as_ref().and_then(|givens| givens.get("workers"));
            given.map(|given| of_given(given, ledger)).unwrap_or_default()
        }
    };
    if workers.is_empty() && ledger.faults.len() == faults_before {
        let problem = "names no worker, need one on each line, e.g. http://load-1:9410";
        ledger.fault(Fault::whole(&name, problem));
    }
    workers
}

/// How a file lists workers.
enum Form {
    /// One on each line.
    Lines,
    /// A list in YAML.
    List,
    /// OMB's: a list under `workers`.
    Map,
}

impl Form {
    /// By the first line that says something.
    fn of(text: &str) -> Self {
        let first = text.lines().map(bare).find(|line| !line.is_empty() && *line != "---");
        match first.unwrap_or_default() {
            list if list == "-" || list.starts_with("- ") => Self::List,
            // `[::1]` is an address.
            list if list.starts_with('[') && list.parse::<WorkerUrl>().is_err() => Self::List,
            map if map.starts_with('{') || map.ends_with(':') || map.contains(": ") => Self::Map,
            _ => Self::Lines,
        }
    }
}

fn of_lines(name: &str, text: &str, ledger: &mut Ledger) -> Vec<WorkerUrl> {
    let lines = text.lines().map(bare).enumerate();
    let lines: Vec<(usize, &str)> = lines.filter(|(_, line)| !line.is_empty()).collect();
    let texts: Vec<String> = lines.iter().map(|(_, line)| (*line).to_owned()).collect();
    let fault = |index: usize, problem: String| {
        Fault::whole(format!("{name}:{}", lines[index].0 + 1), problem)
    };
    read(&texts, fault, ledger)
}

/// A line without its comment and the blanks around it.
fn bare(line: &str) -> &str {
    let is_comment = |at: &usize| line[..*at].chars().last().is_none_or(char::is_whitespace);
    let end = line.match_indices('#').map(|(at, _)| at).find(is_comment);
    line[..end.unwrap_or(line.len())].trim()
}

/// Reads addresses; `fault` makes the fault of the one at an index.
fn read(
    texts: &[String],
    fault: impl Fn(usize, String) -> Fault,
    ledger: &mut Ledger,
) -> Vec<WorkerUrl> {
    let (mut workers, mut seen) = (Vec::new(), BTreeSet::new());
    for (index, text) in texts.iter().enumerate() {
        let Some(worker) =
            ledger.take(text.parse::<WorkerUrl>().map_err(|problem| fault(index, problem)))
        else {
            continue;
        };
        if seen.insert(worker.clone()) {
            workers.push(worker);
        } else {
            let problem = format!("got {worker} twice, need each worker once");
            ledger.fault(fault(index, problem));
        }
    }
    if WORKERS_MAX < texts.len() {
        let problem = format!("got {} workers, need at most {WORKERS_MAX}", texts.len());
        ledger.fault(fault(WORKERS_MAX, problem));
    }
    workers
}
