//! What an assertion may name: the short names, and every number and boolean of the result.

use engine::kafka::errors;

/// The fields of the format with the kinds of their values, as the report's own test holds them
/// against a serialised report: `$.consumed.subscriptions[].lost: number`.
const FIELDS: &str = include_str!("../report/golden/result-fields.txt");

/// Short names of fields; of several the sum is meant.
const SHORT: &[(&str, &[&str])] = &[
    ("rate", &["acked.messages_per_second"]),
    ("target", &[TARGET]),
    ("sustainable", &["search.sustainable_messages_per_second"]),
    ("due", &["produced.due"]),
    ("attempted", &["produced.attempted"]),
    ("sent", &["produced.messages"]),
    ("unsent", &["produced.unsent"]),
    ("acked", &["acked.messages"]),
    ("failed", &["acked.failed"]),
    ("consumed", &["consumed.messages"]),
    ("errors", &["produced.errors", "consumed.errors"]),
    ("error_rate", &["produced.error_rate"]),
    ("lost", &["verification.lost"]),
    ("duplicated", &["verification.duplicated"]),
    ("reordered", &["verification.reordered"]),
    ("corrupted", &["verification.corrupted"]),
    ("foreign", &["verification.foreign"]),
    ("redelivered", &["verification.redelivered"]),
    ("rebalances", &["consumed.rebalances"]),
    ("outstanding", &["verification.outstanding"]),
    ("unattributed", &["verification.unattributed"]),
    ("valid", &["verdict.valid"]),
    ("cpu", &["engine.cpu_seconds_per_million_messages"]),
    ("memory", &["engine.peak_rss_bytes"]),
];

/// The rate that was asked for: known before the run.
pub(super) const TARGET: &str = "produced.target_messages_per_second";

/// The latencies, `publish` in `publish.p99`.
const SPANS: [&str; 5] = ["publish", "service", "send_delay", "end_to_end", "transit"];

/// What a latency has, `p99` in `publish.p99`, with the field it stands for.
const STATISTICS: [(&str, &str); 14] = [
    ("min", "min_us"),
    ("mean", "mean_us"),
    ("stddev", "stddev_us"),
    ("p50", "p50_us"),
    ("p75", "p75_us"),
    ("p90", "p90_us"),
    ("p95", "p95_us"),
    ("p99", "p99_us"),
    ("p99.9", "p99_9_us"),
    ("p99_9", "p99_9_us"),
    ("p99.99", "p99_99_us"),
    ("p99_99", "p99_99_us"),
    ("max", "max_us"),
    ("count", "count"),
];

/// Fields whose own fields differ from run to run: these are looked up when the run is over.
const OPEN: [&str; 3] = ["workload", "driver", "verdict.findings[].evidence"];

/// How paths of one stream begin; behind it stands its name, or its place in the plan.
const STREAMS: &str = "streams.";

/// Counts by error code: a code that did not occur is not in the result, and counts zero.
const BY_CODE: &str = ".errors_by_code.";

/// Less alike than this is no slip of the keyboard: `publish.p98` and `publish.p99` have 0.96.
const LIKENESS_MIN: f64 = 0.86;

/// What a field may hold, as far as it is known before the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// A number, or null.
    Number,
    /// A boolean, or null.
    Truth,
    /// One of both, or neither.
    Open,
}

/// Every short name with the fields it stands for.
#[must_use]
pub fn short_names() -> Vec<(String, Vec<String>)> {
    let short = SHORT.iter().map(|(name, paths)| {
        ((*name).to_owned(), paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>())
    });
    let latencies = SPANS.iter().flat_map(|span| {
        STATISTICS.iter().map(move |(name, field)| {
            (format!("{span}.{name}"), vec![format!("latency.{span}.{field}")])
        })
    });
    short.chain(latencies).collect()
}

