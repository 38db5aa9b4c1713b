//! How fast: a rate, one that changes, or as fast as possible; and how evenly.

use std::path::Path;

use engine::plan::{Varied, Warmup};
use engine::time::{Arrival, Shape, Shaped, Tempo};
use engine::units::{Nanos, Rate};
use serde_yaml::Value;

use super::payload_file::locate;
use super::rate_shape::{self, RECORDING_MAX, Recording, ShapeWish};
use crate::spec::fault::Ledger;
use crate::spec::files::Files;
use crate::spec::given::Givens;
use crate::spec::scalar;

/// OMB has no word for "as fast as possible": its files ask for rates from here on.
const OMB_MAX: u64 = 10_000_000;

/// Where the file names no seed: two runs of a workload are the same load.
const SEED: u64 = 1;

/// How fast messages are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Speed {
    /// By a schedule.
    At(Rate),
    /// By one that changes.
    Shaped(Shape),
    /// By one that was recorded.
    Replay(Recording),
    /// In a closed loop.
    Max,
    /// As fast as the cluster sustains, which is searched.
    Search,
}

/// What is being read, and where from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading<'a> {
    pub(super) givens: &'a Givens,
    pub(super) workload: &'a Path,
    pub(super) files: &'a Files,
}

/// Reads the rate.
pub(super) fn read(reading: &Reading<'_>, ledger: &mut Ledger) -> Option<Speed> {
    let givens = reading.givens;
    // OMB's default for an absent rate is 0, its search.
    let rate = match givens.demand("producerRate", ledger, speed)? {
        Speed::At(rate) => rate,
        Speed::Replay(recording) => {
            let found = find(&recording, reading.workload, reading.files);
            return ledger.take(found.map_err(|problem| givens.fault("producerRate", problem)));
        }
        other => return Some(other),
    };
    if rate.get() < OMB_MAX {
        return Some(Speed::At(rate));
    }
    let text = format!(
        "{rate} is OMB's way to say as fast as possible: the run is a closed loop (--rate max) without due times"
    );
    ledger.remark("closed_loop", givens.fault("producerRate", text).to_string());
    Some(Speed::Max)
}

fn speed(value: &Value) -> Result<Speed, String> {
    let text = scalar::text(value).unwrap_or_default();
    if text.trim().eq_ignore_ascii_case("max") {
        return Ok(Speed::Max);
    }
    if let Some(read) = rate_shape::parse(&text) {
        return read.map(|wish| match wish {
            ShapeWish::Drawn(shape) => Speed::Shaped(shape),
            ShapeWish::Replay(recording) => Speed::Replay(recording),
        });
    }
    let whole = scalar::Whole { min: 0, max: u64::MAX, example: 1 }.parse(value).ok();
    let rate = match whole {
        Some(0) => return Ok(Speed::Search),
        Some(number) => Rate::per_second(number),
        None => text.parse().ok(),
    };
    rate.map(Speed::At).ok_or_else(|| {
        format!(
            "got {}, need a number of messages per second, e.g. 50000 or 50k, or max, or 0 to search the highest, or a shape: steps, ramp, wave, bursts or replay",
            scalar::show(value)
        )
    })
}

/// A recording by the path at which it lies.
fn find(recording: &Recording, workload: &Path, files: &Files) -> Result<Speed, String> {
    let name = recording.file.to_string_lossy().into_owned();
    let (file, length) = locate(&name, workload, files)?;
    if RECORDING_MAX < length {
        let shown = file.display();
        return Err(format!("got {shown} with {length}, need a file of at most {RECORDING_MAX}"));
    }
    Ok(Speed::Replay(Recording { file, every: recording.every }))
}

/// Reads how messages are spread around the rate.
pub(super) fn arrival(givens: &Givens, speed: Option<&Speed>, ledger: &mut Ledger) -> Arrival {
    let seed = givens.read("seed", ledger, |value| {
        scalar::Whole { min: 0, max: u64::MAX, example: SEED }.parse(value)
    });
    let is_poisson = givens.read("arrival", ledger, |value| {
        match scalar::text(value).unwrap_or_default().trim() {
            "regular" => Ok(false),
            "poisson" => Ok(true),
            _ => Err(format!("got {}, need regular or poisson", scalar::show(value))),
        }
    });
    if is_poisson != Some(true) {
        if let Some(given) = givens.get("seed") {
            let text = given.fault("has no effect: arrival is not poisson").to_string();
            ledger.remark("field_without_effect", text);
        }
        return Arrival::Regular;
    }
    let reason = match speed {
        Some(Speed::Max) => Some("a closed loop (producerRate: max) has no due times"),
        Some(Speed::Replay(_)) => Some("a recording (producerRate: replay) says when each is due"),
        Some(Speed::Search) => {
            Some("a search (producerRate: 0) asks for one rate after the other, evenly")
        }
        Some(Speed::At(_) | Speed::Shaped(_)) | None => None,
    };
    if let Some(reason) = reason {
        let problem = format!("got \"poisson\", need regular: {reason}");
        ledger.fault(givens.fault("arrival", problem));
    }
    Arrival::Poisson { seed: seed.unwrap_or(SEED) }
}

/// A warm-up that ends when acks come at the rate needs one rate, evenly.
pub(super) fn check_warmup(
    (givens, warmup): (&Givens, Warmup),
    (speed, arrival): (Option<&Speed>, Arrival),
    ledger: &mut Ledger,
) {
    let is_shaped = matches!(speed, Some(Speed::Shaped(_) | Speed::Replay(_)));
    let reason = match arrival {
        _ if is_shaped => "a rate that changes is never steady",
        Arrival::Poisson { .. } => "arrivals by chance are never steady",
        Arrival::Regular => return,
    };
    if let Warmup::Auto { .. } = warmup {
        let minutes = "warmupDurationMinutes";
        let field = if givens.get(minutes).is_some() { minutes } else { "warmupDuration" };
        let problem = format!("got \"auto\", need a time, e.g. 30s: {reason}");
        ledger.fault(givens.fault(field, problem));
    }
}

/// What the engine is to do of a rate that changes or of arrivals by chance; nothing where neither is
/// asked for.
///
/// # Errors
/// When the recording cannot be read, or nothing would be due.
pub(super) fn varied(
    (speed, arrival): (&Speed, Arrival),
    measured: Nanos,
    files: &mut Files,
) -> Result<Option<Varied>, String> {
    let tempo = match (speed, arrival) {
        (Speed::Max | Speed::Search, _) | (Speed::At(_), Arrival::Regular) => return Ok(None),
        (Speed::At(rate), Arrival::Poisson { .. }) => Tempo::Rate(*rate),
        (Speed::Shaped(shape), _) => Tempo::Shape(Shaped::new(shape.clone())?),
        (Speed::Replay(recording), _) => Tempo::Shape(Shaped::new(recording.shape(files)?)?),
    };
    Varied::new(tempo, arrival, measured).map(Some)
}
