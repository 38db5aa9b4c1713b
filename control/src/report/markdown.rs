//! The run to be pasted into an issue or a pull request: `report.md`, in GitHub's Markdown.

use super::Report;
use super::escape::{code, fenced, markdown as escaped};
use super::tables::{self, Table};
use super::text::{load, verdict};
use serde_json::Value;

/// GitHub refuses comments of more than 65,536 characters: beyond this a resolved file stands in
/// `result.json` alone.
const RESOLVED_MAX: usize = 12_000;

/// The run for people who read it elsewhere.
///
/// # Panics
/// Never: every key of a document is a string.
#[must_use]
pub fn markdown(report: &Report) -> Vec<u8> {
    let place = &report.environment;
    let parts = [
        format!("## {}\n", escaped(&report.test_name)),
        format!("**{}**\n", escaped(verdict(report).trim_end())),
        format!("{}\n", escaped(load(report).trim_end())),
        assertions(report),
        table(&tables::counts(report)),
        table(&tables::streams(report)),
        table(&tables::stream_latencies(report)),
        table(&tables::latencies(report)),
        table(&tables::leaders(report)),
        table(&tables::transactions(report)),
        table(&tables::search(report)),
        table(&tables::workers(report)),
        tables::hosts(report).iter().map(table).collect(),
        table(&tables::errors(report)),
        table(&tables::events(report)),
        findings(report),
        format!("### What was run\n\n{}\n", fenced("sh", &place.command)),
        resolved("Workload as resolved", &report.workload),
        resolved("Driver as resolved", &report.driver),
        table(&tables::environment(report)),
    ];
    let filled: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    filled.join("\n").into_bytes()
}

/// What was asserted, a line each.
fn assertions(report: &Report) -> String {
    let line = |one: &super::assertions::AssertionPart| {
        let outcome = if one.held { "held" } else { "**FAILED**" };
        format!("- {outcome}: {} ({})\n", code(&one.assertion), escaped(&one.message))
    };
    report.assertions.iter().map(line).collect()
}

/// What was found, a line each; each finding's numbers stand in its words.
fn findings(report: &Report) -> String {
    let all = &report.verdict.findings;
    if all.is_empty() {
        return String::new();
    }
    let line = |finding: &super::judgement::Finding| {
        let (severity, message) = (escaped(&finding.severity), escaped(&finding.message));
        format!("- {severity} {}: {message}\n", code(&finding.code))
    };
    format!("### Findings\n\n{}", all.iter().map(line).collect::<String>())
}

/// A file as it was understood, folded away.
fn resolved(title: &str, value: &Value) -> String {
    let text = serde_json::to_string_pretty(value).expect("a document in memory is written");
    let inside = if text.len() <= RESOLVED_MAX {
        fenced("json", &text)
    } else {
        "Too long for a comment: result.json has it.".to_owned()
    };
    format!("<details><summary>{title}</summary>\n\n{inside}\n\n</details>\n")
}

/// A table with its heading and notes; nothing where it has no rows.
fn table(table: &Table) -> String {
    if table.is_empty() {
        return String::new();
    }
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| escaped(cell)).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let align = |column: usize| if table.has_figures(column) { "--:" } else { ":--" };
    let align: Vec<&str> = (0..table.head.len()).map(align).collect();
    let rows: String = table.rows.iter().map(|row| line(row)).collect();
    let notes: String = table.notes.iter().map(|note| format!("\n{}\n", escaped(note))).collect();
    format!(
        "### {}\n\n{}| {} |\n{rows}{notes}",
        escaped(&table.caption),
        line(&table.head),
        align.join(" | ")
    )
}

#[cfg(test)]
mod tests {
    use super::{RESOLVED_MAX, escaped, markdown, resolved};
    use crate::report::Report;
    use crate::report::fixture::{self, Made};

    fn text(report: &Report) -> String {
        String::from_utf8(markdown(report)).expect("it is text")
    }

    /// The golden files outlive versions.
    fn check(made: &Made, golden: &str) {
        let report = fixture::report(made);
        let version = format!("| kdyno | {} |", report.kdyno_version);
        fixture::golden(golden, &text(&report).replace(&version, "| kdyno | VERSION |"));
    }

    #[test]
    fn a_clean_run_reads_as_expected() {
        check(&Made::clean(), "report-clean.md");
    }

    #[test]
    fn a_troubled_run_says_what_was_wrong() {
        check(&Made::troubled(), "report-troubled.md");
    }

    #[test]
    fn assertions_and_a_search_are_told() {
        let made = Made { assertions: vec!["publish.p99 < 1ms"], ..Made::clean() };
        let asserted = text(&fixture::report(&made));
        assert!(asserted.contains("- **FAILED**: `publish.p99 < 1ms` ("), "{asserted}");
        let searched = text(&fixture::report(&crate::report::search::made()));
        assert!(searched.contains("20000 messages per second are sustained"), "{searched}");
    }

    #[test]
    fn transactions_are_told_where_there_were_some() {
        let told = text(&fixture::report(&crate::report::transactions::made("read_committed")));
        assert!(told.contains("\n| commit | 1 | 2.00 ms"), "{told}");
        assert!(told.contains("\ntheir messages: 180,000 committed, 20,000 aborted\n"), "{told}");
        let none = text(&fixture::report(&Made::clean()));
        assert!(!none.contains("Transactions"), "{none}");
    }

    #[test]
    fn nothing_that_comes_from_outside_is_markup_or_calls_anybody() {
        let evil = "<script>alert(1)</script> | *b* [x](y) @all #1 `c`\n# head\u{1b}[31m";
        let shown = escaped(evil);
        assert_eq!(
            shown,
            "\\<script>alert(1)\\</script> \\| \\*b\\* \\[x\\](y) @\u{200b}all #\u{200b}1 \\`c\\` \
             #\u{200b} head\u{fffd}\\[31m"
        );
        let mut report = fixture::report(&Made::troubled());
        evil.clone_into(&mut report.test_name);
        evil.clone_into(&mut report.marks[0].text);
        evil.clone_into(&mut report.verdict.findings[0].message);
        report.verdict.findings[1].severity = evil.into();
        report.verdict.limited_by = evil.into();
        report.verification.mode = evil.into();
        report.kdyno_version = evil.into();
        report.environment.command = "kdyno ```\n<script>".to_owned();
        let text = text(&report);
        let outside_code = text.replace("kdyno ```\n<script>", "").replace("\\<", "");
        assert!(!outside_code.contains("<script"), "{text}");
        let columns = |line: &str| line.replace("\\|", "").matches('|').count();
        assert!(text.contains(&format!("\n- {shown} `")), "a severity is text as well: {text}");
        let mark = text.lines().find(|line| line.starts_with("| 1 |")).expect("the mark's row");
        assert_eq!(columns(mark), 4, "{mark}");
        assert!(text.contains("\n````sh\nkdyno ```\n"), "a longer fence: {text}");
    }

    #[test]
    fn long_files_are_left_out() {
        assert!(resolved("t", &serde_json::json!("x")).contains("```json\n\"x\"\n```"), "shown");
        let long = serde_json::json!("x".repeat(RESOLVED_MAX));
        assert!(resolved("t", &long).contains("result.json has it"), "too long");
    }
}
