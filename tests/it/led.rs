//! Lanes that somebody else leads, as a worker's: they follow what their run tells them, exactly.

use engine::lane::{Timeline, Word};
use engine::link::loopback::LoopbackTarget;
use engine::measure::{PhaseTally, Tally};
use engine::plan::{Demand, Pace, Wishes};
use engine::run::{Lanes, Reins};
use engine::time::{Border, Clock, ClockSource, RunClock, Schedule};
use engine::units::{Nanos, Rate, Timestamp};
use kdyno_tests::demand::small;
use kdyno_tests::engine_run::plan;
use std::sync::Arc;

/// No test waits longer for lanes.
const PATIENCE: Nanos = Nanos::from_secs(30);

/// Lanes of the loopback, and what they handed over.
struct Led {
    lanes: Lanes,
    reins: Reins,
    clock: RunClock,
    start: Timestamp,
    tally: Tally,
}

impl Led {
    /// Lanes that are prepared; their run begins, or began, at a moment of its own.
    fn prepared(demand: &Demand) -> Self {
        let clock = RunClock::anchored(ClockSource::Os);
        let target = LoopbackTarget::new(demand);
        let lanes = Lanes::spawn(plan(demand.clone(), &Wishes::default()), target, clock);
        let lanes = lanes.expect("the system starts a few threads");
        let (reins, tally) = (lanes.reins().clone(), Tally::new(demand));
        let until = clock.now() + PATIENCE;
        while reins.progress().iter().any(|lane| !lane.prepared) {
            assert!(clock.now() < until, "{:?}", reins.progress());
            clock.park(Nanos::from_millis(5));
        }
        Self { lanes, reins, clock, start: clock.now() + Nanos::from_millis(200), tally }
    }

    fn after(&self, millis: u64) -> Timestamp {
        self.start + Nanos::from_millis(millis)
    }

    /// The whole rate that was planned, up to this many milliseconds.
    fn planned(&self, millis: u64) -> Word {
        let Pace::At(rate) = self.reins.plan().demand.streams[0].pace else { panic!("paced") };
        Word::of(vec![Some(Schedule::constant(rate, self.start, self.after(millis)))])
    }

    fn start(&self, border: &Arc<Border>, from: Timestamp, word: &Word) {
        let phases = self.reins.plan().demand.phases;
        let border = Arc::clone(border);
        let (measured, grace) = (phases.measured, self.reins.plan().demand.grace());
        let timeline = Timeline { border, from, measured, grace };
        assert_eq!(self.reins.start(&timeline, word), Ok(()), "all are prepared");
    }

    /// Takes what is handed over until so many milliseconds after the start.
    fn until(&mut self, millis: u64) {
        let until = self.after(millis);
        while self.clock.now() < until {
            self.take();
        }
    }

    fn take(&mut self) {
        if let Some(handover) = self.lanes.pass_on(Nanos::from_millis(10)) {
            self.tally.merge(&handover.tally);
            self.lanes.give_back(handover);
        }
    }

    fn follow(
        &self,
        word: &Word,
        border: &Border,
        decided: Option<Timestamp>,
    ) -> Result<(), String> {
        self.reins.follow(word, (border, decided), self.clock.now())
    }

    /// Lets the load end and everything be read: warm-up and measured phase.
    fn finish(mut self) -> (PhaseTally, PhaseTally) {
        let until = self.clock.now() + PATIENCE;
        let mut is_read = false;
        while !self.lanes.have_ended() {
            assert!(self.clock.now() < until, "lanes do not end: {:?}", self.tally.streams[0]);
            self.take();
            let of = &self.tally.streams[0];
            let sum = |count: fn(&PhaseTally) -> u64| count(&of.warmup) + count(&of.measured);
            let (acked, read) = (sum(|phase| phase.acked.messages), sum(PhaseTally::received));
            if !is_read && 0 < acked && acked == read && self.is_past() {
                is_read = true;
                self.reins.close();
            }
        }
        assert!(self.lanes.join(PATIENCE).is_empty(), "all clients are closed");
        let of = self.tally.streams.remove(0);
        (of.warmup, of.measured)
    }

    /// Whether the schedule has ended, and lanes have handed over since.
    fn is_past(&self) -> bool {
        let word = self.reins.word();
        let end = word.schedules[0].as_ref().map_or(self.start, Schedule::end);
        end + Nanos::from_millis(1_200) < self.clock.now()
    }
}

/// What of a phase was due, sent, acked and read.
fn counts(of: &PhaseTally) -> [u64; 4] {
    [of.produced.due, of.produced.messages, of.acked.messages, of.received()]
}

fn rate(per_second: u64) -> Rate {
    Rate::per_second(per_second).expect("it is above zero")
}

