//! One client through librdkafka: what a message costs through the engine's outlet and inlet, every
//! message stamped and recorded, without schedule and lane around it.
//!
//! Against the embedded broker, whose work is in the same process and so in the figures; and, where
//! `KDYNO_KAFKA` names one, against a real broker, where the processor time is the client's alone.

use engine::kafka::KafkaTarget;
use engine::kafka::embedded::EmbeddedTarget;
use engine::link::{
    Ack, Delivery, Failure, Inlet, InletSink, InletSpec, Message, Offer, Outlet, OutletSink,
    OutletSpec, RouteSpec, Target, TopicSpec,
};
use engine::measure::{Collector, Duty, LaneEnd, PhaseTally, Recorder, mailboxes};
use engine::message::Stamp;
use engine::plan::{Demand, Route};
use engine::time::{Border, Clock, RunClock};
use engine::units::{Nanos, Timestamp};
use kdyno_benches::{Digest, Size, demand, is_asked, median, run_clock, throughput};
use rustix::time::{ClockId, clock_gettime};

/// Messages of a partition that the embedded broker's outlet takes before anybody reads: at 132 bytes
/// each below its limit of 3 MiB.
const KEPT: u64 = 20_000;

const PARTITIONS: u32 = 4;

/// How long a broker may take for anything.
const DEADLINE: Nanos = Nanos::from_secs(30);

/// What one repeat took.
struct Took {
    span: Nanos,
    cpu: Nanos,
}

/// Takes what a client reports.
struct Pen {
    recorder: Recorder,
    acked: u64,
    read: u64,
}

impl OutletSink for Pen {
    fn acks(&mut self, now: Timestamp, acks: &[Ack]) {
        self.acked += u64::try_from(acks.len()).expect("a slice's length fits in 64 bits");
        self.recorder.acks(now, 0, acks);
    }

    fn trouble(&mut self, failure: Failure, _fatal: bool) {
        panic!("the client is in trouble: {failure:?}");
    }

    fn heard(&mut self, _waited: Nanos) {}
}

impl InletSink for Pen {
    fn delivery(&mut self, now: Timestamp, delivery: &Delivery<'_>) {
        self.read += 1;
        self.recorder.delivery(now, 0, 0, delivery);
    }

    fn committed(&mut self, _result: Result<(), Failure>) {}

    fn trouble(&mut self, failure: Failure, _fatal: bool) {
        panic!("the client is in trouble: {failure:?}");
    }
}

fn main() {
    if !is_asked(env!("CARGO_CRATE_NAME")) {
        return;
    }
    let size = Size::of_this_run();
    let kept = size.choose(4_000, KEPT * u64::from(PARTITIONS));
    measure("embedded", kept, |demand| {
        EmbeddedTarget::start(demand).expect("the embedded broker starts")
    });
    let Ok(servers) = std::env::var("KDYNO_KAFKA") else { return };
    measure("kafka", size.choose(4_000, 1_000_000), |demand| {
        let mut settings = demand.clients.clone();
        for list in [&mut settings.admin, &mut settings.producer, &mut settings.consumer] {
            list.push(("bootstrap.servers".to_owned(), servers.clone()));
        }
        settings.consumer.push(("auto.offset.reset".to_owned(), "earliest".to_owned()));
        settings.replication_factor = 1;
        KafkaTarget::new(&settings)
    });
}

/// Sends, then reads what was sent, each repeat with a new topic.
fn measure<T: Target>(link: &str, count: u64, target: impl Fn(&Demand) -> T) {
    let clock = run_clock();
    let mut number = 0;
    let mut reading = Vec::new();
    for repeat in ["produce", "consume"] {
        let mut cpu = Vec::new();
        let name = format!("client: {repeat}, {link}");
        throughput(&name, &[("messages", count), ("bytes", 100)], || {
            if repeat == "consume" {
                let (took, digest): (Took, Digest) = reading.pop().expect("one of each repeat");
                cpu.push(took.cpu.0);
                return (per_second(count, took.span), digest);
            }
            number += 1;
            let (sent, read) = once(&clock, (link, number), count, &target);
            cpu.push(sent.0.cpu.0);
            reading.push(read);
            (per_second(count, sent.0.span), sent.1)
        });
        tell(&name, count, cpu);
    }
}

#[expect(clippy::print_stdout, reason = "the figures are what a bench is for")]
fn tell(name: &str, count: u64, cpu: Vec<u64>) {
    // Nanoseconds per message are milliseconds per million.
    let millis = median(cpu) / count;
    println!("{name:<22} {}.{:03} processor seconds per million", millis / 1_000, millis % 1_000);
}

fn per_second(count: u64, span: Nanos) -> u64 {
    u64::try_from(u128::from(count) * 1_000_000_000 / u128::from(span.0.max(1))).expect("a rate")
}

