//! A second as listeners are told it: its counts and the percentiles of its latencies.

use super::outcome::Interval;
use crate::measure::{Latency, Phase, PhaseTally, Tally};
use crate::plan::Demand;
use crate::units::Nanos;

/// One second of one of several streams, of messages of the measured phase.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamSecond {
    /// Accepted by the clients.
    pub produced: u64,
    /// Acked.
    pub acked: u64,
    /// Received, all subscriptions together.
    pub consumed: u64,
    /// Failed messages, failed commits, consumer errors.
    pub errors: u64,
    /// Publish latency; `None` where nothing was acked, and in a closed loop.
    pub publish: Option<Spread>,
    /// Service time; `None` where nothing was acked.
    pub service: Option<Spread>,
    /// End-to-end latency; `None` where nothing was received, and in a closed loop.
    pub end_to_end: Option<Spread>,
    /// Transit; `None` where nothing was received.
    pub transit: Option<Spread>,
    /// Send delay; `None` where nothing was sent, and in a closed loop.
    pub send_delay: Option<Spread>,
}

/// How the spans of a second spread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// Their median.
    pub p50: Nanos,
    /// Their 99th percentile.
    pub p99: Nanos,
    /// The longest.
    pub max: Nanos,
}

impl Spread {
    /// Of so many spans; `None` where there are none.
    fn of(latency: &Latency) -> Option<Self> {
        let [p50, p99, max] = spread(latency);
        (0 < latency.count()).then_some(Self { p50, p99, max })
    }

    /// The higher ones of two: percentiles cannot be added.
    fn or_more(self, other: Self) -> Self {
        Self {
            p50: self.p50.max(other.p50),
            p99: self.p99.max(other.p99),
            max: self.max.max(other.max),
        }
    }
}

impl StreamSecond {
    fn of(seen: &PhaseTally, has_due_times: bool) -> Self {
        let from_due = |latency: &Latency| Spread::of(latency).filter(|_| has_due_times);
        Self {
            produced: seen.produced.messages,
            acked: seen.acked.messages,
            consumed: seen.received(),
            errors: seen.errors(),
            publish: from_due(&seen.publish),
            service: Spread::of(&seen.service),
            end_to_end: from_due(&seen.end_to_end),
            transit: Spread::of(&seen.transit),
            send_delay: from_due(&seen.send_delay),
        }
    }

    /// Adds what came for the same second under another number, as [`Interval::join`] does.
    pub(super) fn join(&mut self, other: &Self) {
        let Self { produced, acked, consumed, errors, .. } = other;
        self.produced += produced;
        self.acked += acked;
        self.consumed += consumed;
        self.errors += errors;
        for (mine, theirs) in [
            (&mut self.publish, other.publish),
            (&mut self.service, other.service),
            (&mut self.end_to_end, other.end_to_end),
            (&mut self.transit, other.transit),
            (&mut self.send_delay, other.send_delay),
        ] {
            *mine = match (*mine, theirs) {
                (Some(one), Some(two)) => Some(one.or_more(two)),
                (one, two) => one.or(two),
            };
        }
    }
}

/// The figures of a second's messages of one phase. Spans that begin at the due time are of the streams that
/// have due times: in a closed loop there are none.
pub(super) fn figures(demand: &Demand, tally: &Tally, phase: Phase) -> Interval {
    let mut interval = Interval::default();
    let mut latencies: [Latency; 5] = Default::default();
    let [publish, service, end_to_end, transit, send_delay] = &mut latencies;
    let has_several = 1 < demand.streams.len();
    let has_due_times = demand.streams.iter().any(|stream| stream.pace.is_paced());
    for (stream, seen) in demand.streams.iter().zip(&tally.streams) {
        let seen = match phase {
            Phase::Warmup => &seen.warmup,
            Phase::Measured => &seen.measured,
        };
        let is_paced = stream.pace.is_paced();
        add_counts(&mut interval, seen);
        service.merge(&seen.service);
        transit.merge(&seen.transit);
        if is_paced || !has_due_times {
            publish.merge(&seen.publish);
            end_to_end.merge(&seen.end_to_end);
            send_delay.merge(&seen.send_delay);
        }
        if has_several {
            interval.streams.push(StreamSecond::of(seen, is_paced));
        }
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

#[cfg(test)]
mod tests {
    use super::figures;
    use crate::measure::{Phase, Tally};
    use crate::plan::samples::{demand, stream};
    use crate::plan::{Pace, StreamDemand};
    use crate::units::Nanos;

    #[test]
    fn each_of_several_streams_has_its_own_second_and_those_without_due_times_no_spans_from_there()
    {
        let mut demand = demand(stream(1_000));
        demand.streams.push(StreamDemand { pace: Pace::Max { in_flight: None }, ..stream(10) });
        let mut tally = Tally::new(&demand);
        for (index, millis) in [(0, 2), (1, 900)] {
            let seen = &mut tally.streams[index].measured;
            (seen.produced.messages, seen.acked.messages) = (3, 2);
            let span = Some(Nanos::from_millis(millis));
            [&mut seen.publish, &mut seen.service].into_iter().for_each(|of| of.record(span));
        }
        let second = figures(&demand, &tally, Phase::Measured);
        assert_eq!((second.produced, second.acked), (6, 4), "together");
        let millis = |of: Nanos| of.as_secs_f64() * 1e3;
        assert!(millis(second.publish_max) < 3.0, "a closed loop has no publish latency");
        assert!(899.0 < millis(second.service_max), "but a service time");
        let [open, closed] = &second.streams[..] else { panic!("two: {second:?}") };
        assert_eq!((open.acked, closed.acked), (2, 2), "each its own");
        assert!(open.publish.is_some_and(|of| millis(of.max) < 3.0), "{open:?}");
        assert!(closed.publish.is_none() && closed.end_to_end.is_none(), "{closed:?}");
        assert!(closed.service.is_some_and(|of| 899.0 < millis(of.p50)), "{closed:?}");
        let mut joined = second.clone();
        joined.join(&second);
        assert_eq!((joined.streams[0].acked, joined.acked), (4, 8), "counts are added");
        assert_eq!(joined.streams[0].publish, open.publish, "percentiles are not");
    }

    #[test]
    fn one_stream_is_told_once() {
        let demand = demand(stream(1_000));
        let second = figures(&demand, &Tally::new(&demand), Phase::Measured);
        assert!(second.streams.is_empty(), "it is the whole: {second:?}");
    }
}
