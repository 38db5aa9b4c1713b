//! Which figures there are, for runs and for workers' tasks alike.

use crate::report::float;
use engine::measure::{Latency, PhaseTally, Transacted};
use engine::plan::{Demand, StreamDemand};
use engine::units::{NANOS_PER_SECOND, Nanos};
use std::sync::LazyLock;

/// Of which streams a figure is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    /// Of every one.
    All,
    /// Of those whose messages have due times: in a closed loop it does not exist, in the report as here.
    Timed,
    /// Of those whose messages are sent in transactions.
    Transactional,
}

/// What a stream has of what not all have.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Traits {
    is_timed: bool,
    is_transactional: bool,
}

impl Traits {
    /// Those of a stream of a demand.
    pub(crate) fn of(demand: &Demand, stream: &StreamDemand) -> Self {
        let is_transactional = demand.clients.transactions.is_some() && !stream.is_read_only();
        Self { is_timed: stream.pace.is_paced(), is_transactional }
    }
}

impl Of {
    /// Whether it is told of such streams.
    pub(crate) const fn takes(self, of: Traits) -> bool {
        match self {
            Self::All => true,
            Self::Timed => of.is_timed,
            Self::Transactional => of.is_transactional,
        }
    }
}

/// Where a counter stands, and of which streams it is.
pub(crate) type Count = (Of, fn(&PhaseTally) -> u64);

/// A counter: its name, what it is, and where it stands.
type Counter = (&'static str, &'static str, Count);

/// What is counted of each phase.
pub(crate) const COUNTERS: &[Counter] = &[
    (
        "kdyno_due_messages_total",
        "Messages expected so far: due by the schedule.",
        (Of::Timed, |seen| seen.produced.due),
    ),
    (
        "kdyno_produced_messages_total",
        "Messages that clients took.",
        (Of::All, |seen| seen.produced.messages),
    ),
    ("kdyno_produced_bytes_total", "Bytes of their bodies.", (Of::All, |seen| seen.produced.bytes)),
    (
        "kdyno_acked_messages_total",
        "Messages that brokers confirmed.",
        (Of::All, |seen| seen.acked.messages),
    ),
    (
        "kdyno_failed_messages_total",
        "Messages that clients gave up.",
        (Of::All, |seen| seen.acked.failed),
    ),
    ("kdyno_consumed_messages_total", "Messages received.", (Of::All, PhaseTally::received)),
    (
        "kdyno_errors_total",
        "Failed messages and commits, consumer errors.",
        (Of::All, PhaseTally::errors),
    ),
    (
        "kdyno_late_messages_total",
        "Messages sent more than a millisecond after their due, by kdyno itself.",
        (Of::Timed, |seen| seen.produced.late_by_us),
    ),
    (
        "kdyno_held_back_messages_total",
        "Messages that met a full client.",
        (Of::All, |seen| seen.produced.held_back),
    ),
    (
        "kdyno_negative_spans_total",
        "Latencies that ended before they began: clocks disagreed.",
        (Of::All, |seen| {
            [&seen.publish, &seen.service, &seen.send_delay, &seen.end_to_end, &seen.transit]
                .into_iter()
                .map(Latency::negative)
                .sum()
        }),
    ),
    (
        "kdyno_committed_transactions_total",
        "Transactions that brokers committed.",
        (Of::Transactional, |seen| transactions(seen, |of| of.committed)),
    ),
    (
        "kdyno_aborted_transactions_total",
        "Transactions that were aborted, as planned or since they could not be committed.",
        (Of::Transactional, |seen| transactions(seen, |of| of.aborted + of.forced)),
    ),
    (
        "kdyno_undecided_transactions_total",
        "Transactions of which no end was answered.",
        (Of::Transactional, |seen| transactions(seen, |of| of.undecided)),
    ),
];

/// Transactions of a phase by their fate.
fn transactions(seen: &PhaseTally, part: fn(&Transacted) -> u64) -> u64 {
    seen.transactions.as_deref().map_or(0, part)
}

/// A latency: its name, what it is, and where a lane counts it.
type Span = (&'static str, &'static str, Part);

