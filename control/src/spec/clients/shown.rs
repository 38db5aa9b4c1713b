//! Properties as reports show them: with their origin, without secrets.

use engine::kafka::properties::Effective;
use serde_json::{Value, json};

use super::Resolution;
use crate::spec::assignments::Assignments;
use crate::spec::fault::Ledger;

/// A property as reports show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownProperty {
    /// `producer`, `consumer`, `admin`, `consumer_admin` (at a cluster of the consumers' own) or `topic`.
    pub role: &'static str,
    /// The name that users know.
    pub name: String,
    /// The value; `****` for a secret.
    pub value: String,
    /// Where it came from, e.g. `file` or `Java default`.
    pub origin: String,
    /// The name in the file, where it is another.
    pub written_as: Option<String>,
    /// What was changed on the way, or why it is so.
    pub note: Option<String>,
}

impl ShownProperty {
    /// The property as the result's JSON has it.
    pub fn json(&self) -> Value {
        let Self { role, name, value, origin, written_as, note } = self;
        json!({
            "role": role,
            "name": name,
            "value": value,
            "origin": origin,
            "written_as": written_as,
            "note": note,
        })
    }
}

pub(super) fn shown(resolution: &Resolution) -> Vec<ShownProperty> {
    let Resolution { producer, consumer, admin, consumer_admin, topic } = resolution;
    let none = Vec::new();
    let at_the_consumers = consumer_admin.as_ref().map_or(&none, |far| &far.properties);
    let roles = [
        ("producer", &producer.properties),
        ("consumer", &consumer.properties),
        ("admin", &admin.properties),
        ("consumer_admin", at_the_consumers),
        ("topic", &topic.properties),
    ];
    let show = |(role, properties): (&'static str, &Vec<Effective>)| {
        let one = move |property: &Effective| ShownProperty {
            role,
            name: property.familiar_name().to_owned(),
            value: property.masked_value().to_owned(),
            origin: property.origin.to_string(),
            written_as: property.written_as.clone(),
            note: property.note.clone(),
        };
        properties.iter().map(one).collect::<Vec<_>>()
    };
    roles.into_iter().flat_map(show).collect()
}

/// Warns of secrets that the command line shows to everybody on the host.
pub(crate) fn warn_of_literals(shown: &[ShownProperty], flags: &Assignments, ledger: &mut Ledger) {
    for (_, entry) in &flags.properties {
        let is_secret = |one: &ShownProperty| {
            one.value == "****"
                && (one.name == entry.name || one.written_as.as_ref() == Some(&entry.name))
        };
        if flags.literals.contains(&entry.place) && shown.iter().any(is_secret) {
            let text = format!(
                "{}: a secret on the command line is seen by everybody on this host: use \
                 ${{env:NAME}} or ${{file:PATH}}",
                entry.place
            );
            ledger.remark("secret_on_command_line", text);
        }
    }
}
