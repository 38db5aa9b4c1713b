//! Made-up ceilings for tests.

use super::document::{Ceiling, Hiccups, Host, Pacing, SCHEMA, Spans, Throughput, Timer};
use crate::host::Environment;

/// A row of so many lanes that got along.
pub(super) fn row(of: &str, lanes: u64, message_size: u64, speed: f64) -> Throughput {
    let (size, each) = (crate::report::float(message_size), crate::report::float(lanes));
    Throughput {
        of: of.to_owned(),
        lanes,
        message_size,
        messages: 2_000_000,
        messages_per_second: speed,
        bytes_per_second: speed * size,
        messages_per_second_per_lane: speed / each,
        bytes_per_second_per_lane: speed * size / each,
        cpu_seconds_per_million_messages: Some(0.125),
        efficiency: None,
        shared: Vec::new(),
        cores: (0..usize::try_from(lanes).expect("a few")).collect(),
        physical_cores: lanes,
        shares_cores: false,
        wait: "spin".to_owned(),
        lanes_cpu_share: None,
        broker_cpu_share: None,
        throttled_periods: Some(0),
    }
}

/// The host of [`ceiling`].
pub(super) fn environment() -> Environment {
    Environment {
        os: Some("Linux 1".to_owned()),
        kernel: Some("6.1".to_owned()),
        cpu: Some("Made Up 9000".to_owned()),
        cores: 2,
        quota_cores: None,
        memory_bytes: 16 << 30,
        librdkafka: "2.12.1".to_owned(),
        command: "kdyno ceiling".to_owned(),
    }
}

fn spans(count: u64) -> Spans {
    Spans {
        count,
        p50_us: Some(0.03),
        p99_us: Some(12.5),
        p99_9_us: Some(40.0),
        max_us: Some(1_250.0),
    }
}

/// A whole ceiling of two cores.
pub(super) fn ceiling() -> Ceiling {
    let environment = environment();
    let pace = |wait: &str, rate: u64, error: Option<f64>| Pacing {
        wait: wait.to_owned(),
        messages_per_second: rate,
        due: rate * 2,
        sent: rate * 2,
        unsent: 0,
        rate_error_ppm: error,
        send_delay: spans(rate * 2),
    };
    let mut throughput = Vec::new();
    for (of, size, speeds) in [
        ("loopback", 100, [9_700_000.0, 18_500_000.0]),
        ("loopback", 65_536, [7_900_000.0, 15_000_000.0]),
        ("embedded", 100, [1_100_000.0, 1_300_000.0]),
        ("embedded", 65_536, [21_000.0, 22_000.0]),
    ] {
        throughput.extend((1..=2).zip(speeds).map(|(lanes, speed)| row(of, lanes, size, speed)));
    }
    for row in throughput.iter_mut().filter(|row| row.of == "embedded") {
        (row.broker_cpu_share, row.wait) = (Some(0.96), "sleep".to_owned());
    }
    super::sharing::judge(&mut throughput, Some(11.2e9));
    Ceiling {
        schema: SCHEMA.to_owned(),
        kdyno_version: env!("CARGO_PKG_VERSION").to_owned(),
        build: super::BUILD.to_owned(),
        complete: true,
        measured_at: "2026-11-25T21:12:24.123456Z".to_owned(),
        took_s: 71.5,
        host: Host {
            name: Some("bench-1".to_owned()),
            cpu: environment.cpu,
            cores: environment.cores,
            measured_cores: vec![0, 1],
            quota_cores: environment.quota_cores,
            kernel: environment.kernel,
        },
        clock: "tsc".to_owned(),
        allocator: crate::host::ALLOCATOR.to_owned(),
        librdkafka: environment.librdkafka,
        step_s: 2.0,
        message_size: 100,
        timer: Some(Timer {
            core: 1,
            step_ns: Some(10),
            reading_ns: 9.6,
            park_us: 100.0,
            oversleep: spans(2_000),
        }),
        hiccups: Some(Hiccups {
            core: 1,
            spun_s: 2.0,
            longest: spans(2_000),
            lost_share: 0.000_21,
            lost_above_us: 10.0,
        }),
        copy_bytes_per_second: Some(11.2e9),
        throughput,
        pacing: vec![
            pace("spin", 1, None),
            pace("spin", 9_700_000, Some(-61_234.5)),
            pace("sleep", 1_000, Some(0.25)),
        ],
        remarks: Vec::new(),
        failures: Vec::new(),
    }
}
