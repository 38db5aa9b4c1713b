//! The checks of whether the numbers can be true together. None of them spoils a run: each says where to look.

use super::back_pressure::seconds_of_backlog;
use super::constants::{RATE_LEAST, STALL_LEAST, STALL_SHARE};
use super::facts::{count, number, some_of, text};
use super::outliers::outliers;
use super::tally::Phase;
use super::verdict::{Case, Found};
use crate::units::{NANOS_PER_SECOND, Nanos, Rate};

/// Every check, in the order in which equally grave findings are told.
pub(super) const CHECKS: &[fn(&Case<'_>, &mut Found)] =
    &[sums, silence, outliers, single_stall, early_acks];

/// What one second of the measured phase or of its drain brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SecondSeen {
    /// Which second, from the start of the measured phase.
    pub second: u32,
    /// Accepted by the clients.
    pub produced: u64,
    /// Acked.
    pub acked: u64,
    /// Given up by the clients: answered too.
    pub failed: u64,
    /// Received by all subscriptions.
    pub consumed: u64,
    /// The longest publish latency.
    pub publish_max: Nanos,
    /// Lanes of which nothing is in it, since their host was lost.
    pub lanes_missing: u32,
    /// Due in it, where the rate changes from second to second; `None` where it does not.
    pub due: Option<u64>,
}

impl SecondSeen {
    /// Whether the load itself paused, or so nearly that one late message would be all of it.
    pub(super) fn is_idle(&self) -> bool {
        self.due.is_some_and(|due| due < RATE_LEAST)
    }
}

/// One of several that do the same: a lane, a worker, or a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerSeen {
    /// Its name.
    pub name: String,
    /// How many messages it had acked.
    pub acked: u64,
    /// Their publish latency, 99th percentile.
    pub publish_p99: Nanos,
}

/// The seconds add up to the whole, or something was counted twice or not at all.
fn sums(case: &Case<'_>, found: &mut Found) {
    let seconds = case.evidence.seconds;
    if seconds.is_empty() {
        return;
    }
    let total = case.tally.total(Phase::Measured);
    let sum = |part: fn(&SecondSeen) -> u64| seconds.iter().map(part).sum::<u64>();
    let pairs = [
        ("produced", sum(|of| of.produced), total.produced.messages),
        ("acked", sum(|of| of.acked), total.acked.messages),
        ("consumed", sum(|of| of.consumed), total.received()),
    ];
    for (name, added, whole) in pairs.into_iter().filter(|(_, added, whole)| added != whole) {
        found.warn(
            "seconds_do_not_add_up",
            format!(
                "{name}: the seconds add up to {added}, the whole is {whole}. One of them is \
                 wrong, and with it whatever is drawn from it. This is a fault of kdyno's own, or a \
                 lane ended without handing over its last second: please report it with result.json."
            ),
            vec![text("figure", name), count("seconds", added), count("whole", whole)],
        );
    }
}

/// Every full second of the measured phase in which something was due had an ack and a receipt. Of one
/// in which lanes were missing nobody knows.
fn silence(case: &Case<'_>, found: &mut Found) {
    let phase = case.plan.demand.phases.measured.0 / NANOS_PER_SECOND;
    let rates = case.plan.demand.streams.iter().filter_map(|of| of.pace.rate());
    let rate: u64 = rates.map(Rate::get).sum();
    // One late message would make a silent second: nothing to look for.
    if rate < RATE_LEAST {
        return;
    }
    let is_read = case.plan.demand.streams.iter().any(|stream| 0 < stream.readers());
    // While the warm-up's backlog is sent, nothing of the measured phase can come: told by itself.
    let from = seconds_of_backlog(case).unwrap_or(0);
    let within = |of: &&SecondSeen| from <= of.second && u64::from(of.second) < phase;
    let silent = |part: fn(&SecondSeen) -> u64| -> Vec<u32> {
        let seconds = case.evidence.seconds.iter().filter(within);
        let silent = |of: &&SecondSeen| part(of) == 0 && of.lanes_missing == 0 && !of.is_idle();
        seconds.filter(silent).map(|of| of.second).collect()
    };
    let (mut acks, mut receipts) = (silent(|of| of.acked), silent(|of| of.consumed));
    if let Some(seen) = case.evidence.backlog {
        // Nobody was to read, or hardly anything was due: as asked.
        let is_slower =
            case.plan.demand.backlog.is_some_and(|backlog| backlog.drain_rate.is_some());
        acks.retain(|second| !(is_slower && seen.is_draining(*second)));
        receipts.retain(|second| !seen.is_held(*second));
    }
    for (what, seconds) in [("ack", acks), ("receipt", receipts)] {
        if seconds.is_empty() || (what == "receipt" && !is_read) {
            continue;
        }
        let named: Vec<String> = seconds.iter().map(ToString::to_string).collect();
        let named: Vec<&str> = named.iter().map(String::as_str).collect();
        found.warn(
            if what == "ack" { "second_without_ack" } else { "second_without_receipt" },
            format!(
                "{} of {phase} seconds passed without any {what} (from the start of the measured \
                 phase: {}), though {rate} messages per second were due. Means over the run hide \
                 that. Look at the intervals, and at what the brokers did then.",
                seconds.len(),
                some_of(&named)
            ),
            vec![
                count("seconds", u64::try_from(seconds.len()).expect("a count of seconds")),
                count("first_second", u64::from(seconds[0])),
            ],
        );
    }
}

