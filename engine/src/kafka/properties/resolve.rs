//! From the layers of a driver's properties to what one role's clients are given.

use crate::kafka::properties::check;
use crate::kafka::properties::defaults;
use crate::kafka::properties::effective::{Effective, Note, NoteKind, Origin};
use crate::kafka::properties::error::PropertyError;
use crate::kafka::properties::read::{self, Reading};
use crate::kafka::properties::request::Request;
use crate::kafka::properties::settings::{self, Setting};
use crate::kafka::properties::table::{self, Role};

/// The properties of one role's clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// What the clients are for.
    pub role: Role,
    /// Everything that is set, by canonical name.
    pub properties: Vec<Effective>,
    /// What the user should know about what was written.
    pub notes: Vec<Note>,
    /// `offsetCommitLingerMs`: the least time between two commits, negative for one at every poll.
    pub commit_linger_ms: Option<i64>,
}

/// Resolves the properties of one role, or returns every fault there is.
pub fn resolve(request: &Request<'_>) -> Result<Resolved, Vec<PropertyError>> {
    let mut reading = read::read(request);
    force(&mut reading, request);
    defaults::fill(&mut reading.settings, request);
    check::check(&mut reading, request);
    let Reading { settings, notes, errors, tried: _, commit_linger_ms, .. } = reading;
    if !errors.is_empty() {
        return Err(errors);
    }
    let properties = settings.by_name.into_values().map(|setting| setting.effective).collect();
    Ok(Resolved { role: request.role, properties, notes, commit_linger_ms })
}

fn force(reading: &mut Reading, request: &Request<'_>) {
    for preset in request.forced {
        let replaced = reading.settings.force(preset.name, &preset.value, preset.reason);
        let Some(Setting { effective, place, .. }) = replaced else { continue };
        if effective.value == preset.value {
            continue;
        }
        let value = if effective.secret { "****" } else { &preset.value };
        let text = format!("is {value} instead: {}", preset.reason);
        let name = effective.written_as.unwrap_or(effective.name);
        reading.notes.push(Note { kind: NoteKind::Overridden, name, place, text });
    }
}

impl Resolved {
    /// What is set under a name or alias.
    pub fn get(&self, name: &str) -> Option<&Effective> {
        let name = table::canonical(name);
        self.properties.iter().find(|property| property.name == name)
    }

    /// A property whether it is set or has librdkafka's default; nothing for a name without
    /// either.
    pub fn explain(&self, name: &str) -> Option<Effective> {
        self.get(name).cloned().or_else(|| {
            let property = table::find(name)?;
            Some(Effective {
                name: property.name.to_owned(),
                value: settings::default(name)?,
                origin: Origin::LibrdkafkaDefault,
                written_as: None,
                note: None,
                secret: property.kind.is_secret(),
            })
        })
    }

    /// The value of a property, set or default.
    pub fn value(&self, name: &str) -> Option<String> {
        self.explain(name).map(|property| property.value)
    }

    /// The same as an integer; nothing for what is none.
    pub fn integer(&self, name: &str) -> Option<i64> {
        self.value(name)?.parse().ok()
    }

    /// Whether a switch is on.
    pub fn is_on(&self, name: &str) -> bool {
        self.value(name).is_some_and(|value| value == "true")
    }
}
