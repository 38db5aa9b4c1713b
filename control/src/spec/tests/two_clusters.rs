//! Producers and consumers at clusters of their own.

use super::{Desk, one, value};

/// Two clusters: addresses of the producers, of those for all clients, and of the consumers.
const TWO: &str = "driverClass: kafka\ncommonConfig: |\n  bootstrap.servers=c:1\n  security.protocol=ssl\n\
                   producerConfig: |\n  bootstrap.servers=p:1\n  linger.ms=3\n\
                   consumerConfig: |\n  bootstrap.servers=r:1\n  security.protocol=plaintext\n";

#[test]
fn either_side_has_a_handler_of_topics_that_is_told_what_its_clients_are_told() {
    let desk = Desk::new(&format!("{TWO}consumerTopicPrefix: east.\n"));
    let clients = one(&desk.order(&[])).demand.clients;
    assert_eq!(value(&clients.admin, "bootstrap.servers"), Some("p:1"));
    assert_eq!(value(&clients.admin, "security.protocol"), Some("ssl"));
    assert_eq!(value(&clients.admin, "queue.buffering.max.ms"), None, "for producers alone");
    let far = clients.consumer_cluster.as_ref().expect("another cluster");
    assert_eq!(value(&far.admin, "bootstrap.servers"), Some("r:1"));
    assert_eq!(value(&far.admin, "security.protocol"), Some("plaintext"));
    assert_eq!((far.topic("x"), clients.consumer_address()), ("east.x".to_owned(), "r:1"));
}

#[test]
fn one_cluster_by_several_spellings_is_one() {
    let check = |sets: &[&str], near: &str, far: Option<&str>| {
        let desk = Desk::new("driverClass: kafka\ncommonConfig: |\n  bootstrap.servers=a:1,b:2\n");
        let clients = one(&desk.order(sets)).demand.clients;
        assert_eq!(clients.address(), near, "{sets:?}");
        let there = clients.consumer_cluster.as_ref().map(|_| clients.consumer_address());
        assert_eq!(there, far, "{sets:?}");
    };
    check(&[], "a:1,b:2", None);
    check(&["driver.consumerConfig.bootstrap.servers=B:2,a:1"], "a:1,b:2", None);
    check(&["driver.consumerConfig.bootstrap.servers=c:1"], "a:1,b:2", Some("c:1"));
    let both = "driver.producerConfig.bootstrap.servers=c:1";
    check(&[both, "driver.consumerConfig.bootstrap.servers=c:1"], "c:1", None);
    check(&[both, "subscriptionsPerTopic=0"], "c:1", None);
}

#[test]
fn a_prefix_needs_a_cluster_of_the_consumers_own() {
    let desk = Desk::new("driverClass: kafka\ncommonConfig: |\n  bootstrap.servers=a:1\n");
    let faults = desk.faults(&desk.order(&["driver.consumerTopicPrefix=x."]));
    assert!(faults.len() == 1 && faults[0].contains("consumerTopicPrefix: says how"), "{faults:?}");
    let told = desk.faults(&desk.order(&["driver.consumerTopicPrefix=a/b"]));
    assert!(told.len() == 1 && told[0].contains("need a topic's name"), "{told:?}");
}
