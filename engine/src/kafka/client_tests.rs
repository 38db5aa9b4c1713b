//! Laws of the real clients, against the mock cluster: real threads, real time, each within seconds.

use super::embedded::MockBroker;
use super::target::KafkaTarget;
use crate::link::sinks::{Acks, Deliveries};
use crate::link::{
    Ack, FailureKind, Header, Inlet, InletSpec, Message, Offer, Outcome, Outlet, OutletSpec,
    RouteSpec, Target,
};
use crate::message::Stamp;
use crate::plan::{ClientSettings, CommitMode, Route};
use crate::time::{Clock, OsClock};
use crate::units::{Nanos, Timestamp};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// These tests count threads and measure wakes: one at a time.
static TURN: Mutex<()> = Mutex::new(());

/// Beyond this a test fails instead of hanging.
const DEADLINE: Nanos = Nanos::from_secs(20);

const PARTITIONS: u32 = 4;
const ROUTES: [RouteSpec<'_>; 2] = [
    RouteSpec { route: Route(0), topic: "first", partitions: PARTITIONS },
    RouteSpec { route: Route(3), topic: "second", partitions: PARTITIONS },
];

pub(super) struct Cluster {
    pub(super) broker: MockBroker,
    target: KafkaTarget,
    pub(super) clock: OsClock,
    _turn: MutexGuard<'static, ()>,
}

impl Cluster {
    fn start() -> Self {
        Self::start_with(&[])
    }

    /// With more properties for producers.
    pub(super) fn start_with(more: &[(&str, &str)]) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let broker = MockBroker::start(1).expect("the mock cluster starts anywhere");
        for route in ROUTES {
            broker.create_topic(route.topic, PARTITIONS).expect("a new topic");
        }
        let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let servers = own("bootstrap.servers", &broker.bootstrap_servers());
        let usual = [servers.clone(), own("linger.ms", "1")];
        let more = more.iter().map(|(name, value)| own(name, value));
        let settings = ClientSettings {
            producer: usual.into_iter().chain(more).collect(),
            consumer: vec![
                servers,
                own("auto.offset.reset", "earliest"),
                own("enable.auto.commit", "false"),
                own("fetch.wait.max.ms", "1"),
            ],
            commit: CommitMode::Every(Nanos::from_secs(1)),
            ..ClientSettings::default()
        };
        let target = KafkaTarget::new(&settings);
        Self { broker, target, clock: OsClock::anchored(), _turn: turn }
    }

    pub(super) fn outlet(&self) -> impl Outlet + use<> {
        self.outlet_of(None)
    }

    pub(super) fn outlet_of(&self, transactional_id: Option<&str>) -> impl Outlet + use<> {
        let spec = OutletSpec { name: "producer", routes: &ROUTES, transactional_id };
        let mut outlet = self.target.outlet(&spec).expect("a producer");
        self.target.warm(&mut outlet, DEADLINE);
        outlet
    }

    fn spec(stamp_in_header: bool) -> InletSpec<'static> {
        InletSpec {
            name: "consumer",
            group: "group",
            subscription: 0,
            member: (0, 1),
            routes: &ROUTES,
            stamp_in_header,
        }
    }

    /// Calls `turn` until it says that it is done; sleeps in between as a lane does.
    pub(super) fn until(&self, words: &str, mut turn: impl FnMut() -> bool) {
        let until = self.clock.now() + DEADLINE;
        while !turn() {
            assert!(self.clock.now() < until, "not within {DEADLINE}: {words}");
            self.clock.park(Nanos::from_millis(10));
        }
    }

    /// The cluster's own threads: as many as there are when none has come for half a second.
    fn own_threads(&self) -> usize {
        let (mut count, mut since) = (client_threads(), self.clock.now());
        self.until("the cluster is up", || {
            let (seen, now) = (client_threads(), self.clock.now());
            if seen != count {
                (count, since) = (seen, now);
            }
            Nanos::from_millis(500) < since.until(now)
        });
        count
    }

    pub(super) fn take_acks(&self, outlet: &mut impl Outlet, count: usize) -> Vec<Ack> {
        let mut acks = Acks::default();
        self.until("all answers are in", || {
            while outlet.poll(&self.clock, 64, &mut acks) {}
            count <= acks.all.len()
        });
        acks.all
    }
}

