//! What a run has done so far, shared with whoever asks: between runs it is the last one's.

use super::exposition::{Exposition, Labels};
use super::figures::{COUNTERS, HISTOGRAMS, Histogram, Of, Traits};
use engine::measure::{Latency, Phase, PhaseTally, StreamTally, Tally};
use engine::plan::Demand;
use engine::run::Interval;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    /// Topics and consumers are made ready.
    #[default]
    Preparing,
    /// The warm-up, or the search for a rate.
    Warmup,
    /// What is reported.
    Measured,
    /// Consumers read what is left.
    Drain,
    /// Nothing more comes.
    Done,
}

impl Stage {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Preparing, "preparing"),
        (Self::Warmup, "warmup"),
        (Self::Measured, "measured"),
        (Self::Drain, "drain"),
        (Self::Done, "done"),
    ];
}

/// The phases, as labels have them.
const PHASES: [(&str, Phase); 2] = [("warmup", Phase::Warmup), ("measured", Phase::Measured)];

/// What a run has done so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter {
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    test_id: String,
    /// Each stream's.
    traits: Vec<Traits>,
    stage: Stage,
    /// By phase, in the order of [`COUNTERS`].
    counts: [[u64; COUNTERS.len()]; 2],
    /// In the order of [`HISTOGRAMS`].
    latencies: [Latency; HISTOGRAMS.len()],
    /// Due, produced, acked and consumed in the last second, of either phase.
    last: [u64; 4],
    backlog: u64,
}

impl Meter {
    /// Forgets the run before: its counters begin at zero, which those who ask know to handle.
    pub(super) fn begin(&self, demand: &Demand) {
        *self.seen() = Seen {
            test_id: demand.test_id.clone(),
            traits: demand.streams.iter().map(|stream| Traits::of(demand, stream)).collect(),
            ..Seen::default()
        };
    }

    /// Notes where the run is.
    pub(super) fn enter(&self, stage: Stage) {
        let mut seen = self.seen();
        seen.stage = stage;
        if stage == Stage::Done {
            // No further second will say that nothing is sent any more.
            seen.last = [0; 4];
        }
    }

    /// Adds a second.
    pub(super) fn add(&self, tally: &Tally) {
        let mut seen = self.seen();
        let Seen { traits, counts, latencies, last, .. } = &mut *seen;
        let of_streams = |of: Of| {
            let streams = traits.iter().zip(&tally.streams);
            streams.filter(move |(own, _)| of.takes(**own)).map(|(_, stream)| stream)
        };
        for (of_one, (_, phase)) in counts.iter_mut().zip(PHASES) {
            for (count, (_, _, (of, value))) in of_one.iter_mut().zip(COUNTERS) {
                *count += of_streams(*of).map(|stream| value(of_phase(stream, phase))).sum::<u64>();
            }
        }
        let both = |of: Of, value: fn(&PhaseTally) -> u64| -> u64 {
            of_streams(of).map(|stream| value(&stream.warmup) + value(&stream.measured)).sum()
        };
        *last = [
            both(Of::Timed, |of| of.produced.due),
            both(Of::All, |of| of.produced.messages),
            both(Of::All, |of| of.acked.messages),
            both(Of::All, PhaseTally::received),
        ];
        for (latency, (_, _, (of, part))) in latencies.iter_mut().zip(HISTOGRAMS) {
            of_streams(*of).for_each(|stream| latency.merge(part(&stream.measured)));
        }
    }

    /// Notes what is unread.
    pub(super) fn note(&self, interval: &Interval) {
        self.seen().backlog = interval.backlog;
    }

