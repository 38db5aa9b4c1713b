//! What a run has done so far, shared with whoever asks: between runs it is the last one's.

use super::exposition::{Exposition, Labels};
use super::figures::{COUNTERS, Count, HISTOGRAMS, Histogram, Of, Traits};
use engine::measure::{Latency, Phase, PhaseTally, StreamTally, Tally};
use engine::plan::{Demand, StreamDemand};
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

#[derive(Debug)]
struct Seen {
    test_id: String,
    stage: Stage,
    /// At least one.
    streams: Vec<OfStream>,
    backlog: u64,
}

/// Before the first run there is one stream of which nothing was seen.
impl Default for Seen {
    fn default() -> Self {
        let streams = vec![OfStream::default()];
        Self { test_id: String::new(), stage: Stage::default(), streams, backlog: 0 }
    }
}

/// What was seen of a stream.
#[derive(Debug, Default)]
struct OfStream {
    /// Its name, where there are several.
    name: Option<String>,
    traits: Traits,
    /// By phase, in the order of [`COUNTERS`].
    counts: [[u64; COUNTERS.len()]; 2],
    /// In the order of [`HISTOGRAMS`].
    latencies: [Latency; HISTOGRAMS.len()],
    /// In the last second, of either phase, in the order of [`RATES`].
    last: [u64; RATES.len()],
}

/// A rate: its name, what it is, and where it stands.
type Last = (&'static str, &'static str, Count);

/// What was done in the last second. In a closed loop nothing is expected: a zero would say that too much is sent.
const RATES: [Last; 4] = [
    (
        "kdyno_expected_messages_per_second",
        "Due in the last full second.",
        (Of::Timed, |seen| seen.produced.due),
    ),
    (
        "kdyno_produced_messages_per_second",
        "Taken by clients in it.",
        (Of::All, |seen| seen.produced.messages),
    ),
    (
        "kdyno_acked_messages_per_second",
        "Confirmed by brokers in it.",
        (Of::All, |seen| seen.acked.messages),
    ),
    ("kdyno_consumed_messages_per_second", "Received in it.", (Of::All, PhaseTally::received)),
];

impl OfStream {
    fn new(demand: &Demand, stream: &StreamDemand) -> Self {
        let has_others = 1 < demand.streams.len();
        let name = has_others.then(|| stream.name.clone());
        Self { name, traits: Traits::of(demand, stream), ..Self::default() }
    }

    /// Adds a second.
    fn add(&mut self, stream: &StreamTally) {
        for (of_one, (_, phase)) in self.counts.iter_mut().zip(PHASES) {
            for (count, (_, _, (_, value))) in of_one.iter_mut().zip(COUNTERS) {
                *count += value(of_phase(stream, phase));
            }
        }
        self.last = RATES.map(|(_, _, (_, value))| value(&stream.warmup) + value(&stream.measured));
        for (latency, (_, _, (_, part))) in self.latencies.iter_mut().zip(HISTOGRAMS) {
            latency.merge(part(&stream.measured));
        }
    }

    /// A counter of each phase.
    fn counters(&self, index: usize) -> impl Iterator<Item = (Labels<'_>, u64)> {
        let counts = PHASES.iter().zip(&self.counts);
        counts.map(move |((phase, _), of)| (self.labels(Some(("phase", *phase))), of[index]))
    }

    /// Its name as a label, where it has one, and another.
    fn labels<'a>(&'a self, other: Option<(&'static str, &'a str)>) -> Labels<'a> {
        self.name.iter().map(|name| ("stream", name.as_str())).chain(other).collect()
    }
}

impl Meter {
    /// Forgets the run before: its counters begin at zero, which those who ask know to handle.
    pub(super) fn begin(&self, demand: &Demand) {
        *self.seen() = Seen {
            test_id: demand.test_id.clone(),
            streams: demand.streams.iter().map(|stream| OfStream::new(demand, stream)).collect(),
            ..Seen::default()
        };
    }

    /// Notes where the run is.
    pub(super) fn enter(&self, stage: Stage) {
        let mut seen = self.seen();
        seen.stage = stage;
        if stage == Stage::Done {
            // No further second will say that nothing is sent any more.
            seen.streams.iter_mut().for_each(|stream| stream.last = [0; RATES.len()]);
        }
    }

    /// Adds a second.
    pub(super) fn add(&self, tally: &Tally) {
        let mut seen = self.seen();
        for (stream, of_second) in seen.streams.iter_mut().zip(&tally.streams) {
            stream.add(of_second);
        }
    }

    /// Notes what is unread.
    pub(super) fn note(&self, interval: &Interval) {
        self.seen().backlog = interval.backlog;
    }

    /// The text for Prometheus. Of several streams each has series of its own, by the label `stream`.
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
        let of_streams = |of: Of| seen.streams.iter().filter(move |stream| of.takes(stream.traits));
        for (index, (name, help, (of, _))) in COUNTERS.iter().enumerate() {
            let samples: Vec<(Labels<'_>, u64)> =
                of_streams(*of).flat_map(|stream| stream.counters(index)).collect();
            if !samples.is_empty() {
                text.counters((name, help), &samples);
            }
        }
        for (index, (name, help, (of, _))) in RATES.into_iter().enumerate() {
            let samples: Vec<(Labels<'_>, u64)> =
                of_streams(of).map(|stream| (stream.labels(None), stream.last[index])).collect();
            if !samples.is_empty() {
                text.gauges((name, help), &samples);
            }
        }
        let backlog =
            ("kdyno_backlog_messages", "Acked for each subscription and not yet received.");
        text.gauges(backlog, &[(Vec::new(), seen.backlog)]);
        for (index, (name, help, (of, _))) in HISTOGRAMS.iter().enumerate() {
            let histogram = |stream: &OfStream| Histogram::of(&stream.latencies[index]);
            let samples: Vec<(Labels<'_>, Histogram)> =
                of_streams(*of).map(|stream| (stream.labels(None), histogram(stream))).collect();
            if !samples.is_empty() {
                text.histograms((name, help), &samples);
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
    fn each_of_several_streams_has_its_series_and_what_is_due_those_with_due_times_alone() {
        let (meter, mut demand) = (Meter::default(), crate::report::made_up_plan().demand);
        let mut other = demand.streams[0].clone();
        other.name = "free".to_owned();
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
            ("kdyno_acked_messages_total{stream=\"main\",phase=\"measured\"}", Some(80.0)),
            ("kdyno_acked_messages_total{stream=\"free\",phase=\"measured\"}", Some(5.0)),
            ("kdyno_due_messages_total{stream=\"main\",phase=\"measured\"}", Some(100.0)),
            ("kdyno_due_messages_total{stream=\"free\",phase=\"measured\"}", None),
            ("kdyno_acked_messages_per_second{stream=\"free\"}", Some(5.0)),
            ("kdyno_expected_messages_per_second{stream=\"main\"}", Some(100.0)),
            ("kdyno_expected_messages_per_second{stream=\"free\"}", None),
            ("kdyno_publish_latency_seconds_count{stream=\"main\"}", Some(80.0)),
            ("kdyno_publish_latency_seconds_count{stream=\"free\"}", None),
            ("kdyno_service_time_seconds_count{stream=\"free\"}", Some(1.0)),
            ("kdyno_backlog_messages", Some(0.0)),
        ] {
            assert_eq!(samples.get(series).copied(), expected, "{series}");
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
