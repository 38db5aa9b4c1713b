//! Consumers that leave their groups in the middle of a run, and join them again.

use super::consume::{Member, Reader};
use super::standing::Standing;
use crate::error::RunError;
use crate::link::{Inlet, Moved};
use crate::plan::{Churn, ClientSettings};
use crate::time::Clock;
use crate::units::{Nanos, Timestamp};
use std::fmt;

/// How soon a lane looks again whether a consumer has left that was to be back already.
const AGAIN: Nanos = Nanos::from_millis(50);

/// Longer than any drain.
const NEVER: Nanos = Nanos::from_secs(1_000_000);

/// Makes the client of the member of this number anew.
type Make<'lane, I> = Box<dyn Fn(usize) -> Result<I, RunError> + 'lane>;

/// How a lane's members come and go.
pub(super) struct Coming<'lane, I> {
    churn: Churn,
    /// Whether groups keep the partitions of who is away.
    is_static: bool,
    start: Timestamp,
    /// When to look next; nothing is done for a message.
    next: Timestamp,
    /// Whether everybody was called back, since all is sent.
    is_called: bool,
    make: Make<'lane, I>,
}

impl<I> fmt::Debug for Coming<'_, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coming").field("churn", &self.churn).finish_non_exhaustive()
    }
}

impl<'lane, I> Coming<'lane, I> {
    /// From a run's start on, if consumers are to come and go; as static members where they are.
    pub(super) fn new(
        asked: &ClientSettings,
        start: Timestamp,
        make: Make<'lane, I>,
    ) -> Option<Self> {
        let churn = asked.churn?;
        let is_static = asked.instance_prefix().is_some();
        let next = start + churn.next(Nanos::ZERO);
        Some(Self { churn, is_static, start, next, is_called: false, make })
    }
}

impl<I: Inlet> Member<I> {
    /// How far it has come on each partition that it ever read from, with whatever client.
    pub(super) fn position(&self) -> Vec<Moved> {
        let now = self.inlet.as_ref().map(Inlet::position);
        now.into_iter().flatten().chain(self.came.iter().copied()).collect()
    }

    /// Closes its client, if that has left its group.
    pub(super) fn go(&mut self) {
        if self.inlet.as_ref().is_some_and(Inlet::has_left) {
            self.came = furthest(self.position());
            (self.inlet, self.is_leaving) = (None, false);
        }
    }
}

/// Each partition once.
fn furthest(mut all: Vec<Moved>) -> Vec<Moved> {
    all.sort_unstable_by_key(|moved| (moved.at, std::cmp::Reverse(moved.next)));
    all.dedup_by_key(|moved| moved.at);
    all
}

impl<I: Inlet> Reader<'_, I> {
    /// Lets members leave and join whose turn it is. Says whether it looked: that takes the lane's time.
    ///
    /// Once all is sent (`is_over`) nobody leaves, and static members come back: their groups keep their
    /// partitions for them, and nobody else would read what is there. Others stay where they are.
    pub(super) fn come_and_go(
        &mut self,
        clock: &impl Clock,
        now: Timestamp,
        is_over: bool,
    ) -> bool {
        let is_due = |coming: &&mut Coming<'_, I>| match is_over {
            false => coming.next <= now,
            true => coming.is_static && (!coming.is_called || coming.next <= now),
        };
        let Some(coming) = self.coming.as_mut().filter(is_due) else { return false };
        let since = coming.start.until(now);
        coming.is_called = is_over;
        coming.next = if is_over { now + NEVER } else { coming.start + coming.churn.next(since) };
        let count = self.members.len();
        for (index, member) in self.members.iter_mut().enumerate() {
            let is_away = !is_over && coming.churn.is_away(member.seat, since);
            match (&mut member.inlet, is_away) {
                (Some(inlet), true) if !member.is_leaving => {
                    inlet.leave();
                    member.is_leaving = true;
                    self.recorder.consumer_left(member.stream);
                }
                (Some(_), false) if member.is_leaving => {
                    coming.next = coming.next.min(now + AGAIN);
                }
                (None, false) => match (coming.make)(index) {
                    Ok(inlet) => {
                        member.inlet = Some(inlet);
                        member.client += count;
                        member.published = 0;
                        member.standing = Standing::joining(clock.now(), coming.is_static);
                    }
                    Err(error) => {
                        let words = error.to_string();
                        self.board.note_trouble(&words);
                        self.board.slot(self.lane).failed.get_or_insert(words);
                    }
                },
                _ => {}
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::furthest;
    use crate::link::{Assigned, Moved};
    use crate::plan::Route;

    #[test]
    fn of_all_clients_that_read_a_partition_the_furthest_counts() {
        let moved = |partition, next| Moved { at: Assigned { route: Route(0), partition }, next };
        let all = vec![moved(1, 4), moved(0, 9), moved(1, 7), moved(1, 2)];
        assert_eq!(furthest(all), [moved(0, 9), moved(1, 7)], "each once");
    }
}
