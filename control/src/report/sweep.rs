//! A run's place in a sweep.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Of which sweep a run is a cell, and of which values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepPart {
    /// The sweep's name, which its folder has too.
    pub id: String,
    /// Which of its runs, counted from 1.
    pub cell: usize,
    /// How many there are.
    pub of: usize,
    /// The swept fields with this run's values, as they were written.
    pub values: Map<String, Value>,
}
