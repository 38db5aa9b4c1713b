//! A link of known capacity: what another takes, but at most so many acks a second in all.
//!
//! It is for known answers: a search against it must find the number that was put in. A token bucket
//! is shared by all outlets; who finds it empty gets no acks, and is full as soon as its client is.

use super::{Denied, End, Message, Offer, Outlet, OutletSink, OutletSpec, Target, Topics};
use crate::error::RunError;
use crate::time::Clock;
use crate::units::{NANOS_PER_SECOND, Nanos, Rate, Timestamp};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use std::sync::{Arc, Mutex};

/// How long the capacity of a noisy link stays the same: it is drawn anew for each slot.
pub const SLOT: Nanos = Nanos::from_millis(10);

/// What a link takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Acks per second of all outlets together, on average.
    pub rate: Rate,
    /// For how long an unused capacity is kept: 20 ms bridge the sleeps of lanes that share a core, and
    /// let 2 % of a second's acks pass at once after a pause.
    pub burst: Nanos,
    /// How far a slot's capacity lies off the rate at most, up and down, evenly drawn: thousandths of
    /// the rate, 0 to 1000.
    pub noise_permille: u64,
    /// Where the slots' draws begin.
    pub seed: u64,
    /// So long after the first message another rate applies.
    pub changes: Option<(Nanos, Rate)>,
}

impl Capacity {
    /// An even one.
    #[must_use]
    pub const fn even(rate: Rate) -> Self {
        let burst = Nanos::from_millis(20);
        Self { rate, burst, noise_permille: 0, seed: 0, changes: None }
    }
}

/// A target that takes at most a capacity.
#[derive(Debug)]
pub struct Throttled<T> {
    inner: T,
    bucket: Arc<Mutex<Bucket>>,
}

impl<T: Target> Throttled<T> {
    /// `inner`, slowed down to `capacity`.
    ///
    /// # Panics
    /// When the noise is more than the rate itself.
    #[must_use]
    pub fn new(inner: T, capacity: Capacity) -> Self {
        assert!(
            capacity.noise_permille <= 1_000,
            "a slot's capacity is not negative: {capacity:?}"
        );
        Self { inner, bucket: Arc::new(Mutex::new(Bucket::new(capacity))) }
    }
}

impl<T: Target> Target for Throttled<T> {
    type Outlet = ThrottledOutlet<T::Outlet>;
    type Inlet = T::Inlet;

    const SETTLE: Nanos = T::SETTLE;

    fn topics(&self) -> Arc<dyn Topics> {
        self.inner.topics()
    }

    fn outlet(&self, spec: &OutletSpec<'_>) -> Result<Self::Outlet, RunError> {
        let inner = self.inner.outlet(spec)?;
        Ok(ThrottledOutlet { inner, bucket: Arc::clone(&self.bucket) })
    }

    fn inlet(&self, spec: &super::InletSpec<'_>) -> Result<Self::Inlet, RunError> {
        self.inner.inlet(spec)
    }

    fn warm(&self, outlet: &mut Self::Outlet, deadline: Nanos) {
        self.inner.warm(&mut outlet.inner, deadline);
    }
}

/// An outlet whose acks come as the bucket lets them.
#[derive(Debug)]
pub struct ThrottledOutlet<O> {
    inner: O,
    bucket: Arc<Mutex<Bucket>>,
}

impl<O: Outlet> Outlet for ThrottledOutlet<O> {
    fn offer(&mut self, message: &Message<'_>) -> Offer {
        self.inner.offer(message)
    }

    fn poll(&mut self, clock: &impl Clock, limit: usize, sink: &mut impl OutletSink) -> bool {
        let waiting = usize::try_from(self.inner.in_flight()).unwrap_or(usize::MAX);
        let wanted = waiting.min(limit);
        if wanted == 0 {
            return false;
        }
        let granted = {
            let mut bucket = self.bucket.lock().expect("nobody panics with the bucket in hand");
            bucket.take(clock.now(), wanted)
        };
        // Who was granted less has to wait, and need not look again at once.
        0 < granted && self.inner.poll(clock, granted, sink) && granted == wanted
    }

    fn in_flight(&self) -> u64 {
        self.inner.in_flight()
    }

    fn purge(&mut self) {
        self.inner.purge();
    }

    fn begin(&mut self) -> Result<(), Denied> {
        self.inner.begin()
    }

    fn end(&mut self, how: End, within: Nanos) -> Result<(), Denied> {
        self.inner.end(how, within)
    }

    fn last_words(&self) -> Option<&str> {
        self.inner.last_words()
    }
}

/// Acks that may be given, in parts of a thousandth of a billionth: exact for every rate and noise.
#[derive(Debug)]
struct Bucket {
    capacity: Capacity,
    draw: SmallRng,
    held: u128,
    /// When the first message waited, and until when the bucket was filled.
    begun: Option<Timestamp>,
    filled: Timestamp,
    /// Until when the present slot lasts, and what it brings, in thousandths of the rate.
    slot_end: Timestamp,
    share_permille: u64,
}

/// One ack in the bucket.
const ACK: u128 = 1_000 * NANOS_PER_SECOND as u128;

