//! The run: prepare a plan, start its lanes together, merge what they hand over, end them.

mod across;
mod as_run;
mod asked;
mod backlog;
mod catch_up;
mod cost;
mod crew;
mod drain;
mod evidence;
mod finish;
mod fleet;
mod leaders;
mod losing;
mod outages;
mod outcome;
mod prepare;
mod ready;
mod remote;
mod running;
mod searching;
mod second;
mod teardown;
mod warming;

pub use backlog::BacklogStep;
pub use cost::cost_since;
pub use crew::{Crew, Join, Rescue, Seats, Used};
pub use evidence::Sight;
pub use outages::Outages;
pub use outcome::{
    CleanUp, ClockOffset, ClockSeen, Cost, Ending, Interval, LaneOutcome, Outcome, StartLine,
    WorkerLoss, WorkerOutcome,
};
pub use prepare::{Event, FailedAttempt, Grounds, Hooks, Ready, prepare};
pub use remote::{Lanes, Reins};
pub use running::CLIENT_THREADS;
pub use second::{Spread, StreamSecond};
pub use teardown::Teardown;

#[cfg(test)]
mod backlog_tests;
#[cfg(test)]
mod drain_tests;
#[cfg(test)]
mod fleet_tests;
#[cfg(test)]
mod ready_tests;
