//! `kdyno report`: the results of earlier runs, rendered again.

use crate::cli::{Format, ReportFlags};
use crate::report::hlog::Kind;
use crate::report::{self, Report, intervals};
use crate::runs;
use crate::spec::{Fault, Faults};
use engine::measure::constants::exit;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// What a run directory is rendered from.
const FILE: &str = "result.json";

/// No result is longer: that of an hour has less than 10 MiB, so this is one of two days.
const BYTES_MAX: u64 = 512 << 20;

/// The result of an earlier run.
#[derive(Debug)]
pub(crate) struct Earlier {
    report: Report,
    /// Where the files go that are made of it.
    folder: PathBuf,
}

impl Earlier {
    /// Whether its files are to lie where those of another run would replace them.
    fn keeps_out(&self, report: &Report, folder: &Path) -> bool {
        self.folder == folder && self.report.test_id != report.test_id
    }
}

/// Reads all results that are asked for, before anything is written.
///
/// # Errors
/// All that are not there, or are no results that this version knows.
pub(crate) fn read(flags: &ReportFlags) -> Result<Vec<Earlier>, Faults> {
    let (mut all, mut faults) = (Vec::new(), Vec::new());
    if let (Some(_), several @ 2..) = (&flags.output, flags.runs.len()) {
        let problem = format!("got {several} run directories, need one: files have the same names");
        faults.push(Fault::whole("--output", problem));
    }
    for run in &flags.runs {
        // Without a slash at its end, as the run itself names it.
        let run: PathBuf = run.components().collect();
        let (folder, file) =
            if run.is_dir() { (run.clone(), run.join(FILE)) } else { (folder_of(&run), run) };
        let folder = flags.output.clone().unwrap_or(folder);
        let read = result(&file).and_then(|report| fits(&report, &folder).map(|()| report));
        match read {
            Ok(report) if all.iter().any(|of: &Earlier| of.keeps_out(&report, &folder)) => {
                let problem = "its files have the same names in the same folder as another's, need \
                               one at a time with --output";
                faults.push(Fault::whole(file.display().to_string(), problem.to_owned()));
            }
            Ok(report) => all.push(Earlier { report, folder }),
            Err(problem) => faults.push(Fault::whole(file.display().to_string(), problem)),
        }
    }
    if faults.is_empty() { Ok(all) } else { Err(Faults(faults)) }
}

/// Writes the files of each again, and its result to `out`. Returns the exit code.
///
/// # Errors
/// When `out` cannot be written.
pub(crate) fn render(all: &[Earlier], format: Format, out: &mut dyn Write) -> io::Result<u8> {
    let mut code = exit::VALID;
    for Earlier { report, folder } in all {
        // What was read is told all the same.
        if let Err(error) = report::write_again(report, folder) {
            tracing::error!("{}: the files cannot be written: {error}", folder.display());
            code = exit::FAILED;
        }
        if let Format::Text = format {
            out.write_all(report::text(report, folder).as_bytes())?;
        }
    }
    if let Format::Json = format {
        let documents: Vec<Vec<u8>> = all.iter().map(|of| report::json(&of.report)).collect();
        runs::write_json(&documents, all.len(), out)?;
    }
    Ok(code)
}

fn folder_of(file: &Path) -> PathBuf {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new(".")).to_owned()
}

/// Whether a folder may take the files of a report: not where those of another run are.
fn fits(report: &Report, folder: &Path) -> Result<(), String> {
    let Ok(there) = result(&folder.join(FILE)) else { return Ok(()) };
    if there.test_id == report.test_id {
        return Ok(());
    }
    Err(format!(
        "its files would replace those of {} in {}: give another folder with --output",
        there.test_id,
        folder.display()
    ))
}

/// Whether a folder holds the seconds of a run, as they are written while it goes on.
fn has_seconds(folder: &Path) -> bool {
    folder.join(intervals::FILE).is_file()
        || Kind::ALL.iter().any(|kind| folder.join(kind.file).is_file())
}

/// The result in a file, or in words why there is none.
fn result(file: &Path) -> Result<Report, String> {
    let found = fs::metadata(file).map_err(|error| match error.kind() {
        ErrorKind::NotFound if has_seconds(&folder_of(file)) => format!(
            "no such file, the run did not come to its end: it was killed, or still goes on; kdyno report \
             --from 0s {} cuts out what is there",
            folder_of(file).display()
        ),
        ErrorKind::NotFound => format!("no such file, need a run directory or the {FILE} in it"),
        _ => format!("cannot be read: {error}"),
    })?;
    if !found.is_file() {
        return Err(format!("is no file, need a run directory or the {FILE} in it"));
    }
    if BYTES_MAX < found.len() {
        return Err(format!("has {} bytes, need at most {BYTES_MAX}", found.len()));
    }
    let bytes = fs::read(file).map_err(|error| format!("cannot be read: {error}"))?;
    Report::read(&bytes).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::{FILE, result};
    use std::fs;

    #[test]
    fn a_run_without_an_end_is_told_from_what_is_no_run() {
        let folder = tempfile::tempdir().expect("a folder of our own");
        let said = || result(&folder.path().join(FILE)).expect_err("there is no result");
        assert!(said().contains("need a run directory"), "{}", said());
        fs::write(folder.path().join("intervals.csv"), "").expect("the folder is ours");
        let cure = format!("kdyno report --from 0s {}", folder.path().display());
        assert!(said().contains("did not come to its end") && said().contains(&cure), "{}", said());
    }
}
