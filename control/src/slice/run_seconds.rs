//! Cuts seconds out of a run's directory.

use super::astray::Astray;
use super::drained::Drained;
use super::longest;
use super::slice::{COUNTS, Part, Slice};
use crate::report::hlog::{self, Kind};
use crate::report::intervals;
use serde_json::Value;
use std::fs;
use std::ops::Range;
use std::path::Path;

/// A second with less of the measured phase than this, in seconds, is one of the drain: phases that are counted
/// in messages end a little beside whole seconds.
const LEAST_MEASURED: f64 = 1e-3;

/// The seconds `from` to `to` (excluded; `None`: all that follow) of a run, those of its drain included when
/// they are reached.
///
/// # Errors
/// In words, where a file is missing or broken, or the run has no such seconds.
pub(crate) fn cut(run: &Path, from: u32, to: Option<u32>) -> Result<Slice, String> {
    let result = whole_result(run)?;
    let rows = Rows::read(&run.join(intervals::FILE))?;
    if let Some(result) = &result {
        check_rows(&rows, result)?;
    }
    let texts = Kind::ALL.map(|kind| (kind, run.join(kind.file)));
    let mut logs = Vec::new();
    for (kind, path) in &texts {
        let text = fs::read_to_string(path);
        logs.push((*kind, text.map_err(|error| format!("{}: {error}", path.display()))?));
    }
    let end = end(&rows, &logs, result.as_ref())?;
    let to = to.unwrap_or(end);
    if to <= from || end < to {
        return Err(format!("got the seconds {from} to {to}, need some of 0 to {end}"));
    }
    let test_id = match &result {
        Some(result) => result["test_id"].as_str().unwrap_or_default().to_owned(),
        None => name(&logs[0].1)?,
    };
    let valid = result.as_ref().and_then(|result| result["verdict"]["valid"].as_bool());
    // Where a killed run's phase ended nobody knows: all of its seconds count.
    let length = result.as_ref().map(|result| result["produced"]["duration_s"].as_f64());
    let length = length.map_or(f64::from(end), Option::unwrap_or_default);
    let mut slice = Slice::empty();
    slice.parts.push(Part { test_id, from_s: from, to_s: to, valid });
    slice.seconds = (f64::from(to).min(length) - f64::from(from)).max(0.0);
    rows.add(from..to, &mut slice.counts);
    slice.drained = match &result {
        Some(_) => rows.drained(from..to, length),
        None => Drained::UNKNOWN,
    };
    let whole = Kind::ALL.map(|kind| match &result {
        Some(result) => Astray::of_result(&result["latency"][kind.name]),
        None => Astray::UNKNOWN,
    });
    slice.astray = if to - from == end { whole } else { whole.map(Astray::of_a_part) };
    let latencies = slice.latencies.iter_mut().zip(&mut slice.longest);
    for ((kind, text), (latency, longest)) in logs.iter().zip(latencies) {
        let mut wrong = None;
        let add = |second: u32, one: &hdrhistogram::Histogram<u64>| {
            if (from..to).contains(&second)
                && let Err(error) = latency.add(one)
            {
                wrong = Some(format!("second {second} does not fit ({error:?})"));
            }
        };
        let read = hlog::for_each(text, add);
        let fault = |words: String| format!("{}: {words}", run.join(kind.file).display());
        read.map_err(fault)?;
        wrong.map_or(Ok(()), |words| Err(fault(words)))?;
        let whole_us =
            result.as_ref().and_then(|result| result["latency"][kind.name]["max_us"].as_f64());
        *longest = longest::exact(latency, longest::of_log(text, &(from..to)), whole_us);
    }
    Ok(slice)
}

/// The result, where the run came to one.
fn whole_result(run: &Path) -> Result<Option<Value>, String> {
    let path = run.join("result.json");
    if !path.exists() {
        return Ok(None);
    }
    let text = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let read = serde_json::from_slice(&text);
    read.map(Some).map_err(|error| format!("{}: is no result: {error}", path.display()))
}

/// Whether all that the result counts is in some second.
fn check_rows(rows: &Rows, result: &Value) -> Result<(), String> {
    let mut sums = [0; COUNTS.len()];
    rows.add(0..u32::MAX, &mut sums);
    for (name, sum) in COUNTS.iter().zip(sums).take(3) {
        let whole = result[*name]["messages"].as_u64().unwrap_or_default();
        if sum != whole {
            return Err(format!(
                "{} has {sum} {name} messages, the result {whole}: seconds are missing",
                intervals::FILE
            ));
        }
    }
    Ok(())
}

/// The second after the last that all files have. Those of a run that was killed may differ by one; those of
/// one with a result have the seconds and the spans that it has.
fn end(rows: &Rows, logs: &[(Kind, String)], result: Option<&Value>) -> Result<u32, String> {
    let mut end = rows.end;
    for (kind, text) in logs {
        let (mut own, mut spans) = (0, 0);
        hlog::for_each(text, |second, one| {
            own = own.max(second + 1);
            spans += one.len();
        })
        .map_err(|words| format!("{}: {words}", kind.file))?;
        if let Some(result) = result {
            let whole = result["latency"][kind.name]["count"].as_u64().unwrap_or_default();
            if own != rows.end || spans != whole {
                return Err(format!(
                    "{} has the seconds 0 to {own} and {spans} spans, need 0 to {} and {whole}: they \
                     were not all written",
                    kind.file, rows.end
                ));
            }
        }
        end = end.min(own);
    }
    Ok(end)
}

