//! What a worker hands to the coordinator arrives as it was sent, in bytes and in words.

use engine::host::{Busy, Throttled};
use engine::lane::{MemberState, Progress};
use engine::link::{Assigned, Moved};
use engine::measure::Tally;
use engine::plan::{Demand, LanePlan, ProducerClient, Role, Route, Wishes};
use engine::run::{ClockSeen, Cost};
use engine::time::{Arrival, ClockSource, Drift, Schedule, Shape, Shaped, Tempo, WaitMode};
use engine::units::{Bytes, Nanos, Rate, Timestamp};
use kdyno_tests::demand::small;
use kdyno_tests::engine_run::{plan, run};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// As many lanes send as hosts could.
const SHARES: usize = 8;

/// A demand of so many streams, each of which has a sending lane of its own.
fn shares(test_id: &str) -> Demand {
    let mut demand = small(test_id, 500, 1_200);
    let stream = demand.streams[0].clone();
    let share = |number: usize| {
        let mut share = stream.clone();
        share.name = format!("share-{number}");
        share.topics[0].name = format!("benchmark-{test_id}-topic-{number}");
        share
    };
    demand.streams = (0..SHARES).map(share).collect();
    demand
}

#[test]
fn eight_shares_tallies_sent_through_the_wire_are_one_processs() {
    let demand = shares("shares");
    let (outcome, _) = run("loopback", demand.clone(), &Wishes::default());
    let senders = outcome.lanes.iter().filter(|lane| lane.role == Role::Producer).count();
    assert_eq!(senders, SHARES, "each share has a lane of its own");
    let mut arrived = Tally::new(&demand);
    for lane in &outcome.lanes {
        let bytes = postcard::to_stdvec(&lane.tally).expect("memory takes it");
        let tally: Tally = postcard::from_bytes(&bytes).expect("what was sent can be read");
        assert_eq!(tally, lane.tally, "{}: in every field", lane.name);
        assert_eq!(tally.fits(&demand), Ok(()), "{}", lane.name);
        arrived.merge(&tally);
    }
    assert_eq!(arrived, outcome.tally, "in every field");
    for stream in &arrived.streams {
        let measured = &stream.measured;
        let counts = [measured.produced.due, measured.acked.messages, measured.received()];
        assert_eq!(counts, [600; 3], "due, acked, read");
        assert!(stream.account.is_whole(), "each by its number");
    }
}

/// In postcard and in JSON; by its words, since not everything can be compared.
fn check<T: Serialize + DeserializeOwned + Debug>(value: &T) {
    let bytes = postcard::to_stdvec(value).expect("memory takes it");
    let from_bytes: T = postcard::from_bytes(&bytes).expect("what was sent can be read");
    let text = serde_json::to_string(value).expect("it has a form in JSON");
    let from_text: T = serde_json::from_str(&text).expect("what was sent can be read");
    for back in [from_bytes, from_text] {
        assert_eq!(format!("{back:?}"), format!("{value:?}"), "{text}");
    }
}

#[test]
fn what_is_sent_beside_the_tallies_arrives() {
    let lanes: Vec<LanePlan> = plan(shares("plain"), &Wishes::default()).lanes;
    check(&lanes);
    check(&[WaitMode::Spin, WaitMode::Sleep]);
    check(&[Role::Producer, Role::Consumer]);
    let at = Assigned { route: Route(3), partition: 7 };
    let position = vec![Moved { at, next: 1 << 40 }];
    let member = MemberState { group: 1, revision: 2, assignment: vec![at], position };
    check(&Progress {
        prepared: true,
        failed: Some("no".to_owned()),
        has_enough: true,
        members: vec![member],
    });
    check(&Progress::default());
    check(&Cost { cpu: Nanos(1), peak_rss: 2 });
    check(&Throttled { periods: 1, of: 2, time: Nanos(3) });
    check(&Busy { name: "rdk:main".to_owned(), on_core: 0.125, wanted: 1.0 });
    let drift = Drift { clock: Nanos(1), kernel: Nanos(2), error: Nanos(3) };
    check(&ClockSeen { source: ClockSource::Tsc, drift: Some(drift) });
    check(&ClockSeen { source: ClockSource::Os, drift: None });
    let rate = |per_second| Rate::per_second(per_second).expect("it is above zero");
    let moment = Timestamp::from_nanos;
    let mut schedule = Schedule::constant(rate(50_000), moment(5), moment(u64::MAX));
    schedule.change_rate(moment(7_000_000_000), rate(1));
    check(&schedule);
    let times = vec![Nanos(0), Nanos(7), Nanos(7)];
    let replay = Shape::Replay { times, every: Some(Nanos(9)) };
    let wave = Shape::Wave { mean: 5, amplitude: 5, period: Nanos::from_secs(60) };
    for shape in [replay, wave] {
        let tempo = Tempo::Shape(Shaped::new(shape).expect("it is sound"));
        let arrival = Arrival::Poisson { seed: u64::MAX };
        let mut shaped = Schedule::new(Tempo::Rate(rate(3)), arrival, moment(5), moment(u64::MAX));
        shaped.append(moment(7_000_000_000), tempo);
        check(&shaped);
    }
    check(&(rate(u64::MAX), moment(0), Nanos(u64::MAX), Bytes(1 << 20)));
}

#[test]
fn units_are_plain_numbers_and_what_cannot_be_is_refused() {
    let units = serde_json::to_string(&(Nanos(5), Bytes(6), Timestamp::from_nanos(7), Route(8)));
    assert_eq!(units.expect("numbers have a form in JSON"), "[5,6,7,8]");
    let refused = |error: Option<serde_json::Error>, words: &str| {
        let told = error.map_or_else(|| "nothing".to_owned(), |error| error.to_string());
        assert!(told.contains(words), "{told}");
    };
    refused(serde_json::from_str::<Rate>("0").err(), "nonzero");
    let client = |producers: &str| {
        let text = format!(r#"{{"name": "client", "producers": {producers}}}"#);
        serde_json::from_str::<ProducerClient>(&text).err()
    };
    refused(client("[1, 9, 17]"), "nothing");
    refused(client("[1, 9, 9]"), "need each once, ascending");
    let busy = |part: &str| {
        let text = format!(r#"{{"name": "rdk:main", "on_core": {part}, "wanted": 1.0}}"#);
        serde_json::from_str::<Busy>(&text).err()
    };
    refused(busy("0"), "nothing");
    refused(busy("1.5"), "got 1.5, need 0 to 1");
    let schedule =
        serde_json::from_str::<Schedule>(r#"{"segments": [], "end": 5, "arrival": "regular"}"#);
    refused(schedule.err(), "need one or more");
    let step = |rate: u64| {
        let tempo = format!(r#"{{"shape": {{"steps": [{{"rate": {rate}, "lasts": 1}}]}}}}"#);
        let segment = format!(r#"{{"start": 1, "first": 0, "tempo": {tempo}}}"#);
        let arrival = r#"{"poisson": {"seed": 3}}"#;
        let text = format!(r#"{{"segments": [{segment}], "end": 5, "arrival": {arrival}}}"#);
        serde_json::from_str::<Schedule>(&text).err()
    };
    refused(step(5), "nothing");
    refused(step(10_000_000), "got 10000000 messages per second, need 0 to 9999999");
}
