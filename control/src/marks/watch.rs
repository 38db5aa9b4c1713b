//! The thread that looks for marks in a file and for signals.

use super::file::Tail;
use super::line;
use super::list::{Mark, Marks};
use signal_hook::consts::SIGUSR1;
use signal_hook::flag;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How often it looks: a mark is within a tenth of a second of its moment. Signals that come within one
/// look are one.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Looks for marks until it is dropped.
#[derive(Debug)]
pub(crate) struct MarkWatch {
    /// Dropped, it ends the thread.
    bell: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl MarkWatch {
    /// Begins. Without a thread for it there is a warning, and there are no such marks.
    pub(crate) fn begin(marks: &Marks, file: Option<PathBuf>) -> Self {
        let signal = Arc::new(AtomicBool::new(false));
        if let Err(error) = flag::register(SIGUSR1, Arc::clone(&signal)) {
            tracing::warn!("signal {SIGUSR1} cannot be caught, and sets no mark: {error}");
        }
        let (bell, heard) = mpsc::channel();
        let (marks, mut tail) = (marks.clone(), file.map(Tail::of));
        let work = move || {
            let mut signals = 0;
            loop {
                let is_over = heard.recv_timeout(LOOK_EVERY) != Err(RecvTimeoutError::Timeout);
                // Relaxed: it says nothing of anything else.
                if signal.swap(false, Ordering::Relaxed) {
                    signals += 1;
                    let (at, text) = (marks.now(), format!("signal {signals}"));
                    marks.set(Mark { at, text, source: "SIGUSR1".to_owned() });
                }
                let lines = tail.iter_mut().flat_map(Tail::look);
                for (at, text) in lines.filter_map(|line| line::read(&line)) {
                    let at = at.unwrap_or_else(|| marks.now());
                    marks.set(Mark { at, text, source: "file".to_owned() });
                }
                if is_over {
                    return;
                }
            }
        };
        match thread::Builder::new().name("marks".to_owned()).spawn(work) {
            Ok(thread) => Self { bell: Some(bell), thread: Some(thread) },
            Err(error) => {
                tracing::warn!("no marks from files and signals: no thread for them: {error}");
                Self { bell: None, thread: None }
            }
        }
    }
}

impl Drop for MarkWatch {
    fn drop(&mut self) {
        self.bell = None;
        if let Some(thread) = self.thread.take() {
            // It looks once more, and ends.
            let _ended = thread.join();
        }
    }
}
