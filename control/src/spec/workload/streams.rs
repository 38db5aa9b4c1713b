//! Several streams of one run: each has a name, and fields of its own in place of those beside `streams`.

use std::path::Path;

use engine::time::Arrival;
use serde_json::{Map, Value as Json};
use serde_yaml::Value;

use super::{Circumstances, FIELDS, RIVALS, Speed, Workload};
use crate::spec::document::{Document, DocumentEntry};
use crate::spec::fault::{Fault, Ledger};
use crate::spec::fields::{self, nearest};
use crate::spec::files::Files;
use crate::spec::given::{FieldFlag, Given, Givens};
use crate::spec::{scalar, scan};

/// The field that holds them, and how names of a stream's fields begin: `streams.probe.producerRate`.
const STREAMS: &str = "streams";
/// Streams of a run at most: every lane keeps histograms of each.
const COUNT_MAX: usize = 8;
/// The field that makes arrivals by chance the same in every run.
const SEED: &str = "seed";
/// Letters of a stream's name, which is a part of topics' and groups' names.
const NAME_MAX: usize = 32;

/// What a stream may have of its own: what is sent, how fast, where to, by how many and to how many.
const OWN: [&str; 25] = [
    "topics",
    "partitionsPerTopic",
    "messageSize",
    "payloadFile",
    "useRandomizedPayloads",
    "randomBytesRatio",
    "randomizedPayloadPoolSize",
    "messageSizeDistribution",
    "compressibility",
    "payloadTemplate",
    "stamp",
    "keyDistributor",
    "keyCount",
    "keyFile",
    "keySkew",
    "keyRecency",
    "sensors",
    "key",
    "headers",
    "producersPerTopic",
    "producerRate",
    "arrival",
    "seed",
    "subscriptionsPerTopic",
    "consumerPerSubscription",
];

/// A stream of a file: its name, and what is given for all its fields, those beside `streams` included.
pub(super) struct StreamGivens {
    pub(super) name: String,
    pub(super) givens: Givens,
    /// Whether the seed of its arrivals is its own.
    has_seed: bool,
}

/// The stream and the field that a name like `streams.probe.producerRate` means; `None` where it is no such
/// name, or a stream has no such field of its own.
pub(crate) fn field_of(name: &str) -> Option<(&str, &'static str)> {
    let (stream, field) = apart(name)?;
    let found = fields::find(FIELDS, field)?;
    OWN.contains(&found.name).then_some((stream, found.name))
}

/// The stream and what is behind it, whatever they are.
fn apart(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix(STREAMS)?.strip_prefix('.')?.split_once('.')
}

/// Whether a flag is of one stream.
pub(super) fn is_of_one(flag: &FieldFlag) -> bool {
    flag.field.strip_prefix(STREAMS).is_some_and(|rest| rest.starts_with('.'))
}

/// Whether a workload asks for several streams, well formed or not.
pub(super) fn is_asked(common: &Givens) -> bool {
    common.get(STREAMS).is_some_and(|given| !fields::is_default(&given.value, &[]))
}

/// Reads the streams of a file with the flags that are of one of them, or notes what is wrong with them;
/// none where the file has no streams.
pub(super) fn read(
    document: &Document,
    common: &Givens,
    flags: &[&FieldFlag],
    ledger: &mut Ledger,
) -> Vec<StreamGivens> {
    let entry = document.entries.iter().find(|entry| entry.key == STREAMS);
    let is_asked = is_asked(common);
    let mut own = if is_asked { of_file(document, entry, common, ledger) } else { Vec::new() };
    for flag in flags {
        if let Err(problem) = set(&mut own, flag, ledger) {
            ledger.fault(Fault::whole(&flag.flag, problem));
        }
    }
    check_common(&own, common, ledger);
    let joined = |(name, fields): (String, Givens)| {
        let has_seed = fields.get(SEED).is_some();
        StreamGivens { name, has_seed, givens: common.without(STREAMS).with(fields, RIVALS) }
    };
    own.into_iter().map(joined).collect()
}

