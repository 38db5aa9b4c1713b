//! `sweep.json`: what a sweep is made of, and what each of its runs came to.

use super::fingerprint::fingerprint;
use crate::report::{Report, SweepPart, thousandth};
use crate::spec::{Job, Request, Sweep};
use engine::measure::constants::exit;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::path::Path;

/// The name and version of the format.
pub(super) const SCHEMA: &str = "kdyno.sweep/1";
/// The file's name.
pub(super) const FILE: &str = "sweep.json";
/// A sweep of the most cells has less than 1 MiB.
const SIZE_MAX: u64 = 16 << 20;

/// A sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Document {
    /// [`SCHEMA`].
    pub(super) schema: String,
    /// Its name, unique.
    pub(super) id: String,
    /// Its name for people.
    pub(super) name: String,
    /// The version that began it.
    pub(super) kdyno_version: String,
    /// The command that began it, secrets masked.
    pub(super) command: String,
    /// The swept fields with all their values.
    pub(super) fields: Vec<Field>,
    /// Its runs, in order.
    pub(super) cells: Vec<Row>,
}

/// A swept field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Field {
    /// Its name.
    pub(super) field: String,
    /// Its values as they were written.
    pub(super) values: Vec<String>,
}

/// A run of the sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Row {
    /// Which one, counted from 1.
    pub(super) cell: usize,
    /// The workload's name.
    pub(super) workload: String,
    /// The workload's file.
    pub(super) workload_file: String,
    /// The swept fields with this run's values, as they were written.
    pub(super) values: Map<String, Value>,
    /// A hash of all that makes it what it is: another one is another run.
    pub(super) fingerprint: String,
    /// Whether it is over.
    pub(super) state: State,
    /// Its run directory in the sweep's folder; null where there is none.
    pub(super) test_id: Option<String>,
    /// Its exit code; null before its end.
    pub(super) exit_code: Option<u8>,
    /// What it brought; null where there is no result.
    pub(super) figures: Option<Figures>,
}

/// Whether a run is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// It has a result that stays, whatever its verdict.
    Done,
    /// It has not begun, or was cut, or could not be finished: `--resume` runs it (again).
    Open,
}

/// The figures of a run that a table shows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// Acked messages per second.
    pub(super) messages_per_second: Option<f64>,
    /// The same in MiB.
    pub(super) mib_per_second: Option<f64>,
    /// From due to acked; null in a closed loop, which has no due times.
    pub(super) publish: Option<Spans>,
    /// From sent to acked.
    pub(super) service: Option<Spans>,
    /// From due to received.
    pub(super) end_to_end_p99_us: Option<f64>,
    /// Of the processor, for a million messages acked or received.
    pub(super) cpu_seconds_per_million_messages: Option<f64>,
}

/// Percentiles of a latency.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Spans {
    /// The median.
    pub(super) p50_us: Option<f64>,
    /// 99 of 100.
    pub(super) p99_us: Option<f64>,
    /// 999 of 1,000.
    pub(super) p99_9_us: Option<f64>,
}

impl Figures {
    /// Those of a result, to a thousandth: so they are read back as they were written.
    pub(crate) fn of(report: &Report) -> Self {
        let round = |figure: Option<f64>| figure.map(thousandth);
        let latency = &report.latency;
        let spans = [&latency.publish, &latency.service].map(|block| {
            let block = block.as_ref().filter(|block| 0 < block.count)?;
            Some(Spans {
                p50_us: round(block.p50_us),
                p99_us: round(block.p99_us),
                p99_9_us: round(block.p99_9_us),
            })
        });
        let [publish, service] = spans;
        Self {
            messages_per_second: round(report.acked.flow.messages_per_second),
            mib_per_second: round(report.acked.flow.mib_per_second),
            publish,
            service,
            end_to_end_p99_us: round(latency.end_to_end.as_ref().and_then(|block| block.p99_us)),
            cpu_seconds_per_million_messages: round(report.engine.cpu_seconds_per_million_messages),
        }
    }
}

impl Document {
    /// That of a sweep before its first run.
    pub(super) fn new(job: &Job, sweep: &Sweep, command: &str) -> Self {
        let fields = sweep
            .axes
            .iter()
            .map(|axis| Field { field: axis.field.clone(), values: axis.values.clone() });
        Self {
            schema: SCHEMA.to_owned(),
            id: sweep.id.clone(),
            name: sweep.name.clone(),
            kdyno_version: env!("CARGO_PKG_VERSION").to_owned(),
            command: command.to_owned(),
            fields: fields.collect(),
            cells: job.requests.iter().map(Row::open).collect(),
        }
    }

