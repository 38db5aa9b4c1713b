//! What the lanes' silences come to: outages of the whole run, and of single partitions.

use super::outcome::{Interval, LaneOutcome, Outcome, StartLine};
use crate::measure::constants::SILENCE_LEAST;
use crate::measure::{OutageSeen, PhaseTally, Scope, Silence, SilentPartition, Tally};
use crate::plan::{Demand, Plan, Role};
use crate::units::{NANOS_PER_SECOND, Nanos, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Outages that are told at most: the longest.
const OUTAGES_MAX: usize = 100;

/// Partitions of one that are named at most.
const NAMED_MAX: usize = 20;

/// Publish latency is back at what it was when a second's p99 is at most so many times that before: seconds
/// of a steady run differ by less.
const BACK: u64 = 2;

/// Seconds before an outage that tell what was usual.
const BEFORE: usize = 5;

/// The outages of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outages {
    /// In the order of time.
    pub all: Vec<OutageSeen>,
    /// Silences of single lanes or partitions that were too many to be kept or told, and shorter than all
    /// others.
    pub untold: u64,
}

/// A time on the line, and whether an ack ended it.
#[derive(Clone, Copy, Debug)]
struct Span {
    from: Timestamp,
    to: Timestamp,
    acked: bool,
    lanes: usize,
}

/// What changes at a moment of the sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    Active(i64),
    Silent(i64, bool),
}

impl Outcome {
    /// When acks stopped, as far as that reached into the measured phase.
    #[must_use]
    pub fn outages(&self, plan: &Plan) -> Outages {
        let Some(start) = self.start else { return Outages::default() };
        let senders = self.lanes.iter().filter(|lane| lane.role == Role::Producer);
        let lanes: Vec<(&LaneOutcome, (Timestamp, Timestamp))> =
            senders.filter_map(|lane| Some((lane, active(&lane.tally)?))).collect();
        let whole = of_all(&lanes);
        let tallies: Vec<&Tally> = lanes.iter().map(|(lane, _)| &lane.tally).collect();
        let mut all: Vec<OutageSeen> = whole.iter().map(|span| seen(span, lanes.len())).collect();
        all.extend(of_partitions(&plan.demand, &tallies, &whole));
        all.retain(|outage| start.measured < outage.to);
        all.sort_by_key(|outage| std::cmp::Reverse(outage.length()));
        let streams = tallies.iter().flat_map(|tally| &tally.streams);
        let unkept: u64 =
            streams.map(|of| of.silences.lane.beyond() + of.silences.partitions.beyond()).sum();
        let more = u64::try_from(all.len().saturating_sub(OUTAGES_MAX)).expect("few");
        all.truncate(OUTAGES_MAX);
        all.sort_by_key(|outage| outage.from);
        for outage in &mut all {
            outage.from_s = seconds(&start, outage.from);
            outage.caught_up = caught_up(&self.intervals, &start, outage);
        }
        Outages { all, untold: unkept + more }
    }
}

/// From a lane's first send to the last that was heard of what it sent.
fn active(tally: &Tally) -> Option<(Timestamp, Timestamp)> {
    let streams = || tally.streams.iter();
    let phases = || streams().flat_map(|of| [&of.warmup, &of.measured]);
    let first = phases().filter_map(|of| of.produced.window.first()).min()?;
    let last = |of: &PhaseTally| of.produced.window.last().max(of.acked.window.last());
    let silent = streams().flat_map(|of| of.silences.lane.all()).map(Silence::to);
    let last = phases().filter_map(last).chain(silent).max()?;
    Some((first, last))
}

