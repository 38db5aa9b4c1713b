//! The end of a run in its log: what was found, each with its weight, and the verdict.

use crate::log::FINDING;
use crate::report::Report;

/// Tells what was found, the gravest first, and the verdict.
pub(crate) fn tell_verdict(report: &Report) {
    let test_id = report.test_id.as_str();
    for finding in &report.verdict.findings {
        let (code, message) = (finding.code.as_str(), finding.message.as_str());
        match finding.severity.as_ref() {
            "error" => {
                tracing::error!(target: FINDING, test_id, finding = code, "{code}: {message}");
            }
            "warning" => {
                tracing::warn!(target: FINDING, test_id, finding = code, "{code}: {message}");
            }
            // What is good to know is in the result.
            _ => {}
        }
    }
    let (exit_code, limited_by) = (report.verdict.exit_code, &*report.verdict.limited_by);
    let word = if report.verdict.valid { "valid" } else { "invalid" };
    tracing::info!(
        test_id,
        exit_code,
        limited_by,
        "verdict: {word}, exit {exit_code}, limited by {limited_by}"
    );
}
