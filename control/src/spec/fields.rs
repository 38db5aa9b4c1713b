//! The fields that a kind of file may have, in both spellings, and what becomes of each.

use serde_yaml::Value;

use super::scalar;

/// A field of a file.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name in camel case; snake case means the same.
    pub name: &'static str,
    /// What becomes of its value.
    pub treatment: Treatment,
}

/// What becomes of a field's value.
#[derive(Clone, Copy, Debug)]
pub enum Treatment {
    /// It has an effect.
    Used,
    /// It is known from other tools and changes nothing here; a value other than these is remarked.
    NoEffect {
        /// Values that ask for nothing.
        defaults: &'static [&'static str],
        /// Why it has no effect.
        reason: &'static str,
    },
    /// It would change the load or what is measured, so a value other than these is refused.
    Unsupported {
        /// Values that ask for nothing.
        defaults: &'static [&'static str],
        /// What cannot be done, and what to do instead.
        reason: &'static str,
    },
}

/// Names that mean a field of another name.
const ALIASES: &[(&str, &str)] = &[
    ("consumersPerSubscription", "consumerPerSubscription"),
    ("monitoringEnabled", "enableMonitoring"),
];

/// Less alike than this is no slip of the keyboard.
const LIKENESS_MIN: f64 = 0.8;

impl Field {
    /// A field that has an effect.
    pub const fn used(name: &'static str) -> Self {
        Self { name, treatment: Treatment::Used }
    }

    /// A field without effect.
    pub const fn no_effect(
        name: &'static str,
        defaults: &'static [&'static str],
        reason: &'static str,
    ) -> Self {
        Self { name, treatment: Treatment::NoEffect { defaults, reason } }
    }

    /// A field that is refused.
    pub const fn unsupported(
        name: &'static str,
        defaults: &'static [&'static str],
        reason: &'static str,
    ) -> Self {
        Self { name, treatment: Treatment::Unsupported { defaults, reason } }
    }
}

/// The field of a name in either spelling.
pub(crate) fn find(fields: &'static [Field], name: &str) -> Option<&'static Field> {
    let spelled = |field: &&Field| is_spelling(field.name, name);
    let alias = || {
        let (_, meant) = ALIASES.iter().find(|(alias, _)| is_spelling(alias, name))?;
        fields.iter().find(|field| field.name == *meant)
    };
    fields.iter().find(spelled).or_else(alias)
}

/// Whether `name` is `camel` itself or its snake case.
pub(crate) fn is_spelling(camel: &str, name: &str) -> bool {
    name == camel || name == snake(camel)
}

/// `consumer_backlog_size_gb` for `consumerBacklogSizeGB`.
pub(crate) fn snake(camel: &str) -> String {
    let mut snake = String::new();
    let mut after_small = false;
    for letter in camel.chars() {
        if letter.is_ascii_uppercase() && after_small {
            snake.push('_');
        }
        after_small = !letter.is_ascii_uppercase();
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// What is wrong with a name that no field has, and the name it was probably meant to be, in the
/// spelling of the unknown one.
pub(crate) fn unknown(fields: &'static [Field], name: &str) -> String {
    let is_snake = name.contains('_');
    let candidates =
        fields.iter().map(|field| if is_snake { snake(field.name) } else { field.name.to_owned() });
    match nearest(name, candidates) {
        Some(candidate) => format!("there is no such field, did you mean {candidate}?"),
        None => "there is no such field".to_owned(),
    }
}

/// The candidate that a name was probably meant to be.
pub(crate) fn nearest<C: AsRef<str>>(name: &str, candidates: impl Iterator<Item = C>) -> Option<C> {
    let lower = name.to_lowercase();
    let likeness = |candidate: &C| strsim::jaro_winkler(&lower, &candidate.as_ref().to_lowercase());
    let best = candidates
        .map(|candidate| (likeness(&candidate), candidate))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(alike, _)| LIKENESS_MIN < *alike).map(|(_, candidate)| candidate)
}

/// Whether a value asks for nothing: absent, an empty list or map, or one of the defaults.
pub(crate) fn is_default(value: &Value, defaults: &[&str]) -> bool {
    match value {
        Value::Sequence(list) => list.is_empty(),
        Value::Mapping(map) => map.is_empty(),
        scalar if scalar::is_absent(scalar) => true,
        scalar => scalar::text(scalar).is_some_and(|text| defaults.contains(&text.trim())),
    }
}

#[cfg(test)]
mod tests {
    use super::{Field, find, is_default, snake, unknown};
    use serde_yaml::Value;

    const FIELDS: &[Field] = &[
        Field::used("topics"),
        Field::used("partitionsPerTopic"),
        Field::used("consumerPerSubscription"),
    ];

    #[test]
    fn camel_and_snake_case_are_one_name() {
        let check = |camel: &str, expected: &str| assert_eq!(snake(camel), expected, "{camel}");
        check("topics", "topics");
        check("partitionsPerTopic", "partitions_per_topic");
        check("consumerBacklogSizeGB", "consumer_backlog_size_gb");
    }

    #[test]
    fn only_these_two_spellings_and_aliases_are_known() {
        let check = |name: &str, expected: Option<&str>| {
            assert_eq!(find(FIELDS, name).map(|field| field.name), expected, "{name}");
        };
        check("topics", Some("topics"));
        check("partitions_per_topic", Some("partitionsPerTopic"));
        check("consumers_per_subscription", Some("consumerPerSubscription"));
        check("consumersPerSubscription", Some("consumerPerSubscription"));
        check("Topics", None);
        check("partitions_perTopic", None);
    }

    #[test]
    fn slips_find_their_field_in_their_own_spelling() {
        let check = |name: &str, expected: &str| {
            assert!(unknown(FIELDS, name).ends_with(expected), "{name}");
        };
        check("topic", "did you mean topics?");
        check("Topics", "did you mean topics?");
        check("partition_per_topic", "did you mean partitions_per_topic?");
        check("partitionPerTopic", "did you mean partitionsPerTopic?");
        check("colour", "no such field");
    }

    #[test]
    fn defaults_ask_for_nothing() {
        let check = |text: &str, expected: bool| {
            let value: Value = serde_yaml::from_str(text).expect("a YAML value");
            assert_eq!(is_default(&value, &["0", "-1"]), expected, "{text}");
        };
        for text in ["0", "-1", "'0'", "", "~", "''", "[]", "{}"] {
            check(text, true);
        }
        for text in ["1", "[a]", "{a: 1}", "x"] {
            check(text, false);
        }
    }
}
