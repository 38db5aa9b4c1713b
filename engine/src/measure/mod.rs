//! What was seen: recorded per lane, merged over all, judged at the end.

mod collector;
pub mod constants;
mod counts;
mod latency;
mod recorder;
mod tally;
// mod verdict;

pub use collector::{Collector, LaneEnd, Mailbox, Second, mailboxes};
pub use counts::{ErrorCounts, Window};
pub use latency::{LATENCY_DIGITS, LATENCY_MAX, Latency};
pub use recorder::Recorder;
pub use tally::{Acked, Commits, Consumed, Phase, PhaseTally, Produced, StreamTally, Tally};
// pub use verdict::{Finding, LimitedBy, Severity, Verdict};
