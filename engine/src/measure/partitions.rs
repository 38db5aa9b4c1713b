//! Publish latencies by partition, coarse and small: enough to see one that is far slower than its peers.

use super::partition_rows::Rows;
use super::plausibility::PeerSeen;
use super::tally::Tally;
use crate::link::Leaders;
use crate::plan::{Demand, StreamDemand};
use crate::units::Nanos;
use serde::Deserialize;

/// Partitions of one run that are told apart at most: 0.8 MB in each tally, whose seconds are merged in
/// 50 µs. With more, none is.
pub const PARTITIONS_MAX: u64 = 1_024;

/// Counters for each power of two: a percentile is too large by an eighth at most.
const STEPS: u32 = 8;
const STEP_BITS: u32 = STEPS.ilog2();

/// The least that is told apart, 1.024 µs, as a power of two of nanoseconds.
const UNIT_BITS: u32 = 10;

/// Units up to 2²⁷: 137 s. What took longer is in the last counter.
const TOP_BIT: u32 = 26;

/// Counters of one partition.
pub(super) const COUNTERS: usize = 200;

/// The publish latencies of one stream's messages of the measured phase, by partition.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Rows")]
pub struct Partitions {
    /// How many messages of each, all topics' partitions in a row; empty where they are not told apart.
    pub(super) messages: Vec<u64>,
    /// As many rows of counters. Memory that no row of is written is never fetched from the system.
    pub(super) counters: Vec<u32>,
}

impl Partitions {
    /// For a stream of a demand; nothing is kept where the demand has too many partitions.
    #[must_use]
    pub fn of(demand: &Demand, stream: &StreamDemand) -> Self {
        Self::so_many(Self::told_apart(demand, stream))
    }

    pub(super) fn so_many(partitions: usize) -> Self {
        Self { messages: vec![0; partitions], counters: vec![0; partitions * COUNTERS] }
    }

    /// How many partitions of a stream of a demand are told apart.
    pub(super) fn told_apart(demand: &Demand, stream: &StreamDemand) -> usize {
        let all: u64 = demand.streams.iter().map(StreamDemand::partitions).sum();
        if PARTITIONS_MAX < all {
            return 0;
        }
        usize::try_from(stream.partitions()).expect("they are few")
    }

    /// Keeps nothing: the tally is only one second's figures.
    #[must_use]
    pub const fn off() -> Self {
        Self { messages: Vec::new(), counters: Vec::new() }
    }

    /// Whether partitions are told apart.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        !self.messages.is_empty()
    }

    /// A message of the partition at this place took so long; one that took less than no time is
    /// counted where all are.
    pub fn record(&mut self, place: usize, span: Option<Nanos>) {
        if let (Some(messages), Some(span)) = (self.messages.get_mut(place), span) {
            *messages += 1;
            let counter = &mut self.counters[place * COUNTERS + index(span)];
            *counter = counter.saturating_add(1);
        }
    }

    /// How many messages of the partition at this place were counted.
    #[must_use]
    pub fn messages(&self, place: usize) -> u64 {
        self.messages.get(place).copied().unwrap_or(0)
    }

    /// The 99th percentile of the partition at this place, at most an eighth too large; `None` where
    /// nothing was counted.
    #[must_use]
    pub fn p99(&self, place: usize) -> Option<Nanos> {
        let row = self.counters.get(row(place))?;
        percentile(row.iter().map(|counter| u64::from(*counter)), 99)
    }

    /// Adds another second's, lane's or host's.
    pub(super) fn merge(&mut self, other: &Self) {
        let Self { messages, counters } = other;
        if !self.is_kept() {
            return;
        }
        for (place, count) in messages.iter().enumerate().filter(|(_, count)| 0 < **count) {
            self.messages[place] += count;
            merge_row(&mut self.counters[row(place)], &counters[row(place)]);
        }
    }

    /// Forgets everything and keeps the memory; what was not written is not touched.
    pub(super) fn clear(&mut self) {
        let Self { messages, counters } = self;
        for (place, count) in messages.iter_mut().enumerate().filter(|(_, count)| 0 < **count) {
            counters[row(place)].fill(0);
            *count = 0;
        }
    }
}

/// Publish latencies of several partitions together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Spread {
    /// How many messages.
    pub(super) messages: u64,
    counters: Vec<u64>,
}

