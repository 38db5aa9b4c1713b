//! When a task's phases are and at which rates, and which orders about that can be obeyed.

use super::protocol::{StartOrder, State};
use super::task::Task;
use engine::lane::Timeline;
use engine::plan::{Pace, Plan};
use engine::time::{Border, Schedule};
use engine::units::{Nanos, Rate, Timestamp};
use std::sync::Arc;

/// The shortest time from a start's order to the start.
const LEAD_MIN: Nanos = Nanos::from_millis(20);

/// The longest: what is farther away is a slip of units, and lanes would wait for it.
const LEAD_MAX: Nanos = Nanos::from_secs(3_600);

/// Rates are below it, as in workloads, where it means as fast as possible.
const RATE_END: u64 = 10_000_000;

/// When the phases of a run are, and at which rates.
pub(super) fn of(plan: &Plan, order: &StartOrder) -> (Timeline, Vec<Option<Schedule>>) {
    let phases = plan.demand.phases;
    let at = Timestamp::from_nanos(order.at_ns);
    let measured = order.measured_ns.map_or(at + phases.warmup.longest(), Timestamp::from_nanos);
    let timeline = Timeline {
        border: Border::fixed(at, measured.max(at)),
        from: from(order),
        measured: phases.measured,
        grace: plan.demand.grace(),
    };
    let end = measured + phases.measured;
    let planned = plan.demand.streams.iter().map(|stream| match stream.pace {
        Pace::At(rate) => Some(Schedule::constant(rate, at, end)),
        Pace::Max { .. } => None,
    });
    let schedules = order.schedules.clone().unwrap_or_else(|| planned.collect());
    (timeline, schedules)
}

fn from(order: &StartOrder) -> Timestamp {
    Timestamp::from_nanos(order.from_ns.unwrap_or(order.at_ns))
}

/// Whether a task was started by this order already.
pub(super) fn is_on(task: &Task, order: &StartOrder) -> bool {
    let (wanted, _) = of(task.reins.plan(), order);
    task.timeline().is_some_and(|timeline| {
        let moments =
            |of: &Timeline| (of.border.start(), of.border.measured(), of.from, of.measured);
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
        let streams = &task.reins.plan().demand.streams;
        if let Some(schedules) = &order.schedules {
            let fits = |(stream, schedule): (&engine::plan::StreamDemand, &Option<Schedule>)| {
                matches!(stream.pace, Pace::At(_)) == schedule.is_some()
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
    use super::{check, rate};
    use crate::fleet::protocol::StartOrder;
    use engine::units::{Nanos, Timestamp};

    #[test]
    fn a_start_is_soon_but_not_at_once() {
        let now = Timestamp::from_nanos(1_000_000_000_000);
        let words = |at: Timestamp, from: Option<Timestamp>| {
            let order = StartOrder {
                at_ns: at.as_nanos(),
                from_ns: from.map(Timestamp::as_nanos),
                measured_ns: None,
                schedules: None,
                tasks: None,
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
}
