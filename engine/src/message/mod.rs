//! What travels: a body that carries its own times and number.

mod alias;
mod key;
mod key_list;
mod key_source;
mod payload;
mod stamp;

pub use key::{Keys, murmur2};
pub use key_list::KeyList;
pub use key_source::{KeyDraw, KeyOrder, KeyPool, KeySource};
pub use payload::{Bodies, Covered};
pub use stamp::{Cover, Stamp, StampFault};

#[cfg(test)]
mod key_tests;
