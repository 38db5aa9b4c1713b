//! Topics and groups of a Kafka cluster: checked, created, listed, deleted, in batches.

use super::admission::rights::{self, Deed};
use super::config::client_config;
use super::context::Quiet;
use super::deleted::{describe, has_members, is_not_supported, left_with_reason};
use super::native::Handle;
use super::reach;
use crate::error::RunError;
use crate::link::{GroupState, Leaders, Log, TopicSpec, Topics};
use crate::plan::ClientSettings;
use crate::time::{Clock, OsClock};
use crate::units::Nanos;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::error::KafkaError;
use rdkafka::metadata::Metadata;
use rdkafka::types::RDKafkaErrorCode;

/// Topics in one request: OMB's number, well below what brokers accept.
const BATCH: usize = 500;

/// How long metadata may take that is asked for again and again.
pub(super) const LOOK: Nanos = Nanos::from_secs(5);

/// The longest that librdkafka lets an admin request wait (2.12.1, `rd_kafka_AdminOptions_init`).
const REQUEST_MOST: Nanos = Nanos::from_secs(3_600);

/// Pause between two looks at a cluster that is not there yet.
pub(super) const PAUSE: Nanos = Nanos::from_millis(50);

/// Pause between two looks at a group whose static members have not been given up.
const LINGERING: Nanos = Nanos::from_millis(500);

/// Whether brokers may make a topic that they are asked about, where they make topics by themselves. By
/// default they may when the client is no consumer (librdkafka 2.12.1, `rd_kafka_conf_finalize`): looking
/// whether a topic is there would make it.
pub(super) const MAKES_NOTHING: (&str, &str) = ("allow.auto.create.topics", "false");
const MAY_MAKE: (&str, &str) = ("allow.auto.create.topics", "true");

/// The handler of topics of one cluster. Makes its client anew for each job: it is idle otherwise.
#[derive(Debug)]
pub struct KafkaTopics {
    pub(super) settings: ClientSettings,
}

impl KafkaTopics {
    /// For the cluster that the settings name.
    #[must_use]
    pub fn new(settings: &ClientSettings) -> Self {
        Self { settings: settings.clone() }
    }

    pub(super) fn admin(&self) -> Result<AdminClient<Quiet>, RunError> {
        let mut config = client_config(&self.settings.admin);
        config.set(MAKES_NOTHING.0, MAKES_NOTHING.1);
        let admin: AdminClient<Quiet> =
            config.create_with_context(Quiet).map_err(|error| RunError::Client {
                client: "the handler of topics".to_owned(),
                reason: error.to_string(),
            })?;
        Handle::of_client(admin.inner()).main_queue().log_in();
        Ok(admin)
    }

    /// How many partitions a topic has. One that is not there is made by brokers that make topics by
    /// themselves, since they are asked so: `None` where they do not, or have not yet.
    ///
    /// # Errors
    /// Unreachable.
    pub fn partitions_or_made(
        &self,
        topic: &str,
        deadline: Nanos,
    ) -> Result<Option<u32>, RunError> {
        self.partitions_by(MAY_MAKE, topic, deadline)
    }

    fn partitions_by(
        &self,
        makes: (&str, &str),
        topic: &str,
        deadline: Nanos,
    ) -> Result<Option<u32>, RunError> {
        let metadata = reach::metadata(&self.settings, Some(topic), makes, deadline)?;
        let found =
            metadata.topics().iter().find(|found| found.name() == topic && found.error().is_none());
        Ok(found.map(|found| u32::try_from(found.partitions().len()).unwrap_or(u32::MAX)))
    }

    pub(super) fn metadata(
        &self,
        admin: &AdminClient<Quiet>,
        deadline: Nanos,
    ) -> Result<Metadata, RunError> {
        let found = admin.inner().fetch_metadata(None, deadline.duration());
        found.map_err(|error| reach::unreachable(&self.settings, deadline, error.to_string()))
    }

