//! Laws of a consumer that is told where partitions end, against the mock cluster.

use super::client_tests::{Cluster, offer_all};
use super::target::KafkaTarget;
use crate::link::sinks::{Acks, Deliveries};
use crate::link::{Inlet, InletSpec, Outlet, RouteSpec, Target};
use crate::plan::{ClientSettings, CommitMode, Route};

/// The topics of the cluster, as a consumer of both knows them.
const ROUTES: [RouteSpec<'_>; 2] = [
    RouteSpec { route: Route(0), topic: "first", partitions: 4 },
    RouteSpec { route: Route(3), topic: "second", partitions: 4 },
];

/// So few that six of the eight partitions hold none.
const MESSAGES: u64 = 2;

#[test]
fn the_end_of_a_partition_is_a_position_though_no_message_says_so() {
    let cluster = Cluster::start_with(&[]);
    let mut outlet = cluster.outlet();
    offer_all(&mut outlet, MESSAGES, false);
    let mut acks = Acks::default();
    cluster.until("all is acked", || {
        while outlet.poll(&cluster.clock, 64, &mut acks) {}
        outlet.in_flight() == 0
    });
    let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let settings = ClientSettings {
        consumer: vec![
            own("bootstrap.servers", &cluster.broker.bootstrap_servers()),
            own("auto.offset.reset", "earliest"),
            own("fetch.wait.max.ms", "1"),
            own("enable.partition.eof", "true"),
        ],
        commit: CommitMode::Never,
        ..ClientSettings::default()
    };
    let spec = InletSpec {
        name: "consumer",
        group: "ends",
        subscription: 0,
        member: (0, 1),
        routes: &ROUTES,
        stamp_in_header: false,
    };
    let mut inlet = KafkaTarget::new(&settings).inlet(&spec).expect("a consumer");
    let mut read = Deliveries::default();
    cluster.until("every partition's end is told", || {
        while inlet.poll(&cluster.clock, 64, &mut read) {}
        inlet.position().len() == 8 && read.numbers() == [0, 1]
    });
    let passed: i64 = inlet.position().iter().map(|moved| moved.next).sum();
    assert_eq!(u64::try_from(passed), Ok(MESSAGES), "also those of partitions without a message");
    assert_eq!(read.trouble.len(), 0, "an end is no trouble: {:?}", read.trouble);
}
