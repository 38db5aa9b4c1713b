//! What a chart of a page is made of, before it is drawn.

use super::scale::Scale;

/// A chart of a page: series over two axes, with what happened meanwhile.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    /// A name for it, unique on its page: letters and hyphens.
    pub id: &'static str,
    /// What it shows, in a few words: what a screen reader says first.
    pub title: String,
    /// What is to be seen in it, in a sentence or two.
    pub words: String,
    /// Its height in the units of which its width has 640.
    pub height: i32,
    /// From left to right.
    pub x: Axis,
    /// From the bottom up.
    pub y: Axis,
    /// Each with a look of its own, by its place in this list.
    pub series: Vec<Series>,
    /// Shaded spans of the horizontal axis.
    pub bands: Vec<Band>,
    /// Vertical lines.
    pub marks: Vec<Mark>,
}

/// An axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What it measures, with its unit.
    pub label: String,
    /// Where on it which value stands.
    pub scale: Scale,
}

/// One series.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its name.
    pub name: String,
    /// How it is drawn.
    pub shape: Shape,
    /// Its points; nothing is drawn between two pieces.
    pub pieces: Vec<Vec<(f64, f64)>>,
    /// What is filled below its lines, each by its corners.
    pub bands: Vec<Vec<(f64, f64)>>,
}

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A line through its points.
    Line,
    /// A line through its points, each of them marked.
    Marked,
    /// The points alone.
    Dots,
    /// Each point at the end of a line from the left axis.
    Stems,
}

/// A shaded span.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// Where it begins on the horizontal axis.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
}

/// A vertical line.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Where it stands on the horizontal axis.
    pub at: f64,
    /// The number that stands at its top; `None` for a line that ends a phase.
    pub number: Option<usize>,
    /// What stands beside the number where there is room.
    pub words: String,
}
