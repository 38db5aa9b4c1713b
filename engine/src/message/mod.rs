//! What travels: a body that carries its own times and number.

mod draw;
mod key;
mod labels;
mod payload;
mod recipe;
mod stamp;
mod template;
mod weights;

pub use key::{KeySource, Keys, murmur2};
pub use labels::Labels;
pub use payload::{Bodies, Covered};
pub use recipe::{HEADERS_MAX, Recipe};
pub use stamp::{Cover, Stamp, StampFault};
pub use template::{Particulars, Scale, Template};
