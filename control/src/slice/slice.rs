//! A slice: which seconds of which runs, what was counted in them, and how long it took.

use super::astray::Astray;
use super::block::{block, is_few, micros, percentile};
use super::drained::Drained;
use super::longest;
use crate::report::hlog::Kind;
use crate::report::latency::decoded;
use crate::report::{count, float, rate, table, thousandth};
use engine::measure::{LATENCY_DIGITS, LATENCY_MAX};
use engine::units::Nanos;
use hdrhistogram::Histogram;
use serde_json::{Map, Value, json};

/// The name and version of the format.
const SCHEMA: &str = "kdyno.slice/1";

/// What is counted, as `intervals` of a result have it.
pub(super) const COUNTS: [&str; 4] = ["produced", "acked", "consumed", "errors"];

/// What a star beside a percentile means.
const FEW: &str = "* fewer than 10 samples lie beyond: one message's luck";

/// Seconds of a run, from its measured phase's start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) test_id: String,
    /// The first.
    pub(super) from_s: u32,
    /// The one after the last.
    pub(super) to_s: u32,
    /// Whether the run is valid; `None` where it was killed, and nobody judged it.
    pub(super) valid: Option<bool>,
}

/// What some seconds brought.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Slice {
    pub(super) parts: Vec<Part>,
    /// How much of that lies in the measured phase: the drain brings messages and takes no time of it.
    pub(super) seconds: f64,
    /// In the order of [`COUNTS`].
    pub(super) counts: [u64; COUNTS.len()],
    /// How much of the counts the drain brought.
    pub(super) drained: Drained,
    /// In the order of [`Kind::ALL`], in nanoseconds.
    pub(super) latencies: [Histogram<u64>; Kind::ALL.len()],
    /// The longest of each, to a microsecond or better; 0 of none.
    pub(super) longest: [Nanos; Kind::ALL.len()],
    /// What these do not hold, in their order.
    pub(super) astray: [Astray; Kind::ALL.len()],
}

impl Slice {
    /// Nothing of nothing.
    pub(super) fn empty() -> Self {
        Self {
            parts: Vec::new(),
            seconds: 0.0,
            counts: [0; COUNTS.len()],
            drained: Drained::NONE,
            latencies: Kind::ALL.map(|_| blank()),
            longest: [Nanos(0); Kind::ALL.len()],
            astray: [Astray::NONE; Kind::ALL.len()],
        }
    }

    /// Adds another's.
    ///
    /// # Errors
    /// In words, where seconds are in both: they would count twice.
    pub(crate) fn merge(&mut self, other: &Self) -> Result<(), String> {
        let Self { parts, seconds, counts, drained, latencies, longest, astray } = other;
        for part in parts {
            let twice = self.parts.iter().find(|own| own.overlaps(part));
            if let Some(own) = twice {
                let (from, to) = (own.from_s.max(part.from_s), own.to_s.min(part.to_s));
                return Err(format!("{}: seconds {from} to {to} are given twice", part.test_id));
            }
        }
        self.parts.extend(parts.iter().cloned());
        self.seconds += seconds;
        self.counts.iter_mut().zip(counts).for_each(|(mine, theirs)| *mine += theirs);
        self.drained.merge(*drained);
        for (mine, theirs) in self.latencies.iter_mut().zip(latencies) {
            mine.add(theirs).expect("all slices have the bounds of a latency");
        }
        let longest = self.longest.iter_mut().zip(longest);
        longest.for_each(|(mine, theirs)| *mine = (*mine).max(*theirs));
        self.astray.iter_mut().zip(astray).for_each(|(mine, theirs)| mine.merge(*theirs));
        Ok(())
    }