/// A run's name from the first line of one of its logs.
fn name(log: &str) -> Result<String, String> {
    let named = log.split_once(" latency of ").and_then(|(_, rest)| rest.split_once(": "));
    named.map(|(name, _)| name.to_owned()).ok_or_else(|| {
        "its logs do not say which run it is, need \"#[publish latency of TEST_ID: …\"".to_owned()
    })
}

/// The counts of `intervals.csv`.
struct Rows {
    seconds: Vec<(u32, [u64; COUNTS.len()])>,
    end: u32,
}

impl Rows {
    /// Reads them; a last line that was cut off is passed over.
    fn read(path: &Path) -> Result<Self, String> {
        let fault = |words: String| format!("{}: {words}", path.display());
        let text = fs::read_to_string(path).map_err(|error| fault(error.to_string()))?;
        let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
        let mut lines = whole.lines();
        let head: Vec<&str> =
            lines.next().ok_or_else(|| fault("is empty".to_owned()))?.split(',').collect();
        let column = |name: &str| {
            let found = head.iter().position(|column| *column == name);
            found.ok_or_else(|| fault(format!("has no column {name}")))
        };
        let at = column("t_s")?;
        let mut columns = [0; COUNTS.len()];
        for (place, name) in columns.iter_mut().zip(COUNTS) {
            *place = column(name)?;
        }
        let (mut seconds, mut end) = (Vec::new(), 0);
        for (index, line) in lines.enumerate() {
            let cells: Vec<&str> = line.split(',').collect();
            let number = |place: usize| -> Result<u64, String> {
                let cell = cells.get(place).copied().unwrap_or_default();
                cell.parse()
                    .map_err(|_| fault(format!("row {}: got \"{cell}\", need a count", index + 1)))
            };
            let second = u32::try_from(number(at)?)
                .map_err(|_| fault(format!("row {}: is too late", index + 1)))?;
            let mut counts = [0; COUNTS.len()];
            for (count, place) in counts.iter_mut().zip(columns) {
                *count = number(place)?;
            }
            end = end.max(second + 1);
            seconds.push((second, counts));
        }
        Ok(Self { seconds, end })
    }

    fn add(&self, range: Range<u32>, counts: &mut [u64; COUNTS.len()]) {
        for (_, own) in self.seconds.iter().filter(|(second, _)| range.contains(second)) {
            counts.iter_mut().zip(own).for_each(|(sum, count)| *sum += count);
        }
    }

    /// Those of a range that came after a measured phase of `length` seconds.
    fn drained(&self, range: Range<u32>, length: f64) -> Drained {
        let is_drain = |second: u32| length < f64::from(second) + LEAST_MEASURED;
        let mut counts = [0; COUNTS.len()];
        for second in range.filter(|second| is_drain(*second)) {
            self.add(second..second + 1, &mut counts);
        }
        Drained(Some(counts))
    }
}

#[cfg(test)]
mod tests {
    use super::{Astray, Drained, Part, cut};
    use crate::report::hlog::{self, Kind};
    use crate::report::intervals;
    use engine::measure::Latency;
    use engine::run::Interval;
    use engine::units::{Nanos, Timestamp};
    use serde_json::{Value, json};
    use std::fs;
    use std::path::Path;
    use tempfile::TempDir;

    /// A run of so many seconds, the second s with s + 1 messages of s + 1 ms.
    fn run(seconds: u32, is_whole: bool) -> TempDir {
        let folder = tempfile::Builder::new().prefix("made").tempdir().expect("a directory");
        let demand = crate::report::made_up_plan().demand;
        let mut rows = intervals::head(&[]);
        let mut logs = Kind::ALL.map(|kind| kind.head("run_1_a", Timestamp::from_nanos(7)));
        for second in 0..seconds {
            let acked = u64::from(second) + 1;
            let interval = Interval { second, acked, produced: 2 * acked, ..Interval::default() };
            rows += &intervals::Row::of(&demand, &interval).line();
            let mut latency = Latency::default();
            (0..acked).for_each(|_| latency.record(Some(Nanos(acked * 1_000_000 + 103))));
            logs.iter_mut().for_each(|log| *log += &hlog::line(second, &latency));
        }
        let write = |name: &str, text: &str| {
            fs::write(folder.path().join(name), text).expect("the folder is ours");
        };
        write(intervals::FILE, &rows);
        Kind::ALL.iter().zip(&logs).for_each(|(kind, log)| write(kind.file, log));
        if is_whole {
            // The last second is the drain's, and the one before it is half over when the phase ends.
            let (length, acked) = (f64::from(seconds) - 1.5, seconds * (seconds + 1) / 2);
            let max_us = f64::from(seconds) * 1_000.0 + 0.103;
            let count =
                json!({ "count": acked, "beyond_range": 0, "negative": 2, "max_us": max_us });
            let latency: serde_json::Map<String, Value> =
                Kind::ALL.iter().map(|kind| (kind.name.to_owned(), count.clone())).collect();
            let result = json!({
                "test_id": "run_1_a",
                "verdict": { "valid": false },
                "produced": { "duration_s": length, "messages": 2 * acked },
                "acked": { "messages": acked },
                "consumed": { "messages": 0 },
                "latency": latency,
            });
            write("result.json", &result.to_string());
        }
        folder
    }

