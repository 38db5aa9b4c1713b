//! The consuming loop: joins, reads, commits, and says how far it has come.

use super::board::{Board, MemberState};
use super::signal::{Signal, Stage};
use crate::link::{Delivery, Failure, FailureKind, Inlet, InletSink, Statistics};
use crate::measure::{Gaps, Recorder};
use crate::plan::CommitMode;
use crate::time::{Clock, WaitMode};
use crate::units::{Nanos, Timestamp};

/// Events taken from one client before the next has its turn.
const EVENTS_AT_ONCE: usize = 256;

/// Longest sleep of a lane that has nothing to read; a message ends it early.
const PATIENCE: Nanos = Nanos::from_millis(10);

/// How often positions are published while draining.
const POSITIONS_EVERY: Nanos = Nanos::from_millis(20);

/// How long the last commits may take to be answered.
const COMMIT_DEADLINE: Nanos = Nanos::from_secs(5);

/// How long leaving the groups may take, within the run's deadline for closing clients.
const LEAVE_DEADLINE: Nanos = Nanos::from_secs(10);

/// A commit that was not answered in time.
const UNANSWERED: Failure = Failure { kind: FailureKind::Timeout, code: -185 };

/// One consuming client of a lane.
pub(super) struct Member<I> {
    pub(super) inlet: I,
    pub(super) name: String,
    pub(super) stream: usize,
    pub(super) subscription: usize,
    pub(super) group: usize,
    /// The revision that the board knows.
    published: u64,
}

impl<I> Member<I> {
    pub(super) const fn new(
        inlet: I,
        name: String,
        (stream, subscription, group): (usize, usize, usize),
    ) -> Self {
        Self { inlet, name, stream, subscription, group, published: 0 }
    }
}

/// A lane's clients and its pen.
pub(super) struct Reader<'lane, I> {
    pub(super) members: Vec<Member<I>>,
    pub(super) recorder: Recorder,
    pub(super) board: &'lane Board,
    pub(super) lane: usize,
    pub(super) commit: CommitMode,
    /// Whether the run lets nobody read for now.
    pub(super) is_held: bool,
    /// How many messages more it is to read; the greatest number: as many as come.
    pub(super) left: u64,
}

struct Sink<'reader> {
    recorder: &'reader mut Recorder,
    /// Which of the lane's clients this is.
    client: usize,
    stream: usize,
    subscription: usize,
    /// Messages that came.
    delivered: u64,
    trouble: Option<(Failure, bool)>,
    brought: Brought,
}

/// What a turn of the loop has brought so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Brought {
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

/// A turn of the loop.
struct Turn {
    /// Whether there may be more: a lane that sleeps now is not called for those.
    more: bool,
    brought: Brought,
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
        self.recorder.committed(self.stream, result);
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

impl<I: Inlet> Reader<'_, I> {
    /// Takes what the clients have, and publishes what changed.
    fn serve(&mut self, clock: &impl Clock) -> Turn {
        let mut turn = Turn { more: false, brought: Brought::Nothing };
        for (index, member) in self.members.iter_mut().enumerate() {
            let Member { inlet, name, stream, subscription, published, .. } = &mut *member;
            let mut sink = Sink {
                recorder: &mut self.recorder,
                client: index,
                stream: *stream,
                subscription: *subscription,
                delivered: 0,
                trouble: None,
                brought: turn.brought,
            };
            let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(EVENTS_AT_ONCE);
            if room == 0 {
                // It has read all that it was to read: the run is about to close it.
                break;
            }
            turn.more |= inlet.poll(clock, room, &mut sink);
            turn.brought = sink.brought;
            self.left = self.left.saturating_sub(sink.delivered);
            if self.left == 0 {
                self.board.slot(self.lane).has_enough = true;
            }
            if let Some((_, fatal)) = sink.trouble {
                note_trouble(self.board, self.lane, (inlet.last_words(), name), fatal);
            }
            if *published != inlet.revision() {
                *published = inlet.revision();
                // Inlets answer rebalances without a word to the sink: it may have been before the
                // first message.
                turn.brought = Brought::Other;
                let mut slot = self.board.slot(self.lane);
                let state = &mut slot.members[index];
                state.revision = *published;
                state.assignment = inlet.assignment().to_vec();
                drop(slot);
                if self.is_held {
                    // What was assigned just now is held like the rest.
                    hold(member, &mut self.recorder, true);
                }
            }
        }
        turn
    }

    fn publish_positions(&self) {
        let positions: Vec<_> = self.members.iter().map(|member| member.inlet.position()).collect();
        let mut slot = self.board.slot(self.lane);
        slot.members
            .iter_mut()
            .zip(positions)
            .for_each(|(state, position)| state.position = position);
    }

    fn commit(&mut self) {
        for (client, member) in self.members.iter_mut().enumerate() {
            let Member { inlet, stream, subscription, .. } = member;
            let mut sink = Sink {
                recorder: &mut self.recorder,
                client,
                stream: *stream,
                subscription: *subscription,
                delivered: 0,
                trouble: None,
                brought: Brought::Nothing,
            };
            inlet.commit(&mut sink);
        }
    }

    /// Puts the lane's members on the board, as not joined yet.
    pub(super) fn announce(&mut self) {
        let state =
            |member: &Member<I>| MemberState { group: member.group, ..MemberState::default() };
        self.board.slot(self.lane).members = self.members.iter().map(state).collect();
    }

