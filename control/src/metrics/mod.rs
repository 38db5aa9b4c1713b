//! What a run or a worker has done so far, for Prometheus: text format 0.0.4, names by its conventions.
//!
//! A run thread puts a second's tally in when it is complete, whoever asks makes the text: lanes know of
//! neither.

mod exposition;
mod figures;
mod hooks;
mod meter;

pub(crate) use exposition::{CONTENT_TYPE, Exposition, Labels};
pub(crate) use figures::{COUNTERS, Count, HISTOGRAMS, Histogram, Of, Part, Traits};
pub(crate) use hooks::Metered;
pub(crate) use meter::{Meter, build};
