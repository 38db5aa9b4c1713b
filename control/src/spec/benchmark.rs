//! The benchmark file of `--config`: what holds for all runs of an invocation.

use std::path::{Path, PathBuf};

use engine::units::Nanos;
use serde_yaml::Value;

use super::document::Document;
use super::fault::Ledger;
use super::fields::{self, Field};
use super::files::Files;
use super::fleet;
use super::given::Givens;
use super::monitoring;
use super::scalar;
use super::worker_url::WorkerUrl;

/// The fields of a benchmark file.
pub(crate) const FIELDS: &[Field] = &[
    Field::used("resultsDir"),
    Field::used("warmupEnabled"),
    Field::used("cleanupEnabled"),
    Field::used("consumerReadyTimeout"),
    Field::used("logLevel"),
    Field::used("enableMonitoring"),
    Field::used("monitorInterval"),
    Field::no_effect("name", &[], "a run has its workload's name"),
    Field::used("workers"),
];

/// Longer than a day nobody waits for consumers.
const READY_MAX: Nanos = Nanos::from_secs(24 * 3_600);

/// How much is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Everything.
    Debug,
    /// What happens.
    #[default]
    Info,
    /// What should not happen.
    Warning,
    /// What ends the run.
    Error,
}

impl LogLevel {
    /// All levels with their words.
    pub const WORDS: [(&'static str, Self); 4] = [
        ("debug", Self::Debug),
        ("info", Self::Info),
        ("warning", Self::Warning),
        ("error", Self::Error),
    ];

    /// The level of a word, in any case.
    pub fn of_word(word: &str) -> Option<Self> {
        let same = |(name, _): &&(&str, Self)| name.eq_ignore_ascii_case(word.trim());
        Self::WORDS.iter().find(same).map(|(_, level)| *level)
    }
}

/// What a benchmark file says; nothing where it leaves a field out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Benchmark {
    /// Where results go.
    pub results_dir: Option<PathBuf>,
    /// Whether runs have a warm-up.
    pub warmup_enabled: Option<bool>,
    /// Whether topics are deleted.
    pub cleanup_enabled: Option<bool>,
    /// How long consumers may take to be ready.
    pub consumer_ready_timeout: Option<Nanos>,
    /// How much is logged.
    pub log_level: Option<LogLevel>,
    /// Whether the system is monitored.
    pub monitoring_enabled: Option<bool>,
    /// How often it is looked at.
    pub monitor_interval: Option<Nanos>,
    /// The workers that do the runs; nothing where the list is empty, too.
    pub workers: Option<Vec<WorkerUrl>>,
}

impl Benchmark {
    /// Reads a file, or notes all that is wrong with it.
    pub(crate) fn read(path: &Path, files: &mut Files, ledger: &mut Ledger) -> Option<Self> {
        Document::read(path, files, ledger).map(|document| Self::of_document(&document, ledger))
    }

    /// The same for a file that was read already.
    pub(crate) fn of_document(document: &Document, ledger: &mut Ledger) -> Self {
        let givens = Givens::of_file(document, FIELDS, ledger);
        let span = |value: &Value| scalar::span(value, Nanos(1), READY_MAX);
        Self {
            results_dir: givens.read("resultsDir", ledger, scalar::word).map(PathBuf::from),
            warmup_enabled: givens.read("warmupEnabled", ledger, scalar::switch),
            cleanup_enabled: givens.read("cleanupEnabled", ledger, scalar::switch),
            consumer_ready_timeout: givens.read("consumerReadyTimeout", ledger, span),
            log_level: givens.read("logLevel", ledger, log_level),
            monitoring_enabled: givens.read("enableMonitoring", ledger, scalar::switch),
            monitor_interval: givens.read("monitorInterval", ledger, monitoring::period),
            workers: given_workers(&givens, ledger),
        }
    }
}

fn given_workers(givens: &Givens, ledger: &mut Ledger) -> Option<Vec<WorkerUrl>> {
    let given = givens.get("workers").filter(|given| !fields::is_default(&given.value, &[]))?;
    Some(fleet::of_given(given, ledger))
}

fn log_level(value: &Value) -> Result<LogLevel, String> {
    let word = scalar::text(value).unwrap_or_default();
    LogLevel::of_word(&word)
        .ok_or_else(|| format!("got {}, need debug, info, warning or error", scalar::show(value)))
}

#[cfg(test)]
mod tests {
    use super::{Benchmark, Document, Ledger, LogLevel, Nanos};

    fn read(text: &str) -> (Option<Benchmark>, Ledger) {
        let mut ledger = Ledger::default();
        let document = Document::parse("b.yaml", text, &mut ledger);
        (document.map(|document| Benchmark::of_document(&document, &mut ledger)), ledger)
    }

    #[test]
    fn every_field_is_read() {
        let (read, ledger) = read(
            "results_dir: out\nwarmupEnabled: no\ncleanup_enabled: true\nconsumerReadyTimeout: 90s\n\
             logLevel: WARNING\nworkers: []\nmonitoringEnabled: true\nmonitor_interval: 500ms\nname: b\n",
        );
        assert_eq!(ledger.faults, []);
        let expected = Benchmark {
            results_dir: Some("out".into()),
            warmup_enabled: Some(false),
            cleanup_enabled: Some(true),
            consumer_ready_timeout: Some(Nanos::from_secs(90)),
            log_level: Some(LogLevel::Warning),
            monitoring_enabled: Some(true),
            monitor_interval: Some(Nanos::from_millis(500)),
            workers: None,
        };
        assert_eq!(read, Some(expected));
        let remarks: Vec<String> = ledger.remarks.iter().map(ToString::to_string).collect();
        assert_eq!(remarks, ["b.yaml:9: name: has no effect here: a run has its workload's name"]);
    }

    #[test]
    fn faults_are_told_at_once() {
        let (_, ledger) = read(
            "workers: [http://a:1, https://b, A:1]\nwarmupEnabled: maybe\nconsumerReadyTimeout: 60\nlogLevel: loud\n\
             resultDir: x\nenableMonitoring: yes\nmonitoringEnabled: no\nmonitorInterval: 1\n",
        );
        let faults: Vec<String> = ledger.faults.iter().map(ToString::to_string).collect();
        let expected = [
            "b.yaml:5: resultDir: there is no such field, did you mean resultsDir?",
            "b.yaml:7: monitoringEnabled: is the same field as enableMonitoring (b.yaml:6): keep one of them",
            "b.yaml:2: warmupEnabled: got \"maybe\", need true or false",
            "b.yaml:3: consumerReadyTimeout: got \"60\", need a time above 0 and of at most 24h with its unit, e.g. 30s or 5m",
            "b.yaml:4: logLevel: got \"loud\", need debug, info, warning or error",
            "b.yaml:8: monitorInterval: got \"1\", need a time from 100ms to 1h with its unit, e.g. 1s",
            "b.yaml:1: workers: got \"https://b\", but there is no TLS between kdyno's hosts: need http://, through a tunnel or in a private network",
            "b.yaml:1: workers: got http://a:1 twice, need each worker once",
        ];
        assert_eq!(faults, expected);
    }
}