/// One stall that explains the maximum: all other seconds are far below it.
fn single_stall(case: &Case<'_>, found: &mut Found) {
    let seconds = case.evidence.seconds;
    let Some(worst) = seconds.iter().max_by_key(|of| of.publish_max) else { return };
    if worst.publish_max < STALL_LEAST {
        return;
    }
    // A stall is in the seconds in which its messages were acked: its own and its neighbours.
    let apart = |of: &&SecondSeen| 1 < of.second.abs_diff(worst.second);
    let others: Vec<Nanos> = seconds.iter().filter(apart).map(|of| of.publish_max).collect();
    let Some(next) = others.iter().max() else { return };
    if worst.publish_max.0 / STALL_SHARE <= next.0 {
        return;
    }
    found.note(
        "single_stall",
        format!(
            "The longest publish latency, {:.1} ms, is of one stall about second {} of the measured \
             phase; in all other seconds the longest was {:.1} ms. The maximum and the far tail tell \
             of that moment and not of the rest. Look at what the brokers and this host did then.",
            worst.publish_max.as_micros_f64() / 1_000.0,
            worst.second,
            next.as_micros_f64() / 1_000.0
        ),
        vec![
            count("second", u64::from(worst.second)),
            number("publish_max_us", worst.publish_max.as_micros_f64()),
            number("others_max_us", next.as_micros_f64()),
        ],
    );
}

/// No answer is there before the way to the broker and back. Half of it, since the client tells its
/// round trips by windows, and the one with the shortest may be left out at an end of the phase.
fn early_acks(case: &Case<'_>, found: &mut Found) {
    let Some(round_trip) = case.evidence.round_trip_min else { return };
    let total = case.tally.total(Phase::Measured);
    if total.service.count() == 0 || Nanos(round_trip.0 / 2) <= total.service.min() {
        return;
    }
    found.warn(
        "acks_before_the_round_trip",
        format!(
            "The shortest time from a send to its ack is {:.1} us, the shortest round trip that the \
             client measured {:.1} us. An ack cannot come before it: with acks=0 the client answers \
             by itself, else one of the clocks is wrong. Do not compare service times of this run.",
            total.service.min().as_micros_f64(),
            round_trip.as_micros_f64()
        ),
        vec![
            number("service_min_us", total.service.min().as_micros_f64()),
            number("round_trip_min_us", round_trip.as_micros_f64()),
        ],
    );
}

#[cfg(test)]
mod tests {
    use super::{PeerSeen, SecondSeen};
    use crate::measure::partitions::PartitionSeen;
    use crate::measure::verdict::{Evidence, Severity, Verdict};
    use crate::measure::verdict_fixture::{evidence, plan, tally};
    use crate::plan::ClientCount;
    use crate::units::Nanos;

    /// The clean run's ten seconds.
    fn seconds() -> Vec<SecondSeen> {
        let second = |second| SecondSeen {
            second,
            produced: 20_000,
            acked: 20_000,
            failed: 0,
            consumed: 40_000,
            publish_max: Nanos::from_millis(5),
            lanes_missing: 0,
            due: None,
        };
        (0..10).map(second).collect()
    }

    fn peers(tails: &[u64]) -> Vec<PeerSeen> {
        let peer = |(index, tail): (usize, &u64)| PeerSeen {
            name: format!("produce-{index}"),
            acked: 50_000,
            publish_p99: Nanos::from_millis(*tail),
        };
        tails.iter().enumerate().map(peer).collect()
    }

