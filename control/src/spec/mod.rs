//! The file formats: workloads, drivers and benchmarks, in kdyno's and in OMB's spelling.
//!
//! [`load`] turns an [`Order`] (what the command line names) into one [`Request`] per workload, or
//! into every fault of every file. Nothing is created before that.

mod assignments;
mod benchmark;
mod checks;
mod clients;
mod document;
mod driver;
mod fault;
mod fields;
mod given;
mod monitoring;
mod order;
mod properties_text;
mod request;
mod scalar;
mod scan;
mod secret;
mod test_id;
mod validate;
mod workload;

pub use benchmark::LogLevel;
pub use checks::{CheckOrder, Checks};
pub use clients::ShownProperty;
pub use driver::DriverSource;
pub use fault::Faults;
pub use given::FieldFlag;
pub use order::{Job, Order, RESULTS_DIR, Target, load, target};
pub use request::Request;
pub use validate::validate;

#[cfg(test)]
mod tests;
