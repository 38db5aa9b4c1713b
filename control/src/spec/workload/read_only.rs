//! A workload whose producersPerTopic is 0: what is there is read, once, as fast as it comes.

use std::path::Path;

use engine::plan::{Verification, Warmup};
use engine::time::Arrival;
use engine::units::Bytes;

use super::shape::Shape;
use super::{
    Body, Payload, Records, Speed, StampWish, Workload, commit_wish, named, phases, search,
};
use crate::spec::fault::Ledger;
use crate::spec::given::Givens;
use crate::spec::scalar;

/// Fields of what is sent and how fast, and of what goes before it: nobody sends, and a warm-up would read
/// what is to be measured. Readers of what is there stay until they have read it.
const OF_SENDING: [&str; 29] = [
    "messageSize",
    "payloadFile",
    "useRandomizedPayloads",
    "randomBytesRatio",
    "randomizedPayloadPoolSize",
    "messageSizeDistribution",
    "compressibility",
    "payloadTemplate",
    "stamp",
    "verification",
    "keyDistributor",
    "keyCount",
    "keyFile",
    "keySkew",
    "keyRecency",
    "sensors",
    "key",
    "headers",
    "producerRate",
    "arrival",
    "seed",
    "transactionMessages",
    "transactionDuration",
    "transactionAbortRatio",
    "transactionSeed",
    "consumerChurnInterval",
    "consumersPerChurn",
    "warmupDuration",
    "warmupDurationMinutes",
];

/// What nobody sends.
const BODY: Body = Body {
    size: Bytes(0),
    payload: Payload::Random { ratio: 0.0, pool: 1 },
    stamp: StampWish::Body,
};

/// Reads what is left of a workload of which nobody sends anything.
pub(super) fn read(
    (path, name): (&Path, Option<String>),
    givens: &Givens,
    shape: Shape,
    ledger: &mut Ledger,
) -> Option<Workload> {
    let hiccups = givens.read("hiccups", ledger, scalar::switch).unwrap_or(true);
    let measured = phases::measured(givens, ledger);
    let commit = givens.read("offsetCommitInterval", ledger, commit_wish);
    for size in ["consumerBacklog", "consumerBacklogSizeGB"] {
        let asked = givens
            .get(size)
            .filter(|given| !crate::spec::fields::is_default(&given.value, &["0", "0.0", "none"]));
        if let Some(given) = asked {
            let problem =
                "needs producers that bring it, and producersPerTopic is 0: leave one of them out";
            ledger.fault(given.fault(problem));
        }
    }
    tell_unused(givens, ledger);
    Some(Workload {
        name: named(name, path),
        file: path.to_owned(),
        topics: Vec::new(),
        shape,
        body: BODY,
        speed: Speed::Max,
        search: None,
        arrival: Arrival::Regular,
        keys: None,
        verification: Verification::Counts,
        hiccups,
        warmup: Warmup::NONE,
        measured: measured?,
        backlog: None,
        commit,
        transactions: None,
        churn: None,
        records: Records::default(),
        streams: Vec::new(),
    })
}

/// Whether a field says something of a run in which nobody sends.
pub(super) fn is_of_reading(field: &str) -> bool {
    !OF_SENDING.contains(&field)
}

fn tell_unused(givens: &Givens, ledger: &mut Ledger) {
    let of_search = search::FIELDS.map(|field| field.name);
    let all = OF_SENDING.into_iter().chain(of_search);
    let given: Vec<&str> = all.filter(|name| givens.get(name).is_some()).collect();
    if given.is_empty() {
        return;
    }
    let text = format!("is 0, nobody sends, so these have no effect: {}", given.join(", "));
    ledger.remark("field_without_effect", givens.fault("producersPerTopic", text).to_string());
}

#[cfg(test)]
mod tests {
    use super::{OF_SENDING, search};
    use crate::spec::workload::FIELDS;

    /// What a run without producers reads, refuses, or never looks at in any run.
    const OTHERS: [&str; 22] = [
        "name",
        "topics",
        "partitionsPerTopic",
        "hiccups",
        "producersPerTopic",
        "subscriptionsPerTopic",
        "consumerPerSubscription",
        "offsetCommitInterval",
        "testDurationMinutes",
        "testDuration",
        "consumerBacklog",
        "consumerBacklogSizeGB",
        "backlogDrainRatio",
        "drainProducerRate",
        "producerPauseDuringDrain",
        "backlogBuildTimeout",
        "backlogDrainTimeout",
        "acceptableBacklog",
        "sampleRateMillis",
        "existingTopicList",
        "existingProduceTopicList",
        "existingConsumeTopicList",
    ];

    #[test]
    fn every_field_is_known_to_be_of_sending_or_not() {
        let of_search = search::FIELDS.map(|field| field.name);
        for field in FIELDS {
            let places = [&OF_SENDING[..], &OTHERS[..], &of_search[..], &["streams", "sweep"][..]];
            let found = places.iter().filter(|names| names.contains(&field.name)).count();
            assert_eq!(found, 1, "{}", field.name);
        }
    }
}
