//! The log of the present run, for its directory: kept in memory until there is a file, then written line by line.

use super::time::now;
use crate::cli::Format;
use serde_json::json;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// So much is kept at most, in bytes: some 20,000 lines, five hours of one a second.
const KEPT_MAX: usize = 4 * 1024 * 1024;

/// The log of the run that goes on in this process: there is one at a time.
static PRESENT: Mutex<Kept> = Mutex::new(Kept::new(KEPT_MAX));

/// The log of the present run. Every line of every thread at the chosen level is in it, in the chosen form, and
/// no control character but line ends.
#[derive(Clone, Copy, Debug)]
pub struct RunLog;

impl RunLog {
    /// A run begins: what was kept of another is forgotten, and its file let go.
    pub fn begin() {
        let mut kept = present();
        let (format, max) = (kept.format, kept.max);
        *kept = Kept { format, is_wanted: true, ..Kept::new(max) };
    }

    /// Writes what was kept so far to a file, then each line as it comes.
    ///
    /// # Errors
    /// When it cannot be written: then lines are kept as before. What fails later is told by [`Self::end`].
    pub fn attach(file: impl Write + Send + 'static) -> io::Result<()> {
        present().attach(Box::new(file))
    }

    /// What was kept: all of the run, or what came since its file could not be written any more; nothing while
    /// there is one. Where it was too much, the first line says how much is missing.
    #[must_use]
    pub fn text() -> Vec<u8> {
        present().text()
    }

    /// The run is over: its file is let go, and further lines belong to no run.
    ///
    /// # Errors
    /// When a line could not be written; it and those after it are in [`Self::text`].
    pub fn end() -> io::Result<()> {
        present().end()
    }

    /// The form of its lines, for what it says itself.
    pub(super) fn in_form(format: Format) {
        present().format = format;
    }
}

/// Nothing is half done where a thread panics with it.
fn present() -> MutexGuard<'static, Kept> {
    PRESENT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes one line of the log, whole.
pub(super) struct KeptLine;

