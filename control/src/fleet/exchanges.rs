//! What a coordinator and a worker told one another of the time, and which of it is worth keeping.

use engine::units::{NANOS_PER_SECOND, Nanos, Timestamp};

/// Of each such span of time the best exchanges are kept: as often as a clock is corrected.
const PERIOD: u64 = NANOS_PER_SECOND;

/// How many are kept of a period: one may owe its short round trip to the way there, another one to
/// the way back.
const BEST: usize = 2;

/// How many are kept in all: every pair of them is compared, 4,096 divisions.
const KEPT_MAX: usize = 64;

/// The newest of them are kept whatever they lie apart: the last 16 seconds.
const RECENT: usize = 32;

/// A question for the time, and the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// When the coordinator asked, by its own clock.
    pub asked: Timestamp,
    /// When the worker heard it, by its own clock, uncorrected.
    pub heard: Timestamp,
    /// When the worker answered, by the same clock.
    pub answered: Timestamp,
    /// When the coordinator had the answer, by its own clock.
    pub returned: Timestamp,
}

impl Exchange {
    /// How long question and answer were on their way; `None` for stamps that no two clocks give.
    #[must_use]
    pub fn round_trip(&self) -> Option<Nanos> {
        let (all, there) = (self.returned.since(self.asked)?, self.answered.since(self.heard)?);
        (there <= all).then(|| all.less(there))
    }

    fn period(&self) -> u64 {
        self.asked.as_nanos() / PERIOD
    }
}

/// The exchanges worth keeping, the oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Exchanges {
    kept: Vec<(Nanos, Exchange)>,
}

impl Exchanges {
    /// Keeps an exchange where it is one of the best of its period.
    ///
    /// # Errors
    /// When its stamps contradict one another, or it was asked before one that is kept.
    pub(super) fn keep(&mut self, exchange: Exchange) -> Result<(), String> {
        let fault = |what: &str| {
            format!("clock of a worker: got {what}: {exchange:?}; such an answer says nothing")
        };
        let round_trip = exchange.round_trip();
        let round_trip = round_trip.ok_or_else(|| fault("times that contradict one another"))?;
        if self.kept.last().is_some_and(|(_, last)| exchange.asked < last.asked) {
            return Err(fault("an exchange older than the last one"));
        }
        let begin = self.kept.partition_point(|(_, kept)| kept.period() < exchange.period());
        if self.kept.len() < begin + BEST {
            self.kept.push((round_trip, exchange));
        } else {
            let worst = (begin..self.kept.len()).max_by_key(|at| self.kept[*at].0);
            let worst = worst.expect("a full period has exchanges");
            if round_trip < self.kept[worst].0 {
                self.kept.remove(worst);
                self.kept.push((round_trip, exchange));
            }
        }
        if KEPT_MAX < self.kept.len() {
            self.thin();
        }
        Ok(())
    }

    /// Of the two older neighbours that lie closest together, as seen from now, keeps the better one:
    /// what is kept gets sparser with its age. The first one stays, else the beginning crept after.
    fn thin(&mut self) {
        let now = self.kept[self.kept.len() - 1].1.asked;
        let closeness = |at: &usize| {
            let (earlier, later) = (self.kept[*at].1.asked, self.kept[at + 1].1.asked);
            // Parts of 2^20 of the age, which is above zero: the newest are not among them.
            (u128::from(earlier.until(later).0) << 20) / u128::from(later.until(now).0.max(1))
        };
        let at = (0..self.kept.len() - RECENT).min_by_key(closeness).expect("there are older ones");
        let is_later_worse = self.kept[at].0 <= self.kept[at + 1].0;
        self.kept.remove(if at == 0 || is_later_worse { at + 1 } else { at });
    }

    /// Forgets the oldest one.
    pub(super) fn drop_oldest(&mut self) {
        self.kept.remove(0);
    }

    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Exchange> {
        self.kept.iter().map(|(_, exchange)| exchange)
    }

    /// When the coordinator had the last answer that is kept.
    pub(super) fn newest(&self) -> Option<Timestamp> {
        self.iter().map(|exchange| exchange.returned).max()
    }

