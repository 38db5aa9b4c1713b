//! The embedded broker as a target.

use super::broker::MockBroker;
use super::inlet::EmbeddedInlet;
use super::outlet::EmbeddedOutlet;
use super::retention::Unread;
use super::topics::EmbeddedTopics;
use crate::error::RunError;
use crate::kafka::inlet::refused;
use crate::kafka::target::KafkaTarget;
use crate::link::{InletSpec, OutletSpec, Target, Topics};
use crate::plan::{Demand, StreamDemand};
use crate::units::{Bytes, Nanos};
use std::sync::Arc;

/// The largest body: two must fit beside each other into the 5 MiB that the mock cluster keeps of a
/// partition. With 2,600 KiB readers were found waiting for a message that had vanished.
const MESSAGE_MAX: Bytes = Bytes(2 << 20);

/// The embedded broker as a target.
#[derive(Debug)]
pub struct EmbeddedTarget {
    clients: KafkaTarget,
    unread: Arc<Unread>,
    topics: Arc<EmbeddedTopics>,
}

impl EmbeddedTarget {
    /// Starts the broker and points the plan's clients to it.
    ///
    /// # Errors
    /// Messages above 2 MiB, or the client's refusal.
    pub fn start(demand: &Demand) -> Result<Self, RunError> {
        let largest = demand.streams.iter().map(StreamDemand::message_size_max).max();
        if let Some(large) = largest.filter(|size| MESSAGE_MAX < *size) {
            return Err(RunError::Refused(format!(
                "messageSize: got {large}, the embedded broker keeps 5 MiB of a partition and takes at \
                 most {MESSAGE_MAX}: use a smaller size, or a cluster (--bootstrap-server)"
            )));
        }
        let broker = MockBroker::start(1)?;
        let mut settings = demand.clients.clone();
        for list in [&mut settings.producer, &mut settings.consumer, &mut settings.admin] {
            list.retain(|(name, _)| name != "bootstrap.servers");
            list.push(("bootstrap.servers".to_owned(), broker.bootstrap_servers()));
        }
        // The mock cluster wakes no fetch for new data: a long wait would read as latency.
        set(&mut settings.consumer, "fetch.wait.max.ms", "1");
        let lingers = settings.producer.iter().any(|(name, value)| {
            matches!(name.as_str(), "linger.ms" | "queue.buffering.max.ms")
                && value.parse::<f64>().is_ok_and(|ms| 1.0 <= ms)
        });
        if !lingers {
            // It slows down with every batch it keeps.
            settings.producer.retain(|(name, _)| name != "queue.buffering.max.ms");
            set(&mut settings.producer, "linger.ms", "1");
        }
        Ok(Self {
            clients: KafkaTarget::new(&settings),
            unread: Arc::new(Unread::new(demand)),
            topics: Arc::new(EmbeddedTopics::new(broker)),
        })
    }
}

fn set(settings: &mut Vec<(String, String)>, name: &str, value: &str) {
    settings.retain(|(known, _)| known != name);
    settings.push((name.to_owned(), value.to_owned()));
}

impl Target for EmbeddedTarget {
    type Outlet = EmbeddedOutlet;
    type Inlet = EmbeddedInlet;

    const SETTLE: Nanos = Nanos::ZERO;

    fn topics(&self) -> Arc<dyn Topics> {
        Arc::<EmbeddedTopics>::clone(&self.topics)
    }

    fn outlet(&self, spec: &OutletSpec<'_>) -> Result<EmbeddedOutlet, RunError> {
        Ok(EmbeddedOutlet::new(self.clients.outlet(spec)?, &self.unread, spec))
    }

    fn inlet(&self, spec: &InletSpec<'_>) -> Result<EmbeddedInlet, RunError> {
        let mut inner = self.clients.consumer(spec)?;
        let (member, of) = spec.member;
        let all = spec.routes.iter().flat_map(|route| {
            let partitions = i32::try_from(route.partitions).unwrap_or(i32::MAX);
            (0..partitions).map(|partition| (route.topic.to_owned(), partition))
        });
        let mine: Vec<(String, i32)> =
            (0_u32..).zip(all).filter(|(n, _)| n % of == member).map(|(_, p)| p).collect();
        inner.assign(&mine).map_err(|error| refused(spec, &error))?;
        Ok(EmbeddedInlet::new(inner, &self.unread, spec))
    }

    fn warm(&self, outlet: &mut EmbeddedOutlet, deadline: Nanos) {
        self.clients.warm(outlet.client(), deadline);
    }
}
