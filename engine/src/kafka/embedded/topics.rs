//! Topics of the embedded broker: made by handle, gone with the process.

use super::broker::MockBroker;
use crate::error::RunError;
use crate::kafka::KafkaTopics;
use crate::link::{Log, TopicSpec, Topics};
use crate::plan::ClientSettings;
use crate::units::Nanos;

/// Partitions of a topic that the mock cluster makes by itself on first use.
const DEFAULT_PARTITIONS: u32 = 4;

/// The handler of its topics; keeps the broker alive.
#[derive(Debug)]
pub(super) struct EmbeddedTopics {
    broker: MockBroker,
}

impl EmbeddedTopics {
    pub(super) const fn new(broker: MockBroker) -> Self {
        Self { broker }
    }
}

impl Topics for EmbeddedTopics {
    fn create(
        &self,
        topics: &[TopicSpec],
        _deadline: Nanos,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Vec<String>, (RunError, Vec<String>)> {
        let mut created = Vec::new();
        for topic in topics {
            // The broker makes topics of its default shape on first use, which is much faster.
            if topic.partitions != DEFAULT_PARTITIONS {
                let made = self.broker.create_topic(&topic.name, topic.partitions);
                made.map_err(|error| (error, created.clone()))?;
            }
            created.push(topic.name.clone());
            progress(created.len());
        }
        Ok(created)
    }

    /// Asked of the broker as of any other: with `acks=0` nobody else knows.
    fn logs(&self, topic: &str, partitions: u32, deadline: Nanos) -> Result<Vec<Log>, RunError> {
        let address = ("bootstrap.servers".to_owned(), self.broker.bootstrap_servers());
        let settings = ClientSettings { admin: vec![address], ..ClientSettings::default() };
        KafkaTopics::new(&settings).logs(topic, partitions, deadline)
    }
}
