//! A metric: one number or boolean of the result, with what it measures.

use super::names::{self, Holds, is_count_by_code, paths};
use super::quantity::{Amount, Dimension, MIB, Quantity, shifted};
use serde_json::Value;
use std::fmt;
use std::sync::LazyLock;

/// A number or a boolean of the result, by the name that the user gave it.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    name: String,
    /// The fields whose sum it is; most metrics are one.
    paths: Vec<String>,
    holds: Holds,
    measure: Measure,
}

/// What the number of a field means.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Measure {
    dimension: Dimension,
    /// Decimal places from the field's unit to seconds or bytes.
    places: i32,
    factor: f64,
}

impl Metric {
    /// The metric of a name.
    ///
    /// # Errors
    /// What is wrong with the name, and what it was probably meant to be.
    pub fn named(name: &str) -> Result<Self, String> {
        let paths = paths(name)?;
        let first = paths.first().expect("a name stands for a field at least");
        let (holds, measure) = (names::holds(first), Measure::of(first));
        Ok(Self { name: name.to_owned(), paths, holds, measure })
    }

    /// The fields whose sum it is.
    pub(crate) fn paths(&self) -> &[String] {
        &self.paths
    }

    /// What its field may hold.
    pub(super) const fn holds(&self) -> Holds {
        self.holds
    }

    /// What it measures.
    #[must_use]
    pub const fn dimension(&self) -> Dimension {
        self.measure.dimension
    }

    /// Its value in a result.
    ///
    /// # Errors
    /// Why it has none.
    pub fn amount(&self, result: &Value) -> Result<Amount, String> {
        let mut sum = 0.0;
        for path in &self.paths {
            match look_up(result, path)? {
                Value::Bool(truth) => return Ok(Amount::Truth(*truth)),
                Value::Number(number) => {
                    let number = number.as_f64().expect("JSON's numbers are floats at least");
                    sum += shifted(number, self.measure.places) * self.measure.factor;
                }
                _ => return Err(format!("{path} is neither a number nor a boolean")),
            }
        }
        Ok(Amount::Number(Quantity { value: sum, dimension: self.measure.dimension }))
    }

