//! A workload file: what is sent and read, by how many, how fast and for how long.

mod backlog;
mod body;
mod body_source;
mod churn;
mod compressibility;
mod existing;
mod keys;
mod pace;
mod payload_file;
mod phases;
mod rate_shape;
mod read_only;
mod records;
mod resolved;
mod search;
mod shape;
mod sizes;
mod streams;
mod transactions;

use backlog::Bringing;
pub(crate) use backlog::{BacklogWish, Size as BacklogSize};
pub(crate) use body::{Body, Payload, StampWish};
pub(crate) use body_source::{BodySource, POOL_BYTES_MAX};
pub(crate) use compressibility::Codec;
pub(crate) use keys::{KeyWish, source as key_source};
pub(crate) use pace::Speed;
pub(crate) use rate_shape::is_shape;
pub(crate) use records::Records;
pub(crate) use search::SearchWish;
pub(crate) use shape::Shape;
pub(crate) use streams::field_of as stream_field;
pub(crate) use transactions::TransactionWish;

use std::path::{Path, PathBuf};

use engine::plan::{Churn, Varied, Verification, Warmup};
use engine::time::Arrival;
use engine::units::Nanos;
use serde_yaml::Value;

use super::document::Document;
use super::fault::{Fault, Ledger};
use super::fields::Field;
use super::files::Files;
use super::given::{FieldFlag, Givens};
use super::scalar;

/// The fields of a workload.
pub(crate) const FIELDS: &[Field] = &[
    Field::used("name"),
    Field::used("topics"),
    Field::used("partitionsPerTopic"),
    Field::used("messageSize"),
    Field::used("payloadFile"),
    Field::used("useRandomizedPayloads"),
    Field::used("randomBytesRatio"),
    Field::used("randomizedPayloadPoolSize"),
    Field::used("messageSizeDistribution"),
    Field::used("compressibility"),
    Field::used("payloadTemplate"),
    Field::used("stamp"),
    Field::used("verification"),
    Field::used("hiccups"),
    Field::used("keyDistributor"),
    keys::FIELDS[0],
    keys::FIELDS[1],
    keys::FIELDS[2],
    keys::FIELDS[3],
    Field::used("sensors"),
    Field::used("key"),
    Field::used("headers"),
    Field::used("producersPerTopic"),
    Field::used("producerRate"),
    search::FIELDS[0],
    search::FIELDS[1],
    search::FIELDS[2],
    search::FIELDS[3],
    search::FIELDS[4],
    search::FIELDS[5],
    search::FIELDS[6],
    transactions::FIELDS[0],
    transactions::FIELDS[1],
    transactions::FIELDS[2],
    transactions::FIELDS[3],
    churn::FIELDS[0],
    churn::FIELDS[1],
    Field::used("arrival"),
    Field::used("seed"),
    Field::used("subscriptionsPerTopic"),
    Field::used("consumerPerSubscription"),
    Field::used("offsetCommitInterval"),
    Field::used("testDurationMinutes"),
    Field::used("testDuration"),
    Field::used("warmupDurationMinutes"),
    Field::used("warmupDuration"),
    Field::used("consumerBacklog"),
    Field::used("consumerBacklogSizeGB"),
    Field::used("backlogDrainRatio"),
    Field::used("drainProducerRate"),
    Field::used("producerPauseDuringDrain"),
    Field::used("backlogBuildTimeout"),
    Field::used("backlogDrainTimeout"),
    Field::no_effect("acceptableBacklog", &["0"], "it belongs to a fork's search for a rate"),
    Field::no_effect("sampleRateMillis", &["0"], "a run always reports every second"),
    Field::used("existingTopicList"),
    Field::used("existingProduceTopicList"),
    Field::used("existingConsumeTopicList"),
    Field::used("streams"),
    Field::used("sweep"),
];

/// Pairs of fields that say the same in two units.
pub(crate) const RIVALS: &[(&str, &str)] = &[
    ("testDuration", "testDurationMinutes"),
    ("testDurationMinutes", "testDuration"),
    ("warmupDuration", "warmupDurationMinutes"),
    ("warmupDurationMinutes", "warmupDuration"),
    ("consumerBacklog", "consumerBacklogSizeGB"),
    ("consumerBacklogSizeGB", "consumerBacklog"),
    ("messageSize", "messageSizeDistribution"),
    ("messageSizeDistribution", "messageSize"),
    ("transactionMessages", "transactionDuration"),
    ("transactionDuration", "transactionMessages"),
];

