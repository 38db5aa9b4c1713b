//! What a user can see, and what the engine promises to its callers.

mod absent;
mod assertions;
mod bad_input;
mod ceiling;
mod cli;
mod clock;
mod closed_loop;
mod confusion;
mod confusion_network;
mod dry_run;
mod embedded;
mod engine_run;
mod faults;
mod golden;
mod interrupt;
mod lanes;
mod monitor;
mod real;
mod regressions;
mod silent;
mod stall;
mod statistics;
mod talk;
mod tidy;
mod verification;
mod versus;
