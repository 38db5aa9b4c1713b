//! The file formats: workloads, drivers and benchmarks, in kdyno's and in OMB's spelling.
//!
//! [`load`] turns an [`Order`] (what the command line names) into one [`Request`] per workload, or
//! into every fault of every file. Nothing is created before that. [`load_with`] does the same with
//! the [`Files`] of another host, so that all hosts of a run read the same texts with the same code.

mod assignments;
mod benchmark;
mod bundle;
mod checks;
mod clients;
mod document;
mod driver;
mod fault;
mod fields;
mod files;
mod fleet;
mod given;
mod identity;
mod library;
mod monitoring;
mod objective;
mod order;
pub(crate) mod properties_text;
mod repeat;
mod request;
mod room;
mod scalar;
mod scan;
mod secret;
mod sweep;
mod test_id;
mod validate;
mod worker_url;
mod workload;

pub use benchmark::LogLevel;
pub use bundle::{BUNDLE_MAX, Bundle};
pub use checks::{CheckOrder, Checks};
pub use clients::ShownProperty;
pub use driver::DriverSource;
pub use fault::{Fault, Faults, Remark};
pub(crate) use fields::nearest;
pub use files::{Facts, Files};
pub use fleet::{Fleet, FleetOrder, OnLoss};
pub use given::FieldFlag;
pub use identity::{Identity, RunIdentity};
pub use library::{BuiltIn, CONFIGS, WORKLOADS};
pub use order::{Job, Order, RESULTS_DIR, Target, load, load_with, target};
pub use repeat::{Repeat, RepeatOrder, Repeats, Side};
pub use request::Request;
pub use sweep::{Axis, Cell, Sweep};
pub use validate::validate;
pub use worker_url::{WORKER_PORT, WorkerUrl};
pub(crate) use workload::BodySource;

#[cfg(test)]
mod tests;
