//! From a driver's properties to what the clients of one workload are told.

mod checks;
mod shown;
mod two_clusters;

pub use shown::ShownProperty;
pub(crate) use shown::warn_of_literals;

use engine::kafka::properties::{
    Dialect, Effective, Layer, NoteKind, Preset, PropertyError, Request, Resolved, Role,
    TopicConfig, ZONE_VARIABLE, resolve, resolve_topic,
};
use engine::plan::{ClientSettings, CommitMode, ConsumerCluster, Partitioner, Transactions};
use engine::units::{Bytes, Nanos};

use super::driver::{Config, DriverFile};
use super::fault::Ledger;
use super::workload::{CommitWish, TransactionWish, Workload};
use two_clusters::{Admins, Sides, admins};

/// How often kdyno commits where the file leaves the committing to it and says no more.
const COMMIT_INTERVAL: Nanos = Nanos::from_secs(1);
/// Room for a message's key, header and framing beside its body.
const MESSAGE_OVERHEAD: u64 = 1_024;
/// librdkafka's own `message.max.bytes`.
const MESSAGE_MAX: u64 = 1_000_000;
/// Java's and librdkafka's own `transaction.timeout.ms`.
const TRANSACTION_TIMEOUT_MS: i64 = 60_000;
/// As long as librdkafka's batches are by default, 1 MB on one partition would starve the others.
const STICKY_MAX: u64 = 64 << 10;

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
    /// The same at the consumers' cluster, where that is another one.
    consumer_admin: Option<Resolved>,
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
    let commit = workload.and_then(|workload| workload.commit);
    checks::check_commit(driver, workload, ledger);
    checks::check_transactions(driver, workload, ledger);
    let parts = workload.map(Workload::parts).unwrap_or_default();
    let size = parts.iter().map(|(_, part)| part.body.largest().0).max().unwrap_or(0);
    let wish = workload.and_then(|workload| workload.transactions);
    let wish = wish.unwrap_or(TransactionWish::NONE);
    let is_transactional = wish.length.is_some() || driver.transaction_messages.is_some();
    let mut presets = Presets::of(driver, size, commit);
    if is_transactional {
        presets.add_transactions();
    }
    let sides = workload.map_or(Sides { sends: true, reads: true }, |workload| Sides {
        sends: !workload.shape.is_read_only(),
        reads: 0 < workload.shape.subscriptions.min(workload.shape.consumers),
    });
    let mut resolution = resolve_all(&Resolving::of(driver, &presets), sides, ledger)?;
    checks::check_size(&resolution.producer, size, driver, ledger);
    if !existing_topics {
        checks::check_replicas(&resolution.topic, driver, ledger);
        checks::replace_latest(&mut resolution.consumer, driver, ledger);
    }
    checks::drop_unneeded(&mut resolution, driver, ledger);
    if faults_before < ledger.faults.len() {
        return None;
    }
    let batch = u64::try_from(resolution.producer.integer("batch.size").unwrap_or(0)).unwrap_or(0);
    let batch = match driver.dialect {
        Dialect::Java => batch,
        Dialect::Librdkafka => batch.min(STICKY_MAX),
    };
    let timeout_ms = resolution.producer.integer("message.timeout.ms").unwrap_or(0);
    let mut producer = pairs(&resolution.producer.properties);
    if existing_topics {
        // One that goes away meanwhile is missed, and not made again.
        producer.push(("allow.auto.create.topics".to_owned(), "false".to_owned()));
    }
    Some(Clients {
        partitioner: Partitioner::Sticky { batch: Bytes(batch) },
        delivery_timeout: Nanos::from_millis(u64::try_from(timeout_ms).unwrap_or(0)),
        shown: shown::shown(&resolution),
        settings: ClientSettings {
            producer,
            consumer: pairs(&resolution.consumer.properties),
            admin: pairs(&resolution.admin.properties),
            // Of topics that are there nothing is made, so nothing of the cluster is needed to make them.
            topic: if existing_topics { Vec::new() } else { pairs(&resolution.topic.properties) },
            replication_factor: if existing_topics { -1 } else { driver.replication_factor },
            commit: commit_mode(&resolution.consumer, commit, ledger),
            transactions: transactions(driver, wish, &resolution.producer),
            consumer_cluster: resolution.consumer_admin.as_ref().map(|admin| ConsumerCluster {
                admin: pairs(&admin.properties),
                topic_prefix: driver.consumer_topic_prefix.clone(),
            }),
            churn: checks::churn(driver, workload, ledger),
        },
    })
}

/// What kdyno itself brings to the properties.
struct Presets {
    /// For the handler of topics.
    admin: Vec<Preset>,
    producer: Vec<Preset>,
    consumer: Vec<Preset>,
    /// For consumers, whatever the file says.
    forced: Vec<Preset>,
}

