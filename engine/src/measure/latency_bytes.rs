//! A latency as bytes: its exact figures, then each counter that is not zero, in one to three bytes.

use super::latency::{LATENCY_MAX, Latency};
use super::spans::{COUNTERS, Counter, Spans, index, least};
use crate::units::Nanos;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A counter's first byte: whether the counters before it are zero, whether its count goes on, and the
/// count's low bits.
const GAP: u8 = 1;
const MORE: u8 = 2;
const FLAG_BITS: u32 = 2;
const LOW_BITS: u32 = 6;

/// Bytes: for formats that have them, postcard that is.
impl Serialize for Latency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&pack(self))
    }
}

impl<'de> Deserialize<'de> for Latency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(Packed)
    }
}

struct Packed;

impl Visitor<'_> for Packed {
    type Value = Latency;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bytes of a latency")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Latency, E> {
        unpack(bytes).map_err(E::custom)
    }
}

/// Nothing at all where nothing was recorded.
fn pack(latency: &Latency) -> Vec<u8> {
    let Latency { spans, negative, beyond_range, sum_nanos, max } = latency;
    let mut bytes = Vec::new();
    if spans.count() == 0 && *negative == 0 {
        return bytes;
    }
    let low = u64::try_from(sum_nanos & u128::from(u64::MAX)).expect("it is cut to 64 bits");
    let high = u64::try_from(sum_nanos >> u64::BITS).expect("the other 64 bits");
    let figures = [*negative, *beyond_range, max.0, low, high];
    figures.into_iter().for_each(|figure| put(&mut bytes, figure));
    let mut next = 0;
    for Counter { least, count } in spans.counters() {
        let place = index(least);
        let bits = u8::try_from(count & ((1 << LOW_BITS) - 1)).expect("it is cut to 6 bits");
        let (gap, more) = (place - next, count >> LOW_BITS);
        let flags = if 0 < gap { GAP } else { 0 } | if 0 < more { MORE } else { 0 };
        bytes.push(bits << FLAG_BITS | flags);
        [more, gap].into_iter().filter(|of| 0 < *of).for_each(|of| put(&mut bytes, of));
        next = place + 1;
    }
    bytes
}

fn unpack(bytes: &[u8]) -> Result<Latency, String> {
    let mut rest = bytes;
    let mut figures = [0; 5];
    if !bytes.is_empty() {
        for figure in &mut figures {
            *figure = take(&mut rest)?;
        }
    }
    let [negative, beyond_range, max, low, high] = figures;
    let sum_nanos = u128::from(high) << u64::BITS | u128::from(low);
    let spans = Spans::listed(counters(rest)?)?;
    checked(Latency { spans, negative, beyond_range, sum_nanos, max: Nanos(max) })
}

fn counters(mut rest: &[u8]) -> Result<Vec<Counter>, String> {
    // Each has a byte of its own at least, and there are no more than so many.
    let most = usize::try_from(COUNTERS).expect("a histogram fits in memory");
    let mut counters = Vec::with_capacity(rest.len().min(most));
    let mut next = 0;
    while let Some((first, others)) = rest.split_first() {
        rest = others;
        let more = if first & MORE == 0 { 0 } else { take(&mut rest)? };
        let gap = if first & GAP == 0 { 0 } else { take(&mut rest)? };
        let place = gap.saturating_add(next);
        if COUNTERS <= place || u64::MAX >> LOW_BITS < more {
            let words = "are none of a histogram";
            return Err(format!("a latency: {more} × 64 spans at counter {place} {words}"));
        }
        let count = more << LOW_BITS | u64::from(first >> FLAG_BITS);
        counters.push(Counter { least: least(place), count });
        next = place + 1;
    }
    Ok(counters)
}

/// A latency whose exact figures can be those of its histogram.
fn checked(latency: Latency) -> Result<Latency, String> {
    let Latency { spans, negative: _, beyond_range, sum_nanos, max } = &latency;
    let (count, max) = (spans.count(), max.0);
    let top = spans.top();
    // What is longer than any counter's span is counted at the bound, beside what is there.
    let is_top = if index(max) < COUNTERS {
        index(max) == index(top)
    } else {
        index(LATENCY_MAX.0) <= index(top)
    };
    let sums = u128::from(max)..=u128::from(max) * u128::from(count);
    let is_sound = is_top
        && *beyond_range <= count
        && (LATENCY_MAX.0 < max) == (0 < *beyond_range)
        && sums.contains(sum_nanos);
    if is_sound {
        return Ok(latency);
    }
    Err(format!(
        "a latency: {count} spans up to {top} ns cannot have a longest of {max} ns, {beyond_range} \
         beyond the range and a sum of {sum_nanos} ns"
    ))
}

