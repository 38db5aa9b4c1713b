//! The figures of a host, and how each is read off what the monitor saw.

use super::number::float;
use super::spread::Held;
use crate::monitor::{Observation, Sample, Waits};
use engine::host::Card;
use engine::units::{Bytes, Nanos};
use serde::{Deserialize, Serialize};

/// Processor time per time, in cores.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Cpu<T> {
    /// All programs of the host, up to its number of cores. Time that the hypervisor kept for others
    /// is in it, waiting for disks is not.
    pub cpu_cores: T,
    /// This process: all its threads, the client's and the embedded broker's among them.
    pub process_cpu_cores: T,
}

/// Memory.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Memory<T> {
    /// In use on the host: all but what programs could still get.
    pub host_memory_bytes: T,
    /// Resident, of this process.
    pub resident_bytes: T,
}

/// Network. What goes through several interfaces, such as a bridge and a card, is counted at each.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Network<T> {
    /// Into the host, all interfaces but the loopback.
    pub network_received_bytes_per_second: T,
    /// Out of the host, all interfaces but the loopback.
    pub network_sent_bytes_per_second: T,
    /// Out of the loopback, by which a host speaks to itself: what was sent there comes in again.
    pub loopback_received_bytes_per_second: T,
    /// Into the loopback.
    pub loopback_sent_bytes_per_second: T,
    /// Of what the network card carries that was used most, 0 to 1: of the cards whose speed is
    /// known, in the direction in which more went.
    pub card_share: T,
    /// Part of the time in which data of this process was on its way to another host, sent or waiting
    /// to be, on that of its connections which waited most for its way.
    pub tcp_busy_share: T,
    /// Part of the time in which that connection waited for the other end to read.
    pub tcp_receiver_limited_share: T,
    /// Part of the time in which all that its send buffer held was sent at once.
    pub tcp_buffer_limited_share: T,
    /// Bytes that it had waiting to be sent.
    pub tcp_unsent_bytes: T,
    /// Bytes that this process's connections to other hosts sent again.
    pub tcp_resent_bytes_per_second: T,
}

/// Disks.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Disk<T> {
    /// From the host's mounted block devices, by whichever program.
    pub disk_read_bytes_per_second: T,
    /// To the host's mounted block devices, when the system sends it there.
    pub disk_written_bytes_per_second: T,
    /// From storage, by this process.
    pub process_disk_read_bytes_per_second: T,
    /// To files on storage, by this process: counted when the page cache takes it.
    pub process_disk_written_bytes_per_second: T,
}

/// How a figure is read off a sample.
pub(super) type Read<'run> = dyn Fn(&Sample) -> Option<Held> + 'run;

/// Every figure of a host but those of single cores.
pub(super) struct Figures<T> {
    pub(super) cpu: Cpu<T>,
    pub(super) memory: Memory<T>,
    pub(super) network: Network<T>,
    pub(super) disk: Disk<T>,
}

impl<T> Figures<T> {
    /// Makes each figure of how it is read.
    pub(super) fn of(observation: &Observation, make: impl Fn(&Read<'_>) -> T) -> Self {
        let Observation { cores, cards, .. } = observation;
        let cores = float(u64::try_from(*cores).expect("a host's cores are few"));
        let flow = |read: &dyn Fn(&Sample) -> Option<Bytes>| {
            make(&|sample| per_second(float(read(sample)?.0), sample.span))
        };
        let waits = |read: fn(&Waits) -> Nanos| {
            make(&|sample| {
                per_second(read(sample.tcp.as_ref()?.busiest.first()?).as_secs_f64(), sample.span)
            })
        };
        let state = |read: &dyn Fn(&Sample) -> Option<Bytes>| {
            make(&|sample| Some(held(float(read(sample)?.0), sample.span)))
        };
        Self {
            cpu: Cpu {
                cpu_cores: make(&|sample| {
                    let cpu = sample.cpu.as_ref()?;
                    Some(held(f64::from(cpu.host) / 100.0 * cores, cpu.span))
                }),
                process_cpu_cores: make(&|sample| {
                    per_second(sample.process_cpu.as_secs_f64(), sample.span)
                }),
            },
            memory: Memory {
                host_memory_bytes: state(&|sample| sample.host_memory),
                resident_bytes: state(&|sample| sample.resident),
            },
            network: Network {
                network_received_bytes_per_second: flow(&|of| Some(of.network?.received)),
                network_sent_bytes_per_second: flow(&|of| Some(of.network?.sent)),
                loopback_received_bytes_per_second: flow(&|of| Some(of.loopback?.received)),
                loopback_sent_bytes_per_second: flow(&|of| Some(of.loopback?.sent)),
                card_share: make(&|sample| per_second(busiest_card(cards, sample)?, sample.span)),
                tcp_busy_share: waits(|of| of.busy),
                tcp_receiver_limited_share: waits(|of| of.receiver_limited),
                tcp_buffer_limited_share: waits(|of| of.buffer_limited),
                tcp_unsent_bytes: state(&|sample| {
                    Some(sample.tcp.as_ref()?.busiest.first()?.unsent)
                }),
                tcp_resent_bytes_per_second: flow(&|of| Some(of.tcp.as_ref()?.resent)),
            },
            disk: Disk {
                disk_read_bytes_per_second: flow(&|of| Some(of.disk?.read)),
                disk_written_bytes_per_second: flow(&|of| Some(of.disk?.written)),
                process_disk_read_bytes_per_second: flow(&|of| Some(of.process_disk?.read)),
                process_disk_written_bytes_per_second: flow(&|of| Some(of.process_disk?.written)),
            },
        }
    }
}

fn held(value: f64, span: Nanos) -> Held {
    Held { value, time: span.as_secs_f64() }
}

/// An amount over its time; nothing where no time passed.
fn per_second(amount: f64, span: Nanos) -> Option<Held> {
    (Nanos::ZERO < span).then(|| held(amount / span.as_secs_f64(), span))
}

/// For how many seconds at full speed the traffic of the card was that was used most.
fn busiest_card(cards: &[Card], sample: &Sample) -> Option<f64> {
    let seconds = cards.iter().zip(&sample.cards).filter_map(|(card, traffic)| {
        let traffic = traffic.as_ref()?;
        Some(float(traffic.received.0.max(traffic.sent.0)) / float(card.speed.0))
    });
    seconds.max_by(f64::total_cmp)
}

/// How busy one of the lanes' cores was.
pub(super) fn lane_share(sample: &Sample, index: usize) -> Option<Held> {
    let cpu = sample.cpu.as_ref()?;
    let percent = cpu.lanes.get(index).copied().flatten()?;
    Some(held(f64::from(percent) / 100.0, cpu.span))
}
