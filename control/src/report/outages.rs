//! Outages as the report shows them: when acks stopped, where, and until when it was felt.

use super::number::{micros, seconds, thousandth};
use engine::measure::{OutageSeen, Scope, SilentPartition};
use engine::run::Outages;
use serde::Serialize;

/// A time in which acks had stopped though messages were outstanding.
#[derive(Clone, Debug, Serialize)]
pub struct OutagePart {
    /// When it began, in seconds from the start of the measured phase; below zero in the warm-up.
    pub from_s: f64,
    /// When it ended.
    pub to_s: f64,
    /// How long it was.
    pub seconds: f64,
    /// `all`: no lane had an ack of anything; `partitions`: some partitions were silent, others went on.
    pub scope: &'static str,
    /// The partitions that were silent, the longest first, 20 at most; empty where all were.
    pub partitions: Vec<PartitionPart>,
    /// How many there are in all; null where all were silent.
    pub partitions_silent: Option<usize>,
    /// How many of the sending lanes were silent, `n of m`.
    pub lanes: String,
    /// How long the first ack took that ended it; null where none did.
    pub first_ack_after_us: Option<f64>,
    /// From its end until publish latency was back at what it had been, to the second; null where that is
    /// not known.
    pub caught_up_s: Option<f64>,
    /// In one line.
    #[serde(skip)]
    pub words: String,
}

/// A partition that was silent.
#[derive(Clone, Debug, Serialize)]
pub struct PartitionPart {
    /// Its topic.
    pub topic: String,
    /// Its number.
    pub partition: u32,
    /// For how long at most without an ack.
    pub seconds: f64,
}

impl OutagePart {
    /// All that are told, in the order of time.
    pub(super) fn all(outages: &Outages) -> Vec<Self> {
        outages.all.iter().map(Self::of).collect()
    }

    fn of(seen: &OutageSeen) -> Self {
        let length = seen.length();
        let partition = |of: &SilentPartition| PartitionPart {
            topic: of.topic.clone(),
            partition: of.partition,
            seconds: seconds(of.length),
        };
        Self {
            from_s: micro(seen.from_s),
            to_s: micro(seen.from_s + seconds(length)),
            seconds: seconds(length),
            scope: match seen.scope {
                Scope::All => "all",
                Scope::Partitions => "partitions",
            },
            partitions: seen.partitions.iter().map(partition).collect(),
            partitions_silent: (seen.scope == Scope::Partitions).then_some(seen.partitions_silent),
            lanes: format!("{} of {}", seen.lanes, seen.lanes_sending),
            first_ack_after_us: seen.acked.then(|| micros(length)),
            caught_up_s: seen.caught_up.map(|after| micro(seconds(after))),
            words: seen.words(),
        }
    }
}

/// To the microsecond.
fn micro(seconds: f64) -> f64 {
    thousandth(seconds * 1_000.0) / 1_000.0
}
