//! The properties of Kafka clients: typed, checked and resolved before any client exists.
//!
//! librdkafka ignores, truncates or misreads much of what a file may say, and Java's files mean
//! another client. So every property is held to a table of names, kinds and ranges, Java's names
//! and defaults are translated, and each value keeps where it came from. The files, in reading
//! order: `kind` and `servers` (values), `table` (librdkafka's properties), `java` (the Java
//! client's), `request` (what is asked), `read` (the layers), `defaults`, `stores` (files of
//! keys and certificates), `check` (one property against another), `resolve` (all of it), `topic` (the configs of topics), `home` (which
//! of the two a name is of).

mod check;
mod defaults;
mod effective;
mod error;
mod home;
mod idempotence;
mod java;
mod kind;
mod read;
mod request;
mod resolve;
mod servers;
mod settings;
mod stores;
mod suggest;
mod table;
#[cfg(test)]
mod tests;
mod topic;

pub use effective::{Effective, Note, NoteKind, Origin};
pub use error::PropertyError;
pub use home::{PropertyKind, kind_of};
pub use request::{Dialect, Entry, Layer, Preset, Request, Scope, ZONE_VARIABLE};
pub use resolve::{Resolved, resolve};
pub use table::Role;
pub use topic::{TopicConfig, resolve_topic};
