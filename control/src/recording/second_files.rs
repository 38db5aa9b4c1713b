//! The files of a run's directory that grow by a line a second: `intervals.csv` and the interval logs.
//!
//! Each line is one write and stays in the page cache: a killed process loses none, a power cut may.

use crate::report::hlog;
use crate::report::intervals::{self, Row};
use engine::measure::{Latency, Tally};
use engine::plan::Demand;
use engine::run::Interval;
use engine::units::Timestamp;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// A second as the thread that writes takes it: a copy, since the run goes on with its own. Copying is what the run
/// pays for it; the text is made by whoever writes (CHANGELOG, Numbers).
#[derive(Debug)]
pub(super) struct SecondCopy {
    /// Which, from the start of the measured phase.
    pub(super) number: u32,
    row: Row,
    /// In the order of [`hlog::Kind::ALL`]: of all streams together, then of each where there are several.
    latencies: Vec<Latency>,
}

impl SecondCopy {
    /// Of what was just complete.
    pub(super) fn of(demand: &Demand, interval: &Interval, tally: &Tally) -> Self {
        let copy = |kind| of_all_streams(kind, demand, tally);
        let mut latencies: Vec<Latency> = hlog::Kind::ALL.iter().map(copy).collect();
        let several = 1 < demand.streams.len();
        for (stream, seen) in demand.streams.iter().zip(&tally.streams).filter(|_| several) {
            latencies.extend(hlog::Kind::ALL.iter().map(|kind| {
                let has_it = !kind.from_due || stream.pace.is_paced();
                if has_it { (kind.part)(&seen.measured).clone() } else { Latency::default() }
            }));
        }
        Self { number: interval.second, row: Row::of(demand, interval), latencies }
    }
}

/// Files that are open for the length of a run.
#[derive(Debug)]
pub(super) struct SecondFiles {
    rows: File,
    /// In the order of a second's latencies.
    logs: Vec<File>,
}

impl SecondFiles {
    /// Begins the files of a run whose measured phase begins at `start`; of its several `streams` each has
    /// logs of its own too.
    ///
    /// # Errors
    /// When one cannot be made.
    pub(super) fn create(
        folder: &Path,
        (test_id, streams): (&str, &[String]),
        start: Timestamp,
    ) -> io::Result<Self> {
        let begin = |name: &str, head: &str| {
            let path = folder.join(name);
            let file = File::create(&path).and_then(|mut file| {
                file.write_all(head.as_bytes())?;
                Ok(file)
            });
            file.map_err(|error| {
                io::Error::new(error.kind(), format!("{}: {error}", path.display()))
            })
        };
        let names: Vec<&str> = streams.iter().map(String::as_str).collect();
        let rows = begin(intervals::FILE, &intervals::head(&names))?;
        let log = |stream: Option<&String>, kind: &hlog::Kind| match stream {
            None => begin(kind.file, &kind.head(test_id, start)),
            Some(name) => {
                let whose = format!("{test_id}, stream {name}");
                begin(&kind.file_of(name), &kind.head(&whose, start))
            }
        };
        let all = std::iter::once(None).chain(streams.iter().map(Some));
        let logs = all.flat_map(|of| hlog::Kind::ALL.iter().map(move |kind| (of, kind)));
        let logs = logs.map(|(of, kind)| log(of, kind)).collect::<io::Result<_>>()?;
        Ok(Self { rows, logs })
    }

    /// Adds a second of the measured phase or of its drain.
    ///
    /// # Errors
    /// When it cannot be written whole.
    pub(super) fn add(&mut self, second: &SecondCopy) -> io::Result<()> {
        self.rows.write_all(second.row.line().as_bytes())?;
        for (log, latency) in self.logs.iter_mut().zip(&second.latencies) {
            log.write_all(hlog::line(second.number, latency).as_bytes())?;
        }
        Ok(())
    }
}

/// A latency of all streams that have it.
fn of_all_streams(kind: &hlog::Kind, demand: &Demand, tally: &Tally) -> Latency {
    let streams = demand.streams.iter().zip(&tally.streams);
    let has_it = streams.filter(|(stream, _)| !kind.from_due || stream.pace.is_paced());
    let mut parts = has_it.map(|(_, seen)| (kind.part)(&seen.measured));
    // A copy is cheaper than to add to nothing, and most runs have one stream.
    let mut all = parts.next().cloned().unwrap_or_default();
    parts.for_each(|part| all.merge(part));
    all
}

#[cfg(test)]
mod tests {
    use super::{SecondCopy, SecondFiles, of_all_streams};
    use crate::report::hlog::{self, Kind};
    use engine::measure::Tally;
    use engine::plan::{Demand, Pace};
    use engine::run::Interval;
    use engine::units::{Nanos, Timestamp};
    use std::fs::{self, File};
    use std::io::ErrorKind;

    /// How many spans each second of a log has.
    fn histograms(text: &str) -> Vec<(u32, u64)> {
        let mut all = Vec::new();
        hlog::for_each(text, |second, one| all.push((second, one.len()))).expect("an interval log");
        all
    }

