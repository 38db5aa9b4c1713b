//! The file of a run's log, written by a thread of its own: who says something does not wait for a disk.

use super::writer::{PATIENCE, Silent, Writer};
use engine::units::Nanos;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::sync::mpsc::Receiver;

/// So many lines may wait for the disk: hours of a run, or a burst of what clients say.
const LINES_WAITING: usize = 8_192;

/// A file that is written from its beginning, a line with each write. To flush it is to end it.
#[derive(Debug)]
pub(super) struct LogWriter {
    /// `None` when it has ended.
    writer: Option<Writer<Vec<u8>, io::Result<()>>>,
    patience: Nanos,
}

impl LogWriter {
    /// Makes the file, for which its caller waits.
    ///
    /// # Errors
    /// When it cannot be made, or the system starts no more threads.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let file = File::create(path)?;
        Self::start(move || Ok(file))
    }

    fn start(open: impl FnOnce() -> io::Result<File> + Send + 'static) -> io::Result<Self> {
        let work = move |lines: &Receiver<Vec<u8>>| {
            let mut file = open()?;
            lines.iter().try_for_each(|line| file.write_all(&line))
        };
        let writer = Writer::start(("run-log", LINES_WAITING), work)?;
        Ok(Self { writer: Some(writer), patience: PATIENCE })
    }

    /// Ends it, waiting for so long.
    fn end(&mut self, patience: Nanos) -> io::Result<()> {
        let Some(writer) = self.writer.take() else { return Ok(()) };
        writer.end(patience).unwrap_or_else(|silent| {
            Err(match silent {
                Silent::Waiting => io::Error::new(
                    ErrorKind::TimedOut,
                    "the disk does not keep up with what is said, lines wait for it",
                ),
                Silent::Panicked => io::Error::other("the thread that writes it panicked"),
            })
        })
    }
}

impl Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.writer.as_ref().is_some_and(|writer| writer.offer(line.to_vec())) {
            return Ok(line.len());
        }
        // What it says is there already where it has failed, and else nobody waits for it.
        self.end(Nanos::ZERO)?;
        Err(io::Error::other("it has ended"))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.end(self.patience)
    }
}

#[cfg(test)]
mod tests {
    use super::{LINES_WAITING, LogWriter};
    use engine::units::Nanos;
    use std::fs::{self, File};
    use std::io::{ErrorKind, Write};
    use std::path::Path;
    use std::sync::mpsc;

    #[test]
    fn its_lines_are_in_the_file_when_it_has_ended() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("run.log");
        let mut log = LogWriter::create(&path).expect("it is made");
        log.write_all(b"one\n").expect("there is room");
        log.write_all(b"two\n").expect("there is room");
        log.flush().expect("the disk takes them");
        assert_eq!(fs::read_to_string(&path).expect("it is there"), "one\ntwo\n", "in order");
        log.flush().expect("it has ended, and that was told");
        assert!(log.write_all(b"three\n").is_err(), "nothing after its end");
    }

    #[test]
    fn a_disk_that_hangs_holds_up_nobody_who_says_something() {
        let (gate, opened) = mpsc::channel::<()>();
        let hangs = move || {
            // Until the test drops its end.
            let _opened = opened.recv();
            File::create("/dev/null")
        };
        let mut log = LogWriter::start(hangs).expect("there are threads");
        for number in 0..LINES_WAITING {
            log.write_all(b"a line\n").unwrap_or_else(|error| panic!("{number}: {error}"));
        }
        let error = log.write_all(b"one more\n").expect_err("there is no room for it");
        assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
        drop(gate);
    }

    #[test]
    fn a_disk_that_hangs_at_the_end_is_told_after_a_while() {
        let (gate, opened) = mpsc::channel::<()>();
        let hangs = move || {
            // Until the test drops its end.
            let _opened = opened.recv();
            File::create("/dev/null")
        };
        let mut log = LogWriter::start(hangs).expect("there are threads");
        log.patience = Nanos::from_millis(1);
        log.write_all(b"a line\n").expect("there is room");
        let error = log.flush().expect_err("it waits");
        assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
        drop(gate);
    }

    #[test]
    fn a_full_disk_is_told_with_the_next_line_or_at_the_end() {
        let mut log = LogWriter::create(Path::new("/dev/full")).expect("it can be opened");
        let mut told = log.write_all(b"a line\n");
        assert!(told.is_ok(), "it is not known yet: {told:?}");
        // The thread sees it at once, or some lines later.
        for _ in 0..10 {
            if told.is_err() {
                break;
            }
            told = log.write_all(b"a line\n");
        }
        let error = told.and_then(|()| log.flush()).expect_err("it is full");
        assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
    }
}
