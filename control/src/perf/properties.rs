//! The properties of a perf test's client: those of its file, then those of the line, and what the tool adds.

use crate::spec::{Fault, FieldFlag, Files, properties_text};
use std::path::Path;

/// Where the driver keeps what all clients of a run are told: the one that asks for topics must reach and
/// be let in by the same brokers.
const COMMON: &str = "driver.commonConfig.";

/// What one of Kafka's tools calls its flags, and what its client has where nobody says otherwise.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tool {
    /// The flag of properties, for messages.
    props: &'static str,
    /// The flag of a file of them.
    config: &'static str,
    defaults: &'static [(&'static str, &'static str)],
}

/// kafka-producer-perf-test.
pub(super) const PRODUCER: Tool = Tool {
    props: "--producer-props",
    config: "--producer.config",
    defaults: &[
        ("client.id", "perf-producer-client"),
        // Java's default since Kafka 4.0 (KIP-1030); that of files written for OMB is 0.
        ("linger.ms", "5"),
    ],
};

/// kafka-consumer-perf-test.
pub(super) const CONSUMER: Tool = Tool {
    props: "--command-property",
    config: "--consumer.config",
    // As the tool sets them whatever its client's defaults are.
    defaults: &[("client.id", "perf-consumer-client"), ("check.crcs", "false")],
};

/// A property and where it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Property {
    name: String,
    value: String,
    place: String,
}

/// The properties as flags of a driver of Java's dialect, each name once: the line wins over the file. What
/// is wrong is noted in `faults`.
pub(super) fn flags(
    tool: Tool,
    file: Option<&Path>,
    line: &[String],
    files: &mut Files,
    faults: &mut Vec<Fault>,
) -> Vec<FieldFlag> {
    let mut given: Vec<Property> =
        file.map_or_else(Vec::new, |path| of_file(tool, path, files, faults));
    for word in line {
        match of_word(tool, word) {
            Ok(property) => given.push(property),
            Err(fault) => faults.push(fault),
        }
    }
    let added = tool.defaults.iter().filter(|(name, _)| given.iter().all(|of| of.name != *name));
    let added: Vec<Property> = added
        .map(|(name, value)| Property {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
            place: format!("perf-test's {name}"),
        })
        .collect();
    let wins = |at: usize| given[at + 1..].iter().all(|later| later.name != given[at].name);
    let winning = (0..given.len()).filter(|at| wins(*at)).map(|at| given[at].clone());
    added.into_iter().chain(winning).map(flag).collect()
}

/// Whether brokers are named among them.
pub(super) fn name_brokers(flags: &[FieldFlag]) -> bool {
    names(flags, &["bootstrap.servers", "metadata.broker.list"])
}

/// Whether one of these properties is among them.
pub(super) fn names(flags: &[FieldFlag], names: &[&str]) -> bool {
    let is_one = |flag: &FieldFlag| {
        flag.field.strip_prefix(COMMON).is_some_and(|name| names.contains(&name))
    };
    flags.iter().any(is_one)
}

/// A property that a flag of its own gives.
pub(super) fn property(flag: &str, name: &str, value: String) -> FieldFlag {
    FieldFlag { flag: flag.to_owned(), field: format!("{COMMON}{name}"), value }
}

fn flag(property: Property) -> FieldFlag {
    let Property { name, value, place } = property;
    FieldFlag { flag: place, field: format!("{COMMON}{name}"), value }
}

fn of_file(tool: Tool, path: &Path, files: &mut Files, faults: &mut Vec<Fault>) -> Vec<Property> {
    let shown = path.display().to_string();
    let read = files.read(path).map_err(|error| error.to_string());
    let text = read.and_then(|bytes| {
        String::from_utf8(bytes.to_vec()).map_err(|_| "holds no UTF-8 text".to_owned())
    });
    let text = match text {
        Ok(text) => text,
        Err(problem) => {
            faults.push(Fault::new(tool.config, shown, problem));
            return Vec::new();
        }
    };
    let mut given = Vec::new();
    for line in properties_text::parse(&text) {
        match line {
            Ok(line) => given.push(Property {
                place: format!("{shown}:{}", line.line + 1),
                name: line.name,
                value: line.value,
            }),
            Err(fault) => {
                faults.push(Fault::whole(format!("{shown}:{}", fault.line + 1), fault.problem));
            }
        }
    }
    given
}

