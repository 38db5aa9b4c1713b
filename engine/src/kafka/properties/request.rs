//! What the resolver is asked: the layers of a driver's properties, and what kdyno adds.

use crate::kafka::properties::effective::Origin;
use crate::kafka::properties::error::PropertyError;
use crate::kafka::properties::table::Role;

/// The environment variable whose value stands for `{zone.id}` in a client.id.
pub const ZONE_VARIABLE: &str = "KDYNO_ZONE";

/// The client that a driver file was written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// OMB's driver classes: a name means what it means to the Java client, and what is absent
    /// takes that client's default.
    Java,
    /// kdyno's own files: librdkafka's meanings and defaults. Java's other names are understood.
    Librdkafka,
}

/// One line of a properties text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name as written.
    pub name: String,
    /// The value as written, blanks and all.
    pub value: String,
    /// Where: `path/driver.yaml:12`, or the flag.
    pub place: String,
}

/// Which clients a layer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All roles: what is for another role is passed over.
    Common,
    /// One role: what is for another role is an error.
    Role,
}

/// The entries of one config; a later layer wins over an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// The config's name for messages, e.g. `producerConfig`; may be empty.
    pub section: String,
    /// Which clients it is for.
    pub scope: Scope,
    /// [`Origin::File`] or [`Origin::CommandLine`].
    pub origin: Origin,
    /// The entries in order; the later of two with one name wins.
    pub entries: Vec<Entry>,
}

impl Layer {
    pub(crate) fn error(&self, entry: &Entry, problem: impl Into<String>) -> PropertyError {
        PropertyError {
            place: entry.place.clone(),
            section: self.section.clone(),
            name: entry.name.clone(),
            problem: problem.into(),
        }
    }
}

/// A value that kdyno itself brings, under one of librdkafka's names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preset {
    /// The property.
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// Why, for the plan.
    pub reason: &'static str,
}

/// Everything that decides the properties of one role's clients.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// What the clients are for.
    pub role: Role,
    /// The client that the file was written for.
    pub dialect: Dialect,
    /// Where a fault without a line is reported: the driver file's path.
    pub source: &'a str,
    /// The common layer, then the role's, then those of the command line.
    pub layers: &'a [Layer],
    /// Defaults that the plan computed; they win over those of any client.
    pub defaults: &'a [Preset],
    /// What kdyno needs whatever the file says.
    pub forced: &'a [Preset],
    /// The value of [`ZONE_VARIABLE`], if it is set.
    pub zone: Option<&'a str>,
}
