//! Ctrl-C and SIGTERM: the first ends the run and keeps what was measured, the second ends kdyno.

use engine::measure::constants::exit;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the user wants the run to end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens for both signals. Where the system refuses, they end the process as ever.
    pub(crate) fn listen() -> Self {
        let interrupt = Self::default();
        for signal in [SIGINT, SIGTERM] {
            // First registered, first called: the second signal finds the flag raised.
            let code = i32::from(exit::INTERRUPTED);
            let second =
                flag::register_conditional_shutdown(signal, code, Arc::clone(&interrupt.0));
            let first = flag::register(signal, Arc::clone(&interrupt.0));
            if let Err(error) = second.and(first) {
                tracing::warn!("signal {signal} cannot be caught: {error}");
            }
        }
        interrupt
    }

    /// As if a signal had come.
    #[cfg(test)]
    pub(crate) fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether a signal came.
    pub(crate) fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
