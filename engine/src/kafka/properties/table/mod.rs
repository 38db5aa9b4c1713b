//! Every property of librdkafka 2.12.1 (its CONFIGURATION.md): roles, kind, default, aliases.
//!
//! Four names are both a property of the client and of its topics there (`compression.codec`,
//! `auto.commit.interval.ms`, `offset.store.method`, `opaque`): `rd_kafka_conf_set` takes the
//! client's, so the table has that one.

mod callbacks;
mod client;
mod consumer;
mod producer;
mod security;

use crate::kafka::properties::kind::Kind;

/// What a client is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Sends messages.
    Producer,
    /// Reads messages as a member of a group.
    Consumer,
    /// Creates and deletes topics; takes the common properties alone.
    Admin,
}

pub(crate) const ALL: &[Role] = &[Role::Producer, Role::Consumer, Role::Admin];
pub(crate) const PRODUCER: &[Role] = &[Role::Producer];
pub(crate) const CONSUMER: &[Role] = &[Role::Consumer];

/// One property of librdkafka, under its canonical name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Property {
    pub(crate) name: &'static str,
    pub(crate) roles: &'static [Role],
    pub(crate) kind: Kind,
    /// librdkafka's default as it prints it; none where it is empty or depends on the build.
    pub(crate) default: Option<&'static str>,
}

/// Names that librdkafka documents as "Alias for", with the name they stand for.
pub(crate) const ALIASES: &[(&str, &str)] = &[
    ("bootstrap.servers", "metadata.broker.list"),
    ("max.in.flight", "max.in.flight.requests.per.connection"),
    ("sasl.mechanism", "sasl.mechanisms"),
    ("sasl.oauthbearer.client.credentials.client.id", "sasl.oauthbearer.client.id"),
    ("sasl.oauthbearer.client.credentials.client.secret", "sasl.oauthbearer.client.secret"),
    ("max.partition.fetch.bytes", "fetch.message.max.bytes"),
    ("linger.ms", "queue.buffering.max.ms"),
    ("retries", "message.send.max.retries"),
    ("compression.type", "compression.codec"),
    ("acks", "request.required.acks"),
    ("delivery.timeout.ms", "message.timeout.ms"),
];

/// Every property that a file may set.
pub(crate) fn all() -> impl Iterator<Item = &'static Property> {
    [client::CLIENT, security::SECURITY, producer::PRODUCERS, consumer::CONSUMERS]
        .into_iter()
        .flatten()
}

/// The property of that name or alias.
pub(crate) fn find(name: &str) -> Option<&'static Property> {
    let canonical = canonical(name);
    all().find(|property| property.name == canonical)
}

/// The name that an alias stands for; any other name stands for itself.
pub(crate) fn canonical(name: &str) -> &str {
    ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, canonical)| canonical)
}

/// The name under which users know a property: that of the Java client where librdkafka has it
/// as an alias, else its own.
pub(crate) fn familiar(name: &str) -> &str {
    let aliases = ALIASES.iter().filter(|(alias, _)| *alias != "max.in.flight");
    aliases.clone().find(|(_, canonical)| *canonical == name).map_or(name, |(alias, _)| alias)
}

/// Whether only code can set this property.
pub(crate) fn is_callback(name: &str) -> bool {
    callbacks::CALLBACKS.contains(&name)
}

/// Why this build of librdkafka refuses a property that it knows: built without libcurl, it can
/// fetch no tokens, and only on Windows has it certificate stores.
pub(crate) fn unsupported(name: &str) -> Option<&'static str> {
    let needs_http = name.starts_with("sasl.oauthbearer.") && name != "sasl.oauthbearer.config";
    if needs_http || name.starts_with("https.") {
        return Some("needs libcurl, which kdyno is built without");
    }
    (name == "ssl.ca.certificate.stores").then_some("is for Windows alone: use ssl.ca.location")
}

// One short word per row keeps the tables readable; an empty default means that there is none.

const fn boolean(name: &'static str, roles: &'static [Role], default: &'static str) -> Property {
    row(name, roles, Kind::Boolean, default)
}

const fn integer(
    name: &'static str,
    roles: &'static [Role],
    (min, max): (i64, i64),
    default: &'static str,
) -> Property {
    row(name, roles, Kind::Integer { min, max }, default)
}

const fn decimal(
    name: &'static str,
    roles: &'static [Role],
    (min, max): (f64, f64),
    default: &'static str,
) -> Property {
    row(name, roles, Kind::Decimal { min, max }, default)
}

const fn one_of(
    name: &'static str,
    roles: &'static [Role],
    words: &'static [&'static str],
    default: &'static str,
) -> Property {
    row(name, roles, Kind::OneOf(words), default)
}

const fn list_of(
    name: &'static str,
    roles: &'static [Role],
    words: &'static [&'static str],
    default: &'static str,
) -> Property {
    row(name, roles, Kind::ListOf(words), default)
}

const fn text(name: &'static str, roles: &'static [Role], default: &'static str) -> Property {
    row(name, roles, Kind::Text, default)
}

const fn secret(name: &'static str, roles: &'static [Role]) -> Property {
    row(name, roles, Kind::Secret, "")
}

const fn row(
    name: &'static str,
    roles: &'static [Role],
    kind: Kind,
    default: &'static str,
) -> Property {
    let default = if default.is_empty() { None } else { Some(default) };
    Property { name, roles, kind, default }
}

#[cfg(test)]
mod tests;
