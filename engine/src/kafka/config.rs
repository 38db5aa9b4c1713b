//! The plan's settings as rdkafka takes them.

use rdkafka::config::ClientConfig;

/// The settings as rdkafka takes them.
pub(super) fn client_config(settings: &[(String, String)]) -> ClientConfig {
    let mut config = ClientConfig::new();
    for (name, value) in settings {
        config.set(name, value);
    }
    config
}
