//! What the bodies of a run are made of, before they are made.

use std::sync::Arc;

use engine::units::Bytes;
use rand::rngs::SmallRng;
use rand::{RngCore, SeedableRng};

/// The greatest `message.max.bytes` that librdkafka takes.
pub(super) const SIZE_MAX: u64 = 1_000_000_000;
/// Memory for the bodies of a run: every lane copies them.
pub(crate) const POOL_BYTES_MAX: u64 = 1 << 30;
/// The same bodies in every run: two runs differ in what is asked, not in what is sent.
const SEED: u64 = 0x6b64_796e_6f00_0001;

/// What the bodies of a run are made of: the cells of a sweep wait with this, which is small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BodySource {
    /// The bytes of files, a body each.
    Files(Vec<Arc<[u8]>>),
    /// So many bodies of random bytes with zeros behind.
    Random {
        /// Each.
        make: Make,
        /// How many bodies.
        pool: u64,
    },
    /// A body of each size.
    Sizes(Vec<Make>),
    /// One body of blanks, for a text that is filled in.
    Blank(usize),
}

/// A body of random bytes with zeros behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Make {
    /// Its bytes.
    pub size: usize,
    /// How many of them are random.
    pub filled: usize,
}

impl BodySource {
    /// Bytes of all bodies together.
    pub(crate) fn bytes(&self) -> u64 {
        let of = |size: usize| u64::try_from(size).expect("a body fits in 64 bits");
        match self {
            Self::Files(files) => files.iter().map(|bytes| of(bytes.len())).sum(),
            Self::Random { make, pool } => of(make.size).saturating_mul(*pool),
            Self::Sizes(makes) => makes.iter().map(|make| of(make.size)).sum(),
            Self::Blank(size) => of(*size),
        }
    }

    /// Makes the bodies.
    pub(crate) fn bodies(&self) -> Vec<Vec<u8>> {
        let mut random = SmallRng::seed_from_u64(SEED);
        let mut body = |make: &Make| {
            let mut body = vec![0; make.size];
            random.fill_bytes(&mut body[..make.filled]);
            body
        };
        match self {
            Self::Files(files) => files.iter().map(|bytes| bytes.to_vec()).collect(),
            Self::Random { make, pool } => (0..*pool).map(|_| body(make)).collect(),
            Self::Sizes(makes) => makes.iter().map(body).collect(),
            Self::Blank(size) => vec![vec![b' '; *size]],
        }
    }
}

impl Make {
    /// A body with this share of random bytes, rounded down as OMB does.
    pub(super) fn by_share(size: Bytes, ratio: f64) -> Self {
        let size = usize::try_from(size.0).expect("a body fits in memory");
        Self { size, filled: random_bytes(size, ratio) }
    }
}

/// So many bytes of a body are random: as OMB, rounded down.
pub(super) fn random_bytes(size: usize, ratio: f64) -> usize {
    let whole = u32::try_from(size).expect("a body is at most 1 GB");
    format!("{:.0}", (f64::from(whole) * ratio).floor()).parse::<usize>().unwrap_or(0).min(size)
}

#[cfg(test)]
mod tests {
    use super::{BodySource, Make, random_bytes};
    use engine::units::Bytes;

    #[test]
    fn random_bodies_differ_and_end_in_zeros() {
        let source = BodySource::Random { make: Make::by_share(Bytes(100), 0.5), pool: 3 };
        let bodies = source.bodies();
        assert_eq!(bodies.len(), 3, "the pool");
        assert!(bodies.iter().all(|one| one.len() == 100 && one[50..] == [0; 50]), "half zeros");
        assert_ne!(bodies[0], bodies[1], "each its own");
        assert_eq!(bodies, source.bodies(), "the same in every run");
    }

    #[test]
    fn each_size_has_a_body_and_a_text_has_blanks() {
        let makes = [(10, 0.5), (30, 0.0)].map(|(size, share)| Make::by_share(Bytes(size), share));
        let bodies = BodySource::Sizes(makes.to_vec()).bodies();
        assert_eq!(bodies.iter().map(Vec::len).collect::<Vec<_>>(), [10, 30]);
        assert_eq!((&bodies[0][5..], bodies[1].as_slice()), ([0; 5].as_slice(), &[0; 30][..]));
        assert_eq!(BodySource::Blank(3).bodies(), [b"   "]);
    }

    #[test]
    fn shares_of_a_body_are_rounded_down() {
        let check = |size, ratio, expected| {
            assert_eq!(random_bytes(size, ratio), expected, "{size} × {ratio}");
        };
        check(1, 0.5, 0);
        check(3, 0.5, 1);
        check(100, 1.0, 100);
        check(100, 0.0, 0);
        check(1_000_000_000, 0.25, 250_000_000);
    }
}
