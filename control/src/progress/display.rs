//! The thread that draws: about once a second, and when there is something new; the run never waits for it.

use super::phases::{Length, Phase};
use super::render;
use super::view::View;
use crate::log::Screen;
use engine::lane::settle_on;
use engine::plan::Plan;
use engine::time::{Clock, OsClock};
use engine::units::{Nanos, Timestamp};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// How often it draws where nothing is new: the time that is left goes by.
const EVERY: Nanos = Nanos::from_secs(1);

/// What is shown, while something is. Held for as long as it takes to copy it, by the run's own thread and the
/// one that draws; lanes know nothing of it.
static SHOWN: Mutex<Option<Shown>> = Mutex::new(None);

struct Shown {
    view: View,
    clock: OsClock,
    /// Dropped, it ends the thread.
    bell: Sender<()>,
}

/// A display that stands on the terminal until this is dropped.
#[derive(Debug)]
pub(super) struct Display {
    thread: Option<JoinHandle<()>>,
}

impl Display {
    /// Begins to show a run, off the cores of its lanes where there are others; `None` where there is no
    /// terminal to show it on.
    pub(super) fn begin(plan: &Plan) -> Option<Self> {
        let screen = Screen::open()?;
        let clock = OsClock::anchored();
        let (bell, heard) = mpsc::channel();
        let view = View::of(&plan.demand, clock.now());
        *shown() = Some(Shown { view, clock, bell });
        let taken = |core: &usize| plan.lanes.iter().any(|lane| lane.cores.contains(core));
        let all = plan.machine.ids();
        let free: Vec<usize> = all.iter().copied().filter(|core| !taken(core)).collect();
        let cores = if free.is_empty() { all } else { free };
        let work = move || {
            settle_on(&cores);
            show(&screen, &heard, clock);
        };
        match thread::Builder::new().name("display".to_owned()).spawn(work) {
            Ok(thread) => Some(Self { thread: Some(thread) }),
            // The screen went with its thread: seconds are told as lines.
            Err(error) => {
                *shown() = None;
                tracing::warn!("there is no display: its thread did not start: {error}");
                None
            }
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        *shown() = None;
        if let Some(thread) = self.thread.take() {
            // It clears what it has drawn, and ends.
            let _ended = thread.join();
        }
    }
}

/// Another phase is shown from now on.
pub(super) fn enter(phase: Phase, length: Length) {
    change(|view, now| {
        (view.phase, view.since, view.length) = (phase, now, length);
    });
}

/// Changes what is shown, if anything is.
pub(super) fn change(change: impl FnOnce(&mut View, Timestamp)) {
    if let Some(Shown { view, clock, bell }) = shown().as_mut() {
        change(view, clock.now());
        // A thread that ended draws no more.
        let _unheard = bell.send(());
    }
}

fn show(screen: &Screen, heard: &Receiver<()>, clock: OsClock) {
    // The run has deadlines, and this ends with it.
    loop {
        let Some(view) = shown().as_ref().map(|shown| shown.view.clone()) else { return };
        screen.draw(&render::lines(&view, clock.now(), screen.surface()));
        if heard.recv_timeout(EVERY.duration()) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
        // What came at once is drawn at once.
        while heard.try_recv().is_ok() {}
    }
}

fn shown() -> MutexGuard<'static, Option<Shown>> {
    SHOWN.lock().unwrap_or_else(PoisonError::into_inner)
}
