//! A run by count: so many messages, however long they take.

use super::demand::Demand;
use crate::units::{NANOS_PER_SECOND, Nanos, Rate};

/// How long a run by count may take at most: a year, beyond which a number is a slip.
pub const COUNT_WITHIN: Nanos = Nanos::from_secs(365 * 24 * 3_600);

/// How long a phase is in which exactly so many messages are due at a rate of at most a thousand million
/// a second; `None` beyond [`COUNT_WITHIN`].
#[must_use]
pub fn length_of(messages: u64, rate: Rate) -> Option<Nanos> {
    // The due time of the first that is not among them, rounded down as its due time is.
    let nanos = u128::from(messages) * u128::from(NANOS_PER_SECOND) / u128::from(rate.get());
    let length = Nanos(u64::try_from(nanos).ok()?);
    (length <= COUNT_WITHIN).then_some(length)
}

/// A lane's part of so many messages, which all lanes of a stream share out evenly.
pub(crate) fn part_of_lane(messages: u64, (lane, lanes): (u64, u64)) -> u64 {
    messages / lanes + u64::from(lane < messages % lanes)
}

impl Demand {
    /// After how many messages of each stream the load ends by itself, whenever that is: those of a run
    /// by count without due times. With due times the last one ends it, at a time that is known before.
    #[must_use]
    pub fn ends_after(&self) -> Option<u64> {
        let is_paced = self.streams.iter().any(|stream| stream.pace.is_paced());
        self.messages.filter(|_| !is_paced)
    }
}

#[cfg(test)]
mod tests {
    use super::{COUNT_WITHIN, length_of, part_of_lane};
    use crate::plan::Pace;
    use crate::plan::samples::{demand, rate, stream};
    use crate::time::Schedule;
    use crate::units::{Nanos, Timestamp};

    #[test]
    fn exactly_so_many_messages_are_due_in_the_length_of_so_many() {
        let start = Timestamp::from_nanos(1_700_000_000_000_000_007);
        for per_second in [1, 3, 7, 1_000, 33_333, 999_983, 5_000_000, 1_000_000_000] {
            for messages in [1, 2, 3, 10, 999, 1_000, 1_001, 123_457] {
                let length = length_of(messages, rate(per_second)).expect("days at most");
                let end = start + length;
                let due = Schedule::constant(rate(per_second), start, end).count_before(end);
                assert_eq!(due, messages, "{messages} at {per_second}/s in {length}");
            }
        }
    }

    #[test]
    fn what_would_take_longer_than_a_year_has_no_length() {
        let seconds = COUNT_WITHIN.0 / 1_000_000_000;
        assert_eq!(length_of(seconds, rate(1)), Some(COUNT_WITHIN));
        assert_eq!(length_of(seconds + 1, rate(1)), None);
        assert_eq!(length_of(u64::MAX, rate(1)), None);
        assert_eq!(length_of(2, rate(1_000)), Some(Nanos::from_millis(2)));
    }

    #[test]
    fn lanes_share_messages_to_the_last_one() {
        for (messages, lanes) in [(0, 1), (1, 1), (10, 1), (10, 3), (2, 3), (1_000_003, 7)] {
            let parts: Vec<u64> =
                (0..lanes).map(|lane| part_of_lane(messages, (lane, lanes))).collect();
            assert_eq!(parts.iter().sum::<u64>(), messages, "{parts:?}");
            let (most, least) = (parts.iter().max(), parts.iter().min());
            assert!(most.zip(least).is_some_and(|(most, least)| most - least <= 1), "{parts:?}");
        }
    }

    #[test]
    fn a_count_ends_the_load_by_itself_only_where_nothing_is_due() {
        let mut by_time = demand(stream(100));
        assert_eq!((by_time.ends_after(), by_time.grace()), (None, Nanos::from_secs(10)));
        by_time.messages = Some(500);
        assert_eq!((by_time.ends_after(), by_time.grace()), (None, COUNT_WITHIN), "due times");
        by_time.streams[0].pace = Pace::Max { in_flight: None };
        assert_eq!(by_time.ends_after(), Some(500));
    }
}
