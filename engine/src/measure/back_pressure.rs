//! Back-pressure: load that was ready in time and had to wait for what lies behind the client.

use super::constants::{BEHIND_LEAST, HELD_SHARE_NOTED, RATE_LEAST, THROTTLED_SHARE};
use super::facts::{count, number, percent, share};
use super::sums::Part;
use super::verdict::{Case, Found};
use crate::units::NANOS_PER_SECOND;

/// Every check, in the order in which equally grave findings are told.
pub(super) const CHECKS: &[fn(&Case<'_>, &mut Found)] = &[warmup_backlog, held_back, acks_behind];

/// How far acks fell behind what the clients had taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Behind {
    /// Unanswered messages at the end of a second, at most.
    most: u64,
    /// The same at least, after the first quarter of the phase and the first answer: so many are on the
    /// way in any case. None where no answer came.
    least: u64,
    /// The second in which they were most, from the start of the measured phase.
    second: u32,
    /// Messages due per second.
    rate: u64,
}

/// Where acks fell more than [`BEHIND_LEAST`] behind the load: as much load as so much time brings had
/// piled up beyond what is always on the way. A long round trip alone keeps as much on the way in each
/// second, once the first acks have come.
///
/// Looked at only until lanes were missing: their acks are told by nobody, however fast they came.
///
/// `None` too where a stream has no rate, or so few messages that one late one would be it.
fn behind(case: &Case<'_>) -> Option<Behind> {
    // Where it changes, the highest: a load that rises has more on the way without being behind.
    let peaks = case.plan.demand.streams.iter().map(|stream| stream.pace.peak());
    let rate: u64 = peaks.sum::<Option<u64>>()?;
    let phase = case.plan.demand.phases.measured.0 / NANOS_PER_SECOND;
    let (mut sent, mut answered, mut heard) = (0_u64, 0_u64, false);
    let mut unanswered = Vec::new();
    // How many seconds passed before the first answer: until then any way piles up.
    let mut silent = 0;
    let whole = case.evidence.seconds.iter().take_while(|of| of.lanes_missing == 0);
    for of in whole.filter(|of| u64::from(of.second) < phase) {
        sent += of.produced;
        answered += of.acked + of.failed;
        heard |= 0 < of.acked + of.failed;
        unanswered.push((sent.saturating_sub(answered), of.second));
        silent += usize::from(!heard);
    }
    let (most, second) = *unanswered.iter().max()?;
    // Where nothing was answered in all of the phase, nothing shows that all of it is the way's length.
    let settled = unanswered.get(silent.max(unanswered.len() / 4)..).unwrap_or_default();
    let least = settled.iter().min().map_or(0, |(messages, _)| *messages);
    let allowed = u128::from(rate) * u128::from(BEHIND_LEAST.0) / u128::from(NANOS_PER_SECOND);
    let is_behind = RATE_LEAST <= rate && allowed < u128::from(most.saturating_sub(least));
    is_behind.then_some(Behind { most, least, second, rate })
}

/// For how many seconds of the measured phase its lanes still sent what was due in the warm-up, if for
/// any; at most all of it.
pub(super) fn seconds_of_backlog(case: &Case<'_>) -> Option<u32> {
    let phase = case.plan.demand.phases.measured.0 / NANOS_PER_SECOND;
    let phase = u32::try_from(phase).unwrap_or(u32::MAX);
    let first = case.evidence.seconds.iter().find(|of| 0 < of.produced || of.is_idle());
    let seconds = first.map_or(phase, |of| of.second).min(phase);
    let warmup: u64 = case.tally.streams.iter().map(|of| of.warmup.produced.attempted).sum();
    let is_known = !case.evidence.seconds.is_empty() && 0 < warmup && case.sums.due != 0;
    (is_known && 0 < seconds).then_some(seconds)
}

/// Of the warm-up's messages those that met a full client queue.
fn held_back_in_warmup(case: &Case<'_>) -> u64 {
    case.tally.streams.iter().map(|of| of.warmup.produced.held_back).sum()
}

/// The streams with due times of which more than a few sends met a full client queue.
fn parts_held_back<'case>(case: &'case Case<'_>) -> impl Iterator<Item = &'case Part<'case>> {
    // The embedded broker's own limit fills no client's queue, and has a finding of its own.
    let is_held = |part: &&Part<'_>| {
        let held = share(part.sums.held_back, part.sums.attempted);
        part.sums.due != 0 && !case.evidence.embedded_full && HELD_SHARE_NOTED < held
    };
    case.parts.iter().filter(is_held)
}

