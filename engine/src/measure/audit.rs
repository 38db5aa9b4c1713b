//! What an account comes to for one subscription: lost, repeated, out of order, each message once.

use super::account::{Account, Side};
use super::stretch::{Series, Stretch};
use super::tally::Phase;

/// The measured phase's messages of one subscription, told apart by their numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// Messages that were received, each offset once.
    pub distinct: u64,
    /// Acked and not received, though the subscription read on past them.
    pub lost: u64,
    /// Acked and not received; the subscription did not come so far.
    pub outstanding: u64,
    /// Received at a further offset.
    pub duplicated: u64,
    /// Received after one of its series that was sent later.
    pub reordered: u64,
    /// Received although the client had given it up.
    pub failed_but_present: u64,
    /// Received, and neither acked nor given up: its answer never came.
    pub unanswered: u64,
    /// Received although its transaction was aborted; only where that must not be.
    pub aborted_but_present: u64,
}

/// Numbers from the first to the second, excluded; sorted, none empty, none overlapping.
type Ranges = Vec<(u64, u64)>;

impl Audit {
    /// Audits a subscription; `drained` says that it passed the highest acked offset everywhere.
    #[must_use]
    pub fn of(account: &Account, subscription: u32, drained: Drained) -> Self {
        let side = Side::Received(subscription);
        let mut whole = Self::default();
        for series in account.series(&[Side::Acked, side]) {
            whole.add(&Self::of_series(account, (side, series), (Side::Acked, drained)));
        }
        whole
    }

    /// The same for a subscription that sees committed messages alone: those it must receive, no aborted
    /// one it may, and of those whose transaction nobody knows the end of, either is right.
    #[must_use]
    pub fn of_committed(account: &Account, subscription: u32, drained: Drained) -> Self {
        let side = Side::Received(subscription);
        let mut whole = Self::default();
        for series in account.series(&[Side::Acked, side]) {
            whole.add(&Self::of_series(account, (side, series), (Side::Committed, drained)));
            let aborted = numbers(account.of(Side::Aborted, series));
            whole.aborted_but_present += common(&aborted, &numbers(account.of(side, series)));
        }
        whole
    }

    /// What is `owed` must have been received.
    fn of_series(
        account: &Account,
        (side, series): (Side, Series),
        (owed, drained): (Side, Drained),
    ) -> Self {
        let acked = numbers(account.of(Side::Acked, series));
        let failed = numbers(account.of(Side::Failed, series));
        let stretches = account.of(side, series);
        let received = numbers(stretches);
        let missing = minus(&numbers(account.of(owed, series)), &received);
        let furthest = received.last().map_or(0, |(_, end)| *end);
        let lost = match drained {
            Drained::Everywhere => size(&missing),
            Drained::NotKnown => size(&below(&missing, furthest)),
            Drained::Unheard => 0,
        };
        let distinct = measured(stretches).map(|stretch| stretch.count).sum();
        Self {
            distinct,
            lost,
            outstanding: size(&missing) - lost,
            duplicated: distinct - size(&received),
            reordered: steps_back(stretches),
            failed_but_present: common(&failed, &received),
            unanswered: size(&minus(&minus(&received, &acked), &failed)),
            aborted_but_present: 0,
        }
    }

    fn add(&mut self, other: &Self) {
        let Self {
            distinct,
            lost,
            outstanding,
            duplicated,
            reordered,
            failed_but_present,
            unanswered,
            aborted_but_present,
        } = other;
        self.distinct += distinct;
        self.lost += lost;
        self.outstanding += outstanding;
        self.duplicated += duplicated;
        self.reordered += reordered;
        self.failed_but_present += failed_but_present;
        self.unanswered += unanswered;
        self.aborted_but_present += aborted_but_present;
    }
}

/// How far a subscription has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Past the highest acked offset of every partition.
    Everywhere,
    /// Nobody saw it do so: only what lies before something that it received is known to be passed.
    NotKnown,
    /// A consumer was lost with what it had read and not told of, which nobody reads again where it
    /// was committed: nothing that is missing is known to be lost.
    Unheard,
}

fn measured(stretches: &[Stretch]) -> impl Iterator<Item = &Stretch> {
    stretches.iter().filter(|stretch| stretch.phase == Phase::Measured)
}

/// The measured phase's numbers, each once.
fn numbers(stretches: &[Stretch]) -> Ranges {
    let mut all: Ranges = measured(stretches).map(|of| (of.first, of.end())).collect();
    all.sort_unstable();
    let mut joined: Ranges = Vec::with_capacity(all.len());
    for (first, end) in all {
        match joined.last_mut().filter(|last| first <= last.1) {
            Some(last) => last.1 = last.1.max(end),
            None => joined.push((first, end)),
        }
    }
    joined
}

fn size(ranges: &[(u64, u64)]) -> u64 {
    ranges.iter().map(|(first, end)| end - first).sum()
}

