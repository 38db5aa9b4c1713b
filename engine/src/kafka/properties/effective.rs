//! What a client is given: each property with its origin, and what was said about it.

use std::fmt;

use crate::kafka::properties::table;

/// Where the value of a property came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A driver file.
    File,
    /// A flag of the command line.
    CommandLine,
    /// The Java client's default, in a driver file that was written for that client.
    JavaDefault,
    /// kdyno's own default.
    KdynoDefault,
    /// librdkafka's default: nothing is set.
    LibrdkafkaDefault,
    /// kdyno needs it so, whatever the file says.
    Forced,
}

impl Origin {
    /// Whether a user wrote it.
    pub(crate) fn is_written(self) -> bool {
        matches!(self, Self::File | Self::CommandLine)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::File => "file",
            Self::CommandLine => "command line",
            Self::JavaDefault => "Java default",
            Self::KdynoDefault => "kdyno default",
            Self::LibrdkafkaDefault => "librdkafka default",
            Self::Forced => "forced",
        })
    }
}

/// One property as the client gets it.
#[derive(Clone, PartialEq, Eq)]
pub struct Effective {
    /// librdkafka's canonical name.
    pub name: String,
    /// The value in the form that librdkafka is given.
    pub value: String,
    /// Where the value came from.
    pub origin: Origin,
    /// The name in the file, where it is another.
    pub written_as: Option<String>,
    /// What was changed on the way, or why it is so.
    pub note: Option<String>,
    /// Whether the value must not be shown.
    pub secret: bool,
}

impl Effective {
    /// The value, or `****` for a secret; certificates are dozens of lines that say nothing to people.
    pub fn masked_value(&self) -> &str {
        match &self.value {
            _ if self.secret => "****",
            value if value.contains("-----BEGIN ") => "PEM",
            value => value,
        }
    }

    /// The name under which users know it: `linger.ms` for `queue.buffering.max.ms`.
    pub fn familiar_name(&self) -> &str {
        table::familiar(&self.name)
    }
}

/// Secrets stay out of logs and of failed assertions too.
impl fmt::Debug for Effective {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, value: _, origin, written_as, note, secret } = self;
        formatter
            .debug_struct("Effective")
            .field("name", name)
            .field("value", &self.masked_value())
            .field("origin", origin)
            .field("written_as", written_as)
            .field("note", note)
            .field("secret", secret)
            .finish()
    }
}

/// What a note reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoteKind {
    /// The property has no effect here.
    Ignored,
    /// The value was changed: clamped, trimmed.
    Adjusted,
    /// kdyno's forced value replaced what was written.
    Overridden,
    /// The value is legal and makes the result worth less.
    Warning,
}

/// Something about a written property that its user should know.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Note {
    /// What is reported.
    pub kind: NoteKind,
    /// The property's name as it was written.
    pub name: String,
    /// Where it was written; empty where it was not.
    pub place: String,
    /// The reason, or what was changed; never a secret's value.
    pub text: String,
}

impl fmt::Display for Note {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.place.is_empty() {
            write!(formatter, "{}: ", self.place)?;
        }
        write!(formatter, "{}: {}", self.name, self.text)
    }
}
