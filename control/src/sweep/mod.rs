//! The folder of a sweep: what each of its runs came to, a table and a chart, and how it goes on.
//!
//! Run directories lie inside it, so that all of a sweep is in one place. After each run `sweep.json` (the
//! `document`), `sweep.md` (the `table`) and `sweep.svg` (the `chart`) are written anew, each whole.

mod chart;
mod document;
mod fingerprint;
mod folder;
mod table;

pub(crate) use document::{Figures, part};
pub(crate) use folder::{SweepFolder, resume};
