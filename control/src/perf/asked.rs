//! What the flags of `kdyno perf-test producer` ask: a job like that of any run, of so many records.

use super::payloads::{self, Payloads};
use super::properties;
use crate::cli::ProducerFlags;
use crate::spec::{
    DriverSource, Fault, Faults, FieldFlag, Files, Identity, Job, Order, Remark, Request, load_with,
};
use engine::plan::{COUNT_WITHIN, StampPlace, length_of};
use engine::units::{Nanos, Rate, Timestamp};
use serde_json::json;
use std::path::Path;

/// The path under which the workload that is made up is held, and shown by results.
const WORKLOAD: &str = "perf-test-producer.yaml";
/// A class whose properties are the Java client's.
const JAVA: &str = "io.openmessaging.benchmark.driver.kafka.KafkaBenchmarkDriver";
/// From here on a rate is a way to say as fast as possible, in OMB's files and in most scripts.
const UNLIMITED: f64 = 1e7;

/// What is to be done.
#[derive(Debug)]
pub(crate) struct Asked {
    /// One run.
    pub(super) job: Job,
    /// Its topic, which need not be there yet.
    pub(super) topic: String,
    /// What the tool says on stdout before it begins.
    pub(super) told: Vec<String>,
}

/// How fast, and what that makes of the phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speed {
    /// As fast as the client takes them.
    Max,
    /// So many a second, for so long.
    At(Rate, Nanos),
}

impl Asked {
    /// What the flags ask, of a run that begins now.
    ///
    /// # Errors
    /// Every fault of every flag and file.
    pub(crate) fn of(flags: &ProducerFlags, now: Timestamp) -> Result<Self, Faults> {
        let (mut files, mut faults) = (Files::disk(), unsupported(flags));
        let props = properties::flags(
            flags.producer_config.as_deref(),
            &flags.producer_props,
            &mut files,
            &mut faults,
        );
        if flags.bootstrap_server.is_none() && !properties::name_brokers(&props) {
            let need = "bootstrap.servers is not given, need e.g. bootstrap.servers=localhost:9092";
            faults.push(Fault::whole("--producer-props", need));
        }
        let speed = speed(flags.throughput, flags.num_records);
        let speed =
            speed.map_err(|problem| faults.push(Fault::whole("--throughput", problem))).ok();
        let (payloads, told) = payloads(flags, &mut files, &mut faults).unzip();
        let (Some(speed), Some(payloads), true) = (speed, payloads, faults.is_empty()) else {
            return Err(Faults(faults));
        };
        files.hold(Path::new(WORKLOAD), &workload(&payloads, speed));
        let mut job = load_with(&order(flags, props), &mut files, Identity::Drawn(now))?;
        if job.sweep.is_some() {
            let problem = "got a list or a range of values, need one value for each property";
            return Err(Faults(vec![Fault::whole("--producer-props", problem)]));
        }
        let request = job.requests.first_mut().expect("an order of one workload makes a request");
        complete(request, flags, payloads);
        Ok(Self { job, topic: flags.topic.clone(), told: told.unwrap_or_default() })
    }
}

/// What the tool does and kdyno does not.
fn unsupported(flags: &ProducerFlags) -> Vec<Fault> {
    let transactions = "transactions are not supported: leave it out";
    let asked = [
        ("--transactional-id", flags.transactional_id.is_some(), transactions),
        ("--transaction-duration-ms", flags.transaction_duration_ms.is_some(), transactions),
        (
            "--payload-monotonic",
            flags.payload_monotonic,
            "is not supported, bodies are made before the run: use --record-size or --payload-file",
        ),
        (
            "--warmup-records",
            flags.warmup_records.is_some_and(|records| 0 < records),
            "is not supported, kdyno warms up for a time: leave it out, or use kdyno run --warmup 10s --topic",
        ),
    ];
    let told = asked.into_iter().filter(|(_, is_asked, _)| *is_asked);
    told.map(|(flag, _, problem)| Fault::whole(flag, problem)).collect()
}

