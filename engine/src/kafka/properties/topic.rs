//! The configs of topics, as Kafka 4.1's brokers take them (and older ones and Redpanda's).

use crate::kafka::properties::effective::{Effective, Note, NoteKind};
use crate::kafka::properties::error::PropertyError;
use crate::kafka::properties::kind::Kind;
use crate::kafka::properties::read;
use crate::kafka::properties::request::Layer;
use crate::kafka::properties::suggest::{closest, suggest};
use crate::kafka::properties::table;

const INT: i64 = 2_147_483_647;
const LONG: i64 = i64::MAX;

/// A config's name and what it takes.
type Row = (&'static str, Kind);

/// Every config of a topic in Kafka 4.1, then those that newer brokers dropped.
const TOPIC: &[Row] = &[
    ("cleanup.policy", Kind::ListOf(&["delete", "compact"])),
    ("compression.gzip.level", int(-1, 9)),
    ("compression.lz4.level", int(1, 17)),
    (
        "compression.type",
        Kind::OneOf(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]),
    ),
    ("compression.zstd.level", int(-131_072, 22)),
    ("delete.retention.ms", int(0, LONG)),
    ("file.delete.delay.ms", int(0, LONG)),
    ("flush.messages", int(1, LONG)),
    ("flush.ms", int(0, LONG)),
    ("follower.replication.throttled.replicas", Kind::Free),
    ("index.interval.bytes", int(0, INT)),
    ("leader.replication.throttled.replicas", Kind::Free),
    ("local.retention.bytes", int(-2, LONG)),
    ("local.retention.ms", int(-2, LONG)),
    ("max.compaction.lag.ms", int(1, LONG)),
    ("max.message.bytes", int(0, INT)),
    ("message.timestamp.after.max.ms", int(0, LONG)),
    ("message.timestamp.before.max.ms", int(0, LONG)),
    ("message.timestamp.type", Kind::OneOf(&["CreateTime", "LogAppendTime"])),
    ("min.cleanable.dirty.ratio", Kind::Decimal { min: 0.0, max: 1.0 }),
    ("min.compaction.lag.ms", int(0, LONG)),
    ("min.insync.replicas", int(1, INT)),
    ("preallocate", Kind::Boolean),
    ("remote.log.copy.disable", Kind::Boolean),
    ("remote.log.delete.on.disable", Kind::Boolean),
    ("remote.storage.enable", Kind::Boolean),
    ("retention.bytes", int(-1, LONG)),
    ("retention.ms", int(-1, LONG)),
    // Kafka 4 wants at least 1 MiB, older brokers 14 bytes.
    ("segment.bytes", int(14, INT)),
    ("segment.index.bytes", int(4, INT)),
    ("segment.jitter.ms", int(0, LONG)),
    ("segment.ms", int(1, LONG)),
    ("unclean.leader.election.enable", Kind::Boolean),
    ("message.downconversion.enable", Kind::Boolean),
    ("message.format.version", Kind::Text),
    ("message.timestamp.difference.max.ms", int(0, LONG)),
];

/// Names that other brokers of the protocol give their own configs; those know what is right.
const FOREIGN: &[&str] = &["redpanda.", "write.caching", "initial.retention.", "confluent."];

const fn int(min: i64, max: i64) -> Kind {
    Kind::Integer { min, max }
}

/// The configs of the topics that a run creates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TopicConfig {
    /// Name and value, each name once.
    pub properties: Vec<Effective>,
    /// What the user should know about what was written.
    pub notes: Vec<Note>,
}

impl TopicConfig {
    /// The value that was written for a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.properties.iter().find(|one| one.name == name).map(|one| one.value.as_str())
    }
}

