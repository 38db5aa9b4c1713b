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
    /// Producers of each topic; 0 where what is there is only read.
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
    let producers = givens.demand("producersPerTopic", ledger, |value| {
        let producers = count.parse_u32(value)?;
        if producers == 0 && existing == 0 {
            return Err(
                "got \"0\", need at least 1: reading without sending needs topics that are there, \
                        name them with --topic NAME"
                    .to_owned(),
            );
        }
        Ok(producers)
    });
    let groups = Whole { min: 0, max: 10_000, example: 1 };
    let subscriptions =
        givens.read("subscriptionsPerTopic", ledger, |value| groups.parse_u32(value));
    let subscriptions = subscriptions.unwrap_or(0);
    if producers == Some(0) && subscriptions == 0 {
        let problem =
            "got none, need at least 1 where producersPerTopic is 0: nobody would send or read";
        ledger.fault(givens.fault("subscriptionsPerTopic", problem));
    }
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
    /// Whether nobody sends: what is there is read.
    pub(crate) const fn is_read_only(self) -> bool {
        self.producers == 0
    }

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
