//! How many topics, partitions, producers and consumers.

use crate::spec::fault::Ledger;
use crate::spec::given::Givens;
use crate::spec::scalar::Whole;

/// Logical producers, consumers and partitions of one run: ten times OMB's largest workload.
const TOTAL_MAX: u64 = 10_000_000;

/// How many of each there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Topics.
    pub topics: u32,
    /// Partitions of each topic; 0 for existing topics, whose brokers know.
    pub partitions: u32,
    /// Producers of each topic.
    pub producers: u32,
    /// Consumer groups of each topic.
    pub subscriptions: u32,
    /// Consumers of each topic in each group.
    pub consumers: u32,
}

/// Reads the counts and checks their products.
pub(super) fn read(givens: &Givens, existing: usize, ledger: &mut Ledger) -> Option<Shape> {
    let (topics, partitions) = if existing == 0 {
        let topics = Whole { min: 1, max: 1_000_000, example: 1 };
        let partitions = Whole { min: 1, max: 100_000, example: 16 };
        (
            givens.demand("topics", ledger, |value| topics.parse_u32(value)),
            givens.demand("partitionsPerTopic", ledger, |value| partitions.parse_u32(value)),
        )
    } else {
        (u32::try_from(existing).ok(), Some(0))
    };
    let count = Whole { min: 0, max: 1_000_000, example: 1 };
    let producers =
        givens.demand("producersPerTopic", ledger, |value| match count.parse_u32(value)? {
            0 => {
                Err("got \"0\", need at least 1: reading without sending is not supported"
                    .to_owned())
            }
            producers => Ok(producers),
        });
    let groups = Whole { min: 0, max: 10_000, example: 1 };
    let subscriptions =
        givens.read("subscriptionsPerTopic", ledger, |value| groups.parse_u32(value));
    let subscriptions = subscriptions.unwrap_or(0);
    let consumers = if subscriptions == 0 {
        // Nobody reads, so the number has no effect; what is no number is a fault all the same.
        givens.read("consumerPerSubscription", ledger, |value| count.parse_u32(value));
        Some(0)
    } else {
        let some = Whole { min: 1, ..count };
        givens.demand("consumerPerSubscription", ledger, |value| {
            some.parse_u32(value)
                .map_err(|need| format!("{need} (subscriptionsPerTopic is {subscriptions})"))
        })
    };
    let shape = Shape {
        topics: topics?,
        partitions: partitions?,
        producers: producers?,
        subscriptions,
        consumers: consumers?,
    };
    shape.check(givens, ledger);
    Some(shape)
}

impl Shape {
    fn check(&self, givens: &Givens, ledger: &mut Ledger) {
        let topics = u64::from(self.topics);
        let readers = u64::from(self.subscriptions).saturating_mul(u64::from(self.consumers));
        let totals = [
            ("partitionsPerTopic", "topics × partitionsPerTopic", u64::from(self.partitions)),
            ("producersPerTopic", "topics × producersPerTopic", u64::from(self.producers)),
            (
                "consumerPerSubscription",
                "topics × subscriptionsPerTopic × consumerPerSubscription",
                readers,
            ),
        ];
        for (field, product, factor) in totals {
            let total = topics.saturating_mul(factor);
            if TOTAL_MAX < total {
                let problem = format!("{product} is {total}, need at most {TOTAL_MAX}");
                ledger.fault(givens.fault(field, problem));
            }
        }
    }
}
