//! Verdicts and assertions as JUnit XML, which CI servers read: one suite a run.

use super::Report;
use super::escape::xml as escaped;
use super::number::seconds;
use engine::units::Nanos;
use serde::Deserialize;
use std::fmt::Write;

/// One run: its verdict and its assertions, each a test.
#[derive(Clone, Debug)]
pub struct Suite {
    name: String,
    test_id: String,
    /// When it began; empty for a run that did not.
    started_at: String,
    seconds: f64,
    cases: Vec<Case>,
}

/// One test of a suite.
#[derive(Clone, Debug)]
struct Case {
    name: String,
    mark: Mark,
}

/// What became of a test.
#[derive(Clone, Debug)]
enum Mark {
    Passed,
    /// It was not as it should be: a line, and all there is to say.
    Failed(String, String),
    /// There was nothing to judge: a line, and all there is to say.
    Broken(String, String),
    /// It was not reached: why.
    Skipped(String),
}

/// What a result tells of its run, as its file has it.
#[derive(Deserialize)]
struct Told {
    test_name: String,
    test_id: String,
    started_at: String,
    started_at_ns: u64,
    ended_at_ns: u64,
    verdict: ToldVerdict,
    /// Only where there are some.
    #[serde(default)]
    assertions: Vec<ToldAssertion>,
}

#[derive(Deserialize)]
struct ToldVerdict {
    limited_by: String,
    exit_code: u8,
    findings: Vec<ToldFinding>,
}

#[derive(Deserialize)]
struct ToldFinding {
    code: String,
    severity: String,
    message: String,
}

#[derive(Deserialize)]
struct ToldAssertion {
    assertion: String,
    held: bool,
    message: String,
}

/// The test that stands for the verdict.
const VERDICT: &str = "verdict";

impl Suite {
    /// The suite of a run that came to a result.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let findings = report.verdict.findings.iter().map(|finding| ToldFinding {
            code: finding.code.clone(),
            severity: finding.severity.clone().into_owned(),
            message: finding.message.clone(),
        });
        let assertions = report.assertions.iter().map(|one| ToldAssertion {
            assertion: one.assertion.clone(),
            held: one.held,
            message: one.message.clone(),
        });
        Self::told(Told {
            test_name: report.test_name.clone(),
            test_id: report.test_id.clone(),
            started_at: report.started_at.clone(),
            started_at_ns: report.started_at_ns,
            ended_at_ns: report.ended_at_ns,
            verdict: ToldVerdict {
                limited_by: report.verdict.limited_by.clone().into_owned(),
                exit_code: report.verdict.exit_code,
                findings: findings.collect(),
            },
            assertions: assertions.collect(),
        })
    }

    /// The suite of an earlier run, by its `result.json`.
    ///
    /// # Errors
    /// When it is no result.
    pub fn read(result: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(result).map(Self::told)
    }

    fn told(told: Told) -> Self {
        let nanos = told.ended_at_ns.saturating_sub(told.started_at_ns);
        let verdict = verdict(&told.verdict);
        let asserted = told.assertions.into_iter().map(|one| Case {
            mark: if one.held {
                Mark::Passed
            } else {
                let all = format!("{}: {}", one.assertion, one.message);
                Mark::Failed(one.message, all)
            },
            name: one.assertion,
        });
        Self {
            name: told.test_name,
            test_id: told.test_id,
            started_at: told.started_at,
            seconds: seconds(Nanos(nanos)),
            cases: std::iter::once(verdict).chain(asserted).collect(),
        }
    }

    /// The suite of a run that came to none, for this reason.
    #[must_use]
    pub fn without_result(name: &str, test_id: &str, assertions: &[String], reason: &str) -> Self {
        let asserted = assertions.iter().map(|assertion| Case {
            name: assertion.clone(),
            mark: Mark::Skipped("the run came to no result".to_owned()),
        });
        let broken = Mark::Broken("the run came to no result".to_owned(), reason.to_owned());
        let verdict = Case { name: VERDICT.to_owned(), mark: broken };
        Self {
            name: name.to_owned(),
            test_id: test_id.to_owned(),
            started_at: String::new(),
            seconds: 0.0,
            cases: std::iter::once(verdict).chain(asserted).collect(),
        }
    }

    fn count(&self, is_of_kind: fn(&Mark) -> bool) -> usize {
        self.cases.iter().filter(|case| is_of_kind(&case.mark)).count()
    }
}

