//! The worker: what a coordinator may ask of this host, and what becomes of it.

use super::call::{Answer, Call, Method, Service};
use super::clocks::Clocks;
use super::held::Held;
use super::metrics;
use super::protocol::{
    ClockOrder, Deleted, Health, HostSaid, LEASE, LEASE_MAX, Moments, Started, TASKS_MAX,
    TaskOrder, WIRE,
};
use super::ready::Settling;
use super::share::{self, Planned};
use super::summary;
use super::task::Task;
use crate::host;
use engine::plan::Role;
use engine::time::{Clock, Line, RunClock};
use engine::units::{Nanos, Timestamp};
use serde_json::json;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use xxhash_rust::xxh3::xxh3_64;

/// What a worker is asked and does.
#[derive(Debug)]
pub(super) struct Worker {
    instance: String,
    pub(super) clocks: Clocks,
    inner: Mutex<Held>,
    /// Held by whoever starts something or changes a rate: one after the other, so that the same order
    /// twice at once is one task.
    turn: Mutex<()>,
}

pub(super) type Reply = Result<Answer, Answer>;

impl Worker {
    /// A worker that does nothing yet.
    pub(super) fn new(instance: String) -> Self {
        Self { instance, clocks: Clocks::start(), inner: Mutex::default(), turn: Mutex::default() }
    }

    /// Ends what nobody wants any more: its coordinator was not heard of for the lease. Says whose.
    pub(super) fn expire(&self) -> Option<String> {
        let now = self.clocks.steady();
        let (holder, tasks) = {
            let mut inner = self.inner();
            let holder = inner.lease.expired(now)?;
            (holder, std::mem::take(&mut inner.tasks))
        };
        close_all(tasks.into_values().collect());
        // Only now is the worker free: nobody's load meets what is left of another's.
        *self.inner() = Held::default();
        Some(holder)
    }

    /// Ends everything.
    pub(super) fn close(&self) {
        let tasks = std::mem::take(&mut self.inner().tasks);
        close_all(tasks.into_values().collect());
    }

