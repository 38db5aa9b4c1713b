//! How unevenly messages lie on a topic's partitions: keys choose them, and hot keys load some more than others.

use super::constants::{OUTLIER_SAMPLES, SKEW};
use super::facts::{count, number, percent, share, some_of, text};
use super::tally::Tally;
use super::verdict::{Case, Found};
use crate::message::KeySource;
use crate::plan::Demand;

/// How a topic's messages of the measured phase lie on its partitions, as the broker acked them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicLoad {
    /// The topic.
    pub topic: String,
    /// Its stream, as its index in the demand.
    pub stream: usize,
    /// Its partitions, those without a message too.
    pub partitions: u32,
    /// Messages acked on all of them.
    pub acked: u64,
    /// The partition with the most; of several the first.
    pub most_loaded: u32,
    /// Messages acked on that one.
    pub acked_most: u64,
}

impl TopicLoad {
    /// The most loaded partition's share of the topic's messages, 0 to 1.
    #[must_use]
    pub fn share(&self) -> f64 {
        share(self.acked_most, self.acked)
    }

    /// The most loaded partition's messages ÷ the mean of all partitions: 1 where all have the same.
    #[must_use]
    pub fn times_mean(&self) -> f64 {
        self.share() * f64::from(self.partitions)
    }

    /// Whether it is told: in whole numbers, so that the bound is exact.
    fn is_skewed(&self) -> bool {
        let most = u128::from(self.acked_most) * u128::from(self.partitions);
        OUTLIER_SAMPLES <= self.acked && u128::from(SKEW) * u128::from(self.acked) < most
    }
}

/// The topics of several partitions that messages were acked on; none where partitions are not told
/// apart.
#[must_use]
pub fn topic_loads(demand: &Demand, tally: &Tally) -> Vec<TopicLoad> {
    let mut loads = Vec::new();
    for (index, (stream, seen)) in demand.streams.iter().zip(&tally.streams).enumerate() {
        for (topic, base) in stream.topics.iter().zip(stream.partition_bases()) {
            let acked_on = |number: u32| {
                let place = base + usize::try_from(number).expect("partitions fit in memory");
                seen.partitions.messages(place)
            };
            let numbers = 0..topic.partitions;
            let acked: u64 = numbers.clone().map(acked_on).sum();
            // Of equals the last is taken, which is the first from behind.
            let most_loaded = numbers.rev().max_by_key(|number| acked_on(*number)).unwrap_or(0);
            loads.push(TopicLoad {
                topic: topic.name.clone(),
                stream: index,
                partitions: topic.partitions,
                acked,
                most_loaded,
                acked_most: acked_on(most_loaded),
            });
        }
    }
    loads.retain(|load| 2 <= load.partitions && 0 < load.acked);
    loads
}

/// Told of streams with keys: without them a partition has a batch more than another, and that is all.
pub(super) fn partition_skew(case: &Case<'_>, found: &mut Found) {
    let is_told = |load: &TopicLoad| {
        case.plan.demand.streams[load.stream].keys != KeySource::None && load.is_skewed()
    };
    let mut skewed = topic_loads(&case.plan.demand, case.tally);
    skewed.retain(is_told);
    skewed.sort_by(|one, other| other.times_mean().total_cmp(&one.times_mean()));
    let Some(worst) = skewed.first() else { return };
    let names: Vec<&str> = skewed.iter().map(|load| load.topic.as_str()).collect();
    found.warn(
        "partition_skew",
        format!(
            "Partition {} of topic {} took {:.1} times the mean of its {} partitions ({} of the \
             messages). Hot keys lie there, and the partition's leader and consumer carry them: the tail \
             and the highest rate are those of one partition. Where that is not what is asked, use more \
             keys or less skew (keyCount, keySkew). Topics with more than {SKEW} times the mean on one \
             partition: {}.",
            worst.most_loaded,
            worst.topic,
            worst.times_mean(),
            worst.partitions,
            percent(worst.acked_most, worst.acked),
            some_of(&names)
        ),
        vec![
            text("topic", worst.topic.as_str()),
            count("partition", u64::from(worst.most_loaded)),
            count("messages", worst.acked_most),
            number("share", worst.share()),
            number("times_mean", worst.times_mean()),
            number("told_above", f64::from(SKEW)),
        ],
    );
}

#[cfg(test)]
mod tests {
    use super::{TopicLoad, topic_loads};
    use crate::measure::tally::Tally;
    use crate::measure::verdict::{Finding, Severity, Verdict};
    use crate::measure::verdict_fixture::{evidence, plan, tally};
    use crate::message::{KeyOrder, KeySource};
    use crate::plan::{ClientCount, Plan};
    use crate::units::Nanos;

    /// The clean run with topics of eight partitions each and these keys.
    fn eight(keys: KeySource) -> Plan {
        let mut plan = plan(ClientCount::Shared);
        let stream = &mut plan.demand.streams[0];
        stream.keys = keys;
        stream.topics.iter_mut().for_each(|topic| topic.partitions = 8);
        plan
    }

    /// Its tally with so many messages on each partition of the second topic.
    fn loaded(plan: &Plan, messages: [u64; 8]) -> Tally {
        let mut tally = tally(plan);
        let partitions = &mut tally.streams[0].partitions;
        for (place, count) in (8..).zip(messages) {
            (0..count).for_each(|_| partitions.record(place, Some(Nanos::from_millis(1))));
        }
        tally
    }

    fn told(keys: KeySource, messages: [u64; 8]) -> Option<Finding> {
        let plan = eight(keys);
        let verdict = Verdict::of(&plan, &loaded(&plan, messages), &evidence());
        assert!(verdict.valid && verdict.exit_code == 0, "a caution never changes `valid`");
        verdict.findings.into_iter().find(|finding| finding.code == "partition_skew")
    }

    #[test]
    fn the_most_loaded_partition_is_told_against_the_mean_of_all() {
        let plan = eight(KeySource::None);
        let loads = topic_loads(&plan.demand, &loaded(&plan, [10, 0, 40, 10, 0, 40, 0, 0]));
        let expected = TopicLoad {
            topic: "t1".to_owned(),
            stream: 0,
            partitions: 8,
            acked: 100,
            most_loaded: 2,
            acked_most: 40,
        };
        assert_eq!(loads, [expected], "the first of two, and no topic without a message");
        let (share, times) = (loads[0].share(), loads[0].times_mean());
        assert!((share - 0.4).abs() < 1e-9 && (times - 3.2).abs() < 1e-9, "{share}, {times}");
    }

    #[test]
    fn more_than_three_times_the_mean_is_told_and_no_less() {
        let keys = || KeySource::standard(KeyOrder::Random);
        let at_most = [1_000, 1_000, 1_000, 1_000, 1_000, 0, 3_000, 0];
        assert_eq!(told(keys(), at_most), None, "three times the mean");
        let mut more = at_most;
        more[6] += 1;
        let finding = told(keys(), more).expect("one more");
        assert_eq!(finding.severity, Severity::Warning, "a caution");
        let words = "Partition 6 of topic t1 took 3.0 times the mean of its 8 partitions";
        assert!(finding.message.starts_with(words), "{}", finding.message);
        assert_eq!(told(KeySource::None, more), None, "without keys it is a batch's luck");
        assert_eq!(told(keys(), [0, 0, 0, 900, 0, 0, 0, 0]), None, "too few to say anything");
    }
}
