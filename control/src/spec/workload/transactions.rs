//! How a workload's producers send in transactions: how long each is, and how many are aborted.

use engine::plan::{MILLION, TransactionLength, Transactions};
use engine::units::Nanos;
use serde_json::{Value as Json, json};

use super::phases::SPAN_MAX;
use crate::spec::fault::Ledger;
use crate::spec::fields::Field;
use crate::spec::given::Givens;
use crate::spec::scalar::{self, Whole};

/// The fields that only transactions have.
pub(super) const FIELDS: [Field; 4] = [
    Field::used("transactionMessages"),
    Field::used("transactionDuration"),
    Field::used("transactionAbortRatio"),
    Field::used("transactionSeed"),
];

/// The same transactions are aborted in every run that names no other seed.
const SEED: u64 = 1;

/// Messages of one transaction, so that its due times fit in memory.
const MESSAGES: Whole = Whole { min: 1, max: 10_000_000, example: 100 };

/// What transactions are to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TransactionWish {
    /// When one ends; `None` where the driver says it.
    pub length: Option<TransactionLength>,
    /// Of a million so many are aborted.
    pub aborts_per_million: u32,
    /// Which ones.
    pub seed: u64,
}

impl TransactionWish {
    /// Nothing is wished: as long as the driver says, and all of them committed.
    pub(crate) const NONE: Self = Self { length: None, aborts_per_million: 0, seed: SEED };

    /// What the engine is to do: of the length that the workload says, else the driver's; `None` where
    /// neither says one. One is open for half as long as brokers wait for its end at most.
    pub(crate) fn demand(
        self,
        of_driver: Option<u64>,
        transaction_timeout: Nanos,
    ) -> Option<Transactions> {
        let length = self.length.or(of_driver.map(TransactionLength::Messages))?;
        Some(Transactions {
            length,
            aborts_per_million: self.aborts_per_million,
            seed: self.seed,
            longest: Nanos(transaction_timeout.0 / 2),
        })
    }

    /// The fields as reports show them.
    pub(super) fn shown(&self) -> Vec<(&'static str, Json)> {
        let [messages, duration, ratio, seed] = FIELDS.map(|field| field.name);
        let mut shown = Vec::new();
        match self.length {
            Some(TransactionLength::Messages(count)) => shown.push((messages, json!(count))),
            Some(TransactionLength::Span(span)) => shown.push((duration, json!(span.to_string()))),
            None => {}
        }
        let share = f64::from(self.aborts_per_million) / f64::from(MILLION);
        shown.extend([(ratio, json!(share)), (seed, json!(self.seed))]);
        shown
    }
}

/// Reads what is wished of transactions; `None` where nothing is.
pub(super) fn read(givens: &Givens, ledger: &mut Ledger) -> Option<TransactionWish> {
    let [messages, duration, ratio, seed] = FIELDS.map(|field| field.name);
    if FIELDS.iter().all(|field| givens.get(field.name).is_none()) {
        return None;
    }
    if givens.get(messages).is_some() && givens.get(duration).is_some() {
        let problem = format!("ends a transaction as {messages} does: keep one of them");
        ledger.fault(givens.fault(duration, problem));
    }
    let counted = givens.read(messages, ledger, |value| MESSAGES.parse(value));
    let timed = givens.read(duration, ledger, |value| scalar::span(value, Nanos(1), SPAN_MAX));
    let share = givens.read(ratio, ledger, scalar::ratio).unwrap_or(0.0);
    let whole = Whole { min: 0, max: u64::MAX, example: 42 };
    let seed = givens.read(seed, ledger, |value| whole.parse(value)).unwrap_or(SEED);
    let length = counted.map(TransactionLength::Messages);
    Some(TransactionWish {
        length: length.or(timed.map(TransactionLength::Span)),
        aborts_per_million: per_million(share),
        seed,
    })
}

/// A share from 0 to 1 in millionths, rounded.
fn per_million(share: f64) -> u32 {
    let millionths = share * f64::from(MILLION);
    format!("{millionths:.0}").parse::<u32>().unwrap_or(0).min(MILLION)
}

#[cfg(test)]
mod tests {
    use super::per_million;

    #[test]
    fn shares_are_whole_millionths() {
        let check = |share: f64, expected: u32| assert_eq!(per_million(share), expected, "{share}");
        check(0.0, 0);
        check(0.1, 100_000);
        check(0.333_333_3, 333_333);
        check(1.0, 1_000_000);
    }
}