/// How fast; a negative number is no limit, as for the tool.
fn speed(throughput: f64, records: u64) -> Result<Speed, String> {
    if throughput < 0.0 || UNLIMITED <= throughput {
        return Ok(Speed::Max);
    }
    let need = "need a whole number of records per second, e.g. 50000, or -1 for no limit";
    let is_whole = 1.0 <= throughput && throughput.fract() <= 0.0;
    let rate = is_whole.then(|| format!("{throughput:.0}").parse::<u64>().ok()).flatten();
    let rate =
        rate.and_then(Rate::per_second).ok_or_else(|| format!("got {throughput}, {need}"))?;
    let length = length_of(records, rate);
    let length = length.ok_or_else(|| {
        format!("got {throughput}, at which {records} records take more than a year: {need}")
    })?;
    // Two records that are due in one nanosecond would have no time between them.
    Ok(Speed::At(rate, length.max(Nanos(1))))
}

/// The bodies, and what the tool tells of them.
fn payloads(
    flags: &ProducerFlags,
    files: &mut Files,
    faults: &mut Vec<Fault>,
) -> Option<(Payloads, Vec<String>)> {
    if let Some(size) = flags.record_size {
        return Some((Payloads::letters(size), Vec::new()));
    }
    let path = flags.payload_file.as_deref()?;
    let delimiter = payloads::delimiter(&flags.payload_delimiter)
        .map_err(|problem| faults.push(Fault::whole("--payload-delimiter", problem)))
        .ok()?;
    match payloads::of_file(path, &delimiter, |path| files.read(path)) {
        Ok((made, told)) => Some((made, told.to_vec())),
        Err(problem) => {
            let shown = path.display().to_string();
            faults.push(Fault::new("--payload-file", shown, problem));
            None
        }
    }
}

/// The workload as a file would have it; its bodies and its count are added later.
fn workload(payloads: &Payloads, speed: Speed) -> String {
    let (rate, length) = match speed {
        Speed::Max => ("max".to_owned(), COUNT_WITHIN),
        Speed::At(rate, length) => (rate.get().to_string(), length),
    };
    let stamp = match payloads.stamp {
        StampPlace::Body => "body",
        StampPlace::Header => "header",
    };
    format!(
        "name: perf-test\ntopics: 1\npartitionsPerTopic: 1\nmessageSize: {}\nstamp: {stamp}\n\
         producersPerTopic: 1\nsubscriptionsPerTopic: 0\nproducerRate: {rate}\ntestDuration: {length}\n\
         warmupDuration: 0s\n",
        payloads.longest
    )
}

fn order(flags: &ProducerFlags, props: Vec<FieldFlag>) -> Order {
    let java = FieldFlag {
        flag: "perf-test's driverClass".to_owned(),
        field: "driver.driverClass".to_owned(),
        value: JAVA.to_owned(),
    };
    let driver = DriverSource { file: None, bootstrap_servers: flags.bootstrap_server.clone() };
    Order {
        workloads: vec![WORKLOAD.into()],
        driver,
        flags: std::iter::once(java).chain(props).collect(),
        topics: vec![flags.topic.clone()],
        results_dir: flags.output.clone(),
        log_level: flags.log.log_level,
        ..Order::default()
    }
}

/// What no file can say: these bodies, and so many of them.
fn complete(request: &mut Request, flags: &ProducerFlags, payloads: Payloads) {
    let demand = &mut request.demand;
    demand.messages = Some(flags.num_records);
    let resolved = &mut request.resolved;
    // The topic's shape was never ours to say.
    resolved.remarks.retain(|remark| remark.code != "existing_topics");
    if flags.print_metrics {
        let text = "--print-metrics: has no effect, Java's metrics have no equivalent: the client's own \
                    statistics are in result.json (client)";
        resolved.remarks.push(Remark { code: "flag_without_effect", message: text.to_owned() });
    }
    let fields = &mut resolved.workload;
    for made_up in ["useRandomizedPayloads", "randomBytesRatio", "randomizedPayloadPoolSize"] {
        fields.remove(made_up);
    }
    if demand.ends_after().is_some() {
        fields.remove("testDuration");
    }
    fields.insert("messages".to_owned(), json!(flags.num_records));
    let source = flags
        .payload_file
        .as_ref()
        .map_or_else(|| "letters".to_owned(), |path| path.display().to_string());
    fields.insert("payloads".to_owned(), json!(source));
    demand.streams[0].bodies = payloads.bodies;
}

