//! Latencies as the report shows them.

use super::number::{micros, thousandth};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use engine::measure::constants::SAMPLES_BEYOND;
use engine::measure::{Latency, PhaseTally};
use engine::units::Nanos;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The five spans of a message. Publish, send delay and end-to-end begin at the due time and are
/// null where there is none: in a closed loop.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Latencies {
    /// acked − due.
    pub publish: Option<Block>,
    /// Of these, messages that were held up when acks stopped (`outages`): due before the end, acked after
    /// the beginning. Only where there were some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publish_in_outage: Option<Block>,
    /// All others. Only where some were held up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publish_outside: Option<Block>,
    /// acked − sent.
    pub service: Option<Block>,
    /// sent − due.
    pub send_delay: Option<Block>,
    /// received − due.
    pub end_to_end: Option<Block>,
    /// received − sent.
    pub transit: Option<Block>,
}

/// One span's distribution; everything but the counts is null when nothing was recorded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Block {
    /// How many spans, the negative ones not counted.
    pub count: u64,
    /// The shortest.
    pub min_us: Option<f64>,
    /// The mean.
    pub mean_us: Option<f64>,
    /// The standard deviation.
    pub stddev_us: Option<f64>,
    /// 50 % took at most this long.
    pub p50_us: Option<f64>,
    /// 75 %.
    pub p75_us: Option<f64>,
    /// 90 %.
    pub p90_us: Option<f64>,
    /// 95 %.
    pub p95_us: Option<f64>,
    /// 99 %.
    pub p99_us: Option<f64>,
    /// 99.9 %.
    pub p99_9_us: Option<f64>,
    /// 99.99 %.
    pub p99_99_us: Option<f64>,
    /// The longest, exact.
    pub max_us: Option<f64>,
    /// Spans longer than the histogram's range.
    pub beyond_range: u64,
    /// Spans that ended before they began: clocks disagreed.
    pub negative: u64,
    /// Percentiles with fewer than 10 samples beyond them: one message's luck.
    pub few_samples: Vec<Cow<'static, str>>,
    /// How far each span may be off, since its two ends are read from two hosts' clocks; only in a fleet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_error_us: Option<f64>,
    /// The unit of the encoded histogram's values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub histogram_unit: Option<Cow<'static, str>>,
    /// The whole distribution: `HdrHistogram` V2, deflated, base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub histogram: Option<String>,
}

/// The percentiles of a block, with their field names.
pub(crate) const NAMED: [(f64, &str); 7] = [
    (50.0, "p50_us"),
    (75.0, "p75_us"),
    (90.0, "p90_us"),
    (95.0, "p95_us"),
    (99.0, "p99_us"),
    (99.9, "p99_9_us"),
    (99.99, "p99_99_us"),
];

/// The distribution that a block's `histogram` encodes.
///
/// # Errors
/// In words, where it is none.
pub(crate) fn decoded(histogram: &str) -> Result<Histogram<u64>, String> {
    let bytes = STANDARD.decode(histogram).map_err(|error| error.to_string())?;
    Deserializer::new().deserialize(&mut bytes.as_slice()).map_err(|error| error.to_string())
}

impl Block {
    /// The figures without the histogram.
    pub(super) fn summary(latency: &Latency) -> Self {
        let some = 0 < latency.count();
        let span = |nanos: Nanos| some.then(|| micros(nanos));
        let at = |percent: f64| span(latency.percentile(percent));
        let is_few = |percent: f64| some && latency.samples_beyond(percent) < SAMPLES_BEYOND;
        Self {
            count: latency.count(),
            min_us: span(latency.min()),
            mean_us: some.then(|| thousandth(latency.mean_nanos() / 1_000.0)),
            stddev_us: some.then(|| thousandth(latency.stdev_nanos() / 1_000.0)),
            p50_us: at(50.0),
            p75_us: at(75.0),
            p90_us: at(90.0),
            p95_us: at(95.0),
            p99_us: at(99.0),
            p99_9_us: at(99.9),
            p99_99_us: at(99.99),
            max_us: span(latency.max()),
            beyond_range: latency.beyond_range(),
            negative: latency.negative(),
            few_samples: NAMED
                .iter()
                .filter(|(percent, _)| is_few(*percent))
                .map(|(_, name)| Cow::Borrowed(*name))
                .collect(),
            clock_error_us: None,
            histogram_unit: None,
            histogram: None,
        }
    }

    /// The figures and the whole distribution.
    pub(super) fn full(latency: &Latency) -> Self {
        Self {
            histogram_unit: Some(Cow::Borrowed("ns")),
            histogram: Some(STANDARD.encode(latency.encode())),
            ..Self::summary(latency)
        }
    }
}

/// What some streams saw, and whether their messages had due times.
pub(super) struct Seen<'run> {
    /// Whether a schedule gave them.
    pub(super) timed: bool,
    /// What was seen.
    pub(super) tally: &'run PhaseTally,
}

