//! Those among peers whose tail is far longer than the others': lanes, workers, partitions, brokers.

use super::constants::{OUTLIER, OUTLIER_SAMPLES, STALL_LEAST};
use super::facts::{number, text};
use super::leaders::slow_brokers;
use super::plausibility::PeerSeen;
use super::verdict::{Case, Found};
use crate::plan::LaneWork;
use crate::units::Nanos;

/// A lane, worker or partition whose tail is far longer than its peers': one bad host hides in a
/// merged histogram. Partitions are compared within their topic, since other topics may be set up
/// otherwise.
pub(super) fn outliers(case: &Case<'_>, found: &mut Found) {
    let lanes = "What is slow there is in the merged tail and not in the cluster's. Look at that core or \
                 host first, then at the partitions it sends to.";
    let partitions = "What is slow there is in the merged tail and not in the other partitions'. Look \
                      at the broker that leads it first, at that broker's disk and load, then at its \
                      followers.";
    // A lane of a host that was named says the same once more.
    let told = slow_hosts(case, lanes, found);
    for stream in 0..case.plan.demand.streams.len() {
        // Lanes of other streams do other things.
        let peers = case.evidence.peers.iter().filter(|lane| stream_of(case, lane) == stream);
        let mut slow = slow_among(&peers.collect::<Vec<_>>(), Nanos::ZERO);
        slow.peers.retain(|lane| !told.contains(&&lane.name));
        slow.tell(lanes, found);
    }
    // A partition has few batches. Where a hundredth of the phase is shorter than a usual stall, one
    // that a single batch met is all there is beyond the 99th percentile.
    let hundredth = Nanos(case.plan.demand.phases.measured.0 / 100);
    let usual = if hundredth < STALL_LEAST { STALL_LEAST } else { Nanos::ZERO };
    for topic in case.evidence.partitions {
        let of_topic: Vec<&PeerSeen> = topic.iter().map(|of| &of.seen).collect();
        slow_among(&of_topic, usual).tell(partitions, found);
    }
    slow_brokers(case, usual, found);
}

/// The stream that a lane sends; the first where the plan does not know it.
fn stream_of(case: &Case<'_>, peer: &PeerSeen) -> usize {
    let lane = case.plan.lanes.iter().find(|lane| lane.name == peer.name);
    let Some(LaneWork::Produce { stream, .. }) = lane.map(|lane| &lane.work) else { return 0 };
    *stream
}

/// Names the workers whose tail is far longer than that of the others; returns their lanes.
fn slow_hosts<'run>(case: &Case<'run>, advice: &str, found: &mut Found) -> Vec<&'run String> {
    // Of several streams each worker has another part: their lanes are compared.
    let fleet = case.evidence.fleet.filter(|_| case.plan.demand.streams.len() == 1);
    let workers = fleet.map_or(&[][..], |fleet| &fleet.workers);
    let hosts: Vec<&PeerSeen> = workers.iter().map(|worker| &worker.peer).collect();
    let slow = slow_among(&hosts, Nanos::ZERO);
    slow.tell(advice, found);
    let is_slow = |name: &String| slow.peers.iter().any(|host| host.name == *name);
    let told = workers.iter().filter(|worker| is_slow(&worker.peer.name));
    told.flat_map(|worker| &worker.lanes).collect()
}

/// Those among peers whose tail stands out.
#[derive(Default)]
pub(super) struct Slow<'run> {
    peers: Vec<&'run PeerSeen>,
    /// The median of all tails.
    median: Nanos,
}

/// Those whose tail is longer than what is usual, and far longer than their peers'.
pub(super) fn slow_among<'run>(peers: &[&'run PeerSeen], usual: Nanos) -> Slow<'run> {
    let known = |of: &&PeerSeen| OUTLIER_SAMPLES <= of.acked;
    let mut peers: Vec<&PeerSeen> = peers.iter().copied().filter(known).collect();
    if peers.len() < 3 {
        return Slow::default();
    }
    let mut tails: Vec<Nanos> = peers.iter().map(|of| of.publish_p99).collect();
    tails.sort_unstable();
    // Of two middle ones the lower: half of all may be on the one slow host.
    let median = tails[(tails.len() - 1) / 2];
    let bound = Nanos(median.0.saturating_mul(OUTLIER)).max(usual);
    peers.retain(|of| bound < of.publish_p99);
    Slow { peers, median }
}

impl Slow<'_> {
    pub(super) fn tell(&self, advice: &str, found: &mut Found) {
        for peer in &self.peers {
            found.warn(
                "outlier",
                format!(
                    "{}: publish p99 is {:.2} ms, the median of its peers {:.2} ms. {advice}",
                    peer.name,
                    peer.publish_p99.as_micros_f64() / 1_000.0,
                    self.median.as_micros_f64() / 1_000.0
                ),
                vec![
                    text("name", peer.name.as_str()),
                    number("publish_p99_us", peer.publish_p99.as_micros_f64()),
                    number("peers_median_p99_us", self.median.as_micros_f64()),
                ],
            );
        }
    }
}
