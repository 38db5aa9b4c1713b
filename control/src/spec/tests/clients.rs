//! What the clients of a request are told.

use super::{Desk, OMB_DRIVER, WORKLOAD, one, remark, stream, value};
use engine::plan::CommitMode;
use engine::units::Nanos;

#[test]
fn the_command_line_wins_over_the_driver() {
    let desk = Desk::new(OMB_DRIVER);
    let mut order = desk.order(&[
        "driver.linger.ms=7",
        "driver.replicationFactor=1",
        "driver.min.insync.replicas=1",
        "driver.consumerConfig.fetch.min.bytes=9",
    ]);
    order.driver.bootstrap_servers = Some("other:1".to_owned());
    let clients = one(&order).demand.clients;
    assert_eq!(value(&clients.producer, "queue.buffering.max.ms"), Some("7"));
    assert_eq!(value(&clients.consumer, "queue.buffering.max.ms"), None);
    assert_eq!(value(&clients.consumer, "fetch.min.bytes"), Some("9"));
    assert_eq!(value(&clients.topic, "min.insync.replicas"), Some("1"));
    assert_eq!(clients.replication_factor, 1);
    assert_eq!(value(&clients.producer, "bootstrap.servers"), Some("other:1"));
}

#[test]
fn fewer_replicas_than_must_be_in_sync_are_refused() {
    let desk = Desk::new(OMB_DRIVER);
    let faults = desk.faults(&desk.order(&["driver.replicationFactor=1"]));
    let expected = "d.yaml:5: min.insync.replicas: got \"2\", need at most the replication factor, 1, e.g. \
        --set driver.topicConfig.min.insync.replicas=1 (with --set driver.replicationFactor=1 on one broker)";
    assert_eq!(faults, [expected]);
    let unknown = desk.order(&["driver.replicationFactor=-1"]);
    assert_eq!(desk.faults(&unknown), Vec::<String>::new(), "only the broker knows");
    let mut existing = desk.order(&["driver.replicationFactor=1"]);
    existing.topics = vec!["mine".to_owned()];
    assert_eq!(desk.faults(&existing), Vec::<String>::new(), "no topic is made");
}

#[test]
fn client_properties_are_held_to_their_types() {
    let desk = Desk::new(OMB_DRIVER);
    let check = |set: &str, part: &str| {
        let faults = desk.faults(&desk.order(&[set]));
        let name = set.split('=').next().expect("a name");
        let fits = faults.len() == 1
            && faults[0].starts_with(&format!("--set {name}: "))
            && faults[0].contains(part);
        assert!(fits, "{set}: {faults:?}");
    };
    check("driver.producerConfig.acks=2", "got \"2\", need");
    check("driver.producerConfig.acks=1abc", "got \"1abc\", need");
    check("driver.batch.size=0", "got \"0\", need");
    check("driver.batch.size=64K", "got \"64K\", need");
    check("driver.batch.size=4294967396", "got \"4294967396\", need");
    check("driver.linger.ms=5 ms", "got \"5 ms\", need");
    check("driver.enable.idempotence=maybe", "got \"maybe\", need true or false");
    check("driver.lingerms=5", "did you mean linger.ms?");
    check("driver.producerConfig.fetch.min.bytes=1", "has no meaning for a producer");
    check("driver.topicConfig.linger.ms=1", "topics have no such config");
    check("driver.transactional.id=x", "makes no transactions by itself");
    let own = desk.faults(&desk.order(&["driver.group.instance.id=x"]));
    assert_eq!(own, Vec::<String>::new(), "how the ids of static members begin");
}

#[test]
fn a_backlog_takes_no_transactions_of_the_drivers_either() {
    let desk = Desk::new(OMB_DRIVER);
    let faults = |sets: &[&str]| desk.faults(&desk.order(sets));
    let transactions = "driver.requestsPerTransaction=5";
    assert_eq!(faults(&[transactions]), Vec::<String>::new(), "by themselves");
    assert_eq!(faults(&["consumerBacklog=1MiB"]), Vec::<String>::new(), "by itself");
    let both = faults(&[transactions, "consumerBacklog=1MiB"]);
    assert!(both.len() == 1 && both[0].contains("requestsPerTransaction makes"), "{both:?}");
}

