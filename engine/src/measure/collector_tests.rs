//! Laws of the collector: when a second is complete, and that seconds, lanes and total are one sum.

use super::{Collector, LaneEnd, Mailbox, Second, Tally, mailboxes};
use crate::plan::samples;
use crate::units::{Nanos, Timestamp};
use proptest::prelude::{prop, proptest};

/// Hand-overs of made-up lanes.
struct Lanes {
    mailboxes: Vec<(Mailbox, Box<Tally>)>,
    collector: Collector,
    seconds: Vec<Second>,
}

impl Lanes {
    fn new(count: usize) -> Self {
        let (mailboxes, collector) = mailboxes(&samples::demand(samples::stream(1)), count);
        Self { mailboxes, collector, seconds: Vec::new() }
    }

    /// The lane sends so many messages in its tally and hands it over as covering `second`.
    fn hand_over(&mut self, lane: usize, second: i64, messages: u64) -> Vec<i64> {
        let (mailbox, tally) = &mut self.mailboxes[lane];
        tally.streams[0].measured.produced.messages += messages;
        tally.streams[0].measured.publish.record(Some(Nanos(messages)));
        mailbox.hand_over(tally, second);
        self.collect()
    }

    /// The lane hands over its last tally, with so many messages in it.
    fn end(&mut self, lane: usize, second: i64, messages: u64) -> Vec<i64> {
        let (mailbox, tally) = &mut self.mailboxes[lane];
        tally.streams[0].measured.produced.messages += messages;
        mailbox.close(tally.clone(), second, LaneEnd::default());
        self.collect()
    }

    fn collect(&mut self) -> Vec<i64> {
        let complete = self.collector.collect(Nanos::ZERO);
        let numbers = complete.iter().map(|second| second.number).collect();
        self.seconds.extend(complete);
        numbers
    }

    /// Messages of the seconds so far, by number.
    fn messages(&self) -> Vec<(i64, u64)> {
        self.seconds.iter().map(|second| (second.number, sent(&second.tally))).collect()
    }
}

fn sent(tally: &Tally) -> u64 {
    tally.streams[0].measured.produced.messages
}

#[test]
fn a_second_is_complete_when_all_lanes_have_delivered_it() {
    let mut lanes = Lanes::new(3);
    assert!(lanes.hand_over(0, 0, 1).is_empty(), "two lanes are missing");
    assert!(lanes.hand_over(1, 0, 10).is_empty(), "one lane is missing");
    assert!(lanes.hand_over(0, 1, 1).is_empty(), "a lane ahead completes nothing");
    assert_eq!(lanes.hand_over(2, 0, 100), [0], "the last lane completes it");
    assert!(lanes.hand_over(1, 1, 10).is_empty(), "the next second is one of its own");
    assert_eq!(lanes.hand_over(2, 1, 100), [1], "and complete with its last lane");
    assert_eq!(lanes.messages(), [(0, 111), (1, 111)], "with what all lanes saw in it");
}

#[test]
fn an_older_second_stays_its_own_when_another_lane_skipped_it() {
    let mut lanes = Lanes::new(2);
    lanes.hand_over(0, 3, 1);
    lanes.hand_over(1, 2, 10);
    lanes.hand_over(1, 3, 10);
    assert_eq!(lanes.messages(), [(2, 10), (3, 11)], "not joined to the first that came");
}

#[test]
fn a_lane_that_was_held_up_covers_several_seconds_at_once() {
    let mut lanes = Lanes::new(2);
    (0..3).for_each(|second| drop(lanes.hand_over(0, second, 1)));
    assert_eq!(lanes.hand_over(1, 2, 10), [0, 1, 2], "all that it delivers up to");
    assert_eq!(lanes.messages(), [(0, 1), (1, 1), (2, 11)], "counted where it was handed over");
}

#[test]
fn a_lagging_lane_does_not_grow_memory_and_no_second_comes_twice() {
    let mut lanes = Lanes::new(2);
    for second in 0..100 {
        lanes.hand_over(0, second, 1);
    }
    assert_eq!(lanes.seconds.len(), 90, "ten seconds are kept open, not more");
    lanes.hand_over(1, 3, 1_000);
    lanes.hand_over(1, 99, 1_000);
    let numbers: Vec<i64> = lanes.seconds.iter().map(|second| second.number).collect();
    assert_eq!(numbers, (0..100).collect::<Vec<_>>(), "each once, in order");
    let late = lanes.messages().into_iter().find(|(_, messages)| 1_000 <= *messages);
    assert_eq!(late, Some((90, 1_001)), "what was late is in the oldest that was still open");
}

