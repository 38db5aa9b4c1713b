//! A client's event queue, polled by the lane and waking it.

use super::event::Event;
use crate::time::{Clock, OsClock};
use crate::units::{Nanos, Timestamp};
use crossbeam::utils::CachePadded;
use rdkafka::bindings as rd;
use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::Thread;

/// Polls that find no flag before the queue is looked at all the same: a safety net of about
/// 174 ns each, should a client ever fill its queue without calling back.
const LOOK_ANYWAY: u32 = 64;

/// Told by the client that its queue is no longer empty.
struct Waker {
    pending: CachePadded<Pending>,
    clock: OsClock,
    lane: Thread,
}

/// What the client says and the lane takes back.
struct Pending {
    flag: AtomicBool,
    /// When the flag was raised, in nanoseconds; 0 until it was for the first time.
    since: AtomicU64,
}

/// The queue of one client.
pub(in crate::kafka) struct Queue {
    queue: NonNull<rd::rd_kafka_queue_t>,
    /// Counted, not boxed: the client holds its address until `drop` switches the callback off, and
    /// a box must not be moved while somebody else points into it.
    waker: Arc<Waker>,
    unfinished: bool,
    skipped: u32,
    waited: Option<Nanos>,
}

// SAFETY: librdkafka's queues may be used from any thread; a `Queue` is used by one at a time.
unsafe impl Send for Queue {}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue").finish_non_exhaustive()
    }
}

impl Queue {
    /// Takes over one reference to `queue` and lets it unpark the calling thread.
    ///
    /// # Safety
    /// `queue` is a reference of the caller's own, as `rd_kafka_queue_get_…` returns it.
    pub(super) unsafe fn adopt(queue: NonNull<rd::rd_kafka_queue_t>) -> Self {
        let waker = Arc::new(Waker {
            pending: CachePadded::new(Pending {
                flag: AtomicBool::new(true),
                since: AtomicU64::new(0),
            }),
            clock: OsClock::anchored(),
            lane: std::thread::current(),
        });
        let opaque = Arc::as_ptr(&waker).cast_mut().cast::<c_void>();
        // SAFETY: the queue is ours, and the waker outlives the callback: `drop` switches it off.
        unsafe { rd::rd_kafka_queue_cb_event_enable(queue.as_ptr(), Some(wake), opaque) };
        Self { queue, waker, unfinished: false, skipped: 0, waited: None }
    }

    /// The queue's address, for calls that answer into it.
    pub(super) const fn as_ptr(&self) -> *mut rd::rd_kafka_queue_t {
        self.queue.as_ptr()
    }

    /// Whether an event may be waiting. Costs a load when nothing is.
    pub(in crate::kafka) fn is_ready(&mut self) -> bool {
        self.skipped += 1;
        let look_anyway = LOOK_ANYWAY <= self.skipped;
        // Acquire pairs with the callback's Release: the event it announces is in the queue.
        let pending = &self.waker.pending;
        let announced =
            pending.flag.load(Ordering::Relaxed) && pending.flag.swap(false, Ordering::Acquire);
        if announced {
            let since = Timestamp::from_nanos(pending.since.load(Ordering::Relaxed));
            self.waited =
                self.waker.clock.now().since(since).filter(|_| Timestamp::default() < since);
        }
        if announced || self.unfinished || look_anyway {
            self.skipped = 0;
            self.unfinished = true;
        }
        self.unfinished
    }

    /// How long the client's last call waited for [`Queue::is_ready`] to hear it; told once.
    pub(in crate::kafka) const fn take_wait(&mut self) -> Option<Nanos> {
        self.waited.take()
    }

    /// Lets a new client make its token of OAUTHBEARER, without which it connects to nobody: it is
    /// asked for in the first event, and made when that is read.
    pub(in crate::kafka) fn log_in(&mut self) {
        drop(self.next());
    }

    /// The next event; `None` once the queue is empty. Never blocks.
    pub(in crate::kafka) fn next(&mut self) -> Option<Event> {
        // SAFETY: the queue is alive as long as `self`.
        let event = unsafe { rd::rd_kafka_queue_poll(self.queue.as_ptr(), 0) };
        let event = NonNull::new(event);
        self.unfinished = event.is_some();
        // SAFETY: a polled event belongs to the one who polled it.
        event.map(|event| unsafe { Event::adopt(event) })
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // SAFETY: the queue is alive; switching off takes its lock, so no callback runs after this.
        unsafe {
            rd::rd_kafka_queue_cb_event_enable(self.queue.as_ptr(), None, std::ptr::null_mut());
        };
        // SAFETY: gives back the reference taken in `adopt`.
        unsafe { rd::rd_kafka_queue_destroy(self.queue.as_ptr()) };
    }
}

/// Called by librdkafka, under the queue's lock, when the queue is no longer empty.
unsafe extern "C" fn wake(_client: *mut rd::rd_kafka_t, opaque: *mut c_void) {
    // SAFETY: `opaque` is the waker that `adopt` made; `drop` switches this callback off first.
    let waker = unsafe { &*opaque.cast::<Waker>() };
    if !waker.pending.flag.load(Ordering::Relaxed) {
        waker.pending.since.store(waker.clock.now().as_nanos(), Ordering::Relaxed);
    }
    // Release: who sees the flag sees the event, and since when.
    waker.pending.flag.store(true, Ordering::Release);
    waker.lane.unpark();
}
