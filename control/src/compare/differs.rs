//! What else differs between two runs than their figures, and may be the reason for these.

use super::recorded::Recorded;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A field that two runs have different values of; empty: one of them has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Differs {
    /// Its name: `messageSize`, `driver.producer.linger.ms`, `host.cpu`.
    pub(super) field: String,
    /// The baseline's value.
    pub(super) baseline: String,
    /// The candidate's value.
    pub(super) candidate: String,
}

/// What of a host may change figures.
const HOST: [&str; 5] = ["cpu", "cores", "quota_cores", "kernel", "librdkafka"];

/// The fields in which a candidate's run differs from the baseline's, by name.
pub(super) fn between(baseline: &Recorded, candidate: &Recorded) -> Vec<Differs> {
    let (ours, theirs) = (facts(baseline), facts(candidate));
    let mut names: Vec<&String> = ours.keys().chain(theirs.keys()).collect();
    names.sort();
    names.dedup();
    let of =
        |facts: &BTreeMap<String, String>, name: &str| facts.get(name).cloned().unwrap_or_default();
    let both = names.into_iter().map(|name| Differs {
        field: name.clone(),
        baseline: of(&ours, name),
        candidate: of(&theirs, name),
    });
    both.filter(|field| field.baseline != field.candidate).collect()
}

/// What made a run what it is, by name.
fn facts(run: &Recorded) -> BTreeMap<String, String> {
    let mut facts = BTreeMap::new();
    flatten("", &run.workload, &mut facts);
    // Names are for people; the file's path says nothing of what is in it.
    facts.remove("name");
    flatten("driver", &run.driver, &mut facts);
    facts.remove("driver.name");
    facts.remove("driver.file");
    for name in HOST {
        flatten(&format!("host.{name}"), &run.environment[name], &mut facts);
    }
    facts.insert("kdyno".to_owned(), run.kdyno_version.clone());
    facts
}

/// Every value of a document by its path; a named value of a list (a client's property) by its role and name.
fn flatten(path: &str, value: &Value, facts: &mut BTreeMap<String, String>) {
    let below =
        |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            fields.iter().for_each(|(name, field)| flatten(&below(name), field, facts));
        }
        Value::Array(entries) => {
            for (at, entry) in entries.iter().enumerate() {
                match (entry["role"].as_str(), entry["name"].as_str()) {
                    (Some(role), Some(name)) => {
                        // In "driver.properties" the word in the middle says nothing.
                        let root = path.strip_suffix(".properties").unwrap_or(path);
                        flatten(&format!("{root}.{role}.{name}"), &entry["value"], facts);
                    }
                    _ => flatten(&below(&at.to_string()), entry, facts),
                }
            }
        }
        Value::String(text) => {
            facts.insert(path.to_owned(), text.clone());
        }
        other => {
            facts.insert(path.to_owned(), other.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Made, made};
    use super::between;
    use serde_json::json;

    #[test]
    fn fields_properties_and_hosts_are_named_with_both_values() {
        let (ours, mut theirs) = (made(&Made::plain("a")), made(&Made::plain("b")));
        assert_eq!(between(&ours, &theirs), [], "two runs of one thing");
        theirs.workload = json!({"name": "other", "messageSize": 1024, "keys": {"count": 7}});
        theirs.driver["properties"][0]["value"] = json!("0");
        theirs.driver["properties"][0]["origin"] = json!("command line");
        theirs.driver["file"] = json!("elsewhere.yaml");
        theirs.environment["cores"] = json!(64);
        theirs.environment["command"] = json!("kdyno run");
        theirs.kdyno_version = "0.2.0".to_owned();
        let told: Vec<String> = between(&ours, &theirs)
            .iter()
            .map(|of| format!("{} {:?} {:?}", of.field, of.baseline, of.candidate))
            .collect();
        let expected = [
            r#"driver.producer.linger.ms "5" "0""#,
            r#"host.cores "2" "64""#,
            r#"kdyno "0.1.0" "0.2.0""#,
            r#"keys.count "" "7""#,
            r#"messageSize "100" "1024""#,
        ];
        assert_eq!(told, expected);
    }
}