#[test]
fn offsets_are_committed_as_asked() {
    let check = |consumer: &str, workload: &str, expected: CommitMode, auto: &str| {
        let desk = Desk::new(&format!(
            "commonConfig: |\n  bootstrap.servers=h:1\nconsumerConfig: |\n  {consumer}\n"
        ));
        desk.write("w.yaml", &format!("{WORKLOAD}{workload}\n"));
        let clients = one(&desk.order(&[])).demand.clients;
        assert_eq!(clients.commit, expected, "{consumer}, {workload}");
        assert_eq!(
            value(&clients.consumer, "enable.auto.commit").unwrap_or("true"),
            auto,
            "{consumer}"
        );
    };
    let every = |millis| CommitMode::Every(Nanos::from_millis(millis));
    check("", "", CommitMode::Client, "true");
    check("enable.auto.commit=true", "", CommitMode::Client, "true");
    check("enable.auto.commit=false", "", every(1000), "false");
    check("enable.auto.commit=false", "offsetCommitInterval: 250ms", every(250), "false");
    check("enable.auto.commit=false", "offsetCommitInterval: none", CommitMode::Never, "false");
    check("", "offsetCommitInterval: none", CommitMode::Never, "false");
    check("enable.auto.commit=false\n  offsetCommitLingerMs=2000", "", every(2000), "false");
    check("enable.auto.commit=false\n  offsetCommitLingerMs=0", "", every(1000), "false");

    let desk = Desk::new(OMB_DRIVER);
    let faults = desk.faults(
        &desk.order(&["driver.consumerConfig.enable.auto.commit=true", "offsetCommitInterval=1s"]),
    );
    assert!(faults.len() == 1 && faults[0].contains("need false"), "{faults:?}");
}

#[test]
fn latest_is_replaced_on_topics_of_the_run() {
    let desk = Desk::new(&OMB_DRIVER.replace("=earliest", "=latest"));
    let request = one(&desk.order(&[]));
    assert_eq!(value(&request.demand.clients.consumer, "auto.offset.reset"), Some("earliest"));
    let said = remark(&request, "offset_reset_replaced").expect("said");
    assert!(said.contains("d.yaml:14: auto.offset.reset=latest is replaced by earliest"), "{said}");

    let mut order = desk.order(&[]);
    order.topics = vec!["mine".to_owned(), "yours".to_owned()];
    let kept = one(&order);
    assert_eq!(value(&kept.demand.clients.consumer, "auto.offset.reset"), Some("latest"), "kept");
    let topics = &stream(&kept).topics;
    assert_eq!((topics.len(), topics[1].name.as_str()), (2, "yours"));
    assert!(topics.iter().all(|topic| topic.existing && topic.partitions == 0), "the broker knows");
    assert!(remark(&kept, "existing_topics").is_some(), "said");
}

#[test]
fn a_message_that_the_client_would_refuse_is_refused_before() {
    let desk = Desk::new(OMB_DRIVER);
    let own = one(&desk.order(&["messageSize=2MiB"]));
    assert_eq!(
        value(&own.demand.clients.producer, "message.max.bytes"),
        Some("2098176"),
        "made to fit"
    );
    let faults = desk.faults(&desk.order(&["messageSize=2MiB", "driver.max.request.size=1000000"]));
    assert_eq!(
        faults,
        [
            "--set driver.max.request.size: max.request.size: got \"1000000\", need 2098176 for messages of 2097152 bytes"
        ]
    );
}

#[test]
fn secrets_are_masked_and_warned_of() {
    let desk = Desk::new(OMB_DRIVER);
    let security = [
        "driver.security.protocol=SASL_PLAINTEXT",
        "driver.sasl.mechanism=PLAIN",
        "driver.sasl.username=u",
    ];
    let with = |password: &str| one(&desk.order(&[&security[..], &[password]].concat()));
    let request = with("driver.sasl.password=hunter2");
    let said = remark(&request, "secret_on_command_line").expect("a warning");
    assert!(
        said.starts_with("--set driver.sasl.password: ") && !said.contains("hunter2"),
        "{said}"
    );
    assert_eq!(value(&request.demand.clients.producer, "sasl.password"), Some("hunter2"));
    assert!(!format!("{:?}", request.resolved).contains("hunter2"), "reports never show it");
    let file = desk.write("password", "hunter2\n");
    let unseen = with(&format!("driver.sasl.password=${{file:{}}}", file.display()));
    assert_eq!(remark(&unseen, "secret_on_command_line"), None, "nobody sees it");
    assert_eq!(value(&unseen.demand.clients.producer, "sasl.password"), Some("hunter2"));
}
