//! When a task's phases are and at which rates, and which orders about that can be obeyed.

use super::protocol::{CourseOrder, StartOrder, State};
use super::task::Task;
use engine::lane::{Timeline, Word};
use engine::plan::{PhaseTimes, Plan, Warmup};
use engine::time::{Border, Schedule};
use engine::units::{NANOS_PER_SECOND, Nanos, Rate, Timestamp};
use std::sync::Arc;

/// The shortest time from a start's order to the start.
const LEAD_MIN: Nanos = Nanos::from_millis(20);

/// The longest: what is farther away is a slip of units, and lanes would wait for it.
const LEAD_MAX: Nanos = Nanos::from_secs(3_600);

/// Rates are below it, as in workloads, where it means as fast as possible.
const RATE_END: u64 = 10_000_000;

/// When the phases of a run are, and what its lanes are told.
///
/// # Errors
/// The measured phase cannot begin where it is to begin.
pub(super) fn of(plan: &Plan, order: &StartOrder) -> Result<(Timeline, Word), String> {
    let phases = plan.demand.phases;
    let at = Timestamp::from_nanos(order.at_ns);
    let border = border(phases.warmup, order)?;
    let (measured, end) = (border.measured(), border.latest() + phases.measured);
    let timeline = Timeline {
        border,
        from: from(order),
        measured: phases.measured,
        grace: plan.demand.grace(),
    };
    let times = PhaseTimes { at, measured, end };
    let planned = plan.demand.streams.iter().map(|stream| stream.pace.schedule(times));
    let schedules = order.schedules.clone().unwrap_or_else(|| planned.collect());
    let word = Word { is_held: order.held, ..Word::of(schedules) };
    Ok((
        timeline,
        match order.end_ns.map(Timestamp::from_nanos) {
            Some(early) => word.ending_at(early),
            None => word,
        },
    ))
}

/// Settled, or open, and perhaps decided since.
fn border(warmup: Warmup, order: &StartOrder) -> Result<Arc<Border>, String> {
    let at = Timestamp::from_nanos(order.at_ns);
    let measured = order.measured_ns.map(Timestamp::from_nanos);
    let latest = match (order.latest_ns.map(Timestamp::from_nanos), measured, warmup) {
        (Some(latest), _, _) => latest,
        (None, None, Warmup::Auto { .. }) => at + warmup.longest(),
        (None, measured, _) => {
            let measured = measured.unwrap_or(at + warmup.longest());
            return Ok(Border::fixed(at, measured.max(at)));
        }
    };
    let longest = at.until(latest);
    if longest == Nanos::ZERO || !longest.0.is_multiple_of(NANOS_PER_SECOND) {
        let (at, got) = (at.as_nanos(), latest.as_nanos());
        return Err(format!("latest_ns: got {got}, need whole seconds after the start at {at}"));
    }
    let border = Border::open(at, longest);
    match measured {
        Some(moment) if !border.decide_at(moment) => {
            let (got, latest) = (moment.as_nanos(), latest.as_nanos());
            Err(format!(
                "measured_ns: got {got}, need whole seconds after the start, before {latest}"
            ))
        }
        Some(_) | None => Ok(border),
    }
}

/// What lanes are told by this order, which were told `before`.
pub(super) fn word(before: Word, order: &CourseOrder) -> Word {
    let end = order.end_ns.map_or(before.end, Timestamp::from_nanos);
    let schedules = order.schedules.clone().unwrap_or(before.schedules);
    Word { is_held: order.held, ..Word::of(schedules) }.ending_at(end)
}

fn from(order: &StartOrder) -> Timestamp {
    Timestamp::from_nanos(order.from_ns.unwrap_or(order.at_ns))
}

/// Whether a task was started by this order already.
pub(super) fn is_on(task: &Task, order: &StartOrder) -> bool {
    let wanted = of(task.reins.plan(), order);
    task.timeline().zip(wanted.ok()).is_some_and(|(timeline, (wanted, _))| {
        // Where an open border lies may have been decided since.
        let moments = |of: &Timeline| {
            let border = &of.border;
            (border.start(), border.origin(), border.latest(), of.from, of.measured)
        };
        moments(&timeline) == moments(&wanted)
    })
}

/// Whether all these tasks can be started by this order: none is, where one cannot.
///
/// # Errors
/// What is in the way.
pub(super) fn check(tasks: &[Arc<Task>], order: &StartOrder, now: Timestamp) -> Result<(), String> {
    let from = from(order);
    if from < now + LEAD_MIN {
        let (got, now) = (from.as_nanos(), now.as_nanos());
        return Err(format!(
            "got {got}, and it is {now}: too late, need {LEAD_MIN} ahead at least"
        ));
    }
    if now + LEAD_MAX < from {
        let (got, now) = (from.as_nanos(), now.as_nanos());
        return Err(format!("got {got}, and it is {now}: need {LEAD_MAX} ahead at most"));
    }
    for task in tasks {
        let id = &task.id;
        let status = task.status();
        match status.state {
            State::Prepared => {}
            State::Preparing => return Err(format!("task {id}: still prepares")),
            State::Failed => {
                return Err(format!("task {id}: {}", status.error.unwrap_or_default()));
            }
            // Without lanes there was nothing to wait for.
            State::Done if task.reins.plan().lanes.is_empty() => {}
            State::Running | State::Done => return Err(format!("task {id}: was started before")),
        }
        of(task.reins.plan(), order).map_err(|words| format!("task {id}: {words}"))?;
        let streams = &task.reins.plan().demand.streams;
        if let Some(schedules) = &order.schedules {
            let fits = |(stream, schedule): (&engine::plan::StreamDemand, &Option<Schedule>)| {
                stream.pace.is_paced() == schedule.is_some()
            };
            if schedules.len() != streams.len() || !streams.iter().zip(schedules).all(fits) {
                return Err(format!(
                    "task {id}: schedules: need one for each of {} streams, null for a closed loop",
                    streams.len()
                ));
            }
        }
    }
    Ok(())
}

