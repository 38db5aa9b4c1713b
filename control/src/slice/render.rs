//! `kdyno report --from … --to … --merge …`: slices on stdout, nothing on disk.

use super::{Slice, cut};
use crate::cli::{Format, ReportFlags};
use crate::spec::{Fault, Faults};
use engine::units::{NANOS_PER_SECOND, Nanos};
use serde_json::Value;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Cuts what is asked for out of each run, or takes slices as they are; merges them where that is asked.
///
/// # Errors
/// All that cannot be done.
pub(crate) fn read(flags: &ReportFlags) -> Result<Vec<Slice>, Faults> {
    let (mut slices, mut faults) = (Vec::new(), Vec::new());
    let mut second = |flag: &str, moment: Option<Nanos>| {
        let whole = moment.map(whole_seconds).transpose();
        whole.unwrap_or_else(|problem| {
            faults.push(Fault::whole(flag, problem));
            None
        })
    };
    let (from, to) = (second("--from", flags.from), second("--to", flags.to));
    for source in &flags.runs {
        let slice = match source.is_dir() {
            true => cut(source, from.unwrap_or(0), to),
            false if from.or(to).is_some() => {
                Err("is a slice already: need a run directory to cut seconds from".to_owned())
            }
            false => read_slice(source),
        };
        match slice {
            Ok(slice) => slices.push(slice),
            Err(problem) => faults.push(Fault::whole(source.display().to_string(), problem)),
        }
    }
    if flags.merge && faults.is_empty() {
        let mut merged = Slice::empty();
        for slice in &slices {
            if let Err(problem) = merged.merge(slice) {
                faults.push(Fault::whole("--merge", problem));
            }
        }
        slices = vec![merged];
    }
    if faults.is_empty() { Ok(slices) } else { Err(Faults(faults)) }
}

/// Writes slices to `out`.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn tell(slices: &[Slice], format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Text => {
            let texts: Vec<String> = slices.iter().map(Slice::text).collect();
            out.write_all(texts.join("\n").as_bytes())
        }
        Format::Json => {
            let documents = slices.iter().map(|slice| serde_json::to_vec_pretty(&slice.json()));
            let documents: Vec<Vec<u8>> = documents.collect::<Result<_, _>>()?;
            crate::runs::write_json(&documents, slices.len(), out)?;
            if slices.len() == 1 { out.write_all(b"\n") } else { Ok(()) }
        }
    }
}

/// A moment as a second's number; seconds are not cut.
fn whole_seconds(moment: Nanos) -> Result<u32, String> {
    match (moment.0 % NANOS_PER_SECOND, u32::try_from(moment.0 / NANOS_PER_SECOND)) {
        (0, Ok(second)) => Ok(second),
        _ => Err(format!("got {moment}, need whole seconds of the measured phase, e.g. 30s")),
    }
}

fn read_slice(path: &Path) -> Result<Slice, String> {
    let text = fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    let document: Value =
        serde_json::from_slice(&text).map_err(|error| format!("is no JSON: {error}"))?;
    Slice::read(&document)
}