/// Times in which every lane that had something to send was silent. A lane that was not either had acks, and
/// then it is no outage of all, or nothing outstanding: which of them is not known of so slow a lane, so
/// such an outage is told of its partitions.
fn of_all(lanes: &[(&LaneOutcome, (Timestamp, Timestamp))]) -> Vec<Span> {
    let mut changes: Vec<(Timestamp, Change)> = Vec::new();
    for (lane, (first, last)) in lanes {
        changes.extend([(*first, Change::Active(1)), (*last, Change::Active(-1))]);
        for silence in lane.tally.streams.iter().flat_map(|of| of.silences.lane.all()) {
            changes.push((silence.from, Change::Silent(1, false)));
            changes.push((silence.to(), Change::Silent(-1, silence.acked)));
        }
    }
    changes.sort_unstable();
    let (mut active, mut silent, mut all) = (0_i64, 0_i64, Vec::new());
    let mut begun: Option<(Timestamp, usize)> = None;
    for now in changes.chunk_by(|one, other| one.0 == other.0) {
        let mut acked = false;
        for (_, change) in now {
            match change {
                Change::Active(more) => active += more,
                Change::Silent(more, by_ack) => {
                    silent += more;
                    acked |= by_ack;
                }
            }
        }
        let at = now[0].0;
        let is_out = 0 < silent && silent == active;
        match begun {
            None if is_out => {
                begun = usize::try_from(silent).ok().map(|all_of_them| (at, all_of_them));
            }
            Some((from, out)) if !is_out => {
                begun = None;
                all.push(Span { from, to: at, acked, lanes: out });
            }
            _ => {}
        }
    }
    all.retain(|span| SILENCE_LEAST < span.from.until(span.to));
    all
}

fn seen(span: &Span, sending: usize) -> OutageSeen {
    OutageSeen {
        from: span.from,
        to: span.to,
        from_s: 0.0,
        scope: Scope::All,
        partitions: Vec::new(),
        partitions_silent: 0,
        lanes: span.lanes,
        lanes_sending: sending,
        acked: span.acked,
        caught_up: None,
    }
}

/// A silence of a partition on a lane.
struct Silent {
    lane: usize,
    stream: usize,
    silence: Silence,
}

/// Silences of partitions that an outage of all does not explain; those that overlap are one.
fn of_partitions(demand: &Demand, lanes: &[&Tally], whole: &[Span]) -> Vec<OutageSeen> {
    let mut silent: Vec<Silent> = Vec::new();
    for (lane, tally) in lanes.iter().enumerate() {
        for (stream, of) in tally.streams.iter().enumerate() {
            let left = of.silences.partitions.all().iter().filter(|one| !is_explained(one, whole));
            silent.extend(left.map(|silence| Silent { lane, stream, silence: *silence }));
        }
    }
    silent.sort_by_key(|of| of.silence.from);
    let mut groups: Vec<(Timestamp, Vec<Silent>)> = Vec::new();
    for one in silent {
        let to = one.silence.to();
        match groups.last_mut() {
            Some((until, group)) if one.silence.from <= *until => {
                *until = to.max(*until);
                group.push(one);
            }
            _ => groups.push((to, vec![one])),
        }
    }
    groups.into_iter().map(|(to, group)| partial(demand, to, &group, lanes.len())).collect()
}

/// Whether a partition was silent with all others: its own ends lie no further from theirs than what counts as
/// a silence.
fn is_explained(silence: &Silence, whole: &[Span]) -> bool {
    whole.iter().any(|span| {
        span.from <= silence.from + SILENCE_LEAST
            && silence.from < span.to
            && span.from < silence.to()
            && silence.to() <= span.to + SILENCE_LEAST
    })
}

fn partial(demand: &Demand, to: Timestamp, group: &[Silent], sending: usize) -> OutageSeen {
    let from = group.iter().map(|of| of.silence.from).min().expect("a group has one");
    let mut longest: BTreeMap<(usize, u32), Nanos> = BTreeMap::new();
    for one in group {
        let known = longest.entry((one.stream, one.silence.place)).or_default();
        *known = one.silence.length.max(*known);
    }
    let mut silent: Vec<((usize, u32), Nanos)> = longest.into_iter().collect();
    silent.sort_by_key(|(place, length)| (std::cmp::Reverse(*length), *place));
    let named = silent.iter().take(NAMED_MAX).map(|((stream, place), length)| {
        let (topic, partition) = name(demand, *stream, *place);
        SilentPartition { topic, partition, length: *length }
    });
    let lanes: BTreeSet<usize> = group.iter().map(|of| of.lane).collect();
    OutageSeen {
        from,
        to,
        from_s: 0.0,
        scope: Scope::Partitions,
        partitions: named.collect(),
        partitions_silent: silent.len(),
        lanes: lanes.len(),
        lanes_sending: sending,
        acked: group.iter().any(|of| of.silence.acked && of.silence.to() == to),
        caught_up: None,
    }
}

