//! The bare loops: the same schedule, clock, core and guard, and nothing to send.

use super::{Job, Turn};
use engine::lane::settle_on;
use engine::measure::Latency;
use engine::time::{Clock, Guard, Look, RunClock, Schedule, WaitMode, Walk, wait_until};
use engine::units::{Nanos, Timestamp};
use kdyno_benches::{ThreadTime, run_clock};

/// From now to the first due time, as in a run.
const LEAD: Nanos = Nanos::from_millis(10);

/// Walks over the job's schedule on a thread of its own.
pub(crate) fn take(job: &Job) -> Turn {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            settle_on(&[job.core]);
            walk(job)
        });
        thread.join().expect("the reference does not panic")
    })
}

fn walk(job: &Job) -> Turn {
    let clock = run_clock();
    let start = clock.now() + LEAD;
    let measured = start + job.warmup;
    let end = measured + job.measured;
    let mut rest = Walk::new(Schedule::constant(job.rate, start, end), 1, &[0]);
    let mut warmup = Latency::default();
    let mut guard = (job.mode == WaitMode::Sleep).then(Guard::new);
    pass(&clock, guard.as_mut(), (&mut rest, measured), &mut warmup);
    let begun = (clock.now(), ThreadTime::own());
    let mut delays = Latency::default();
    pass(&clock, guard.as_mut(), (&mut rest, end), &mut delays);
    let permille = ThreadTime::permille(begun, (clock.now(), ThreadTime::own()));
    Turn { delays, permille }
}

/// Waits for each due time before `until` and notes how late it is then.
fn pass(
    clock: &RunClock,
    mut guard: Option<&mut Guard>,
    (walk, until): (&mut Walk, Timestamp),
    delays: &mut Latency,
) {
    while let Some(turn) = walk.peek()
        && turn.due < until
    {
        walk.advance();
        let now = match guard.as_deref_mut() {
            None => spin(clock, turn.due),
            Some(guard) => wait_until(clock, turn.due, Some(guard), |_| Look::Done)
                .expect("nobody stops the reference"),
        };
        delays.record(now.since(turn.due));
    }
}

fn spin(clock: &RunClock, due: Timestamp) -> Timestamp {
    loop {
        let now = clock.now();
        if due <= now {
            return now;
        }
    }
}
