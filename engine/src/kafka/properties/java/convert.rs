//! Values of the Java client's that librdkafka writes in another way.

/// `buffer.memory`, bytes, as kilobytes, rounded up: the queue may hold at least what was asked.
pub(super) fn kilobytes(bytes: &str) -> Result<String, String> {
    let bytes: i64 = bytes.parse().map_err(|_| format!("got {bytes:?}, need a number of bytes"))?;
    let kilobytes = (bytes / 1024 + i64::from(bytes % 1024 != 0)).clamp(1, i64::from(i32::MAX));
    Ok(kilobytes.to_string())
}

/// Classes of assignors as librdkafka's words.
pub(super) fn assignors(classes: &str) -> Result<String, String> {
    let words: Result<Vec<&str>, String> =
        classes.split(',').map(|class| assignor(class.trim())).collect();
    words.map(|words| words.join(","))
}

fn assignor(class: &str) -> Result<&str, String> {
    let need = "need RangeAssignor, RoundRobinAssignor or CooperativeStickyAssignor \
                (range, roundrobin or cooperative-sticky)";
    match class.strip_prefix("org.apache.kafka.clients.consumer.").unwrap_or(class) {
        "RangeAssignor" | "range" => Ok("range"),
        "RoundRobinAssignor" | "roundrobin" => Ok("roundrobin"),
        "CooperativeStickyAssignor" | "cooperative-sticky" => Ok("cooperative-sticky"),
        "StickyAssignor" => Err(format!("librdkafka is sticky only cooperatively, {need}")),
        _ => Err(format!("got {class:?}, {need}")),
    }
}

/// The class of a partitioner as librdkafka's word.
pub(super) fn partitioner(class: &str) -> Result<String, String> {
    let prefix = "org.apache.kafka.clients.producer.";
    let short = class.strip_prefix(prefix).unwrap_or(class);
    match short.strip_prefix("internals.").unwrap_or(short) {
        "DefaultPartitioner" => Ok("murmur2_random".to_owned()),
        _ => Err(format!(
            "got {class:?}: Java classes cannot be loaded, use librdkafka's partitioner \
             (murmur2_random is Java's default)"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::{assignors, kilobytes, partitioner};

    #[test]
    fn bytes_become_kilobytes_rounded_up() {
        for (bytes, expected) in [
            ("33554432", "32768"),
            ("1025", "2"),
            ("0", "1"),
            ("9223372036854775807", "2147483647"),
        ] {
            assert_eq!(kilobytes(bytes).as_deref(), Ok(expected), "{bytes}");
        }
    }

    #[test]
    fn assignors_go_by_their_class() {
        let full = "org.apache.kafka.clients.consumer.RangeAssignor , RoundRobinAssignor";
        assert_eq!(assignors(full).as_deref(), Ok("range,roundrobin"));
        assert_eq!(assignors("cooperative-sticky").as_deref(), Ok("cooperative-sticky"));
        assert!(assignors("StickyAssignor").is_err_and(|fault| fault.contains("cooperative")));
        assert!(assignors("com.example.Mine").is_err_and(|fault| fault.contains("Mine")));
    }

    #[test]
    fn only_javas_default_partitioner_is_known() {
        let class = "org.apache.kafka.clients.producer.internals.DefaultPartitioner";
        assert_eq!(partitioner(class).as_deref(), Ok("murmur2_random"));
        assert!(partitioner("org.apache.kafka.clients.producer.RoundRobinPartitioner").is_err());
    }
}
