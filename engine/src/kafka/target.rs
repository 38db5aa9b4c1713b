//! A Kafka-protocol cluster as a target.

use super::admin::KafkaTopics;
use super::config::client_config;
use super::context::Quiet;
use super::inlet::{KafkaInlet, Reading, refused};
use super::outlet::KafkaOutlet;
use crate::error::RunError;
use crate::link::{InletSpec, OutletSpec, Target, Topics};
use crate::plan::{ClientSettings, CommitMode};
use crate::units::Nanos;
use rdkafka::consumer::BaseConsumer;
use rdkafka::producer::BaseProducer;
use std::sync::Arc;

/// Makes clients from the plan's settings.
#[derive(Debug)]
pub struct KafkaTarget {
    settings: ClientSettings,
    topics: Arc<KafkaTopics>,
}

impl KafkaTarget {
    /// The cluster that the settings' `bootstrap.servers` name.
    #[must_use]
    pub fn new(settings: &ClientSettings) -> Self {
        Self { settings: settings.clone(), topics: Arc::new(KafkaTopics::new(settings)) }
    }

    /// A consumer of a group, not subscribed to anything yet.
    pub(super) fn consumer(&self, spec: &InletSpec<'_>) -> Result<KafkaInlet, RunError> {
        let mut config = client_config(&self.settings.consumer);
        config.set("group.id", spec.group);
        // The settings name how the ids begin; each member of a group has its own.
        if let Some(prefix) = self.settings.instance_prefix() {
            config.set("group.instance.id", format!("{prefix}-{}", spec.member.0));
        }
        let consumer: BaseConsumer<Quiet> =
            config.create_with_context(Quiet).map_err(|error| refused(spec, &error))?;
        let reading = Reading {
            commits: matches!(self.settings.commit, CommitMode::Every(_)),
            from_end: self.settings.start_at_the_end(),
            stamp_in_header: spec.stamp_in_header,
        };
        Ok(KafkaInlet::new(consumer, spec, reading))
    }
}

impl Target for KafkaTarget {
    type Outlet = KafkaOutlet;
    type Inlet = KafkaInlet;

    /// Longer than a group of loopback members takes from one rebalance to the next.
    const SETTLE: Nanos = Nanos::from_millis(500);

    fn topics(&self) -> Arc<dyn Topics> {
        Arc::<KafkaTopics>::clone(&self.topics)
    }

    fn outlet(&self, spec: &OutletSpec<'_>) -> Result<KafkaOutlet, RunError> {
        let mut config = client_config(&self.settings.producer);
        // The settings name how the ids begin; each client has its own.
        match spec.transactional_id {
            Some(id) => config.set("transactional.id", id),
            None => config.remove("transactional.id"),
        };
        let producer: BaseProducer<Quiet> = config.create_with_context(Quiet).map_err(|error| {
            RunError::Client { client: spec.name.to_owned(), reason: error.to_string() }
        })?;
        let outlet = KafkaOutlet::new(producer, spec)?;
        if spec.transactional_id.is_some() {
            outlet.init_transactions(spec.name)?;
        }
        Ok(outlet)
    }

    fn inlet(&self, spec: &InletSpec<'_>) -> Result<KafkaInlet, RunError> {
        let inlet = self.consumer(spec)?;
        let names: Vec<&str> = spec.routes.iter().map(|route| route.topic).collect();
        inlet.subscribe(&names).map_err(|error| refused(spec, &error))?;
        Ok(inlet)
    }

    fn warm(&self, outlet: &mut KafkaOutlet, deadline: Nanos) {
        outlet.fetch_metadata(deadline);
    }
}
