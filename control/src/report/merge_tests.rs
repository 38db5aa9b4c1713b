//! Laws of merging: the study's examples of throughput and of latency, as workers' tallies give them.

use super::fixture::{self, Made};
use super::latency::{Block, Latencies};
use super::number::per_second;
use super::plateau::{Share, plateau};
use super::streams::Whole;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use engine::measure::{Latency, Phase, Tally};
use engine::plan::Plan;
use engine::units::{Nanos, Timestamp};
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;

const START: Timestamp = Timestamp::from_nanos(1_000_000_000_000);

/// A worker that sends `messages` evenly from one second to another; it hands a tally over for each
/// second of it, and these are merged.
fn sent(plan: &Plan, (from_s, to_s): (u64, u64), messages: u64) -> Tally {
    let mut whole = Tally::new(&plan.demand);
    let seconds = to_s - from_s;
    for second in 0..seconds {
        let mut one = Tally::new(&plan.demand);
        let produced = &mut one.streams[0].measured.produced;
        produced.messages = messages / seconds + u64::from(second < messages % seconds);
        for moment in [from_s + second, from_s + second + 1] {
            produced.window.include(START + Nanos::from_secs(moment));
        }
        whole.merge(&one);
    }
    whole
}

/// The rate over the real window, min(start) → max(end), and the plateau in which all were sending.
fn check_throughput(workers: &[((u64, u64), u64)], window_rate: u64, plateau_rate: u64) {
    let plan = fixture::plan();
    let tallies: Vec<Tally> =
        workers.iter().map(|(times, messages)| sent(&plan, *times, *messages)).collect();
    let mut merged = Tally::new(&plan.demand);
    tallies.iter().for_each(|tally| merged.merge(tally));
    let produced = Whole::of(&plan, &merged).measured.produced;
    let (first, last) = produced.window.first().zip(produced.window.last()).expect("all sent");
    let rate = per_second(produced.messages, first.until(last)).expect("time passed");
    let share = |tally: &Tally| {
        let own = tally.total(Phase::Measured).produced;
        Share { messages: own.messages, window: own.window }
    };
    let shares: Vec<Share> = tallies.iter().map(share).collect();
    let plateau = plateau(&shares, &[], Some(START)).expect("they overlap");
    let whole = [rate, plateau].map(|of| format!("{of:.0}"));
    assert_eq!(whole, [window_rate, plateau_rate].map(|of| of.to_string()), "{workers:?}");
}

#[test]
fn the_studys_examples_of_throughput_hold_for_merged_tallies_of_workers() {
    let uneven = [((0, 10), 10_000), ((0, 12), 10_000), ((1, 11), 10_000)];
    check_throughput(&uneven, 2_500, 2_833);
    check_throughput(&[((0, 10), 50_000), ((2, 12), 50_000)], 8_333, 10_000);
}

/// The least of the samples that `percent` of them do not exceed.
fn nearest_rank(samples: &[u64], tenths_of_percent: usize) -> u64 {
    let rank = (samples.len() * tenths_of_percent).div_ceil(1_000).max(1);
    samples[rank - 1]
}

/// Percentiles of the workers' merged tallies are those of all their samples, in microseconds.
fn check_latency(workers: &[Vec<u64>]) {
    let plan = fixture::plan();
    let mut merged = Tally::new(&plan.demand);
    let mut joined = Latency::default();
    for samples in workers {
        let mut own = Tally::new(&plan.demand);
        for sample in samples {
            let span = Some(Nanos(sample * 1_000));
            own.streams[0].measured.publish.record(span);
            joined.record(span);
        }
        merged.merge(&own);
    }
    let publish = &merged.streams[0].measured.publish;
    assert_eq!(publish, &joined, "as if one worker had seen them all");
    let mut raw: Vec<u64> = workers.concat();
    raw.sort_unstable();
    let block = Block::summary(publish);
    assert_eq!(block.count, u64::try_from(raw.len()).expect("a few"), "all samples");
    for (percent, got) in
        [(500, block.p50_us), (900, block.p90_us), (990, block.p99_us), (999, block.p99_9_us)]
    {
        let expected = super::float(nearest_rank(&raw, percent));
        let got = got.expect("there are samples");
        assert!((got - expected).abs() <= expected / 1_000.0, "{percent}: {got}, not {expected}");
    }
    assert_eq!(block.max_us, raw.last().map(|last| super::float(*last)), "exact");
}

/// `count` samples from `least` on, each `step` more than the one before, in microseconds.
fn samples(count: u64, least: u64, step: u64) -> Vec<u64> {
    (0..count).map(|index| least + index * step).collect()
}

#[test]
fn percentiles_of_merged_tallies_are_those_of_all_samples() {
    // Of different sizes: a mean of the three p99 would weigh a hundred samples like ten thousand.
    check_latency(&[samples(10_000, 1_000, 1), samples(1_000, 5_000, 7), samples(100, 90_000, 13)]);
    // One bad host: its tail is the fleet's from p90 on, and no maximum of p99 either.
    check_latency(&[samples(5_000, 900, 1), samples(5_000, 950, 1), samples(900, 400_000, 50)]);
    // One that brought nothing changes nothing.
    check_latency(&[samples(3_000, 2_000, 3), Vec::new(), samples(50, 2_500, 900)]);
}

fn decoded(block: &Block) -> Histogram<u64> {
    let bytes = STANDARD.decode(block.histogram.as_ref().expect("a full block")).expect("base64");
    Deserializer::new().deserialize(&mut bytes.as_slice()).expect("V2")
}

#[test]
fn the_histograms_of_all_tasks_merge_to_those_of_the_run() {
    let parts: [fn(&Latencies) -> Option<&Block>; 5] = [
        |of| of.publish.as_ref(),
        |of| of.service.as_ref(),
        |of| of.send_delay.as_ref(),
        |of| of.end_to_end.as_ref(),
        |of| of.transit.as_ref(),
    ];
    for made in [Made::clean(), Made::two_streams(), Made::troubled(), Made::fleet()] {
        let report = fixture::report(&made);
        for part in parts {
            let whole = decoded(part(&report.latency).expect("all have due times"));
            let mut merged = Histogram::<u64>::new_from(&whole);
            for block in report.tasks.iter().filter_map(|task| part(&task.latency)) {
                merged.add(decoded(block)).expect("the same bounds");
            }
            assert_eq!(merged, whole, "to the count: {}", report.test_id);
        }
    }
}
