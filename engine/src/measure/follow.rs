//! Follows the numbers of a lane's messages: extends the open stretch of each series, one comparison a message.

use super::account::{Account, Entry, Side};
use super::stretch::{Series, Stretch};
use super::tally::Phase;
use crate::message::Stamp;
use crate::plan::{Route, StreamDemand};
use crate::units::Timestamp;
use std::collections::HashMap;

/// A stretch that may go on, and the second in which it began.
#[derive(Clone, Copy, Debug)]
struct Open {
    series: Series,
    stretch: Stretch,
    second: Timestamp,
}

impl Open {
    const fn of(series: Series) -> Self {
        let stretch = Stretch { first: 0, count: 0, from: 0, to: -1, phase: Phase::Warmup };
        Self { series, stretch, second: Timestamp::from_nanos(0) }
    }
}

/// The open stretches of one side of a stream.
///
/// A series of the plan has a place of its own, known by arithmetic; those of shares that were taken
/// over are found by a table. A stretch is noted when another begins: after a gap, a repeat, a change
/// of phase, and in every second anew, so that at most a second is in a lane's hands alone.
#[derive(Debug)]
pub(super) struct Follower {
    side: Side,
    topics: u32,
    producers_per_topic: u32,
    /// By topic: where its series begin, and its partitions.
    shape: Vec<(usize, u32)>,
    open: Vec<Open>,
    others: HashMap<Series, usize>,
    /// The one of them that was found last: fetches bring many messages of one in a row.
    last_other: Option<(Series, usize)>,
}

impl Follower {
    /// For a stream's producers and partitions; memory for all of them is taken here.
    pub(super) fn new(side: Side, stream: &StreamDemand) -> Self {
        let topics = u32::try_from(stream.topics.len()).expect("fewer than 2^32 topics");
        let producers_per_topic = stream.producers_per_topic;
        let mut open = Vec::new();
        let mut shape = Vec::with_capacity(stream.topics.len());
        for (topic, plan) in (0..topics).zip(&stream.topics) {
            shape.push((open.len(), plan.partitions));
            for nth in 0..producers_per_topic {
                let producer = topic + nth * topics;
                let series = |partition| Series { producer, incarnation: 0, partition };
                open.extend((0..plan.partitions).map(|partition| Open::of(series(partition))));
            }
        }
        let others = HashMap::new();
        Self { side, topics, producers_per_topic, shape, open, others, last_other: None }
    }

    /// For series that are told of seldom: memory is taken as they come.
    pub(super) fn sparse(side: Side) -> Self {
        let (shape, open, others) = (Vec::new(), Vec::new(), HashMap::new());
        Self { side, topics: 1, producers_per_topic: 0, shape, open, others, last_other: None }
    }

    /// A message with this stamp lies at `offset` of a partition of `route`; `second` names the present.
    pub(super) fn follow(
        &mut self,
        (stamp, phase): (&Stamp, Phase),
        (route, partition, offset): (Route, i32, i64),
        second: Timestamp,
        account: &mut Account,
    ) {
        let place = self.place(stamp, route, partition);
        let Open { series, stretch, second: begun } = &mut self.open[place];
        let follows = stretch.end() == stamp.sequence && stretch.to < offset && 0 < stretch.count;
        if follows && *begun == second && stretch.phase == phase {
            stretch.count += 1;
            stretch.to = offset;
            return;
        }
        let mut next = Stretch::of_one(stamp.sequence, offset, phase);
        if follows {
            // Nothing of the series lies in between: this lane has read it all.
            next.from = stretch.to + 1;
        }
        if 0 < stretch.count {
            account.note(Entry { side: self.side, series: *series, stretch: *stretch });
        }
        (*stretch, *begun) = (next, second);
    }

    /// Where the series of a message has its place; a series beyond the plan gets a new one.
    fn place(&mut self, stamp: &Stamp, route: Route, partition: i32) -> usize {
        let Stamp { producer, incarnation, .. } = *stamp;
        let number = u32::try_from(partition).unwrap_or(u32::MAX);
        // One topic is the usual case and needs no division.
        let (topic, nth) = match self.topics {
            1 => (0, producer),
            topics => (producer % topics, producer / topics),
        };
        if incarnation == 0 && topic == route.0 && nth < self.producers_per_topic {
            let (base, partitions) = self.shape[index(topic)];
            if number < partitions {
                return base + index(nth * partitions + number);
            }
        }
        let series = Series { producer, incarnation, partition: number };
        if let Some((_, place)) = self.last_other.filter(|(last, _)| *last == series) {
            return place;
        }
        let open = &mut self.open;
        let place = *self.others.entry(series).or_insert_with(|| {
            open.push(Open::of(series));
            open.len() - 1
        });
        self.last_other = Some((series, place));
        place
    }

