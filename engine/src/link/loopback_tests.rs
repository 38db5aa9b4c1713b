//! Laws of the in-memory link.

use super::loopback::{LoopbackInlet, LoopbackOutlet, LoopbackTarget};
use super::sinks::{Acks, Deliveries};
use super::{Inlet, InletSpec, Message, Offer, Outcome, Outlet, OutletSpec, RouteSpec, Target};
use crate::message::Stamp;
use crate::plan::samples::{self, stream, topics};
use crate::plan::{Route, StreamDemand};
use crate::time::virtual_time::StepClock;

const PARTITIONS: u32 = 3;
const ROUTES: [RouteSpec<'_>; 1] =
    [RouteSpec { route: Route(0), topic: "topic-0", partitions: PARTITIONS }];

/// One topic of three partitions with so many subscriptions, and an outlet to it.
struct Link {
    target: LoopbackTarget,
    outlet: LoopbackOutlet,
    clock: StepClock,
    acks: Acks,
    sent: u64,
}

impl Link {
    fn new(subscriptions: u32) -> Self {
        let demand = samples::demand(StreamDemand {
            subscriptions,
            topics: topics(1, PARTITIONS),
            ..stream(1)
        });
        let target = LoopbackTarget::new(&demand);
        let spec = OutletSpec { name: "producer", routes: &ROUTES, transactional_id: None };
        let outlet = target.outlet(&spec).expect("the loopback refuses nobody");
        Self { target, outlet, clock: StepClock::default(), acks: Acks::default(), sent: 0 }
    }

    fn inlet(&self, subscription: u32, member: (u32, u32)) -> LoopbackInlet {
        let spec = InletSpec {
            name: "consumer",
            group: "group",
            subscription,
            member,
            routes: &ROUTES,
            stamp_in_header: false,
        };
        self.target.inlet(&spec).expect("the loopback refuses nobody")
    }

    fn offer(&mut self, partition: i32) -> Offer {
        let stamp = Stamp { sequence: self.sent, ..Stamp::default() };
        let offer = self.outlet.offer(&Message {
            route: Route(0),
            partition: Some(partition),
            key: None,
            headers: &[],
            body: &[0; 60],
            stamp: &stamp,
            stamp_in_body: true,
        });
        self.sent += u64::from(offer == Offer::Accepted);
        offer
    }

    fn poll(&mut self) {
        while self.outlet.poll(&self.clock, 100, &mut self.acks) {}
    }

    /// Sends so many to each partition in turn.
    fn send(&mut self, count: u32) {
        for number in 0..count {
            let partition = i32::try_from(number % PARTITIONS).expect("three");
            assert_eq!(self.offer(partition), Offer::Accepted, "message {number}: there is room");
            if number % 100 == 0 {
                self.poll();
            }
        }
        self.poll();
    }

    /// Sends to one partition until there is no room; returns how many it took.
    fn fill(&mut self) -> u64 {
        let before = self.sent;
        for _ in 0..200_000 {
            if self.offer(0) == Offer::Full {
                self.poll();
                if self.offer(0) == Offer::Full {
                    break;
                }
            }
        }
        self.sent - before
    }

    fn read(&self, inlet: &mut LoopbackInlet, into: &mut Deliveries) {
        while inlet.poll(&self.clock, 256, into) {}
    }
}

#[test]
fn each_subscription_reads_every_message_once_and_each_partition_in_order() {
    let mut link = Link::new(2);
    let mut inlets = [link.inlet(0, (0, 2)), link.inlet(0, (1, 2)), link.inlet(1, (0, 1))]
        .map(|inlet| (inlet, Deliveries::default()));
    for _ in 0..3 {
        link.send(999);
        inlets.iter_mut().for_each(|(inlet, into)| link.read(inlet, into));
    }
    let [first, second, whole] = inlets.map(|(_, deliveries)| deliveries);
    let all: Vec<u64> = (0..2_997).collect();
    assert_eq!(whole.numbers(), all, "one member reads all");
    let mut both = [first.numbers(), second.numbers()].concat();
    both.sort_unstable();
    assert_eq!(both, all, "two members share, nothing twice, nothing missing");
    for partition in 0..3 {
        let of: Vec<_> =
            whole.all.iter().filter(|received| received.at.partition == partition).collect();
        let offsets: Vec<i64> = of.iter().map(|received| received.offset).collect();
        assert_eq!(offsets, (0..999).collect::<Vec<_>>(), "offsets are contiguous");
        assert!(of.is_sorted_by_key(|received| received.stamp.expect("ours").sequence), "in order");
        assert!(of.iter().all(|received| received.body.len() == 60), "bodies have their size");
    }
}

#[test]
fn members_share_the_partitions_of_a_group() {
    let link = Link::new(1);
    let held = |member| -> Vec<i32> {
        link.inlet(0, member).assignment().iter().map(|held| held.partition).collect()
    };
    assert_eq!(held((0, 1)), [0, 1, 2], "alone");
    assert_eq!([held((0, 2)), held((1, 2))], [vec![0, 2], vec![1]], "two");
    assert!(held((3, 4)).is_empty(), "a surplus member has none");
    assert_eq!(link.inlet(0, (3, 4)).revision(), 1, "and has joined all the same");
}

#[test]
fn acks_give_stamps_back_in_order_with_the_offsets() {
    let mut link = Link::new(1);
    link.send(300);
    assert_eq!(link.outlet.in_flight(), 0, "all answered");
    for (number, ack) in (0_u64..).zip(&link.acks.all) {
        let partition = i32::try_from(number % 3).expect("three");
        let offset = i64::try_from(number / 3).expect("a hundred");
        assert_eq!(ack.stamp.sequence, number, "in the order of the offers");
        assert_eq!(ack.outcome, Outcome::Persisted { partition, offset }, "where it lies");
        assert_eq!((ack.bytes, ack.route), (60, Route(0)), "what it was");
    }
    assert_eq!(link.acks.all.len(), 300, "each once");
}

#[test]
fn an_outlet_that_is_not_polled_is_full() {
    let mut link = Link::new(1);
    let taken = (0..1_000).take_while(|_| link.offer(0) == Offer::Accepted).count();
    assert_eq!(taken, 256, "until somebody takes the acks");
    assert!(link.outlet.poll(&link.clock, 32, &mut link.acks), "there are more");
    assert_eq!((link.acks.all.len(), link.outlet.in_flight()), (32, 224), "as many as asked for");
    assert_eq!(link.offer(0), Offer::Accepted, "and there is room again");
}

#[test]
fn memory_is_bounded_by_the_slowest_subscription() {
    let mut link = Link::new(2);
    let (mut fast, mut slow) = (link.inlet(0, (0, 1)), link.inlet(1, (0, 1)));
    let (mut read, mut late) = (Deliveries::default(), Deliveries::default());
    let room = link.fill();
    assert!((65_536..=65_536 + 256).contains(&room), "full when nobody reads: {room}");
    link.read(&mut fast, &mut read);
    assert_eq!(link.fill(), 0, "one that reads does not help the other");
    assert_eq!(link.offer(1), Offer::Accepted, "other partitions have room");
    slow.poll(&link.clock, 1_000, &mut late);
    link.poll();
    let again = link.fill();
    assert!((1..=1_256).contains(&again), "as much as the slowest has read: {again}");
    link.read(&mut fast, &mut read);
    link.read(&mut slow, &mut late);
    assert_eq!(read.numbers(), late.numbers(), "and nothing is lost for either");
    assert_eq!(u64::try_from(read.all.len()), Ok(link.sent), "all of it");
}

#[test]
fn what_nobody_reads_is_not_kept() {
    let mut link = Link::new(0);
    assert_eq!(link.fill(), 200_000, "never full");
}

#[test]
fn a_paused_inlet_reads_nothing_and_loses_nothing() {
    let mut link = Link::new(1);
    let mut inlet = link.inlet(0, (0, 1));
    let mut read = Deliveries::default();
    link.send(30);
    assert_eq!(inlet.pause(), Ok(()), "it can");
    assert!(!inlet.poll(&link.clock, 100, &mut read) && read.all.is_empty(), "nothing");
    assert_eq!(inlet.resume(), Ok(()), "it can");
    link.read(&mut inlet, &mut read);
    assert_eq!(read.numbers(), (0..30).collect::<Vec<_>>(), "all of it");
    let next: Vec<i64> = inlet.position().iter().map(|moved| moved.next).collect();
    assert_eq!(next, [10, 10, 10], "its position is the next to come");
}
