//! Outages of a run: when acks stopped, where, and how long the first one took; told, and never judged by.

use super::constants::SILENCE_LEAST;
use super::facts::{count, number, text};
use super::latency::Latency;
use super::verdict::{Case, Found};
use crate::units::{Nanos, Timestamp};

/// A time in which acks had stopped though messages were outstanding.
#[derive(Clone, Debug, PartialEq)]
pub struct OutageSeen {
    /// When it began.
    pub from: Timestamp,
    /// When it ended.
    pub to: Timestamp,
    /// When it began, in seconds from the start of the measured phase.
    pub from_s: f64,
    /// Where.
    pub scope: Scope,
    /// The partitions that were silent, the longest first; only where others were not, and not all of many.
    pub partitions: Vec<SilentPartition>,
    /// How many there are in all.
    pub partitions_silent: usize,
    /// How many lanes were silent.
    pub lanes: usize,
    /// How many lanes had something to send then.
    pub lanes_sending: usize,
    /// Whether an ack ended it; else messages were given up, or the run ended.
    pub acked: bool,
    /// From its end until publish latency was back at what it had been before, to the second; `None` where
    /// that is not known or did not come.
    pub caught_up: Option<Nanos>,
}

/// Where acks had stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// On every lane: nobody had an ack of anything.
    All,
    /// On some partitions, while others went on.
    Partitions,
}

/// A partition that was silent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SilentPartition {
    /// Its topic.
    pub topic: String,
    /// Its number.
    pub partition: u32,
    /// For how long.
    pub length: Nanos,
}

impl OutageSeen {
    /// How long it was: where an ack ended it, that ack took so long.
    #[must_use]
    pub const fn length(&self) -> Nanos {
        self.from.until(self.to)
    }

    /// Where and how long, in words.
    #[must_use]
    pub fn words(&self) -> String {
        let place = match self.scope {
            Scope::All => "on all partitions".to_owned(),
            Scope::Partitions => {
                let others = self.partitions_silent.saturating_sub(1);
                let first = self.partitions.first();
                let first =
                    first.map(|of| format!("topic {} partition {}", of.topic, of.partition));
                let first = first.unwrap_or_else(|| "some partitions".to_owned());
                if others == 0 {
                    format!("on {first}")
                } else {
                    format!("on {first} and {others} more")
                }
            }
        };
        let end = match (self.acked, self.caught_up) {
            (false, _) => "no ack ended it".to_owned(),
            (true, None) => "caught up: not seen".to_owned(),
            (true, Some(after)) => format!("caught up after {:.1} s", after.as_secs_f64()),
        };
        let (length, from, lanes, sending) =
            (self.length().as_secs_f64(), self.from_s, self.lanes, self.lanes_sending);
        format!("{length:.3} s from {from:.3} s on, {place}, {lanes} of {sending} lanes; {end}")
    }
}

/// Tells of the outages.
pub(super) fn outage(case: &Case<'_>, found: &mut Found) {
    let all = case.evidence.outages;
    let Some(longest) = all.iter().max_by_key(|outage| outage.length()) else { return };
    // Those of partitions may overlap, and those of all among them.
    let of_all = all.iter().filter(|outage| outage.scope == Scope::All);
    // From +0: the sum of none would be -0, and be told so.
    let total = of_all.fold(0.0, |total, outage| total + outage.length().as_secs_f64());
    let held_up = case.tally.streams.iter().filter_map(|of| of.measured.publish_in_outage.as_ref());
    let held_up: u64 = held_up.map(Latency::count).sum();
    let many = u64::try_from(all.len()).expect("a few are told");
    let times = if many == 1 { "once".to_owned() } else { format!("{many} times") };
    found.warn(
        "outage",
        format!(
            "Acks stopped {times} for more than {SILENCE_LEAST} though messages were outstanding, \
             on everything for {total:.1} s in all. The longest: {}. {held_up} messages were held up: see \
             latency.publish_in_outage, and publish_outside for the others. A pause of kdyno itself \
             looks the same: it would show in engine.hiccup.",
            longest.words()
        ),
        vec![
            count("outages", many),
            number("seconds_of_all", total),
            number("longest_s", longest.length().as_secs_f64()),
            number("longest_from_s", longest.from_s),
            text("longest", longest.words()),
            count("messages_held_up", held_up),
        ],
    );
}

#[cfg(test)]
mod tests {
    use super::{OutageSeen, Scope, SilentPartition};
    use crate::measure::verdict::{Evidence, Severity, Verdict};
    use crate::measure::verdict_fixture::{evidence, plan, tally};
    use crate::plan::ClientCount;
    use crate::units::{Nanos, Timestamp};

    fn outage(seconds: u64) -> OutageSeen {
        let from = Timestamp::from_nanos(9_000_000_000);
        OutageSeen {
            from,
            to: from + Nanos::from_secs(seconds),
            from_s: 4.25,
            scope: Scope::All,
            partitions: Vec::new(),
            partitions_silent: 4,
            lanes: 2,
            lanes_sending: 2,
            acked: true,
            caught_up: Some(Nanos::from_secs(1)),
        }
    }

    #[test]
    fn outages_are_told_with_their_numbers_and_spoil_no_run() {
        let plan = plan(ClientCount::Shared);
        let mut tally = tally(&plan);
        let held_up = &mut tally.streams[0].measured.publish_in_outage;
        held_up.get_or_insert_default().record(Some(Nanos::from_secs(2)));
        let outages = [outage(1), outage(3)];
        let seen = Evidence { outages: &outages, ..evidence() };
        let verdict = Verdict::of(&plan, &tally, &seen);
        let [finding] = &verdict.findings[..] else { panic!("one: {:?}", verdict.findings) };
        assert_eq!((finding.code, finding.severity), ("outage", Severity::Warning), "told");
        assert!(verdict.valid && verdict.exit_code == 0, "and never judged by");
        let words = [
            "2 times",
            "on everything for 4.0 s in all",
            "3.000 s from 4.250 s on, on all",
            "1 messages",
        ];
        for part in words {
            assert!(finding.message.contains(part), "{part}: {}", finding.message);
        }
    }

    #[test]
    fn where_and_how_it_ended_is_told() {
        let silent = |partition| SilentPartition {
            topic: "t".to_owned(),
            partition,
            length: Nanos::from_secs(1),
        };
        let some = OutageSeen {
            scope: Scope::Partitions,
            partitions: vec![silent(2), silent(0)],
            partitions_silent: 2,
            caught_up: None,
            lanes: 1,
            ..outage(1)
        };
        let several = "1.000 s from 4.250 s on, on topic t partition 2 and 1 more, 1 of 2 lanes; \
                       caught up: not seen";
        assert_eq!(some.words(), several, "several");
        let one = OutageSeen { partitions_silent: 1, acked: false, ..some };
        let alone =
            "1.000 s from 4.250 s on, on topic t partition 2, 1 of 2 lanes; no ack ended it";
        assert_eq!(one.words(), alone, "one");
    }
}
