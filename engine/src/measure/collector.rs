//! Takes what lanes hand over, joins it to seconds and totals, and gives cleared tallies back.

use super::listener::{Listener, Said, Teller, channel};
use super::tally::Tally;
use crate::link::Statistics;
use crate::plan::Demand;
use crate::units::{Nanos, Timestamp};
use crossbeam::channel::{Receiver, Sender, TrySendError, bounded, unbounded};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Tallies per lane: one being written, one on its way, one coming back.
const TALLIES: usize = 3;

/// Lanes that may be added in the middle of a run without one having to wait for room.
const MORE_LANES: usize = 64;

/// How long a tally from another host waits for room.
const ROOM_DEADLINE: Nanos = Nanos::from_secs(5);

/// Seconds kept open for lanes that lag; older ones are closed with what has come.
const OPEN_SECONDS: usize = 10;

/// How a lane ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneEnd {
    /// Why it ended early, if it did.
    pub error: Option<String>,
    /// The deadline that struck, in words, if one did.
    pub struck: Option<String>,
}

/// What a lane hands over.
#[derive(Debug)]
pub struct Handover {
    /// Which lane.
    pub lane: usize,
    /// The last second it covers, from the border's origin: the measured phase's start where that is
    /// known from the beginning, else the run's.
    pub second: i64,
    /// What it saw.
    pub tally: Box<Tally>,
    /// Set in a lane's last one.
    pub end: Option<LaneEnd>,
}

/// A lane's end of the channel.
#[derive(Debug)]
pub struct Mailbox {
    lane: usize,
    out: Sender<Handover>,
    spares: Receiver<Box<Tally>>,
    teller: Teller,
}

impl Mailbox {
    /// Sends the tally if an empty one is there to go on with; else leaves it as it is.
    pub(super) fn hand_over(&self, tally: &mut Box<Tally>, second: i64) {
        let Ok(spare) = self.spares.try_recv() else { return };
        let full = std::mem::replace(tally, spare);
        let handover = Handover { lane: self.lane, second, tally: full, end: None };
        if let Err(TrySendError::Full(back) | TrySendError::Disconnected(back)) =
            self.out.try_send(handover)
        {
            // The collector is gone: keep what was measured with this lane.
            tally.merge(&back.tally);
        }
    }

    /// Passes on what a client of the lane said, unread.
    pub(super) fn pass_on(&self, client: usize, at: Timestamp, statistics: Box<dyn Statistics>) {
        self.teller.tell(Said { client: (self.lane, client), at, statistics });
    }

    /// Hands over what a lane of another host did, as it was handed over there; waits for room. `false`
    /// when the run has not taken anything for [`ROOM_DEADLINE`], or is over.
    #[must_use]
    pub fn deliver(&self, tally: Box<Tally>, second: i64, end: Option<LaneEnd>) -> bool {
        // Lanes of other hosts count into tallies of their own: what comes back is not needed.
        while self.spares.try_recv().is_ok() {}
        let handover = Handover { lane: self.lane, second, tally, end };
        self.out.send_timeout(handover, ROOM_DEADLINE.duration()).is_ok()
    }

    /// Sends the last tally.
    pub(super) fn close(&self, tally: Box<Tally>, second: i64, end: LaneEnd) {
        // Nobody is left to tell when the collector is gone.
        let _gone = self.out.send(Handover { lane: self.lane, second, tally, end: Some(end) });
    }
}

/// One second of all lanes.
#[derive(Debug)]
pub struct Second {
    /// Which, from the border's origin.
    pub number: i64,
    /// What all lanes saw in it.
    pub tally: Tally,
}

/// The run's end of the channels.
#[derive(Debug)]
pub struct Collector {
    /// The other end of the inbox, for lanes that are added.
    out: Sender<Handover>,
    teller: Teller,
    inbox: Receiver<Handover>,
    spares: Vec<Sender<Box<Tally>>>,
    lanes: Vec<Tally>,
    ends: Vec<Option<LaneEnd>>,
    /// The last second that each lane has handed over; lanes that have ended do not lag.
    reached: Vec<i64>,
    /// The first and the last second of which each lane has said anything.
    heard: Vec<Option<(i64, i64)>>,
    open: BTreeMap<i64, Tally>,
    /// The last second that was given out as complete.
    closed: i64,
    empty: Tally,
    /// A second before anything came.
    blank: Tally,
    listener: Listener,
}

/// Makes the mailboxes of so many lanes, a tally to begin with for each, and the collector.
#[must_use]
pub fn mailboxes(demand: &Demand, lanes: usize) -> (Vec<(Mailbox, Box<Tally>)>, Collector) {
    let (out, inbox) = bounded((lanes + MORE_LANES) * TALLIES);
    let (teller, listener) = channel(lanes);
    let mut collector = Collector {
        out,
        teller,
        inbox,
        spares: Vec::with_capacity(lanes),
        lanes: Vec::with_capacity(lanes),
        ends: Vec::with_capacity(lanes),
        reached: Vec::with_capacity(lanes),
        heard: Vec::with_capacity(lanes),
        open: BTreeMap::new(),
        closed: i64::MIN,
        empty: Tally::new(demand),
        blank: Tally::of_a_second(demand),
        listener,
    };
    let boxes = (0..lanes).map(|_| collector.add(i64::MIN)).collect();
    (boxes, collector)
}

