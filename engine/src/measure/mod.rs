//! What was seen: recorded per lane, merged over all, judged at the end.

mod above;
mod account;
mod ack_watch;
mod audit;
mod back_pressure;
mod backlog;
mod balance;
mod bounded;
mod catch_up;
mod cautions;
mod client_tally;
mod collector;
mod commitment;
pub mod constants;
mod counts;
mod duty;
mod early_start;
mod facts;
mod filed;
mod findings;
mod fits;
mod fleet;
mod flows;
mod follow;
mod groups;
mod hearing;
mod hiccup;
mod latency;
mod latency_bytes;
mod leaders;
mod limits;
mod listener;
mod losses;
mod network;
mod outages;
mod outliers;
mod partition_rows;
mod partitions;
mod parts;
mod plausibility;
mod promises;
mod rebalances;
mod recorder;
mod searched;
mod silences;
mod skew;
mod slack;
mod spans;
mod standing;
mod steady;
mod stretch;
mod sums;
mod tally;
mod transacted;
mod transacting;
mod transaction;
mod verdict;
#[cfg(test)]
mod verdict_fixture;
mod workers;

pub use account::{Account, Entry, FILED_MAX, LOG_MAX, Side};
pub use audit::{Audit, Drained};
pub use backlog::{BacklogEnd, BacklogSeen, Given, Leg, Unread};
pub use balance::{Balance, Reading, Repeats, balances};
pub use catch_up::{CatchUpEnd, CatchUpSeen};
pub use client_tally::{ClientStats, ClientTallies, ClientTally, Weighed};
pub use collector::{Collector, Handover, LaneEnd, Mailbox, Second, mailboxes};
pub use counts::{ErrorCounts, Window};
pub use duty::Duty;
pub use facts::{Fact, FactValue};
pub use flows::{Acked, Commits, Consumed, Produced};
pub use groups::{Part, Rebalances};
pub use hiccup::Gaps;
pub use latency::{LATENCY_DIGITS, LATENCY_MAX, Latency, value_at_percentile};
pub use leaders::{BrokerSeen, LeadersSeen, brokers_seen};
pub use listener::Listener;
pub use network::{CardSeen, NetworkSeen, TcpSeen};
pub use outages::{OutageSeen, Scope, SilentPartition};
pub use partitions::{PARTITIONS_MAX, PartitionSeen, Partitions, partitions_seen};
pub use parts::PublishParts;
pub use plausibility::{PeerSeen, SecondSeen};
pub use recorder::Recorder;
pub use searched::SearchSeen;
pub use silences::{Longest, Silence, Silences};
pub use skew::{TopicLoad, topic_loads};
pub use slack::slack;
pub use standing::Standing;
pub use steady::{Pulse, STEADY_WINDOW, steady_since};
pub use stretch::{Series, Stretch, Stretches};
pub use tally::{Phase, PhaseTally, StreamTally, Tally};
pub use transacted::Transacted;
pub use transaction::{Fate, TransactionEnd};
pub use verdict::{Ended, Evidence, Finding, LimitedBy, Severity, Verdict};
pub use workers::{FleetSeen, Gone, GoneWhen, WorkerSeen};

#[cfg(test)]
mod collector_tests;
#[cfg(test)]
mod committed_tests;
#[cfg(test)]
mod fleet_tests;
#[cfg(test)]
mod listener_tests;
#[cfg(test)]
mod recorder_tests;
#[cfg(test)]
mod tally_tests;
#[cfg(test)]
mod transacting_tests;
#[cfg(test)]
mod verdict_tests;
#[cfg(test)]
mod wire_tests;
