//! What a user can see, and what the engine promises to its callers.

mod cli;
mod embedded;
mod engine_run;
mod real;
mod tidy;
