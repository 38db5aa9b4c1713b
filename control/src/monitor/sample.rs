//! What one look at the system found: flows since the look before, and states at its moment.

use engine::host::{Card, Storage};
use engine::units::{Bytes, NANOS_PER_SECOND, Nanos, Timestamp};

/// One look at the system. What the system did not tell is `None`.
///
/// It takes some 350 bytes, 8 for each core that lanes use and 24 for each network card: 30 MB for a
/// day at one a second.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// When.
    pub at: Timestamp,
    /// How long after the look before it: what flowed, flowed in this time.
    pub span: Nanos,
    /// Processor time that this process used.
    pub process_cpu: Nanos,
    /// What the processors did.
    pub cpu: Option<CpuShares>,
    /// Memory of the host that is in use: what it has without what programs could still get.
    pub host_memory: Option<Bytes>,
    /// Memory of this process that is resident.
    pub resident: Option<Bytes>,
    /// Through all network interfaces but the loopback.
    pub network: Option<Traffic>,
    /// Through the loopback, where each byte is sent once and received once.
    pub loopback: Option<Traffic>,
    /// Through each card whose speed is known, in the order of [`Observation::cards`]; `None` for one
    /// that is not there any more.
    pub cards: Vec<Option<Traffic>>,
    /// By this process's connections to other hosts.
    pub tcp: Option<Tcp>,
    /// From and to the host's mounted block devices.
    pub disk: Option<Storage>,
    /// From and to storage, by this process.
    pub process_disk: Option<Storage>,
}

/// What the processors did, in percent of their time.
#[derive(Clone, Debug, PartialEq)]
pub struct CpuShares {
    /// Over how long: since they were last read, which may be before the last look.
    pub span: Nanos,
    /// All cores of the host together, 0 to 100.
    pub host: f32,
    /// Each core that lanes use; `None` for one that the system does not list.
    pub lanes: Vec<Option<f32>>,
}

/// Bytes that went through network interfaces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// In.
    pub received: Bytes,
    /// Out.
    pub sent: Bytes,
}

/// What TCP did for this process's connections to other hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tcp {
    /// Whether all of them go out by cards whose speed is known, and none stays on this host.
    pub on_cards: bool,
    /// Bytes that all of them sent, those sent again included.
    pub sent: Bytes,
    /// Bytes that all of them sent again.
    pub resent: Bytes,
    /// Of those that waited the longest for their ways, the longest first; empty where there is no
    /// connection to another host.
    pub busiest: Vec<Waits>,
}

/// How long the data of one connection was on its way, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    /// The number of its socket, by which it is known at the next look.
    pub inode: u32,
    /// In flight, or waiting to be sent.
    pub busy: Nanos,
    /// Of that, waiting for the other end to read.
    pub receiver_limited: Nanos,
    /// Of that, sent as soon as our own send buffer had it.
    pub buffer_limited: Nanos,
    /// Bytes that waited to be sent at the moment of the look.
    pub unsent: Bytes,
}

impl Waits {
    /// How long it waited for nothing but its way.
    #[must_use]
    pub fn network(&self) -> Nanos {
        self.busy.less(self.receiver_limited).less(self.buffer_limited)
    }
}

/// What a monitor saw, from the start of the measured phase to the end of the drain.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// The host's name; `None` where it does not say.
    pub host: Option<String>,
    /// Logical cores of the host.
    pub cores: usize,
    /// How often it looked.
    pub period: Nanos,
    /// The cores that lanes use, rising: samples list their shares in this order.
    pub lane_cores: Vec<usize>,
    /// The network cards whose speed is known: samples list their traffic in this order.
    pub cards: Vec<Card>,
    /// What each look found, in their order.
    pub samples: Vec<Sample>,
}

impl Sample {
    /// The moment that it stands for: the middle of its time, or of the last second of it where it
    /// is longer. Phases and seconds have what stands for a moment in them, so a look that comes a
    /// little late still counts for the second that it looks back on.
    #[must_use]
    pub fn stands_for(&self) -> Timestamp {
        self.at.before(Nanos(self.span.0.min(NANOS_PER_SECOND) / 2))
    }
}

#[cfg(test)]
mod tests {
    use super::Sample;
    use engine::units::{Nanos, Timestamp};

    #[test]
    fn a_late_look_counts_for_the_second_that_it_looks_back_on() {
        let check = |at_ms: u64, span_ms: u64, second: u64| {
            let sample = Sample {
                at: Timestamp::from_nanos(0) + Nanos::from_millis(at_ms),
                span: Nanos::from_millis(span_ms),
                process_cpu: Nanos::ZERO,
                cpu: None,
                host_memory: None,
                resident: None,
                network: None,
                loopback: None,
                cards: Vec::new(),
                tcp: None,
                disk: None,
                process_disk: None,
            };
            let stands_for = sample.stands_for().as_nanos() / 1_000_000_000;
            assert_eq!(stands_for, second, "at {at_ms} ms, over {span_ms} ms");
        };
        check(1_000, 1_000, 0);
        check(1_020, 1_000, 0);
        check(2_020, 1_000, 1);
        check(1_020, 100, 0);
        check(1_120, 100, 1);
        check(5_020, 5_000, 4);
    }
}
