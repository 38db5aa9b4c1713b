//! What the tests share: small demands, runs through the engine, runs of the binary.

pub mod demand;
pub mod engine_run;
pub mod faulty;
pub mod inner;
pub mod replicator;
pub mod slow;
pub mod standstill;
pub mod tidy;
