//! A link with known faults: the loopback, whose messages are lost, repeated, swapped or damaged at known places.

use engine::error::RunError;
use engine::link::loopback::{LoopbackInlet, LoopbackOutlet, LoopbackTarget};
use engine::link::{Delivery, Failure, Inlet, InletSink, InletSpec, OutletSpec, Target, Topics};
use engine::message::Stamp;
use engine::plan::{Demand, Route};
use engine::time::Clock;
use engine::units::{Nanos, Timestamp};
use std::collections::HashMap;
use std::sync::Arc;

/// What happens to a message on its way to a consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It never comes.
    Lose,
    /// It lies in the log twice.
    Duplicate,
    /// The next one comes first.
    Swap,
    /// One bit of its stamp is turned.
    Flip,
    /// A message of another run lies behind it.
    Intrude,
    /// It is read twice.
    Redeliver,
}

/// Which messages of each partition meet a fault, counted from 0; none may follow a swap at once.
pub type Faults = &'static [(u64, Fault)];

/// The loopback with faults.
#[derive(Debug)]
pub struct FaultyTarget {
    inner: LoopbackTarget,
    faults: Faults,
}

impl FaultyTarget {
    /// Partitions for a demand's topics.
    #[must_use]
    pub fn new(demand: &Demand, faults: Faults) -> Self {
        Self { inner: LoopbackTarget::new(demand), faults }
    }
}

impl Target for FaultyTarget {
    type Outlet = LoopbackOutlet;
    type Inlet = FaultyInlet;

    const SETTLE: Nanos = Nanos::ZERO;

    fn topics(&self) -> Arc<dyn Topics> {
        self.inner.topics()
    }

    fn outlet(&self, spec: &OutletSpec<'_>) -> Result<LoopbackOutlet, RunError> {
        self.inner.outlet(spec)
    }

    fn inlet(&self, spec: &InletSpec<'_>) -> Result<FaultyInlet, RunError> {
        let inner = self.inner.inlet(spec)?;
        Ok(FaultyInlet { inner, faults: self.faults, ways: HashMap::new() })
    }

    fn warm(&self, outlet: &mut LoopbackOutlet, deadline: Nanos) {
        self.inner.warm(outlet, deadline);
    }
}

/// What is known of one partition.
#[derive(Debug, Default)]
struct Way {
    /// Messages that came.
    count: u64,
    /// How far offsets have moved by what was put in between.
    shift: i64,
    /// A message that waits for the next one to pass.
    held: Option<Stamp>,
}

/// Reads the loopback through its faults.
#[derive(Debug)]
pub struct FaultyInlet {
    inner: LoopbackInlet,
    faults: Faults,
    ways: HashMap<(Route, i32), Way>,
}

struct Sink<'inlet, S> {
    sink: &'inlet mut S,
    faults: Faults,
    ways: &'inlet mut HashMap<(Route, i32), Way>,
}

impl<S: InletSink> InletSink for Sink<'_, S> {
    fn delivery(&mut self, now: Timestamp, delivery: &Delivery<'_>) {
        let way = self.ways.entry((delivery.route, delivery.partition)).or_default();
        let stamp = delivery.stamp.expect("the loopback damages nothing");
        let fault = self.faults.iter().find(|(place, _)| *place == way.count);
        way.count += 1;
        let sink = &mut self.sink;
        let offset = delivery.offset + way.shift;
        let mut pass = |read, place| {
            sink.delivery(now, &Delivery { stamp: read, offset: place, ..*delivery });
        };
        if let Some(held) = way.held.take() {
            pass(Ok(stamp), offset - 1);
            return pass(Ok(held), offset);
        }
        match fault.map(|(_, fault)| *fault) {
            None => pass(Ok(stamp), offset),
            Some(Fault::Lose) => {}
            Some(Fault::Swap) => way.held = Some(stamp),
            Some(Fault::Flip) => {
                let mut bytes = stamp.encode();
                bytes[30] ^= 4;
                pass(Stamp::decode(&bytes), offset);
            }
            Some(Fault::Redeliver) => {
                pass(Ok(stamp), offset);
                pass(Ok(stamp), offset);
            }
            Some(Fault::Duplicate) => {
                pass(Ok(stamp), offset);
                pass(Ok(stamp), offset + 1);
                way.shift += 1;
            }
            Some(Fault::Intrude) => {
                pass(Ok(stamp), offset);
                pass(Ok(Stamp { run: stamp.run + 1, ..stamp }), offset + 1);
                way.shift += 1;
            }
        }
    }

    fn committed(&mut self, result: Result<(), Failure>) {
        self.sink.committed(result);
    }

    fn trouble(&mut self, failure: Failure, fatal: bool) {
        self.sink.trouble(failure, fatal);
    }
}

impl Inlet for FaultyInlet {
    fn poll(&mut self, clock: &impl Clock, limit: usize, sink: &mut impl InletSink) -> bool {
        let Self { inner, faults, ways } = self;
        inner.poll(clock, limit, &mut Sink { sink, faults, ways })
    }

    crate::inlet_of_inner!();
}
