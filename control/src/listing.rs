//! `kdyno workloads` and `kdyno drivers`: what is built in, with the question that each answers.

use crate::cli::{Format, LibraryFlags};
use crate::spec::{BuiltIn, Fault, Faults, nearest};
use serde_json::{Value, json};

/// The format of the list as JSON.
const SCHEMA: &str = "kdyno.library/1";

/// No line of the list is longer, unless a word is.
const LINE_MAX: usize = 100;

/// Between the columns.
const GAP: &str = "  ";

/// The list of what is built in, or one file's text; `command` is by whose name it was asked for.
///
/// # Errors
/// When there is none of the name that was given.
pub(crate) fn listing(
    command: &str,
    built_in: &[BuiltIn],
    flags: &LibraryFlags,
) -> Result<String, Faults> {
    match (&flags.name, flags.format) {
        (Some(name), _) => one(command, built_in, name),
        (None, Format::Text) => Ok(columns(built_in)),
        (None, Format::Json) => Ok(document(command, built_in)),
    }
}

fn one(command: &str, built_in: &[BuiltIn], name: &str) -> Result<String, Faults> {
    if let Some(found) = built_in.iter().find(|one| one.name == name) {
        return Ok(found.text.to_owned());
    }
    let meant = match nearest(name, built_in.iter().map(|one| one.name)) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("kdyno {command} lists what there is"),
    };
    let problem = format!("got \"{name}\", nothing of that name is built in, {meant}");
    Err(Faults(vec![Fault::whole(format!("kdyno {command}"), problem)]))
}

/// Names and questions side by side.
fn columns(built_in: &[BuiltIn]) -> String {
    let width = built_in.iter().map(|one| one.name.len()).max().unwrap_or(0);
    let room = LINE_MAX.saturating_sub(width + GAP.len());
    let mut text = String::new();
    for one in built_in {
        let mut name = one.name;
        for line in wrapped(&one.question(), room) {
            text.push_str(&format!("{name:width$}{GAP}{line}\n"));
            name = "";
        }
    }
    text
}

/// A text in lines of so many characters; a longer word has a line of its own.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn document(command: &str, built_in: &[BuiltIn]) -> String {
    let entry = |one: &BuiltIn| {
        json!({
            "name": one.name,
            "question": one.question(),
            "look_at": one.look_at(),
        })
    };
    let entries: Vec<Value> = built_in.iter().map(entry).collect();
    let document = json!({"schema": SCHEMA, command: entries});
    format!("{document:#}\n")
}

#[cfg(test)]
mod tests {
    use super::{LINE_MAX, columns, wrapped};
    use crate::spec::{BuiltIn, CONFIGS, WORKLOADS};

    #[test]
    fn lines_are_filled_and_never_too_long() {
        let check = |text: &str, room: usize, expected: &[&str]| {
            assert_eq!(wrapped(text, room), expected, "{text} in {room}");
        };
        check("a bc def", 8, &["a bc def"]);
        check("a bc def", 7, &["a bc", "def"]);
        check("a longer word", 4, &["a", "longer", "word"]);
        check("é é é", 3, &["é é", "é"]);
        check("", 10, &[]);
        for built_in in [WORKLOADS, CONFIGS] {
            let text = columns(built_in);
            let longest = text.lines().map(|line| line.chars().count()).max();
            assert!(longest.is_some_and(|longest| longest <= LINE_MAX), "{text}");
            let starts = text.lines().filter(|line| !line.starts_with(' ')).count();
            assert_eq!(starts, built_in.len(), "each name once: {text}");
        }
    }

    #[test]
    fn what_does_not_fit_goes_on_below_the_question() {
        let long = format!("# Question: {} so?\n", "word ".repeat(25).trim_end());
        let text = Box::leak(long.into_boxed_str());
        let two =
            [BuiltIn { name: "a-name", text }, BuiltIn { name: "b", text: "# Question: is it?\n" }];
        let listed = columns(&two);
        let lines: Vec<&str> = listed.lines().collect();
        assert_eq!(lines.len(), 3, "{listed}");
        assert!(lines[0].starts_with("a-name  word word"), "{listed}");
        assert!(lines[1].starts_with("        word") && lines[1].ends_with(" so?"), "{listed}");
        assert_eq!(lines[2], "b       is it?");
    }
}
