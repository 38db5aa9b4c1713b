//! Repeats while they are run: which one is next, which came to their end, and what is told when all is over.

use crate::compare::{self, Forms, Group};
use crate::host::quoted;
use crate::report::{self, write_whole};
use crate::spec::{Job, Repeat, Repeats, Request, Side};
use engine::measure::constants::exit;
use std::io;
use std::path::PathBuf;

/// More runs that are not valid are counted and not named.
const NAMED_MAX: usize = 10;

/// The folder of the repeats that are being run.
#[derive(Debug)]
pub(crate) struct RepeatFolder<'job> {
    repeats: &'job Repeats,
    /// How many runs there are to be.
    planned: usize,
    /// The results of those that came to their end.
    whole: Vec<(Option<Side>, PathBuf)>,
}

/// What is told of all repeats.
#[derive(Clone, Debug)]
pub(crate) struct Together {
    /// What it asks of the process, besides its runs.
    pub(crate) exit_code: u8,
    /// For people: what the repeats say, and where everything is.
    pub(crate) text: String,
}

impl<'job> RepeatFolder<'job> {
    /// That of a job's repeats; `None` where it has none.
    pub(crate) fn of(job: &'job Job) -> Option<Self> {
        let repeats = job.repeats.as_ref()?;
        Some(Self { repeats, planned: job.requests.len(), whole: Vec::new() })
    }

    /// Which run is next, in words.
    pub(crate) fn next(&self, request: &Request) -> String {
        let (each, name) = (self.repeats.each, &request.resolved.test_name);
        match request.cell.repeat {
            Some(Repeat { side: Some(side), number }) => {
                let (side, run, of) = (side.letter(), request.cell.number, self.planned);
                format!("repeat {number} of {each} of {side} (run {run} of {of}): {name}")
            }
            Some(Repeat { side: None, number }) => format!("repeat {number} of {each}: {name}"),
            None => name.clone(),
        }
    }

    /// Notes how a run ended.
    pub(crate) fn add(&mut self, request: &Request, exit_code: u8) {
        let Some(repeat) = request.cell.repeat else { return };
        // What was cut or broke off is a sample of something else.
        if [exit::FAILED, exit::INTERRUPTED].contains(&exit_code) {
            return;
        }
        let folder = self.repeats.folder_of(repeat);
        let run = report::find(&folder, &request.demand.test_id);
        let file = run.map(|run| run.join("result.json")).filter(|file| file.is_file());
        self.whole.extend(file.map(|file| (repeat.side, file)));
    }

    /// Whether runs are missing.
    pub(crate) fn is_open(&self) -> bool {
        self.whole.len() < self.planned
    }

    /// Tells what the runs that came to their end say together, and keeps it in files.
    pub(crate) fn end(&self) -> Together {
        if self.is_open() {
            tracing::warn!("{}", self.missing());
        }
        let folder = self.repeats.folder.display();
        let results = format!("results: {folder}\n");
        let forms = match self.forms() {
            Ok(forms) => forms,
            Err((exit_code, words)) => {
                tracing::error!("{words}");
                return Together { exit_code, text: results };
            }
        };
        let mut exit_code = forms.exit_code;
        if let Err(error) = self.keep(&forms) {
            tracing::error!("{folder}: what repeats say could not be written: {error}");
            exit_code = exit::FAILED;
        }
        let names =
            forms.files.iter().map(|(ending, _)| format!("{folder}/{}.{ending}", forms.name));
        let files = format!("{}: {}", forms.name, names.collect::<Vec<_>>().join(", "));
        tracing::info!("{files}");
        Together { exit_code, text: format!("{}\n{files}\n{results}", forms.text) }
    }

    /// What is said of the runs, or why nothing is, with an exit code.
    fn forms(&self) -> Result<Forms, (u8, String)> {
        let Some(tolerance) = self.repeats.tolerance else {
            let runs = self.group(None)?;
            if runs.is_empty() {
                return Err((
                    exit::VALID,
                    "no run came to its end: there is nothing to tell".to_owned(),
                ));
            }
            return Ok(compare::agreement(&runs));
        };
        let [ours, theirs] = Side::BOTH.map(|side| self.group(Some(side)));
        let (ours, theirs) = (ours?, theirs?);
        for (side, group) in Side::BOTH.iter().zip([&ours, &theirs]) {
            if group.is_empty() {
                let words = format!("no comparison: no run of {} came to its end", side.letter());
                return Err((exit::VALID, words));
            }
        }
        let invalid: Vec<String> = ours.invalid().chain(theirs.invalid()).collect();
        if !invalid.is_empty() {
            // Their own exit codes say what is wrong.
            return Err((exit::VALID, self.not_valid(&invalid, tolerance)));
        }
        Ok(compare::compared(ours, theirs, tolerance))
    }