/// The streams' own fields, as the file has them.
fn of_file(
    document: &Document,
    entry: Option<&DocumentEntry>,
    common: &Givens,
    ledger: &mut Ledger,
) -> Vec<(String, Givens)> {
    let need = "names with their fields, e.g. streams: {bulk: {producerRate: 50000}, probe: {producerRate: 100}}";
    let value = common.get(STREAMS).map(|given| &given.value);
    let (Some(Value::Mapping(map)), Some(entry)) = (value, entry) else {
        let shown = scalar::show(value.unwrap_or(&Value::Null));
        let one = "in the workload's file; one field is set by --set streams.NAME.FIELD=VALUE";
        ledger.fault(common.fault(STREAMS, format!("got {shown}, need {need}, {one}")));
        return Vec::new();
    };
    if !(2..=COUNT_MAX).contains(&map.len()) {
        let problem = format!(
            "got {} of them, need 2 to {COUNT_MAX}: the fields of a single stream stand beside the others, \
             without streams",
            map.len()
        );
        ledger.fault(common.fault(STREAMS, problem));
    }
    let lines = lines_below(&entry.text, entry.line);
    let mut all = Vec::new();
    for (name, fields) in map {
        let name = scalar::text(name).unwrap_or_default();
        let own = lines.iter().find(|(key, ..)| *key == name);
        let line = own.map(|(_, line, _)| *line).or(entry.line);
        let place = document.place(line);
        let path = format!("{STREAMS}.{name}");
        if let Err(problem) = check_name(&name) {
            ledger.fault(Fault::new(&place, STREAMS, problem));
            continue;
        }
        let Value::Mapping(fields) = fields else {
            let shown = scalar::show(fields);
            let problem = format!("got {shown}, need its fields, e.g. {{producerRate: 100}}");
            ledger.fault(Fault::new(&place, &path, problem));
            continue;
        };
        let inner = own.map_or_else(Vec::new, |(_, first, text)| lines_below(text, Some(*first)));
        let mut givens = Givens::new(&format!("{place}: {path}"), FIELDS);
        for (field, content) in fields {
            let written = scalar::text(field).unwrap_or_default();
            let line_of = inner.iter().find(|(key, ..)| *key == written).map(|(_, at, _)| *at);
            let given = Given {
                value: content.clone(),
                place: document.place(line_of.or(line)),
                field: format!("{path}.{written}"),
                text: String::new(),
                line: line_of.or(line),
                by_flag: false,
            };
            add(&mut givens, &written, &given, ledger);
        }
        all.push((name, givens));
    }
    all
}

/// The keys of the block behind the first line of a field's text: each with its line and its own text.
fn lines_below(text: &str, line: Option<usize>) -> Vec<(String, usize, String)> {
    let Some(line) = line else { return Vec::new() };
    let all: Vec<&str> = text.lines().collect();
    let below = all.get(1..).unwrap_or_default().join("\n");
    let keys = scan::keys(&below, line + 1);
    let text_of = |at: usize| {
        let end = keys.get(at + 1).map_or(all.len(), |next| next.line - line);
        all[keys[at].line - line..end].join("\n")
    };
    (0..keys.len()).map(|at| (keys[at].key.clone(), keys[at].line, text_of(at))).collect()
}

fn check_name(name: &str) -> Result<(), String> {
    // Names of topics tell the run's id from the stream's name by its last underscore.
    let legal =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    let begins = name.starts_with(|letter: char| letter.is_ascii_lowercase());
    if begins && name.len() <= NAME_MAX && name.chars().all(legal) {
        return Ok(());
    }
    Err(format!(
        "got the name \"{name}\", need a letter and up to {} more of a-z, 0-9 and -: topics and groups are named \
         after it",
        NAME_MAX - 1
    ))
}

/// Adds a field to a stream's own, unless it has none of this name.
fn add(own: &mut Givens, written: &str, given: &Given, ledger: &mut Ledger) {
    let Some(field) = fields::find(FIELDS, written) else {
        ledger.fault(given.fault(fields::unknown(FIELDS, written)));
        return;
    };
    if !OWN.contains(&field.name) {
        let problem =
            "is of the whole run and not of one stream: give it beside streams, not within";
        ledger.fault(given.fault(problem));
    } else if let Some(first) = own.put(field.name, given.clone()) {
        let problem = format!("is the same field as {} ({}): keep one", first.field, first.place);
        ledger.fault(given.fault(problem));
    }
}

/// Replaces a field of one stream by a flag's.
fn set(own: &mut [(String, Givens)], flag: &FieldFlag, ledger: &mut Ledger) -> Result<(), String> {
    let Some((name, field)) = apart(&flag.field) else {
        return Err(
            "need the stream and its field, e.g. --set streams.probe.producerRate=200".to_owned()
        );
    };
    if own.is_empty() {
        return Err("the workload has no streams: give the field itself".to_owned());
    }
    let names: Vec<String> = own.iter().map(|(known, _)| known.clone()).collect();
    let Some((_, givens)) = own.iter_mut().find(|(known, _)| known == name) else {
        let meant = nearest(name, names.iter().map(String::as_str));
        let meant = meant.map_or_else(|| ".".to_owned(), |near| format!(", did you mean {near}?"));
        return Err(format!("there is no stream \"{name}\"{meant} There are {}", names.join(", ")));
    };
    match fields::find(FIELDS, field) {
        None => return Err(fields::unknown(FIELDS, field)),
        Some(found) if !OWN.contains(&found.name) => {
            return Err(format!("{} is of the whole run and not of one stream", found.name));
        }
        Some(found) => {
            givens.set(&FieldFlag { field: found.name.to_owned(), ..flag.clone() }, RIVALS, ledger);
        }
    }
    Ok(())
}

