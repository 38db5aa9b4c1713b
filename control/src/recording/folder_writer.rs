//! The thread that keeps a run's directory: it makes it, then writes each second as it is complete.
//!
//! The run hands over copies and never waits: a second that finds no room is counted and told.

use super::hooks::OnDisk;
use super::log_writer::LogWriter;
use super::second_files::{SecondCopy, SecondFiles};
use super::writer::{Silent, Writer};
use crate::log::RunLog;
use crate::report::RunFolder;
use engine::units::{Nanos, Timestamp};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};

/// So many seconds may wait for the disk, each a copy of 1.4 MB: one that stands still for less costs none.
pub(super) const SECONDS_WAITING: usize = 10;

/// The run's end of the thread.
#[derive(Debug)]
pub(super) struct FolderWriter {
    writer: Writer<Piece, io::Result<()>>,
    made: Receiver<Made>,
    folder: Option<RunFolder>,
    /// Seconds that were told.
    told: u32,
    /// Those of them that are in all files.
    written: Arc<AtomicU32>,
    /// Whether one has found no room.
    is_behind: bool,
}

/// What a run's directory and its logs are named after.
#[derive(Clone, Debug)]
pub(super) struct Named {
    /// The run.
    pub(super) test_id: String,
    /// Its streams where it has several.
    pub(super) streams: Vec<String>,
}

/// A piece of work for the thread.
#[derive(Debug)]
enum Piece {
    /// The measured phase begins then.
    Measuring(Timestamp),
    /// A second of it, or of its drain, is complete.
    Second(Box<SecondCopy>),
}

/// What the thread has made.
#[derive(Debug)]
enum Made {
    Folder(RunFolder),
    Log(LogWriter),
}

impl FolderWriter {
    /// Starts the thread, which makes the directory of a run in `results`.
    ///
    /// # Errors
    /// When the system starts no more threads.
    pub(super) fn start(results: PathBuf, run: Named) -> io::Result<Self> {
        // Room for all that it makes: it does not wait for the run either.
        let (out, made) = mpsc::sync_channel(2);
        let written = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&written);
        let work = move |pieces: &Receiver<Piece>| {
            let done = keep((&results, &run), &out, pieces, &count);
            if let Err(error) = &done {
                tracing::warn!("seconds are not written to disk: {error}");
            }
            done
        };
        let writer = Writer::start(("writer", SECONDS_WAITING), work)?;
        Ok(Self { writer, made, folder: None, told: 0, written, is_behind: false })
    }

    /// Takes what the thread has made meanwhile.
    pub(super) fn look(&mut self) {
        take(&self.made, &mut self.folder);
    }

    /// The measured phase begins at `from`.
    pub(super) fn begin_to_measure(&self, from: Timestamp) {
        // A thread that takes nothing any more has said why, or will.
        let _untaken = self.writer.offer(Piece::Measuring(from));
    }

    /// Hands a second over.
    pub(super) fn add(&mut self, second: SecondCopy) {
        self.told += 1;
        let number = second.number;
        let is_taken = self.writer.offer(Piece::Second(Box::new(second)));
        if !is_taken && !self.is_behind {
            self.is_behind = true;
            tracing::warn!("from second {number} on not every second is written to disk");
        }
    }

    /// The run is over: waits so long for seconds that are not written yet, and says what became of all.
    pub(super) fn end(self, patience: Nanos) -> OnDisk {
        let Self { writer, made, mut folder, told, written, .. } = self;
        let ended = writer.end(patience);
        take(&made, &mut folder);
        // Relaxed: what the thread has done before its end was told through a channel; of one that goes
        // on, any count will do.
        let missing = told - written.load(Ordering::Relaxed);
        let why = match &ended {
            Ok(Err(error)) => format!("they could not be written: {error}"),
            _ if missing == 0 && folder.is_some() => return OnDisk { folder, unwritten: None },
            Ok(Ok(())) => format!(
                "the disk did not keep up: {SECONDS_WAITING} others waited for it when they were complete"
            ),
            Err(Silent::Waiting) => {
                format!("the disk stood still for {patience} after the last one")
            }
            Err(Silent::Panicked) => "the thread that writes them panicked".to_owned(),
        };
        let lack = match told {
            0 => "The interval logs (.hlog) could not be begun".to_owned(),
            _ => format!("The interval logs (.hlog) lack {missing} of {told} seconds"),
        };
        let words = format!(
            "{lack}, since {why}. All other figures are whole; do not take percentiles from the logs."
        );
        // All else is told as a finding; the disk may hold that up too.
        if ended.is_err() {
            tracing::warn!("{words}");
        }
        OnDisk { folder, unwritten: Some(words) }
    }
}

