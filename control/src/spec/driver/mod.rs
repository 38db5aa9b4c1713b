//! A driver file: which system, how its topics are made, and the properties of its clients.

mod configs;

pub(crate) use configs::{Config, Configs};

use std::path::{Path, PathBuf};

use engine::driver::{DRIVERS, Driver, find};
use engine::kafka::properties::Dialect;
use serde::{Deserialize, Serialize};
use serde_yaml::Value;

use super::assignments::Assignments;
use super::document::Document;
use super::fault::{Fault, Ledger};
use super::fields::Field;
use super::files::Files;
use super::given::Givens;
use super::order::{TOPIC_NEED, is_topic_name};
use super::scalar;

/// The fields of a driver file.
pub(crate) const FIELDS: &[Field] = &[
    Field::used("name"),
    Field::used("driverClass"),
    Field::used("replicationFactor"),
    Field::used("topicConfig"),
    Field::used("commonConfig"),
    Field::used("producerConfig"),
    Field::used("consumerConfig"),
    Field::no_effect("reset", &["false"], "each run has topics of its own and deletes them itself"),
    Field::used("requestsPerTransaction"),
    Field::used("consumerTopicPrefix"),
];

/// Where the driver comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DriverSource {
    /// A driver file.
    pub file: Option<PathBuf>,
    /// Addresses in place of the file's.
    pub bootstrap_servers: Option<String>,
}

/// A driver as its file and the flags have it.
#[derive(Clone, Debug)]
pub struct DriverFile {
    /// Its name in reports.
    pub name: String,
    /// The file.
    pub file: Option<PathBuf>,
    /// Where faults without a line are.
    pub source: String,
    /// Which one.
    pub driver: &'static Driver,
    /// The client that the file was written for.
    pub dialect: Dialect,
    /// For new topics; −1 leaves it to the broker.
    pub replication_factor: i16,
    /// How many messages a transaction has where the workload does not say; `None` for none at all.
    pub transaction_messages: Option<u64>,
    /// How topics' names begin at a cluster of the consumers' own; empty where they are the same.
    pub consumer_topic_prefix: String,
    /// The properties, unread.
    pub configs: Configs,
}

/// Whether a file has what only driver files have.
pub(crate) fn is_driver(document: &Document) -> bool {
    let marks = ["driverClass", "commonConfig", "producerConfig", "consumerConfig", "topicConfig"];
    marks.iter().any(|mark| document.has(mark))
}

impl DriverFile {
    /// Reads the driver, or notes all that is wrong with it. Without a file and an address it is
    /// the embedded broker.
    pub fn read(
        source: &DriverSource,
        flags: &Assignments,
        files: &mut Files,
        ledger: &mut Ledger,
    ) -> Option<Self> {
        let mut givens = match &source.file {
            Some(path) => file_givens(path, files, ledger)?,
            None => Givens::new("--driver", FIELDS),
        };
        for flag in &flags.driver {
            givens.set(flag, &[], ledger);
        }
        let (driver, dialect) = match givens.read("driverClass", ledger, class) {
            Some(chosen) => chosen,
            None if givens.get("driverClass").is_some() => return None,
            None => (default_driver(source), Dialect::Librdkafka),
        };
        let servers = source.bootstrap_servers.as_deref();
        let configs = Configs::read(&givens, flags, servers, files, ledger);
        if !driver.is_remote {
            configs.refuse_servers(driver.name, ledger);
        }
        let stem = source.file.as_deref().and_then(Path::file_stem);
        let stem =
            stem.map_or_else(|| driver.name.to_owned(), |stem| stem.to_string_lossy().into_owned());
        let factor = givens.read("replicationFactor", ledger, replication_factor);
        let requests = scalar::Whole { min: 0, max: 32_767, example: 100 };
        let requests = givens.read("requestsPerTransaction", ledger, |value| requests.parse(value));
        // Brokers of our own are one; others know their default.
        let unset = if driver.is_remote { -1 } else { 1 };
        Some(Self {
            name: givens.read("name", ledger, scalar::word).unwrap_or(stem),
            file: source.file.clone(),
            source: givens.source.clone(),
            driver,
            dialect,
            replication_factor: factor.unwrap_or(unset),
            transaction_messages: requests.filter(|count| 0 < *count),
            consumer_topic_prefix: givens
                .read("consumerTopicPrefix", ledger, topic_prefix)
                .unwrap_or_default(),
            configs,
        })
    }
}

/// The file's fields; where the class is another system's, that alone is said.
fn file_givens(path: &Path, files: &mut Files, ledger: &mut Ledger) -> Option<Givens> {
    let document = Document::read(path, files, ledger)?;
    let of_class = |entry: &&super::document::DocumentEntry| {
        super::fields::is_spelling("driverClass", &entry.key)
    };
    if let Some(entry) = document.entries.iter().find(of_class)
        && !scalar::is_absent(&entry.value)
        && let Err(problem) = class(&entry.value)
    {
        ledger.fault(Fault::new(document.place(entry.line), &entry.key, problem));
        return None;
    }
    if !is_driver(&document) && (document.has("topics") || document.has("producerRate")) {
        let problem = "is a workload file, name it before --driver and give a driver file here";
        ledger.fault(Fault::whole(&document.path, problem));
        return None;
    }
    Some(Givens::of_file(&document, FIELDS, ledger))
}

/// The driver of a class; other tools' classes are for the Java client.
fn class(value: &Value) -> Result<(&'static Driver, Dialect), String> {
    let text = scalar::text(value).unwrap_or_default();
    let class = text.trim();
    let dialect = |driver: &Driver| {
        if driver.name == class { Dialect::Librdkafka } else { Dialect::Java }
    };
    find(class).map(|driver| (driver, dialect(driver))).ok_or_else(|| {
        format!(
            "got {}, which is not a Kafka driver, need one of {}",
            scalar::show(value),
            classes()
        )
    })
}

fn classes() -> String {
    let names = DRIVERS.iter().map(|driver| driver.name);
    let others = DRIVERS.iter().flat_map(|driver| driver.classes).copied();
    names.chain(others).collect::<Vec<_>>().join(", ")
}

fn default_driver(source: &DriverSource) -> &'static Driver {
    let name = match source {
        DriverSource { file: None, bootstrap_servers: None } => "embedded",
        _ => "kafka",
    };
    find(name).expect("kdyno's own drivers are listed")
}

/// The beginning of a topic's name; an empty one is none.
fn topic_prefix(value: &Value) -> Result<String, String> {
    let text = scalar::text(value).unwrap_or_else(|| scalar::show(value));
    if text.is_empty() || is_topic_name(&format!("{text}x")) {
        return Ok(text);
    }
    Err(format!("got \"{text}\", {TOPIC_NEED}"))
}

fn replication_factor(value: &Value) -> Result<i16, String> {
    let whole = scalar::Whole { min: 1, max: 32_767, example: 3 };
    if scalar::text(value).is_some_and(|text| text.trim() == "-1") {
        return Ok(-1);
    }
    let factor =
        whole.parse(value).map_err(|need| format!("{need}, or -1 for the broker's default"))?;
    Ok(i16::try_from(factor).expect("the greatest fits 16 bits"))
}

#[cfg(test)]
mod tests;
