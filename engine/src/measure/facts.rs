//! The numbers and words behind a finding, and how they are written.

/// One number or text behind a finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// Its name, with the unit at the end where there is one.
    pub name: &'static str,
    /// What was seen.
    pub value: FactValue,
}

/// The value of a fact.
#[derive(Clone, Debug, PartialEq)]
pub enum FactValue {
    /// How many.
    Count(u64),
    /// A share or a quantity.
    Number(f64),
    /// Words.
    Text(String),
}

/// A number behind a finding.
pub(super) fn count(name: &'static str, value: u64) -> Fact {
    Fact { name, value: FactValue::Count(value) }
}

/// A share or quantity behind a finding.
pub(super) fn number(name: &'static str, value: f64) -> Fact {
    Fact { name, value: FactValue::Number(value) }
}

/// Words behind a finding.
pub(super) fn text(name: &'static str, value: impl Into<String>) -> Fact {
    Fact { name, value: FactValue::Text(value.into()) }
}

/// A part of a whole, 0 to 1; zero where there is no whole.
#[expect(clippy::cast_precision_loss, reason = "counts of messages stay below 2^53")]
pub(super) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// A share in percent, with digits enough that 99.899 does not read as the target of 99.9.
pub(super) fn percent(part: u64, whole: u64) -> String {
    format!("{:.3} %", share(part, whole) * 100.0)
}

/// The first few names, and how many more there are.
pub(super) fn some_of(names: &[&str]) -> String {
    const SHOWN: usize = 3;
    match names.len().saturating_sub(SHOWN) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names[..SHOWN].join(", ")),
    }
}
