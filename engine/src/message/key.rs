//! Keys of messages, each by its message's number, and the hash that places a keyed message on its partition.

use super::alias::{Alias, split};
use super::{KeyDraw, KeyOrder, KeyPool, KeySource};
use std::num::NonZeroU64;
use std::ops::Range;
use std::sync::Arc;

/// The step of `SplitMix64`: 2⁶⁴ ÷ the golden ratio, odd.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// The keys of one stream's messages.
///
/// Which key a message has follows from the seed, the stream and the message's number alone: it is the
/// same on one lane, on sixteen and on eight hosts, and nothing is shared or written for it.
#[derive(Clone, Debug)]
pub struct Keys {
    pool: Pool,
    order: Order,
    seed: u64,
}

/// The keys themselves, made or laid out before the run.
#[derive(Clone, Debug)]
enum Pool {
    Made(Vec<[u8; KeyPool::LENGTH]>),
    Listed(Arc<[u8]>, Vec<Range<usize>>),
}

/// How a message's number becomes a place in the pool.
#[derive(Clone, Debug)]
enum Order {
    NoKey,
    RoundRobin,
    Random,
    Zipf { ranks: Alias, recency: Option<NonZeroU64> },
}

impl Keys {
    /// The keys of a demand's stream, which is told by its index.
    ///
    /// # Panics
    /// When there are to be keys, and there is none.
    #[must_use]
    pub fn new(source: &KeySource, stream: u64) -> Self {
        let KeySource::Drawn(draw) = source else {
            return Self { pool: Pool::Made(Vec::new()), order: Order::NoKey, seed: 0 };
        };
        let pool = Pool::new(draw);
        assert!(0 < pool.len(), "a set of keys has at least one");
        let order = match draw.order {
            KeyOrder::RoundRobin => Order::RoundRobin,
            KeyOrder::Random => Order::Random,
            KeyOrder::Zipf { skew, recency } => {
                Order::Zipf { ranks: zipf(pool.len(), skew), recency }
            }
        };
        // Streams draw apart from each other, and from what the keys were made of.
        Self { pool, order, seed: mixed(draw.seed, stream.wrapping_add(1)) }
    }

    /// The key of the stream's message of this number, as its place in the set.
    #[must_use]
    pub fn place(&self, number: u64) -> Option<usize> {
        let count = self.pool.len();
        match &self.order {
            Order::NoKey => None,
            Order::RoundRobin => Some(wrapped(number.wrapping_add(1), count)),
            Order::Random => Some(split(mixed(self.seed, number), count).0),
            Order::Zipf { ranks, recency } => {
                let rank = ranks.value(mixed(self.seed, number));
                let hottest = recency.map_or(0, |each| wrapped(number / each, count));
                // What was hottest a turn ago is the second now.
                let behind = hottest.checked_sub(rank);
                Some(behind.unwrap_or_else(|| hottest + count - rank))
            }
        }
    }

    /// The key at a place in the set.
    #[must_use]
    pub fn key(&self, place: usize) -> &[u8] {
        match &self.pool {
            Pool::Made(keys) => &keys[place],
            Pool::Listed(text, spans) => &text[spans[place].clone()],
        }
    }
}

impl Pool {
    fn new(draw: &KeyDraw) -> Self {
        match &draw.pool {
            KeyPool::Made(count) => {
                let seed = mixed(draw.seed, 0);
                Self::Made((0..u64::from(*count)).map(|place| made(mixed(seed, place))).collect())
            }
            KeyPool::Listed(list) => {
                let (text, spans) = list.laid_out();
                Self::Listed(text, spans)
            }
        }
    }

    const fn len(&self) -> usize {
        match self {
            Self::Made(keys) => keys.len(),
            Self::Listed(_, spans) => spans.len(),
        }
    }
}

/// 7 random bytes in base64 for addresses without padding: the last character holds but two bits.
fn made(mut bits: u64) -> [u8; KeyPool::LENGTH] {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let letter = |sixth: u64| LETTERS[usize::try_from(sixth & 63).expect("below 64")];
    let mut key = [0; KeyPool::LENGTH];
    let (last, others) = key.split_last_mut().expect("a key has characters");
    for character in others {
        *character = letter(bits);
        bits >>= 6;
    }
    *last = letter((bits & 3) << 4);
    key
}

/// How often each rank comes, the hottest first.
fn zipf(keys: usize, skew: f64) -> Alias {
    let ranks = 1..=u32::try_from(keys).expect("fewer than 2^32 keys");
    // The same on every host, as the powers of the system's own library need not be.
    let weights: Vec<f64> = ranks.map(|rank| libm::pow(f64::from(rank), -skew)).collect();
    Alias::new(&weights)
}

/// A number as a place among so many, which come again and again.
fn wrapped(number: u64, count: usize) -> usize {
    let count = u64::try_from(count).expect("a count fits in 64 bits");
    usize::try_from(number % count).expect("it is below the count")
}

/// The random number of this index of a seed: that of `SplitMix64` (Steele, Lea and Flood 2014), whose state
/// goes on by a fixed step, so that each can be had without those before it.
const fn mixed(seed: u64, index: u64) -> u64 {
    let mut bits = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(STEP));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// The Java client's partition hash of a key: 32-bit `MurmurHash2`, seed 0x9747b28c, sign bit off.
#[must_use]
pub fn murmur2(key: &[u8]) -> u32 {
    const MIX: u32 = 0x5bd1_e995;
    const SEED: u32 = 0x9747_b28c;
    let length = u32::try_from(key.len()).expect("a key is shorter than 4 GiB");
    let mut hash = SEED ^ length;
    let (words, tail) = key.as_chunks::<4>();
    for word in words {
        let mut mixed = u32::from_le_bytes(*word).wrapping_mul(MIX);
        mixed ^= mixed >> 24;
        hash = hash.wrapping_mul(MIX) ^ mixed.wrapping_mul(MIX);
    }
    if !tail.is_empty() {
        let bytes = tail.iter().rev().fold(0_u32, |bytes, byte| bytes << 8 | u32::from(*byte));
        hash = (hash ^ bytes).wrapping_mul(MIX);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(MIX);
    (hash ^ hash >> 15) & 0x7fff_ffff
}

#[cfg(test)]
mod tests {
    use super::{mixed, murmur2};

    #[test]
    fn the_hash_is_the_java_clients() {
        // Signed values as Java prints them; the partitioner drops the sign bit.
        let check = |key: &str, java: i32| {
            assert_eq!(murmur2(key.as_bytes()), java.cast_unsigned() & 0x7fff_ffff, "{key}");
        };
        check("21", -973_932_308);
        check("foobar", -790_332_482);
        check("a-little-bit-long-string", -985_981_536);
        check("a-little-bit-longer-string", -1_486_304_829);
        check("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971);
        check("abc", 479_470_107);
    }

    #[test]
    fn chance_is_that_of_splitmix64() {
        // The first numbers of the authors' own program, seed 1234567.
        let expected: [u64; 3] =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!([0, 1, 2].map(|index| mixed(1_234_567, index)), expected, "their order");
    }
}