/// Refuses what one run of several streams cannot do, and flags that no stream would heed.
fn check_common(own: &[(String, Givens)], common: &Givens, ledger: &mut Ledger) {
    if own.is_empty() {
        return;
    }
    for field in OWN {
        let flag = common.get(field).filter(|given| given.by_flag);
        let is_replaced = own.iter().all(|(_, givens)| givens.get(field).is_some());
        if let Some(flag) = flag.filter(|_| is_replaced) {
            let problem = format!(
                "has no effect, since each stream has a {field} of its own: set one stream's, e.g. \
                 --set {STREAMS}.{}.{field}=…",
                own[0].0
            );
            ledger.fault(flag.fault(problem));
        }
    }
    let lists = ["existingTopicList", "existingProduceTopicList", "existingConsumeTopicList"];
    let backlogs = ["consumerBacklog", "consumerBacklogSizeGB"];
    let asked = |name: &&&str| {
        let given = common.get(name);
        given.is_some_and(|of| !fields::is_default(&of.value, &["0", "0.0", "none"]))
    };
    for name in lists.iter().filter(asked) {
        let problem = "is not for several streams, each of which has topics of its own made: leave one of \
                       them out";
        ledger.fault(common.fault(name, problem));
    }
    for name in backlogs.iter().filter(asked) {
        let problem = "is built and drained by one stream: leave it or streams out";
        ledger.fault(common.fault(name, problem));
    }
}

/// Reads each stream as a workload of its own, and joins them to one.
pub(super) fn join(
    path: &Path,
    streams: &[StreamGivens],
    asked: &Circumstances<'_>,
    files: &Files,
    ledger: &mut Ledger,
) -> Option<Workload> {
    if 0 < asked.existing_topics {
        let problem =
            "is not for a workload of several streams, each of which has topics of its own made";
        ledger.fault(Fault::whole("--topic", problem));
    }
    let mut all = Vec::new();
    for (number, StreamGivens { name, givens, has_seed }) in (0..).zip(streams) {
        // Existing topics were refused.
        let alone = Circumstances { existing_topics: 0, ..*asked };
        let Some(mut stream) = super::read(path, givens, &alone, files, ledger) else { continue };
        check_stream(&stream, givens, ledger);
        if let Arrival::Poisson { seed } = &mut stream.arrival
            && !has_seed
        {
            // With one seed for all, what comes by chance would come in all of them alike.
            *seed = seed.wrapping_add(number);
        }
        all.push((name.clone(), stream));
    }
    let (_, first) = all.first().filter(|_| all.len() == streams.len())?;
    Some(Workload { streams: all.clone(), ..first.clone() })
}

/// Refuses what a stream of several cannot be.
fn check_stream(workload: &Workload, givens: &Givens, ledger: &mut Ledger) {
    if workload.speed == Speed::Search {
        let problem = "got \"0\", a search, which is for one stream: need a rate, or max";
        ledger.fault(givens.fault("producerRate", problem));
    }
    if workload.shape.is_read_only() {
        let problem = "got \"0\", need at least 1: each of several streams sends";
        ledger.fault(givens.fault("producersPerTopic", problem));
    }
}

impl Workload {
    /// Its streams with their names: one of the workload's own name where it has no several.
    pub(crate) fn parts(&self) -> Vec<(&str, &Self)> {
        if self.streams.is_empty() {
            return vec![(&self.name, self)];
        }
        self.streams.iter().map(|(name, stream)| (name.as_str(), stream)).collect()
    }
}

/// The fields of several streams, each of whose own stand in the maps: what is the same in all stands
/// beside `streams`, the rest within.
pub(super) fn shown(streams: &[(String, Map<String, Json>)]) -> Map<String, Json> {
    let Some((_, first)) = streams.first() else { return Map::new() };
    let is_common = |name: &str, value: &Json| {
        streams.iter().all(|(_, fields)| fields.get(name) == Some(value))
    };
    let mut all: Map<String, Json> = first
        .iter()
        .filter(|(name, value)| is_common(name, value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let own = |(stream, fields): &(String, Map<String, Json>)| {
        let differ = fields.iter().filter(|(name, value)| !is_common(name, value));
        let differing: Map<String, Json> =
            differ.map(|(name, value)| (name.clone(), value.clone())).collect();
        (stream.clone(), Json::Object(differing))
    };
    all.insert(STREAMS.to_owned(), Json::Object(streams.iter().map(own).collect()));
    all
}
