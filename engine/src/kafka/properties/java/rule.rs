//! What can be done with one of the Java client's properties.

use crate::kafka::properties::kind::Kind;
use crate::kafka::properties::table::Role;

/// A name of the Java client's that librdkafka lacks, or whose values it takes differently.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JavaName {
    pub(crate) name: &'static str,
    pub(crate) roles: &'static [Role],
    /// What Java allows; values are held to it even where the property is ignored.
    pub(crate) kind: Kind,
    pub(crate) rule: Rule,
}

/// What a Java property becomes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rule {
    /// The same value under a name of librdkafka's.
    Name(&'static str),
    /// The same, but a value beyond librdkafka's range becomes the nearest in it.
    Clamp(&'static str),
    /// Another value under a name of librdkafka's, or what is wrong with the value.
    Convert(&'static str, fn(&str) -> Result<String, String>),
    /// Nothing, for this reason; the load is the same without it.
    Ignore(&'static str),
    /// Nothing if the value is the first text, else refused for the second: without it the load
    /// would be another.
    IgnoreOnly(&'static str, &'static str),
    /// Refused, with what to write instead.
    Refuse(&'static str),
    /// `compression.level`, if this codec is the one in use.
    LevelOf(&'static str),
    /// Who logs in, by Java's login modules.
    Jaas,
    /// A part of what is said about a key store or a trust store, looked at with the others.
    Store,
    /// kdyno's own pause between commits.
    CommitLinger,
}