/// A workload as its file and the flags have it, with every default filled in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Workload {
    /// Its name, else that of the file.
    pub name: String,
    /// The file.
    pub file: PathBuf,
    /// Topics that it names since they are there; none where it has new ones made.
    pub topics: Vec<String>,
    /// How many topics, producers and consumers.
    pub shape: Shape,
    /// What a message is.
    pub body: Body,
    /// How fast.
    pub speed: Speed,
    /// How its limit is searched, where that is asked for.
    pub search: Option<SearchWish>,
    /// How evenly.
    pub arrival: Arrival,
    /// Which keys messages have, if any.
    pub keys: Option<KeyWish>,
    /// What messages are beside the bytes of their bodies.
    pub records: Records,
    /// How closely what is received is held against what was acked.
    pub verification: Verification,
    /// Whether lanes note for how long their cores are taken away from them.
    pub hiccups: bool,
    /// How long before the measured phase.
    pub warmup: Warmup,
    /// How long is measured; with a backlog, from when it is drained.
    pub measured: Nanos,
    /// What consumers are to find unread, if anything.
    pub backlog: Option<BacklogWish>,
    /// How often kdyno commits offsets; nothing where the file leaves it open.
    pub commit: Option<CommitWish>,
    /// How its producers send in transactions; nothing where the file says nothing of them.
    pub transactions: Option<TransactionWish>,
    /// Its streams by their names where it has several; what is said above of one is then the first's.
    pub streams: Vec<(String, Self)>,
    /// How its consumers come and go; nothing where they stay.
    pub churn: Option<Churn>,
}

/// How often offsets are to be committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommitWish {
    /// This often.
    Every(Nanos),
    /// `none`.
    Never,
}

/// What the invocation asks of every workload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Circumstances<'a> {
    /// Flags that stand for fields.
    pub flags: &'a [FieldFlag],
    /// How many existing topics are used in place of new ones.
    pub existing_topics: usize,
    /// Whether the benchmark file switches warm-ups off.
    pub skip_warmup: bool,
}

impl Workload {
    /// Reads a file, or notes all that is wrong with it.
    pub(crate) fn read(
        path: &Path,
        asked: &Circumstances<'_>,
        files: &mut Files,
        ledger: &mut Ledger,
    ) -> Option<Self> {
        let document = Document::read(path, files, ledger)?;
        Self::of_document(path, &document, asked, files, ledger)
    }

    /// The same for a file that was read already.
    pub(crate) fn of_document(
        path: &Path,
        document: &Document,
        asked: &Circumstances<'_>,
        files: &Files,
        ledger: &mut Ledger,
    ) -> Option<Self> {
        if super::driver::is_driver(document) {
            let problem = "is a driver file, give it with --driver and name a workload file here";
            ledger.fault(Fault::whole(&document.path, problem));
            return None;
        }
        let faults_before = ledger.faults.len();
        let mut givens = Givens::of_file(document, FIELDS, ledger);
        let (own, common): (Vec<&FieldFlag>, Vec<_>) =
            asked.flags.iter().partition(|flag| streams::is_of_one(flag));
        for flag in common {
            givens.set(flag, RIVALS, ledger);
        }
        let streams = streams::read(document, &givens, &own, ledger);
        let read = if streams::is_asked(&givens) {
            streams::join(path, &streams, asked, files, ledger)
        } else {
            read(path, &givens, asked, files, ledger)
        };
        read.filter(|_| ledger.faults.len() == faults_before)
    }

    /// What the engine is to do of a rate that changes or of arrivals by chance; nothing where neither
    /// is asked for.
    ///
    /// # Errors
    /// When the recording cannot be read, or nothing would be due.
    pub(crate) fn varied(&self, files: &mut Files) -> Result<Option<Varied>, Fault> {
        let made = pace::varied((&self.speed, self.arrival), self.measured, files);
        made.map_err(|problem| Fault::new(self.file.display().to_string(), "producerRate", problem))
    }
}

