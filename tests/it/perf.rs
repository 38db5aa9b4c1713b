//! `kdyno perf-test`: the words and the lines of Kafka's own tools, with a run of kdyno's behind them.

use crate::cli::{Kdyno, Ran, alone, number};
use crate::silent::Silent;
use engine::kafka::embedded::MockBroker;

/// The broker's answers take so long, and its topic is made when it is asked about.
fn broker(round_trip_ms: u32) -> MockBroker {
    let broker = MockBroker::start(1).expect("the broker starts");
    broker.set_round_trip(round_trip_ms);
    broker
}

/// What the tool would be told, with its name changed.
fn producer(address: &str, words: &[&str]) -> Kdyno {
    let server = format!("bootstrap.servers={address}");
    Kdyno::new(&["perf-test", "producer", "--topic", "perf"]).and(words).and(&[
        "--producer-props",
        &server,
        "acks=all",
    ])
}

/// A line of the tool's, taken apart.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) records: u64,
    pub(crate) per_second: f64,
    pub(crate) mean_ms: f64,
    pub(crate) max_ms: f64,
    /// The four percentiles of the last line; none in those of windows.
    pub(crate) percentiles: Vec<u64>,
}

/// Takes a line apart, letter by letter as the tool's formats have them.
pub(crate) fn line(text: &str) -> Line {
    let mut rest = text;
    let mut until = |mark: &str| {
        let (before, after) =
            rest.split_once(mark).unwrap_or_else(|| panic!("'{mark}' in: {text}"));
        rest = after;
        before.to_owned()
    };
    let digits = |number: &str, count: usize| {
        let (_, behind) = number.split_once('.').unwrap_or_else(|| panic!("a point in: {number}"));
        assert_eq!(behind.len(), count, "decimals of {number}");
        number.parse::<f64>().unwrap_or_else(|_| panic!("a number: {number}"))
    };
    let records = until(" records sent, ").parse().expect("a count");
    let per_second = until(" records/sec (");
    digits(&until(" MB/sec), "), 2);
    let mean_ms = until(" ms avg latency, ");
    let is_last = text.ends_with(" ms 99.9th.");
    let max_ms = until(if is_last { " ms max latency, " } else { " ms max latency." });
    let percentiles = if is_last {
        let ends = [" ms 50th, ", " ms 95th, ", " ms 99th, ", " ms 99.9th."];
        ends.iter().map(|end| until(end).parse().expect("whole milliseconds")).collect()
    } else {
        Vec::new()
    };
    assert_eq!(rest, "", "nothing follows in: {text}");
    let of_latency = if is_last { 2 } else { 1 };
    Line {
        records,
        per_second: digits(&per_second, 1),
        mean_ms: digits(&mean_ms, of_latency),
        max_ms: digits(&max_ms, of_latency),
        percentiles,
    }
}

/// Demands that exactly so many records were sent and acked, by the last line and by the result.
pub(crate) fn assert_count(ran: &Ran, records: u64) -> Line {
    // A crowded host may make the client late, which it then says.
    assert!(matches!(ran.code, 0 | 11 | 12), "exit {}: {}", ran.code, ran.stderr);
    let last = line(ran.stdout.lines().last().unwrap_or_else(|| panic!("a line: {}", ran.stderr)));
    assert_eq!(last.records, records, "{}", ran.stdout);
    let result = ran.result();
    for path in ["/produced/messages", "/acked/messages", "/workload/messages"] {
        let found = number(&result, path);
        assert_eq!(format!("{found:.0}"), records.to_string(), "{path}");
    }
    last
}

#[test]
fn as_fast_as_it_goes_exactly_so_many_are_sent_and_told_in_the_tools_line() {
    let _alone = alone();
    for records in [1_u64, 17, 20_001] {
        let broker = broker(2);
        let count = records.to_string();
        let words = ["--num-records", &count, "--record-size", "100", "--throughput", "-1"];
        let ran = producer(&broker.bootstrap_servers(), &words).run();
        let last = assert_count(&ran, records);
        assert_eq!(ran.stdout.lines().count(), 1, "one line: {}", ran.stdout);
        let ordered = last.percentiles.windows(2).all(|pair| pair[0] <= pair[1]);
        assert!(ordered && 1 <= last.percentiles[0], "a round trip takes 2 ms: {last:?}");
        assert!(2.0 <= last.max_ms && last.mean_ms <= last.max_ms, "{last:?}");
        let result = ran.result();
        let (measured, told) = (number(&result, "/plan/measured_s"), last.per_second);
        assert!(measured < 60.0, "the phase ends with the last message: {measured} s");
        let per_second = number(&result, "/acked/messages_per_second");
        assert!((told - per_second).abs() < 0.051, "{told} and {per_second}");
        let service = number(&result, "/latency/service/mean_us") / 1_000.0;
        assert!((last.mean_ms - service).abs() < 0.011, "{} and {service}", last.mean_ms);
        let ends = format!("until {records} messages are sent");
        assert!(ran.stderr.contains(&ends), "the plan says how it ends: {}", ran.stderr);
        assert!(ran.stderr.contains("results/perf-test_"), "and where all is: {}", ran.stderr);
    }
}

