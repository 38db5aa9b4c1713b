//! What a consuming lane makes of what its clients say.

use super::standing::Standing;
use crate::link::{Delivery, Failure, InletSink, Rebalance, Statistics};
use crate::measure::Recorder;
use crate::units::Timestamp;

/// Takes what one client of a lane says.
pub(super) struct Sink<'reader> {
    /// The lane's pen.
    pub(super) recorder: &'reader mut Recorder,
    /// Which of the lane's clients this is.
    pub(super) client: usize,
    /// What it reads.
    pub(super) stream: usize,
    /// For which of the stream's subscriptions.
    pub(super) subscription: usize,
    /// In which group of the plan.
    pub(super) group: usize,
    /// What it has read, and how much of that its group knows of.
    pub(super) standing: &'reader mut Standing,
    /// Whether the load is over: what groups do from then on is of no run.
    pub(super) is_over: bool,
    /// Messages that came.
    pub(super) delivered: u64,
    /// What the client complained of last, and whether it cannot go on.
    pub(super) trouble: Option<(Failure, bool)>,
    /// What the lane's turn has brought.
    pub(super) brought: Brought,
}

/// What a turn of the loop has brought so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Brought {
    /// Nothing: the lane has looked and done nothing.
    Nothing,
    /// Messages. The moment is that at which the first was read, where the lane had done nothing in
    /// this turn before: a look at the clock like that of a turn without any.
    Messages(Option<Timestamp>),
    /// Something that is no message, which took its time.
    Other,
}

impl Brought {
    fn other(&mut self) {
        if *self == Self::Nothing {
            *self = Self::Other;
        }
    }
}

impl InletSink for Sink<'_> {
    fn delivery(&mut self, now: Timestamp, delivery: &Delivery<'_>) {
        match self.brought {
            Brought::Messages(_) => {}
            Brought::Nothing => self.brought = Brought::Messages(Some(now)),
            Brought::Other => self.brought = Brought::Messages(None),
        }
        self.delivered += 1;
        self.recorder.delivery(now, self.stream, self.subscription, delivery);
    }

    fn committed(&mut self, result: Result<(), Failure>) {
        self.brought.other();
        self.standing.answered(result.is_ok(), self.delivered);
        self.recorder.committed(self.stream, result);
    }

    fn nothing_to_commit(&mut self) {
        self.standing.answered(true, self.delivered);
    }

    fn rebalanced(&mut self, rebalance: &Rebalance) {
        self.brought.other();
        let part = self.standing.moved(rebalance, self.delivered);
        if self.is_over {
            return;
        }
        self.recorder.rebalanced(self.stream, (self.group, rebalance.generation), part);
    }

    fn trouble(&mut self, failure: Failure, fatal: bool) {
        self.brought.other();
        self.recorder.consumer_trouble(self.stream, failure);
        let was_fatal = self.trouble.is_some_and(|trouble| trouble.1);
        self.trouble = Some((failure, fatal || was_fatal));
    }

    fn statistics(&mut self, now: Timestamp, statistics: Box<dyn Statistics>) {
        self.brought.other();
        self.recorder.client_said(self.client, now, statistics);
    }
}
