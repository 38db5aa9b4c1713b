//! Keys and headers as others see them: Kafka's own console consumer.

use super::broker::tool;
use super::{SOON, assert_read, cluster, count, shared_turn};
use crate::cli::Kdyno;
use engine::link::Topics;
use std::collections::BTreeMap;

/// Sensors of the digital twin, and seconds of the run.
const SENSORS: i64 = 10_000;
const SECONDS: i64 = 3;

/// A record as the console consumer shows it.
#[derive(Debug)]
struct Record {
    partition: String,
    key: String,
    headers: BTreeMap<String, String>,
}

/// Reads `Partition:3 \t name:value,name:value \t key`; nothing of what else it says.
fn record(line: &str) -> Option<Record> {
    let columns: Vec<&str> = line.split('\t').collect();
    let [partition, headers, key] = columns.as_slice() else { return None };
    let pairs = headers.split(',').filter_map(|pair| pair.split_once(':'));
    Some(Record {
        partition: partition.strip_prefix("Partition:")?.to_owned(),
        key: (*key).to_owned(),
        headers: pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
    })
}

fn consumed(address: &str, topic: &str) -> Vec<Record> {
    let class = "org.apache.kafka.tools.consumer.ConsoleConsumer";
    let messages = (SENSORS * SECONDS).to_string();
    // Bodies begin with a stamp, which is no text.
    let shown = tool(
        class,
        &[
            "--bootstrap-server",
            address,
            "--topic",
            topic,
            "--from-beginning",
            "--max-messages",
            &messages,
            "--timeout-ms",
            "30000",
            "--property",
            "print.partition=true",
            "--property",
            "print.headers=true",
            "--property",
            "print.key=true",
            "--property",
            "print.value=false",
        ],
    );
    shown.lines().filter_map(record).collect()
}

#[test]
fn a_digital_twins_sensors_speak_once_a_second_in_order_and_others_read_their_headers() {
    let Some(turn) = shared_turn() else { return };
    let length = format!("{SECONDS}s");
    let ran = Kdyno::new(&["run", "digital-twin-sensor-stream", "--driver", "kafka-digital-twin"])
        .and(&["--bootstrap-server", &turn.address, "--duration", &length, "--warmup", "0s"])
        .and(&["--keep-topics"])
        .run();
    assert!(matches!(ran.code, 0 | 11), "exit {}: {}", ran.code, ran.stderr);
    let result = ran.result();
    let due = SENSORS * SECONDS;
    assert_eq!(count(&result, "/acked/messages"), due, "all that was due");
    assert_read(&result, due, 1);
    for name in ["duplicated", "reordered"] {
        assert_eq!(count(&result["verification"], &format!("/{name}")), 0, "{name}");
    }
    let seconds = result["intervals"].as_array().expect("a list");
    let behind = seconds.iter().map(|second| count(second, "/backlog")).max();
    assert!(behind.is_some_and(|most| most <= SENSORS), "a second of production: {behind:?}");

    let test_id = result["test_id"].as_str().expect("a run has an id");
    let topic = format!("benchmark-{test_id}-topic-0");
    let records = consumed(&turn.address, &topic);
    let left = cluster(&turn.address).delete(&[topic], SOON);
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(i64::try_from(records.len()), Ok(due), "each has a line");
    let mut sensors: BTreeMap<&str, (&str, Vec<i64>)> = BTreeMap::new();
    for record in &records {
        let header = |name: &str| {
            let value = record.headers.get(name);
            value.map(String::as_str).unwrap_or_else(|| panic!("{name} is in {record:?}"))
        };
        let millis = |name: &str| header(name).parse::<i64>().expect("decimal text");
        assert_eq!(header("dt_sensor_id"), record.key, "its key");
        assert_eq!(header("dt_batch_id").len(), 16 + 1 + 1, "{record:?}: run and producer");
        let (planned, sent) = (millis("dt_timestamp"), millis("send_timestamp"));
        assert!(planned <= sent, "offered when due or later: {record:?}");
        let first = (record.partition.as_str(), Vec::new());
        let (partition, times) = sensors.entry(record.key.as_str()).or_insert(first);
        assert_eq!(*partition, record.partition, "{}: one partition", record.key);
        times.push(planned);
    }
    assert_eq!(i64::try_from(sensors.len()), Ok(SENSORS), "each has spoken");
    for (sensor, (_, times)) in sensors {
        let mut steps = times.windows(2).map(|pair| pair[1] - pair[0]);
        let is_even = times.len() == 3 && steps.all(|step| step == 1_000);
        assert!(is_even, "{sensor}: each second, in order: {times:?}");
    }
}