/// `name=value`; what follows the first equals sign is the value, which may hold more of them.
fn of_word(tool: Tool, word: &str) -> Result<Property, Fault> {
    match word.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            let name = name.trim().to_owned();
            Ok(Property { place: format!("{} {name}", tool.props), name, value: value.to_owned() })
        }
        _ => {
            let problem = format!("got \"{word}\", need NAME=VALUE, e.g. acks=1");
            Err(Fault::whole(tool.props, problem))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CONSUMER, PRODUCER, flags, name_brokers};
    use crate::spec::Files;
    use std::path::Path;

    /// The properties as `place|name=value`, and the faults.
    fn read(file: Option<&str>, line: &[&str]) -> (Vec<String>, Vec<String>) {
        let mut files = Files::disk();
        let path = Path::new("client.properties");
        if let Some(text) = file {
            files.hold(path, text);
        }
        let line: Vec<String> = line.iter().map(|word| (*word).to_owned()).collect();
        let mut faults = Vec::new();
        let read = flags(PRODUCER, file.map(|_| path), &line, &mut files, &mut faults);
        let shown =
            read.iter().map(|of| format!("{}|{}={}", of.flag, of.field, of.value)).collect();
        (shown, faults.iter().map(ToString::to_string).collect())
    }

    fn check(file: Option<&str>, line: &[&str], expected: &[&str]) {
        let expected: Vec<String> = expected.iter().map(|of| (*of).to_owned()).collect();
        assert_eq!(read(file, line), (expected, Vec::new()), "{file:?} {line:?}");
    }

    #[test]
    fn the_line_wins_over_the_file_and_both_over_the_tools_own() {
        check(
            None,
            &["bootstrap.servers=h:1", "acks=1"],
            &[
                "perf-test's client.id|driver.commonConfig.client.id=perf-producer-client",
                "perf-test's linger.ms|driver.commonConfig.linger.ms=5",
                "--producer-props bootstrap.servers|driver.commonConfig.bootstrap.servers=h:1",
                "--producer-props acks|driver.commonConfig.acks=1",
            ],
        );
        check(
            Some("# mine\nacks=all\nlinger.ms = 7\nclient.id=me\nacks=0\n"),
            &["linger.ms=9", "linger.ms=11"],
            &[
                "client.properties:4|driver.commonConfig.client.id=me",
                "client.properties:5|driver.commonConfig.acks=0",
                "--producer-props linger.ms|driver.commonConfig.linger.ms=11",
            ],
        );
    }

    #[test]
    fn a_value_may_hold_the_sign_that_ends_the_name() {
        let (read, faults) =
            read(None, &["sasl.jaas.config=x required user=\"a\" password=\"b=c\";"]);
        let last = read.last().map(String::as_str);
        let expected = "--producer-props sasl.jaas.config|driver.commonConfig.sasl.jaas.config=x required \
                        user=\"a\" password=\"b=c\";";
        assert_eq!((last, faults.len()), (Some(expected), 0));
    }

    #[test]
    fn what_is_no_property_is_told_with_its_place() {
        let check = |file: Option<&str>, line: &[&str], expected: &[&str]| {
            assert_eq!(read(file, line).1, expected, "{file:?} {line:?}");
        };
        check(
            Some("acks=1\nnothing\n"),
            &["acks", "=1"],
            &[
                "client.properties:2: got a line without a separator, need name=value",
                "--producer-props: got \"acks\", need NAME=VALUE, e.g. acks=1",
                "--producer-props: got \"=1\", need NAME=VALUE, e.g. acks=1",
            ],
        );
        let mut faults = Vec::new();
        flags(PRODUCER, Some(Path::new("/no/such")), &[], &mut Files::disk(), &mut faults);
        let words = faults[0].to_string();
        assert!(words.starts_with("--producer.config: /no/such: No such file"), "{words}");
    }

    #[test]
    fn brokers_are_known_by_their_property() {
        let named = |line: &[&str]| {
            let line: Vec<String> = line.iter().map(|word| (*word).to_owned()).collect();
            name_brokers(&flags(PRODUCER, None, &line, &mut Files::disk(), &mut Vec::new()))
        };
        assert!(named(&["acks=1", "bootstrap.servers=h:1"]), "Java's name");
        assert!(named(&["metadata.broker.list=h:1"]), "librdkafka's");
        assert!(!named(&["acks=1", "my.bootstrap.servers=h:1"]), "none");
    }

    #[test]
    fn each_tool_has_flags_and_defaults_of_its_own() {
        let mut faults = Vec::new();
        let line = ["fetch.min.bytes=9".to_owned(), "nothing".to_owned()];
        let read = flags(CONSUMER, None, &line, &mut Files::disk(), &mut faults);
        let shown: Vec<String> =
            read.iter().map(|of| format!("{}|{}={}", of.flag, of.field, of.value)).collect();
        let expected = [
            "perf-test's client.id|driver.commonConfig.client.id=perf-consumer-client",
            "perf-test's check.crcs|driver.commonConfig.check.crcs=false",
            "--command-property fetch.min.bytes|driver.commonConfig.fetch.min.bytes=9",
        ];
        assert_eq!(shown, expected);
        let fault = "--command-property: got \"nothing\", need NAME=VALUE, e.g. acks=1";
        assert_eq!(faults[0].to_string(), fault);
    }
}
