//! Lanes that died while a run was on: others come in their place, or the run ends.

use super::crew::{Join, Rescue, Seats};
use super::running::Watch;
use crate::lane::Timeline;
use crate::measure::Tally;
use crate::plan::LanePlan;
use crate::time::{Clock, Schedule};
use crate::units::{Nanos, Timestamp};
use std::ops::Range;
use std::sync::Arc;

/// Lanes that were lost, and those that came in their place.
#[derive(Clone, Debug)]
pub(super) struct Gap {
    pub(super) lost: Vec<usize>,
    pub(super) heirs: Range<usize>,
    /// When it was noticed.
    pub(super) noticed: Timestamp,
}

impl Gap {
    /// The seconds of the border's origin in which something is missing: from the last that was handed
    /// over in full to the first of those who came in place, or for ever. Of lanes that never handed
    /// anything over it begins with the run, or where they came in place of others, with theirs.
    fn seconds(
        &self,
        earlier: &[Self],
        heard: &impl Fn(usize) -> Option<(i64, i64)>,
    ) -> (i64, i64) {
        let last = self.lost.iter().filter_map(|lane| heard(*lane)).map(|(_, last)| last).min();
        let came_for = || {
            let is_parent = |gap: &&Self| self.lost.iter().any(|lane| gap.heirs.contains(lane));
            let (nth, parent) = earlier.iter().enumerate().find(|(_, gap)| is_parent(gap))?;
            Some(parent.seconds(&earlier[..nth], heard).0)
        };
        let from = last.map(|last| last + 1).or_else(came_for).unwrap_or(i64::MIN);
        let joined = self.heirs.clone().filter_map(heard).map(|(first, _)| first).max();
        (from, joined.unwrap_or(i64::MAX))
    }
}

impl Watch<'_> {
    /// Looks for lanes whose thread has ended. It handed over before it did: their last tallies are here
    /// or still in the inbox, so threads are looked at first and the inbox is emptied after that.
    pub(super) fn find_dead(&mut self) {
        let handles = self.ready.teardown.lanes.iter().filter(|handle| handle.is_finished());
        let ended: Vec<usize> = handles.flat_map(|handle| handle.lanes.iter().copied()).collect();
        while self.ready.collector.has_mail() {
            for second in self.ready.collector.collect(Nanos::ZERO) {
                self.add(&second);
            }
        }
        let is_new =
            |lane: &usize| self.ready.collector.end(*lane).is_none() && !self.died.contains(lane);
        let new: Vec<usize> = ended.into_iter().filter(is_new).collect();
        if !new.is_empty() {
            self.bury(&new);
        }
    }

    /// Goes on without lanes that died, with others in their place, or ends the run.
    fn bury(&mut self, lost: &[usize]) {
        self.died.extend(lost);
        lost.iter().for_each(|lane| self.ready.collector.bury(*lane));
        let now = self.ready.clock.now();
        let timeline = Timeline { from: now, ..self.timeline.clone() };
        // Where the run is ending nobody takes over what will not be sent.
        let rest = (self.halted_at.is_none() && now < self.end()).then_some(&timeline);
        match self.ready.crew.bury(lost, &self.ready.plan, rest) {
            Rescue::End(error) => {
                self.broken.get_or_insert(error);
                if self.halted_at.is_none() {
                    self.halt();
                }
            }
            Rescue::GoOn(lanes) => {
                let first = self.ready.plan.lanes.len();
                let heirs = first..first + lanes.len();
                self.gaps.push(Gap { lost: lost.to_vec(), heirs, noticed: now });
                if !lanes.is_empty() {
                    self.seat(lanes, timeline);
                }
            }
        }
    }

    /// Gives lanes that come in place of others a place in the run.
    fn seat(&mut self, lanes: Vec<LanePlan>, timeline: Timeline) {
        let first = self.ready.plan.lanes.len();
        let plan = Arc::make_mut(&mut self.ready.plan);
        plan.lanes.extend(lanes);
        let numbers = first..plan.lanes.len();
        assert!(numbers.end <= self.ready.board.room(), "a crew says how many it may add");
        let boxes = numbers.map(|lane| {
            let (mailbox, tally) = self.ready.collector.grow();
            (lane, mailbox, tally)
        });
        let seats = Seats {
            mailboxes: boxes.collect(),
            plan: Arc::clone(&self.ready.plan),
            clock: self.ready.clock,
            signal: Arc::clone(&self.ready.signal),
            board: Arc::clone(&self.ready.board),
            join: Join::Late(timeline),
        };
        match self.ready.crew.raise(seats) {
            Ok(handles) => self.ready.teardown.lanes.extend(handles),
            Err((error, handles)) => {
                self.ready.teardown.lanes.extend(handles);
                self.broken.get_or_insert(error);
                self.halt();
            }
        }
    }

    /// Marks the seconds in which lanes were missing.
    pub(super) fn mark_gaps(&mut self) {
        for (nth, gap) in self.gaps.iter().enumerate() {
            let heard = |lane| self.ready.collector.heard(lane);
            let (from, to) = gap.seconds(&self.gaps[..nth], &heard);
            let missing = u32::try_from(gap.lost.len()).expect("fewer than 2^32 lanes");
            for interval in &mut self.intervals {
                let second = i64::from(interval.second);
                let (from, to) =
                    (self.warming.number_or_edge(from), self.warming.number_or_edge(to));
                if (from..=to).contains(&second) {
                    interval.lanes_missing += missing;
                }
            }
        }
    }

    /// What was due and nobody told of, since those who should have were lost: due all the same, and
    /// unsent as far as anyone knows.
    pub(super) fn fill_gaps(&self, tally: &mut Tally, (measured, until): (Timestamp, Timestamp)) {
        let Some(gap) = self.gaps.first() else { return };
        for (index, seen) in tally.streams.iter_mut().enumerate() {
            let Some(schedule) = self.ready.signal.schedule(index) else { continue };
            let all = due_between(&schedule, measured, until);
            let produced = &mut seen.measured.produced;
            let untold = all.saturating_sub(produced.due);
            if 0 < untold {
                produced.due += untold;
                produced.unsent += untold;
                produced.unsent_due.include(gap.noticed.max(measured));
            }
        }
    }
}