    /// Names what a cluster of so few brokers cannot give, and how to ask for less.
    fn refuse_replication(&self, brokers: usize) -> Option<RunError> {
        let brokers_text =
            if brokers == 1 { "1 broker".to_owned() } else { format!("{brokers} brokers") };
        let factor = i64::from(self.settings.replication_factor);
        let brokers = i64::try_from(brokers).unwrap_or(i64::MAX);
        let insync = self.settings.topic.iter().find(|(name, _)| name == "min.insync.replicas");
        let insync = insync.and_then(|(_, value)| value.parse::<i64>().ok()).unwrap_or(1);
        let mut faults = Vec::new();
        if brokers < factor {
            faults.push(format!(
                "replicationFactor: got {factor}: use --set driver.replicationFactor={brokers}"
            ));
        }
        if brokers < insync {
            faults.push(format!(
                "topicConfig: min.insync.replicas: got {insync}: use --set driver.topicConfig.min.insync.replicas={brokers}"
            ));
        }
        let text = faults.join("; ");
        (!faults.is_empty()).then(|| {
            RunError::Refused(format!(
                "the cluster at {} has {brokers_text}: {text}",
                reach::address(&self.settings)
            ))
        })
    }

    fn create_batch(
        &self,
        admin: &AdminClient<Quiet>,
        batch: &[TopicSpec],
        deadline: Nanos,
    ) -> Batch {
        let factor = i32::from(self.settings.replication_factor);
        let wanted: Vec<NewTopic<'_>> = batch
            .iter()
            .map(|topic| {
                let partitions = i32::try_from(topic.partitions).unwrap_or(i32::MAX);
                let new = NewTopic::new(&topic.name, partitions, TopicReplication::Fixed(factor));
                self.settings.topic.iter().fold(new, |new, (name, value)| new.set(name, value))
            })
            .collect();
        let results = pollster::block_on(admin.create_topics(&wanted, &options(deadline)));
        let mut answer = Batch::default();
        let refused =
            |topic: &str, reason: String| RunError::Topic { topic: topic.to_owned(), reason };
        match results {
            Err(error) => {
                let first = batch.first().map_or("", |topic| &topic.name);
                answer.error = Some(refused(first, error.to_string()));
            }
            Ok(results) => {
                for (topic, result) in batch.iter().zip(results) {
                    match result {
                        Ok(_) => answer.created.push(topic.name.clone()),
                        Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {
                            answer.existing.push(topic.clone());
                        }
                        Err((_, code)) if rights::is_denied(code as i32) => {
                            let who = rights::who(&self.settings.admin);
                            let words = rights::words(&who, Deed::Create(&topic.name), code as i32);
                            answer.error.get_or_insert(RunError::NotAdmitted(words));
                        }
                        Err((_, code)) => {
                            let words = describe(code);
                            answer.error.get_or_insert_with(|| refused(&topic.name, words));
                        }
                    }
                }
            }
        }
        answer
    }
}

/// What a batch of creations came to.
#[derive(Default)]
struct Batch {
    created: Vec<String>,
    existing: Vec<TopicSpec>,
    error: Option<RunError>,
}

/// For one request; the deadline of many may be longer than librdkafka lets one of them be.
fn options(deadline: Nanos) -> AdminOptions {
    let within = deadline.min(REQUEST_MOST).duration();
    AdminOptions::new().request_timeout(Some(within)).operation_timeout(Some(within))
}

impl Topics for KafkaTopics {
    fn check(&self, deadline: Nanos) -> Result<(), RunError> {
        let brokers = reach::brokers(&self.settings, deadline)?;
        self.refuse_replication(brokers).map_or(Ok(()), Err)
    }