    /// What is raised by the clean run with these seconds, peers and round trip.
    fn check(seconds: &[SecondSeen], peers: &[PeerSeen], round_trip: u64, expected: &[&str]) {
        let plan = plan(ClientCount::Shared);
        let round_trip_min = Some(Nanos(round_trip * 1_000));
        let seen = Evidence { seconds, peers, round_trip_min, ..evidence() };
        let verdict = Verdict::of(&plan, &tally(&plan), &seen);
        let codes: Vec<&str> = verdict.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, expected, "{:?}", verdict.findings);
        let grave = verdict.findings.iter().any(|of| of.severity == Severity::Error);
        assert!(verdict.valid && !grave, "a doubt never changes `valid`");
    }

    #[test]
    fn a_clean_run_raises_no_doubt() {
        check(&seconds(), &peers(&[3, 4, 9, 5]), 1_900, &[]);
        check(&[], &[], 0, &[]);
    }

    #[test]
    fn each_implausible_figure_is_raised_once() {
        let mut twice = seconds();
        twice[3].acked += 1;
        check(&twice, &[], 0, &["seconds_do_not_add_up"]);
        let mut silent = seconds();
        (silent[4].acked, silent[5].acked) = (0, 40_000);
        check(&silent, &[], 0, &["second_without_ack"]);
        silent.iter_mut().for_each(|of| of.due = Some(20_000));
        check(&silent, &[], 0, &["second_without_ack"]);
        silent[4].due = Some(0);
        check(&silent, &[], 0, &[]);
        let mut unread = seconds();
        (unread[4].consumed, unread[5].consumed) = (0, 80_000);
        check(&unread, &[], 0, &["second_without_receipt"]);
        check(&seconds(), &peers(&[3, 4, 13, 3]), 0, &["outlier"]);
        let mut stalled = seconds();
        stalled[6].publish_max = Nanos::from_millis(700);
        stalled[7].publish_max = Nanos::from_millis(400);
        check(&stalled, &[], 0, &["single_stall"]);
        // The clean run's shortest service time is 1 ms.
        check(&seconds(), &[], 2_100, &["acks_before_the_round_trip"]);
    }

    #[test]
    fn a_partition_is_compared_with_those_of_its_topic() {
        let topic = |name: &str, tails: &[u64]| -> Vec<PartitionSeen> {
            let seen = peers(tails).into_iter().zip(0..);
            seen.map(|(seen, partition)| PartitionSeen {
                topic: name.to_owned(),
                partition,
                leader: None,
                seen,
            })
            .collect()
        };
        let check = |seconds: u64, partitions: &[Vec<PartitionSeen>], expected: &[&str]| {
            let mut plan = plan(ClientCount::Shared);
            plan.demand.phases.measured = Nanos::from_secs(seconds);
            let seen = Evidence { partitions, ..evidence() };
            let verdict = Verdict::of(&plan, &tally(&plan), &seen);
            let named = verdict.findings.iter().map(|finding| (finding.code, &finding.message));
            let named: Vec<&str> = named
                .filter(|(code, words)| *code == "outlier" && words.contains("leads it"))
                .map(|(_, words)| words.split(':').next().unwrap_or_default())
                .collect();
            assert_eq!(named, expected, "{:?}", verdict.findings);
            assert!(verdict.valid && named.len() == verdict.findings.len(), "a doubt and no more");
        };
        check(10, &[topic("fast", &[3, 4, 3]), topic("slow", &[30, 40, 30])], &[]);
        let one_slow = |tail| [topic("fast", &[3, 4, 3]), topic("slow", &[30, 40, tail])];
        check(10, &one_slow(251), &["produce-2"]);
        check(24, &one_slow(130), &[]);
        check(25, &one_slow(130), &["produce-2"]);
        check(25, &[topic("few", &[3, 900])], &[]);
    }

    #[test]
    fn what_is_usual_on_a_busy_host_is_no_stall() {
        let mut busy = seconds();
        busy[2].publish_max = Nanos::from_millis(90);
        check(&busy, &[], 0, &[]);
        (busy[2].publish_max, busy[8].publish_max) =
            (Nanos::from_millis(700), Nanos::from_millis(300));
        check(&busy, &[], 0, &[]);
    }

    #[test]
    fn few_peers_and_few_messages_say_nothing() {
        check(&seconds(), &peers(&[3, 90]), 0, &[]);
        let mut idle = peers(&[3, 4, 90, 3]);
        idle[2].acked = 9;
        check(&seconds(), &idle, 0, &[]);
    }
}