#[test]
fn lanes_that_have_ended_hold_nobody_up() {
    let mut lanes = Lanes::new(2);
    lanes.hand_over(0, 0, 1);
    assert_eq!(lanes.end(1, 0, 10), [0], "an end is the last second's delivery");
    assert_eq!(lanes.hand_over(0, 1, 1), [1], "the other goes on alone");
    assert!(lanes.collector.have_ended([1]), "known to have ended");
    assert!(!lanes.collector.have_ended([0, 1]), "but not all");
    assert_eq!(lanes.end(0, 2, 1), [2], "with the last lane everything is complete");
    assert!(lanes.collector.have_ended([0, 1]), "all");
}

#[test]
fn what_waits_for_a_lane_that_says_no_more_is_given_out_at_the_end() {
    let mut lanes = Lanes::new(2);
    lanes.hand_over(0, 0, 1);
    lanes.hand_over(1, 0, 10);
    lanes.hand_over(0, 1, 2);
    lanes.end(0, 2, 4);
    assert_eq!(lanes.messages(), [(0, 11)], "the other lane is waited for");
    let rest = lanes.collector.flush();
    lanes.seconds.extend(rest);
    assert_eq!(lanes.messages(), [(0, 11), (1, 2), (2, 4)], "all that came");
    let sum: u64 = lanes.messages().iter().map(|(_, messages)| messages).sum();
    assert_eq!(sum, sent(&lanes.collector.total()), "nothing is left out");
    assert!(lanes.collector.flush().is_empty(), "once");
}

#[test]
fn an_ends_words_are_kept() {
    let mut lanes = Lanes::new(1);
    let end = LaneEnd { error: Some("no client".to_owned()), struck: Some("acks".to_owned()) };
    let (mailbox, tally) = lanes.mailboxes.remove(0);
    mailbox.close(tally, 0, end.clone());
    lanes.collect();
    assert_eq!(lanes.collector.end(0), Some(&end), "as the lane said them");
}

#[test]
fn a_lane_gets_back_an_empty_tally() {
    let mut lanes = Lanes::new(1);
    for second in 0..10 {
        lanes.hand_over(0, second, 5);
        let left = sent(&lanes.mailboxes[0].1);
        assert_eq!(left, 0, "second {second} was moved, not copied");
    }
    assert_eq!(sent(lanes.collector.lane(0)), 50, "and all of it has come");
}

#[test]
fn a_handover_is_taken_only_when_an_empty_tally_is_there_to_go_on_with() {
    let mut lanes = Lanes::new(1);
    let (mailbox, tally) = &mut lanes.mailboxes[0];
    for second in 0..5 {
        tally.streams[0].measured.produced.messages += 1;
        mailbox.hand_over(tally, second);
    }
    assert_eq!(sent(tally), 3, "two are on their way, three stay with the lane");
    lanes.collect();
    lanes.collect();
    assert_eq!(lanes.messages(), [(0, 1), (1, 1)], "the two that went");
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(32))]

    #[test]
    fn seconds_lanes_and_total_are_one_sum(
        steps in prop::collection::vec((0_usize..4, 0_i64..3, 0_u64..50), 1..200),
    ) {
        let mut lanes = Lanes::new(4);
        let mut reached = [-2_i64; 4];
        let mut expected = 0;
        for (lane, step, messages) in steps {
            reached[lane] += step;
            lanes.hand_over(lane, reached[lane], messages);
            expected += messages;
        }
        for (lane, last) in reached.into_iter().enumerate() {
            lanes.end(lane, last + 1, 0);
        }
        let by_second: u64 = lanes.seconds.iter().map(|second| sent(&second.tally)).sum();
        let by_lane: u64 = (0..4).map(|lane| sent(lanes.collector.lane(lane))).sum();
        let total = lanes.collector.total();
        assert_eq!((by_second, by_lane, sent(&total)), (expected, expected, expected), "one sum");
        let mut merged = Tally::new(&samples::demand(samples::stream(1)));
        lanes.seconds.iter().for_each(|second| merged.merge(&second.tally));
        assert_eq!(merged, total, "not only in counts");
        let numbers: Vec<i64> = lanes.seconds.iter().map(|second| second.number).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "each second once, in order: {numbers:?}");
    }
}

#[test]
fn a_window_of_a_second_reaches_the_total() {
    let mut lanes = Lanes::new(1);
    let moment = Timestamp::from_nanos(7);
    let (_, tally) = &mut lanes.mailboxes[0];
    tally.streams[0].measured.produced.window.include(moment);
    lanes.hand_over(0, 0, 1);
    let total = lanes.collector.total();
    assert_eq!(total.streams[0].measured.produced.window.first(), Some(moment), "merged");
}

#[test]
fn a_mailbox_without_collector_keeps_what_was_measured() {
    let Lanes { mut mailboxes, collector, .. } = Lanes::new(1);
    drop(collector);
    let (mailbox, tally) = &mut mailboxes[0];
    tally.streams[0].measured.produced.messages = 3;
    mailbox.hand_over(tally, 0);
    assert_eq!(sent(tally), 3, "with the lane");
}