impl Write for KeptLine {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        present().add(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Lines until there is a file for them.
struct Kept {
    /// Whether a run goes on.
    is_wanted: bool,
    format: Format,
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    max: usize,
    dropped: u64,
    file: Option<Box<dyn Write + Send>>,
    failed: Option<io::Error>,
}

impl Kept {
    const fn new(max: usize) -> Self {
        Self {
            is_wanted: false,
            format: Format::Text,
            lines: VecDeque::new(),
            bytes: 0,
            max,
            dropped: 0,
            file: None,
            failed: None,
        }
    }

    fn add(&mut self, line: &[u8]) {
        if !self.is_wanted {
            return;
        }
        if let Some(file) = &mut self.file {
            match file.write_all(line) {
                Ok(()) => return,
                Err(error) => self.fail(error),
            }
        }
        self.bytes += line.len();
        self.lines.push_back(line.to_vec());
        if self.bytes <= self.max {
            return;
        }
        // Half at once: else every further line would cost one.
        while self.max / 2 < self.bytes
            && let Some(oldest) = self.lines.pop_front()
        {
            self.bytes -= oldest.len();
            self.dropped += 1;
        }
    }

    fn fail(&mut self, error: io::Error) {
        self.file = None;
        self.failed.get_or_insert(error);
    }

    fn attach(&mut self, mut file: Box<dyn Write + Send>) -> io::Result<()> {
        file.write_all(&self.text())?;
        (self.bytes, self.dropped) = (0, 0);
        self.lines.clear();
        self.file = Some(file);
        Ok(())
    }

    fn text(&self) -> Vec<u8> {
        let note = self.note();
        note.as_bytes().iter().chain(self.lines.iter().flatten()).copied().collect()
    }

    /// What is said of lines that were dropped.
    fn note(&self) -> String {
        if self.dropped == 0 {
            return String::new();
        }
        let words = format!("the {} lines before the next one were dropped", self.dropped);
        match self.format {
            Format::Text => format!("{}  WARN {words}\n", now()),
            Format::Json => {
                let fields = json!({ "message": words });
                let line = json!({ "timestamp": now(), "level": "WARN", "fields": fields });
                format!("{line}\n")
            }
        }
    }

    fn end(&mut self) -> io::Result<()> {
        self.is_wanted = false;
        let flushed = self.file.take().map_or(Ok(()), |mut file| file.flush());
        match self.failed.take() {
            Some(error) => Err(error),
            None => flushed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Format, Kept};
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    /// A file that takes so many bytes.
    #[derive(Clone)]
    struct Disk(Arc<Mutex<Vec<u8>>>, usize);

    impl Disk {
        fn of(room: usize) -> Self {
            Self(Arc::default(), room)
        }

        fn text(&self) -> String {
            let bytes = self.0.lock().expect("nobody panics with it").clone();
            String::from_utf8(bytes).expect("text")
        }
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut all = self.0.lock().expect("nobody panics with it");
            if self.1 < all.len() + bytes.len() {
                return Err(io::Error::from(io::ErrorKind::StorageFull));
            }
            all.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn kept(max: usize, format: Format) -> Kept {
        Kept { is_wanted: true, format, ..Kept::new(max) }
    }

    fn add(kept: &mut Kept, numbers: std::ops::Range<u32>) {
        numbers.for_each(|number| kept.add(format!("{number:03}\n").as_bytes()));
    }

    fn text(kept: &Kept) -> String {
        String::from_utf8(kept.text()).expect("text")
    }

    #[test]
    fn a_file_gets_what_was_kept_and_then_each_line_once() {
        let mut kept = kept(1_000, Format::Text);
        add(&mut kept, 0..2);
        let disk = Disk::of(1_000);
        kept.attach(Box::new(disk.clone())).expect("there is room");
        assert_eq!((disk.text().as_str(), text(&kept).as_str()), ("000\n001\n", ""), "handed over");
        add(&mut kept, 2..4);
        assert_eq!(disk.text(), "000\n001\n002\n003\n", "as they come");
        kept.end().expect("all was written");
        add(&mut kept, 4..5);
        assert_eq!((disk.text().len(), text(&kept).len()), (16, 0), "of no run");
    }

    #[test]
    fn a_full_disk_is_told_at_the_end_and_loses_no_line() {
        let mut kept = kept(1_000, Format::Text);
        let disk = Disk::of(9);
        kept.attach(Box::new(disk.clone())).expect("there is room for nothing");
        add(&mut kept, 0..5);
        assert_eq!((disk.text().as_str(), text(&kept).as_str()), ("000\n001\n", "002\n003\n004\n"));
        let error = kept.end().expect_err("it was full");
        assert_eq!(error.kind(), io::ErrorKind::StorageFull, "{error}");
        assert!(kept.attach(Box::new(Disk::of(3))).is_err(), "it does not fit");
        assert_eq!(text(&kept), "002\n003\n004\n", "and is kept");
    }

    #[test]
    fn beyond_its_bound_the_older_half_goes_and_the_first_line_says_so() {
        let check = |format, lines: u32, expected: (u64, &str)| {
            let mut kept = kept(40, format);
            add(&mut kept, 0..lines);
            let all = text(&kept);
            let (dropped, rest) = expected;
            assert_eq!(kept.dropped, dropped, "{lines} lines: {all}");
            assert!(all.ends_with(rest), "{lines} lines: {all}");
            let first = all.lines().next().unwrap_or_default().to_owned();
            let is_told = first.contains(&format!("the {dropped} lines before"));
            assert_eq!(is_told, 0 < dropped, "{lines} lines: {first}");
            first
        };
        check(Format::Text, 10, (0, "000\n001\n002\n003\n004\n005\n006\n007\n008\n009\n"));
        check(Format::Text, 11, (6, "dropped\n006\n007\n008\n009\n010\n"));
        check(Format::Text, 17, (12, "dropped\n012\n013\n014\n015\n016\n"));
        let told = check(Format::Json, 11, (6, "006\n007\n008\n009\n010\n"));
        let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
        assert_eq!(told["level"], "WARN", "{told}");
    }

    #[test]
    fn without_a_run_nothing_is_kept() {
        let mut kept = Kept::new(100);
        add(&mut kept, 0..3);
        assert_eq!(text(&kept), "", "a worker's lines go on for months");
    }
}
