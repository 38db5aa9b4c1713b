//! The end of a run: clients closed, groups and topics deleted, each by a deadline.

use super::outcome::CleanUp;
use crate::lane::LaneHandle;
use crate::link::Topics;
use crate::plan::Demand;
use crate::time::{Clock, OsClock};
use crate::units::Nanos;
use std::sync::Arc;

/// How often lanes are looked at.
const LOOK_EVERY: Nanos = Nanos::from_millis(5);

/// What is left to do when the results are in. Results are saved first: this may take its time.
pub struct Teardown {
    pub(super) lanes: Vec<LaneHandle>,
    pub(super) created: Vec<String>,
    /// Those that members may have joined.
    pub(super) groups: Vec<String>,
    pub(super) topics: Arc<dyn Topics>,
    keep: bool,
    deadline: Nanos,
}

impl std::fmt::Debug for Teardown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Teardown").field("created", &self.created).finish_non_exhaustive()
    }
}

impl Teardown {
    pub(super) fn new(demand: &Demand, topics: Arc<dyn Topics>) -> Self {
        Self {
            lanes: Vec::new(),
            created: Vec::new(),
            groups: Vec::new(),
            topics,
            keep: demand.keep_topics,
            deadline: demand.deadlines.teardown,
        }
    }

    /// Whether it will delete topics, and whether groups.
    #[must_use]
    pub const fn deletes(&self) -> (bool, bool) {
        (!self.keep && !self.created.is_empty(), !self.keep && !self.groups.is_empty())
    }

    /// Gives every step no more than `deadline`.
    pub(super) fn hurry(&mut self, deadline: Nanos) {
        self.deadline = self.deadline.min(deadline);
    }

    /// Waits until all clients are closed; names those that are not by the deadline.
    pub(super) fn close(&mut self) -> Vec<String> {
        close(std::mem::take(&mut self.lanes), self.deadline)
    }

    /// Waits until all clients are closed, then deletes the run's groups and topics unless they are
    /// to be kept. What cannot be done is in the result, with the reason; nothing here is an error.
    #[must_use]
    pub fn finish(self) -> CleanUp {
        let mut clean_up =
            CleanUp { unclosed: close(self.lanes, self.deadline), ..CleanUp::default() };
        if self.keep {
            let kept = |name: &String| (name.clone(), "kept on request".to_owned());
            clean_up.left = self.created.iter().map(kept).collect();
            return clean_up;
        }
        if self.created.is_empty() && self.groups.is_empty() {
            return clean_up;
        }
        clean_up.left = self.topics.delete_groups(&self.groups, self.deadline);
        let stay = self.topics.delete(&self.created, self.deadline);
        clean_up.deleted = self
            .created
            .into_iter()
            .filter(|name| !stay.iter().any(|(left, _)| left == name))
            .collect();
        clean_up.left.extend(stay);
        clean_up
    }
}

/// Joins the lanes that end by the deadline and names the others.
pub(super) fn close(lanes: Vec<LaneHandle>, deadline: Nanos) -> Vec<String> {
    let clock = OsClock::anchored();
    let until = clock.now() + deadline;
    while lanes.iter().any(|lane| !lane.is_finished()) && clock.now() < until {
        clock.park(LOOK_EVERY);
    }
    let (done, open): (Vec<_>, Vec<_>) = lanes.into_iter().partition(LaneHandle::is_finished);
    // A panic was reported when the lane ended; here it only must not hold up the others.
    done.into_iter().for_each(|lane| drop(lane.join()));
    open.into_iter().map(|lane| lane.name).collect()
}
