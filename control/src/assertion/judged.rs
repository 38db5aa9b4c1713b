//! An assertion that has been judged: whether it held, by which values, and by how much.

use super::quantity::Amount;
use engine::measure::{Fact, FactValue, Finding, Severity};

/// What became of an assertion.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The assertion.
    pub assertion: String,
    /// Whether it held; what is not known did not.
    pub is_held: bool,
    /// The metric's value; `None` where it is not known.
    pub left: Option<Amount>,
    /// What it was compared with; `None` where that is not known.
    pub right: Option<Amount>,
    /// Both values and how far they are apart, or what is not known.
    pub message: String,
}

impl Judged {
    /// What the verdict is told of it; `None` where it held.
    #[must_use]
    pub fn finding(&self) -> Option<Finding> {
        if self.is_held {
            return None;
        }
        let text = |name, text: &str| Fact { name, value: FactValue::Text(text.to_owned()) };
        let mut evidence = vec![text("assertion", &self.assertion)];
        for (name, side) in [("left", self.left), ("right", self.right)] {
            evidence.extend(side.map(|amount| text(name, &amount.to_string())));
        }
        Some(Finding {
            code: "assertion_failed",
            severity: Severity::Error,
            message: format!(
                "{}: {}. The run did not do what was asserted of it. See the other findings and \
                 the intervals for the cause.",
                self.assertion, self.message
            ),
            evidence,
        })
    }
}
