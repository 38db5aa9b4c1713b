//! One second of a run, as the result and `intervals.csv` have it.

use super::client::ClientSecond;
use super::host_second::{HostSecond, Seconds};
use super::number::micros;
use super::shape::is_varied;
use super::stream_interval::StreamInterval;
use super::streams::is_timed;
use engine::plan::{Demand, Plan};
use engine::run::{Interval as Second, StreamSecond};
use engine::units::Nanos;
use serde::{Deserialize, Serialize};

/// One second of the measured phase or of its drain.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Interval {
    /// When it began, from the start of the measured phase.
    pub t_s: u32,
    /// Due in it; only where the rate changes or arrivals come by chance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<u64>,
    /// Accepted by the clients.
    pub produced: u64,
    /// Acked.
    pub acked: u64,
    /// Received, all subscriptions together.
    pub consumed: u64,
    /// Failed messages, failed commits, consumer errors.
    pub errors: u64,
    /// Acked × subscriptions − received at its end.
    pub backlog: u64,
    /// Lanes of which nothing is in it, since their worker was lost; only where there are some.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lanes_missing: u32,
    /// Publish latency; null where nothing was acked.
    pub publish_p50_us: Option<f64>,
    /// Its 99th percentile.
    pub publish_p99_us: Option<f64>,
    /// Its maximum.
    pub publish_max_us: Option<f64>,
    /// Service time; null where nothing was acked, and in results of versions that did not keep it.
    pub service_p50_us: Option<f64>,
    /// Its 99th percentile.
    pub service_p99_us: Option<f64>,
    /// Its maximum.
    pub service_max_us: Option<f64>,
    /// End-to-end latency; null where nothing was received.
    pub end_to_end_p50_us: Option<f64>,
    /// Its 99th percentile.
    pub end_to_end_p99_us: Option<f64>,
    /// Its maximum.
    pub end_to_end_max_us: Option<f64>,
    /// Transit; null where nothing was received, and in results of versions that did not keep it.
    pub transit_p50_us: Option<f64>,
    /// Its 99th percentile.
    pub transit_p99_us: Option<f64>,
    /// Its maximum.
    pub transit_max_us: Option<f64>,
    /// Send delay, 99th percentile; null where nothing was sent.
    pub send_delay_p99_us: Option<f64>,
    /// The longest time for which a lane's core was taken away from it; null where no lane waited.
    pub hiccup_max_us: Option<f64>,
    /// What the monitor saw.
    #[serde(flatten)]
    pub host: HostSecond,
    /// What the clients said of it; null where none spoke.
    pub client: Option<ClientSecond>,
    /// Each stream by itself; only where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub streams: Vec<StreamInterval>,
}

impl Interval {
    /// All seconds; spans from the due time are null in a closed loop.
    pub(super) fn all(plan: &Plan, seconds: &[Second], hosts: &Seconds<'_>) -> Vec<Self> {
        let varied = is_varied(plan);
        let one = |second: &Second| Self {
            asked: varied.then_some(second.due),
            ..Self::of(&plan.demand, second, hosts.second(second.second))
        };
        seconds.iter().map(one).collect()
    }

    /// A second that was just complete: what is due in it, and what hosts and clients say of it, is known
    /// at the end of the run.
    pub(super) fn live(demand: &Demand, second: &Second) -> Self {
        Self::of(demand, second, HostSecond::default())
    }

    fn of(demand: &Demand, second: &Second, host: HostSecond) -> Self {
        let timed = Timed::of(demand, second);
        Self {
            t_s: second.second,
            asked: None,
            produced: second.produced,
            acked: second.acked,
            consumed: second.consumed,
            errors: second.errors,
            backlog: second.backlog,
            lanes_missing: second.lanes_missing,
            publish_p50_us: from_sent(timed.acked, second.publish_p50),
            publish_p99_us: from_sent(timed.acked, second.publish_p99),
            publish_max_us: from_sent(timed.acked, second.publish_max),
            service_p50_us: from_sent(second.acked, second.service_p50),
            service_p99_us: from_sent(second.acked, second.service_p99),
            service_max_us: from_sent(second.acked, second.service_max),
            end_to_end_p50_us: from_sent(timed.consumed, second.end_to_end_p50),
            end_to_end_p99_us: from_sent(timed.consumed, second.end_to_end_p99),
            end_to_end_max_us: from_sent(timed.consumed, second.end_to_end_max),
            transit_p50_us: from_sent(second.consumed, second.transit_p50),
            transit_p99_us: from_sent(second.consumed, second.transit_p99),
            transit_max_us: from_sent(second.consumed, second.transit_max),
            send_delay_p99_us: from_sent(timed.produced, second.send_delay_p99),
            hiccup_max_us: second.hiccup_max.map(micros),
            host,
            client: second.client.as_ref().map(ClientSecond::of),
            streams: StreamInterval::all(demand, second),
        }
    }
}

/// A span of so many messages of a second; nothing where there were none.
fn from_sent(of: u64, span: Nanos) -> Option<f64> {
    (0 < of).then(|| micros(span))
}

/// Messages of a second that have due times: of others nothing is told that begins there.
struct Timed {
    produced: u64,
    acked: u64,
    consumed: u64,
}

impl Timed {
    fn of(demand: &Demand, second: &Second) -> Self {
        let Second { produced, acked, consumed, .. } = *second;
        let each = demand.streams.iter().zip(&second.streams);
        let others = each.filter(|(stream, _)| !is_timed(stream));
        let without = |of: u64, part: fn(&StreamSecond) -> u64| {
            of - others.clone().map(|(_, seen)| part(seen)).sum::<u64>()
        };
        match demand.streams.iter().any(is_timed) {
            true => Self {
                produced: without(produced, |seen| seen.produced),
                acked: without(acked, |seen| seen.acked),
                consumed: without(consumed, |seen| seen.consumed),
            },
            false => Self { produced: 0, acked: 0, consumed: 0 },
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands fields over by reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}
