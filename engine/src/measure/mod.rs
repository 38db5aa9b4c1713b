//! What was seen: recorded per lane, merged over all, judged at the end.

mod balance;
mod cautions;
mod collector;
pub mod constants;
mod counts;
mod facts;
mod findings;
mod latency;
mod recorder;
mod tally;
mod verdict;
#[cfg(test)]
mod verdict_fixture;

pub use balance::{Balance, balances};
pub use collector::{Collector, LaneEnd, Mailbox, Second, mailboxes};
pub use counts::{ErrorCounts, Window};
pub use facts::{Fact, FactValue};
pub use latency::{LATENCY_DIGITS, LATENCY_MAX, Latency};
pub use recorder::Recorder;
pub use tally::{Acked, Commits, Consumed, Phase, PhaseTally, Produced, StreamTally, Tally};
pub use verdict::{Ended, Evidence, Finding, LimitedBy, Severity, Verdict};

#[cfg(test)]
mod collector_tests;
#[cfg(test)]
mod recorder_tests;
#[cfg(test)]
mod tally_tests;
