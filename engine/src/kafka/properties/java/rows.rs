//! The Java client's properties (Kafka 3.6 to 4.1), as far as librdkafka has not the very same.

use super::convert;
use super::rule::{JavaName, Rule};
use crate::kafka::properties::kind::Kind;
use crate::kafka::properties::table::{ALL, CONSUMER as C, PRODUCER as P, Role};

const NOT_PRODUCER: &[Role] = &[Role::Consumer, Role::Admin];
const WITH_ADMIN: &[Role] = &[Role::Admin];

const INT: i64 = 2_147_483_647;
const LONG: i64 = i64::MAX;

const SERIALIZER: &str = "keys and values are bytes here";
const METRICS: &str = "Java's metrics; librdkafka's own statistics are recorded instead";
const CLASSES: &str = "Java classes cannot be loaded here";
const STORES: Kind = Kind::OneOf(&["PEM", "PKCS12", "JKS"]);
const STORE: &str = "the file itself says what it is";
const POLL: &str = "librdkafka hands messages over one by one";

/// Every such name; names that are alike in both clients stand in librdkafka's table alone.
pub(crate) const ROWS: &[JavaName] = &[
    // Both names and units differ.
    number(
        "buffer.memory",
        P,
        (0, LONG),
        Rule::Convert("queue.buffering.max.kbytes", convert::kilobytes),
    ),
    number("max.request.size", P, (0, INT), Rule::Clamp("message.max.bytes")),
    number("fetch.max.wait.ms", C, (0, INT), Rule::Clamp("fetch.wait.max.ms")),
    number("request.timeout.ms", P, (0, INT), Rule::Clamp("request.timeout.ms")),
    number("request.timeout.ms", NOT_PRODUCER, (0, INT), Rule::Clamp("socket.timeout.ms")),
    number("send.buffer.bytes", ALL, (-1, INT), Rule::Clamp("socket.send.buffer.bytes")),
    number("receive.buffer.bytes", ALL, (-1, INT), Rule::Clamp("socket.receive.buffer.bytes")),
    // Java's interval between refreshes; librdkafka's own name of that kind bounds a cache.
    number(
        "metadata.max.age.ms",
        ALL,
        (0, LONG),
        Rule::Clamp("topic.metadata.refresh.interval.ms"),
    ),
    named(
        "partition.assignment.strategy",
        C,
        Kind::Text,
        Rule::Convert("partition.assignment.strategy", convert::assignors),
    ),
    named("partitioner.class", P, Kind::Text, Rule::Convert("partitioner", convert::partitioner)),
    number("compression.gzip.level", P, (-1, 9), Rule::LevelOf("gzip")),
    number("compression.lz4.level", P, (1, 12), Rule::LevelOf("lz4")),
    number("compression.zstd.level", P, (1, 12), Rule::LevelOf("zstd")),
    // The same name; Java allows more.
    number("batch.size", P, (1, INT), Rule::Name("batch.size")),
    number("delivery.timeout.ms", P, (1, INT), Rule::Name("message.timeout.ms")),
    number("connections.max.idle.ms", ALL, (-1, LONG), Rule::Clamp("connections.max.idle.ms")),
    number("reconnect.backoff.ms", ALL, (0, LONG), Rule::Clamp("reconnect.backoff.ms")),
    number("reconnect.backoff.max.ms", ALL, (0, LONG), Rule::Clamp("reconnect.backoff.max.ms")),
    number("retry.backoff.ms", ALL, (0, LONG), Rule::Clamp("retry.backoff.ms")),
    number("retry.backoff.max.ms", ALL, (0, LONG), Rule::Clamp("retry.backoff.max.ms")),
    number(
        "socket.connection.setup.timeout.ms",
        ALL,
        (0, LONG),
        Rule::Clamp("socket.connection.setup.timeout.ms"),
    ),
    number(
        "metadata.recovery.rebootstrap.trigger.ms",
        ALL,
        (0, LONG),
        Rule::Clamp("metadata.recovery.rebootstrap.trigger.ms"),
    ),
    number("transaction.timeout.ms", P, (1, INT), Rule::Clamp("transaction.timeout.ms")),
    number("session.timeout.ms", C, (1, INT), Rule::Clamp("session.timeout.ms")),
    number("heartbeat.interval.ms", C, (1, INT), Rule::Clamp("heartbeat.interval.ms")),
    number("max.poll.interval.ms", C, (1, INT), Rule::Clamp("max.poll.interval.ms")),
    number("auto.commit.interval.ms", C, (0, INT), Rule::Clamp("auto.commit.interval.ms")),
    number("fetch.min.bytes", C, (0, INT), Rule::Clamp("fetch.min.bytes")),
    number("fetch.max.bytes", C, (0, INT), Rule::Clamp("fetch.max.bytes")),
    number("max.partition.fetch.bytes", C, (0, INT), Rule::Clamp("fetch.message.max.bytes")),
    named(
        "auto.offset.reset",
        C,
        Kind::OneOf(&[
            "earliest",
            "latest",
            "none>error",
            "error",
            "smallest>earliest",
            "largest>latest",
        ]),
        Rule::Name("auto.offset.reset"),
    ),
    // Without a counterpart; the load is the same without them.
    number(
        "default.api.timeout.ms",
        NOT_PRODUCER,
        (0, INT),
        Rule::Ignore("every wait of kdyno's has a deadline of its own"),
    ),
    number(
        "max.block.ms",
        P,
        (0, LONG),
        Rule::Ignore("sending never blocks here: a full queue is offered again at once"),
    ),
    number("max.poll.records", C, (1, INT), Rule::Ignore(POLL)),
    boolean("exclude.internal.topics", C, Rule::Ignore("topics are subscribed by name")),
    number(
        "metadata.max.idle.ms",
        P,
        (5_000, LONG),
        Rule::Ignore("librdkafka keeps what its topics need"),
    ),
    number(
        "socket.connection.setup.timeout.max.ms",
        ALL,
        (0, LONG),
        Rule::Ignore("librdkafka's connection timeout does not grow"),
    ),
    boolean(
        "partitioner.adaptive.partitioning.enable",
        P,
        Rule::Ignore("librdkafka chooses partitions without regard to broker load"),
    ),
    number(
        "partitioner.availability.timeout.ms",
        P,
        (0, LONG),
        Rule::Ignore("librdkafka chooses partitions without regard to broker load"),
    ),
    named("key.serializer", P, Kind::Text, Rule::Ignore(SERIALIZER)),
    named("value.serializer", P, Kind::Text, Rule::Ignore(SERIALIZER)),
    named("key.deserializer", C, Kind::Text, Rule::Ignore(SERIALIZER)),
    named("value.deserializer", C, Kind::Text, Rule::Ignore(SERIALIZER)),
    named(
        "interceptor.classes",
        &[Role::Producer, Role::Consumer],
        Kind::Free,
        Rule::Ignore(CLASSES),
    ),
    named("metric.reporters", ALL, Kind::Free, Rule::Ignore(CLASSES)),
    boolean("auto.include.jmx.reporter", ALL, Rule::Ignore(METRICS)),
    number("metrics.num.samples", ALL, (1, INT), Rule::Ignore(METRICS)),
    number("metrics.sample.window.ms", ALL, (0, LONG), Rule::Ignore(METRICS)),
    named(
        "metrics.recording.level",
        ALL,
        Kind::OneOf(&["INFO", "DEBUG", "TRACE"]),
        Rule::Ignore(METRICS),
    ),
    // Without a counterpart; the load would be another.
    boolean(
        "partitioner.ignore.keys",
        P,
        Rule::IgnoreOnly(
            "false",
            "keys choose partitions here: leave keys out (keyDistributor: NO_KEY)",
        ),
    ),
    boolean(
        "transaction.two.phase.commit.enable",
        P,
        Rule::IgnoreOnly("false", "librdkafka has no two-phase commit"),
    ),
    named("bootstrap.controllers", WITH_ADMIN, Kind::Text, Rule::Refuse("use bootstrap.servers")),
    named(
        "share.acknowledgement.mode",
        C,
        Kind::Text,
        Rule::Refuse("librdkafka has no share groups"),
    ),
    // Who logs in, and files of keys and certificates; the client's own key has librdkafka's names too.
    named("sasl.jaas.config", ALL, Kind::Secret, Rule::Jaas),
    named("ssl.truststore.location", ALL, Kind::Text, Rule::Store),
    named("ssl.truststore.password", ALL, Kind::Secret, Rule::Store),
    named("ssl.truststore.certificates", ALL, Kind::Text, Rule::Name("ssl.ca.pem")),
    named("ssl.truststore.type", ALL, STORES, Rule::Ignore(STORE)),
    named("ssl.keystore.type", ALL, STORES, Rule::Ignore(STORE)),
    named("ssl.keystore.key", ALL, Kind::Secret, Rule::Name("ssl.key.pem")),
    named("ssl.keystore.certificate.chain", ALL, Kind::Text, Rule::Name("ssl.certificate.pem")),
    // Of a fork of OMB's: the least time between two commits, negative for one at every poll.
    number("offsetCommitLingerMs", C, (-INT, INT), Rule::CommitLinger),
];

const fn number(
    name: &'static str,
    roles: &'static [Role],
    (min, max): (i64, i64),
    rule: Rule,
) -> JavaName {
    JavaName { name, roles, kind: Kind::Integer { min, max }, rule }
}

const fn boolean(name: &'static str, roles: &'static [Role], rule: Rule) -> JavaName {
    JavaName { name, roles, kind: Kind::Boolean, rule }
}

const fn named(name: &'static str, roles: &'static [Role], kind: Kind, rule: Rule) -> JavaName {
    JavaName { name, roles, kind, rule }
}
