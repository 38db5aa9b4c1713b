//! What verification holds in memory while a hundred million messages over 16 partitions are sent and
//! read: in order, and with losses.
//!
//! The engine's own recorders of a sending and of a reading lane are told of every message, hand over
//! once a second of virtual time, are merged, and audited at the end. Counted are the bytes that Rust's
//! allocations hold at each of these steps, more than where the same run verifies by counts alone: so
//! histograms do not count. All that an audit allocates counts as if it were held at once.

use engine::link::{Ack, Delivery, Outcome};
use engine::measure::{Audit, Collector, Drained, Duty, FILED_MAX, LaneEnd, Recorder, mailboxes};
use engine::message::Stamp;
use engine::plan::{Demand, Route, Verification};
use engine::time::Border;
use engine::units::{NANOS_PER_SECOND, Nanos, Timestamp};
use kdyno_benches::{Digest, Size, demand, is_asked, print_once};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const PARTITIONS: u64 = 16;

/// Messages of one partition in a row, and answers in one delivery event.
const BATCH: u64 = 16;

/// How long the messages take: as many handovers of each lane.
const SECONDS: u64 = 100;

const START: Timestamp = Timestamp::from_nanos(1_000_000_000);

/// What verification may hold (requirements).
const HELD_MAX: usize = 64 << 20;

fn main() {
    if !is_asked(env!("CARGO_CRATE_NAME")) {
        return;
    }
    let messages = Size::of_this_run().choose(1_024_000, 102_400_000);
    let counted = Case { messages, lost_every: None, verification: Verification::Counts };
    let base = counted.run();
    assert!(base.audit.is_none(), "by counts alone");
    let numbered = Case { verification: Verification::Numbers, ..counted };
    for lost_every in [None, Some(1_000_000), Some(10_000), Some(300), Some(100)] {
        let case = Case { lost_every, ..numbered };
        let seen = case.run();
        let mut digest = Digest::default();
        digest.add(seen.lost);
        digest.add(seen.audit.map_or(0, |audit| audit.distinct));
        let more = seen.held.iter().zip(&base.held).map(|(held, base)| held.saturating_sub(*base));
        let held = more.max().expect("it was looked at");
        let figure = format!("at most {} KiB held, {}", held.div_ceil(1_024), case.judge(&seen));
        let parameters = [
            ("messages", messages),
            ("partitions", PARTITIONS),
            ("one lost in", lost_every.unwrap_or(0)),
        ];
        print_once("verification: memory", &parameters, &figure, digest);
        assert!(held <= HELD_MAX, "{held} bytes of {HELD_MAX}: {case:?}");
    }
}

/// What is sent, and what of it is never read.
#[derive(Clone, Copy, Debug)]
struct Case {
    messages: u64,
    /// One message in so many is acked and lost.
    lost_every: Option<u64>,
    verification: Verification,
}

/// What was seen of a run.
struct Seen {
    lost: u64,
    /// Bytes that were held at each step.
    held: Vec<usize>,
    /// Messages that found no place in the account; nothing can be said of single ones then.
    unfiled: u64,
    audit: Option<Audit>,
}

impl Case {
    /// What became of it in words, after it was seen to be right.
    fn judge(&self, seen: &Seen) -> String {
        let Some(audit) = seen.audit else {
            // Each loss takes a stretch of those who read.
            let room = u64::try_from(FILED_MAX).expect("a small number");
            assert!(room < seen.lost, "there was room for {} losses", seen.lost);
            return format!("{FILED_MAX} stretches are full: {} messages unfiled", seen.unfiled);
        };
        let read = self.messages - seen.lost;
        let expected = Audit { distinct: read, lost: seen.lost, ..Audit::default() };
        assert_eq!(audit, expected, "each message is accounted for: {self:?}");
        format!("{} lost", audit.lost)
    }

    fn run(&self) -> Seen {
        let before = live();
        let mut held = Vec::new();
        let demand = self.demand();
        let (boxes, mut collector) = mailboxes(&demand, 2);
        let duties = Duty::all(&demand);
        let mut pens: Vec<Recorder> = boxes
            .into_iter()
            .zip(duties.chunks(1))
            .map(|((mailbox, tally), duty)| Recorder::new(tally, mailbox, &demand, duty))
            .collect();
        let border = Border::fixed(START, START);
        pens.iter_mut().for_each(|pen| pen.start(&border));
        let mut lost = 0;
        let batches = self.messages / BATCH;
        for second in 0..SECONDS {
            let now = START + Nanos(second * NANOS_PER_SECOND);
            for batch in batches * second / SECONDS..batches * (second + 1) / SECONDS {
                lost += self.tell(&mut pens, batch, now);
            }
            let over = START + Nanos((second + 1) * NANOS_PER_SECOND);
            held.push(live());
            for pen in &mut pens {
                assert!(pen.tick(over), "its second is over");
            }
            take_all(&mut collector);
            held.push(live());
        }
        let end = START + Nanos(SECONDS * NANOS_PER_SECOND);
        pens.into_iter().for_each(|pen| pen.finish(end, LaneEnd::default()));
        while !collector.have_ended([0, 1]) {
            collector.collect(Nanos::ZERO);
        }
        let total = collector.total();
        held.push(live());
        let account = &total.streams[0].account;
        let allocated = ALLOCATOR.stats().bytes_allocated;
        let audit = account.is_whole().then(|| Audit::of(account, 0, Drained::Everywhere));
        held.push(live() + ALLOCATOR.stats().bytes_allocated - allocated);
        held.iter_mut().for_each(|bytes| *bytes -= before);
        Seen { lost, held, unfiled: account.unfiled(), audit }
    }

    fn demand(&self) -> Demand {
        let mut demand = demand(Nanos::from_secs(SECONDS));
        demand.verification = self.verification;
        demand.streams[0].topics[0].partitions = u32::try_from(PARTITIONS).expect("a few");
        demand
    }

    /// Tells the lanes of a batch of one partition, all of it acked. Returns how many were lost.
    fn tell(&self, pens: &mut [Recorder], batch: u64, now: Timestamp) -> u64 {
        let partition = i32::try_from(batch % PARTITIONS).expect("a few");
        let first = batch / PARTITIONS * BATCH;
        let message = |nth: u64| {
            let sequence = first + nth;
            let stamp = Stamp { run: 1, sequence, due: now, sent: now, ..Stamp::default() };
            (stamp, i64::try_from(sequence).expect("63 bits are enough"))
        };
        let acks: [Ack; 16] = std::array::from_fn(|nth| {
            let (stamp, offset) = message(u64::try_from(nth).expect("a few"));
            let outcome = Outcome::Persisted { partition, offset };
            Ack { stamp, route: Route(0), bytes: 100, outcome }
        });
        pens[0].acks(now, 0, &acks);
        let mut lost = 0;
        for nth in 0..BATCH {
            let number = batch * BATCH + nth;
            if self.lost_every.is_some_and(|every| number % every == every / 2) {
                lost += 1;
                continue;
            }
            let (stamp, offset) = message(nth);
            let body = &[0; 100];
            let route = Route(0);
            pens[1].delivery(
                now,
                0,
                0,
                &Delivery { stamp: Ok(stamp), route, partition, offset, body },
            );
        }
        lost
    }
}

/// As the run's thread does between looks at other things.
fn take_all(collector: &mut Collector) {
    while collector.has_mail() {
        collector.collect(Nanos::ZERO);
    }
}

/// Bytes that are held now.
fn live() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated.saturating_sub(stats.bytes_deallocated)
}