    /// Reads one that was written as JSON.
    ///
    /// # Errors
    /// In words, where it is none.
    pub(crate) fn read(document: &Value) -> Result<Self, String> {
        let schema = document["schema"].as_str().unwrap_or("none");
        if schema != SCHEMA {
            return Err(format!(
                "got the schema {schema}, need {SCHEMA} (kdyno report --format json)"
            ));
        }
        let number = |value: &Value, name: &str| {
            value[name].as_u64().ok_or_else(|| format!("{name}: need a count, got {}", value[name]))
        };
        let seconds = document["seconds"].as_f64().ok_or("seconds: need a number")?;
        let mut slice = Self { seconds, ..Self::empty() };
        for part in document["parts"].as_array().ok_or("parts: need a list")? {
            let second = |name: &str| {
                u32::try_from(number(part, name)?).map_err(|_| format!("{name}: is too large"))
            };
            let test_id = part["test_id"].as_str().ok_or("test_id: need a name")?.to_owned();
            let (from_s, to_s) = (second("from_s")?, second("to_s")?);
            let valid = part["valid"].as_bool();
            slice.parts.push(Part { test_id, from_s, to_s, valid });
        }
        for (count, name) in slice.counts.iter_mut().zip(COUNTS) {
            *count = number(document, name)?;
        }
        slice.drained = Drained::read(document, &slice.counts)?;
        let latencies = slice.latencies.iter_mut().zip(&mut slice.longest).zip(&mut slice.astray);
        for (((latency, longest), astray), kind) in latencies.zip(Kind::ALL) {
            let block = &document["latency"][kind.name];
            let fault = |words: String| format!("latency.{}.{words}", kind.name);
            *astray = Astray::read(block).map_err(fault)?;
            let encoded = block["histogram"].as_str();
            let read = encoded.ok_or_else(|| "there is none".to_owned()).and_then(decoded);
            let read = read.map_err(|error| fault(format!("histogram: {error}")))?;
            latency.add(read).map_err(|error| format!("latency.{}: {error:?}", kind.name))?;
            let said = block["max_us"].as_f64().and_then(|micros| longest::nanos(micros / 1e6));
            *longest = longest::in_last_step(latency, said.unwrap_or(Nanos(latency.max())));
        }
        Ok(slice)
    }

    /// As JSON, histograms included.
    pub(crate) fn json(&self) -> Value {
        let parts = self.parts.iter().map(|part| {
            let Part { test_id, from_s, to_s, valid } = part;
            json!({ "test_id": test_id, "from_s": from_s, "to_s": to_s, "valid": valid })
        });
        let mut document = json!({
            "schema": SCHEMA,
            "parts": parts.collect::<Vec<Value>>(),
            "seconds": self.seconds,
        });
        for (name, count) in COUNTS.iter().zip(self.counts) {
            document[*name] = count.into();
        }
        document["in_drain"] = self.drained.json();
        for (name, per_second) in COUNTS.iter().zip(self.rates()).take(3) {
            document[format!("{name}_per_second")] = per_second.map(thousandth).into();
        }
        let spans = self.latencies.iter().zip(self.longest).zip(self.astray);
        let latency = Kind::ALL.iter().zip(spans).map(|(kind, ((of, longest), astray))| {
            (kind.name.to_owned(), block(of, longest, astray))
        });
        document["latency"] = latency.collect::<Map<String, Value>>().into();
        document
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        let parts = self.parts.iter().map(|part| {
            let Part { test_id, from_s, to_s, valid } = part;
            let word = match valid {
                Some(true) => "valid",
                Some(false) => "INVALID",
                None => "KILLED, where its measured phase ended is not known",
            };
            format!("{test_id}: seconds {from_s} to {to_s}, {word}\n")
        });
        let counts = COUNTS.iter().zip(self.counts).zip(self.rates()).zip(self.drained.each());
        let counts = counts.map(|(((name, of), per_second), drained)| {
            let per_second = format!("{} per second", rate(per_second));
            let mut row = vec![(*name).to_owned(), count(of), per_second];
            if 0 < drained {
                row.push(format!("without {} in the drain", count(drained)));
            }
            row
        });
        let head = ["", "count", "p50", "p99", "p99.9", "max"].map(str::to_owned).to_vec();
        let latencies = Kind::ALL.iter().zip(self.latencies.iter().zip(self.longest));
        let latencies = latencies.filter(|(_, (of, _))| !of.is_empty());
        let latencies = latencies.map(|(kind, (of, longest))| {
            let at = |percent: f64| {
                let flag = if is_few(of, percent) { "*" } else { "" };
                format!("{}{flag}", millis(percentile(of, percent, longest)))
            };
            let name = format!("{}  {}", kind.name, kind.span);
            vec![name, count(of.len()), at(50.0), at(99.0), at(99.9), millis(longest.0)]
        });
        format!(
            "{}{:.3} s of the measured phase{}\n\n{}\n{}{FEW}\n{}",
            parts.collect::<String>(),
            self.seconds,
            self.drained.words(),
            table(&counts.collect::<Vec<_>>()),
            table(&std::iter::once(head).chain(latencies).collect::<Vec<_>>()),
            self.astray_words(),
        )
    }

