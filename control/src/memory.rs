//! How the allocator keeps what librdkafka gives back.

use libmimalloc_sys::mi_option_set_default;
use std::ffi::{c_int, c_long};

/// `mi_option_purge_delay`, which the bindings do not name: in mimalloc 3 and 2 alike.
const PURGE_DELAY: c_int = 15;

/// Never give freed pages back to the system while the process lives.
const NEVER: c_long = -1;

/// Keeps freed memory for the next messages.
///
/// A client's queue swells and shrinks by hundreds of megabytes in a second. Given back after
/// mimalloc's second of patience, that memory is fetched again as pages that the kernel clears:
/// measured, a twelfth of the processor time of producing, and hiccups of it on the lane. Resident
/// memory stays at its peak instead. `MIMALLOC_PURGE_DELAY` in the environment wins.
///
/// Call it first, while no other thread runs.
pub fn keep_freed_memory() {
    // SAFETY: the call is not thread-safe, and no other thread has been started; the option exists
    // in the version that is linked, and takes any number.
    unsafe { mi_option_set_default(PURGE_DELAY, NEVER) };
}
