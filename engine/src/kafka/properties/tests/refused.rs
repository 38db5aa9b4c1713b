//! What is refused, and in which words.

use super::{SERVERS, ask, layer, outcome, request, section};
use crate::kafka::properties::{Dialect, Origin, Role, Scope, resolve};

/// Resolves a text in both dialects and demands this fault, which must be the only one.
#[track_caller]
fn check(role: Role, text: &str, expected: &str) {
    for dialect in [Dialect::Java, Dialect::Librdkafka] {
        let errors = outcome(role, dialect, text).expect_err(text);
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(texts.len(), 1, "{dialect:?}: {texts:?}");
        assert!(texts[0].contains(expected), "{dialect:?}: {}", texts[0]);
    }
}

#[test]
fn values_of_the_wrong_type() {
    for (text, expected) in [
        (
            "batch.size=64K",
            "d.yaml:1: producerConfig: batch.size: got \"64K\", need an integer from 1 to 2147483647",
        ),
        ("batch.size=4294967396", "batch.size: got \"4294967396\", need an integer from 1"),
        ("batch.size=0", "batch.size: got \"0\", need an integer from 1"),
        ("linger.ms=5 ms", "linger.ms: got \"5 ms\", need a number from 0 to 900000"),
        ("acks=1abc", "acks: got \"1abc\", need 0, 1, all or -1"),
        ("acks=2", "acks: got \"2\", need 0, 1, all or -1"),
        ("enable.idempotence=maybe", "got \"maybe\", need true or false"),
        ("compression.type=brotli", "got \"brotli\", need none, gzip, snappy, lz4 or zstd"),
        ("retries=", "retries: got \"\", need an integer"),
        ("buffer.memory=32MB", "buffer.memory: got \"32MB\", need an integer"),
        ("max.block.ms=long", "max.block.ms: got \"long\", need an integer"),
        ("security.protocol=tls", "need plaintext, ssl, sasl_plaintext or sasl_ssl"),
    ] {
        check(Role::Producer, text, expected);
    }
    check(Role::Consumer, "auto.offset.reset=middle", "need earliest, latest");
    check(Role::Consumer, "partition.assignment.strategy=fair", "cooperative-sticky");
}

#[test]
fn names_that_nobody_has() {
    for (text, expected) in [
        ("batch.sise=1", "batch.sise: no Kafka client has this property, did you mean batch.size?"),
        ("favourite.colour=blue", "no Kafka client has this property"),
        (
            "max.in.flight.requests=5",
            "no Kafka client has this property: use max.in.flight.requests.per.connection",
        ),
        ("dr_msg_cb=f", "holds code"),
        ("ssl.truststore.location=/no/such.p12", "got /no/such.p12: cannot be read: No such file"),
        ("ssl.keystore.location=/no/such.p12", "got /no/such.p12: cannot be read: No such file"),
        ("ssl.keystore.type=BCFKS", "need PEM, PKCS12 or JKS"),
        ("sasl.oauthbearer.method=oidc", "needs libcurl"),
        ("sasl.jaas.config=x", "none of the login modules PlainLoginModule"),
        ("partitioner.ignore.keys=true", "leave keys out (keyDistributor: NO_KEY)"),
        ("partitioner.class=com.example.Mine", "cannot be loaded"),
        ("max.poll.records=1", "has no meaning for a producer"),
        ("fetch.min.bytes=1", "has no meaning for a producer"),
    ] {
        check(Role::Producer, text, expected);
    }
    check(Role::Consumer, "linger.ms=1", "d.yaml:1: consumerConfig: linger.ms: has no meaning");
}

#[test]
fn one_setting_under_two_names() {
    for (text, expected) in [
        (
            "linger.ms=1\nqueue.buffering.max.ms=1",
            "d.yaml:2: producerConfig: queue.buffering.max.ms: is the same setting as linger.ms \
             (d.yaml:1)",
        ),
        ("request.required.acks=all\nacks=all", "acks: is the same setting as request.required"),
        ("buffer.memory=1048576\nqueue.buffering.max.kbytes=1024", "the same setting as buffer"),
        ("max.request.size=4096\nmessage.max.bytes=4096", "the same setting as max.request.size"),
        (
            "compression.type=lz4\ncompression.level=1\ncompression.lz4.level=2",
            "compression.lz4.level: is the same setting as compression.level",
        ),
    ] {
        check(Role::Producer, text, expected);
    }
    check(Role::Consumer, "fetch.wait.max.ms=1\nfetch.max.wait.ms=1", "is the same setting as");
}

