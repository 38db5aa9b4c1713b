//! How fast a segment of the schedule goes: at one rate, or by a shape.

use super::curve::{Curve, MESSAGE};
use super::shape::Shape;
use crate::units::{Nanos, Rate};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How fast; cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tempo {
    /// At one rate.
    Rate(Rate),
    /// At one that changes.
    Shape(Shaped),
}

/// A shape, and the curve that was drawn of it once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Shape", into = "Shape")]
pub struct Shaped(Arc<(Shape, Curve)>);

/// What one message per second brings in a nanosecond.
const PER_RATE: u128 = MESSAGE / 1_000_000_000;

impl Shaped {
    /// Draws a shape.
    ///
    /// # Errors
    /// What is wrong with it, see [`Shape::check`].
    pub fn new(shape: Shape) -> Result<Self, String> {
        shape.check()?;
        let curve = Curve::of(&shape);
        Ok(Self(Arc::new((shape, curve))))
    }

    /// The shape.
    #[must_use]
    pub fn shape(&self) -> &Shape {
        &self.0.0
    }
}

impl TryFrom<Shape> for Shaped {
    type Error = String;

    fn try_from(shape: Shape) -> Result<Self, String> {
        Self::new(shape)
    }
}

impl From<Shaped> for Shape {
    fn from(shaped: Shaped) -> Self {
        shaped.shape().clone()
    }
}

impl Tempo {
    /// How many messages are due in the first `length`, at regular arrivals.
    #[must_use]
    pub fn count(&self, length: Nanos) -> u64 {
        u64::try_from(self.grown(length).div_ceil(MESSAGE)).unwrap_or(u64::MAX)
    }

    /// Messages per second over the first `length`, rounded; `None` where that is less than one
    /// message in all.
    #[must_use]
    pub fn mean(&self, length: Nanos) -> Option<Rate> {
        let (grown, second) = (self.grown(length), PER_RATE * u128::from(length.0.max(1)));
        let rounded = u64::try_from((grown + second / 2) / second).ok()?;
        if grown < MESSAGE { None } else { Rate::per_second(rounded.max(1)) }
    }

    /// The highest rate it comes to.
    #[must_use]
    pub fn peak(&self) -> u64 {
        match self {
            Self::Rate(rate) => rate.get(),
            Self::Shape(shaped) => shaped.shape().peak(),
        }
    }

    /// What has grown after so long.
    pub(super) fn grown(&self, elapsed: Nanos) -> u128 {
        match self {
            Self::Rate(rate) => PER_RATE * u128::from(rate.get()) * u128::from(elapsed.0),
            Self::Shape(shaped) => shaped.0.1.grown(elapsed),
        }
    }

    /// The last nanosecond at which no more than this has grown; the last of all where more never does.
    pub(super) fn reach(&self, amount: u128) -> Nanos {
        let reached = match self {
            Self::Rate(rate) => {
                u64::try_from(amount / (PER_RATE * u128::from(rate.get()))).ok().map(Nanos)
            }
            Self::Shape(shaped) => shaped.0.1.reach(amount),
        };
        reached.unwrap_or(Nanos(u64::MAX))
    }
}
