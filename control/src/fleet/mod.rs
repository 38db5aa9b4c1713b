//! Runs that other hosts do: the worker that serves them, and the coordinator that drives workers.
//!
//! No byte of a call reaches the HTTP library before the gate has read the whole call within its limits
//! and has seen the token; a [`Service`], the worker, gives it a meaning. A coordinator has a proxy for
//! each worker, which stands for its lanes in a run like any other.

mod attendant;
mod beat;
mod budget;
mod call;
mod client;
mod clocks;
mod coordinator;
mod course;
mod crew;
mod desk;
mod dispatch;
pub mod exchanges;
mod gate;
mod head;
mod held;
mod lease;
mod line;
mod marking;
mod metrics;
mod names;
pub mod offset;
#[cfg(test)]
mod offset_law;
#[cfg(test)]
mod offset_tests;
mod orders;
mod parting;
mod pool;
pub mod protocol;
mod proxied;
mod proxy;
mod ready;
mod seats;
mod sent;
mod server;
#[cfg(test)]
mod server_tests;
mod share;
mod summary;
mod task;
mod telling;
mod token;
mod wire;
mod work;
mod worker;

pub use call::{Answer, BODY_MAX, Call, Method, Service};
pub(crate) use coordinator::run;
pub(crate) use marking::Ears;
pub(crate) use sent::Sent;
pub use server::Server;
pub use token::{TOKEN_VARIABLE, Token};
pub(crate) use work::work;
