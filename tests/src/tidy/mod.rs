//! The architecture's checks: from the repository's texts to complaints, one line each.

mod arrows;
mod claims;
mod code;
mod codemap;
mod manifest;
mod shape;
mod source;
mod unsafety;
mod words;

pub use arrows::arrows;
pub use claims::{invariants, tests_named};
pub use code::code_only;
pub use codemap::{codemap, missing_paths, spliced};
pub use manifest::{dependencies, lints, packages};
pub use shape::{first_line, length, strangers};
pub use source::{Source, member_manifests, read, root, sources, top_level};
pub use unsafety::unsafety;
pub use words::{Home, banned, confined, leftovers};
