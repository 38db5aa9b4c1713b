//! A catch-up as the run thread sees it: what is there, how far groups have come, and when that is enough.

use super::drain::reached;
use super::prepare::Ready;
use super::running::{LOOK_EVERY, Watch};
use crate::error::RunError;
use crate::lane::{Board, Stage};
use crate::link::{Assigned, Log, Topics};
use crate::measure::{CatchUpEnd, CatchUpSeen};
use crate::plan::{Demand, Plan, Role, Route, StreamDemand, TopicPlan};
use crate::time::Clock;
use crate::units::{Nanos, Timestamp};
use std::collections::HashMap;

/// What the topics of a catch-up hold when the run begins.
#[derive(Debug)]
pub(super) struct Stock {
    /// By stream, topic and partition; no partition where consumers begin at the end.
    logs: Vec<Vec<Vec<Log>>>,
    /// Whether consumers begin at the end: what they are to read is still to come, for as long as asked.
    is_open: bool,
}

/// How far the groups have come, all of them added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Come {
    /// Offsets from the first to the end of each partition.
    pub(super) offsets: u64,
    /// Of these, those that have not been passed.
    pub(super) left: u64,
    /// The sum of all positions: as long as it grows, something is being read.
    pub(super) read: i64,
}

impl Stock {
    /// Asks what there is; nothing of a run that sends.
    ///
    /// # Errors
    /// When the cluster does not say.
    pub(super) fn of(demand: &Demand, topics: &dyn Topics) -> Result<Option<Self>, RunError> {
        if !demand.is_catch_up() {
            return Ok(None);
        }
        let is_open = demand.clients.start_at_the_end();
        let of_topic = |topic: &TopicPlan| {
            if is_open {
                return Ok(Vec::new());
            }
            topics.logs(&topic.name, topic.partitions, demand.deadlines.reach)
        };
        let of_stream = |stream: &StreamDemand| {
            stream.topics.iter().map(of_topic).collect::<Result<Vec<Vec<Log>>, RunError>>()
        };
        let logs = demand.streams.iter().map(of_stream).collect::<Result<Vec<_>, RunError>>()?;
        Ok(Some(Self { logs, is_open }))
    }

    /// How far the groups have come by what the board says.
    pub(super) fn look(&self, plan: &Plan, board: &Board) -> Come {
        let mut come = Come::default();
        for (group, next) in plan.groups.iter().zip(&reached(plan, board)) {
            for route in group.routes() {
                let topic = usize::try_from(route.0).expect("topics fit in memory");
                come.add(&self.logs[group.stream][topic], route, next);
            }
            come.read += next.values().sum::<i64>();
        }
        come
    }

    /// Why that is enough, if it is; `end` is when the time is over.
    fn is_enough(&self, come: &Come, (now, end): (Timestamp, Timestamp)) -> Option<CatchUpEnd> {
        if !self.is_open && come.left == 0 {
            return Some(CatchUpEnd::AllRead);
        }
        (end <= now).then_some(CatchUpEnd::TimeOver)
    }
}

impl Come {
    /// Adds a topic's partitions, where a group has come so far.
    fn add(&mut self, logs: &[Log], route: Route, next: &HashMap<Assigned, i64>) {
        for (partition, log) in (0_i32..).zip(logs) {
            let next = next.get(&Assigned { route, partition }).copied().unwrap_or(log.first);
            self.offsets += offsets(log.first, log.end);
            self.left += offsets(next.max(log.first), log.end);
        }
    }
}

/// How many offsets there are from one to another, which is not one of them.
fn offsets(from: i64, to: i64) -> u64 {
    u64::try_from(to.saturating_sub(from)).unwrap_or(0)
}