impl Collector {
    /// Adds a lane that has handed over everything up to a second.
    fn add(&mut self, reached: i64) -> (Mailbox, Box<Tally>) {
        // Unbounded in form only: no more than the lane's own tallies are ever in it.
        let (back, returned) = unbounded();
        for _ in 1..TALLIES {
            back.send(Box::new(self.empty.clone())).expect("its receiver is in hand");
        }
        let lane = self.lanes.len();
        self.spares.push(back);
        self.lanes.push(self.empty.clone());
        self.ends.push(None);
        self.reached.push(reached);
        self.heard.push(None);
        let (out, teller) = (self.out.clone(), self.teller.clone());
        (Mailbox { lane, out, spares: returned, teller }, Box::new(self.empty.clone()))
    }

    /// Adds a lane in the middle of a run: no second waits for it before its first.
    pub fn grow(&mut self) -> (Mailbox, Box<Tally>) {
        self.add(i64::MAX)
    }

    /// Waits for nothing more of a lane that was lost.
    pub fn bury(&mut self, lane: usize) {
        self.reached[lane] = i64::MAX;
    }

    /// Waits up to `span` for a handover and returns it as it is, merged with nothing: for a host
    /// whose tallies are merged elsewhere.
    pub fn pass_on(&mut self, span: Nanos) -> Option<Handover> {
        let handover = self.inbox.recv_timeout(span.duration()).ok()?;
        if handover.end.is_some() {
            self.ends[handover.lane].clone_from(&handover.end);
        }
        Some(handover)
    }

    /// Gives a tally that was passed on back to its lane.
    pub fn give_back(&self, handover: Handover) {
        let Handover { lane, mut tally, end, .. } = handover;
        if end.is_none() {
            tally.clear();
            // A lane that has ended meanwhile needs no tally.
            let _ended = self.spares[lane].send(tally);
        }
    }

    /// Waits up to `span` for a handover and joins it in. Returns the seconds that are complete.
    pub fn collect(&mut self, span: Nanos) -> Vec<Second> {
        // A wait spins and yields before it sees that its time is up, also one of no time at all.
        let handover = match span {
            Nanos::ZERO => self.inbox.try_recv().ok(),
            span => self.inbox.recv_timeout(span.duration()).ok(),
        };
        if let Some(handover) = handover {
            self.take(handover);
        }
        self.complete_seconds()
    }

    /// Whether a handover waits to be collected.
    #[must_use]
    pub fn has_mail(&self) -> bool {
        !self.inbox.is_empty()
    }

    fn take(&mut self, handover: Handover) {
        let Handover { lane, second, mut tally, end } = handover;
        self.lanes[lane].merge(&tally);
        // No second is given out twice: what comes after its own was closed is counted in the oldest
        // that can still be open, so that the sum stays exact.
        let number = second.max(self.closed.saturating_add(1));
        let open = self.open.entry(number).or_insert_with(|| self.blank.clone());
        open.merge(&tally);
        self.reached[lane] = if end.is_some() { i64::MAX } else { second };
        let first = self.heard[lane].map_or(second, |(first, _)| first);
        self.heard[lane] = Some((first, second));
        if end.is_some() {
            self.ends[lane] = end;
            return;
        }
        // The collector clears, not the lane: 1.3 MB of memset is a hiccup of 50–100 µs.
        tally.clear();
        // A lane that has ended meanwhile needs no tally.
        let _ended = self.spares[lane].send(tally);
    }

    fn complete_seconds(&mut self) -> Vec<Second> {
        let reached = self.reached.iter().copied().min().unwrap_or(i64::MAX);
        let mut complete = Vec::new();
        while let Some((first, _)) = self.open.first_key_value() {
            if reached < *first && self.open.len() <= OPEN_SECONDS {
                break;
            }
            let (number, tally) = self.open.pop_first().expect("there is a first one");
            self.closed = number;
            complete.push(Second { number, tally });
        }
        complete
    }

    /// The seconds that are still open, closed with what has come: for the end of a run, when nothing more is
    /// waited for.
    pub fn flush(&mut self) -> Vec<Second> {
        let open = std::mem::take(&mut self.open);
        let close = |(number, tally)| {
            self.closed = number;
            Second { number, tally }
        };
        open.into_iter().map(close).collect()
    }

    /// Who listens to what clients say of themselves.
    pub const fn listener(&mut self) -> &mut Listener {
        &mut self.listener
    }

    /// What a lane has handed over so far.
    #[must_use]
    pub fn lane(&self, lane: usize) -> &Tally {
        &self.lanes[lane]
    }

    /// The first and the last second of which a lane has said anything.
    #[must_use]
    pub fn heard(&self, lane: usize) -> Option<(i64, i64)> {
        self.heard[lane]
    }

    /// How a lane ended; `None` while it runs.
    #[must_use]
    pub fn end(&self, lane: usize) -> Option<&LaneEnd> {
        self.ends[lane].as_ref()
    }

    /// Whether all of these lanes have ended.
    pub fn have_ended(&self, lanes: impl IntoIterator<Item = usize>) -> bool {
        lanes.into_iter().all(|lane| self.ends[lane].is_some())
    }

    /// Everything so far, merged over lanes.
    #[must_use]
    pub fn total(&self) -> Tally {
        let mut total = self.empty.clone();
        self.lanes.iter().for_each(|lane| total.merge(lane));
        total
    }

    /// Each lane's own total, and how it ended.
    #[must_use]
    pub fn into_lanes(self) -> Vec<(Tally, Option<LaneEnd>)> {
        self.lanes.into_iter().zip(self.ends).collect()
    }
}