/// Whether there is such a stream.
fn is_held_back(case: &Case<'_>) -> bool {
    parts_held_back(case).next().is_some()
}

/// Whether lanes still sent what had met a full client queue in the warm-up.
fn has_backlog(case: &Case<'_>) -> bool {
    0 < held_back_in_warmup(case) && seconds_of_backlog(case).is_some()
}

/// Whether the load had to wait, though in the end all of it may have been acked.
pub(super) fn is_felt(case: &Case<'_>) -> bool {
    case.sums.due != 0 && (has_backlog(case) || is_held_back(case) || behind(case).is_some())
}

/// Whether it was what is behind the client that made the load wait, as far as counts tell.
pub(super) fn is_behind_the_client(case: &Case<'_>) -> bool {
    has_backlog(case) || 0 < case.sums.held_back || behind(case).is_some()
}

/// Whether the system withheld this process's cores so often that its clients cannot be told from the
/// broker: they stand still in the same pauses.
pub(super) fn is_withheld(case: &Case<'_>) -> bool {
    let often = |seen: crate::host::Throttled| THROTTLED_SHARE <= share(seen.periods, seen.of);
    case.evidence.throttled.is_some_and(often)
}

fn warmup_backlog(case: &Case<'_>, found: &mut Found) {
    let Some(seconds) = seconds_of_backlog(case) else { return };
    let held = held_back_in_warmup(case);
    found.warn(
        "warmup_backlog",
        format!(
            "For the first {seconds} s of the measured phase lanes still sent what was due in the \
             warm-up, {held} messages of which had met a full client queue. What was due meanwhile \
             was sent later, so the rates of the measured phase, which count from its start, are too \
             low. Lower the rate, or leave the warm-up out (--warmup 0s); --rate max finds what is \
             taken.",
        ),
        vec![count("seconds", u64::from(seconds)), count("held_back", held)],
    );
}

fn held_back(case: &Case<'_>, found: &mut Found) {
    for part in parts_held_back(case) {
        let (held, attempted) = (part.sums.held_back, part.sums.attempted);
        let share = share(held, attempted);
        let message = format!(
            "{}{} of all sends ({held} of {attempted}) met a full client queue and had to wait for \
             acks to make room. The wait is in publish and end-to-end latency, from about p{:.2} on. \
             What limited the run says whose it was; a larger queue (queue.buffering.max.messages) \
             only moves the wait.",
            part.about(),
            percent(held, attempted),
            100.0 - share * 100.0
        );
        let evidence = vec![
            count("held_back", held),
            count("attempted", attempted),
            number("held_back_share", share),
        ];
        found.warn("held_back", message, part.facts(evidence));
    }
}

fn acks_behind(case: &Case<'_>, found: &mut Found) {
    let Some(Behind { most, least, second, rate }) = behind(case) else { return };
    found.warn(
        "acks_behind",
        format!(
            "Acks fell behind the load: {most} messages were unanswered at the end of second \
             {second} of the measured phase, {least} at other times, at {rate} due per second. That \
             much load waited in the client: the rate was not sustained then, even if all of it was \
             acked later. What limited the run says for whom it waited. Lower the rate, or look there.",
        ),
        vec![
            count("unanswered_most", most),
            count("unanswered_least", least),
            count("second", u64::from(second)),
        ],
    );
}

