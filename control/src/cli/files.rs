//! The flags of `kdyno validate`, and of `kdyno workloads` and `kdyno drivers`: which files they are about.

use std::path::PathBuf;

use clap::Args;

use super::Format;

/// Flags of `kdyno validate`.
#[derive(Debug, Args)]
pub struct ValidateFlags {
    /// Files to check, or names of those that are built in
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

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