fn read(
    path: &Path,
    givens: &Givens,
    asked: &Circumstances<'_>,
    files: &Files,
    ledger: &mut Ledger,
) -> Option<Workload> {
    let name = givens.read("name", ledger, scalar::word);
    let topics = existing::read(givens, ledger);
    // Those of the command line win.
    let listed = topics.len().max(usize::from(existing::is_given(givens)));
    let count = if asked.existing_topics == 0 { listed } else { asked.existing_topics };
    let shape = shape::read(givens, count, ledger);
    if let Some(shape) = shape {
        existing::check_sides(givens, shape, ledger);
    }
    if let Some(shape) = shape.filter(|shape| shape.is_read_only()) {
        let read = read_only::read((path, name), givens, shape, ledger)?;
        return Some(Workload { topics, ..read });
    }
    let body = body::read(givens, path, files, ledger);
    let speed = pace::read(&pace::Reading { givens, workload: path, files }, ledger);
    let search = search::read(givens, speed.as_ref(), ledger);
    let arrival = pace::arrival(givens, speed.as_ref(), ledger);
    let keys = keys::read(givens, path, files, ledger);
    let records = records::read(givens, (shape, body.as_ref()), keys.as_ref(), ledger);
    let verification = givens.read("verification", ledger, verification).unwrap_or_default();
    let hiccups = givens.read("hiccups", ledger, scalar::switch).unwrap_or(true);
    let warmup = phases::warmup(givens, ledger);
    let is_left_out = asked.skip_warmup && !phases::is_warmup_by_flag(givens);
    let warmup = if is_left_out { Warmup::NONE } else { warmup };
    pace::check_warmup((givens, warmup), (speed.as_ref(), arrival), ledger);
    let measured = phases::measured(givens, ledger);
    let load = || {
        let message_size = body.as_ref()?.size;
        let speed = Bringing::by(speed.as_ref()?, arrival);
        Some(backlog::Load { shape: shape?, message_size, speed, measured: measured? })
    };
    let backlog = backlog::read(givens, load(), ledger);
    let commit = givens.read("offsetCommitInterval", ledger, commit_wish);
    let transactions = transactions::read(givens, ledger);
    if backlog.is_some() && transactions.is_some() {
        let problem = "a backlog is what was acked and not read, of which consumers see only what is \
                       committed: leave either out";
        ledger.fault(givens.fault("transactionMessages", problem));
    }
    let has_backlog = backlog.is_some();
    Some(Workload {
        name: named(name, path),
        file: path.to_owned(),
        topics,
        shape: shape?,
        body: body?,
        speed: speed?,
        search,
        arrival,
        keys,
        records,
        verification,
        hiccups,
        warmup,
        measured: measured?,
        backlog,
        commit,
        transactions,
        streams: Vec::new(),
        churn: churn::read(givens, (shape, has_backlog), ledger),
    })
}

/// Its name, else that of its file.
fn named(name: Option<String>, path: &Path) -> String {
    name.unwrap_or_else(|| path.file_stem().unwrap_or_default().to_string_lossy().into_owned())
}

/// The words of a workload's `verification`.
const VERIFICATIONS: [(&str, Verification); 3] = [
    ("numbers", Verification::Numbers),
    ("payload", Verification::Payload),
    ("counts", Verification::Counts),
];

fn verification(value: &Value) -> Result<Verification, String> {
    let text = scalar::text(value).unwrap_or_default();
    let found = VERIFICATIONS.iter().find(|(word, _)| *word == text.trim());
    found
        .map(|(_, meaning)| *meaning)
        .ok_or_else(|| format!("got {}, need numbers, payload or counts", scalar::show(value)))
}

fn commit_wish(value: &Value) -> Result<CommitWish, String> {
    if scalar::text(value).is_some_and(|text| text.trim() == "none") {
        return Ok(CommitWish::Never);
    }
    let read = scalar::span(value, Nanos(1), phases::SPAN_MAX).map(CommitWish::Every);
    read.map_err(|need| format!("{need}, or none"))
}

#[cfg(test)]
mod tests;
