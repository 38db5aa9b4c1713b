//! The flags of `kdyno topics`: which topics it handles, and where.

use clap::{Args, Subcommand};

use super::ClusterFlags;
use crate::spec::DriverSource;

/// What `kdyno topics` can do.
#[derive(Debug, Subcommand)]
pub enum TopicsCommand {
    /// Delete topics and groups of runs, all or those of one, after listing them
    Clean(CleanFlags),
}

/// Flags of `kdyno topics clean`.
#[derive(Debug, Args)]
pub struct CleanFlags {
    /// Only those of this run, e.g. quick-test_1760000000_0a1b
    #[arg(value_name = "TEST_ID")]
    pub test_id: Option<String>,
    /// Where.
    #[command(flatten)]
    pub cluster: ClusterFlags,
}

impl CleanFlags {
    /// Where the driver comes from.
    pub fn source(&self) -> DriverSource {
        self.cluster.source()
    }
}