impl Presets {
    fn of(driver: &DriverFile, size: u64, commit: Option<CommitWish>) -> Self {
        let needed = size.saturating_add(MESSAGE_OVERHEAD);
        let (mut admin, mut forced) = (Vec::new(), Vec::new());
        if !driver.driver.is_remote {
            let reason = "the run's own broker";
            admin.push(Preset {
                name: "bootstrap.servers",
                value: driver.driver.name.to_owned(),
                reason,
            });
        }
        let (mut producer, consumer) = (admin.clone(), admin.clone());
        if MESSAGE_MAX < needed {
            let reason = "messages of this size must fit";
            producer.push(Preset { name: "message.max.bytes", value: needed.to_string(), reason });
        }
        if commit.is_some() {
            let reason = "offsetCommitInterval says who commits";
            forced.push(Preset { name: "enable.auto.commit", value: "false".to_owned(), reason });
        }
        Self { admin, producer, consumer, forced }
    }

    /// For producers that send in transactions, and consumers that are to see what is committed alone.
    fn add_transactions(&mut self) {
        self.producer.push(Preset {
            name: "transactional.id",
            value: "kdyno".to_owned(),
            reason: "how the ids of the workload's transactions begin",
        });
        self.consumer.push(Preset {
            name: "isolation.level",
            value: "read_committed".to_owned(),
            reason: "the workload sends in transactions",
        });
    }
}

/// What the engine is to do of transactions; nothing where none are asked for.
fn transactions(
    driver: &DriverFile,
    wish: TransactionWish,
    producer: &Resolved,
) -> Option<Transactions> {
    let timeout_ms = producer.integer("transaction.timeout.ms").unwrap_or(TRANSACTION_TIMEOUT_MS);
    let timeout = Nanos::from_millis(u64::try_from(timeout_ms).unwrap_or(0));
    wish.demand(driver.transaction_messages, timeout)
}

/// What every role's properties are resolved by.
struct Resolving<'a> {
    driver: &'a DriverFile,
    presets: &'a Presets,
    zone: Option<String>,
}

impl<'a> Resolving<'a> {
    fn of(driver: &'a DriverFile, presets: &'a Presets) -> Self {
        Self { driver, presets, zone: std::env::var(ZONE_VARIABLE).ok() }
    }

    fn one(&self, role: Role, forced: &[Preset]) -> Result<Resolved, Vec<PropertyError>> {
        self.by(role, &self.driver.configs.layers(role), forced)
    }

    /// A handler of topics that is told what one side's clients are told.
    fn admin_of(&self, side: Config) -> Result<Resolved, Vec<PropertyError>> {
        self.by(Role::Admin, &self.driver.configs.admin_layers(side), &[])
    }

    fn by(
        &self,
        role: Role,
        layers: &[Layer],
        forced: &[Preset],
    ) -> Result<Resolved, Vec<PropertyError>> {
        let defaults = match role {
            Role::Producer => &self.presets.producer,
            Role::Consumer => &self.presets.consumer,
            Role::Admin => &self.presets.admin,
        };
        resolve(&Request {
            role,
            dialect: self.driver.dialect,
            source: &self.driver.source,
            layers,
            defaults,
            forced,
            zone: self.zone.as_deref(),
        })
    }
}

fn resolve_all(resolving: &Resolving<'_>, sides: Sides, ledger: &mut Ledger) -> Option<Resolution> {
    let producer = noted(resolving.one(Role::Producer, &[]), ledger);
    let consumer = noted(resolving.one(Role::Consumer, &resolving.presets.forced), ledger);
    let admins = match (&producer, &consumer) {
        (Some(producer), Some(consumer)) => admins(resolving, (producer, consumer), sides, ledger),
        // All faults are told at once.
        _ => noted(resolving.one(Role::Admin, &[]), ledger).map(|near| Admins { near, far: None }),
    };
    let topic = noted(resolve_topic(&resolving.driver.configs.topic_layers()), ledger);
    let (producer, consumer, Admins { near, far }) = (producer?, consumer?, admins?);
    let resolution =
        Resolution { producer, consumer, admin: near, consumer_admin: far, topic: topic? };
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

/// Names and values for the engine, which looks for the addresses under the name that users know.
fn pairs(properties: &[Effective]) -> Vec<(String, String)> {
    let pair = |property: &Effective| {
        let is_address = property.name == "metadata.broker.list";
        let name = if is_address { property.familiar_name() } else { &property.name };
        (name.to_owned(), property.value.clone())
    };
    properties.iter().map(pair).collect()
}
