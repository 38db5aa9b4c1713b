//! What documents claim, and the tests that hold it.

use super::Source;
use std::collections::BTreeSet;

/// Claims of a document's tables whose test does not exist. A claim is a line such as
/// ``| what is claimed | `name_of_the_test` |``, with one test or several.
#[must_use]
pub fn tests_named(document: &str, sources: &[Source]) -> Vec<String> {
    let tests = tests_of(sources);
    let mut complaints = Vec::new();
    for (claim, proof) in rows(document) {
        let names: Vec<&str> = quoted(proof).collect();
        if names.is_empty() {
            complaints.push(format!("{claim}: no test is named"));
        }
        let missing = names.into_iter().filter(|name| !tests.contains(name));
        complaints.extend(missing.map(|name| format!("{claim}: no test {name}")));
    }
    complaints
}

/// The rows of the tables whose head ends in `held by`.
fn rows(document: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut in_table = false;
    document.lines().filter_map(move |line| {
        let cells = line.trim().strip_prefix('|').and_then(|line| line.strip_suffix('|'));
        let Some((claim, proof)) = cells.and_then(|cells| cells.rsplit_once('|')) else {
            in_table = false;
            return None;
        };
        let is_head = proof.trim() == "held by";
        let is_rule = proof.trim().starts_with("---");
        let is_row = in_table && !is_head && !is_rule;
        in_table |= is_head;
        is_row.then(|| (claim.trim(), proof))
    })
}

/// Invariants of a document that name no test, or one that does not exist.
#[must_use]
pub fn invariants(document: &str, sources: &[Source]) -> Vec<String> {
    let tests = tests_of(sources);
    let joined = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let paragraphs = document.split("\n\n").map(joined);
    let paragraphs = paragraphs.filter(|text| text.contains("Architecture Invariant:"));
    let unheld = paragraphs.filter(|text| {
        let held = text.rsplit_once("Held by").map(|(_, proof)| quoted(proof).collect::<Vec<_>>());
        held.is_none_or(|names| names.is_empty() || names.iter().any(|name| !tests.contains(name)))
    });
    unheld.map(|text| format!("no such test holds: {text}")).collect()
}

fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The names of all tests, those of `proptest!` included.
fn tests_of(sources: &[Source]) -> BTreeSet<&str> {
    let mut tests = BTreeSet::new();
    for source in sources {
        let mut is_test = false;
        for line in source.text.lines().map(str::trim) {
            if line == "#[test]" {
                is_test = true;
            } else if let Some(rest) = line.strip_prefix("fn ").filter(|_| is_test) {
                tests.extend(rest.split(['(', '<']).next());
                is_test = false;
            }
        }
    }
    tests
}
