//! What a message's key takes, by the order in which keys come, and what its key and headers take from templates.

use engine::message::{
    KeyDraw, KeyOrder, KeyPool, KeySource, Keys, Labels, Particulars, Recipe, Scale, Template,
};
use engine::units::Timestamp;
use kdyno_benches::{Digest, Size, cost, is_asked, timed};
use std::hint::black_box;
use std::num::NonZeroU64;

/// OMB's number of keys, and so many that their table of 16 bytes each is larger than the caches.
const POOLS: [u32; 2] = [10_000, 1_000_000];

/// The headers of a sensor's record: what a reading is of, when it was taken, and of which form it is.
const HEADERS: [(&str, &str); 3] =
    [("sensor", "sensor-{{sensor}}"), ("event-time", "{{due_ms}}"), ("schema", "reading-v1")];

fn main() {
    if !is_asked(env!("CARGO_CRATE_NAME")) {
        return;
    }
    let count = Size::of_this_run().choose(10_000, 10_000_000);
    let zipf = |recency| KeyOrder::Zipf { skew: 1.0, recency };
    let orders = [
        ("round robin", KeyOrder::RoundRobin),
        ("random", KeyOrder::Random),
        ("Zipf", zipf(None)),
        ("Zipf, recent", zipf(NonZeroU64::new(1_000))),
    ];
    for pool in POOLS {
        for (name, order) in orders {
            let draw = KeyDraw { order, pool: KeyPool::Made(pool), seed: KeySource::SEED };
            let keys = Keys::new(&KeySource::Drawn(draw), 0);
            let parameters = [("messages", count), ("keys", pool.into())];
            cost(&format!("labels: key, {name}"), &parameters, count, || {
                timed(|| draw_all(&keys, count))
            });
        }
    }
    for headers in 0..=HEADERS.len() {
        let labels = Labels::new(&recipe(headers));
        let parameters = [("messages", count), ("headers", headers as u64)];
        cost("labels: key and headers by templates", &parameters, count, || {
            timed(|| fill_all(labels.clone(), count))
        });
    }
}

/// A sensor's key, and so many of the headers.
fn recipe(headers: usize) -> Recipe {
    let scale = Scale { sensors: 10_000, producers: 1 };
    let template = |text: &str| Template::parse(text, &scale).expect("known places");
    let header = |(name, value): &(&str, &str)| ((*name).to_owned(), template(value));
    Recipe {
        sensors: scale.sensors,
        key: Some(template("sensor-{{sensor}}")),
        headers: HEADERS[..headers].iter().map(header).collect(),
        ..Recipe::default()
    }
}

fn draw_all(keys: &Keys, count: u64) -> Digest {
    let mut digest = Digest::default();
    for number in 0..count {
        let place = keys.place(black_box(number)).expect("every message has a key");
        digest.add(u64::from(keys.key(place)[0]) + place as u64);
    }
    digest
}

fn fill_all(mut labels: Labels, count: u64) -> Digest {
    let mut digest = Digest::default();
    for number in 0..count {
        let due = Timestamp::from_nanos(1_700_000_000_000_000_000 + number * 100_000);
        let sensor = number % 10_000;
        labels.fill(black_box(&Particulars { number, sensor, due, ..Particulars::default() }));
        digest.add(labels.key().map_or(0, |key| u64::from(key[key.len() - 1])));
        labels.headers().for_each(|(_, value)| digest.add(u64::from(value[value.len() - 1])));
    }
    digest
}
