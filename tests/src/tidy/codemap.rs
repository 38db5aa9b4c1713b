//! The codemap of ARCHITECTURE.md: made from the first lines of the files, so that it cannot decay.

use super::arrows::drawn;
use super::{Source, root};
use std::fmt::Write;

const BEGIN: &str =
    "<!-- codemap, rewritten by: UPDATE_GOLDEN=1 cargo test -p kdyno-tests tidy -->\n";
/// Where paths from the root begin.
const FOLDERS: [&str; 6] = ["engine/", "control/", "benches/", "tests/", "scripts/", ".ci/"];

const END: &str = "<!-- end of codemap -->\n";

/// The map of one crate: its modules in the order of the document's arrows, each with what its file
/// says of itself; below a folder the modules that it holds.
#[must_use]
pub fn codemap(document: &str, name: &str, sources: &[Source]) -> String {
    let mut map = String::new();
    let prefix = format!("{name}/src/");
    for (module, _) in drawn(document, name) {
        let file = format!("{prefix}{module}.rs");
        let folder = format!("{prefix}{module}/");
        if let Some(source) = sources.iter().find(|source| source.path == file) {
            line(&mut map, "", &file, source);
        }
        let face = format!("{folder}mod.rs");
        if let Some(source) = sources.iter().find(|source| source.path == face) {
            line(&mut map, "", &folder, source);
            inside(&mut map, &folder, source, sources);
        }
    }
    map
}

fn inside(map: &mut String, folder: &str, face: &Source, sources: &[Source]) {
    for source in sources {
        let Some(inner) = source.path.strip_prefix(folder) else { continue };
        let shown = inner
            .strip_suffix("/mod.rs")
            .map_or_else(|| inner.to_owned(), |name| format!("{name}/"));
        let stem = shown.trim_end_matches(".rs").trim_end_matches('/');
        let is_deeper = stem.contains('/');
        let declared = |seen: &str| format!("#[cfg(test)]\n{seen}mod {stem};");
        let is_test = ["", "pub(crate) "].iter().any(|seen| face.text.contains(&declared(seen)));
        if inner != "mod.rs" && !is_deeper && !is_test {
            line(map, "  ", &shown, source);
        }
    }
}

fn line(map: &mut String, indent: &str, name: &str, source: &Source) {
    let words = first_paragraph(&source.text);
    writeln!(map, "{indent}- `{name}`: {words}").expect("a string takes everything");
}

/// What a file says of itself, without links.
fn first_paragraph(text: &str) -> String {
    let lines = text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim);
    let words: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    words.join(" ").replace("[`", "`").replace("`]", "`")
}

/// The document with another map; `None` when it has no place for one.
#[must_use]
pub fn spliced(document: &str, map: &str) -> Option<String> {
    let begin = document.find(BEGIN)? + BEGIN.len();
    let end = begin + document[begin..].find(END)?;
    Some(format!("{}{map}{}", &document[..begin], &document[end..]))
}

/// Paths that a document names and that do not exist. Paths are written in backticks, from the root
/// or from `engine/src` or `control/src`.
#[must_use]
pub fn missing_paths(document: &str) -> Vec<String> {
    let bases = ["", "engine/src", "control/src"];
    let exists = |path: &str| bases.iter().any(|base| root().join(base).join(path).exists());
    let quoted = document.split('`').skip(1).step_by(2);
    let is_path = |text: &&str| {
        let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
        let named = [".rs", ".toml", ".md"].iter().any(|end| text.ends_with(end));
        plain && text.contains('/') && (named || FOLDERS.iter().any(|at| text.starts_with(at)))
    };
    let missing = quoted.filter(is_path).filter(|path| !exists(path));
    missing.map(|path| format!("{path}: named, and not there")).collect()
}