fn below(ranges: &[(u64, u64)], limit: u64) -> Ranges {
    let cut = ranges.iter().map(|(first, end)| (*first, (*end).min(limit)));
    cut.filter(|(first, end)| first < end).collect()
}

/// What is in the one and not in the other.
fn minus(from: &[(u64, u64)], taken: &[(u64, u64)]) -> Ranges {
    let mut left = Vec::new();
    let mut taken = taken.iter().peekable();
    for (first, end) in from {
        let mut first = *first;
        while let Some((cut, until)) = taken.peek() {
            if end <= cut {
                break;
            }
            if first < *cut {
                left.push((first, *cut));
            }
            first = first.max(*until);
            if end <= until {
                break;
            }
            taken.next();
        }
        if first < *end {
            left.push((first, *end));
        }
    }
    left
}

/// How many numbers are in both.
fn common(one: &[(u64, u64)], other: &[(u64, u64)]) -> u64 {
    size(one) - size(&minus(one, other))
}

/// Messages of the measured phase that lie behind one with a higher number and are no repeat.
fn steps_back(stretches: &[Stretch]) -> u64 {
    let mut highest = 0;
    let mut late = 0;
    let mut seen: Option<Ranges> = None;
    for (index, stretch) in stretches.iter().enumerate() {
        if stretch.first < highest {
            let behind = [(stretch.first, stretch.end().min(highest))];
            let before = seen.get_or_insert_with(|| joined(&stretches[..index]));
            if stretch.phase == Phase::Measured {
                late += size(&minus(&behind, before));
            }
        }
        if let Some(seen) = &mut seen {
            insert(seen, (stretch.first, stretch.end()));
        }
        highest = highest.max(stretch.end());
    }
    late
}

/// The numbers of all stretches, whatever their phase.
fn joined(stretches: &[Stretch]) -> Ranges {
    let mut all = Vec::new();
    stretches.iter().for_each(|stretch| insert(&mut all, (stretch.first, stretch.end())));
    all
}

fn insert(ranges: &mut Ranges, (first, end): (u64, u64)) {
    let from = ranges.partition_point(|range| range.1 < first);
    let to = ranges.partition_point(|range| range.0 <= end);
    let touched = &ranges[from..to];
    let first = touched.first().map_or(first, |range| range.0.min(first));
    let end = touched.last().map_or(end, |range| range.1.max(end));
    drop(ranges.splice(from..to, [(first, end)]));
}

#[cfg(test)]
mod tests {
    use super::{Audit, Drained, common, insert, minus, size};
    use crate::measure::account::{Account, Entry, Side};
    use crate::measure::stretch::{Series, Stretch};
    use crate::measure::tally::Phase;
    use proptest::prelude::{prop, proptest};
    use std::collections::BTreeSet;

    const SERIES: Series = Series { producer: 3, incarnation: 0, partition: 1 };
    const READ: Side = Side::Received(0);

    /// An account of one series: what was acked, given up, and read in the order of the log.
    fn account(acked: &[u64], failed: &[u64], read: &[u64]) -> Account {
        let (mut log, mut account) = (Account::keeping(), Account::keeping());
        let mut note = |side, number: u64, offset: usize| {
            let offset = i64::try_from(offset).expect("a small number");
            let stretch = Stretch::of_one(number, offset, Phase::Measured);
            log.note(Entry { side, series: SERIES, stretch });
        };
        let place = |number: &u64| usize::try_from(*number).expect("a small number");
        acked.iter().for_each(|number| note(Side::Acked, *number, place(number)));
        failed.iter().for_each(|number| note(Side::Failed, *number, place(number)));
        read.iter().enumerate().for_each(|(offset, number)| note(READ, *number, offset));
        account.merge(&log);
        account
    }

    fn check(acked: &[u64], failed: &[u64], read: &[u64], expected: Audit) {
        let of = |drained| Audit::of(&account(acked, failed, read), 0, drained);
        assert_eq!(of(Drained::Everywhere), expected, "{acked:?} {failed:?} {read:?}");
    }

    #[test]
    fn each_fault_is_counted_as_what_it_is() {
        let clean = Audit { distinct: 5, ..Audit::default() };
        check(&[0, 1, 2, 3, 4], &[], &[0, 1, 2, 3, 4], clean);
        check(&[0, 1, 2, 3, 4, 5], &[], &[0, 1, 2, 4, 5], Audit { lost: 1, ..clean });
        check(&[0, 1, 2, 3], &[], &[0, 1, 2, 1, 3], Audit { duplicated: 1, ..clean });
        check(&[0, 1, 2, 3, 4], &[], &[0, 2, 1, 3, 4], Audit { reordered: 1, ..clean });
        check(&[0, 1, 2, 3, 4], &[], &[3, 4, 0, 1, 2], Audit { reordered: 3, ..clean });
        check(&[0, 1, 3, 4], &[2], &[0, 1, 2, 3, 4], Audit { failed_but_present: 1, ..clean });
        check(&[0, 1, 2, 3], &[], &[0, 1, 2, 3, 4], Audit { unanswered: 1, ..clean });
        check(
            &[0, 1, 2, 3, 9],
            &[4],
            &[1, 0, 4, 4, 1],
            Audit {
                distinct: 5,
                lost: 3,
                outstanding: 0,
                duplicated: 2,
                reordered: 1,
                failed_but_present: 1,
                unanswered: 0,
                aborted_but_present: 0,
            },
        );
    }

