//! The steps of `kdyno ceiling`: which there are, and how long they take.

use engine::plan::Pace;
use engine::time::WaitMode;
use engine::units::{Bytes, NANOS_PER_SECOND, Nanos, Rate};
use std::fmt;

/// What takes the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sink {
    /// The engine's loopback without readers: acks what it is offered and keeps nothing.
    Null,
    /// librdkafka's mock cluster in this process.
    Embedded,
}

/// One run of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// What takes the messages.
    pub(super) sink: Sink,
    /// Producing lanes.
    pub(super) lanes: usize,
    /// Bytes of a message.
    pub(super) size: Bytes,
    /// As fast as it goes, or at a rate.
    pub(super) pace: Pace,
    /// How the lanes of the null sink wait. Those of the embedded broker wait as a run's would.
    pub(super) wait: WaitMode,
    /// Before the measured time.
    pub(super) warmup: Nanos,
    /// The measured time.
    pub(super) measured: Nanos,
}

/// A size at which bytes per second say more than messages per second.
const LARGE: Bytes = Bytes(64 << 10);

/// A warm-up is a quarter of the step it stands before, at most this: connections are open, and memory
/// has been touched.
const WARMUP_MAX: Nanos = Nanos::from_millis(500);

/// Unanswered bytes of a lane of the embedded broker at most: more would only wait in the client's
/// queue, which takes a gigabyte of memory for each client if it is let.
const WINDOW_BYTES: u64 = 32 << 20;

/// What a step takes beside its measured time and warm-up: lanes, clients and the broker are started
/// and ended.
const NULL_SETUP: Nanos = Nanos::from_millis(60);
const EMBEDDED_SETUP: Nanos = Nanos::from_millis(400);

/// What the probes take beside the hiccups.
const PROBES: Nanos = Nanos::from_millis(1_000);

/// For the estimate: what a lane does against the null sink on a machine of today.
const LIKELY_MOST: u64 = 9_000_000;

impl Sink {
    /// Both, in the order in which they are measured.
    pub(super) const ALL: [Self; 2] = [Self::Null, Self::Embedded];

    /// The name of the engine's driver, and in the document.
    pub(super) const fn driver(self) -> &'static str {
        match self {
            Self::Null => "loopback",
            Self::Embedded => "embedded",
        }
    }
}

/// What the step is called in messages.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sink = crate::report::sink(self.sink.driver());
        write!(f, "{sink}, {} lanes, {}", self.lanes, self.size)?;
        match self.pace {
            Pace::At(rate) => write!(f, ", {rate} by {}", word(self.wait)),
            Pace::Varied(ref varied) => write!(f, ", {varied}, by {}", word(self.wait)),
            Pace::Max { .. } => f.write_str(", as fast as it goes"),
        }
    }
}

/// How a lane waits, as the document has it.
pub(super) const fn word(wait: WaitMode) -> &'static str {
    match wait {
        WaitMode::Spin => "spin",
        WaitMode::Sleep => "sleep",
    }
}

/// Numbers of lanes to measure with: 1, 2, 4 … below the cores there are, and as many as these.
fn lane_counts(cores: usize) -> Vec<usize> {
    let doubling = std::iter::successors(Some(1_usize), |lanes| lanes.checked_mul(2));
    let mut counts: Vec<usize> = doubling.take_while(|lanes| *lanes < cores).collect();
    counts.push(cores.max(1));
    counts
}

/// Sizes of messages to measure throughput with: as asked, and a large one.
fn sizes(asked: Bytes) -> Vec<Bytes> {
    if asked < LARGE { vec![asked, LARGE] } else { vec![asked] }
}

/// Closed loops with every number of lanes, on each sink, for each size.
pub(super) fn throughput(cores: usize, size: Bytes, measured: Nanos) -> Vec<Step> {
    let warmup = Nanos(measured.0 / 4).min(WARMUP_MAX);
    let mut steps = Vec::new();
    for sink in Sink::ALL {
        for bytes in sizes(size) {
            let of = |lanes: usize| Step {
                sink,
                lanes,
                size: bytes,
                pace: Pace::Max { in_flight: window(sink, lanes, bytes) },
                wait: WaitMode::Spin,
                warmup,
                measured,
            };
            steps.extend(lane_counts(cores).into_iter().map(of));
        }
    }
    steps
}

/// Unanswered messages of all lanes at most.
fn window(sink: Sink, lanes: usize, size: Bytes) -> Option<u64> {
    let lanes = u64::try_from(lanes).expect("lanes fit in 64 bits");
    match sink {
        Sink::Null => None,
        Sink::Embedded => Some((WINDOW_BYTES / size.0.max(1)).max(1) * lanes),
    }
}

/// One lane against the null sink, by rising rates, spinning and sleeping; `most` is what it does in a
/// closed loop.
pub(super) fn pacing(most: u64, size: Bytes, measured: Nanos) -> Vec<Step> {
    let mut steps = Vec::new();
    for wait in [WaitMode::Spin, WaitMode::Sleep] {
        let of = |rate: Rate| Step {
            sink: Sink::Null,
            lanes: 1,
            size,
            pace: Pace::At(rate),
            wait,
            warmup: whole_periods(rate, Nanos(measured.0 / 4).min(WARMUP_MAX)),
            measured,
        };
        steps.extend(rates(most).into_iter().map(of));
    }
    steps
}

