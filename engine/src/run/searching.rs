//! A search while its run goes on: complete seconds in, new rates out to the lanes.

use super::prepare::Event;
use super::running::{CLIENT_THREADS, Watch};
use super::warming::ahead;
use crate::host::{ThreadTime, busiest, threads};
use crate::measure::Second;
use crate::plan::Plan;
use crate::search::{Order, Sample, Search, SearchEnd};
use crate::time::{Clock, Schedule};
use crate::units::{NANOS_PER_SECOND, Nanos, Rate, Timestamp};

/// The stream whose rate is searched: a search has one.
pub(super) const STREAM: usize = 0;

/// A search, and what it is fed with.
#[derive(Debug)]
pub(super) struct Searching {
    search: Search,
    /// When the load began: seconds are counted from it.
    start: Timestamp,
    /// Messages due until the end of the newest second.
    due: u64,
    /// What the clients' threads had used, and when.
    threads: (Timestamp, Vec<ThreadTime>),
    /// What is to be done about the newest second.
    order: Option<Order>,
    /// How many of the steps have been told.
    told: usize,
}

impl Searching {
    /// That of a plan which asks for one, its load beginning at `start`.
    pub(super) fn new(plan: &Plan, start: Timestamp) -> Option<Self> {
        let demand = plan.demand.search.clone()?;
        let subscriptions = plan.demand.streams[STREAM].readers();
        Some(Self {
            search: Search::new(demand, subscriptions, plan.demand.phases.measured),
            start,
            due: 0,
            threads: (start, Vec::new()),
            order: None,
            told: 0,
        })
    }

    /// Takes note of a complete second, whose number counts from the start of the load.
    pub(super) fn note(
        &mut self,
        second: &Second,
        backlog: u64,
        schedule: Option<&Schedule>,
        now: Timestamp,
    ) {
        let mut sample = Sample::of(second.number, &second.tally);
        let end = u64::try_from(second.number + 1).unwrap_or(0);
        let end = self.start + Nanos(end.saturating_mul(NANOS_PER_SECOND));
        let due = schedule.map_or(self.due, |schedule| schedule.count_before(end)).max(self.due);
        sample.due = due - self.due;
        self.due = due;
        sample.backlog = backlog;
        let (from, before) = &self.threads;
        let used = threads(CLIENT_THREADS);
        sample.client_thread = busiest((*from, before), (now, &used)).map(|busy| busy.wanted);
        self.threads = (now, used);
        // One at a time: until it is obeyed, the search asks for nothing more.
        self.order = self.search.note(&sample).or(self.order);
    }

    /// What it came to.
    pub(super) fn end(self, is_cut: bool) -> SearchEnd {
        self.search.end(is_cut)
    }

    /// The first whole second of the load that begins at `moment` or later.
    fn second_at(&self, moment: Timestamp) -> (i64, Timestamp) {
        let second = self.start.until(moment).0.div_ceil(NANOS_PER_SECOND);
        let begins = self.start + Nanos(second.saturating_mul(NANOS_PER_SECOND));
        (i64::try_from(second).expect("292 years of seconds"), begins)
    }
}

impl Watch<'_> {
    /// Does what the search wants done. True where the run has one: then nothing else ends its warm-up.
    pub(super) fn conduct(&mut self) -> bool {
        let Some(searching) = &mut self.searching else { return false };
        if let Some(step) =
            searching.search.last_step().filter(|_| searching.told < searching.search.steps())
        {
            searching.told = searching.search.steps();
            self.hooks.event(&Event::Step(step));
        }
        if !self.gaps.is_empty() && searching.order.is_none() {
            // What lost lanes did not tell stays open for ever, and would be the cluster's fault.
            searching.order = searching.search.abandon("a worker was lost while it searched");
        }
        let Some(order) = searching.order.take().filter(|_| self.halted_at.is_none()) else {
            return true;
        };
        let notice = self.ready.crew.notice();
        let now = self.ready.clock.now();
        match order {
            Order::Rate(rate) => {
                let rate = Rate::per_second(rate).expect("a search asks for one at least");
                let (second, moment) = searching.second_at(now + ahead(notice));
                self.ready.signal.change_rate(STREAM, moment, rate);
                searching.search.held_from(second);
                self.hooks.event(&Event::Asking(rate, searching.search.doing()));
            }
            Order::Measure => {
                let measured = self.warming.decide(now, notice);
                let (second, _) = searching.second_at(measured);
                searching.search.held_from(second);
                let length = self.warming.length();
                self.ready.collector.listener().start(measured, length);
                let rate = Rate::per_second(searching.search.rate().max(1));
                self.hooks.event(&Event::Found(rate.expect("it is one at least")));
            }
            Order::GiveUp(reason) => {
                self.hooks.event(&Event::NotFound(reason));
                self.halt();
            }
        }
        true
    }
}
