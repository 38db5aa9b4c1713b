//! Reads what clients say of themselves, away from the lanes, and joins it to seconds and to a whole.

use super::client_tally::{ClientStats, ClientTallies, ClientTally, Weighed};
use crate::link::{BrokerSample, ClientSample, Counters, Mean, Statistics};
use crate::units::{NANOS_PER_SECOND, Nanos, Timestamp};
use crossbeam::channel::{Receiver, Sender, TrySendError, bounded};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Statistics on their way, for each lane: those of four clients that speak at the same moment, or of
/// one client for as many of its intervals.
const ROOM: usize = 4;

/// Room at least: clients outnumber lanes where each logical producer has one.
const ROOM_LEAST: usize = 64;

/// A client of a lane, by the numbers of both.
pub(super) type ClientId = (usize, usize);

/// What a client said, unread.
#[derive(Debug)]
pub(super) struct Said {
    /// Which client.
    pub client: ClientId,
    /// When its lane heard it.
    pub at: Timestamp,
    /// What it said.
    pub statistics: Box<dyn Statistics>,
}

/// A lane's end of the channel.
#[derive(Clone, Debug)]
pub(super) struct Teller {
    out: Sender<Said>,
    dropped: Arc<AtomicU64>,
}

impl Teller {
    /// Passes it on if there is room; else counts it. Never waits.
    pub(super) fn tell(&self, said: Said) {
        match self.out.try_send(said) {
            // The run is over when nobody is there to listen.
            Ok(()) | Err(TrySendError::Disconnected(_)) => {}
            Err(TrySendError::Full(_)) => {
                // Relaxed: a count that orders nothing.
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// The run's end of the channel.
#[derive(Debug)]
pub struct Listener {
    inbox: Receiver<Said>,
    dropped: Arc<AtomicU64>,
    phases: Option<Measuring>,
    clients: BTreeMap<ClientId, Known>,
    seconds: BTreeMap<i64, ClientTallies>,
    stats: ClientStats,
    /// Whether clients of other hosts are among them.
    others: bool,
}

/// When the measured phase began, and whether there was load before it.
#[derive(Clone, Copy, Debug)]
struct Measuring {
    from: Timestamp,
    after_warmup: bool,
}

/// What a client has said before.
#[derive(Debug, Default)]
struct Known {
    before: Option<(Timestamp, Counters)>,
    /// The most messages that it had sent again so far.
    resent: u64,
    unanswered: BTreeMap<String, Unanswered>,
}

/// Messages that went to a broker and wait for the window in which its answers come.
#[derive(Clone, Copy, Debug, Default)]
struct Unanswered {
    queue_wait: Mean,
    transmit_wait: Mean,
}

/// Both ends of the channel, for so many lanes.
pub(super) fn channel(lanes: usize) -> (Teller, Listener) {
    let (out, inbox) = bounded((lanes * ROOM).max(ROOM_LEAST));
    let dropped = Arc::<AtomicU64>::default();
    let listener = Listener {
        inbox,
        dropped: Arc::clone(&dropped),
        phases: None,
        clients: BTreeMap::new(),
        seconds: BTreeMap::new(),
        stats: ClientStats::default(),
        others: false,
    };
    (Teller { out, dropped }, listener)
}

impl Listener {
    /// The measured phase begins at this moment, or will; said again when it begins earlier. What was
    /// heard before tells only where counters stood.
    pub const fn start(&mut self, measured: Timestamp, warmup: Nanos) {
        self.phases = Some(Measuring { from: measured, after_warmup: warmup.0 != 0 });
    }

    /// Reads what has come.
    pub fn hear(&mut self) {
        for _ in 0..self.inbox.capacity().unwrap_or(ROOM_LEAST) {
            let Ok(said) = self.inbox.try_recv() else { return };
            match said.statistics.read() {
                Ok(sample) => self.take(said.client, said.at, &sample),
                Err(words) => {
                    self.stats.unreadable += 1;
                    self.stats.complaint.get_or_insert(words);
                }
            }
        }
    }

    fn take(&mut self, client: ClientId, at: Timestamp, sample: &ClientSample) {
        let known = self.clients.entry(client).or_default();
        let began = known.before.map(|(before, _)| before);
        let window = known.take(at, sample);
        let Some(second) = self.phases.and_then(|phases| phases.second(began, at)) else { return };
        self.stats.measured.of(sample.role).merge(&window);
        self.seconds.entry(second).or_default().of(sample.role).merge(&window);
    }

    /// Adds what clients said on another host.
    pub fn absorb(&mut self, (stats, seconds): &(ClientStats, BTreeMap<i64, ClientTallies>)) {
        self.others = true;
        self.stats.merge(stats);
        for (second, said) in seconds {
            self.seconds.entry(*second).or_default().merge(said);
        }
    }

    /// What was said in all and by second, for another host to absorb; nothing where none ever spoke.
    #[must_use]
    pub fn take_all(&mut self) -> Option<(ClientStats, BTreeMap<i64, ClientTallies>)> {
        Some((self.stats()?, std::mem::take(&mut self.seconds)))
    }

    /// What was said of a second of the measured phase; given out once.
    pub fn take_second(&mut self, second: u32) -> Option<ClientTallies> {
        self.seconds.remove(&i64::from(second))
    }

    /// What was said of the measured phase; `None` when no client ever spoke.
    #[must_use]
    pub fn stats(&self) -> Option<ClientStats> {
        let mut stats = self.stats.clone();
        stats.dropped += self.dropped.load(Ordering::Relaxed);
        (self.others || !self.clients.is_empty() || 0 < stats.dropped + stats.unreadable)
            .then_some(stats)
    }
}

impl Measuring {
    /// The second that a window of time belongs to: the one in which its middle lies. None for what
    /// ended before the measured phase, and for what began in a warm-up: it speaks of both.
    fn second(self, began: Option<Timestamp>, ended: Timestamp) -> Option<i64> {
        let is_mixed = self.after_warmup && began.is_none_or(|began| began < self.from);
        if ended <= self.from || is_mixed {
            return None;
        }
        // Without a warm-up nothing was sent before the phase began, so the window speaks of it alone.
        let began = began.unwrap_or(self.from).max(self.from);
        let middle = began + Nanos(began.until(ended).0 / 2);
        i64::try_from(self.from.until(middle).0 / NANOS_PER_SECOND).ok()
    }
}

impl Known {
    /// What a client did since it last spoke. Connections that are there when it first speaks were
    /// made on the way to the start line: they count as none.
    fn take(&mut self, at: Timestamp, sample: &ClientSample) -> ClientTally {
        let counters = sample.counters;
        let before = self.before.map_or(
            Counters {
                connects: counters.connects,
                disconnects: counters.disconnects,
                ..Counters::default()
            },
            |(_, before)| before,
        );
        self.before = Some((at, counters));
        let resent = counters.handed_over.saturating_sub(counters.taken);
        let more = resent.saturating_sub(self.resent);
        self.resent = self.resent.max(resent);
        let mut weighed = Weighed::default();
        for broker in &sample.brokers {
            weighed.merge(&self.weigh(broker));
        }
        ClientTally::of(sample, counters.since(&before), more, weighed)
    }

    /// Messages count in the window in which answers came from where they went: in a stall that is a
    /// later one, and its round trips are theirs.
    fn weigh(&mut self, broker: &BrokerSample) -> Weighed {
        let waits = self.unanswered.entry(broker.name.clone()).or_default();
        waits.queue_wait.merge(&broker.queue_wait);
        waits.transmit_wait.merge(&broker.transmit_wait);
        let messages = waits.queue_wait.count;
        let nanos = |micros: u64| u128::from(micros) * 1_000;
        let by_message = |wait: &Mean| {
            let all = nanos(wait.sum) * u128::from(messages);
            all.checked_div(u128::from(wait.count))
        };
        if messages == 0 {
            // What is written without messages is no wait of theirs.
            *waits = Unanswered::default();
            return Weighed::default();
        }
        let waited = by_message(&waits.transmit_wait).zip(by_message(&broker.round_trip));
        let Some((transmit_wait, round_trip)) = waited else { return Weighed::default() };
        let queue_wait = nanos(waits.queue_wait.sum);
        *waits = Unanswered::default();
        Weighed { messages, queue_wait, transmit_wait, round_trip }
    }
}
