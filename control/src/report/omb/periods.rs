//! The periods of ten seconds in which OMB shows a run, made of its seconds while it goes on.
//!
//! OMB asks its clients every ten seconds, by the clock, and asks no more when the measured phase is over.
//! So what is acked, fails or is received counts where that happens and not where it was sent, and what
//! comes in the drain, after the phase, is in no period: what all periods have in sum is a little less than
//! the phase brought. The aggregated figures are of everything that was due in the phase, drain and all.
//! Messages of the warm-up are in neither.

use super::figures::Figures;
use crate::report::streams::is_timed;
use engine::measure::{Latency, Tally};
use engine::plan::Demand;
use engine::run::{Ending, Interval, Outcome};
use engine::units::{NANOS_PER_SECOND, Nanos};
use std::collections::BTreeMap;

/// Seconds of a period: written into OMB, and into its charts (`WorkloadGenerator.printAndCollectStats`,
/// `create_charts.py`).
const SECONDS: u32 = 10;

/// The length of a period.
const LENGTH: Nanos = Nanos::from_secs(10);

/// What a period brought, all streams together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Period {
    /// How long it was: ten seconds, or the whole of a shorter phase; zero where nothing was measured.
    pub length: Nanos,
    /// Messages acked.
    pub acked: u64,
    /// Messages given up.
    pub failed: u64,
    /// Messages received, by all subscriptions.
    pub received: u64,
    /// Messages acked × subscriptions − received at its end, the warm-up's included; never below 0.
    pub backlog: u64,
    /// acked − sent.
    pub service: Figures,
    /// sent − due; nothing where nothing has a due time.
    pub send_delay: Figures,
    /// received − sent.
    pub transit: Figures,
}

/// What one second brought, all streams together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SecondCounts {
    /// Which, from the start of the measured phase.
    pub second: u32,
    /// Messages acked.
    pub acked: u64,
    /// Messages given up.
    pub failed: u64,
    /// Messages received, by all subscriptions.
    pub received: u64,
    /// Messages acked × subscriptions − received at its end.
    pub backlog: u64,
}

/// The latencies of one second, of one stream.
#[derive(Clone, Copy, Debug)]
pub struct SecondSpans<'second> {
    /// acked − sent.
    pub service: &'second Latency,
    /// sent − due; `None` where nothing has a due time.
    pub send_delay: Option<&'second Latency>,
    /// received − sent.
    pub transit: &'second Latency,
}

/// Makes periods of seconds. Of those that are over only the figures are kept: about 250 bytes each, while
/// their histograms would be 800 KiB.
#[derive(Debug, Default)]
pub struct Periods {
    /// Of each stream, whether its messages have due times.
    timed: Vec<bool>,
    /// The newest.
    open: Open,
    /// Those before it, by their numbers.
    over: BTreeMap<u32, Period>,
    /// The first one as it stood at the end of each of its seconds: of a run that ends within it, how long
    /// that took is known only after the drain.
    first: BTreeMap<u32, Period>,
}

/// A period that goes on.
#[derive(Debug, Default)]
struct Open {
    number: u32,
    counts: SecondCounts,
    service: Latency,
    send_delay: Latency,
    transit: Latency,
}

impl SecondCounts {
    /// Those of an interval.
    #[must_use]
    pub const fn of(interval: &Interval) -> Self {
        Self {
            second: interval.second,
            acked: interval.acked,
            failed: interval.failed,
            received: interval.consumed,
            backlog: interval.backlog,
        }
    }
}

impl Periods {
    /// Those of a run that was asked for this, of which nothing was heard yet.
    #[must_use]
    pub fn new(demand: &Demand) -> Self {
        Self { timed: demand.streams.iter().map(is_timed).collect(), ..Self::default() }
    }

    /// Adds a second as the engine tells it.
    pub fn add(&mut self, interval: &Interval, tally: &Tally) {
        let streams = self.timed.iter().zip(&tally.streams);
        let spans: Vec<SecondSpans<'_>> = streams
            .map(|(timed, stream)| SecondSpans {
                service: &stream.measured.service,
                send_delay: timed.then_some(&stream.measured.send_delay),
                transit: &stream.measured.transit,
            })
            .collect();
        self.add_second(SecondCounts::of(interval), &spans);
    }

