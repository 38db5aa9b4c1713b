//! One latency of a slice as JSON: its percentiles, and the histogram that they are of.

use super::astray::Astray;
use crate::report::latency::NAMED;
use crate::report::{float, thousandth};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use engine::measure::constants::SAMPLES_BEYOND;
use engine::measure::value_at_percentile;
use engine::units::Nanos;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};
use serde_json::{Value, json};

/// Whether fewer samples lie beyond a percentile than say something.
pub(super) fn is_few(histogram: &Histogram<u64>, percent: f64) -> bool {
    (float(histogram.len()) * (1.0 - percent / 100.0)).round() < float(SAMPLES_BEYOND)
}

/// The span that `percent` of all do not exceed, never above the longest.
pub(super) fn percentile(histogram: &Histogram<u64>, percent: f64, longest: Nanos) -> u64 {
    value_at_percentile(histogram, percent).min(longest.0)
}

/// One latency; the exact mean is the whole result's alone, so this is the histogram's.
pub(super) fn block(histogram: &Histogram<u64>, longest: Nanos, astray: Astray) -> Value {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new()
        .serialize(histogram, &mut bytes)
        .expect("writing to memory does not fail");
    let some = |nanos: u64| (!histogram.is_empty()).then(|| micros(nanos));
    let mut block = json!({
        "count": histogram.len(),
        "min_us": some(histogram.min()),
        "mean_us": (!histogram.is_empty()).then(|| thousandth(histogram.mean() / 1_000.0)),
    });
    for (percent, name) in NAMED {
        block[name] = some(percentile(histogram, percent, longest)).into();
    }
    block["max_us"] = some(longest.0).into();
    block["beyond_range"] = astray.beyond_range.into();
    block["negative"] = astray.negative.into();
    let is_flagged = |percent| !histogram.is_empty() && is_few(histogram, percent);
    let few = NAMED.iter().filter(|(percent, _)| is_flagged(*percent));
    block["few_samples"] = few.map(|(_, name)| *name).collect::<Vec<&str>>().into();
    block["histogram_unit"] = "ns".into();
    block["histogram"] = STANDARD.encode(bytes).into();
    block
}

/// Nanoseconds as microseconds.
pub(super) fn micros(nanos: u64) -> f64 {
    crate::report::micros(Nanos(nanos))
}
