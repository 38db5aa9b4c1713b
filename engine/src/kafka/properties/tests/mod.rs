//! The resolver as its callers see it.

mod absent;
mod refused;
mod secured;
mod translated;

use crate::kafka::properties::{
    Dialect, Entry, Layer, Origin, PropertyError, Request, Resolved, Role, Scope, resolve,
};

/// The section of a role's own config in a driver file.
fn section(role: Role) -> &'static str {
    match role {
        Role::Producer => "producerConfig",
        Role::Consumer => "consumerConfig",
        Role::Admin => "adminConfig",
    }
}

/// A layer of a driver file, from lines `name=value`; the first line of the text is line 1.
fn layer(section: &str, scope: Scope, text: &str) -> Layer {
    let entry = |(index, line): (usize, &str)| {
        let (name, value) = line.split_once('=').expect(line);
        let place = format!("d.yaml:{}", index + 1);
        Entry { name: name.trim_start().to_owned(), value: value.to_owned(), place }
    };
    let entries = text.lines().enumerate().map(entry).collect();
    Layer { section: section.to_owned(), scope, origin: Origin::File, entries }
}

const SERVERS: &str = "bootstrap.servers=localhost:9092";

/// Resolves a role's config beside a common one that has nothing but servers.
fn outcome(role: Role, dialect: Dialect, text: &str) -> Result<Resolved, Vec<PropertyError>> {
    let layers =
        [layer("commonConfig", Scope::Common, SERVERS), layer(section(role), Scope::Role, text)];
    ask(role, dialect, &layers)
}

fn ask(role: Role, dialect: Dialect, layers: &[Layer]) -> Result<Resolved, Vec<PropertyError>> {
    resolve(&request(role, dialect, layers))
}

fn request(role: Role, dialect: Dialect, layers: &[Layer]) -> Request<'_> {
    Request { role, dialect, source: "d.yaml", layers, defaults: &[], forced: &[], zone: None }
}

#[track_caller]
fn producer(text: &str) -> Resolved {
    outcome(Role::Producer, Dialect::Java, text).expect("the properties are legal")
}

#[track_caller]
fn consumer(text: &str) -> Resolved {
    outcome(Role::Consumer, Dialect::Java, text).expect("the properties are legal")
}

/// Value and origin of a property, as text.
fn shown(resolved: &Resolved, name: &str) -> String {
    let property = resolved.explain(name).expect(name);
    format!("{} ({})", property.masked_value(), property.origin)
}
