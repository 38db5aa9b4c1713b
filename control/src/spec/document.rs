//! A YAML file: its top-level keys, each with its value and its line.

use std::path::Path;

use super::fault::{Fault, Ledger};
use super::files::{Facts, Files};
use super::scan;
use engine::units::Bytes;
use serde::Deserialize;
use serde_yaml::Value;

/// Larger files are no configuration: the largest that is known has 4 KiB.
const SIZE_MAX: Bytes = Bytes(4 << 20);

/// A file that was read.
#[derive(Clone, Debug)]
pub struct Document {
    /// The file as it was named.
    pub path: String,
    /// Its keys in order.
    pub entries: Vec<DocumentEntry>,
}

/// A key, its line and its value.
#[derive(Clone, Debug)]
pub struct DocumentEntry {
    /// As written.
    pub key: String,
    /// Counted from 1; none for a mapping in braces.
    pub line: Option<usize>,
    /// The text of its lines, up to the next key.
    pub text: String,
    /// As parsed.
    pub value: Value,
}

impl Document {
    /// Reads a file, or what is built in under its name where there is none, or notes why it cannot be used.
    pub fn read(path: &Path, files: &mut Files, ledger: &mut Ledger) -> Option<Self> {
        let lent = files.lend(path);
        let lent = lent.map_err(|problem| Fault::whole(path.display().to_string(), problem));
        let text = ledger.take(lent.and_then(|()| text_of(path, files)))?;
        Self::parse(&path.display().to_string(), &text, ledger)
    }

    /// Reads a file's text, or notes why it cannot be used.
    pub fn parse(path: &str, text: &str, ledger: &mut Ledger) -> Option<Self> {
        // Editors on Windows put a byte order mark first.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let unique = without_duplicates(path, text, ledger);
        let mapping = ledger.take(mapping(path, &unique))?;
        let lines = scan::keys(&unique, 1);
        let all: Vec<&str> = unique.lines().collect();
        let mut entries = Vec::new();
        for (key, value) in mapping {
            let key = match key {
                Value::String(key) => key,
                other => {
                    let shown = super::scalar::show(&other);
                    ledger.fault(Fault::whole(
                        path,
                        format!("got the key {shown}, need a field's name"),
                    ));
                    continue;
                }
            };
            let at = lines.iter().position(|line| line.key == key);
            let line = at.map(|at| lines[at].line);
            let lines_of_key = at.map_or_else(String::new, |at| {
                let end = lines.get(at + 1).map_or(all.len(), |next| next.line - 1);
                all[lines[at].line - 1..end].join("\n")
            });
            entries.push(DocumentEntry { key, line, text: lines_of_key, value });
        }
        Some(Self { path: path.to_owned(), entries })
    }

    /// Whether it has a key, in either spelling.
    pub fn has(&self, camel: &str) -> bool {
        self.entries.iter().any(|entry| super::fields::is_spelling(camel, &entry.key))
    }

    /// The place of a line.
    pub fn place(&self, line: Option<usize>) -> String {
        line.map_or_else(|| self.path.clone(), |line| format!("{}:{line}", self.path))
    }
}

/// The text of a file that people write.
///
/// # Errors
/// Why it cannot be used.
pub(super) fn text_of(path: &Path, files: &mut Files) -> Result<String, Fault> {
    let name = path.display().to_string();
    let unreadable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => Fault::whole(&name, "no such file"),
        _ => Fault::whole(&name, format!("cannot be read: {error}")),
    };
    match files.facts(path).map_err(unreadable)? {
        Facts::Folder => return Err(Fault::whole(name, "is a directory, need a YAML file")),
        Facts::File(size) if SIZE_MAX < size => {
            let (size, most) = (size.0, SIZE_MAX.0);
            let problem = format!("has {size} bytes, need a YAML file of at most {most}");
            return Err(Fault::whole(name, problem));
        }
        Facts::File(_) | Facts::Other => {}
    }
    let bytes = files.read(path).map_err(unreadable)?;
    String::from_utf8(bytes.to_vec()).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + valid.iter().filter(|byte| **byte == b'\n').count();
        Fault::whole(format!("{name}:{line}"), "is no UTF-8 text, need a YAML file")
    })
}

