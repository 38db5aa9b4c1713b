//! What a message is: its size, its bytes, where its stamp travels.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::message::Stamp;
use engine::plan::StampPlace;
use engine::units::Bytes;
use rand::rngs::SmallRng;
use rand::{RngCore, SeedableRng};
use serde_yaml::Value;

use crate::spec::fault::Ledger;
use crate::spec::files::{Facts, Files};
use crate::spec::given::Givens;
use crate::spec::scalar::{self, Whole};

/// The greatest `message.max.bytes` that librdkafka takes.
const SIZE_MAX: u64 = 1_000_000_000;
/// Memory for the bodies of a run: every lane copies them.
const POOL_BYTES_MAX: u64 = 1 << 30;
/// Bodies where the file says nothing: enough that compression finds no repetition within a batch
/// of usual size, few enough to stay in a core's cache.
const POOL: u64 = 100;
const POOL_BYTES: u64 = 16 << 20;
/// Half random and half zeros, as in most of OMB's own workloads.
const RATIO: f64 = 0.5;
/// The same bodies in every run: two runs differ in what is asked, not in what is sent.
const SEED: u64 = 0x6b64_796e_6f00_0001;

/// What a message is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Body {
    /// Its size.
    pub size: Bytes,
    /// Where its bytes come from.
    pub payload: Payload,
    /// Where its stamp travels.
    pub stamp: StampWish,
}

/// Where the stamp is to travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StampWish {
    /// `body`, which is also the default where it fits.
    Body,
    /// `header`, which is also the default where the body is too small.
    Header,
}

impl StampWish {
    /// The same for the plan.
    pub(crate) const fn place(self) -> StampPlace {
        match self {
            Self::Body => StampPlace::Body,
            Self::Header => StampPlace::Header,
        }
    }
}

/// Where the bytes come from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Payload {
    /// A file of exactly the message's size.
    File(PathBuf),
    /// This many bodies, each with this share of random bytes at its head and zeros behind.
    Random {
        /// The share.
        ratio: f64,
        /// How many.
        pool: u64,
    },
}

/// What the bodies of a run are made of: the cells of a sweep wait with this, which is small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BodySource {
    /// These bytes.
    File(Arc<[u8]>),
    /// So many bodies of random bytes with zeros behind.
    Random {
        /// Bytes of each.
        size: usize,
        /// How many of them are random.
        filled: usize,
        /// How many bodies.
        pool: u64,
    },
}

/// Reads the size, the payload and the stamp's place, and finds the payload's file.
pub(super) fn read(
    givens: &Givens,
    workload: &Path,
    files: &Files,
    ledger: &mut Ledger,
) -> Option<Body> {
    let size = givens.demand("messageSize", ledger, |value| scalar::size(value, SIZE_MAX));
    let stamp = givens.read("stamp", ledger, stamp_wish);
    let stamp = size.map(|size| stamp_place(size, stamp, givens, ledger));
    let is_random = givens.read("useRandomizedPayloads", ledger, scalar::switch).unwrap_or(false);
    let file = givens.read("payloadFile", ledger, scalar::word);
    let payload = if is_random {
        if file.is_some() {
            unused(givens, "payloadFile", "useRandomizedPayloads is true", ledger);
        }
        random(givens, size, ledger)
    } else {
        for name in ["randomBytesRatio", "randomizedPayloadPoolSize"] {
            unused(givens, name, "useRandomizedPayloads is not true", ledger);
        }
        match file {
            Some(file) => {
                let found = find(&file, workload, size, files);
                ledger.take(found.map_err(|problem| givens.fault("payloadFile", problem)))
            }
            None => size.map(standard),
        }
    };
    Some(Body { size: size?, payload: payload?, stamp: stamp? })
}

/// Remarks a field that is given and changes nothing, with the reason.
pub(super) fn unused(givens: &Givens, name: &str, reason: &str, ledger: &mut Ledger) {
    let given = givens
        .get(name)
        .filter(|given| !crate::spec::fields::is_default(&given.value, &["0", "0.0"]));
    if let Some(given) = given {
        let text = given.fault(format!("has no effect: {reason}")).to_string();
        ledger.remark("field_without_effect", text);
    }
}

fn stamp_wish(value: &Value) -> Result<StampWish, String> {
    match scalar::text(value).unwrap_or_default().trim() {
        "body" => Ok(StampWish::Body),
        "header" => Ok(StampWish::Header),
        _ => Err(format!("got {}, need body or header", scalar::show(value))),
    }
}

fn stamp_place(
    size: Bytes,
    wish: Option<StampWish>,
    givens: &Givens,
    ledger: &mut Ledger,
) -> StampWish {
    let least = u64::try_from(Stamp::SIZE).expect("a stamp is small");
    if least <= size.0 {
        return wish.unwrap_or(StampWish::Body);
    }
    if wish == Some(StampWish::Body) {
        let problem = format!(
            "got \"body\", need header: a stamp has {least} bytes and messageSize is {}",
            size.0
        );
        ledger.fault(givens.fault("stamp", problem));
    }
    StampWish::Header
}

