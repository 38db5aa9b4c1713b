//! Properties against each other: what librdkafka would refuse, or take and not mean.

use crate::kafka::properties::effective::{Note, NoteKind};
use crate::kafka::properties::error::PropertyError;
use crate::kafka::properties::idempotence;
use crate::kafka::properties::read::Reading;
use crate::kafka::properties::request::Request;
use crate::kafka::properties::servers;
use crate::kafka::properties::settings::{Setting, Settings};
use crate::kafka::properties::table::{self, Role};

/// Checks what was read, defaults included, and adds to its errors and notes.
pub(crate) fn check(reading: &mut Reading, request: &Request<'_>) {
    let mut errors = Vec::new();
    let settings = &reading.settings;
    if !reading.tried.contains(table::canonical("bootstrap.servers"))
        && settings.get("bootstrap.servers").is_none()
    {
        errors.push(missing_servers(request.source));
    }
    every_client(settings, &mut errors);
    errors.extend(no_login(reading));
    errors.extend(reading.jaas.as_ref().and_then(|login| other_mechanism(settings, login)));
    match request.role {
        Role::Producer => {
            producer(settings, &mut errors);
            reading.notes.extend(settings.written("acks").and_then(unacknowledged));
        }
        Role::Consumer => consumer(settings, &mut errors),
        Role::Admin => {}
    }
    reading.errors.extend(errors);
}

fn missing_servers(source: &str) -> PropertyError {
    PropertyError {
        place: source.to_owned(),
        section: String::new(),
        name: "bootstrap.servers".to_owned(),
        problem: format!("is not set, need {}", servers::FORM),
    }
}

fn every_client(settings: &Settings, errors: &mut Vec<PropertyError>) {
    errors.extend(ordered(settings, "reconnect.backoff.ms", "reconnect.backoff.max.ms"));
}

/// The mechanisms that the client has; GSSAPI, librdkafka's default, takes a build with Cyrus SASL, which ours is not.
const MECHANISMS: &str = "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER";

/// A login needs a mechanism that the client has, and somebody to log in. What was tried and is wrong is told already.
fn no_login(reading: &Reading) -> Option<PropertyError> {
    let settings = &reading.settings;
    let protocol = settings.get("security.protocol")?;
    if !protocol.effective.value.starts_with("sasl_") || reading.jaas.is_some() {
        return None;
    }
    let is_missing = |name: &str| {
        settings.get(name).is_none() && !reading.tried.contains(table::canonical(name))
    };
    let Some(mechanism) = settings.get("sasl.mechanisms") else {
        let problem = format!("needs sasl.mechanism={MECHANISMS}");
        return is_missing("sasl.mechanisms").then(|| protocol.error(problem));
    };
    match mechanism.effective.value.as_str() {
        "GSSAPI" => Some(mechanism.error(format!("got GSSAPI, need {MECHANISMS}"))),
        "OAUTHBEARER" => None,
        _ => {
            let is_nobody = ["sasl.username", "sasl.password"].into_iter().all(is_missing);
            let problem = "needs sasl.username and sasl.password".to_owned();
            is_nobody.then(|| mechanism.error(problem))
        }
    }
}

/// A login module is for mechanisms of its own.
fn other_mechanism(
    settings: &Settings,
    (mechanisms, written): &(&[&str], Setting),
) -> Option<PropertyError> {
    let set = settings.value("sasl.mechanisms")?;
    (!mechanisms.contains(&set.as_str())).then(|| {
        let need = mechanisms.join(" or ");
        written.error(format!("its login module needs sasl.mechanism={need}, which is {set}"))
    })
}

fn producer(settings: &Settings, errors: &mut Vec<PropertyError>) {
    // Also where kdyno itself sets it, for a workload that sends in transactions.
    let transactional = settings.get("transactional.id");
    let written = settings.written("enable.idempotence");
    // What Java chose for an absent enable.idempotence already fits the rest.
    let wanted = written.filter(|setting| setting.effective.value == "true").or(transactional);
    if let Some(wanted) = wanted {
        for (obstacle, need) in idempotence::obstacles(settings) {
            let reason = match wanted.effective.name.as_str() {
                "transactional.id" if wanted.place.is_empty() => {
                    "messages are sent in transactions"
                }
                "transactional.id" => "transactional.id is set",
                _ => "enable.idempotence=true",
            };
            let got = &obstacle.effective.value;
            errors.push(obstacle.error(format!("got {got:?}, need {need}, since {reason}")));
        }
    }
    let is_idempotent = idempotence::is_on(settings);
    if let (Some(id), false) = (transactional, is_idempotent) {
        errors.push(match written.filter(|_| id.place.is_empty()) {
            Some(at) => {
                let need = "got \"false\", need true, since messages are sent in transactions";
                at.error(need.to_owned())
            }
            None => id.error("needs enable.idempotence=true".to_owned()),
        });
    }
    if let Some(gapless) = settings.written("enable.gapless.guarantee")
        && gapless.effective.value == "true"
        && !is_idempotent
    {
        errors.push(gapless.error("needs enable.idempotence=true".to_owned()));
    }
    errors.extend(delivery_after_linger(settings));
    if transactional.is_some() {
        errors.extend(ordered(settings, "delivery.timeout.ms", "transaction.timeout.ms"));
    }
}

