//! A backlog that is built and drained: how large, at which rates, and how long either may take.

use super::count::COUNT_WITHIN;
use super::demand::{Demand, Phases};
use super::pace::Pace;
use crate::units::{Bytes, NANOS_PER_SECOND, Nanos, Rate};

/// What whole seconds and words to other hosts may add to the phases of a run with a backlog.
const SLACK: Nanos = Nanos::from_secs(30);

/// Consumers are held until a backlog stands, then read while producers go on; when it is drained, the
/// measured phase goes on for a time of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// How many messages are to be unread, those of all subscriptions added up.
    pub messages: u64,
    /// The bytes of their bodies.
    pub bytes: Bytes,
    /// It is drained when at most so many messages are left.
    pub left: u64,
    /// How fast producers go while it is drained, in all; `None` for as before.
    pub drain_rate: Option<Rate>,
    /// How long building it may take.
    pub build_within: Nanos,
    /// How long draining it may take.
    pub drain_within: Nanos,
    /// How long is measured when it is drained.
    pub after: Nanos,
}

impl Backlog {
    /// How long the measured phase of such a run lasts at most.
    #[must_use]
    pub fn longest(&self) -> Nanos {
        self.build_within + self.drain_within + self.after + SLACK
    }
}

impl Demand {
    /// How long a lane in debt goes on after the end. With a backlog that is known to be shorter than
    /// what it might have lasted; by count there is no end but the last message.
    #[must_use]
    pub fn grace(&self) -> Nanos {
        if self.messages.is_some() {
            return COUNT_WITHIN;
        }
        let measured = self.backlog.map_or(self.phases.measured, |backlog| backlog.after);
        Phases { measured, ..self.phases }.grace()
    }

    /// The rate of each stream while a backlog is drained: its part of what is asked of all together,
    /// as of the load before; `None` for those that go on as they did.
    #[must_use]
    pub fn drain_rates(&self) -> Vec<Option<Rate>> {
        let asked = self.backlog.and_then(|backlog| backlog.drain_rate);
        let whole = self.due_per_second().unwrap_or(0).max(1);
        let part = |rate: Rate| {
            let rate = u128::from(asked?.get()) * u128::from(rate.get()) / u128::from(whole);
            Rate::per_second(u64::try_from(rate).unwrap_or(u64::MAX).max(1))
        };
        let of = |stream: &super::StreamDemand| match stream.pace {
            Pace::At(rate) => part(rate),
            Pace::Varied(_) | Pace::Max { .. } => None,
        };
        self.streams.iter().map(of).collect()
    }
}

/// How long it takes to build a backlog of so many messages, at so many that become unread in a second,
/// rounded up to whole seconds.
#[must_use]
pub const fn build_time(messages: u64, per_second: Rate) -> Nanos {
    let seconds = messages.div_ceil(per_second.get());
    Nanos(seconds.saturating_mul(NANOS_PER_SECOND))
}

#[cfg(test)]
mod tests {
    use super::{Backlog, build_time};
    use crate::plan::samples::{demand, rate, stream};
    use crate::units::{Bytes, Nanos};

    const BACKLOG: Backlog = Backlog {
        messages: 10_000,
        bytes: Bytes(1_000_000),
        left: 1_000,
        drain_rate: None,
        build_within: Nanos::from_secs(100),
        drain_within: Nanos::from_secs(600),
        after: Nanos::from_secs(200),
    };

    #[test]
    fn the_phases_are_bounded_and_the_grace_is_that_of_what_comes_after() {
        let mut demand = demand(stream(100));
        demand.backlog = Some(BACKLOG);
        demand.phases.measured = BACKLOG.longest();
        assert_eq!(BACKLOG.longest(), Nanos::from_secs(930), "both bounds, what is after, slack");
        assert_eq!(demand.grace(), Nanos::from_secs(20), "a tenth of what is after");
        demand.backlog = None;
        assert_eq!(demand.grace(), Nanos::from_secs(93), "a tenth of the phase");
    }

    #[test]
    fn each_stream_has_its_part_of_the_rate_while_draining() {
        let mut demand = demand(stream(300));
        demand.streams.push(stream(100));
        let check = |asked: &crate::plan::Demand, expected: [Option<u64>; 2]| {
            let got: Vec<Option<u64>> =
                asked.drain_rates().iter().map(|rate| rate.map(crate::units::Rate::get)).collect();
            assert_eq!(got, expected);
        };
        check(&demand, [None, None]);
        demand.backlog = Some(BACKLOG);
        check(&demand, [None, None]);
        demand.backlog = Some(Backlog { drain_rate: Some(rate(40)), ..BACKLOG });
        check(&demand, [Some(30), Some(10)]);
        demand.backlog = Some(Backlog { drain_rate: Some(rate(1)), ..BACKLOG });
        check(&demand, [Some(1), Some(1)]);
    }

    #[test]
    fn a_backlog_is_built_as_fast_as_messages_become_unread() {
        assert_eq!(build_time(1_000, rate(100)), Nanos::from_secs(10));
        assert_eq!(build_time(1_001, rate(100)), Nanos::from_secs(11), "in whole seconds");
        assert_eq!(build_time(u64::MAX, rate(1)), Nanos(u64::MAX), "and no overflow");
    }
}
