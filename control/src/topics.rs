//! `kdyno topics clean`: deletes what runs have left behind, and nothing else.

use crate::spec::Target;
use engine::kafka::topics_of;
use engine::link::GroupState;
use engine::measure::constants::exit;
use engine::units::Nanos;
use std::collections::BTreeSet;
use std::io::Write;

/// How long the cluster may take to answer at all.
const REACH: Nanos = Nanos::from_secs(12);

/// How long it may take for each step.
const DEADLINE: Nanos = Nanos::from_secs(30);

/// The test id in a topic's name of our own form, `benchmark-{test_id}[-{stream}]-topic-{number}`.
fn id_of_topic(name: &str) -> Option<&str> {
    let (id, number) = name.strip_prefix("benchmark-")?.rsplit_once("-topic-")?;
    id_of_stream(id).filter(|_| is_number(number))
}

/// The test id in a group's name of our own form, `subscription-{number}-{test_id}[-{stream}][-{topic}]`.
fn id_of_group(name: &str) -> Option<&str> {
    let (number, rest) = name.strip_prefix("subscription-")?.split_once('-')?;
    let id = rest.split_once("-benchmark-").map_or(rest, |(id, _)| id);
    id_of_stream(id).filter(|_| is_number(number))
}

/// The test id in `{test_id}[-{stream}]`: the names of streams have no underscore, and ids end with one and
/// four digits.
fn id_of_stream(text: &str) -> Option<&str> {
    let end = text.rfind('_')? + 5;
    let (id, stream) = text.split_at_checked(end)?;
    let is_stream = |name: &str| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        name.starts_with(|letter: char| letter.is_ascii_lowercase()) && name.bytes().all(plain)
    };
    let is_ours = stream.is_empty() || stream.strip_prefix('-').is_some_and(is_stream);
    (is_ours && is_test_id(id)).then_some(id)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `{slug}_{unix seconds}_{4 hex}`.
fn is_test_id(text: &str) -> bool {
    let mut parts = text.rsplitn(3, '_');
    let (hex, seconds, slug) = (parts.next(), parts.next(), parts.next());
    let is_slug = |part: &str| {
        let plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
        part.len() <= 100 && part.bytes().all(plain)
    };
    let is_hex = |part: &str| part.len() == 4 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    hex.is_some_and(is_hex) && seconds.is_some_and(is_number) && slug.is_some_and(is_slug)
}

/// What will be deleted, and what is passed over because it is in use.
#[derive(Debug, Default, PartialEq, Eq)]
struct Findings {
    topics: Vec<String>,
    groups: Vec<String>,
    in_use: BTreeSet<String>,
}

/// Sorts the cluster's names. Runs whose groups have members are going on: they are passed over
/// unless one is named.
fn sort(topics: Vec<String>, groups: Vec<GroupState>, only: Option<&str>) -> Findings {
    let mut found = Findings::default();
    let is_wanted = |id: &str| only.is_none_or(|only| only == id);
    if only.is_none() {
        let live = groups.iter().filter(|group| 0 < group.members);
        found.in_use =
            live.filter_map(|group| id_of_group(&group.name)).map(str::to_owned).collect();
    }
    let goes = |id: &str| is_wanted(id) && !found.in_use.contains(id);
    found.topics = topics.into_iter().filter(|name| id_of_topic(name).is_some_and(goes)).collect();
    let names = groups.into_iter().map(|group| group.name);
    found.groups = names.filter(|name| id_of_group(name).is_some_and(goes)).collect();
    found.topics.sort_unstable();
    found.groups.sort_unstable();
    found
}

