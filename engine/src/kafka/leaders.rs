//! Which broker leads which partition, as the cluster's metadata has it.

use super::admin::{KafkaTopics, MAKES_NOTHING};
use super::reach;
use crate::error::RunError;
use crate::link::Leaders;
use crate::units::Nanos;
use std::collections::HashSet;

impl KafkaTopics {
    /// The leaders of these topics' partitions. One question, about all topics: it costs the same.
    pub(super) fn ask_leaders(
        &self,
        topics: &[&str],
        deadline: Nanos,
    ) -> Result<Leaders, RunError> {
        let metadata = reach::metadata(&self.settings, None, MAKES_NOTHING, deadline)?;
        let asked: HashSet<&str> = topics.iter().copied().collect();
        let address = |broker: &rdkafka::metadata::MetadataBroker| {
            (broker.id(), format!("{}:{}", broker.host(), broker.port()))
        };
        let mut leaders = Leaders {
            brokers: metadata.brokers().iter().map(address).collect(),
            ..Leaders::default()
        };
        for topic in metadata.topics().iter().filter(|topic| asked.contains(topic.name())) {
            let mut of: Vec<i32> = vec![-1; topic.partitions().len()];
            for part in topic.partitions() {
                let place = usize::try_from(part.id()).ok().and_then(|place| of.get_mut(place));
                place.into_iter().for_each(|leader| *leader = part.leader());
            }
            leaders.topics.insert(topic.name().to_owned(), of);
        }
        Ok(leaders)
    }
}
