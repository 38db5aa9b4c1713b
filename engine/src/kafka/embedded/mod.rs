//! The embedded broker: librdkafka's mock cluster in this process, for a machine with nothing
//! installed.
//!
//! It keeps only 5 MiB or 100,000 record batches per partition, older ones vanish. So the outlet
//! answers `Full` while more than [`UNREAD_MAX`] of a partition is unread, and says so in the
//! verdict: no unread message can ever be eaten. It has no groups to speak of: partitions are
//! assigned by the target itself.

mod broker;
mod inlet;
mod outlet;
mod retention;
mod target;
mod topics;

pub use broker::MockBroker;
pub use inlet::EmbeddedInlet;
pub use outlet::EmbeddedOutlet;
pub use retention::UNREAD_MAX;
pub use target::EmbeddedTarget;