impl Bucket {
    fn new(capacity: Capacity) -> Self {
        Self {
            capacity,
            draw: SmallRng::seed_from_u64(capacity.seed),
            held: 0,
            begun: None,
            filled: Timestamp::from_nanos(0),
            slot_end: Timestamp::from_nanos(0),
            share_permille: 1_000,
        }
    }

    /// Takes so many acks, or as many as there are.
    fn take(&mut self, now: Timestamp, wanted: usize) -> usize {
        self.fill(now);
        let there = usize::try_from(self.held / ACK).unwrap_or(usize::MAX);
        let granted = there.min(wanted);
        self.held -= u128::try_from(granted).expect("a count fits in 128 bits") * ACK;
        granted
    }

    /// Puts in what came since it was filled last, slot by slot.
    fn fill(&mut self, now: Timestamp) {
        if self.begun.is_none() {
            self.begun = Some(now);
            self.filled = now;
            self.slot_end = now;
        }
        while self.filled < now {
            if self.slot_end <= self.filled {
                let noise = self.capacity.noise_permille;
                self.share_permille = 1_000 - noise + self.draw.random_range(0..=2 * noise);
                self.slot_end = self.filled + SLOT;
            }
            let until = self.slot_end.min(now);
            let rate = self.rate(self.filled).get();
            let more = u128::from(rate) * u128::from(self.share_permille);
            let held = self.held + more * u128::from(self.filled.until(until).0);
            // What nobody took in time is lost, as that of a broker that had nothing to do.
            let most = u128::from(rate) * 1_000 * u128::from(self.capacity.burst.0);
            self.held = held.min(most.max(ACK));
            self.filled = until;
        }
    }

    /// The rate in the slot that begins at `moment` or holds it.
    fn rate(&self, moment: Timestamp) -> Rate {
        let since = self.begun.map_or(Nanos::ZERO, |begun| begun.until(moment));
        match self.capacity.changes {
            Some((after, other)) if after <= since => other,
            _ => self.capacity.rate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Bucket, Capacity, SLOT};
    use crate::units::{Nanos, Rate, Timestamp};

    const START: Timestamp = Timestamp::from_nanos(7_000_000_123);

    fn rate(per_second: u64) -> Rate {
        Rate::per_second(per_second).expect("it is above zero")
    }

    /// What is taken by someone who asks every `every` for all there is, until `millis` after the start.
    fn taken(capacity: Capacity, every: Nanos, millis: u64) -> usize {
        let mut bucket = Bucket::new(capacity);
        let (mut now, mut taken) = (START, 0);
        while now <= START + Nanos::from_millis(millis) {
            taken += bucket.take(now, usize::MAX);
            now = now + every;
        }
        taken
    }

    #[test]
    fn as_much_is_taken_as_the_capacity_is_however_often_one_asks() {
        for per_second in [1, 700, 19_997] {
            for micros in [100, 5_000, 10_000] {
                let all = taken(Capacity::even(rate(per_second)), Nanos(micros * 1_000), 10_000);
                assert_eq!(u64::try_from(all), Ok(per_second * 10), "every {micros} us");
            }
        }
    }

    #[test]
    fn what_nobody_takes_is_kept_for_a_burst_and_lost_after() {
        let mut bucket = Bucket::new(Capacity::even(rate(10_000)));
        assert_eq!(bucket.take(START, 9), 0, "it begins empty");
        let later = START + Nanos::from_secs(3);
        assert_eq!(bucket.take(later, usize::MAX), 200, "20 ms of it");
        assert_eq!(bucket.take(later, usize::MAX), 0, "once");
        assert_eq!(bucket.take(later + Nanos::from_millis(1), 4), 4, "as much as is wanted");
        assert_eq!(bucket.take(later + Nanos::from_millis(1), 40), 6, "and what is left of it");
    }

    #[test]
    fn noise_moves_slots_and_hardly_the_mean() {
        let mut sums = Vec::new();
        for seed in [1, 2] {
            let even = Capacity::even(rate(20_000));
            let noisy = Capacity { noise_permille: 300, seed, ..even };
            let mut bucket = Bucket::new(noisy);
            let mut slots = Vec::new();
            for slot in 0..3_001 {
                slots.push(bucket.take(START + Nanos(SLOT.0 * slot), usize::MAX));
            }
            let (least, most) = (slots.iter().skip(1).min(), slots.iter().max());
            assert!(least.is_some_and(|least| (139..150).contains(least)), "{least:?} of 200");
            assert!(most.is_some_and(|most| (250..=261).contains(most)), "{most:?} of 200");
            let sum: usize = slots.iter().sum();
            assert!(sum.abs_diff(600_000) < 6_000, "30 s bring {sum}");
            sums.push(sum);
        }
        assert_ne!(sums[0], sums[1], "each seed is its own");
    }

    #[test]
    fn it_changes_when_it_is_to() {
        let changes = Some((Nanos::from_secs(2), rate(3_000)));
        let capacity = Capacity { changes, ..Capacity::even(rate(10_000)) };
        assert_eq!(taken(capacity, Nanos::from_millis(1), 5_000), 29_000, "2 s, and 3 s of less");
    }
}
