//! Hooks that have a run's directory kept, and tell whoever else listens.
//!
//! Nobody waits for the disk: a second is handed over before it is told, and on disk before the next one is due.

use super::folder_writer::{FolderWriter, Named};
use super::second_files::SecondCopy;
use super::writer::PATIENCE;
use crate::report::RunFolder;
use engine::plan::Demand;
use engine::run::{Event, Hooks};
use std::path::PathBuf;

/// What became of a run's directory.
#[derive(Debug)]
pub(crate) struct OnDisk {
    /// It; `None` where the run failed before it could be made, or it could not be made.
    pub(crate) folder: Option<RunFolder>,
    /// Why the logs of its seconds are not whole, if they are not.
    pub(crate) unwritten: Option<String>,
}

/// A run's hooks, and its directory from the moment on when all consumers are ready: what is refused
/// before creates nothing.
#[derive(Debug)]
pub(crate) struct Recorded<'run, H> {
    /// Who else listens.
    hooks: H,
    demand: &'run Demand,
    results: PathBuf,
    writer: Option<FolderWriter>,
    /// Why there is no thread that writes.
    unwritten: Option<String>,
}

impl<'run, H: Hooks> Recorded<'run, H> {
    /// For a run whose directory comes into `results`.
    pub(crate) const fn new(hooks: H, demand: &'run Demand, results: PathBuf) -> Self {
        Self { hooks, demand, results, writer: None, unwritten: None }
    }

    /// Who else listened, and what became of the directory.
    pub(crate) fn end(self) -> (H, OnDisk) {
        let Self { hooks, writer, unwritten, .. } = self;
        let on_disk = match writer {
            Some(writer) => writer.end(PATIENCE),
            None => OnDisk { folder: None, unwritten },
        };
        (hooks, on_disk)
    }

    fn begin(&mut self) {
        let streams = self.demand.streams.iter().map(|stream| stream.name.clone());
        let streams = streams.filter(|_| 1 < self.demand.streams.len()).collect();
        let named = Named { test_id: self.demand.test_id.clone(), streams };
        match FolderWriter::start(self.results.clone(), named) {
            Ok(writer) => self.writer = Some(writer),
            Err(error) => {
                let words = format!(
                    "There are no interval logs (.hlog): the thread that writes them did not start: {error}. \
                     All other figures are whole."
                );
                tracing::warn!("{words}");
                self.unwritten = Some(words);
            }
        }
    }
}

impl<H: Hooks> Hooks for Recorded<'_, H> {
    fn event(&mut self, event: &Event<'_>) {
        if let Some(writer) = &mut self.writer {
            writer.look();
        }
        match (event, &mut self.writer) {
            (Event::Ready(_), None) => self.begin(),
            (Event::Measuring { from, .. }, Some(writer)) => writer.begin_to_measure(*from),
            (Event::Second(interval, tally), Some(writer)) => {
                writer.add(SecondCopy::of(self.demand, interval, tally));
            }
            _ => {}
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

#[cfg(test)]
mod tests {
    use super::Recorded;
    use engine::measure::Tally;
    use engine::run::{Event, Hooks, Interval};
    use engine::units::{Nanos, Timestamp};
    use std::path::Path;

    /// Counts what it is told.
    #[derive(Debug, Default)]
    struct Counting(usize);

    impl Hooks for Counting {
        fn event(&mut self, _: &Event<'_>) {
            self.0 += 1;
        }

        fn is_interrupted(&self) -> bool {
            true
        }

        fn is_cut_short(&self) -> bool {
            true
        }
    }

    /// Plays a run of two seconds into a folder; how many events others heard, and the files there are.
    fn played(results: &Path) -> (usize, Vec<String>) {
        let demand = crate::report::made_up_plan().demand;
        let (from, length) = (Timestamp::from_nanos(5_000_000_000), Nanos::from_secs(2));
        let mut hooks = Recorded::new(Counting::default(), &demand, results.to_owned());
        assert!(hooks.is_interrupted() && hooks.is_cut_short(), "as the others say");
        hooks.event(&Event::Joining);
        assert!(!results.join("unfinished").exists(), "nothing is made before all are ready");
        hooks.event(&Event::Ready(Nanos::ZERO));
        hooks.event(&Event::Measuring { from, length });
        for second in 0..2 {
            let interval = Interval { second, ..Interval::default() };
            hooks.event(&Event::Second(&interval, &Tally::new(&demand)));
        }
        let (counting, on_disk) = hooks.end();
        assert_eq!(on_disk.folder.is_none(), on_disk.unwritten.is_some(), "it is told");
        let entries = on_disk.folder.iter().flat_map(|folder| {
            std::fs::read_dir(folder.path())
                .expect("it is there")
                .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
        });
        let mut names: Vec<String> = entries.collect();
        names.sort();
        (counting.0, names)
    }

    #[test]
    fn a_run_is_on_disk_while_it_goes_on() {
        let results = tempfile::tempdir().expect("a directory");
        let files = [
            "end-to-end.hlog",
            "intervals.csv",
            "publish.hlog",
            "run.log",
            "send-delay.hlog",
            "service.hlog",
            "transit.hlog",
        ];
        assert_eq!(played(results.path()), (5, files.map(str::to_owned).to_vec()));
    }

    #[test]
    fn where_nothing_can_be_written_the_run_goes_on() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        assert_eq!(played(file.path()), (5, Vec::new()), "others hear everything");
    }
}
