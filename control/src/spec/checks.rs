//! What a run's result is held to.

use super::fault::{Fault, Ledger};
use crate::assertion::Assertion;

/// What the command line says, unread.
#[derive(Clone, Debug, Default)]
pub struct CheckOrder {
    /// `--assert`.
    pub assertions: Vec<String>,
}

/// What all runs of an invocation are held to.
#[derive(Clone, Debug, Default)]
pub struct Checks {
    /// What must hold of each result.
    pub assertions: Vec<Assertion>,
}

impl Checks {
    /// Reads what the command line says, or notes all that is wrong with it.
    pub(super) fn read(order: &CheckOrder, ledger: &mut Ledger) -> Self {
        let mut checks = Self::default();
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
        checks
    }
}

#[cfg(test)]
mod tests {
    use super::{CheckOrder, Checks};
    use crate::spec::fault::Ledger;

    fn order(assertions: &[&str]) -> CheckOrder {
        CheckOrder { assertions: assertions.iter().map(|text| (*text).to_owned()).collect() }
    }

    fn read(order: &CheckOrder) -> (Checks, Vec<String>) {
        let mut ledger = Ledger::default();
        let checks = Checks::read(order, &mut ledger);
        (checks, ledger.faults.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn sound_checks_are_read_whole() {
        let order = order(&["publish.p99<1s", "lost == 0"]);
        let (checks, faults) = read(&order);
        assert_eq!(faults, Vec::<String>::new(), "nothing is wrong");
        let shown: Vec<String> = checks.assertions.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["publish.p99 < 1s", "lost == 0"], "in their order");
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
            &order(&["rate", "lsot == 0", "publish.p99 < 1"]),
            &[
                "--assert 'rate': at character 5: got the end",
                "--assert 'lsot == 0': at character 1: ",
                "--assert 'publish.p99 < 1': at character 15: got a bare number",
            ],
        );
    }
}