    /// The shortest round trip of what is kept.
    pub(super) fn round_trip_min(&self) -> Option<Nanos> {
        self.kept.iter().map(|(round_trip, _)| *round_trip).min()
    }
}

#[cfg(test)]
mod tests {
    use super::{BEST, Exchange, Exchanges, KEPT_MAX, PERIOD, RECENT};
    use engine::units::Timestamp;

    /// Asked at a millisecond, on its way for so many nanoseconds, by clocks of one time.
    fn exchange(milli: u64, round_trip: u64) -> Exchange {
        let at = |nanos: u64| Timestamp::from_nanos(milli * 1_000_000 + nanos);
        let (heard, answered) = (at(round_trip / 2), at(round_trip / 2 + 300));
        Exchange { asked: at(0), heard, answered, returned: at(round_trip + 300) }
    }

    #[test]
    fn of_a_period_those_with_the_shortest_round_trips_are_kept() {
        let check = |given: &[(u64, u64)], expected: &[u64]| {
            let mut exchanges = Exchanges::default();
            for (milli, round_trip) in given {
                exchanges.keep(exchange(*milli, *round_trip)).expect("they are in order");
            }
            let got: Vec<u64> =
                exchanges.iter().map(|kept| kept.asked.as_nanos() / 1_000_000).collect();
            assert_eq!(got, expected, "{given:?}");
        };
        check(&[(0, 50)], &[0]);
        check(&[(0, 50), (10, 70), (20, 60)], &[0, 20]);
        check(&[(0, 50), (10, 40), (20, 60)], &[0, 10]);
        check(&[(0, 90), (10, 80), (20, 70), (30, 60)], &[20, 30]);
        check(
            &[(900, 50), (990, 40), (1_000, 90), (1_100, 95), (1_999, 94)],
            &[900, 990, 1_000, 1_999],
        );
    }

    #[test]
    fn an_hour_is_kept_in_few_and_the_last_seconds_in_full() {
        let mut exchanges = Exchanges::default();
        for milli in (0..3_600_000).step_by(100) {
            exchanges.keep(exchange(milli, 1_000 + milli % 700)).expect("they are in order");
            assert!(exchanges.len() <= KEPT_MAX, "{}", exchanges.len());
        }
        let periods: Vec<u64> = exchanges.iter().map(Exchange::period).collect();
        assert_eq!(periods.len(), KEPT_MAX, "full");
        let recent = u64::try_from(RECENT / BEST).expect("a few");
        let last = 3_600_000_000_000 / PERIOD;
        for period in last - recent + 1..last {
            let count = periods.iter().filter(|kept| **kept == period).count();
            assert_eq!(count, BEST, "period {period} of {periods:?}");
        }
        assert!(periods[0] < 60, "the beginning is known: {periods:?}");
        // Older ones lie further apart, but never by more than a part of their age.
        for pair in periods.windows(2) {
            let age = last - pair[1];
            assert!(pair[1] - pair[0] <= age / 2 + 2, "a hole at {pair:?}: {periods:?}");
        }
    }

    #[test]
    fn stamps_that_contradict_one_another_are_refused() {
        let good = exchange(5, 1_000);
        let later = |of: Timestamp, nanos: u64| Timestamp::from_nanos(of.as_nanos() + nanos);
        let check = |exchange: Exchange, words: &str| {
            let mut exchanges = Exchanges::default();
            exchanges.keep(good).expect("good");
            let got = exchanges.keep(exchange).expect_err("refused");
            assert!(got.contains(words), "{got}");
            assert_eq!(exchanges.len(), 1, "nothing is kept");
        };
        check(exchange(4, 1_000), "an exchange older than the last one");
        check(Exchange { returned: Timestamp::from_nanos(1), ..good }, "contradict");
        check(Exchange { answered: Timestamp::from_nanos(1), ..good }, "contradict");
        check(Exchange { answered: later(good.heard, 1_301), ..good }, "contradict");
    }
}
