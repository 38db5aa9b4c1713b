//! How a thread is bound to its cores.

use core_affinity::CoreId;
use rustix::thread::{CpuSet, sched_setaffinity, set_current_timer_slack};
use std::num::NonZeroU64;

/// How much later than asked the system may wake a lane, in nanoseconds, to save wake-ups; its own
/// default of 50 µs was three quarters of what a sleeping lane was late by (CHANGELOG, Numbers).
const TIMER_SLACK: Option<NonZeroU64> = NonZeroU64::new(1);

/// Prepares the calling thread for its work: binds it to its core, or to any of those it shares,
/// and asks for wake-ups without slack. Threads of the client, which exist by then, keep theirs.
pub fn settle_on(cores: &[usize]) {
    pin_to(cores);
    // A refusal leaves the lane sleeping as long as before: the guard learns it.
    let _refused = set_current_timer_slack(TIMER_SLACK);
}

/// Binds the calling thread to its core, or to any of the cores that it shares. A refusal of the
/// system leaves it where the system puts it: slower perhaps, never wrong.
fn pin_to(cores: &[usize]) {
    match cores {
        [core] => {
            let _refused = !core_affinity::set_for_current(CoreId { id: *core });
        }
        many => bind_to_any(many),
    }
}

/// Binds the calling thread, and threads that it starts, to any of `cores`: librdkafka's threads
/// inherit the affinity of the thread that creates the client.
pub(super) fn bind_to_any(cores: &[usize]) {
    let mut set = CpuSet::new();
    cores.iter().filter(|core| **core < CpuSet::MAX_CPU).for_each(|core| set.set(*core));
    // A refusal leaves the threads unbound: slower perhaps, never wrong.
    let _refused = sched_setaffinity(None, &set);
}

#[cfg(test)]
mod tests {
    use super::settle_on;
    use rustix::thread::current_timer_slack;

    #[test]
    fn a_lane_asks_for_timers_without_slack_and_only_for_itself() {
        let before = current_timer_slack();
        let settled = std::thread::spawn(|| {
            settle_on(&[0]);
            current_timer_slack()
        });
        assert_eq!(settled.join().expect("it does not panic"), Ok(1), "nanoseconds");
        assert_eq!(current_timer_slack(), before, "other threads keep theirs");
    }
}