#[test]
fn at_a_rate_it_takes_its_time_and_every_five_seconds_have_a_line() {
    let _alone = alone();
    let broker = broker(0);
    let words = ["--num-records", "1100", "--record-size", "10", "--throughput", "200"];
    let ran = producer(&broker.bootstrap_servers(), &words).run();
    let last = assert_count(&ran, 1_100);
    assert!((195.0..=201.0).contains(&last.per_second), "5.5 s: {last:?}");
    let lines: Vec<Line> = ran.stdout.lines().map(line).collect();
    assert_eq!(lines.len(), 2, "one window is whole: {}", ran.stdout);
    // What was sent in its last milliseconds is acked in the next.
    assert!((900..=1_000).contains(&lines[0].records), "{lines:?}");
    assert_eq!(number(&ran.result(), "/produced/due").to_string(), "1100", "by due times");
}

#[test]
fn by_count_a_broker_that_is_too_slow_gets_them_all_the_same() {
    let _alone = alone();
    // Five requests in flight, 100 ms each, of at most 1,000 bytes: some 500 records a second of 100 bytes.
    let broker = broker(100);
    let words = ["--num-records", "2000", "--record-size", "100", "--throughput", "10000"];
    let slow = ["--command-property", "batch.size=1000", "buffer.memory=10240"];
    let ran = producer(&broker.bootstrap_servers(), &words).and(&slow).run();
    let last = assert_count(&ran, 2_000);
    assert!(last.per_second < 9_000.0, "not at the rate: {last:?}");
    let unsent = number(&ran.result(), "/produced/unsent");
    assert!(unsent < 0.5, "nothing is left out: {unsent}");
}

#[test]
fn payloads_of_a_file_are_sent_and_told() {
    let _alone = alone();
    let broker = broker(0);
    let words = ["--num-records", "100", "--payload-file", "p.txt", "--throughput", "-1"];
    let ran = producer(&broker.bootstrap_servers(), &words)
        .with_file("p.txt", "short\na longer one\n\nthe last\n")
        .run();
    assert_count(&ran, 100);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(lines[0].starts_with("Reading payloads from: /"), "{lines:?}");
    assert!(lines[0].ends_with("/p.txt"), "{lines:?}");
    assert_eq!(lines[1], "Number of messages read: 4");
    // 5 + 12 + 0 + 8 bytes in turn, 25 times.
    assert_eq!(number(&ran.result(), "/acked/bytes").to_string(), "625", "they go round");
}

#[test]
fn what_cannot_be_done_is_refused_in_whole_before_anybody_is_asked() {
    let silent = Silent::listen();
    let words = ["--num-records", "10", "--payload-monotonic", "--throughput", "0"];
    let ran = producer(&silent.address(), &words).and(&["--warmup-records", "9"]).run();
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    for flag in ["--warmup-records: ", "--payload-monotonic: ", "--throughput: got 0, "] {
        assert!(ran.stderr.contains(flag), "{flag}: {}", ran.stderr);
    }
    assert!(ran.files().is_empty(), "nothing is created: {:?}", ran.files());
    silent.was_left_alone();
}

#[test]
fn records_are_sent_in_transactions_that_end_by_time_as_the_tool_has_them() {
    let _alone = alone();
    let broker = broker(0);
    let words = ["--num-records", "1000", "--record-size", "60", "--throughput", "500"];
    let ran = producer(&broker.bootstrap_servers(), &words)
        .and(&["--transactional-id", "mine", "--transaction-duration-ms", "100"])
        .run();
    assert_count(&ran, 1_000);
    let result = ran.result();
    let of = |name: &str| number(&result, &format!("/transactions/{name}"));
    assert_eq!(of("committed_messages").to_string(), "1000", "{:#}", result["transactions"]);
    // Two seconds hold twenty at most, fewer where one waits for its end.
    assert!((3.0..=21.0).contains(&of("committed")), "{:#}", result["transactions"]);
    let others = of("aborted") + of("forced_to_abort") + of("undecided");
    assert_eq!(others.to_string(), "0", "{:#}", result["transactions"]);
}
