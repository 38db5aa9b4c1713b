//! A run's directory: unfinished while the run goes on, then in a place that says whether it is valid.
//!
//! Valid runs are `<results>/<test_id>`. All others lie one level deeper, where no `<results>/*/` looks for
//! a result, under a name that still says what they are when somebody has moved them.

use super::{Report, write_all};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// The folder, and the end of the name, of runs that do not count.
const INVALID: &str = "invalid";
/// The same of runs that go on, or that were killed.
const UNFINISHED: &str = "unfinished";

/// How often a directory is tried to be made while others come and go.
const TRIES: usize = 5;

/// A run's directory and where it is at present.
#[derive(Debug)]
pub(crate) struct RunFolder {
    results: PathBuf,
    test_id: String,
    path: PathBuf,
}

impl RunFolder {
    /// Makes the directory of a run that begins.
    ///
    /// # Errors
    /// When there is one of this run already (results are never overwritten), or it cannot be made.
    pub(crate) fn begin(results: &Path, test_id: &str) -> io::Result<Self> {
        let (results, test_id) = (results.to_owned(), test_id.to_owned());
        if let Some(there) = find(&results, &test_id) {
            return Err(taken(&there));
        }
        let path = apart(&results, UNFINISHED, &test_id);
        make(&path)?;
        Ok(Self { results, test_id, path })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a report's files and moves the directory to where a run of its verdict belongs. May be done
    /// again, with what was found meanwhile.
    ///
    /// # Errors
    /// When a file cannot be written or the directory not be moved; what is there stays whole, and where
    /// it is.
    pub(crate) fn settle(&mut self, report: &Report) -> io::Result<()> {
        write_all(report, &self.path)?;
        let place = match report.verdict.valid {
            true => self.results.join(&self.test_id),
            false => apart(&self.results, INVALID, &self.test_id),
        };
        if place == self.path {
            return Ok(());
        }
        if place.exists() {
            return Err(taken(&place));
        }
        let (from, to) = (parent(&self.path).to_owned(), parent(&place).to_owned());
        fs::create_dir_all(&to)?;
        fs::rename(&self.path, &place).map_err(|error| {
            let (path, place) = (self.path.display(), place.display());
            io::Error::new(error.kind(), format!("{path}: cannot be moved to {place}: {error}"))
        })?;
        self.path = place;
        // The folder of unfinished runs is in nobody's way while there are some, and goes with the last.
        if from != self.results {
            let _others_are_in_it = fs::remove_dir(&from);
        }
        File::open(to)?.sync_all()
    }
}

/// The directory of a run, whatever became of it.
pub(crate) fn find(results: &Path, test_id: &str) -> Option<PathBuf> {
    let places = [UNFINISHED, INVALID].map(|word| apart(results, word, test_id));
    std::iter::once(results.join(test_id)).chain(places).find(|place| place.exists())
}

fn apart(results: &Path, word: &str, test_id: &str) -> PathBuf {
    results.join(word).join(format!("{test_id}.{word}"))
}

fn parent(path: &Path) -> &Path {
    path.parent().expect("a run's directory is made within another")
}

fn make(path: &Path) -> io::Result<()> {
    let mut made = Ok(());
    for _ in 0..TRIES {
        made = fs::create_dir_all(parent(path)).and_then(|()| fs::create_dir(path));
        // A run that ends beside this one may take the empty folder away between the two steps.
        if !made.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            break;
        }
    }
    made.map_err(|error| {
        io::Error::new(error.kind(), format!("{}: cannot be created: {error}", path.display()))
    })
}

fn taken(path: &Path) -> io::Error {
    let words = format!("{}: is there already, results are never overwritten", path.display());
    io::Error::new(io::ErrorKind::AlreadyExists, words)
}

#[cfg(test)]
mod tests {
    use super::{RunFolder, find};
    use crate::report::fixture::{self, Made};
    use crate::report::{Report, json};
    use std::fs;
    use std::io::ErrorKind;
    use std::path::Path;

    fn names(folder: &Path) -> Vec<String> {
        let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
        let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("readable").file_name();
        let mut names: Vec<String> =
            entries.map(|entry| name(entry).to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    fn report(is_valid: bool) -> Report {
        let mut report = fixture::report(&Made::clean());
        report.verdict.valid = is_valid;
        report
    }

    #[test]
    fn a_run_lies_apart_until_its_verdict_and_for_good_if_it_is_not_valid() {
        let scratch = tempfile::tempdir().expect("a directory");
        let results = scratch.path().join("deep/results");
        for is_valid in [true, false] {
            let report = report(is_valid);
            let id = &report.test_id;
            let mut folder = RunFolder::begin(&results, id).expect("it is made");
            assert_eq!(names(&results), ["unfinished"], "nothing that looks like a result");
            assert_eq!(find(&results, id).as_deref(), Some(folder.path()), "found");
            folder.settle(&report).expect("it is written");
            let place = match is_valid {
                true => results.join(id),
                false => results.join(format!("invalid/{id}.invalid")),
            };
            assert_eq!(folder.path(), place, "by its verdict");
            assert_eq!(find(&results, id), Some(place.clone()), "found");
            let read = fs::read(place.join("result.json")).expect("it is there");
            assert_eq!(read, json(&report), "whole");
            assert!(!results.join("unfinished").exists(), "the last one takes the folder along");
            fs::remove_dir_all(&results).expect("it can go");
        }
    }

    #[test]
    fn a_verdict_that_changes_moves_the_directory() {
        let results = tempfile::tempdir().expect("a directory");
        let mut folder = RunFolder::begin(results.path(), "run_1_a").expect("it is made");
        folder.settle(&report(true)).expect("it is written");
        folder.settle(&report(true)).expect("again");
        assert_eq!(names(results.path()), ["run_1_a"], "valid");
        folder.settle(&report(false)).expect("and again");
        assert_eq!(names(results.path()), ["invalid"], "not any more");
        assert_eq!(names(&results.path().join("invalid")), ["run_1_a.invalid"], "moved");
    }

    #[test]
    fn results_are_never_overwritten_wherever_they_lie() {
        let results = tempfile::tempdir().expect("a directory");
        for (valid, name) in [(true, "one_1_a"), (false, "two_1_a")] {
            RunFolder::begin(results.path(), name)
                .and_then(|mut folder| folder.settle(&report(valid)))
                .expect("it is written");
            let again = RunFolder::begin(results.path(), name).expect_err("there already");
            assert_eq!(again.kind(), ErrorKind::AlreadyExists, "{again}");
            assert!(again.to_string().contains(name), "names the directory: {again}");
        }
        let going_on = RunFolder::begin(results.path(), "three_1_a").expect("it is made");
        assert!(RunFolder::begin(results.path(), "three_1_a").is_err(), "{going_on:?}");
        fs::create_dir(results.path().join("three_1_a")).expect("somebody makes it meanwhile");
        let mut going_on = going_on;
        let error = going_on.settle(&report(true)).expect_err("its place is taken");
        assert!(
            going_on.path().join("result.json").exists(),
            "what was measured is there: {error}"
        );
    }

    #[test]
    fn a_folder_that_cannot_be_made_says_which() {
        let scratch = tempfile::NamedTempFile::new().expect("a file");
        let error = RunFolder::begin(scratch.path(), "run_1_a").expect_err("a file is no folder");
        assert!(error.to_string().contains("run_1_a"), "{error}");
    }
}
