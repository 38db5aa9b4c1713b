//! Reads an assertion: its words in their order, its names, and whether its units fit.

use super::assertion::{Assertion, Relation, Right};
use super::expression::{Expression, Operation};
use super::metric::Metric;
use super::names::Holds;
use super::quantity::Dimension;
use super::token::{Kind, Problem, Token, tokens};

/// A longer text is no assertion.
const LENGTH_MAX: usize = 500;

/// Parentheses and signs inside one another.
const DEPTH_MAX: usize = 20;

/// Reads an assertion, or says all that is wrong with it.
pub(super) fn parse(text: &str) -> Result<Assertion, Vec<String>> {
    let length = text.chars().count();
    if LENGTH_MAX < length {
        return Err(vec![format!("{length} characters are more than {LENGTH_MAX}")]);
    }
    let words = tokens(text).map_err(|problem| vec![problem.to_string()])?;
    let mut parser = Parser { words, next: 0, depth: 0, problems: Vec::new() };
    let read = parser.assertion();
    let Parser { mut problems, .. } = parser;
    match read {
        Ok(Some(assertion)) if problems.is_empty() => return Ok(assertion),
        // What could not be made was noted.
        Ok(_) => {}
        Err(problem) => problems.push(problem),
    }
    Err(problems.iter().map(ToString::to_string).collect())
}

struct Parser {
    words: Vec<Token>,
    next: usize,
    depth: usize,
    /// What is wrong with names and units: reading goes on, so that all of it is told.
    problems: Vec<Problem>,
}

/// A part of the right side.
struct Part {
    /// Where it begins.
    at: usize,
    /// What it is, unless something in it is wrong, which was noted.
    sound: Option<(Expression, Dimension)>,
}

impl Parser {
    fn word(&self) -> &Token {
        // The end is a word too, and nobody goes beyond it.
        &self.words[self.next.min(self.words.len() - 1)]
    }

    fn note(&mut self, at: usize, words: impl Into<String>) {
        self.problems.push(Problem::new(at, words));
    }

    /// Takes one of two signs, if it is next.
    fn operation(&mut self, one: Operation, other: Operation) -> Option<(usize, Operation)> {
        let Token { at, kind: Kind::Sign(sign) } = *self.word() else { return None };
        let found = [one, other].into_iter().find(|operation| operation.sign() == sign)?;
        self.next += 1;
        Some((at, found))
    }

    fn assertion(&mut self) -> Result<Option<Assertion>, Problem> {
        let metric = self.left()?;
        let relation = self.relation()?;
        let right = match self.truth() {
            Some(place_and_truth) => self.boolean(metric.as_ref(), relation, place_and_truth),
            None => {
                let part = self.sum()?;
                self.number(metric.as_ref(), part)
            }
        };
        let Token { at, kind } = self.word();
        if *kind != Kind::End {
            return Err(Problem::new(*at, format!("got {kind}, need one of + - * / or the end")));
        }
        let (Some(metric), Some(right)) = (metric, right) else { return Ok(None) };
        Ok(Some(Assertion { metric, relation, right }))
    }

    fn left(&mut self) -> Result<Option<Metric>, Problem> {
        let Token { at, kind } = self.word().clone();
        let Kind::Name(name) = kind else {
            let words = format!("got {kind}, need a metric, e.g. publish.p99, rate or lost");
            return Err(Problem::new(at, words));
        };
        self.next += 1;
        Ok(self.metric(at, &name))
    }

    fn relation(&mut self) -> Result<Relation, Problem> {
        let Token { at, kind } = self.word();
        let Kind::Relation(relation) = *kind else {
            return Err(Problem::new(*at, format!("got {kind}, need <, <=, >, >=, == or !=")));
        };
        self.next += 1;
        Ok(relation)
    }

    fn metric(&mut self, at: usize, name: &str) -> Option<Metric> {
        Metric::named(name).map_err(|words| self.note(at, words)).ok()
    }

    /// Takes `true` or `false`, if it is next.
    fn truth(&mut self) -> Option<(usize, bool)> {
        let Token { at, kind: Kind::Name(name) } = self.word() else { return None };
        let found = (*at, name.parse().ok()?);
        self.next += 1;
        Some(found)
    }

    /// A boolean as the right side of a metric.
    fn boolean(
        &mut self,
        metric: Option<&Metric>,
        relation: Relation,
        (at, truth): (usize, bool),
    ) -> Option<Right> {
        if let Some(metric) = metric.filter(|metric| metric.holds() == Holds::Number) {
            let need = metric.dimension().need();
            self.note(at, format!("got \"{truth}\", but {metric} is a number, need {need}"));
            return None;
        }
        if !matches!(relation, Relation::Equal | Relation::Unequal) {
            let words = format!("\"{truth}\" is compared by == or !=, not by {}", relation.word());
            self.note(at, words);
            return None;
        }
        Some(Right::Truth(truth))
    }

