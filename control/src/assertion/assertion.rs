//! One assertion: a metric, what it is compared by, and what it is compared with.

use super::expression::Expression;
use super::judged::Judged;
use super::metric::Metric;
use super::parse::parse;
use super::quantity::{Amount, Quantity};
use serde_json::Value;
use std::cmp::Ordering;
use std::fmt;

/// What must hold of a result.
#[derive(Clone, Debug, PartialEq)]
pub struct Assertion {
    /// What is looked at.
    pub metric: Metric,
    /// What it is compared by.
    pub relation: Relation,
    /// What it is compared with.
    pub right: Right,
}

/// What two sides are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
    /// `!=`
    Unequal,
}

/// The right side.
#[derive(Clone, Debug, PartialEq)]
pub enum Right {
    /// For numbers.
    Number(Expression),
    /// For booleans.
    Truth(bool),
}

impl Relation {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Less, Self::AtMost, Self::Greater, Self::AtLeast, Self::Equal, Self::Unequal];

    /// As it is written.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
            Self::Equal => "==",
            Self::Unequal => "!=",
        }
    }

    /// Whether it holds between two sides in this order.
    #[must_use]
    pub const fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::AtLeast => order.is_ge(),
            Self::Equal => order.is_eq(),
            Self::Unequal => order.is_ne(),
        }
    }
}

impl Assertion {
    /// Reads an assertion.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its place and what is allowed there.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        parse(text)
    }

    /// The streams that it speaks of, by their names or places.
    pub fn streams(&self) -> impl Iterator<Item = &str> {
        let right = match &self.right {
            Right::Number(expression) => expression.metrics(),
            Right::Truth(_) => Vec::new(),
        };
        let paths = right.into_iter().chain([&self.metric]).flat_map(Metric::paths);
        paths.filter_map(|path| path.strip_prefix("streams.")?.split('.').next())
    }

    /// Judges it on a result, `result.json` as it is written.
    #[must_use]
    pub fn judge(&self, result: &Value) -> Judged {
        let (left, right) = (self.metric.amount(result), self.right_side(result));
        let compared = match (&left, &right) {
            (Ok(left), Ok(right)) => self.compare(*left, *right),
            _ => {
                let reasons = [left.as_ref().err(), right.as_ref().err()];
                let mut reasons: Vec<String> = reasons.into_iter().flatten().cloned().collect();
                reasons.dedup();
                Err(reasons.join("; "))
            }
        };
        let (is_held, message) = match compared {
            Ok((is_held, distance)) => {
                let value = left.as_ref().map(ToString::to_string).unwrap_or_default();
                let is_luck = self.metric.is_one_messages_luck(result);
                let luck = if is_luck { " (fewer than 10 samples lie beyond it)" } else { "" };
                (is_held, format!("{} is {value}{luck}, {distance}", self.metric))
            }
            Err(reason) => (false, format!("not known, so it does not hold: {reason}")),
        };
        Judged { assertion: self.to_string(), is_held, left: left.ok(), right: right.ok(), message }
    }

    /// What the metric is compared with. A bare number counts in the metric's own unit: where that
    /// would be a guess, it was refused when it was read.
    fn right_side(&self, result: &Value) -> Result<Amount, String> {
        let expression = match &self.right {
            Right::Truth(truth) => return Ok(Amount::Truth(*truth)),
            Right::Number(expression) => expression,
        };
        let value = expression.value(result)?;
        if value.is_finite() {
            let dimension = self.metric.dimension();
            Ok(Amount::Number(Quantity { value, dimension }))
        } else {
            Err(format!("{expression} is no number: it divides by zero or is too large"))
        }
    }

    /// Whether two sides compare as they should, and how far apart they are.
    fn compare(&self, left: Amount, right: Amount) -> Result<(bool, String), String> {
        match (left, right) {
            (Amount::Truth(left), Amount::Truth(right)) => {
                Ok((self.relation.holds(left.cmp(&right)), format!("compared with {right}")))
            }
            (Amount::Number(left), Amount::Number(right)) => {
                let order = left.value.partial_cmp(&right.value);
                let order = order.ok_or_else(|| format!("{} is no number", self.metric))?;
                Ok((self.relation.holds(order), self.distance(left, right, order)))
            }
            _ => Err(format!("{} is {left}, which cannot be compared with {right}", self.metric)),
        }
    }

    /// `2.5 ms (25 %) above 10 ms`, and the calculation behind it if it was one.
    fn distance(&self, left: Quantity, right: Quantity, order: Ordering) -> String {
        let gap = Quantity { value: (left.value - right.value).abs(), ..right };
        let share = match right.value.abs() {
            whole if 0.0 < whole && order.is_ne() => {
                format!(" ({:.1} %)", gap.value / whole * 100.0)
            }
            _ => String::new(),
        };
        let behind = match &self.right {
            Right::Number(Expression::Literal(_)) | Right::Truth(_) => String::new(),
            Right::Number(expression) => format!(" ({expression})"),
        };
        match order {
            Ordering::Less => format!("{gap}{share} below {right}{behind}"),
            Ordering::Equal => format!("exactly {right}{behind}"),
            Ordering::Greater => format!("{gap}{share} above {right}{behind}"),
        }
    }
}

/// So that reading it again gives the same.
impl fmt::Display for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.metric, self.relation.word())?;
        match &self.right {
            Right::Number(expression) => expression.fmt(f),
            Right::Truth(truth) => truth.fmt(f),
        }
    }
}