    /// Whether fewer samples than a percentile needs lie beyond it: the result flags it.
    pub(super) fn is_one_messages_luck(&self, result: &Value) -> bool {
        let [path] = &self.paths[..] else { return false };
        let Some((block, field)) = path.rsplit_once('.') else { return false };
        let flagged = look_up(result, &format!("{block}.few_samples")).ok();
        flagged.and_then(Value::as_array).is_some_and(|names| names.iter().any(|of| of == field))
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Measure {
    /// By the unit at the end of a field's name: the rule of the whole format.
    fn of(path: &str) -> Self {
        let field = path.rsplit('.').next().unwrap_or(path);
        let ends = |unit: &str| {
            field.strip_suffix(unit).is_some_and(|rest| rest.is_empty() || rest.ends_with('_'))
        };
        let of = |dimension, places, factor| Self { dimension, places, factor };
        match field {
            // Late by us, its users: a count of sends, and no microseconds.
            "late_by_us" => of(Dimension::BARE, 0, 1.0),
            _ if ends("mib_per_second") => of(Dimension::BYTE_RATE, 0, MIB),
            _ if ends("bytes_per_second") => of(Dimension::BYTE_RATE, 0, 1.0),
            _ if ends("per_second") => of(Dimension::RATE, 0, 1.0),
            _ if ends("bytes") || field == "message_size" => of(Dimension::BYTES, 0, 1.0),
            _ if ends("us") => of(Dimension::TIME, -6, 1.0),
            _ if ends("ms") => of(Dimension::TIME, -3, 1.0),
            _ if ends("ns") => of(Dimension::TIME, -9, 1.0),
            _ if ends("s") || ends("seconds") => of(Dimension::TIME, 0, 1.0),
            _ => of(Dimension::BARE, 0, 1.0),
        }
    }
}

/// The value of a path that is neither missing nor null.
fn look_up<'result>(result: &'result Value, path: &str) -> Result<&'result Value, String> {
    /// No error of a code, no entry: the tables have the codes that were seen.
    static NONE: LazyLock<Value> = LazyLock::new(|| Value::from(0));
    let mut value = result;
    let mut walked = 0;
    for part in path.split('.') {
        walked += part.len();
        let inner = match value {
            Value::Object(fields) => fields.get(part),
            Value::Array(entries) => match part.parse::<usize>() {
                Ok(place) => entries.get(place),
                // Streams are called by their names.
                Err(_) => entries.iter().find(|entry| entry["name"] == part),
            },
            _ => None,
        };
        value = match inner {
            Some(Value::Null) => {
                let place = &path[..walked];
                return Err(format!(
                    "{place} is null in the result: not examined, or nothing there to measure"
                ));
            }
            Some(inner) => inner,
            None if is_count_by_code(path) && walked == path.len() => LazyLock::force(&NONE),
            None => return Err(format!("{path} is not in the result")),
        };
        walked += 1;
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::Metric;
    use crate::assertion::{Amount, Dimension, Quantity};
    use serde_json::json;

    #[test]
    fn a_field_measures_what_the_unit_at_the_end_of_its_name_says() {
        let check = |name: &str, dimension: Dimension| {
            let metric = Metric::named(name).expect(name);
            assert_eq!(metric.dimension(), dimension, "{name}");
        };
        check("publish.p99", Dimension::TIME);
        check("publish.count", Dimension::BARE);
        check("latency.transit.p99_9_us", Dimension::TIME);
        check("startup.ready_ms", Dimension::TIME);
        check("produced.duration_s", Dimension::TIME);
        check("produced.first_at_ns", Dimension::TIME);
        check("engine.cpu_seconds", Dimension::TIME);
        check("cpu", Dimension::BARE);
        check("engine.late_by_us", Dimension::BARE);
        check("plan.topics", Dimension::BARE);
        check("engine.throttled_periods", Dimension::BARE);
        check("rate", Dimension::RATE);
        check("produced.plateau_messages_per_second", Dimension::RATE);
        check("acked.mib_per_second", Dimension::BYTE_RATE);
        check("acked.bytes_per_second", Dimension::BYTE_RATE);
        check("acked.bytes", Dimension::BYTES);
        check("memory", Dimension::BYTES);
        check("plan.streams.0.message_size", Dimension::BYTES);
        check("error_rate", Dimension::BARE);
        check("engine.clock.drift_ppm", Dimension::BARE);
    }

    #[test]
    fn a_value_is_read_in_seconds_and_bytes_or_it_is_said_why_there_is_none() {
        let result = json!({
            "latency": {"publish": {"p99_us": 1_500.5, "few_samples": ["p99_us"]}, "transit": null},
            "acked": {"mib_per_second": 2.0},
            "produced": {"errors": 3, "errors_by_code": {"_TRANSPORT": 2}},
            "consumed": {"errors": 4},
            "verdict": {"valid": false},
            "workload": {"producerRate": "max"},
            "intervals": [{"backlog": 7}],
        });
        let number = |name: &str| match Metric::named(name).expect(name).amount(&result) {
            Ok(Amount::Number(Quantity { value, .. })) => Ok(value),
            Ok(Amount::Truth(truth)) => panic!("{name} is {truth}"),
            Err(why) => Err(why),
        };
        let check = |name: &str, expected: f64| assert_eq!(number(name), Ok(expected), "{name}");
        check("publish.p99", 0.001_500_5);
        check("acked.mib_per_second", 2_097_152.0);
        check("errors", 7.0);
        check("produced.errors_by_code._TRANSPORT", 2.0);
        check("produced.errors_by_code._MSG_TIMED_OUT", 0.0);
        check("intervals.0.backlog", 7.0);
        let fails = |name: &str, expected: &str| {
            assert_eq!(number(name), Err(expected.to_owned()), "{name}");
        };
        let null =
            "latency.transit is null in the result: not examined, or nothing there to measure";
        fails("transit.p50", null);
        fails("intervals.1.backlog", "intervals.1.backlog is not in the result");
        fails(
            "consumed.errors_by_code._TRANSPORT",
            "consumed.errors_by_code._TRANSPORT is not in the result",
        );
        fails("workload.producerRate", "workload.producerRate is neither a number nor a boolean");
        let valid = Metric::named("valid").expect("a boolean").amount(&result);
        assert_eq!(valid, Ok(Amount::Truth(false)), "a boolean");
        let publish = Metric::named("publish.p99").expect("a span");
        assert!(publish.is_one_messages_luck(&result), "flagged in the result");
    }
}
