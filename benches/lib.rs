//! What the benches share: sizes, repeats, the median, and a hash of what was computed.
//!
//! `cargo bench` runs the full size; `cargo test` the small one, which only shows
//! that a bench still works. `-- NAME` runs one of them.

mod arguments;
mod runs;
mod spans;
mod threads;

pub use arguments::{is_asked, parameters};
pub use runs::{Silent, prepared, run};
pub use spans::Spans;
pub use threads::ThreadTime;

use engine::message::{KeySource, Recipe};
use engine::plan::{
    ClientSettings, Deadlines, Demand, Pace, Partitioner, Phases, StampPlace, StreamDemand,
    TopicPlan, Verification, Warmup,
};
use engine::time::{Clock, ClockChoice, ClockSource, KERNEL_CLOCK_SOURCE, OsClock, RunClock};
use engine::units::{Bytes, Nanos};
use std::fmt::Write;
use std::path::Path;

/// How much is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Under `cargo test`: milliseconds.
    Small,
    /// Under `cargo bench`: long enough for a steady median.
    Full,
}

impl Size {
    /// Full when cargo says `--bench`.
    #[must_use]
    pub fn of_this_run() -> Self {
        if std::env::args().any(|argument| argument == "--bench") {
            Self::Full
        } else {
            Self::Small
        }
    }

    /// One of two numbers.
    #[must_use]
    pub const fn choose(self, small: u64, full: u64) -> u64 {
        match self {
            Self::Small => small,
            Self::Full => full,
        }
    }

    const fn repeats(self) -> usize {
        match self {
            Self::Small => 3,
            Self::Full => 11,
        }
    }
}

/// A hash of what a bench computed: it keeps the work from being optimised away, and changes when
/// an optimisation changes the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Digest {
    /// Adds a value, in the manner of FNV.
    pub const fn add(&mut self, value: u64) {
        self.0 = (self.0 ^ value).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(29);
    }
}

/// The clock that a run without `--clock` reads.
///
/// # Panics
/// Never: without a wish what is there is taken.
#[must_use]
pub fn run_clock() -> RunClock {
    let source = ClockSource::choose(ClockChoice::Auto, Path::new(KERNEL_CLOCK_SOURCE));
    RunClock::anchored(source.expect("without a wish what is there is taken"))
}

/// How long `work` takes, and its result.
pub fn timed<R>(work: impl FnOnce() -> R) -> (Nanos, R) {
    let clock = OsClock::anchored();
    let begun = clock.now();
    let result = work();
    (begun.until(clock.now()), result)
}

/// Repeats `work`, which does `count` things and says how long it took, and prints what one of them
/// takes by the median.
///
/// # Panics
/// When two repeats compute different things.
pub fn cost(
    name: &str,
    parameters: &[(&str, u64)],
    count: u64,
    mut work: impl FnMut() -> (Nanos, Digest),
) {
    let (spans, digest) = repeat(|| {
        let (span, digest) = work();
        (span.0, digest)
    });
    let tenths = u128::from(median(spans)) * 10 / u128::from(count);
    let figure = format!("{}.{} ns each", tenths / 10, tenths % 10);
    print(name, parameters, &figure, digest);
}

/// Repeats `work`, which returns messages per second, and prints the median.
///
/// # Panics
/// When two repeats compute different things.
pub fn throughput(name: &str, parameters: &[(&str, u64)], work: impl FnMut() -> (u64, Digest)) {
    let (rates, digest) = repeat(work);
    print(name, parameters, &format!("{} messages per second", median(rates)), digest);
}

fn repeat(mut work: impl FnMut() -> (u64, Digest)) -> (Vec<u64>, Digest) {
    let all: Vec<(u64, Digest)> = (0..Size::of_this_run().repeats()).map(|_| work()).collect();
    let digest = all[0].1;
    assert!(all.iter().all(|(_, other)| *other == digest), "each repeat computes the same");
    (all.into_iter().map(|(figure, _)| figure).collect(), digest)
}

/// The figure in the middle.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn median(mut figures: Vec<u64>) -> u64 {
    figures.sort_unstable();
    figures[figures.len() / 2]
}

fn print(name: &str, parameters: &[(&str, u64)], figure: &str, digest: Digest) {
    let repeats = Size::of_this_run().repeats();
    print_once(name, parameters, &format!("×{repeats}: median {figure}"), digest);
}

/// Prints a figure that is not repeated.
#[expect(clippy::print_stdout, reason = "the figures are what a bench is for")]
pub fn print_once(name: &str, parameters: &[(&str, u64)], figure: &str, digest: Digest) {
    let mut line = format!("{name:<22}");
    for (parameter, value) in parameters {
        let _infallible = write!(line, " {parameter} {value},");
    }
    let size = Size::of_this_run();
    println!("{line} {size:?} {figure}, hash {:016x}", digest.0);
}

/// A run of one stream with one producer and one consumer, as fast as it goes: messages of 100
/// bytes to one topic of four partitions, without warm-up.
#[must_use]
pub fn demand(measured: Nanos) -> Demand {
    let topic = TopicPlan { name: "topic-0".to_owned(), partitions: 4, existing: false };
    let stream = StreamDemand {
        name: "main".to_owned(),
        pace: Pace::Max { in_flight: None },
        message_size: Bytes(100),
        bodies: vec![vec![7; 100]],
        stamp: StampPlace::Body,
        keys: KeySource::None,
        recipe: Recipe::default(),
        partitioner: Partitioner::Sticky { batch: Bytes(16_384) },
        topics: vec![topic],
        producers_per_topic: 1,
        subscriptions: 1,
        consumers_per_subscription: 1,
    };
    Demand {
        test_id: "bench".to_owned(),
        run: 1,
        streams: vec![stream],
        phases: Phases { warmup: Warmup::NONE, measured },
        messages: None,
        search: None,
        backlog: None,
        clients: ClientSettings::default(),
        deadlines: Deadlines::standard(1),
        keep_topics: false,
        verification: Verification::default(),
        hiccups: true,
    }
}