    /// Notes what is open: the lane hands over its last tally.
    pub(super) fn close(&mut self, account: &mut Account) {
        for Open { series, stretch, .. } in &mut self.open {
            if 0 < stretch.count {
                account.note(Entry { side: self.side, series: *series, stretch: *stretch });
                stretch.count = 0;
            }
        }
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).expect("what the plan counts fits in memory")
}

#[cfg(test)]
mod tests {
    use super::Follower;
    use crate::measure::account::{Account, Side};
    use crate::measure::stretch::{Series, Stretch};
    use crate::measure::tally::Phase;
    use crate::message::Stamp;
    use crate::plan::samples;
    use crate::plan::{Route, StreamDemand};
    use crate::units::Timestamp;

    fn stream() -> StreamDemand {
        StreamDemand { topics: samples::topics(3, 4), producers_per_topic: 2, ..samples::stream(1) }
    }

    /// Follows (number, offset, second) of producer 4 (topic 1) on partition 2, and files what comes.
    fn filed(seen: &[(u64, i64, u64)]) -> Vec<Stretch> {
        let mut follower = Follower::new(Side::Acked, &stream());
        let (mut log, mut account) = (Account::keeping(), Account::keeping());
        for (sequence, offset, second) in seen {
            let stamp = Stamp { producer: 4, sequence: *sequence, ..Stamp::default() };
            let at = (Route(1), 2, *offset);
            let second = Timestamp::from_nanos(*second);
            follower.follow((&stamp, Phase::Measured), at, second, &mut log);
        }
        follower.close(&mut log);
        follower.close(&mut log);
        account.merge(&log);
        let series = Series { producer: 4, incarnation: 0, partition: 2 };
        assert_eq!(account.series(&[Side::Acked]), [series], "one series");
        account.of(Side::Acked, series).to_vec()
    }

    fn stretch(first: u64, count: u64, from: i64, to: i64) -> Stretch {
        Stretch { first, count, from, to, phase: Phase::Measured }
    }

    #[test]
    fn seconds_break_no_stretch_and_gaps_do() {
        let check = |seen: &[(u64, i64, u64)], expected: &[Stretch]| {
            assert_eq!(filed(seen), expected, "{seen:?}");
        };
        check(&[(0, 0, 1), (1, 1, 1), (2, 2, 2), (3, 3, 2)], &[stretch(0, 4, 0, 3)]);
        // Others' messages lie between.
        check(&[(0, 3, 1), (1, 7, 2), (2, 9, 3)], &[stretch(0, 3, 3, 9)]);
        check(&[(0, 0, 1), (2, 1, 1)], &[stretch(0, 1, 0, 0), stretch(2, 1, 1, 1)]);
        check(&[(0, 0, 1), (0, 1, 1)], &[stretch(0, 1, 0, 0), stretch(0, 1, 1, 1)]);
        // The same offset again is no second message.
        check(&[(0, 0, 1), (1, 1, 1), (0, 0, 2), (1, 1, 2), (2, 2, 2)], &[stretch(0, 3, 0, 2)]);
    }

    #[test]
    fn every_series_of_the_plan_and_beyond_has_a_place_of_its_own() {
        let mut follower = Follower::new(Side::Acked, &stream());
        let (mut log, mut account) = (Account::keeping(), Account::keeping());
        let mut expected = Vec::new();
        for producer in 0..8 {
            for (incarnation, partition) in [(0, 0), (0, 3), (0, 9), (1, 0), (2, 0)] {
                let stamp = Stamp { producer, incarnation, ..Stamp::default() };
                let at = (Route(producer % 3), partition, 0);
                follower.follow((&stamp, Phase::Measured), at, Timestamp::default(), &mut log);
                let partition = u32::try_from(partition).expect("not negative");
                expected.push(Series { producer, incarnation, partition });
            }
        }
        follower.close(&mut log);
        account.merge(&log);
        expected.sort_unstable();
        assert_eq!(account.series(&[Side::Acked]), expected, "none shares a place");
    }

    #[test]
    fn the_phases_stay_apart_without_a_gap() {
        let mut follower = Follower::new(Side::Acked, &stream());
        let (mut log, mut account) = (Account::keeping(), Account::keeping());
        for (sequence, phase) in [(0, Phase::Warmup), (1, Phase::Warmup), (2, Phase::Measured)] {
            let stamp = Stamp { sequence, ..Stamp::default() };
            let offset = i64::try_from(sequence).expect("a small number") * 10;
            let at = (Route(0), 0, offset);
            follower.follow((&stamp, phase), at, Timestamp::default(), &mut log);
        }
        follower.close(&mut log);
        account.merge(&log);
        let series = Series { producer: 0, incarnation: 0, partition: 0 };
        let warm = Stretch { phase: Phase::Warmup, ..stretch(0, 2, 0, 10) };
        assert_eq!(account.of(Side::Acked, series), [warm, stretch(2, 1, 11, 20)]);
    }
}
