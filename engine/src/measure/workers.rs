//! The workers of a fleet as the verdict sees them: what each did, which were lost, how far clocks may be off.

use super::plausibility::PeerSeen;
use crate::units::Nanos;

/// A fleet's workers, and what only all of them together tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FleetSeen {
    /// In the order in which they were named.
    pub workers: Vec<WorkerSeen>,
    /// Messages of the measured phase that were due while lanes were missing: nobody sent them, or
    /// nobody told of it.
    pub untold: u64,
}

/// One worker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkerSeen {
    /// What it sent and had acked, by the address at which it was asked.
    pub peer: PeerSeen,
    /// The names of its lanes.
    pub lanes: Vec<String>,
    /// Messages that its clients accepted.
    pub produced: u64,
    /// Messages that were its to send; `None` where nobody knows.
    pub share: Option<u64>,
    /// Messages that it sent and of whose answers it did not tell.
    pub outstanding: u64,
    /// Whether lanes of its own send.
    pub is_sending: bool,
    /// Whether lanes of its own read.
    pub is_reading: bool,
    /// How far its corrected clock may be off; `None` where it was never asked.
    pub clock_error: Option<Nanos>,
    /// How it was lost, if it was.
    pub gone: Option<Gone>,
}

/// How a worker was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// When that was noticed.
    pub when: GoneWhen,
    /// What was seen of it.
    pub reason: String,
    /// Who took its share over in the middle of the run.
    pub heirs: Vec<String>,
}

/// When a worker was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoneWhen {
    /// Before the load began: its share was dealt to the others.
    BeforeLoad,
    /// In the warm-up, so long before the measured phase began.
    InWarmup(Nanos),
    /// So long after the measured phase began.
    Measured(Nanos),
}

impl FleetSeen {
    /// The workers that were lost with a share of the load.
    pub(super) fn lost(&self) -> impl Iterator<Item = (&WorkerSeen, &Gone)> {
        self.gone().filter(|(_, gone)| gone.when != GoneWhen::BeforeLoad)
    }

    /// The workers that were lost before the load began.
    pub(super) fn missing(&self) -> impl Iterator<Item = (&WorkerSeen, &Gone)> {
        self.gone().filter(|(_, gone)| gone.when == GoneWhen::BeforeLoad)
    }

    fn gone(&self) -> impl Iterator<Item = (&WorkerSeen, &Gone)> {
        self.workers.iter().filter_map(|worker| Some((worker, worker.gone.as_ref()?)))
    }

    /// Messages that lost workers sent and of whose answers they did not tell.
    pub(super) fn unanswered(&self) -> u64 {
        self.lost().map(|(worker, _)| worker.outstanding).sum()
    }

    /// How far a span may be off that begins on one host and ends on another: the largest sum of two
    /// different workers' errors, of which one sends and one reads. Zero where there are no such two:
    /// both ends are read from one clock.
    #[must_use]
    pub fn clock_error(&self) -> Nanos {
        let mut worst = Nanos::ZERO;
        for (index, sender) in self.workers.iter().enumerate().filter(|(_, of)| of.is_sending) {
            let readers = self.workers.iter().enumerate().filter(|(_, of)| of.is_reading);
            for (_, reader) in readers.filter(|(other, _)| *other != index) {
                let both = sender.clock_error.zip(reader.clock_error);
                worst = both.map_or(worst, |(one, other)| worst.max(one + other));
            }
        }
        worst
    }
}

#[cfg(test)]
mod tests {
    use super::{FleetSeen, WorkerSeen};
    use crate::units::Nanos;

    /// Workers that send, read or do both, with their clocks' errors in microseconds.
    fn check(workers: &[(&str, Option<u64>)], expected_us: u64) {
        let worker = |(does, error): &(&str, Option<u64>)| WorkerSeen {
            is_sending: does.contains("sends"),
            is_reading: does.contains("reads"),
            clock_error: error.map(|micros| Nanos(micros * 1_000)),
            ..WorkerSeen::default()
        };
        let fleet =
            FleetSeen { workers: workers.iter().map(worker).collect(), ..FleetSeen::default() };
        assert_eq!(fleet.clock_error(), Nanos(expected_us * 1_000), "{workers:?}");
    }

    #[test]
    fn a_span_from_host_to_host_is_uncertain_by_both_clocks_and_one_within_a_host_is_not() {
        check(&[], 0);
        check(&[("sends and reads", Some(40))], 0);
        check(&[("sends", Some(40)), ("sends", Some(90))], 0);
        check(&[("sends", Some(40)), ("reads", Some(25)), ("reads", Some(30))], 70);
        check(&[("sends", Some(90)), ("sends and reads", Some(20)), ("reads", Some(10))], 110);
        check(&[("sends and reads", Some(50)), ("sends and reads", None)], 0);
    }
}
