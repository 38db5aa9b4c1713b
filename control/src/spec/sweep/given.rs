//! The fields that are given several values: on the command line, and in a workload's own `sweep`.

use std::path::Path;

use serde_yaml::Value;

use super::form;
use super::values::{of_items, of_text};
use crate::spec::assignments::{Target, assignment};
use crate::spec::document::{Document, DocumentEntry};
use crate::spec::fault::{Fault, Ledger};
use crate::spec::fields;
use crate::spec::files::Files;
use crate::spec::given::FieldFlag;
use crate::spec::order::Order;
use crate::spec::scalar;
use crate::spec::workload::{self, RIVALS};

/// The field of a workload that holds its sweep.
const SWEEP: &str = "sweep";

/// A field with the values that it is to have.
#[derive(Clone, Debug)]
pub(super) struct Swept {
    /// What it is.
    pub(super) target: Target,
    /// Its name as results have it.
    pub(super) field: String,
    /// At least one.
    pub(super) values: Vec<String>,
    /// How a cell is told its value.
    pub(super) telling: Telling,
}

/// How a cell is told a value.
#[derive(Clone, Debug)]
pub(super) enum Telling {
    /// In place of what stands there on the command line.
    Line(usize),
    /// As a flag that stands for a field.
    File {
        /// The flag, for messages.
        place: String,
        /// The field as it was written.
        written: String,
    },
}

/// What a cell is told at one place of the command line.
#[derive(Clone, Debug)]
pub(super) enum Told {
    /// A flag that stands for a field.
    Flag(FieldFlag),
    /// A `--set`.
    Set(String),
    /// What stands there is replaced by something later, or is no list.
    Nothing,
}

/// The fields that the command line gives: flags that stand for fields first, then `--set`.
#[derive(Clone, Debug, Default)]
pub(super) struct CommandLine {
    /// Those with several values, in order.
    pub(super) swept: Vec<Swept>,
    /// All of them.
    named: Vec<Target>,
    /// Places of which cells are told nothing.
    silent: Vec<usize>,
}

impl CommandLine {
    /// Finds the lists and ranges, or notes what is wrong with them. What is no assignment at all is told
    /// when the cell's own are read.
    pub(super) fn read(order: &Order, ledger: &mut Ledger) -> Self {
        let sets = order.sets.iter().map(|set| assignment(set).ok());
        let all: Vec<Option<FieldFlag>> =
            order.flags.iter().cloned().map(Some).chain(sets).collect();
        let mut line = Self::default();
        for (index, given) in all.iter().enumerate() {
            let Some(given) = given else { continue };
            let target = Target::of(&given.field);
            if target == Target::Workload(SWEEP) {
                let problem =
                    "holds the values of other fields: give those lists, e.g. --set topics=1,2";
                ledger.fault(Fault::whole(&given.flag, problem));
                line.silent.push(index);
                continue;
            }
            let again =
                |later: &Option<FieldFlag>| later.as_ref().is_some_and(|of| of.flag == given.flag);
            let read = of_text(&given.value, form::of_value(&target, &given.value));
            match read.map_err(|problem| Fault::whole(&given.flag, problem)) {
                Ok(None) => {}
                // The same flag twice is a script that adds to its defaults: the later one wins.
                Ok(Some(_)) if all[index + 1..].iter().any(again) => line.silent.push(index),
                Ok(Some(values)) => line.swept.push(Swept {
                    field: field(&target, &given.field),
                    target: target.clone(),
                    values,
                    telling: Telling::Line(index),
                }),
                Err(fault) => {
                    ledger.fault(fault);
                    line.silent.push(index);
                }
            }
            line.named.push(target);
        }
        line
    }

    /// Whether it gives this field, or one that says the same.
    pub(super) fn names(&self, target: &Target) -> bool {
        let is_rival = |named: &Target| match (named, target) {
            (Target::Workload(one), Target::Workload(other)) => RIVALS.contains(&(*one, *other)),
            (Target::Stream(of, one), Target::Stream(also, other)) => {
                of == also && RIVALS.contains(&(*one, *other))
            }
            _ => false,
        };
        self.named.iter().any(|named| named == target || is_rival(named))
    }

