//! Seconds of runs, cut out and put together again: counts and histograms, so that slices add up to the
//! whole exactly. Made of the files that grow while a run goes on, so also of a run that was killed.

mod astray;
mod block;
mod drained;
mod longest;
mod render;
mod run_seconds;
#[expect(clippy::module_inception, reason = "a file is named after its main type")]
mod slice;

pub(crate) use render::{read, tell};
use run_seconds::cut;
use slice::Slice;
