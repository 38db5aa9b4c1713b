//! Laws of the consuming loop, in virtual time.

use super::board::{Board, MemberState};
use super::consume::{Member, Reader};
use super::signal::{Signal, Stage};
use crate::link::{Assigned, Delivery, Failure, FailureKind, Inlet, InletSink, Moved};
use crate::measure::{Duty, LaneEnd, Latency, PhaseTally, Recorder, Tally, mailboxes};
use crate::message::Stamp;
use crate::plan::samples::{self, RUN};
use crate::plan::{CommitMode, Route, StreamDemand};
use crate::time::virtual_time::StepClock;
use crate::time::{Border, Clock, WaitMode};
use crate::units::{Nanos, Timestamp};
use std::cell::RefCell;
use std::rc::Rc;

const START: Timestamp = Timestamp::from_nanos(1_000_000_000);
const TROUBLE: Failure = Failure { kind: FailureKind::Kafka, code: 29 };
const ANSWER: Failure = Failure { kind: FailureKind::Kafka, code: 25 };

/// What happens to a consumer, or to its run.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// It now holds these partitions.
    Hold(&'static [i32]),
    /// So many messages come.
    Messages(u64),
    /// The client complains.
    Trouble { fatal: bool },
    /// Time passes: the core is away, or what happened before takes it.
    Pass(Nanos),
    /// Reading a message takes so long from now on.
    Slow(Nanos),
    /// The run goes on to another stage. Nobody unparks the lane for it.
    Stage(Stage),
}

/// What a consumer saw.
#[derive(Debug, Default)]
struct Log {
    polls: Vec<Timestamp>,
    commits: Vec<Timestamp>,
    /// What the board said of it at each poll.
    board: Vec<MemberState>,
}

/// A consumer that follows a script; events by milliseconds from the start.
struct ScriptedInlet<'run> {
    clock: StepClock,
    events: Vec<(u64, Event)>,
    answer: Option<(Nanos, Result<(), Failure>)>,
    run: (&'run Signal, &'run Board),
    index: usize,
    waiting: u64,
    next: i64,
    takes: Nanos,
    revision: u64,
    assignment: Vec<Assigned>,
    commits: Vec<Timestamp>,
    log: Rc<RefCell<Log>>,
}

impl ScriptedInlet<'_> {
    fn live_through(&mut self, now: Timestamp, sink: &mut impl InletSink) {
        while let Some((at, event)) = self.events.first().copied()
            && START + Nanos::from_millis(at) <= now
        {
            self.events.remove(0);
            match event {
                Event::Hold(partitions) => {
                    let hold =
                        |partition: &i32| Assigned { route: Route(0), partition: *partition };
                    self.assignment = partitions.iter().map(hold).collect();
                    self.revision += 1;
                }
                Event::Messages(count) => self.waiting += count,
                Event::Trouble { fatal } => sink.trouble(TROUBLE, fatal),
                Event::Pass(span) => self.clock.advance(span),
                Event::Slow(span) => self.takes = span,
                Event::Stage(stage) => self.run.0.advance(stage),
            }
        }
    }

    fn deliver(&mut self, now: Timestamp, limit: usize, sink: &mut impl InletSink) -> bool {
        let count = self.waiting.min(u64::try_from(limit).expect("a small limit"));
        for _ in 0..count {
            let stamp = Ok(Stamp { run: RUN, due: START, sent: START, ..Stamp::default() });
            let (route, partition, offset) = (Route(0), 0, self.next);
            sink.delivery(now, &Delivery { stamp, route, partition, offset, body: &[0; 10] });
            self.clock.advance(self.takes);
            self.next += 1;
        }
        self.waiting -= count;
        0 < self.waiting
    }
}

