//! Topics that a workload names itself since they are there: the lists of Redpanda's fork of OMB.

use serde_yaml::Value;

use super::shape::Shape;
use crate::spec::fault::Ledger;
use crate::spec::given::Givens;
use crate::spec::order::{TOPIC_NEED, is_topic_name};
use crate::spec::scalar;

/// The fork's fields: of topics that are both written and read, and of either alone.
const BOTH: &str = "existingTopicList";
const WRITTEN: &str = "existingProduceTopicList";
const READ: &str = "existingConsumeTopicList";

/// Reads the names; none where no list is given, or only empty ones.
pub(super) fn read(givens: &Givens, ledger: &mut Ledger) -> Vec<String> {
    let mut list = |field: &str| givens.read(field, ledger, names).unwrap_or_default();
    let [both, written, read] = [BOTH, WRITTEN, READ].map(&mut list);
    let apart = [(WRITTEN, &written), (READ, &read)];
    for (field, _) in apart.iter().filter(|(_, names)| !both.is_empty() && !names.is_empty()) {
        ledger.fault(givens.fault(field, format!("is given beside {BOTH}: keep one of them")));
    }
    if !written.is_empty() && !read.is_empty() && written != read {
        let problem = format!(
            "names other topics than {WRITTEN}: what is read must be what is written; give both the same, \
             or one of them alone"
        );
        ledger.fault(givens.fault(READ, problem));
    }
    let named = [both, written, read].into_iter().find(|names| !names.is_empty());
    let named = named.unwrap_or_default();
    let is_counted = |value: &Value| !crate::spec::fields::is_default(value, &["0"]);
    if let Some(given) = givens.get("topics").filter(|of| is_counted(&of.value))
        && !named.is_empty()
    {
        let problem = format!(
            "says how many topics to make, and {BOTH} names those that are there: leave it out"
        );
        ledger.fault(given.fault(problem));
    }
    named
}

/// Whether a list is given that asks for something, well formed or not.
pub(super) fn is_given(givens: &Givens) -> bool {
    [BOTH, WRITTEN, READ].into_iter().any(|field| asks(givens, field))
}

fn asks(givens: &Givens, field: &str) -> bool {
    givens.get(field).is_some_and(|of| !crate::spec::fields::is_default(&of.value, &["[]"]))
}

/// Whether a list of one side alone is of a run that has only this side.
pub(super) fn check_sides(givens: &Givens, shape: Shape, ledger: &mut Ledger) {
    if asks(givens, BOTH) {
        return;
    }
    let (written, read) = (asks(givens, WRITTEN), asks(givens, READ));
    if written && !read && 0 < shape.subscriptions {
        let problem = format!(
            "says what is written and not what is read: give {BOTH}, or subscriptionsPerTopic: 0"
        );
        ledger.fault(givens.fault(WRITTEN, problem));
    }
    if read && !written && !shape.is_read_only() {
        let problem = format!(
            "says what is read and not what is written: give {BOTH}, or producersPerTopic: 0"
        );
        ledger.fault(givens.fault(READ, problem));
    }
}

fn names(value: &Value) -> Result<Vec<String>, String> {
    let need =
        || format!("got {}, need a list of names, e.g. [orders, payments]", scalar::show(value));
    // A flag has the list as text.
    let list = match value {
        Value::Sequence(list) => Some(list.clone()),
        Value::String(text) => serde_yaml::from_str::<Vec<Value>>(text).ok(),
        _ => None,
    };
    let mut names: Vec<String> = Vec::new();
    for entry in list.ok_or_else(need)? {
        let name = scalar::text(&entry).ok_or_else(need)?;
        if !is_topic_name(&name) {
            return Err(format!("got \"{name}\", {TOPIC_NEED}"));
        }
        if names.contains(&name) {
            return Err(format!("got \"{name}\" twice, need each once"));
        }
        names.push(name);
    }
    Ok(names)
}
