//! How a search for the highest sustainable rate goes: where it begins, how long it looks, when it ends.

use engine::plan::SearchDemand;
use engine::units::{Bytes, NANOS_PER_SECOND, Nanos, Rate};
use serde_yaml::Value;

use super::phases::SPAN_MAX;
use super::{Field, Speed};
use crate::spec::fault::Ledger;
use crate::spec::given::Givens;
use crate::spec::scalar::{self, Whole};

/// The fields that only a search has.
pub(super) const FIELDS: [Field; 7] = [
    Field::used("searchStartRate"),
    Field::used("searchMaxRate"),
    Field::used("searchSettle"),
    Field::used("searchWindow"),
    Field::used("searchPrecision"),
    Field::used("searchConfirmations"),
    Field::used("searchTimeout"),
];

/// The first rate, as OMB's; of large messages fewer, so that it is no more than 10 MiB a second.
const START: u64 = 10_000;
const START_BYTES: u64 = 10 << 20;

/// Below the rate from which on OMB's files mean as fast as possible.
const MOST: u64 = 9_999_999;

/// With fewer seconds no growth could be told from noise.
const CONFIRM_LEAST: Nanos = Nanos::from_secs(3);

/// Precision in hundredths of a percent: 1.5 % where nothing is said.
const PRECISION: u64 = 15;

/// How long a search looks at most where nothing is said, besides its confirmations: it is over in a third of it as a
/// rule.
const TIMEOUT: Nanos = Nanos::from_secs(15 * 60);

/// A search as file and flags have it; what is open depends on the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SearchWish {
    start: Option<Rate>,
    most: Rate,
    settle: Option<Nanos>,
    window: Option<Nanos>,
    precision_permille: u64,
    confirmations: u32,
    timeout: Option<Nanos>,
}

/// Reads the fields of a search; notes those that have no effect because there is none.
pub(super) fn read(
    givens: &Givens,
    speed: Option<&Speed>,
    ledger: &mut Ledger,
) -> Option<SearchWish> {
    if speed.is_some_and(|speed| *speed != Speed::Search) {
        for name in FIELDS.map(|field| field.name) {
            if let Some(given) = givens.get(name) {
                let text = given.fault("has no effect: producerRate is not 0").to_string();
                ledger.remark("field_without_effect", text);
            }
        }
        return None;
    }
    let span = |least: u64| {
        move |value: &Value| scalar::span(value, Nanos::from_secs(least), SPAN_MAX).and_then(whole)
    };
    let start = givens.read("searchStartRate", ledger, rate);
    let most = givens.read("searchMaxRate", ledger, rate);
    let settle = givens.read("searchSettle", ledger, span(0));
    let window = givens.read("searchWindow", ledger, span(3));
    let precision = givens.read("searchPrecision", ledger, percent);
    let count = Whole { min: 2, max: 20, example: 2 };
    let confirmations =
        givens.read("searchConfirmations", ledger, |value| count.parse_u32(value)).unwrap_or(2);
    let timeout = givens.read("searchTimeout", ledger, span(1));
    let most = most.unwrap_or_else(|| Rate::per_second(MOST).expect("it is not 0"));
    if let Some(start) = start.filter(|start| most.get() < start.get()) {
        let problem = format!("got {start}, need at most searchMaxRate, which is {most}");
        ledger.fault(givens.fault("searchStartRate", problem));
    }
    let precision_permille = precision.unwrap_or(PRECISION);
    Some(SearchWish { start, most, settle, window, precision_permille, confirmations, timeout })
}

