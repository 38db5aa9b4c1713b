//! A recorded run: what a comparison reads of `result.json`.

use super::one_stream::single_out;
use crate::report::SCHEMA;
use serde::Deserialize;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// An hour's run takes less than 10 MiB, a day's less than this.
const BYTES_MAX: u64 = 256 << 20;

/// A run. Fields that a comparison has no use for are passed over, since the format grows.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Recorded {
    /// Where it was read.
    #[serde(skip)]
    pub(super) path: PathBuf,
    /// The one of its streams that this is; `None` for the whole run.
    #[serde(skip)]
    pub(super) stream: Option<String>,
    /// Its name, unique.
    pub(super) test_id: String,
    /// The test's name.
    pub(super) test_name: String,
    /// The version that measured.
    pub(super) kdyno_version: String,
    /// When it began, RFC 3339.
    pub(super) started_at: String,
    /// The judgement on it.
    pub(super) verdict: Verdict,
    /// As resolved.
    pub(super) workload: Value,
    /// As resolved.
    pub(super) driver: Value,
    /// What was planned.
    pub(super) plan: Planned,
    /// The sending side.
    pub(super) produced: Flow,
    /// The broker's answers.
    pub(super) acked: Flow,
    /// The receiving side.
    pub(super) consumed: Flow,
    /// The start; null when it failed before.
    pub(super) startup: Option<Startup>,
    /// The latencies.
    pub(super) latency: Latencies,
    /// What kdyno used.
    pub(super) engine: Engine,
    /// Where it ran.
    pub(super) environment: Value,
    /// The warm-up; null when there was none.
    pub(super) warmup: Option<Value>,
    /// The search; only where there was one.
    pub(super) search: Option<Search>,
    /// Second by second.
    pub(super) intervals: Vec<Second>,
}

/// The judgement on a run.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Verdict {
    /// Whether it did what was asked.
    pub(super) valid: bool,
    /// By what it was limited.
    pub(super) limited_by: String,
    /// How it ended.
    pub(super) exit_code: u8,
}

/// What was planned.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Planned {
    /// Length of the measured phase.
    pub(super) measured_s: f64,
}

/// One side.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Flow {
    /// What its rate was divided by.
    pub(super) duration_s: Option<f64>,
    /// Its rate.
    pub(super) messages_per_second: Option<f64>,
}

/// So many seconds alike are called steady, as a run itself has it.
const STEADY_SECONDS: f64 = 5.0;

/// The start.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Startup {
    /// From which second on it was steady; null where it never was.
    pub(super) steady_s: Option<i64>,
}

/// The latencies; null where nothing begins or ends.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct Latencies {
    /// Due to acked.
    pub(super) publish: Option<Block>,
    /// Sent to acked.
    pub(super) service: Option<Block>,
    /// Due to received.
    pub(super) end_to_end: Option<Block>,
    /// Sent to received.
    pub(super) transit: Option<Block>,
}

/// The percentiles of one latency.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct Block {
    /// The median.
    pub(super) p50_us: Option<f64>,
    /// The 95th percentile.
    pub(super) p95_us: Option<f64>,
    /// The 99th.
    pub(super) p99_us: Option<f64>,
    /// 99.9 %.
    pub(super) p99_9_us: Option<f64>,
    /// The longest.
    pub(super) max_us: Option<f64>,
}

/// What kdyno used.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Engine {
    /// For a million messages acked or received.
    pub(super) cpu_seconds_per_million_messages: Option<f64>,
}

/// A search.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Search {
    /// Its answer.
    pub(super) sustainable_messages_per_second: Option<f64>,
    /// How far the limit may lie from it.
    pub(super) error: Option<f64>,
}

