//! Reading the layers: what each entry means to this role, checked, in librdkafka's terms.

use std::collections::{BTreeMap, BTreeSet};

use crate::kafka::properties::effective::{Effective, Note, NoteKind};
use crate::kafka::properties::error::PropertyError;
use crate::kafka::properties::java::{self, JavaName, Rule};
use crate::kafka::properties::kind::Kind;
use crate::kafka::properties::request::{Dialect, Entry, Layer, Request, Scope, ZONE_VARIABLE};
use crate::kafka::properties::settings::{Setting, Settings};
use crate::kafka::properties::stores;
use crate::kafka::properties::suggest::suggest;
use crate::kafka::properties::table::{self, Property, Role};

/// What the layers said.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    pub(crate) settings: Settings,
    pub(crate) notes: Vec<Note>,
    pub(crate) errors: Vec<PropertyError>,
    /// Canonical names that somebody tried to set, in vain or not.
    pub(crate) tried: BTreeSet<&'static str>,
    pub(crate) commit_linger_ms: Option<i64>,
    /// What was said about key stores and trust stores, by Java's names.
    pub(crate) stores: BTreeMap<&'static str, Setting>,
    /// The mechanisms that a login by `sasl.jaas.config` is for, and where it was written.
    pub(crate) jaas: Option<(&'static [&'static str], Setting)>,
    /// Compression levels that hold for one codec alone, until the codec is known.
    levels: Vec<(&'static str, Setting)>,
}

