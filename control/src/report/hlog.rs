//! Histograms second by second, as `HdrHistogram`'s interval logs (`.hlog`, version 1.3): the Java and
//! the Python tools read them.
//!
//! The library's own writer borrows its file for as long as it lives, and one line at a time is what a
//! run that may be killed must write; so the line is made here, around the library's histogram.

use super::number::{float, rfc3339, seconds};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use engine::measure::{Latency, PhaseTally};
use engine::units::{Nanos, Timestamp};
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

/// Nanoseconds of a millisecond: what the tools divide by unless told otherwise (`-outputValueUnitRatio`
/// of the Java log processor, 1,000,000), so that they print milliseconds.
const MAX_DIVISOR: f64 = 1e6;

/// A latency with a log of its own.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The log's name in a run's directory.
    pub file: &'static str,
    /// What it is called in `latency` of the result.
    pub name: &'static str,
    /// From when to when.
    pub span: &'static str,
    /// Whether it begins at a due time, which a closed loop does not have.
    pub from_due: bool,
    /// Where a lane counts it.
    pub part: fn(&PhaseTally) -> &Latency,
}

impl Kind {
    /// Every latency, in the order of the result.
    pub const ALL: [Self; 5] = [
        Self {
            file: "publish.hlog",
            name: "publish",
            span: "acked - due",
            from_due: true,
            part: |seen| &seen.publish,
        },
        Self {
            file: "service.hlog",
            name: "service",
            span: "acked - sent",
            from_due: false,
            part: |seen| &seen.service,
        },
        Self {
            file: "send-delay.hlog",
            name: "send_delay",
            span: "sent - due",
            from_due: true,
            part: |seen| &seen.send_delay,
        },
        Self {
            file: "end-to-end.hlog",
            name: "end_to_end",
            span: "received - due",
            from_due: true,
            part: |seen| &seen.end_to_end,
        },
        Self {
            file: "transit.hlog",
            name: "transit",
            span: "received - sent",
            from_due: false,
            part: |seen| &seen.transit,
        },
    ];

    /// The name of the log of one stream alone: `publish-probe.hlog`.
    #[must_use]
    pub fn file_of(&self, stream: &str) -> String {
        format!("{}-{stream}.hlog", self.file.trim_end_matches(".hlog"))
    }

    /// How its log begins, for a measured phase that begins at `start`.
    #[must_use]
    pub fn head(&self, test_id: &str, start: Timestamp) -> String {
        let Self { name, span, from_due, .. } = self;
        let closed =
            if *from_due { "; empty in a closed loop, which has no due times" } else { "" };
        format!(
            "#[{name} latency of {test_id}: {span}, in nanoseconds{closed}]\n\
             #[Intervals: by the second in which a message was answered or read; those of the drain \
             follow the phase's]\n\
             #[Histogram log format version 1.3]\n\
             #[StartTime: {:.3} (seconds since epoch), {}]\n\
             \"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n",
            seconds(Nanos(start.as_nanos())),
            rfc3339(start),
        )
    }
}

/// The line of a second, counted from the start of the measured phase.
#[must_use]
pub fn line(second: u32, latency: &Latency) -> String {
    let longest = float(latency.max().0) / MAX_DIVISOR;
    format!("{second}.000,1.000,{longest:.3},{}\n", STANDARD.encode(latency.encode()))
}