#[cfg(test)]
mod tests {
    use super::{Asked, JAVA};
    use crate::cli::{Command, PerfCommand, parse};
    use crate::spec::Request;
    use engine::plan::{COUNT_WITHIN, Pace, StampPlace, Warmup};
    use engine::units::{Nanos, Rate, Timestamp};
    use std::path::Path;

    const NOW: Timestamp = Timestamp::from_nanos(1_760_000_000_000_000_000);

    /// What a line asks, its words behind `producer` with these before them.
    fn asked(line: &str) -> Result<Asked, Vec<String>> {
        let whole = format!("kdyno perf-test producer --topic t --num-records 1000 {line}");
        match parse(whole.split_whitespace().map(Into::into)) {
            Ok(Command::PerfTest(PerfCommand::Producer(flags))) => Asked::of(&flags, NOW)
                .map_err(|faults| faults.0.iter().map(ToString::to_string).collect()),
            other => panic!("{whole}: {other:?}"),
        }
    }

    fn request(line: &str) -> Request {
        asked(line).expect(line).job.requests.swap_remove(0)
    }

    const PROPS: &str = "--producer-props bootstrap.servers=h:1";

    #[test]
    fn so_many_records_go_to_a_topic_that_stays_with_nobody_who_reads() {
        let asked =
            asked(&format!("--record-size 100 --throughput -1 {PROPS} acks=1")).expect("legal");
        assert_eq!((asked.topic.as_str(), asked.told.len()), ("t", 0));
        assert!(asked.job.sweep.is_none() && asked.job.requests.len() == 1, "one run");
        let request = &asked.job.requests[0];
        let (demand, stream) = (&request.demand, &request.demand.streams[0]);
        assert_eq!(demand.messages, Some(1_000));
        assert_eq!((stream.topics.len(), stream.topics[0].name.as_str()), (1, "t"));
        assert!(stream.topics[0].existing, "never created, never deleted");
        assert_eq!((stream.producers_per_topic, stream.readers()), (1, 0));
        assert_eq!((stream.message_size.0, stream.stamp), (100, StampPlace::Body));
        assert!(stream.bodies.iter().all(|body| body.is_ascii() && body.len() == 100), "letters");
        assert_eq!(demand.phases.warmup, Warmup::NONE);
        assert!(demand.test_id.starts_with("perf-test_"), "{}", demand.test_id);
        assert_eq!(request.resolved.workload["messages"], 1_000);
        assert!(!request.resolved.workload.contains_key("testDuration"), "it has none");
        assert_eq!(request.driver.driver.name, "kafka", "{JAVA}");
    }

    #[test]
    fn a_rate_makes_the_phase_and_a_negative_one_is_none() {
        let check = |throughput: &str, pace: Pace, measured: Nanos| {
            let request = request(&format!("--record-size 10 --throughput {throughput} {PROPS}"));
            let demand = &request.demand;
            assert_eq!(demand.streams[0].pace, pace, "{throughput}");
            assert_eq!(demand.phases.measured, measured, "{throughput}");
            assert_eq!(demand.messages, Some(1_000), "{throughput}");
        };
        let at = |rate: u64| Pace::At(Rate::per_second(rate).expect("above 0"));
        let max = Pace::Max { in_flight: None };
        check("500", at(500), Nanos::from_secs(2));
        check("500.0", at(500), Nanos::from_secs(2));
        check("3", at(3), Nanos(333_333_333_333));
        check("9999999", at(9_999_999), Nanos(100_000));
        for unlimited in ["-1", "-0.5", "10000000", "1e9"] {
            check(unlimited, max.clone(), COUNT_WITHIN);
        }
    }

