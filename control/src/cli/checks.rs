//! Flags that hold results to something.

use clap::Args;

use crate::assertion;
use crate::spec::CheckOrder;

/// What the result is held to.
#[derive(Clone, Debug, Args)]
pub struct CheckFlags {
    /// What must hold of the result, else exit 10, e.g. 'publish.p99 < 10ms' (repeatable)
    #[arg(long = "assert", value_name = "ASSERTION", long_help = assertion::help())]
    pub assertions: Vec<String>,
}

impl CheckFlags {
    /// What is asked of `spec`.
    pub(super) fn order(&self) -> CheckOrder {
        CheckOrder { assertions: self.assertions.clone() }
    }
}
