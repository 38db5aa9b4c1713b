//! `kdyno perf-test producer`: a run like any other, told in the tool's lines.

use super::asked::Asked;
use super::printer::Printer;
use super::topic::await_topic;
use crate::cli::{Format, LogFlags};
use crate::host::Environment;
use crate::interrupt::Interrupt;
use crate::local::{self, Outside};
use crate::log::{self, LogPlan};
use crate::marks::Marks;
use std::io::{self, Write};

/// Does what was asked: the tool's lines go to `out`, everything else to the log and the run's directory.
///
/// # Errors
/// When `out` cannot be written.
pub(crate) fn produce(
    asked: &Asked,
    (flags, environment): (&LogFlags, &Environment),
    out: &mut dyn Write,
) -> io::Result<u8> {
    log::begin(LogPlan::of(flags));
    let interrupt = Interrupt::listen();
    for line in &asked.told {
        writeln!(out, "{line}")?;
    }
    let request = &asked.job.requests[0];
    if let Err((code, words)) = await_topic(&request.demand, &asked.topic, &interrupt) {
        tracing::error!("{words}");
        return Ok(code);
    }
    let marks = Marks::none();
    let printer = Printer::new(out);
    let outside =
        Outside { interrupt: &interrupt, marks: &marks, meter: None, ear: Some(&printer) };
    // The summary for people is in the log's verdict and in the run's directory: scripts read stdout.
    let code = local::run(&asked.job, (Format::Text, environment, outside), &mut io::sink())?;
    printer.end()?;
    Ok(code)
}
