//! How fast: a rate, or as fast as possible.

use engine::units::Rate;
use serde_yaml::Value;

use crate::spec::fault::Ledger;
use crate::spec::given::Givens;
use crate::spec::scalar;

/// OMB has no word for "as fast as possible": its files ask for rates from here on.
const OMB_MAX: u64 = 10_000_000;

/// How fast messages are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speed {
    /// By a schedule.
    At(Rate),
    /// In a closed loop.
    Max,
    /// As fast as the cluster sustains, which is searched.
    Search,
}

/// Reads the rate.
pub(super) fn read(givens: &Givens, ledger: &mut Ledger) -> Option<Speed> {
    // OMB's default for an absent rate is 0, its search.
    let rate = match givens.demand("producerRate", ledger, speed)? {
        Speed::At(rate) => rate,
        other => return Some(other),
    };
    if rate.get() < OMB_MAX {
        return Some(Speed::At(rate));
    }
    let text = format!(
        "{rate} is OMB's way to say as fast as possible: the run is a closed loop (--rate max) without due times"
    );
    ledger.remark("closed_loop", givens.fault("producerRate", text).to_string());
    Some(Speed::Max)
}

fn speed(value: &Value) -> Result<Speed, String> {
    let text = scalar::text(value).unwrap_or_default();
    if text.trim().eq_ignore_ascii_case("max") {
        return Ok(Speed::Max);
    }
    let whole = scalar::Whole { min: 0, max: u64::MAX, example: 1 }.parse(value).ok();
    let rate = match whole {
        Some(0) => return Ok(Speed::Search),
        Some(number) => Rate::per_second(number),
        None => text.parse().ok(),
    };
    rate.map(Speed::At).ok_or_else(|| {
        format!(
            "got {}, need a number of messages per second, e.g. 50000 or 50k, or max, or 0 to search the highest",
            scalar::show(value)
        )
    })
}