/// The log is taken into use here and not by the thread: one that was left to itself must not take the lines of a
/// later run.
fn take(made: &Receiver<Made>, folder: &mut Option<RunFolder>) {
    for one in made.try_iter() {
        match one {
            Made::Folder(it) => *folder = Some(it),
            Made::Log(log) => attach(log),
        }
    }
}

/// What the thread does.
fn keep(
    (results, run): (&Path, &Named),
    out: &SyncSender<Made>,
    pieces: &Receiver<Piece>,
    written: &AtomicU32,
) -> io::Result<()> {
    let folder = RunFolder::begin(results, &run.test_id)?;
    let path = folder.path().to_owned();
    // There is room for both; a run that gave up waiting has neither.
    let _left = out.send(Made::Folder(folder));
    if let Some(log) = create_log(&path) {
        let _left_too = out.send(Made::Log(log));
    }
    let mut files = None;
    for piece in pieces {
        let second = match piece {
            Piece::Measuring(from) => {
                files = Some(SecondFiles::create(&path, (&run.test_id, &run.streams), from)?);
                continue;
            }
            Piece::Second(second) => second,
        };
        let added = match &mut files {
            Some(files) => files.add(&second),
            None => Err(io::Error::other("it came before its phase was told")),
        };
        // Half a line would hide all that follow it, so nothing more is written; the result has all figures
        // in memory and is saved at the end, where that is possible then.
        added.map_err(|error| {
            io::Error::new(error.kind(), format!("from second {} on: {error}", second.number))
        })?;
        // Relaxed: a count, which orders nothing.
        written.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// Begins a run's directory, with its log, which has what was said before too. Where the log cannot be
/// written there is a directory all the same: the result is more than it. Its caller waits for the disk.
///
/// # Errors
/// As [`RunFolder::begin`].
pub(crate) fn begin(results: &Path, test_id: &str) -> io::Result<RunFolder> {
    let folder = RunFolder::begin(results, test_id)?;
    if let Some(log) = create_log(folder.path()) {
        attach(log);
    }
    Ok(folder)
}

fn create_log(folder: &Path) -> Option<LogWriter> {
    let path = folder.join("run.log");
    let warn = |error: io::Error| tracing::warn!("{}: cannot be written: {error}", path.display());
    LogWriter::create(&path).map_err(warn).ok()
}

fn attach(log: LogWriter) {
    if let Err(error) = RunLog::attach(log) {
        tracing::warn!("run.log cannot be written: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::{FolderWriter, Named, SECONDS_WAITING};
    use crate::recording::hooks::OnDisk;
    use crate::recording::second_files::SecondCopy;
    use engine::measure::Tally;
    use engine::run::Interval;
    use engine::time::{Clock, OsClock};
    use engine::units::{Nanos, Timestamp};
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::{Path, PathBuf};
    use std::process::Command;
    use tempfile::TempDir;

    fn named() -> Named {
        Named { test_id: "run_1_a".to_owned(), streams: Vec::new() }
    }

    /// Longer than anything here takes.
    const LONG: Nanos = Nanos::from_secs(60);

    /// A run that is ready, and its directory.
    fn begun() -> (FolderWriter, PathBuf, TempDir) {
        let results = tempfile::tempdir().expect("a directory");
        let writer = FolderWriter::start(results.path().to_owned(), named());
        let folder = results.path().join("unfinished/run_1_a.unfinished");
        await_path(&folder.join("run.log"));
        (writer.expect("there are threads"), folder, results)
    }

    fn await_path(path: &Path) {
        let clock = OsClock::anchored();
        let deadline = clock.now() + LONG;
        while !path.exists() {
            assert!(clock.now() < deadline, "{} does not come", path.display());
            clock.park(Nanos::from_millis(1));
        }
    }

    /// A file that hangs whoever opens it, until somebody reads it.
    fn hang(path: &Path) {
        let made = Command::new("mkfifo").arg(path).status().expect("mkfifo is there");
        assert!(made.success(), "{}: {made}", path.display());
    }

    /// Hands so many seconds over, and says how long that took.
    fn add(writer: &mut FolderWriter, seconds: u32) -> Nanos {
        let demand = crate::report::made_up_plan().demand;
        let (clock, tally) = (OsClock::anchored(), Tally::new(&demand));
        let begun = clock.now();
        for second in 0..seconds {
            let interval = Interval { second, ..Interval::default() };
            writer.add(SecondCopy::of(&demand, &interval, &tally));
        }
        begun.until(clock.now())
    }

    fn measured() -> Timestamp {
        Timestamp::from_nanos(5_000_000_000)
    }

    fn room(more: u32) -> u32 {
        u32::try_from(SECONDS_WAITING).expect("it is small") + more
    }

    #[track_caller]
    fn check_words(on_disk: &OnDisk, expected: &str) {
        let words = on_disk.unwritten.as_deref().expect("it is told");
        assert!(words.contains(expected), "{words}, not: {expected}");
    }

    #[test]
    fn a_disk_that_hangs_holds_nobody_up_and_is_told_with_the_number_of_seconds() {
        let (mut writer, folder, _results) = begun();
        hang(&folder.join("publish.hlog"));
        writer.begin_to_measure(measured());
        await_path(&folder.join("intervals.csv"));
        let took = add(&mut writer, room(5));
        assert!(took < LONG, "it waited for nobody: {took}");
        let on_disk = writer.end(Nanos::from_millis(50));
        let expected = format!("lack {0} of {0} seconds, since the disk stood still", room(5));
        check_words(&on_disk, &expected);
        assert_eq!(on_disk.folder.map(|of| of.path().to_owned()), Some(folder), "it was made");
    }

    #[test]
    fn a_disk_that_moves_again_gets_what_waited_and_what_found_no_room_is_counted() {
        let (mut writer, folder, _results) = begun();
        let fifo = folder.join("publish.hlog");
        hang(&fifo);
        writer.begin_to_measure(measured());
        await_path(&folder.join("intervals.csv"));
        add(&mut writer, room(3));
        let reads = std::thread::spawn(move || fs::read(fifo));
        let on_disk = writer.end(LONG);
        check_words(&on_disk, &format!("lack 3 of {} seconds, since the disk did not", room(3)));
        let read = reads.join().expect("it does not panic").expect("it is read to its end");
        let lines = |text: &str| text.lines().filter(|line| line.contains("HISTF")).count();
        assert_eq!(lines(&String::from_utf8_lossy(&read)), SECONDS_WAITING, "what waited");
        let rows = fs::read_to_string(folder.join("intervals.csv")).expect("it is there");
        assert_eq!(rows.lines().count(), SECONDS_WAITING + 1, "and the head");
    }

    #[test]
    fn a_full_disk_ends_the_logs_and_not_the_run() {
        let (mut writer, folder, _results) = begun();
        symlink("/dev/full", folder.join("service.hlog")).expect("there is no such file yet");
        writer.begin_to_measure(measured());
        add(&mut writer, 3);
        let on_disk = writer.end(LONG);
        check_words(&on_disk, "lack 3 of 3 seconds, since they could not be written");
        check_words(&on_disk, "service.hlog");
        assert_eq!(on_disk.folder.map(|of| of.path().to_owned()), Some(folder), "it is there");
    }

    #[test]
    fn a_disk_that_has_all_is_not_spoken_of_and_one_without_a_folder_is() {
        let (mut writer, folder, _results) = begun();
        writer.begin_to_measure(measured());
        add(&mut writer, 2);
        assert_eq!(writer.end(LONG).unwritten, None, "all is there");
        assert!(folder.join("transit.hlog").exists(), "{}", folder.display());
        let file = tempfile::NamedTempFile::new().expect("a file");
        let unable = FolderWriter::start(file.path().to_owned(), named());
        check_words(&unable.expect("there are threads").end(LONG), "could not be begun");
    }
}