    fn demand() -> Demand {
        crate::report::made_up_plan().demand
    }

    fn tally(demand: &Demand, millis: &[u64]) -> Tally {
        let mut tally = Tally::new(demand);
        for span in millis {
            for stream in &mut tally.streams {
                stream.measured.publish.record(Some(Nanos::from_millis(*span)));
                stream.measured.service.record(Some(Nanos::from_millis(1)));
            }
        }
        tally
    }

    #[test]
    fn every_second_is_on_disk_as_soon_as_it_was_added() {
        let (folder, demand) = (tempfile::tempdir().expect("a directory"), demand());
        let start = Timestamp::from_nanos(1_700_000_000_000_000_000);
        let mut files =
            SecondFiles::create(folder.path(), ("run_1_a", &[]), start).expect("they are made");
        for second in 0..3 {
            let interval = Interval { second, acked: 2, ..Interval::default() };
            let copy = SecondCopy::of(&demand, &interval, &tally(&demand, &[5, 7]));
            files.add(&copy).expect("it is written");
            let read =
                |name: &str| fs::read_to_string(folder.path().join(name)).expect("it is there");
            let rows = read("intervals.csv");
            let last = rows.lines().last().expect("a row");
            assert!(last.starts_with(&format!("{second},")), "not closed, and there: {last}");
            assert_eq!(
                rows.lines().count(),
                usize::try_from(second).expect("few") + 2,
                "and the head"
            );
            for kind in Kind::ALL {
                let seconds = histograms(&read(kind.file));
                let counts: Vec<u64> = seconds.iter().map(|(_, count)| *count).collect();
                let expected = if ["publish", "service"].contains(&kind.name) { 2 } else { 0 };
                assert_eq!(counts, vec![expected; counts.len()], "{}", kind.file);
                assert_eq!(seconds.last().map(|(at, _)| *at), Some(second), "{}", kind.file);
            }
        }
    }

    #[test]
    fn several_streams_have_logs_of_their_own_beside_those_of_all() {
        let (folder, mut demand) = (tempfile::tempdir().expect("a directory"), demand());
        demand.streams.push(demand.streams[0].clone());
        demand.streams[1].pace = Pace::Max { in_flight: None };
        let names = ["bulk", "probe"].map(str::to_owned);
        let start = Timestamp::from_nanos(1_700_000_000_000_000_000);
        let mut files =
            SecondFiles::create(folder.path(), ("run_1_a", &names), start).expect("they are made");
        let mut seen = tally(&demand, &[5, 7]);
        seen.streams[1].measured.service.record(Some(Nanos::from_millis(2)));
        files.add(&SecondCopy::of(&demand, &Interval::default(), &seen)).expect("it is written");
        let spans = |name: &str| {
            let text = fs::read_to_string(folder.path().join(name)).expect("it is there");
            histograms(&text)
        };
        assert_eq!((spans("service.hlog"), spans("publish.hlog")), (vec![(0, 5)], vec![(0, 2)]));
        let own = ["service-bulk.hlog", "service-probe.hlog", "publish-bulk.hlog"].map(spans);
        assert_eq!(own, [[(0, 2)], [(0, 3)], [(0, 2)]], "each its own");
        assert_eq!(spans("publish-probe.hlog"), [(0, 0)], "a closed loop has none");
    }

    #[test]
    fn streams_are_joined_and_those_without_due_times_left_out_of_what_begins_there() {
        let mut demand = demand();
        demand.streams.push(demand.streams[0].clone());
        let tally = tally(&demand, &[5, 7]);
        let count = |of: &Demand, kind: usize| of_all_streams(&Kind::ALL[kind], of, &tally).count();
        assert_eq!((count(&demand, 0), count(&demand, 1)), (4, 4), "both streams");
        demand.streams[1].pace = Pace::Max { in_flight: None };
        assert_eq!((count(&demand, 0), count(&demand, 1)), (2, 4), "one has no due times");
        demand.streams[0].pace = Pace::Max { in_flight: None };
        assert_eq!((count(&demand, 0), count(&demand, 1)), (0, 4), "none has");
    }

    #[test]
    fn a_file_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().expect("a directory");
        let gone = folder.path().join("gone");
        let error = SecondFiles::create(&gone, ("run_1_a", &[]), Timestamp::from_nanos(1))
            .expect_err("gone");
        assert!(error.to_string().contains("intervals.csv"), "{error}");
    }

    #[test]
    fn a_full_disk_is_told_by_the_second_that_found_it_full() {
        let demand = demand();
        let second = SecondCopy::of(&demand, &Interval::default(), &tally(&demand, &[5]));
        let full = || File::create("/dev/full").expect("it can be opened");
        let check = |mut files: SecondFiles| {
            let error = files.add(&second).expect_err("it is full");
            assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
        };
        check(SecondFiles { rows: full(), logs: Vec::new() });
        let rows = tempfile::tempfile().expect("a file");
        check(SecondFiles { rows, logs: vec![full()] });
    }
}
