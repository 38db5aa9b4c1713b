//! What is compared with what: variants, each of one run or of several repeats, as they are named.

use super::recorded::Recorded;
use crate::cli::CompareFlags;
use crate::report::escape;
use crate::spec::{Fault, Faults};
use std::fs;
use std::path::{Path, PathBuf};

/// What variants are called, in their order.
const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// A folder of more is no folder of repeats.
const REPEATS_MAX: usize = 1_000;
/// Where in a folder of runs those lie that are not valid, and those that were killed or go on.
const INVALID: &str = "invalid";
const UNFINISHED: &str = "unfinished";
/// The file of a run, and of a sweep.
const RESULT: &str = "result.json";
const SWEEP: &str = "sweep.json";

/// One of the things that are compared.
#[derive(Clone, Debug)]
pub(crate) struct Variant {
    /// A letter: A is the baseline.
    pub(super) name: char,
    /// Its runs, at least one.
    pub(super) runs: Vec<Recorded>,
    /// How many more were killed or go on, where it is a folder.
    pub(super) unfinished: usize,
    /// How many more were to be made by the invocation that compares, and did not come to their end.
    pub(super) missing: usize,
}

/// Reads everything that is to be compared, the baseline first.
///
/// # Errors
/// All faults at once: what cannot be read or is no result, runs that are not valid where they were not
/// allowed, groups that are none.
pub(crate) fn read(flags: &CompareFlags) -> Result<Vec<Variant>, Faults> {
    let (given, most) = (flags.variants.len(), LETTERS.len());
    if given < 2 || most < given {
        let problem =
            format!("got {given}, need a baseline and one candidate or more, {most} in all");
        return Err(Faults(vec![Fault::whole("compare", problem)]));
    }
    let (mut variants, mut faults) = (Vec::new(), Vec::new());
    for (at, argument) in flags.variants.iter().enumerate() {
        let mut variant = Variant::new(at, runs(argument, flags.stream.as_deref(), &mut faults));
        if !flags.allow_invalid {
            faults.extend(variant.runs.iter().filter_map(invalid));
        }
        for part in parts(argument) {
            match unfinished(&part) {
                Ok(count) => variant.unfinished += count,
                Err(problem) => faults.push(Fault::whole(part.display().to_string(), problem)),
            }
        }
        variants.push(variant);
    }
    if faults.is_empty() {
        return Ok(variants);
    }
    Err(Faults(faults.iter().map(visible).collect()))
}

impl Variant {
    /// That of a place in the order, below 26.
    pub(super) fn new(at: usize, runs: Vec<Recorded>) -> Self {
        let name = LETTERS.chars().nth(at).expect("there are not more variants than letters");
        Self { name, runs, unfinished: 0, missing: 0 }
    }

    /// What is said of runs, each thing once: of one run with its name, of several with their number.
    pub(super) fn each_once(&self, say: impl Fn(&Recorded) -> Option<String>) -> Vec<String> {
        let mut said: Vec<(String, Vec<&str>)> = Vec::new();
        for run in &self.runs {
            let Some(words) = say(run) else { continue };
            match said.iter_mut().find(|(known, _)| *known == words) {
                Some((_, ids)) => ids.push(&run.test_id),
                None => said.push((words, vec![&run.test_id])),
            }
        }
        let (name, all) = (self.name, self.runs.len());
        let told = |(words, ids): (String, Vec<&str>)| match ids.as_slice() {
            [id] => format!("{id} of {name}: {words}"),
            several => format!("{} of {all} runs of {name}: {words}", several.len()),
        };
        said.into_iter().map(told).collect()
    }
}

/// The runs of one argument, or one stream of each; what is wrong with it goes to the faults.
fn runs(argument: &Path, stream: Option<&str>, faults: &mut Vec<Fault>) -> Vec<Recorded> {
    let mut runs: Vec<Recorded> = Vec::new();
    for part in parts(argument) {
        let files = match files(&part) {
            Ok(files) => files,
            Err(problem) => {
                let place = if part.as_os_str().is_empty() { argument } else { &part };
                faults.push(Fault::whole(place.display().to_string(), problem));
                continue;
            }
        };
        let is_group = 1 < files.len();
        let mut group = Vec::new();
        for file in files {
            match Recorded::read(&file, stream) {
                Ok(run) => group.push(run),
                Err(problem) => faults.push(Fault::whole(file.display().to_string(), problem)),
            }
        }
        if is_group && let Some(problem) = mixed(&group) {
            faults.push(Fault::whole(part.display().to_string(), problem));
        }
        for run in group {
            if runs.iter().any(|other| other.test_id == run.test_id) {
                let problem =
                    format!("the run {} is there already, repeats are different runs", run.test_id);
                faults.push(Fault::whole(run.path.display().to_string(), problem));
            }
            runs.push(run);
        }
    }
    runs
}

