//! The plan's settings as rdkafka takes them.

use rdkafka::config::ClientConfig;

/// The settings as rdkafka takes them.
pub(super) fn client_config(settings: &[(String, String)]) -> ClientConfig {
    let mut config = ClientConfig::new();
    for (name, value) in settings {
        config.set(name, value);
    }
    config
}

#[cfg(test)]
mod tests {
    use super::client_config;
    use crate::kafka::context::Quiet;
    use crate::kafka::native::Handle;
    use crate::kafka::properties::{
        Dialect, Entry, Layer, Origin, Request, Resolved, Role, Scope, resolve,
    };
    use rdkafka::consumer::BaseConsumer;
    use rdkafka::producer::BaseProducer;

    /// A line of a driver file, and what the client must say: librdkafka's name and its value.
    type Row = (&'static str, &'static str, &'static str, &'static str);

    const COMMON: [Row; 5] = [
        (
            "bootstrap.servers",
            "127.0.0.1:9,localhost:9",
            "bootstrap.servers",
            "127.0.0.1:9,localhost:9",
        ),
        ("client.id", "of-the-file", "client.id", "of-the-file"),
        ("connections.max.idle.ms", "540000", "connections.max.idle.ms", "540000"),
        ("reconnect.backoff.ms", "50", "reconnect.backoff.ms", "50"),
        ("send.buffer.bytes", "1048576", "socket.send.buffer.bytes", "1048576"),
    ];

    const PRODUCER: [Row; 10] = [
        ("acks", "all", "acks", "-1"),
        ("linger.ms", "7", "linger.ms", "7"),
        ("batch.size", "131072", "batch.size", "131072"),
        ("buffer.memory", "67108864", "queue.buffering.max.kbytes", "65536"),
        ("max.request.size", "2097152", "message.max.bytes", "2097152"),
        ("compression.type", "lz4", "compression.type", "lz4"),
        ("enable.idempotence", "true", "enable.idempotence", "true"),
        ("max.in.flight.requests.per.connection", "4", "max.in.flight", "4"),
        ("delivery.timeout.ms", "90000", "message.timeout.ms", "90000"),
        ("retries", "12", "message.send.max.retries", "12"),
    ];

    const CONSUMER: [Row; 10] = [
        ("auto.offset.reset", "earliest", "auto.offset.reset", "smallest"),
        ("enable.auto.commit", "false", "enable.auto.commit", "false"),
        ("fetch.min.bytes", "2", "fetch.min.bytes", "2"),
        ("fetch.max.wait.ms", "123", "fetch.wait.max.ms", "123"),
        ("max.partition.fetch.bytes", "10485760", "fetch.message.max.bytes", "10485760"),
        ("session.timeout.ms", "30000", "session.timeout.ms", "30000"),
        ("heartbeat.interval.ms", "9000", "heartbeat.interval.ms", "9000"),
        ("max.poll.interval.ms", "400000", "max.poll.interval.ms", "400000"),
        ("isolation.level", "read_committed", "isolation.level", "read_committed"),
        ("check.crcs", "true", "check.crcs", "true"),
    ];

    fn layer(section: &str, scope: Scope, rows: &[Row]) -> Layer {
        let entry = |(name, value, _, _): &Row| Entry {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
            place: "d.yaml:1".to_owned(),
        };
        let entries = rows.iter().map(entry).collect();
        Layer { section: section.to_owned(), scope, origin: Origin::File, entries }
    }

    fn resolved(role: Role, dialect: Dialect, rows: &[Row]) -> Resolved {
        let layers =
            [layer("commonConfig", Scope::Common, &COMMON), layer("config", Scope::Role, rows)];
        let request = Request {
            role,
            dialect,
            source: "d.yaml",
            layers: &layers,
            defaults: &[],
            forced: &[],
            zone: None,
        };
        resolve(&request).expect("the properties are legal")
    }

    fn settings(resolved: &Resolved) -> Vec<(String, String)> {
        let pair = |of: &crate::kafka::properties::Effective| (of.name.clone(), of.value.clone());
        resolved.properties.iter().map(pair).collect()
    }

    /// The client says of every row what the file says, and of every other property what was
    /// resolved.
    fn check(client: Handle, resolved: &Resolved, rows: &[Row]) {
        for (_, _, name, expected) in COMMON.iter().chain(rows) {
            assert_eq!(client.property(name).as_deref(), Some(*expected), "{name}");
        }
        for property in &resolved.properties {
            let got = client.property(&property.name).unwrap_or_default();
            let number = |text: &str| text.parse::<f64>().ok();
            let is_same = got == property.value
                || number(&got).is_some_and(|got| number(&property.value) == Some(got));
            let is_row = COMMON
                .iter()
                .chain(rows)
                .any(|(_, written, _, read)| *read == got && *written == property.value);
            assert!(is_same || is_row, "{}: set {:?}, is {got:?}", property.name, property.value);
        }
    }

    #[test]
    fn a_created_client_works_with_the_values_of_the_file() {
        for dialect in [Dialect::Java, Dialect::Librdkafka] {
            let asked = resolved(Role::Producer, dialect, &PRODUCER);
            let producer: BaseProducer<Quiet> = client_config(&settings(&asked))
                .create_with_context(Quiet)
                .expect("a producer is made");
            check(Handle::of_producer(&producer), &asked, &PRODUCER);
            let wanted = resolved(Role::Consumer, dialect, &CONSUMER);
            let consumer: BaseConsumer<Quiet> = client_config(&settings(&wanted))
                .set("group.id", "of-the-run")
                .create_with_context(Quiet)
                .expect("a consumer is made");
            let handle = Handle::of_consumer(&consumer);
            check(handle, &wanted, &CONSUMER);
            assert_eq!(handle.property("group.id").as_deref(), Some("of-the-run"), "the run's");
        }
    }
}