#[cfg(test)]
mod tests {
    use crate::host::Throttled;
    use crate::measure::plausibility::SecondSeen;
    use crate::measure::verdict::{Evidence, LimitedBy, Verdict};
    use crate::measure::verdict_fixture::{evidence, plan, tally};
    use crate::plan::{ClientCount, Pace};
    use crate::units::{Nanos, Rate};

    /// The clean run's ten seconds, with so many acks in each; the rest comes in the drain.
    fn seconds(acks: [u64; 10]) -> Vec<SecondSeen> {
        let left = 200_000 - acks.iter().sum::<u64>();
        let second = |(second, acked): (u32, u64)| SecondSeen {
            second,
            produced: if second < 10 { 20_000 } else { 0 },
            acked,
            failed: 0,
            consumed: 2 * acked,
            publish_max: Nanos::from_millis(5),
            lanes_missing: 0,
            due: None,
        };
        (0..).zip(acks.into_iter().chain([left])).map(second).collect()
    }

    /// What the clean run with these acks per second and so many sends that met a full queue is
    /// limited by, and which of our findings it has.
    fn check(acks: [u64; 10], held_back: u64, expected: (LimitedBy, &[&str])) {
        let plan = plan(ClientCount::Shared);
        let mut tally = tally(&plan);
        tally.streams[0].measured.produced.held_back = held_back;
        let seconds = seconds(acks);
        let verdict = Verdict::of(&plan, &tally, &Evidence { seconds: &seconds, ..evidence() });
        let own = ["held_back", "acks_behind"];
        let codes = verdict.findings.iter().map(|finding| finding.code);
        let codes: Vec<&str> = codes.filter(|code| own.contains(code)).collect();
        assert_eq!((verdict.limited_by, codes.as_slice()), expected, "{acks:?}, {held_back}");
        assert!(verdict.valid, "a warning never changes `valid`");
    }

    /// The clean run's acks in a second.
    const ALL: u64 = 20_000;

    #[test]
    fn a_long_way_is_no_back_pressure_and_a_growing_pile_is() {
        check([ALL; 10], 0, (LimitedBy::Nothing, &[]));
        // A round trip of two seconds: the first acks are late, the pile stays as it is.
        check([0, 0, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL], 0, (LimitedBy::Nothing, &[]));
        check([0, 0, 0, 0, 0, ALL, ALL, ALL, ALL, ALL], 0, (LimitedBy::Nothing, &[]));
        // Nothing came in all of the phase: no way is known to be so long.
        check([0; 10], 0, (LimitedBy::Broker, &["acks_behind"]));
        // What is not acked grows by a tenth of a second in each, then by a fifth.
        check([ALL * 9 / 10; 10], 0, (LimitedBy::Nothing, &[]));
        check([ALL * 4 / 5; 10], 0, (LimitedBy::Broker, &["acks_behind"]));
        check([ALL / 2; 10], 0, (LimitedBy::Broker, &["acks_behind"]));
    }

    #[test]
    fn a_broker_that_stands_still_for_seconds_is_the_limit_also_when_it_catches_up() {
        let stall = |stopped: usize| {
            let mut acks = [ALL; 10];
            acks[3..3 + stopped].fill(0);
            acks[3 + stopped] += ALL * u64::try_from(stopped).expect("a few");
            acks
        };
        check(stall(1), 0, (LimitedBy::Nothing, &[]));
        check(stall(2), 0, (LimitedBy::Broker, &["acks_behind"]));
    }

