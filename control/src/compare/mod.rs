//! `kdyno compare`: is a candidate better or worse than the baseline, by how much, and how sure is that?
//!
//! One run of each is compared by its seconds, which depend on each other and count as fewer; three repeats
//! of each or more are compared run by run. All figures of all candidates are judged together, so that a
//! comparison of the same with the same says "difference" no more often than one in twenty.

mod agreement;
mod between;
mod certainty;
mod chart;
mod comparison;
#[cfg(test)]
mod comparison_tests;
mod difference;
mod differs;
mod estimate;
mod figure;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod forms_tests;
mod group;
mod holm;
mod html;
mod json;
#[cfg(test)]
mod laws;
mod markdown;
mod one_stream;
mod recorded;
#[cfg(test)]
mod recorded_laws;
#[cfg(test)]
mod recorded_runs;
mod student;
#[cfg(test)]
mod synthetic;
mod text;
mod variant;
mod words;

pub(crate) use agreement::agreement;
pub(crate) use group::{Forms, Group, compared};
pub(crate) use variant::read;

use crate::cli::{CompareFlags, CompareFormat};
use crate::report::float;
use comparison::Comparison;
use std::io::Write;
use variant::Variant;

/// Compares variants and tells it. Returns the exit code.
///
/// # Errors
/// When `out` cannot be written.
pub(crate) fn tell(
    variants: Vec<Variant>,
    flags: &CompareFlags,
    out: &mut dyn Write,
) -> std::io::Result<u8> {
    let comparison = Comparison::of(variants, flags.tolerance);
    let document = match flags.format {
        CompareFormat::Text => text::text(&comparison).into_bytes(),
        CompareFormat::Json => json::json(&comparison),
        CompareFormat::Markdown => markdown::markdown(&comparison).into_bytes(),
        CompareFormat::Html => html::html(&comparison).into_bytes(),
    };
    out.write_all(&document)?;
    Ok(comparison.exit_code())
}

/// A count as a float.
fn number(count: usize) -> f64 {
    float(u64::try_from(count).expect("what lies in memory is counted in 64 bits"))
}
