//! The ceiling for people: what it is, then tables, the file last.

use super::document::{Ceiling, Pacing, Spans, Throughput};
use super::sharing::EFFICIENT;
use crate::report::{count, rate, sink, span, table, wrapped};
use engine::plan::CoreList;
use std::path::PathBuf;

/// No line is longer, tables with wide numbers apart.
const WIDTH: usize = 100;

/// A ceiling as text; `kept` is its file, or why there is none.
pub(super) fn text(ceiling: &Ceiling, kept: &Result<PathBuf, String>) -> String {
    let parts = [
        head(ceiling),
        remarks(ceiling),
        throughput(ceiling),
        sharing(ceiling),
        pacing(ceiling),
        machine(ceiling),
        failures(ceiling),
    ];
    let filled: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let last = match kept {
        Ok(path) => format!("kept: {}\n", path.display()),
        Err(reason) => format!("not kept: {reason}\n"),
    };
    format!("{}\n{last}", filled.join("\n"))
}

fn head(ceiling: &Ceiling) -> String {
    let host = &ceiling.host;
    let unknown = |name: &Option<String>| name.clone().unwrap_or_else(|| "unknown".to_owned());
    let quota = host.quota_cores.map_or(String::new(), |quota| format!(", quota of {quota}"));
    let what = format!(
        "CEILING of {}: {}, {} cores{quota}, kernel {}",
        unknown(&host.name),
        unknown(&host.cpu),
        host.cores,
        unknown(&host.kernel),
    );
    let how = format!(
        "measured {} on cores {} in {:.0} s, steps of {} s; kdyno {} ({}), librdkafka {}, clock {}, {}",
        ceiling.measured_at,
        CoreList(&host.measured_cores),
        ceiling.took_s,
        ceiling.step_s,
        ceiling.kdyno_version,
        ceiling.build,
        ceiling.librdkafka,
        ceiling.clock,
        ceiling.allocator,
    );
    wrapped(&what, "", WIDTH) + &wrapped(&how, "", WIDTH)
}

fn remarks(ceiling: &Ceiling) -> String {
    let line = |words: &String| wrapped(&format!("note: {words}"), "", WIDTH);
    ceiling.remarks.iter().map(line).collect()
}

fn throughput(ceiling: &Ceiling) -> String {
    if ceiling.throughput.is_empty() {
        return String::new();
    }
    let names = [
        "as fast as it goes",
        "bytes",
        "lanes",
        "msg/s",
        "a lane",
        "GB/s",
        "a lane",
        "CPU s/M",
        "efficiency",
    ];
    let rows = ceiling.throughput.iter().map(throughput_row);
    let rows: Vec<Vec<String>> =
        std::iter::once(names.map(str::to_owned).to_vec()).chain(rows).collect();
    let words = "The null sink is the engine alone: no run on this host is faster. It leaves bodies \
                 where they are, so its GB/s were pointed at and not copied. The embedded broker is \
                 the engine, librdkafka and a mock of a broker in one process. Neither says anything \
                 about a cluster, and reading is not measured.";
    table(&rows) + &wrapped(words, "", WIDTH)
}

fn throughput_row(row: &Throughput) -> Vec<String> {
    let giga = |bytes: f64| format!("{:.3}", bytes / 1e9);
    vec![
        sink(&row.of).to_owned(),
        count(row.message_size),
        count(row.lanes),
        rate(Some(row.messages_per_second)),
        rate(Some(row.messages_per_second_per_lane)),
        giga(row.bytes_per_second),
        giga(row.bytes_per_second_per_lane),
        row.cpu_seconds_per_million_messages.map_or("-".to_owned(), |cost| format!("{cost:.3}")),
        row.efficiency.map_or("-".to_owned(), |efficiency| format!("{efficiency:.2}")),
    ]
}

fn sharing(ceiling: &Ceiling) -> String {
    let mut text = String::new();
    for row in &ceiling.throughput {
        for shared in &row.shared {
            let efficiency = row.efficiency.unwrap_or_default();
            let line = format!(
                "{} lanes, {}, {} B: {efficiency:.2}, {}: {}.",
                row.lanes,
                sink(&row.of),
                row.message_size,
                shared.code,
                shared.words
            );
            text.push_str(&wrapped(&line, "  ", WIDTH));
        }
    }
    if text.is_empty() {
        return text;
    }
    format!("what lanes share where their efficiency is below {EFFICIENT}:\n{text}")
}

fn pacing(ceiling: &Ceiling) -> String {
    if ceiling.pacing.is_empty() {
        return String::new();
    }
    let names = [
        "1 lane, null sink",
        "msg/s",
        "due",
        "sent",
        "rate error",
        "p50 ",
        "p99 ",
        "p99.9 ",
        "max ",
    ];
    let rows = ceiling.pacing.iter().map(pacing_row);
    let rows: Vec<Vec<String>> =
        std::iter::once(names.map(str::to_owned).to_vec()).chain(rows).collect();
    let words = format!(
        "p50 to max: send delay, due -> sent, of {} B messages. At the last rates the lane has no time \
         to spare: what it is late by there grows with the length of the step.",
        ceiling.message_size
    );
    let few = "* fewer than 10 samples lie beyond: one message's luck\n";
    let table = table(&rows);
    let flagged = if table.contains('*') { few } else { "" };
    format!("{table}{flagged}{}", wrapped(&words, "", WIDTH))
}

