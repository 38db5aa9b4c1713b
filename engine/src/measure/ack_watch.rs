//! A lane's ear for acks that stop: one comparison for each ack until they do.
//!
//! Acks of one producer on one partition come in order. So the first one after a silence tells all: where
//! its message was sent at *s* and the last ack before came at *l*, something was outstanding and
//! unanswered from the later of both on. Where nothing is sent nothing is silent.

use super::constants::SILENCE_LEAST;
use super::silences::{Silence, Silences};
use crate::link::{Ack, Outcome};
use crate::message::Stamp;
use crate::units::{Nanos, Timestamp};
use std::collections::BTreeMap;

/// Whose silence it is: a partition's, by its place, or the lane's as a whole.
type Whose = Option<usize>;

/// Since when one stream's partitions have been silent.
#[derive(Debug, Default)]
pub(super) struct AckWatch {
    /// What is longer is a silence: a lingering client is quiet for as long as it waits for more.
    least: Nanos,
    /// When the last ack came on each partition.
    last: Vec<Timestamp>,
    /// And on any of them.
    last_of_all: Timestamp,
    /// Waits that ended without an ack, since the last one; only where messages failed.
    unanswered: BTreeMap<Whose, (Timestamp, Timestamp)>,
    /// When the last silence of a partition ended; only where there was one.
    ended: BTreeMap<usize, Timestamp>,
    /// The last of them: what was due later was in no silence.
    last_end: Timestamp,
}

impl AckWatch {
    /// Of so many partitions, of clients that wait so long for a batch to fill.
    pub(super) fn of(partitions: usize, linger: Nanos) -> Self {
        let last = vec![Timestamp::default(); partitions];
        Self { least: SILENCE_LEAST + linger, last, ..Self::default() }
    }

    /// Answers came at `now`, before each of them is looked at.
    pub(super) fn heard(&mut self, now: Timestamp, acks: &[Ack], silences: &mut Silences) {
        let is_acked = |ack: &&Ack| matches!(ack.outcome, Outcome::Persisted { .. });
        // Mostly the first one says so.
        if acks.iter().find(is_acked).is_none() {
            return;
        }
        if self.least < self.last_of_all.until(now) || !self.unanswered.is_empty() {
            let sent = acks.iter().filter(is_acked).map(|ack| ack.stamp.sent);
            let oldest = sent.min().expect("one is acked");
            let from = oldest.max(self.last_of_all);
            self.end(None, (from, now), silences);
        }
        self.last_of_all = self.last_of_all.max(now);
    }

    /// A message was acked at `now`. Whether it was held up by a silence of its partition: then it was due
    /// before that ended.
    pub(super) fn acked(
        &mut self,
        now: Timestamp,
        place: usize,
        stamp: &Stamp,
        silences: &mut Silences,
    ) -> bool {
        let last = self.last[place];
        // Acks of one delivery event have one time: the first one on each partition tells.
        if last < now {
            self.last[place] = now;
            let from = last.max(stamp.sent);
            if self.least < from.until(now) || !self.unanswered.is_empty() {
                self.end(Some(place), (from, now), silences);
            }
        }
        stamp.due < self.last_end && self.ended.get(&place).is_some_and(|end| stamp.due < *end)
    }

    /// A message was given up at `now`: no ack, so the silence goes on. Without a partition that it was
    /// for, it is the lane's alone.
    pub(super) fn failed(
        &mut self,
        now: Timestamp,
        place: Whose,
        stamp: &Stamp,
        silences: &mut Silences,
    ) {
        let places = place.into_iter().map(Some);
        for whose in std::iter::once(None).chain(places) {
            let last = whose.map_or(self.last_of_all, |of| self.last[of]);
            let from = last.max(stamp.sent);
            if now <= from {
                continue;
            }
            let known = self.unanswered.insert(whose, (from, now));
            match known {
                Some((begun, until)) if from <= until => {
                    self.unanswered.insert(whose, (begun.min(from), now.max(until)));
                }
                Some(before) => self.file(whose, before, silences, Answer::None),
                None => {}
            }
        }
    }

    /// Nothing more will come.
    pub(super) fn close(&mut self, silences: &mut Silences) {
        for (whose, span) in std::mem::take(&mut self.unanswered) {
            self.file(whose, span, silences, Answer::None);
        }
    }

    /// An ack ends what may have been a silence.
    #[cold]
    fn end(&mut self, whose: Whose, (from, now): (Timestamp, Timestamp), silences: &mut Silences) {
        let from = match self.unanswered.remove(&whose) {
            Some((begun, until)) if from <= until => begun.min(from),
            Some(before) => {
                self.file(whose, before, silences, Answer::None);
                from
            }
            None => from,
        };
        self.file(whose, (from, now), silences, Answer::Ack);
    }

    fn file(
        &mut self,
        whose: Whose,
        (from, to): (Timestamp, Timestamp),
        silences: &mut Silences,
        answer: Answer,
    ) {
        if from.until(to) <= self.least {
            return;
        }
        let place = u32::try_from(whose.unwrap_or(0)).expect("a plan's partitions are a u32");
        let silence = Silence::between(from, to, place, answer == Answer::Ack);
        match whose {
            None => silences.lane.file(silence),
            Some(partition) => {
                silences.partitions.file(silence);
                self.ended.insert(partition, to);
                self.last_end = self.last_end.max(to);
            }
        }
    }
}

/// What ended a silence.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Ack,
    None,
}
