//! The result of a run: one report, written in every format of one table.

mod assertions;
mod backlog;
mod ceiling;
pub mod chart;
mod client;
mod csv;
mod errors;
mod figures;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod fixture_client;
#[cfg(test)]
mod fixture_fleet;
#[cfg(test)]
mod fixture_run;
mod host_figures;
mod host_second;
mod html;
mod json;
mod judgement;
mod junit;
mod latency;
mod markdown;
mod marks;
#[cfg(test)]
mod merge_tests;
mod network;
mod number;
mod outages;
mod partitions;
mod plan;
mod plateau;
#[expect(clippy::module_inception, reason = "a file is named after its main type")]
mod report;
mod search;
mod shape;
mod so_far;
mod spread;
mod streams;
mod sweep;
mod system;
mod tables;
mod tail;
mod tasks;
mod text;
mod text_events;
mod text_system;
mod text_table;
mod text_workers;
mod traffic;
mod warmup;
mod workers;

pub use ceiling::{CeilingPart, sink};
pub use csv::csv;
pub use html::html;
pub use json::json;
pub use junit::{Suite, junit};
pub use markdown::markdown;
pub use network::network_seen;
pub(crate) use number::{float, micros, per_second, rfc3339, seconds, thousandth};
pub use report::{Inputs, Report, SCHEMA};
pub use so_far::so_far;
pub use spread::Spread;
pub use sweep::SweepPart;
pub use system::System;
pub use text::text;
pub(crate) use text_table::{count, rate, span, table, wrapped};

use engine::plan::Plan;
use engine::time::ClockSource;
use serde_json::Value;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// A file of the run directory: its name, and the function that writes a report as its bytes.
type Format = (&'static str, fn(&Report) -> Vec<u8>);

/// The files of a run directory.
const FORMATS: &[Format] =
    &[("result.json", json), ("report.html", html), ("report.md", markdown), ("summary.csv", csv)];

/// Writes a run's directory, `<results>/<test_id>`, and returns its path.
///
/// # Errors
/// When the directory is there already (results are never overwritten) or cannot be written.
pub fn save(report: &Report, results: &Path) -> io::Result<PathBuf> {
    fs::create_dir_all(results)?;
    let run = results.join(&report.test_id);
    fs::create_dir(&run).map_err(|error| {
        io::Error::new(error.kind(), format!("{}: cannot be created: {error}", run.display()))
    })?;
    write_all(report, &run)?;
    File::open(results)?.sync_all()?;
    Ok(run)
}

/// Writes the files of a run's directory again, with what was found after they were saved.
///
/// # Errors
/// When a file cannot be written; the one that was there stays whole.
pub fn replace(report: &Report, run: &Path) -> io::Result<()> {
    write_all(report, run)
}

fn write_all(report: &Report, run: &Path) -> io::Result<()> {
    FORMATS.iter().try_for_each(|(name, format)| write_whole(run, name, &format(report)))
}

/// Writes suites as one JUnit file, in a folder that is made where it is missing; what was there
/// before is replaced.
///
/// # Errors
/// When it cannot be written; the file that was there stays whole.
pub fn write_junit(suites: &[Suite], path: &Path) -> io::Result<()> {
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "no file's name"))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    write_whole(folder, name, &junit(suites))
}

/// What `--dry-run` shows as JSON: the plan of a run that is not run.
#[must_use]
pub fn dry_run(
    (plan, clock): (&Plan, ClockSource),
    (workload, driver, sweep): (&Value, &Value, Option<&SweepPart>),
    workers: &[String],
) -> Vec<u8> {
    let mut document = serde_json::json!({
        "test_id": plan.demand.test_id,
        "workload": workload,
        "driver": driver,
        "workers": workers,
        "plan": plan::PlanPart::of(plan, &[]),
        "clock": clock.word(),
    });
    if let Some(sweep) = sweep {
        document["sweep"] = serde_json::json!(sweep);
    }
    let mut bytes = serde_json::to_vec_pretty(&document).expect("a document in memory is written");
    bytes.push(b'\n');
    bytes
}

/// Writes a file so that a reader finds all of it or nothing, also after a power cut.
pub(crate) fn write_whole(directory: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    // Beside its target: a rename is only atomic within one file system.
    let temporary = directory.join(format!(".{name}.part"));
    let mut file = File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, directory.join(name))?;
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::fixture::{self, Made};
    use super::{FORMATS, Suite, json, junit, save, write_junit};
    use std::fs;
    use std::io::ErrorKind;

    #[test]
    fn a_run_directory_holds_whole_files_and_is_never_overwritten() {
        let results = tempfile::tempdir().expect("a directory");
        let nested = results.path().join("deep/results");
        let report = fixture::report(&Made::clean());
        let run = save(&report, &nested).expect("it is written");
        assert_eq!(run, nested.join(&report.test_id), "named after the run");
        let read = fs::read(run.join("result.json")).expect("it is there");
        assert_eq!(read, json(&report), "whole");
        let names: Vec<_> = fs::read_dir(&run).expect("a directory").collect();
        assert_eq!(names.len(), FORMATS.len(), "nothing else, no leftover: {names:?}");
        let again = save(&report, &nested).expect_err("there already");
        assert_eq!(again.kind(), ErrorKind::AlreadyExists, "{again}");
        assert!(again.to_string().contains(&report.test_id), "names the directory: {again}");
    }

    #[test]
    fn a_junit_file_is_whole_replaces_the_one_before_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("deep/reports/junit.xml");
        let suites = [Suite::of(&fixture::report(&Made::clean()))];
        for count in [0, 1] {
            write_junit(&suites[..count], &path).expect("it is written");
            let read = fs::read(&path).expect("it is there");
            assert_eq!(read, junit(&suites[..count]), "whole");
        }
        let beside = path.parent().expect("it has a folder");
        assert_eq!(fs::read_dir(beside).expect("a directory").count(), 1, "no leftover");
        let taken = path.join("below.xml");
        assert!(write_junit(&suites, &taken).is_err(), "its folder is a file");
    }
}