    fn append(run: &Path, name: &str, text: &str) {
        let path = run.join(name);
        let whole = fs::read_to_string(&path).expect("it is there") + text;
        fs::write(path, whole).expect("the folder is ours");
    }

    #[test]
    fn slices_of_a_run_add_up_to_all_of_it() {
        let run = run(6, true);
        let whole = cut(run.path(), 0, None).expect("all of it");
        assert_eq!(whole.counts, [42, 21, 0, 0], "1 to 6");
        assert!((whole.seconds - 4.5).abs() < 1e-9, "the drain takes no time: {}", whole.seconds);
        assert_eq!(whole.parts[0].valid, Some(false), "as the result says");
        let astray = |beyond_range, negative| [Astray { beyond_range, negative }; Kind::ALL.len()];
        assert_eq!(whole.astray, astray(Some(0), Some(2)), "all that the result says");
        let part = cut(run.path(), 0, Some(5)).expect("some of it");
        assert_eq!(part.astray, astray(Some(0), None), "none in any, and nobody knows in which");
        assert_eq!(whole.longest, [Nanos(6_000_103); Kind::ALL.len()], "the result's");
        assert_eq!(part.longest, [Nanos(5_000_000); Kind::ALL.len()], "the log's, to 1 us");
        assert_eq!(whole.drained, Drained(Some([12, 6, 0, 0])), "the last second");
        assert_eq!(part.drained, Drained::NONE, "not the one in which the phase ended");
        for border in 1..6 {
            let mut sum = cut(run.path(), 0, Some(border)).expect("the first");
            sum.merge(&cut(run.path(), border, None).expect("the rest")).expect("none twice");
            assert_eq!(sum.counts, whole.counts, "at {border}");
            assert!((sum.seconds - whole.seconds).abs() < 1e-9, "at {border}: {}", sum.seconds);
            assert_eq!(sum.latencies, whole.latencies, "to the count, at {border}");
            assert_eq!(sum.longest, whole.longest, "at {border}");
            assert_eq!(sum.drained, whole.drained, "at {border}");
        }
    }

    #[test]
    fn a_killed_run_gives_the_seconds_that_all_its_files_have() {
        let run = run(3, false);
        append(run.path(), intervals::FILE, &"3,,8,4,0,0,0\n".replace("0\n", "0"));
        append(run.path(), "publish.hlog", "3.000,1.000,4.0");
        let slice = cut(run.path(), 0, None).expect("lines that are cut are passed over");
        assert_eq!(slice.counts[1], 6, "three seconds");
        assert!((slice.seconds - 3.0).abs() < 1e-9, "three seconds: {}", slice.seconds);
        assert_eq!(slice.astray, [Astray::UNKNOWN; Kind::ALL.len()], "nobody counted them");
        assert_eq!(slice.drained, Drained::UNKNOWN, "nor knows when it would have begun");
        let Part { test_id, valid, .. } = &slice.parts[0];
        assert_eq!(
            (test_id.as_str(), *valid),
            ("run_1_a", None),
            "whatever its directory is called"
        );
    }

    #[test]
    fn seconds_that_are_not_there_and_files_that_do_not_fit_are_told() {
        let run = run(3, true);
        for (from, to) in [(3, None), (2, Some(2)), (2, Some(1)), (0, Some(4))] {
            let words = cut(run.path(), from, to).expect_err("no such seconds");
            assert!(words.contains("need some of 0 to 3"), "{words}");
        }
        append(run.path(), "transit.hlog", &hlog::line(3, &Latency::default()));
        let longer = cut(run.path(), 0, None).expect_err("one is longer");
        assert!(longer.contains("transit.hlog has the seconds 0 to 4 and 6 spans"), "{longer}");
        fs::remove_file(run.path().join("service.hlog")).expect("the folder is ours");
        let words = cut(run.path(), 0, None).expect_err("one is missing");
        assert!(words.contains("service.hlog"), "{words}");
    }

    #[test]
    fn what_the_result_counts_and_no_second_has_is_told() {
        let run = run(3, true);
        let path = run.path().join(intervals::FILE);
        let rows = fs::read_to_string(&path).expect("it is there");
        let without: Vec<&str> = rows.lines().filter(|row| !row.starts_with("1,")).collect();
        fs::write(&path, without.join("\n") + "\n").expect("the folder is ours");
        let words = cut(run.path(), 0, None).expect_err("a second is missing");
        assert!(words.contains("8 produced messages, the result 12"), "{words}");
    }
}
