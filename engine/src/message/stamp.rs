//! The head of every message, written once and read twice: at the ack and at the consumer.
//!
//! Layout, little-endian, 48 bytes:
//!
//! | bytes | field |
//! |---|---|
//! | 0–3 | mark: `b"kd"`, version, cover |
//! | 4–7 | checksum of bytes 0–3 and 8–47; with a cover of 1 of the rest of the body too |
//! | 8–15 | run |
//! | 16–19 | producer |
//! | 20–21 | the producer's incarnation |
//! | 22–23 | stream |
//! | 24–31 | sequence, per producer and partition, from 0 |
//! | 32–39 | due, nanoseconds since the epoch |
//! | 40–47 | sent, nanoseconds since the epoch |

use crate::units::Timestamp;
use xxhash_rust::xxh3::xxh3_64;

/// Who sent a message, as which, when it was due and when it was first offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// The run; messages of another run are foreign.
    pub run: u64,
    /// The logical producer, counted over the whole stream.
    pub producer: u32,
    /// Which holder of the producer's share: a share taken over by another worker gets a new one.
    pub incarnation: u16,
    /// The stream of the plan.
    pub stream: u16,
    /// The message's number within its producer and partition, from 0.
    pub sequence: u64,
    /// The moment the schedule asked for; without a schedule, the moment of the offer.
    pub due: Timestamp,
    /// The moment the lane first offered it.
    pub sent: Timestamp,
}

/// Why bytes are no stamp of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StampFault {
    /// No mark of ours: somebody else's message.
    Foreign,
    /// Our mark, but the checksum says that bytes changed on the way.
    Corrupted,
}

const MARK: [u8; 3] = [b'k', b'd', 1];

/// What a checksum covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cover {
    /// The stamp.
    #[default]
    Stamp,
    /// The stamp and all other bytes of the body, whose hash ([`Cover::hash`]) this is.
    Body(u64),
}

impl Cover {
    /// The hash of a body's bytes beside its stamp: made once for each body of the pool.
    #[must_use]
    pub fn hash(rest: &[u8]) -> u64 {
        xxh3_64(rest)
    }
}

impl Stamp {
    /// Bytes that a stamp takes at the head of a body.
    pub const SIZE: usize = 48;

    /// The stamp as it travels, its checksum over itself.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::SIZE] {
        self.encode_over(Cover::Stamp)
    }

    /// The stamp as it travels, its checksum over what it covers.
    #[must_use]
    pub fn encode_over(&self, cover: Cover) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        bytes[0..3].copy_from_slice(&MARK);
        bytes[3] = u8::from(cover != Cover::Stamp);
        bytes[8..16].copy_from_slice(&self.run.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.producer.to_le_bytes());
        bytes[20..22].copy_from_slice(&self.incarnation.to_le_bytes());
        bytes[22..24].copy_from_slice(&self.stream.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.due.as_nanos().to_le_bytes());
        bytes[40..48].copy_from_slice(&self.sent.as_nanos().to_le_bytes());
        let sum = checksum(&bytes, cover);
        bytes[4..8].copy_from_slice(&sum);
        bytes
    }

    /// Reads the stamp at the head of a body.
    ///
    /// # Errors
    /// `Foreign` for bytes without our mark, `Corrupted` where the checksum does not fit.
    pub fn decode(body: &[u8]) -> Result<Self, StampFault> {
        Self::decode_beside(body, body.get(Self::SIZE..).unwrap_or_default())
    }

    /// Reads a stamp that lies beside the rest of its body: in a header.
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn decode_beside(bytes: &[u8], rest: &[u8]) -> Result<Self, StampFault> {
        let head: &[u8; Self::SIZE] = bytes.first_chunk().ok_or(StampFault::Foreign)?;
        if head[0..3] != MARK {
            return Err(StampFault::Foreign);
        }
        let cover = match head[3] {
            0 => Cover::Stamp,
            1 => Cover::Body(Cover::hash(rest)),
            _ => return Err(StampFault::Corrupted),
        };
        if head[4..8] != checksum(head, cover) {
            return Err(StampFault::Corrupted);
        }
        Ok(Self {
            run: u64::from_le_bytes(field(head, 8)),
            producer: u32::from_le_bytes(field(head, 16)),
            incarnation: u16::from_le_bytes(field(head, 20)),
            stream: u16::from_le_bytes(field(head, 22)),
            sequence: u64::from_le_bytes(field(head, 24)),
            due: Timestamp::from_nanos(u64::from_le_bytes(field(head, 32))),
            sent: Timestamp::from_nanos(u64::from_le_bytes(field(head, 40))),
        })
    }
}

fn field<const SIZE: usize>(bytes: &[u8; Stamp::SIZE], at: usize) -> [u8; SIZE] {
    *bytes[at..].first_chunk().expect("every field lies within the stamp")
}

/// The low half of XXH3 over everything but the checksum itself; the mark enters as a constant. The
/// body's hash joins by exclusive or, so that it is made once for a body and not for each message.
fn checksum(bytes: &[u8; Stamp::SIZE], cover: Cover) -> [u8; 4] {
    let rest = match cover {
        Cover::Stamp => 0,
        Cover::Body(hash) => hash,
    };
    field_of(&(xxh3_64(&bytes[8..]) ^ rest).to_le_bytes())
}

fn field_of(hash: &[u8; 8]) -> [u8; 4] {
    *hash.first_chunk().expect("four of eight bytes")
}

#[cfg(test)]
mod tests {
    use super::{Cover, Stamp, StampFault};
    use crate::units::Timestamp;
    use proptest::prelude::{any, proptest};

    fn example() -> Stamp {
        Stamp {
            run: 0xFEED,
            producer: 7,
            incarnation: 2,
            stream: 1,
            sequence: u64::MAX,
            due: Timestamp::from_nanos(1_700_000_000_123_456_789),
            sent: Timestamp::from_nanos(1_700_000_000_123_456_999),
        }
    }

    proptest! {
        #[test]
        fn every_stamp_reads_back(
            run: u64, producer: u32, incarnation: u16, stream: u16, sequence: u64, due: u64, sent: u64,
        ) {
            let (due, sent) = (Timestamp::from_nanos(due), Timestamp::from_nanos(sent));
            let stamp = Stamp { run, producer, incarnation, stream, sequence, due, sent };
            assert_eq!(Stamp::decode(&stamp.encode()), Ok(stamp), "round trip");
        }

        #[test]
        fn any_flipped_bit_is_noticed(bit in 0_usize..Stamp::SIZE * 8) {
            let mut bytes = example().encode();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(Stamp::decode(&bytes).is_err(), "bit {bit}");
        }

        #[test]
        fn any_flipped_bit_of_a_covered_body_is_noticed(
            rest in proptest::collection::vec(any::<u8>(), 0..300), bit in any::<proptest::sample::Index>(),
        ) {
            let cover = Cover::Body(Cover::hash(&rest));
            let mut body = [&example().encode_over(cover)[..], &rest].concat();
            assert_eq!(Stamp::decode(&body), Ok(example()), "as it was written");
            assert_eq!(Stamp::decode_beside(&body[..Stamp::SIZE], &rest), Ok(example()), "in a header");
            let bit = bit.index(body.len() * 8);
            body[bit / 8] ^= 1 << (bit % 8);
            assert!(Stamp::decode(&body).is_err(), "bit {bit}");
        }

        #[test]
        fn other_peoples_messages_are_foreign(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            proptest::prop_assume!(!bytes.starts_with(b"kd"));
            assert_eq!(Stamp::decode(&bytes), Err(StampFault::Foreign), "no mark");
        }
    }
}
