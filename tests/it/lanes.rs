//! Lanes that fail: the run ends, says which, and keeps what the others measured.

use engine::error::RunError;
use engine::link::loopback::{LoopbackInlet, LoopbackOutlet, LoopbackTarget};
use engine::link::{InletSpec, Message, Offer, Outlet, OutletSink, OutletSpec, Target, Topics};
use engine::plan::{ClientCount, Demand, Plan, Wishes};
use engine::run::{Ending, Outcome, prepare};
use engine::time::{Clock, ClockSource, OsClock, RunClock};
use engine::units::Nanos;
use kdyno_tests::demand::small;
use kdyno_tests::engine_run::Silent;
use std::sync::Arc;

/// The client that fails.
const VICTIM: &str = "producer client 0";

/// What is wrong with the target's clients of one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// They panic at this offer.
    PanicsAt(u32),
    /// They cannot be made.
    NotMade,
    /// Making them panics.
    PanicsEarly,
}

/// The loopback, with something wrong about the producing client `victim`.
#[derive(Debug)]
struct Faulty {
    inner: LoopbackTarget,
    victim: &'static str,
    fault: Fault,
}

/// A client that panics when its offers are used up.
#[derive(Debug)]
struct Fragile {
    inner: LoopbackOutlet,
    left: Option<u32>,
}

impl Target for Faulty {
    type Outlet = Fragile;
    type Inlet = LoopbackInlet;

    const SETTLE: Nanos = Nanos::ZERO;

    fn topics(&self) -> Arc<dyn Topics> {
        self.inner.topics()
    }

    fn outlet(&self, spec: &OutletSpec<'_>) -> Result<Fragile, RunError> {
        let is_victim = spec.name == self.victim;
        let left = match self.fault {
            Fault::NotMade if is_victim => {
                let reason = "no such certificate".to_owned();
                return Err(RunError::Client { client: spec.name.to_owned(), reason });
            }
            Fault::PanicsEarly if is_victim => panic!("injected while a client is made"),
            Fault::PanicsAt(offers) if is_victim => Some(offers),
            _ => None,
        };
        Ok(Fragile { inner: self.inner.outlet(spec)?, left })
    }

    fn inlet(&self, spec: &InletSpec<'_>) -> Result<LoopbackInlet, RunError> {
        self.inner.inlet(spec)
    }

    fn warm(&self, outlet: &mut Fragile, deadline: Nanos) {
        self.inner.warm(&mut outlet.inner, deadline);
    }
}

impl Outlet for Fragile {
    fn offer(&mut self, message: &Message<'_>) -> Offer {
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(1).expect("injected: the offers are used up");
        }
        self.inner.offer(message)
    }

    fn poll(&mut self, clock: &impl Clock, limit: usize, sink: &mut impl OutletSink) -> bool {
        self.inner.poll(clock, limit, sink)
    }

    kdyno_tests::outlet_of_inner!();
}

/// Runs two producers of 500 messages per second each, for a minute, one of them faulty.
fn run(fault: Fault) -> Outcome {
    let mut demand: Demand = small("faulty", 1_000, 60_000);
    demand.streams[0].producers_per_topic = 2;
    let wishes = Wishes { clients: ClientCount::Each, ..Wishes::default() };
    let machine = engine::host::machine();
    let target = LoopbackTarget::new(&demand);
    let plan = Plan::new(demand, &machine, &wishes).expect("the plan is sound");
    let target = Faulty { inner: target, victim: VICTIM, fault };
    match prepare(plan, target, RunClock::anchored(ClockSource::Os), &mut Silent) {
        Ok(ready) => {
            let (outcome, teardown) = ready.start(&mut Silent);
            assert!(teardown.finish().unclosed.is_empty(), "every thread has ended");
            outcome
        }
        Err(failed) => {
            let (outcome, teardown) = *failed;
            assert!(teardown.finish().unclosed.is_empty(), "every thread has ended");
            outcome
        }
    }
}

#[test]
fn a_lane_that_panics_ends_the_run_by_its_name_and_results_are_kept() {
    let clock = OsClock::anchored();
    let began = clock.now();
    let outcome = run(Fault::PanicsAt(1_500));
    let took = clock.now().since(began).expect("time goes on");
    assert!(took < Nanos::from_secs(40), "long before the minute is over: {took}");
    let Ending::Failed(RunError::Lane { lane, reason }) = &outcome.ending else {
        panic!("it failed: {:?}", outcome.ending);
    };
    assert_eq!(lane, "produce-0", "the lane is named");
    assert!(reason.contains("panicked"), "{reason}");
    // Of the 3 s until then the last one went down with the lane.
    let measured = &outcome.tally.streams[0].measured;
    assert!(1_000 <= measured.acked.messages, "acked: {}", measured.acked.messages);
    assert!(1_000 <= measured.consumed[0].messages, "read: {}", measured.consumed[0].messages);
    assert!(!outcome.intervals.is_empty(), "seconds are kept");
    let told = outcome.lanes.iter().find(|told| told.name == "produce-0").expect("it is told");
    assert!(told.error.is_some(), "the lane's own entry says so");
}

#[test]
fn a_client_that_cannot_be_made_fails_the_run_before_the_start_by_its_name() {
    let outcome = run(Fault::NotMade);
    let Ending::Failed(error) = &outcome.ending else {
        panic!("it failed: {:?}", outcome.ending);
    };
    let words = error.to_string();
    assert!(words.contains(VICTIM), "the client is named: {words}");
    assert!(words.contains("no such certificate"), "with its reason: {words}");
    assert!(outcome.start.is_none(), "nothing was sent");
}

#[test]
fn a_lane_that_panics_before_the_start_fails_the_run_and_holds_up_nobody() {
    let outcome = run(Fault::PanicsEarly);
    let Ending::Failed(error) = &outcome.ending else {
        panic!("it failed: {:?}", outcome.ending);
    };
    assert!(error.to_string().contains("panicked"), "{error}");
    assert!(outcome.start.is_none(), "nothing was sent");
}
