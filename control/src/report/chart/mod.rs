//! Charts as SVG: the only place that knows the library that draws them.

mod draw;
#[cfg(test)]
mod draw_tests;
mod ink;
mod lines;
mod plot;
mod scale;

pub use draw::{HEIGHT, drawn, swatch};
pub use lines::{Chart, Line, Panel, svg};
pub use plot::{Axis, Band, Mark, Plot, Series, Shape};
pub use scale::Scale;
