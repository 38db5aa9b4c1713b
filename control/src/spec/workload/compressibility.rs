//! How much of a body must be random, so that a codec shrinks it as far as is asked.
//!
//! A body is random bytes with zeros behind. What a codec makes of it is nearly a straight line: each
//! random byte stays, a run of zeros takes a small part of itself, and what differs between messages
//! (their framing, and in the stamp the number, both times and the checksum) costs the same for each.

use engine::message::Stamp;
use engine::plan::{ClientSettings, StampPlace};
use engine::units::Bytes;
use serde_yaml::Value;

use super::body_source::{BodySource, Make, random_bytes};
use crate::spec::scalar;

/// Bytes of the bodies of a lane: several batches of the usual 1 MB and less, so that none holds a body
/// twice; a codec would find it again.
const POOL_BYTES: u64 = 8 << 20;
/// Bodies at most, for small ones.
const POOL: u64 = 20_000;
/// What may be asked for.
const RATIO_MAX: f64 = 100.0;

/// A codec of batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    /// Deflate.
    Gzip,
    /// Snappy.
    Snappy,
    /// LZ4.
    Lz4,
    /// Zstandard.
    Zstd,
}

/// What a codec makes of a batch, in bytes.
#[derive(Clone, Copy, Debug)]
struct Cost {
    /// Of each message beside its bytes: framing and stamp.
    message: f64,
    /// Of each random byte.
    random: f64,
    /// Of each byte of a run of zeros.
    zero: f64,
}

impl Codec {
    /// That of a driver's producers; nothing where they do not compress.
    pub(crate) fn of(settings: &ClientSettings) -> Option<Self> {
        let is_it = |name: &str| matches!(name, "compression.type" | "compression.codec");
        let (_, value) = settings.producer.iter().rev().find(|(name, _)| is_it(name))?;
        let codecs = [Self::Gzip, Self::Snappy, Self::Lz4, Self::Zstd];
        codecs.into_iter().find(|codec| codec.name() == value)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Snappy => "snappy",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }

    /// By the formats, LZ4 tells 255 bytes of a run or of random ones by one, Snappy 64 of a run by three,
    /// Deflate 258 by nine bits or so. What a message takes beside them (57 bytes of framing and stamp, of
    /// which 25 differ, and what describes the stretches between them) is measured: bodies of 256 B to
    /// 100 KiB, ratios of 1.5 to 5, batches of 2 to 130 messages as librdkafka 2.10.1 writes them.
    const fn cost(self) -> Cost {
        match self {
            Self::Gzip => Cost { message: 27.0, random: 1.003, zero: 0.004 },
            Self::Snappy => Cost { message: 34.0, random: 1.0, zero: 0.047 },
            Self::Lz4 => Cost { message: 34.0, random: 1.004, zero: 0.004 },
            Self::Zstd => Cost { message: 17.0, random: 1.002, zero: 0.000_1 },
        }
    }

    /// What bodies are made of that this codec shrinks to a part of `ratio` of them.
    ///
    /// # Errors
    /// What was got and what is possible.
    pub(super) fn source(
        self,
        ratio: f64,
        size: Bytes,
        stamp: StampPlace,
    ) -> Result<BodySource, String> {
        let stamped = match stamp {
            StampPlace::Body => Stamp::SIZE,
            StampPlace::Header => 0,
        };
        let bytes = usize::try_from(size.0).expect("a body fits in memory");
        let rest = float(bytes.saturating_sub(stamped));
        let Cost { message, random, zero } = self.cost();
        let left = float(bytes) / ratio;
        let share = (left - message - rest * zero) / (rest * (random - zero)).max(1.0);
        if !(0.0..=1.0).contains(&share) {
            let least = float(bytes) / (message + rest * random);
            let most = float(bytes) / (message + rest * zero);
            return Err(format!(
                "got \"{ratio}\", need from {:.2} to {:.2}, which is what {} makes of bodies of {size}",
                least.max(1.0),
                most.min(RATIO_MAX),
                self.name()
            ));
        }
        let filled = stamped + random_bytes(bytes.saturating_sub(stamped), share);
        let pool = prime_from((POOL_BYTES / size.0.max(1)).clamp(1, POOL));
        Ok(BodySource::Random { make: Make { size: bytes, filled }, pool })
    }
}