    /// What the histograms do not hold, a line for each latency that may have some; those that say the same
    /// share one.
    fn astray_words(&self) -> String {
        let mut lines: Vec<(Vec<&str>, String)> = Vec::new();
        for (kind, astray) in Kind::ALL.iter().zip(self.astray) {
            let Some(words) = astray.words() else { continue };
            match lines.iter_mut().find(|(_, said)| *said == words) {
                Some((names, _)) => names.push(kind.name),
                None => lines.push((vec![kind.name], words)),
            }
        }
        let line = |(names, words): (Vec<&str>, String)| format!("{}: {words}\n", names.join(", "));
        lines.into_iter().map(line).collect()
    }

    /// Of each count what the measured phase brought, over its time.
    fn rates(&self) -> [Option<f64>; COUNTS.len()] {
        let mut measured = self.counts;
        let drained = self.drained.each();
        measured.iter_mut().zip(drained).for_each(|(all, drained)| *all -= drained);
        measured.map(|count| (0.0 < self.seconds).then(|| float(count) / self.seconds))
    }
}

impl Part {
    fn overlaps(&self, other: &Self) -> bool {
        self.test_id == other.test_id && self.from_s < other.to_s && other.from_s < self.to_s
    }
}

/// A histogram with the bounds of a latency.
pub(super) fn blank() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LATENCY_MAX.0, LATENCY_DIGITS)
        .expect("the bounds are constants that the library accepts")
}