/// A partition's topic and number by its place in the row of all.
fn name(demand: &Demand, stream: usize, place: u32) -> (String, u32) {
    let mut left = place;
    for topic in &demand.streams[stream].topics {
        if left < topic.partitions {
            return (topic.name.clone(), left);
        }
        left -= topic.partitions;
    }
    unreachable!("a silence is of a partition that was planned")
}

/// Seconds from the start of the measured phase, below zero in the warm-up.
fn seconds(start: &StartLine, at: Timestamp) -> f64 {
    match at.since(start.measured) {
        Some(after) => after.as_secs_f64(),
        None => -at.until(start.measured).as_secs_f64(),
    }
}

/// From the end of an outage to the first whole second after it whose publish p99 is back.
fn caught_up(seconds: &[Interval], start: &StartLine, outage: &OutageSeen) -> Option<Nanos> {
    let begins = |of: &Interval| start.measured + Nanos(u64::from(of.second) * NANOS_PER_SECOND);
    let ends = |of: &Interval| begins(of) + Nanos(NANOS_PER_SECOND);
    let is_told = |of: &&Interval| 0 < of.acked;
    let told = || seconds.iter().filter(is_told);
    let mut before: Vec<Nanos> = told()
        .rev()
        .filter(|of| ends(of) <= outage.from)
        .take(BEFORE)
        .map(|of| of.publish_p99)
        .collect();
    before.sort_unstable();
    let usual = *before.get(before.len() / 2)?;
    let back = told().find(|of| {
        outage.to <= begins(of) && of.publish_p99 <= Nanos(usual.0.saturating_mul(BACK))
    })?;
    Some(outage.to.until(begins(back)))
}

