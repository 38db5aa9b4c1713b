//! A worker's task as its proxy sees it: what comes of it goes to the places of its lanes in the run.

use super::protocol::{Finished, Frame};
use super::proxy::Lost;
use engine::measure::Mailbox;
use engine::plan::Demand;
use engine::units::Timestamp;

/// A task of the worker, and the places of its lanes in the run.
#[derive(Debug)]
pub(super) struct Posted {
    /// Its name.
    pub(super) id: String,
    /// For each of its lanes the number in the run's plan, and the mailbox.
    pub(super) lanes: Vec<(usize, Mailbox)>,
}

/// A task as its proxy sees it.
pub(super) struct Task {
    pub(super) id: String,
    pub(super) lanes: Vec<(usize, Mailbox)>,
    /// The number of the next frame.
    pub(super) next: u64,
    /// When each lane was heard of last; `None` once it has ended.
    pub(super) heard: Vec<Option<Timestamp>>,
    pub(super) finished: Option<Finished>,
}

impl Task {
    /// Nothing was heard of it yet.
    pub(super) fn new(posted: Posted, now: Timestamp) -> Self {
        let Posted { id, lanes } = posted;
        Self { id, heard: vec![Some(now); lanes.len()], lanes, next: 0, finished: None }
    }

    /// Whether all its lanes have handed everything over.
    pub(super) fn has_ended(&self) -> bool {
        self.finished.is_some()
    }

    /// Hands a lane's tally to the run.
    pub(super) fn hand_on(
        &mut self,
        frame: Frame,
        demand: &Demand,
        now: Timestamp,
    ) -> Result<(), Lost> {
        let Frame { lane, second, tally, end } = frame;
        self.next += 1;
        let index = usize::try_from(lane).expect("a u32 fits in memory");
        let (_, mailbox) = self
            .lanes
            .get(index)
            .ok_or_else(|| format!("task {}: a tally of lane {lane}, which it has not", self.id))?;
        tally
            .fits(demand)
            .map_err(|words| format!("task {}: a tally of another plan: {words}", self.id))?;
        self.heard[index] = if end.is_some() { None } else { Some(now) };
        // Nobody takes it when the run is over.
        if mailbox.deliver(Box::new(tally), second, end) {
            Ok(())
        } else {
            Err("the run takes no tally any more".to_owned())
        }
    }
}
