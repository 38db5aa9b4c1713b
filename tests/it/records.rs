//! Messages of several sizes, with texts, keys and headers: all of them arrive, counted exactly.

use crate::cli::{Kdyno, Ran, alone, number, workload};
use crate::real::count;
use serde_json::Value;

/// Runs a workload of one second with these lines more, on a driver that needs nothing.
fn run(driver: &str, lines: &str) -> Ran {
    let _alone = alone();
    let text = format!("{}{lines}", workload("records", 500, "1s"));
    Kdyno::new(&["run", "w.yaml", "--driver", driver]).with_file("w.yaml", &text).run()
}

/// Demands that 500 messages went out and came back, none of them changed.
fn check(ran: &Ran, what: &str) -> Value {
    // Exit 11: this machine was too busy for the load to be on time; all counts are exact even so.
    assert!(matches!(ran.code, 0 | 11), "{what}: exit {}: {}", ran.code, ran.stderr);
    let result = ran.result();
    for path in ["/produced/due", "/acked/messages", "/consumed/messages"] {
        assert_eq!(count(&result, path), 500, "{what}: {path}");
    }
    for name in ["lost", "duplicated", "reordered", "corrupted", "foreign"] {
        let path = format!("/verification/{name}");
        assert_eq!(count(&result, &path), 0, "{what}: {name}");
    }
    result
}

#[test]
fn whatever_a_message_is_made_of_it_arrives_as_it_was_sent() {
    let texts = "sensors: 100\nkey: \"s{{sensor}}\"\nheaders: {of: \"{{sensor}}\", sent: \"{{timestamp_ms}}\"}\n\
                 payloadTemplate: '\"{{random:20}}\"'\nverification: payload\n";
    for driver in ["loopback", "embedded"] {
        for stamp in ["body", "header"] {
            check(&run(driver, &format!("{texts}stamp: {stamp}\n")), &format!("{driver}, {stamp}"));
        }
    }
}

#[test]
fn sizes_by_weight_come_to_the_bytes_that_they_say() {
    let lines = "messageSizeDistribution: {50-50: 1, 1KB-1KB: 1}\nverification: payload\n";
    for driver in ["loopback", "embedded"] {
        let result = check(&run(driver, lines), driver);
        let bytes = count(&result, "/acked/bytes");
        // Each small one takes 974 B off; of 500, 250 are small, and the deviation is 11.
        let small = (500 * 1_024 - bytes) / 974;
        assert_eq!((500 * 1_024 - bytes) % 974, 0, "{driver}: each is of either size: {bytes}");
        assert!((190..=310).contains(&small), "{driver}: by weight: {small}");
        assert_eq!(count(&result, "/consumed/bytes"), bytes, "{driver}: as read");
    }
}

#[test]
fn bodies_shrink_by_what_was_asked_with_every_codec() {
    let _alone = alone();
    let check = |codec: &str, ratio: f64, (size, rate): (u32, u64)| {
        let base = workload("shrunk", rate, "1500ms").replace("messageSize: 100\n", "");
        let text = format!("{base}messageSize: {size}\ncompressibility: {ratio}\n");
        let ran = Kdyno::new(&["run", "w.yaml", "--driver", "embedded"])
            .and(&["--set", &format!("driver.producerConfig.compression.type={codec}")])
            .and(&["--set", "driver.producerConfig.linger.ms=20"])
            .with_file("w.yaml", &text)
            .run();
        let what = format!("{codec}, {size} B");
        assert!(matches!(ran.code, 0 | 11), "{what}: exit {}: {}", ran.code, ran.stderr);
        let result = ran.result();
        assert_eq!(count(&result, "/verification/corrupted"), 0, "{what}");
        let got = number(&result, "/client/compression_ratio");
        let apart = (got / ratio - 1.0).abs();
        assert!(apart <= 0.05, "{what}: {got} where {ratio} was asked");
    };
    for codec in ["lz4", "zstd", "gzip", "snappy"] {
        check(codec, 3.0, (1_024, 10_000));
        check(codec, 2.0, (256, 10_000));
    }
    check("lz4", 1.5, (1_024, 10_000));
    check("gzip", 3.0, (16_384, 1_500));
}
