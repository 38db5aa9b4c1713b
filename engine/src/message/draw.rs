//! Chance as a function of a number: every host and every lane draws the same for the same message.

/// What all draws of messages begin with: two runs differ in what is asked, not in what is sent.
pub(super) const SEED: u64 = 0x6b64_796e_6f00_0002;

/// Sixty-four random bits that belong to a number: the output function of `SplitMix64` (Steele, Lea
/// and Flood 2014), whose state goes on by a fixed step, so that each can be had without those before it.
pub(super) const fn bits(seed: u64, number: u64) -> u64 {
    let mut bits = seed.wrapping_add(number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    bits = (bits ^ bits >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ bits >> 31
}

/// A number below `bound` that belongs to a number; each is equally likely but for `bound` ÷ 2^64.
pub(super) fn below(seed: u64, number: u64, bound: u64) -> u64 {
    let wide = u128::from(bits(seed, number)) * u128::from(bound);
    u64::try_from(wide >> 64).expect("the high half of a product fits in 64 bits")
}

#[cfg(test)]
mod tests {
    use super::{SEED, below, bits};
    use std::collections::BTreeSet;

    #[test]
    fn the_bits_are_those_of_the_published_generator() {
        // The first three numbers of the authors' own program, seed 1234567.
        let drawn = [0, 1, 2].map(|number| bits(1_234_567, number));
        assert_eq!(
            drawn,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn a_number_always_draws_the_same_and_all_are_drawn_alike() {
        assert_eq!(below(SEED, 7, 1_000), below(SEED, 7, 1_000), "a function");
        assert_eq!(below(SEED, 7, 1), 0, "one choice is none");
        let mut counts = [0_u32; 10];
        for number in 0..100_000 {
            let drawn = usize::try_from(below(SEED, number, 10)).expect("small");
            counts[drawn] += 1;
        }
        // The deviation of each is 95.
        let even = |count: &u32| (9_600..=10_400).contains(count);
        assert!(counts.iter().all(even), "{counts:?}");
        let apart: BTreeSet<u64> = (0..1_000).map(|number| bits(SEED, number)).collect();
        assert_eq!(apart.len(), 1_000, "none twice");
    }
}
