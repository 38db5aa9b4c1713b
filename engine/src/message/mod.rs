//! What travels: a body that carries its own times and number.

mod key;
mod payload;
mod stamp;

pub use key::{KeySource, Keys, murmur2};
pub use payload::{Bodies, Covered};
pub use stamp::{Cover, Stamp, StampFault};