/// An argument is a path, or paths joined by commas.
fn parts(argument: &Path) -> Vec<PathBuf> {
    match argument.to_str() {
        Some(text) if text.contains(',') && !argument.exists() => {
            text.split(',').map(PathBuf::from).collect()
        }
        _ => vec![argument.to_owned()],
    }
}

/// The files of the runs that a path stands for.
fn files(path: &Path) -> Result<Vec<PathBuf>, String> {
    let need = "need the directory of a run, its result.json, or a folder of run directories";
    if path.as_os_str().is_empty() {
        return Err(format!("nothing stands between two commas, {need}"));
    }
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    if !path.is_dir() {
        return Err(format!("no such file or directory, {need}"));
    }
    if path.join(RESULT).is_file() {
        return Ok(vec![path.join(RESULT)]);
    }
    if path.join(SWEEP).is_file() {
        return Err("is a sweep, whose cells are no repeats: name run directories in it".to_owned());
    }
    let mut files = files_of(path)?;
    // A variant whose failed repeats were passed over would look better than it is.
    files.extend(files_of(&path.join(INVALID))?);
    if files.is_empty() { Err(format!("holds no run, {need}")) } else { Ok(files) }
}

/// The files of the runs whose directories lie in a folder, by name; none where there is no such folder.
fn files_of(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for entry in entries(folder)? {
        let file = entry.join(RESULT);
        if file.is_file() {
            files.push(file);
        }
        if REPEATS_MAX < files.len() {
            return Err(format!("holds more than {REPEATS_MAX} runs: name run directories in it"));
        }
    }
    files.sort();
    Ok(files)
}

/// How many runs of a folder were killed or go on.
fn unfinished(path: &Path) -> Result<usize, String> {
    let runs = entries(&path.join(UNFINISHED))?;
    Ok(runs.iter().filter(|run| run.is_dir()).count())
}

/// What lies in a folder; nothing where there is none.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let unread = |error: std::io::Error| format!("cannot be read: {error}");
    let entries = fs::read_dir(folder).map_err(unread)?;
    entries.map(|entry| entry.map(|of| of.path()).map_err(unread)).collect()
}

/// Why the runs of a folder are no repeats of each other.
fn mixed(runs: &[Recorded]) -> Option<String> {
    let first = runs.first()?;
    let other = runs.iter().find(|run| run.test_name != first.test_name)?;
    let (one, other) = (&first.test_name, &other.test_name);
    Some(format!("holds runs of {one} and of {other}: name the run directories of one of them"))
}

/// A fault that a terminal shows and does not obey: names and paths come from anywhere.
fn visible(fault: &Fault) -> Fault {
    let [place, field, problem] = [&fault.place, &fault.field, &fault.problem];
    Fault::new(escape::line(place), escape::line(field), escape::line(problem))
}