    /// Adds a second: its counts, and the latencies of each stream. Seconds come in their order; one may
    /// come in several parts, and some not at all.
    pub fn add_second(&mut self, counts: SecondCounts, spans: &[SecondSpans<'_>]) {
        let number = counts.second / SECONDS;
        if self.open.number < number {
            self.over.insert(self.open.number, self.open.period());
            self.open.begin(number);
        }
        self.open.add(counts, spans);
        if number == 0 {
            self.first.insert(counts.second, self.open.period());
        }
    }

    /// The periods of a run that is over.
    #[must_use]
    pub fn of(&self, outcome: &Outcome) -> Vec<Period> {
        // A search that gave up has finished without a measured phase.
        let Some(start) = outcome.warmed_up().and(outcome.start) else {
            return self.of_phase(Nanos::ZERO);
        };
        let is_whole = outcome.ending == Ending::Finished;
        let end = if is_whole { start.end } else { start.end.min(outcome.stopped) };
        let length = start.measured.until(end);
        // Acks that come in what is left of the last second are in its period, which lasts until then.
        let second = Nanos(length.0.div_ceil(NANOS_PER_SECOND) * NANOS_PER_SECOND);
        let acked = outcome.tally.streams.iter().filter_map(|of| of.measured.acked.window.last());
        let last = acked.max().map_or(Nanos::ZERO, |last| start.measured.until(last));
        self.of_phase(length.max(last.min(second)))
    }

    /// The periods of a measured phase of this length. The last one is left out where the phase ends within
    /// it, as OMB leaves it out; unless it is the only one, because OMB's charts cannot be made of nothing.
    #[must_use]
    pub fn of_phase(&self, length: Nanos) -> Vec<Period> {
        let whole = u32::try_from(length.0 / LENGTH.0).expect("584 years have fewer periods");
        if whole == 0 {
            return vec![self.shorter(length)];
        }
        let newest = self.open.period();
        let mut backlog = 0;
        let of = |number: u32| {
            let is_newest = number == self.open.number;
            let heard = if is_newest { Some(newest) } else { self.over.get(&number).copied() };
            // Of which nothing was heard, in that nothing happened; not even a backlog went away.
            let silent = Period { length: LENGTH, backlog, ..Period::default() };
            let period = heard.unwrap_or(silent);
            backlog = period.backlog;
            period
        };
        (0..whole).map(of).collect()
    }

    /// The only period of a phase that was shorter than one.
    fn shorter(&self, length: Nanos) -> Period {
        let seconds = u32::try_from(length.0.div_ceil(NANOS_PER_SECOND)).expect("ten at most");
        let last = self.first.range(..seconds).next_back();
        Period { length, ..last.map(|(_, period)| *period).unwrap_or_default() }
    }
}

impl Open {
    /// Forgets the period that is over and keeps the memory.
    fn begin(&mut self, number: u32) {
        let Self { number: mine, counts, service, send_delay, transit } = self;
        (*mine, *counts) = (number, SecondCounts::default());
        [service, send_delay, transit].into_iter().for_each(Latency::clear);
    }

    fn add(&mut self, second: SecondCounts, spans: &[SecondSpans<'_>]) {
        let SecondCounts { second: _, acked, failed, received, backlog } = second;
        self.counts.acked += acked;
        self.counts.failed += failed;
        self.counts.received += received;
        self.counts.backlog = backlog;
        for SecondSpans { service, send_delay, transit } in spans {
            self.service.merge(service);
            if let Some(send_delay) = send_delay {
                self.send_delay.merge(send_delay);
            }
            self.transit.merge(transit);
        }
    }

    /// What it brought so far.
    fn period(&self) -> Period {
        let SecondCounts { second: _, acked, failed, received, backlog } = self.counts;
        Period {
            length: LENGTH,
            acked,
            failed,
            received,
            backlog,
            service: Figures::of(&self.service),
            send_delay: Figures::of(&self.send_delay),
            transit: Figures::of(&self.transit),
        }
    }
}
