//! Transactions: how long each is, and which of them are aborted.

use super::{ClientCount, Demand};
use crate::units::Nanos;

/// Logical producers that send in transactions at most: each has a thread, a client and figures of its own.
pub const TRANSACTIONAL_MAX: u64 = 64;

/// The whole of what aborts are a part of.
pub const MILLION: u32 = 1_000_000;

/// How a run's producers send in transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transactions {
    /// When one ends.
    pub length: TransactionLength,
    /// Of a million transactions so many are aborted, on average; at most [`MILLION`].
    pub aborts_per_million: u32,
    /// Which ones: the same for the same seed.
    pub seed: u64,
    /// A transaction is open no longer than this, whatever its length: brokers abort it after
    /// `transaction.timeout.ms` and fence its producer.
    pub longest: Nanos,
}

/// When a transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionLength {
    /// After so many messages; at least one.
    Messages(u64),
    /// So long after its first message; above zero.
    Span(Nanos),
}

impl Transactions {
    /// Messages of one transaction at most.
    #[must_use]
    pub const fn messages(&self) -> u64 {
        match self.length {
            TransactionLength::Messages(count) => count,
            TransactionLength::Span(_) => u64::MAX,
        }
    }

    /// How long one is open at most.
    #[must_use]
    pub fn span(&self) -> Nanos {
        match self.length {
            TransactionLength::Messages(_) => self.longest,
            TransactionLength::Span(span) => span.min(self.longest),
        }
    }

    /// Whether a producer's transaction of this number is aborted: a function of these and the seed
    /// alone, so that every host and every run with the same seed chooses the same.
    #[must_use]
    pub fn is_aborted(&self, producer: u64, number: u64) -> bool {
        let drawn = mixed(mixed(mixed(self.seed) ^ producer) ^ number);
        // The high half of the product is even over 0 to MILLION − 1, without a division's bias.
        ((drawn >> 32) * u64::from(MILLION)) >> 32 < u64::from(self.aborts_per_million)
    }
}

/// Vigna's `SplitMix64`: one step of its counter and its finaliser
/// (<https://prng.di.unimi.it/splitmix64.c>).
const fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// The id by which brokers know a producer's transactions: a holder that takes a producer's share over
/// has the same, so that brokers abort what the lost one left open and refuse it from then on.
#[must_use]
pub fn transactional_id(prefix: &str, test_id: &str, stream: &str, producer: u64) -> String {
    format!("{prefix}-{test_id}-{stream}-{producer}")
}

/// Tells that a number of clients is not for producers that send in transactions.
pub(super) fn remark(demand: &Demand, count: ClientCount) -> Option<String> {
    let ClientCount::Number(number) = count else { return None };
    demand.clients.transactions.as_ref()?;
    Some(format!(
        "{number} clients for each subscription only: a producer that sends in transactions has a client of its own"
    ))
}

#[cfg(test)]
mod tests {
    use super::{TransactionLength, Transactions, mixed, transactional_id};
    use crate::units::Nanos;

    fn transactions(aborts_per_million: u32, seed: u64) -> Transactions {
        let length = TransactionLength::Messages(10);
        Transactions { length, aborts_per_million, seed, longest: Nanos::from_secs(30) }
    }

    /// How many of so many transactions of a producer are aborted.
    fn aborted(asked: &Transactions, producer: u64, count: u64) -> u64 {
        let aborted = (0..count).filter(|number| asked.is_aborted(producer, *number));
        u64::try_from(aborted.count()).expect("a few")
    }

    #[test]
    fn mixing_is_what_its_author_publishes() {
        // The first outputs of splitmix64 seeded with 0 and with its own increment.
        assert_eq!(mixed(0), 0xE220_A839_7B1D_CDAF, "the first");
        assert_eq!(mixed(0x9E37_79B9_7F4A_7C15), 0x6E78_9E6A_A1B9_65F4, "the second");
    }

    #[test]
    fn none_all_and_a_tenth_are_aborted_as_asked() {
        for producer in 0..4 {
            assert_eq!(aborted(&transactions(0, 7), producer, 10_000), 0, "none");
            assert_eq!(aborted(&transactions(1_000_000, 7), producer, 10_000), 10_000, "all");
            // Six standard deviations of a binomial distribution: 30 each.
            let tenth = aborted(&transactions(100_000, 7), producer, 10_000);
            assert!((820..=1_180).contains(&tenth), "producer {producer}: {tenth}");
        }
    }

    #[test]
    fn which_ones_depends_on_the_seed_and_the_producer_and_on_nothing_else() {
        let chosen = |seed: u64, producer: u64| -> Vec<u64> {
            let asked = transactions(100_000, seed);
            (0..1_000).filter(|number| asked.is_aborted(producer, *number)).collect()
        };
        assert_eq!(chosen(1, 0), chosen(1, 0), "the same again");
        assert_ne!(chosen(1, 0), chosen(2, 0), "another seed");
        assert_ne!(chosen(1, 0), chosen(1, 1), "another producer");
    }

    #[test]
    fn no_transaction_is_open_longer_than_brokers_wait() {
        let span = |length| Transactions { length, ..transactions(0, 0) }.span();
        assert_eq!(span(TransactionLength::Messages(5)), Nanos::from_secs(30), "by count");
        let second = Nanos::from_secs(1);
        assert_eq!(span(TransactionLength::Span(second)), second, "by time");
        let hour = Nanos::from_secs(3_600);
        assert_eq!(span(TransactionLength::Span(hour)), Nanos::from_secs(30), "too long a time");
    }

    #[test]
    fn ids_tell_runs_streams_and_producers_apart() {
        assert_eq!(transactional_id("kdyno", "t_1_ab", "main", 3), "kdyno-t_1_ab-main-3");
    }
}
