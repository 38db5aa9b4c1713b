//! Consumers that come late, and those that never come.

use super::load::{Load, SMALL};
use super::{has_finding, shared_turn, topics};
use crate::cli::{Kdyno, number};
use engine::error::RunError;
use engine::kafka::KafkaTarget;
use engine::link::{InletSpec, OutletSpec, Target, Topics};
use engine::plan::{ClientCount, Wishes};
use engine::run::{Ending, prepare};
use engine::time::{Clock, ClockSource, OsClock, RunClock};
use engine::units::Nanos;
use kdyno_tests::demand::on_broker;
use kdyno_tests::engine_run::{Silent, plan};
use std::sync::Arc;

/// How long the last consumer is held back.
const HELD_BACK: Nanos = Nanos::from_secs(3);

/// Kafka, but the last consumer of each group comes late.
struct Late {
    inner: KafkaTarget,
    clock: RunClock,
}

impl Target for Late {
    type Outlet = <KafkaTarget as Target>::Outlet;
    type Inlet = <KafkaTarget as Target>::Inlet;
    const SETTLE: Nanos = KafkaTarget::SETTLE;

    fn topics(&self) -> Arc<dyn Topics> {
        self.inner.topics()
    }

    fn outlet(&self, spec: &OutletSpec<'_>) -> Result<Self::Outlet, RunError> {
        self.inner.outlet(spec)
    }

    fn inlet(&self, spec: &InletSpec<'_>) -> Result<Self::Inlet, RunError> {
        let (member, of) = spec.member;
        let until = self.clock.now() + HELD_BACK;
        while member + 1 == of && self.clock.now() < until {
            self.clock.park(self.clock.now().until(until));
        }
        self.inner.inlet(spec)
    }

    fn warm(&self, outlet: &mut Self::Outlet, deadline: Nanos) {
        self.inner.warm(outlet, deadline);
    }
}

#[test]
fn a_consumer_that_comes_late_delays_the_first_message_and_costs_none() {
    let Some(turn) = shared_turn() else { return };
    let test_id = format!("late_{}_0000", std::process::id());
    let mut demand = on_broker(&turn.address, &test_id, 1_000, 1_000);
    demand.streams[0].consumers_per_subscription = 4;
    let clock = RunClock::anchored(ClockSource::Os);
    let target = Late { inner: KafkaTarget::new(&demand.clients), clock };
    let wishes = Wishes { clients: ClientCount::Each, ..Wishes::default() };
    let ready = prepare(plan(demand, &wishes), target, clock, &mut Silent)
        .map_err(|failed| failed.0.ending)
        .expect("late is not never");
    let (outcome, teardown) = ready.start(&mut Silent);
    let clean_up = teardown.finish();
    assert_eq!(outcome.ending, Ending::Finished, "{:?}", outcome.trouble);
    let measured = &outcome.tally.streams[0].measured;
    let first = measured.produced.window.first().expect("messages were sent");
    let waited = outcome.started.until(first);
    assert!(HELD_BACK <= waited, "the first message waited {waited}");
    assert!(waited < HELD_BACK + Nanos::from_secs(20), "and not much longer: {waited}");
    let counts = (measured.produced.due, measured.acked.messages, measured.consumed[0].messages);
    assert_eq!(counts, (1_000, 1_000, 1_000), "due, acked, read");
    assert_eq!(outcome.partitions_per_member, [[1; 4]], "each has its partition");
    assert_eq!(clean_up.left, [], "nothing is left");
}

#[test]
fn a_consumer_that_cannot_join_ends_the_run_at_once_by_name() {
    let Some(turn) = shared_turn() else { return };
    let load = Load { name: "cannot join", consumers: 2, ..SMALL };
    let clock = OsClock::anchored();
    let began = clock.now();
    let ran = Kdyno::new(&["run", "w.yaml", "--bootstrap-server", &turn.address])
        // Above the broker's group.max.session.timeout.ms, 30 minutes.
        .and(&["--set", "driver.consumerConfig.session.timeout.ms=1900000"])
        .and(&["--set", "driver.consumerConfig.max.poll.interval.ms=2000000"])
        .with_file("w.yaml", &load.yaml())
        .run();
    let took = clock.now().since(began).unwrap_or_default();
    assert!(took < Nanos::from_secs(30), "well before the deadline of 60 s: {took}");
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let result = ran.result();
    let test_id = result["test_id"].as_str().expect("a run has an id");
    let words = format!(" of subscription-0-{test_id}: JoinGroup failed: Broker: Invalid session");
    assert!(ran.stderr.contains("ERROR consumer "), "who: {}", ran.stderr);
    assert!(ran.stderr.contains(&words), "who and why: {}", ran.stderr);
    assert!(ran.stdout.contains("Invalid session timeout"), "the result too: {}", ran.stdout);
    assert!(!has_finding(&result, "not_drained"), "nothing was there to read: {result:#}");
    assert!(number(&result, "/produced/messages") < 1.0, "nothing was sent");
    let left = topics(&turn.address).into_iter().find(|name| name.contains(test_id));
    assert_eq!(left, None, "the topic is gone");
}
