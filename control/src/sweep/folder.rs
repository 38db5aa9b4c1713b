//! Begins a sweep's folder or goes on in one, and keeps it up to date run by run.

use super::document::{Document, FILE, Figures, Row, State};
use super::{chart, table};
use crate::report::{self, chart::svg, write_whole};
use crate::spec::{Job, Request, Sweep};
use std::io;
use std::path::{Path, PathBuf};

/// The folder of a sweep that is being run.
#[derive(Debug)]
pub(crate) struct SweepFolder {
    path: PathBuf,
    document: Document,
    /// The command that goes on with it.
    resume: String,
}

/// Has a job go on in the folder of an earlier sweep, which must be of the same runs.
///
/// # Errors
/// In words, when it is not.
pub(crate) fn resume(job: &mut Job, folder: &Path) -> Result<(), String> {
    if job.repeats.is_some() {
        return Err(
            "goes on with a sweep, and --repeat makes none: leave one of them out".to_owned()
        );
    }
    let Some(sweep) = &job.sweep else {
        return Err("this command is no sweep: give the one that began it".to_owned());
    };
    let earlier = Document::read(folder)?;
    if let Err(difference) = earlier.same_cells(&Document::new(job, sweep, "")) {
        let command = &earlier.command;
        return Err(format!("{difference}: give the command that began it: {command}"));
    }
    job.sweep = Some(Sweep { id: earlier.id, folder: folder.to_owned(), ..sweep.clone() });
    Ok(())
}

impl SweepFolder {
    /// Opens the folder of a job's sweep, before its first run; `None` where it has none.
    ///
    /// # Errors
    /// In words, when it cannot be written or does not fit.
    pub(crate) fn open(job: &Job, command: &str) -> Result<Option<Self>, String> {
        let Some(sweep) = &job.sweep else { return Ok(None) };
        let mut document = Document::new(job, sweep, command);
        if sweep.folder.join(FILE).exists() {
            let earlier = Document::read(&sweep.folder)?;
            earlier.same_cells(&document)?;
            document = earlier;
        }
        let path = sweep.folder.clone();
        let is_resumed = command.contains(" --resume");
        let resume = match is_resumed {
            true => command.to_owned(),
            false => {
                format!("{command} --resume {}", crate::host::quoted(&path.display().to_string()))
            }
        };
        let folder = Self { path, document, resume };
        let made = std::fs::create_dir_all(&folder.path).and_then(|()| folder.write());
        made.map_err(|error| format!("{}: cannot be written: {error}", folder.path.display()))?;
        Ok(Some(folder))
    }

    /// The exit code of a run that is over already; `None` for one that is still to be done.
    pub(crate) fn done(&self, request: &Request) -> Option<u8> {
        let row = self.row(request);
        row.exit_code.filter(|_| row.state == State::Done)
    }

    /// The result of a run that is over already, as its file has it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn result(&self, request: &Request) -> io::Result<Vec<u8>> {
        let test_id = self.row(request).test_id.clone().unwrap_or_default();
        let run = report::find(&self.path, &test_id).unwrap_or_else(|| self.path.join(test_id));
        let path = run.join("result.json");
        std::fs::read(&path)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
    }

    /// Notes how a run ended.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(crate) fn record(
        &mut self,
        request: &Request,
        (exit_code, figures): (u8, Option<Figures>),
    ) -> io::Result<()> {
        let row = &mut self.document.cells[request.cell.number - 1];
        row.end(&request.demand.test_id, exit_code, figures);
        self.write()
    }

    /// Whether runs are still to be done.
    pub(crate) fn is_open(&self) -> bool {
        0 < self.document.open()
    }

    /// Which run is next, in words.
    pub(crate) fn next(&self, request: &Request) -> String {
        let (number, of) = (request.cell.number, self.document.cells.len());
        let values = request.cell.words();
        let words = format!("cell {number} of {of}: {}", request.resolved.test_name);
        if values.is_empty() { words } else { format!("{words}, {values}") }
    }

    /// What is still to be done and how, in words; empty when everything is done.
    pub(crate) fn rest(&self) -> String {
        match self.document.open() {
            0 => String::new(),
            open => {
                let of = self.document.cells.len();
                format!("{open} of {of} cells are open, go on with: {}", self.resume)
            }
        }
    }

    /// The table for people, and where everything is.
    pub(crate) fn text(&self) -> String {
        let rest = self.rest();
        let rest = if rest.is_empty() { rest } else { format!("{rest}\n") };
        let (name, folder) = (&self.document.name, self.path.display());
        let done = self.document.cells.len() - self.document.open();
        format!(
            "sweep {name}: {done} of {} cells done\n\n{}\n{rest}chart: {folder}/sweep.svg\nresults: {folder}\n",
            self.document.cells.len(),
            table::text(&self.document),
        )
    }

    fn row(&self, request: &Request) -> &Row {
        &self.document.cells[request.cell.number - 1]
    }

    fn write(&self) -> io::Result<()> {
        let mut json = serde_json::to_vec_pretty(&self.document)?;
        json.push(b'\n');
        write_whole(&self.path, FILE, &json)?;
        write_whole(&self.path, "sweep.md", table::markdown(&self.document).as_bytes())?;
        write_whole(&self.path, "sweep.svg", svg(&chart::of(&self.document)).as_bytes())
    }
}
