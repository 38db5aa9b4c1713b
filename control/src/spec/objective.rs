//! An objective of a search: a latency that must stay below a limit, written as an assertion is.

use engine::plan::{Figure, Objective, ObjectiveSpan};
use engine::units::Nanos;
use serde_json::Value;

use crate::assertion::{Assertion, Relation, Right};

/// The percentiles that results have, and so objectives: by the names of their fields.
const FIGURES: [(&str, Figure); 9] = [
    ("p50_us", Figure::Percentile(50.0)),
    ("p75_us", Figure::Percentile(75.0)),
    ("p90_us", Figure::Percentile(90.0)),
    ("p95_us", Figure::Percentile(95.0)),
    ("p99_us", Figure::Percentile(99.0)),
    ("p99_9_us", Figure::Percentile(99.9)),
    ("p99_99_us", Figure::Percentile(99.99)),
    ("mean_us", Figure::Mean),
    ("max_us", Figure::Max),
];

const SPANS: [(&str, ObjectiveSpan); 5] = [
    ("publish", ObjectiveSpan::Publish),
    ("service", ObjectiveSpan::Service),
    ("send_delay", ObjectiveSpan::SendDelay),
    ("end_to_end", ObjectiveSpan::EndToEnd),
    ("transit", ObjectiveSpan::Transit),
];

/// Reads `publish.p99 < 20ms`.
///
/// # Errors
/// What is wrong with it, and what is allowed.
pub(super) fn read(text: &str) -> Result<Objective, String> {
    let assertion = Assertion::parse(text).map_err(|problems| problems.join("; "))?;
    of(&assertion).ok_or_else(|| {
        "need a percentile, the mean or the maximum of publish, service, send_delay, end_to_end or transit \
         below a time, e.g. publish.p99 < 20ms"
            .to_owned()
    })
}

fn of(assertion: &Assertion) -> Option<Objective> {
    let or_equal = match assertion.relation {
        Relation::Less => false,
        Relation::AtMost => true,
        Relation::Greater | Relation::AtLeast | Relation::Equal | Relation::Unequal => return None,
    };
    let [path] = assertion.metric.paths() else { return None };
    let ["latency", span, figure] = path.split('.').collect::<Vec<_>>()[..] else { return None };
    let (_, span) = SPANS.iter().find(|(name, _)| *name == span)?;
    let (_, figure) = FIGURES.iter().find(|(name, _)| *name == figure)?;
    let Right::Number(expression) = &assertion.right else { return None };
    if !expression.metrics().is_empty() {
        return None;
    }
    let seconds = expression.value(&Value::Null).ok()?;
    let limit = std::time::Duration::try_from_secs_f64(seconds).ok()?;
    let limit = Nanos(u64::try_from(limit.as_nanos()).ok()?);
    (Nanos::ZERO < limit).then_some(Objective { span: *span, figure: *figure, limit, or_equal })
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_latency_below_a_time_is_one_and_nothing_else() {
        let check = |text: &str, expected: Result<&str, &str>| match (read(text), expected) {
            (Ok(got), Ok(expected)) => assert_eq!(got.to_string(), expected, "{text}"),
            (Err(got), Err(part)) => assert!(got.contains(part), "{text}: {got}"),
            (got, expected) => panic!("{text}: {got:?}, expected {expected:?}"),
        };
        check("publish.p99 < 20ms", Ok("publish.p99 < 20ms"));
        check("end_to_end.p99.9<=1.5s", Ok("end_to_end.p99.9 <= 1500ms"));
        check("service.max < 2*10ms", Ok("service.max < 20ms"));
        check("publish.mean < 1ms", Ok("publish.mean < 1ms"));
        check("publish.p99 > 20ms", Err("need a percentile"));
        check("publish.p99 < 2*service.p99", Err("need a percentile"));
        check("publish.p99 < 0ms", Err("need a percentile"));
        check("errors == 0", Err("need a percentile"));
        check("rate > 5k/s", Err("need a percentile"));
        check("publish.p99 < 20", Err("at character 15: got a bare number"));
        check("publsih.p99 < 20ms", Err("at character 1"));
    }
}