/// What `--help` says of assertions.
#[must_use]
pub fn help() -> String {
    let spans = SPANS.join("|");
    let spelled = STATISTICS.iter().map(|(name, _)| *name).filter(|name| !name.contains("p99_"));
    let statistics = spelled.collect::<Vec<_>>().join("|");
    let short = SHORT.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    format!(
        "What must hold of the result, else exit 10 (repeatable), e.g. 'publish.p99 < 10ms',\n\
         'rate >= 0.99*target' or 'lost == 0': a metric, one of < <= > >= == !=, and a number with\n\
         its unit or a calculation of such and metrics with + - * / ( ); for booleans true or false.\n\
         Metrics: ({spans}).({statistics}), {short},\n\
         and by its path each number and boolean in result.json, e.g. engine.cpu_seconds.\n\
         Units: ns us ms s m, B KB MB GB KiB MiB GiB, % k M, and /s behind bytes and bare numbers"
    )
}

/// The fields that a name stands for.
pub(super) fn paths(name: &str) -> Result<Vec<String>, String> {
    if let Some((_, paths)) = short_names().into_iter().find(|(short, _)| short == name) {
        return Ok(paths);
    }
    if let Some(paths) = of_stream(name) {
        return Ok(paths);
    }
    match kind(name) {
        Some("number" | "bool" | "null") => Ok(vec![name.to_owned()]),
        Some(other) => Err(format!(
            "got \"{name}\", which is {}, need a number or a boolean of the result",
            match other {
                "string" => "text",
                "array" => "a list",
                _ => "a group of fields",
            }
        )),
        None if is_open(name) => Ok(vec![name.to_owned()]),
        None => Err(unknown(name)),
    }
}

/// The fields of a short name of one stream, `streams.probe.publish.p99`; of those that a stream has.
fn of_stream(name: &str) -> Option<Vec<String>> {
    let (stream, short) = name.strip_prefix(STREAMS)?.split_once('.')?;
    let (_, paths) = short_names().into_iter().find(|(known, _)| known == short)?;
    let of_stream = |path: &String| format!("{STREAMS}{stream}.{path}");
    let paths: Vec<String> = paths.iter().map(of_stream).collect();
    paths.iter().all(|path| kind(path).is_some()).then_some(paths)
}

/// What a field may hold.
pub(super) fn holds(path: &str) -> Holds {
    match kind(path) {
        Some("number") => Holds::Number,
        Some("bool") => Holds::Truth,
        _ if is_count_by_code(path) => Holds::Number,
        _ => Holds::Open,
    }
}

/// Whether a field counts errors of one code: not being there, it is zero.
pub(super) fn is_count_by_code(path: &str) -> bool {
    path.contains(BY_CODE)
}

/// A path as the list of fields has it: `$.a[].b` for `a.0.b`, and for one of a stream by its name.
fn listed(path: &str) -> String {
    let mut listed = "$".to_owned();
    for (index, part) in path.split('.').enumerate() {
        let is_number = !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit());
        if is_number || (index == 1 && path.starts_with(STREAMS)) {
            listed.push_str("[]");
        } else {
            listed.push('.');
            listed.push_str(part);
        }
    }
    listed
}

/// The fields of the format with the kinds of their values, assertions apart: whether they hold is not
/// known before they are judged.
fn fields() -> impl Iterator<Item = (&'static str, &'static str)> {
    let all = FIELDS.lines().filter_map(|line| line.split_once(": "));
    all.filter(|(field, _)| !field.starts_with("$.assertions"))
}

/// The kind of a field's value; `None` where the format has no such field.
fn kind(path: &str) -> Option<&'static str> {
    let listed = listed(path);
    fields().find(|(field, _)| *field == listed).map(|(_, kind)| kind)
}

/// Whether a field may be there although the list does not have it.
fn is_open(path: &str) -> bool {
    if let Some((above, code)) = path.split_once(BY_CODE) {
        let is_there = kind(&format!("{above}{}", BY_CODE.trim_end_matches('.'))).is_some();
        return is_there && errors::code(code).is_some();
    }
    let listed = listed(path);
    let is_below =
        |above: &str| listed.strip_prefix(above).is_some_and(|rest| rest.starts_with(['.', '[']));
    let is_below_open = OPEN.iter().any(|open| is_below(&format!("$.{open}")));
    // What was null in the report that made the list may hold anything.
    is_below_open || fields().any(|(field, kind)| kind == "null" && is_below(field))
}