/// One second; counts are floats, since only ratios are made of them.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct Second {
    /// When it began, from the start of the measured phase.
    pub(super) t_s: u32,
    /// Acked.
    pub(super) acked: f64,
    /// Received.
    pub(super) consumed: f64,
    /// Publish latency, null where nothing was acked.
    pub(super) publish_p50_us: Option<f64>,
    /// Its 99th percentile.
    pub(super) publish_p99_us: Option<f64>,
    /// Its maximum.
    pub(super) publish_max_us: Option<f64>,
    /// Service time, null where nothing was acked; earlier versions did not keep it.
    pub(super) service_p50_us: Option<f64>,
    /// Its 99th percentile.
    pub(super) service_p99_us: Option<f64>,
    /// Its maximum.
    pub(super) service_max_us: Option<f64>,
    /// End-to-end latency, null where nothing was received.
    pub(super) end_to_end_p50_us: Option<f64>,
    /// Its 99th percentile.
    pub(super) end_to_end_p99_us: Option<f64>,
    /// Its maximum.
    pub(super) end_to_end_max_us: Option<f64>,
    /// Transit, null where nothing was received; earlier versions did not keep it.
    pub(super) transit_p50_us: Option<f64>,
    /// Its 99th percentile.
    pub(super) transit_p99_us: Option<f64>,
    /// Its maximum.
    pub(super) transit_max_us: Option<f64>,
    /// Cores that kdyno kept busy; null where nothing was monitored.
    pub(super) process_cpu_cores: Option<f64>,
}

/// What tells a result from other files.
#[derive(Debug, Deserialize)]
struct Head {
    schema: Option<Value>,
}

impl Recorded {
    /// Reads a run's file: the run, or one of its streams as if it were one.
    ///
    /// # Errors
    /// In words, without the path, when it is no result that this version knows, or has no such stream.
    pub(super) fn read(path: &Path, stream: Option<&str>) -> Result<Self, String> {
        let unread = |error: std::io::Error| format!("cannot be read: {error}");
        let size = fs::metadata(path).map_err(unread)?.len();
        if BYTES_MAX < size {
            return Err(format!("has {size} bytes, need at most {BYTES_MAX}"));
        }
        let bytes = fs::read(path).map_err(unread)?;
        let need = format!("need \"{SCHEMA}\", the result.json of a run");
        let head: Head = serde_json::from_slice(&bytes)
            .map_err(|error| format!("is no JSON object ({error}), {need}"))?;
        match head.schema {
            Some(schema) if schema == SCHEMA => {}
            Some(schema) => return Err(format!("got the schema {schema}, {need}")),
            None => return Err(format!("got no schema, {need}")),
        }
        let whole = |error: serde_json::Error| format!("is no whole result: {error}");
        let run: Self = match stream {
            None => serde_json::from_slice(&bytes).map_err(whole)?,
            Some(name) => {
                let mut result = serde_json::from_slice(&bytes).map_err(whole)?;
                single_out(&mut result, name)?;
                serde_json::from_value(result).map_err(whole)?
            }
        };
        Ok(Self { path: path.to_owned(), stream: stream.map(ToOwned::to_owned), ..run })
    }

    /// How far the rate that a search found may lie from the limit, as a part of it; 0 without a search.
    pub(super) fn search_error(&self) -> f64 {
        let of = self
            .search
            .and_then(|search| Some(search.error? / search.sustainable_messages_per_second?));
        of.filter(|part| part.is_finite()).unwrap_or(0.0)
    }

    /// The seconds of the measured phase in which the run was steady: without those before it was, the drain,
    /// and a last one that is not whole. Without a warm-up the first one fills what is under way, and is left out.
    pub(super) fn steady(&self) -> impl Iterator<Item = &Second> {
        let steady = self.startup.and_then(|startup| startup.steady_s).unwrap_or(0);
        let from = steady.max(i64::from(self.warmup.is_none()));
        self.measured().filter(move |second| from <= i64::from(second.t_s))
    }

