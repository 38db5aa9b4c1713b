//! What a message is: its size, its bytes, where its stamp travels.

use std::path::{Path, PathBuf};

use engine::message::Stamp;
use engine::plan::StampPlace;
use engine::units::Bytes;
use serde_yaml::Value;

use super::body_source::{BodySource, Make, POOL_BYTES_MAX, SIZE_MAX};
use super::compressibility::{self, Codec};
use super::payload_file;
use super::sizes::{self, Bucket, Sizes};
use crate::spec::fault::Ledger;
use crate::spec::fields;
use crate::spec::files::Files;
use crate::spec::given::Givens;
use crate::spec::scalar::{self, Whole};

/// Bodies where the file says nothing: enough that compression finds no repetition within a batch
/// of usual size, few enough to stay in a core's cache.
const POOL: u64 = 100;
const POOL_BYTES: u64 = 16 << 20;
/// Half random and half zeros, as in most of OMB's own workloads.
const RATIO: f64 = 0.5;

/// Fields that say by themselves what bodies are.
const OWN: [&str; 3] = [SIZES, TEMPLATE, COMPRESSIBILITY];
const SIZES: &str = "messageSizeDistribution";
pub(super) const TEMPLATE: &str = "payloadTemplate";
const COMPRESSIBILITY: &str = "compressibility";

/// What a message is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Body {
    /// Its size; where sizes differ, the mean.
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
    /// All files of a folder, each of exactly the message's size, in turn.
    Folder(PathBuf),
    /// This many bodies, each with this share of random bytes at its head and zeros behind.
    Random {
        /// The share.
        ratio: f64,
        /// How many.
        pool: u64,
    },
    /// Bodies of several sizes.
    Sizes(Sizes),
    /// Bodies that the producers' codec makes so many times smaller.
    Compressible(f64),
    /// A text with places, filled in for each message.
    Template(String),
}

/// Reads the size, the payload and the stamp's place, and finds the payload's file.
pub(super) fn read(
    givens: &Givens,
    workload: &Path,
    files: &Files,
    ledger: &mut Ledger,
) -> Option<Body> {
    let own = own(givens, ledger);
    if own == Some(SIZES) {
        return of_sizes(givens, ledger);
    }
    let size = givens.demand("messageSize", ledger, |value| scalar::size(value, SIZE_MAX));
    let stamp = givens.read("stamp", ledger, stamp_wish);
    let stamp = size.map(|size| stamp_place(("messageSize is", size), stamp, givens, ledger));
    let payload = match own {
        Some(TEMPLATE) => givens.read(TEMPLATE, ledger, scalar::word).map(Payload::Template),
        Some(COMPRESSIBILITY) => {
            let ratio = givens.read(COMPRESSIBILITY, ledger, compressibility::ratio);
            ratio.map(Payload::Compressible)
        }
        _ => omb(givens, (workload, files), size, ledger),
    };
    Some(Body { size: size?, payload: payload?, stamp: stamp? })
}

/// Which of the fields is given that say by themselves what bodies are; with it the others have no
/// effect.
fn own(givens: &Givens, ledger: &mut Ledger) -> Option<&'static str> {
    let is_given =
        |name: &&&str| givens.get(name).is_some_and(|given| !fields::is_default(&given.value, &[]));
    let mut given = OWN.iter().filter(is_given);
    let first = *given.next()?;
    for second in given {
        let problem = format!("says what bodies are, and so does {first}: keep one of them");
        ledger.fault(givens.fault(second, problem));
    }
    let reason = format!("{first} is given");
    unused(givens, "payloadFile", &reason, ledger);
    unused(givens, "randomizedPayloadPoolSize", &reason, ledger);
    let others: &[&str] = match first {
        SIZES => &["messageSize"],
        _ => &["useRandomizedPayloads", "randomBytesRatio"],
    };
    for name in others {
        unused(givens, name, &reason, ledger);
    }
    Some(first)
}

/// OMB's bodies of several sizes: zeros, or random bytes with zeros behind.
fn of_sizes(givens: &Givens, ledger: &mut Ledger) -> Option<Body> {
    let is_random = givens.read("useRandomizedPayloads", ledger, scalar::switch).unwrap_or(false);
    let ratio = if is_random {
        givens.read("randomBytesRatio", ledger, scalar::ratio).unwrap_or(0.0)
    } else {
        unused(givens, "randomBytesRatio", "useRandomizedPayloads is not true", ledger);
        0.0
    };
    let buckets = givens.read(SIZES, ledger, sizes::buckets);
    let stamp = givens.read("stamp", ledger, stamp_wish);
    let sizes = Sizes { buckets: buckets?, ratio };
    let smallest = ("the smallest of messageSizeDistribution is", sizes.smallest());
    let stamp = stamp_place(smallest, stamp, givens, ledger);
    Some(Body { size: sizes.mean(), payload: Payload::Sizes(sizes), stamp })
}

