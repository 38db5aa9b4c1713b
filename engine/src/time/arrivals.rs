//! Arrivals by chance: a Poisson process that every host and every lane draws alike.
//!
//! It runs in the time of its own intensity, in which one message is expected per unit. That time is
//! cut into cells of equal length, each with a generator of its own: first how many arrive in it is
//! drawn, then when, in order. This is an exact Poisson process, and to come to a far one of its
//! arrivals only the counts of the cells before are drawn.

use super::curve::whole;
use rand::distr::Open01;
use rand::{Rng, SeedableRng};
use rand_distr::Poisson;
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Arrivals that are expected in a cell.
const CELL: u32 = 4_096;

/// The same as what grows meanwhile, 4,096 times of [`super::curve::MESSAGE`]: just below 2⁶³.
const CELL_GROWS: u64 = 8_192_000_000_000_000_000;

/// The same as a float, which holds it exactly.
const CELL_WIDTH: f64 = 8_192_000_000_000_000_000.0;

/// How messages are spread around the rate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrival {
    /// As evenly as can be.
    #[default]
    Regular,
    /// By chance, each independent of the others.
    Poisson {
        /// The same seed gives the same arrivals, on every host.
        seed: u64,
    },
}

/// One arrival after the other; it stands at one of them.
#[derive(Clone, Debug)]
pub(super) struct Arrivals {
    seed: u64,
    generator: Pcg64,
    cell: u64,
    /// The number of the arrival that it stands at.
    index: u64,
    /// How many of the cell there are from it on.
    left: u32,
    /// The logarithm of the share of the cell that lies behind it.
    behind: f64,
}

impl Arrivals {
    /// Stands at the first.
    pub(super) fn new(seed: u64) -> Self {
        let generator = Pcg64::seed_from_u64(seed);
        let mut first = Self { seed, generator, cell: 0, index: 0, left: 0, behind: 0.0 };
        first.enter(0);
        first
    }

    /// The number of the arrival that it stands at.
    pub(super) const fn index(&self) -> u64 {
        self.index
    }

    /// What has grown when it comes.
    pub(super) fn at(&self) -> u128 {
        let share = -libm::expm1(self.behind);
        let within = whole(share * CELL_WIDTH).min(CELL_GROWS);
        u128::from(self.cell) * u128::from(CELL_GROWS) + u128::from(within)
    }

    /// Goes on to the arrival of this number, which is not behind it.
    pub(super) fn go_to(&mut self, index: u64) {
        while u64::from(self.left) <= index - self.index {
            self.leave();
        }
        for _ in self.index..index {
            self.step();
        }
    }

    /// Goes on to the first arrival at which this or more has grown.
    pub(super) fn pass(&mut self, amount: u128) {
        while u128::from(self.cell + 1) * u128::from(CELL_GROWS) <= amount {
            self.leave();
        }
        // No more than the rest of a cell, and one.
        while self.at() < amount {
            self.step();
        }
    }

    /// Goes on to the next.
    fn step(&mut self) {
        if self.left == 1 {
            self.leave();
            return;
        }
        self.index += 1;
        self.left -= 1;
        self.draw();
    }

    /// Goes on to the first of the next cell.
    fn leave(&mut self) {
        self.index += u64::from(self.left);
        self.enter(self.cell + 1);
    }

    fn enter(&mut self, mut cell: u64) {
        let expected = Poisson::new(f64::from(CELL)).expect("a cell expects some");
        loop {
            self.generator =
                Pcg64::seed_from_u64(xxh3_64_with_seed(&cell.to_le_bytes(), self.seed));
            let count = whole(self.generator.sample(expected));
            self.left =
                u32::try_from(count).expect("a cell expects 4,096, not a million times more");
            if 0 < self.left {
                break;
            }
            // Never seen: one of 10¹⁷⁷⁸ cells is empty.
            cell += 1;
        }
        self.cell = cell;
        self.behind = 0.0;
        self.draw();
    }

    /// The least of so many uniform moments in what is left of the cell.
    fn draw(&mut self) {
        let chance: f64 = self.generator.sample(Open01);
        self.behind += libm::log(chance) / f64::from(self.left);
    }
}

#[cfg(test)]
mod tests {
    use super::{CELL, CELL_GROWS, CELL_WIDTH};
    use crate::time::curve::{MESSAGE, whole};

    #[test]
    fn a_cell_has_one_width_in_every_form() {
        assert_eq!(u128::from(CELL) * MESSAGE, u128::from(CELL_GROWS));
        assert_eq!(whole(CELL_WIDTH), CELL_GROWS);
    }
}