    /// The runs of a variant that came to their end.
    fn group(&self, side: Option<Side>) -> Result<Group, (u8, String)> {
        let own = self.whole.iter().filter(|(of, _)| *of == side);
        let files: Vec<PathBuf> = own.map(|(_, file)| file.clone()).collect();
        Group::read(&files, self.repeats.each).map_err(|words| (exit::FAILED, words))
    }

    fn keep(&self, forms: &Forms) -> io::Result<()> {
        let mut files = forms.files.iter();
        files.try_for_each(|(ending, bytes)| {
            write_whole(&self.repeats.folder, &format!("{}.{ending}", forms.name), bytes)
        })
    }

    fn missing(&self) -> String {
        let (planned, each) = (self.planned, self.repeats.each);
        let missing = planned - self.whole.len();
        let told = format!("{missing} of {planned} runs did not come to their end, or never began");
        if self.repeats.tolerance.is_none() {
            return told;
        }
        let there = Side::BOTH.map(|side| {
            let own = self.whole.iter().filter(|(of, _)| *of == Some(side)).count();
            format!("{} has {own} of {each}", side.letter())
        });
        format!("{told}: {}", there.join(", "))
    }

    /// Why there is no comparison, and how there is one all the same.
    fn not_valid(&self, invalid: &[String], tolerance: f64) -> String {
        let named = &invalid[..invalid.len().min(NAMED_MAX)];
        let more = match invalid.len() - named.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let folders = Side::BOTH
            .map(|side| quoted(&self.repeats.folder.join(side.folder()).display().to_string()));
        // To the digits that anybody would type: 0.07 of a float is 7.000000000000001 percent.
        let tolerance = (tolerance * 1e8).round() / 1e6;
        format!(
            "no comparison, since runs are NOT VALID: {}{more}; it is made all the same by: kdyno compare {} \
             --tolerance {tolerance}% --allow-invalid",
            named.join(", "),
            folders.join(" "),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{RepeatFolder, Repeats, Side, exit};

    fn repeats(tolerance: Option<f64>) -> Repeats {
        Repeats { id: "repeat-w".to_owned(), folder: "r/repeat w".into(), each: 3, tolerance }
    }

    fn folder(repeats: &Repeats, whole: &[Option<Side>]) -> String {
        let whole = whole.iter().map(|side| (*side, "nowhere/result.json".into())).collect();
        RepeatFolder { repeats, planned: 6, whole }.missing()
    }

    #[test]
    fn what_is_missing_is_told_by_variant() {
        let (two, one) = (repeats(Some(0.01)), repeats(None));
        let [ours, theirs] = Side::BOTH.map(Some);
        let told = folder(&two, &[ours, theirs, ours]);
        let words = "3 of 6 runs did not come to their end, or never began";
        assert_eq!(told, format!("{words}: A has 2 of 3, B has 1 of 3"));
        assert_eq!(folder(&one, &[None; 3]), words, "of one variant");
    }

    #[test]
    fn runs_that_are_not_valid_are_named_with_the_command_that_compares_all_the_same() {
        let repeats = repeats(Some(0.07));
        let folder = RepeatFolder { repeats: &repeats, planned: 6, whole: Vec::new() };
        let told = folder.not_valid(&["w_1 (exit code 11)".to_owned()], 0.07);
        let expected = "no comparison, since runs are NOT VALID: w_1 (exit code 11); it is made all the same by: kdyno \
                        compare 'r/repeat w/a' 'r/repeat w/b' --tolerance 7% --allow-invalid";
        assert_eq!(told, expected);
        let many: Vec<String> = (0..12).map(|run| format!("w_{run}")).collect();
        let few = folder.not_valid(&many, 0.005);
        assert!(few.contains("w_9 and 2 more; ") && few.contains("--tolerance 0.5% "), "{few}");
    }

    #[test]
    fn without_a_whole_run_of_each_nothing_is_compared_and_it_is_said_of_which() {
        let repeats = repeats(Some(0.01));
        let none = RepeatFolder { repeats: &repeats, planned: 6, whole: Vec::new() };
        let told = none.forms().expect_err("there is nothing");
        assert_eq!(told, (exit::VALID, "no comparison: no run of A came to its end".to_owned()));
        let together = none.end();
        assert_eq!((together.exit_code, together.text.as_str()), (0, "results: r/repeat w\n"));
        let gone = vec![(Some(Side::Baseline), "nowhere/result.json".into())];
        let lost = RepeatFolder { repeats: &repeats, planned: 6, whole: gone };
        let (code, words) = lost.forms().expect_err("it cannot be read");
        assert!(code == exit::FAILED && words.starts_with("nowhere/result.json: "), "{words}");
    }
}