    #[test]
    fn a_message_that_was_given_up_is_answered() {
        let plan = plan(ClientCount::Shared);
        let mut seconds = seconds([ALL / 2; 10]);
        let judge = |seen: &[SecondSeen]| {
            let seen = Evidence { seconds: seen, ..evidence() };
            Verdict::of(&plan, &tally(&plan), &seen).limited_by
        };
        assert_eq!(judge(&seconds), LimitedBy::Broker, "half of them wait");
        seconds[..10].iter_mut().for_each(|of| of.failed = ALL / 2);
        assert_eq!(judge(&seconds), LimitedBy::Nothing, "half of them were refused");
    }

    #[test]
    fn sends_that_met_a_full_queue_are_told_from_one_in_a_thousand_on() {
        check([ALL; 10], 200, (LimitedBy::Nothing, &[]));
        check([ALL; 10], 201, (LimitedBy::Broker, &["held_back"]));
    }

    #[test]
    fn a_process_that_was_withheld_does_not_blame_the_broker() {
        let plan = plan(ClientCount::Shared);
        let seconds = seconds([ALL / 2; 10]);
        let judge = |periods: u64| {
            let throttled = Some(Throttled { periods, of: 100, time: Nanos::from_secs(1) });
            let seen = Evidence { seconds: &seconds, throttled, ..evidence() };
            Verdict::of(&plan, &tally(&plan), &seen).limited_by
        };
        assert_eq!((judge(9), judge(10)), (LimitedBy::Broker, LimitedBy::Client), "of 100 periods");
    }

    #[test]
    fn what_the_warm_up_left_to_send_is_told_and_no_second_without_acks_is_blamed_on_the_broker() {
        let plan = plan(ClientCount::Shared);
        let judge = |held_back: u64, first: usize| {
            let mut tally = tally(&plan);
            let warmup = &mut tally.streams[0].warmup.produced;
            (warmup.attempted, warmup.held_back) = (100_000, held_back);
            let mut seconds = seconds([ALL; 10]);
            for of in &mut seconds[..first] {
                (of.produced, of.acked, of.consumed) = (0, 0, 0);
            }
            let moved = u64::try_from(first).expect("a few") * ALL;
            seconds[10].produced += moved;
            (seconds[10].acked, seconds[10].consumed) = (moved, 2 * moved);
            let verdict = Verdict::of(&plan, &tally, &Evidence { seconds: &seconds, ..evidence() });
            let codes = verdict.findings.iter().map(|finding| finding.code);
            (verdict.limited_by, codes.collect::<Vec<&str>>())
        };
        assert_eq!(judge(5, 0), (LimitedBy::Nothing, vec![]), "nothing was left");
        assert_eq!(judge(5, 3), (LimitedBy::Broker, vec!["warmup_backlog"]), "three seconds");
        assert_eq!(judge(5, 10), (LimitedBy::Broker, vec!["warmup_backlog"]), "all of it");
        assert_eq!(judge(0, 3), (LimitedBy::Nothing, vec!["warmup_backlog"]), "nothing was full");
    }

    #[test]
    fn a_closed_loop_and_a_handful_of_messages_have_no_load_to_fall_behind() {
        let mut plan = plan(ClientCount::Shared);
        let seconds = seconds([ALL / 2; 10]);
        let seen = Evidence { seconds: &seconds, ..evidence() };
        let mut free = tally(&plan);
        free.streams[0].measured.produced.held_back = 100_000;
        plan.demand.streams[0].pace = Pace::Max { in_flight: None };
        free.streams[0].measured.produced.due = 0;
        let closed = Verdict::of(&plan, &free, &seen);
        let codes: Vec<&str> = closed.findings.iter().map(|finding| finding.code).collect();
        assert_eq!((closed.limited_by, codes), (LimitedBy::Unknown, vec![]), "closed loop");
        for (rate, expected) in [(9, LimitedBy::Nothing), (10, LimitedBy::Broker)] {
            plan.demand.streams[0].pace = Pace::At(Rate::per_second(rate).expect("not zero"));
            assert_eq!(Verdict::of(&plan, &tally(&plan), &seen).limited_by, expected, "{rate}/s");
        }
    }
}
