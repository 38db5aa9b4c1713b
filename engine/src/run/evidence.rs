//! What an outcome says to the verdict.

use super::outages::Outages;
use super::outcome::{Ending, Interval, LaneOutcome, Outcome};
use crate::error::RunError;
use crate::measure::{
    BrokerSeen, ClientStats, Ended, Evidence, FleetSeen, PartitionSeen, PeerSeen, Phase, Reading,
    SearchSeen, SecondSeen, brokers_seen, partitions_seen,
};
use crate::plan::{Pace, Plan, Role, StreamDemand};
use crate::search::{Cause, SearchEnd, StepKind};
use crate::units::Nanos;

/// What the verdict looks at second by second and lane by lane, in its own form.
#[derive(Debug)]
pub struct Sight {
    seconds: Vec<SecondSeen>,
    peers: Vec<PeerSeen>,
    partitions: Vec<Vec<PartitionSeen>>,
    brokers: Vec<BrokerSeen>,
    outages: Outages,
    readings: Vec<Reading>,
    fleet: Option<FleetSeen>,
    search: Option<SearchSeen>,
}

impl Outcome {
    /// Its seconds, its sending lanes, its partitions and its workers, for [`Outcome::evidence`].
    #[must_use]
    pub fn sight(&self, plan: &Plan) -> Sight {
        let leaders = self.leaders.as_ref().map(|leaders| &leaders.at_end);
        let brokers = leaders.map(|leaders| brokers_seen(&plan.demand, &self.tally, leaders));
        let senders = self.lanes.iter().filter(|lane| lane.role == Role::Producer);
        Sight {
            seconds: self.intervals.iter().map(|interval| second(plan, interval)).collect(),
            peers: senders.map(peer).collect(),
            partitions: partitions_seen(&plan.demand, &self.tally, leaders),
            brokers: brokers.unwrap_or_default(),
            outages: self.outages(plan),
            readings: self.readings(plan),
            fleet: self.fleet(plan),
            search: self.search.as_ref().map(|end| searched(end, plan)),
        }
    }

    /// How long the run warmed up; `None` where it ended before it was measured.
    #[must_use]
    pub fn warmed_up(&self) -> Option<Nanos> {
        let start = self.start.filter(|start| start.measured <= self.stopped)?;
        start.measured.since(start.at)
    }

    /// The evidence of a run against a cluster; who knows more changes it.
    #[must_use]
    pub fn evidence<'run>(&'run self, sight: &'run Sight) -> Evidence<'run> {
        let ended = match &self.ending {
            Ending::Finished => match self.lanes.iter().find_map(failed) {
                Some(words) => Ended::Failed(words.clone()),
                None => Ended::AsPlanned,
            },
            Ending::Interrupted => Ended::Interrupted,
            // Who had seen enough knows when and why, and says so in place of this.
            Ending::CutShort => Ended::CutShort {
                after_s: 0,
                reason: "whoever started it had seen enough".to_owned(),
            },
            Ending::Failed(error) => Ended::Failed(error.to_string()),
        };
        Evidence {
            ended,
            stopped: self.stopped,
            deadlines_struck: &self.deadlines_struck,
            readings: &sight.readings,
            partitions_per_member: &self.partitions_per_member,
            remarks: Vec::new(),
            trouble: &self.trouble,
            drift: self.clock.drift,
            throttled: self.throttled,
            client_thread: self.client_thread.as_ref(),
            seconds: &sight.seconds,
            steady_since: self.steady_since,
            warmed_up: self.warmed_up(),
            backlog: self.backlog.as_ref(),
            catch_up: self.catch_up.as_ref(),
            peers: &sight.peers,
            search: sight.search.as_ref(),
            fleet: sight.fleet.as_ref(),
            partitions: &sight.partitions,
            brokers: &sight.brokers,
            outages: &sight.outages.all,
            round_trip_min: self.client.as_ref().and_then(shortest),
            standing: None,
            client: self.client.as_ref(),
            network: None,
            removed: self.removed,
            cluster_lost: matches!(
                &self.ending,
                Ending::Failed(RunError::Unreachable { .. }) if self.start.is_some()
            ),
            embedded: false,
            embedded_full: false,
        }
    }
}

/// Why a lane that was heard to its end ended early.
fn failed(lane: &LaneOutcome) -> Option<&String> {
    lane.error.as_ref().filter(|_| !lane.is_lost)
}

/// The shortest round trip of the clients that send.
fn shortest(client: &ClientStats) -> Option<Nanos> {
    client.measured.producers.round_trip_min.map(|micros| Nanos(micros.saturating_mul(1_000)))
}

fn searched(end: &SearchEnd, plan: &Plan) -> SearchSeen {
    let permille = plan.demand.search.as_ref().map_or(0, |demand| demand.precision_permille);
    let allowed = end.sustainable.saturating_mul(permille) / 1_000;
    let is_close = end.above.is_none_or(|above| above.abs_diff(end.sustainable) <= allowed.max(1));
    let was_measured = end.steps.iter().any(|step| step.kind == StepKind::Measured);
    SearchSeen {
        sustainable: end.sustainable,
        above: end.above,
        is_close,
        confirmed: was_measured.then_some(end.confirmed),
        by_client: end.bound_by == Some(Cause::Client),
        by_throughput: matches!(end.bound_by, Some(Cause::Throughput | Cause::Backlog)),
        changes: end.changes,
        gave_up: end.gave_up,
    }
}

fn second(plan: &Plan, interval: &Interval) -> SecondSeen {
    let varies = |stream: &StreamDemand| matches!(stream.pace, Pace::Varied(_));
    SecondSeen {
        second: interval.second,
        produced: interval.produced,
        acked: interval.acked,
        failed: interval.failed,
        consumed: interval.consumed,
        publish_max: interval.publish_max,
        lanes_missing: interval.lanes_missing,
        due: plan.demand.streams.iter().all(varies).then_some(interval.due),
    }
}

fn peer(lane: &LaneOutcome) -> PeerSeen {
    let seen = lane.tally.total(Phase::Measured);
    PeerSeen {
        name: lane.name.clone(),
        acked: seen.acked.messages,
        publish_p99: seen.publish.percentile(99.0),
    }
}
