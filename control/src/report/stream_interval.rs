//! One second of one of several streams, as the result and `intervals.csv` have it.

use super::number::micros;
use engine::plan::Demand;
use engine::run::{Interval as Second, Spread, StreamSecond};
use engine::units::Nanos;
use serde::{Deserialize, Serialize};

/// One second of one stream; latencies are null where there were none, those from the due time also in a
/// closed loop.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StreamInterval {
    /// The stream's name.
    pub name: String,
    /// Accepted by the clients.
    pub produced: u64,
    /// Acked.
    pub acked: u64,
    /// Received, all subscriptions together.
    pub consumed: u64,
    /// Failed messages, failed commits, consumer errors.
    pub errors: u64,
    /// Publish latency.
    pub publish_p50_us: Option<f64>,
    /// Its 99th percentile.
    pub publish_p99_us: Option<f64>,
    /// Its maximum.
    pub publish_max_us: Option<f64>,
    /// Service time.
    pub service_p50_us: Option<f64>,
    /// Its 99th percentile.
    pub service_p99_us: Option<f64>,
    /// Its maximum.
    pub service_max_us: Option<f64>,
    /// End-to-end latency.
    pub end_to_end_p50_us: Option<f64>,
    /// Its 99th percentile.
    pub end_to_end_p99_us: Option<f64>,
    /// Its maximum.
    pub end_to_end_max_us: Option<f64>,
    /// Transit.
    pub transit_p50_us: Option<f64>,
    /// Its 99th percentile.
    pub transit_p99_us: Option<f64>,
    /// Its maximum.
    pub transit_max_us: Option<f64>,
    /// Send delay, 99th percentile.
    pub send_delay_p99_us: Option<f64>,
}

/// A figure of a spread in microseconds.
fn at(spread: Option<Spread>, figure: fn(&Spread) -> Nanos) -> Option<f64> {
    spread.as_ref().map(figure).map(micros)
}

impl StreamInterval {
    /// Of all streams of a second; nothing where there is one.
    pub(super) fn all(demand: &Demand, second: &Second) -> Vec<Self> {
        let each = demand.streams.iter().zip(&second.streams);
        each.map(|(stream, seen)| Self::of(&stream.name, seen)).collect()
    }

    fn of(name: &str, seen: &StreamSecond) -> Self {
        Self {
            name: name.to_owned(),
            produced: seen.produced,
            acked: seen.acked,
            consumed: seen.consumed,
            errors: seen.errors,
            publish_p50_us: at(seen.publish, |of| of.p50),
            publish_p99_us: at(seen.publish, |of| of.p99),
            publish_max_us: at(seen.publish, |of| of.max),
            service_p50_us: at(seen.service, |of| of.p50),
            service_p99_us: at(seen.service, |of| of.p99),
            service_max_us: at(seen.service, |of| of.max),
            end_to_end_p50_us: at(seen.end_to_end, |of| of.p50),
            end_to_end_p99_us: at(seen.end_to_end, |of| of.p99),
            end_to_end_max_us: at(seen.end_to_end, |of| of.max),
            transit_p50_us: at(seen.transit, |of| of.p50),
            transit_p99_us: at(seen.transit, |of| of.p99),
            transit_max_us: at(seen.transit, |of| of.max),
            send_delay_p99_us: at(seen.send_delay, |of| of.p99),
        }
    }
}
