//! The consuming loop: joins, reads, commits, and says how far it has come.

use super::board::{Board, MemberState};
use super::coming::Coming;
use super::signal::{Signal, Stage};
use super::sink::{Brought, Sink};
use super::standing::Standing;
use crate::link::{Failure, FailureKind, Inlet, Moved};
use crate::measure::{Gaps, Recorder};
use crate::plan::CommitMode;
use crate::time::{Clock, WaitMode};
use crate::units::{Nanos, Timestamp};

/// Events taken from one client before the next has its turn.
pub(super) const EVENTS_AT_ONCE: usize = 256;

/// Longest sleep of a lane that has nothing to read; a message ends it early.
pub(super) const PATIENCE: Nanos = Nanos::from_millis(10);

/// How often positions are published while draining.
const POSITIONS_EVERY: Nanos = Nanos::from_millis(20);

/// How long the last commits may take to be answered.
const COMMIT_DEADLINE: Nanos = Nanos::from_secs(5);

/// A commit that was not answered in time.
const UNANSWERED: Failure = Failure { kind: FailureKind::Timeout, code: -185 };

/// One consuming client of a lane.
pub(super) struct Member<I> {
    /// Its client; `None` while it is away.
    pub(super) inlet: Option<I>,
    /// Whether it is on its way out of its group.
    pub(super) is_leaving: bool,
    /// How far the clients came that it had before.
    pub(super) came: Vec<Moved>,
    /// Its number among the lane's clients; each client that it has later has another.
    pub(super) client: usize,
    /// Which member of its group it is on this host, and of how many.
    pub(super) seat: (u32, u32),
    pub(super) name: String,
    pub(super) stream: usize,
    pub(super) subscription: usize,
    pub(super) group: usize,
    /// The revision that the board knows.
    pub(super) published: u64,
    /// What it has read, and how much of that its group knows of.
    pub(super) standing: Standing,
}

impl<I> Member<I> {
    pub(super) fn new(
        inlet: I,
        name: String,
        (stream, subscription, group): (usize, usize, usize),
    ) -> Self {
        Self {
            inlet: Some(inlet),
            is_leaving: false,
            came: Vec::new(),
            client: 0,
            seat: (0, 1),
            name,
            stream,
            subscription,
            group,
            published: 0,
            standing: Standing::default(),
        }
    }
}

/// A lane's clients and its pen.
pub(super) struct Reader<'lane, I> {
    pub(super) members: Vec<Member<I>>,
    pub(super) recorder: Recorder,
    pub(super) board: &'lane Board,
    pub(super) lane: usize,
    pub(super) commit: CommitMode,
    /// How its members come and go; `None` where they stay.
    pub(super) coming: Option<Coming<'lane, I>>,
    /// Whether the run lets nobody read for now.
    pub(super) is_held: bool,
    /// Whether the load is over: what groups do from then on is of no run.
    pub(super) is_over: bool,
    /// How many messages more it is to read; the greatest number: as many as come.
    pub(super) left: u64,
}

/// A turn of the loop.
struct Turn {
    /// Whether there may be more: a lane that sleeps now is not called for those.
    more: bool,
    brought: Brought,
}

impl<I: Inlet> Reader<'_, I> {
    /// Takes what the clients have, and publishes what changed.
    fn serve(&mut self, clock: &impl Clock) -> Turn {
        let mut turn = Turn { more: false, brought: Brought::Nothing };
        for (index, member) in self.members.iter_mut().enumerate() {
            let Member {
                inlet,
                name,
                stream,
                subscription,
                group,
                published,
                standing,
                client,
                ..
            } = &mut *member;
            let Some(inlet) = inlet else { continue };
            let mut sink = Sink {
                recorder: &mut self.recorder,
                client: *client,
                stream: *stream,
                subscription: *subscription,
                group: *group,
                standing,
                is_over: self.is_over,
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
            let (delivered, trouble) = (sink.delivered, sink.trouble);
            standing.read(delivered);
            if self.left == 0 {
                self.board.slot(self.lane).has_enough = true;
            }
            if let Some((_, fatal)) = trouble {
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
            if member.is_leaving {
                member.go();
                turn.brought = Brought::Other;
            }
        }
        turn
    }

    fn publish_positions(&self) {
        let positions: Vec<_> = self.members.iter().map(Member::position).collect();
        let mut slot = self.board.slot(self.lane);
        slot.members
            .iter_mut()
            .zip(positions)
            .for_each(|(state, position)| state.position = position);
    }

    fn commit(&mut self) {
        // Who is leaving commits as it gives up its partitions, and answers nobody after that.
        for member in self.members.iter_mut().filter(|member| !member.is_leaving) {
            let Member { inlet, stream, subscription, group, standing, client, .. } = member;
            let Some(inlet) = inlet else { continue };
            let pending = inlet.commits_pending();
            let mut sink = Sink {
                recorder: &mut self.recorder,
                client: *client,
                stream: *stream,
                subscription: *subscription,
                group: *group,
                standing,
                is_over: self.is_over,
                delivered: 0,
                trouble: None,
                brought: Brought::Nothing,
            };
            inlet.commit(&mut sink);
            if pending < inlet.commits_pending() {
                standing.asked();
            }
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
            let is_over = stage == Stage::Draining;
            if (is_over || stage == Stage::Running) && self.come_and_go(clock, now, is_over) {
                gaps.interrupt();
            }
            if is_over && next_positions <= now {
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
        self.is_over = true;
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
            let pending =
                |member: &Member<I>| member.inlet.as_ref().map_or(0, Inlet::commits_pending);
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
    let Some(inlet) = &mut member.inlet else { return };
    let done = if is_held { inlet.pause() } else { inlet.resume() };
    if let Err(failure) = done {
        recorder.consumer_trouble(member.stream, failure);
    }
}

fn note_trouble(board: &Board, lane: usize, (words, name): (Option<&str>, &str), fatal: bool) {
    let words = words.unwrap_or("no reason given");
    board.note_trouble(words);
    if fatal {
        board.slot(lane).failed.get_or_insert_with(|| format!("{name}: {words}"));
    }
}