/// Gives `visit` each histogram of a log with its second from the start of the measured phase, in the order
/// they came; one at a time, as each takes 270 KiB. A last line that was cut off when its writer was killed
/// is passed over; nothing else is.
///
/// # Errors
/// In words, where a line is none of an interval log or its histogram cannot be read.
pub fn for_each(text: &str, mut visit: impl FnMut(u32, &Histogram<u64>)) -> Result<(), String> {
    let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
    let mut deserializer = Deserializer::new();
    for (index, entry) in IntervalLogIterator::new(whole.as_bytes()).enumerate() {
        let said = |words: &str| format!("entry {}: {words}", index + 1);
        let entry =
            entry.map_err(|error| said(&format!("is none of an interval log ({error:?})")))?;
        let LogEntry::Interval(interval) = entry else { continue };
        let bytes = STANDARD.decode(interval.encoded_histogram());
        let bytes =
            bytes.map_err(|error| said(&format!("its histogram is no base64 ({error})")))?;
        let histogram = deserializer.deserialize(&mut bytes.as_slice());
        let histogram: Histogram<u64> =
            histogram.map_err(|error| said(&format!("its histogram cannot be read ({error})")))?;
        let second = u32::try_from(interval.start_timestamp().as_secs())
            .map_err(|_| said("begins after more seconds than there are"))?;
        visit(second, &histogram);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Kind, for_each, line};
    use engine::measure::{Latency, value_at_percentile};
    use engine::units::{Nanos, Timestamp};
    use hdrhistogram::Histogram;
    use proptest::prelude::{prop, proptest};

    const START: Timestamp = Timestamp::from_nanos(1_500_000_000_123_456_789);

    fn latency(spans: &[u64]) -> Latency {
        let mut latency = Latency::default();
        spans.iter().for_each(|span| latency.record(Some(Nanos(*span))));
        latency
    }

    fn read(text: &str) -> Result<Vec<(u32, Histogram<u64>)>, String> {
        let mut all = Vec::new();
        for_each(text, |second, histogram| all.push((second, histogram.clone())))?;
        Ok(all)
    }

    fn log(seconds: &[&[u64]]) -> String {
        let lines = (0..).zip(seconds).map(|(second, spans)| line(second, &latency(spans)));
        Kind::ALL[0].head("run_1_a", START) + &lines.collect::<String>()
    }

    #[test]
    fn the_head_says_what_when_and_in_which_unit() {
        let heads = Kind::ALL.map(|kind| kind.head("run_1_a", START));
        assert_eq!(
            heads[0],
            "#[publish latency of run_1_a: acked - due, in nanoseconds; empty in a closed loop, which has \
             no due times]\n#[Intervals: by the second in which a message was answered or read; those of \
             the drain follow the phase's]\n#[Histogram log format version 1.3]\n\
             #[StartTime: 1500000000.123 (seconds since epoch), 2017-07-14T02:40:00.123456Z]\n\
             \"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n"
        );
        assert!(heads[1].contains("acked - sent, in nanoseconds]"), "{}", heads[1]);
    }

    #[test]
    fn a_line_has_its_second_its_length_and_its_longest_in_milliseconds() {
        let line = line(61, &latency(&[1_000, 2_500_000]));
        assert!(line.starts_with("61.000,1.000,2.500,HISTF"), "{line}");
        assert_eq!(line.matches(['\n', '\r', ' ']).count(), 1, "one line: {line}");
    }

    #[test]
    fn a_last_line_that_was_cut_is_passed_over_and_a_broken_one_is_told() {
        let whole = log(&[&[1_000; 5], &[2_000; 7]]);
        assert_eq!(read(&whole).expect("it is whole").len(), 2, "both");
        for cut in 1..whole.lines().last().expect("a line").len() {
            let left = read(&whole[..whole.len() - cut]).expect("what is whole can be read");
            assert_eq!(left.len(), 1, "cut by {cut}");
        }
        let broken = whole.replacen(",HISTF", ",HOSTF", 1);
        let words = read(&broken).expect_err("it is broken");
        assert!(words.contains("histogram"), "{words}");
        assert!(read("0.000,1.000\n").is_err(), "half a line");
        assert_eq!(read("").expect("nothing is wrong with nothing").len(), 0, "empty");
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_was_recorded(
            seconds in prop::collection::vec(prop::collection::vec(0_u64..4_000_000_000_000, 0..60), 0..5),
        ) {
            let slices: Vec<&[u64]> = seconds.iter().map(Vec::as_slice).collect();
            let back = read(&log(&slices)).expect("what is written can be read");
            let mut all = Histogram::<u64>::new_with_bounds(1, 3_600_000_000_000, 3).expect("bounds");
            for ((number, (second, histogram)), spans) in (0..).zip(&back).zip(&seconds) {
                assert_eq!(*second, number, "in order");
                assert_eq!(histogram.len(), latency(spans).count(), "to the count");
                all.add(histogram).expect("the same bounds");
            }
            let whole = latency(&seconds.concat());
            assert_eq!(back.len(), seconds.len(), "each second");
            for percent in [50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 99.99, 100.0] {
                let of_log = Nanos(value_at_percentile(&all, percent)).min(whole.max());
                assert_eq!(of_log, whole.percentile(percent), "p{percent}");
            }
        }
    }
}
