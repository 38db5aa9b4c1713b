//! How long a workload warms up, and how long it is measured.

use engine::plan::Warmup;
use engine::units::{NANOS_PER_SECOND, Nanos};
use serde_yaml::Value;

use super::super::fault::Ledger;
use super::super::given::Givens;
use super::super::scalar;

/// OMB's warm-up where the file names none.
const WARMUP: Warmup = Warmup::Fixed(Nanos::from_secs(60));

/// How long a warm-up that ends by itself lasts at most, unless told: as long as OMB's. What is not
/// steady by then, caches and page cache included, seldom becomes so in a few seconds more.
const BOUND: Nanos = Nanos::from_secs(60);

/// The least bound: five seconds that must be steady, and one to say so. With less none could be.
const BOUND_MIN: Nanos = Nanos::from_secs(6);

/// A year, in OMB's unit and in ours: beyond it a number is a slip.
const MINUTES_MAX: u64 = 365 * 24 * 60;
pub(super) const SPAN_MAX: Nanos = Nanos::from_secs(MINUTES_MAX * 60);

/// The two fields of a phase, the exact one first.
const WARMUPS: [&str; 2] = ["warmupDuration", "warmupDurationMinutes"];
const MEASURED: [&str; 2] = ["testDuration", "testDurationMinutes"];

/// Reads the warm-up.
pub(super) fn warmup(givens: &Givens, ledger: &mut Ledger) -> Warmup {
    tell_rivals(givens, WARMUPS, ledger);
    let [exact, minutes] = WARMUPS;
    let in_minutes = |value: &Value| {
        let need = |need| format!("{need}, or {AUTO}");
        auto(value).unwrap_or_else(|| whole(0).parse(value).map(of_minutes).map_err(need))
    };
    let spanned = |value: &Value| {
        let need = |need| format!("{need}, or {AUTO}");
        auto(value).unwrap_or_else(|| {
            scalar::span(value, Nanos::ZERO, SPAN_MAX).map(Warmup::Fixed).map_err(need)
        })
    };
    let counted = givens.read(minutes, ledger, in_minutes);
    givens.read(exact, ledger, spanned).or(counted).unwrap_or(WARMUP)
}

/// Whether a flag asks for a warm-up: it wins over an invocation that leaves warm-ups out.
pub(super) fn is_warmup_by_flag(givens: &Givens) -> bool {
    WARMUPS.into_iter().any(|field| givens.get(field).is_some_and(|given| given.by_flag))
}

/// Reads the length of the measured phase, which has no default.
pub(super) fn measured(givens: &Givens, ledger: &mut Ledger) -> Option<Nanos> {
    tell_rivals(givens, MEASURED, ledger);
    let [exact, minutes] = MEASURED;
    let in_minutes =
        |value: &Value| whole(1).parse(value).map_err(|need| format!("{need}, or --duration 30s"));
    let counted = givens.read(minutes, ledger, in_minutes);
    let spanned = givens.read(exact, ledger, |value| scalar::span(value, Nanos(1), SPAN_MAX));
    if MEASURED.into_iter().all(|field| givens.get(field).is_none()) {
        let problem = "is not given, need a time above 0, e.g. 30s (or testDurationMinutes: 1, or --duration 30s)";
        ledger.fault(givens.fault(exact, problem));
    }
    spanned.or(counted.map(|count| Nanos::from_secs(count * 60)))
}

/// Both fields of a phase are given.
fn tell_rivals(givens: &Givens, [exact, minutes]: [&'static str; 2], ledger: &mut Ledger) {
    if let (Some(first), Some(second)) = (givens.get(exact), givens.get(minutes)) {
        let problem =
            format!("says the same as {} ({}): keep one of them", first.field, first.place);
        ledger.fault(second.fault(problem));
    }
}

const fn whole(min: u64) -> scalar::Whole {
    scalar::Whole { min, max: MINUTES_MAX, example: 5 }
}

const fn of_minutes(count: u64) -> Warmup {
    Warmup::Fixed(Nanos::from_secs(count * 60))
}

const AUTO: &str = "auto";

/// Reads `auto` and `auto:90s`; `None` for whatever else.
fn auto(value: &Value) -> Option<Result<Warmup, String>> {
    let text = scalar::text(value)?;
    let rest = text.trim().strip_prefix(AUTO)?.trim();
    if rest.is_empty() {
        return Some(Ok(Warmup::Auto { bound: BOUND }));
    }
    let bound = rest.strip_prefix(':')?.trim().parse::<Nanos>().ok();
    let is_fit = |span: &Nanos| {
        (BOUND_MIN..=SPAN_MAX).contains(span) && span.0.is_multiple_of(NANOS_PER_SECOND)
    };
    let read = bound.filter(is_fit).map(|bound| Warmup::Auto { bound });
    Some(read.ok_or_else(|| {
        format!(
            "got {}, need auto:TIME with whole seconds from {BOUND_MIN} on, e.g. auto:90s",
            scalar::show(value)
        )
    }))
}

/// A warm-up as it can be read again.
pub(super) fn show(warmup: Warmup) -> String {
    match warmup {
        Warmup::Fixed(length) => length.to_string(),
        Warmup::Auto { bound } => format!("{AUTO}:{bound}"),
    }
}
