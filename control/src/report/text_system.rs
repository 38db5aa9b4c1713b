//! The hosts over the measured phase, for people: a line for each figure.

use super::Report;
use super::number::{mib, thousandth};
use super::system::SystemPart;
use super::text_table::table;
use serde_json::Value;

/// Figures that are shown as they are: their paths, names and units.
const CORES: [(&str, &str, &str); 2] = [
    ("/cpu/cpu_cores", "cpu of the host", "cores"),
    ("/cpu/process_cpu_cores", "cpu of kdyno", "cores"),
];
const SHARES: [(&str, &str, &str); 3] = [
    ("/network/card_share", "network card used", "share"),
    ("/network/tcp_busy_share", "tcp busy", "share"),
    ("/network/tcp_receiver_limited_share", "tcp waiting for the reader", "share"),
];

/// Figures in bytes that are shown in MiB.
const BYTES: [(&str, &str, &str); 7] = [
    ("/memory/host_memory_bytes", "memory of the host", "MiB"),
    ("/memory/resident_bytes", "memory of kdyno", "MiB"),
    ("/network/network_received_bytes_per_second", "network received", "MiB/s"),
    ("/network/network_sent_bytes_per_second", "network sent", "MiB/s"),
    ("/network/loopback_sent_bytes_per_second", "loopback sent", "MiB/s"),
    ("/disk/disk_read_bytes_per_second", "disks read", "MiB/s"),
    ("/disk/disk_written_bytes_per_second", "disks written", "MiB/s"),
];

/// A table for each host that was looked at, or one for all workers' hosts.
pub(super) fn systems(report: &Report) -> String {
    tables(report).iter().map(|rows| table(rows)).collect()
}

/// The same as rows under their heads: read as the file has it, since workers tell theirs so.
pub(super) fn tables(report: &Report) -> Vec<Vec<Vec<String>>> {
    let parts: Vec<Value> = report.system.iter().flatten().map(SystemPart::json).collect();
    let tables = match report.workers {
        Some(_) => vec![of_workers(&parts)],
        None => parts.iter().map(of_host).collect(),
    };
    tables.into_iter().filter(|rows| !rows.is_empty()).collect()
}

/// One figure of a worker's host: its name, where it stands, which part of its spread, and its scale.
type Column = (&'static str, &'static str, &'static str, fn(f64) -> f64);

/// What is shown of each worker's host, in cores, MiB and MiB/s.
const COLUMNS: [Column; 8] = [
    ("cpu of the host", "/cpu/cpu_cores", "avg", thousandth),
    ("max", "/cpu/cpu_cores", "max", thousandth),
    ("cpu of kdyno", "/cpu/process_cpu_cores", "avg", thousandth),
    ("max", "/cpu/process_cpu_cores", "max", thousandth),
    ("MiB of kdyno", "/memory/resident_bytes", "max", mib),
    ("MiB/s sent", "/network/network_sent_bytes_per_second", "avg", mib),
    ("received", "/network/network_received_bytes_per_second", "avg", mib),
    ("tcp busy", "/network/tcp_busy_share", "avg", thousandth),
];

/// A line for each worker's host.
fn of_workers(systems: &[Value]) -> Vec<Vec<String>> {
    if systems.is_empty() {
        return Vec::new();
    }
    let mut head = vec!["worker's host".to_owned(), "cores".to_owned()];
    head.extend(COLUMNS.iter().map(|(name, ..)| (*name).to_owned()));
    let line = |system: &Value| {
        let worker = system["worker"].as_str().unwrap_or("-");
        let cores = system["cores"].as_u64().map_or("-".to_owned(), |cores| cores.to_string());
        let figure = |(_, path, part, scaled): &Column| {
            let value = system.pointer(path).and_then(|spread| spread[*part].as_f64());
            value.map_or("-".to_owned(), |value| format!("{:.2}", scaled(value)))
        };
        let mut row = vec![worker.strip_prefix("http://").unwrap_or(worker).to_owned(), cores];
        row.extend(COLUMNS.iter().map(figure));
        row
    };
    std::iter::once(head).chain(systems.iter().map(line)).collect()
}

fn of_host(system: &Value) -> Vec<Vec<String>> {
    let rows = |of: &[(&str, &str, &str)], scaled: fn(f64) -> f64| -> Vec<Vec<String>> {
        let told = of
            .iter()
            .filter_map(|(path, name, unit)| row(name, system.pointer(path)?, unit, scaled));
        told.collect()
    };
    let rows = [
        rows(&CORES, thousandth),
        busiest_core(system).into_iter().collect(),
        rows(&BYTES, mib),
        rows(&SHARES, thousandth),
    ]
    .concat();
    if rows.is_empty() {
        return rows;
    }
    let host = system["host"].as_str().unwrap_or("this host");
    let looks = match system["samples"].as_u64().unwrap_or(0) {
        1 => "1 sample".to_owned(),
        many => format!("{many} samples"),
    };
    let cores = system["cores"].as_u64().unwrap_or(0);
    let mut head = vec![format!("{host}: {cores} cores, {looks}")];
    head.extend(["avg", "p95", "max", ""].map(str::to_owned));
    [vec![head], rows].concat()
}

/// Of the cores that lanes use the busiest.
fn busiest_core(system: &Value) -> Option<Vec<String>> {
    let cores = system.pointer("/cpu/lane_cores")?.as_array()?;
    let known = cores.iter().filter_map(|core| {
        let spread = core.get("cpu_cores")?;
        Some((core["core"].as_u64()?, spread, spread["avg"].as_f64()?))
    });
    let (core, spread, _) = known.max_by(|one, other| one.2.total_cmp(&other.2))?;
    row(&format!("core {core}, the lanes' busiest"), spread, "cores", thousandth)
}

/// A line; nothing where the figure is not known.
fn row(name: &str, spread: &Value, unit: &str, scaled: fn(f64) -> f64) -> Option<Vec<String>> {
    let mut row = vec![name.to_owned()];
    for part in ["avg", "p95", "max"] {
        row.push(format!("{:.2}", scaled(spread[part].as_f64()?)));
    }
    row.push(unit.to_owned());
    Some(row)
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