impl Spread {
    /// Adds those of the partition at a place.
    pub(super) fn add(&mut self, partitions: &Partitions, place: usize) {
        self.messages += partitions.messages(place);
        self.counters.resize(COUNTERS, 0);
        let row = partitions.counters.get(row(place)).unwrap_or_default();
        self.counters.iter_mut().zip(row).for_each(|(sum, one)| *sum += u64::from(*one));
    }

    /// What so many percent of the messages do not exceed, at most an eighth too large.
    pub(super) fn percentile(&self, percent: u64) -> Option<Nanos> {
        percentile(self.counters.iter().copied(), percent)
    }
}

/// Nearest rank: the least value that so many percent of the messages do not exceed; `None` of no message.
fn percentile(counters: impl Iterator<Item = u64> + Clone, percent: u64) -> Option<Nanos> {
    let all: u64 = counters.clone().sum();
    let rank = (all * percent).div_ceil(100);
    let mut seen = 0;
    let reached = { counters }.position(|counter| {
        seen += counter;
        rank <= seen
    });
    (0 < all).then_some(reached).flatten().map(highest)
}

/// Where the counters of a partition lie.
pub(super) const fn row(place: usize) -> std::ops::Range<usize> {
    place * COUNTERS..(place + 1) * COUNTERS
}

/// Adds counters. Where one is full, after 4 × 10⁹ messages, all are halved first: percentiles stay what
/// they are, and what comes later weighs more.
fn merge_row(mine: &mut [u32], theirs: &[u32]) {
    let is_full = |(one, other): (&u32, &u32)| one.checked_add(*other).is_none();
    let halves = u32::from(mine.iter().zip(theirs).any(is_full));
    for (one, other) in mine.iter_mut().zip(theirs) {
        *one = (*one >> halves) + (*other >> halves);
    }
}

/// The counter of a span.
fn index(span: Nanos) -> usize {
    let units = (span.0 >> UNIT_BITS).min((1 << (TOP_BIT + 1)) - 1);
    let top = units.checked_ilog2().unwrap_or(0);
    // The first sixteen units have a counter each; from there on each power of two has eight.
    let scale = top.saturating_sub(STEP_BITS);
    let place = u64::from(scale * STEPS) + (units >> scale);
    usize::try_from(place).expect("there are few counters")
}

/// The greatest span of a counter.
fn highest(index: usize) -> Nanos {
    let place = u64::try_from(index).expect("there are few counters");
    let steps = u64::from(STEPS);
    let scale = (place / steps).saturating_sub(1);
    let units = place - scale * steps;
    Nanos((((units + 1) << scale) << UNIT_BITS) - 1)
}

/// One partition, as its peers are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionSeen {
    /// Its topic.
    pub topic: String,
    /// Its number.
    pub partition: u32,
    /// Which broker led it at the end of the run, where that is known.
    pub leader: Option<i32>,
    /// How many of its messages were acked in the measured phase, and their publish latency.
    pub seen: PeerSeen,
}