fn random(givens: &Givens, size: Option<Bytes>, ledger: &mut Ledger) -> Option<Payload> {
    let ratio = givens.read("randomBytesRatio", ledger, scalar::ratio);
    let is_bad_ratio = ratio.is_none() && givens.get("randomBytesRatio").is_some();
    let count = Whole { min: 1, max: 10_000_000, example: 1000 };
    let pool = givens.demand("randomizedPayloadPoolSize", ledger, |value| count.parse(value));
    let (pool, size) = (pool?, size?);
    let bytes = pool.saturating_mul(size.0);
    if POOL_BYTES_MAX < bytes {
        let most = (POOL_BYTES_MAX / size.0).max(1);
        let problem = format!(
            "got \"{pool}\", need at most {most}: bodies of {} take {bytes} bytes in all, at most {} are held",
            size,
            Bytes(POOL_BYTES_MAX)
        );
        ledger.fault(givens.fault("randomizedPayloadPoolSize", problem));
    }
    (!is_bad_ratio).then_some(Payload::Random { ratio: ratio.unwrap_or(0.0), pool })
}

fn standard(size: Bytes) -> Payload {
    Payload::Random { ratio: RATIO, pool: (POOL_BYTES / size.0).clamp(1, POOL) }
}

/// Looks for the payload's file where OMB does and beside the workload: OMB's tree has
/// `workloads/` and `payload/` side by side, and its files name the latter from the root.
///
/// # Errors
/// When there is none, or it has another size than messages have.
fn find(
    file: &str,
    workload: &Path,
    size: Option<Bytes>,
    files: &Files,
) -> Result<Payload, String> {
    let (path, length) = locate(file, workload, files)?;
    match size {
        Some(size) if length != size => Err(format!(
            "got {} with {} bytes, need a file of messageSize: {} bytes",
            path.display(),
            length.0,
            size.0
        )),
        _ => Ok(Payload::File(path)),
    }
}

/// Where a file that a workload names lies, and its length.
///
/// # Errors
/// When there is none.
pub(super) fn locate(
    file: &str,
    workload: &Path,
    files: &Files,
) -> Result<(PathBuf, Bytes), String> {
    let folder = workload.parent().unwrap_or(Path::new(""));
    let mut places = vec![PathBuf::from(file), folder.join(file), folder.join("..").join(file)];
    places.dedup();
    let found = places.iter().find_map(|path| Some((path, files.facts(path).ok()?)));
    let Some((path, facts)) = found else {
        let looked: Vec<String> = places.iter().map(|path| path.display().to_string()).collect();
        return Err(format!("got \"{file}\": no such file, looked for {}", looked.join(", ")));
    };
    match facts {
        Facts::File(length) => Ok((path.clone(), length)),
        _ => Err(format!("got \"{file}\": {} is no file", path.display())),
    }
}

impl Body {
    /// What the bodies are made of.
    ///
    /// # Errors
    /// When the file cannot be read or has another size.
    pub(crate) fn source(&self, files: &mut Files) -> Result<BodySource, String> {
        let size = usize::try_from(self.size.0).expect("a body fits in memory");
        match &self.payload {
            Payload::File(path) => {
                let bytes =
                    files.read(path).map_err(|error| format!("{}: {error}", path.display()))?;
                if bytes.len() == size {
                    Ok(BodySource::File(bytes))
                } else {
                    Err(format!("{}: has {} bytes, need {size}", path.display(), bytes.len()))
                }
            }
            Payload::Random { ratio, pool } => {
                Ok(BodySource::Random { size, filled: random_bytes(size, *ratio), pool: *pool })
            }
        }
    }
}

impl BodySource {
    /// Makes the bodies.
    pub(crate) fn bodies(&self) -> Vec<Vec<u8>> {
        match self {
            Self::File(bytes) => vec![bytes.to_vec()],
            Self::Random { size, filled, pool } => {
                let mut random = SmallRng::seed_from_u64(SEED);
                let body = |_| {
                    let mut body = vec![0; *size];
                    random.fill_bytes(&mut body[..*filled]);
                    body
                };
                (0..*pool).map(body).collect()
            }
        }
    }
}

/// How many bytes of a body are random: as OMB, rounded down.
fn random_bytes(size: usize, ratio: f64) -> usize {
    let whole = u32::try_from(size).expect("a body is at most 1 GB");
    format!("{:.0}", (f64::from(whole) * ratio).floor()).parse::<usize>().unwrap_or(0).min(size)
}

#[cfg(test)]
mod tests {
    use super::{Body, Files, Payload, StampWish, random_bytes};
    use engine::units::Bytes;

    #[test]
    fn random_bodies_differ_and_end_in_zeros() {
        let payload = Payload::Random { ratio: 0.5, pool: 3 };
        let body = Body { size: Bytes(100), payload, stamp: StampWish::Body };
        let bodies = body.source(&mut Files::disk()).expect("no file is needed").bodies();
        assert_eq!(bodies.len(), 3, "the pool");
        assert!(bodies.iter().all(|one| one.len() == 100 && one[50..] == [0; 50]), "half zeros");
        assert_ne!(bodies[0], bodies[1], "each its own");
        assert_eq!(
            bodies,
            body.source(&mut Files::disk()).expect("again").bodies(),
            "the same in every run"
        );
    }

    #[test]
    fn shares_of_a_body_are_rounded_down() {
        let check = |size, ratio, expected| {
            assert_eq!(random_bytes(size, ratio), expected, "{size} × {ratio}");
        };
        check(1, 0.5, 0);
        check(3, 0.5, 1);
        check(100, 1.0, 100);
        check(100, 0.0, 0);
        check(1_000_000_000, 0.25, 250_000_000);
    }
}
