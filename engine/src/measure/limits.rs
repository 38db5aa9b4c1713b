//! What clients say that limited them: their own cap on requests, and a broker that throttled them.

use super::client_tally::ClientTally;
use super::constants::{
    CAP_LOOKS_LEAST, CAP_LOOKS_SHARE, CAP_QUEUE_SHARE, CAP_SLOWED, CLIENT_THREAD_BUSY,
    CLIENT_THREAD_STARVED,
};
use super::facts::{count, number, share, text};
use super::parts::divided;
use super::tally::Phase;
use super::verdict::{Case, Found};
use crate::host::Busy;

/// Every check, in the order in which equally grave findings are told.
pub(super) const CHECKS: &[fn(&Case<'_>, &mut Found)] =
    &[client_cap, client_saturated, throttled_by_broker];

/// What the clients that send said of themselves.
fn senders<'run>(case: &Case<'run>) -> Option<&'run ClientTally> {
    case.evidence.client.map(|client| &client.measured.producers)
}

/// The mean wait in the clients' queues, and the mean publish latency, where the clients' own cap on
/// requests explains the one by the other.
///
/// A look that finds as many requests unanswered as the client allows shows that it held others back;
/// their messages wait in its queue, however fast the broker is.
fn capped(case: &Case<'_>) -> Option<(f64, f64)> {
    let said = senders(case)?;
    let publish = case.tally.total(Phase::Measured).publish.mean_nanos();
    if said.looks < CAP_LOOKS_LEAST || said.weighed.messages == 0 || publish <= 0.0 {
        return None;
    }
    // A broker that takes ever longer, or asks to wait, fills the client up to its cap as well.
    if is_throttled(case) || has_slowed(said) {
        return None;
    }
    let queue_wait = divided(said.weighed.queue_wait, said.weighed.messages);
    let at_cap = CAP_LOOKS_SHARE <= share(said.looks_at_cap, said.looks);
    (at_cap && CAP_QUEUE_SHARE * publish <= queue_wait).then_some((queue_wait, publish))
}

/// Whether answers took far longer than they can.
fn has_slowed(said: &ClientTally) -> bool {
    let shortest = said.round_trip_min.unwrap_or(u64::MAX);
    CAP_SLOWED * share(shortest, 1) < share(said.round_trip.sum, said.round_trip.count)
}

/// Whether the clients' own cap on requests held the load back.
pub(super) fn is_client_capped(case: &Case<'_>) -> bool {
    capped(case).is_some()
}

/// Whether a broker asked the clients that send to wait.
pub(super) fn is_throttled(case: &Case<'_>) -> bool {
    senders(case).is_some_and(|said| 0 < said.throttle_ms.sum)
}

/// The client's own thread that had no time left, or no core, if there was one. Not where a broker asked
/// to wait: then it held the load back by its own word, and a client at its cap on requests looks at its
/// queue again and again meanwhile.
fn saturated<'run>(case: &Case<'run>) -> Option<&'run Busy> {
    case.evidence.client_thread.filter(|_| !is_throttled(case)).filter(|busy| {
        CLIENT_THREAD_BUSY < busy.wanted || CLIENT_THREAD_STARVED < busy.wanted - busy.on_core
    })
}

/// Whether a thread of the client's own had no time left.
pub(super) fn is_client_saturated(case: &Case<'_>) -> bool {
    saturated(case).is_some()
}

fn client_cap(case: &Case<'_>, found: &mut Found) {
    let (Some((queue_wait, publish)), Some(said)) = (capped(case), senders(case)) else { return };
    let millis = |nanos: f64| nanos / 1e6;
    found.warn(
        "client_cap",
        format!(
            "In {} of {} looks a client had as many requests unanswered at a broker as it allows \
             itself (max.in.flight {}; each carries the messages of one partition). Messages waited \
             {:.2} ms on average in its queue, of a publish latency of {:.2} ms: that is this \
             client's wait and not the broker's. Use more clients (--clients N), fewer partitions, \
             a longer linger.ms, or a higher max.in.flight where idempotence is off.",
            said.looks_at_cap,
            said.looks,
            said.max_in_flight,
            millis(queue_wait),
            millis(publish)
        ),
        vec![
            count("looks", said.looks),
            count("looks_at_cap", said.looks_at_cap),
            count("max_in_flight", said.max_in_flight),
            number("queue_wait_mean_us", queue_wait / 1e3),
            number("publish_mean_us", publish / 1e3),
        ],
    );
}

