//! What clients take and a run cannot use, and what they would refuse only once it goes.

use engine::kafka::properties::{Origin, Resolved, TopicConfig};
use engine::plan::Churn;

use super::{MESSAGE_OVERHEAD, Resolution};
use crate::spec::driver::DriverFile;
use crate::spec::fault::{Fault, Ledger};
use crate::spec::workload::{TransactionWish, Workload};

/// An id for transactions alone makes none, and a broker of our own would show what was aborted.
pub(super) fn check_transactions(
    driver: &DriverFile,
    workload: Option<&Workload>,
    ledger: &mut Ledger,
) {
    let Some(workload) = workload else { return };
    let wish = workload.transactions.unwrap_or(TransactionWish::NONE);
    let is_asked = wish.length.is_some() || driver.transaction_messages.is_some();
    let file = workload.file.display().to_string();
    if !is_asked {
        let name = "transactional.id";
        if let Some(written) = driver.configs.find(name) {
            let problem = "makes no transactions by itself: remove it, or say in the workload when they \
                           end (transactionMessages or transactionDuration); it is how their ids begin";
            ledger.fault(Fault::new(&written.entry.place, name, problem));
        }
        if workload.transactions.is_some() {
            let problem =
                "is not set, and neither is transactionDuration: there are no transactions";
            ledger.fault(Fault::new(&file, "transactionMessages", problem));
        }
        return;
    }
    // Where the workload says both, it was told when it was read.
    if workload.backlog.is_some() && workload.transactions.is_none() {
        let problem = "the driver's requestsPerTransaction makes transactions, of which consumers see \
                       only what is committed, and a backlog is what was acked and not read: leave \
                       either out";
        ledger.fault(Fault::new(&file, "consumerBacklog", problem));
    }
    if 0 < wish.aborts_per_million && !driver.driver.is_remote {
        let problem = format!(
            "need 0: consumers of the {} driver would see what was aborted, name a cluster \
             (--bootstrap-server)",
            driver.driver.name
        );
        ledger.fault(Fault::new(file, "transactionAbortRatio", problem));
    }
}

/// How consumers come and go: where there are groups that they can leave.
pub(super) fn churn(
    driver: &DriverFile,
    workload: Option<&Workload>,
    ledger: &mut Ledger,
) -> Option<Churn> {
    let workload = workload?;
    let churn = workload.churn?;
    if driver.driver.is_remote {
        return Some(churn);
    }
    let text = format!(
        "consumers stay: the {} driver has no groups to leave, name a cluster (--bootstrap-server)",
        driver.driver.name
    );
    let place = workload.file.display().to_string();
    ledger.remark(
        "field_without_effect",
        Fault::new(place, "consumerChurnInterval", text).to_string(),
    );
    None
}

/// The file's own word on commits and the workload's must not contradict each other.
pub(super) fn check_commit(driver: &DriverFile, workload: Option<&Workload>, ledger: &mut Ledger) {
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

/// A message that the client would refuse is better refused before the run.
pub(super) fn check_size(producer: &Resolved, size: u64, driver: &DriverFile, ledger: &mut Ledger) {
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
pub(super) fn check_replicas(topic: &TopicConfig, driver: &DriverFile, ledger: &mut Ledger) {
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
pub(super) fn replace_latest(consumer: &mut Resolved, driver: &DriverFile, ledger: &mut Ledger) {
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
pub(super) fn drop_unneeded(resolution: &mut Resolution, driver: &DriverFile, ledger: &mut Ledger) {
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
    let is_own_broker = !driver.driver.is_remote;
    let Resolution { producer, consumer, admin, consumer_admin, topic: _ } = resolution;
    for resolved in [producer, consumer, admin].into_iter().chain(consumer_admin) {
        resolved.properties.retain(|property| {
            let name = property.name.as_str();
            let is_partitioner = name == "partitioner" && property.origin != Origin::JavaDefault;
            name != "group.id"
                && !is_partitioner
                && !(is_own_broker && name == "metadata.broker.list")
        });
    }
}