/// Lists what is there of our own form, then deletes it. Returns the exit code.
///
/// # Errors
/// When `out` cannot be written.
pub(crate) fn clean(
    target: &Target,
    only: Option<&str>,
    out: &mut dyn Write,
) -> std::io::Result<u8> {
    if !target.driver.driver.is_remote {
        tracing::error!(
            "topics clean: need --bootstrap-server or --driver, the {} broker keeps no topics",
            target.driver.driver.name
        );
        return Ok(exit::USAGE);
    }
    let cluster = topics_of(&target.settings);
    let names = cluster.list(REACH).and_then(|topics| Ok((topics, cluster.list_groups(DEADLINE)?)));
    let (topics, groups) = match names {
        Ok(names) => names,
        Err(error) => {
            tracing::error!("{error}");
            return Ok(exit::FAILED);
        }
    };
    let found = sort(topics, groups, only);
    for id in &found.in_use {
        writeln!(out, "in use, passed over: {id} (name it to delete it all the same)")?;
    }
    if found.topics.is_empty() && found.groups.is_empty() {
        writeln!(out, "nothing to delete")?;
        return Ok(exit::VALID);
    }
    found.topics.iter().try_for_each(|name| writeln!(out, "topic {name}"))?;
    found.groups.iter().try_for_each(|name| writeln!(out, "group {name}"))?;
    out.flush()?;
    let mut left = cluster.delete_groups(&found.groups, DEADLINE);
    left.extend(cluster.delete(&found.topics, DEADLINE));
    let count = found.topics.len() + found.groups.len() - left.len();
    writeln!(out, "deleted: {count}")?;
    for (name, reason) in &left {
        tracing::error!("{name} stays: {reason}");
    }
    Ok(if left.is_empty() { exit::VALID } else { exit::FAILED })
}

#[cfg(test)]
mod tests {
    use super::{id_of_group, id_of_topic, sort};
    use engine::link::GroupState;

    #[test]
    fn only_names_of_our_own_form_are_ours() {
        let check =
            |name: &str, expected: Option<&str>| assert_eq!(id_of_topic(name), expected, "{name}");
        check("benchmark-quick-test_1760000000_0a1b-topic-0", Some("quick-test_1760000000_0a1b"));
        check("benchmark-a_1_00ff-topic-12", Some("a_1_00ff"));
        check("benchmark-a_b_1_00ff-topic-12", Some("a_b_1_00ff"));
        check("benchmark-a_1_00ff-bulk-topic-12", Some("a_1_00ff"));
        check("benchmark-a_1_00ff-a-probe-topic-0", Some("a_1_00ff"));
        check("benchmark-a_1_00ff--topic-0", None);
        check("benchmark-a_1_00ffbulk-topic-0", None);
        check("benchmark-a_1_00ff-7-topic-0", None);
        check("benchmark-results-topic-1", None);
        check("benchmark-a_1_00ff-topic-x", None);
        check("benchmark-A_1_00ff-topic-1", None);
        check("benchmark-a_1_00ff-topic-1-copy", None);
        check("my-benchmark-a_1_00ff-topic-1", None);
        check("benchmark-a_1_00fg-topic-1", None);
        let check_group =
            |name: &str, expected: Option<&str>| assert_eq!(id_of_group(name), expected, "{name}");
        check_group("subscription-0-a_1_00ff", Some("a_1_00ff"));
        check_group("subscription-0-a_1_00ff-benchmark-a_1_00ff-topic-3", Some("a_1_00ff"));
        check_group("subscription-x-a_1_00ff", None);
        check_group("subscription-0-billing", None);
    }

    #[test]
    fn a_run_that_goes_on_is_passed_over_unless_named() {
        let topics = || {
            vec![
                "benchmark-a_1_00ff-topic-0".to_owned(),
                "benchmark-b_2_00ff-topic-0".to_owned(),
                "orders".to_owned(),
            ]
        };
        let groups = || {
            vec![
                GroupState { name: "subscription-0-a_1_00ff".to_owned(), members: 2 },
                GroupState { name: "subscription-0-b_2_00ff".to_owned(), members: 0 },
                GroupState { name: "billing".to_owned(), members: 0 },
            ]
        };
        let all = sort(topics(), groups(), None);
        assert_eq!(all.topics, ["benchmark-b_2_00ff-topic-0"], "only the idle run's");
        assert_eq!(all.groups, ["subscription-0-b_2_00ff"], "only the idle run's");
        assert!(all.in_use.contains("a_1_00ff"), "said");
        let one = sort(topics(), groups(), Some("a_1_00ff"));
        assert_eq!(one.topics, ["benchmark-a_1_00ff-topic-0"], "the named one");
        assert_eq!(one.groups, ["subscription-0-a_1_00ff"], "the named one");
    }
}
