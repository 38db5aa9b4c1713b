//! The properties gathered so far, each with where it stands.

use std::collections::BTreeMap;

use crate::kafka::properties::effective::{Effective, Origin};
use crate::kafka::properties::error::PropertyError;
use crate::kafka::properties::table;

/// A property and where it was written.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    pub(crate) effective: Effective,
    /// Empty for defaults.
    pub(crate) place: String,
    /// Empty for defaults.
    pub(crate) section: String,
}

impl Setting {
    /// The name to call it by in a message: as it was written, else the familiar one.
    pub(crate) fn shown_name(&self) -> &str {
        self.effective.written_as.as_deref().unwrap_or_else(|| self.effective.familiar_name())
    }

    /// A fault of this property.
    pub(crate) fn error(&self, problem: String) -> PropertyError {
        let Self { place, section, .. } = self;
        let name = self.shown_name().to_owned();
        PropertyError { place: place.clone(), section: section.clone(), name, problem }
    }
}

/// The properties by canonical name.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub(crate) by_name: BTreeMap<String, Setting>,
}

impl Settings {
    /// What was set under a name or alias, by whomever.
    pub(crate) fn get(&self, name: &str) -> Option<&Setting> {
        self.by_name.get(table::canonical(name))
    }

    /// What a user wrote under a name or alias.
    pub(crate) fn written(&self, name: &str) -> Option<&Setting> {
        self.get(name).filter(|setting| setting.effective.origin.is_written())
    }

    /// The value that the client will work with: as set, else librdkafka's default.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        match self.get(name) {
            Some(setting) => Some(setting.effective.value.clone()),
            None => default(name),
        }
    }

    /// The same as an integer.
    pub(crate) fn integer(&self, name: &str) -> Option<i64> {
        self.value(name)?.parse().ok()
    }

    /// The same as a decimal number.
    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        self.value(name)?.parse().ok()
    }

    /// Whether the value is this one.
    pub(crate) fn is(&self, name: &str, value: &str) -> bool {
        self.value(name).is_some_and(|actual| actual == value)
    }

    /// Sets a property that nobody wrote; one that is already there stays.
    pub(crate) fn offer(&mut self, name: &str, value: &str, origin: Origin, note: Option<String>) {
        let name = table::canonical(name);
        if !self.by_name.contains_key(name) {
            self.by_name.insert(name.to_owned(), unwritten(name, value, origin, note));
        }
    }

    /// Sets a property in place of whatever was there, which is returned.
    pub(crate) fn force(&mut self, name: &str, value: &str, reason: &str) -> Option<Setting> {
        let name = table::canonical(name);
        let setting = unwritten(name, value, Origin::Forced, Some(reason.to_owned()));
        self.by_name.insert(name.to_owned(), setting)
    }
}

/// librdkafka's default of a property, in the form of values that are set.
pub(crate) fn default(name: &str) -> Option<String> {
    let property = table::find(name)?;
    property.default.map(|default| {
        property.kind.parse(default).expect("a test parses every default under its own kind")
    })
}

fn unwritten(name: &str, value: &str, origin: Origin, note: Option<String>) -> Setting {
    let secret = table::find(name).is_some_and(|property| property.kind.is_secret());
    let (name, value) = (name.to_owned(), value.to_owned());
    let effective = Effective { name, value, origin, written_as: None, note, secret };
    Setting { effective, place: String::new(), section: String::new() }
}
