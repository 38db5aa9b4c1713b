//! The shape of files, and of the root.

use super::Source;

/// Lines of a file at most.
const LINES_MAX: usize = 400;

/// Files that do not begin by saying what they are for.
#[must_use]
pub fn first_line(sources: &[Source]) -> Vec<String> {
    let silent = sources.iter().filter(|source| {
        source
            .text
            .lines()
            .next()
            .is_none_or(|line| line.trim().len() <= "//! ".len() || !line.starts_with("//! "))
    });
    silent
        .map(|source| format!("{}:1: begins with `//!` and what it is for", source.path))
        .collect()
}

/// Files that are more than one idea.
#[must_use]
pub fn length(sources: &[Source]) -> Vec<String> {
    let lines = |source: &Source| source.text.lines().count();
    let long = sources.iter().filter(|source| LINES_MAX < lines(source));
    long.map(|source| format!("{}: {} lines, at most {LINES_MAX}", source.path, lines(source)))
        .collect()
}

/// Names at the top level that do not belong there.
#[must_use]
pub fn strangers(names: &[String], allowed: &[&str]) -> Vec<String> {
    let strange = names.iter().filter(|name| !allowed.contains(&name.as_str()));
    strange.map(|name| format!("{name}: does not belong at the top level")).collect()
}