/// Reads how many times smaller bodies are to become.
///
/// # Errors
/// What was got and what is allowed.
pub(super) fn ratio(value: &Value) -> Result<f64, String> {
    let number = scalar::text(value).and_then(|text| text.trim().parse::<f64>().ok());
    number.filter(|number| (1.0..=RATIO_MAX).contains(number)).ok_or_else(|| {
        format!(
            "got {}, need uncompressed by compressed bytes, a number from 1 to {RATIO_MAX}, e.g. 3.0",
            scalar::show(value)
        )
    })
}

/// The greatest prime up to a count: so many bodies in turn meet every partition, however many there
/// are, all of them before one twice.
fn prime_from(count: u64) -> u64 {
    let is_prime = |number: &u64| {
        let mut factors = (2..*number).take_while(|factor| factor * factor <= *number);
        factors.all(|factor| !number.is_multiple_of(factor))
    };
    (2..=count).rev().find(is_prime).unwrap_or(1)
}

fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).expect("a body is at most 1 GB"))
}

#[cfg(test)]
mod tests {
    use super::{BodySource, ClientSettings, Codec, Make, StampPlace, prime_from, ratio};
    use engine::units::Bytes;
    use serde_yaml::Value;

    const CODECS: [Codec; 4] = [Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd];

    /// Random bytes of a body.
    fn filled(codec: Codec, ratio: f64, size: u64) -> Result<usize, String> {
        match codec.source(ratio, Bytes(size), StampPlace::Body)? {
            BodySource::Random { make: Make { filled, .. }, .. } => Ok(filled),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_more_is_asked_the_fewer_bytes_are_random() {
        for codec in CODECS {
            let of = |ratio| filled(codec, ratio, 4_096).expect("it can be done");
            let all = [1.1, 1.5, 2.0, 3.0, 5.0].map(of);
            assert!(all.is_sorted_by(|more, less| less < more), "{codec:?}: {all:?}");
            assert!((1_200..=1_400).contains(&all[3]), "{codec:?}: near a third: {all:?}");
        }
    }

    #[test]
    fn what_no_codec_can_do_is_refused_with_what_it_can() {
        let problem = filled(Codec::Lz4, 50.0, 100).expect_err("a stamp alone takes more");
        assert!(problem.starts_with("got \"50\", need from 1.16 to 2.92"), "{problem}");
        assert!(filled(Codec::Snappy, 40.0, 1 << 20).is_err(), "3 bytes for each 64");
        assert!(filled(Codec::Zstd, 40.0, 1 << 20).is_ok(), "a run is nothing");
    }

    #[test]
    fn bodies_meet_every_partition_before_any_comes_twice() {
        let check = |count: u64, prime: u64| assert_eq!(prime_from(count), prime, "{count}");
        check(1, 1);
        check(2, 2);
        check(100, 97);
        check(8_192, 8_191);
        check(20_000, 19_997);
    }

    #[test]
    fn the_codec_is_the_producers_last_word() {
        let check = |given: &[(&str, &str)], expected: Option<Codec>| {
            let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            let producer = given.iter().map(own).collect();
            let settings = ClientSettings { producer, ..ClientSettings::default() };
            assert_eq!(Codec::of(&settings), expected, "{given:?}");
        };
        check(&[], None);
        check(&[("compression.type", "none")], None);
        check(&[("compression.type", "gzip"), ("compression.codec", "zstd")], Some(Codec::Zstd));
        check(&[("linger.ms", "5"), ("compression.type", "snappy")], Some(Codec::Snappy));
    }

    #[test]
    fn ratios_are_numbers_from_one() {
        let check = |text: &str, expected: Option<f64>| {
            let value: Value = serde_yaml::from_str(text).expect("a YAML value");
            assert_eq!(ratio(&value).ok(), expected, "{text}");
        };
        check("3", Some(3.0));
        check("'2.5'", Some(2.5));
        check("0.5", None);
        check("inf", None);
        check("[3]", None);
    }
}
