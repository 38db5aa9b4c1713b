//! A workload whose producersPerTopic is 0: what is there is read, once, as fast as it comes.

use std::path::Path;

use engine::plan::{Verification, Warmup};
use engine::time::Arrival;
use engine::units::Bytes;

use super::shape::Shape;
use super::{Body, Payload, Speed, StampWish, Workload, commit_wish, named, phases, search};
use crate::spec::fault::Ledger;
use crate::spec::given::Givens;
use crate::spec::scalar;

/// Fields of what is sent and how fast, and of what goes before it: nobody sends, and a warm-up would read
/// what is to be measured.
const OF_SENDING: [&str; 13] = [
    "messageSize",
    "payloadFile",
    "useRandomizedPayloads",
    "randomBytesRatio",
    "randomizedPayloadPoolSize",
    "stamp",
    "verification",
    "keyDistributor",
    "producerRate",
    "arrival",
    "seed",
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