fn client_saturated(case: &Case<'_>, found: &mut Found) {
    let Some(Busy { name, on_core, wanted }) = saturated(case) else { return };
    found.warn(
        "client_saturated",
        format!(
            "The client's thread {name} wanted a core for {:.0} % of the time and had one for \
             {:.0} %: it could do no more, whatever the broker can. What did not get through in \
             time waited for it. Where it had a core for much less than it wanted, this host was \
             full: put the broker, or whatever else runs here, elsewhere. Use more clients (--clients N) or hosts, larger batches (linger.ms, \
             batch.size), or give the client's threads cores of their own (--io-cores).",
            wanted * 100.0,
            on_core * 100.0
        ),
        vec![text("thread", name.as_str()), number("on_core", *on_core), number("wanted", *wanted)],
    );
}

fn throttled_by_broker(case: &Case<'_>, found: &mut Found) {
    let Some(said) = senders(case).filter(|_| is_throttled(case)) else { return };
    let throttle = said.throttle_ms;
    found.warn(
        "throttled_by_broker",
        format!(
            "Brokers asked the clients {} times to wait, for {} ms at most: a quota was used up. The \
             waits are in the latencies, and the rate is the quota's. Raise the quota of the \
             client.id or the user, or lower the rate.",
            throttle.count, throttle.max
        ),
        vec![
            count("throttled", throttle.count),
            count("throttle_ms", throttle.sum),
            count("throttle_max_ms", throttle.max),
        ],
    );
}

#[cfg(test)]
mod tests {
    use crate::host::Busy;
    use crate::link::Mean;
    use crate::measure::client_tally::{ClientStats, ClientTally, Weighed};
    use crate::measure::verdict::{Evidence, LimitedBy, Verdict};
    use crate::measure::verdict_fixture::{evidence, plan, tally};
    use crate::plan::{ClientCount, Pace, Plan};
    use crate::units::Nanos;

    /// Of ten looks so many at the cap; messages waited so many milliseconds of ten in the queue.
    fn said(at_cap: u64, queue_ms: u128) -> ClientTally {
        let weighed =
            Weighed { messages: 100, queue_wait: queue_ms * 100_000_000, ..Weighed::default() };
        ClientTally {
            looks: 10,
            looks_at_cap: at_cap,
            max_in_flight: 5,
            weighed,
            ..ClientTally::default()
        }
    }

    /// The clean run, all of whose messages took 10 ms, of which so many were acked.
    fn check(producers: &ClientTally, acked: u64, codes: &[&str], limited_by: LimitedBy) {
        let plan = plan(ClientCount::Shared);
        let mut tally = tally(&plan);
        let measured = &mut tally.streams[0].measured;
        (0..1_000).for_each(|_| measured.publish.record(Some(Nanos::from_millis(10))));
        measured.acked.messages = acked;
        measured.produced.messages = acked;
        measured.consumed.iter_mut().for_each(|consumed| consumed.messages = acked);
        let mut client = ClientStats::default();
        client.measured.producers = *producers;
        let seen = Evidence { client: Some(&client), ..evidence() };
        let verdict = Verdict::of(&plan, &tally, &seen);
        let own = ["client_cap", "throttled_by_broker"];
        let found = verdict.findings.iter().map(|finding| finding.code);
        let found: Vec<&str> = found.filter(|code| own.contains(code)).collect();
        assert_eq!((found.as_slice(), verdict.limited_by), (codes, limited_by), "{producers:?}");
        assert_eq!(verdict.valid, acked == 200_000, "a warning never changes `valid`");
    }

