//! A cluster as a queue, second by second, for the laws of the search.

use super::lag::{count, whole};
use super::{Order, Sample, Search, SearchEnd};
use crate::plan::SearchDemand;
use crate::units::{Nanos, Rate};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

/// Slices of a second in which the queue moves.
const SLICES: u32 = 50;

/// What the cluster, and this host, can do.
#[derive(Clone, Debug)]
pub(super) struct Model {
    /// Messages per second that it takes.
    pub(super) capacity: f64,
    /// From this second on it takes another number.
    pub(super) changes_to: Option<(i64, f64)>,
    /// How much a slice's capacity differs: a part of it, up and down.
    pub(super) noise: f64,
    /// The chance that a second holds a pause of 0.3 s.
    pub(super) pauses: f64,
    /// What this host can send at most; the rest is late by us.
    pub(super) client: f64,
    /// What readers can read.
    pub(super) readers: f64,
    /// A quota: over how many seconds it is an average.
    pub(super) quota_window: usize,
    /// How many seconds pass from an order until it is obeyed.
    pub(super) notice: i64,
    /// So many seconds come at once.
    pub(super) together: i64,
    /// The run is ended in this second.
    pub(super) cut_at: i64,
    pub(super) seed: u64,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            capacity: 50_000.0,
            changes_to: None,
            noise: 0.0,
            pauses: 0.0,
            client: f64::INFINITY,
            readers: f64::INFINITY,
            quota_window: 0,
            notice: 1,
            together: 1,
            cut_at: i64::MAX,
            seed: 1,
        }
    }
}

/// A search as against a real cluster, with its usual spans.
pub(super) fn demand() -> SearchDemand {
    SearchDemand {
        warmup: Nanos::from_secs(5),
        start: rate(10_000),
        most: rate(9_999_999),
        settle: Nanos::from_secs(12),
        window: Nanos::from_secs(6),
        precision_permille: 15,
        confirmations: 2,
        objectives: Vec::new(),
        bound: Nanos::from_secs(900),
    }
}

pub(super) fn rate(per_second: u64) -> Rate {
    Rate::per_second(per_second).expect("tests ask for a rate above zero")
}

/// The state of the queue.
#[derive(Default)]
struct Queue {
    unsent: f64,
    unanswered: f64,
    unread: f64,
    /// Fractions of messages that are yet to be counted, and what was taken in past seconds.
    rest: f64,
    taken: Vec<f64>,
}

impl Model {
    /// Runs a search to its end; how long it took, and what it said.
    pub(super) fn run(&self, demand: SearchDemand) -> (i64, SearchEnd) {
        let measured = Nanos::from_secs(30);
        let (mut rate, mut rates) = (demand.start.get(), Vec::new());
        let mut search = Search::new(demand, 1, measured);
        let mut draw = SmallRng::seed_from_u64(self.seed);
        let mut queue = Queue::default();
        let mut end = i64::MAX;
        let mut second = 0;
        let mut waiting = Vec::new();
        while second < end.min(self.cut_at) {
            if let Some(index) = rates.iter().position(|(from, _)| *from <= second) {
                (_, rate) = rates.remove(index);
            }
            waiting.push(self.second(second, count(rate), &mut queue, &mut draw));
            second += 1;
            assert!(second < 2_000, "a search ends");
            if second % self.together != 0 {
                continue;
            }
            // The search hears of a second after it is over, and its word takes its time too.
            let from = second + self.notice;
            let orders = waiting.drain(..).filter_map(|sample| search.note(&sample));
            match orders.collect::<Vec<Order>>()[..] {
                [Order::Rate(next)] => {
                    rates.push((from, next));
                    search.held_from(from);
                }
                [Order::Measure] => {
                    search.held_from(from);
                    end = from + 30;
                }
                [Order::GiveUp(_)] => end = second,
                [] => {}
                [..] => unreachable!("until an order is obeyed there is no other"),
            }
        }
        // What came last is handed over when lanes end.
        for sample in waiting {
            search.note(&sample);
        }
        (second, search.end(self.cut_at < end))
    }

    fn second(&self, second: i64, rate: f64, queue: &mut Queue, draw: &mut SmallRng) -> Sample {
        let mut sample = Sample { second, ..Sample::default() };
        let slices = f64::from(SLICES);
        let pause = (draw.random::<f64>() < self.pauses).then(|| draw.random_range(0..35_u32));
        let (mut acked, mut due, mut late) = (0.0, 0.0, 0.0);
        for slice in 0..SLICES {
            due += rate / slices;
            queue.unsent += rate / slices;
            let sent = queue.unsent.min(self.client / slices);
            queue.unsent -= sent;
            if 0.02 * rate < queue.unsent {
                late += sent;
            }
            queue.unanswered += sent;
            let is_paused = pause.is_some_and(|from| (from..from + 15).contains(&slice));
            let able = if is_paused { 0.0 } else { self.able(second, queue, draw) / slices };
            let taken = queue.unanswered.min(able);
            queue.unanswered -= taken;
            acked += taken;
            queue.unread += taken;
            queue.unread -= queue.unread.min(self.readers / slices);
            let wait = (queue.unsent + queue.unanswered) / self.capacity.min(self.client);
            for _ in 0..4 {
                let span = 0.002 * (1.0 + draw.random::<f64>()) + wait;
                sample.publish.record(Some(Nanos(whole(span * 1e9))));
            }
        }
        queue.taken.push(acked);
        sample.acked = whole(acked + queue.rest);
        queue.rest += acked - count(sample.acked);
        sample.due = whole(due.round());
        sample.attempted = sample.acked.max(1);
        sample.late_by_us = whole(late).min(sample.attempted);
        sample.backlog = whole(queue.unread);
        sample
    }

    /// What the cluster takes in this slice, per second.
    fn able(&self, second: i64, queue: &Queue, draw: &mut SmallRng) -> f64 {
        let capacity = match self.changes_to {
            Some((from, other)) if from <= second => other,
            _ => self.capacity,
        };
        let noise = 1.0 + self.noise * (2.0 * draw.random::<f64>() - 1.0);
        if self.quota_window == 0 {
            return capacity * noise;
        }
        // It lets everything pass until the average over its window is reached, and then what keeps it.
        let window = &queue.taken[queue.taken.len().saturating_sub(self.quota_window - 1)..];
        let credit = capacity * f64::from(u32::try_from(self.quota_window).expect("small"));
        (credit - window.iter().sum::<f64>()).max(0.0) * noise
    }
}