/// The verdict as a test: it fails by whatever spoils the run, failed assertions apart, which are
/// tests of their own.
fn verdict(told: &ToldVerdict) -> Case {
    let findings = || told.findings.iter();
    let spoils = |code: &str| code != "assertion_failed";
    let is_spoilt = findings().any(|finding| finding.severity == "error" && spoils(&finding.code));
    let lines: Vec<String> = findings()
        .map(|finding| format!("{} {}: {}", finding.severity, finding.code, finding.message))
        .collect();
    let mark = if is_spoilt {
        let (code, limit) = (told.exit_code, &told.limited_by);
        Mark::Failed(format!("exit {code}, limited by {limit}"), lines.join("\n"))
    } else {
        Mark::Passed
    };
    Case { name: VERDICT.to_owned(), mark }
}

fn is_failed(mark: &Mark) -> bool {
    matches!(mark, Mark::Failed(..))
}

fn is_broken(mark: &Mark) -> bool {
    matches!(mark, Mark::Broken(..))
}

fn is_skipped(mark: &Mark) -> bool {
    matches!(mark, Mark::Skipped(_))
}

/// All suites of an invocation as one document.
#[must_use]
pub fn junit(suites: &[Suite]) -> Vec<u8> {
    let sum = |part: fn(&Suite) -> usize| suites.iter().map(part).sum::<usize>();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a string does not fail.
    let _written = writeln!(
        out,
        "<testsuites name=\"kdyno\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" \
         time=\"{:.3}\">",
        sum(|suite| suite.cases.len()),
        sum(|suite| suite.count(is_failed)),
        sum(|suite| suite.count(is_broken)),
        sum(|suite| suite.count(is_skipped)),
        suites.iter().map(|suite| suite.seconds).sum::<f64>(),
    );
    suites.iter().for_each(|suite| out.push_str(&suite_xml(suite)));
    out.push_str("</testsuites>\n");
    out.into_bytes()
}

fn suite_xml(suite: &Suite) -> String {
    let Suite { name, test_id, started_at, seconds, cases } = suite;
    let (name, test_id) = (escaped(name), escaped(test_id));
    // The format has no fractions and no zone; UTC is what it means.
    let timestamp = started_at
        .get(..19)
        .map_or_else(String::new, |moment| format!(" timestamp=\"{}\"", escaped(moment)));
    let head = format!(
        "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" \
         time=\"{seconds:.3}\"{timestamp}>\n    <properties>\n      \
         <property name=\"test_id\" value=\"{test_id}\"/>\n    </properties>\n",
        cases.len(),
        suite.count(is_failed),
        suite.count(is_broken),
        suite.count(is_skipped),
    );
    let cases: String = cases.iter().map(|case| case_xml(&test_id, case)).collect();
    format!("{head}{cases}  </testsuite>\n")
}

fn case_xml(test_id: &str, case: &Case) -> String {
    let name = escaped(&case.name);
    let told = |element: &str, line: &str, all: &str| {
        let (line, all) = (escaped(line), escaped(all));
        format!("      <{element} message=\"{line}\">{all}</{element}>\n")
    };
    let inner = match &case.mark {
        Mark::Passed => String::new(),
        Mark::Failed(line, all) => told("failure", line, all),
        Mark::Broken(line, all) => told("error", line, all),
        Mark::Skipped(line) => told("skipped", line, ""),
    };
    let head = format!("    <testcase classname=\"kdyno.{test_id}\" name=\"{name}\"");
    if inner.is_empty() {
        format!("{head}/>\n")
    } else {
        format!("{head}>\n{inner}    </testcase>\n")
    }
}

#[cfg(test)]
mod tests {
    use super::{Suite, junit};
    use crate::report::fixture::{self, Made};
    use crate::report::json;
    use roxmltree::{Document, Node};

    fn xml(suites: &[Suite]) -> String {
        String::from_utf8(junit(suites)).expect("XML is UTF-8")
    }