    #[test]
    fn a_client_at_its_cap_whose_queue_explains_the_latency_is_the_limit_itself() {
        check(&said(0, 9), 200_000, &[], LimitedBy::Nothing);
        check(&said(4, 9), 200_000, &[], LimitedBy::Nothing);
        check(&said(10, 4), 200_000, &[], LimitedBy::Nothing);
        check(&said(5, 5), 200_000, &["client_cap"], LimitedBy::Client);
        check(&said(10, 9), 100_000, &["client_cap"], LimitedBy::Client);
        let took = |sum: u64| ClientTally {
            round_trip: Mean { count: 10, sum, max: sum },
            round_trip_min: Some(3_000),
            ..said(10, 9)
        };
        check(&took(300_000), 100_000, &["client_cap"], LimitedBy::Client);
        check(&took(300_010), 100_000, &[], LimitedBy::Unknown);
        let few = ClientTally { looks: 2, looks_at_cap: 2, ..said(0, 9) };
        check(&few, 200_000, &[], LimitedBy::Nothing);
    }

    #[test]
    fn a_client_whose_thread_had_no_time_left_is_the_limit_where_the_load_had_to_wait() {
        let timed = plan(ClientCount::Shared);
        let mut closed = timed.clone();
        closed.demand.streams[0].pace = Pace::Max { in_flight: None };
        let judge_with = |case: &Plan, acked: u64, (on_core, wanted): (f64, f64)| {
            let mut tally = tally(case);
            let measured = &mut tally.streams[0].measured;
            measured.acked.messages = acked;
            measured.produced.held_back = 1_000;
            measured.consumed.iter_mut().for_each(|consumed| consumed.messages = acked);
            let busy = Busy { name: "rdk:broker1".to_owned(), on_core, wanted };
            let seen = Evidence { client_thread: Some(&busy), ..evidence() };
            let verdict = Verdict::of(case, &tally, &seen);
            let told = verdict.findings.iter().any(|found| found.code == "client_saturated");
            (verdict.limited_by, told)
        };
        let judge = |case: &Plan, acked: u64, wanted: f64| judge_with(case, acked, (0.6, wanted));
        assert_eq!(judge(&timed, 100_000, 0.9), (LimitedBy::Broker, false), "time was left");
        assert_eq!(judge(&timed, 100_000, 0.91), (LimitedBy::Client, true), "none was left");
        let starved = |wanted: f64| judge_with(&timed, 100_000, (0.2, wanted));
        assert_eq!(starved(0.69), (LimitedBy::Broker, false), "it got a core in time");
        assert_eq!(starved(0.71), (LimitedBy::Client, true), "it had none for half of the time");
        assert_eq!(judge(&closed, 200_000, 0.9), (LimitedBy::Unknown, false), "closed loop");
        assert_eq!(judge(&closed, 200_000, 0.91), (LimitedBy::Client, true), "closed loop");
    }

    #[test]
    fn a_broker_that_throttles_is_the_limit_where_the_target_was_missed() {
        let throttle_ms = Mean { count: 3, sum: 900, max: 500 };
        let throttled = ClientTally { throttle_ms, ..said(0, 0) };
        check(&throttled, 200_000, &["throttled_by_broker"], LimitedBy::Nothing);
        check(&throttled, 100_000, &["throttled_by_broker"], LimitedBy::Broker);
        let mut client = ClientStats::default();
        client.measured.producers = throttled;
        let (plan, busy) =
            (plan(ClientCount::Shared), Busy { name: "b".to_owned(), on_core: 0.9, wanted: 1.0 });
        let mut tally = tally(&plan);
        tally.streams[0].measured.acked.messages = 100_000;
        let seen = Evidence { client: Some(&client), client_thread: Some(&busy), ..evidence() };
        let told = Verdict::of(&plan, &tally, &seen);
        assert_eq!(
            told.limited_by,
            LimitedBy::Broker,
            "however busy its client was while it waited"
        );
        assert!(told.findings.iter().all(|of| of.code != "client_saturated"), "{told:?}");
    }
}
