//! The right side of an assertion: a number, a metric, or a calculation of such.

use super::literal::Literal;
use super::metric::Metric;
use super::quantity::Amount;
use serde_json::Value;
use std::fmt;

/// A calculation.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// A number as it was written.
    Literal(Literal),
    /// A number of the result.
    Metric(Metric),
    /// The opposite of another.
    Negative(Box<Self>),
    /// Two joined by an operation.
    Joined {
        /// The left one.
        left: Box<Self>,
        /// What joins them.
        operation: Operation,
        /// The right one.
        right: Box<Self>,
    },
}

/// What joins two calculations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
}

impl Operation {
    /// Its sign.
    #[must_use]
    pub const fn sign(self) -> char {
        match self {
            Self::Add => '+',
            Self::Subtract => '-',
            Self::Multiply => '*',
            Self::Divide => '/',
        }
    }

    /// Whether it is carried out before sums.
    pub(super) const fn is_product(self) -> bool {
        matches!(self, Self::Multiply | Self::Divide)
    }
}

/// How tightly a calculation holds together: what is looser than its place allows needs parentheses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Hold {
    Sum,
    Product,
    Negative,
    One,
}

impl Expression {
    /// Its value in a result, in seconds and bytes.
    ///
    /// # Errors
    /// Why one of its metrics has none.
    pub fn value(&self, result: &Value) -> Result<f64, String> {
        match self {
            Self::Literal(literal) => Ok(literal.value()),
            Self::Metric(metric) => match metric.amount(result)? {
                Amount::Number(quantity) => Ok(quantity.value),
                Amount::Truth(truth) => Err(format!("{metric} is {truth}, and no number")),
            },
            Self::Negative(inner) => Ok(-inner.value(result)?),
            Self::Joined { left, operation, right } => {
                let (left, right) = (left.value(result)?, right.value(result)?);
                Ok(match operation {
                    Operation::Add => left + right,
                    Operation::Subtract => left - right,
                    Operation::Multiply => left * right,
                    Operation::Divide => left / right,
                })
            }
        }
    }

    /// The metrics that it names.
    #[must_use]
    pub fn metrics(&self) -> Vec<&Metric> {
        match self {
            Self::Literal(_) => Vec::new(),
            Self::Metric(metric) => vec![metric],
            Self::Negative(inner) => inner.metrics(),
            Self::Joined { left, right, .. } => [left.metrics(), right.metrics()].concat(),
        }
    }

    const fn hold(&self) -> Hold {
        match self {
            Self::Literal(_) | Self::Metric(_) => Hold::One,
            Self::Negative(_) => Hold::Negative,
            Self::Joined { operation, .. } if operation.is_product() => Hold::Product,
            Self::Joined { .. } => Hold::Sum,
        }
    }

    /// Writes it, in parentheses where it is looser than its place allows.
    fn write_in(&self, place: Hold, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.hold() < place { write!(f, "({self})") } else { write!(f, "{self}") }
    }
}

/// So that reading it again gives the same.
impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(literal) => literal.fmt(f),
            Self::Metric(metric) => metric.fmt(f),
            Self::Negative(inner) => {
                f.write_str("-")?;
                inner.write_in(Hold::Negative, f)
            }
            Self::Joined { left, operation, right } => {
                // From left to right: the right one must hold tighter than what joins it.
                let (here, tighter) = if operation.is_product() {
                    (Hold::Product, Hold::Negative)
                } else {
                    (Hold::Sum, Hold::Product)
                };
                left.write_in(here, f)?;
                write!(f, " {} ", operation.sign())?;
                right.write_in(tighter, f)
            }
        }
    }
}
