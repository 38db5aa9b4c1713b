//! The orders that a worker's tasks get once they are there: start, what the run tells its lanes, stop.

use super::attendant::{Attendant, Load};
use super::call::{Answer, Call};
use super::course;
use super::protocol::{CourseOrder, LEASE, RateOrder, StartOrder, Stop, StopOrder};
use super::task::Task;
use super::worker::{Reply, Worker};
use engine::plan::Role;
use engine::time::{Clock, RunClock};
use engine::units::Timestamp;
use serde_json::json;
use std::sync::Arc;

impl Worker {
    /// `POST /start`.
    pub(super) fn start(&self, call: &Call<'_>) -> Reply {
        let order: StartOrder = call.read()?;
        let _turn = self.turn();
        self.hold(call, LEASE)?;
        let tasks = self.chosen(order.tasks.as_deref(), |task| !task.reins.have_started())?;
        // The same order again is done already.
        let new: Vec<Arc<Task>> =
            tasks.iter().filter(|t| !course::is_on(t, &order)).cloned().collect();
        let clock = self.clock();
        if !new.is_empty() {
            course::check(&new, &order, clock.now()).map_err(|words| Answer::error(409, &words))?;
        } else if tasks.is_empty() {
            return Err(Answer::error(409, "there is no task that waits for its start"));
        }
        for task in &new {
            course::of(task.reins.plan(), &order)
                .and_then(|(timeline, word)| task.start(&timeline, &word))
                .map_err(|words| refused(task, &words))?;
        }
        self.attend(&new, clock);
        let ids: Vec<&str> = tasks.iter().map(|task| task.id.as_str()).collect();
        Ok(Answer::json(200, &json!({ "started": ids })))
    }

    /// Looks after the process from now on, unless that is done already.
    fn attend(&self, tasks: &[Arc<Task>], clock: RunClock) {
        let Some((first, timeline)) =
            tasks.first().and_then(|first| Some((first, first.timeline()?)))
        else {
            return;
        };
        let mut plan = first.reins.plan().clone();
        plan.lanes = tasks.iter().flat_map(|task| task.reins.plan().lanes.clone()).collect();
        let load = Load { plan, timeline, reins: first.reins.clone() };
        let mut inner = self.inner();
        if inner.attendant.is_none() && inner.said.is_none() {
            inner.attendant = Attendant::begin(load, clock, inner.monitor);
        }
    }

    /// The clock of the run that is on.
    fn clock(&self) -> RunClock {
        self.inner().clock.unwrap_or_else(|| self.clocks.best())
    }

    /// The tasks that are named, or all that fit.
    fn chosen(
        &self,
        names: Option<&[String]>,
        fits: impl Fn(&Task) -> bool,
    ) -> Result<Vec<Arc<Task>>, Answer> {
        match names {
            Some(names) => names.iter().map(|name| self.task(name)).collect(),
            None => Ok(self.inner().tasks.values().filter(|task| fits(task)).cloned().collect()),
        }
    }

    /// `POST /stop`.
    pub(super) fn stop(&self, call: &Call<'_>) -> Reply {
        let order: StopOrder =
            if call.body.is_empty() { StopOrder::default() } else { call.read()? };
        let tasks = self.chosen(order.tasks.as_deref(), |task| task.reins.have_started())?;
        self.hold(call, LEASE)?;
        for task in &tasks {
            match order.how {
                Stop::Halt => task.reins.halt(),
                Stop::Drain => task.reins.drain(),
                Stop::Close => task.reins.close(),
            }
        }
        let ids: Vec<&str> = tasks.iter().map(|task| task.id.as_str()).collect();
        Ok(Answer::json(200, &json!({ "stopped": ids })))
    }

    /// `PUT /course`.
    pub(super) fn follow(&self, call: &Call<'_>) -> Reply {
        let order: CourseOrder = call.read()?;
        let _turn = self.turn();
        self.hold(call, LEASE)?;
        let tasks = self.chosen(order.tasks.as_deref(), |task| task.reins.have_started())?;
        let clock = self.clock();
        for task in &tasks {
            task.follow(&order, clock.now()).map_err(|words| refused(task, &words))?;
        }
        let ids: Vec<&str> = tasks.iter().map(|task| task.id.as_str()).collect();
        Ok(Answer::json(200, &json!({ "followed": ids })))
    }

    /// `PUT /rate`.
    pub(super) fn change_rate(&self, call: &Call<'_>) -> Reply {
        let order: RateOrder = call.read()?;
        let _turn = self.turn();
        self.hold(call, LEASE)?;
        let rate = course::rate(order.rate).map_err(|words| Answer::error(400, &words))?;
        let tasks = self.chosen(None, |task| task.role == Role::Producer)?;
        for task in &tasks {
            let moment = Timestamp::from_nanos(order.at_ns);
            task.reins
                .change_rate(order.stream, moment, rate)
                .map_err(|words| refused(task, &words))?;
        }
        let ids: Vec<&str> = tasks.iter().map(|task| task.id.as_str()).collect();
        Ok(Answer::json(200, &json!({ "changed": ids })))
    }
}

fn refused(task: &Task, words: &str) -> Answer {
    Answer::error(409, &format!("task {}: {words}", task.id))
}
