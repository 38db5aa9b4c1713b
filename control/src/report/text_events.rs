//! What happened at moments of the run, for people: when acks stopped, and the marks.

use super::Report;
use super::marks::MarkPart;
use super::outages::OutagePart;
use super::text_table::{count, wrapped};

/// Lines of each kind at most.
const LINES_MAX: usize = 20;

/// The outages and the marks, a line each.
pub(super) fn events(report: &Report, width: usize) -> String {
    let outage = |of: &OutagePart| format!("acks stopped: {}", of.words);
    let mark = |of: &MarkPart| format!("mark: {}", of.words());
    let outages: Vec<String> = report.outages.iter().map(outage).collect();
    let marks: Vec<String> = report.marks.iter().map(mark).collect();
    some("outages", &outages, width) + &some("marks", &marks, width)
}

/// The first lines, and how many there are more.
fn some(kind: &str, lines: &[String], width: usize) -> String {
    let more = u64::try_from(lines.len().saturating_sub(LINES_MAX)).unwrap_or(u64::MAX);
    let mut text: String =
        lines.iter().take(LINES_MAX).map(|line| wrapped(line, "", width)).collect();
    if 0 < more {
        text += &format!("and {} more {kind} (result.json has them)\n", count(more));
    }
    text
}