    #[test]
    fn properties_are_javas_with_the_defaults_of_its_tool() {
        let line =
            format!("--record-size 10 --throughput 1 {PROPS} batch.size=9 buffer.memory=2097152");
        let request = request(&line);
        let of = |list: &[(String, String)], name: &str| {
            let found = list.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let clients = &request.demand.clients;
        for (name, value) in [
            ("client.id", "perf-producer-client"),
            ("bootstrap.servers", "h:1"),
            ("queue.buffering.max.ms", "5"),
            ("queue.buffering.max.kbytes", "2048"),
        ] {
            assert_eq!(of(&clients.producer, name), value, "{name}: {:?}", clients.producer);
        }
        assert_eq!(of(&clients.admin, "bootstrap.servers"), "h:1", "who asks for the topic");
        assert!(of(&clients.producer, "acks") != "1", "Java's default: {:?}", clients.producer);
        let flag = request_with_server();
        assert_eq!(of(&flag.demand.clients.producer, "bootstrap.servers"), "flag:2", "it wins");
    }

    fn request_with_server() -> Request {
        request(&format!("--record-size 10 --throughput 1 {PROPS} --bootstrap-server flag:2"))
    }

    #[test]
    fn payloads_of_a_file_travel_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("p.txt");
        std::fs::write(&file, "one,three,,five5\n").expect("written");
        let shown = file.display();
        let line = format!("--payload-file {shown} --payload-delimiter , --throughput 7 {PROPS}");
        let asked = asked(&line).expect("legal");
        assert_eq!(asked.told[0], format!("Reading payloads from: {shown}"));
        assert_eq!(asked.told[1], "Number of messages read: 4");
        let stream = &asked.job.requests[0].demand.streams[0];
        let bodies: Vec<&[u8]> = stream.bodies.iter().map(Vec::as_slice).collect();
        assert_eq!(bodies, [&b"one"[..], b"three", b"", b"five5\n"]);
        assert_eq!((stream.message_size.0, stream.stamp), (6, StampPlace::Header));
    }

    #[test]
    fn what_cannot_be_done_is_told_at_once_and_in_whole() {
        let check = |line: &str, expected: &[&str]| {
            let faults = asked(line).expect_err(line);
            let all = faults.len() == expected.len()
                && faults.iter().zip(expected).all(|(fault, words)| fault.contains(words));
            assert!(all, "{line}: {faults:#?}");
        };
        check(
            "--payload-monotonic --throughput 0.5 --transactional-id x --transaction-duration-ms 5 \
             --warmup-records 10 --producer-props acks",
            &[
                "--transactional-id: transactions are not supported",
                "--transaction-duration-ms: transactions are not supported",
                "--payload-monotonic: is not supported",
                "--warmup-records: is not supported",
                "--producer-props: got \"acks\", need NAME=VALUE",
                "--producer-props: bootstrap.servers is not given, need e.g.",
                "--throughput: got 0.5, need a whole number of records per second, e.g. 50000, or -1",
            ],
        );
        for throughput in ["0", "0.5", "1.5", "nan"] {
            let line = format!("--record-size 1 --throughput {throughput} {PROPS}");
            check(&line, &[&format!("--throughput: got {}", throughput.replace("nan", "NaN"))]);
        }
        check(
            &format!("--record-size 9 --throughput 1 {PROPS} lingr.ms=1 transactional.id=x"),
            &["transactional.id", "lingr.ms"],
        );
        check(
            &format!("--record-size 9 --throughput 1 {PROPS} linger.ms=1,2"),
            &["--producer-props: got a list or a range of values"],
        );
        check(
            &format!("--payload-file /no/such --payload-delimiter [,] --throughput 1 {PROPS}"),
            &["--payload-delimiter: got \"[,]\", a regular expression"],
        );
        check(
            &format!("--payload-file /no/such --throughput 1 {PROPS}"),
            &["--payload-file: /no/such: No such file"],
        );
    }

    #[test]
    fn what_has_no_effect_and_what_everybody_sees_is_said() {
        let line = format!("--record-size 9 --throughput 1 --print-metrics {PROPS}");
        let said = |line: &str| {
            let remarks = request(line).resolved.remarks;
            remarks.iter().map(|remark| remark.code).collect::<Vec<_>>()
        };
        assert_eq!(said(&line), ["flag_without_effect"]);
        let secret = format!(
            "{line} security.protocol=SASL_PLAINTEXT sasl.mechanism=PLAIN sasl.username=u sasl.password=p"
        );
        assert_eq!(said(&secret), ["secret_on_command_line", "flag_without_effect"]);
        assert!(Path::new(super::WORKLOAD).extension().is_some(), "read as a workload file");
    }
}
