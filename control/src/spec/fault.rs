//! What is wrong with the user's files and flags, collected so that all of it is told at once.

use std::fmt;

use engine::kafka::properties::PropertyError;
use thiserror::Error;

/// One fault: where it is, in which field, and what was got and is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// `file.yaml:7`, `file.yaml` or `--rate`.
    pub place: String,
    /// The field; empty where the place says it.
    pub field: String,
    /// What was got and what is needed; never a secret's value.
    pub problem: String,
}

impl Fault {
    /// A fault of a field.
    pub fn new(
        place: impl Into<String>,
        field: impl Into<String>,
        problem: impl Into<String>,
    ) -> Self {
        Self { place: place.into(), field: field.into(), problem: problem.into() }
    }

    /// A fault of a whole file or flag.
    pub fn whole(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::new(place, "", problem)
    }
}

impl From<PropertyError> for Fault {
    fn from(error: PropertyError) -> Self {
        let PropertyError { place, section, name, problem } = error;
        let field = if section.is_empty() { name } else { format!("{section}: {name}") };
        Self { place, field, problem }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [&self.place, &self.field].into_iter().filter(|part| !part.is_empty()) {
            write!(f, "{part}: ")?;
        }
        f.write_str(&self.problem)
    }
}

/// All faults of an invocation; nothing has been created.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Faults(pub Vec<Fault>);

/// Something the user should know about a request that can be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// A word for programs, e.g. `offset_reset_replaced`.
    pub code: &'static str,
    /// A sentence for people.
    pub message: String,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The faults and remarks found so far.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// What forbids the run.
    pub faults: Vec<Fault>,
    /// What does not.
    pub remarks: Vec<Remark>,
}

impl Ledger {
    /// Notes a fault; one that is already there stays alone, since several workloads may share a
    /// driver file.
    pub fn fault(&mut self, fault: impl Into<Fault>) {
        let fault = fault.into();
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    /// Notes a remark, once.
    pub fn remark(&mut self, code: &'static str, message: impl Into<String>) {
        let remark = Remark { code, message: message.into() };
        if !self.remarks.contains(&remark) {
            self.remarks.push(remark);
        }
    }

    /// Takes a result's value, or notes its fault.
    pub fn take<T>(&mut self, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.fault(fault)).ok()
    }

    /// What forbids the run, if anything does.
    ///
    /// # Errors
    /// All faults.
    pub fn settle(self) -> Result<Vec<Remark>, Faults> {
        if self.faults.is_empty() { Ok(self.remarks) } else { Err(Faults(self.faults)) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Faults, Ledger};

    #[test]
    fn a_fault_reads_from_the_outside_in() {
        let check = |fault: Fault, expected: &str| assert_eq!(fault.to_string(), expected);
        check(Fault::new("w.yaml:7", "topics", "got \"0\""), "w.yaml:7: topics: got \"0\"");
        check(Fault::whole("--rate", "got \"fast\""), "--rate: got \"fast\"");
    }

    #[test]
    fn all_faults_are_told_and_each_once() {
        let mut ledger = Ledger::default();
        for problem in ["one", "two", "one"] {
            ledger.fault(Fault::whole("a", problem));
        }
        let Err(faults) = ledger.settle() else { panic!("there are faults") };
        assert_eq!(faults.to_string(), "a: one\na: two");
        assert!(matches!(Ledger::default().settle(), Ok(remarks) if remarks.is_empty()), "none");
        assert_eq!(Faults(Vec::new()).to_string(), "", "empty");
    }
}
