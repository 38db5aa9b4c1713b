//! What an outcome says of its workers and of what lost lanes leave open.

use super::outcome::{LaneOutcome, Outcome, WorkerLoss, WorkerOutcome};
use crate::measure::{
    FleetSeen, Gone, GoneWhen, Latency, PeerSeen, PhaseTally, Reading, WorkerSeen,
};
use crate::plan::{LaneWork, Pace, Plan, Role};

impl Outcome {
    /// How far each group of the plan read; empty where the run ended before it was looked at.
    #[must_use]
    pub fn readings(&self, plan: &Plan) -> Vec<Reading> {
        readings(plan, &self.drained, |lane| self.lanes.get(lane).is_some_and(|of| of.is_lost))
    }

    /// What the verdict looks at of a fleet's workers; `None` for a run on this host alone.
    #[must_use]
    pub fn fleet(&self, plan: &Plan) -> Option<FleetSeen> {
        if self.workers.is_empty() {
            return None;
        }
        let due = |seen: &PhaseTally| seen.produced.due;
        let told: u64 = self.lanes.iter().map(|lane| of_lane(lane, due)).sum();
        let all: u64 = self.tally.streams.iter().map(|stream| due(&stream.measured)).sum();
        Some(FleetSeen {
            workers: self.workers.iter().map(|worker| self.worker(plan, worker)).collect(),
            untold: all.saturating_sub(told),
        })
    }

    fn worker(&self, plan: &Plan, worker: &WorkerOutcome) -> WorkerSeen {
        let lanes = || worker.lanes.iter().filter_map(|lane| self.lanes.get(*lane));
        let sum = |part: fn(&PhaseTally) -> u64| lanes().map(|lane| of_lane(lane, part)).sum();
        let mut publish = Latency::default();
        for stream in lanes().flat_map(|lane| &lane.tally.streams) {
            publish.merge(&stream.measured.publish);
        }
        WorkerSeen {
            peer: PeerSeen {
                name: worker.url.clone(),
                acked: sum(|seen| seen.acked.messages),
                publish_p99: publish.percentile(99.0),
            },
            lanes: lanes().map(|lane| lane.name.clone()).collect(),
            produced: sum(|seen| seen.produced.messages),
            share: self.share(plan, worker),
            outstanding: sum(PhaseTally::outstanding),
            is_sending: lanes().any(|lane| lane.role == Role::Producer),
            is_reading: lanes().any(|lane| lane.role == Role::Consumer),
            clock_error: worker.clock.map(|clock| clock.error),
            gone: worker.lost.as_ref().map(|loss| self.gone(loss)),
        }
    }

    /// How many messages were a worker's to send: by the schedule, or by how many of a closed loop's
    /// producers it has. Not known where producers of a closed loop changed hands.
    fn share(&self, plan: &Plan, worker: &WorkerOutcome) -> Option<u64> {
        let mut share = 0;
        for lane in &worker.lanes {
            let LaneWork::Produce { stream, clients } = &plan.lanes.get(*lane)?.work else {
                continue;
            };
            let demand = &plan.demand.streams[*stream];
            share += match demand.pace {
                Pace::At(_) | Pace::Varied(_) => {
                    self.lanes.get(*lane)?.tally.streams[*stream].measured.produced.due
                }
                Pace::Max { .. } if self.workers.iter().any(|of| of.lost.is_some()) => return None,
                Pace::Max { .. } => {
                    let own: usize = clients.iter().map(|client| client.producers.len()).sum();
                    let all = self.tally.streams[*stream].measured.produced.messages;
                    let own = u128::from(all) * u128::try_from(own).ok()?;
                    u64::try_from(own / u128::from(demand.producers().max(1))).ok()?
                }
            };
        }
        Some(share)
    }

    fn gone(&self, loss: &WorkerLoss) -> Gone {
        let when = match self.start.filter(|_| !loss.before_start) {
            None => GoneWhen::BeforeLoad,
            Some(start) => match loss.at.since(start.measured) {
                Some(after) => GoneWhen::Measured(after),
                None => GoneWhen::InWarmup(loss.at.until(start.measured)),
            },
        };
        Gone { when, reason: loss.reason.clone(), heirs: loss.heirs.clone() }
    }
}

/// How far groups read, by whether they were drained and which lanes were lost.
pub(super) fn readings(
    plan: &Plan,
    drained: &[bool],
    is_lost: impl Fn(usize) -> bool,
) -> Vec<Reading> {
    let lost = plan.lanes.iter().enumerate().filter(|(lane, _)| is_lost(*lane));
    let groups = lost.flat_map(|(_, lane)| match &lane.work {
        LaneWork::Consume { clients } => &clients[..],
        LaneWork::Produce { .. } => &[],
    });
    let unheard: Vec<usize> = groups.map(|client| client.group).collect();
    let reading = |(group, is_drained): (usize, &bool)| Reading {
        is_drained: *is_drained,
        is_unheard: unheard.contains(&group),
    };
    drained.iter().enumerate().map(reading).collect()
}

/// Of all streams' measured messages.
fn of_lane(lane: &LaneOutcome, part: fn(&PhaseTally) -> u64) -> u64 {
    lane.tally.streams.iter().map(|stream| part(&stream.measured)).sum()
}
