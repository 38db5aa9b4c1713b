//! Cores: which there are, and how a thread is bound to them.

use crate::plan::Machine;
use core_affinity::CoreId;
use rustix::thread::{CpuSet, sched_setaffinity};

/// The cores that this process may use.
#[must_use]
pub fn machine() -> Machine {
    let mut cores: Vec<usize> =
        core_affinity::get_core_ids().unwrap_or_default().into_iter().map(|core| core.id).collect();
    cores.sort_unstable();
    if cores.is_empty() {
        cores.push(0);
    }
    Machine { cores }
}

/// Prepares the calling thread for its work: binds it to its core, or to any of those it shares.
pub fn settle_on(cores: &[usize]) {
    pin_to(cores);
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
