//! Waits until what was created can be used: every partition has a leader, and its broker serves it.
//!
//! A cluster names a leader as soon as it has chosen one; the broker makes the partition's log after that,
//! one by one, at some milliseconds each. Clients that come in between are refused, and a consumer then asks for the
//! metadata of all its topics again for each partition that was refused (librdkafka 2.12.1,
//! `rd_kafka_handle_ListOffsets`): of 2,000 topics 236 times in the first second, which cost a core for ten.

use super::admin::{KafkaTopics, LOOK, PAUSE};
use super::context::Quiet;
use super::errors;
use super::native::Handle;
use crate::error::RunError;
use crate::link::{FailureKind, TopicSpec};
use crate::time::{Clock, OsClock};
use crate::units::Timestamp;
use rdkafka::admin::AdminClient;
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};
use std::collections::HashMap;

/// What brokers say of a partition that they do not serve yet: no leader, not the leader, unknown topic
/// or partition, unknown id of a topic.
const NOT_YET: [i32; 4] = [5, 6, 3, 100];

/// Partitions in one question: the client looks up each answer in the whole list (librdkafka 2.12.1,
/// `rd_kafka_topic_partition_list_update`), in a time that grows with the square.
const ASKED_AT_ONCE: usize = 1_000;

/// Why a topic could not be used by the deadline.
const WITHOUT_LEADER: &str = "created, but not all partitions have a leader by the deadline";
const NOT_SERVED: &str = "created, but the brokers do not serve all partitions by the deadline";

impl KafkaTopics {
    /// Waits until the brokers know all topics with all their partitions and a leader for each, and every
    /// leader has taken its partitions over.
    pub(super) fn await_served(
        &self,
        admin: &AdminClient<Quiet>,
        topics: &[TopicSpec],
        until: Timestamp,
    ) -> Result<(), RunError> {
        let clock = OsClock::anchored();
        repeat(&clock, until, WITHOUT_LEADER, || self.without_leader(admin, topics))?;
        repeat(&clock, until, NOT_SERVED, || {
            Ok(not_served(Handle::of_client(admin.inner()), topics))
        })
    }

    /// The first of the topics that lacks partitions, or a leader of one.
    fn without_leader(
        &self,
        admin: &AdminClient<Quiet>,
        topics: &[TopicSpec],
    ) -> Result<Option<String>, RunError> {
        let metadata = self.metadata(admin, LOOK)?;
        let led: HashMap<&str, usize> = metadata
            .topics()
            .iter()
            .map(|topic| {
                let led = topic.partitions().iter().filter(|part| 0 <= part.leader()).count();
                (topic.name(), led)
            })
            .collect();
        let missing = topics.iter().find(|topic| {
            led.get(topic.name.as_str()).and_then(|count| u32::try_from(*count).ok())
                < Some(topic.partitions)
        });
        Ok(missing.map(|topic| topic.name.clone()))
    }
}

/// Looks until nothing is missing; what still is at the deadline is refused for that reason.
fn repeat(
    clock: &OsClock,
    until: Timestamp,
    reason: &str,
    mut look: impl FnMut() -> Result<Option<String>, RunError>,
) -> Result<(), RunError> {
    loop {
        let began = clock.now();
        let Some(topic) = look()? else { return Ok(()) };
        if until <= began {
            return Err(RunError::Topic { topic, reason: reason.to_owned() });
        }
        // Of very many topics a look takes its time, the broker's too: half of it is left to others.
        clock.park(PAUSE.max(began.until(clock.now())));
    }
}

/// The first of the topics that a broker does not serve yet. What else may be wrong with one, e.g. that this
/// client has no right to look, is not what is asked here, and the run's own clients will say it.
fn not_served(client: Handle, topics: &[TopicSpec]) -> Option<String> {
    let of_topic = |topic: &'_ TopicSpec| 0..i32::try_from(topic.partitions).unwrap_or(i32::MAX);
    let all: Vec<(&str, i32)> = topics
        .iter()
        .flat_map(|topic| of_topic(topic).map(|partition| (topic.name.as_str(), partition)))
        .collect();
    all.chunks(ASKED_AT_ONCE).find_map(|parts| first_refused(client, parts))
}

/// The same of these partitions, asked for together.
fn first_refused(client: Handle, parts: &[(&str, i32)]) -> Option<String> {
    let mut list = TopicPartitionList::new();
    for (topic, partition) in parts {
        let added = list.add_partition_offset(topic, *partition, Offset::End);
        added.expect("the end is an offset that may be asked for");
    }
    let millis = i32::try_from(LOOK.duration().as_millis()).unwrap_or(i32::MAX);
    let code = client.ask_offsets(&list, millis);
    if NOT_YET.contains(&code)
        || matches!(errors::kind(code), FailureKind::Timeout | FailureKind::Network)
    {
        return parts.first().map(|(topic, _)| (*topic).to_owned());
    }
    let waits = |of_part: RDKafkaErrorCode| NOT_YET.contains(&(of_part as i32));
    let answers = list.elements();
    let refused = answers.iter().find(|part| {
        part.error().err().and_then(|error| error.rdkafka_error_code()).is_some_and(waits)
    });
    refused.map(|part| part.topic().to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::client_tests::Cluster;
    use super::{KafkaTopics, NOT_SERVED};
    use crate::link::TopicSpec;
    use crate::plan::ClientSettings;
    use crate::time::{Clock, OsClock};
    use crate::units::Nanos;

    #[test]
    fn what_no_broker_serves_yet_is_waited_for_until_the_deadline() {
        let cluster = Cluster::start_with(&[]);
        let servers = ("bootstrap.servers".to_owned(), cluster.broker.bootstrap_servers());
        let topics =
            KafkaTopics::new(&ClientSettings { admin: vec![servers], ..ClientSettings::default() });
        let admin = topics.admin().expect("a client");
        let clock = OsClock::anchored();
        let wait = |within: Nanos| {
            let wanted = [TopicSpec { name: "first".to_owned(), partitions: 4 }];
            topics.await_served(&admin, &wanted, clock.now() + within)
        };
        wait(Nanos::ZERO).expect("it is served");
        // The client asks again by itself a few times: refused for longer than that, and then no more.
        assert!(cluster.broker.fail_offsets("NOT_LEADER_FOR_PARTITION", 8), "known");
        wait(Nanos::from_secs(60)).expect("it comes to be served");
        assert!(cluster.broker.fail_offsets("NOT_LEADER_FOR_PARTITION", 1_000), "known");
        let error = wait(Nanos::ZERO).expect_err("nobody serves it");
        assert!(error.to_string().contains(NOT_SERVED), "{error}");
    }
}
