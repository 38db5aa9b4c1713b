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
pub(super) const WORKLOAD: &str = "perf-test-producer.yaml";
/// A class whose properties are the Java client's.
pub(super) const JAVA: &str = "io.openmessaging.benchmark.driver.kafka.KafkaBenchmarkDriver";
/// From here on a rate is a way to say as fast as possible, in OMB's files and in most scripts.
const UNLIMITED: f64 = 1e7;

/// How long a transaction lasts where an id is given alone, as for the tool.
const TRANSACTION_MS: u64 = 3_000;

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
        let mut props = properties::flags(
            properties::PRODUCER,
            flags.producer_config.as_deref(),
            &flags.producer_props,
            &mut files,
            &mut faults,
        );
        if flags.bootstrap_server.is_none() && !properties::name_brokers(&props) {
            let need = "bootstrap.servers is not given, need e.g. bootstrap.servers=localhost:9092";
            faults.push(Fault::whole("--producer-props", need));
        }
        let transaction = transaction(flags, &mut props);
        let speed = speed(flags.throughput, flags.num_records);
        let speed =
            speed.map_err(|problem| faults.push(Fault::whole("--throughput", problem))).ok();
        let (payloads, told) = payloads(flags, &mut files, &mut faults).unzip();
        let (Some(speed), Some(payloads), true) = (speed, payloads, faults.is_empty()) else {
            return Err(Faults(faults));
        };
        files.hold(Path::new(WORKLOAD), &workload(&payloads, speed, transaction));
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
    let asked = [
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

/// How long a transaction lasts, in milliseconds, where an id or a length asks for some: then there is an id among
/// the properties. The tool's rules and its defaults.
fn transaction(flags: &ProducerFlags, props: &mut Vec<FieldFlag>) -> Option<u64> {
    const ID: &str = "transactional.id";
    if let Some(id) = &flags.transactional_id {
        props.push(properties::property("--transactional-id", ID, id.clone()));
    } else if flags.transaction_duration_ms.is_some() && !properties::names(props, &[ID]) {
        let id = "performance-producer".to_owned();
        props.push(properties::property("--transaction-duration-ms", ID, id));
    }
    let length = flags.transaction_duration_ms.unwrap_or(TRANSACTION_MS);
    properties::names(props, &[ID]).then_some(length)
}

/// How fast; a negative number is no limit, as for the tool.
fn speed(throughput: f64, records: u64) -> Result<Speed, String> {
    if !throughput.is_nan() && !(0.0..UNLIMITED).contains(&throughput) {
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
fn workload(payloads: &Payloads, speed: Speed, transaction_ms: Option<u64>) -> String {
    let (rate, length) = match speed {
        Speed::Max => ("max".to_owned(), COUNT_WITHIN),
        Speed::At(rate, length) => (rate.get().to_string(), length),
    };
    let stamp = match payloads.stamp {
        StampPlace::Body => "body",
        StampPlace::Header => "header",
    };
    let transactions =
        transaction_ms.map_or_else(String::new, |ms| format!("transactionDuration: {ms}ms\n"));
    format!(
        "name: perf-test\ntopics: 1\npartitionsPerTopic: 1\nmessageSize: {}\nstamp: {stamp}\n\
         producersPerTopic: 1\nsubscriptionsPerTopic: 0\nproducerRate: {rate}\ntestDuration: {length}\n\
         warmupDuration: 0s\n{transactions}",
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