#[cfg(test)]
mod tests {
    use super::{Span, caught_up, of_all, of_partitions, seen};
    use crate::measure::{OutageSeen, Silence, Tally};
    use crate::plan::Role;
    use crate::plan::samples::{demand, stream, topics};
    use crate::run::{Interval, LaneOutcome, StartLine};
    use crate::units::{Nanos, Timestamp};

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_nanos(1_000_000_000) + Nanos::from_millis(millis)
    }

    /// A lane that sent from the start to the tenth second, with silences of its own and of partitions.
    fn lane(own: &[(u64, u64)], partitions: &[(u32, u64, u64)]) -> LaneOutcome {
        let mut of = stream(1);
        of.topics = topics(2, 2);
        let mut tally = Tally::new(&demand(of));
        let seen = &mut tally.streams[0];
        seen.measured.produced.window.include(at(0));
        seen.measured.acked.window.include(at(10_000));
        for (from, to) in own {
            seen.silences.lane.file(Silence::between(at(*from), at(*to), 0, true));
        }
        for (place, from, to) in partitions {
            let silence = Silence::between(at(*from), at(*to), *place, true);
            seen.silences.partitions.file(silence);
        }
        let name = "lane".to_owned();
        LaneOutcome { name, role: Role::Producer, tally, error: None, is_lost: false }
    }

    fn whole(lanes: &[LaneOutcome]) -> Vec<Span> {
        let all: Vec<_> =
            lanes.iter().filter_map(|lane| Some((lane, super::active(&lane.tally)?))).collect();
        of_all(&all)
    }

    fn check_whole(lanes: &[LaneOutcome], expected: &[(u64, u64, usize)]) {
        let got: Vec<(Timestamp, Timestamp, usize)> =
            whole(lanes).iter().map(|span| (span.from, span.to, span.lanes)).collect();
        let expected: Vec<_> =
            expected.iter().map(|(from, to, n)| (at(*from), at(*to), *n)).collect();
        assert_eq!(got, expected, "of all lanes");
    }

    #[test]
    fn an_outage_of_all_is_when_every_lane_that_sends_is_silent() {
        let one = || lane(&[(2_000, 5_000)], &[]);
        check_whole(&[one()], &[(2_000, 5_000, 1)]);
        check_whole(&[one(), lane(&[(2_100, 4_900), (7_000, 8_000)], &[])], &[(2_100, 4_900, 2)]);
        check_whole(&[one(), lane(&[], &[])], &[]);
        check_whole(&[one(), lane(&[(4_600, 6_000)], &[])], &[]);
        // One that sent nothing, and one that had ended before: neither has anything outstanding.
        let mut idle = lane(&[], &[]);
        idle.tally.clear();
        let mut ended = lane(&[], &[]);
        ended.tally.clear();
        let seen = &mut ended.tally.streams[0].measured;
        seen.produced.window.include(at(0));
        seen.acked.window.include(at(1_999));
        check_whole(&[one(), idle, ended], &[(2_000, 5_000, 1)]);
        // The end of everything: no ack comes any more.
        let mut dead = lane(&[], &[]);
        let silence = Silence::between(at(9_000), at(20_000), 0, false);
        dead.tally.streams[0].silences.lane.file(silence);
        let [span] = whole(&[dead])[..] else { panic!("one") };
        assert!(span.to == at(20_000) && !span.acked, "{span:?}");
    }

    fn partial(lanes: &[LaneOutcome]) -> Vec<OutageSeen> {
        let mut of = stream(1);
        of.topics = topics(2, 2);
        let tallies: Vec<&Tally> = lanes.iter().map(|lane| &lane.tally).collect();
        of_partitions(&demand(of), &tallies, &whole(lanes))
    }

    #[test]
    fn what_all_explain_is_not_told_of_the_partitions_again() {
        let near = [(0, 1_990, 5_000), (1, 2_003, 5_400), (3, 2_000, 4_900)];
        assert_eq!(partial(&[lane(&[(2_000, 5_000)], &near)]), [], "all were silent");
        // One that came back two seconds later is told.
        let late = [(0, 1_990, 5_000), (2, 1_995, 7_000)];
        let told = partial(&[lane(&[(2_000, 5_000)], &late)]);
        let [one] = &told[..] else { panic!("one: {told:?}") };
        assert_eq!((one.from, one.to, one.partitions_silent), (at(1_995), at(7_000), 1), "itself");
    }

    #[test]
    fn silences_of_partitions_that_overlap_are_one_with_their_names() {
        let first = lane(&[], &[(2, 2_000, 5_000), (3, 4_000, 6_000), (0, 8_000, 9_000)]);
        let second = lane(&[], &[(2, 2_500, 5_100)]);
        let told = partial(&[first, second, lane(&[], &[])]);
        let [one, two] = &told[..] else { panic!("two: {told:?}") };
        let names = |of: &OutageSeen| -> Vec<String> {
            of.partitions.iter().map(|of| format!("{} {}", of.topic, of.partition)).collect()
        };
        assert_eq!((one.from, one.to), (at(2_000), at(6_000)), "joined");
        assert_eq!(names(one), ["topic-1 0", "topic-1 1"], "the longest first");
        assert_eq!((one.lanes, one.lanes_sending, one.partitions_silent), (2, 3, 2), "lanes");
        assert_eq!(
            (two.from, two.to, names(two)),
            (at(8_000), at(9_000), vec!["topic-0 0".to_owned()])
        );
    }

    #[test]
    fn caught_up_is_when_publish_latency_is_back() {
        let start = StartLine { at: at(0), measured: at(0), end: at(10_000), ready: Nanos::ZERO };
        let second = |(second, p99): (u32, u64)| Interval {
            second,
            acked: u64::from(0 < p99),
            publish_p99: Nanos::from_millis(p99),
            ..Interval::default()
        };
        let check = |from: u64, to: u64, p99s: &[u64], expected: Option<u64>| {
            let seconds: Vec<Interval> = (0..).zip(p99s.iter().copied()).map(second).collect();
            let outage = seen(&Span { from: at(from), to: at(to), acked: true, lanes: 1 }, 1);
            let got = caught_up(&seconds, &start, &outage);
            assert_eq!(got, expected.map(Nanos::from_millis), "{p99s:?}");
        };
        check(2_500, 4_250, &[5, 4, 6, 0, 900, 700, 8, 5], Some(1_750));
        check(2_500, 4_250, &[5, 4, 6, 0, 900, 5, 8, 5], Some(750));
        check(2_500, 4_250, &[5, 4, 6, 0, 900, 700, 700], None);
        // Nothing before it to compare with.
        check(500, 1_250, &[5, 4, 6], None);
    }
}