/// Where a latency is counted, and of which streams it is.
pub(crate) type Part = (Of, fn(&PhaseTally) -> &Latency);

/// The latencies of the measured phase.
pub(crate) const HISTOGRAMS: &[Span] = &[
    ("kdyno_publish_latency_seconds", "From due to acked.", (Of::Timed, |seen| &seen.publish)),
    ("kdyno_service_time_seconds", "From sent to acked.", (Of::All, |seen| &seen.service)),
    (
        "kdyno_send_delay_seconds",
        "From due to sent: how late kdyno was.",
        (Of::Timed, |seen| &seen.send_delay),
    ),
    (
        "kdyno_end_to_end_latency_seconds",
        "From due to received.",
        (Of::Timed, |seen| &seen.end_to_end),
    ),
    ("kdyno_transit_seconds", "From sent to received.", (Of::All, |seen| &seen.transit)),
    (
        "kdyno_transaction_commit_seconds",
        "From the last answer to a message of a transaction to that of its commit.",
        (Of::Transactional, |seen| {
            seen.transactions.as_deref().map_or_else(|| &*NONE, |of| &of.commit)
        }),
    ),
];

/// Of a phase without transactions.
static NONE: LazyLock<Latency> = LazyLock::new(Latency::default);

/// Upper ends of the buckets: 1, 2.5 and 5 in each power of ten, from what a broker nearby needs to the
/// longest that anybody waits for.
pub(super) const BOUNDS: [(Nanos, &str); 19] = [
    (Nanos(50_000), "0.00005"),
    (Nanos(100_000), "0.0001"),
    (Nanos(250_000), "0.00025"),
    (Nanos(500_000), "0.0005"),
    (Nanos(1_000_000), "0.001"),
    (Nanos(2_500_000), "0.0025"),
    (Nanos(5_000_000), "0.005"),
    (Nanos(10_000_000), "0.01"),
    (Nanos(25_000_000), "0.025"),
    (Nanos(50_000_000), "0.05"),
    (Nanos(100_000_000), "0.1"),
    (Nanos(250_000_000), "0.25"),
    (Nanos(500_000_000), "0.5"),
    (Nanos(1_000_000_000), "1"),
    (Nanos(2_500_000_000), "2.5"),
    (Nanos(5_000_000_000), "5"),
    (Nanos(10_000_000_000), "10"),
    (Nanos(30_000_000_000), "30"),
    (Nanos(60_000_000_000), "60"),
];

/// A latency in buckets.
#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    /// How many spans are at most as long as each of the bounds, to the histogram's precision of a
    /// thousandth.
    pub(super) up_to: Vec<u64>,
    /// How many there are, those beyond the last bound included.
    pub(super) count: u64,
    /// Their sum in seconds.
    pub(super) sum_seconds: f64,
}

impl Histogram {
    /// Puts a latency into buckets.
    pub(crate) fn of(latency: &Latency) -> Self {
        let (sum, second) = (latency.sum_nanos(), u128::from(NANOS_PER_SECOND));
        let part = |nanos: u128| float(u64::try_from(nanos).unwrap_or(u64::MAX));
        // In two steps: as nanoseconds it may be more than 64 bits hold.
        let sum_seconds = part(sum / second) + part(sum % second) / 1e9;
        let up_to = latency.counts_up_to(BOUNDS.iter().map(|(bound, _)| *bound));
        Self { up_to, count: latency.count(), sum_seconds }
    }
}

#[cfg(test)]
mod tests {
    use super::{BOUNDS, COUNTERS, HISTOGRAMS};
    use std::collections::BTreeSet;

    #[test]
    fn bounds_ascend_and_are_written_in_seconds() {
        for pair in BOUNDS.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{pair:?}");
        }
        for (bound, text) in BOUNDS {
            let seconds: f64 = text.parse().expect("a number");
            assert!((seconds - bound.as_secs_f64()).abs() < 1e-12, "{text}");
        }
    }

    #[test]
    fn every_figure_has_a_name_of_its_own() {
        let counters = COUNTERS.iter().map(|(name, _, _)| *name);
        let names: Vec<&str> =
            counters.chain(HISTOGRAMS.iter().map(|(name, _, _)| *name)).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
    }
}
