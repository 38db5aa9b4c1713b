//! From a driver's properties to what the clients of one workload are told.

use engine::kafka::properties::{
    Dialect, Effective, NoteKind, Origin, Preset, PropertyError, Request, Resolved, Role,
    TopicConfig, ZONE_VARIABLE, resolve, resolve_topic,
};
use engine::plan::{ClientSettings, CommitMode, Partitioner};
use engine::units::{Bytes, Nanos};

use super::assignments::Assignments;
use super::driver::DriverFile;
use super::fault::{Fault, Ledger};
use super::workload::{CommitWish, Workload};

/// How often kdyno commits where the file leaves the committing to it and says no more.
const COMMIT_INTERVAL: Nanos = Nanos::from_secs(1);
/// Room for a message's key, header and framing beside its body.
const MESSAGE_OVERHEAD: u64 = 1_024;
/// librdkafka's own `message.max.bytes`.
const MESSAGE_MAX: u64 = 1_000_000;
/// As long as librdkafka's batches are by default, 1 MB on one partition would starve the others.
const STICKY_MAX: u64 = 64 << 10;

/// A property as reports show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownProperty {
    /// `producer`, `consumer`, `admin` or `topic`.
    pub role: &'static str,
    /// The name that users know.
    pub name: String,
    /// The value; `****` for a secret.
    pub value: String,
    /// Where it came from, e.g. `file` or `Java default`.
    pub origin: String,
    /// The name in the file, where it is another.
    pub written_as: Option<String>,
    /// What was changed on the way, or why it is so.
    pub note: Option<String>,
}

/// What the clients of a workload are told.
#[derive(Clone, Debug)]
pub(crate) struct Clients {
    /// For the plan.
    pub settings: ClientSettings,
    /// For reports.
    pub shown: Vec<ShownProperty>,
    /// How partitions are chosen without a key.
    pub partitioner: Partitioner,
    /// How long a delivery may take.
    pub delivery_timeout: Nanos,
}

/// The three kinds of clients and the topics.
struct Resolution {
    producer: Resolved,
    consumer: Resolved,
    admin: Resolved,
    topic: TopicConfig,
}

/// Resolves a driver's properties for a workload, or notes all that is wrong with them.
pub(crate) fn clients(
    driver: &DriverFile,
    workload: Option<&Workload>,
    existing_topics: bool,
    ledger: &mut Ledger,
) -> Option<Clients> {
    let faults_before = ledger.faults.len();
    refuse_unsupported(driver, ledger);
    let commit = workload.and_then(|workload| workload.commit);
    check_commit(driver, workload, ledger);
    let size = workload.map_or(0, |workload| workload.body.size.0);
    let mut resolution = resolve_all(driver, size, commit, ledger)?;
    check_size(&resolution.producer, size, driver, ledger);
    if !existing_topics {
        check_replicas(&resolution.topic, driver, ledger);
        replace_latest(&mut resolution.consumer, driver, ledger);
    }
    drop_unneeded(&mut resolution, driver, ledger);
    if faults_before < ledger.faults.len() {
        return None;
    }
    let batch = u64::try_from(resolution.producer.integer("batch.size").unwrap_or(0)).unwrap_or(0);
    let batch = match driver.dialect() {
        Dialect::Java => batch,
        Dialect::Librdkafka => batch.min(STICKY_MAX),
    };
    let timeout_ms = resolution.producer.integer("message.timeout.ms").unwrap_or(0);
    Some(Clients {
        partitioner: Partitioner::Sticky { batch: Bytes(batch) },
        delivery_timeout: Nanos::from_millis(u64::try_from(timeout_ms).unwrap_or(0)),
        shown: shown(&resolution),
        settings: ClientSettings {
            producer: pairs(&resolution.producer.properties),
            consumer: pairs(&resolution.consumer.properties),
            admin: pairs(&resolution.admin.properties),
            topic: pairs(&resolution.topic.properties),
            replication_factor: driver.replication_factor,
            commit: commit_mode(&resolution.consumer, commit, ledger),
        },
    })
}

/// What the clients take and the engine does not do.
fn refuse_unsupported(driver: &DriverFile, ledger: &mut Ledger) {
    for (name, problem) in [
        ("transactional.id", "transactions are not supported: remove it"),
        ("group.instance.id", "static membership is not supported: remove it"),
    ] {
        if let Some(written) = driver.configs.find(name) {
            ledger.fault(Fault::new(&written.entry.place, name, problem));
        }
    }
}

