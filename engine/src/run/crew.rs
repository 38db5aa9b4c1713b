//! Who carries the plan's lanes: threads of this process, or workers on other hosts.

use super::outcome::{ClockSeen, Cost, WorkerOutcome};
use crate::error::RunError;
use crate::host::{Busy, Throttled};
use crate::lane::{Board, LaneHandle, LaneSetup, Signal, StartLine, Timeline, spawn};
use crate::link::Target;
use crate::measure::{ClientStats, ClientTallies, Mailbox, Tally};
use crate::plan::{LanePlan, Plan};
use crate::time::RunClock;
use crate::units::Nanos;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The places of lanes in a run: what each needs to take part in it.
#[derive(Debug)]
pub struct Seats {
    /// The plan, the lanes that were added to it included.
    pub plan: Arc<Plan>,
    /// The run's clock.
    pub clock: RunClock,
    /// The run's word to lanes.
    pub signal: Arc<Signal>,
    /// Where lanes say how they are.
    pub board: Arc<Board>,
    /// How lanes join in.
    pub join: Join,
    /// For each lane its number in the plan, its mailbox, and a tally to begin with.
    pub mailboxes: Vec<(usize, Mailbox, Box<Tally>)>,
}

/// How lanes join a run.
#[derive(Debug)]
pub enum Join {
    /// All together, at the start line.
    Together(Arc<StartLine>),
    /// In the middle of it, in place of lanes that were lost.
    Late(Timeline),
}

/// What is to become of a run that has lost lanes.
#[derive(Debug)]
pub enum Rescue {
    /// It ends, for this reason.
    End(RunError),
    /// It goes on, with these lanes in place of them; there may be none.
    GoOn(Vec<LanePlan>),
}

/// What a crew's hosts used and saw, from the start line to the end of the drain.
#[derive(Debug, Default)]
pub struct Used {
    /// All processes together.
    pub cost: Cost,
    /// The clock of theirs that went worst.
    pub clock: Option<ClockSeen>,
    /// The host that was withheld most.
    pub throttled: Option<Throttled>,
    /// The client's thread, of all hosts', that wanted a core for most of the time.
    pub client_thread: Option<Busy>,
    /// Each worker by itself.
    pub workers: Vec<WorkerOutcome>,
    /// What clients said of themselves, in all and by second.
    pub clients: Vec<(ClientStats, BTreeMap<i64, ClientTallies>)>,
}

/// Carries lanes.
pub trait Crew: std::fmt::Debug {
    /// How many threads will come to the start line for the lanes of this plan.
    fn hands(&self, plan: &Plan) -> usize;

    /// How many lanes may be added to those of this plan in the middle of the run.
    fn room(&self, plan: &Plan) -> usize;

    /// How long assignments must have stayed as they are before consumers count as ready.
    fn settle(&self) -> Nanos;

    /// From the release of the start line to the first due time: enough for every lane to wake.
    fn lead(&self) -> Nanos;

    /// How long what lanes hand over may gather before the run looks at it. Zero: it looks at once, and
    /// waits by itself; hosts hand over one after the other, and each look takes the run's time.
    fn gathers(&self) -> Nanos {
        Nanos::ZERO
    }

    /// How far ahead of its moment a word to all lanes (a rate, the end, the border) is to be given, so
    /// that each has heard it when it comes.
    fn notice(&self) -> Nanos {
        Nanos::ZERO
    }

    /// Starts what carries these lanes. Each ticket of the start line that is not used arrives when it
    /// is dropped.
    ///
    /// # Errors
    /// When some could not be started; those that were are in the second part.
    fn raise(&mut self, seats: Seats) -> Result<Vec<LaneHandle>, (RunError, Vec<LaneHandle>)>;

    /// These lanes of the plan ended without a word. `rest` is what lies before others that would come in
    /// their place; `None` where the run is ending.
    fn bury(&mut self, lost: &[usize], plan: &Plan, rest: Option<&Timeline>) -> Rescue;

    /// What its hosts used, where that is not this process.
    fn used(&mut self) -> Option<Used>;
}

/// Threads of this process.
pub(super) struct Threads<T>(pub(super) Arc<T>);

impl<T> std::fmt::Debug for Threads<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Threads")
    }
}

impl<T: Target> Crew for Threads<T> {
    fn hands(&self, plan: &Plan) -> usize {
        plan.lanes.len()
    }

    fn room(&self, _plan: &Plan) -> usize {
        0
    }

    fn settle(&self) -> Nanos {
        T::SETTLE
    }

    fn lead(&self) -> Nanos {
        Nanos::from_millis(10)
    }

    fn raise(&mut self, seats: Seats) -> Result<Vec<LaneHandle>, (RunError, Vec<LaneHandle>)> {
        let Join::Together(line) = seats.join else {
            unreachable!("threads are lost by our own fault, and then the run ends");
        };
        let setup = LaneSetup {
            plan: seats.plan,
            target: Arc::clone(&self.0),
            clock: seats.clock,
            signal: seats.signal,
            board: seats.board,
        };
        let mut refused = None;
        let mut handles = Vec::new();
        for (lane, mailbox, tally) in seats.mailboxes {
            match spawn(&setup, lane, (mailbox, tally), line.ticket()) {
                Ok(handle) => handles.push(handle),
                Err(error) => refused = Some(error),
            }
        }
        match refused {
            Some(error) => Err((error, handles)),
            None => Ok(handles),
        }
    }

    fn bury(&mut self, lost: &[usize], plan: &Plan, _rest: Option<&Timeline>) -> Rescue {
        let lane = lost.first().map_or_else(String::new, |lane| plan.lanes[*lane].name.clone());
        Rescue::End(RunError::Lane {
            lane,
            reason: "panicked; the run was ended, results are kept".to_owned(),
        })
    }

    fn used(&mut self) -> Option<Used> {
        None
    }
}