/// The `number`-th message of a test.
fn stamp(number: u64) -> Stamp {
    let (due, sent) =
        (Timestamp::from_nanos(1_000 + number), Timestamp::from_nanos(2_000 + number));
    Stamp { run: 1, producer: 2, incarnation: 0, stream: 0, sequence: number, due, sent }
}

fn place(number: u64) -> (Route, i32) {
    let route = ROUTES[usize::from(number.is_multiple_of(2))].route;
    (route, i32::try_from(number / 2 % u64::from(PARTITIONS)).expect("four partitions"))
}

pub(super) fn offer(outlet: &mut impl Outlet, number: u64, in_header: bool) -> Offer {
    let stamp = stamp(number);
    let encoded = stamp.encode();
    let (route, partition) = place(number);
    let header = [Header { name: "kdyno", value: &encoded }];
    outlet.offer(&Message {
        route,
        partition: Some(partition),
        key: number.is_multiple_of(3).then_some(b"key".as_slice()),
        headers: if in_header { &header } else { &[] },
        body: if in_header { b"body" } else { &encoded },
        stamp: &stamp,
        stamp_in_body: !in_header,
    })
}

pub(super) fn offer_all(outlet: &mut impl Outlet, count: u64, in_header: bool) {
    for number in 0..count {
        assert_eq!(offer(outlet, number, in_header), Offer::Accepted, "there is room for {number}");
    }
    assert_eq!(outlet.in_flight(), count, "nobody has polled");
}

#[test]
fn a_thousand_messages_are_acked_once_each_and_read_with_their_stamps_intact() {
    for in_header in [false, true] {
        let cluster = Cluster::start();
        let mut outlet = cluster.outlet();
        offer_all(&mut outlet, 1_000, in_header);
        let mut acks = cluster.take_acks(&mut outlet, 1_000);
        assert_eq!((acks.len(), outlet.in_flight()), (1_000, 0), "each once");
        acks.sort_by_key(|ack| ack.stamp.sequence);
        for (number, ack) in (0..).zip(&acks) {
            let (route, at) = place(number);
            assert_eq!((ack.stamp, ack.route), (stamp(number), route), "header: {in_header}");
            let Outcome::Persisted { partition, offset } = ack.outcome else {
                panic!("{number} is {:?}", ack.outcome)
            };
            assert!(partition == at && 0 <= offset, "{number} is where it was sent");
            assert_eq!(ack.bytes, if in_header { 4 } else { 48 }, "the body's size");
        }
        let mut inlet = cluster.target.consumer(&Cluster::spec(in_header)).expect("a consumer");
        let all = ROUTES.iter().flat_map(|route| (0..4).map(|at| (route.topic.to_owned(), at)));
        inlet.assign(&all.collect::<Vec<_>>()).expect("the partitions exist");
        assert_eq!((inlet.revision(), inlet.assignment().len()), (1, 8), "told, not asked");
        let mut read = Deliveries::default();
        cluster.until("all messages are read", || {
            while inlet.poll(&cluster.clock, 64, &mut read) {}
            1_000 <= read.all.len()
        });
        assert_eq!(read.numbers(), (0..1_000).collect::<Vec<_>>(), "each once");
        for received in &read.all {
            let number = received.stamp.expect("all are ours").sequence;
            assert_eq!(received.stamp, Ok(stamp(number)), "as it was sent");
            assert_eq!((received.at.route, received.at.partition), place(number), "from there");
            let ack = &acks[usize::try_from(number).expect("a thousand")];
            let (partition, offset) = (received.at.partition, received.offset);
            assert_eq!(ack.outcome, Outcome::Persisted { partition, offset }, "as the ack said");
        }
        let ends: i64 = inlet.position().iter().map(|moved| moved.next).sum();
        assert_eq!(ends, 1_000, "positions are the next to come");
    }
}

/// What the client answers to messages of the first topic's partitions, offered at once.
fn offer_together(outlet: &mut impl Outlet, partitions: &[i32]) -> Vec<Offer> {
    let stamps: Vec<Stamp> = (0..).take(partitions.len()).map(stamp).collect();
    let bodies: Vec<_> = stamps.iter().map(Stamp::encode).collect();
    let messages = partitions.iter().zip(&bodies).zip(&stamps).map(|((partition, body), stamp)| {
        let (route, partition) = (ROUTES[0].route, Some(*partition));
        Message { route, partition, key: None, headers: &[], body, stamp, stamp_in_body: true }
    });
    let mut answers = Vec::new();
    outlet.offer_all(messages, &mut answers);
    answers
}

