//! Laws of what an outcome says of its workers: their shares, their losses, what nobody tells of.

use super::outcome::{
    ClockOffset, ClockSeen, Cost, Ending, LaneOutcome, Outcome, StartLine, WorkerLoss,
    WorkerOutcome,
};
use crate::measure::{FleetSeen, Gone, GoneWhen, Reading, Tally};
use crate::plan::samples::{demand, machine, stream};
use crate::plan::{Deal, LaneWork, Pace, Plan, Role, Share, Wishes};
use crate::time::ClockSource;
use crate::units::{Nanos, Timestamp};

const MEASURED: Timestamp = Timestamp::from_nanos(1_000_000_000_000);

/// Two hosts, each with a producing and a consuming lane; three of four producers are the first's.
fn plan() -> Plan {
    let mut stream = stream(1_000);
    (stream.producers_per_topic, stream.consumers_per_subscription) = (4, 2);
    let mut plan = Plan::new(demand(stream), &machine(2), &Wishes::default()).expect("a plan");
    let lanes_of = |host: u64| {
        let share = Share { deal: Deal::of_host(host, 2), ..Share::WHOLE };
        let own = Plan::of_share(plan.demand.clone(), share, &machine(2), &Wishes::default());
        let mut lanes = own.expect("a plan").lanes;
        lanes.sort_by_key(crate::plan::LanePlan::role);
        assert_eq!(lanes.len(), 2, "one of each role: {lanes:?}");
        lanes.iter_mut().for_each(|lane| lane.name = format!("w{host}/{}", lane.name));
        lanes
    };
    let mut lanes: Vec<_> = (0..2).flat_map(lanes_of).collect();
    for (lane, producers) in [(0, vec![0, 1, 2]), (2, vec![3])] {
        let LaneWork::Produce { clients, .. } = &mut lanes[lane].work else {
            panic!("producers come first")
        };
        clients[0].producers = producers;
    }
    plan.lanes = lanes;
    plan
}

/// Of 1,000 messages 600 were due on the first host and 300 on the second; 100 nobody tells of.
fn outcome(plan: &Plan) -> Outcome {
    let lane = |(index, lane): (usize, &crate::plan::LanePlan)| {
        let mut tally = Tally::new(&plan.demand);
        let seen = &mut tally.streams[0].measured;
        if lane.role() == Role::Producer {
            let due = if index == 0 { 600 } else { 300 };
            (seen.produced.due, seen.produced.messages, seen.acked.messages) = (due, due, due - 10);
            seen.publish.record(Some(Nanos(u64::from(index == 0) * 1_000 + 1_000)));
        }
        let (name, role) = (lane.name.clone(), lane.role());
        LaneOutcome { name, role, tally, error: None, is_lost: 2 <= index }
    };
    let lanes: Vec<LaneOutcome> = plan.lanes.iter().enumerate().map(lane).collect();
    let mut tally = Tally::new(&plan.demand);
    lanes.iter().for_each(|of| tally.merge(&of.tally));
    tally.streams[0].measured.produced.due += 100;
    let clock = ClockOffset {
        offset_ns: -5,
        drift_ppb: 0,
        error: Nanos(7_000),
        round_trip_min: Nanos(14_000),
    };
    let worker = |host: usize| WorkerOutcome {
        url: format!("http://host-{host}"),
        lanes: vec![2 * host, 2 * host + 1],
        clock: Some(clock),
        ..WorkerOutcome::default()
    };
    let start = StartLine {
        at: MEASURED,
        measured: MEASURED,
        end: MEASURED + Nanos::from_secs(1),
        ready: Nanos::ZERO,
    };
    Outcome {
        search: None,
        added: Vec::new(),
        started: MEASURED,
        ended: MEASURED,
        stopped: start.end,
        start: Some(start),
        tally,
        lanes,
        intervals: Vec::new(),
        backlog: None,
        catch_up: None,
        steady_since: None,
        ending: Ending::Finished,
        deadlines_struck: Vec::new(),
        trouble: Vec::new(),
        partitions_per_member: Vec::new(),
        drained: vec![true],
        cost: Cost::default(),
        clock: ClockSeen { source: ClockSource::Os, drift: None },
        throttled: None,
        client_thread: None,
        leaders: None,
        removed: None,
        client: None,
        topics_created: Vec::new(),
        workers: (0..2).map(worker).collect(),
    }
}

