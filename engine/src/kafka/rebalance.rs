//! What a consumer does when its group says what it holds: obeys, commits before it gives up what it has
//! read, and tells its lane.

use super::errors::{ASSIGN_PARTITIONS, NO_OFFSET};
use super::inlet::{KafkaInlet, failure};
use super::native::{Event, Handle};
use crate::link::{Assigned, Change, InletSink, Rebalance};
use crate::time::Clock;
use rdkafka::consumer::{CommitMode, Consumer, RebalanceProtocol};
use rdkafka::error::KafkaResult;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::time::Duration;

/// How long looking up a partition's end may take.
const LOOKUP: Duration = Duration::from_secs(5);

impl KafkaInlet {
    /// Answers an event of the client's about its group.
    pub(super) fn rebalance(
        &mut self,
        clock: &impl Clock,
        event: &Event,
        sink: &mut impl InletSink,
    ) {
        let begun = clock.now();
        let partitions = event.partitions();
        let given = event.code() == ASSIGN_PARTITIONS;
        let change = match (given, self.consumer.assignment_lost()) {
            (true, _) => Change::Given,
            (false, false) => Change::Taken,
            (false, true) => Change::Lost,
        };
        let commits = !given && self.reading.commits && !partitions.is_empty();
        let is_committed = commits && self.commit_now(sink);
        if let Err(error) = self.obey(&partitions, given) {
            self.last_words = Some(error.to_string());
            sink.trouble(failure(&error), true);
        }
        self.note_assignment(&partitions, given);
        sink.rebalanced(&Rebalance {
            change,
            partitions: partitions.len(),
            held: self.assignment.len(),
            // Who is asked after it gave up its last partition may be closed already.
            generation: Some(Handle::of_consumer(&self.consumer))
                .filter(|_| given)
                .and_then(Handle::generation),
            begun,
            ended: clock.now(),
            is_committed,
        });
    }

    /// Notes what was given or taken.
    pub(super) fn note_assignment(&mut self, partitions: &[(String, i32)], given: bool) {
        let known = |(topic, partition): &(String, i32)| {
            let index = self.by_name.get(topic)?;
            Some(Assigned { route: self.topics[*index].route, partition: *partition })
        };
        let moved: Vec<Assigned> = partitions.iter().filter_map(known).collect();
        if given {
            self.assignment.extend(moved);
        } else {
            self.assignment.retain(|held| !moved.contains(held));
        }
        self.revision += 1;
    }

    /// Tells the client that its rebalance is accepted, as its protocol asks.
    fn obey(&self, partitions: &[(String, i32)], given: bool) -> KafkaResult<()> {
        let mut list = TopicPartitionList::new();
        for (topic, partition) in partitions {
            list.add_partition(topic, *partition);
        }
        if given && self.reading.from_end {
            self.start_at_end(&mut list)?;
        }
        match (self.consumer.rebalance_protocol(), given) {
            (RebalanceProtocol::Cooperative, true) => self.consumer.incremental_assign(&list),
            (RebalanceProtocol::Cooperative, false) => self.consumer.incremental_unassign(&list),
            (_, true) => self.consumer.assign(&list),
            (_, false) => self.consumer.unassign(),
        }
    }

    /// Partitions that the group has read go on where it stopped, all others start at their end as
    /// it is now: asked for, not left to the client's first fetch, which comes too late. That is committed, so
    /// that whoever has them next goes on from there too: what came meanwhile would be missed. Where the
    /// group is dealt anew already that is refused, and done again.
    fn start_at_end(&self, list: &mut TopicPartitionList) -> KafkaResult<()> {
        let committed = self.consumer.committed_offsets(list.clone(), LOOKUP)?;
        let mut begun = TopicPartitionList::new();
        for element in committed.elements() {
            let (topic, partition) = (element.topic(), element.partition());
            let offset = match element.offset() {
                Offset::Offset(offset) => offset,
                _ => {
                    let end = self.consumer.fetch_watermarks(topic, partition, LOOKUP)?.1;
                    begun.add_partition_offset(topic, partition, Offset::Offset(end))?;
                    end
                }
            };
            list.set_partition_offset(topic, partition, Offset::Offset(offset))?;
        }
        if 0 < begun.count() {
            drop(self.consumer.commit(&begun, CommitMode::Sync));
        }
        Ok(())
    }

    /// Commits what was read and waits for the answer; whether all of it is committed now.
    fn commit_now(&self, sink: &mut impl InletSink) -> bool {
        match self.consumer.commit_consumer_state(CommitMode::Sync) {
            Ok(()) => sink.committed(Ok(())),
            Err(error) if failure(&error).code == NO_OFFSET => {}
            Err(error) => {
                sink.committed(Err(failure(&error)));
                return false;
            }
        }
        true
    }
}