/// Blanks the lines of keys that were there before, so that the rest of the file is still checked.
fn without_duplicates(path: &str, text: &str, ledger: &mut Ledger) -> String {
    let keys = scan::keys(text, 1);
    let mut lines: Vec<&str> = text.lines().collect();
    for (at, later) in keys.iter().enumerate() {
        let Some(first) = keys[..at].iter().find(|key| key.key == later.key) else { continue };
        let place = format!("{path}:{}", later.line);
        let problem = format!("is also on line {}: keep one of them", first.line);
        ledger.fault(Fault::new(place, &later.key, problem));
        let end = keys.get(at + 1).map_or(lines.len(), |next| next.line - 1);
        lines[later.line - 1..end].fill("");
    }
    // A missing newline at the end would change what a block's text is.
    let mut unique = lines.join("\n");
    unique.push('\n');
    unique
}

fn mapping(path: &str, text: &str) -> Result<serde_yaml::Mapping, Fault> {
    let invalid = |error: &serde_yaml::Error| {
        let place = error
            .location()
            .map_or_else(|| path.to_owned(), |location| format!("{path}:{}", location.line()));
        Fault::whole(place, format!("is no valid YAML: {error}"))
    };
    let mut documents = serde_yaml::Deserializer::from_str(text);
    let first = documents.next();
    let value =
        first.map_or(Ok(Value::Null), Value::deserialize).map_err(|error| invalid(&error))?;
    if documents.next().is_some() {
        return Err(Fault::whole(path, "holds several documents (---), need one"));
    }
    match value {
        Value::Mapping(mapping) => Ok(mapping),
        Value::Null => Err(Fault::whole(path, "is empty, need lines of the form field: value")),
        other => {
            let shown = super::scalar::show(&other);
            Err(Fault::whole(path, format!("got {shown}, need lines of the form field: value")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Document, Files, Ledger};

    fn faults(text: &str) -> Vec<String> {
        let mut ledger = Ledger::default();
        Document::parse("w.yaml", text, &mut ledger);
        ledger.faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_no_mapping_is_refused() {
        let check = |text: &str, word: &str| {
            let found = faults(text);
            assert!(found.len() == 1 && found[0].contains(word), "{text:?}: {found:?}");
        };
        check("", "w.yaml: is empty");
        check("# only comments\n", "is empty");
        check("---\n", "is empty");
        check("- a\n- b\n", "got a list");
        check("just text", "got \"just text\"");
        check("a: 1\n---\na: 2\n", "several documents");
        check("1: 2\n", "got the key \"1\"");
        check("a: [1\n", "no valid YAML");
        check("a: 1\nb: : 2\n", "w.yaml:2: is no valid YAML");
    }

    #[test]
    fn duplicates_are_told_with_both_lines_and_the_rest_is_read() {
        let mut ledger = Ledger::default();
        let text = "a: 1\nb: |\n  x=1\na: 2\nb: |\n  y=1\n";
        let document = Document::parse("w.yaml", text, &mut ledger).expect("the rest is fine");
        let found: Vec<String> = ledger.faults.iter().map(ToString::to_string).collect();
        let expected = [
            "w.yaml:4: a: is also on line 1: keep one of them",
            "w.yaml:5: b: is also on line 2: keep one of them",
        ];
        assert_eq!(found, expected);
        assert_eq!(document.entries.len(), 2, "both keys once");
        assert_eq!(document.entries[1].text, "b: |\n  x=1\n\n\n", "lines up to the next key");
    }

    #[test]
    fn files_that_cannot_be_read_are_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let bad = folder.path().join("bad.yaml");
        std::fs::write(&bad, b"a: 1\nb: \xff\n").expect("written");
        let check = |path: &std::path::Path, word: &str| {
            let mut ledger = Ledger::default();
            assert!(Document::read(path, &mut Files::disk(), &mut ledger).is_none(), "{word}");
            assert!(ledger.faults[0].to_string().ends_with(word), "{:?}", ledger.faults);
        };
        check(&folder.path().join("none.yaml"), "none.yaml: no such file");
        check(folder.path(), "is a directory, need a YAML file");
        check(&bad, "bad.yaml:2: is no UTF-8 text, need a YAML file");
    }
}
