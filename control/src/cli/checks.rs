//! Flags that hold results to something: assertions, an early end, a report for CI.

use std::path::PathBuf;

use clap::Args;

use crate::assertion;
use crate::spec::CheckOrder;

/// What the result is held to.
#[derive(Clone, Debug, Args)]
pub struct CheckFlags {
    /// What must hold of the result, else exit 10, e.g. 'publish.p99 < 10ms' (repeatable)
    #[arg(long = "assert", value_name = "ASSERTION", long_help = assertion::help())]
    pub assertions: Vec<String>,
    /// What a search (--rate 0) must hold besides throughput, e.g. 'publish.p99 < 20ms' (repeatable)
    #[arg(long = "slo", value_name = "OBJECTIVE")]
    pub objectives: Vec<String>,
    /// End the run when an assertion fails on what was measured so far, once GRACE of the measured
    /// phase is over, e.g. 10s
    #[arg(long, value_name = "GRACE", allow_hyphen_values = true)]
    pub abort_on_fail: Option<String>,
    /// Write verdict and assertions as JUnit XML too
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
}

impl CheckFlags {
    /// What is asked of `spec`.
    pub(super) fn order(&self) -> CheckOrder {
        let Self { assertions, objectives, abort_on_fail, junit } = self.clone();
        CheckOrder { assertions, objectives, abort_on_fail, junit }
    }
}
