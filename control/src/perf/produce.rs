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
    let mut summary = Vec::new();
    let code = local::run(&asked.job, (Format::Text, environment, outside), &mut summary)?;
    // Scripts read stdout: of the summary for people the last line goes to the log, where everything is.
    let summary = String::from_utf8_lossy(&summary);
    if let Some(last) = summary.lines().next_back().filter(|last| !last.trim().is_empty()) {
        tracing::info!("{last}");
    }
    printer.end()?;
    Ok(code)
}