    /// The whole seconds of the measured phase.
    pub(super) fn measured(&self) -> impl Iterator<Item = &Second> {
        let end = self.produced.duration_s.unwrap_or(0.0).min(self.plan.measured_s);
        // A nanosecond less than the phase is all of it.
        self.intervals.iter().filter(move |second| f64::from(second.t_s) + 1.0 <= end + 1e-6)
    }

    /// Whether anybody was to read what was sent.
    pub(super) fn has_readers(&self) -> bool {
        self.workload["subscriptionsPerTopic"] != 0
    }

    /// Whether it is too short for anybody to know: what is steady is so for five seconds.
    pub(super) fn is_too_short(&self) -> bool {
        let warmup = self.warmup.as_ref().and_then(|warmup| warmup["duration_s"].as_f64());
        warmup.unwrap_or(0.0) + super::number(self.measured().count()) < STEADY_SECONDS
    }

    /// Whether rate and latency were steady for five seconds at any time.
    pub(super) fn was_steady(&self) -> bool {
        self.startup.is_some_and(|startup| startup.steady_s.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Made, made};
    use super::{Recorded, Startup};

    /// The first and the last second that count, and how many there are.
    fn steady(run: &Recorded) -> Option<(u32, u32, usize)> {
        let seconds: Vec<u32> = run.steady().map(|second| second.t_s).collect();
        Some((*seconds.first()?, *seconds.last()?, seconds.len()))
    }

    #[test]
    fn only_steady_whole_seconds_of_the_measured_phase_count() {
        let mut run = made(&Made { seconds: 20, ..Made::plain("a") });
        assert_eq!(run.intervals.len(), 22, "two of the drain");
        assert_eq!(steady(&run), Some((0, 19, 20)), "without the drain");
        run.startup = Some(Startup { steady_s: Some(4) });
        assert_eq!(steady(&run), Some((4, 19, 16)), "before it was steady");
        assert_eq!(run.measured().count(), 20, "all that were measured");
        run.startup = Some(Startup { steady_s: Some(-3) });
        run.warmup = None;
        assert_eq!(steady(&run), Some((1, 19, 19)), "the first without a warm-up");
        run.produced.duration_s = Some(7.5);
        assert_eq!(steady(&run), Some((1, 6, 6)), "of a run that was cut");
        run.produced.duration_s = None;
        assert_eq!(steady(&run), None, "of one that failed before the start");
    }

    #[test]
    fn a_search_says_how_far_its_rate_may_be_off() {
        let mut run = made(&Made::plain("a"));
        assert!(run.search_error().abs() < 1e-12, "none");
        let search = |error| super::Search { sustainable_messages_per_second: Some(200.0), error };
        run.search = Some(search(Some(3.0)));
        assert!((run.search_error() - 0.015).abs() < 1e-12, "1.5 %");
        run.search = Some(search(None));
        assert!(run.search_error().abs() < 1e-12, "no rate was too much");
    }

    #[test]
    fn what_is_no_result_is_refused_with_what_is_needed() {
        let folder = tempfile::tempdir().expect("a folder of our own");
        let path = folder.path().join("result.json");
        let check = |text: &str, words: &str| {
            std::fs::write(&path, text).expect("the folder is ours");
            let error = Recorded::read(&path, None).expect_err(words);
            assert!(error.contains(words), "{words}: {error}");
        };
        check("", "is no JSON object (EOF");
        check("[1]", "need \"kdyno.result/1\"");
        check("{\"a\": 1}", "got no schema, need \"kdyno.result/1\", the result.json of a run");
        check("{\"schema\": \"kdyno.sweep/1\"}", "got the schema \"kdyno.sweep/1\", need");
        check("{\"schema\": \"kdyno.result/2\"}", "got the schema \"kdyno.result/2\", need");
        check("{\"schema\": \"kdyno.result/1\"}", "is no whole result: missing field");
        let gone = Recorded::read(&folder.path().join("none"), None).expect_err("it is not there");
        assert!(gone.contains("cannot be read"), "{gone}");
    }
}
