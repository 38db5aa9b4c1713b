//! A made-up run of three hosts, the third of which was lost under load.

use super::fixture::{Made, MergeLanes};
use super::fixture_run::{
    AT, BODY, MEASURED, machine, observation, plan_of, receive, send, stream, wishes,
};
use super::system::System;
use engine::measure::{Tally, Window};
use engine::plan::{Deal, Plan, Role, Share};
use engine::run::{ClockOffset, Cost, LaneOutcome, WorkerLoss, WorkerOutcome};
use engine::units::{Nanos, Timestamp};
use serde_json::{Value, json};

const HOSTS: u64 = 3;
/// A host's share of each second.
const RATE: u64 = 10_000;

impl Made {
    /// 30,000/s on three hosts for 10 s. The third is lost after 4 s: a thousand of its messages have no
    /// answer, and what its consumers read of each subscription last, 500 messages, it did not tell. The
    /// first host takes its producers over a second later.
    pub(super) fn fleet() -> Self {
        let mut made = Self::of(plan_of_fleet());
        let plan = &made.plan;
        let lane_of = |host: usize| {
            let prefix = format!("w{host}/");
            let lanes = plan.lanes.iter().enumerate();
            let own = lanes.filter(move |(_, lane)| lane.name.starts_with(&prefix));
            own.map(|(index, _)| index).collect::<Vec<usize>>()
        };
        let worker = |host: usize, name: &str, clock: (i64, i64, u64)| WorkerOutcome {
            url: format!("http://{name}:9410"),
            host: name.to_owned(),
            lanes: lane_of(host),
            clock: Some(ClockOffset {
                offset_ns: clock.0,
                drift_ppb: clock.1,
                error: Nanos(clock.2),
                round_trip_min: Nanos(2 * clock.2),
            }),
            cost: Cost { cpu: Nanos::from_secs(3), peak_rss: 50 << 20 },
            ..WorkerOutcome::default()
        };
        let mut lost = worker(2, "host-c", (8_000_000, 100, 30_000));
        lost.cost = Cost::default();
        lost.lost = Some(WorkerLoss {
            at: MEASURED + Nanos::from_secs(4),
            reason: "no answer for 5 s".to_owned(),
            before_start: false,
            heirs: vec!["http://host-a:9410".to_owned()],
        });
        let workers = vec![
            worker(0, "host-a", (1_250_000, 3_200, 40_000)),
            worker(1, "host-b", (-300_000, -2_500, 55_000)),
            lost,
        ];
        made.systems = ["host-a", "host-b"].map(|host| told(&made.plan, host)).to_vec();
        let outcome = &mut made.outcome;
        outcome.workers = workers;
        outcome.lanes =
            made.plan.lanes.iter().map(|lane| came(&made.plan, lane.role(), &lane.name)).collect();
        outcome.merge_lanes();
        // The run fills what was due in the gap.
        let produced = &mut outcome.tally.streams[0].measured.produced;
        produced.due += RATE;
        produced.unsent += RATE;
        produced.unsent_due.include(MEASURED + Nanos::from_secs(4));
        let seconds = &mut outcome.intervals;
        (seconds[3].acked, seconds[3].consumed) = (29_000, 57_000);
        let gap = &mut seconds[4];
        (gap.produced, gap.acked, gap.consumed) = (20_000, 20_000, 40_000);
        gap.lanes_missing = 2;
        made
    }
}

/// What a worker's monitor tells.
fn told(plan: &Plan, host: &str) -> Value {
    let until = MEASURED + Nanos::from_secs(10);
    let system = System::of(plan, &observation(plan), (MEASURED, until));
    let mut told = serde_json::to_value(system).expect("JSON");
    told["host"] = json!(host);
    told["worker"] = json!(format!("http://{host}:9410"));
    told
}

/// The lanes of all hosts, and that of the one who took over.
fn plan_of_fleet() -> Plan {
    let mut demand = stream("main", RATE * HOSTS);
    demand.producers_per_topic = 3;
    let mut plan = plan_of(vec![demand]);
    let lanes_of = |share: Share, host: u64| {
        let own = Plan::of_share(plan.demand.clone(), share, &machine(), &wishes());
        let mut lanes = own.expect("a plan").lanes;
        for lane in &mut lanes {
            let late = if share.is_taken_over() { "late-" } else { "" };
            lane.name = format!("w{host}/{late}{}", lane.name);
        }
        lanes
    };
    let share = |host: u64| Share { deal: Deal::of_host(host, HOSTS), ..Share::WHOLE };
    let mut lanes: Vec<_> = (0..HOSTS).flat_map(|host| lanes_of(share(host), host)).collect();
    let taken = Share { role: Some(Role::Producer), incarnation: 1, ..share(2) };
    lanes.extend(lanes_of(taken, 0).into_iter().take(1));
    plan.lanes = lanes;
    plan
}

/// The first lane of each role of a host brings what is the host's.
fn came(plan: &Plan, role: Role, name: &str) -> LaneOutcome {
    let mut tally = Tally::new(&plan.demand);
    let stream = &mut tally.streams[0];
    let (is_lost, is_late) = (name.starts_with("w2/"), name.contains("/late-"));
    let second = |count: u64| MEASURED + Nanos::from_secs(count);
    match role {
        _ if !name.ends_with("-0") => {}
        Role::Producer if is_late => {
            send(&mut stream.measured, MEASURED, 5 * RATE);
            stream.measured.produced.window = window(second(5), second(10));
        }
        Role::Producer => {
            send(&mut stream.warmup, AT, 5 * RATE);
            let (answered, sent) = if is_lost { (39_000, 40_000) } else { (100_000, 100_000) };
            send(&mut stream.measured, MEASURED, answered);
            let produced = &mut stream.measured.produced;
            (produced.due, produced.attempted, produced.messages) = (sent, sent, sent);
            produced.bytes = sent * BODY;
            if is_lost {
                produced.window = window(second(0), second(4));
                stream.measured.acked.window = window(second(0), second(4));
            }
        }
        Role::Consumer => {
            let read = if is_lost { 39_000 } else { 124_750 };
            receive(&mut stream.measured, MEASURED, read);
        }
    }
    let error = is_lost.then(|| "ended without a word".to_owned());
    LaneOutcome { name: name.to_owned(), role, tally, error, is_lost }
}

fn window(from: Timestamp, to: Timestamp) -> Window {
    let mut window = Window::default();
    [from, to].into_iter().for_each(|moment| window.include(moment));
    window
}
