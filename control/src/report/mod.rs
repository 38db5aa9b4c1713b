//! The result of a run: one report, written in every format of one table.

mod again;
mod assertions;
mod backlog;
mod catch_up;
mod ceiling;
pub mod chart;
mod client;
mod csv;
mod csv_columns;
mod errors;
pub(crate) mod escape;
mod figures;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod fixture_client;
#[cfg(test)]
mod fixture_fleet;
#[cfg(test)]
mod fixture_run;
mod groups;
pub mod hlog;
mod host_figures;
mod host_second;
mod html;
mod interval;
pub(crate) mod intervals;
mod json;
mod judgement;
mod junit;
pub(crate) mod latency;
mod markdown;
mod marks;
#[cfg(test)]
mod merge_tests;
mod network;
mod number;
pub mod omb;
mod outages;
mod partitions;
mod plan;
mod plateau;
mod read;
#[cfg(test)]
mod read_tests;
#[expect(clippy::module_inception, reason = "a file is named after its main type")]
mod report;
mod requests;
mod run_folder;
mod search;
mod shape;
mod so_far;
mod spread;
mod stream_interval;
mod streams;
mod sweep;
mod system;
mod tables;
mod tail;
mod tasks;
mod text;
mod text_events;
mod text_leaders;
mod text_perf;
mod text_streams;
mod text_system;
mod text_table;
mod text_workers;
mod topic_load;
mod traffic;
mod transactions;
mod warmup;
mod workers;

pub use again::write_again;
pub use ceiling::{CeilingPart, sink};
pub use csv::csv;
pub use html::html;
pub use json::json;
pub use junit::{Suite, junit};
pub use markdown::markdown;
pub use network::network_seen;
pub(crate) use number::{float, micros, per_second, rfc3339, seconds, thousandth};
pub use read::ReadError;
pub use report::{Inputs, Report, SCHEMA};
pub(crate) use run_folder::{RunFolder, find};
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
use std::path::Path;

/// A file of the run directory: its name, and the function that writes a report as its bytes.
type Format = (&'static str, fn(&Report) -> Vec<u8>);

/// The files of a run directory.
const FORMATS: &[Format] = &[
    ("result.json", json),
    ("omb.json", omb::omb),
    ("report.html", html),
    ("report.md", markdown),
    ("summary.csv", csv),
    (intervals::FILE, intervals::intervals),
];

/// Those of them that stay as they are when a directory is rendered again from its `result.json`: itself,
/// and what is made of more than a report that was read back holds.
const KEPT: &[&str] = &["result.json", "omb.json"];

/// Writes every file of a run's directory that is made of a report, each whole or not at all.
///
/// # Errors
/// When one cannot be written; the one that was there stays whole.
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

/// A plan for tests of others.
#[cfg(test)]
pub(crate) fn made_up_plan() -> Plan {
    fixture::plan()
}

/// A report of two streams for tests of others.
#[cfg(test)]
pub(crate) fn made_up_streams() -> Report {
    fixture::report(&fixture::Made::two_streams())
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
    use super::{FORMATS, Suite, junit, write_all, write_junit};
    use std::fs;

    #[test]
    fn a_run_directory_holds_whole_files_and_nothing_else() {
        let run = tempfile::tempdir().expect("a directory");
        let report = fixture::report(&Made::clean());
        for _ in 0..2 {
            write_all(&report, run.path()).expect("it is written");
            for (name, format) in FORMATS {
                let read = fs::read(run.path().join(name)).expect("it is there");
                assert_eq!(read, format(&report), "{name}: whole");
            }
            let names: Vec<_> = fs::read_dir(run.path()).expect("a directory").collect();
            assert_eq!(names.len(), FORMATS.len(), "no leftover: {names:?}");
        }
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