fn once<T: Target>(
    clock: &RunClock,
    (link, number): (&str, u64),
    count: u64,
    target: &impl Fn(&Demand) -> T,
) -> ((Took, Digest), (Took, Digest)) {
    let mut demand = demand(Nanos::from_secs(3_600));
    let name = format!("benchmark-bench-client-{}-{link}-{number}-topic-0", std::process::id());
    demand.streams[0].topics[0].name.clone_from(&name);
    let target = target(&demand);
    let topics = target.topics();
    let spec = TopicSpec { name: name.clone(), partitions: PARTITIONS };
    let created = topics.create(&[spec], DEADLINE, &mut |_| {}).map_err(|(error, _)| error);
    created.expect("the topic is made");
    // One start for both sides: what is read was due in the measured phase of its reader too.
    let start = clock.now();
    let routes = [RouteSpec { route: Route(0), topic: &name, partitions: PARTITIONS }];
    let sent = recorded((clock, start), &demand, |pen| send(clock, (&target, &routes), count, pen));
    let read =
        recorded((clock, start), &demand, |pen| receive(clock, (&target, &routes), count, pen));
    let group = format!("{name}-group");
    let left = [topics.delete(&[name], DEADLINE), topics.delete_groups(&[group], DEADLINE)];
    assert!(left.iter().all(Vec::is_empty), "nothing is left: {left:?}");
    (sent, read)
}

/// Hands `work` a started recorder, and digests what it has counted.
fn recorded(
    (clock, start): (&RunClock, Timestamp),
    demand: &Demand,
    work: impl FnOnce(&mut Pen) -> Took,
) -> (Took, Digest) {
    let (boxes, mut collector) = mailboxes(demand, 1);
    let (mailbox, tally) = boxes.into_iter().next().expect("one lane has one mailbox");
    let mut recorder = Recorder::new(tally, mailbox, demand, &Duty::all(demand));
    recorder.start(&Border::fixed(start, start));
    let mut pen = Pen { recorder, acked: 0, read: 0 };
    let took = work(&mut pen);
    pen.recorder.finish(clock.now(), LaneEnd::default());
    (took, digest(&mut collector))
}

fn digest(collector: &mut Collector) -> Digest {
    while !collector.have_ended([0]) {
        collector.collect(Nanos::ZERO);
    }
    let total = collector.total();
    let PhaseTally { produced, acked, consumed, .. } = &total.streams[0].measured;
    let mut digest = Digest::default();
    let counters = [produced.messages, acked.messages, consumed[0].messages, consumed[0].foreign];
    counters.into_iter().for_each(|counter| digest.add(counter));
    digest
}

fn send<T: Target>(
    clock: &RunClock,
    (target, routes): (&T, &[RouteSpec<'_>]),
    count: u64,
    pen: &mut Pen,
) -> Took {
    let spec = OutletSpec { name: "client", routes, transactional_id: None };
    let mut outlet = target.outlet(&spec).expect("the client is made");
    target.warm(&mut outlet, DEADLINE);
    let (begun, cpu) = (clock.now(), cpu_now());
    let mut body = [7_u8; 100];
    for number in 0..count {
        let now = clock.now();
        let partition = number / 100 % u64::from(PARTITIONS);
        let stamp = Stamp { run: 1, sequence: number, due: now, sent: now, ..Stamp::default() };
        body[..Stamp::SIZE].copy_from_slice(&stamp.encode());
        let message = Message {
            route: Route(0),
            partition: Some(i32::try_from(partition).expect("a few partitions")),
            key: None,
            headers: &[],
            body: &body,
            stamp: &stamp,
            stamp_in_body: true,
        };
        pen.recorder.due(now, 0, now);
        pen.recorder.attempted(0, &stamp, Timestamp::default());
        while outlet.offer(&message) == Offer::Full {
            outlet.poll(clock, 1_024, pen);
            assert!(clock.now() < begun + DEADLINE, "the client stays full");
        }
        pen.recorder.accepted(0, &stamp, 100, 0);
        if number % 16 == 0 {
            outlet.poll(clock, 32, pen);
        }
    }
    while pen.acked < count {
        outlet.poll(clock, 1_024, pen);
        clock.park(Nanos::from_millis(1));
        assert!(clock.now() < begun + DEADLINE, "{} of {count} acked", pen.acked);
    }
    Took { span: begun.until(clock.now()), cpu: cpu_now().less(cpu) }
}

/// From the first message on: joining the group is not what is measured.
fn receive<T: Target>(
    clock: &RunClock,
    (target, routes): (&T, &[RouteSpec<'_>]),
    count: u64,
    pen: &mut Pen,
) -> Took {
    let group = format!("{}-group", routes[0].topic);
    let spec = InletSpec {
        name: "client",
        group: &group,
        subscription: 0,
        member: (0, 1),
        routes,
        stamp_in_header: false,
    };
    let mut inlet = target.inlet(&spec).expect("the client is made");
    let until = clock.now() + DEADLINE;
    let mut begun = None;
    while pen.read < count {
        let more = inlet.poll(clock, 256, pen);
        if begun.is_none() && 0 < pen.read {
            begun = Some((clock.now(), cpu_now()));
        }
        if !more {
            clock.park(Nanos::from_millis(1));
            assert!(clock.now() < until, "{} of {count} read", pen.read);
        }
    }
    let (first, cpu) = begun.expect("something was read");
    let took = Took { span: first.until(clock.now()), cpu: cpu_now().less(cpu) };
    inlet.leave();
    while !inlet.has_left() && clock.now() < until {
        inlet.poll(clock, 256, pen);
        clock.park(Nanos::from_millis(1));
    }
    took
}

/// Of all threads so far.
fn cpu_now() -> Nanos {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    let whole = Nanos::from_secs(u64::try_from(spent.tv_sec).unwrap_or(0));
    whole + Nanos(u64::try_from(spent.tv_nsec).unwrap_or(0))
}
