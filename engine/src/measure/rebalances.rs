//! The checks of consumer groups: rebalances while messages came, and what was read again after them.

use super::facts::{count, number};
use super::groups::Rebalances;
use super::latency::Latency;
use super::verdict::{Case, Found};
use crate::plan::CommitMode;

/// Every check, in the order in which equally grave findings are told.
pub(super) const CHECKS: &[fn(&Case<'_>, &mut Found)] = &[commit_forgotten, rebalanced];

fn sum(case: &Case<'_>, part: fn(&Rebalances) -> u64) -> u64 {
    let phases = case.tally.streams.iter().map(|stream| &stream.measured);
    phases.filter_map(|phase| phase.rebalances.as_deref()).map(part).sum()
}

/// Messages that were read again; `None` where they were not told apart.
fn again(case: &Case<'_>) -> Option<u64> {
    let repeats: Option<Vec<u64>> =
        case.balances.iter().map(|of| of.repeats.map(|repeats| repeats.redelivered)).collect();
    repeats.map(|all| all.iter().sum())
}

/// A group goes back to its last commit and no further. Of a consumer that was lost with its host nobody
/// knows what it had read.
fn commit_forgotten(case: &Case<'_>, found: &mut Found) {
    let Some(again) = again(case) else { return };
    let (most, rebalances) = (sum(case, |of| of.again), sum(case, Rebalances::count));
    let is_unheard = case.balances.iter().any(|of| of.is_unheard);
    let is_committed = case.plan.demand.clients.commit != CommitMode::Never;
    if rebalances == 0 || again <= most || is_unheard || !is_committed {
        return;
    }
    found.warn(
        "commit_forgotten",
        format!(
            "{again} messages were read again after {rebalances} rebalances, though no more than {most} \
             had been read since the last commit that was answered: the group went back behind a commit \
             that its coordinator had confirmed. Look at the brokers' log of __consumer_offsets, its \
             replication and unclean leader election."
        ),
        vec![count("redelivered", again), count("at_most", most), count("rebalances", rebalances)],
    );
}

fn rebalanced(case: &Case<'_>, found: &mut Found) {
    let rebalances = sum(case, Rebalances::count);
    if rebalances == 0 {
        return;
    }
    let phases = case.tally.streams.iter().map(|stream| &stream.measured);
    let timed = phases.filter_map(|phase| phase.rebalances.as_deref()).map(|of| &of.apart);
    let longest = timed.filter(|of| 0 < of.count()).map(Latency::max).max();
    let (lost, most) = (sum(case, |of| of.lost), sum(case, |of| of.again));
    let mut facts = vec![
        count("rebalances", rebalances),
        count("lost_partitions", lost),
        count("at_most", most),
    ];
    let apart = longest.map_or_else(String::new, |longest| {
        facts.push(number("longest_apart_s", longest.as_secs_f64()));
        format!(" Consumers were without any partition for up to {longest}.")
    });
    let cause = match lost {
        0 if case.plan.demand.clients.churn.is_some() => {
            "Consumers came and went, as the workload asks".to_owned()
        }
        0 => "Members came or went, or topics changed".to_owned(),
        _ => format!(
            "{lost} partitions were lost to consumers that were not heard of in time (session.timeout.ms, \
             max.poll.interval.ms)"
        ),
    };
    let message = format!(
        "The consumer groups rebalanced {rebalances} times in the measured phase. {cause}: what waited \
         meanwhile is in the end-to-end latencies.{apart}"
    );
    if lost == 0 && case.plan.demand.clients.churn.is_some() {
        found.note("rebalanced", message, facts);
    } else {
        found.warn("rebalanced", message, facts);
    }
}

#[cfg(test)]
mod tests {
    use crate::link::Change;
    use crate::measure::account::{Entry, Side};
    use crate::measure::groups::{Part, Rebalances};
    use crate::measure::stretch::{Series, Stretch};
    use crate::measure::tally::{Phase, Tally};
    use crate::measure::verdict::{Severity, Verdict};
    use crate::measure::verdict_fixture::{evidence, plan};
    use crate::plan::{ClientCount, Verification};

    /// A run of five acked messages, which the first subscription reads twice as far as `again`, after
    /// rebalances of which no more than `most` may be read again.
    fn check(rebalances: i32, again: u64, most: u64, expected: &[(&str, Severity)]) {
        let mut plan = plan(ClientCount::Shared);
        plan.demand.verification = Verification::Numbers;
        let mut tally = Tally::new(&plan.demand);
        let stream = &mut tally.streams[0];
        for (number, offset) in (0..5).zip(0..) {
            for side in [Side::Acked, Side::Received(0), Side::Received(1)] {
                let stretch = Stretch::of_one(number, offset, Phase::Measured);
                let series = Series { producer: 1, incarnation: 0, partition: 1 };
                stream.account.note(Entry { side, series, stretch });
            }
        }
        let seen = &mut stream.measured;
        (seen.produced.due, seen.produced.attempted, seen.produced.messages) = (5, 5, 5);
        (seen.acked.messages, seen.consumed[1].messages) = (5, 5);
        seen.consumed[0].messages = 5 + again;
        for generation in 0..rebalances {
            let part = Part { again: most, ..Part::of(Change::Given, 1) };
            let all: &mut Box<Rebalances> = seen.rebalances.get_or_insert_default();
            all.note(Some((0, generation)), part);
        }
        let mut merged = Tally::new(&plan.demand);
        merged.merge(&tally);
        let verdict = Verdict::of(&plan, &merged, &evidence());
        let told = verdict.findings.iter().filter(|of| of.code != "few_samples");
        let codes: Vec<_> = told.map(|finding| (finding.code, finding.severity)).collect();
        assert_eq!((codes.as_slice(), verdict.exit_code), (expected, 0), "{verdict:?}");
    }

    #[test]
    fn rebalances_are_told_and_what_was_read_again_is_held_against_the_last_commit() {
        let told = ("rebalanced", Severity::Warning);
        let again = ("redelivered", Severity::Info);
        check(0, 0, 0, &[]);
        check(0, 3, 0, &[again]);
        check(1, 0, 4, &[told]);
        check(1, 4, 4, &[told, again]);
        check(2, 5, 2, &[("commit_forgotten", Severity::Warning), told, again]);
    }
}