/// The file's own word on commits and the workload's must not contradict each other.
fn check_commit(driver: &DriverFile, workload: Option<&Workload>, ledger: &mut Ledger) {
    let Some(workload) = workload.filter(|workload| workload.commit.is_some()) else { return };
    let auto = driver.configs.find("enable.auto.commit");
    if let Some(auto) = auto.filter(|auto| auto.entry.value.trim().eq_ignore_ascii_case("true")) {
        let problem = format!(
            "got \"true\", need false: {} sets offsetCommitInterval",
            workload.file.display()
        );
        ledger.fault(Fault::new(&auto.entry.place, "enable.auto.commit", problem));
    }
}

fn resolve_all(
    driver: &DriverFile,
    size: u64,
    commit: Option<CommitWish>,
    ledger: &mut Ledger,
) -> Option<Resolution> {
    let zone = std::env::var(ZONE_VARIABLE).ok();
    let needed = size.saturating_add(MESSAGE_OVERHEAD);
    let (mut common, mut producer, mut forced) = (Vec::new(), Vec::new(), Vec::new());
    if driver.driver.name != "kafka" {
        let reason = "the run's own broker";
        common.push(Preset {
            name: "bootstrap.servers",
            value: driver.driver.name.to_owned(),
            reason,
        });
    }
    producer.extend(common.iter().cloned());
    if MESSAGE_MAX < needed {
        let reason = "messages of this size must fit";
        producer.push(Preset { name: "message.max.bytes", value: needed.to_string(), reason });
    }
    if commit.is_some() {
        let reason = "offsetCommitInterval says who commits";
        forced.push(Preset { name: "enable.auto.commit", value: "false".to_owned(), reason });
    }
    let mut one = |role, defaults: &[Preset], needs: &[Preset]| {
        let layers = driver.configs.layers(role);
        let request = Request {
            role,
            dialect: driver.dialect(),
            source: &driver.source,
            layers: &layers,
            defaults,
            forced: needs,
            zone: zone.as_deref(),
        };
        noted(resolve(&request), ledger)
    };
    let producer = one(Role::Producer, &producer, &[]);
    let consumer = one(Role::Consumer, &common, &forced);
    let admin = one(Role::Admin, &common, &[]);
    let topic = noted(resolve_topic(&driver.configs.topic_layers()), ledger);
    let resolution =
        Resolution { producer: producer?, consumer: consumer?, admin: admin?, topic: topic? };
    let notes = [&resolution.producer.notes, &resolution.consumer.notes, &resolution.admin.notes];
    for note in notes.into_iter().flatten().chain(&resolution.topic.notes) {
        let code = match note.kind {
            NoteKind::Ignored => "property_ignored",
            NoteKind::Adjusted => "property_adjusted",
            NoteKind::Overridden => "property_overridden",
            NoteKind::Warning => "property_warning",
        };
        ledger.remark(code, note.to_string());
    }
    Some(resolution)
}

fn noted<T>(result: Result<T, Vec<PropertyError>>, ledger: &mut Ledger) -> Option<T> {
    result.map_err(|errors| errors.into_iter().for_each(|error| ledger.fault(error))).ok()
}

/// A message that the client would refuse is better refused before the run.
fn check_size(producer: &Resolved, size: u64, driver: &DriverFile, ledger: &mut Ledger) {
    let most = producer.integer("message.max.bytes").and_then(|most| u64::try_from(most).ok());
    if most.is_none_or(|most| size < most) {
        return;
    }
    let names = ["message.max.bytes", "max.request.size"];
    let written = names.into_iter().find_map(|name| driver.configs.find(name));
    let (place, name) = written.map_or((driver.source.as_str(), names[0]), |written| {
        (written.entry.place.as_str(), written.entry.name.as_str())
    });
    let need = size.saturating_add(MESSAGE_OVERHEAD);
    let problem =
        format!("got \"{}\", need {need} for messages of {size} bytes", most.unwrap_or(0));
    ledger.fault(Fault::new(place, name, problem));
}

/// With fewer replicas than must be in sync, every message would fail.
fn check_replicas(topic: &TopicConfig, driver: &DriverFile, ledger: &mut Ledger) {
    const NAME: &str = "min.insync.replicas";
    let factor = i64::from(driver.replication_factor);
    let least = topic.get(NAME).and_then(|least| least.parse::<i64>().ok()).unwrap_or(1);
    if factor < 1 || least <= factor {
        return;
    }
    let written = driver.configs.find(NAME);
    let place = written.map_or(&driver.source, |written| &written.entry.place);
    let problem = format!(
        "got \"{least}\", need at most the replication factor, {factor}, e.g. \
         --set driver.topicConfig.min.insync.replicas=1 (with --set driver.replicationFactor=1 on one broker)"
    );
    ledger.fault(Fault::new(place, NAME, problem));
}

