//! What was numbered, acked and received: the state of the verification, part of every tally.
//!
//! Lanes write a log of stretches; merging files them by series. So all that takes time and memory
//! happens off the lanes, and hosts, lanes and seconds join as one.

use super::bounded::at_most;
use super::filed::Filed;
use super::stretch::{Series, Stretch};
use super::tally::Phase;
use crate::plan::SERIES_MAX;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// Stretches filed in one account at most: 40 bytes each, 15 MiB. Runs in order need one for each
/// producer, partition and side; every loss, repeat or step back takes one or two more.
pub const FILED_MAX: usize = SERIES_MAX;

/// Stretches of one tally's log at most, at 64 bytes each; memory is taken as they come. A run in
/// order notes one a second for each producer, partition and side.
pub const LOG_MAX: usize = FILED_MAX;

/// What is said of the messages of a stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Side {
    /// The broker confirmed them. They have no offsets here: each lies at its number.
    Acked,
    /// The client gave them up; the broker may have them. They lie at their numbers too.
    Failed,
    /// A subscription received them.
    Received(u32),
    /// Acked, and their transaction was committed. They lie at their numbers.
    Committed,
    /// Acked, and their transaction was aborted. They lie at their numbers.
    Aborted,
}

/// One line of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What is said.
    pub side: Side,
    /// Of which series.
    pub series: Series,
    /// Of which of its messages.
    pub stretch: Stretch,
}

/// Whether an account keeps what it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Keeping {
    /// Everything.
    All,
    /// Nothing: verification is off, or the tally is only one second's figures.
    Nothing,
}

/// The verification state of one stream.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Account {
    keeping: Keeping,
    #[serde(deserialize_with = "read_log")]
    log: Vec<Entry>,
    filed: Filed,
    /// Messages that are in no stretch, since there was no room for one or it contradicts the rest.
    unfiled: u64,
}

impl Account {
    /// An account that keeps everything, within its limits.
    #[must_use]
    pub const fn keeping() -> Self {
        Self { keeping: Keeping::All, log: Vec::new(), filed: Filed::new(), unfiled: 0 }
    }

    /// An account that keeps nothing.
    #[must_use]
    pub fn off() -> Self {
        Self { keeping: Keeping::Nothing, ..Self::keeping() }
    }

    /// Whether it keeps what it is told.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.keeping == Keeping::All
    }

    /// Whether every message that was told of is in it: else numbers cannot be compared.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.is_kept() && self.unfiled == 0
    }

    /// Messages that found no place.
    #[must_use]
    pub const fn unfiled(&self) -> u64 {
        self.unfiled
    }

    /// Writes a line of the log; counts the messages where it is full.
    pub fn note(&mut self, entry: Entry) {
        if !self.is_kept() {
            return;
        }
        if self.log.len() < LOG_MAX {
            self.log.push(entry);
        } else {
            self.unfiled += entry.stretch.count;
        }
    }

    /// What is known of a series on one side.
    #[must_use]
    pub fn of(&self, side: Side, series: Series) -> &[Stretch] {
        self.filed.of((side, series))
    }

    /// Every series that was ever told of on one of these sides, once.
    #[must_use]
    pub fn series(&self, sides: &[Side]) -> Vec<Series> {
        let keys = self.filed.all().map(|((side, series), _)| (side, series));
        let asked = keys.filter(|(side, _)| sides.contains(side));
        let mut all: Vec<Series> = asked.map(|(_, series)| series).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// How many messages of the measured phase are on a side, where each lies at its number.
    #[must_use]
    pub fn count(&self, asked: Side) -> u64 {
        let told = self.filed.all().filter(|((side, _), _)| *side == asked);
        let stretches = told.flat_map(|(_, list)| list);
        let measured = stretches.filter(|stretch| stretch.phase == Phase::Measured);
        measured.map(|stretch| stretch.count).sum()
    }

    /// Adds another tally's.
    pub fn merge(&mut self, other: &Self) {
        let Self { keeping: _, log, filed, unfiled } = other;
        if !self.is_kept() {
            return;
        }
        // What a lane had to go on with, when nobody took its tally, is filed with the rest.
        let own = std::mem::take(&mut self.log);
        for entry in own.iter().chain(log) {
            self.unfiled += self.filed.file((entry.side, entry.series), entry.stretch);
        }
        for (key, list) in filed.all() {
            list.iter().for_each(|stretch| self.unfiled += self.filed.file(key, *stretch));
        }
        self.unfiled += unfiled;
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        let Self { keeping: _, log, filed, unfiled } = self;
        log.clear();
        filed.clear();
        *unfiled = 0;
    }
}

