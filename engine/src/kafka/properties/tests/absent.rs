//! What absent properties become, and who wins.

use super::{SERVERS, ask, consumer, layer, outcome, producer, request, shown};
use crate::kafka::properties::{Dialect, NoteKind, Origin, Preset, Role, Scope, resolve};

#[test]
fn a_java_producer_has_javas_defaults() {
    let resolved = producer("");
    for (name, expected) in [
        ("linger.ms", "0 (Java default)"),
        ("batch.size", "16384 (Java default)"),
        ("acks", "all (Java default)"),
        ("enable.idempotence", "true (Java default)"),
        ("max.in.flight.requests.per.connection", "5 (Java default)"),
        ("delivery.timeout.ms", "120000 (Java default)"),
        ("queue.buffering.max.kbytes", "32768 (Java default)"),
        ("queue.buffering.max.messages", "2147483647 (Java default)"),
        ("partitioner", "murmur2_random (Java default)"),
        ("retries", "2147483647 (Java default)"),
        ("request.timeout.ms", "30000 (Java default)"),
        ("message.max.bytes", "1048576 (Java default)"),
        ("reconnect.backoff.ms", "50 (Java default)"),
        ("reconnect.backoff.max.ms", "1000 (Java default)"),
        ("socket.connection.setup.timeout.ms", "10000 (Java default)"),
        ("client.id", "kdyno (kdyno default)"),
        ("bootstrap.servers", "localhost:9092 (file)"),
        ("compression.type", "none (librdkafka default)"),
        ("socket.timeout.ms", "60000 (librdkafka default)"),
    ] {
        assert_eq!(shown(&resolved, name), expected, "{name}");
    }
}

#[test]
fn a_java_consumer_has_javas_defaults_and_kdynos() {
    let resolved = consumer("");
    for (name, expected) in [
        ("isolation.level", "read_uncommitted (Java default)"),
        ("check.crcs", "true (Java default)"),
        ("fetch.min.bytes", "1 (Java default)"),
        ("fetch.wait.max.ms", "500 (Java default)"),
        ("max.partition.fetch.bytes", "1048576 (Java default)"),
        ("enable.auto.commit", "true (Java default)"),
        ("auto.offset.reset", "earliest (kdyno default)"),
        ("session.timeout.ms", "10000 (kdyno default)"),
        ("heartbeat.interval.ms", "3000 (kdyno default)"),
        ("fetch.queue.backoff.ms", "10 (kdyno default)"),
        ("partition.assignment.strategy", "cooperative-sticky (kdyno default)"),
    ] {
        assert_eq!(shown(&resolved, name), expected, "{name}");
    }
}

#[test]
fn kdynos_own_files_have_librdkafkas_defaults_and_kdynos() {
    let own = |role| outcome(role, Dialect::Librdkafka, "").expect("nothing is legal");
    let producer = own(Role::Producer);
    for (name, expected) in [
        ("linger.ms", "5 (librdkafka default)"),
        ("acks", "all (librdkafka default)"),
        ("enable.idempotence", "false (librdkafka default)"),
        ("queue.buffering.max.messages", "100000 (librdkafka default)"),
        ("client.id", "kdyno (kdyno default)"),
    ] {
        assert_eq!(shown(&producer, name), expected, "{name}");
    }
    let consumer = own(Role::Consumer);
    for (name, expected) in [
        ("isolation.level", "read_committed (librdkafka default)"),
        ("auto.offset.reset", "earliest (kdyno default)"),
        ("session.timeout.ms", "10000 (kdyno default)"),
        ("fetch.queue.backoff.ms", "10 (kdyno default)"),
    ] {
        assert_eq!(shown(&consumer, name), expected, "{name}");
    }
}

#[test]
fn idempotence_is_off_where_something_written_forbids_it() {
    for text in ["acks=1", "acks=0", "max.in.flight.requests.per.connection=6", "retries=0"] {
        let resolved = producer(text);
        let property = resolved.get("enable.idempotence").expect("it is set");
        assert_eq!((property.value.as_str(), property.origin), ("false", Origin::JavaDefault));
        assert!(property.note.as_deref().is_some_and(|note| note.contains(text)), "{property:?}");
        if !text.starts_with("max") {
            let origin = resolved.explain("max.in.flight.requests.per.connection");
            assert_eq!(origin.map(|one| one.origin), Some(Origin::LibrdkafkaDefault), "{text}");
        }
    }
    assert_eq!(shown(&producer("acks=-1"), "enable.idempotence"), "true (Java default)");
    let resolved = producer("enable.idempotence=false");
    assert_eq!(shown(&resolved, "max.in.flight"), "1000000 (librdkafka default)");
}

#[test]
fn of_two_bounds_of_reconnecting_the_one_that_is_written_counts() {
    for (text, from, to) in [
        ("reconnect.backoff.ms=20000", "20000 (file)", "20000 (Java default)"),
        ("reconnect.backoff.max.ms=10", "10 (Java default)", "10 (file)"),
        ("reconnect.backoff.ms=60", "60 (file)", "1000 (Java default)"),
    ] {
        let resolved = consumer(text);
        let shown = |name| shown(&resolved, name);
        let both = [shown("reconnect.backoff.ms"), shown("reconnect.backoff.max.ms")];
        assert_eq!(both, [from, to], "{text}");
    }
}

