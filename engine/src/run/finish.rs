//! The end of a run's work: what clients and hosts said, and the outcome.

use super::fleet::readings;
use super::outcome::{ClockSeen, Cost, Ending, LaneOutcome, Outcome, StartLine, WorkerOutcome};
use super::prepare::Ready;
use super::running::Watch;
use super::teardown::Teardown;
use super::{across, drain};
use crate::error::RunError;
use crate::host::{Busy, Throttled};
use crate::measure::{ClientStats, Collector, LaneEnd, PhaseTally, Tally, balances};
use crate::plan::{LanePlan, Plan};
use crate::time::Clock;
use crate::units::Nanos;

/// How long the cluster may take to answer when messages are missing at the end.
const PROBE: Nanos = Nanos::from_secs(5);

/// What the run's processes used, and what was seen of their hosts.
pub(super) struct Seen {
    pub(super) cost: Cost,
    pub(super) clock: ClockSeen,
    pub(super) throttled: Option<Throttled>,
    pub(super) client_thread: Option<Busy>,
    pub(super) workers: Vec<WorkerOutcome>,
}

impl Watch<'_> {
    /// The measured phase of a run by count ends with its last message, or where it was told to end.
    pub(super) fn end_with_the_last(&self) {
        let tally = self.ready.collector.total();
        let sent = tally.streams.iter().filter_map(|of| of.measured.produced.window.last());
        let end = sent.max().map_or(self.warming.measured(), |last| last + Nanos(1));
        self.ready.signal.end_at(end);
    }

    /// What was seen here, or what other hosts say where the lanes were theirs.
    pub(super) fn hear_hosts(&mut self, own: Seen) -> Seen {
        let Some(used) = self.ready.crew.used() else { return own };
        for said in &used.clients {
            self.ready.collector.listener().absorb(said);
        }
        Seen {
            cost: used.cost,
            clock: used.clock.unwrap_or(own.clock),
            throttled: used.throttled,
            client_thread: used.client_thread,
            workers: used.workers,
        }
    }

    /// What the clients said of themselves: of the whole, and into the seconds.
    fn hear_out(&mut self) -> Option<ClientStats> {
        let listener = self.ready.collector.listener();
        listener.hear();
        for interval in &mut self.intervals {
            interval.client = listener.take_second(interval.second);
        }
        listener.stats()
    }

    /// Why a lane could not go on; of lanes that were lost the crew has said what there is to say.
    pub(super) fn failed(&self) -> Option<String> {
        let slots = self.ready.board.slots().enumerate();
        slots
            .filter(|(lane, _)| !self.died.contains(lane))
            .find_map(|(_, slot)| slot.failed.clone())
    }

    /// Puts the outcome together.
    pub(super) fn finish(
        mut self,
        start: StartLine,
        (deadlines_struck, drained): (Vec<String>, Vec<bool>),
        seen: Seen,
    ) -> (Outcome, Teardown) {
        let client = self.hear_out();
        let leaders = self.leaders_seen();
        self.mark_gaps();
        let interrupted = self.hooks.is_interrupted();
        let cut_short = self.hooks.is_cut_short();
        let stopped = self.stopped.unwrap_or(start.end);
        let mut tally = self.ready.collector.total();
        // Lanes count what is due until they are told to end.
        let until = start.end.min(self.halted_at.unwrap_or(stopped));
        self.fill_gaps(&mut tally, (start.measured, until));
        self.note_due((start.measured, until));
        let backlog = self.backlog.take().map(|damming| damming.into_seen(until));
        let failed = self.failed();
        let Ready {
            plan, clock, board, collector, began, partitions_per_member, mut teardown, ..
        } = self.ready;
        // A rate that a search confirms has been held before it is measured.
        let is_searched = self.searching.is_some();
        let is_cut = self.halted_at.is_some() || self.broken.is_some();
        let steady_since = if is_searched { Some(0) } else { self.warming.steady_since() };
        let drained = across::drained(&plan, &tally).unwrap_or(drained);
        let readings = readings(&plan, &drained, |lane| collector.end(lane).is_none());
        let lost = balances(&plan, &tally, &readings).iter().any(|of| 0 < of.lost);
        let removed = if lost { drain::removed(&plan, &*teardown.topics) } else { None };
        let missing = drained.contains(&false) || lacks_acks(&tally);
        let ending = if let Some(error) = self.broken {
            Ending::Failed(error)
        } else if let Some(words) = failed {
            Ending::Failed(RunError::NotReady(words))
        } else if interrupted {
            Ending::Interrupted
        } else if let Some(error) =
            missing.then(|| teardown.topics.check(PROBE)).and_then(Result::err)
        {
            // Who did not answer now will not delete topics either: no use in waiting long for it.
            teardown.hurry(PROBE);
            Ending::Failed(error)
        } else if cut_short {
            Ending::CutShort
        } else {
            Ending::Finished
        };
        let lanes = lanes_of(&plan, collector);
        let outcome = Outcome {
            started: began,
            ended: clock.now(),
            stopped,
            start: Some(start),
            tally,
            lanes,
            added: plan.lanes[self.planned..].to_vec(),
            intervals: self.intervals,
            steady_since,
            backlog,
            catch_up: self.caught_up,
            ending,
            deadlines_struck,
            trouble: board.trouble(),
            partitions_per_member,
            drained,
            cost: seen.cost,
            clock: seen.clock,
            throttled: seen.throttled,
            client_thread: seen.client_thread,
            leaders,
            removed,
            client,
            topics_created: teardown.created.clone(),
            search: self.searching.map(|searching| searching.end(is_cut)),
            workers: seen.workers,
        };
        (outcome, teardown)
    }
}

/// Whether measured messages were not acked.
fn lacks_acks(tally: &Tally) -> bool {
    let lacks = |of: &PhaseTally| of.outstanding() + of.acked.failed;
    tally.streams.iter().any(|stream| 0 < lacks(&stream.measured))
}

/// What each lane of the plan brought, and how it ended.
fn lanes_of(plan: &Plan, collector: Collector) -> Vec<LaneOutcome> {
    let brought = plan.lanes.iter().zip(collector.into_lanes());
    let lane = |(lane, (tally, end)): (&LanePlan, (Tally, Option<LaneEnd>))| {
        let is_lost = end.is_none();
        let error = match end {
            Some(LaneEnd { error, .. }) => error,
            None => Some("ended without a word".to_owned()),
        };
        LaneOutcome { name: lane.name.clone(), role: lane.role(), tally, error, is_lost }
    };
    brought.map(lane).collect()
}
