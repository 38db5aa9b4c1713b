//! What a worker has in hand: its tasks, who gave them, and what is to be told of their time.

use super::attendant::Attendant;
use super::call::Answer;
use super::lease::Lease;
use super::marking::words;
use super::protocol::{HostSaid, MarkSaid};
use super::ready::Settling;
use super::task::Task;
use crate::marks::MARKS_MAX;
use engine::time::RunClock;
use engine::units::{Nanos, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What was started.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) lease: Lease,
    pub(super) tasks: BTreeMap<String, Arc<Task>>,
    pub(super) settling: BTreeMap<String, Settling>,
    pub(super) attendant: Option<Attendant>,
    pub(super) said: Option<HostSaid>,
    /// How often the run wants the system to be looked at.
    pub(super) monitor: Option<Nanos>,
    /// The clock of the run's tasks.
    pub(super) clock: Option<RunClock>,
    /// What was marked meanwhile.
    pub(super) marks: Vec<MarkSaid>,
}

impl Held {
    /// Whether anything was started here that has not ended.
    pub(super) fn is_in_use(&self) -> bool {
        !self.tasks.is_empty() || self.lease.is_ending()
    }

    /// Notes a mark: its words are the body of the call.
    ///
    /// # Errors
    /// No run goes on, the words are none or too long, or there are too many marks; as the answer.
    pub(super) fn mark(&mut self, body: &[u8], now: Timestamp) -> Result<MarkSaid, Answer> {
        if self.tasks.is_empty() {
            return Err(Answer::error(409, "there is no task: a mark belongs to a run"));
        }
        if MARKS_MAX <= self.marks.len() {
            return Err(Answer::error(409, &format!("{MARKS_MAX} marks are here already")));
        }
        let text = words(body)?;
        let mark = MarkSaid { at_ns: now.as_nanos(), text };
        self.marks.push(mark.clone());
        Ok(mark)
    }
}
