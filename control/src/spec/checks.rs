//! What a run's result is held to: assertions, when they end it early, and where their outcome goes.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use engine::plan::Objective;
use engine::units::Nanos;

use super::fault::{Fault, Ledger};
use super::objective;
use super::request::Request;
use crate::assertion::Assertion;

/// The flag that ends runs early.
const ABORT: &str = "--abort-on-fail";

/// What the command line says, unread.
#[derive(Clone, Debug, Default)]
pub struct CheckOrder {
    /// `--assert`.
    pub assertions: Vec<String>,
    /// `--slo`.
    pub objectives: Vec<String>,
    /// `--abort-on-fail`.
    pub abort_on_fail: Option<String>,
    /// `--junit`.
    pub junit: Option<PathBuf>,
}

/// What all runs of an invocation are held to.
#[derive(Clone, Debug, Default)]
pub struct Checks {
    /// What must hold of each result.
    pub assertions: Vec<Assertion>,
    /// What a search must hold besides throughput.
    pub objectives: Vec<Objective>,
    /// How much of the measured phase must be over before a failed assertion ends a run; `None`:
    /// assertions are judged at the end only.
    pub grace: Option<Nanos>,
    /// Where verdicts and assertions are written as JUnit XML.
    pub junit: Option<PathBuf>,
}

impl Checks {
    /// Reads what the command line says, or notes all that is wrong with it.
    pub(super) fn read(order: &CheckOrder, ledger: &mut Ledger) -> Self {
        let mut checks = Self { junit: order.junit.clone(), ..Self::default() };
        for text in &order.assertions {
            match Assertion::parse(text) {
                Ok(assertion) => checks.assertions.push(assertion),
                Err(problems) => {
                    let place = format!("--assert '{text}'");
                    problems.into_iter().for_each(|problem| {
                        ledger.fault(Fault::whole(&place, problem));
                    });
                }
            }
        }
        for text in &order.objectives {
            let read = objective::read(text)
                .map_err(|problem| Fault::whole(format!("--slo '{text}'"), problem));
            checks.objectives.extend(ledger.take(read));
        }
        if let Some(text) = &order.abort_on_fail {
            let read = text.parse().map_err(|problem: String| Fault::whole(ABORT, problem));
            checks.grace = ledger.take(read);
            let all_read = checks.assertions.len() == order.assertions.len();
            if all_read && !checks.assertions.iter().any(Assertion::is_judged_early) {
                let problem = "no assertion can fail before the end of a run: need one that \
                               compares a latency, a rate or a count of errors with a number, e.g. \
                               --assert 'publish.p99 < 50ms'";
                ledger.fault(Fault::whole(ABORT, problem));
            }
        }
        if let Some(path) = &order.junit {
            check_file(path, ledger);
        }
        checks
    }

    /// Gives searches their objectives; notes where there is no search to have them, and where a run
    /// searches or would be over before it could be ended early.
    pub(super) fn fit(&self, requests: &mut [Request], ledger: &mut Ledger) {
        for request in requests.iter_mut().filter(|_| !self.objectives.is_empty()) {
            match &mut request.demand.search {
                Some(search) => search.objectives.clone_from(&self.objectives),
                None => {
                    let file = request.resolved.workload_file.display();
                    let problem = format!(
                        "bounds a search, and {file} has a rate: need --rate 0, or --assert to hold a \
                         result to it"
                    );
                    ledger.fault(Fault::whole("--slo", problem));
                }
            }
        }
        requests.iter().for_each(|request| self.fit_streams(request, ledger));
        let Some(grace) = self.grace else { return };
        for request in requests {
            if request.demand.search.is_some() {
                let file = request.resolved.workload_file.display();
                let problem = format!(
                    "got {grace}, but {file} searches for its rate: a search ends by itself, and what \
                     its result is held to is not known before: leave the flag out, and --assert \
                     judges the result; --slo bounds the search"
                );
                ledger.fault(Fault::whole(ABORT, problem));
                continue;
            }
            let measured = request.demand.phases.measured;
            if measured <= grace {
                let file = request.resolved.workload_file.display();
                let problem = format!("got {grace}, but {file} measures for {measured}: need less");
                ledger.fault(Fault::whole(ABORT, problem));
            }
        }
    }
}

