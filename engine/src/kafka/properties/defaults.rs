//! What absent properties become: the Java client's defaults and kdyno's.

use crate::kafka::properties::effective::Origin;
use crate::kafka::properties::idempotence;
use crate::kafka::properties::request::{Dialect, Request};
use crate::kafka::properties::settings::Settings;
use crate::kafka::properties::table::Role;

/// As far as the group's timing goes: a dead consumer is noticed within 10 s (R30).
const SESSION_TIMEOUT_MS: i64 = 10_000;
const HEARTBEAT_INTERVAL_MS: i64 = 3_000;

/// Java's delivery.timeout.ms and request.timeout.ms.
const DELIVERY_TIMEOUT_MS: i64 = 120_000;
const REQUEST_TIMEOUT_MS: i64 = 30_000;

/// Java's reconnect.backoff.ms and reconnect.backoff.max.ms, and socket.connection.setup.timeout.ms.
const RECONNECT_MS: (i64, i64) = (50, 1_000);
const SETUP_TIMEOUT_MS: i64 = 10_000;

/// No limit on the number of queued messages: librdkafka's largest.
const MESSAGES_MAX: &str = "2147483647";

/// Java's consumer defaults where librdkafka's differ, or where readers look for them.
const JAVA_CONSUMER: &[(&str, &str)] = &[
    ("enable.auto.commit", "true"),
    ("isolation.level", "read_uncommitted"),
    ("check.crcs", "true"),
    ("fetch.min.bytes", "1"),
    ("fetch.wait.max.ms", "500"),
    ("max.partition.fetch.bytes", "1048576"),
];

/// Java's producer defaults of that kind which depend on nothing.
const JAVA_PRODUCER: &[(&str, &str)] = &[
    ("linger.ms", "0"),
    ("batch.size", "16384"),
    ("acks", "all"),
    ("retries", "2147483647"),
    ("request.timeout.ms", "30000"),
    ("partitioner", "murmur2_random"),
    // Java's max.request.size; librdkafka's 1000000 would refuse a message of 1 MiB.
    ("message.max.bytes", "1048576"),
    // buffer.memory, 32 MiB.
    ("queue.buffering.max.kbytes", "32768"),
];

/// Fills in what no layer set.
pub(crate) fn fill(settings: &mut Settings, request: &Request<'_>) {
    for preset in request.defaults {
        let reason = Some(preset.reason.to_owned());
        settings.offer(preset.name, &preset.value, Origin::KdynoDefault, reason);
    }
    kdyno(settings, request.role);
    if request.dialect == Dialect::Java {
        reconnecting(settings);
        match request.role {
            Role::Producer => java_producer(settings),
            Role::Consumer => java(settings, JAVA_CONSUMER),
            Role::Admin => {}
        }
    }
}

fn kdyno(settings: &mut Settings, role: Role) {
    let origin = Origin::KdynoDefault;
    // Quotas are per client.id: all clients of a run share one.
    settings.offer("client.id", "kdyno", origin, None);
    match role {
        Role::Consumer => {
            let note = "latest would miss what was sent before it".to_owned();
            settings.offer("auto.offset.reset", "earliest", origin, Some(note));
            // librdkafka's 1000 pauses a partition for a whole second once its queue is full
            // (confluentinc/librdkafka#2879).
            settings.offer("fetch.queue.backoff.ms", "10", origin, None);
            if settings.is("group.protocol", "classic") {
                group(settings);
            }
        }
        Role::Producer => {
            let queue = settings.written("queue.buffering.max.kbytes");
            if queue.is_some_and(|setting| setting.shown_name() == "buffer.memory") {
                let note = "buffer.memory alone bounds the queue".to_owned();
                let name = "queue.buffering.max.messages";
                settings.offer(name, MESSAGES_MAX, origin, Some(note));
            }
        }
        Role::Admin => {}
    }
}

