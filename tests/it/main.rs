//! What a user can see, and what the engine promises to its callers.

mod engine_run;
mod scratch;
