//! The hosts over the measured phase, for people: a line for each figure.

use super::Report;
use super::number::{mib, thousandth};
use super::spread::Spread;
use super::system::System;
use super::text_table::table;

/// A table for each host that was looked at.
pub(super) fn systems(report: &Report) -> String {
    report.system.iter().flatten().map(of_host).collect()
}

fn of_host(system: &System) -> String {
    let System { cpu, memory, network, disk, .. } = system;
    let busiest = cpu
        .lane_cores
        .iter()
        .filter_map(|of| Some((of.core, of.cpu_cores?)))
        .max_by(|(_, one), (_, other)| one.avg.total_cmp(&other.avg));
    let lane_core =
        busiest.map_or(String::new(), |(core, _)| format!("core {core}, the lanes' busiest"));
    let cores = [
        ("cpu of the host".to_owned(), cpu.whole.cpu_cores),
        ("cpu of kdyno".to_owned(), cpu.whole.process_cpu_cores),
        (lane_core, busiest.map(|(_, spread)| spread)),
    ];
    let mebibytes = [
        ("memory of the host", memory.host_memory_bytes, "MiB"),
        ("memory of kdyno", memory.resident_bytes, "MiB"),
        ("network received", network.network_received_bytes_per_second, "MiB/s"),
        ("network sent", network.network_sent_bytes_per_second, "MiB/s"),
        ("loopback sent", network.loopback_sent_bytes_per_second, "MiB/s"),
        ("disks read", disk.disk_read_bytes_per_second, "MiB/s"),
        ("disks written", disk.disk_written_bytes_per_second, "MiB/s"),
    ];
    let shares = [
        ("network card used", network.card_share, "share"),
        ("tcp busy", network.tcp_busy_share, "share"),
        ("tcp waiting for the reader", network.tcp_receiver_limited_share, "share"),
    ];
    let rows: Vec<Vec<String>> = cores
        .into_iter()
        .filter_map(|(name, spread)| Some(row(&name, spread?, "cores", thousandth)))
        .chain(
            mebibytes
                .into_iter()
                .filter_map(|(name, spread, unit)| Some(row(name, spread?, unit, mib))),
        )
        .chain(
            shares
                .into_iter()
                .filter_map(|(name, spread, unit)| Some(row(name, spread?, unit, thousandth))),
        )
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let host = system.host.as_deref().unwrap_or("this host");
    let looks = match system.samples {
        1 => "1 sample".to_owned(),
        many => format!("{many} samples"),
    };
    let mut head = vec![format!("{host}: {} cores, {looks}", system.cores)];
    head.extend(["avg", "p95", "max", ""].map(str::to_owned));
    table(&[vec![head], rows].concat())
}

fn row(name: &str, spread: Spread, unit: &str, scaled: fn(f64) -> f64) -> Vec<String> {
    let mut row = vec![name.to_owned()];
    row.extend([spread.avg, spread.p95, spread.max].map(|value| format!("{:.2}", scaled(value))));
    row.push(unit.to_owned());
    row
}

#[cfg(test)]
mod tests {
    use super::systems;
    use crate::report::fixture::{self, Made};

    #[test]
    fn without_figures_there_is_no_table_and_unknown_ones_have_no_line() {
        assert_eq!(systems(&fixture::report(&Made::clean())), "", "not monitored");
        let mut made = Made::troubled();
        let seen = made.observation.as_mut().expect("it was watched");
        seen.samples.iter_mut().for_each(|sample| (sample.cpu, sample.disk) = (None, None));
        let told = systems(&fixture::report(&made));
        assert!(told.contains("cpu of kdyno") && told.contains("network sent"), "{told}");
        for unknown in ["cpu of the host", "busiest", "disks"] {
            assert!(!told.contains(unknown), "{unknown}: {told}");
        }
        seen_nothing(made);
    }

    fn seen_nothing(mut made: Made) {
        made.observation.as_mut().expect("it was watched").samples.clear();
        assert_eq!(systems(&fixture::report(&made)), "", "no look fell into the phase");
    }
}
