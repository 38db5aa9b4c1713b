//! Gives workers their tasks: the texts of the files, and which share is theirs.

use super::client::Trouble;
use super::pool::Member;
use super::protocol::{Part, Started, TaskOrder};
use crate::spec::{Bundle, Order, RunIdentity};
use engine::plan::{Deal, Role};
use engine::units::Nanos;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// How long a task's start may take: the texts travel, the worker plans.
pub(super) const TASK: Nanos = Nanos::from_secs(15);

/// The same in the middle of a run, whose thread does nothing else meanwhile.
pub(super) const LATE_TASK: Nanos = Nanos::from_secs(4);

/// What all tasks of a run have in common.
#[derive(Debug)]
pub(super) struct Dispatch {
    /// What was asked, for one run.
    pub(super) order: Order,
    /// The files that it names.
    pub(super) files: Bundle,
    /// Which run it is.
    pub(super) identity: RunIdentity,
    /// Which worker of its host each worker is, and of how many.
    pub(super) places: Vec<(usize, usize)>,
    /// How many tasks there were so far: none has the name of another.
    pub(super) count: AtomicU64,
}

impl Dispatch {
    /// Starts a task on a worker, which may take so long: its name, and its lanes.
    pub(super) fn post(
        &self,
        (member, index): (&Member, usize),
        role: Role,
        (deal, incarnation): (Deal, u16),
        within: Nanos,
    ) -> (String, Result<Started, Trouble>) {
        // Relaxed: a count that orders nothing.
        let nth = self.count.fetch_add(1, Ordering::Relaxed);
        let task_id = format!("{}.{role}-{nth}", self.identity.test_id);
        let order = TaskOrder {
            task_id: task_id.clone(),
            order: self.order.clone(),
            files: self.files.clone(),
            identity: self.identity.clone(),
            share: Part::of(deal, incarnation),
            place: self.places.get(index).copied().unwrap_or((0, 1)),
            lease_ms: None,
        };
        let started = member.client.start_task(role, &order, within);
        (task_id, started)
    }
}

/// Ends a task that is not wanted after all. Nobody waits for it: its lease ends it where this does not.
pub(super) fn take_back(member: &Member, task: &str) {
    let (client, task) = (member.client.clone(), task.to_owned());
    let work = move || {
        if let Err(trouble) = client.delete(&task) {
            tracing::warn!("worker {}: task {task} was not ended: {trouble}", client.url());
        }
    };
    if let Err(error) = thread::Builder::new().name("take-back".to_owned()).spawn(work) {
        tracing::warn!("a task that is not wanted is not ended: no thread for it: {error}");
    }
}
