//! A Kafka-protocol cluster as a target.

use super::admission::rights;
use super::config::client_config;
use super::context::Quiet;
use super::inlet::{KafkaInlet, Reading, refused};
use super::outlet::KafkaOutlet;
use super::two_clusters::topics_of;
use crate::error::RunError;
use crate::link::{InletSpec, OutletSpec, RouteSpec, Target, Topics};
use crate::plan::{ClientSettings, CommitMode};
use crate::units::Nanos;
use rdkafka::consumer::BaseConsumer;
use rdkafka::producer::BaseProducer;
use std::sync::Arc;

/// Makes clients from the plan's settings.
pub struct KafkaTarget {
    settings: ClientSettings,
    topics: Arc<dyn Topics>,
}

impl std::fmt::Debug for KafkaTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KafkaTarget").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl KafkaTarget {
    /// The cluster that the settings' `bootstrap.servers` name, or the two.
    #[must_use]
    pub fn new(settings: &ClientSettings) -> Self {
        Self { settings: settings.clone(), topics: topics_of(settings) }
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
        Ok(KafkaInlet::new(consumer, spec, reading, rights::who(&self.settings.consumer)))
    }
}

impl Target for KafkaTarget {
    type Outlet = KafkaOutlet;
    type Inlet = KafkaInlet;

    /// Longer than a group of loopback members takes from one rebalance to the next.
    const SETTLE: Nanos = Nanos::from_millis(500);

    fn topics(&self) -> Arc<dyn Topics> {
        Arc::clone(&self.topics)
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
        let outlet = KafkaOutlet::new(producer, spec, rights::who(&self.settings.producer))?;
        if spec.transactional_id.is_some() {
            outlet.init_transactions(spec.name)?;
        }
        Ok(outlet)
    }

    fn inlet(&self, spec: &InletSpec<'_>) -> Result<KafkaInlet, RunError> {
        // A topic may have another name where consumers read it.
        let far = self.settings.consumer_cluster.as_ref();
        let named = |route: &RouteSpec<'_>| match far {
            Some(far) => far.topic(route.topic),
            None => route.topic.to_owned(),
        };
        let names: Vec<String> = spec.routes.iter().map(named).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let pairs = spec.routes.iter().zip(&names);
        let routes: Vec<RouteSpec<'_>> =
            pairs.map(|(route, topic)| RouteSpec { topic, ..*route }).collect();
        let inlet = self.consumer(&InletSpec { routes: &routes, ..*spec })?;
        inlet.subscribe(&names).map_err(|error| refused(spec, &error))?;
        Ok(inlet)
    }

    fn warm(&self, outlet: &mut KafkaOutlet, deadline: Nanos) {
        outlet.fetch_metadata(deadline);
    }
}