/// librdkafka wants message.timeout.ms above linger.ms; 0 is no timeout.
fn delivery_after_linger(settings: &Settings) -> Option<PropertyError> {
    let (linger, timeout) = (settings.get("linger.ms")?, settings.number("delivery.timeout.ms")?);
    let linger_ms = settings.number("linger.ms")?;
    if timeout <= 0.0 || linger_ms < timeout {
        return None;
    }
    let at = settings.written("delivery.timeout.ms").unwrap_or(linger);
    Some(at.error(format!("delivery.timeout.ms={timeout} must be more than linger.ms={linger_ms}")))
}

fn unacknowledged(acks: &Setting) -> Option<Note> {
    (acks.effective.value == "0").then(|| Note {
        kind: NoteKind::Warning,
        name: acks.shown_name().to_owned(),
        place: acks.place.clone(),
        text: "acks=0: no broker confirms anything, so that lost messages go unnoticed by the \
               producer and its latency ends at the socket"
            .to_owned(),
    })
}

fn consumer(settings: &Settings, errors: &mut Vec<PropertyError>) {
    if settings.is("group.protocol", "consumer") {
        errors.extend(settled_by_broker(settings));
    } else {
        errors.extend(heartbeat_within_session(settings));
        errors.extend(ordered(settings, "session.timeout.ms", "max.poll.interval.ms"));
        errors.extend(mixed_assignors(settings));
    }
    // librdkafka adjusts each of the two to the rest unless it was set.
    if settings.get("fetch.max.bytes").is_some() {
        errors.extend(ordered(settings, "message.max.bytes", "fetch.max.bytes"));
    }
    let (receive, fetch) = ("receive.message.max.bytes", "fetch.max.bytes");
    if let (Some(setting), Some(limit), Some(fetched)) =
        (settings.written(receive), settings.integer(receive), settings.integer(fetch))
        && limit < fetched.saturating_add(512)
    {
        let problem = format!("got \"{limit}\", need fetch.max.bytes={fetched} and 512 more");
        errors.push(setting.error(problem));
    }
}

/// With the next-generation protocol these belong to the broker.
fn settled_by_broker(settings: &Settings) -> impl Iterator<Item = PropertyError> {
    let names = [
        ("session.timeout.ms", "the broker's group.consumer.session.timeout.ms"),
        ("heartbeat.interval.ms", "the broker's group.consumer.heartbeat.interval.ms"),
        ("partition.assignment.strategy", "group.remote.assignor"),
        ("group.protocol.type", "nothing"),
    ];
    names.into_iter().filter_map(|(name, instead)| {
        let setting = settings.written(name)?;
        Some(setting.error(format!("has no place in group.protocol=consumer, use {instead}")))
    })
}

fn heartbeat_within_session(settings: &Settings) -> Option<PropertyError> {
    let heartbeat = settings.integer("heartbeat.interval.ms")?;
    let session = settings.integer("session.timeout.ms")?;
    if heartbeat < session {
        return None;
    }
    let written = settings.written("heartbeat.interval.ms");
    let at = written.or_else(|| settings.written("session.timeout.ms"))?;
    Some(at.error(format!(
        "session.timeout.ms={session} must be more than heartbeat.interval.ms={heartbeat}"
    )))
}

fn mixed_assignors(settings: &Settings) -> Option<PropertyError> {
    let setting = settings.written("partition.assignment.strategy")?;
    let words: Vec<&str> = setting.effective.value.split(',').collect();
    let cooperative = words.contains(&"cooperative-sticky");
    (cooperative && 1 < words.len()).then(|| {
        setting.error(
            "librdkafka cannot mix cooperative-sticky with range or roundrobin: name one"
                .to_owned(),
        )
    })
}

/// The fault, if what should be the smaller is the greater.
fn ordered(settings: &Settings, smaller: &str, greater: &str) -> Option<PropertyError> {
    let (low, high) = (settings.integer(smaller)?, settings.integer(greater)?);
    if low <= high {
        return None;
    }
    let at = settings.written(smaller).or_else(|| settings.written(greater))?;
    Some(at.error(format!("{greater}={high} must be at least {smaller}={low}")))
}
