//! Keys of messages, and the hash that places a keyed message on its partition.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

/// Where a message's key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// No key.
    None,
    /// A pool of 10,000 keys of 10 characters, in turn.
    RoundRobin,
    /// The same pool, drawn uniformly.
    Random,
}

/// Keys in the pool: OMB's number.
const POOL: usize = 10_000;
/// Characters of a key: OMB's 7 random bytes in base64.
const LENGTH: usize = 10;

/// One lane's keys.
#[derive(Debug)]
pub struct Keys {
    source: KeySource,
    pool: Vec<[u8; LENGTH]>,
    next: usize,
    random: SmallRng,
}

impl Keys {
    /// The pool is the same in every lane of a run (`seed`); the order of drawing is the lane's.
    #[must_use]
    pub fn new(source: KeySource, seed: u64, lane: u64) -> Self {
        let size = if source == KeySource::None { 0 } else { POOL };
        Self {
            source,
            pool: pool(size, seed),
            next: 0,
            random: SmallRng::seed_from_u64(seed ^ lane.wrapping_mul(0x9E37_79B9_7F4A_7C15)),
        }
    }

    /// The next message's key, as its place in the pool.
    pub fn draw(&mut self) -> Option<usize> {
        match self.source {
            KeySource::None => None,
            KeySource::RoundRobin => {
                self.next = if self.next + 1 == self.pool.len() { 0 } else { self.next + 1 };
                Some(self.next)
            }
            KeySource::Random => Some(self.random.random_range(0..self.pool.len())),
        }
    }

    /// The key at a place in the pool.
    #[must_use]
    pub fn key(&self, place: usize) -> &[u8] {
        &self.pool[place]
    }
}

fn pool(size: usize, seed: u64) -> Vec<[u8; LENGTH]> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut random = SmallRng::seed_from_u64(seed);
    (0..size)
        .map(|_| std::array::from_fn(|_| LETTERS[random.random_range(0..LETTERS.len())]))
        .collect()
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
    use super::{KeySource, Keys, murmur2};
    use std::collections::BTreeSet;

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
    fn round_robin_uses_every_key_before_any_twice() {
        let mut keys = Keys::new(KeySource::RoundRobin, 1, 0);
        let drawn: BTreeSet<usize> = (0..10_000).filter_map(|_| keys.draw()).collect();
        assert_eq!(drawn.len(), 10_000, "all different");
    }

    #[test]
    fn lanes_share_the_pool_and_draw_in_their_own_order() {
        let draw = |lane| {
            let mut keys = Keys::new(KeySource::Random, 1, lane);
            let places: Vec<usize> = (0..50_000).filter_map(|_| keys.draw()).collect();
            places.into_iter().map(|place| keys.key(place).to_vec()).collect::<Vec<_>>()
        };
        let (first, second) = (draw(0), draw(1));
        assert_ne!(first[..20], second[..20], "own order");
        let pool: BTreeSet<_> = first.into_iter().chain(second).collect();
        assert!(pool.len() <= 10_000, "one pool: {}", pool.len());
    }
}