    pub(super) fn inner(&self) -> MutexGuard<'_, Held> {
        self.inner.lock().expect("nobody panics with the tasks in hand")
    }

    /// Nothing that panicked with it leaves anything half done that the next one would meet.
    pub(super) fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn route(&self, call: &Call<'_>) -> Reply {
        let parts: Vec<&str> = call.path.trim_matches('/').split('/').collect();
        match (call.method, parts.as_slice()) {
            (Method::Get, ["health"]) => Ok(Answer::json(200, &self.health())),
            (Method::Get, ["clock"]) => self.moments(call),
            (Method::Get, ["metrics"]) => {
                let inner = self.inner();
                Ok(metrics::answer(metrics::text(inner.tasks.values().map(|task| &**task))))
            }
            (Method::Get, ["task", id, "status"]) => {
                Ok(Answer::json(200, &self.task(id)?.status()))
            }
            (Method::Get, ["task", id, "result"]) => self.result(call, id),
            (Method::Get, ["consumer", id, "ready"]) => self.ready(id),
            (Method::Post, ["producer", "start"]) => self.start_task(call, Role::Producer),
            (Method::Post, ["consumer", "start"]) => self.start_task(call, Role::Consumer),
            (Method::Post, ["start"]) => self.start(call),
            (Method::Post, ["stop"]) => self.stop(call),
            (Method::Put, ["course"]) => self.follow(call),
            (Method::Post, ["mark"]) => self.mark(call),
            (Method::Put, ["rate"]) => self.change_rate(call),
            (Method::Put, ["clock"]) => self.correct(call),
            (Method::Delete, ["task", id]) => self.delete(call, id),
            _ => Err(Answer::error(404, &format!("{}: {UNKNOWN}", call.path))),
        }
    }

    fn health(&self) -> Health {
        let inner = self.inner();
        let clock = self.clocks.best();
        Health {
            kdyno_version: env!("CARGO_PKG_VERSION").to_owned(),
            wire: WIRE,
            instance: self.instance.clone(),
            host: host::host_name(),
            boot_id: host::boot_id(),
            machine: engine::host::machine(),
            load_1m: host::load_1m(),
            librdkafka: engine::kafka::version(),
            clock: clock.source().word().to_owned(),
            now_ns: clock.own_now().as_nanos(),
            // Who has started nothing keeps nobody out.
            coordinator: inner.lease.holder().filter(|_| inner.is_in_use()).map(str::to_owned),
            tasks: inner.tasks.keys().cloned().collect(),
        }
    }

    fn moments(&self, call: &Call<'_>) -> Reply {
        let clock = self.source(call)?;
        // What passed between the gate and here is taken off by the clock that both have.
        let waited = self.clocks.steady().since(call.arrived).unwrap_or_default();
        let now = clock.own_now();
        let received_ns = now.before(waited).as_nanos();
        Ok(Answer::json(200, &Moments { received_ns, sent_ns: clock.own_now().as_nanos() }))
    }

    fn source(&self, call: &Call<'_>) -> Result<RunClock, Answer> {
        let source = call.value("source").unwrap_or("auto");
        self.clocks.of(source).map_err(|words| Answer::error(400, &words))
    }

    fn correct(&self, call: &Call<'_>) -> Reply {
        let order: ClockOrder = call.read()?;
        self.hold(call, LEASE)?;
        let line = Line::new(Timestamp::from_nanos(order.at_ns), order.offset_ns, order.drift_ppb)
            .map_err(|words| Answer::error(400, &words))?;
        // Before anything is measured by it the clock may step.
        let clock = self.inner().clock;
        let setting = self.clocks.correct(clock, &line);
        Ok(Answer::json(200, &json!({ "setting": setting })))
    }

    pub(super) fn hold(&self, call: &Call<'_>, lease: Nanos) -> Result<(), Answer> {
        let now = self.clocks.steady();
        let name = call.coordinator.unwrap_or("a caller without a name");
        let mut inner = self.inner();
        if !inner.is_in_use() {
            inner.lease.drop_others(name);
        }
        inner.lease.take(name, now, lease).map_err(|holder| {
            Answer::error(409, &format!("this worker does tasks of {holder}: wait until they end"))
        })
    }

    pub(super) fn task(&self, id: &str) -> Result<Arc<Task>, Answer> {
        self.inner()
            .tasks
            .get(id)
            .cloned()
            .ok_or_else(|| Answer::error(404, &format!("task {id}: is not here")))
    }

    fn start_task(&self, call: &Call<'_>, role: Role) -> Reply {
        let order: TaskOrder = call.read()?;
        let _turn = self.turn();
        self.hold(call, LEASE)?;
        let digest = xxh3_64(call.body) ^ u64::from(role == Role::Producer);
        if let Ok(known) = self.task(&order.task_id) {
            return self.again(&known, digest);
        }
        if TASKS_MAX <= self.inner().tasks.len() {
            return Err(Answer::error(409, &format!("{TASKS_MAX} tasks are here already")));
        }
        let Planned { plan, cluster, driver, clock, monitor } =
            share::plan(&order, role).map_err(|words| Answer::error(400, &words))?;
        let clock = self.clocks.in_fleet(clock).map_err(|words| Answer::error(400, &words))?;
        let (lanes, remarks) = (plan.lanes.clone(), plan.remarks.clone());
        let spawned =
            driver(plan, clock).map_err(|error| Answer::error(500, &error.to_string()))?;
        let task = Task::keep((&order.task_id, digest), role, spawned, cluster);
        let task = task.map_err(|error| Answer::error(500, &error.to_string()))?;
        // Planning took its time, in which the lease may have passed and everything been ended.
        let lease = order.lease_ms.map_or(LEASE, Nanos::from_millis).min(LEASE_MAX);
        if let Err(refused) = self.hold(call, lease) {
            close_all(vec![Arc::new(task)]);
            return Err(refused);
        }
        let mut inner = self.inner();
        (inner.monitor, inner.clock) = (monitor, Some(clock));
        inner.settling.insert(order.task_id.clone(), Settling::default());
        inner.tasks.insert(order.task_id.clone(), Arc::new(task));
        drop(inner);
        tracing::info!("task {}: {} {role} lanes", order.task_id, lanes.len());
        Ok(Answer::json(200, &Started { task_id: order.task_id, lanes, remarks }))
    }

    /// The same order again is answered as it was; another one under the same name is refused.
    fn again(&self, known: &Task, digest: u64) -> Reply {
        if known.digest != digest {
            let words = format!("task {}: is here already, with another order", known.id);
            return Err(Answer::error(409, &words));
        }
        let plan = known.reins.plan();
        let (lanes, remarks) = (plan.lanes.clone(), plan.remarks.clone());
        Ok(Answer::json(200, &Started { task_id: known.id.clone(), lanes, remarks }))
    }

    fn ready(&self, id: &str) -> Reply {
        let task = self.task(id)?;
        let now = self.clocks.steady();
        let mut inner = self.inner();
        let settling = inner.settling.entry(id.to_owned()).or_default();
        Ok(Answer::json(200, &settling.look(&task, now)))
    }

    fn result(&self, call: &Call<'_>, id: &str) -> Reply {
        let task = self.task(id)?;
        if call.accept.is_some_and(|accept| accept.contains("json")) {
            return Ok(Answer::json(200, &summary::of(&task)));
        }
        let from = call.value("from").unwrap_or("0").parse();
        let from = from.map_err(|_| Answer::error(400, "from: need the number of a frame"))?;
        // What the run's own coordinator has, nobody else needs; of others' questions it notices nothing.
        if call.coordinator.is_some_and(|name| self.inner().lease.holder() == Some(name)) {
            task.forget(from);
        }
        let frames = task.frames(from, self.host_said());
        let bytes = postcard::to_stdvec(&frames).expect("frames in memory are written");
        Ok(Answer::bytes(200, bytes))
    }

    /// What the process used, once all tasks have finished.
    fn host_said(&self) -> Option<HostSaid> {
        let attendant = {
            let mut inner = self.inner();
            if !inner.tasks.values().all(|task| task.has_finished()) {
                return None;
            }
            match inner.attendant.take() {
                Some(attendant) => attendant,
                None => return inner.said.clone(),
            }
        };
        // It may take seconds, in which others are answered: without it, so that they ask again.
        let said = attendant.end();
        let mut held = self.inner();
        let marks = held.marks.clone();
        held.said = said.map(|said| HostSaid { marks, ..said });
        held.said.clone()
    }

    /// From anybody: it changes nothing of what goes on.
    fn mark(&self, call: &Call<'_>) -> Reply {
        let mut held = self.inner();
        let clock = held.clock.unwrap_or_else(|| self.clocks.best());
        let mark = held.mark(call.body, clock.now())?;
        tracing::info!("mark: {}", mark.text);
        Ok(Answer::json(200, &mark))
    }

    fn delete(&self, call: &Call<'_>, id: &str) -> Reply {
        let task = self.task(id)?;
        self.hold(call, LEASE)?;
        let unclosed = task.close();
        let mut inner = self.inner();
        inner.tasks.remove(id);
        inner.settling.remove(id);
        // Where the lease has passed meanwhile, whoever ends the rest makes the worker free.
        if inner.tasks.is_empty() && !inner.lease.is_ending() {
            *inner = Held::default();
        }
        drop(inner);
        tracing::info!("task {id}: ended");
        Ok(Answer::json(200, &Deleted { unclosed }))
    }
}

const UNKNOWN: &str = "no such call; there are GET /health, /clock, /metrics, /task/ID/status, /task/ID/result, \
     /consumer/ID/ready, POST /producer/start, /consumer/start, /start, /stop, /mark, PUT /course, /rate, /clock, DELETE /task/ID";

impl Service for Worker {
    fn answer(&self, call: &Call<'_>) -> Answer {
        if let Some(name) = call.coordinator {
            self.inner().lease.renew(name, self.clocks.steady());
        }
        match self.route(call) {
            Ok(answer) | Err(answer) => answer,
        }
    }

    fn now(&self) -> Timestamp {
        self.clocks.steady()
    }
}

/// Ends tasks all at once and waits for each.
fn close_all(tasks: Vec<Arc<Task>>) {
    tasks.iter().for_each(|task| task.end());
    for task in tasks {
        for lane in task.close() {
            tracing::warn!("task {}: {lane}: its clients did not close in time", task.id);
        }
    }
}
