//! The numbers by which a run is judged, in one place, each with its reason.

use crate::units::Nanos;

/// A send is late when it leaves more than this after its due: ten times what a sleeping thread
/// oversleeps on a busy virtual machine, and a tenth of what a broker's ack usually takes.
pub const LATE: Nanos = Nanos::from_millis(1);

/// Above this share of sends late by us, the run says more about the client than about the broker.
pub const LATE_SHARE_INVALID: f64 = 0.10;

/// Above this share of sends late by us, the tail of the latencies is the client's.
pub const LATE_SHARE_NOTED: f64 = 0.001;

/// The target is reached when at least this share of what was due was acked.
pub const TARGET_SHARE: f64 = 0.999;

/// A percentile with fewer samples beyond it than this is flagged: its value is one message's luck.
pub const SAMPLES_BEYOND: u64 = 10;

/// The most loaded member of a group may hold this many times the least loaded one's partitions.
pub const IMBALANCE: u64 = 2;
