//! Laws of the real client's transactions, against the mock cluster, which shows readers what was aborted.

use super::client_tests::{Cluster, offer};
use crate::link::{Denied, End, Offer, Outcome, Outlet, Then};
use crate::units::Nanos;

/// Ends the transaction, by as many calls as it takes.
fn end(cluster: &Cluster, outlet: &mut impl Outlet, how: End) {
    cluster.until("the transaction is ended", || match outlet.end(how, Nanos::from_millis(200)) {
        Ok(()) => true,
        Err(Denied { then: Then::Repeat, .. }) => false,
        Err(denied) => panic!("{how:?}: {denied:?}"),
    });
}

#[test]
fn transactions_follow_one_another_and_nothing_goes_beside_them() {
    let cluster = Cluster::start_with(&[]);
    let mut outlet = cluster.outlet_of(Some("law-0"));
    for how in [End::Commit, End::Abort, End::Commit] {
        assert!(matches!(offer(&mut outlet, 0, false), Offer::Refused(_)), "none is open");
        assert_eq!(outlet.begin(), Ok(()), "before {how:?}");
        for number in 0..10 {
            assert_eq!(offer(&mut outlet, number, false), Offer::Accepted, "before {how:?}");
        }
        let acks = cluster.take_acks(&mut outlet, 10);
        let is_there = |outcome: &Outcome| matches!(outcome, Outcome::Persisted { .. });
        assert!(acks.iter().all(|ack| is_there(&ack.outcome)), "{how:?}: {acks:?}");
        assert_eq!(outlet.in_flight(), 0, "nothing is on its way when it ends");
        end(&cluster, &mut outlet, how);
    }
}

#[test]
fn what_has_no_place_is_refused_for_good() {
    let cluster = Cluster::start_with(&[]);
    let refused = |answer: Result<(), Denied>| answer.expect_err("it has no place").then;
    let mut plain = cluster.outlet();
    assert_eq!(refused(plain.begin()), Then::Nothing, "a client without transactions");
    let mut outlet = cluster.outlet_of(Some("law-1"));
    let ended = outlet.end(End::Commit, Nanos::from_secs(1));
    assert_eq!(refused(ended), Then::Nothing, "none is open");
    assert_eq!(outlet.begin(), Ok(()), "the first");
    assert_eq!(refused(outlet.begin()), Then::Nothing, "one is open");
}