    fn tests<'doc>(suite: Node<'doc, 'doc>) -> Vec<(&'doc str, Option<Node<'doc, 'doc>>)> {
        let cases = suite.children().filter(|node| node.has_tag_name("testcase"));
        cases
            .map(|case| {
                let name = case.attribute("name").expect("a test has a name");
                (name, case.children().find(Node::is_element))
            })
            .collect()
    }

    #[test]
    fn each_run_is_a_suite_with_its_verdict_and_its_assertions_as_tests() {
        let assertions = vec!["lost == 0", "publish.p99 < 1ms"];
        let fine = fixture::report(&Made { assertions: vec!["lost == 0"], ..Made::clean() });
        let failed = fixture::report(&Made { assertions: assertions.clone(), ..Made::clean() });
        let bad = fixture::report(&Made { assertions, ..Made::troubled() });
        let text = xml(&[Suite::of(&fine), Suite::of(&failed), Suite::of(&bad)]);
        let document = Document::parse(&text).expect("XML");
        let root = document.root_element();
        let numbers = |node: Node<'_, '_>| {
            let of =
                |name: &str| node.attribute(name).and_then(|digits| digits.parse::<usize>().ok());
            ["tests", "failures", "errors", "skipped"].map(of)
        };
        assert_eq!(numbers(root), [Some(8), Some(4), Some(0), Some(0)], "{text}");
        let suites: Vec<_> = root.children().filter(Node::is_element).collect();
        let told = |index: usize| {
            let told = tests(suites[index]).into_iter();
            told.map(|(name, child)| (name, child.is_some())).collect::<Vec<_>>()
        };
        assert_eq!(told(0), [("verdict", false), ("lost == 0", false)], "{text}");
        let second = [("verdict", false), ("lost == 0", false), ("publish.p99 < 1ms", true)];
        assert_eq!(told(1), second, "a failed assertion is told once: {text}");
        let third = [("verdict", true), ("lost == 0", true), ("publish.p99 < 1ms", true)];
        assert_eq!(told(2), third, "{text}");
        assert_eq!(numbers(suites[2]), [Some(3), Some(3), Some(0), Some(0)], "{text}");
        let failure = tests(suites[2])[0].1.expect("it failed");
        assert!(failure.has_tag_name("failure"), "{text}");
        let findings = failure.text().unwrap_or_default();
        assert!(findings.contains("error lost: 2 acked messages"), "{findings}");
        assert!(findings.contains("warning throttled: "), "{findings}");
        let stamp = suites[0].attribute("timestamp");
        assert_eq!(stamp, Some("2023-11-14T22:13:20"), "{text}");
        let id = suites[0].descendants().find(|node| node.has_tag_name("property"));
        let id = id.and_then(|node| node.attribute("value"));
        assert_eq!(id, Some(fine.test_id.as_str()), "{text}");
    }

    #[test]
    fn an_earlier_run_is_told_by_its_file_as_it_was_when_it_ended() {
        for made in [Made::clean(), Made { assertions: vec!["lost == 0"], ..Made::troubled() }] {
            let report = fixture::report(&made);
            let read = Suite::read(&json(&report)).expect("a result");
            assert_eq!(xml(&[read]), xml(&[Suite::of(&report)]), "to the letter");
        }
        assert!(Suite::read(b"{}").is_err(), "no result");
    }

    #[test]
    fn a_run_without_a_result_is_an_error_and_its_assertions_are_not_passed() {
        let assertions = ["lost == 0".to_owned()];
        let text = xml(&[Suite::without_result("w", "w_1_ab", &assertions, "no broker answers")]);
        let document = Document::parse(&text).expect("XML");
        let suite = document.root_element().first_element_child().expect("a suite");
        let told = tests(suite);
        let child = |index: usize| told[index].1.expect("it did not pass");
        assert!(child(0).has_tag_name("error"), "{text}");
        assert_eq!(child(0).text(), Some("no broker answers"), "{text}");
        assert!(child(1).has_tag_name("skipped"), "{text}");
        assert_eq!(suite.attribute("errors"), Some("1"), "{text}");
    }

    #[test]
    fn every_text_is_read_as_it_was_and_what_xml_cannot_hold_is_replaced() {
        let name = "a<b> & \"c\" 'd'\n\te]]>";
        let text = xml(&[Suite::without_result(name, "id", &[], "one\u{1}two\r\nthree")]);
        let document = Document::parse(&text).expect("XML");
        let suite = document.root_element().first_element_child().expect("a suite");
        assert_eq!(suite.attribute("name"), Some(name), "{text}");
        let error = tests(suite)[0].1.and_then(|node| node.text());
        assert_eq!(error, Some("one\u{fffd}two\r\nthree"), "{text}");
    }
}