    /// What stands on the command line, place by place.
    pub(super) fn given(&self, order: &Order) -> Vec<Told> {
        let flags = order.flags.iter().cloned().map(Told::Flag);
        let mut told: Vec<Told> = flags.chain(order.sets.iter().cloned().map(Told::Set)).collect();
        for index in &self.silent {
            told[*index] = Told::Nothing;
        }
        told
    }

    /// What a cell with this value is told at a place.
    pub(super) fn telling(&self, order: &Order, index: usize, value: &str) -> Told {
        let value = value.to_owned();
        match order.flags.get(index) {
            Some(flag) => Told::Flag(FieldFlag { value, ..flag.clone() }),
            None => {
                let set = &order.sets[index - order.flags.len()];
                let name = set.split_once('=').map_or(set.as_str(), |(name, _)| name);
                Told::Set(format!("{name}={value}"))
            }
        }
    }
}

/// The name of a field as results have it.
fn field(target: &Target, written: &str) -> String {
    match target {
        Target::Workload(name) => (*name).to_owned(),
        Target::Stream(stream, name) => format!("streams.{stream}.{name}"),
        Target::Driver(name) => format!("driver.{name}"),
        Target::Property(..) | Target::Unknown => written.to_owned(),
    }
}

/// The fields of a workload's own sweep; what is wrong with the rest of the file is told when it is read.
pub(super) fn of_file(path: &Path, files: &mut Files, ledger: &mut Ledger) -> Vec<Swept> {
    let Some(document) = Document::read(path, files, &mut Ledger::default()) else {
        return Vec::new();
    };
    let mut swept: Vec<Swept> = Vec::new();
    let entries = document.entries.iter().filter(|entry| entry.key == SWEEP);
    for entry in entries.filter(|entry| !scalar::is_absent(&entry.value)) {
        let Value::Mapping(map) = &entry.value else {
            let shown = scalar::show(&entry.value);
            let problem =
                format!("got {shown}, need fields with their values, e.g. {{topics: [1, 2, 4]}}");
            ledger.fault(Fault::new(document.place(entry.line), SWEEP, problem));
            continue;
        };
        for (key, value) in map {
            let key = scalar::text(key).unwrap_or_default();
            let place = document.place(line_of(entry, &key));
            let fault = |problem: String| Fault::new(&place, format!("{SWEEP}: {key}"), problem);
            let read = one(&key, value, &place).and_then(|one| match &swept {
                earlier if earlier.iter().any(|of| of.target == one.target) => {
                    Err("is there already in another spelling: keep one of them".to_owned())
                }
                _ => Ok(one),
            });
            swept.extend(ledger.take(read.map_err(fault)));
        }
    }
    swept
}

fn one(key: &str, value: &Value, place: &str) -> Result<Swept, String> {
    let target = Target::of(key);
    match target {
        Target::Unknown => return Err(fields::unknown(workload::FIELDS, key)),
        Target::Workload(SWEEP | "streams") => {
            return Err("is no field that can be swept".to_owned());
        }
        _ => {}
    }
    let values = match value {
        Value::Sequence(items) if items.is_empty() => return Err("got an empty list".to_owned()),
        Value::Sequence(items) => {
            let text = |item: &Value| {
                scalar::text(item)
                    .ok_or_else(|| format!("got {} in a list, need values", scalar::show(item)))
            };
            let texts: Vec<String> = items.iter().map(text).collect::<Result<_, _>>()?;
            of_items(&texts, form::of(&target))?
        }
        scalar => {
            let text = scalar::text(scalar).filter(|text| !text.trim().is_empty());
            let need =
                || format!("got {}, need a list or a range, e.g. 1..32*2", scalar::show(value));
            let text = text.ok_or_else(need)?;
            of_text(&text, form::of_value(&target, &text))?.unwrap_or_else(|| vec![text])
        }
    };
    let place = format!("{place}: {SWEEP}: {key}");
    let telling = Telling::File { place, written: key.to_owned() };
    Ok(Swept { field: field(&target, key), target, values, telling })
}

/// The line of a key below the field, where it has one of its own.
fn line_of(entry: &DocumentEntry, key: &str) -> Option<usize> {
    let is_key = |line: &str| {
        let bare = line.trim_start().trim_start_matches(['"', '\'']);
        bare.strip_prefix(key)
            .is_some_and(|rest| rest.trim_start_matches(['"', '\'']).starts_with(':'))
    };
    let nth = entry.text.lines().position(is_key);
    entry.line.map(|line| line + nth.unwrap_or(0))
}