impl Latencies {
    /// The merged distributions of `streams`, each written by `block`. Histograms are merged,
    /// percentiles never are.
    pub(super) fn of(streams: &[Seen<'_>], block: fn(&Latency) -> Block) -> Self {
        let merged = |part: fn(&PhaseTally) -> &Latency, timed_only: fn(&Seen<'_>) -> bool| {
            let mut of_kind = streams.iter().filter(|seen| timed_only(seen)).peekable();
            of_kind.peek()?;
            let mut all = Latency::default();
            of_kind.for_each(|seen| all.merge(part(seen.tally)));
            Some(block(&all))
        };
        let timed = |seen: &Seen<'_>| seen.timed;
        let any = |_: &Seen<'_>| true;
        let (held_up, others) = match parts(streams) {
            Some((held_up, others)) => (Some(block(&held_up)), Some(block(&others))),
            None => (None, None),
        };
        Self {
            publish: merged(|seen| &seen.publish, timed),
            publish_in_outage: held_up,
            publish_outside: others,
            service: merged(|seen| &seen.service, any),
            send_delay: merged(|seen| &seen.send_delay, timed),
            end_to_end: merged(|seen| &seen.end_to_end, timed),
            transit: merged(|seen| &seen.transit, any),
        }
    }

    /// With the error bar of the spans that may end on another host than they began on.
    pub(super) fn uncertain_by(mut self, error: Option<Nanos>) -> Self {
        for block in [&mut self.end_to_end, &mut self.transit].into_iter().flatten() {
            block.clock_error_us = error.map(micros);
        }
        self
    }

    /// Only what a producer sees.
    pub(super) fn sending(self) -> Self {
        Self { end_to_end: None, transit: None, ..self }
    }

    /// Only what a consumer sees.
    pub(super) fn receiving(self) -> Self {
        let (publish_in_outage, publish_outside) = (None, None);
        let (publish, service, send_delay) = (None, None, None);
        Self { publish, publish_in_outage, publish_outside, service, send_delay, ..self }
    }
}

/// Publish latency of what was held up when acks stopped, and of everything else; `None` where nothing was.
fn parts(streams: &[Seen<'_>]) -> Option<(Latency, Latency)> {
    let timed = || streams.iter().filter(|seen| seen.timed);
    let mut held_up: Option<Latency> = None;
    for part in timed().filter_map(|seen| seen.tally.publish_in_outage.as_ref()) {
        held_up.get_or_insert_default().merge(part);
    }
    let held_up = held_up?;
    let mut all = Latency::default();
    timed().for_each(|seen| all.merge(&seen.tally.publish));
    let others = all.without(&held_up);
    Some((held_up, others))
}

#[cfg(test)]
mod tests {
    use super::{Block, Latencies, Seen, decoded};
    use crate::report::fixture;
    use engine::measure::{Latency, Tally};
    use engine::units::Nanos;

    #[test]
    fn an_empty_block_is_null_and_never_zero() {
        let block = Block::full(&Latency::default());
        assert_eq!(
            (block.count, block.min_us, block.p99_us, block.max_us),
            (0, None, None, None),
            "null"
        );
        assert_eq!(block.few_samples.len(), 0, "nothing to flag");
    }

    #[test]
    fn two_streams_merge_their_histograms_and_not_their_percentiles() {
        let plan = fixture::plan();
        let (mut one, mut two) = (Tally::new(&plan.demand), Tally::new(&plan.demand));
        let (fast, slow) = (&mut one.streams[0].measured, &mut two.streams[0].measured);
        (0..990).for_each(|_| fast.publish.record(Some(Nanos::from_millis(1))));
        (0..10).for_each(|_| slow.publish.record(Some(Nanos::from_millis(100))));
        let seen = [Seen { timed: true, tally: fast }, Seen { timed: true, tally: slow }];
        let publish = Latencies::of(&seen, Block::full).publish.expect("both are timed");
        assert_eq!(publish.count, 1_000, "all");
        let p99 = publish.p99_us.expect("there are samples");
        assert!((p99 - 1_000.0).abs() < 1.0, "the mean of both p99 would be 50,500: {p99}");
        assert_eq!(publish.max_us, Some(100_000.0), "the maximum is exact");
        assert_eq!(publish.few_samples, ["p99_9_us", "p99_99_us"], "10 samples lie beyond p99");
        let back = decoded(&publish.histogram.expect("a full block")).expect("base64 of V2");
        assert_eq!(back.len(), 1_000, "the histogram travels whole");
    }

    #[test]
    fn without_due_times_what_begins_there_is_null() {
        let plan = fixture::plan();
        let tally = Tally::new(&plan.demand);
        let seen = [Seen { timed: false, tally: &tally.streams[0].measured }];
        let latencies = Latencies::of(&seen, Block::summary);
        assert!(latencies.publish.is_none() && latencies.send_delay.is_none(), "no due time");
        assert!(latencies.end_to_end.is_none(), "no due time");
        assert!(latencies.service.is_some() && latencies.transit.is_some(), "from the real send");
    }
}