#[test]
fn a_rate_that_changes_and_an_end_that_comes_early_are_followed_to_the_message() {
    let mut led = Led::prepared(&small("led-rate", 1_000, 10_000));
    let border = Border::fixed(led.start, led.start);
    let planned = led.planned(10_000);
    led.start(&border, led.start, &planned);
    led.until(300);
    let changed = |moment: Timestamp| {
        let mut word = planned.clone();
        let schedule = word.schedules[0].as_mut().expect("it is paced");
        schedule.change_rate(moment, rate(3_000));
        word
    };
    let late = led.follow(&changed(led.after(100)), &border, None).expect_err("it is past");
    assert!(late.contains("stream 0: it is "), "{late}");
    let word = changed(led.after(1_000));
    assert_eq!(led.follow(&word, &border, None), Ok(()), "in time");
    led.until(1_300);
    assert_eq!(led.follow(&word, &border, None), Ok(()), "the same again, when it has begun");
    let back = led.follow(&planned, &border, None).expect_err("it was sent by another");
    assert!(back.contains("need the same up to now"), "{back}");
    let ending = word.clone().ending_at(led.after(2_500));
    assert_eq!(led.follow(&ending, &border, None), Ok(()), "the end lies ahead");
    let open = led.follow(&word, &border, None).expect_err("an end is not taken back");
    assert!(open.contains("is to be at"), "{open}");
    let past = led.follow(&word.ending_at(led.after(1_200)), &border, None);
    assert!(past.is_err_and(|words| words.contains("stream 0")), "it lies behind");
    let (_, measured) = led.finish();
    assert_eq!(counts(&measured), [5_500; 4], "1 s at 1000, 1.5 s at 3000");
}

#[test]
fn a_border_that_was_agreed_on_parts_the_phases_to_the_message_on_lanes_that_are_led() {
    let mut demand = small("led-border", 1_000, 1_300);
    demand.streams[0].producers_per_topic = 3;
    let mut led = Led::prepared(&demand);
    let border = Border::open(led.start, Nanos::from_secs(4));
    let word = led.planned(5_300);
    led.start(&border, led.start, &word);
    led.until(400);
    let agreed = led.after(2_000);
    assert_eq!(led.follow(&word, &border, Some(agreed)), Ok(()), "no lane has come there");
    led.until(2_200);
    assert_eq!(led.follow(&word, &border, Some(agreed)), Ok(()), "the same again");
    let other = led.follow(&word, &border, Some(led.after(3_000))).expect_err("it lies elsewhere");
    assert!(other.contains("the measured phase cannot begin at"), "{other}");
    let (warmup, measured) = led.finish();
    assert_eq!((counts(&warmup), counts(&measured)), ([2_000; 4], [1_300; 4]), "to the message");
}

#[test]
fn lanes_that_have_come_to_a_border_refuse_it_and_follow_nothing_of_that_word() {
    let mut led = Led::prepared(&small("led-late", 1_000, 1_000));
    let border = Border::open(led.start, Nanos::from_secs(3));
    let word = led.planned(4_000);
    led.start(&border, led.start, &word);
    led.until(1_200);
    let ending = word.clone().ending_at(led.after(2_500));
    let late = led.follow(&ending, &border, Some(led.after(1_000))).expect_err("they have");
    assert!(late.contains("where no lane has come"), "{late}");
    assert_eq!(led.reins.word(), word, "nor was the end");
    let (warmup, measured) = led.finish();
    assert_eq!((counts(&warmup), counts(&measured)), ([3_000; 4], [1_000; 4]), "at the bound");
}

#[test]
fn consumers_that_are_held_read_nothing_until_they_are_let() {
    let mut led = Led::prepared(&small("led-held", 1_000, 4_000));
    let border = Border::fixed(led.start, led.start);
    let planned = led.planned(4_000);
    led.start(&border, led.start, &Word { is_held: true, ..planned.clone() });
    led.until(2_200);
    let of = &led.tally.streams[0].measured;
    assert_eq!((of.received(), 1_000 <= of.acked.messages), (0, true), "held from the start on");
    assert_eq!(led.follow(&planned, &border, None), Ok(()), "they may read");
    let (_, measured) = led.finish();
    assert_eq!(counts(&measured), [4_000; 4], "what was held back is read");
}

#[test]
fn lanes_that_join_in_later_know_that_the_run_ends_earlier_than_planned() {
    let mut led = Led::prepared(&small("led-join", 1_000, 60_000));
    // It began a second ago.
    led.start = led.clock.now().before(Nanos::from_secs(1));
    let border = Border::fixed(led.start, led.start);
    let word = led.planned(60_000).ending_at(led.after(3_000));
    led.start(&border, led.after(2_000), &word);
    let (clock, planned_end) = (led.clock, led.after(60_000));
    let (_, measured) = led.finish();
    assert_eq!(counts(&measured), [1_000; 4], "its share of the third second");
    assert!(clock.now() < planned_end, "and nobody waits for the end that was planned");
}