/// The group's timing, made to fit what was written: librdkafka takes no heartbeat beyond the
/// session, and no session beyond max.poll.interval.ms.
fn group(settings: &mut Settings) {
    let written = |name| settings.written(name).and_then(|s| s.effective.value.parse::<i64>().ok());
    let written_heartbeat = written("heartbeat.interval.ms");
    let session = written("session.timeout.ms").unwrap_or_else(|| {
        let wanted = written_heartbeat.map_or(0, |ms| ms.saturating_mul(3).min(3_600_000));
        let session = SESSION_TIMEOUT_MS.max(wanted);
        written("max.poll.interval.ms").map_or(session, |poll| session.min(poll))
    });
    let heartbeat = HEARTBEAT_INTERVAL_MS.min((session / 3).max(1));
    for (name, value) in [
        ("session.timeout.ms", session.to_string()),
        ("heartbeat.interval.ms", heartbeat.to_string()),
        // librdkafka's range gives every topic of one partition to the same member.
        ("partition.assignment.strategy", "cooperative-sticky".to_owned()),
    ] {
        settings.offer(name, &value, Origin::KdynoDefault, None);
    }
}

/// How soon a connection that broke is tried again, and given up: what an outage costs a client goes by these.
fn reconnecting(settings: &mut Settings) {
    let written = |name| settings.integer(name).filter(|_| settings.written(name).is_some());
    let (least, most) = (written("reconnect.backoff.ms"), written("reconnect.backoff.max.ms"));
    // Java takes the greater of the two where one is written beyond the other's default.
    let from = RECONNECT_MS.0.min(most.unwrap_or(i64::MAX));
    let to = RECONNECT_MS.1.max(least.unwrap_or(0));
    for (name, value) in [
        ("reconnect.backoff.ms", from),
        ("reconnect.backoff.max.ms", to),
        ("socket.connection.setup.timeout.ms", SETUP_TIMEOUT_MS),
    ] {
        settings.offer(name, &value.to_string(), Origin::JavaDefault, None);
    }
}

fn java(settings: &mut Settings, defaults: &[(&str, &str)]) {
    for (name, value) in defaults {
        settings.offer(name, value, Origin::JavaDefault, None);
    }
}

fn java_producer(settings: &mut Settings) {
    idempotent(settings);
    java(settings, JAVA_PRODUCER);
    for (name, value, note) in [
        (
            "queue.buffering.max.messages",
            MESSAGES_MAX,
            "Java bounds its queue by buffer.memory alone",
        ),
        ("batch.num.messages", "1000000", "Java bounds a batch by batch.size alone"),
    ] {
        settings.offer(name, value, Origin::JavaDefault, Some(note.to_owned()));
    }
    let (timeout, note) = delivery_timeout(settings);
    settings.offer("delivery.timeout.ms", &timeout.to_string(), Origin::JavaDefault, note);
}

/// Java's producer is idempotent unless something written forbids it, and then has 5 requests in
/// flight. The cap is set there alone: librdkafka counts requests of a single partition, so that
/// it would slow every other producer down.
fn idempotent(settings: &mut Settings) {
    let obstacle = idempotence::obstacles(settings).next();
    let note = obstacle.map(|(setting, _)| {
        format!("{}={} forbids it", setting.shown_name(), setting.effective.value)
    });
    // A transactional producer must be idempotent: there the check speaks up.
    let is_on = note.is_none() || settings.get("transactional.id").is_some();
    let value = if is_on { "true" } else { "false" };
    settings.offer("enable.idempotence", value, Origin::JavaDefault, note);
    if idempotence::is_on(settings) {
        let name = "max.in.flight.requests.per.connection";
        settings.offer(name, "5", Origin::JavaDefault, None);
    }
}

/// Java raises its default to linger.ms + request.timeout.ms; librdkafka wants no more than
/// transaction.timeout.ms, and more than linger.ms.
fn delivery_timeout(settings: &Settings) -> (i64, Option<String>) {
    let request = settings.integer("request.timeout.ms").unwrap_or(REQUEST_TIMEOUT_MS);
    let linger = settings.value("linger.ms").unwrap_or_default();
    let linger: i64 = linger.split('.').next().and_then(|whole| whole.parse().ok()).unwrap_or(0);
    let sum = linger.saturating_add(request);
    let bound = match settings.get("transactional.id") {
        Some(_) => settings.integer("transaction.timeout.ms").unwrap_or(i64::MAX),
        None => i64::MAX,
    };
    let timeout = DELIVERY_TIMEOUT_MS.max(sum).min(bound);
    let note = match timeout {
        DELIVERY_TIMEOUT_MS => None,
        _ if timeout == bound => Some("as transaction.timeout.ms".to_owned()),
        _ => Some("Java raises it to linger.ms + request.timeout.ms".to_owned()),
    };
    (timeout, note)
}
