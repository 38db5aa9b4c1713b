//! Every fault on the way of a message is counted as what it is, exactly, also in a run with others.

use engine::measure::{Balance, Repeats, balances};
use engine::plan::{ClientCount, Demand, Partitioner, Verification, Warmup, Wishes};
use engine::run::{Outcome, prepare};
use engine::time::{ClockSource, RunClock};
use kdyno_tests::demand::small;
use kdyno_tests::engine_run::{Silent, plan};
use kdyno_tests::faulty::{Fault, Faults, FaultyTarget};

/// Twelve places in each partition, two of each fault.
const FAULTS: Faults = &[
    (0, Fault::Lose),
    (7, Fault::Duplicate),
    (19, Fault::Swap),
    (40, Fault::Flip),
    (41, Fault::Intrude),
    (60, Fault::Redeliver),
    (61, Fault::Duplicate),
    (100, Fault::Swap),
    (150, Fault::Intrude),
    (151, Fault::Redeliver),
    (200, Fault::Lose),
    (201, Fault::Flip),
];

/// Messages of the measured phase; four partitions have them in turn.
const MESSAGES: u64 = 4_000;

fn faulty(mut demand: Demand, clients: ClientCount) -> (Outcome, Vec<Balance>) {
    // So that each partition has a quarter of the messages.
    demand.streams[0].partitioner = Partitioner::RoundRobin;
    let plan = plan(demand, &Wishes { clients, ..Wishes::default() });
    let target = FaultyTarget::new(&plan.demand, FAULTS);
    let clock = RunClock::anchored(ClockSource::Os);
    let ready = prepare(plan.clone(), target, clock, &mut Silent).expect("the loopback is ready");
    let (outcome, teardown) = ready.start(&mut Silent);
    let clean_up = teardown.finish();
    assert!(clean_up.unclosed.is_empty(), "{clean_up:?}");
    let balances = balances(&plan, &outcome.tally, &outcome.readings(&plan));
    (outcome, balances)
}

#[test]
fn each_fault_of_a_link_is_counted_exactly_for_each_subscription() {
    for clients in [ClientCount::Shared, ClientCount::Each] {
        let mut demand = small("faulty", MESSAGES, 1_000);
        demand.streams[0].subscriptions = 2;
        demand.streams[0].consumers_per_subscription = 2;
        let (outcome, balances) = faulty(demand, clients);
        assert_eq!(outcome.tally.streams[0].measured.acked.messages, MESSAGES, "{clients:?}");
        assert_eq!(balances.len(), 2, "each subscription by itself");
        for balance in balances {
            let got = (balance.expected, balance.lost, balance.outstanding, balance.corrupted);
            assert_eq!(
                got,
                (MESSAGES, 8, 0, 8),
                "{clients:?}: expected, lost, outstanding, corrupted"
            );
            assert_eq!(balance.foreign, 8, "{clients:?}: foreign");
            let repeats = Repeats {
                redelivered: 8,
                duplicated: 8,
                reordered: 8,
                failed_but_present: 0,
                unanswered: 0,
                aborted_but_present: 0,
            };
            assert_eq!(balance.repeats, Some(repeats), "{clients:?}");
            // Two lost and two damaged of each partition, two there twice and two read twice.
            assert_eq!(balance.received, MESSAGES - 8 - 8 + 8 + 8, "{clients:?}: received");
        }
    }
}

#[test]
fn the_warm_ups_faults_are_not_the_measured_phases() {
    let mut demand = small("faulty-warm", 1_000, 1_000);
    // 900 messages, 225 on each partition: all faults lie among them.
    demand.phases.warmup = Warmup::Fixed(engine::units::Nanos::from_millis(900));
    let (outcome, balances) = faulty(demand, ClientCount::Shared);
    assert_eq!(outcome.tally.streams[0].warmup.acked.messages, 900, "warm-up");
    let [balance] = balances[..] else { panic!("one subscription") };
    assert_eq!((balance.expected, balance.received, balance.lost), (1_000, 1_000, 0), "measured");
    assert_eq!(balance.repeats, Some(Repeats::default()), "no fault is left for it");
}

#[test]
fn by_counts_alone_a_repeat_hides_a_loss() {
    let mut demand = small("faulty-counts", MESSAGES, 1_000);
    demand.verification = Verification::Counts;
    let (_, balances) = faulty(demand, ClientCount::Shared);
    let [balance] = balances[..] else { panic!("one subscription") };
    assert_eq!((balance.lost, balance.surplus), (0, 0), "8 + 8 missing, 8 + 8 more");
    assert_eq!(balance.repeats, None, "and nobody looked closer");
}
