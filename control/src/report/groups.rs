//! What rebalances of consumer groups did, as the file and the summary write it.

use super::Report;
use super::latency::Block;
use super::text_table::{count, span};
use super::traffic::Subscription;
use engine::measure::PhaseTally;
use serde::{Deserialize, Serialize};

/// What rebalances did that members heard of in the measured phase.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GroupPart {
    /// Partitions that consumers were given.
    pub partitions_given: u64,
    /// Partitions that they gave up in good order.
    pub partitions_taken: u64,
    /// Partitions that were lost to them: they were not heard of in time.
    pub partitions_lost: u64,
    /// Messages that were read again; null: not examined in this mode.
    pub read_again: Option<u64>,
    /// How many those can be: what had been read when partitions went, and of which no commit was answered.
    pub read_again_at_most: u64,
    /// For how long consumers were without any partition, once for each time.
    pub without_partitions: Block,
    /// Consumers that left, since the workload has them come and go.
    pub consumers_left: u64,
    /// How long those took that joined again, until they had partitions.
    pub joining: Block,
}

impl GroupPart {
    /// What was seen of them; `None` where groups stayed as they were.
    pub(super) fn of(seen: &PhaseTally, subscriptions: &[Subscription]) -> Option<Self> {
        let all = seen.rebalances.as_deref()?;
        let again: Option<Vec<u64>> = subscriptions.iter().map(|of| of.redelivered).collect();
        Some(Self {
            partitions_given: all.given,
            partitions_taken: all.taken,
            partitions_lost: all.lost,
            read_again: again.filter(|of| !of.is_empty()).map(|of| of.iter().sum()),
            read_again_at_most: all.again,
            without_partitions: Block::full(&all.apart),
            consumers_left: all.left,
            joining: Block::full(&all.joined),
        })
    }
}

/// How often groups rebalanced and what that did; nothing where they stayed as they were.
pub(in crate::report) fn in_words(report: &Report) -> String {
    let Some(part) = &report.consumed.groups else { return String::new() };
    let lost = match part.partitions_lost {
        0 => String::new(),
        lost => format!(", {} lost", count(lost)),
    };
    let again = part.read_again.map_or("-".to_owned(), count);
    let apart = &part.without_partitions;
    let apart = match apart.count {
        0 => String::new(),
        times => format!(
            "; consumers without partitions {} times, p50 {}, max {}",
            count(times),
            span(apart.p50_us),
            span(apart.max_us)
        ),
    };
    let churn = match part.consumers_left {
        0 => String::new(),
        left => format!(
            "consumers that left: {}; that joined: {}, p50 {}, max {}\n",
            count(left),
            count(part.joining.count),
            span(part.joining.p50_us),
            span(part.joining.max_us)
        ),
    };
    format!(
        "rebalances: {} ({} partitions given, {} given up{lost})\nread again: {again} of at most {}{apart}\n{churn}",
        count(report.consumed.rebalances),
        count(part.partitions_given),
        count(part.partitions_taken),
        count(part.read_again_at_most),
    )
}

/// Two rebalances, heard of by two members.
#[cfg(test)]
pub(super) fn rebalance(seen: &mut PhaseTally) {
    use engine::link::Change;
    use engine::measure::Part;
    use engine::units::Nanos;

    let apart = Some(Nanos::from_millis(120));
    let all = seen.rebalances.get_or_insert_default();
    all.note(None, Part { again: 40, ..Part::of(Change::Taken, 3) });
    all.note(None, Part::of(Change::Lost, 1));
    all.note(Some((0, 4)), Part { apart, ..Part::of(Change::Given, 2) });
    all.note(Some((0, 4)), Part::of(Change::Given, 2));
    all.note(Some((0, 5)), Part { joined: apart, ..Part::of(Change::Given, 2) });
    all.left = 1;
}

#[cfg(test)]
mod tests {
    use super::in_words;
    use crate::report::fixture::{self, Made};

    #[test]
    fn rebalances_are_told_where_there_were_some() {
        let report = fixture::report(&Made::troubled());
        let part = report.consumed.groups.as_ref().expect("there were some");
        assert_eq!((report.consumed.rebalances, part.read_again_at_most), (2, 40), "counted");
        let words = in_words(&report);
        let first = "rebalances: 2 (6 partitions given, 3 given up, 1 lost)\nread again: ";
        assert!(words.starts_with(first), "{words}");
        assert!(words.contains("of at most 40; consumers without partitions 1 times"), "{words}");
        assert!(words.contains("consumers that left: 1; that joined: 1, p50 120 ms"), "{words}");
        let none = fixture::report(&Made::clean());
        assert_eq!((in_words(&none).as_str(), none.consumed.rebalances), ("", 0), "nothing else");
    }
}
