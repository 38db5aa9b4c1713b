//! What `--set` says: fields of the workload, fields of the driver, properties of its clients.

use engine::kafka::properties::{Entry, PropertyKind, kind_of};

use super::driver::{self, Config};
use super::fault::{Fault, Ledger};
use super::fields;
use super::files::Files;
use super::given::FieldFlag;
use super::secret;

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

impl Assignments {
    /// Reads the values of `--set`, after flags that stand for workload fields.
    pub fn read(flags: &[FieldFlag], sets: &[String], files: &Files, ledger: &mut Ledger) -> Self {
        let mut read = Self { workload: flags.to_vec(), ..Self::default() };
        for set in sets {
            if let Err(fault) = read.add(set, files) {
                ledger.fault(fault);
            }
        }
        read
    }

    fn add(&mut self, set: &str, files: &Files) -> Result<(), Fault> {
        let Some((name, value)) = set.split_once('=') else {
            let problem = format!("got \"{set}\", need field=value, e.g. --set messageSize=1KiB");
            return Err(Fault::whole("--set", problem));
        };
        let name = name.trim();
        let flag = format!("--set {name}");
        let is_literal = !secret::is_reference(value);
        let value = files.expand(value).map_err(|problem| Fault::whole(&flag, problem))?;
        let Some(field) = name.strip_prefix("driver.") else {
            self.workload.push(FieldFlag { flag, field: name.to_owned(), value });
            return Ok(());
        };
        let block = |config: &Config| {
            let (head, property) = field.split_once('.')?;
            fields::is_spelling(config.field(), head).then(|| (*config, property.to_owned()))
        };
        let named = Config::ALL.iter().find_map(block);
        if named.is_none() && fields::find(driver::FIELDS, field).is_some() {
            self.driver.push(FieldFlag { flag, field: field.to_owned(), value });
            return Ok(());
        }
        let (config, property) = named.unwrap_or_else(|| (home(field), field.to_owned()));
        if property.is_empty() {
            return Err(Fault::whole(flag, "need the name of a property after the last dot"));
        }
        if is_literal {
            self.literals.push(flag.clone());
        }
        self.properties.push((config, Entry { name: property, value, place: flag }));
        Ok(())
    }
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
