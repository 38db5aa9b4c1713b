//! Bodies of several sizes, each sent as often as its weight says: OMB's `messageSizeDistribution`.

use engine::units::Bytes;
use serde_yaml::{Mapping, Value};

use super::body_source::{POOL_BYTES_MAX, SIZE_MAX};
use crate::spec::scalar::{self, Whole};

/// What bodies are made of whose sizes differ.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sizes {
    /// The sizes, in the order of the file.
    pub buckets: Vec<Bucket>,
    /// The share of random bytes at the head of each; zeros behind.
    pub ratio: f64,
}

/// One size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bucket {
    /// The range as it is written.
    pub range: String,
    /// Its middle, rounded down: all its bodies have this size, as in OMB.
    pub size: Bytes,
    /// How often it comes.
    pub weight: u32,
}

impl Sizes {
    /// Bytes of a body, on average and rounded down: what OMB reckons with in place of `messageSize`.
    pub(crate) fn mean(&self) -> Bytes {
        mean(&self.buckets)
    }

    /// The least size.
    pub(crate) fn smallest(&self) -> Bytes {
        self.buckets.iter().map(|bucket| bucket.size).min().unwrap_or_default()
    }

    /// The greatest size.
    pub(crate) fn largest(&self) -> Bytes {
        self.buckets.iter().map(|bucket| bucket.size).max().unwrap_or_default()
    }
}

/// Reads `{1KB-4KB: 70, 64KB-128KB: 30}`.
///
/// # Errors
/// What was got and what is allowed.
pub(super) fn buckets(value: &Value) -> Result<Vec<Bucket>, String> {
    let map = map(value, "{1KB-4KB: 70, 64KB-128KB: 30}")?;
    let buckets = map.iter().map(|(range, weight)| bucket(range, weight));
    let buckets = buckets.collect::<Result<Vec<Bucket>, String>>()?;
    if buckets.iter().all(|bucket| bucket.weight == 0) {
        return Err("got weights of 0 alone, need one above 0".to_owned());
    }
    if mean(&buckets) == Bytes(0) {
        return Err("got bodies of less than 1 byte on average, need larger ones".to_owned());
    }
    let all = Bytes(buckets.iter().map(|bucket| bucket.size.0).sum());
    if POOL_BYTES_MAX < all.0 {
        let most = Bytes(POOL_BYTES_MAX);
        return Err(format!("got bodies of {all} in all, need at most {most}"));
    }
    Ok(buckets)
}

/// Reads a map, from a file or from the text of a flag.
///
/// # Errors
/// When it is none.
pub(super) fn map(value: &Value, example: &str) -> Result<Mapping, String> {
    let parsed = match value {
        Value::Mapping(map) => Some(map.clone()),
        Value::String(text) => serde_yaml::from_str::<Mapping>(text).ok(),
        _ => None,
    };
    let map = parsed.filter(|map| !map.is_empty());
    map.ok_or_else(|| format!("got {}, need a map, e.g. {example}", scalar::show(value)))
}

fn bucket(range: &Value, weight: &Value) -> Result<Bucket, String> {
    let range = scalar::text(range).unwrap_or_default();
    // OMB splits at the last hyphen, so that a sign in front is a part of the first number.
    let bounds = range.rsplit_once('-').and_then(|(min, max)| Some((bytes(min)?, bytes(max)?)));
    let bounds = bounds.filter(|(min, max)| min <= max && *max <= SIZE_MAX);
    let Some((min, max)) = bounds else {
        return Err(format!(
            "got the range \"{range}\", need two sizes up to {} with a hyphen between, the smaller \
             first, e.g. 1KB-4KB",
            Bytes(SIZE_MAX)
        ));
    };
    let weights = Whole { min: 0, max: 2_147_483_647, example: 10 };
    let weight = weights.parse_u32(weight).map_err(|problem| format!("{range}: {problem}"))?;
    Ok(Bucket { range, size: Bytes(u64::midpoint(min, max)), weight })
}

