//! A result read back from its file: all of it, or not at all.

use super::outages::OutagePart;
use super::report::{Report, SCHEMA};
use serde_json::{Number, Value};
use thiserror::Error;

/// Why a file is not read as a result: what was got, and what is needed.
#[derive(Debug, Error)]
pub enum ReadError {
    /// It is no JSON, or is cut off.
    #[error("is no JSON: {0}")]
    Json(serde_json::Error),
    /// It is of another format, or of another version of it.
    #[error("got the schema {got}{writer}, need \"{needed}\"", needed = SCHEMA)]
    Schema {
        /// The name and version that it gives itself, as JSON; or that it gives none.
        got: String,
        /// Which version of kdyno wrote it, in words; empty where it does not say.
        writer: String,
    },
    /// A field is missing, or holds something of another kind.
    #[error("is no result: {0}")]
    Field(serde_json::Error),
    /// It says something that this version has no place for.
    #[error(
        "{path}: got a field{writer} that kdyno {own} does not know and would drop, need the version that \
         wrote it or a later one",
        own = env!("CARGO_PKG_VERSION")
    )]
    Unknown {
        /// Where, e.g. `intervals[3].client`.
        path: String,
        /// Which version of kdyno wrote it, in words; empty where it does not say.
        writer: String,
    },
}

impl Report {
    /// Reads a result as `result.json` has it. One that was written before a field came to be is read
    /// without it, where the field may be null or left out; one that says more than this version knows is
    /// refused, since whatever is made of it would not tell that something is missing.
    ///
    /// # Errors
    /// When the bytes are no JSON, of another format or version, without a field that every result has, or
    /// with one that is not known.
    ///
    /// # Panics
    /// Never: every key of the format is a string.
    pub fn read(result: &[u8]) -> Result<Self, ReadError> {
        let all: Value = serde_json::from_slice(result).map_err(ReadError::Json)?;
        let writer = || {
            let version = all.get("kdyno_version").and_then(Value::as_str);
            version.map_or_else(String::new, |version| format!(" of kdyno {version}"))
        };
        let schema = all.get("schema");
        if schema.and_then(Value::as_str) != Some(SCHEMA) {
            let got = schema.map_or_else(|| "nothing".to_owned(), Value::to_string);
            return Err(ReadError::Schema { got, writer: writer() });
        }
        // From the bytes once more, and not from the value: so an error has its line and column.
        let mut report: Self = serde_json::from_slice(result).map_err(ReadError::Field)?;
        report.outages = report.outages.into_iter().map(OutagePart::told).collect();
        let kept = serde_json::to_value(&report).expect("every key of the format is a string");
        match lost(&all, Some(&kept)) {
            None => Ok(report),
            Some(path) => {
                let path = path.trim_start_matches('.').to_owned();
                Err(ReadError::Unknown { path, writer: writer() })
            }
        }
    }
}

/// Where a value says something that what was kept of it does not: the first such place, from here on;
/// `None` where all is kept. Null says nothing, and what came to it is no loss.
fn lost(all: &Value, kept: Option<&Value>) -> Option<String> {
    match (all, kept) {
        (Value::Null, None) => None,
        (Value::Object(fields), Some(Value::Object(kept))) => {
            fields.iter().find_map(|(name, field)| {
                lost(field, kept.get(name)).map(|below| format!(".{name}{below}"))
            })
        }
        (Value::Array(items), Some(Value::Array(kept))) if items.len() == kept.len() => {
            items.iter().zip(kept).enumerate().find_map(|(index, (item, there))| {
                lost(item, Some(there)).map(|below| format!("[{index}]{below}"))
            })
        }
        (Value::Number(number), Some(Value::Number(kept))) if is_same(number, kept) => None,
        (value, kept) => (kept != Some(value)).then(String::new),
    }
}

/// Whether two numbers are the same, be one of them written without its point: tools that rewrite JSON
/// leave `.0` out.
fn is_same(one: &Number, other: &Number) -> bool {
    if one.is_f64() == other.is_f64() {
        return one == other;
    }
    one.as_f64().zip(other.as_f64()).is_some_and(|(a, b)| a.total_cmp(&b).is_eq())
}
