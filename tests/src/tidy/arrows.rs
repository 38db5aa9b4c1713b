//! Which module may use which: read from ARCHITECTURE.md, held against the code.

use super::{Source, code_only};
use std::collections::BTreeSet;

/// The modules of a crate in their order, each with those it may use.
pub(super) type Arrows = Vec<(String, Vec<String>)>;

/// The block of a document that draws a crate's arrows: lines such as `time → units`.
#[must_use]
pub(super) fn drawn(document: &str, name: &str) -> Arrows {
    let fence = format!("```arrows {name}");
    let block = document.lines().skip_while(|line| *line != fence).skip(1);
    let lines = block.take_while(|line| *line != "```");
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
    lines
        .map(|line| match line.split_once('→') {
            Some((module, uses)) => (module.trim().to_owned(), words(uses)),
            None => (line.trim().to_owned(), Vec::new()),
        })
        .collect()
}

/// What of a crate's code and of its drawn arrows does not agree.
#[must_use]
pub fn arrows(document: &str, name: &str, sources: &[Source]) -> Vec<String> {
    let arrows = drawn(document, name);
    let mut complaints = backward(&arrows);
    let prefix = format!("{name}/src/");
    let ours = || sources.iter().filter(|source| source.path.starts_with(&prefix));
    let modules: BTreeSet<&str> = ours().filter_map(|source| module_of(source, &prefix)).collect();
    let known = |module: &str| arrows.iter().find(|(other, _)| other == module);
    let unknown = modules.iter().filter(|module| known(module).is_none());
    complaints
        .extend(unknown.map(|module| format!("{prefix}{module}: not in ARCHITECTURE.md's arrows")));
    let gone = arrows.iter().filter(|(module, _)| !modules.contains(module.as_str()));
    complaints.extend(gone.map(|(module, _)| format!("ARCHITECTURE.md: no {prefix}{module}")));
    for source in ours() {
        let Some(module) = module_of(source, &prefix) else { continue };
        let Some((_, allowed)) = known(module) else { continue };
        for (line, used) in uses(source, &modules, module_is_file_or_root(source, &prefix)) {
            if used != module && !allowed.contains(&used) {
                let path = &source.path;
                complaints.push(format!("{path}:{line}: {module} must not use {used}"));
            }
        }
    }
    complaints
}

/// Arrows to modules that come later: the order is the reading order, so no circle can be drawn.
fn backward(arrows: &Arrows) -> Vec<String> {
    let earlier = |at: usize, used: &String| arrows[..at].iter().any(|(name, _)| name == used);
    arrows
        .iter()
        .enumerate()
        .flat_map(|(at, (module, uses))| {
            let late = uses.iter().filter(move |used| !earlier(at, used));
            late.map(move |used| format!("ARCHITECTURE.md: {module} → {used} does not point back"))
        })
        .collect()
}

/// The top module that a file belongs to; `None` for the crate's root.
fn module_of<'a>(source: &'a Source, prefix: &str) -> Option<&'a str> {
    let inner = source.path.strip_prefix(prefix)?;
    let first = inner.split('/').next()?;
    match first.strip_suffix(".rs") {
        Some("lib" | "main") => None,
        Some(name) => Some(name),
        None => Some(first),
    }
}

/// Whether `super` is the crate's root in this file.
fn module_is_file_or_root(source: &Source, prefix: &str) -> bool {
    let inner = source.path.strip_prefix(prefix).unwrap_or_default();
    !inner.contains('/') || inner.matches('/').count() == 1 && inner.ends_with("/mod.rs")
}

/// Top modules that a file names, with the line.
fn uses(source: &Source, modules: &BTreeSet<&str>, super_is_root: bool) -> Vec<(usize, String)> {
    let code = code_only(&source.text);
    let mut found = Vec::new();
    let mut roots = vec!["crate::", "super::super::"];
    roots.extend(super_is_root.then_some("super::"));
    for root in roots {
        for (at, _) in code.match_indices(root) {
            let line = code[..at].matches('\n').count() + 1;
            let named = first_names(&code[at + root.len()..]);
            let top = named.into_iter().filter(|name| modules.contains(name.as_str()));
            found.extend(top.map(|name| (line, name)));
        }
    }
    found
}

/// The names that a path's rest begins with: one, or those of a `{…}` group.
fn first_names(rest: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let Some(group) = rest.strip_prefix('{') else { return vec![name(rest)] };
    let mut names = vec![name(group)];
    let mut depth = 1_usize;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => names.push(name(&group[at + 1..])),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}
