//! Laws of the consuming loop, in virtual time.

use super::board::MemberState;
use super::consume_doubles::{Case, Event, Log, START, case};
use super::signal::Stage;
use crate::link::{Failure, FailureKind};
use crate::plan::{Churn, CommitMode};
use crate::time::WaitMode;
use crate::units::{Nanos, Timestamp};

const ANSWER: Failure = Failure { kind: FailureKind::Kafka, code: 25 };

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

#[test]
fn members_are_away_in_their_turn_for_half_of_each_interval_and_all_others_are_served() {
    let churn = Churn { every: Nanos::from_secs(1), consumers: 1 };
    // The run is closed by whoever is there.
    let one = case(&[], 4_200);
    let members = vec![one.members[0].clone(); 2];
    let ran = Case { members, churn: Some(churn), ..one }.run();
    // Longer than a look: when nobody asked the member for messages, from and to, in milliseconds.
    let absences = |log: &Log| -> Vec<(u64, u64)> {
        let pairs =
            log.polls.windows(2).filter(|pair| Nanos::from_millis(100) < pair[0].until(pair[1]));
        pairs.map(|pair| (millis(pair)[0], millis(pair)[1])).collect()
    };
    let check = |member: usize, expected: &[(u64, u64)]| {
        let seen = absences(&ran.logs[member]);
        assert_eq!(seen.len(), expected.len(), "member {member}: {seen:?}");
        for (got, due) in seen.iter().zip(expected) {
            let late = [got.0.abs_diff(due.0), got.1.abs_diff(due.1)];
            assert!(late.iter().all(|late| *late <= 60), "member {member}: {seen:?}, {expected:?}");
        }
    };
    check(0, &[(1_000, 1_500), (3_000, 3_500)]);
    check(1, &[(2_000, 2_500)]);
    let left = ran.phase.rebalances.as_ref().map_or(0, |of| of.left);
    assert_eq!(left, 4, "who is away at the end left too");
    assert_eq!(ran.board.slot(0).failed, None, "and nothing failed");
}

#[test]
fn when_all_is_sent_static_members_come_back_and_others_stay_away() {
    let churn = Churn { every: Nanos::from_secs(1), consumers: 1 };
    // The first is away from 1,000 to 1,500 ms, and all is sent in the middle of that.
    let back = |is_static: bool| {
        let ends =
            vec![(1_200, Event::Stage(Stage::Draining)), (2_000, Event::Stage(Stage::Closing))];
        let members = vec![Vec::new(), ends];
        let ran = Case { members, churn: Some(churn), is_static, ..case(&[], 0) }.run();
        let polls = millis(&ran.logs[0].polls);
        polls.into_iter().find(|at| 1_100 < *at)
    };
    assert!(back(true).is_some_and(|at| at <= 1_260), "{:?}", back(true));
    assert_eq!(back(false), None, "others have its partitions");
}
