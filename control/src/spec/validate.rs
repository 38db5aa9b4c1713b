//! What files would do, without running them.

use std::path::{Path, PathBuf};

use super::assignments::Assignments;
use super::benchmark::{self, Benchmark};
use super::clients::clients;
use super::document::Document;
use super::driver::{self, DriverFile, DriverSource};
use super::fault::{Faults, Ledger};
use super::fields;
use super::files::Files;
use super::order::Order;
use super::sweep::{self, Axis, Cell, Sweep};
use super::worker_url::WorkerUrl;
use super::workload::{Circumstances, Speed, Workload};
use engine::plan::{Varied, Warmup};

/// Checks files of any kind and says in a few lines what each would do.
///
/// # Errors
/// Every fault of every file.
pub fn validate(paths: &[PathBuf]) -> Result<Vec<String>, Faults> {
    let mut ledger = Ledger::default();
    let (mut files, mut lines) = (Files::disk(), Vec::new());
    for path in paths {
        let mut own = Ledger::default();
        if let Some(summary) = one(path, &mut files, &mut own) {
            lines.push(format!("{}: {}", path.display(), summary.head));
            lines.extend(own.remarks.iter().map(|remark| format!("  remark: {remark}")));
            lines.extend(summary.details.into_iter().map(|detail| format!("  {detail}")));
        }
        own.faults.into_iter().for_each(|fault| ledger.fault(fault));
    }
    ledger.settle().map(|_| lines)
}

/// What a file would do.
struct Summary {
    head: String,
    details: Vec<String>,
}

fn one(path: &Path, files: &mut Files, ledger: &mut Ledger) -> Option<Summary> {
    let document = Document::read(path, files, ledger)?;
    if driver::is_driver(&document) {
        return of_driver(path, files, ledger);
    }
    if !document.has("topics") && document.entries.iter().any(|entry| is_of_benchmark(&entry.key)) {
        let benchmark = Benchmark::of_document(&document, ledger);
        let list = |workers: Vec<WorkerUrl>| {
            let names: Vec<String> = workers.iter().map(ToString::to_string).collect();
            format!("runs are done by {}", names.join(", "))
        };
        let details = benchmark.workers.map(list).into_iter().collect();
        return Some(Summary { head: "a benchmark file".to_owned(), details });
    }
    let order = Order { workloads: vec![path.to_owned()], ..Order::default() };
    let cells = sweep::cells(&order, files, ledger);
    let workloads: Vec<Workload> =
        cells.iter().filter_map(|cell| of_cell(&document, cell, files, ledger)).collect();
    let first = workloads.first()?;
    let mut summary = Summary { head: format!("workload \"{}\"", first.name), details: Vec::new() };
    for (name, part) in first.parts() {
        let varied = ledger.take(part.varied(files))?;
        let lines = of_stream(part, varied.as_ref());
        if first.streams.is_empty() {
            summary.details.extend(lines);
        } else {
            summary.details.push(format!("stream \"{name}\":"));
            summary.details.extend(lines.map(|line| format!("  {line}")));
        }
    }
    if let Some(axes) = Sweep::axes_of(&cells) {
        summary.details.push(format!("that is the first of {} runs, a sweep of:", cells.len()));
        let line = |axis: &Axis| format!("  {}: {}", axis.field, axis.values.join(", "));
        summary.details.extend(axes.iter().map(line));
    }
    Some(summary)
}

/// A run's workload; what a sweep says of drivers is held to one that could be any.
fn of_cell(
    document: &Document,
    cell: &Cell,
    files: &mut Files,
    ledger: &mut Ledger,
) -> Option<Workload> {
    let flags = Assignments::read(&cell.flags, &cell.sets, files, ledger);
    let asked = Circumstances { flags: &flags.workload, existing_topics: 0, skip_warmup: false };
    let workload = Workload::of_document(&cell.workload, document, &asked, files, ledger)?;
    if !(flags.driver.is_empty() && flags.properties.is_empty()) {
        let source = DriverSource { file: None, bootstrap_servers: Some("localhost:9092".into()) };
        let driver = DriverFile::read(&source, &flags, files, ledger)?;
        let clients = clients(&driver, Some(&workload), false, ledger)?;
        sweep::refuse_secrets(cell, &clients.shown, ledger);
    }
    Some(workload)
}

/// Whether a key is a field of benchmark files alone; a name all kinds of files have.
fn is_of_benchmark(key: &str) -> bool {
    fields::find(benchmark::FIELDS, key).is_some_and(|field| field.name != "name")
}