/// A size as OMB writes it: its units are powers of two, whatever their names.
fn bytes(text: &str) -> Option<u64> {
    let text = text.trim().to_uppercase();
    let units = [("KB", 1 << 10), ("MB", 1 << 20), ("B", 1)];
    let unit = units.iter().find_map(|(unit, bytes)| Some((text.strip_suffix(*unit)?, *bytes)));
    let (number, bytes) = unit.unwrap_or((text.as_str(), 1));
    number.trim().parse::<u64>().ok()?.checked_mul(bytes)
}

fn mean(buckets: &[Bucket]) -> Bytes {
    let weights: u128 = buckets.iter().map(|bucket| u128::from(bucket.weight)).sum();
    let weighed = |bucket: &Bucket| u128::from(bucket.size.0) * u128::from(bucket.weight);
    let all: u128 = buckets.iter().map(weighed).sum();
    let mean = all.checked_div(weights).unwrap_or(0);
    Bytes(u64::try_from(mean).expect("a mean is at most the greatest size"))
}

#[cfg(test)]
mod tests {
    use super::{Bucket, Sizes, buckets};
    use engine::units::Bytes;
    use serde_yaml::Value;

    fn value(text: &str) -> Value {
        serde_yaml::from_str(text).expect("a YAML value")
    }

    #[test]
    fn ranges_and_weights_are_read_as_omb_reads_them() {
        let check = |text: &str, expected: &[(u64, u32)]| {
            let read = buckets(&value(text)).unwrap_or_else(|problem| panic!("{text}: {problem}"));
            let got: Vec<(u64, u32)> = read.iter().map(|one| (one.size.0, one.weight)).collect();
            assert_eq!(got, expected, "{text}");
        };
        check("{100-200: 1}", &[(150, 1)]);
        check("{1-2: 3, 0-1KB: 4}", &[(1, 3), (512, 4)]);
        check("{' 1 kb - 3Kb ': 2, 1MB-1MB: 0}", &[(2_048, 2), (1 << 20, 0)]);
        check("{100b-100B: '7'}", &[(100, 7)]);
        check("'{100-200: 1}'", &[(150, 1)]);
    }

    #[test]
    fn what_is_no_range_or_weight_is_told() {
        let check = |text: &str, expected: &str| {
            let problem = buckets(&value(text)).expect_err(text);
            assert!(problem.starts_with(expected), "{text}: {problem}");
        };
        check("{100: 1}", "got the range \"100\", need two sizes up to ");
        check("{'': 1}", "got the range \"\", need two sizes");
        check("{-5-10: 1}", "got the range \"-5-10\", need two sizes");
        check("{200-100: 1}", "got the range \"200-100\", need two sizes");
        check("{1GB-2GB: 1}", "got the range \"1GB-2GB\", need two sizes");
        check("{1-2: -1}", "1-2: got \"-1\", need a whole number from 0 to 2147483647");
        check("{1-2: 0, 3-4: 0}", "got weights of 0 alone, need one above 0");
        check("{0-1: 5}", "got bodies of less than 1 byte on average");
        check("{}", "got a map, need a map, e.g. ");
        check("[1]", "got a list, need a map, e.g. {1KB-4KB: 70, ");
        check("{900MB-900MB: 1, 901MB-901MB: 1}", "got bodies of ");
    }

    #[test]
    fn the_mean_is_weighted_and_rounded_down() {
        let bucket = |size: u64, weight| Bucket { range: String::new(), size: Bytes(size), weight };
        let sizes = Sizes { buckets: vec![bucket(10, 3), bucket(101, 1)], ratio: 0.0 };
        assert_eq!(sizes.mean(), Bytes(32), "131 by 4");
        assert_eq!((sizes.smallest(), sizes.largest()), (Bytes(10), Bytes(101)));
    }
}
