//! What lanes tell the run while no tally is due: readiness, positions, trouble. One slot a lane.

use crate::link::{Assigned, Moved};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

/// A member's state, as its lane published it last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberState {
    /// Its group in the plan.
    pub group: usize,
    /// How often it was given or lost partitions; 0 until it has joined.
    pub revision: u64,
    /// What it holds.
    pub assignment: Vec<Assigned>,
    /// How far it has come; filled while draining.
    pub position: Vec<Moved>,
}

/// What a lane has published.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Progress {
    /// Its clients exist.
    pub prepared: bool,
    /// Why it cannot go on.
    pub failed: Option<String>,
    /// It has read as many messages as it was to read.
    pub has_enough: bool,
    /// Its members, for consuming lanes.
    pub members: Vec<MemberState>,
}

/// One slot per lane, and the words of clients in trouble.
#[derive(Debug)]
pub struct Board {
    slots: Vec<Mutex<Progress>>,
    trouble: Mutex<BTreeMap<String, u64>>,
}

/// Different words kept at most: trouble repeats itself.
const WORDS: usize = 100;

impl Board {
    /// For so many lanes.
    #[must_use]
    pub fn new(lanes: usize) -> Self {
        Self { slots: (0..lanes).map(|_| Mutex::default()).collect(), trouble: Mutex::default() }
    }

    /// The same with room for lanes that are added in the middle of a run.
    #[must_use]
    pub fn with_room(lanes: usize, more: usize) -> Self {
        Self::new(lanes + more)
    }

    /// How many lanes it has room for.
    #[must_use]
    pub const fn room(&self) -> usize {
        self.slots.len()
    }

    /// A lane's slot; held for a moment only.
    ///
    /// # Panics
    /// When another thread panicked while holding it.
    pub fn slot(&self, lane: usize) -> MutexGuard<'_, Progress> {
        self.slots[lane].lock().expect("nobody panics with a slot in hand")
    }

    /// All lanes, one after the other.
    pub fn slots(&self) -> impl Iterator<Item = MutexGuard<'_, Progress>> {
        (0..self.slots.len()).map(|lane| self.slot(lane))
    }

    /// Notes a client's words about trouble.
    ///
    /// # Panics
    /// As [`Self::slot`].
    pub fn note_trouble(&self, words: &str) {
        self.note_trouble_of(words, 1);
    }

    /// The same for what was said several times.
    ///
    /// # Panics
    /// As [`Self::slot`].
    pub fn note_trouble_of(&self, words: &str, times: u64) {
        let mut trouble = self.trouble.lock().expect("nobody panics with the words in hand");
        if trouble.len() < WORDS || trouble.contains_key(words) {
            *trouble.entry(words.to_owned()).or_default() += times;
        }
    }

    /// The words noted so far, each with how often.
    ///
    /// # Panics
    /// As [`Self::slot`].
    #[must_use]
    pub fn trouble(&self) -> Vec<(String, u64)> {
        let trouble = self.trouble.lock().expect("nobody panics with the words in hand");
        trouble.iter().map(|(words, count)| (words.clone(), *count)).collect()
    }
}
