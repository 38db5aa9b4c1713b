//! A broker that stands still for a while: no message changes its phase.

use super::broker::{Broker, Signal, send};
use super::turn;
use engine::plan::{Warmup, Wishes};
use engine::run::{Ending, Event, Hooks};
use engine::time::{Clock, OsClock};
use engine::units::{NANOS_PER_SECOND, Nanos};
use kdyno_tests::demand::on_broker;
use kdyno_tests::engine_run::{plan, run_with};
use std::thread::JoinHandle;

/// How long the broker stands still; half of it before the end of the warm-up.
const FROZEN: Nanos = Nanos::from_secs(1);

/// Freezes a process across the end of the warm-up.
struct Freezer {
    pid: String,
    at_work: Option<JoinHandle<()>>,
}

impl Freezer {
    fn freeze(&mut self, until_then: Nanos) {
        let pid = self.pid.clone();
        self.at_work = Some(std::thread::spawn(move || {
            let clock = OsClock::anchored();
            wait(&clock, until_then);
            send(Signal::Stop, &pid);
            wait(&clock, FROZEN);
            send(Signal::Continue, &pid);
        }));
    }
}

impl Hooks for Freezer {
    fn event(&mut self, event: &Event<'_>) {
        let half = Nanos(FROZEN.0 / 2);
        match event {
            Event::Warmup(Warmup::Fixed(length)) => self.freeze(length.less(half)),
            // A second has just ended, and the border is at the end of the next.
            Event::Steady(_) => self.freeze(half),
            _ => {}
        }
    }

    fn is_interrupted(&self) -> bool {
        false
    }
}

fn wait(clock: &OsClock, span: Nanos) {
    let until = clock.now() + span;
    while clock.now() < until {
        clock.park(clock.now().until(until));
    }
}

#[test]
fn a_broker_frozen_across_the_end_of_the_warm_up_moves_no_message_into_the_other_phase() {
    let Some(_turn) = turn() else { return };
    let broker = Broker::start("frozen", &[]);
    let (fixed, bound) = (Nanos::from_secs(3), Nanos::from_secs(60));
    for (id, warmup) in
        [("freeze_1_0000", Warmup::Fixed(fixed)), ("freeze_1_0001", Warmup::Auto { bound })]
    {
        let mut demand = on_broker(&broker.address(), id, 2_000, 3_000);
        demand.phases.warmup = warmup;
        let mut freezer = Freezer { pid: broker.pid(), at_work: None };
        let (outcome, teardown) = run_with("kafka", plan(demand, &Wishes::default()), &mut freezer);
        let clean_up = teardown.finish();
        let at_work = freezer.at_work.expect("the warm-up began, and ended by itself");
        at_work.join().expect("it froze the broker");
        assert_eq!(outcome.ending, Ending::Finished, "{warmup}: {:?}", outcome.trouble);
        let warmed_up = outcome.warmed_up().expect("it was measured").0 / NANOS_PER_SECOND;
        let stream = &outcome.tally.streams[0];
        for (name, phase, seconds) in
            [("warm-up", &stream.warmup, warmed_up), ("measured", &stream.measured, 3)]
        {
            let due = seconds * 2_000;
            assert_eq!(phase.produced.due, due, "{warmup}, {name}: due");
            assert_eq!(phase.produced.messages, due, "{warmup}, {name}: sent");
            assert_eq!(phase.acked.messages, due, "{warmup}, {name}: acked");
            assert_eq!(phase.consumed[0].messages, due, "{warmup}, {name}: read");
            // The half second before the border is the warm-up's, the one after it the phase's own.
            let late = phase.publish.max();
            assert!(Nanos::from_millis(300) < late, "{warmup}, {name}: on the bill: {late}");
        }
        assert_eq!(clean_up.left, [], "{warmup}: nothing is left");
    }
}
