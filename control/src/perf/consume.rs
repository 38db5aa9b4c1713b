//! `kdyno perf-test consumer`: a run that sends nothing, told in the tool's lines.

use super::asked_to_read::AskedToRead;
use super::read_printer::ReadPrinter;
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
pub(crate) fn consume(
    asked: &AskedToRead,
    (flags, environment): (&LogFlags, &Environment),
    out: &mut dyn Write,
) -> io::Result<u8> {
    log::begin(LogPlan::of(flags));
    let (interrupt, marks) = (Interrupt::listen(), Marks::none());
    let printer = ReadPrinter::new(out, asked.lines);
    let outside =
        Outside { interrupt: &interrupt, marks: &marks, meter: None, ear: Some(&printer) };
    let mut summary = Vec::new();
    let code = local::run(&asked.job, (Format::Text, environment, outside), &mut summary)?;
    // Scripts read stdout: of the summary for people the last line goes to the log, where everything is.
    let summary = String::from_utf8_lossy(&summary);
    if let Some(last) = summary.lines().next_back().filter(|last| !last.trim().is_empty()) {
        tracing::info!("{last}");
    }
    let (read, messages) = (printer.end()?, asked.messages);
    if 0 < read && read < messages {
        tracing::warn!("--messages {messages}: only {read} were read, no more were there in time");
    }
    Ok(code)
}