    /// The text for Prometheus.
    pub(crate) fn text(&self) -> String {
        let seen = self.seen();
        let mut text = Exposition::default();
        build(&mut text);
        let of_run = |value| [(vec![("test_id", seen.test_id.as_str())], value)];
        text.gauges(("kdyno_run_info", "The present run, or the last one."), &of_run(1));
        let stages =
            Stage::ALL.map(|(stage, word)| (vec![("phase", word)], u64::from(stage == seen.stage)));
        text.gauges(("kdyno_run_phase", "1 for the phase that the run is in."), &stages);
        // What no stream has is left out: a zero would say that there is such a thing.
        let is_told = |of: Of| of == Of::All || seen.traits.iter().any(|traits| of.takes(*traits));
        for (index, (name, help, (of, _))) in COUNTERS.iter().enumerate() {
            if !is_told(*of) {
                continue;
            }
            let counts = PHASES.iter().zip(&seen.counts);
            let samples: Vec<(Labels<'_>, u64)> = counts
                .map(|((phase, _), counts)| (vec![("phase", *phase)], counts[index]))
                .collect();
            text.counters((name, help), &samples);
        }
        let [due, produced, acked, consumed] = seen.last;
        let rates = [
            ("kdyno_expected_messages_per_second", "Due in the last full second.", due),
            ("kdyno_produced_messages_per_second", "Taken by clients in it.", produced),
            ("kdyno_acked_messages_per_second", "Confirmed by brokers in it.", acked),
            ("kdyno_consumed_messages_per_second", "Received in it.", consumed),
        ];
        // In a closed loop nothing is expected: a zero would say that too much is sent.
        for (name, help, rate) in rates.into_iter().skip(usize::from(!is_told(Of::Timed))) {
            text.gauges((name, help), &[(Vec::new(), rate)]);
        }
        let backlog =
            ("kdyno_backlog_messages", "Acked for each subscription and not yet received.");
        text.gauges(backlog, &[(Vec::new(), seen.backlog)]);
        for ((name, help, (of, _)), latency) in HISTOGRAMS.iter().zip(&seen.latencies) {
            if is_told(*of) {
                text.histograms((name, help), &[(Vec::new(), Histogram::of(latency))]);
            }
        }
        text.into_text()
    }

    /// Nothing that panicked with it leaves it half done in a way that the next second would not mend.
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A phase of a stream.
const fn of_phase(stream: &StreamTally, phase: Phase) -> &PhaseTally {
    match phase {
        Phase::Warmup => &stream.warmup,
        Phase::Measured => &stream.measured,
    }
}

/// The version that runs.
pub(crate) fn build(text: &mut Exposition) {
    let version = vec![("version", env!("CARGO_PKG_VERSION"))];
    text.gauges(("kdyno_build_info", "The version that runs."), &[(version, 1)]);
}

#[cfg(test)]
mod tests {
    use super::{Meter, Stage};
    use crate::metrics::exposition::check;
    use engine::measure::{Tally, Transacted};
    use engine::plan::{Pace, TransactionLength, Transactions};
    use engine::run::Interval;
    use engine::units::Nanos;

    fn second(demand: &engine::plan::Demand, acked: u64) -> Tally {
        let mut tally = Tally::new(demand);
        let seen = &mut tally.streams[0];
        (seen.measured.produced.due, seen.measured.produced.messages) = (100, 90);
        seen.measured.acked.messages = acked;
        seen.warmup.acked.messages = 3;
        (0..acked).for_each(|_| seen.measured.publish.record(Some(Nanos::from_millis(2))));
        tally
    }

    #[test]
    fn seconds_add_up_and_rates_are_those_of_the_last_one() {
        let (meter, demand) = (Meter::default(), crate::report::made_up_plan().demand);
        meter.begin(&demand);
        meter.enter(Stage::Measured);
        for acked in [80, 70] {
            meter.add(&second(&demand, acked));
            meter.note(&Interval { backlog: acked, ..Interval::default() });
        }
        let samples = check::read(&meter.text());
        for (series, expected) in [
            ("kdyno_due_messages_total{phase=\"measured\"}", 200.0),
            ("kdyno_produced_messages_total{phase=\"measured\"}", 180.0),
            ("kdyno_acked_messages_total{phase=\"measured\"}", 150.0),
            ("kdyno_acked_messages_total{phase=\"warmup\"}", 6.0),
            ("kdyno_expected_messages_per_second", 100.0),
            ("kdyno_produced_messages_per_second", 90.0),
            ("kdyno_acked_messages_per_second", 73.0),
            ("kdyno_backlog_messages", 70.0),
            ("kdyno_run_phase{phase=\"measured\"}", 1.0),
            ("kdyno_run_phase{phase=\"warmup\"}", 0.0),
            ("kdyno_publish_latency_seconds_count", 150.0),
            ("kdyno_publish_latency_seconds_bucket{le=\"0.0025\"}", 150.0),
            ("kdyno_publish_latency_seconds_bucket{le=\"0.001\"}", 0.0),
        ] {
            assert_eq!(samples.get(series), Some(&expected), "{series}");
        }
        let sum = samples["kdyno_publish_latency_seconds_sum"];
        assert!((sum - 0.3).abs() < 1e-9, "exact: {sum}");
        meter.enter(Stage::Done);
        let over = check::read(&meter.text());
        assert_eq!(over.get("kdyno_acked_messages_per_second"), Some(&0.0), "nothing comes");
        meter.begin(&demand);
        let anew = check::read(&meter.text());
        let acked = anew.get("kdyno_acked_messages_total{phase=\"measured\"}");
        assert_eq!(acked, Some(&0.0), "anew");
    }

    #[test]
    fn in_a_closed_loop_nothing_is_expected() {
        let (meter, mut demand) = (Meter::default(), crate::report::made_up_plan().demand);
        demand.streams.iter_mut().for_each(|stream| stream.pace = Pace::Max { in_flight: None });
        meter.begin(&demand);
        let samples = check::read(&meter.text());
        let no_such =
            ["expected_messages_per", "due_", "late_", "publish_", "send_delay", "end_to_end"];
        for word in no_such {
            let head = format!("kdyno_{word}");
            assert!(!samples.keys().any(|series| series.starts_with(&head)), "no zero: {head}");
        }
        for series in [
            "kdyno_acked_messages_per_second",
            "kdyno_acked_messages_total{phase=\"measured\"}",
            "kdyno_service_time_seconds_count",
            "kdyno_transit_seconds_count",
        ] {
            assert!(samples.contains_key(series), "but what came: {series}");
        }
    }

    #[test]
    fn what_is_due_is_told_of_streams_with_due_times_alone() {
        let (meter, mut demand) = (Meter::default(), crate::report::made_up_plan().demand);
        let mut other = demand.streams[0].clone();
        other.pace = Pace::Max { in_flight: None };
        demand.streams.push(other);
        meter.begin(&demand);
        let mut tally = second(&demand, 80);
        let free = &mut tally.streams[1].measured;
        (free.acked.messages, free.produced.messages) = (5, 5);
        let span = Some(Nanos::from_millis(9));
        [&mut free.publish, &mut free.service].into_iter().for_each(|spans| spans.record(span));
        meter.add(&tally);
        let samples = check::read(&meter.text());
        for (series, expected) in [
            ("kdyno_acked_messages_total{phase=\"measured\"}", 85.0),
            ("kdyno_due_messages_total{phase=\"measured\"}", 100.0),
            ("kdyno_publish_latency_seconds_count", 80.0),
            ("kdyno_service_time_seconds_count", 1.0),
        ] {
            assert_eq!(samples.get(series), Some(&expected), "{series}");
        }
    }

    #[test]
    fn transactions_are_told_where_there_are_some() {
        let (meter, mut demand) = (Meter::default(), crate::report::made_up_plan().demand);
        meter.begin(&demand);
        let none = check::read(&meter.text());
        assert!(!none.keys().any(|series| series.contains("transaction")), "no zero");
        demand.clients.transactions = Some(Transactions {
            length: TransactionLength::Messages(9),
            aborts_per_million: 0,
            seed: 1,
            longest: Nanos::from_secs(1),
        });
        meter.begin(&demand);
        let mut tally = second(&demand, 80);
        let (committed, aborted, forced, undecided) = (5, 2, 1, 4);
        let mut of = Transacted { committed, aborted, forced, undecided, ..Transacted::default() };
        of.commit.record(Some(Nanos::from_millis(2)));
        tally.streams[0].measured.transactions = Some(Box::new(of));
        meter.add(&tally);
        let samples = check::read(&meter.text());
        for (series, expected) in [
            ("kdyno_committed_transactions_total{phase=\"measured\"}", 5.0),
            ("kdyno_committed_transactions_total{phase=\"warmup\"}", 0.0),
            ("kdyno_aborted_transactions_total{phase=\"measured\"}", 3.0),
            ("kdyno_undecided_transactions_total{phase=\"measured\"}", 4.0),
            ("kdyno_transaction_commit_seconds_count", 1.0),
            ("kdyno_transaction_commit_seconds_bucket{le=\"0.001\"}", 0.0),
        ] {
            assert_eq!(samples.get(series), Some(&expected), "{series}");
        }
    }
}