/// OMB's bodies of one size: random ones, or those of a file.
fn omb(
    givens: &Givens,
    (workload, files): (&Path, &Files),
    size: Option<Bytes>,
    ledger: &mut Ledger,
) -> Option<Payload> {
    let is_random = givens.read("useRandomizedPayloads", ledger, scalar::switch).unwrap_or(false);
    let file = givens.read("payloadFile", ledger, scalar::word);
    if is_random {
        if file.is_some() {
            unused(givens, "payloadFile", "useRandomizedPayloads is true", ledger);
        }
        return random(givens, size, ledger);
    }
    for name in ["randomBytesRatio", "randomizedPayloadPoolSize"] {
        unused(givens, name, "useRandomizedPayloads is not true", ledger);
    }
    match file {
        Some(file) => {
            let found = payload_file::find(&file, workload, size, files);
            ledger.take(found.map_err(|problem| givens.fault("payloadFile", problem)))
        }
        None => size.map(standard),
    }
}

/// Remarks a field that is given and changes nothing, with the reason.
pub(super) fn unused(givens: &Givens, name: &str, reason: &str, ledger: &mut Ledger) {
    let given =
        givens.get(name).filter(|given| !fields::is_default(&given.value, &["0", "0.0", "false"]));
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
    (what, size): (&str, Bytes),
    wish: Option<StampWish>,
    givens: &Givens,
    ledger: &mut Ledger,
) -> StampWish {
    let least = u64::try_from(Stamp::SIZE).expect("a stamp is small");
    if least <= size.0 {
        return wish.unwrap_or(StampWish::Body);
    }
    if wish == Some(StampWish::Body) {
        let problem =
            format!("got \"body\", need header: a stamp has {least} bytes and {what} {}", size.0);
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

impl Body {
    /// Bytes of the longest.
    pub(crate) fn largest(&self) -> Bytes {
        match &self.payload {
            Payload::Sizes(sizes) => sizes.largest(),
            _ => self.size,
        }
    }

    /// How often each body is chosen; empty where they take turns.
    pub(crate) fn weights(&self) -> Vec<u32> {
        match &self.payload {
            Payload::Sizes(sizes) => sizes.buckets.iter().map(|bucket| bucket.weight).collect(),
            _ => Vec::new(),
        }
    }

    /// The field by which the bodies are as they are.
    pub(crate) const fn field(&self) -> &'static str {
        match &self.payload {
            Payload::Compressible(_) => COMPRESSIBILITY,
            _ => "payloadFile",
        }
    }

    /// What the bodies are made of, for producers that compress by this codec.
    ///
    /// # Errors
    /// When a file cannot be read or has another size, or no codec makes of a body what is asked.
    pub(crate) fn source(
        &self,
        files: &mut Files,
        codec: Option<Codec>,
    ) -> Result<BodySource, String> {
        match &self.payload {
            Payload::File(path) => payload_file::read(path, self.size, files)
                .map(|bytes| BodySource::Files(vec![bytes])),
            Payload::Folder(path) => {
                payload_file::read_folder(path, self.size, files).map(BodySource::Files)
            }
            Payload::Random { ratio, pool } => {
                Ok(BodySource::Random { make: Make::by_share(self.size, *ratio), pool: *pool })
            }
            Payload::Sizes(sizes) => {
                let make = |bucket: &Bucket| Make::by_share(bucket.size, sizes.ratio);
                Ok(BodySource::Sizes(sizes.buckets.iter().map(make).collect()))
            }
            Payload::Compressible(ratio) => match codec {
                Some(codec) => codec.source(*ratio, self.size, self.stamp.place()),
                None => Err(format!(
                    "got \"{ratio}\", and the driver's producers do not compress: need \
                     compression.type gzip, snappy, lz4 or zstd in its producerConfig"
                )),
            },
            Payload::Template(_) => {
                let size = usize::try_from(self.size.0).expect("a body fits in memory");
                Ok(BodySource::Blank(size))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Body, Files, Payload, StampWish};
    use engine::units::Bytes;

    #[test]
    fn without_a_codec_nothing_is_compressed() {
        let payload = Payload::Compressible(3.0);
        let body = Body { size: Bytes(1_024), payload, stamp: StampWish::Body };
        let problem = body.source(&mut Files::disk(), None).expect_err("no codec");
        assert!(problem.starts_with("got \"3\", and the driver's producers do not"), "{problem}");
    }
}
