//! Made-up noise with fixed seeds: independent, autocorrelated, with bumps, with heavy tails, drifting.

use rand::{Rng, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64;

/// How seconds vary around 0; by about 1, but for what the kind adds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Noise {
    /// Each by itself.
    Independent,
    /// Each leans on the one before by this much.
    Ar(f64),
    /// Every eleven seconds two are far off, from a chance moment on, as by a collector of garbage.
    Bumps,
    /// Logarithms of a lognormal: most are near, some very far, to one side.
    Heavy,
    /// Up and down once in the run from a chance moment on, twice as far as the noise.
    Drift,
}

/// So many seconds of it; the same seed gives the same.
pub(super) fn noise(kind: Noise, seconds: usize, seed: u64) -> Vec<f64> {
    let mut chance = Pcg64::seed_from_u64(seed);
    let phase: f64 = chance.random();
    let mut normal = || -> f64 { StandardNormal.sample(&mut chance) };
    match kind {
        Noise::Independent => (0..seconds).map(|_| normal()).collect(),
        Noise::Ar(lean) => {
            let new = (1.0 - lean * lean).sqrt();
            let mut at = normal();
            let mut step = || {
                at = lean * at + new * normal();
                at
            };
            (0..seconds).map(|_| step()).collect()
        }
        Noise::Bumps => {
            let is_bump = |at: u32| (f64::from(at) / 11.0 + phase).fract() < 2.0 / 11.0;
            let bump = |at: u32| if is_bump(at) { 5.0 } else { 0.0 };
            (0_u32..).take(seconds).map(|at| normal() + bump(at)).collect()
        }
        Noise::Heavy => (0..seconds).map(|_| normal().exp()).collect(),
        Noise::Drift => {
            let turn = std::f64::consts::TAU / super::number(seconds);
            let slow = |at: u32| (turn * f64::from(at) + phase * std::f64::consts::TAU).sin();
            (0_u32..).take(seconds).map(|at| normal() + 2.0 * slow(at)).collect()
        }
    }
}
