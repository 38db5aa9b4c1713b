//! What `kdyno ceiling` found, as a file format of its own: `kdyno.ceiling/1`.
//!
//! Spans are in microseconds or nanoseconds, as their names end; rates are per second. What was not
//! measured is null and never zero.

use serde::{Deserialize, Serialize};

/// The name and version of the format; a change that old readers would misread is a new version.
pub(crate) const SCHEMA: &str = "kdyno.ceiling/1";

/// What this host's engine can do by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ceiling {
    /// [`SCHEMA`].
    pub(crate) schema: String,
    /// The version that measured.
    pub(crate) kdyno_version: String,
    /// `release` or `debug`: how that version was compiled.
    pub(crate) build: String,
    /// Whether every step was measured; only such a ceiling is kept.
    pub(crate) complete: bool,
    /// When the first step began.
    pub(crate) measured_at: String,
    /// How long all steps took.
    pub(crate) took_s: f64,
    /// Where.
    pub(crate) host: Host,
    /// The clock that was read: `os` (the kernel's) or `tsc` (the processor's counter).
    pub(crate) clock: String,
    /// Who served memory.
    pub(crate) allocator: String,
    /// The client library's version.
    pub(crate) librdkafka: String,
    /// Length of a measured step, beside its warm-up.
    pub(crate) step_s: f64,
    /// Bytes of a message, as asked.
    pub(crate) message_size: u64,
    /// What the clock and the kernel's timers are worth on a lane's core.
    pub(crate) timer: Option<Timer>,
    /// How often a lane's core was taken away.
    pub(crate) hiccups: Option<Hiccups>,
    /// Bytes that one thread copies per second between buffers larger than the caches.
    pub(crate) copy_bytes_per_second: Option<f64>,
    /// As fast as it goes, by sink, size and number of lanes.
    pub(crate) throughput: Vec<Throughput>,
    /// At given rates, one lane against the null sink.
    pub(crate) pacing: Vec<Pacing>,
    /// What its reader should know.
    pub(crate) remarks: Vec<String>,
    /// Steps that failed, in words.
    pub(crate) failures: Vec<String>,
}

/// The machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Host {
    /// Its name in the network.
    pub(crate) name: Option<String>,
    /// The processor's name.
    pub(crate) cpu: Option<String>,
    /// Logical cores.
    pub(crate) cores: usize,
    /// The cores that were measured on.
    pub(crate) measured_cores: Vec<usize>,
    /// How many cores the cgroup grants in all; null without a quota below the usable cores.
    pub(crate) quota_cores: Option<f64>,
    /// The kernel's version.
    pub(crate) kernel: Option<String>,
}

/// The clock and the kernel's timers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Timer {
    /// The core that they were measured on.
    pub(crate) core: usize,
    /// The smallest step of the clock as it is seen: the median of what successive readings that
    /// differ are apart.
    pub(crate) step_ns: Option<u64>,
    /// What one reading takes.
    pub(crate) reading_ns: f64,
    /// How long the sleeps were meant to be.
    pub(crate) park_us: f64,
    /// How much later they ended.
    pub(crate) oversleep: Spans,
}

/// Gaps in the time of a thread that did nothing but look at the clock, as a spinning lane does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Hiccups {
    /// The core that it spun on.
    pub(crate) core: usize,
    /// For how long.
    pub(crate) spun_s: f64,
    /// The longest gap of each millisecond, as in a run's `engine.hiccup`.
    pub(crate) longest: Spans,
    /// Part of the time spun that was in gaps longer than `lost_above_us`.
    pub(crate) lost_share: f64,
    /// Gaps up to this are the machine's everyday interrupts, and no time lost.
    pub(crate) lost_above_us: f64,
}

/// A distribution of spans; everything but the count is null where there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spans {
    /// How many.
    pub(crate) count: u64,
    /// 50 % took at most this long.
    pub(crate) p50_us: Option<f64>,
    /// 99 %.
    pub(crate) p99_us: Option<f64>,
    /// 99.9 %.
    pub(crate) p99_9_us: Option<f64>,
    /// The longest, exact.
    pub(crate) max_us: Option<f64>,
}

/// A closed loop: as fast as the sink takes messages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Throughput {
    /// What took the messages: `loopback` (the null sink) or `embedded`.
    pub(crate) of: String,
    /// Producing lanes.
    pub(crate) lanes: u64,
    /// Bytes of a message.
    pub(crate) message_size: u64,
    /// Acked while it was measured.
    pub(crate) messages: u64,
    /// Acked ÷ the time until the last ack.
    pub(crate) messages_per_second: f64,
    /// The same in bytes of bodies.
    pub(crate) bytes_per_second: f64,
    /// Messages per second ÷ lanes.
    pub(crate) messages_per_second_per_lane: f64,
    /// Bytes per second ÷ lanes.
    pub(crate) bytes_per_second_per_lane: f64,
    /// User and system time of the whole process per million messages, the embedded broker's own
    /// included.
    pub(crate) cpu_seconds_per_million_messages: Option<f64>,
    /// Messages per second ÷ (lanes × those of one lane); null where one lane was not measured.
    pub(crate) efficiency: Option<f64>,
    /// What the lanes share, where the efficiency is below 0.8.
    pub(crate) shared: Vec<Shared>,
    /// The cores of the lanes.
    pub(crate) cores: Vec<usize>,
    /// How many physical cores these are.
    pub(crate) physical_cores: u64,
    /// Whether others of ours ran on them: other lanes, or the clients' own threads.
    pub(crate) shares_cores: bool,
    /// How the lanes waited: `spin` or `sleep`.
    pub(crate) wait: String,
    /// Processor time of the process ÷ (lanes × time); null for the embedded broker, whose threads
    /// are in it too.
    pub(crate) lanes_cpu_share: Option<f64>,
    /// Part of the time for which the embedded broker's one thread was on a core; null for others.
    pub(crate) broker_cpu_share: Option<f64>,
    /// Periods in which the cgroup's quota was used up; null: not counted.
    pub(crate) throttled_periods: Option<u64>,
}

/// Something that lanes share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shared {
    /// A short name for tools.
    pub(crate) code: String,
    /// What was seen.
    pub(crate) words: String,
}

/// One lane at a given rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pacing {
    /// How the lane waited: `spin` or `sleep`.
    pub(crate) wait: String,
    /// What was asked.
    pub(crate) messages_per_second: u64,
    /// Due by the schedule.
    pub(crate) due: u64,
    /// Sent.
    pub(crate) sent: u64,
    /// Due and never sent.
    pub(crate) unsent: u64,
    /// Messages ÷ the time from the first send to the last, against the rate that was asked, in parts
    /// in a million, above zero when it went faster; null below two messages.
    pub(crate) rate_error_ppm: Option<f64>,
    /// sent − due: how late messages were.
    pub(crate) send_delay: Spans,
}
