//! Java's names and values in librdkafka's terms, and what is said about them.

use rdkafka::ClientConfig;

use super::{SERVERS, ask, consumer, layer, outcome, producer, shown};
use crate::kafka::properties::{Dialect, NoteKind, Resolved, Role, Scope};

/// Demands a value in the properties of a Java file.
#[track_caller]
fn check(role: Role, text: &str, name: &str, expected: &str) {
    let resolved = outcome(role, Dialect::Java, text).expect(text);
    assert_eq!(resolved.value(name).as_deref(), Some(expected), "{text}");
}

fn note(resolved: &Resolved, kind: NoteKind, name: &str) -> String {
    let found = resolved.notes.iter().find(|note| note.kind == kind && note.name == name);
    found.unwrap_or_else(|| panic!("no note on {name}: {:?}", resolved.notes)).to_string()
}

#[test]
fn names_and_units_are_translated() {
    for (text, name, expected) in [
        ("buffer.memory=67108864", "queue.buffering.max.kbytes", "65536"),
        ("max.request.size=4194304", "message.max.bytes", "4194304"),
        ("send.buffer.bytes=131072", "socket.send.buffer.bytes", "131072"),
        ("receive.buffer.bytes=-1", "socket.receive.buffer.bytes", "0"),
        ("metadata.max.age.ms=1000", "topic.metadata.refresh.interval.ms", "1000"),
        ("compression.type=zstd\ncompression.zstd.level=3", "compression.level", "3"),
        ("compression.type=lz4\ncompression.zstd.level=3", "compression.level", "-1"),
        ("acks=-1", "request.required.acks", "all"),
        ("linger.ms=010", "queue.buffering.max.ms", "10"),
        ("security.protocol=SASL_SSL\nsasl.mechanism=OAUTHBEARER", "security.protocol", "sasl_ssl"),
        ("ssl.endpoint.identification.algorithm=", "ssl.endpoint.identification.algorithm", "none"),
        ("sasl.mechanism=SCRAM-SHA-256", "sasl.mechanisms", "SCRAM-SHA-256"),
        ("transactional.id=a", "transactional.id", "a"),
    ] {
        check(Role::Producer, text, name, expected);
    }
    let assignor = "org.apache.kafka.clients.consumer.RoundRobinAssignor";
    for (text, name, expected) in [
        ("fetch.max.wait.ms=100", "fetch.wait.max.ms", "100"),
        ("request.timeout.ms=40000", "socket.timeout.ms", "40000"),
        ("auto.offset.reset=none", "auto.offset.reset", "error"),
        ("auto.offset.reset=largest", "auto.offset.reset", "latest"),
        (
            &format!("partition.assignment.strategy={assignor}"),
            "partition.assignment.strategy",
            "roundrobin",
        ),
    ] {
        check(Role::Consumer, text, name, expected);
    }
    let resolved = outcome(Role::Producer, Dialect::Librdkafka, "metadata.max.age.ms=1000");
    let resolved = resolved.expect("it is librdkafka's own name too");
    assert_eq!(resolved.value("metadata.max.age.ms").as_deref(), Some("1000"));
}

#[test]
fn values_beyond_librdkafkas_range_are_clamped_and_shown() {
    let layers = [layer(
        "commonConfig",
        Scope::Common,
        &format!("{SERVERS}\nrequest.timeout.ms=1200000\ndefault.api.timeout.ms=1200000"),
    )];
    for (role, name, expected) in [
        (Role::Producer, "request.timeout.ms", "900000"),
        (Role::Consumer, "socket.timeout.ms", "300000"),
        (Role::Admin, "socket.timeout.ms", "300000"),
    ] {
        let resolved = ask(role, Dialect::Java, &layers).expect("it is OMB's own file");
        assert_eq!(resolved.value(name).as_deref(), Some(expected), "{role:?}");
        let text = note(&resolved, NoteKind::Adjusted, "request.timeout.ms");
        assert!(text.starts_with("d.yaml:2: request.timeout.ms: clamped from 1200000"), "{text}");
    }
    let resolved = ask(Role::Consumer, Dialect::Java, &layers).expect("it is OMB's own file");
    let text = note(&resolved, NoteKind::Ignored, "default.api.timeout.ms");
    assert!(text.contains("deadline of its own"), "{text}");
    check(Role::Consumer, "max.poll.interval.ms=2147483647", "max.poll.interval.ms", "86400000");
    check(Role::Producer, "connections.max.idle.ms=-1", "connections.max.idle.ms", "0");
}

#[test]
fn what_has_no_counterpart_is_ignored_with_a_reason() {
    let classes = "max.block.ms=5\nkey.serializer=a.b.C\nmetric.reporters=\ninterceptor.classes=\n\
                partitioner.ignore.keys=false";
    let resolved = producer(classes);
    let ignored = resolved.notes.iter().filter(|note| note.kind == NoteKind::Ignored);
    assert_eq!(ignored.count(), 5, "{:?}", resolved.notes);
    let text = note(&consumer("max.poll.records=500"), NoteKind::Ignored, "max.poll.records");
    assert!(text.contains("one by one"), "{text}");
}

#[test]
fn blanks_are_trimmed_and_shown() {
    let resolved = producer("batch.size=1048576  \nacks= all");
    assert_eq!(shown(&resolved, "batch.size"), "1048576 (file)");
    let text = note(&resolved, NoteKind::Adjusted, "batch.size");
    assert_eq!(
        text,
        "d.yaml:1: batch.size: blanks around the value were dropped in producerConfig"
    );
}