impl Checks {
    /// Notes assertions on streams that a run does not have: they would fail when it is over.
    fn fit_streams(&self, request: &Request, ledger: &mut Ledger) {
        let names = request.demand.streams.iter().map(|stream| stream.name.as_str());
        let several: Vec<&str> = names.filter(|_| 1 < request.demand.streams.len()).collect();
        for assertion in &self.assertions {
            let is_known = |stream: &&str| {
                several.contains(stream)
                    || stream.parse().is_ok_and(|place: usize| place < several.len())
            };
            let Some(stream) = assertion.streams().find(|stream| !is_known(stream)) else {
                continue;
            };
            let file = request.resolved.workload_file.display();
            let problem = match &several[..] {
                [] => format!("speaks of a stream, and {file} has no several: leave it out"),
                known => format!(
                    "there is no stream \"{stream}\" in {file}, need one of {}",
                    known.join(", ")
                ),
            };
            ledger.fault(Fault::whole(format!("--assert '{}'", assertion.metric), problem));
        }
    }
}

/// Notes where nothing could be written, before a run is made for it.
fn check_file(path: &Path, ledger: &mut Ledger) {
    let has_name = path.file_name().and_then(OsStr::to_str).is_some();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let need = if !has_name || path.is_dir() {
        "need the name of a file"
    } else if folder.is_some_and(|folder| folder.exists() && !folder.is_dir()) {
        "need a file in a folder, and this one's is a file itself"
    } else {
        return;
    };
    let problem = format!("got \"{}\", {need}", path.display());
    ledger.fault(Fault::whole("--junit", problem));
}

#[cfg(test)]
mod tests {
    use super::{CheckOrder, Checks};
    use crate::spec::fault::Ledger;
    use engine::units::Nanos;

    fn order(assertions: &[&str], abort_on_fail: Option<&str>, junit: Option<&str>) -> CheckOrder {
        CheckOrder {
            assertions: assertions.iter().map(|text| (*text).to_owned()).collect(),
            abort_on_fail: abort_on_fail.map(str::to_owned),
            objectives: Vec::new(),
            junit: junit.map(Into::into),
        }
    }

    fn read(order: &CheckOrder) -> (Checks, Vec<String>) {
        let mut ledger = Ledger::default();
        let checks = Checks::read(order, &mut ledger);
        (checks, ledger.faults.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn sound_checks_are_read_whole() {
        let order = order(&["publish.p99<1s", "lost == 0"], Some("1.5s"), Some("new/j.xml"));
        let (checks, faults) = read(&order);
        assert_eq!(faults, Vec::<String>::new(), "nothing is wrong");
        let shown: Vec<String> = checks.assertions.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["publish.p99 < 1s", "lost == 0"], "in their order");
        assert_eq!(checks.grace, Some(Nanos::from_millis(1_500)), "a span");
        assert_eq!(checks.junit, Some("new/j.xml".into()), "a folder is made when it is needed");
    }

    #[test]
    fn every_fault_of_every_check_is_told() {
        let check = |order: &CheckOrder, expected: &[&str]| {
            let (_, faults) = read(order);
            assert_eq!(faults.len(), expected.len(), "{faults:#?}");
            for (fault, part) in faults.iter().zip(expected) {
                assert!(fault.contains(part), "{part:?} in {fault:?}");
            }
        };
        check(
            &order(&["rate", "lsot == 0", "publish.p99 < 1"], Some("5"), Some("")),
            &[
                "--assert 'rate': at character 5: got the end",
                "--assert 'lsot == 0': at character 1: ",
                "--assert 'publish.p99 < 1': at character 15: got a bare number",
                "--abort-on-fail: got \"5\", need a number with a unit",
                "--junit: got \"\", need the name of a file",
            ],
        );
        let never = "--abort-on-fail: no assertion can fail before the end of a run";
        check(&order(&["lost == 0"], Some("5s"), None), &[never]);
        check(&order(&[], Some("5s"), None), &[never]);
        let folder = env!("CARGO_MANIFEST_DIR");
        check(&order(&[], None, Some(folder)), &["need the name of a file"]);
        let below = format!("{folder}/Cargo.toml/j.xml");
        check(&order(&[], None, Some(&below)), &["need a file in a folder"]);
    }
}
