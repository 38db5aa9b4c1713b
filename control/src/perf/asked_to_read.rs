//! What the flags of `kdyno perf-test consumer` ask: a run that sends nothing and reads so many messages.

use super::asked::JAVA;
use super::properties;
use crate::cli::{ConsumerFlags, LineFlags};
use crate::spec::{
    DriverSource, Fault, Faults, FieldFlag, Files, Identity, Job, Order, Remark, Request, load_with,
};
use engine::plan::COUNT_WITHIN;
use engine::units::{Nanos, Timestamp};
use serde_json::json;
use std::path::Path;

/// The path under which the workload that is made up is held, and shown by results.
const WORKLOAD: &str = "perf-test-consumer.yaml";

/// What is to be done.
#[derive(Debug)]
pub(crate) struct AskedToRead {
    /// One run.
    pub(super) job: Job,
    /// How many messages it is to read.
    pub(super) messages: u64,
    /// Which lines are written.
    pub(super) lines: LineFlags,
}

impl AskedToRead {
    /// What the flags ask, of a run that begins now.
    ///
    /// # Errors
    /// Every fault of every flag and file.
    pub(crate) fn of(flags: &ConsumerFlags, now: Timestamp) -> Result<Self, Faults> {
        let (mut files, mut faults) = (Files::disk(), Vec::new());
        let mut props = properties::flags(
            properties::CONSUMER,
            flags.consumer_config.as_deref(),
            &flags.command_property,
            &mut files,
            &mut faults,
        );
        if flags.bootstrap_server.is_none() && !properties::name_brokers(&props) {
            let need = "is not given, need the brokers, e.g. localhost:9092";
            faults.push(Fault::whole("--bootstrap-server", need));
        }
        if !faults.is_empty() {
            return Err(Faults(faults));
        }
        let own = own(flags);
        props.retain(|given| own.iter().all(|one| one.field != given.field));
        props.extend(own);
        files.hold(Path::new(WORKLOAD), &workload());
        let mut job = load_with(&order(flags, props), &mut files, Identity::Drawn(now))?;
        if job.sweep.is_some() {
            let problem = "got a list or a range of values, need one value for each property";
            return Err(Faults(vec![Fault::whole("--command-property", problem)]));
        }
        let request = job.requests.first_mut().expect("an order of one workload makes a request");
        complete(request, flags);
        Ok(Self { job, messages: flags.messages, lines: flags.lines })
    }
}

/// The tool's flags that are properties: they win over all others, as they do with the tool.
fn own(flags: &ConsumerFlags) -> Vec<FieldFlag> {
    let reset = if flags.from_latest { "latest" } else { "earliest" };
    let own = [
        ("--fetch-size", "max.partition.fetch.bytes", flags.fetch_size.to_string()),
        ("--socket-buffer-size", "receive.buffer.bytes", flags.socket_buffer_size.to_string()),
        ("--from-latest", "auto.offset.reset", reset.to_owned()),
    ];
    own.map(|(flag, name, value)| properties::property(flag, name, value)).into()
}

/// The workload as a file would have it; its count is added later.
fn workload() -> String {
    format!(
        "name: perf-test\ntopics: 1\npartitionsPerTopic: 1\nproducersPerTopic: 0\n\
         subscriptionsPerTopic: 1\nconsumerPerSubscription: 1\ntestDuration: {COUNT_WITHIN}\n"
    )
}