/// Why a run's figures are not to be compared.
fn invalid(run: &Recorded) -> Option<Fault> {
    let verdict = &run.verdict;
    let problem = format!(
        "the run is NOT VALID (exit code {}, limited by {}), so its figures are not those of what was asked; \
         --allow-invalid compares it all the same",
        verdict.exit_code, verdict.limited_by
    );
    (!verdict.valid).then(|| Fault::whole(run.path.display().to_string(), problem))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Made, made};
    use super::{files, mixed, parts, read, unfinished};
    use crate::cli::{CompareFlags, CompareFormat};
    use std::fs;
    use std::path::Path;

    fn refused(variants: &[&Path]) -> String {
        let flags = CompareFlags {
            variants: variants.iter().map(|path| path.to_path_buf()).collect(),
            tolerance: 0.01,
            format: CompareFormat::Text,
            allow_invalid: false,
            stream: None,
        };
        read(&flags).expect_err("refused").to_string()
    }

    #[test]
    fn a_path_is_a_run_a_file_or_a_folder_of_runs_and_commas_join_them() {
        let folder = tempfile::tempdir().expect("a folder of our own");
        let at = |name: &str| folder.path().join(name);
        for name in ["r2", "r1", "with,comma", "empty"] {
            fs::create_dir(at(name)).expect("the folder is ours");
        }
        for name in ["r2/result.json", "r1/result.json", "with,comma/result.json"] {
            fs::write(at(name), "{}").expect("the folder is ours");
        }
        assert_eq!(files(&at("r1")), Ok(vec![at("r1/result.json")]), "a run directory");
        assert_eq!(files(&at("r1/result.json")), Ok(vec![at("r1/result.json")]), "its file");
        let all = ["r1/result.json", "r2/result.json", "with,comma/result.json"].map(at);
        assert_eq!(files(folder.path()), Ok(all.to_vec()), "a folder of runs, by name");
        assert_eq!(parts(&at("with,comma")), [at("with,comma")], "a path that is there");
        let joined = format!("{},{}", at("r1").display(), at("r2").display());
        assert_eq!(parts(Path::new(&joined)), [at("r1"), at("r2")], "repeats");
        let check = |path: &Path, words: &str| {
            let problem = files(path).expect_err(words);
            assert!(problem.contains(words), "{problem}");
        };
        check(&at("empty"), "holds no run, need the directory of a run");
        check(&at("none"), "no such file or directory, need");
        check(Path::new(""), "nothing stands between two commas");
        fs::write(at("sweep.json"), "{}").expect("the folder is ours");
        check(folder.path(), "is a sweep");
    }

    #[test]
    fn a_folder_does_not_hide_the_runs_that_failed() {
        let folder = tempfile::tempdir().expect("a folder of our own");
        let at = |name: &str| folder.path().join(name);
        for name in ["r2", "invalid/r1.invalid", "unfinished/r3.unfinished", "unfinished/r4"] {
            fs::create_dir_all(at(name)).expect("the folder is ours");
            fs::write(at(name).join("result.json"), "{}").expect("the folder is ours");
        }
        fs::write(at("unfinished/notes"), "no run").expect("the folder is ours");
        let both = ["r2/result.json", "invalid/r1.invalid/result.json"].map(at);
        assert_eq!(files(folder.path()), Ok(both.to_vec()), "both that ended, valid or not");
        assert_eq!(unfinished(folder.path()), Ok(2), "counted, since they have no figures");
        assert_eq!(unfinished(&at("r2")), Ok(0), "a run is no folder of runs");
        fs::remove_dir_all(at("r2")).expect("the folder is ours");
        assert_eq!(files(folder.path()), Ok(both[1..].to_vec()), "none was valid");
    }

    #[test]
    fn a_terminal_is_not_told_what_to_do_by_names() {
        let told = refused(&[Path::new("\u{1b}[31mred"), Path::new("a\u{7}\nb")]);
        assert!(told.starts_with("\u{fffd}[31mred: no such file or directory"), "{told}");
        assert!(told.contains("\na\u{fffd} b: no such file"), "{told}");
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let folder = tempfile::tempdir().expect("a folder of our own");
        let path = folder.path().join("other.json");
        fs::write(&path, "{\"schema\": \"kdyno.sweep/1\"}").expect("the folder is ours");
        let gone = folder.path().join("gone");
        let told = refused(&[&path, &gone]);
        assert_eq!(told.lines().count(), 2, "{told}");
        assert!(told.contains("other.json: got the schema \"kdyno.sweep/1\", need"), "{told}");
        assert!(told.contains("gone: no such file or directory, need"), "{told}");
        let one = refused(&[&path]);
        assert_eq!(one, "compare: got 1, need a baseline and one candidate or more, 26 in all");
        let many = refused(&[path.as_path(); 27]);
        assert!(many.starts_with("compare: got 27, need"), "{many}");
    }

    #[test]
    fn runs_of_two_tests_are_no_repeats() {
        let mut runs = ["a", "b", "c"].map(|id| made(&Made::plain(id))).to_vec();
        assert_eq!(mixed(&runs), None, "of one");
        runs[2].test_name = "other".to_owned();
        let problem = mixed(&runs).expect("of two");
        assert!(problem.starts_with("holds runs of made and of other: "), "{problem}");
    }

    #[test]
    fn a_run_that_is_not_valid_is_told_with_what_allows_it() {
        let mut run = made(&Made::plain("a"));
        assert!(super::invalid(&run).is_none(), "a valid one");
        (run.verdict.valid, run.verdict.exit_code) = (false, 11);
        run.verdict.limited_by = "client".to_owned();
        let fault = super::invalid(&run).expect("not valid").to_string();
        assert!(
            fault.starts_with("results/a/result.json: the run is NOT VALID (exit code 11"),
            "{fault}"
        );
        assert!(
            fault.contains("limited by client") && fault.contains("--allow-invalid"),
            "{fault}"
        );
    }
}