/// Writes a number, seven bits a byte, the low ones first.
fn put(bytes: &mut Vec<u8>, number: u64) {
    let mut rest = number;
    while 0x7F < rest {
        bytes.push(u8::try_from(rest & 0x7F).expect("it is cut to 7 bits") | 0x80);
        rest >>= 7;
    }
    bytes.push(u8::try_from(rest).expect("it is below 128"));
}

/// Reads a number and leaves what follows it.
fn take(bytes: &mut &[u8]) -> Result<u64, String> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let (first, rest) = bytes.split_first().ok_or("a latency: its bytes end in a number")?;
        *bytes = rest;
        let bits = u64::from(first & 0x7F);
        if u64::MAX >> shift < bits {
            break;
        }
        number |= bits << shift;
        if first & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err("a latency: a number of its bytes is not below 2^64".to_owned())
}

#[cfg(test)]
mod tests {
    use super::{pack, put, take, unpack};
    use crate::measure::latency::{LATENCY_MAX, Latency};
    use crate::units::Nanos;
    use proptest::prelude::{any, prop, proptest};

    fn of(spans: &[u64], negative: usize) -> Latency {
        let mut latency = Latency::default();
        spans.iter().for_each(|span| latency.record(Some(Nanos(*span))));
        (0..negative).for_each(|_| latency.record(None));
        latency
    }

    fn check(latency: &Latency) {
        let bytes = pack(latency);
        let back = unpack(&bytes).expect("what is written can be read");
        assert_eq!(&back, latency, "in every field");
        assert_eq!(pack(&back), bytes, "and written again");
        for cut in 1..bytes.len() {
            // What is left may by chance be whole, but never the same.
            assert_ne!(unpack(&bytes[..cut]).as_ref(), Ok(latency), "{cut} of {}", bytes.len());
        }
    }

    #[test]
    fn an_empty_latency_takes_no_bytes_and_a_span_takes_few() {
        assert!(pack(&Latency::default()).is_empty(), "nothing at all");
        check(&Latency::default());
        check(&of(&[], 3));
        check(&of(&[0], 0));
        check(&of(&[0, 0, 1], 1));
        assert!(pack(&of(&[1_000_000], 0)).len() < 15, "with its gap and its sum");
    }

    #[test]
    fn what_is_beyond_the_range_stays_beyond_it() {
        let beyond = [LATENCY_MAX.0, LATENCY_MAX.0 + 1, 4_000_000_000_000, u64::MAX];
        (0..=beyond.len()).for_each(|count| check(&of(&beyond[..count], 0)));
        beyond.iter().for_each(|span| check(&of(&[*span, 7], 0)));
    }

    #[test]
    fn many_spans_at_one_counter_are_counted_exactly() {
        for times in [1, 6, 62] {
            let mut latency = of(&[5_000, 5_000, 9_000], 0);
            for _ in 0..times {
                let same = latency.clone();
                latency.merge(&same);
            }
            assert_eq!(latency.count(), 3 << times, "doubled");
            check(&latency);
        }
    }

    #[test]
    fn figures_that_cannot_be_the_histograms_are_refused() {
        let good = of(&[1_000, 3_000], 0);
        let refused = |change: fn(&mut Latency)| {
            let mut latency = good.clone();
            change(&mut latency);
            assert!(unpack(&pack(&latency)).is_err(), "{latency:?}");
        };
        refused(|latency| latency.max = Nanos(3_500));
        refused(|latency| latency.max = Nanos(LATENCY_MAX.0 + 1));
        refused(|latency| latency.beyond_range = 1);
        refused(|latency| latency.sum_nanos = 0);
        refused(|latency| latency.sum_nanos = u128::MAX);
    }

    #[test]
    fn numbers_are_read_as_they_were_written() {
        for number in (0..64).flat_map(|power| [(1 << power) - 1, 1 << power, u64::MAX >> power]) {
            let mut bytes = Vec::new();
            put(&mut bytes, number);
            assert_eq!(take(&mut &bytes[..]), Ok(number), "{bytes:?}");
            assert!(take(&mut &bytes[..bytes.len() - 1]).is_err(), "cut");
        }
        assert!(take(&mut &[0xFF; 11][..]).is_err(), "endless");
        let beyond = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 2];
        assert!(take(&mut &beyond[..]).is_err(), "2^64 and more");
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_was_written(
            spans in prop::collection::vec(0_u64..5_000_000_000_000, 0..40),
            short in prop::collection::vec(0_u64..3_000, 0..80),
            negative in 0_usize..3,
        ) {
            check(&of(&[spans, short].concat(), negative));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(latency) = unpack(&bytes) {
                let again = unpack(&pack(&latency));
                assert_eq!(again.as_ref(), Ok(&latency), "what was read is sound: {bytes:?}");
                let mut total = of(&[1_000, u64::MAX], 1);
                total.merge(&latency);
                assert_eq!(total.count(), latency.count() + 2, "and can be merged");
            }
        }
    }
}
