//! Hooks that tell a monitor of the phases, before they tell whoever else listens.

use super::monitor::Monitor;
use engine::run::{Event, Hooks};

/// A run's hooks, and its monitor where there is one.
#[derive(Debug)]
pub struct Watched<H> {
    /// Who else listens.
    pub hooks: H,
    /// The monitor; `None` when it is off.
    pub monitor: Option<Monitor>,
}

impl<H: Hooks> Hooks for Watched<H> {
    fn event(&mut self, event: &Event<'_>) {
        if let Some(monitor) = &self.monitor {
            monitor.hear(event);
        }
        self.hooks.event(event);
    }

    fn is_interrupted(&self) -> bool {
        self.hooks.is_interrupted()
    }

    fn is_cut_short(&self) -> bool {
        self.hooks.is_cut_short()
    }
}