#[test]
fn what_does_not_go_together() {
    for (text, expected) in [
        (
            "acks=1\nenable.idempotence=true",
            "d.yaml:1: producerConfig: acks: got \"1\", need all, since enable.idempotence=true",
        ),
        ("acks=0\nenable.idempotence=true", "acks: got \"0\", need all"),
        (
            "enable.idempotence=true\nmax.in.flight.requests.per.connection=6",
            "max.in.flight.requests.per.connection: got \"6\", need at most 5",
        ),
        ("enable.idempotence=true\nretries=0", "retries: got \"0\", need at least 1"),
        ("transactional.id=a\nacks=1", "acks: got \"1\", need all, since transactional.id is set"),
        ("transactional.id=a\nenable.idempotence=false", "needs enable.idempotence=true"),
        ("transactional.id=a\ndelivery.timeout.ms=60001", "transaction.timeout.ms=60000 must be"),
        ("enable.gapless.guarantee=true\nenable.idempotence=false", "needs enable.idempotence"),
        ("linger.ms=200\ndelivery.timeout.ms=100", "must be more than linger.ms=200"),
        (
            "reconnect.backoff.ms=20000\nreconnect.backoff.max.ms=10000",
            "reconnect.backoff.max.ms=10000 must be at least",
        ),
    ] {
        check(Role::Producer, text, expected);
    }
    for (text, expected) in [
        (
            "session.timeout.ms=3000\nheartbeat.interval.ms=3000",
            "heartbeat.interval.ms: session.timeout.ms=3000 must be more than",
        ),
        ("session.timeout.ms=9000\nmax.poll.interval.ms=8000", "max.poll.interval.ms=8000 must be"),
        ("group.protocol=consumer\nsession.timeout.ms=9000", "has no place in group.protocol"),
        ("fetch.max.bytes=1000", "fetch.max.bytes=1000 must be at least message.max.bytes"),
        ("receive.message.max.bytes=52428800", "need fetch.max.bytes=52428800 and 512 more"),
    ] {
        check(Role::Consumer, text, expected);
    }
    let mixed = "partition.assignment.strategy=range,cooperative-sticky";
    check(Role::Consumer, mixed, "cannot mix cooperative-sticky");
}

#[test]
fn servers_must_be_there() {
    for (text, expected) in [
        ("client.id=a", "d.yaml: bootstrap.servers: is not set, need host:port"),
        ("bootstrap.servers=", "d.yaml:1: commonConfig: bootstrap.servers: got \"\""),
        ("bootstrap.servers=localhost", "got \"localhost\" without a port"),
        ("bootstrap.servers=a:9092,b:70000", "port \"70000\", need one from 1 to 65535"),
    ] {
        let layers = [layer("commonConfig", Scope::Common, text)];
        for role in [Role::Producer, Role::Consumer, Role::Admin] {
            let errors = ask(role, Dialect::Java, &layers).expect_err(text);
            assert_eq!(errors.len(), 1, "{errors:?}");
            assert!(errors[0].to_string().contains(expected), "{}", errors[0]);
        }
    }
}

#[test]
fn every_fault_is_returned_at_once() {
    let text = "batch.size=64K\nlinger.ms=1\nbatch.sise=1\nacks=2\nqueue.buffering.max.ms=1";
    let errors = outcome(Role::Producer, Dialect::Java, text).expect_err("four faults");
    let names: Vec<&str> = errors.iter().map(|error| error.name.as_str()).collect();
    assert_eq!(names, ["batch.size", "batch.sise", "acks", "queue.buffering.max.ms"]);
}

#[test]
fn a_fault_of_the_common_config_is_the_same_for_every_role() {
    let layers = [layer("commonConfig", Scope::Common, &format!("{SERVERS}\nclient.idd=a"))];
    let faults = |role| ask(role, Dialect::Java, &layers).expect_err("a name that nobody has");
    assert_eq!(faults(Role::Producer), faults(Role::Consumer));
    assert_eq!(faults(Role::Producer), faults(Role::Admin));
}

#[test]
fn the_flag_is_named_where_the_command_line_is_at_fault() {
    let mut flags = layer("", Scope::Role, "batch.size=64K");
    flags.origin = Origin::CommandLine;
    flags.entries[0].place = "--set driver.batch.size=64K".to_owned();
    let layers = [layer("commonConfig", Scope::Common, SERVERS), flags];
    let errors = ask(Role::Producer, Dialect::Java, &layers).expect_err("64K is no number");
    let text = errors[0].to_string();
    assert!(text.starts_with("--set driver.batch.size=64K: batch.size: got"), "{text}");
}

#[test]
fn a_zone_must_be_known() {
    let text = "client.id=load-{zone.id}";
    let layers = [
        layer("commonConfig", Scope::Common, SERVERS),
        layer(section(Role::Producer), Scope::Role, text),
    ];
    let mut question = request(Role::Producer, Dialect::Java, &layers);
    let errors = resolve(&question).expect_err("no zone is set");
    assert!(errors[0].problem.contains("KDYNO_ZONE"), "{}", errors[0]);
    question.zone = Some("az1");
    let resolved = resolve(&question).expect("the zone is set");
    assert_eq!(resolved.value("client.id").as_deref(), Some("load-az1"));
}

#[test]
fn secrets_are_in_no_message() {
    let text = "sasl.pasword=hunter2\nsasl.jaas.config=hunter2\nsasl.password=hunter2\0\nacks=9";
    let errors = outcome(Role::Producer, Dialect::Java, text).expect_err("four faults");
    assert_eq!(errors.len(), 4, "{errors:?}");
    assert!(!format!("{errors:?}").contains("hunter2"), "{errors:?}");
}