    /// Reads that of a folder.
    ///
    /// # Errors
    /// In words, when there is none that this version knows.
    pub(super) fn read(folder: &Path) -> Result<Self, String> {
        let path = folder.join(FILE);
        let said = |problem: String| format!("{}: {problem}", path.display());
        let size = std::fs::metadata(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                said("no such file, need the folder of a sweep".to_owned())
            }
            _ => said(format!("cannot be read: {error}")),
        })?;
        if SIZE_MAX < size.len() {
            return Err(said(format!("has {} bytes, need at most {SIZE_MAX}", size.len())));
        }
        let text =
            std::fs::read(&path).map_err(|error| said(format!("cannot be read: {error}")))?;
        let value: Value =
            serde_json::from_slice(&text).map_err(|error| said(format!("is no JSON: {error}")))?;
        if value["schema"] != SCHEMA {
            return Err(said(format!("got the schema {}, need \"{SCHEMA}\"", value["schema"])));
        }
        serde_json::from_value(value).map_err(|error| said(format!("is no sweep: {error}")))
    }

    /// What differs between its runs and those of another.
    ///
    /// # Errors
    /// The first difference, in words.
    pub(super) fn same_cells(&self, now: &Self) -> Result<(), String> {
        if self.cells.len() != now.cells.len() {
            let (there, here) = (self.cells.len(), now.cells.len());
            return Err(format!("the folder's sweep has {there} cells, this command makes {here}"));
        }
        for (there, here) in self.cells.iter().zip(&now.cells) {
            let cell = here.cell;
            if (&there.workload_file, &there.values) != (&here.workload_file, &here.values) {
                let (there, here) = (there.words(), here.words());
                return Err(format!(
                    "cell {cell} is {there} in the folder and {here} by this command"
                ));
            }
            if there.fingerprint != here.fingerprint {
                let words = here.words();
                return Err(format!(
                    "cell {cell} ({words}) has other fields of workload or driver, files, objectives or wishes than when the sweep began"
                ));
            }
        }
        Ok(())
    }

    /// How many runs are still to be done.
    pub(super) fn open(&self) -> usize {
        self.cells.iter().filter(|row| row.state == State::Open).count()
    }

    /// Whether its runs are of several workloads.
    pub(super) fn has_several_workloads(&self) -> bool {
        self.cells.iter().any(|row| row.workload_file != self.cells[0].workload_file)
    }
}

impl Row {
    fn open(request: &Request) -> Self {
        Self {
            cell: request.cell.number,
            workload: request.resolved.test_name.clone(),
            workload_file: request.cell.workload.display().to_string(),
            values: values(request),
            fingerprint: fingerprint(request),
            state: State::Open,
            test_id: None,
            exit_code: None,
            figures: None,
        }
    }

    /// Notes how it ended.
    pub(super) fn end(&mut self, test_id: &str, exit_code: u8, figures: Option<Figures>) {
        let is_whole = figures.is_some() && !matches!(exit_code, exit::FAILED | exit::INTERRUPTED);
        self.state = if is_whole { State::Done } else { State::Open };
        self.test_id = figures.map(|_| test_id.to_owned());
        self.exit_code = Some(exit_code);
        self.figures = figures;
    }

    /// The value of a swept field; empty where its workload does not sweep it.
    pub(super) fn value(&self, field: &str) -> &str {
        self.values.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    fn words(&self) -> String {
        let words = self.values.keys().map(|field| format!("{field}={}", self.value(field)));
        let words: Vec<String> = words.chain([format!("of {}", self.workload_file)]).collect();
        words.join(" ")
    }
}

/// A request's place in the job's sweep, if it has one.
pub(crate) fn part(request: &Request, job: &Job) -> Option<SweepPart> {
    let sweep = job.sweep.as_ref()?;
    let (id, cell, of) = (sweep.id.clone(), request.cell.number, sweep.of);
    Some(SweepPart { id, cell, of, values: values(request) })
}

/// The values of a request's cell.
fn values(request: &Request) -> Map<String, Value> {
    request.cell.values.iter().map(|(field, value)| (field.clone(), json!(value))).collect()
}

#[cfg(test)]
pub(super) mod samples {
    //! Made-up sweeps.

