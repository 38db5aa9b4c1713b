//! What is asked of messages' keys: which there are, and in which order they come.

use super::KeyList;
use std::num::NonZeroU64;

/// Where messages' keys come from.
#[derive(Clone, Debug, PartialEq)]
pub enum KeySource {
    /// No key.
    None,
    /// Every message has one of a set.
    Drawn(KeyDraw),
}

/// Which keys there are, and which of them a message has.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyDraw {
    /// In which order they come.
    pub order: KeyOrder,
    /// Which there are.
    pub pool: KeyPool,
    /// What chance is drawn with: the same seed gives the same keys to the same messages.
    pub seed: u64,
}

/// In which order the keys of a set come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum KeyOrder {
    /// One after the other; message 0 has the second of them, as in OMB.
    RoundRobin,
    /// By chance, each as often as any other.
    Random,
    /// By chance, the n-th hottest in proportion to 1 ÷ n to the power of `skew`.
    Zipf {
        /// 0: all alike; 1: Zipf's law; from 0 to [`KeyOrder::SKEW_MAX`].
        skew: f64,
        /// After so many messages of the stream the next key is the hottest, the one that was is the second,
        /// and so on: what came last is asked for most. `None`: the same keys stay hot.
        recency: Option<NonZeroU64>,
    },
}

/// Which keys there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPool {
    /// So many of 10 characters, drawn with the seed; at least one.
    Made(u32),
    /// These.
    Listed(KeyList),
}

impl KeyOrder {
    /// The greatest skew: with it 999 of 1,000 messages have the hottest key.
    pub const SKEW_MAX: f64 = 10.0;
}

impl KeyPool {
    /// Keys where nobody says how many: OMB's number.
    pub const STANDARD: Self = Self::Made(10_000);
    /// Bytes of a key that is made: OMB's 7 random bytes in base64.
    pub const LENGTH: usize = 10;
}

impl KeySource {
    /// The same keys in every run: two runs differ in what is asked, not in what is sent.
    pub const SEED: u64 = 0x6b64_796e_6f00_0002;

    /// OMB's number of keys, in this order.
    #[must_use]
    pub const fn standard(order: KeyOrder) -> Self {
        Self::Drawn(KeyDraw { order, pool: KeyPool::STANDARD, seed: Self::SEED })
    }

    /// Bytes of the longest key; 0 where messages have none.
    #[must_use]
    pub fn longest(&self) -> u64 {
        let longest = match self {
            Self::None => 0,
            Self::Drawn(KeyDraw { pool: KeyPool::Made(_), .. }) => KeyPool::LENGTH,
            Self::Drawn(KeyDraw { pool: KeyPool::Listed(list), .. }) => list.longest(),
        };
        u64::try_from(longest).expect("a key is short")
    }
}