    #[test]
    fn what_was_not_passed_is_outstanding_and_not_lost() {
        let account = account(&[0, 1, 2, 3, 4, 5], &[], &[0, 2, 3]);
        let of = |drained| {
            let audit = Audit::of(&account, 0, drained);
            (audit.lost, audit.outstanding)
        };
        assert_eq!(of(Drained::NotKnown), (1, 2), "1 lies before what was read, 4 and 5 do not");
        assert_eq!(of(Drained::Everywhere), (3, 0), "all were passed");
        assert_eq!(of(Drained::Unheard), (0, 3), "whoever was lost may have read them");
        assert_eq!(Audit::of(&account, 1, Drained::NotKnown).outstanding, 6, "another's own");
    }

    #[test]
    fn the_warm_up_is_not_audited_but_its_order_is_kept() {
        let (mut log, mut account) = (Account::keeping(), Account::keeping());
        for (number, offset, phase) in [
            (0, 0, Phase::Warmup),
            (2, 1, Phase::Measured),
            (1, 2, Phase::Warmup),
            (3, 3, Phase::Measured),
        ] {
            let stretch = Stretch::of_one(number, offset, phase);
            log.note(Entry { side: READ, series: SERIES, stretch });
            log.note(Entry { side: Side::Acked, series: SERIES, stretch });
        }
        account.merge(&log);
        let expected = Audit { distinct: 2, ..Audit::default() };
        assert_eq!(Audit::of(&account, 0, Drained::Everywhere), expected, "2 and 3");
    }

    fn count<'all>(of: impl Iterator<Item = &'all u64>) -> u64 {
        u64::try_from(of.count()).expect("a small number")
    }

    proptest! {
        /// Held against sets of single numbers.
        #[test]
        fn ranges_subtract_and_meet_as_sets_do(
            one in prop::collection::vec((0_u64..60, 1_u64..8), 0..9),
            other in prop::collection::vec((0_u64..60, 1_u64..8), 0..9),
        ) {
            let ranges = |parts: &[(u64, u64)]| {
                let mut all = Vec::new();
                parts.iter().for_each(|(first, count)| insert(&mut all, (*first, first + count)));
                all
            };
            let set = |parts: &[(u64, u64)]| -> BTreeSet<u64> {
                parts.iter().flat_map(|(first, count)| *first..first + count).collect()
            };
            let left: BTreeSet<u64> = minus(&ranges(&one), &ranges(&other))
                .iter().flat_map(|(first, end)| *first..*end).collect();
            let (one_set, other_set) = (set(&one), set(&other));
            assert_eq!(left, &one_set - &other_set, "difference");
            let both = u64::try_from((&one_set & &other_set).len()).expect("a small number");
            assert_eq!(common(&ranges(&one), &ranges(&other)), both, "intersection");
            let all = u64::try_from(one_set.len()).expect("a small number");
            assert_eq!(size(&ranges(&one)), all, "union");
        }

        /// Held against looking at each message of the log by itself.
        #[test]
        fn any_log_is_audited_as_message_by_message(
            read in prop::collection::vec(0_u64..30, 0..60),
            acked in prop::collection::btree_set(0_u64..30, 0..30),
            failed: bool,
        ) {
            let (given_up, acked): (Vec<u64>, Vec<u64>) =
                acked.into_iter().partition(|number| failed && number % 3 == 0);
            let account = account(&acked, &given_up, &read);
            let got = Audit::of(&account, 0, Drained::Everywhere);
            let mut seen = BTreeSet::new();
            let (mut duplicated, mut reordered) = (0, 0);
            for number in &read {
                let is_new = seen.insert(*number);
                duplicated += u64::from(!is_new);
                let behind = seen.last().is_some_and(|highest| number < highest);
                reordered += u64::from(is_new && behind);
            }
            let expected = Audit {
                distinct: count(read.iter()),
                lost: count(acked.iter().filter(|number| !seen.contains(number))),
                outstanding: 0,
                duplicated,
                reordered,
                failed_but_present: count(given_up.iter().filter(|of| seen.contains(of))),
                unanswered: count(
                    seen.iter().filter(|of| !acked.contains(of) && !given_up.contains(of)),
                ),
                aborted_but_present: 0,
            };
            assert_eq!(got, expected, "{read:?}");
            // Who has read the same once more adds nothing.
            let mut two = account.clone();
            two.merge(&account);
            assert_eq!(Audit::of(&two, 0, Drained::Everywhere), expected, "merged with itself");
        }
    }
}
