//! What a property is of, by its name alone.

use crate::kafka::properties::java;
use crate::kafka::properties::table;
use crate::kafka::properties::topic;

/// What has a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PropertyKind {
    /// Some client, also where topics have one of that name (`compression.type`).
    Client,
    /// Topics alone.
    Topic,
}

/// What has a property of that name; nothing where nobody has.
pub fn kind_of(name: &str) -> Option<PropertyKind> {
    if table::find(name).is_some() || java::is_known(name) {
        Some(PropertyKind::Client)
    } else {
        topic::is_known(name).then_some(PropertyKind::Topic)
    }
}

#[cfg(test)]
mod tests {
    use super::{PropertyKind, kind_of};

    #[test]
    fn names_tell_what_they_are_of() {
        for (name, kind) in [
            ("linger.ms", Some(PropertyKind::Client)),
            ("queue.buffering.max.ms", Some(PropertyKind::Client)),
            ("buffer.memory", Some(PropertyKind::Client)),
            ("compression.type", Some(PropertyKind::Client)),
            ("min.insync.replicas", Some(PropertyKind::Topic)),
            ("redpanda.remote.write", Some(PropertyKind::Topic)),
            ("favourite.colour", None),
        ] {
            assert_eq!(kind_of(name), kind, "{name}");
        }
    }
}
