//! A second as listeners are told it: its counts and the percentiles of its latencies.

use super::outcome::Interval;
use crate::measure::{Latency, Phase, PhaseTally, Tally};
use crate::units::Nanos;

/// The figures of a second's messages of one phase.
pub(super) fn figures(tally: &Tally, phase: Phase) -> Interval {
    let mut interval = Interval::default();
    let mut latencies: [Latency; 5] = Default::default();
    let [publish, service, end_to_end, transit, send_delay] = &mut latencies;
    for stream in &tally.streams {
        let seen = match phase {
            Phase::Warmup => &stream.warmup,
            Phase::Measured => &stream.measured,
        };
        add_counts(&mut interval, seen);
        publish.merge(&seen.publish);
        service.merge(&seen.service);
        end_to_end.merge(&seen.end_to_end);
        transit.merge(&seen.transit);
        send_delay.merge(&seen.send_delay);
    }
    [interval.publish_p50, interval.publish_p99, interval.publish_max] = spread(publish);
    [interval.service_p50, interval.service_p99, interval.service_max] = spread(service);
    [interval.end_to_end_p50, interval.end_to_end_p99, interval.end_to_end_max] =
        spread(end_to_end);
    [interval.transit_p50, interval.transit_p99, interval.transit_max] = spread(transit);
    interval.send_delay_p99 = send_delay.percentile(99.0);
    let hiccup = &tally.hiccup;
    interval.hiccup_max = (0 < hiccup.count()).then(|| hiccup.max());
    interval
}

/// Median, 99th percentile and maximum.
fn spread(latency: &Latency) -> [Nanos; 3] {
    [latency.percentile(50.0), latency.percentile(99.0), latency.max()]
}

fn add_counts(interval: &mut Interval, tally: &PhaseTally) {
    interval.produced += tally.produced.messages;
    interval.acked += tally.acked.messages;
    interval.consumed += tally.received();
    interval.errors += tally.errors();
    interval.failed += tally.acked.failed;
}
