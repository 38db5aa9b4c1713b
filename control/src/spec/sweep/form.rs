//! Whether a comma in a field's value stands between values or is a part of the value.

use engine::kafka::properties::{
    Dialect, Entry, Layer, Origin, PropertyError, Request, Role, Scope, resolve, resolve_topic,
};

use super::values::Form;
use crate::spec::assignments::Target;
use crate::spec::driver::Config;
use crate::spec::workload;

/// Fields whose values are free text.
const TEXTS: [&str; 13] = [
    "name",
    "payloadFile",
    "messageSizeDistribution",
    "payloadTemplate",
    "keyFile",
    "key",
    "headers",
    "commonConfig",
    "producerConfig",
    "consumerConfig",
    "topicConfig",
    "streams",
    "sweep",
];

/// Fields whose values are lists of names.
const LISTS: [&str; 3] =
    ["existingTopicList", "existingProduceTopicList", "existingConsumeTopicList"];

/// Java's properties that are translated as a whole, and whose values may hold commas.
const JAVAS: [&str; 5] = [
    "sasl.jaas.config",
    "ssl.truststore.location",
    "ssl.truststore.password",
    "ssl.truststore.certificates",
    "ssl.keystore.location",
];

/// What a property is tried with: text and addresses take it, numbers and words do not.
const PROBE: &str = "a:1,b:2";
/// How the properties say what they need that are lists themselves.
const LIST_WORDS: &str = "with commas between";

/// What a comma is in this value of a field: in a rate that changes it stands between its parts.
pub(super) fn of_value(target: &Target, value: &str) -> Form {
    match target {
        Target::Workload("producerRate") | Target::Stream(_, "producerRate")
            if workload::is_shape(value) =>
        {
            Form::Text
        }
        _ => of(target),
    }
}

/// What a comma is in the value of a field or a property.
pub(super) fn of(target: &Target) -> Form {
    let is_text = match target {
        Target::Workload(field) if LISTS.contains(field) => return Form::List,
        Target::Workload(field) | Target::Stream(_, field) | Target::Driver(field) => {
            TEXTS.contains(field)
        }
        // It is refused by its name.
        Target::Unknown => false,
        Target::Property(config, name) => {
            JAVAS.contains(&name.as_str()) || takes_commas(*config, name)
        }
    };
    if is_text { Form::Text } else { Form::Separated }
}

/// Asks the table of properties itself, so that there is one list of their kinds.
fn takes_commas(config: Config, name: &str) -> bool {
    let entry = Entry { name: name.to_owned(), value: PROBE.to_owned(), place: String::new() };
    let layer = Layer {
        section: String::new(),
        scope: Scope::Role,
        origin: Origin::CommandLine,
        entries: vec![entry],
    };
    let takes = |errors: &[PropertyError]| {
        let own = errors.iter().find(|error| error.name == name);
        own.is_none_or(|error| error.problem.contains(LIST_WORDS))
    };
    if config == Config::Topic {
        let none = Layer { entries: Vec::new(), ..layer.clone() };
        return resolve_topic(&[none, layer]).map_or_else(|errors| takes(&errors), |_| true);
    }
    let tried = [Role::Producer, Role::Consumer].into_iter().flat_map(|role| {
        [Dialect::Librdkafka, Dialect::Java].map(|dialect| Request {
            role,
            dialect,
            source: "",
            layers: std::slice::from_ref(&layer),
            defaults: &[],
            forced: &[],
            zone: None,
        })
    });
    let mut taken = tried.map(|request| resolve(&request).err().unwrap_or_default());
    taken.any(|errors| takes(&errors))
}

#[cfg(test)]
mod tests {
    use super::{Config, Form, Target, of, of_value};

    #[test]
    fn a_comma_separates_where_no_value_holds_one() {
        let check = |config: Config, names: &[&str], form: Form| {
            for name in names {
                let target = Target::Property(config, (*name).to_owned());
                assert_eq!(of(&target), form, "{name}");
            }
        };
        let separated = [
            "linger.ms",
            "batch.size",
            "acks",
            "compression.type",
            "enable.idempotence",
            "security.protocol",
            "buffer.memory",
            "max.request.size",
            "fetch.min.bytes",
            "auto.offset.reset",
            "no.such.property",
        ];
        check(Config::Common, &separated, Form::Separated);
        let text = [
            "bootstrap.servers",
            "metadata.broker.list",
            "client.id",
            "partition.assignment.strategy",
            "sasl.password",
            "sasl.username",
            "sasl.jaas.config",
            "ssl.truststore.location",
            "ssl.truststore.password",
            "ssl.ca.location",
        ];
        check(Config::Common, &text, Form::Text);
        check(Config::Topic, &["retention.ms", "compression.type"], Form::Separated);
        check(Config::Topic, &["cleanup.policy", "redpanda.remote.write"], Form::Text);
    }

    #[test]
    fn a_comma_in_a_shape_is_a_part_of_it_and_others_separate_rates() {
        let rate = Target::Workload("producerRate");
        for (value, form) in [
            ("steps 10k for 30s, 20k for 30s, 5k", Form::Text),
            (" bursts 50k for 200ms, 0 for 800ms", Form::Text),
            ("10k,20k", Form::Separated),
            ("[10k, ramp 1k to 5k over 1m]", Form::Separated),
        ] {
            assert_eq!(of_value(&rate, value), form, "{value}");
        }
        assert_eq!(of_value(&Target::Workload("topics"), "steps 1, 2"), Form::Separated);
    }

    #[test]
    fn names_and_files_are_text_and_other_fields_are_not() {
        for (field, form) in [
            ("name", Form::Text),
            ("payloadFile", Form::Text),
            ("keyFile", Form::Text),
            ("messageSize", Form::Separated),
            ("keyDistributor", Form::Separated),
            ("existingTopicList", Form::List),
        ] {
            assert_eq!(of(&Target::Workload(field)), form, "{field}");
        }
        assert_eq!(of(&Target::Driver("replicationFactor")), Form::Separated);
        assert_eq!(of(&Target::Driver("topicConfig")), Form::Text);
    }
}