impl Watch<'_> {
    /// Lets the lanes read until that is enough, or nothing comes any more. Returns the deadline that
    /// struck, if one did, and whether each group has read what it should.
    pub(super) fn catch_up(&mut self) -> (Vec<String>, Vec<bool>) {
        // From here on consumers say how far they are.
        self.ready.signal.advance(Stage::Draining);
        let mut come = self.come();
        self.owed = come.offsets;
        let mut struck = Vec::new();
        let began = self.ready.clock.now();
        let (mut moved_at, mut looked) = (began, began);
        let end = loop {
            self.turn();
            let now = self.ready.clock.now();
            self.begin_to_measure(now);
            if looked + LOOK_EVERY <= now {
                looked = now;
                self.look_at_threads(now);
            }
            let seen = self.come();
            if seen.read != come.read {
                moved_at = now;
            }
            come = seen;
            if let Some(end) = self.is_enough(&come, now) {
                break end;
            }
            if let Some(words) = self.silent(&come, now.since(moved_at).unwrap_or_default()) {
                struck.push(words);
                break CatchUpEnd::Broken;
            }
        };
        self.stopped = Some(self.ready.clock.now());
        self.caught_up = Some(CatchUpSeen { offsets: come.offsets, left: come.left, end });
        (struck, vec![end != CatchUpEnd::Broken; self.ready.plan.groups.len()])
    }

    fn come(&self) -> Come {
        let Ready { plan, board, stock, .. } = &self.ready;
        stock.as_ref().map_or_else(Come::default, |stock| stock.look(plan, board))
    }

    /// Why the run ends, if it does.
    fn is_enough(&self, come: &Come, now: Timestamp) -> Option<CatchUpEnd> {
        if self.halted_at.is_some() || self.have_ended(&self.lanes_of(Role::Consumer)) {
            return Some(CatchUpEnd::Broken);
        }
        if self.has_enough() {
            return Some(CatchUpEnd::Enough);
        }
        // What was passed before the measured phase began would be in no figure of it.
        if now < self.warming.measured() {
            return None;
        }
        self.ready.stock.as_ref()?.is_enough(come, (now, self.end()))
    }

    /// Whether every lane that reads has read as much as it was to.
    fn has_enough(&self) -> bool {
        let lanes = self.lanes_of(Role::Consumer);
        lanes.iter().all(|lane| self.ready.board.slot(*lane).has_enough)
    }

    /// The deadline that has struck, in words, if one has.
    fn silent(&self, come: &Come, quiet: Nanos) -> Option<String> {
        let demand = &self.ready.plan.demand;
        let allowed = demand.deadlines.quiet;
        // What is still to come may take its time, unless so many messages are waited for.
        let is_closed = self.ready.stock.as_ref().is_some_and(|stock| !stock.is_open);
        let is_awaited = is_closed || demand.messages.is_some();
        (is_awaited && allowed <= quiet).then(|| {
            format!(
                "consumers: nothing came for {allowed}, {} of {} offsets not read",
                come.left, come.offsets
            )
        })
    }

    /// The measured phase of a catch-up ends with its last message, unless it took all its time: told when
    /// all lanes have handed over.
    pub(super) fn end_with_the_last_read(&self) {
        let is_shorter = |seen: CatchUpSeen| seen.end != CatchUpEnd::TimeOver;
        if !self.caught_up.is_some_and(is_shorter) {
            return;
        }
        let tally = self.ready.collector.total();
        let consumed = tally.streams.iter().flat_map(|of| &of.measured.consumed);
        let last = consumed.filter_map(|of| of.window.last()).max();
        // Where nothing came it ends when that was seen.
        if let Some(end) = last.map(|last| last + Nanos(1)).or(self.stopped) {
            self.ready.signal.end_at(end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Come, Stock};
    use crate::error::RunError;
    use crate::lane::{Board, MemberState};
    use crate::link::{Assigned, Log, Moved, TopicSpec, Topics};
    use crate::measure::CatchUpEnd;
    use crate::plan::samples::{plan, stream, topics};
    use crate::plan::{ClientCount, Plan, Route, StreamDemand};
    use crate::units::{Nanos, Timestamp};

    /// A topic of which three partitions hold something: from which offset, to which.
    struct Held([(i64, i64); 3]);

    impl Topics for Held {
        fn create(
            &self,
            _topics: &[TopicSpec],
            _deadline: Nanos,
            _progress: &mut dyn FnMut(usize),
        ) -> Result<Vec<String>, (RunError, Vec<String>)> {
            Ok(Vec::new())
        }

        fn logs(&self, _: &str, _: u32, _: Nanos) -> Result<Vec<Log>, RunError> {
            Ok(self.0.iter().map(|(first, end)| Log { first: *first, end: *end }).collect())
        }
    }

    /// Two groups read a topic of three partitions to which nobody sends.
    fn read_only() -> Plan {
        let stream = StreamDemand {
            topics: topics(1, 3),
            producers_per_topic: 0,
            subscriptions: 2,
            ..stream(1)
        };
        plan(stream, ClientCount::Number(1))
    }

    fn stock(plan: &Plan, held: [(i64, i64); 3]) -> Stock {
        Stock::of(&plan.demand, &Held(held)).expect("it answers").expect("nobody sends")
    }

    /// How far the groups have come, each by the next offset of some partitions.
    fn come(plan: &Plan, stock: &Stock, groups: &[&[(i32, i64)]]) -> Come {
        let board = Board::new(plan.lanes.len());
        let moved = |(partition, next): &(i32, i64)| Moved {
            at: Assigned { route: Route(0), partition: *partition },
            next: *next,
        };
        let member = |(group, next): (usize, &&[(i32, i64)])| MemberState {
            group,
            position: next.iter().map(moved).collect(),
            ..MemberState::default()
        };
        board.slot(0).members = groups.iter().enumerate().map(member).collect();
        stock.look(plan, &board)
    }

    #[test]
    fn what_is_there_is_counted_from_the_first_offset_for_every_group() {
        let plan = read_only();
        let stock = stock(&plan, [(10, 30), (5, 5), (0, 8)]);
        let check = |groups: &[&[(i32, i64)]], left: u64| {
            let seen = come(&plan, &stock, groups);
            assert_eq!((seen.offsets, seen.left), (56, left), "{groups:?}");
        };
        check(&[], 56);
        check(&[&[(0, 11)], &[]], 55);
        check(&[&[(0, 3)], &[]], 56);
        check(&[&[(0, 30), (2, 8)], &[(0, 25)]], 13);
        // What came later is nobody's to read, and the end of an empty partition is none to reach.
        check(&[&[(0, 99), (2, 8)], &[(0, 30), (1, 7), (2, 9)]], 0);
    }

    #[test]
    fn it_is_enough_when_all_is_read_or_the_time_is_over() {
        let mut plan = read_only();
        let now = Timestamp::from_nanos(5_000);
        let (later, over) = (now + Nanos(1), now);
        let some = Come { offsets: 8, left: 1, read: 7 };
        let all = Come { left: 0, ..some };
        let closed = stock(&plan, [(0, 2), (0, 2), (0, 0)]);
        assert_eq!(closed.is_enough(&some, (now, later)), None, "one is left");
        assert_eq!(closed.is_enough(&some, (now, over)), Some(CatchUpEnd::TimeOver));
        assert_eq!(closed.is_enough(&all, (now, later)), Some(CatchUpEnd::AllRead));

        let reset = ("auto.offset.reset".to_owned(), "latest".to_owned());
        plan.demand.clients.consumer.push(reset);
        let open = stock(&plan, [(0, 2), (0, 2), (0, 0)]);
        let nothing = come(&plan, &open, &[&[(0, 2)]]);
        assert_eq!((nothing.offsets, nothing.left), (0, 0), "what is there is not asked for");
        assert_eq!(open.is_enough(&nothing, (now, later)), None, "what comes is");
        assert_eq!(open.is_enough(&nothing, (now, over)), Some(CatchUpEnd::TimeOver));
    }

    #[test]
    fn of_a_run_that_sends_nobody_asks_what_is_there() {
        let sends = plan(stream(1), ClientCount::Shared);
        let asked = Stock::of(&sends.demand, &Held([(0, 1); 3])).expect("nobody is asked");
        assert!(asked.is_none(), "{asked:?}");
    }
}
