//! The flags of `kdyno workloads` and `kdyno drivers`: which of the built-in files, and how they are listed.

use clap::Args;

use super::Format;

/// Flags of `kdyno workloads` and `kdyno drivers`.
#[derive(Debug, Args)]
pub struct LibraryFlags {
    /// Print this one's file, e.g. to copy it and change the copy: kdyno workloads simple > my.yaml
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Form of the list
    #[arg(long, value_name = "FORM", default_value = "text", conflicts_with = "name")]
    pub format: Format,
}