/// Reads a log: no longer than any is written, and of stretches that can be.
fn read_log<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Entry>, D::Error> {
    let log: Vec<Entry> = at_most::<_, _, LOG_MAX>(deserializer)?;
    log.iter().try_for_each(|entry| entry.stretch.check()).map_err(D::Error::custom)?;
    Ok(log)
}

/// Two accounts are the same when they say the same, filed or not.
impl PartialEq for Account {
    fn eq(&self, other: &Self) -> bool {
        let filed = |account: &Self| {
            let mut whole = Self { keeping: account.keeping, ..Self::keeping() };
            whole.merge(account);
            (whole.keeping, whole.filed, whole.unfiled)
        };
        filed(self) == filed(other)
    }
}

#[cfg(test)]
mod tests {
    use super::{Account, Entry, FILED_MAX, LOG_MAX, Side};
    use crate::measure::stretch::{Series, Stretch};
    use crate::measure::tally::Phase;

    const SERIES: Series = Series { producer: 0, incarnation: 0, partition: 0 };

    fn entry(number: u64) -> Entry {
        let offset = i64::try_from(number).expect("a small number");
        let stretch = Stretch::of_one(number, offset, Phase::Measured);
        Entry { side: Side::Received(0), series: SERIES, stretch }
    }

    fn filed(numbers: impl IntoIterator<Item = u64>) -> Account {
        let (mut log, mut account) = (Account::keeping(), Account::keeping());
        for number in numbers {
            log.note(entry(number));
            account.merge(&log);
            log.clear();
        }
        account
    }

    #[test]
    fn what_is_logged_and_what_is_filed_say_the_same() {
        let mut logged = Account::keeping();
        (0..100).for_each(|number| logged.note(entry(number)));
        assert_eq!(logged, filed(0..100), "the same messages");
        assert_ne!(logged, filed(0..99), "one less");
        assert_eq!(filed(0..100).of(Side::Received(0), SERIES).len(), 1, "one stretch");
        assert_eq!(filed(0..100).of(Side::Received(1), SERIES), [], "of that subscription alone");
    }

    #[test]
    fn an_account_that_is_off_keeps_nothing() {
        let mut off = Account::off();
        off.note(entry(0));
        off.merge(&filed(0..3));
        assert_eq!((off.series(&[Side::Received(0)]), off.is_whole()), (Vec::new(), false));
    }

    #[test]
    fn a_full_log_counts_what_it_has_no_room_for() {
        let mut log = Account::keeping();
        let most = u64::try_from(LOG_MAX).expect("a small number");
        (0..most + 3).for_each(|number| log.note(entry(2 * number)));
        assert_eq!((log.unfiled(), log.is_whole()), (3, false), "counted, not dropped");
    }

    #[test]
    fn a_full_account_goes_on_with_what_it_has_and_counts_the_rest() {
        let (mut log, mut account) = (Account::keeping(), Account::keeping());
        let most = u64::try_from(FILED_MAX).expect("a small number");
        for number in 0..most {
            log.note(entry(2 * number));
            if number % 1_000 == 999 {
                account.merge(&log);
                log.clear();
            }
        }
        assert!(account.is_whole(), "up to the limit");
        log.note(entry(2 * most - 1));
        log.note(entry(2 * most + 5));
        log.note(entry(2 * most));
        account.merge(&log);
        assert_eq!(
            account.unfiled(),
            1,
            "what follows the last is filed, what does not is counted"
        );
        let list = account.of(Side::Received(0), SERIES);
        assert_eq!((list.len(), list[list.len() - 1].count), (FILED_MAX, 3), "no longer list");
    }
}