#[test]
fn the_groups_timing_fits_what_was_written() {
    for (text, session, heartbeat) in [
        ("session.timeout.ms=6000", "6000 (file)", "2000 (kdyno default)"),
        ("session.timeout.ms=45000", "45000 (file)", "3000 (kdyno default)"),
        ("heartbeat.interval.ms=12000", "36000 (kdyno default)", "12000 (file)"),
        ("max.poll.interval.ms=6000", "6000 (kdyno default)", "2000 (kdyno default)"),
    ] {
        let resolved = consumer(text);
        assert_eq!(shown(&resolved, "session.timeout.ms"), session, "{text}");
        assert_eq!(shown(&resolved, "heartbeat.interval.ms"), heartbeat, "{text}");
    }
    let resolved = consumer("group.protocol=consumer");
    assert!(resolved.get("session.timeout.ms").is_none(), "it is the broker's there");
    assert!(resolved.get("partition.assignment.strategy").is_none(), "it is the broker's there");
}

#[test]
fn the_delivery_timeout_follows_java() {
    for (text, expected) in [
        ("linger.ms=100000", "130000 (Java default)"),
        ("request.timeout.ms=1200000\nlinger.ms=1", "900001 (Java default)"),
        ("transactional.id=a", "60000 (Java default)"),
        ("delivery.timeout.ms=5000", "5000 (file)"),
    ] {
        assert_eq!(shown(&producer(text), "delivery.timeout.ms"), expected, "{text}");
    }
}

#[test]
fn a_written_queue_length_is_honoured() {
    for text in
        ["queue.buffering.max.messages=500", "buffer.memory=1\nqueue.buffering.max.messages=500"]
    {
        for dialect in [Dialect::Java, Dialect::Librdkafka] {
            let resolved = outcome(Role::Producer, dialect, text).expect("legal");
            assert_eq!(resolved.integer("queue.buffering.max.messages"), Some(500), "{text}");
        }
    }
    let text = "buffer.memory=67108864";
    let resolved = outcome(Role::Producer, Dialect::Librdkafka, text).expect("legal");
    assert_eq!(shown(&resolved, "queue.buffering.max.kbytes"), "65536 (file)");
    assert_eq!(shown(&resolved, "queue.buffering.max.messages"), "2147483647 (kdyno default)");
}

#[test]
fn the_later_layer_wins_and_the_later_line_in_it() {
    let common = format!("{SERVERS}\nlinger.ms=1\nclient.id=a");
    let mut flags = layer("", Scope::Role, "queue.buffering.max.ms=7");
    flags.origin = Origin::CommandLine;
    let layers = [
        layer("commonConfig", Scope::Common, &common),
        layer("producerConfig", Scope::Role, "linger.ms=2\nlinger.ms=3\nclient.id=b"),
        flags,
    ];
    let by_file = ask(Role::Producer, Dialect::Java, &layers[..2]).expect("legal");
    assert_eq!(shown(&by_file, "linger.ms"), "3 (file)");
    assert_eq!(shown(&by_file, "client.id"), "b (file)");
    let by_flag = ask(Role::Producer, Dialect::Java, &layers).expect("legal");
    assert_eq!(shown(&by_flag, "linger.ms"), "7 (command line)");
    // What is for another role is passed over in the common config.
    let admin = ask(Role::Admin, Dialect::Java, &layers[..1]).expect("legal");
    assert!(admin.get("linger.ms").is_none(), "an admin client has no linger.ms");
    assert_eq!(shown(&admin, "client.id"), "a (file)");
}

#[test]
fn the_plans_defaults_yield_and_its_needs_do_not() {
    let layers = [
        layer("commonConfig", Scope::Common, SERVERS),
        layer("consumerConfig", Scope::Role, "group.id=mine\nqueued.min.messages=7"),
    ];
    let mut question = request(Role::Consumer, Dialect::Java, &layers);
    let preset = |name, value: &str| Preset { name, value: value.to_owned(), reason: "the plan" };
    let defaults =
        [preset("queued.min.messages", "1000"), preset("queued.max.messages.kbytes", "64")];
    let forced = [preset("group.id", "subscription-0"), preset("enable.auto.commit", "false")];
    (question.defaults, question.forced) = (&defaults, &forced);
    let resolved = resolve(&question).expect("legal");
    assert_eq!(shown(&resolved, "queued.min.messages"), "7 (file)");
    assert_eq!(shown(&resolved, "queued.max.messages.kbytes"), "64 (kdyno default)");
    assert_eq!(shown(&resolved, "group.id"), "subscription-0 (forced)");
    assert!(!resolved.is_on("enable.auto.commit"), "it was forced off");
    let overridden: Vec<&str> = resolved
        .notes
        .iter()
        .filter(|note| note.kind == NoteKind::Overridden)
        .map(|note| note.name.as_str())
        .collect();
    assert_eq!(overridden, ["group.id"], "nobody wrote enable.auto.commit");
}
