//! What is read for a sample: the host's figures through sysinfo, this process's own by the engine.

use super::counters::Counters;
use super::sample::{CpuShares, Sample, Traffic};
use super::tcp::Connections;
use engine::host::{Card, Storage, cards, connections, cpu_time, resident, storage};
use engine::time::{Clock, RunClock};
use engine::units::{Bytes, Nanos, Timestamp};
use std::collections::{BTreeMap, HashSet};
use std::net::IpAddr;
use sysinfo::{Cpu, DiskRefreshKind, Disks, MemoryRefreshKind, Networks, System};

/// The names of the interface by which a host speaks to itself, on Linux and on BSDs.
const LOOPBACK: [&str; 2] = ["lo", "lo0"];

/// How far apart processors are read at least: sysinfo keeps its last answer for 200 ms, since the
/// kernel counts in ticks of 10 ms, and does not say so; the millisecond more is for its other clock.
const CPU_SPAN_MIN: Nanos = Nanos::from_millis(201);

/// The system's meters as they were last read.
///
/// The process is not read through sysinfo: that would raise its limit of open files
/// (unix/linux/system.rs, `remaining_files`), and a run would depend on whether it is watched.
#[derive(Debug)]
pub struct Meters {
    clock: RunClock,
    system: System,
    networks: Networks,
    disks: Disks,
    /// The cores that lanes use, by sysinfo's names.
    lane_cores: Vec<String>,
    /// When the last look began.
    looked: Timestamp,
    /// When processors had last been read.
    cpu_read: Timestamp,
    process_cpu: Nanos,
    process_disk: Option<Storage>,
    interfaces: Counters,
    loopback: Counters,
    /// The cards whose speed is known, each with its counters.
    cards: Vec<(Card, Counters)>,
    connections: Connections,
    devices: Counters,
}

impl Meters {
    /// Reads everything once; `lane_cores` are the cores that are told one by one.
    #[must_use]
    pub fn new(lane_cores: &[usize], clock: RunClock) -> Self {
        let mut meters = Self {
            clock,
            system: System::new(),
            networks: Networks::new(),
            disks: Disks::new(),
            lane_cores: lane_cores.iter().map(|core| format!("cpu{core}")).collect(),
            looked: clock.now(),
            cpu_read: clock.now(),
            process_cpu: cpu_time(),
            process_disk: storage(),
            interfaces: Counters::default(),
            loopback: Counters::default(),
            cards: cards().into_iter().map(|card| (card, Counters::default())).collect(),
            connections: Connections::default(),
            devices: Counters::default(),
        };
        meters.system.refresh_cpu_usage();
        meters.cpu_read = clock.now();
        // What flows is the difference of two readings: this is the first.
        let _nothing_yet = meters.look();
        meters
    }

    /// Logical cores of the host.
    #[must_use]
    pub fn cores(&self) -> usize {
        self.system.cpus().len()
    }

    /// The network cards whose speed is known.
    #[must_use]
    pub fn cards(&self) -> Vec<Card> {
        self.cards.iter().map(|(card, _)| card.clone()).collect()
    }

    /// Looks at everything: what flowed since the last look, and what is.
    pub fn look(&mut self) -> Sample {
        let at = self.clock.now();
        let span = self.looked.until(at);
        self.looked = at;
        let cpu_used = cpu_time();
        let moved = storage();
        let (network, loopback) = self.traffic();
        let card_addresses = self.card_addresses();
        let sample = Sample {
            at,
            span,
            process_cpu: cpu_used.less(self.process_cpu),
            cpu: self.cpu_shares(),
            host_memory: self.host_memory(),
            resident: resident(),
            network,
            loopback,
            cards: self.card_traffic(),
            tcp: self.connections.grown(connections(), &card_addresses),
            disk: self.disk(),
            process_disk: moved.zip(self.process_disk).and_then(|(now, was)| now.since(was)),
        };
        (self.process_cpu, self.process_disk) = (cpu_used, moved);
        sample
    }

    /// Time that the hypervisor kept for others counts as busy, waiting for disks as idle.
    fn cpu_shares(&mut self) -> Option<CpuShares> {
        if self.cpu_read.until(self.clock.now()) < CPU_SPAN_MIN {
            return None;
        }
        self.system.refresh_cpu_usage();
        let now = self.clock.now();
        let span = self.cpu_read.until(now);
        self.cpu_read = now;
        let cores = self.system.cpus();
        let share = |name: &String| {
            cores.iter().find(|core| core.name() == name.as_str()).map(Cpu::cpu_usage)
        };
        (!cores.is_empty()).then(|| CpuShares {
            span,
            host: self.system.global_cpu_usage(),
            lanes: self.lane_cores.iter().map(share).collect(),
        })
    }

    fn host_memory(&mut self) -> Option<Bytes> {
        self.system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
        let total = self.system.total_memory();
        (0 < total).then(|| Bytes(total.saturating_sub(self.system.available_memory())))
    }