    use super::{Document, Field, Figures, Row, SCHEMA, Spans, State};
    use serde_json::json;

    /// Two sizes times two lingers; the last of them is open.
    pub(in crate::sweep) fn two_by_two() -> Document {
        let field = |name: &str, values: &[&str]| Field {
            field: name.to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        let values = [("10KiB", "0"), ("10KiB", "5"), ("100", "0"), ("100", "5")];
        let rates = [500.0, 1_000.0, 2_000.0];
        let cells = values.iter().zip(1..).map(|((size, linger), cell)| {
            let mut row = Row {
                cell,
                workload: "w".to_owned(),
                workload_file: "w.yaml".to_owned(),
                values: serde_json::Map::from_iter([
                    ("messageSize".to_owned(), json!(size)),
                    ("driver.linger.ms".to_owned(), json!(linger)),
                ]),
                fingerprint: "0".to_owned(),
                state: State::Open,
                test_id: None,
                exit_code: None,
                figures: None,
            };
            if let Some(rate) = rates.get(cell - 1) {
                row.end(&format!("w_{cell}"), 0, Some(figures(*rate)));
            }
            row
        });
        Document {
            schema: SCHEMA.to_owned(),
            id: "sweep-w_1_00ff".to_owned(),
            name: "w".to_owned(),
            kdyno_version: "0".to_owned(),
            command: "kdyno run w.yaml".to_owned(),
            fields: vec![
                field("messageSize", &["10KiB", "100"]),
                field("driver.linger.ms", &["0", "5"]),
            ],
            cells: cells.collect(),
        }
    }

    /// Latencies follow from the rate.
    pub(in crate::sweep) fn figures(rate: f64) -> Figures {
        let spans = |factor: f64| {
            Some(Spans {
                p50_us: Some(rate * factor),
                p99_us: Some(rate * factor * 2.0),
                p99_9_us: Some(rate * factor * 3.0),
            })
        };
        Figures {
            messages_per_second: Some(rate),
            mib_per_second: Some(rate / 1_000.0),
            publish: spans(1.0),
            service: spans(10.0),
            end_to_end_p99_us: Some(rate * 4.0),
            cpu_seconds_per_million_messages: Some(1.25),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Document, State, samples};
    use engine::measure::constants::exit;

    #[test]
    fn what_was_cut_or_has_no_result_is_open_and_any_other_verdict_is_done() {
        let check = |exit_code: u8, has_result: bool, expected: State| {
            let mut row = samples::two_by_two().cells.remove(3);
            row.end("w_4", exit_code, has_result.then(|| samples::figures(1.0)));
            assert_eq!((row.state, row.exit_code), (expected, Some(exit_code)), "{exit_code}");
            assert_eq!(row.test_id.is_some(), has_result, "a run directory goes with a result");
        };
        for code in [exit::VALID, exit::TARGET, exit::ASSERTION, exit::PARTIAL, exit::TIMED_OUT] {
            check(code, true, State::Done);
        }
        for code in [exit::FAILED, exit::INTERRUPTED] {
            check(code, true, State::Open);
        }
        check(exit::USAGE, false, State::Open);
    }

    #[test]
    fn a_sweep_is_read_as_it_was_written_and_another_format_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |text: &str| {
            std::fs::write(folder.path().join(super::FILE), text).expect("written");
            Document::read(folder.path())
        };
        let document = samples::two_by_two();
        let text = serde_json::to_string_pretty(&document).expect("written");
        assert_eq!(write(&text), Ok(document));
        let check = |written: &str, part: &str| {
            let problem = write(written).expect_err(part);
            assert!(problem.contains(part), "{part}: {problem}");
        };
        check(
            &text.replace("sweep/1", "sweep/2"),
            "got the schema \"kdyno.sweep/2\", need \"kdyno.sweep/1\"",
        );
        check(&text.replace("\"state\"", "\"stage\""), "is no sweep: ");
        check("{", "is no JSON: ");
        std::fs::remove_file(folder.path().join(super::FILE)).expect("there");
        let missing = Document::read(folder.path()).expect_err("none");
        assert!(missing.contains("no such file, need the folder of a sweep"), "{missing}");
    }
}