/// The partitions of each topic that messages were acked on, with who led them if that is known; nothing where
/// they are not told apart.
#[must_use]
pub fn partitions_seen(
    demand: &Demand,
    tally: &Tally,
    leaders: Option<&Leaders>,
) -> Vec<Vec<PartitionSeen>> {
    let mut all = Vec::new();
    for (stream, seen) in demand.streams.iter().zip(&tally.streams) {
        for (topic, base) in stream.topics.iter().zip(stream.partition_bases()) {
            let place = |number: u32| base + usize::try_from(number).expect("they are few");
            let one = |number: u32| {
                // A counter's greatest span may be more than anything that was seen.
                let longest = Some(seen.measured.publish.max()).filter(|max| Nanos::ZERO < *max);
                let publish_p99 = seen.partitions.p99(place(number))?;
                let publish_p99 = longest.map_or(publish_p99, |max| publish_p99.min(max));
                let leader = leaders.and_then(|leaders| leaders.of(&topic.name, number));
                let led = leader.map(|leader| format!(", led by broker {leader}"));
                let name = format!("topic {} partition {number}", topic.name);
                let name = name + &led.unwrap_or_default();
                let acked = seen.partitions.messages(place(number));
                let peer = PeerSeen { name, acked, publish_p99 };
                let topic = topic.name.clone();
                Some(PartitionSeen { topic, partition: number, leader, seen: peer })
            };
            all.push((0..topic.partitions).filter_map(one).collect());
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::{COUNTERS, PARTITIONS_MAX, Partitions, highest, index, partitions_seen};
    use crate::measure::tally::Tally;
    use crate::plan::Demand;
    use crate::plan::samples::{demand, stream, topics};
    use crate::units::Nanos;

    /// A demand of one stream with so many topics of so many partitions.
    fn of(count: u32, partitions: u32) -> Demand {
        let mut stream = stream(1);
        stream.topics = topics(count, partitions);
        demand(stream)
    }

    fn empty() -> Partitions {
        let demand = of(1, 4);
        Partitions::of(&demand, &demand.streams[0])
    }

    #[test]
    fn every_span_has_a_counter_that_is_too_large_by_an_eighth_at_most() {
        let mut last = 0;
        for power in 0..64 {
            for part in 0..16_u64 {
                let span = (1_u64 << power) + ((1_u64 << power) >> 4) * part;
                let counter = index(Nanos(span));
                assert!(last <= counter && counter < COUNTERS, "{span} ns: {counter}");
                last = counter;
                let told = highest(counter).0;
                let is_small = span < 8 << 10;
                let off = if is_small { 1_024 } else { span / 8 };
                // The last counter takes what is longer than 137 s.
                assert!(1 << 37 <= span || (span <= told && told <= span + off), "{span}: {told}");
            }
        }
        assert_eq!((index(Nanos(0)), last), (0, COUNTERS - 1), "all counters are used");
        assert!((0..COUNTERS).all(|counter| index(highest(counter)) == counter), "its own");
    }

    #[test]
    fn a_percentile_is_the_partitions_own() {
        let mut partitions = empty();
        for count in 0..1_000_u64 {
            partitions.record(0, Some(Nanos::from_millis(2)));
            partitions.record(3, Some(Nanos::from_millis(if count < 989 { 2 } else { 50 })));
        }
        partitions.record(2, None);
        let near = |place: usize, millis: u64| {
            let told = partitions.p99(place).expect("it has messages");
            let (least, most) = (Nanos::from_millis(millis), Nanos(millis * 9 * 125_000));
            assert!(least <= told && told <= most, "{place}: {told}");
        };
        near(0, 2);
        near(3, 50);
        assert_eq!((partitions.messages(3), partitions.messages(2)), (1_000, 0), "counted");
        assert_eq!((partitions.p99(1), partitions.p99(2), partitions.p99(9)), (None, None, None));
    }

    #[test]
    fn a_merge_with_full_counters_keeps_the_percentiles() {
        let mut one = empty();
        (0..100).for_each(|_| one.record(1, Some(Nanos::from_millis(1))));
        (0..4).for_each(|_| one.record(1, Some(Nanos::from_millis(80))));
        let before = one.p99(1);
        for _ in 0..40 {
            let other = one.clone();
            one.merge(&other);
        }
        assert_eq!(one.messages(1), 104 << 40, "messages are counted exactly");
        assert_eq!(one.p99(1), before, "the same share of them took longer");
    }

    #[test]
    fn too_many_partitions_and_single_seconds_are_not_told_apart() {
        let kept = |count: u32, partitions: u32| {
            let demand = of(count, partitions);
            Tally::new(&demand).streams[0].partitions.is_kept()
        };
        let most = u32::try_from(PARTITIONS_MAX).expect("it is small");
        assert!(kept(1, most) && kept(most, 1) && !kept(1, most + 1), "up to {most}");
        let demand = of(1, 4);
        let mut second = Tally::of_a_second(&demand);
        let mut whole = Tally::new(&demand);
        whole.streams[0].partitions.record(0, Some(Nanos(1)));
        second.merge(&whole);
        assert!(!second.streams[0].partitions.is_kept(), "costs no memory a second");
        assert_eq!(partitions_seen(&demand, &second, None), [vec![]], "nothing is told");
    }

    #[test]
    fn partitions_are_told_by_their_topics_and_numbers() {
        let demand = of(2, 3);
        let mut tally = Tally::new(&demand);
        for place in [1, 3, 5] {
            tally.streams[0].partitions.record(place, Some(Nanos::from_millis(1)));
        }
        let seen = partitions_seen(&demand, &tally, None);
        let names: Vec<Vec<&str>> = seen
            .iter()
            .map(|topic| topic.iter().map(|of| of.seen.name.as_str()).collect())
            .collect();
        let second = vec!["topic topic-1 partition 0", "topic topic-1 partition 2"];
        assert_eq!(names, [vec!["topic topic-0 partition 1"], second]);
    }
}
