//! Consumers at another cluster than producers: somebody else carries what is between the two.

use super::demand::ClientSettings;

/// The cluster that consumers read from, where it is not the one that producers send to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsumerCluster {
    /// For its handler of topics.
    pub admin: Vec<(String, String)>,
    /// What a topic's name there begins with, before its name at the producers' cluster; may be empty.
    pub topic_prefix: String,
}

impl ConsumerCluster {
    /// A topic's name there.
    #[must_use]
    pub fn topic(&self, name: &str) -> String {
        format!("{}{name}", self.topic_prefix)
    }
}

impl ClientSettings {
    /// Addresses of the cluster that producers send to, as the settings have them; empty where they have none.
    #[must_use]
    pub fn address(&self) -> &str {
        address(&self.admin)
    }

    /// The same of the cluster that consumers read from.
    #[must_use]
    pub fn consumer_address(&self) -> &str {
        self.consumer_cluster.as_ref().map_or_else(|| self.address(), |far| address(&far.admin))
    }

    /// What the handler of topics at the consumers' cluster is told, if that is another one.
    #[must_use]
    pub fn at_the_consumers(&self) -> Option<Self> {
        let far = self.consumer_cluster.as_ref()?;
        Some(Self { admin: far.admin.clone(), consumer_cluster: None, ..self.clone() })
    }
}

fn address(settings: &[(String, String)]) -> &str {
    let named = |name: &str| settings.iter().find(|(known, _)| known == name);
    let found = named("bootstrap.servers").or_else(|| named("metadata.broker.list"));
    found.map_or("", |(_, value)| value.as_str())
}
