//! Hooks that keep a run's directory, and then tell whoever else listens: a second that was told is on disk.

use super::second_files::SecondFiles;
use crate::log::RunLog;
use crate::report::RunFolder;
use engine::plan::Demand;
use engine::run::{Event, Hooks};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Begins a run's directory, with its log, which has what was said before too. Where the log cannot be
/// written there is a directory all the same: the result is more than it.
///
/// # Errors
/// As [`RunFolder::begin`].
pub(crate) fn begin(results: &Path, test_id: &str) -> io::Result<RunFolder> {
    let folder = RunFolder::begin(results, test_id)?;
    let path = folder.path().join("run.log");
    if let Err(error) = File::create(&path).and_then(RunLog::attach) {
        tracing::warn!("{}: cannot be written: {error}", path.display());
    }
    Ok(folder)
}

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
    folder: Option<RunFolder>,
    files: Option<SecondFiles>,
    /// Why seconds are missing from the files, and from when on.
    unwritten: Option<String>,
}

impl<'run, H: Hooks> Recorded<'run, H> {
    /// For a run whose directory comes into `results`.
    pub(crate) const fn new(hooks: H, demand: &'run Demand, results: PathBuf) -> Self {
        Self { hooks, demand, results, folder: None, files: None, unwritten: None }
    }

    /// Who else listened, and what became of the directory.
    pub(crate) fn end(self) -> (H, OnDisk) {
        (self.hooks, OnDisk { folder: self.folder, unwritten: self.unwritten })
    }

    fn record(&mut self, event: &Event<'_>) -> io::Result<()> {
        match event {
            Event::Ready(_) if self.folder.is_none() => {
                self.folder = Some(begin(&self.results, &self.demand.test_id)?);
            }
            Event::Measuring { from, .. } => {
                if let Some(folder) = &self.folder {
                    self.files = Some(SecondFiles::create(folder.path(), self.demand, *from)?);
                }
            }
            Event::Second(interval, tally) => match (&mut self.files, &self.folder) {
                (Some(files), _) => files.add(self.demand, interval, tally)?,
                (None, Some(_)) if self.unwritten.is_none() => {
                    return Err(io::Error::other("it came before its phase was told"));
                }
                (None, _) => {}
            },
            _ => {}
        }
        Ok(())
    }
}

impl<H: Hooks> Hooks for Recorded<'_, H> {
    fn event(&mut self, event: &Event<'_>) {
        if let Err(error) = self.record(event) {
            // Half a line would hide all that follow it, so nothing more is written; the result has all
            // figures in memory and is saved at the end, where that is possible then.
            self.files = None;
            let from = match event {
                Event::Second(interval, _) => format!("from second {} on", interval.second),
                _ => "from the first one on".to_owned(),
            };
            tracing::warn!("seconds are not written to disk {from}: {error}");
            let words = format!(
                "The interval logs (.hlog) lack seconds {from}, since they could not be written: {error}. \
                 All other figures are whole; do not take percentiles from the logs."
            );
            self.unwritten.get_or_insert(words);
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
