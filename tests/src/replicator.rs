//! Whoever carries messages from one cluster to another, as small as can be: a group that reads there, a client
//! that sends here, partitions and bodies kept.

use engine::kafka::KafkaTarget;
use engine::link::{
    Ack, Delivery, Failure, Inlet, InletSink, InletSpec, Message, Offer, Outlet, OutletSink,
    OutletSpec, RouteSpec, Target,
};
use engine::message::Stamp;
use engine::plan::{ClientSettings, Route};
use engine::time::{Clock, OsClock};
use engine::units::{Nanos, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// Messages taken and sent at a time.
const BATCH: usize = 256;

/// A topic's name at either cluster, and its partitions.
#[derive(Clone, Debug)]
pub struct Carried {
    /// Where it is read.
    pub from: String,
    /// Where it is written.
    pub to: String,
    /// At both.
    pub partitions: u32,
}

/// A replicator that goes on until it is stopped.
#[derive(Debug)]
pub struct Replicator {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<u64>,
}

impl Replicator {
    /// Carries a topic from one address to another. `copies` says how often the nth message is written: once, or to
    /// show what comes of it, not at all or twice.
    #[must_use]
    pub fn start(
        (from, to): (&str, &str),
        topic: Carried,
        copies: impl Fn(u64) -> usize + Send + 'static,
    ) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (from, to, told) = (settings(from), settings(to), Arc::clone(&stop));
        let thread = std::thread::spawn(move || carry((&from, &to), &topic, copies, &told));
        Self { stop, thread }
    }

    /// Ends it; returns how many messages it read.
    ///
    /// # Panics
    /// Where it could not go on.
    #[must_use]
    pub fn stop(self) -> u64 {
        // Only the flag itself is told.
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the replicator goes on")
    }
}

fn settings(address: &str) -> ClientSettings {
    let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let server = own("bootstrap.servers", address);
    ClientSettings {
        producer: vec![
            server.clone(),
            own("enable.idempotence", "true"),
            own("linger.ms", "1"),
            own("allow.auto.create.topics", "false"),
        ],
        consumer: vec![
            server,
            own("auto.offset.reset", "earliest"),
            own("fetch.wait.max.ms", "10"),
        ],
        ..ClientSettings::default()
    }
}

fn carry(
    (from, to): (&ClientSettings, &ClientSettings),
    topic: &Carried,
    copies: impl Fn(u64) -> usize,
    stop: &AtomicBool,
) -> u64 {
    let routes = |name| [RouteSpec { route: Route(0), topic: name, partitions: topic.partitions }];
    let (read, written) = (routes(topic.from.as_str()), routes(topic.to.as_str()));
    let mut inlet = KafkaTarget::new(from)
        .inlet(&InletSpec {
            name: "replicator",
            group: "replicator",
            subscription: 0,
            member: (0, 1),
            routes: &read,
            stamp_in_header: false,
        })
        .expect("a consumer is made");
    let spec = OutletSpec { name: "replicator", routes: &written, transactional_id: None };
    let mut outlet = KafkaTarget::new(to).outlet(&spec).expect("a producer is made");
    let clock = OsClock::anchored();
    let mut seen = 0;
    while !stop.load(Ordering::Relaxed) {
        let mut taken = Taken(Vec::new());
        inlet.poll(&clock, BATCH, &mut taken);
        for (partition, stamp, body) in &taken.0 {
            for _ in 0..copies(seen) {
                let message = Message {
                    route: Route(0),
                    partition: Some(*partition),
                    key: None,
                    headers: &[],
                    body,
                    stamp,
                    stamp_in_body: true,
                };
                while outlet.offer(&message) != Offer::Accepted {
                    outlet.poll(&clock, BATCH, &mut Answered);
                }
            }
            seen += 1;
        }
        outlet.poll(&clock, BATCH, &mut Answered);
        clock.park(Nanos::from_millis(2));
    }
    seen
}

/// What was read: partition, stamp and body.
struct Taken(Vec<(i32, Stamp, Vec<u8>)>);

impl InletSink for Taken {
    fn delivery(&mut self, _now: Timestamp, delivery: &Delivery<'_>) {
        let stamp = delivery.stamp.expect("only the run's messages are there");
        self.0.push((delivery.partition, stamp, delivery.body.to_vec()));
    }

    fn committed(&mut self, _result: Result<(), Failure>) {}

    fn trouble(&mut self, failure: Failure, fatal: bool) {
        assert!(!fatal, "the replicator's consumer: {failure:?}");
    }
}

struct Answered;

impl OutletSink for Answered {
    fn heard(&mut self, _waited: Nanos) {}

    fn acks(&mut self, _now: Timestamp, _acks: &[Ack]) {}

    fn trouble(&mut self, failure: Failure, fatal: bool) {
        assert!(!fatal, "the replicator's producer: {failure:?}");
    }
}
