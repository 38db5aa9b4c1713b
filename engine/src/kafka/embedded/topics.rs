//! Topics of the embedded broker: made by handle, gone with the process.

use super::broker::MockBroker;
use crate::error::RunError;
use crate::link::{GroupState, TopicSpec, Topics};
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
    fn check(&self, _deadline: Nanos) -> Result<(), RunError> {
        Ok(())
    }

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

    fn delete(&self, _topics: &[String], _deadline: Nanos) -> Vec<(String, String)> {
        Vec::new()
    }

    fn delete_groups(&self, _groups: &[String], _deadline: Nanos) -> Vec<(String, String)> {
        Vec::new()
    }

    fn list(&self, _deadline: Nanos) -> Result<Vec<String>, RunError> {
        Ok(Vec::new())
    }

    fn list_groups(&self, _deadline: Nanos) -> Result<Vec<GroupState>, RunError> {
        Ok(Vec::new())
    }

    fn partitions(&self, _topic: &str, _deadline: Nanos) -> Result<Option<u32>, RunError> {
        Ok(None)
    }

    fn end_offsets(
        &self,
        _topic: &str,
        _partitions: u32,
        _deadline: Nanos,
    ) -> Result<Vec<i64>, RunError> {
        Ok(Vec::new())
    }
}
