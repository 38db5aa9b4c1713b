//! Hooks that make OMB's periods of the seconds, before they tell whoever else listens.

use super::periods::Periods;
use engine::plan::Demand;
use engine::run::{Event, Hooks};

/// A run's hooks, and its periods.
#[derive(Debug)]
pub struct Periodic<H> {
    /// Who else listens.
    pub hooks: H,
    /// What was heard so far.
    pub periods: Periods,
}

impl<H> Periodic<H> {
    /// For a run of which nothing was heard yet.
    #[must_use]
    pub fn new(hooks: H, demand: &Demand) -> Self {
        Self { hooks, periods: Periods::new(demand) }
    }
}

impl<H: Hooks> Hooks for Periodic<H> {
    fn event(&mut self, event: &Event<'_>) {
        if let Event::Second(interval, tally) = event {
            self.periods.add(interval, tally);
        }
        self.hooks.event(event);
    }

    fn is_interrupted(&self) -> bool {
        self.hooks.is_interrupted()
    }

    fn is_cut_short(&self) -> bool {
        self.hooks.is_cut_short()
    }
}

#[cfg(test)]
mod tests {
    use super::Periodic;
    use crate::report::fixture;
    use engine::measure::Tally;
    use engine::run::{Event, Hooks, Interval};
    use engine::units::Nanos;

    /// Counts what it hears; wants one of the two ends.
    #[derive(Default)]
    struct Ear {
        heard: usize,
        interrupted: bool,
        cut_short: bool,
    }

    impl Hooks for Ear {
        fn event(&mut self, _: &Event<'_>) {
            self.heard += 1;
        }

        fn is_interrupted(&self) -> bool {
            self.interrupted
        }

        fn is_cut_short(&self) -> bool {
            self.cut_short
        }
    }

    #[test]
    fn seconds_are_heard_and_everything_is_passed_on() {
        let demand = fixture::plan().demand;
        let tally = Tally::new(&demand);
        let mut hooks = Periodic::new(Ear::default(), &demand);
        let second = |second: u32| Interval { second, acked: 7, ..Interval::default() };
        hooks.event(&Event::Joining);
        hooks.event(&Event::Second(&second(0), &tally));
        hooks.event(&Event::Second(&second(1), &tally));
        hooks.event(&Event::Draining);
        assert_eq!(hooks.hooks.heard, 4, "all events");
        let periods = hooks.periods.of_phase(Nanos::from_secs(2));
        assert_eq!(periods.iter().map(|period| period.acked).collect::<Vec<_>>(), [14], "both");
        for (interrupted, cut_short) in [(false, false), (true, false), (false, true)] {
            let ear = Ear { interrupted, cut_short, ..Ear::default() };
            let one = Periodic::new(ear, &demand);
            assert_eq!(
                (one.is_interrupted(), one.is_cut_short()),
                (interrupted, cut_short),
                "what they want"
            );
        }
    }
}