/// Messages of the run that are due from one moment on and before another; none where that is earlier: a
/// run may end before it is measured.
fn due_between(schedule: &Schedule, from: Timestamp, until: Timestamp) -> u64 {
    schedule.count_before(until).saturating_sub(schedule.count_before(from))
}

#[cfg(test)]
mod tests {
    use super::{Gap, due_between};
    use crate::plan::samples::rate;
    use crate::time::Schedule;
    use crate::units::{Nanos, Timestamp};

    #[test]
    fn what_is_due_in_a_phase_is_counted_and_a_run_that_ends_before_it_owes_nothing() {
        let start = Timestamp::from_nanos(7_000_000_000);
        let after = |seconds| start + Nanos::from_secs(seconds);
        let schedule = Schedule::constant(rate(100), start, after(30));
        let check = |from, until, expected| {
            assert_eq!(
                due_between(&schedule, after(from), after(until)),
                expected,
                "{from}..{until}"
            );
        };
        check(0, 10, 1_000);
        check(5, 10, 500);
        check(20, 60, 1_000);
        check(10, 10, 0);
        check(20, 9, 0);
    }

    #[test]
    fn a_gap_lasts_from_the_last_word_of_who_was_lost_to_the_first_of_who_came() {
        let noticed = Timestamp::from_nanos(0);
        let gap = |lost: &[usize], heirs| Gap { lost: lost.to_vec(), heirs, noticed };
        // Lanes 0 and 1 of the plan; 2 and 3 came for 1, 4 for 3, which was never heard.
        let heard = |lane: usize| [None, Some((-1, 4)), Some((9, 20)), None, Some((12, 20))][lane];
        let gaps = [gap(&[1], 2..4), gap(&[3], 4..5), gap(&[0], 0..0)];
        let seconds = |nth: usize| gaps[nth].seconds(&gaps[..nth], &heard);
        assert_eq!(seconds(0), (5, 9), "whoever came first ends it");
        assert_eq!(
            seconds(1),
            (5, 12),
            "who never came begins where those began whose place it was"
        );
        assert_eq!(seconds(2), (i64::MIN, i64::MAX), "never heard, and nobody came");
    }
}