fn millis(nanos: u64) -> String {
    format!("{:.2} ms", micros(nanos) / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::{Astray, Drained, Nanos, Part, Slice};
    use proptest::prelude::{prop, proptest};

    fn slice((from_s, to_s): (u32, u32), spans: &[u64]) -> Slice {
        let mut slice = Slice::empty();
        let valid = Some(true);
        slice.parts.push(Part { test_id: "run_1_a".to_owned(), from_s, to_s, valid });
        slice.seconds = f64::from(to_s - from_s);
        slice.counts = [9, 8, 7, 1];
        for latency in &mut slice.latencies {
            spans.iter().for_each(|span| latency.record(*span).expect("in range"));
        }
        slice.longest = [Nanos(spans.iter().copied().max().unwrap_or(0)); 5];
        slice
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut one = slice((3, 9), &[1, 5_000, 3_599_000_000_000]);
        one.astray[3] = Astray { beyond_range: Some(4), negative: None };
        one.drained = Drained(Some([0, 2, 3, 0]));
        assert_eq!(Slice::read(&one.json()), Ok(one), "in every field");
        let wrong = Slice::read(&serde_json::json!({ "schema": "kdyno.result/1" }));
        assert!(wrong.expect_err("another format").contains("kdyno.slice/1"), "what is needed");
        let mut broken = slice((0, 1), &[7]).json();
        broken["latency"]["publish"]["histogram"] = "HISTF".into();
        let words = Slice::read(&broken).expect_err("it is cut");
        assert!(words.starts_with("latency.publish.histogram"), "{words}");
    }

    #[test]
    fn a_second_that_is_given_twice_is_refused() {
        let mut one = slice((3, 9), &[1]);
        let before = one.clone();
        let words = one.merge(&slice((8, 20), &[2])).expect_err("second 8 is in both");
        assert!(words.contains("run_1_a: seconds 8 to 9"), "{words}");
        assert_eq!(one, before, "and nothing was added");
        one.merge(&slice((9, 20), &[2])).expect("none is in both");
        let mut other = slice((3, 9), &[1]);
        other.parts[0].test_id = "run_2_b".to_owned();
        one.merge(&other).expect("another run's");
    }

    #[test]
    fn whether_a_run_is_valid_stays_with_its_seconds() {
        let mut good = slice((0, 2), &[1]);
        for (valid, word) in [(Some(false), "INVALID"), (None, "KILLED")] {
            let mut other = slice((2, 4), &[1]);
            other.parts[0].valid = valid;
            assert_eq!(Slice::read(&other.json()).map(|read| read.parts[0].valid), Ok(valid));
            let mut sum = good.clone();
            sum.merge(&other).expect("none is in both");
            assert!(sum.text().contains(word), "{}", sum.text());
        }
        good.parts[0].valid = Some(false);
        assert!(good.text().starts_with("run_1_a: seconds 0 to 2, INVALID"), "said first");
    }

    #[test]
    fn what_histograms_do_not_hold_is_told_where_there_may_be_some() {
        let mut slice = slice((0, 2), &[1]);
        let said = |of: &Slice| of.text().lines().skip_while(|l| *l != super::FEW).count();
        assert_eq!(said(&slice), 1, "none");
        assert_eq!(slice.json()["latency"]["publish"]["negative"], 0, "for certain");
        slice.astray = [Astray::UNKNOWN; 5];
        slice.astray[4] = Astray { beyond_range: Some(0), negative: Some(7) };
        let text = slice.text();
        assert!(
            text.contains("publish, service, send_delay, end_to_end: how many were "),
            "{text}"
        );
        assert!(text.ends_with("transit: 7 negative (clocks disagreed) and left out\n"), "{text}");
        let json = slice.json();
        let (publish, transit) = (&json["latency"]["publish"], &json["latency"]["transit"]);
        assert!(publish["negative"].is_null() && publish["beyond_range"].is_null(), "{publish}");
        assert_eq!((&transit["negative"], &transit["beyond_range"]), (&7.into(), &0.into()));
    }

    #[test]
    fn the_text_says_which_seconds_how_much_and_how_long() {
        let text = slice((3, 9), &[1_000_000; 50]).text();
        for words in [
            "run_1_a: seconds 3 to 9, valid",
            "6.000 s of the measured phase",
            "acked",
            "1.3 per second",
            "1.00 ms*",
            super::FEW,
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
    }

    #[test]
    fn a_rate_is_of_what_the_measured_phase_brought() {
        let mut sum = slice((0, 2), &[1]);
        let mut last = slice((2, 3), &[1]);
        last.drained = Drained(Some([0, 5, 7, 0]));
        assert!(last.text().contains("3 per second  without 5 in the drain"), "{}", last.text());
        sum.merge(&last).expect("none is in both");
        let json = sum.json();
        assert_eq!((&json["acked"], &json["in_drain"]["acked"]), (&16.into(), &5.into()));
        assert_eq!(json["acked_per_second"], 3.667, "11 in 3 s");
        assert_eq!(json["produced_per_second"], 6.0, "all of them");
    }

    #[test]
    fn no_percentile_is_above_the_longest() {
        let mut some = slice((0, 2), &[]);
        some.latencies[1].record(1_000_000).expect("in range");
        some.longest[1] = Nanos(1_000_000);
        let text = some.text();
        assert!(text.contains("service  acked - sent"), "under its own name: {text}");
        assert!(!text.contains("publish"), "of none nothing: {text}");
        let json = slice((0, 2), &[11_233_103; 9]).json();
        let publish = &json["latency"]["publish"];
        assert_eq!(
            (&publish["max_us"], &publish["p99_99_us"]),
            (&11_233.103.into(), &publish["p50_us"])
        );
        assert_eq!(publish["p50_us"], 11_233.103, "not the end of the histogram's step");
    }

    proptest! {
        #[test]
        fn slices_add_up_to_the_whole(
            first in prop::collection::vec(0_u64..3_600_000_000_000, 0..50),
            second in prop::collection::vec(0_u64..3_600_000_000_000, 0..50),
        ) {
            let mut sum = slice((0, 4), &first);
            sum.merge(&slice((4, 6), &second)).expect("none is in both");
            let whole = slice((0, 6), &[first, second].concat());
            assert_eq!(sum.latencies, whole.latencies, "to the count");
            assert_eq!(sum.longest, whole.longest, "to the nanosecond");
            assert_eq!(sum.counts, [18, 16, 14, 2], "and so do counts");
            assert!((sum.seconds - 6.0).abs() < 1e-9, "and the time");
        }
    }
}
