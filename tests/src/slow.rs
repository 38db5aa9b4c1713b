//! The loopback with clients that are slow by themselves: always room, and every offer takes its time.

use engine::error::RunError;
use engine::link::loopback::{LoopbackInlet, LoopbackOutlet, LoopbackTarget};
use engine::link::{InletSpec, Message, Offer, Outlet, OutletSink, OutletSpec, Target, Topics};
use engine::plan::Demand;
use engine::time::{Clock, OsClock};
use engine::units::Nanos;
use std::sync::Arc;

/// The loopback whose outlets take their time.
#[derive(Debug)]
pub struct SlowTarget {
    inner: LoopbackTarget,
    offer: Nanos,
}

impl SlowTarget {
    /// Partitions for a demand's topics; each offer sleeps so long, and as much longer as the system
    /// lets it.
    #[must_use]
    pub fn new(demand: &Demand, offer: Nanos) -> Self {
        Self { inner: LoopbackTarget::new(demand), offer }
    }
}

impl Target for SlowTarget {
    type Outlet = Slow;
    type Inlet = LoopbackInlet;

    const SETTLE: Nanos = Nanos::ZERO;

    fn topics(&self) -> Arc<dyn Topics> {
        self.inner.topics()
    }

    fn outlet(&self, spec: &OutletSpec<'_>) -> Result<Slow, RunError> {
        let inner = self.inner.outlet(spec)?;
        Ok(Slow { inner, offer: self.offer, clock: OsClock::anchored() })
    }

    fn inlet(&self, spec: &InletSpec<'_>) -> Result<LoopbackInlet, RunError> {
        self.inner.inlet(spec)
    }

    fn warm(&self, outlet: &mut Slow, deadline: Nanos) {
        self.inner.warm(&mut outlet.inner, deadline);
    }
}

/// A client that takes its time over every message.
#[derive(Debug)]
pub struct Slow {
    inner: LoopbackOutlet,
    offer: Nanos,
    clock: OsClock,
}

impl Outlet for Slow {
    fn offer(&mut self, message: &Message<'_>) -> Offer {
        self.clock.park(self.offer);
        self.inner.offer(message)
    }

    fn poll(&mut self, clock: &impl Clock, limit: usize, sink: &mut impl OutletSink) -> bool {
        self.inner.poll(clock, limit, sink)
    }

    crate::outlet_of_inner!();
}
