//! What `--set` says: fields of the workload, fields of the driver, properties of its clients.

use engine::kafka::properties::{Entry, PropertyKind, kind_of};

use super::driver::{self, Config};
use super::fault::{Fault, Ledger};
use super::fields;
use super::files::Files;
use super::given::FieldFlag;
use super::{secret, workload};

/// How names of the driver begin.
const DRIVER: &str = "driver.";

/// All assignments of the command line, each where it belongs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assignments {
    /// For the workload, flags of their own included.
    pub workload: Vec<FieldFlag>,
    /// For the driver.
    pub driver: Vec<FieldFlag>,
    /// For the driver's clients and topics.
    pub properties: Vec<(Config, Entry)>,
    /// The places of properties whose value was written out on the command line.
    pub literals: Vec<String>,
}

/// What an assignment's name means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A field of the workload, by its name in camel case.
    Workload(&'static str),
    /// A field of one of the workload's streams: its name, and the field likewise.
    Stream(String, &'static str),
    /// A field of the driver, likewise.
    Driver(&'static str),
    /// A property of the driver's clients or topics.
    Property(Config, String),
    /// Nothing that there is.
    Unknown,
}

impl Target {
    /// What a name means: `topics`, `driver.replicationFactor`, `driver.linger.ms`.
    pub(crate) fn of(name: &str) -> Self {
        if let Some((stream, field)) = workload::stream_field(name) {
            return Self::Stream(stream.to_owned(), field);
        }
        let Some(field) = name.strip_prefix(DRIVER) else {
            return fields::find(workload::FIELDS, name)
                .map_or(Self::Unknown, |field| Self::Workload(field.name));
        };
        let block = |config: &Config| {
            let (head, property) = field.split_once('.')?;
            fields::is_spelling(config.field(), head).then(|| (*config, property.to_owned()))
        };
        if let Some((config, property)) = Config::ALL.iter().find_map(block) {
            return Self::Property(config, property);
        }
        match fields::find(driver::FIELDS, field) {
            Some(found) => Self::Driver(found.name),
            None => Self::Property(home(field), field.to_owned()),
        }
    }
}

impl Assignments {
    /// Reads flags that stand for fields, and after them the values of `--set`.
    pub fn read(flags: &[FieldFlag], sets: &[String], files: &Files, ledger: &mut Ledger) -> Self {
        let mut read = Self::default();
        for flag in flags {
            if flag.field.starts_with(DRIVER) {
                // A file's sweep has these, and the flags of perf-test.
                let is_typed = flag.flag.starts_with("--");
                if is_typed && !secret::is_reference(&flag.value) {
                    read.literals.push(flag.flag.clone());
                }
                let added = read.add(flag.clone(), files);
                added.unwrap_or_else(|fault| ledger.fault(fault));
            } else {
                read.workload.push(flag.clone());
            }
        }
        for set in sets {
            let is_literal = |flag: &FieldFlag| !secret::is_reference(&flag.value);
            let added = assignment(set).and_then(|flag| {
                let literal = is_literal(&flag).then(|| flag.flag.clone());
                let before = read.properties.len();
                read.add(flag, files)?;
                let is_property = before < read.properties.len();
                read.literals.extend(literal.filter(|_| is_property));
                Ok(())
            });
            added.unwrap_or_else(|fault| ledger.fault(fault));
        }
        read
    }

    fn add(&mut self, given: FieldFlag, files: &Files) -> Result<(), Fault> {
        let FieldFlag { flag, field, value } = given;
        let value = files.expand(&value).map_err(|problem| Fault::whole(&flag, problem))?;
        match Target::of(&field) {
            Target::Workload(_) | Target::Stream(..) | Target::Unknown => {
                self.workload.push(FieldFlag { flag, field, value });
            }
            Target::Driver(_) => {
                let field = field.strip_prefix(DRIVER).unwrap_or(&field).to_owned();
                self.driver.push(FieldFlag { flag, field, value });
            }
            Target::Property(_, property) if property.is_empty() => {
                return Err(Fault::whole(flag, "need the name of a property after the last dot"));
            }
            Target::Property(config, property) => {
                self.properties.push((config, Entry { name: property, value, place: flag }));
            }
        }
        Ok(())
    }
}

/// The field and the value of one `--set`.
pub(super) fn assignment(set: &str) -> Result<FieldFlag, Fault> {
    let Some((name, value)) = set.split_once('=') else {
        let problem = format!("got \"{set}\", need field=value, e.g. --set messageSize=1KiB");
        return Err(Fault::whole("--set", problem));
    };
    let name = name.trim();
    let flag = format!("--set {name}");
    Ok(FieldFlag { flag, field: name.to_owned(), value: value.to_owned() })
}

/// The block in which a property without one is legal. A client's property goes to the common
/// block of the command line, which passes it to every role that has it and wins over the file.
fn home(property: &str) -> Config {
    match kind_of(property) {
        Some(PropertyKind::Topic) => Config::Topic,
        Some(PropertyKind::Client) | None => Config::Common,
    }
}

#[cfg(test)]
mod tests {
    use super::{Assignments, Config, Files};
    use crate::spec::fault::Ledger;

    fn read(sets: &[&str]) -> (Assignments, Vec<String>) {
        let mut ledger = Ledger::default();
        let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
        let read = Assignments::read(&[], &sets, &Files::disk(), &mut ledger);
        (read, ledger.faults.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn properties_find_their_block() {
        let check = |set: &str, config: Config, name: &str, value: &str| {
            let (read, faults) = read(&[set]);
            assert_eq!(faults, Vec::<String>::new(), "{set}");
            let (found, entry) = &read.properties[0];
            assert_eq!((*found, &*entry.name, &*entry.value), (config, name, value), "{set}");
        };
        check("driver.linger.ms=5", Config::Common, "linger.ms", "5");
        check("driver.compression.type=lz4", Config::Common, "compression.type", "lz4");
        check("driver.min.insync.replicas=1", Config::Topic, "min.insync.replicas", "1");
        check("driver.producerConfig.acks=1", Config::Producer, "acks", "1");
        check("driver.consumer_config.fetch.min.bytes=2", Config::Consumer, "fetch.min.bytes", "2");
        check("driver.topicConfig.retention.ms=a=b", Config::Topic, "retention.ms", "a=b");
        check("driver.no.such=1", Config::Common, "no.such", "1");
    }

    #[test]
    fn fields_go_to_their_file() {
        let (read, faults) =
            read(&["topics=3", "driver.replicationFactor=1", "driver.driver_class=embedded"]);
        assert_eq!(faults, Vec::<String>::new());
        assert_eq!(read.workload[0].flag, "--set topics");
        let fields: Vec<&str> = read.driver.iter().map(|flag| flag.field.as_str()).collect();
        assert_eq!(fields, ["replicationFactor", "driver_class"]);
        assert!(read.properties.is_empty(), "no properties");
    }

    #[test]
    fn values_written_out_are_remembered() {
        let (read, _) =
            read(&["driver.sasl.password=x", "driver.sasl.username=${env:CARGO_PKG_NAME}"]);
        assert_eq!(read.literals, ["--set driver.sasl.password"]);
        assert_eq!(read.properties[1].1.value, "kdyno");
    }

    #[test]
    fn what_is_no_assignment_is_refused() {
        let check = |set: &str, expected: &str| assert_eq!(read(&[set]).1, [expected], "{set}");
        check("topics", "--set: got \"topics\", need field=value, e.g. --set messageSize=1KiB");
        check(
            "driver.topicConfig.=1",
            "--set driver.topicConfig.: need the name of a property after the last dot",
        );
        check(
            "name=${env:KDYNO_NO_SUCH_VARIABLE}",
            "--set name: the environment variable KDYNO_NO_SUCH_VARIABLE is not set",
        );
    }
}
