//! Which body a message gets where some are sent more often than others.

use super::draw::{SEED, below};

/// Draws of one of several kinds of bodies, by weight; the copies of a kind take turns.
#[derive(Clone, Debug)]
pub(super) struct Weights {
    /// For each kind, the sum of its weight and those before it.
    ends: Vec<u64>,
    /// For each kind, the copy that comes next.
    turns: Vec<usize>,
    copies: usize,
}

impl Weights {
    /// Kinds of these weights; copy *c* of kind *k* lies at *c* · kinds + *k*.
    ///
    /// # Panics
    /// When all weights are zero: a plan has a body that is sent.
    pub(super) fn new(weights: &[u32], copies: usize) -> Self {
        let mut sum = 0;
        let end = |weight: &u32| {
            sum += u64::from(*weight);
            sum
        };
        let ends: Vec<u64> = weights.iter().map(end).collect();
        assert!(ends.last().is_some_and(|all| 0 < *all), "some body is sent");
        assert!(0 < copies, "every kind has a body");
        Self { turns: vec![0; ends.len()], ends, copies }
    }

    /// The place of the body for the message of this number.
    pub(super) fn choose(&mut self, number: u64) -> usize {
        let sum = *self.ends.last().expect("there is a kind");
        let drawn = below(SEED, number, sum);
        let kind = self.ends.partition_point(|end| *end <= drawn);
        let copy = self.turns[kind];
        self.turns[kind] = if copy + 1 == self.copies { 0 } else { copy + 1 };
        copy * self.ends.len() + kind
    }
}

#[cfg(test)]
mod tests {
    use super::Weights;

    #[test]
    fn kinds_come_by_weight_and_their_copies_in_turn() {
        let mut weights = Weights::new(&[3, 0, 7], 2);
        let chosen: Vec<usize> = (0..10_000).map(|number| weights.choose(number)).collect();
        let count = |place: usize| chosen.iter().filter(|one| **one == place).count();
        assert_eq!(count(1) + count(4), 0, "a weight of 0 never");
        let first = count(0) + count(3);
        // The deviation is 46.
        assert!((2_800..=3_200).contains(&first), "three of ten: {first}");
        assert!(count(0).abs_diff(count(3)) <= 1, "its copies take turns");
        assert!(count(2).abs_diff(count(5)) <= 1, "those of the other too");
    }

    #[test]
    fn what_a_message_gets_depends_on_its_number_alone() {
        let kind = |weights: &mut Weights, number| weights.choose(number) % 2;
        let (mut one, mut other) = (Weights::new(&[1, 1], 3), Weights::new(&[1, 1], 1));
        other.choose(5);
        let is_same = (0..1_000).all(|number| kind(&mut one, number) == kind(&mut other, number));
        assert!(is_same, "whatever was drawn before");
    }
}
