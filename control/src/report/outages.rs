//! Outages as the report shows them: when acks stopped, where, and until when it was felt.

use super::number::{micros, seconds, thousandth};
use engine::measure::{OutageSeen, Scope, SilentPartition};
use engine::run::Outages;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A time in which acks had stopped though messages were outstanding.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OutagePart {
    /// When it began, in seconds from the start of the measured phase; below zero in the warm-up.
    pub from_s: f64,
    /// When it ended.
    pub to_s: f64,
    /// How long it was.
    pub seconds: f64,
    /// `all`: no lane had an ack of anything; `partitions`: some partitions were silent, others went on.
    pub scope: Cow<'static, str>,
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
    /// In one line; not in the file, which has all that it says.
    #[serde(skip)]
    pub words: String,
}

/// A partition that was silent.
#[derive(Clone, Debug, Serialize, Deserialize)]
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
        let part = Self {
            from_s: micro(seen.from_s),
            to_s: micro(seen.from_s + seconds(length)),
            seconds: seconds(length),
            scope: match seen.scope {
                Scope::All => "all",
                Scope::Partitions => "partitions",
            }
            .into(),
            partitions: seen.partitions.iter().map(partition).collect(),
            partitions_silent: (seen.scope == Scope::Partitions).then_some(seen.partitions_silent),
            lanes: format!("{} of {}", seen.lanes, seen.lanes_sending),
            first_ack_after_us: seen.acked.then(|| micros(length)),
            caught_up_s: seen.caught_up.map(|after| micro(seconds(after))),
            words: String::new(),
        };
        part.told()
    }

    /// With its words: what [`OutageSeen::words`] says, but made of what the file has, so that a result that
    /// is read back says the same.
    pub(super) fn told(self) -> Self {
        let first = self.partitions.first();
        let first = first.map(|of| format!("topic {} partition {}", of.topic, of.partition));
        let first = first.unwrap_or_else(|| "some partitions".to_owned());
        let place = match self.partitions_silent.map(|silent| silent.saturating_sub(1)) {
            None => "on all partitions".to_owned(),
            Some(0) => format!("on {first}"),
            Some(others) => format!("on {first} and {others} more"),
        };
        let end = match (self.first_ack_after_us, self.caught_up_s) {
            (None, _) => "no ack ended it".to_owned(),
            (Some(_), None) => "caught up: not seen".to_owned(),
            (Some(_), Some(after)) => format!("caught up after {after:.1} s"),
        };
        let Self { seconds, from_s, lanes, .. } = &self;
        let words = format!("{seconds:.3} s from {from_s:.3} s on, {place}, {lanes} lanes; {end}");
        Self { words, ..self }
    }
}

/// To the microsecond.
fn micro(seconds: f64) -> f64 {
    thousandth(seconds * 1_000.0) / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::OutagePart;
    use engine::measure::{OutageSeen, Scope, SilentPartition};
    use engine::units::{Nanos, Timestamp};

    #[test]
    fn an_outage_is_told_in_the_words_of_the_finding() {
        let from = Timestamp::from_nanos(9_000_000_000);
        let silent = |partition| SilentPartition {
            topic: "t".to_owned(),
            partition,
            length: Nanos::from_secs(1),
        };
        for (scope, count, acked, caught_up) in [
            (Scope::All, 0, true, Some(Nanos::from_millis(1_250))),
            (Scope::All, 0, false, None),
            (Scope::Partitions, 0, true, None),
            (Scope::Partitions, 1, true, Some(Nanos::ZERO)),
            (Scope::Partitions, 3, false, Some(Nanos::from_secs(7))),
        ] {
            let seen = OutageSeen {
                from,
                to: from + Nanos::from_millis(2_345),
                from_s: -4.25,
                scope,
                partitions: (0..count).map(silent).collect(),
                partitions_silent: usize::try_from(count).expect("a few"),
                lanes: 1,
                lanes_sending: 2,
                acked,
                caught_up,
            };
            assert_eq!(OutagePart::of(&seen).words, seen.words(), "{seen:?}");
        }
    }
}