#[test]
fn messages_offered_together_are_answered_one_by_one() {
    let cluster = Cluster::start();
    let mut outlet = cluster.outlet();
    let answers = offer_together(&mut outlet, &[0, 1, 1, 99, 3]);
    assert!(matches!(answers[3], Offer::Refused(_)), "there is no partition 99: {answers:?}");
    let taken = [0, 1, 2, 4].map(|index| answers[index]);
    assert_eq!((taken, answers.len()), ([Offer::Accepted; 4], 5), "the others are taken");
    assert_eq!(outlet.in_flight(), 4, "and counted");
    let mut acks = cluster.take_acks(&mut outlet, 4);
    acks.sort_by_key(|ack| ack.stamp.sequence);
    let found: Vec<_> = acks
        .iter()
        .map(|ack| match ack.outcome {
            Outcome::Persisted { partition, .. } => (ack.stamp, partition),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [(stamp(0), 0), (stamp(1), 1), (stamp(2), 1), (stamp(4), 3)];
    assert_eq!(found, expected, "each with its stamp, where it was sent");
    assert_eq!(offer_together(&mut outlet, &[]), [], "nothing to offer, nothing to answer");
}

#[test]
fn what_comes_after_the_first_that_found_the_client_full_is_not_taken() {
    let cluster = Cluster::start_with(&[("queue.buffering.max.messages", "3")]);
    let mut outlet = cluster.outlet();
    let answers = offer_together(&mut outlet, &[0, 1, 2, 3, 0]);
    use Offer::{Accepted, Full};
    assert_eq!(answers, [Accepted, Accepted, Accepted, Full, Full], "room for three");
    assert_eq!(cluster.take_acks(&mut outlet, 3).len(), 3, "which are acked");
    assert_eq!(offer_together(&mut outlet, &[0]), [Accepted], "and make room");
}

#[test]
fn how_long_the_clients_call_waited_is_told() {
    let cluster = Cluster::start();
    let mut outlet = cluster.outlet();
    // What came while the client connected is heard first.
    while outlet.poll(&cluster.clock, 64, &mut Acks::default()) {}
    offer_all(&mut outlet, 1, false);
    let late = Nanos::from_millis(200);
    let until = cluster.clock.now() + late;
    while cluster.clock.now() < until {
        cluster.clock.park(late);
    }
    let mut acks = Acks::default();
    cluster.until("the answer is in", || {
        while outlet.poll(&cluster.clock, 64, &mut acks) {}
        acks.all.len() == 1
    });
    let [waited] = acks.waits[..] else { panic!("one call: {:?}", acks.waits) };
    let expected = Nanos::from_millis(100)..late + Nanos::from_secs(1);
    assert!(expected.contains(&waited), "the lane slept for {late}: {waited}");
}

#[test]
fn a_purge_gives_back_everything_as_purged() {
    for in_header in [false, true] {
        let cluster = Cluster::start();
        let mut outlet = cluster.outlet();
        cluster.broker.set_round_trip(60_000);
        offer_all(&mut outlet, 100, in_header);
        // Some are on their way to the broker by then, later ones still with the client.
        cluster.clock.park(Nanos::from_millis(50));
        for number in 100..200 {
            assert_eq!(offer(&mut outlet, number, in_header), Offer::Accepted, "there is room");
        }
        outlet.purge();
        let mut acks = cluster.take_acks(&mut outlet, 200);
        let is_purged = |ack: &Ack| matches!(ack.outcome, Outcome::Purged { .. });
        assert!(acks.iter().all(is_purged), "given up, not failed");
        acks.sort_by_key(|ack| ack.stamp.sequence);
        let stamps: Vec<Stamp> = acks.iter().map(|ack| ack.stamp).collect();
        assert_eq!(stamps, (0..200).map(stamp).collect::<Vec<_>>(), "each once, stamps intact");
        assert_eq!(outlet.in_flight(), 0, "nothing is left");
    }
}

#[test]
fn a_brokers_refusal_comes_back_with_its_code_and_kind() {
    let check = |name: &str, code: i32, kind: FailureKind| {
        let cluster = Cluster::start();
        let mut outlet = cluster.outlet();
        assert!(cluster.broker.fail_produce(name, 1), "{name} can be injected");
        assert_eq!(offer(&mut outlet, 0, false), Offer::Accepted, "the client takes it");
        let acks = cluster.take_acks(&mut outlet, 1);
        let Outcome::Failed { failure, .. } = acks[0].outcome else {
            panic!("{name}: {:?}", acks[0].outcome)
        };
        assert_eq!((failure.code, failure.kind), (code, kind), "{name}");
        assert_eq!(acks[0].stamp, stamp(0), "{name}: with its stamp");
    };
    check("INVALID_RECORD", 87, FailureKind::Serialization);
    check("TOPIC_AUTHORIZATION_FAILED", 29, FailureKind::Kafka);
}

#[test]
fn a_message_that_the_client_never_takes_is_refused_and_not_in_flight() {
    let cluster = Cluster::start();
    let mut outlet = cluster.outlet();
    let body = vec![0; 2_000_000];
    let stamp = stamp(0);
    for stamp_in_body in [true, false] {
        let offer = outlet.offer(&Message {
            route: Route(0),
            partition: Some(0),
            key: None,
            headers: &[],
            body: &body,
            stamp: &stamp,
            stamp_in_body,
        });
        let Offer::Refused(failure) = offer else { panic!("2 MB are too much: {offer:?}") };
        assert_eq!((failure.code, failure.kind), (10, FailureKind::Serialization), "said why");
    }
    assert_eq!(outlet.in_flight(), 0, "nothing to wait for");
}

#[test]
fn a_parked_lane_is_woken_by_an_ack_long_before_its_timeout() {
    let cluster = Cluster::start();
    let mut outlet = cluster.outlet();
    let mut acks = Acks::default();
    let mut slowest = Nanos::ZERO;
    for number in 0..20 {
        let begun = cluster.clock.now();
        assert_eq!(offer(&mut outlet, number, false), Offer::Accepted, "there is room");
        let answered = usize::try_from(number).expect("twenty") + 1;
        while acks.all.len() < answered {
            while outlet.poll(&cluster.clock, 64, &mut acks) {}
            if acks.all.len() < answered {
                cluster.clock.park(DEADLINE);
            }
        }
        slowest = slowest.max(begun.until(cluster.clock.now()));
    }
    assert!(slowest < Nanos::from_secs(5), "the ack wakes it, not the timeout: {slowest}");
}

#[test]
fn a_member_of_a_group_gets_its_partitions_reads_and_commits() {
    let cluster = Cluster::start();
    let mut outlet = cluster.outlet();
    offer_all(&mut outlet, 100, false);
    cluster.take_acks(&mut outlet, 100);
    let mut inlet = cluster.target.inlet(&Cluster::spec(false)).expect("a consumer");
    assert_eq!((inlet.revision(), inlet.assignment().len()), (0, 0), "not joined yet");
    let mut read = Deliveries::default();
    cluster.until("the group has met and all is read", || {
        while inlet.poll(&cluster.clock, 64, &mut read) {}
        100 <= read.all.len()
    });
    assert_eq!((inlet.revision(), inlet.assignment().len()), (1, 8), "given once, all of them");
    assert_eq!(read.numbers(), (0..100).collect::<Vec<_>>(), "each once");
    // A moment that stood for several would be before what came since: an arrival before its send.
    assert!(read.all.is_sorted_by(|one, next| one.now < next.now), "each at a moment of its own");
    inlet.commit(&mut read);
    cluster.until("the commit is answered", || {
        while inlet.poll(&cluster.clock, 64, &mut read) {}
        inlet.commits_pending() == 0
    });
    assert_eq!(read.commits, [Ok(())], "once, and well");
}

#[test]
fn dropped_clients_leave_no_thread() {
    let cluster = Cluster::start();
    let before = cluster.own_threads();
    std::thread::scope(|scope| {
        for number in 0..2 {
            let cluster = &cluster;
            scope.spawn(move || {
                let mut outlet = cluster.outlet();
                assert_eq!(offer(&mut outlet, number, false), Offer::Accepted, "there is room");
                let inlet = cluster.target.inlet(&Cluster::spec(false)).expect("a consumer");
                assert!(before < client_threads(), "clients have threads of their own");
                // One message may still be in the client, and the consumer is joining its group.
                drop((outlet, inlet));
            });
        }
    });
    cluster.until("all threads of the clients are gone", || client_threads() <= before);
}

/// Threads of this process that librdkafka has started: it names them so.
fn client_threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").expect("Linux lists a process's threads");
    let names =
        tasks.flatten().filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
    names.filter(|name| name.starts_with("rdk:")).count()
}