    /// What goes through several interfaces, such as a bridge and a card, is counted at each.
    fn traffic(&mut self) -> (Option<Traffic>, Option<Traffic>) {
        self.networks.refresh(true);
        let (mut own, mut others) = (BTreeMap::new(), BTreeMap::new());
        for (name, interface) in self.networks.list() {
            let side = if LOOPBACK.contains(&name.as_str()) { &mut own } else { &mut others };
            let totals = [interface.total_received(), interface.total_transmitted()];
            side.insert(name.clone(), totals);
        }
        (self.interfaces.grown(others).map(traffic), self.loopback.grown(own).map(traffic))
    }

    /// Our ends of connections that go out by cards, as the interfaces were last read.
    fn card_addresses(&self) -> HashSet<IpAddr> {
        let interfaces = self.networks.list();
        let found = self.cards.iter().filter_map(|(card, _)| interfaces.get(&card.name));
        found.flat_map(|of| of.ip_networks()).map(|of| of.addr.to_canonical()).collect()
    }

    /// What went through each card, as the interfaces were last read.
    fn card_traffic(&mut self) -> Vec<Option<Traffic>> {
        let Self { networks, cards, .. } = self;
        let of_card = |(card, counters): &mut (Card, Counters)| {
            let found = networks.list().get(&card.name);
            let totals = found.map(|of| [of.total_received(), of.total_transmitted()]);
            let named = totals.map(|totals| (card.name.clone(), totals));
            counters.grown(named.into_iter().collect()).map(traffic)
        };
        cards.iter_mut().map(of_card).collect()
    }

    /// Mounted devices, each once however often it is mounted. One that the kernel counts nothing of
    /// (network, overlay and memory file systems) has moved nothing ever, and is left out: a device
    /// cannot be mounted without being read.
    fn disk(&mut self) -> Option<Storage> {
        self.disks.refresh_specifics(true, DiskRefreshKind::nothing().with_io_usage());
        let counted = self.disks.list().iter().filter_map(|disk| {
            let usage = disk.usage();
            let totals = [usage.total_read_bytes, usage.total_written_bytes];
            (totals != [0, 0]).then(|| (disk.name().to_string_lossy().into_owned(), totals))
        });
        let [read, written] = self.devices.grown(counted.collect())?;
        Some(Storage { read: Bytes(read), written: Bytes(written) })
    }
}

fn traffic([received, sent]: [u64; 2]) -> Traffic {
    Traffic { received: Bytes(received), sent: Bytes(sent) }
}

#[cfg(test)]
mod tests {
    use super::{CPU_SPAN_MIN, Meters};
    use engine::time::{Clock, ClockSource, RunClock};
    use engine::units::Nanos;
    use sysinfo::MINIMUM_CPU_UPDATE_INTERVAL;

    #[test]
    fn processors_are_read_no_more_often_than_they_are_answered_anew() {
        assert!(MINIMUM_CPU_UPDATE_INTERVAL < CPU_SPAN_MIN.duration(), "sysinfo's own limit");
        let clock = RunClock::anchored(ClockSource::Os);
        let begun = clock.now();
        let mut meters = Meters::new(&[0], clock);
        let at_once = meters.look();
        if begun.until(clock.now()) < CPU_SPAN_MIN {
            assert_eq!(at_once.cpu, None, "too early to tell");
        }
        let until = clock.now() + CPU_SPAN_MIN;
        while clock.now() < until {
            clock.park(Nanos::from_millis(10));
        }
        let later = meters.look().cpu.expect("it is time");
        assert!(CPU_SPAN_MIN <= later.span, "over the whole time: {later:?}");
        assert!((0.0..=100.0).contains(&later.host), "{later:?}");
        assert!(later.lanes.iter().flatten().all(|of| (0.0..=100.0).contains(of)), "{later:?}");
    }

    #[test]
    fn a_core_that_the_host_does_not_have_is_unknown() {
        let clock = RunClock::anchored(ClockSource::Os);
        let mut meters = Meters::new(&[0, 99_999], clock);
        let until = clock.now() + CPU_SPAN_MIN;
        while clock.now() < until {
            clock.park(Nanos::from_millis(10));
        }
        let cpu = meters.look().cpu.expect("it is time");
        assert_eq!(cpu.lanes.len(), 2, "in their order");
        assert_eq!(cpu.lanes[1], None, "not listed");
    }

    #[test]
    fn flows_are_since_the_last_look_and_not_since_the_host_began() {
        let clock = RunClock::anchored(ClockSource::Os);
        let mut meters = Meters::new(&[], clock);
        let begun = clock.now();
        let sample = meters.look();
        assert!(sample.span <= begun.until(clock.now()) + Nanos::from_secs(1), "{sample:?}");
        assert!(sample.process_cpu <= Nanos::from_secs(60), "{sample:?}");
        assert!(sample.resident.is_some() && sample.host_memory.is_some(), "{sample:?}");
        assert!(sample.host_memory.map(|of| of.0) < Some(1 << 50), "{sample:?}");
        assert!(0 < meters.cores(), "{meters:?}");
    }
}
