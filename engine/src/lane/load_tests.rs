//! Laws of a lane's load: which partition, which number, which bytes.

use super::load::{Load, Owner};
use crate::message::{KeyOrder, KeySource, Keys, Stamp, murmur2};
use crate::plan::samples::{RUN, rate, stream, topics};
use crate::plan::{Partitioner, ProducerClient, StampPlace, StreamDemand, Verification};
use crate::time::{Schedule, Walk};
use crate::units::{Bytes, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU64;

const DUE: Timestamp = Timestamp::from_nanos(5);
const SENT: Timestamp = Timestamp::from_nanos(6);
const OWNER: Owner =
    Owner { run: RUN, stream: 0, incarnation: 0, verification: Verification::Numbers };

/// Each way to draw keys.
const ORDERS: [KeyOrder; 3] = [
    KeyOrder::RoundRobin,
    KeyOrder::Random,
    KeyOrder::Zipf { skew: 0.99, recency: NonZeroU64::new(50) },
];

/// What a client got to see.
struct Seen {
    route: u32,
    partition: i32,
    key: Option<Vec<u8>>,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    stamp: Stamp,
    stamp_in_body: bool,
}

fn load(stream: &StreamDemand) -> Load {
    let producers = (0..stream.producers()).collect();
    let clients = [ProducerClient { name: "client".to_owned(), producers }];
    Load::new(stream, &clients, OWNER).0
}

/// Aims the slot's next message, alone, and looks at it.
fn look(load: &mut Load, slot: usize) -> Seen {
    look_at(load, (0, slot))
}

/// Aims the slot's message of a round, alone, and looks at it.
fn look_at(load: &mut Load, turn: (u64, usize)) -> Seen {
    load.aim(load.turn(turn, DUE), SENT);
    let shot = load.shots()[0];
    load.fire(&shot, |message| Seen {
        route: message.route.0,
        partition: message.partition.expect("the lane chooses the partition"),
        key: message.key.map(<[u8]>::to_vec),
        headers: message
            .headers
            .iter()
            .map(|header| (header.name.to_owned(), header.value.to_vec()))
            .collect(),
        body: message.body.to_vec(),
        stamp: *message.stamp,
        stamp_in_body: message.stamp_in_body,
    })
}

/// Sends the slot's next message; the client takes it.
fn send(load: &mut Load, slot: usize) -> Seen {
    send_at(load, (0, slot))
}

/// Sends the slot's message of a round; the client takes it.
fn send_at(load: &mut Load, turn: (u64, usize)) -> Seen {
    let seen = look_at(load, turn);
    load.clear(|_| true);
    seen
}

fn partitions(partitioner: Partitioner, count: usize) -> Vec<i32> {
    let mut load = load(&StreamDemand { partitioner, topics: topics(1, 3), ..stream(1) });
    (0..count).map(|_| send(&mut load, 0).partition).collect()
}

#[test]
fn round_robin_cycles() {
    assert_eq!(
        partitions(Partitioner::RoundRobin, 7),
        [0, 1, 2, 0, 1, 2, 0],
        "one after the other"
    );
}

#[test]
fn sticky_stays_for_a_batch_of_bytes() {
    // Bodies of 100 bytes.
    let check = |batch: u64, expected: &[i32]| {
        let sticky = Partitioner::Sticky { batch: Bytes(batch) };
        assert_eq!(partitions(sticky, expected.len()), expected, "batches of {batch}");
    };
    check(300, &[0, 0, 0, 1, 1, 1, 2, 2, 2, 0]);
    check(250, &[0, 0, 0, 1, 1, 1, 2]);
    check(100, &[0, 1, 2, 0]);
    check(1, &[0, 1, 2, 0]);
}

#[test]
fn producers_start_on_different_partitions_and_share_none_of_their_state() {
    let demand = StreamDemand { producers_per_topic: 4, topics: topics(1, 3), ..stream(1) };
    let mut load = load(&demand);
    let first: Vec<i32> = (0..4).map(|slot| send(&mut load, slot).partition).collect();
    assert_eq!(first, [0, 1, 2, 0], "spread from the first message on");
    assert_eq!(send(&mut load, 1).partition, 2, "each goes on from its own");
}

#[test]
fn keyed_messages_go_where_the_java_client_puts_them() {
    for order in ORDERS {
        let keys = KeySource::standard(order);
        let mut load = load(&StreamDemand { keys, topics: topics(1, 5), ..stream(1) });
        let mut used = BTreeSet::new();
        for round in 0..200 {
            let seen = send_at(&mut load, (round, 0));
            let key = seen.key.expect("every message has a key");
            assert_eq!(u32::try_from(seen.partition), Ok(murmur2(&key) % 5), "{order:?}: {key:?}");
            used.insert(seen.partition);
        }
        assert_eq!(used.len(), 5, "{order:?}: all partitions are used");
    }
}

#[test]
fn numbers_run_per_producer_and_partition_also_with_keys() {
    let keys = KeySource::standard(KeyOrder::Random);
    let demand = StreamDemand { keys, producers_per_topic: 2, topics: topics(2, 3), ..stream(1) };
    let mut load = load(&demand);
    let mut next = BTreeMap::<_, u64>::new();
    for turn in (0..100).flat_map(|round| [0, 1, 2, 3].map(|slot| (round, slot))) {
        let seen = send_at(&mut load, turn);
        let expected = next.entry((seen.stamp.producer, seen.route, seen.partition)).or_default();
        assert_eq!(seen.stamp.sequence, *expected, "contiguous from 0");
        *expected += 1;
    }
    assert_eq!(next.len(), 4 * 3, "a producer has one topic of three partitions");
}

/// The key of each message of 200 rounds by its number, from lanes that have these producers each.
fn keys_of(demand: &StreamDemand, dealing: &[&[u64]]) -> BTreeMap<u64, Vec<u8>> {
    let mut keys = BTreeMap::new();
    for producers in dealing {
        let producers = producers.to_vec();
        let clients = [ProducerClient { name: "client".to_owned(), producers }];
        let mut load = Load::new(demand, &clients, OWNER).0;
        let slots = load.slots();
        for turn in (0..200).flat_map(|round| (0..slots).map(move |slot| (round, slot))) {
            let number = load.turn(turn, DUE).index;
            let key = send_at(&mut load, turn).key.expect("every message has a key");
            assert_eq!(keys.insert(number, key), None, "{number} is sent once");
        }
    }
    keys
}

#[test]
fn a_message_has_the_same_key_whoever_sends_it() {
    for order in ORDERS {
        let demand = StreamDemand {
            keys: KeySource::standard(order),
            topics: topics(2, 3),
            producers_per_topic: 3,
            ..stream(1)
        };
        let alone = keys_of(&demand, &[&[0, 1, 2, 3, 4, 5]]);
        assert!(alone.keys().copied().eq(0..1_200), "{order:?}: numbers without a gap");
        let dealings: [&[&[u64]]; 2] = [&[&[0, 2, 4], &[1, 3, 5]], &[&[5], &[0, 3], &[1, 2, 4]]];
        for dealing in dealings {
            assert_eq!(keys_of(&demand, dealing), alone, "{order:?}: {dealing:?}");
        }
    }
}

#[test]
fn a_walk_gives_each_message_the_key_of_its_number() {
    let source = KeySource::standard(KeyOrder::Zipf { skew: 1.2, recency: NonZeroU64::new(7) });
    let keys = Keys::new(&source, 0);
    let demand = StreamDemand { keys: source, producers_per_topic: 4, ..stream(1_000) };
    let end = Timestamp::from_nanos(500_000_000);
    let schedule = Schedule::constant(rate(1_000), DUE, end);
    let dealings: [&[u64]; 3] = [&[0, 1, 2, 3], &[1, 3], &[2]];
    for own in dealings {
        let clients = [ProducerClient { name: "client".to_owned(), producers: own.to_vec() }];
        let mut load = Load::new(&demand, &clients, OWNER).0;
        let mut walk = Walk::new(schedule.clone(), 4, own);
        let mut count = 0;
        while let Some(turn) = walk.peek() {
            load.aim(turn, SENT);
            let shot = load.shots()[0];
            let key = load.fire(&shot, |message| message.key.map(<[u8]>::to_vec));
            load.clear(|_| true);
            let place = keys.place(turn.index).expect("every message has a key");
            assert_eq!(key.as_deref(), Some(keys.key(place)), "{own:?}: message {}", turn.index);
            walk.advance();
            count += 1;
        }
        assert!(100 < count, "{own:?}: {count} messages");
    }
}

#[test]
fn a_message_that_is_not_taken_changes_nothing() {
    for partitioner in [Partitioner::RoundRobin, Partitioner::Sticky { batch: Bytes(250) }] {
        let mut load = load(&StreamDemand { partitioner, topics: topics(1, 3), ..stream(1) });
        for _ in 0..7 {
            let offered = look(&mut load, 0);
            load.clear(|_| false);
            let taken = send(&mut load, 0);
            let of = |seen: &Seen| (seen.partition, seen.stamp.sequence);
            assert_eq!(of(&taken), of(&offered), "{partitioner:?}: its partition and number stay");
        }
    }
}

/// Aims `count` messages and lets the client take those for which `taken` says so; returns the
/// numbers of all.
fn batch(load: &mut Load, count: usize, taken: impl Fn(usize) -> bool) -> Vec<u64> {
    for _ in 0..count {
        assert!(load.joins(0), "room for {count}");
        load.aim(load.turn((0, 0), DUE), SENT);
    }
    let numbers = load.messages().map(|message| message.stamp.sequence).collect();
    load.clear(taken);
    numbers
}

#[test]
fn numbers_run_on_through_batches_and_only_a_refusal_inside_one_leaves_a_gap() {
    let mut load = load(&StreamDemand { topics: topics(1, 1), ..stream(1) });
    assert_eq!(batch(&mut load, 4, |_| true), [0, 1, 2, 3], "all taken");
    assert_eq!(batch(&mut load, 4, |index| index < 2), [4, 5, 6, 7], "the last two are not");
    assert_eq!(batch(&mut load, 3, |index| index != 1), [6, 7, 8], "they gave their numbers back");
    assert_eq!(batch(&mut load, 1, |_| true), [9], "7 was refused before 8 was taken");
}

#[test]
fn messages_wait_for_each_other_only_within_a_topic_a_client_and_the_first_cache() {
    let most = |load: &mut Load, slots: &[usize]| {
        let joined = slots.iter().take_while(|slot| {
            let joins = load.joins(**slot);
            if joins {
                load.aim(load.turn((0, **slot), DUE), SENT);
            }
            joins
        });
        let count = joined.count();
        load.clear(|_| true);
        count
    };
    let of_size = |size: usize| load(&StreamDemand { bodies: vec![vec![7; size]], ..stream(1) });
    assert_eq!(most(&mut of_size(100), &[0; 50]), 16, "small messages: a batch");
    assert_eq!(most(&mut of_size(8 * 1024), &[0; 50]), 4, "32 KiB of bodies");
    assert_eq!(most(&mut of_size(1024 * 1024), &[0; 50]), 1, "a large one goes alone");
    let header = StreamDemand { stamp: StampPlace::Header, ..stream(1) };
    assert_eq!(most(&mut load(&header), &[0; 50]), 1, "headers cannot be handed over in batches");
    let two = StreamDemand { topics: topics(2, 1), producers_per_topic: 2, ..stream(1) };
    assert_eq!(most(&mut load(&two), &[0, 2, 1]), 2, "slots 0 and 2 have one topic, 1 another");
}

#[test]
fn producers_are_dealt_to_topics_in_turn() {
    let demand = StreamDemand { topics: topics(3, 1), producers_per_topic: 2, ..stream(1) };
    let mut load = load(&demand);
    let routes: Vec<u32> = (0..6).map(|slot| send(&mut load, slot).route).collect();
    assert_eq!(routes, [0, 1, 2, 0, 1, 2], "by the producer's number");
}

#[test]
fn the_stamp_lies_at_the_head_of_the_body() {
    let mut load = load(&stream(1));
    let seen = send(&mut load, 0);
    assert_eq!(Stamp::decode(&seen.body), Ok(seen.stamp), "as the ack gives it back");
    assert_eq!((seen.stamp.due, seen.stamp.sent, seen.stamp.run), (DUE, SENT, RUN), "its times");
    assert_eq!(seen.body[Stamp::SIZE..], [7; 52], "the rest is the plan's");
    assert!(seen.stamp_in_body && seen.headers.is_empty() && seen.key.is_none(), "nothing else");
}

#[test]
fn a_stream_with_header_stamps_leaves_the_body_alone() {
    let bodies = vec![vec![9]];
    let mut load = load(&StreamDemand { stamp: StampPlace::Header, bodies, ..stream(1) });
    for sequence in 0..3 {
        let seen = send(&mut load, 0);
        assert_eq!(seen.body, [9], "as the plan has it");
        let [(name, value)] = seen.headers.as_slice() else { panic!("one header") };
        assert_eq!((name.as_str(), value.len()), ("kdyno", 48), "the header's name and size");
        assert_eq!(Stamp::decode(value), Ok(seen.stamp), "message {sequence}: its own stamp");
        assert!(!seen.stamp_in_body, "the ack cannot read it from the body");
    }
}
