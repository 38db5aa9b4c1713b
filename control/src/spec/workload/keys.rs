//! Which keys messages have: the set that they are of, and the order in which they come.

use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use engine::message::{KeyDraw, KeyList, KeyOrder, KeyPool, KeySource};
use serde_json::json;
use serde_yaml::Value;

use super::body::{locate, unused};
use crate::spec::fault::{Fault, Ledger};
use crate::spec::fields::Field;
use crate::spec::files::Files;
use crate::spec::given::Givens;
use crate::spec::scalar::{self, Whole};

/// The fields of this file beside `keyDistributor`.
pub(super) const FIELDS: [Field; 4] = [
    Field::used("keyCount"),
    Field::used("keyFile"),
    Field::used("keySkew"),
    Field::used("keyRecency"),
];

/// Keys that are made at most: each lane holds them, and what Zipf draws them by, 26 MB.
const COUNT_MAX: u64 = 1_000_000;
/// The exponent where the file names none: YCSB's, so that numbers compare.
const SKEW: f64 = 0.99;
/// After how many messages the next key is the hottest where the file does not say: as many as there are keys
/// by default. At 10,000 messages a second that is once a second.
const RECENCY: u64 = 10_000;

/// What the words of `keyDistributor` mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Distributor {
    NoKey,
    RoundRobin,
    Random,
    Zipf,
}

/// The words, those of OMB and of the study; the first of a meaning is the one that is shown.
const WORDS: [(&str, Distributor); 6] = [
    ("NO_KEY", Distributor::NoKey),
    ("KEY_ROUND_ROBIN", Distributor::RoundRobin),
    ("ROUND_ROBIN", Distributor::RoundRobin),
    ("RANDOM_NANO", Distributor::Random),
    ("RANDOM", Distributor::Random),
    ("ZIP_LATENT", Distributor::Zipf),
];

/// What a refusal names.
const NEED: &str =
    "NO_KEY, KEY_ROUND_ROBIN (or ROUND_ROBIN), RANDOM_NANO (or RANDOM) or ZIP_LATENT";

/// Which keys messages are to have.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KeyWish {
    /// In which order they come.
    pub order: KeyOrder,
    /// Which there are.
    pub set: KeySet,
}

/// Which keys there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeySet {
    /// So many that are made.
    Made(u32),
    /// The lines of a file.
    File(PathBuf),
}

/// Reads the keys' fields, and finds their file; `None` for messages without keys.
pub(super) fn read(
    givens: &Givens,
    workload: &Path,
    files: &Files,
    ledger: &mut Ledger,
) -> Option<KeyWish> {
    let file = givens.read("keyFile", ledger, scalar::word);
    let asked = givens.read("keyDistributor", ledger, distributor);
    let whole = Whole { min: 1, max: COUNT_MAX, example: 10_000 };
    let count = givens.read("keyCount", ledger, |value| whole.parse_u32(value));
    let skew =
        givens.read("keySkew", ledger, |value| scalar::number(value, (KeyOrder::SKEW_MAX, SKEW)));
    let recency = givens.read("keyRecency", ledger, |value| {
        Whole { min: 0, max: u64::MAX, example: RECENCY }.parse(value)
    });
    // Who names keys wants them sent.
    let unasked = if file.is_some() { Distributor::RoundRobin } else { Distributor::NoKey };
    let order = match asked.unwrap_or(unasked) {
        Distributor::NoKey => {
            for field in FIELDS {
                unused(givens, field.name, "keyDistributor is NO_KEY", ledger);
            }
            return None;
        }
        Distributor::Zipf => KeyOrder::Zipf {
            skew: skew.unwrap_or(SKEW),
            recency: NonZeroU64::new(recency.unwrap_or(RECENCY)),
        },
        other => {
            for name in ["keySkew", "keyRecency"] {
                unused(givens, name, "keyDistributor is not ZIP_LATENT", ledger);
            }
            let is_random = other == Distributor::Random;
            if is_random { KeyOrder::Random } else { KeyOrder::RoundRobin }
        }
    };
    let set = match file {
        Some(file) => {
            unused(givens, "keyCount", "the keys are those of keyFile", ledger);
            let found = locate(&file, workload, files);
            let (path, _) =
                ledger.take(found.map_err(|problem| givens.fault("keyFile", problem)))?;
            KeySet::File(path)
        }
        None => count.map_or(KeySet::STANDARD, KeySet::Made),
    };
    Some(KeyWish { order, set })
}

fn distributor(value: &Value) -> Result<Distributor, String> {
    let text = scalar::text(value).unwrap_or_default();
    let found = WORDS.iter().find(|(word, _)| *word == text.trim());
    let found = found.map(|(_, meaning)| *meaning);
    found.ok_or_else(|| format!("got {}, need {NEED}", scalar::show(value)))
}

impl KeySet {
    /// OMB's number.
    const STANDARD: Self = Self::Made(10_000);
}

impl KeyWish {
    /// What the engine is to draw keys from.
    ///
    /// # Errors
    /// When the file cannot be read, or a line of it is no key.
    fn source(&self, files: &mut Files) -> Result<KeySource, String> {
        let pool = match &self.set {
            KeySet::Made(count) => KeyPool::Made(*count),
            KeySet::File(path) => {
                let told = |problem: String| format!("{}: {problem}", path.display());
                let text = files.read(path).map_err(|error| told(error.to_string()))?;
                KeyPool::Listed(KeyList::new(text).map_err(told)?)
            }
        };
        Ok(KeySource::Drawn(KeyDraw { order: self.order, pool, seed: KeySource::SEED }))
    }

    /// Its fields with their values.
    pub(super) fn shown(&self) -> Vec<(&'static str, serde_json::Value)> {
        let meaning = match self.order {
            KeyOrder::RoundRobin => Distributor::RoundRobin,
            KeyOrder::Random => Distributor::Random,
            KeyOrder::Zipf { .. } => Distributor::Zipf,
        };
        let set = match &self.set {
            KeySet::Made(count) => ("keyCount", json!(count)),
            KeySet::File(path) => ("keyFile", json!(path.display().to_string())),
        };
        let mut shown = vec![("keyDistributor", json!(meaning.word())), set];
        if let KeyOrder::Zipf { skew, recency } = self.order {
            shown.push(("keySkew", json!(skew)));
            shown.push(("keyRecency", json!(recency.map_or(0, NonZeroU64::get))));
        }
        shown
    }
}

impl Distributor {
    fn word(self) -> &'static str {
        let found = WORDS.iter().find(|(_, meaning)| *meaning == self);
        found.map(|(word, _)| *word).expect("each meaning has a word")
    }
}

/// The fields of a workload's keys with their values, also where there are none.
pub(super) fn shown(keys: Option<&KeyWish>) -> Vec<(&'static str, serde_json::Value)> {
    let none = || vec![("keyDistributor", json!(Distributor::NoKey.word()))];
    keys.map_or_else(none, KeyWish::shown)
}

/// What the engine is to draw a workload's keys from; `None` where a fault is noted.
pub(crate) fn source(
    keys: Option<&KeyWish>,
    files: &mut Files,
    ledger: &mut Ledger,
) -> Option<KeySource> {
    let Some(wish) = keys else { return Some(KeySource::None) };
    ledger.take(wish.source(files).map_err(|problem| Fault::whole("keyFile", problem)))
}