impl Inlet for ScriptedInlet<'_> {
    fn poll(&mut self, clock: &impl Clock, limit: usize, sink: &mut impl InletSink) -> bool {
        let now = clock.now();
        self.live_through(now, sink);
        {
            let mut log = self.log.borrow_mut();
            log.polls.push(now);
            log.board.extend(self.run.1.slot(0).members.get(self.index).cloned());
        }
        if let Some((after, result)) = self.answer {
            let answered = self.commits.iter().filter(|at| **at + after <= now).count();
            self.commits.drain(..answered).for_each(|_| sink.committed(result));
        }
        self.deliver(clock.now(), limit, sink)
    }

    fn revision(&self) -> u64 {
        self.revision
    }

    fn assignment(&self) -> &[Assigned] {
        &self.assignment
    }

    fn position(&self) -> Vec<Moved> {
        vec![Moved { at: Assigned { route: Route(0), partition: 0 }, next: self.next }]
    }

    fn pause(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    fn resume(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    fn commit(&mut self, _sink: &mut impl InletSink) {
        let now = self.clock.now();
        self.log.borrow_mut().commits.push(now);
        self.commits.push(now);
    }

    fn commits_pending(&self) -> u64 {
        u64::try_from(self.commits.len()).expect("a few")
    }

    fn last_words(&self) -> Option<&str> {
        Some("not authorized")
    }
}

/// A consuming lane of some members, each with its script.
struct Case {
    members: Vec<Vec<(u64, Event)>>,
    commit: CommitMode,
    answer: Option<(Nanos, Result<(), Failure>)>,
    wait: WaitMode,
    stage: Stage,
    hiccups: bool,
}

/// What came of it.
struct Ran {
    logs: Vec<Log>,
    board: Board,
    phase: PhaseTally,
    hiccup: Latency,
    ended: Timestamp,
}

/// One member, whose run is closed after so many milliseconds.
fn case(events: &[(u64, Event)], close_ms: u64) -> Case {
    let mut events = events.to_vec();
    events.push((close_ms, Event::Stage(Stage::Closing)));
    Case {
        members: vec![events],
        commit: CommitMode::Client,
        answer: Some((Nanos::from_millis(3), Ok(()))),
        wait: WaitMode::Sleep,
        stage: Stage::Running,
        hiccups: true,
    }
}

impl Case {
    /// From joining to the last commit, or up to the stage in which joining ends.
    fn run(self) -> Ran {
        let count = u32::try_from(self.members.len()).expect("a few");
        let mut demand =
            samples::demand(StreamDemand { subscriptions: count, ..samples::stream(1) });
        demand.hiccups = self.hiccups;
        let clock = StepClock::default();
        clock.advance(Nanos(START.as_nanos()));
        let (signal, board) = (Signal::new(1), Board::new(1));
        signal.advance(self.stage);
        let logs: Vec<Rc<RefCell<Log>>> = self.members.iter().map(|_| Rc::default()).collect();
        let made = |(index, events): (usize, &Vec<(u64, Event)>)| {
            let unparks = |event: &Event| !matches!(event, Event::Stage(_));
            let wakes = events.iter().filter(|(_, event)| unparks(event));
            wakes.for_each(|(at, _)| clock.wake_at(START + Nanos::from_millis(*at)));
            let inlet = ScriptedInlet {
                clock: clock.clone(),
                events: events.clone(),
                answer: self.answer,
                run: (&signal, &board),
                index,
                waiting: 0,
                next: 0,
                takes: Nanos::ZERO,
                revision: 0,
                assignment: Vec::new(),
                commits: Vec::new(),
                log: Rc::clone(&logs[index]),
            };
            Member::new(inlet, format!("consumer {index}"), (0, index, index))
        };
        let members = self.members.iter().enumerate().map(made).collect();
        let (boxes, mut collector) = mailboxes(&demand, 1);
        let (mailbox, tally) = boxes.into_iter().next().expect("one lane has one mailbox");
        let recorder = Recorder::new(tally, mailbox, &demand, &Duty::all(&demand));
        let mut reader = Reader {
            members,
            recorder,
            board: &board,
            lane: 0,
            commit: self.commit,
            is_held: false,
        };
        reader.announce();
        reader.prepare(&clock, &signal);
        if signal.stage() != Stage::Assembling {
            reader.recorder.start(&Border::fixed(START, START));
            reader.consume(&clock, &signal, self.wait);
            reader.settle(&clock);
        }
        let ended = clock.now();
        reader.recorder.finish(ended, LaneEnd::default());
        drop(reader.members);
        while !collector.have_ended([0]) {
            collector.collect(Nanos::ZERO);
        }
        let Tally { mut streams, hiccup, .. } = collector.total();
        let phase = streams.remove(0).measured;
        let logs = logs.into_iter().map(|log| log.take()).collect();
        Ran { logs, board, phase, hiccup, ended }
    }
}

/// Milliseconds from the start, rounded.
fn millis(moments: &[Timestamp]) -> Vec<u64> {
    let rounded = |at: &Timestamp| (START.until(*at).0 + 500_000) / 1_000_000;
    moments.iter().map(rounded).collect()
}

fn longest_pause(polls: &[Timestamp]) -> Nanos {
    polls.windows(2).map(|pair| pair[0].until(pair[1])).max().expect("there are polls")
}

#[test]
fn a_member_is_polled_until_all_are_ready_so_that_rebalances_are_answered() {
    let events = [
        (50, Event::Hold(&[0, 1, 2])),
        (120, Event::Hold(&[1])),
        (121, Event::Hold(&[])),
        (300, Event::Stage(Stage::Assembling)),
    ];
    let ran = Case { stage: Stage::Preparing, ..case(&events, 1_000) }.run();
    assert!(longest_pause(&ran.logs[0].polls) < Nanos::from_millis(11), "never left alone");
    assert!(ran.ended < START + Nanos::from_millis(312), "until the stage changes, not longer");
    let mut seen: Vec<(u64, usize)> =
        ran.logs[0].board.iter().map(|state| (state.revision, state.assignment.len())).collect();
    seen.dedup();
    assert_eq!(seen, [(0, 0), (1, 3), (2, 1), (3, 0)], "the board knows each assignment in turn");
    assert_eq!(ran.board.slot(0).failed, None, "and no failure");
}

#[test]
fn a_commit_goes_out_once_a_period_only_where_kdyno_commits() {
    let every = CommitMode::Every(Nanos::from_secs(1));
    let check = |commit: CommitMode, expected: &[u64]| {
        let ran = Case { commit, ..case(&[(100, Event::Messages(5))], 3_500) }.run();
        let commits = millis(&ran.logs[0].commits);
        assert_eq!(commits.len(), expected.len(), "{commit:?}: {commits:?}");
        let late = commits.iter().zip(expected).map(|(got, due)| got.abs_diff(*due)).max();
        assert!(late.unwrap_or(0) <= 40, "{commit:?}: on time, at most a look late: {commits:?}");
        let counted = usize::try_from(ran.phase.commits.succeeded);
        assert_eq!(counted, Ok(expected.len()), "{commit:?}: each answer is counted");
        assert_eq!(ran.phase.commits.failed, 0, "{commit:?}: all were answered");
    };
    check(every, &[1_000, 2_000, 3_000, 3_500]);
    check(CommitMode::Client, &[]);
    check(CommitMode::Never, &[]);
}

#[test]
fn pending_commits_are_waited_for_by_a_deadline_and_failed_then() {
    let after = Nanos::from_millis;
    let check = |answer, expected: (u64, u64), ends_ms: u64| {
        let commit = CommitMode::Every(Nanos::from_secs(60));
        let ran = Case { commit, answer, ..case(&[], 100) }.run();
        let commits = ran.phase.commits;
        assert_eq!((commits.succeeded, commits.failed), expected, "{answer:?}: counted");
        let off = millis(&[ran.ended])[0].abs_diff(ends_ms);
        assert!(off <= 25, "{answer:?}: ended {off} ms off");
        ran.phase.commit_errors.iter().collect::<Vec<_>>()
    };
    assert_eq!(check(Some((after(10), Ok(()))), (1, 0), 110), [], "answered");
    assert_eq!(check(Some((after(4_900), Ok(()))), (1, 0), 5_000), [], "answered late");
    assert_eq!(check(Some((after(10), Err(ANSWER))), (0, 1), 110), [(25, 1)], "a refusal");
    assert_eq!(check(None, (0, 1), 5_100), [(-185, 1)], "never answered: timed out");
}

#[test]
fn a_client_that_cannot_go_on_is_named_on_the_board() {
    let check = |fatal: bool, expected: Option<&str>| {
        let events = [(10, Event::Trouble { fatal }), (20, Event::Trouble { fatal: false })];
        let ran = case(&events, 100).run();
        assert_eq!(ran.board.slot(0).failed.as_deref(), expected, "fatal: {fatal}");
        assert_eq!(ran.board.trouble(), [("not authorized".to_owned(), 2)], "its words are kept");
        assert_eq!(ran.phase.consume_errors.total(), 2, "and counted");
    };
    check(true, Some("consumer 0: not authorized"));
    check(false, None);
}

#[test]
fn each_member_counts_for_its_own_subscription() {
    let mut case = case(&[(10, Event::Messages(3))], 100);
    case.members.push(vec![(20, Event::Messages(5))]);
    let ran = case.run();
    let read: Vec<u64> = ran.phase.consumed.iter().map(|consumed| consumed.messages).collect();
    assert_eq!(read, [3, 5], "by subscription");
}

#[test]
fn a_lane_with_more_to_read_does_not_sleep_and_one_without_is_woken_by_a_message() {
    for wait in [WaitMode::Sleep, WaitMode::Spin] {
        let ran = Case { wait, ..case(&[(7, Event::Messages(10_000))], 20) }.run();
        assert_eq!(ran.phase.consumed[0].messages, 10_000, "{wait:?}: all read");
        let worst = ran.phase.end_to_end.max().0.abs_diff(7_000_000);
        assert!(worst < 100_000, "{wait:?}: at once, without a pause in between: {worst} ns");
    }
}

#[test]
fn positions_are_published_while_draining_and_only_then() {
    let events =
        [(10, Event::Messages(7)), (100, Event::Stage(Stage::Draining)), (150, Event::Messages(2))];
    let ran = case(&events, 300).run();
    let next = |state: &MemberState| state.position.first().map(|moved| moved.next);
    let at = |ms: u64| {
        let moment = START + Nanos::from_millis(ms);
        let place = ran.logs[0].polls.partition_point(|poll| *poll < moment);
        next(&ran.logs[0].board[place])
    };
    assert_eq!(at(90), None, "while the load goes on nobody asks");
    assert_eq!(at(130), Some(7), "as far as it had come when the drain began");
    assert_eq!(at(190), Some(9), "and on");
}

/// What a spinning lane took for the time that its core was away, in whole milliseconds, where all of
/// this happens in one turn.
fn away(turn: &[Event]) -> u64 {
    let events: Vec<(u64, Event)> = turn.iter().map(|event| (50, *event)).collect();
    let ran = Case { wait: WaitMode::Spin, ..case(&events, 100) }.run();
    assert!(40 < ran.hiccup.count(), "one a millisecond: {}", ran.hiccup.count());
    ran.hiccup.max().0 / 1_000_000
}

#[test]
fn a_core_that_is_away_until_there_are_messages_shows_and_reading_them_does_not() {
    use Event::{Hold, Messages, Pass, Slow, Trouble};
    let five = Pass(Nanos::from_millis(5));
    let slow = Slow(Nanos::from_millis(7));
    assert_eq!(away(&[Messages(3)]), 0, "a core that stays");
    assert_eq!(away(&[five]), 5, "away with nothing to read");
    assert_eq!(away(&[five, Messages(3)]), 5, "away until the first message is read");
    assert_eq!(away(&[five, slow, Messages(3)]), 5, "what follows the first is reading");
    assert_eq!(away(&[slow, Messages(3)]), 0, "reading is the lane's own work");
    for other in [Hold(&[1]), Trouble { fatal: false }] {
        assert_eq!(away(&[other, five]), 0, "{other:?} is the lane's own work");
        assert_eq!(away(&[other, five, Messages(3)]), 0, "{other:?} before the first message");
    }
}

#[test]
fn what_a_lane_saw_last_is_told_at_its_end() {
    // Reading until 99.5 ms makes that the end of a slot, so that the next one ends half a
    // millisecond after the lane.
    let reading = [(99, Event::Slow(Nanos(500_000))), (99, Event::Messages(1))];
    let end = [(100, Event::Pass(Nanos(300_000))), (100, Event::Stage(Stage::Closing))];
    let ran = Case { wait: WaitMode::Spin, ..case(&[reading, end].concat(), 200) }.run();
    assert_eq!(ran.hiccup.max().0 / 1_000, 300, "in its last turn");
}

#[test]
fn a_reading_lane_that_is_not_asked_for_hiccups_tells_none() {
    for wait in [WaitMode::Spin, WaitMode::Sleep] {
        let told = |hiccups: bool| Case { wait, hiccups, ..case(&[], 100) }.run().hiccup.count();
        assert!(0 < told(true), "{wait:?}: it sees some");
        assert_eq!(told(false), 0, "{wait:?}: and says nothing");
    }
}