fn order(flags: &ConsumerFlags, props: Vec<FieldFlag>) -> Order {
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

/// What no file can say: so many messages, and how long to wait for one more.
fn complete(request: &mut Request, flags: &ConsumerFlags) {
    let demand = &mut request.demand;
    demand.messages = Some(flags.messages);
    demand.deadlines.quiet = Nanos::from_millis(flags.timeout);
    let resolved = &mut request.resolved;
    // The topic's shape was never ours to say.
    resolved.remarks.retain(|remark| remark.code != "existing_topics");
    let without_effect = [
        (
            flags.group.is_some(),
            "--group: has no effect, each run has a group of its own, which is deleted after it",
        ),
        (
            flags.print_metrics,
            "--print-metrics: has no effect, Java's metrics have no equivalent: the client's own \
             statistics are in result.json (client)",
        ),
    ];
    for (_, text) in without_effect.into_iter().filter(|(is_given, _)| *is_given) {
        let message = text.to_owned();
        resolved.remarks.push(Remark { code: "flag_without_effect", message });
    }
    let fields = &mut resolved.workload;
    fields.retain(|name, _| name != "testDuration");
    fields.insert("messages".to_owned(), json!(flags.messages));
}

#[cfg(test)]
mod tests {
    use super::AskedToRead;
    use crate::cli::{Command, PerfCommand, parse};
    use engine::units::{Nanos, Timestamp};

    const NOW: Timestamp = Timestamp::from_nanos(1_760_000_000_000_000_000);

    fn asked(line: &str) -> Result<AskedToRead, Vec<String>> {
        let whole = format!("kdyno perf-test consumer --topic t --messages 1000 {line}");
        match parse(whole.split_whitespace().map(Into::into)) {
            Ok(Command::PerfTest(PerfCommand::Consumer(flags))) => AskedToRead::of(&flags, NOW)
                .map_err(|faults| faults.0.iter().map(ToString::to_string).collect()),
            other => panic!("{whole}: {other:?}"),
        }
    }

    #[test]
    fn one_consumer_reads_so_many_messages_of_a_topic_that_stays() {
        let asked = asked("--bootstrap-server h:1 --timeout 7000").expect("legal");
        assert!(asked.job.sweep.is_none() && asked.job.requests.len() == 1, "one run");
        let request = &asked.job.requests[0];
        let (demand, stream) = (&request.demand, &request.demand.streams[0]);
        assert!(demand.is_catch_up() && stream.topics[0].existing, "nobody sends, nothing is made");
        assert_eq!((demand.messages, demand.deadlines.quiet), (Some(1_000), Nanos::from_secs(7)));
        assert_eq!((stream.subscriptions, stream.consumers_per_subscription), (1, 1));
        let fields: Vec<&str> = request.resolved.workload.keys().map(String::as_str).collect();
        assert!(fields.contains(&"messages") && !fields.contains(&"testDuration"), "{fields:?}");
        let without_effect = |of: &&crate::spec::Remark| of.code.ends_with("_without_effect");
        let said = request.resolved.remarks.iter().filter(without_effect).count();
        assert_eq!(said, 0, "{:?}", request.resolved.remarks);
    }

    #[test]
    fn flags_that_are_properties_win_over_those_of_the_line() {
        let of = |line: &str, name: &str| {
            let asked = asked(line).expect(line);
            let consumer = &asked.job.requests[0].demand.clients.consumer;
            let found = consumer.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let plain = "--bootstrap-server h:1 --command-property max.partition.fetch.bytes=5";
        assert_eq!(of(plain, "fetch.message.max.bytes"), "1048576", "the tool's own");
        assert_eq!(of(plain, "auto.offset.reset"), "earliest");
        assert_eq!(of(plain, "client.id"), "perf-consumer-client");
        let given = format!("{plain} --fetch-size 77 --from-latest");
        assert_eq!(of(&given, "fetch.message.max.bytes"), "77");
        assert_eq!(of(&given, "auto.offset.reset"), "latest");
    }

    #[test]
    fn what_cannot_be_done_is_told_and_what_has_no_effect_is_remarked() {
        let faults = asked("--command-property nothing").expect_err("no brokers, no property");
        assert!(faults[0].starts_with("--command-property: got \"nothing\""), "{faults:?}");
        assert!(faults[1].starts_with("--bootstrap-server: is not given"), "{faults:?}");
        let asked = asked("--bootstrap-server h:1 --group g --print-metrics").expect("legal");
        let remarks = &asked.job.requests[0].resolved.remarks;
        let remarks: Vec<_> =
            remarks.iter().filter(|of| of.code == "flag_without_effect").collect();
        assert_eq!(remarks.len(), 2, "{remarks:?}");
        assert!(remarks[0].message.starts_with("--group: has no effect"), "{remarks:?}");
    }
}
