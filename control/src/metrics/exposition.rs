//! The text format: families of samples, each with its help and its type before it.

use super::figures::{BOUNDS, Histogram};
use std::fmt::Write;

/// The format's name, for the answer's head.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Labels of a sample: names of the format, any values.
pub(crate) type Labels<'run> = Vec<(&'static str, &'run str)>;

/// A text that is being made.
#[derive(Debug, Default)]
pub(crate) struct Exposition {
    text: String,
}

impl Exposition {
    /// A family of counters, which only grow; the name ends in `_total`.
    pub(crate) fn counters(&mut self, (name, help): (&str, &str), samples: &[(Labels<'_>, u64)]) {
        self.head(name, help, "counter");
        for (labels, count) in samples {
            self.sample(name, labels, &count.to_string());
        }
    }

    /// A family of gauges.
    pub(crate) fn gauges(&mut self, (name, help): (&str, &str), samples: &[(Labels<'_>, u64)]) {
        self.head(name, help, "gauge");
        for (labels, value) in samples {
            self.sample(name, labels, &value.to_string());
        }
    }

    /// A family of histograms of spans, in seconds.
    pub(crate) fn histograms(
        &mut self,
        (name, help): (&str, &str),
        samples: &[(Labels<'_>, Histogram)],
    ) {
        self.head(name, help, "histogram");
        for (labels, histogram) in samples {
            let bounds = BOUNDS.iter().map(|(_, text)| *text).chain(["+Inf"]);
            let counts = histogram.up_to.iter().chain([&histogram.count]);
            for (bound, count) in bounds.zip(counts) {
                let labels: Labels<'_> = labels.iter().copied().chain([("le", bound)]).collect();
                self.sample(&format!("{name}_bucket"), &labels, &count.to_string());
            }
            let sum = histogram.sum_seconds.to_string();
            self.sample(&format!("{name}_sum"), labels, &sum);
            self.sample(&format!("{name}_count"), labels, &histogram.count.to_string());
        }
    }

    /// The text.
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    fn head(&mut self, name: &str, help: &str, kind: &str) {
        writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}")
            .expect("writing to memory does not fail");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: &str) {
        let labels: Vec<String> =
            labels.iter().map(|(label, of)| format!("{label}=\"{}\"", escaped(of))).collect();
        let labels =
            if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        writeln!(self.text, "{name}{labels} {value}").expect("writing to memory does not fail");
    }
}

/// A label's value as the format wants it.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
pub(super) mod check {
    //! The rules that promtool checks, and those of the format.

    use std::collections::{BTreeMap, BTreeSet};

    /// Samples by their names with labels.
    pub(crate) type Samples = BTreeMap<String, f64>;

    /// Reads a text by the format's rules; every fault panics with its line.
    pub(crate) fn read(text: &str) -> Samples {
        let (mut samples, mut families) = (Samples::new(), BTreeSet::new());
        let mut family = (String::new(), String::new());
        assert!(text.ends_with('\n'), "a text file");
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').expect(line);
                assert!(families.insert(name.to_owned()), "twice: {line}");
                assert!(help.ends_with('.') && name.starts_with("kdyno_"), "{line}");
                let letter = |of: char| of.is_ascii_lowercase() || of.is_ascii_digit() || of == '_';
                assert!(name.chars().all(letter), "{line}");
                for unit in ["_ms", "_us", "_milliseconds", "_kib", "_minutes"] {
                    assert!(!name.ends_with(unit), "a base unit: {line}");
                }
                family = (name.to_owned(), String::new());
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').expect(line);
                assert_eq!(name, family.0, "right after its help: {line}");
                assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
                family.1 = kind.to_owned();
            } else {
                let (series, value) = line.rsplit_once(' ').expect(line);
                let name = series.split('{').next().expect(line);
                let suffixes: &[&str] = match family.1.as_str() {
                    "histogram" => &["_bucket", "_sum", "_count"],
                    _ => &[""],
                };
                let own = suffixes.iter().any(|suffix| name == format!("{}{suffix}", family.0));
                assert!(own, "of the family {}: {line}", family.0);
                let value: f64 = value.parse().expect(line);
                assert!(value.is_finite() && 0.0 <= value, "{line}");
                assert!(samples.insert(series.to_owned(), value).is_none(), "twice: {line}");
            }
        }
        check_buckets(text, &samples);
        samples
    }

    /// Buckets ascend, the last is all, and there is a sum to it.
    fn check_buckets(text: &str, samples: &Samples) {
        let mut last: Option<(String, f64)> = None;
        for line in text.lines().filter(|line| line.contains("_bucket{")) {
            let (series, value) = line.rsplit_once(' ').expect(line);
            let (head, bound) = series.rsplit_once("le=\"").expect(line);
            let value: f64 = value.parse().expect(line);
            if let Some((before, least)) = &last
                && before == head
            {
                assert!(*least <= value, "it descends: {line}");
            }
            last = Some((head.to_owned(), value));
            if bound == "+Inf\"}" {
                let labels = head.trim_end_matches(['{', ',']).to_owned();
                let (name, rest) = labels.split_once("_bucket").expect(line);
                let rest = if rest.is_empty() { String::new() } else { format!("{rest}}}") };
                let count = samples.get(&format!("{name}_count{rest}"));
                assert_eq!(count, Some(&value), "the last bucket is all: {line}");
                assert!(samples.contains_key(&format!("{name}_sum{rest}")), "{line}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Exposition, check};
    use crate::metrics::Histogram;
    use engine::measure::Latency;
    use engine::units::Nanos;

    #[test]
    fn what_is_written_keeps_the_rules_of_the_format() {
        let mut latency = Latency::default();
        let spans = [90_000, 4_000_000, 4_000_000, 70_000_000_000];
        spans.iter().for_each(|span| latency.record(Some(Nanos(*span))));
        let mut text = Exposition::default();
        text.gauges(("kdyno_one", "A gauge."), &[(Vec::new(), 7)]);
        let odd = vec![("name", "a \"b\"\\c\nd")];
        text.counters(("kdyno_two_total", "Counters."), &[(odd, 8), (vec![("name", "x")], 9)]);
        let producers = (vec![("role", "producer")], Histogram::of(&latency));
        text.histograms(
            ("kdyno_three_seconds", "Spans."),
            &[producers, (Vec::new(), Histogram::of(&Latency::default()))],
        );
        let text = text.into_text();
        let samples = check::read(&text);
        let of = |series: &str| samples.get(series).copied();
        assert_eq!(of("kdyno_one"), Some(7.0), "without labels");
        assert_eq!(of(r#"kdyno_two_total{name="a \"b\"\\c\nd"}"#), Some(8.0), "escaped: {text}");
        let bucket = |bound: &str| {
            of(&format!("kdyno_three_seconds_bucket{{role=\"producer\",le=\"{bound}\"}}"))
        };
        let buckets = ["0.0001", "0.0025", "0.005", "60", "+Inf"].map(bucket);
        assert_eq!(buckets, [1.0, 1.0, 3.0, 3.0, 4.0].map(Some), "cumulative: {text}");
        let sum = of("kdyno_three_seconds_sum{role=\"producer\"}").expect("a sum");
        assert!((sum - 70.00809).abs() < 1e-9, "exact: {sum}");
    }
}