    /// Polls until the run says that all are ready, so that rebalances are answered.
    pub(super) fn prepare(&mut self, clock: &impl Clock, signal: &Signal) {
        while signal.stage() == Stage::Preparing {
            if !self.serve(clock).more {
                clock.park(PATIENCE);
            }
        }
    }

    /// Reads until the run says that everything has been read, or gives up.
    pub(super) fn consume(&mut self, clock: &impl Clock, signal: &Signal, wait: WaitMode) {
        let every = match self.commit {
            CommitMode::Every(every) => Some(every),
            CommitMode::Client | CommitMode::Never => None,
        };
        let mut now = clock.now();
        let mut next_commit = every.map(|every| now + every);
        let mut next_positions = now;
        let mut gaps = self.recorder.gaps(wait);
        loop {
            if signal.is_held() != self.is_held {
                self.hold();
                gaps.interrupt();
            }
            let turn = self.serve(clock);
            now = clock.now();
            let handed_over = self.recorder.tick(now);
            self.look_for_gaps(&mut gaps, turn.brought, now);
            if handed_over {
                gaps.interrupt();
            }
            let stage = signal.stage();
            if stage == Stage::Closing {
                gaps.end().into_iter().for_each(|gap| self.recorder.hiccup(gap));
                return;
            }
            if stage == Stage::Draining && next_positions <= now {
                self.publish_positions();
                next_positions = now + POSITIONS_EVERY;
                gaps.interrupt();
            }
            if let (Some(due), Some(every)) = (next_commit, every)
                && due <= now
            {
                self.commit();
                next_commit = Some(now + every);
                gaps.interrupt();
            }
            if !turn.more && wait == WaitMode::Sleep {
                self.sleep(clock);
            }
        }
    }

    /// Holds all members, or lets them read again.
    fn hold(&mut self) {
        self.is_held = !self.is_held;
        for member in &mut self.members {
            hold(member, &mut self.recorder, self.is_held);
        }
    }

    /// A spinning lane sees how long its core is away from its last look, in a turn with nothing to
    /// do, to this one's end, or to the first message, if one came meanwhile.
    fn look_for_gaps(&mut self, gaps: &mut Gaps, brought: Brought, now: Timestamp) {
        let looked = match brought {
            Brought::Nothing => Some(now),
            Brought::Messages(first) => first,
            Brought::Other => None,
        };
        let gap = looked.and_then(|at| gaps.look(at));
        gap.into_iter().for_each(|gap| self.recorder.hiccup(gap));
        if brought != Brought::Nothing {
            gaps.interrupt();
        }
    }

    /// Sleeps until a message calls, or its patience ends; by how much later that is, its core was
    /// away.
    fn sleep(&mut self, clock: &impl Clock) {
        let wake = clock.now() + PATIENCE;
        clock.park(PATIENCE);
        clock.now().since(wake).into_iter().for_each(|late| self.recorder.hiccup(late));
    }

    /// Commits what was read and waits for the answers; what is not answered by the deadline is a
    /// failed commit.
    pub(super) fn settle(&mut self, clock: &impl Clock) {
        if !matches!(self.commit, CommitMode::Every(_)) {
            return;
        }
        if self.left == 0 {
            // The answers are polled for, and no message is to come with them.
            self.hold();
            self.left = u64::MAX;
        }
        self.commit();
        let until = clock.now() + COMMIT_DEADLINE;
        loop {
            self.serve(clock);
            let now = clock.now();
            self.recorder.tick(now);
            let pending = |member: &Member<I>| member.inlet.commits_pending();
            if self.members.iter().map(pending).sum::<u64>() == 0 {
                return;
            }
            if until <= now {
                for member in &self.members {
                    let unanswered = 0..pending(member);
                    unanswered
                        .for_each(|_| self.recorder.committed(member.stream, Err(UNANSWERED)));
                }
                return;
            }
            clock.park(PATIENCE);
        }
    }
}

/// Holds a member or lets it read; it stays in its group and is polled all the same.
fn hold<I: Inlet>(member: &mut Member<I>, recorder: &mut Recorder, is_held: bool) {
    let done = if is_held { member.inlet.pause() } else { member.inlet.resume() };
    if let Err(failure) = done {
        recorder.consumer_trouble(member.stream, failure);
    }
}

/// Takes what clients still have to say when nobody counts any more.
struct Nobody;

impl InletSink for Nobody {
    fn delivery(&mut self, _now: Timestamp, _delivery: &Delivery<'_>) {}

    fn committed(&mut self, _result: Result<(), Failure>) {}

    fn trouble(&mut self, _failure: Failure, _fatal: bool) {}
}

/// Lets all members leave their groups at once; what has not left by the deadline does so when it is
/// dropped.
pub(super) fn leave<I: Inlet>(members: &mut [Member<I>], clock: &impl Clock) {
    members.iter_mut().for_each(|member| member.inlet.leave());
    let until = clock.now() + LEAVE_DEADLINE;
    while members.iter().any(|member| !member.inlet.has_left()) && clock.now() < until {
        for member in &mut *members {
            member.inlet.poll(clock, EVENTS_AT_ONCE, &mut Nobody);
        }
        clock.park(PATIENCE);
    }
}

fn note_trouble(board: &Board, lane: usize, (words, name): (Option<&str>, &str), fatal: bool) {
    let words = words.unwrap_or("no reason given");
    board.note_trouble(words);
    if fatal {
        board.slot(lane).failed.get_or_insert_with(|| format!("{name}: {words}"));
    }
}
