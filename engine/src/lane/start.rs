//! The start line: a barrier at which every lane arrives, also one that failed.

use super::signal::Timeline;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};

/// What lanes are told when all have met.
#[derive(Clone, Debug)]
pub enum Go {
    /// Load, by this timeline.
    Run(Timeline),
    /// Somebody failed or the user interrupted: close your clients.
    Abort,
}

/// Where all lanes and the run meet. It never waits for Kafka: lanes come when the run says so.
#[derive(Debug)]
pub struct StartLine {
    barrier: Barrier,
    tickets: usize,
    arrived: AtomicUsize,
    /// A lane arrived without using its ticket: it failed before it could say so.
    deserted: AtomicBool,
    go: Mutex<Go>,
}

impl StartLine {
    /// For so many lanes and the run itself.
    #[must_use]
    pub fn new(lanes: usize) -> Arc<Self> {
        Arc::new(Self {
            barrier: Barrier::new(lanes + 1),
            tickets: lanes,
            arrived: AtomicUsize::new(0),
            deserted: AtomicBool::new(false),
            go: Mutex::new(Go::Abort),
        })
    }

    /// One lane's place; it arrives when used and when dropped.
    #[must_use]
    pub fn ticket(self: &Arc<Self>) -> Ticket {
        Ticket { line: Some(Arc::clone(self)) }
    }

    /// Whether a lane gave up its place, by an error or a panic, before the run released the line.
    /// Relaxed: whoever wants to know why looks at the board, behind its lock.
    #[must_use]
    pub fn is_deserted(&self) -> bool {
        self.deserted.load(Ordering::Relaxed)
    }

    /// Whether all but the run itself are there. Relaxed: the barrier orders what follows.
    #[must_use]
    pub fn have_arrived(&self) -> bool {
        self.tickets <= self.arrived.load(Ordering::Relaxed)
    }

    /// A lane is there, and waits for the others.
    fn wait(&self) {
        self.arrived.fetch_add(1, Ordering::Relaxed);
        self.barrier.wait();
    }

    /// The run meets the lanes and tells them what to do.
    ///
    /// # Panics
    /// When another thread panicked while holding the lock.
    pub fn release(&self, go: Go) {
        *self.go.lock().expect("nobody panics with the word in hand") = go;
        self.barrier.wait();
    }
}

/// A lane's place at the start line.
#[derive(Debug)]
pub struct Ticket {
    line: Option<Arc<StartLine>>,
}

impl Ticket {
    /// Waits for all others and returns the run's word.
    ///
    /// # Panics
    /// When another thread panicked while holding the lock.
    #[must_use]
    pub fn arrive(mut self) -> Go {
        let line = self.line.take().expect("a ticket is used once");
        line.wait();
        line.go.lock().expect("nobody panics with the word in hand").clone()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some(line) = self.line.take() {
            line.deserted.store(true, Ordering::Relaxed);
            line.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Go, StartLine};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn a_lane_that_panics_does_not_hold_up_the_others() {
        let line = StartLine::new(3);
        let told = Arc::new(AtomicUsize::new(0));
        let lanes: Vec<_> = (0..3)
            .map(|lane| {
                let (ticket, told) = (line.ticket(), Arc::clone(&told));
                std::thread::spawn(move || {
                    assert!(lane != 1, "this lane fails before it arrives");
                    if matches!(ticket.arrive(), Go::Abort) {
                        told.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        while !line.have_arrived() {
            std::thread::yield_now();
        }
        line.release(Go::Abort);
        let failed =
            lanes.into_iter().map(std::thread::JoinHandle::join).filter(Result::is_err).count();
        assert_eq!((failed, told.load(Ordering::Relaxed)), (1, 2), "one failed, two were told");
    }
}