impl SearchWish {
    /// The same for the plan, of messages of this size against a real cluster or something in this
    /// process, which has no quotas to wait for.
    ///
    /// # Errors
    /// The field that does not fit, and why: no step fits in the time, or the measured phase is too short to
    /// confirm anything.
    pub(crate) fn demand(
        self,
        size: Bytes,
        is_remote: bool,
        (warmup, measured): (Nanos, Nanos),
    ) -> Result<SearchDemand, (&'static str, String)> {
        if measured < CONFIRM_LEAST {
            let problem = format!(
                "got {measured}, need at least {CONFIRM_LEAST} for a search: a confirmation is as long"
            );
            return Err(("testDuration", problem));
        }
        let (settle, window) = if is_remote { (12, 6) } else { (2, 3) };
        let settle = self.settle.unwrap_or(Nanos::from_secs(settle));
        let window = self.window.unwrap_or(Nanos::from_secs(window));
        let usual = START.min(START_BYTES / size.0.max(1)).clamp(1, self.most.get());
        let start = self.start.or(Rate::per_second(usual)).expect("it is one at least");
        let confirm = (settle.0 + measured.0) * u64::from(self.confirmations - 1);
        // A step that stays unclear is looked at three times as long; with one the search can begin.
        let least = Nanos(settle.0 + 3 * window.0 + confirm + 20 * NANOS_PER_SECOND);
        let timeout = self.timeout.unwrap_or(Nanos(TIMEOUT.0.saturating_add(confirm)));
        if timeout < least {
            let problem =
                format!("got {timeout}, need at least {least} for one step and its confirmations");
            return Err(("searchTimeout", problem));
        }
        let bound = (warmup + timeout).0.div_ceil(NANOS_PER_SECOND);
        Ok(SearchDemand {
            warmup,
            start,
            most: self.most,
            settle,
            window,
            precision_permille: self.precision_permille,
            confirmations: self.confirmations,
            objectives: Vec::new(),
            bound: Nanos::from_secs(bound),
        })
    }

    /// The fields as they can be read again.
    pub(super) fn shown(&self) -> Vec<(&'static str, serde_json::Value)> {
        let spans = [
            ("searchSettle", self.settle),
            ("searchWindow", self.window),
            ("searchTimeout", self.timeout),
        ];
        let mut fields = vec![("searchMaxRate", self.most.get().into())];
        fields.extend(self.start.map(|start| ("searchStartRate", start.get().into())));
        fields.extend(
            spans.into_iter().filter_map(|(name, span)| Some((name, span?.to_string().into()))),
        );
        let (tenths, rest) = (self.precision_permille / 10, self.precision_permille % 10);
        fields.push(("searchPrecision", format!("{tenths}.{rest}%").into()));
        fields.push(("searchConfirmations", self.confirmations.into()));
        fields
    }
}

fn rate(value: &Value) -> Result<Rate, String> {
    let read = scalar::text(value).and_then(|text| text.parse::<Rate>().ok());
    read.filter(|rate| rate.get() <= MOST).ok_or_else(|| {
        format!(
            "got {}, need a rate from 1 to {MOST} messages per second, e.g. 50k",
            scalar::show(value)
        )
    })
}

/// Seconds are what a search counts in.
fn whole(span: Nanos) -> Result<Nanos, String> {
    if span.0.is_multiple_of(NANOS_PER_SECOND) {
        Ok(span)
    } else {
        Err(format!("got {span}, need whole seconds, e.g. 12s"))
    }
}

/// Reads `1.5%` or `1.5` as thousandths.
fn percent(value: &Value) -> Result<u64, String> {
    let text = scalar::text(value).unwrap_or_default();
    let digits = text.trim().strip_suffix('%').unwrap_or(text.trim()).trim_end();
    let (tens, rest) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_number = |part: &str| !part.is_empty() && part.chars().all(|of| of.is_ascii_digit());
    let read = || -> Option<u64> {
        let fits = is_number(tens) && is_number(rest) && rest.len() == 1;
        fits.then(|| Some(tens.parse::<u64>().ok()?.checked_mul(10)? + rest.parse::<u64>().ok()?))?
    };
    read().filter(|permille| (5..=500).contains(permille)).ok_or_else(|| {
        format!("got {}, need a share from 0.5% to 50.0%, e.g. 1.5%", scalar::show(value))
    })
}

#[cfg(test)]
mod tests {
    use super::percent;
    use serde_yaml::Value;

    #[test]
    fn a_precision_is_a_percentage_with_one_decimal() {
        let check = |text: &str, expected: Option<u64>| {
            assert_eq!(percent(&Value::from(text)).ok(), expected, "{text}");
        };
        check("1.5%", Some(15));
        check("2", Some(20));
        check("0.5 %", Some(5));
        check("50%", Some(500));
        check("0.4%", None);
        check("51", None);
        check("1.55%", None);
        check("-1", None);
        check("", None);
        check("99999999999999999999", None);
    }
}
