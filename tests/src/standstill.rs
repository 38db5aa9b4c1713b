//! The loopback, whose lanes stand still when told to, as lanes do whose core is taken away.

use engine::error::RunError;
use engine::link::loopback::{LoopbackInlet, LoopbackOutlet, LoopbackTarget};
use engine::link::{
    Inlet, InletSink, InletSpec, Message, Offer, Outlet, OutletSink, OutletSpec, Target, Topics,
};
use engine::plan::Demand;
use engine::time::Clock;
use engine::units::{Nanos, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Until when lanes stand still: a moment of the run's clock.
#[derive(Clone, Debug, Default)]
pub struct Standstill(Arc<AtomicU64>);

impl Standstill {
    /// Lanes that call their client from now on come back at `until`.
    pub fn until(&self, until: Timestamp) {
        self.0.store(until.as_nanos(), Ordering::Relaxed);
    }

    fn wait(&self, clock: &impl Clock) {
        let until = Timestamp::from_nanos(self.0.load(Ordering::Relaxed));
        while clock.now() < until {
            clock.park(clock.now().until(until));
        }
    }
}

/// The loopback with lanes that stand still.
#[derive(Debug)]
pub struct StillTarget {
    inner: LoopbackTarget,
    still: Standstill,
}

impl StillTarget {
    /// Partitions for a demand's topics.
    #[must_use]
    pub fn new(demand: &Demand, still: &Standstill) -> Self {
        Self { inner: LoopbackTarget::new(demand), still: still.clone() }
    }
}

impl Target for StillTarget {
    type Outlet = Still<LoopbackOutlet>;
    type Inlet = Still<LoopbackInlet>;

    const SETTLE: Nanos = Nanos::ZERO;

    fn topics(&self) -> Arc<dyn Topics> {
        self.inner.topics()
    }

    fn outlet(&self, spec: &OutletSpec<'_>) -> Result<Self::Outlet, RunError> {
        Ok(Still { inner: self.inner.outlet(spec)?, still: self.still.clone() })
    }

    fn inlet(&self, spec: &InletSpec<'_>) -> Result<Self::Inlet, RunError> {
        Ok(Still { inner: self.inner.inlet(spec)?, still: self.still.clone() })
    }

    fn warm(&self, outlet: &mut Self::Outlet, deadline: Nanos) {
        self.inner.warm(&mut outlet.inner, deadline);
    }
}

/// A client whose lane stands still in `poll`, before it takes anything.
#[derive(Debug)]
pub struct Still<T> {
    inner: T,
    still: Standstill,
}

impl<T: Outlet> Outlet for Still<T> {
    fn offer(&mut self, message: &Message<'_>) -> Offer {
        self.inner.offer(message)
    }

    fn poll(&mut self, clock: &impl Clock, limit: usize, sink: &mut impl OutletSink) -> bool {
        self.still.wait(clock);
        self.inner.poll(clock, limit, sink)
    }

    crate::outlet_of_inner!();
}

impl<T: Inlet> Inlet for Still<T> {
    fn poll(&mut self, clock: &impl Clock, limit: usize, sink: &mut impl InletSink) -> bool {
        self.still.wait(clock);
        self.inner.poll(clock, limit, sink)
    }

    crate::inlet_of_inner!();
}