    /// A calculation as the right side of a metric.
    fn number(&mut self, metric: Option<&Metric>, part: Part) -> Option<Right> {
        let (expression, measured) = part.sound?;
        let metric = metric?;
        if metric.holds() == Holds::Truth {
            self.note(part.at, format!("{metric} is a boolean, need true or false"));
            return None;
        }
        let needed = metric.dimension();
        let is_bare = measured == Dimension::BARE && expression.metrics().is_empty();
        // Bytes and messages per second are what everybody means by a bare number of them.
        let is_plain = is_bare && matches!(needed, Dimension::BYTES | Dimension::RATE);
        if measured != needed && !is_plain {
            let (got, need) = (measured.name(), needed.need());
            self.note(part.at, format!("got {got} for {metric}, need {need}"));
            return None;
        }
        Some(Right::Number(expression))
    }

    fn sum(&mut self) -> Result<Part, Problem> {
        let mut left = self.product()?;
        while let Some(operation) = self.operation(Operation::Add, Operation::Subtract) {
            let right = self.product()?;
            left = self.joined(left, operation, right);
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Part, Problem> {
        let mut left = self.one()?;
        while let Some(operation) = self.operation(Operation::Multiply, Operation::Divide) {
            let right = self.one()?;
            left = self.joined(left, operation, right);
        }
        Ok(left)
    }

    fn joined(&mut self, left: Part, (at, operation): (usize, Operation), right: Part) -> Part {
        let sound = left.sound.zip(right.sound).and_then(|((left, one), (right, two))| {
            let dimension = match operation {
                Operation::Multiply => one.times(two),
                Operation::Divide => one.over(two),
                Operation::Add | Operation::Subtract if one == two => one,
                Operation::Add | Operation::Subtract => {
                    let (one, two) = (one.name(), two.name());
                    let sign = operation.sign();
                    self.note(at, format!("\"{sign}\" cannot join {one} and {two}"));
                    return None;
                }
            };
            let (left, right) = (Box::new(left), Box::new(right));
            Some((Expression::Joined { left, operation, right }, dimension))
        });
        Part { at: left.at, sound }
    }

    /// A number, a metric, either with a sign before it, or something in parentheses.
    fn one(&mut self) -> Result<Part, Problem> {
        let Token { at, kind } = self.word().clone();
        let sound = match kind {
            Kind::Number(literal) => {
                self.next += 1;
                let dimension = literal.dimension();
                Some((Expression::Literal(literal), dimension))
            }
            Kind::Name(name) => {
                self.next += 1;
                self.metric(at, &name).and_then(|metric| self.number_of(at, metric))
            }
            Kind::Sign('-') => {
                let Part { sound, .. } = self.inside(at, Self::one)?;
                sound.map(|(inner, dimension)| (Expression::Negative(Box::new(inner)), dimension))
            }
            Kind::Sign('(') => {
                let Part { sound, .. } = self.inside(at, Self::sum)?;
                self.close()?;
                sound
            }
            other => {
                let words = format!("got {other}, need a number with its unit, or a metric");
                return Err(Problem::new(at, words));
            }
        };
        Ok(Part { at, sound })
    }

    /// Takes the end of a parenthesis.
    fn close(&mut self) -> Result<(), Problem> {
        let Token { at, kind } = self.word();
        if *kind != Kind::Sign(')') {
            let words = format!("got {kind}, need one of + - * / or \")\"");
            return Err(Problem::new(*at, words));
        }
        self.next += 1;
        Ok(())
    }

    /// A metric that can be calculated with.
    fn number_of(&mut self, at: usize, metric: Metric) -> Option<(Expression, Dimension)> {
        if metric.holds() == Holds::Truth {
            self.note(at, format!("{metric} is a boolean, need a number"));
            return None;
        }
        let dimension = metric.dimension();
        Some((Expression::Metric(metric), dimension))
    }

    /// Goes one step deeper, behind a sign or a parenthesis.
    fn inside(
        &mut self,
        at: usize,
        read: fn(&mut Self) -> Result<Part, Problem>,
    ) -> Result<Part, Problem> {
        if self.depth == DEPTH_MAX {
            return Err(Problem::new(at, format!("more than {DEPTH_MAX} inside one another")));
        }
        self.next += 1;
        self.depth += 1;
        let part = read(self);
        self.depth -= 1;
        part
    }
}
