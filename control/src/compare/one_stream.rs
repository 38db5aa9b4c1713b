//! One of several streams as if it were a run: its own rates, latencies and seconds in the places of the run's.

use serde_json::Value;

/// What a stream has of its own, by the run's names.
const OWN: [&str; 4] = ["produced", "acked", "consumed", "latency"];

/// Puts a stream's figures into the places of the run's; what kdyno used for all streams together is left out.
///
/// # Errors
/// In words, where there is no such stream, or the version that measured kept no seconds of streams.
pub(super) fn single_out(result: &mut Value, name: &str) -> Result<(), String> {
    let streams = result["streams"].as_array().map_or(&[][..], Vec::as_slice);
    let Some(own) = streams.iter().find(|stream| stream["name"] == name).cloned() else {
        let names = streams.iter().filter_map(|stream| stream["name"].as_str());
        let names: Vec<&str> = names.collect();
        return Err(match names.as_slice() {
            [] => {
                format!("has no stream \"{name}\": it is a run of one, compare it without --stream")
            }
            some => format!("has no stream \"{name}\", it has {}", some.join(", ")),
        });
    };
    for field in OWN {
        result[field] = own[field].clone();
    }
    // What streams have in common stands beside `streams`, the rest within.
    let fields = result["workload"]["streams"][name].as_object().cloned();
    for (field, value) in fields.into_iter().flatten() {
        result["workload"][field.as_str()] = value;
    }
    result["engine"]["cpu_seconds_per_million_messages"] = Value::Null;
    let seconds = result["intervals"].as_array_mut().into_iter().flatten();
    for second in seconds {
        let parts = second["streams"].as_array().into_iter().flatten();
        let part = parts.filter(|part| part["name"] == name).find_map(Value::as_object).cloned();
        let figures = part.ok_or_else(|| {
            let version = "is of a version that kept no seconds of streams";
            format!("{version}: measure it again to compare \"{name}\" by itself")
        })?;
        second["process_cpu_cores"] = Value::Null;
        for (field, value) in figures {
            second[field.as_str()] = value;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::single_out;
    use crate::report::made_up_streams;
    use serde_json::{Value, json};

    fn made() -> Value {
        serde_json::to_value(made_up_streams()).expect("a report is JSON")
    }

    #[test]
    fn a_streams_own_figures_stand_where_the_runs_stood() {
        let (whole, mut of_side) = (made(), made());
        let own_fields = json!({"main": {}, "side": {"subscriptionsPerTopic": 0}});
        of_side["workload"] = json!({"name": "both", "streams": own_fields});
        single_out(&mut of_side, "side").expect("there is one");
        assert_eq!(of_side["workload"]["subscriptionsPerTopic"], 0, "nobody was to read this one");
        assert_eq!(of_side["workload"]["name"], "both", "what is common stays");
        let stream = &whole["streams"][1];
        assert_eq!(of_side["acked"]["messages"], stream["acked"]["messages"]);
        assert_ne!(of_side["acked"]["messages"], whole["acked"]["messages"], "not the run's");
        assert_eq!(of_side["latency"]["publish"]["p99_us"], stream["latency"]["publish"]["p99_us"]);
        let (second, own) = (&of_side["intervals"][3], &whole["intervals"][3]["streams"][1]);
        for field in ["acked", "consumed", "publish_p50_us", "end_to_end_p99_us"] {
            assert_eq!(second[field], own[field], "{field}");
        }
        assert!(0 < second["acked"].as_u64().unwrap_or(0), "it was acked: {second}");
        assert!(second["acked"].as_u64() < whole["intervals"][3]["acked"].as_u64(), "a part");
        assert_eq!(of_side["engine"]["cpu_seconds_per_million_messages"], Value::Null);
    }

    #[test]
    fn what_has_no_such_stream_or_no_seconds_of_it_is_told() {
        let check = |mut result: Value, name: &str, words: &str| {
            let error = single_out(&mut result, name).expect_err(words);
            assert!(error.contains(words), "{words}: {error}");
        };
        check(made(), "probe", "has no stream \"probe\", it has main, side");
        let mut one = made();
        one["streams"] = json!([]);
        check(one, "main", "it is a run of one, compare it without --stream");
        let mut old = made();
        let seconds = old["intervals"].as_array_mut().expect("a list").iter_mut();
        seconds.for_each(|second| second["streams"] = Value::Null);
        check(old, "main", "kept no seconds of streams: measure it again");
    }
}
