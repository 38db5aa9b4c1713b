//! Back-pressure: load that was ready in time and had to wait for what lies behind the client.

use super::constants::{BEHIND_LEAST, HELD_SHARE_NOTED, RATE_LEAST, THROTTLED_SHARE};
use super::facts::{count, number, percent, share};
use super::verdict::{Case, Found};
use crate::plan::{Pace, StreamDemand};
use crate::units::NANOS_PER_SECOND;

/// Every check, in the order in which equally grave findings are told.
pub(super) const CHECKS: &[fn(&Case<'_>, &mut Found)] = &[held_back, acks_behind];

/// How far acks fell behind what the clients had taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Behind {
    /// Unanswered messages at the end of a second, at most.
    most: u64,
    /// The same at least, after the first quarter of the phase: so many are on the way in any case.
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
/// `None` too where a stream has no rate, or so few messages that one late one would be it.
fn behind(case: &Case<'_>) -> Option<Behind> {
    let per_second = |stream: &StreamDemand| match stream.pace {
        Pace::At(rate) => Some(rate.get()),
        Pace::Max { .. } => None,
    };
    let rates: Option<Vec<u64>> = case.plan.demand.streams.iter().map(per_second).collect();
    let rate: u64 = rates?.iter().sum();
    let phase = case.plan.demand.phases.measured.0 / NANOS_PER_SECOND;
    let (mut sent, mut answered) = (0_u64, 0_u64);
    let mut unanswered = Vec::new();
    for of in case.evidence.seconds.iter().filter(|of| u64::from(of.second) < phase) {
        sent += of.produced;
        answered += of.acked;
        unanswered.push((sent.saturating_sub(answered), of.second));
    }
    let (most, second) = *unanswered.iter().max()?;
    let least = unanswered[unanswered.len() / 4..].iter().min()?.0;
    let allowed = u128::from(rate) * u128::from(BEHIND_LEAST.0) / u128::from(NANOS_PER_SECOND);
    let is_behind = RATE_LEAST <= rate && allowed < u128::from(most.saturating_sub(least));
    is_behind.then_some(Behind { most, least, second, rate })
}

/// Whether more than a few sends met a full client queue.
fn is_held_back(case: &Case<'_>) -> bool {
    HELD_SHARE_NOTED < share(case.sums.held_back, case.sums.attempted)
}

/// Whether the load had to wait, though in the end all of it may have been acked.
pub(super) fn is_felt(case: &Case<'_>) -> bool {
    case.sums.due != 0 && (is_held_back(case) || behind(case).is_some())
}

/// Whether it was what is behind the client that made the load wait, as far as counts tell.
pub(super) fn is_behind_the_client(case: &Case<'_>) -> bool {
    0 < case.sums.held_back || behind(case).is_some()
}

/// Whether the system withheld this process's cores so often that its clients cannot be told from the
/// broker: they stand still in the same pauses.
pub(super) fn is_withheld(case: &Case<'_>) -> bool {
    let often = |seen: crate::host::Throttled| THROTTLED_SHARE <= share(seen.periods, seen.of);
    case.evidence.throttled.is_some_and(often)
}

fn held_back(case: &Case<'_>, found: &mut Found) {
    if case.sums.due == 0 || !is_held_back(case) {
        return;
    }
    let (held, attempted) = (case.sums.held_back, case.sums.attempted);
    let share = share(held, attempted);
    found.warn(
        "held_back",
        format!(
            "{} of all sends ({held} of {attempted}) met a full client queue and had to wait for \
             acks to make room. The wait is in publish and end-to-end latency, from about p{:.2} on. \
             Look at what the brokers did then; a larger queue (queue.buffering.max.messages) only \
             moves the wait.",
            percent(held, attempted),
            100.0 - share * 100.0
        ),
        vec![
            count("held_back", held),
            count("attempted", attempted),
            number("held_back_share", share),
        ],
    );
}

fn acks_behind(case: &Case<'_>, found: &mut Found) {
    let Some(Behind { most, least, second, rate }) = behind(case) else { return };
    found.warn(
        "acks_behind",
        format!(
            "Acks fell behind the load: {most} messages were unanswered at the end of second \
             {second} of the measured phase, {least} at other times, at {rate} due per second. That \
             much load waited in the client for the broker: its rate was not sustained then, \
             even if all of it was acked later. Lower the rate, or look at what the brokers did.",
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
            consumed: 2 * acked,
            publish_max: Nanos::from_millis(5),
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