#[test]
fn no_acks_are_warned_of() {
    let resolved = producer("acks=0");
    assert!(note(&resolved, NoteKind::Warning, "acks").contains("lost messages"));
    assert!(producer("acks=1").notes.is_empty(), "there is nothing to warn of");
}

#[test]
fn the_written_name_is_kept_and_the_familiar_one_known() {
    let resolved = producer("linger.ms=1\nbatch.size=2");
    let linger = resolved.get("linger.ms").expect("it is set");
    assert_eq!(linger.name, "queue.buffering.max.ms");
    assert_eq!(linger.written_as.as_deref(), Some("linger.ms"));
    assert_eq!(linger.familiar_name(), "linger.ms");
    assert_eq!(resolved.get("batch.size").and_then(|one| one.written_as.as_deref()), None);
}

#[test]
fn secrets_are_masked() {
    let resolved = producer("sasl.username=me\nsasl.password=hunter2");
    let password = resolved.get("sasl.password").expect("it is set");
    assert_eq!((password.masked_value(), password.value.as_str()), ("****", "hunter2"));
    assert!(!format!("{resolved:?}").contains("hunter2"), "{resolved:?}");
    assert_eq!(shown(&resolved, "sasl.username"), "me (file)");
}

#[test]
fn the_commit_linger_is_kdynos_own() {
    let resolved = consumer("enable.auto.commit=false\noffsetCommitLingerMs=-1");
    assert_eq!(resolved.commit_linger_ms, Some(-1));
    assert_eq!(consumer("").commit_linger_ms, None);
}

/// Every pair of a role and a property that OMB's files and those of its forks contain.
#[test]
fn every_property_of_ombs_files_is_understood_and_librdkafka_takes_the_result() {
    let common = "bootstrap.servers=SSL://localhost:9092,localhost:9093\n\
        default.api.timeout.ms=1200000\nrequest.timeout.ms=1200000\n\
        security.protocol=SASL_SSL\nssl.endpoint.identification.algorithm=\n\
        enable.ssl.certificate.verification=false\n\
        sasl.mechanism=SCRAM-SHA-256\nsasl.username=a\nsasl.password=b\nclient.id=omb";
    let producers = ["none", "gzip", "snappy", "lz4", "zstd"].map(|codec| {
        format!(
            "enable.idempotence=true\nmax.in.flight.requests.per.connection=1\n\
             retries=2147483647\nacks=all\nlinger.ms=100\nbatch.size=1048576\n\
             max.request.size=4194304\ncompression.type={codec}"
        )
    });
    let consumers = ["group.id=benchGroup\nauto.offset.reset=earliest\nenable.auto.commit=false\n\
         max.partition.fetch.bytes=10485760\noffsetCommitLingerMs=5000"];
    let texts = (producers.iter().map(|text| (Role::Producer, text.as_str())))
        .chain(["acks=0", "acks=1", ""].map(|text| (Role::Producer, text)))
        .chain(consumers.map(|text| (Role::Consumer, text)))
        .chain([(Role::Admin, "")]);
    for (role, text) in texts {
        let layers =
            [layer("commonConfig", Scope::Common, common), layer("roleConfig", Scope::Role, text)];
        for dialect in [Dialect::Java, Dialect::Librdkafka] {
            // The second is no dialect of OMB's, and takes no value beyond librdkafka's range.
            if dialect == Dialect::Librdkafka && role == Role::Producer {
                continue;
            }
            let resolved = ask(role, dialect, &layers).expect(text);
            let mut native = ClientConfig::new();
            for property in &resolved.properties {
                native.set(&property.name, &property.value);
            }
            let refusal = native.create_native_config().err();
            assert!(refusal.is_none(), "{role:?} {text}: {refusal:?}");
        }
    }
}

/// librdkafka looks at properties against each other only when a client is made.
#[test]
fn librdkafka_makes_clients_of_what_is_resolved() {
    use rdkafka::consumer::BaseConsumer;
    use rdkafka::producer::BaseProducer;

    for (role, text) in [
        (Role::Producer, ""),
        (Role::Producer, "acks=1"),
        (Role::Producer, "transactional.id=a"),
        (Role::Producer, "linger.ms=200000"),
        (Role::Producer, "max.in.flight.requests.per.connection=6"),
        (Role::Consumer, "group.id=a"),
        (Role::Consumer, "group.id=a\nsession.timeout.ms=2000"),
        (Role::Consumer, "group.id=a\nmax.poll.interval.ms=2000"),
        (Role::Consumer, "group.id=a\ngroup.protocol=consumer"),
    ] {
        for dialect in [Dialect::Java, Dialect::Librdkafka] {
            let resolved = outcome(role, dialect, text).expect(text);
            let mut native = ClientConfig::new();
            for property in &resolved.properties {
                native.set(&property.name, &property.value);
            }
            // Port 9 discards: nothing of ours listens there.
            native.set("bootstrap.servers", "127.0.0.1:9").set("log_level", "0");
            let refusal = match role {
                Role::Consumer => native.create::<BaseConsumer>().err(),
                _ => native.create::<BaseProducer>().err(),
            };
            assert!(refusal.is_none(), "{dialect:?} {text}: {refusal:?}");
        }
    }
}
