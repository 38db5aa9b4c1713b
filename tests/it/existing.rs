//! Topics that are there before a run: found or missed, never made, never deleted.

use crate::cli::{Kdyno, alone};
use engine::kafka::KafkaTopics;
use engine::kafka::embedded::MockBroker;
use engine::link::Topics;
use engine::plan::ClientSettings;
use engine::units::Nanos;

/// How long the broker may take to answer the tests' own questions.
const SOON: Nanos = Nanos::from_secs(20);

/// The broker's topics, asked by the test itself.
fn cluster(broker: &MockBroker) -> KafkaTopics {
    let bootstrap = ("bootstrap.servers".to_owned(), broker.bootstrap_servers());
    KafkaTopics::new(&ClientSettings { admin: vec![bootstrap], ..ClientSettings::default() })
}

fn names(broker: &MockBroker) -> Vec<String> {
    cluster(broker).list(SOON).expect("the broker answers")
}

#[test]
fn a_topic_that_is_not_there_is_missed_and_not_made_by_looking_for_it() {
    let _alone = alone();
    // It makes whatever topic it is asked about, unless the question says that it shall not.
    let broker = MockBroker::start(1).expect("the broker starts");
    let address = broker.bootstrap_servers();
    let ran = Kdyno::new(&["run", "quick-test", "--topic", "typo", "--bootstrap-server", &address])
        .and(&["--duration", "1s", "--warmup", "0s"])
        .run();
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("--topic typo: there is no such topic"), "{}", ran.stderr);
    assert!(!names(&broker).iter().any(|name| name == "typo"), "{:?}", names(&broker));

    let made = cluster(&broker).partitions_or_made("asked-for", SOON).expect("it answers");
    assert!(
        names(&broker).iter().any(|name| name == "asked-for"),
        "that is how one asks: {made:?}"
    );
}
