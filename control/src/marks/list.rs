//! The marks of a run as they come, within a limit.

use super::line::TEXT_MAX;
use engine::time::{Clock, OsClock};
use engine::units::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Marks of a run at most; a person reads them.
pub(crate) const MARKS_MAX: usize = 1_000;

/// What somebody wanted to see on the time axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// When it was set, or the time that it gives itself.
    pub at: Timestamp,
    /// Its words, at most 200 bytes, without control characters.
    pub text: String,
    /// Where it came from: a file, a signal, or who was called.
    pub source: String,
}

/// The marks that have come, shared by all who set them.
#[derive(Clone, Debug)]
pub(crate) struct Marks {
    clock: OsClock,
    list: Arc<Mutex<Vec<Mark>>>,
}

impl Marks {
    /// None yet.
    pub(crate) fn none() -> Self {
        Self { clock: OsClock::anchored(), list: Arc::default() }
    }

    /// The present, as marks have it.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Notes and logs a mark; `false` where there are too many.
    pub(crate) fn set(&self, mark: Mark) -> bool {
        let mut list = self.list();
        if MARKS_MAX <= list.len() {
            drop(list);
            tracing::warn!("a mark is left out, {MARKS_MAX} are there already: {}", mark.text);
            return false;
        }
        tracing::info!("mark: {} ({})", mark.text, mark.source);
        list.push(mark);
        true
    }

    /// Those that have come since the last time, by time: what belongs to the run that ends.
    pub(crate) fn take(&self) -> Vec<Mark> {
        let mut taken = std::mem::take(&mut *self.list());
        taken.sort_by_key(|mark| mark.at);
        taken
    }

    /// Nothing that panicked with it leaves it half done.
    fn list(&self) -> MutexGuard<'_, Vec<Mark>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Words as a mark has them: on one line, and not too long.
pub(crate) fn clean(words: &str) -> String {
    let visible = |letter: char| if letter.is_control() { ' ' } else { letter };
    let text: String = words.trim().chars().map(visible).collect();
    let end = (0..=TEXT_MAX.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text[..end.unwrap_or(0)].trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{MARKS_MAX, Mark, Marks, clean};
    use engine::units::Timestamp;

    fn mark(at: u64) -> Mark {
        let at = Timestamp::from_nanos(at);
        Mark { at, text: format!("{at:?}"), source: "law".to_owned() }
    }

    #[test]
    fn marks_are_taken_once_by_time_and_there_is_a_limit() {
        let marks = Marks::none();
        assert!(marks.set(mark(7)) && marks.set(mark(3)), "from anywhere");
        assert_eq!(marks.take(), [mark(3), mark(7)], "by time");
        assert_eq!(marks.take(), [], "once");
        let taken = (0..1_010_u64).filter(|at| marks.set(mark(*at))).count();
        assert_eq!((taken, marks.take().len()), (MARKS_MAX, MARKS_MAX), "and no more");
    }

    #[test]
    fn words_are_cut_at_a_letter_and_have_no_control_characters() {
        assert_eq!(clean(" broker\t2\u{1b}[31m down \n"), "broker 2 [31m down");
        let long = clean(&"ä".repeat(150));
        assert_eq!(long, "ä".repeat(100), "200 bytes");
        assert_eq!(clean(&format!("x{}", "ä".repeat(150))).len(), 199, "never half a letter");
    }
}