fn lost(at: Timestamp, before_start: bool) -> Option<WorkerLoss> {
    let heirs = vec!["http://host-0".to_owned()];
    Some(WorkerLoss { at, reason: "gone".to_owned(), before_start, heirs })
}

fn fleet(plan: &Plan, outcome: &Outcome) -> FleetSeen {
    outcome.fleet(plan).expect("it has workers")
}

#[test]
fn a_worker_is_seen_by_its_lanes_and_what_was_due_beyond_them_is_untold() {
    let plan = plan();
    let outcome = outcome(&plan);
    let seen = fleet(&plan, &outcome);
    let [first, second] = &seen.workers[..] else { panic!("two workers: {seen:?}") };
    assert_eq!(seen.untold, 100, "of nobody");
    assert_eq!((first.produced, first.share, first.peer.acked), (600, Some(600), 590), "by dues");
    assert_eq!((second.produced, second.outstanding), (300, 10), "its own");
    assert!(first.is_sending && first.is_reading && first.gone.is_none(), "{first:?}");
    assert_eq!(first.lanes, [&plan.lanes[0].name, &plan.lanes[1].name].map(Clone::clone), "names");
    assert!(second.peer.publish_p99 < first.peer.publish_p99, "each its own tail");
    assert_eq!(seen.clock_error(), Nanos(14_000), "both clocks");
    let alone = Outcome { workers: Vec::new(), ..outcome };
    assert_eq!(alone.fleet(&plan), None, "this host alone");
}

#[test]
fn in_a_closed_loop_a_share_is_by_producers_until_they_change_hands() {
    let mut plan = plan();
    plan.demand.streams[0].pace = Pace::Max { in_flight: None };
    let mut outcome = outcome(&plan);
    let shares = |of: &Outcome| {
        fleet(&plan, of).workers.iter().map(|worker| worker.share).collect::<Vec<_>>()
    };
    assert_eq!(shares(&outcome), [Some(675), Some(225)], "of 900, three of four and one");
    outcome.workers[1].lost = lost(MEASURED, false);
    assert_eq!(shares(&outcome), [None, None], "nobody knows who had them for how long");
}

#[test]
fn a_loss_is_told_by_when_it_was_noticed() {
    let plan = plan();
    let check = |change: fn(&mut Outcome), expected: GoneWhen| {
        let mut outcome = outcome(&plan);
        change(&mut outcome);
        let gone = fleet(&plan, &outcome).workers[1].gone.clone();
        let heirs = vec!["http://host-0".to_owned()];
        let expected = Gone { when: expected, reason: "gone".to_owned(), heirs };
        assert_eq!(gone, Some(expected), "when, why, and who followed");
    };
    let half = Nanos::from_millis(500);
    check(
        |of| of.workers[1].lost = lost(MEASURED + Nanos::from_millis(500), false),
        GoneWhen::Measured(half),
    );
    check(
        |of| {
            let before = Timestamp::from_nanos(MEASURED.as_nanos() - 500_000_000);
            of.workers[1].lost = lost(before, false);
        },
        GoneWhen::InWarmup(half),
    );
    check(|of| of.workers[1].lost = lost(MEASURED, true), GoneWhen::BeforeLoad);
    check(
        |of| {
            of.workers[1].lost = lost(MEASURED, false);
            of.start = None;
        },
        GoneWhen::BeforeLoad,
    );
}

#[test]
fn a_group_with_a_lost_consumer_is_not_heard_to_its_end() {
    let plan = plan();
    let mut outcome = outcome(&plan);
    let unheard = Reading { is_drained: true, is_unheard: true };
    assert_eq!(outcome.readings(&plan), [unheard], "the second host's consumer is lost");
    outcome.lanes[3].is_lost = false;
    assert_eq!(outcome.readings(&plan), [Reading::DRAINED], "a lost producer reads nothing");
    outcome.drained = Vec::new();
    assert_eq!(outcome.readings(&plan), [], "nobody looked");
}