/// Consumers of new topics that start at the end would miss what is sent before they are there.
fn replace_latest(consumer: &mut Resolved, driver: &DriverFile, ledger: &mut Ledger) {
    const NAME: &str = "auto.offset.reset";
    let Some(reset) = consumer.properties.iter_mut().find(|property| property.name == NAME) else {
        return;
    };
    if reset.value == "earliest" {
        return;
    }
    let place = driver.configs.find(NAME).map_or("", |written| &written.entry.place);
    let note = "the topics are the run's own, nothing in them may be missed";
    let text = format!("{NAME}={} is replaced by earliest: {note}", reset.value);
    ledger.remark("offset_reset_replaced", Fault::whole(place, text).to_string());
    "earliest".clone_into(&mut reset.value);
    reset.origin = Origin::Forced;
    reset.note = Some(note.to_owned());
}

/// Properties that the engine sets itself.
fn drop_unneeded(resolution: &mut Resolution, driver: &DriverFile, ledger: &mut Ledger) {
    if let Some(written) = driver.configs.find("group.id") {
        let text = format!(
            "{}: group.id: has no effect, each subscription is a group of the run's own",
            written.entry.place
        );
        ledger.remark("property_overridden", text);
    }
    if let Some(written) = driver.configs.find("partitioner")
        && !["murmur2", "murmur2_random"].contains(&written.entry.value.trim())
    {
        let text = format!(
            "{}: partitioner: has no effect, kdyno chooses partitions: by murmur2 of the key, without one \
             a batch at a time",
            written.entry.place
        );
        ledger.remark("property_overridden", text);
    }
    let is_own_broker = driver.driver.name != "kafka";
    let Resolution { producer, consumer, admin, topic: _ } = resolution;
    for resolved in [producer, consumer, admin] {
        resolved.properties.retain(|property| {
            let name = property.name.as_str();
            let is_partitioner = name == "partitioner" && property.origin != Origin::JavaDefault;
            name != "group.id"
                && !is_partitioner
                && !(is_own_broker && name == "metadata.broker.list")
        });
    }
}

fn commit_mode(consumer: &Resolved, wish: Option<CommitWish>, ledger: &mut Ledger) -> CommitMode {
    match (wish, consumer.commit_linger_ms) {
        (Some(CommitWish::Every(span)), _) => CommitMode::Every(span),
        (Some(CommitWish::Never), _) => CommitMode::Never,
        (None, _) if consumer.is_on("enable.auto.commit") => CommitMode::Client,
        (None, Some(linger_ms)) if 0 < linger_ms => {
            CommitMode::Every(Nanos::from_millis(u64::try_from(linger_ms).unwrap_or(0)))
        }
        (None, Some(linger_ms)) => {
            let text = format!(
                "offsetCommitLingerMs={linger_ms} would commit at every poll: kdyno commits every \
                 {COMMIT_INTERVAL}, the workload's offsetCommitInterval changes that"
            );
            ledger.remark("property_adjusted", text);
            CommitMode::Every(COMMIT_INTERVAL)
        }
        (None, None) => CommitMode::Every(COMMIT_INTERVAL),
    }
}

fn pairs(properties: &[Effective]) -> Vec<(String, String)> {
    properties.iter().map(|property| (property.name.clone(), property.value.clone())).collect()
}

fn shown(resolution: &Resolution) -> Vec<ShownProperty> {
    let Resolution { producer, consumer, admin, topic } = resolution;
    let roles = [
        ("producer", &producer.properties),
        ("consumer", &consumer.properties),
        ("admin", &admin.properties),
        ("topic", &topic.properties),
    ];
    let show = |(role, properties): (&'static str, &Vec<Effective>)| {
        let one = move |property: &Effective| ShownProperty {
            role,
            name: property.familiar_name().to_owned(),
            value: property.masked_value().to_owned(),
            origin: property.origin.to_string(),
            written_as: property.written_as.clone(),
            note: property.note.clone(),
        };
        properties.iter().map(one).collect::<Vec<_>>()
    };
    roles.into_iter().flat_map(show).collect()
}

/// Warns of secrets that the command line shows to everybody on the host.
pub(crate) fn warn_of_literals(shown: &[ShownProperty], flags: &Assignments, ledger: &mut Ledger) {
    for (_, entry) in &flags.properties {
        let is_secret = |one: &ShownProperty| {
            one.value == "****"
                && (one.name == entry.name || one.written_as.as_ref() == Some(&entry.name))
        };
        if flags.literals.contains(&entry.place) && shown.iter().any(is_secret) {
            let text = format!(
                "{}: a secret on the command line is seen by everybody on this host: use \
                 ${{env:NAME}} or ${{file:PATH}}",
                entry.place
            );
            ledger.remark("secret_on_command_line", text);
        }
    }
}
