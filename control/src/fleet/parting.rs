//! How a proxy parts from its worker: with its last word, or without it.

use super::pool::loss;
use super::protocol::{Stop, StopOrder};
use super::proxy::{LOOK_EVERY, Proxy};
use engine::time::Clock;
use engine::units::Nanos;
use std::thread;

/// How long a worker may take to say what it used, once its lanes have ended.
const LAST_WORD: Nanos = Nanos::from_secs(5);

impl Proxy {
    /// Waits for what the worker used; it says so when its last task has ended.
    pub(super) fn hear_out(&mut self) {
        let until = self.post.clock.now() + LAST_WORD;
        while self.post.member.said().is_none() && self.post.clock.now() < until {
            let Some(task) = self.tasks.last() else { return };
            let (id, next) = (task.id.clone(), task.next);
            match self.ask(|member| member.client.frames(&id, next)) {
                Ok(Some(frames)) => {
                    frames.host.into_iter().for_each(|said| self.post.member.hear(said));
                }
                Ok(None) => {}
                Err(_) => return,
            }
            self.post.clock.park(LOOK_EVERY);
        }
    }

    /// Gives the worker up.
    pub(super) fn lose(&self, reason: &str, before_start: bool) {
        let now = self.post.clock.now();
        self.post.member.lose(loss(now, reason, before_start));
        self.fence();
    }

    /// Says on the board why the lanes will not be ready.
    pub(super) fn say_failed(&self, reason: &str) {
        let url = self.post.member.client.url();
        for (lane, _) in self.tasks.iter().flat_map(|task| &task.lanes) {
            self.post
                .board
                .slot(*lane)
                .failed
                .get_or_insert_with(|| format!("worker {url}: {reason}"));
        }
    }

    /// Ends what a lost worker may still do: it would read what others are waiting for. Where it cannot
    /// be told, its lease ends it. Nobody waits for this.
    pub(super) fn fence(&self) {
        let client = self.post.member.client.clone();
        let tasks: Vec<String> = self.tasks.iter().map(|task| task.id.clone()).collect();
        let work = move || {
            // All at once first: a lane that is stuck holds up the end of its own task only.
            let order = StopOrder { how: Stop::Close, tasks: Some(tasks.clone()) };
            let told = client.stop(&StopOrder { how: Stop::Halt, ..order.clone() });
            if told.and_then(|()| client.stop(&order)).is_ok() {
                tasks.iter().for_each(|task| drop(client.delete(task)));
            }
        };
        let spawned = thread::Builder::new().name("fence".to_owned()).spawn(work);
        if let Err(error) = spawned {
            tracing::warn!("a lost worker is not told to end: {error}");
        }
    }

    /// Lets the worker close the tasks' clients and forget them.
    pub(super) fn delete(&self) {
        for task in &self.tasks {
            match self.post.member.client.delete(&task.id) {
                Ok(deleted) => {
                    for lane in deleted.unclosed {
                        tracing::warn!("{lane}: its clients did not close by the deadline");
                    }
                }
                Err(trouble) => tracing::warn!(
                    "worker {}: task {} was not ended: {trouble}; it ends by itself",
                    self.post.member.client.url(),
                    task.id
                ),
            }
        }
    }
}
