//! What files and flags gave for the fields of a workload, a driver or a benchmark, unread.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::document::Document;
use super::fault::{Fault, Ledger};
use super::fields::{self, Field, Treatment};
use super::scalar;
use serde::{Deserialize, Serialize};
use serde_yaml::Value;

/// A field's value and where it was written.
#[derive(Clone, Debug)]
pub struct Given {
    /// The value as parsed; flags give text.
    pub value: Value,
    /// `file.yaml:7` or `--rate`.
    pub place: String,
    /// The field as written; empty for a flag, whose place says it.
    pub field: String,
    /// The text of the lines in the file, for the lines inside a block.
    pub text: String,
    /// The line in the file.
    pub line: Option<usize>,
    /// Whether a flag gave it.
    pub by_flag: bool,
}

impl Given {
    /// A fault of this value.
    pub fn fault(&self, problem: impl Into<String>) -> Fault {
        Fault::new(&self.place, &self.field, problem)
    }
}

/// A flag that stands for a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldFlag {
    /// The flag, for messages: `--rate`, `--set topics`.
    pub flag: String,
    /// The field, in either spelling.
    pub field: String,
    /// Its value.
    pub value: String,
}

/// The fields of one file with the flags that replace them.
#[derive(Clone, Debug)]
pub struct Givens {
    /// The file, or what stands in its place.
    pub source: String,
    fields: &'static [Field],
    by_name: BTreeMap<&'static str, Given>,
}

impl Givens {
    /// No values yet.
    pub fn new(source: &str, fields: &'static [Field]) -> Self {
        Self { source: source.to_owned(), fields, by_name: BTreeMap::new() }
    }

    /// The values of a file; unknown fields and one field in two spellings are faults.
    pub fn of_file(document: &Document, fields: &'static [Field], ledger: &mut Ledger) -> Self {
        let mut givens = Self::new(&document.path, fields);
        for entry in &document.entries {
            let given = Given {
                value: entry.value.clone(),
                place: document.place(entry.line),
                field: entry.key.clone(),
                text: entry.text.clone(),
                line: entry.line,
                by_flag: false,
            };
            givens.add(given, ledger);
        }
        givens
    }

    fn add(&mut self, given: Given, ledger: &mut Ledger) {
        let Some(field) = fields::find(self.fields, &given.field) else {
            ledger.fault(given.fault(fields::unknown(self.fields, &given.field)));
            return;
        };
        if let Some(first) = self.by_name.get(field.name) {
            let problem =
                format!("is the same field as {} ({}): keep one of them", first.field, first.place);
            ledger.fault(given.fault(problem));
        } else if treat(field, &given, ledger) {
            self.by_name.insert(field.name, given);
        }
    }

    /// Replaces a field's value by a flag's; `rivals` are fields that say the same in another way.
    pub fn set(&mut self, flag: &FieldFlag, rivals: &[(&str, &'static str)], ledger: &mut Ledger) {
        let mut given = Given {
            value: Value::String(flag.value.clone()),
            place: flag.flag.clone(),
            field: String::new(),
            text: String::new(),
            line: None,
            by_flag: true,
        };
        let Some(field) = fields::find(self.fields, &flag.field) else {
            ledger.fault(given.fault(fields::unknown(self.fields, &flag.field)));
            return;
        };
        let rival = rivals.iter().find_map(|(name, rival)| (*name == field.name).then_some(*rival));
        for name in [Some(field.name), rival].into_iter().flatten() {
            let earlier = self.by_name.remove(name).filter(|earlier| earlier.by_flag);
            // The same flag twice is a script that adds to its defaults: the later one wins.
            if let Some(earlier) = earlier.filter(|earlier| earlier.place != given.place) {
                let problem = format!("says the same as {}: keep one of them", earlier.place);
                ledger.fault(given.fault(problem));
            }
        }
        if treat(field, &given, ledger) {
            if given.value == Value::String(String::new()) {
                given.value = Value::Null;
            }
            self.by_name.insert(field.name, given);
        }
    }

    /// Adds what was given for a field of this name; gives back what was there already and stays.
    pub fn put(&mut self, field: &'static str, given: Given) -> Option<&Given> {
        match self.by_name.entry(field) {
            Entry::Occupied(there) => Some(there.into_mut()),
            Entry::Vacant(free) => {
                free.insert(given);
                None
            }
        }
    }

    /// The same without a field.
    pub fn without(&self, name: &str) -> Self {
        let mut rest = self.clone();
        rest.by_name.remove(name);
        rest
    }

    /// The same with those of a part in place of its own, and in place of `rivals`, which say the same in
    /// another way; what is missing then is missing in the part.
    pub fn with(mut self, part: Self, rivals: &[(&str, &'static str)]) -> Self {
        for (name, rival) in rivals {
            if part.get(name).is_some() && part.get(rival).is_none() {
                self.by_name.remove(rival);
            }
        }
        self.by_name.extend(part.by_name);
        Self { source: part.source, ..self }
    }

    /// What was given for a field, unless that leaves it at its default.
    pub fn get(&self, name: &str) -> Option<&Given> {
        debug_assert!(self.fields.iter().any(|field| field.name == name), "{name} is no field");
        self.by_name.get(name).filter(|given| !scalar::is_absent(&given.value))
    }

    /// A field's value as `parse` reads it; nothing where none was given, or a fault is noted.
    pub fn read<T>(
        &self,
        name: &str,
        ledger: &mut Ledger,
        parse: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Option<T> {
        let given = self.get(name)?;
        ledger.take(parse(&given.value).map_err(|problem| given.fault(problem)))
    }

    /// The same for a field that has no default.
    pub fn demand<T>(
        &self,
        name: &'static str,
        ledger: &mut Ledger,
        parse: impl Fn(&Value) -> Result<T, String>,
    ) -> Option<T> {
        if self.get(name).is_none() {
            let problem = parse(&Value::Null).err().unwrap_or_default();
            let place = self.by_name.get(name).map_or(&self.source, |given| &given.place);
            ledger.fault(Fault::new(place, name, problem));
        }
        self.read(name, ledger, parse)
    }

    /// A fault of a field: where it was given, else of the file.
    pub fn fault(&self, name: &'static str, problem: impl Into<String>) -> Fault {
        match self.by_name.get(name) {
            Some(given) => given.fault(problem),
            None => Fault::new(&self.source, name, problem),
        }
    }
}

/// Whether a field's value is to be kept; otherwise says why not, where it asks for something.
fn treat(field: &Field, given: &Given, ledger: &mut Ledger) -> bool {
    match field.treatment {
        Treatment::Used => return true,
        Treatment::NoEffect { defaults, reason } => {
            if !fields::is_default(&given.value, defaults) {
                let place = given.fault(format!("has no effect here: {reason}")).to_string();
                ledger.remark("field_without_effect", place);
            }
        }
        Treatment::Unsupported { defaults, reason } => {
            if !fields::is_default(&given.value, defaults) {
                ledger.fault(given.fault(format!("is not supported: {reason}")));
            }
        }
    }
    false
}
