//! What travels: a body that carries its own times and number.

mod alias;
mod draw;
mod key;
mod key_list;
mod key_source;
mod labels;
mod payload;
mod recipe;
mod stamp;
mod template;
mod weights;

pub use key::{Keys, murmur2};
pub use key_list::KeyList;
pub use key_source::{KeyDraw, KeyOrder, KeyPool, KeySource};
pub use labels::Labels;
pub use payload::{Bodies, Covered};
pub use recipe::{HEADERS_MAX, Recipe};
pub use stamp::{Cover, Stamp, StampFault};
pub use template::{Particulars, Scale, Template};

#[cfg(test)]
mod key_tests;