fn pacing_row(row: &Pacing) -> Vec<String> {
    let mut cells = vec![
        row.wait.clone(),
        count(row.messages_per_second),
        count(row.due),
        count(row.sent),
        row.rate_error_ppm.map_or("-".to_owned(), error),
    ];
    cells.extend(spans(&row.send_delay));
    cells
}

/// An error of a rate, in parts in a million while it is small.
fn error(ppm: f64) -> String {
    if ppm.abs() < 0.005 {
        return "0.00 ppm".to_owned();
    }
    if ppm.abs() < 1_000.0 { format!("{ppm:+.2} ppm") } else { format!("{:+.2} %", ppm / 1e4) }
}

/// p50, p99, p99.9 and maximum; with a star those that rest on fewer than ten samples.
fn spans(of: &Spans) -> [String; 4] {
    let flag = |thousandths: u64| if of.count * thousandths < 10_000 { "*" } else { " " };
    [
        span(of.p50_us) + flag(500),
        span(of.p99_us) + flag(10),
        span(of.p99_9_us) + flag(1),
        span(of.max_us) + " ",
    ]
}

fn machine(ceiling: &Ceiling) -> String {
    let mut lines = Vec::new();
    if let Some(timer) = &ceiling.timer {
        let step = timer.step_ns.map_or("unknown".to_owned(), |step| format!("{step} ns"));
        lines.push(format!(
            "core {}: the clock's step is {step}, a reading takes {:.1} ns; a sleep of {} ends {} too \
             late at p50, {} at p99, {} at most",
            timer.core,
            timer.reading_ns,
            span(Some(timer.park_us)),
            span(timer.oversleep.p50_us),
            span(timer.oversleep.p99_us),
            span(timer.oversleep.max_us),
        ));
    }
    if let Some(hiccups) = &ceiling.hiccups {
        lines.push(format!(
            "core {}: hiccups in {:.2} s of spinning, the longest of each millisecond: {} at p50, {} at \
             p99, {} at most; away for more than {} at a time: {:.4} % of the time",
            hiccups.core,
            hiccups.spun_s,
            span(hiccups.longest.p50_us),
            span(hiccups.longest.p99_us),
            span(hiccups.longest.max_us),
            span(Some(hiccups.lost_above_us)),
            hiccups.lost_share * 100.0,
        ));
    }
    if let Some(copied) = ceiling.copy_bytes_per_second {
        lines.push(format!("memory: one thread copies {:.1} GB/s", copied / 1e9));
    }
    lines.iter().map(|line| wrapped(line, "", WIDTH)).collect()
}

fn failures(ceiling: &Ceiling) -> String {
    let line = |words: &String| wrapped(&format!("failed: {words}"), "", WIDTH);
    ceiling.failures.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::ceiling;
    use super::{error, text};
    use std::path::PathBuf;

    #[test]
    fn a_ceiling_reads_as_expected() {
        let got = text(&ceiling(), &Ok("results/ceiling.json".into()));
        // Tests are compiled both ways.
        let got = got.replace(&format!("({})", super::super::BUILD), "(release)");
        let name = [env!("CARGO_MANIFEST_DIR"), "src/golden/ceiling.txt"];
        let path: PathBuf = name.iter().collect();
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &got).expect("the folder of golden files is there");
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(got, expected, "{}: UPDATE_GOLDEN=1 rewrites it", path.display());
    }

    #[test]
    fn what_was_not_measured_is_left_out_and_what_failed_is_told() {
        let mut partial = ceiling();
        partial.throughput.truncate(1);
        partial.pacing.clear();
        (partial.timer, partial.hiccups, partial.copy_bytes_per_second) = (None, None, None);
        partial.remarks = vec!["this host was busy".to_owned()];
        partial.failures = vec!["the embedded broker: it broke".to_owned()];
        let text = text(&partial, &Err("a step failed".to_owned()));
        assert!(text.contains("failed: the embedded broker: it broke\n"), "{text}");
        assert!(text.contains("note: this host was busy\n"), "{text}");
        assert!(!text.contains("send delay") && !text.contains("core 1:"), "{text}");
        assert_eq!(text.lines().last(), Some("not kept: a step failed"), "{text}");
    }

    #[test]
    fn small_errors_of_a_rate_are_parts_in_a_million() {
        let got = [0.25, -12.0, -61_234.5, -0.001].map(error);
        assert_eq!(got, ["+0.25 ppm", "-12.00 ppm", "-6.12 %", "0.00 ppm"], "with their sign");
    }
}
