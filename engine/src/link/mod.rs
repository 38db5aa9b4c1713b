//! The seam between a lane and a broker.
//!
//! A lane offers messages to an [`Outlet`] and takes them from an [`Inlet`]; a [`Target`] makes
//! both and handles topics. Kafka is one target, the embedded broker and the loopback are others.

mod inlet;
pub mod loopback;
mod outlet;
mod statistics;
mod target;
pub mod throttled;
mod transaction;

pub use inlet::{Assigned, Change, Delivery, Inlet, InletSink, Moved, Rebalance};
pub use outlet::{Ack, Failure, FailureKind, Header, Message, Offer, Outcome, Outlet, OutletSink};
pub use statistics::{BrokerSample, ClientSample, Counters, Mean, Statistics};
pub use target::{
    GroupState, InletSpec, Leaders, Log, OutletSpec, RouteSpec, Target, TopicSpec, Topics,
};
pub use transaction::{Denied, End, Then};

#[cfg(test)]
mod loopback_tests;
#[cfg(test)]
pub(crate) mod sinks;