/// Checks the configs of topics, or returns every fault there is. Absent ones are the broker's.
pub fn resolve_topic(layers: &[Layer]) -> Result<TopicConfig, Vec<PropertyError>> {
    let mut config = TopicConfig::default();
    let mut errors = Vec::new();
    for layer in layers {
        for entry in &layer.entries {
            let name = &entry.name;
            let value = kind(name).and_then(|kind| {
                if kind == Kind::Free && !is_listed(name) {
                    let text = "is another broker's: the broker alone checks it".to_owned();
                    let (name, place) = (name.clone(), entry.place.clone());
                    config.notes.push(Note { kind: NoteKind::Warning, name, place, text });
                }
                read::parse(kind, entry, layer, &mut config.notes)
            });
            match value {
                Err(problem) => errors.push(layer.error(entry, problem)),
                Ok(value) => {
                    config.properties.retain(|one| one.name != *name);
                    config.properties.push(Effective {
                        name: name.clone(),
                        value,
                        origin: layer.origin,
                        written_as: None,
                        note: None,
                        secret: false,
                    });
                }
            }
        }
    }
    if errors.is_empty() { Ok(config) } else { Err(errors) }
}

/// Whether topics have a config of that name.
pub(crate) fn is_known(name: &str) -> bool {
    kind(name).is_ok()
}

fn is_listed(name: &str) -> bool {
    TOPIC.iter().any(|(listed, _)| *listed == name)
}

fn kind(name: &str) -> Result<Kind, String> {
    if let Some((_, kind)) = TOPIC.iter().find(|(listed, _)| *listed == name) {
        return Ok(*kind);
    }
    if FOREIGN.iter().any(|prefix| name.starts_with(prefix)) {
        return Ok(Kind::Free);
    }
    let unknown = "topics have no such config";
    Err(match closest(name, TOPIC.iter().map(|(listed, _)| *listed)) {
        Some(meant) => format!("{unknown}, did you mean {meant}?"),
        None if table::find(name).is_some() => format!("{unknown}: it is a client's property"),
        None => match suggest(name) {
            Some(meant) => format!("{unknown}, and clients have only {meant}"),
            None => unknown.to_owned(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::resolve_topic;
    use crate::kafka::properties::effective::Origin;
    use crate::kafka::properties::request::{Entry, Layer, Scope};

    fn layer(lines: &[(&str, &str)]) -> Layer {
        let entry = |(index, (name, value)): (usize, &(&str, &str))| Entry {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
            place: format!("d.yaml:{}", index + 1),
        };
        let entries = lines.iter().enumerate().map(entry).collect();
        let section = "topicConfig".to_owned();
        Layer { section, scope: Scope::Role, origin: Origin::File, entries }
    }

    #[test]
    fn ombs_topic_configs_are_taken() {
        let layer = layer(&[
            ("min.insync.replicas", "1"),
            ("flush.messages", "1"),
            ("flush.ms", "0"),
            ("cleanup.policy", "compact,delete"),
            ("retention.ms", "-1"),
            ("min.insync.replicas", "2 "),
            ("redpanda.remote.write", "true"),
        ]);
        let config = resolve_topic(&[layer]).expect("all are legal");
        assert_eq!(config.get("min.insync.replicas"), Some("2"));
        assert_eq!(config.get("cleanup.policy"), Some("compact,delete"));
        assert_eq!(config.properties.len(), 6);
        assert_eq!(config.notes.len(), 2, "trimmed, foreign: {:?}", config.notes);
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let layer = layer(&[
            ("min.insync.replica", "2"),
            ("flush.ms", "soon"),
            ("linger.ms", "1"),
            ("retention.ms", "-2"),
            ("favourite.colour", "blue"),
        ]);
        let errors = resolve_topic(&[layer]).expect_err("none is legal");
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        let expected = [
            "d.yaml:1: topicConfig: min.insync.replica: topics have no such config, did you mean \
             min.insync.replicas?",
            "d.yaml:2: topicConfig: flush.ms: got \"soon\", need an integer from 0 to \
             9223372036854775807",
            "d.yaml:3: topicConfig: linger.ms: topics have no such config: it is a client's \
             property",
            "d.yaml:4: topicConfig: retention.ms: got \"-2\", need an integer from -1 to \
             9223372036854775807",
            "d.yaml:5: topicConfig: favourite.colour: topics have no such config",
        ];
        assert_eq!(texts, expected);
    }
}