/// What is wrong with a name that nothing has, and the name it was probably meant to be.
fn unknown(name: &str) -> String {
    let lower = name.to_lowercase();
    let scalar = |kind: &str| matches!(kind, "number" | "bool" | "null");
    let listed = fields().filter(|(_, kind)| scalar(kind)).filter_map(|(field, _)| {
        let path = field.strip_prefix("$.")?;
        Some(path.replace("[]", ".0"))
    });
    let candidates = short_names().into_iter().map(|(short, _)| short).chain(listed);
    let best = candidates
        .map(|candidate| (strsim::jaro_winkler(&lower, &candidate.to_lowercase()), candidate))
        .max_by(|one, two| one.0.total_cmp(&two.0));
    match best {
        Some((alike, candidate)) if LIKENESS_MIN < alike => {
            format!("got \"{name}\", there is no such metric, did you mean {candidate}?")
        }
        _ => format!(
            "got \"{name}\", there is no such metric, need a short one (publish.p99, rate, lost; \
             kdyno run --help has them all) or the path of a field in result.json, e.g. \
             engine.cpu_seconds"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::{Holds, holds, kind, paths, short_names};

    #[test]
    fn every_short_name_stands_for_numbers_or_facts_of_the_format() {
        let names = short_names();
        assert!(80 < names.len(), "none was forgotten: {}", names.len());
        for (name, paths) in &names {
            for path in paths {
                let kind = kind(path);
                let is_scalar = matches!(kind, Some("number" | "bool" | "null"));
                assert!(is_scalar, "{name} stands for {path}, which is {kind:?}");
            }
        }
    }

    #[test]
    fn fields_are_named_by_their_paths_and_entries_of_lists_by_their_numbers() {
        let check = |path: &str, expected: Holds| {
            assert_eq!(paths(path), Ok(vec![path.to_owned()]), "{path}");
            assert_eq!(holds(path), expected, "{path}");
        };
        check("engine.cpu_seconds", Holds::Number);
        check("acked.messages_per_second", Holds::Number);
        check("intervals.0.backlog", Holds::Number);
        check("consumed.subscriptions.1.drained", Holds::Truth);
        check("plan.lanes.0.cores.0", Holds::Number);
        check("verdict.valid", Holds::Truth);
        check("workers.0.produced", Holds::Number);
        check("workers.2.latency.publish.p99_us", Holds::Number);
        check("workers.1.lost_at_s", Holds::Number);
        check("intervals.4.lanes_missing", Holds::Number);
        check("latency.end_to_end.clock_error_us", Holds::Number);
        check("search.sustainable_messages_per_second", Holds::Number);
        check("search.confirmed", Holds::Truth);
        check("search.steps.2.publish_p99_us", Holds::Number);
        check("backlog.drain.messages_per_second", Holds::Number);
        check("shape.seconds_off", Holds::Number);
        check("sweep.cell", Holds::Number);
        check("outages.0.seconds", Holds::Number);
        check("latency.publish_in_outage.p99_us", Holds::Number);
        check("plan.lanes.0.tick_us", Holds::Open);
        check("workload.topics", Holds::Open);
        check("driver.properties.3.value", Holds::Open);
        check("produced.errors_by_code._MSG_TIMED_OUT", Holds::Number);
        check("produced.errors_by_code.NOT_ENOUGH_REPLICAS", Holds::Number);
    }

    #[test]
    fn what_is_no_number_and_what_is_not_there_is_refused() {
        let check = |name: &str, expected: &str| {
            let got = paths(name).expect_err(name);
            assert!(got.starts_with(&format!("got \"{name}\", {expected}")), "{got}");
        };
        check("verdict.limited_by", "which is text, ");
        check("verdict.findings", "which is a list, ");
        check("latency.publish", "which is a group of fields, ");
        check("publish.p98", "there is no such metric, did you mean publish.p99?");
        check("lsot", "there is no such metric, did you mean lost?");
        check("engine.cpu_second", "there is no such metric, did you mean engine.cpu_seconds?");
        check("intervals.backlog", "there is no such metric, did you mean intervals.0.backlog?");
        check("workers.0.prodcued", "there is no such metric, did you mean workers.0.produced?");
        check("workers.0.status", "which is text, ");
        check("colour", "there is no such metric, need a short one ");
        check("produced.errors_by_code._NO_SUCH", "there is no such metric");
        check("workload", "which is a group of fields, ");
        check("assertions.0.held", "there is no such metric");
        check("driverx.y", "there is no such metric");
    }
}
