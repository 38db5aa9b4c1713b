//! Stretches filed by side and series, within a limit.

use super::account::{FILED_MAX, Side};
use super::stretch::{Series, Stretch, Stretches};
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;

/// The stretch that fills the last place may come in pieces, one for each gap between those there are.
const READ_MAX: usize = 2 * FILED_MAX;

/// What is known of each series on each side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filed {
    lists: BTreeMap<(Side, Series), Stretches>,
    stretches: usize,
}

impl Filed {
    /// Nothing yet.
    pub(super) const fn new() -> Self {
        Self { lists: BTreeMap::new(), stretches: 0 }
    }

    /// What is known of a series on one side.
    pub(super) fn of(&self, key: (Side, Series)) -> &[Stretch] {
        self.lists.get(&key).map_or(&[][..], Stretches::all)
    }

    /// Everything, in the order of sides and series.
    pub(super) fn all(&self) -> impl Iterator<Item = ((Side, Series), &[Stretch])> {
        self.lists.iter().map(|(key, list)| (*key, list.all()))
    }

    /// Adds a stretch. Returns how many of its messages found no place: there was no room, or they
    /// contradict what is known.
    pub(super) fn file(&mut self, key: (Side, Series), stretch: Stretch) -> u64 {
        let is_full = FILED_MAX <= self.stretches;
        if is_full && !self.lists.contains_key(&key) {
            return stretch.count;
        }
        let list = self.lists.entry(key).or_default();
        // A full account still extends what it has.
        if is_full && !list.all().last().is_some_and(|last| last.is_followed_by(&stretch)) {
            return stretch.count;
        }
        let before = list.all().len();
        let misplaced = list.add(stretch);
        self.stretches = self.stretches + list.all().len() - before;
        misplaced
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        let Self { lists, stretches } = self;
        lists.clear();
        *stretches = 0;
    }
}

/// A list: not every format has maps whose keys are more than words.
impl Serialize for Filed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.lists)
    }
}

impl<'de> Deserialize<'de> for Filed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Lists)
    }
}

struct Lists;

impl<'de> Visitor<'de> for Lists {
    type Value = Filed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("stretches by side and series")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Filed, A::Error> {
        let mut filed = Filed::new();
        while let Some((key, list)) = items.next_element::<((Side, Series), Stretches)>()? {
            let follows = filed.lists.last_key_value().is_none_or(|(last, _)| *last < key);
            filed.stretches += list.all().len();
            if !follows || list.all().is_empty() || READ_MAX < filed.stretches {
                return Err(A::Error::custom(format!(
                    "an account: {key:?} is empty, out of order, or one too many: need at most \
                     {READ_MAX} stretches"
                )));
            }
            filed.lists.insert(key, list);
        }
        Ok(filed)
    }
}