/// Rates to pace with: 1, 10, 100 … below `most`, four fifths of it, and all of it; the last two
/// rounded down to two digits.
fn rates(most: u64) -> Vec<Rate> {
    let decades = std::iter::successors(Some(1_u64), |rate| rate.checked_mul(10));
    let mut rates: Vec<u64> = decades.take_while(|rate| *rate < most).collect();
    rates.extend([two_digits(most / 5 * 4), two_digits(most)]);
    rates.sort_unstable();
    rates.dedup();
    rates.into_iter().filter_map(Rate::per_second).collect()
}

/// Rounded down, so that a rate reads at a glance.
fn two_digits(mut number: u64) -> u64 {
    let mut unit = 1;
    while 100 <= number {
        (number, unit) = (number / 10, unit * 10);
    }
    number * unit
}

/// At least `span` and one period, in whole periods: then a message is due as the measured time begins,
/// however slow the rate.
fn whole_periods(rate: Rate, span: Nanos) -> Nanos {
    let period = NANOS_PER_SECOND.div_ceil(rate.get());
    Nanos(span.0.div_ceil(period).max(1) * period)
}

/// How long everything takes, about.
pub(super) fn estimate(cores: usize, size: Bytes, measured: Nanos) -> Nanos {
    let whole = |step: &Step| {
        let setup = if step.sink == Sink::Null { NULL_SETUP } else { EMBEDDED_SETUP };
        step.warmup + step.measured + setup
    };
    let all = [throughput(cores, size, measured), pacing(LIKELY_MOST, size, measured)].concat();
    all.iter().map(whole).fold(PROBES + measured, |sum, span| sum + span)
}

#[cfg(test)]
mod tests {
    use super::{Sink, estimate, lane_counts, pacing, rates, throughput, whole_periods};
    use engine::plan::Pace;
    use engine::units::{Bytes, Nanos, Rate};

    #[test]
    fn lanes_double_up_to_the_cores_and_all_cores_are_always_among_them() {
        let check = |cores: usize, expected: &[usize]| {
            assert_eq!(lane_counts(cores), expected, "{cores} cores");
        };
        check(1, &[1]);
        check(2, &[1, 2]);
        check(3, &[1, 2, 3]);
        check(8, &[1, 2, 4, 8]);
        check(12, &[1, 2, 4, 8, 12]);
    }

    #[test]
    fn rates_go_by_decades_up_to_what_one_lane_does() {
        let check = |most: u64, expected: &[u64]| {
            let got: Vec<u64> = rates(most).into_iter().map(Rate::get).collect();
            assert_eq!(got, expected, "{most}");
        };
        check(0, &[]);
        check(5, &[1, 4, 5]);
        check(100, &[1, 10, 80, 100]);
        check(1_234, &[1, 10, 100, 980, 1_000, 1_200]);
        let decades = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];
        check(9_737_211, &[&decades[..], &[7_700_000, 9_700_000]].concat());
    }

    #[test]
    fn a_warm_up_before_a_rate_ends_as_a_message_is_due() {
        let check = |rate: u64, millis: u64, expected: u64| {
            let rate = Rate::per_second(rate).expect("not zero");
            let got = whole_periods(rate, Nanos::from_millis(millis));
            assert_eq!(got, Nanos::from_millis(expected), "{rate}, {millis} ms");
        };
        check(1, 12, 1_000);
        check(1, 500, 1_000);
        check(10, 500, 500);
        check(10, 450, 500);
        check(1_000, 500, 500);
    }

    #[test]
    fn each_sink_and_size_is_measured_with_every_number_of_lanes() {
        let steps = throughput(4, Bytes(100), Nanos::from_secs(2));
        let of = |sink: Sink, size: u64| -> Vec<usize> {
            let own = steps.iter().filter(|step| step.sink == sink && step.size == Bytes(size));
            own.map(|step| step.lanes).collect()
        };
        for sink in Sink::ALL {
            assert_eq!(of(sink, 100), [1, 2, 4], "{sink:?}, as asked");
            assert_eq!(of(sink, 65_536), [1, 2, 4], "{sink:?}, large");
        }
        assert_eq!(steps.len(), 12, "and no other");
        assert_eq!(
            throughput(4, Bytes(65_536), Nanos::from_secs(2)).len(),
            6,
            "one size is enough"
        );
        let windows = steps.iter().filter(|step| step.sink == Sink::Embedded && step.lanes == 2);
        let windows: Vec<Pace> = windows.map(|step| step.pace.clone()).collect();
        let bounded = |in_flight: u64| Pace::Max { in_flight: Some(in_flight) };
        assert_eq!(windows, [bounded(2 * 335_544), bounded(2 * 512)], "32 MiB a lane");
    }

    #[test]
    fn by_default_two_cores_take_less_than_two_minutes() {
        let step = Nanos::from_secs(2);
        let took = estimate(2, Bytes(100), step);
        assert!(Nanos::from_secs(40) < took && took < Nanos::from_secs(120), "{took}");
        assert_eq!(pacing(9_000_000, Bytes(100), step).len(), 2 * 9, "both ways to wait");
    }
}
