//! The last lines of a terminal: a display that is drawn over itself, and log lines that pass above it.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rustix::termios::tcgetwinsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// More often than this many times a second nothing is drawn anew.
const DRAWN_MAX: u8 = 20;

/// The columns of a terminal that does not say how many it has.
const COLUMNS: usize = 80;

/// What stands on the terminal of this process. No lane ever waits for it: lanes do not log.
static STATE: Mutex<State> = Mutex::new(State { allowed: None, standing: None });

struct State {
    /// With which ink a display may be drawn, if it may.
    allowed: Option<Ink>,
    standing: Option<ProgressBar>,
}

/// What a terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    /// Letters alone.
    Plain,
    /// Colours too.
    Colour,
}

/// What there is to draw on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Surface {
    pub(crate) columns: usize,
    pub(crate) ink: Ink,
}

/// Lines that stand at the end of the terminal until this is dropped.
pub(crate) struct Screen {
    bar: ProgressBar,
    ink: Ink,
}

impl Screen {
    /// Takes the terminal's last lines; `None` where stderr is no terminal, or nobody wants a display.
    pub(crate) fn open() -> Option<Self> {
        let mut state = state();
        let ink = state.allowed?;
        let target = ProgressDrawTarget::stderr_with_hz(DRAWN_MAX);
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(ProgressStyle::with_template("{msg}").expect("it is a template"));
        if bar.is_hidden() {
            return None;
        }
        state.standing = Some(bar.clone());
        Some(Self { bar, ink })
    }

    /// Draws these lines in place of those that stand there. None may be wider than the surface.
    pub(crate) fn draw(&self, lines: &[String]) {
        self.bar.set_message(lines.join("\n"));
    }

    /// What there is to draw on now: a window may be made larger.
    pub(crate) fn surface(&self) -> Surface {
        let size = tcgetwinsize(std::io::stderr()).ok();
        let columns = size.map(|size| usize::from(size.ws_col)).filter(|columns| 0 < *columns);
        Surface { columns: columns.unwrap_or(COLUMNS), ink: self.ink }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let mut state = state();
        state.standing = None;
        self.bar.finish_and_clear();
    }
}

/// Says with which ink a display may be drawn, if it may.
pub(super) fn allow(allowed: Option<Ink>) {
    state().allowed = allowed;
}

/// Whether a display stands there.
pub(super) fn is_open() -> bool {
    state().standing.is_some()
}

/// Writes something where a log's next line belongs: above the display, if one stands there.
pub(super) fn above<T>(write: impl FnOnce() -> T) -> T {
    let state = state();
    match &state.standing {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}