fn of_stream(workload: &Workload, varied: Option<&Varied>) -> [String; 2] {
    let shape = workload.shape;
    let speed = match (&workload.speed, varied) {
        (Speed::Max, _) => "as fast as possible".to_owned(),
        (Speed::Search, _) => "the highest rate that is sustained, which is searched,".to_owned(),
        (_, Some(varied)) => varied.to_string(),
        (Speed::At(rate), None) => rate.to_string(),
        (Speed::Shaped(_) | Speed::Replay(_), None) => unreachable!("a shape is varied"),
    };
    let warmup = match workload.warmup {
        Warmup::Fixed(length) => format!("{length} of warm-up"),
        auto @ Warmup::Auto { .. } => format!("a warm-up ({auto})"),
    };
    let load = format!(
        "messages of {} at {speed} for {} after {warmup}",
        workload.body.size, workload.measured
    );
    let clients = format!(
        "{} of {}, each with {} and {} of {}",
        count(shape.topics, "topic"),
        count(shape.partitions, "partition"),
        count(shape.producers, "producer"),
        count(shape.subscriptions, "subscription"),
        count(shape.consumers, "consumer"),
    );
    [load, clients]
}

fn count(number: u32, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

fn of_driver(path: &Path, files: &mut Files, ledger: &mut Ledger) -> Option<Summary> {
    let source = DriverSource { file: Some(path.to_owned()), bootstrap_servers: None };
    let driver = DriverFile::read(&source, &Assignments::default(), files, ledger)?;
    let clients = clients(&driver, None, false, ledger)?;
    let head = format!(
        "driver \"{}\" ({}), replication factor {}",
        driver.name,
        driver.driver.name,
        match driver.replication_factor {
            -1 => "of the broker".to_owned(),
            factor => factor.to_string(),
        }
    );
    let detail = |one: &super::ShownProperty| {
        format!("{} {}={} ({})", one.role, one.name, one.value, one.origin)
    };
    Some(Summary { head, details: clients.shown.iter().map(detail).collect() })
}

#[cfg(test)]
mod tests {
    use super::validate;
    use std::path::PathBuf;

    fn file(folder: &tempfile::TempDir, name: &str, text: &str) -> PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path
    }

    const WORKLOAD: &str = "topics: 2\npartitionsPerTopic: 3\nmessageSize: 1024\nproducersPerTopic: 1\n\
        subscriptionsPerTopic: 1\nconsumerPerSubscription: 2\nproducerRate: 1000\ntestDurationMinutes: 1\n";

    #[test]
    fn each_kind_of_file_is_known_by_what_it_holds() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = [
            file(&folder, "w.yaml", WORKLOAD),
            file(&folder, "a.yaml", &format!("{WORKLOAD}warmupDuration: auto\n")),
            file(
                &folder,
                "s.yaml",
                &format!(
                    "{}arrival: poisson\n",
                    WORKLOAD.replace("1000", "bursts 2k for 1s, 0 for 3s")
                ),
            ),
            file(&folder, "d.yaml", "commonConfig: |\n  bootstrap.servers=a:1\n"),
            file(&folder, "b.yaml", "resultsDir: out\n"),
            file(&folder, "m.yaml", "monitoring_enabled: false\n"),
        ];
        let text = validate(&files).expect("all are fine").join("\n");
        for part in [
            "w.yaml: workload \"w\"\n  messages of 1 KiB at 1k/s for 1m after 1m of warm-up\n",
            "at bursts 2k/s for 1s, 0 for 3s in all, 500/s on average, by chance (Poisson, seed 1) for 1m",
            "at 1k/s for 1m after a warm-up (auto, at most 1m)\n",
            "  2 topics of 3 partitions, each with 1 producer and 1 subscription of 2 consumers\n",
            "d.yaml: driver \"d\" (kafka), replication factor of the broker\n",
            "  producer bootstrap.servers=a:1 (file)\n",
            "b.yaml: a benchmark file",
            "m.yaml: a benchmark file",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn faults_of_all_files_come_together() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = [
            file(&folder, "w.yaml", &WORKLOAD.replace("topics: 2", "topics: 0")),
            folder.path().join("none.yaml"),
            file(&folder, "d.yaml", "producerConfig: |\n  acks=2\n"),
        ];
        let faults = validate(&files).expect_err("all are wrong").to_string();
        let lines: Vec<&str> = faults.lines().collect();
        assert_eq!(lines.len(), 4, "{faults}");
        for (line, part) in lines.iter().zip([
            "w.yaml:1: topics: got \"0\"",
            "none.yaml: no such file",
            "d.yaml:2: producerConfig: acks: got \"2\"",
            "d.yaml: bootstrap.servers: is not set",
        ]) {
            assert!(line.contains(part), "{part} in {faults}");
        }
    }
}