/// What a name means to a role.
enum Meaning {
    Own(&'static Property),
    Java(&'static JavaName),
    OtherRole,
    Refused(&'static str),
    Unknown,
}

/// A value on its way into the settings.
struct Value {
    property: &'static Property,
    text: String,
    note: Option<String>,
}

/// Reads every entry of every layer, in order.
pub(crate) fn read(request: &Request<'_>) -> Reading {
    let mut reading = Reading::default();
    for layer in request.layers {
        for entry in &layer.entries {
            if let Err(problem) = reading.entry(request, layer, entry) {
                reading.errors.push(layer.error(entry, problem));
            }
        }
    }
    reading.settle_levels();
    stores::settle(&mut reading);
    reading
}

fn meaning(name: &str, request: &Request<'_>) -> Meaning {
    let role = request.role;
    let own = table::find(name);
    let own_here = own.filter(|property| property.roles.contains(&role));
    let java_here = java::find(name, role);
    match (request.dialect, own_here, java_here) {
        (Dialect::Java, _, Some(row)) | (Dialect::Librdkafka, None, Some(row)) => {
            Meaning::Java(row)
        }
        (_, Some(property), _) => Meaning::Own(property),
        _ if own.is_some() || java::is_known(name) => Meaning::OtherRole,
        _ if table::is_callback(name) => {
            Meaning::Refused("holds code, which no file can set: remove it")
        }
        _ => match java::slip(name).or_else(|| java::security_advice(name)) {
            Some(advice) => Meaning::Refused(advice),
            None => Meaning::Unknown,
        },
    }
}

impl Reading {
    fn entry(&mut self, request: &Request<'_>, layer: &Layer, entry: &Entry) -> Result<(), String> {
        match meaning(&entry.name, request) {
            Meaning::Own(property) => {
                self.tried.insert(property.name);
                if let Some(reason) = table::unsupported(property.name) {
                    return Err(reason.to_owned());
                }
                let text = parse(property.kind, entry, layer, &mut self.notes)?;
                let text = if property.name == "client.id" { zone(&text, request)? } else { text };
                self.set(layer, entry, Value { property, text, note: None })
            }
            Meaning::Java(row) => self.java(layer, entry, row),
            Meaning::OtherRole if layer.scope == Scope::Common => Ok(()),
            Meaning::OtherRole => Err(format!(
                "has no meaning for {}: remove it here",
                match request.role {
                    Role::Producer => "a producer",
                    Role::Consumer => "a consumer",
                    Role::Admin => "an admin client",
                }
            )),
            Meaning::Refused(advice) => Err(advice.to_owned()),
            Meaning::Unknown => Err(match suggest(&entry.name) {
                Some(name) => format!("no Kafka client has this property, did you mean {name}?"),
                None => "no Kafka client has this property".to_owned(),
            }),
        }
    }

    fn java(&mut self, layer: &Layer, entry: &Entry, row: &JavaName) -> Result<(), String> {
        if let Rule::Name(to) | Rule::Clamp(to) | Rule::Convert(to, _) = row.rule {
            self.tried.insert(own(to).name);
        }
        let text = parse(row.kind, entry, layer, &mut self.notes)?;
        let value = |to, value, note| Value { property: own(to), text: value, note };
        match row.rule {
            Rule::Name(to) => self.set(layer, entry, value(to, text, None)),
            Rule::Clamp(to) => {
                let (text, note) = clamp(own(to).kind, text);
                if let Some(note) = &note {
                    self.note(NoteKind::Adjusted, entry, note);
                }
                self.set(layer, entry, value(to, text, note))
            }
            Rule::Convert(to, convert) => {
                let converted = convert(&text)?;
                let note = (converted != text).then(|| format!("from {}={text}", row.name));
                self.set(layer, entry, value(to, converted, note))
            }
            Rule::Ignore(reason) => {
                self.note(NoteKind::Ignored, entry, reason);
                Ok(())
            }
            Rule::IgnoreOnly(harmless, advice) if text != harmless => Err(advice.to_owned()),
            Rule::IgnoreOnly(..) => {
                self.note(NoteKind::Ignored, entry, "it is so anyway");
                Ok(())
            }
            Rule::Refuse(advice) => Err(advice.to_owned()),
            Rule::LevelOf(codec) => {
                let note = Some(format!("from {}", row.name));
                let level = setting(layer, entry, value("compression.level", text, note));
                self.levels.push((codec, level));
                Ok(())
            }
            Rule::Jaas => self.jaas(layer, entry, &text),
            Rule::Store => {
                let property = own("ssl.ca.location");
                let mut setting = setting(layer, entry, Value { property, text, note: None });
                setting.effective.secret = row.kind.is_secret();
                setting.effective.written_as = Some(row.name.to_owned());
                self.stores.insert(row.name, setting);
                Ok(())
            }
            Rule::CommitLinger => {
                self.commit_linger_ms = text.parse().ok();
                Ok(())
            }
        }
    }

    fn jaas(&mut self, layer: &Layer, entry: &Entry, text: &str) -> Result<(), String> {
        self.tried.insert(own("sasl.username").name);
        let login = java::parse_jaas(text)?;
        for (to, value) in login.properties {
            let note = Some(format!("from {} by {}", entry.name, login.module));
            self.tried.insert(own(to).name);
            self.set(layer, entry, Value { property: own(to), text: value, note })?;
        }
        let value = Value { property: own("sasl.password"), text: String::new(), note: None };
        self.jaas = Some((login.mechanisms, setting(layer, entry, value)));
        Ok(())
    }

    /// Takes a value over, unless the same file has it under another name too.
    fn set(&mut self, layer: &Layer, entry: &Entry, value: Value) -> Result<(), String> {
        let name = value.property.name;
        if let Some(earlier) = self.settings.by_name.get(name) {
            let spelled = earlier.effective.written_as.as_deref().unwrap_or(name);
            if spelled != entry.name && earlier.effective.origin == layer.origin {
                let place = &earlier.place;
                return Err(format!(
                    "is the same setting as {spelled} ({place}): keep one of them"
                ));
            }
        }
        self.settings.by_name.insert(name.to_owned(), setting(layer, entry, value));
        Ok(())
    }

    fn settle_levels(&mut self) {
        for (codec, level) in std::mem::take(&mut self.levels) {
            let name = level.shown_name().to_owned();
            if !self.settings.is("compression.codec", codec) {
                let text = format!("holds for {codec} alone, which is not the codec in use");
                let place = level.place;
                self.notes.push(Note { kind: NoteKind::Ignored, name, place, text });
            } else if let Some(earlier) = self.settings.get("compression.level")
                && earlier.shown_name() != name
                && earlier.effective.origin == level.effective.origin
            {
                let spelled = earlier.shown_name();
                let problem = format!("is the same setting as {spelled}: keep one of them");
                self.errors.push(level.error(problem));
            } else {
                self.settings.by_name.insert("compression.level".to_owned(), level);
            }
        }
    }

    fn note(&mut self, kind: NoteKind, entry: &Entry, text: &str) {
        let (name, place) = (entry.name.clone(), entry.place.clone());
        self.notes.push(Note { kind, name, place, text: text.to_owned() });
    }
}

fn setting(layer: &Layer, entry: &Entry, value: Value) -> Setting {
    let Value { property, text, note } = value;
    let effective = Effective {
        name: property.name.to_owned(),
        value: text,
        origin: layer.origin,
        written_as: (entry.name != property.name).then(|| entry.name.clone()),
        note,
        secret: property.kind.is_secret(),
    };
    Setting { effective, place: entry.place.clone(), section: layer.section.clone() }
}

/// Checks a value; blanks around it are no fault (Java drops them too) but are told.
pub(crate) fn parse(
    kind: Kind,
    entry: &Entry,
    layer: &Layer,
    notes: &mut Vec<Note>,
) -> Result<String, String> {
    let value = kind.parse(&entry.value)?;
    if entry.value.trim() != entry.value {
        let section = if layer.section.is_empty() { "" } else { " in " };
        let text = format!("blanks around the value were dropped{section}{}", layer.section);
        let (name, place) = (entry.name.clone(), entry.place.clone());
        notes.push(Note { kind: NoteKind::Adjusted, name, place, text });
    }
    Ok(value)
}

/// The nearest value in librdkafka's range, and the note if it is another.
fn clamp(kind: Kind, text: String) -> (String, Option<String>) {
    let (Kind::Integer { min, max }, Ok(value)) = (kind, text.parse::<i64>()) else {
        return (text, None);
    };
    if (min..=max).contains(&value) {
        return (text, None);
    }
    let note = format!("clamped from {text}: librdkafka takes {min} to {max}");
    (value.clamp(min, max).to_string(), Some(note))
}

/// A client.id with its zone.
fn zone(client_id: &str, request: &Request<'_>) -> Result<String, String> {
    const PLACEHOLDER: &str = "{zone.id}";
    match request.zone {
        _ if !client_id.contains(PLACEHOLDER) => Ok(client_id.to_owned()),
        Some(zone) if !zone.is_empty() => Ok(client_id.replace(PLACEHOLDER, zone)),
        _ => Err(format!(
            "got {client_id:?}, need the zone for {PLACEHOLDER} in the environment variable \
             {ZONE_VARIABLE}"
        )),
    }
}

fn own(name: &str) -> &'static Property {
    table::find(name).expect("a test follows every rule into librdkafka's table")
}
