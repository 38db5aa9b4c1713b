//! Inks: what the parts of a chart are called in the page's style, so that its colours follow the page.

use plotters::prelude::RGBColor;

/// So many series are told apart by colour, dash and marker; further ones begin again.
pub(super) const LOOKS: usize = 6;

/// The kind of a part of a chart. The page's style gives it its colour, its dash and its letters.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ink {
    /// Axes.
    Axis,
    /// Lines at the ticks of the vertical axis.
    Grid,
    /// Words at ticks.
    Tick,
    /// Words at ticks that a narrow page leaves out.
    Spare,
    /// What an axis measures.
    Label,
    /// A vertical line.
    Mark,
    /// The number at its top.
    Number,
    /// The words beside the number; a narrow page leaves them out.
    Words,
    /// The vertical line that ends a phase.
    End,
    /// A shaded span.
    Band,
    /// A series' line, by the series' place.
    Line(usize),
    /// A series' points.
    Dot(usize),
    /// What is filled below a series' lines.
    Fill(usize),
}

/// The names of the inks in the page's style.
const CLASSES: [&str; 10 + 3 * LOOKS] = [
    "axis", "grid", "tick", "spare", "label", "mark", "number", "words", "end", "band", "l0", "l1",
    "l2", "l3", "l4", "l5", "d0", "d1", "d2", "d3", "d4", "d5", "f0", "f1", "f2", "f3", "f4", "f5",
];

/// What the library writes into every element and the page's style says once for all of them.
const SAID_BY_STYLE: [&str; 4] = ["opacity", "stroke-width", "font-family", "font-size"];

impl Ink {
    const fn index(self) -> usize {
        match self {
            Self::Axis => 0,
            Self::Grid => 1,
            Self::Tick => 2,
            Self::Spare => 3,
            Self::Label => 4,
            Self::Mark => 5,
            Self::Number => 6,
            Self::Words => 7,
            Self::End => 8,
            Self::Band => 9,
            Self::Line(series) => 10 + series % LOOKS,
            Self::Dot(series) => 10 + LOOKS + series % LOOKS,
            Self::Fill(series) => 10 + 2 * LOOKS + series % LOOKS,
        }
    }

    /// The colour that stands for it until the chart is drawn. The library knows colours and no classes,
    /// so each ink has a colour of its own, which [`classed`] takes for the name of its class.
    pub(super) fn colour(self) -> RGBColor {
        RGBColor(0, 1, u8::try_from(self.index()).expect("there are 28"))
    }
}

/// The elements of a drawn chart, with classes for colours and without what the page's style says: the
/// document's own element is left out.
pub(super) fn classed(document: &str) -> String {
    let inner = document.split_once('>').map_or("", |(_, inner)| inner);
    let mut elements = inner.trim().trim_end_matches("</svg>").trim_end().to_owned();
    for name in SAID_BY_STYLE {
        elements = without(&elements, name);
    }
    for (index, class) in CLASSES.iter().enumerate() {
        // As the library writes colours. Text cannot be mistaken for it: its quotes are escaped.
        for property in ["stroke", "fill"] {
            let colour = format!("{property}=\"#0001{index:02X}\"");
            elements = elements.replace(&colour, &format!("class=\"{class}\""));
        }
    }
    elements.replace(" stroke=\"none\"", "").replace(" \"/>", "\"/>")
}

/// Without an attribute.
fn without(elements: &str, name: &str) -> String {
    let opening = format!(" {name}=\"");
    let mut parts = elements.split(opening.as_str());
    let mut out = parts.next().unwrap_or("").to_owned();
    for part in parts {
        out.push_str(part.split_once('"').map_or("", |(_, rest)| rest));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{CLASSES, Ink, classed, without};
    use std::collections::BTreeSet;

    #[test]
    fn every_ink_has_a_class_of_its_own_and_series_begin_again() {
        assert_eq!(CLASSES.iter().collect::<BTreeSet<_>>().len(), CLASSES.len(), "each once");
        assert_eq!(CLASSES[Ink::Band.index()], "band");
        assert_eq!(CLASSES[Ink::Line(0).index()], "l0");
        assert_eq!(CLASSES[Ink::Dot(11).index()], "d5");
        assert_eq!(CLASSES[Ink::Fill(6).index()], "f0");
    }

    #[test]
    fn colours_become_classes_and_the_rest_goes() {
        let line = "<svg width=\"1\" height=\"1\">\n\
                    <polyline fill=\"none\" opacity=\"1\" stroke=\"#00010A\" stroke-width=\"1\" points=\"1,2 3,4 \"/>\n\
                    <circle r=\"4\" opacity=\"1\" fill=\"#000115\" stroke=\"none\" stroke-width=\"1\"/>\n</svg>\n";
        let expected = "<polyline fill=\"none\" class=\"l0\" points=\"1,2 3,4\"/>\n\
                        <circle r=\"4\" class=\"d5\"/>";
        assert_eq!(classed(line), expected);
        assert_eq!(without("<a b=\"1\" c=\"2\"/>", "b"), "<a c=\"2\"/>");
    }
}
