//! The repeats of one variant as an invocation made them, and what is told of them when the last one is over.

use super::comparison::Comparison;
use super::recorded::Recorded;
use super::variant::Variant;
use super::{html, json, markdown, text};
use std::path::PathBuf;

/// Runs that came to their end, of those that were to be made.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// Those that did.
    pub(super) runs: Vec<Recorded>,
    /// How many did not.
    pub(super) missing: usize,
}

/// What is told of repeats, in every form that is kept.
#[derive(Clone, Debug)]
pub(crate) struct Forms {
    /// What it asks of the process.
    pub(crate) exit_code: u8,
    /// For a terminal.
    pub(crate) text: String,
    /// What its files are called, without their endings.
    pub(crate) name: &'static str,
    /// The ending of each file and what it holds.
    pub(crate) files: Vec<(&'static str, Vec<u8>)>,
}

impl Group {
    /// Reads runs by their files; so many were to be made.
    ///
    /// # Errors
    /// In words, when one cannot be read or is no result.
    pub(crate) fn read(files: &[PathBuf], planned: usize) -> Result<Self, String> {
        let mut files = files.to_vec();
        // As in a folder of them, so that comparing it later tells the same.
        files.sort();
        let mut runs = Vec::new();
        for file in &files {
            let run = Recorded::read(file, None);
            runs.push(run.map_err(|problem| format!("{}: {problem}", file.display()))?);
        }
        Ok(Self { missing: planned.saturating_sub(runs.len()), runs })
    }

    /// Whether no run came to its end.
    pub(crate) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Its runs that did not do what was asked, in words.
    pub(crate) fn invalid(&self) -> impl Iterator<Item = String> {
        let invalid = self.runs.iter().filter(|run| !run.verdict.valid);
        invalid.map(|run| {
            let (id, verdict) = (&run.test_id, &run.verdict);
            let (code, limit) = (verdict.exit_code, &verdict.limited_by);
            format!("{id} (exit code {code}, limited by {limit})")
        })
    }
}

/// Compares a candidate with a baseline, neither of them empty.
pub(crate) fn compared(baseline: Group, candidate: Group, tolerance: f64) -> Forms {
    let variant = |(at, group): (usize, Group)| Variant {
        missing: group.missing,
        ..Variant::new(at, group.runs)
    };
    let variants = [baseline, candidate].into_iter().enumerate().map(variant).collect();
    let comparison = Comparison::of(variants, tolerance);
    Forms {
        exit_code: comparison.exit_code(),
        text: text::text(&comparison),
        name: "comparison",
        files: vec![
            ("md", markdown::markdown(&comparison).into_bytes()),
            ("html", html::html(&comparison).into_bytes()),
            ("json", json::json(&comparison)),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Made, made};
    use super::{Group, compared};
    use std::path::PathBuf;

    fn group(names: [&str; 3], of: fn(&str) -> Made) -> Group {
        Group { runs: names.map(|name| made(&of(name))).to_vec(), missing: 0 }
    }

    #[test]
    fn a_group_that_is_worse_is_exit_code_10_and_what_is_missing_is_told_in_every_form() {
        let same = compared(
            group(["a1", "a2", "a3"], Made::plain),
            group(["b1", "b2", "b3"], Made::plain),
            0.05,
        );
        assert_eq!(same.exit_code, 0, "{}", same.text);
        assert!(!same.text.contains("Not in the comparison"), "{}", same.text);
        let slow = |name: &str| Made { throughput: 0.5, ..Made::plain(name) };
        let mut slower = group(["b1", "b2", "b3"], slow);
        slower.missing = 2;
        let told = compared(group(["a1", "a2", "a3"], Made::plain), slower, 0.05);
        assert_eq!(told.exit_code, 10, "{}", told.text);
        let endings: Vec<&str> = told.files.iter().map(|(ending, _)| *ending).collect();
        assert_eq!((told.name, endings), ("comparison", vec!["md", "html", "json"]));
        let note = "Not in the comparison: 2 of 5 runs of B, which did not come to their end.";
        let files = told.files.iter().map(|(_, file)| String::from_utf8_lossy(file).into_owned());
        for form in files.chain([told.text.clone()]) {
            assert!(form.contains(note), "{form}");
        }
    }

    #[test]
    fn runs_that_did_not_do_what_was_asked_are_named() {
        let mut runs = group(["a1", "a2", "a3"], Made::plain);
        assert_eq!(runs.invalid().count(), 0, "all are valid");
        let verdict = &mut runs.runs[1].verdict;
        (verdict.valid, verdict.exit_code) = (false, 11);
        verdict.limited_by = "client".to_owned();
        let told: Vec<String> = runs.invalid().collect();
        assert_eq!(told, ["a2 (exit code 11, limited by client)"]);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().expect("a folder of our own");
        let file: PathBuf = folder.path().join("result.json");
        std::fs::write(&file, "{}").expect("the folder is ours");
        let told = Group::read(&[file], 3).expect_err("no result");
        assert!(told.contains("result.json: got no schema, need"), "{told}");
        let none = Group::read(&[], 3).expect("nothing to be read");
        assert!(none.is_empty() && none.missing == 3, "{none:?}");
    }
}
