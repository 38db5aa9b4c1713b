//! All runs of an invocation, one after the other, and what is written of them together.

use crate::cli::Format;
use crate::host::Environment;
use crate::interrupt::Interrupt;
use crate::log::RunLog;
use crate::repeat::RepeatFolder;
use crate::report::{self, Suite};
use crate::spec::{Job, Request};
use crate::sweep::{Figures, SweepFolder};
use engine::measure::constants::exit;
use std::io::Write;

/// What one workload came to.
pub(crate) struct Finished {
    /// The exit code that its verdict asks for.
    pub(crate) exit_code: u8,
    /// The result as JSON, when there is a run directory.
    pub(crate) json: Option<Vec<u8>>,
    /// The summary as text, or the error.
    pub(crate) text: String,
    /// The same for CI servers.
    pub(crate) suite: Suite,
    /// The same for a sweep's table, when there is a result.
    pub(crate) figures: Option<Figures>,
}

/// Has `run_one` do every request of a job, one after the other, and writes the results to `out`. Of a
/// sweep, runs that are done already are passed over; of repeats, what they say together comes last.
///
/// # Errors
/// When `out` cannot be written.
pub(crate) fn run_all(
    job: &Job,
    (format, environment, interrupt): (Format, &Environment, &Interrupt),
    out: &mut dyn Write,
    run_one: impl Fn(&Request) -> Finished,
) -> std::io::Result<u8> {
    let folder = match SweepFolder::open(job, &environment.command) {
        Ok(folder) => folder,
        Err(words) => {
            tracing::error!("{words}");
            return Ok(exit::FAILED);
        }
    };
    let (documents, codes, suites) = Default::default();
    let repeats = RepeatFolder::of(job);
    let mut all = All { job, format, folder, repeats, documents, codes, suites };
    for request in &job.requests {
        if interrupt.is_raised() {
            break;
        }
        RunLog::begin();
        if all.is_done(request) {
            continue;
        }
        let one = run_one(&request.whole());
        if let Err(error) = RunLog::end() {
            tracing::warn!("run.log could not be written to its end: {error}");
        }
        all.add(request, one, out)?;
    }
    if interrupt.is_raised() && all.is_open() {
        all.codes.push(exit::INTERRUPTED);
    }
    all.end(out)
}

/// What the runs of an invocation came to so far.
struct All<'job> {
    job: &'job Job,
    format: Format,
    folder: Option<SweepFolder>,
    repeats: Option<RepeatFolder<'job>>,
    documents: Vec<Vec<u8>>,
    codes: Vec<u8>,
    suites: Vec<Suite>,
}

impl All<'_> {
    /// Whether a run of a sweep is over already, whose result then counts as if it were of today; says
    /// which one is begun otherwise.
    fn is_done(&mut self, request: &Request) -> bool {
        if let Some(repeats) = &self.repeats {
            tracing::info!("{}", repeats.next(request));
        }
        let Some(folder) = &self.folder else { return false };
        let Some(code) = folder.done(request) else {
            tracing::info!("{}", folder.next(request));
            return false;
        };
        self.codes.push(code);
        let is_asked = matches!(self.format, Format::Json) || self.job.checks.junit.is_some();
        let told = is_asked.then(|| {
            let document = folder.result(request)?;
            Ok::<_, std::io::Error>((Suite::read(&document)?, document))
        });
        match told {
            Some(Ok((suite, document))) => {
                self.suites.push(suite);
                if let Format::Json = self.format {
                    self.documents.push(document);
                }
            }
            Some(Err(error)) => {
                let problem = format!("the result of a run that is done cannot be read: {error}");
                tracing::error!("{problem}");
                self.codes.push(exit::FAILED);
                let name = &request.resolved.test_name;
                let id = &request.demand.test_id;
                self.suites.push(Suite::without_result(name, id, &[], &problem));
            }
            None => {}
        }
        self.write_junit();
        true
    }

    /// Whether runs of a sweep, or repeats, are still to be done.
    fn is_open(&self) -> bool {
        self.folder.as_ref().is_some_and(SweepFolder::is_open)
            || self.repeats.as_ref().is_some_and(RepeatFolder::is_open)
    }

    /// After each run: what is known of it is not lost with a later one.
    fn write_junit(&mut self) {
        let junit = self.job.checks.junit.as_deref();
        let written = junit.map(|path| report::write_junit(&self.suites, path));
        self.note(written, "--junit: the file");
    }

    fn add(
        &mut self,
        request: &Request,
        one: Finished,
        out: &mut dyn Write,
    ) -> std::io::Result<()> {
        self.codes.push(one.exit_code);
        self.suites.push(one.suite);
        self.write_junit();
        if let Some(repeats) = &mut self.repeats {
            repeats.add(request, one.exit_code);
        }
        let ended = (one.exit_code, one.figures);
        let recorded = self.folder.as_mut().map(|folder| folder.record(request, ended));
        self.note(recorded, "the folder of the sweep");
        match self.format {
            Format::Text => out.write_all(one.text.as_bytes())?,
            Format::Json if one.json.is_none() => tracing::error!("{}", one.text.trim_end()),
            Format::Json => self.documents.extend(one.json),
        }
        Ok(())
    }

    fn note(&mut self, written: Option<std::io::Result<()>>, what: &str) {
        if let Some(Err(error)) = written {
            tracing::error!("{what} could not be written: {error}");
            self.codes.push(exit::FAILED);
        }
    }

    fn end(mut self, out: &mut dyn Write) -> std::io::Result<u8> {
        let together = self.repeats.as_ref().map(RepeatFolder::end);
        self.codes.extend(together.as_ref().map(|of| of.exit_code));
        match (self.format, &self.folder) {
            (Format::Text, Some(folder)) => write!(out, "\n{}", folder.text())?,
            (Format::Text, None) => {
                together.iter().try_for_each(|of| write!(out, "\n{}", of.text))?;
            }
            (Format::Json, folder) => {
                if let Some(folder) = folder.as_ref().filter(|folder| folder.is_open()) {
                    tracing::warn!("{}", folder.rest());
                }
                write_json(&self.documents, asked(self.job), out)?;
            }
        }
        Ok(exit::gravest(&self.codes))
    }
}

/// How many results were asked for; those of a sweep are an array, were it of one run.
pub(crate) fn asked(job: &Job) -> usize {
    if job.sweep.is_some() { job.requests.len().max(2) } else { job.requests.len() }
}

/// One document where one was asked for, an array for several; nothing when there is none.
pub(crate) fn write_json<D: AsRef<[u8]>>(
    documents: &[D],
    asked: usize,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    match documents {
        [] => Ok(()),
        [one] if asked == 1 => out.write_all(one.as_ref()),
        many => {
            out.write_all(b"[\n")?;
            for (index, document) in many.iter().enumerate() {
                let comma: &[u8] = if index + 1 == many.len() { b"" } else { b",\n" };
                out.write_all(document.as_ref().trim_ascii_end())?;
                out.write_all(comma)?;
            }
            out.write_all(b"\n]\n")
        }
    }
}