    fn create(
        &self,
        topics: &[TopicSpec],
        deadline: Nanos,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Vec<String>, (RunError, Vec<String>)> {
        let clock = OsClock::anchored();
        let until = clock.now() + deadline;
        let admin = self.admin().map_err(|error| (error, Vec::new()))?;
        let mut created = Vec::new();
        for batch in topics.chunks(BATCH) {
            let answer = self.create_batch(&admin, batch, clock.now().until(until));
            created.extend(answer.created);
            let wrong =
                answer.existing.iter().find_map(|topic| match self.partitions(&topic.name, LOOK) {
                    Ok(Some(partitions)) if partitions == topic.partitions => None,
                    Ok(found) => Some(wrong_shape(topic, found)),
                    Err(error) => Some(error),
                });
            if let Some(error) = answer.error.or(wrong) {
                return Err((error, created));
            }
            // Brokers take longer to make logs than to promise them: each batch waits for its own, so that
            // they are not asked for all at once, and what is told is done.
            if let Err(error) = self.await_served(&admin, batch, until) {
                return Err((error, created));
            }
            progress(created.len());
        }
        Ok(created)
    }

    fn delete(&self, topics: &[String], deadline: Nanos) -> Vec<(String, String)> {
        let admin = match self.admin() {
            Ok(admin) => admin,
            Err(error) => {
                return topics.iter().map(|name| (name.clone(), error.to_string())).collect();
            }
        };
        let delete = |batch: &[String]| {
            let names: Vec<&str> = batch.iter().map(String::as_str).collect();
            left_with_reason(
                batch,
                pollster::block_on(admin.delete_topics(&names, &options(deadline))),
            )
        };
        topics.chunks(BATCH).flat_map(delete).collect()
    }

    fn delete_groups(&self, groups: &[String], deadline: Nanos) -> Vec<(String, String)> {
        let admin = match self.admin() {
            Ok(admin) => admin,
            Err(error) => {
                return groups.iter().map(|name| (name.clone(), error.to_string())).collect();
            }
        };
        let clock = OsClock::anchored();
        let until = clock.now() + deadline;
        let (mut left, mut is_broken) = (Vec::new(), false);
        for batch in groups.chunks(BATCH) {
            let names: Vec<&str> = batch.iter().map(String::as_str).collect();
            let mut results = pollster::block_on(admin.delete_groups(&names, &options(deadline)));
            // A static member does not say that it leaves: it is in its group until its session is over.
            while self.settings.instance_prefix().is_some()
                && has_members(&results)
                && clock.now() < until
            {
                clock.park(LINGERING);
                results = pollster::block_on(admin.delete_groups(&names, &options(deadline)));
            }
            is_broken |= is_not_supported(&results);
            left.extend(left_with_reason(batch, results));
        }
        if is_broken {
            // librdkafka has given back a reference to its queue twice (2.12.1, `rd_kafka_coord_req_fsm`
            // after `rd_kafka_DeleteGroupsRequest`) and would abort the process when this client goes.
            std::mem::forget(admin);
        }
        left
    }

    fn list(&self, deadline: Nanos) -> Result<Vec<String>, RunError> {
        let metadata = reach::metadata(&self.settings, None, MAKES_NOTHING, deadline)?;
        Ok(metadata.topics().iter().map(|topic| topic.name().to_owned()).collect())
    }

    fn list_groups(&self, deadline: Nanos) -> Result<Vec<GroupState>, RunError> {
        let admin = self.admin()?;
        let clock = OsClock::anchored();
        let until = clock.now() + deadline;
        let groups = loop {
            let left = clock.now().until(until);
            match admin.inner().fetch_group_list(None, left.duration()) {
                Ok(groups) => break groups,
                Err(error) if is_passing(&error) && PAUSE < left => clock.park(PAUSE),
                Err(error) => {
                    return Err(reach::unreachable(&self.settings, deadline, error.to_string()));
                }
            }
        };
        let state = |group: &rdkafka::groups::GroupInfo| GroupState {
            name: group.name().to_owned(),
            members: group.members().len(),
        };
        Ok(groups.groups().iter().map(state).collect())
    }

    fn partitions(&self, topic: &str, deadline: Nanos) -> Result<Option<u32>, RunError> {
        self.partitions_by(MAKES_NOTHING, topic, deadline)
    }

    fn logs(&self, topic: &str, partitions: u32, deadline: Nanos) -> Result<Vec<Log>, RunError> {
        let admin = self.admin()?;
        let partitions = i32::try_from(partitions).unwrap_or(i32::MAX);
        let log = |partition| {
            let marks = admin.inner().fetch_watermarks(topic, partition, deadline.duration());
            marks.map(|(first, end)| Log { first, end }).map_err(|error| RunError::Topic {
                topic: topic.to_owned(),
                reason: format!("offsets of partition {partition}: {error}"),
            })
        };
        (0..partitions).map(log).collect()
    }

    fn leaders(&self, topics: &[&str], deadline: Nanos) -> Result<Option<Leaders>, RunError> {
        self.ask_leaders(topics, deadline).map(Some)
    }
}

/// Whether a broker that has just started will soon answer otherwise: it still loads its groups.
fn is_passing(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::CoordinatorLoadInProgress
                | RDKafkaErrorCode::CoordinatorNotAvailable
                | RDKafkaErrorCode::NotCoordinator
        )
    )
}

fn wrong_shape(topic: &TopicSpec, found: Option<u32>) -> RunError {
    let found = found.map_or_else(
        || "no partitions that can be read".to_owned(),
        |found| format!("{found} partitions"),
    );
    let reason = format!("exists with {found}, the plan needs {}", topic.partitions);
    RunError::Topic { topic: topic.name.clone(), reason }
}