/// A rate that may be set.
///
/// # Errors
/// It is none.
pub(super) fn rate(per_second: u64) -> Result<Rate, String> {
    Rate::per_second(per_second).filter(|rate| rate.get() < RATE_END).ok_or_else(|| {
        format!("rate: got {per_second}, need 1 to {} messages per second", RATE_END - 1)
    })
}

#[cfg(test)]
mod tests {
    use super::{border, check, rate, word};
    use crate::fleet::protocol::{CourseOrder, StartOrder};
    use engine::lane::Word;
    use engine::plan::Warmup;
    use engine::time::Schedule;
    use engine::units::{Nanos, Rate, Timestamp};

    #[test]
    fn a_start_is_soon_but_not_at_once() {
        let now = Timestamp::from_nanos(1_000_000_000_000);
        let words = |at: Timestamp, from: Option<Timestamp>| {
            let order = StartOrder {
                at_ns: at.as_nanos(),
                from_ns: from.map(Timestamp::as_nanos),
                ..StartOrder::default()
            };
            check(&[], &order, now).err().unwrap_or_default()
        };
        assert_eq!(words(now + Nanos::from_millis(20), None), "");
        assert!(words(now + Nanos::from_millis(19), None).contains("too late"));
        assert!(words(Timestamp::from_nanos(u64::MAX), None).contains("at most"), "a slip");
        let late = Some(now + Nanos::from_secs(1));
        assert_eq!(words(Timestamp::from_nanos(5), late), "", "who joins in later");
    }

    #[test]
    fn a_rate_is_one_that_workloads_may_have() {
        let check = |got, fits| assert_eq!(rate(got).is_ok(), fits, "{got}");
        check(0, false);
        check(1, true);
        check(9_999_999, true);
        check(10_000_000, false);
        check(u64::MAX, false);
    }

    #[test]
    fn the_measured_phase_begins_where_it_is_told_where_the_workload_says_or_is_decided_later() {
        let at = |seconds: u64| Timestamp::from_nanos(7) + Nanos::from_secs(seconds);
        let fixed = Warmup::Fixed(Nanos::from_secs(3));
        let auto = Warmup::Auto { bound: Nanos::from_secs(30) };
        // The moments told; the origin of seconds, the latest moment, and where it lies if decided.
        type Lies = (u64, u64, Option<u64>);
        let check =
            |warmup, (measured, latest): (Option<u64>, Option<u64>), expected: Option<Lies>| {
                let nanos = |seconds: u64| at(seconds).as_nanos();
                let (measured_ns, latest_ns) = (measured.map(nanos), latest.map(nanos));
                let order =
                    StartOrder { at_ns: nanos(0), measured_ns, latest_ns, ..StartOrder::default() };
                let seen = border(warmup, &order).ok().map(|of| {
                    let decided = of.is_decided().then(|| of.measured());
                    (of.origin(), of.latest(), decided)
                });
                let expected =
                    expected.map(|(origin, last, decided)| (at(origin), at(last), decided.map(at)));
                assert_eq!(seen, expected, "{warmup:?}, {measured:?}, {latest:?}");
            };
        check(fixed, (None, None), Some((3, 3, Some(3))));
        check(fixed, (Some(5), None), Some((5, 5, Some(5))));
        check(auto, (None, None), Some((0, 30, None)));
        check(auto, (Some(5), None), Some((5, 5, Some(5))));
        check(fixed, (None, Some(9)), Some((0, 9, None)));
        // Of a run whose border was decided before these lanes join in.
        check(auto, (Some(5), Some(30)), Some((0, 30, Some(5))));
        check(auto, (Some(30), Some(30)), None);
        check(auto, (None, Some(0)), None);
    }

    #[test]
    fn a_course_leaves_what_it_does_not_name_and_its_end_is_the_schedules_too() {
        let at = |seconds: u64| Timestamp::from_nanos(7) + Nanos::from_secs(seconds);
        let schedule =
            |end| Schedule::constant(Rate::per_second(5).expect("above zero"), at(0), at(end));
        let before = Word { is_held: true, ..Word::of(vec![Some(schedule(9)), None]) };
        let named = |order: &CourseOrder| word(before.clone(), order);
        let none = named(&CourseOrder::default());
        assert_eq!(none, Word { is_held: false, ..before.clone() }, "but for held");
        let end_ns = Some(at(4).as_nanos());
        let ending = named(&CourseOrder { end_ns, held: true, ..CourseOrder::default() });
        assert_eq!((ending.end, ending.is_held), (at(4), true), "what it says");
        assert_eq!(ending.schedules, [Some(schedule(4)), None], "nothing is due after it");
        let schedules = Some(vec![None, Some(schedule(8))]);
        let other = named(&CourseOrder { schedules: schedules.clone(), ..CourseOrder::default() });
        assert_eq!(Some(other.schedules), schedules, "as it says; whether that fits is seen later");
    }
}
