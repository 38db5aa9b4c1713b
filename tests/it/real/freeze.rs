//! A broker that stands still for a while: no message changes its phase.

use super::broker::{Broker, Signal, send};
use super::turn;
use engine::plan::{Warmup, Wishes};
use engine::run::{Ending, Event, Hooks};
use engine::time::{Clock, OsClock};
use engine::units::Nanos;
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

impl Hooks for Freezer {
    fn event(&mut self, event: &Event<'_>) {
        let Event::Warmup(Warmup::Fixed(length)) = event else { return };
        let (pid, until_then) = (self.pid.clone(), length.less(Nanos(FROZEN.0 / 2)));
        self.at_work = Some(std::thread::spawn(move || {
            let clock = OsClock::anchored();
            wait(&clock, until_then);
            send(Signal::Stop, &pid);
            wait(&clock, FROZEN);
            send(Signal::Continue, &pid);
        }));
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
    let mut demand = on_broker(&broker.address(), "freeze_1_0000", 2_000, 3_000);
    demand.phases.warmup = Warmup::Fixed(Nanos::from_secs(3));
    let mut freezer = Freezer { pid: broker.pid(), at_work: None };
    let (outcome, teardown) = run_with("kafka", plan(demand, &Wishes::default()), &mut freezer);
    let clean_up = teardown.finish();
    freezer.at_work.expect("the warm-up began").join().expect("it froze the broker");
    assert_eq!(outcome.ending, Ending::Finished, "{:?}", outcome.trouble);
    let stream = &outcome.tally.streams[0];
    for (name, phase) in [("warm-up", &stream.warmup), ("measured", &stream.measured)] {
        assert_eq!(phase.produced.due, 6_000, "{name}: due");
        assert_eq!(phase.produced.messages, 6_000, "{name}: sent");
        assert_eq!(phase.acked.messages, 6_000, "{name}: acked");
        assert_eq!(phase.consumed[0].messages, 6_000, "{name}: read");
        // The half second before the border is the warm-up's, the one after it the phase's own.
        let late = phase.publish.max();
        assert!(Nanos::from_millis(300) < late, "{name}: the stall is on the bill: {late}");
    }
    assert_eq!(clean_up.left, [], "nothing is left");
}
