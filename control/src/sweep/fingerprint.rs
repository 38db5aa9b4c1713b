//! A hash of all that makes a run what it is: by it a resumed sweep knows whether its cells are still the same.

use crate::spec::{BodySource, Request, ShownProperty};
use engine::plan::{Demand, Objective, Pace, Wishes};
use engine::time::{Shape, Tempo};
use serde_json::{Value, json};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// Of a request: its workload and driver as resolved, what its files hold, its objectives and its place on
/// this host. Lanes, clients and cores that nobody asked for are not in it.
pub(super) fn fingerprint(request: &Request) -> String {
    let resolved = &request.resolved;
    let properties = resolved.properties.iter().map(ShownProperty::json);
    // Others are made of fields of the workload, and of the driver's codec.
    let files = request.bodies.iter().flatten().filter_map(|source| match source {
        BodySource::Files(files) => Some(files),
        BodySource::Random { .. } | BodySource::Sizes(_) | BodySource::Blank(_) => None,
    });
    let hashes: Vec<u64> = files.flatten().map(|bytes| xxh3_64(bytes)).collect();
    let bodies = (!hashes.is_empty()).then_some(hashes);
    let mut workload = json!([
        resolved.workload,
        request.driver.driver.name,
        resolved.replication_factor,
        properties.collect::<Vec<Value>>(),
        bodies,
    ]);
    // Only where there is one: sweeps of earlier versions have none and can go on.
    let far = request.demand.clients.consumer_cluster.as_ref();
    if let (Some(far), Value::Array(all)) = (far, &mut workload) {
        all.push(json!(far.topic_prefix));
    }
    hash(&workload, &request.demand, &request.wishes)
}

fn hash(workload: &Value, demand: &Demand, wishes: &Wishes) -> String {
    let search = demand.search.iter();
    let objectives = search.flat_map(|search| search.objectives.iter().map(Objective::to_string));
    let text = json!([workload, objectives.collect::<Vec<String>>(), recordings(demand), wishes]);
    format!("{:016x}", xxh3_64(text.to_string().as_bytes()))
}

/// A hash of the recordings by which streams send; `None` where none does.
fn recordings(demand: &Demand) -> Option<u64> {
    let replayed = demand.streams.iter().filter_map(|stream| {
        let Pace::Varied(varied) = &stream.pace else { return None };
        let Tempo::Shape(shaped) = varied.tempo() else { return None };
        let Shape::Replay { times, .. } = shaped.shape() else { return None };
        Some(times)
    });
    let mut hash = None;
    for time in replayed.flatten() {
        hash.get_or_insert_with(Xxh3::new).update(&time.0.to_le_bytes());
    }
    hash.map(|hash| hash.digest())
}

#[cfg(test)]
mod tests {
    use super::fingerprint;
    use crate::spec::{CheckOrder, Order, load};
    use engine::plan::{ClientCount, Wishes};
    use engine::units::Timestamp;
    use std::path::Path;

    const WORKLOAD: &str = "name: w\ntopics: 1\npartitionsPerTopic: 1\nmessageSize: 100\n\
                            payloadFile: body.data\nsubscriptionsPerTopic: 1\n\
                            consumerPerSubscription: 1\nproducersPerTopic: 1\nproducerRate: 0\n\
                            testDuration: 20s\n";

    /// Of the first cell of two.
    fn of(folder: &Path, rate: &str, change: impl Fn(&mut Order)) -> String {
        let path = folder.join("w.yaml");
        std::fs::write(&path, WORKLOAD.replace("Rate: 0", &format!("Rate: {rate}")))
            .expect("written");
        let mut order = Order {
            workloads: vec![path],
            sets: vec!["producersPerTopic=1,2".to_owned()],
            ..Order::default()
        };
        change(&mut order);
        let job =
            load(&order, Timestamp::from_nanos(1)).unwrap_or_else(|faults| panic!("{faults}"));
        fingerprint(&job.requests[0])
    }

    #[test]
    fn another_objective_wish_body_or_recording_is_another_run() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, bytes: &[u8]| {
            std::fs::write(folder.path().join(name), bytes).expect("written");
        };
        let slo = |text: &str| {
            let objectives = vec![text.to_owned()];
            move |order: &mut Order| {
                order.checks =
                    CheckOrder { objectives: objectives.clone(), ..CheckOrder::default() };
            }
        };
        write("body.data", &[b'a'; 100]);
        let first = of(folder.path(), "0", |_| {});
        assert_eq!(of(folder.path(), "0", |_| {}), first, "the same again");
        let bounded = of(folder.path(), "0", slo("publish.p99 < 20ms"));
        assert_ne!(bounded, first, "an objective");
        assert_ne!(of(folder.path(), "0", slo("publish.p99 < 30ms")), bounded, "and another");
        let apart = |order: &mut Order| {
            order.wishes = Wishes { clients: ClientCount::Each, ..Wishes::default() };
        };
        assert_ne!(of(folder.path(), "0", apart), first, "a wish");
        write("body.data", &[b'b'; 100]);
        assert_ne!(of(folder.path(), "0", |_| {}), first, "what a file holds");

        write("times.txt", b"0ms\n500ms\n900ms\n");
        let replayed = of(folder.path(), "replay times.txt", |_| {});
        assert_eq!(of(folder.path(), "replay times.txt", |_| {}), replayed, "the same again");
        write("times.txt", b"0ms\n600ms\n900ms\n");
        assert_ne!(of(folder.path(), "replay times.txt", |_| {}), replayed, "other times");
    }
}
