//! A schedule as it is read from bytes or text: taken where its segments follow one another.

use super::arrivals::Arrival;
use super::schedule::{Schedule, Segment};
use crate::units::Timestamp;
use serde::Deserialize;

/// A schedule that nobody has looked at.
#[derive(Deserialize)]
pub(super) struct Written {
    segments: Vec<Segment>,
    end: Timestamp,
    arrival: Arrival,
}

impl TryFrom<Written> for Schedule {
    type Error = String;

    fn try_from(Written { segments, end, arrival }: Written) -> Result<Self, String> {
        let follows = |pair: &[Segment]| {
            let first = match arrival {
                Arrival::Regular => pair[0].index_at(pair[1].start),
                Arrival::Poisson { .. } => 0,
            };
            pair[0].start <= pair[1].start && pair[1].first == first
        };
        let begins = segments.first().is_some_and(|segment| segment.first == 0);
        if begins && segments.windows(2).all(follows) {
            return Ok(again(segments, end, arrival));
        }
        let shown: Vec<(Timestamp, u64)> =
            segments.iter().map(|segment| (segment.start, segment.first)).collect();
        Err(format!(
            "a schedule: got segments with starts and first messages {shown:?}, need one or more, the \
             first from message 0 on, each later one from the message on that is due when it starts, or \
             from 0 where arrivals come by chance"
        ))
    }
}

/// The same schedule, with what follows from its segments.
fn again(segments: Vec<Segment>, end: Timestamp, arrival: Arrival) -> Schedule {
    let mut segments = segments.into_iter();
    let Segment { start, tempo, .. } = segments.next().expect("there is a first one");
    let mut schedule = Schedule::new(tempo, arrival, start, end);
    segments.for_each(|segment| schedule.append(segment.start, segment.tempo));
    schedule
}

#[cfg(test)]
mod tests {
    use super::{Arrival, Schedule, Segment, Written};
    use crate::time::Tempo;
    use crate::units::{Nanos, Rate, Timestamp};

    const START: Timestamp = Timestamp::from_nanos(5_000_000_000);
    const END: Timestamp = Timestamp::from_nanos(9_000_000_000);

    fn rate(per_second: u64) -> Rate {
        Rate::per_second(per_second).expect("it is above zero")
    }

    #[test]
    fn a_schedule_arrives_with_every_change_of_its_rate() {
        let mut schedule = Schedule::constant(rate(1_000), START, END);
        for (after_ms, per_second) in [(700, 3), (700, 5), (900, 1_000_000), (3_000, 7)] {
            schedule.change_rate(START + Nanos::from_millis(after_ms), rate(per_second));
            let bytes = postcard::to_stdvec(&schedule).expect("memory takes it");
            assert_eq!(postcard::from_bytes(&bytes), Ok(schedule.clone()), "after {after_ms} ms");
        }
    }

    #[test]
    fn segments_that_do_not_follow_are_refused() {
        let check = |segments: &[(u64, u64)], expected: bool| {
            let of = |(after_ms, first): &(u64, u64)| {
                let start = START + Nanos::from_millis(*after_ms);
                Segment { start, first: *first, tempo: Tempo::Rate(rate(1_000)) }
            };
            let segments_of = || segments.iter().map(of).collect();
            let written = Written { segments: segments_of(), end: END, arrival: Arrival::Regular };
            assert_eq!(Schedule::try_from(written).is_ok(), expected, "{segments:?}");
        };
        check(&[(0, 0)], true);
        check(&[(0, 0), (10, 10), (10, 10), (20, 20)], true);
        check(&[], false);
        check(&[(0, 1)], false);
        check(&[(0, 0), (10, 9)], false);
        check(&[(0, 0), (10, 11)], false);
        check(&[(10, 0), (9, 0)], false);
    }
}
