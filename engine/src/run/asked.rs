//! What the schedules asked for in each second.

use super::outcome::Interval;
use super::running::Watch;
use crate::time::Schedule;
use crate::units::{Nanos, Timestamp};

impl Watch<'_> {
    /// Notes how many messages were due in each second of the measured phase, up to where it ended.
    pub(super) fn note_due(&mut self, (measured, until): (Timestamp, Timestamp)) {
        for stream in 0..self.ready.plan.demand.streams.len() {
            if let Some(schedule) = self.ready.signal.schedule(stream) {
                add_due(&mut self.intervals, &schedule, (measured, until));
            }
        }
    }
}

fn add_due(
    intervals: &mut [Interval],
    schedule: &Schedule,
    (measured, until): (Timestamp, Timestamp),
) {
    let mut counting = schedule.counting();
    for interval in intervals {
        let mut before = |second: u64| {
            counting.before((measured + Nanos::from_secs(second)).min(until.max(measured)))
        };
        let begin = before(u64::from(interval.second));
        interval.due += before(u64::from(interval.second) + 1).saturating_sub(begin);
    }
}

#[cfg(test)]
mod tests {
    use super::{Interval, add_due};
    use crate::time::{Arrival, Schedule, Shape, Shaped, Tempo};
    use crate::units::{Nanos, Rate, Timestamp};

    const MEASURED: Timestamp = Timestamp::from_nanos(2_000_000_000);

    /// The first seconds of a phase of 3.5 s, after a warm-up of 1 s, that ended after `millis`.
    fn due(arrival: Arrival, millis: u64) -> Vec<u64> {
        let ramp = Shape::Ramp { from: 0, to: 400, over: Nanos::from_secs(4) };
        let end = MEASURED + Nanos::from_millis(3_500);
        let warm = Tempo::Rate(Rate::per_second(70).expect("above 0"));
        let mut schedule = Schedule::new(warm, arrival, Timestamp::from_nanos(1_000_000_000), end);
        schedule.append(MEASURED, Tempo::Shape(Shaped::new(ramp).expect("it is sound")));
        let second = |second| Interval { second, due: 1, ..Interval::default() };
        let mut intervals: Vec<Interval> = (0..6).map(second).collect();
        let until = MEASURED + Nanos::from_millis(millis);
        add_due(&mut intervals, &schedule, (MEASURED, until));
        let of_phase = schedule.count_before(until.min(end)) - schedule.count_before(MEASURED);
        let due: Vec<u64> = intervals.iter().map(|interval| interval.due - 1).collect();
        assert_eq!(due.iter().sum::<u64>(), of_phase, "all of the phase, and each once");
        due
    }

    #[test]
    fn each_second_has_what_was_due_in_it_beside_what_another_stream_has() {
        assert_eq!(due(Arrival::Regular, 9_000), [50, 150, 250, 163, 0, 0], "50 t², to the end");
        assert_eq!(due(Arrival::Regular, 1_500), [50, 63, 0, 0, 0, 0], "as long as it went");
        assert_ne!(due(Arrival::Poisson { seed: 1 }, 9_000), due(Arrival::Regular, 9_000));
    }
}
