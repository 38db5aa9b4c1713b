//! librdkafka's C interface, as far as a lane needs it, behind safe types.
//!
//! This folder holds all `unsafe` of the project. It exists because rdkafka's own loops spin,
//! allocate per message and swallow delivery reports (ARCHITECTURE.md lists the measurements).

mod client;
mod event;
mod mock;
mod queue;

pub(super) use client::{Batch, Handle, TopicHandle, TransactionAnswer, error_table};
pub(super) use event::{Event, EventKind, RawMessage};
pub(super) use mock::MockHandle;
pub(super) use queue::Queue;
