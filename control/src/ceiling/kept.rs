//! The ceiling that is kept beside the results: written whole, read before runs, and set against them.

use super::document::{Ceiling, SCHEMA, Throughput};
use super::rows::acked_per_second;
use super::{BUILD, steps::Sink};
use crate::host::{ALLOCATOR, Environment};
use crate::report::{CeilingPart, float, write_whole};
use engine::measure::Phase;
use engine::plan::{Plan, Role};
use engine::run::Outcome;
use engine::time::ClockSource;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Its name in the folder of run directories.
const FILE: &str = "ceiling.json";

/// No ceiling is longer: one of 512 cores takes some 60 KiB.
const BYTES_MAX: u64 = 4 << 20;

/// Writes a ceiling into the results folder and returns its path.
///
/// # Errors
/// When the folder cannot be made or written; a ceiling that was there stays whole.
pub(super) fn save(ceiling: &Ceiling, results: &Path) -> io::Result<PathBuf> {
    fs::create_dir_all(results)?;
    write_whole(results, FILE, &super::json(ceiling))?;
    Ok(results.join(FILE))
}

/// What runs of one invocation are set against.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    ceiling: Option<Ceiling>,
    note: Option<String>,
}

impl Kept {
    /// Reads the ceiling of a results folder. One that cannot be read, or was measured elsewhere, is
    /// ignored with a note: it never spoils a run.
    pub(crate) fn read(results: &Path, here: &Environment, clock: ClockSource) -> Self {
        let path = results.join(FILE);
        let found = match text(&path) {
            Ok(None) => return Self::default(),
            Ok(Some(bytes)) => parsed(&bytes),
            Err(error) => Err(error.to_string()),
        };
        let fitting =
            found.and_then(|ceiling| match differences(&ceiling, here, clock).as_slice() {
                [] => Ok(ceiling),
                differing => Err(differing.join(", ")),
            });
        match fitting {
            Ok(ceiling) => Self { ceiling: Some(ceiling), note: None },
            Err(reason) => {
                let path = path.display();
                let words = format!("{path} is ignored: {reason}; kdyno ceiling measures it anew");
                Self { ceiling: None, note: Some(words) }
            }
        }
    }

    /// Why a ceiling that is there is ignored.
    pub(crate) fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Where a run on a driver stood; `None` without a ceiling, and where nothing was acked.
    pub(crate) fn standing(
        &self,
        driver: &str,
        plan: &Plan,
        outcome: &Outcome,
    ) -> Option<CeilingPart> {
        let ceiling = self.ceiling.as_ref()?;
        let seen = outcome.tally.total(Phase::Measured);
        let run = Speed {
            per_second: acked_per_second(outcome, &seen)?,
            lanes: plan.lanes.iter().filter(|lane| lane.role() == Role::Producer).count(),
            size: seen.acked.bytes.checked_div(seen.acked.messages)?,
        };
        // A cluster is not in this process: what bounds a run on it here is the engine alone.
        let embedded = Sink::Embedded.driver();
        let of = if driver == embedded { embedded } else { Sink::Null.driver() };
        let part = part(ceiling, of, &run)?;
        // The null sink takes bodies as they lie.
        let is_copied = driver != Sink::Null.driver();
        let copied_bytes_per_second = ceiling.copy_bytes_per_second.filter(|_| is_copied);
        Some(CeilingPart { copied_bytes_per_second, ..part })
    }
}

/// How fast a run went, and with what.
struct Speed {
    per_second: f64,
    /// Producing lanes.
    lanes: usize,
    /// Bytes of a message, on average.
    size: u64,
}

/// The file's bytes; `None` where there is no file.
fn text(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    let read = file.take(BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if u64::try_from(read).unwrap_or(u64::MAX) <= BYTES_MAX {
        return Ok(Some(bytes));
    }
    Err(io::Error::other(format!("longer than {BYTES_MAX} bytes")))
}

fn parsed(bytes: &[u8]) -> Result<Ceiling, String> {
    let value: serde_json::Value =
        serde_json::from_slice(bytes).map_err(|error| format!("no JSON: {error}"))?;
    let schema = value.get("schema").and_then(serde_json::Value::as_str).unwrap_or_default();
    if schema != SCHEMA {
        return Err(format!("schema: got \"{schema}\", need \"{SCHEMA}\""));
    }
    let ceiling: Ceiling = serde_json::from_value(value).map_err(|error| error.to_string())?;
    if ceiling.complete { Ok(ceiling) } else { Err("it is not complete".to_owned()) }
}

/// What was otherwise when the ceiling was measured. The kernel may differ: what it changes is within
/// what two measurements differ by.
fn differences(ceiling: &Ceiling, here: &Environment, clock: ClockSource) -> Vec<String> {
    let quota = |cores: Option<f64>| cores.map_or("none".to_owned(), |cores| cores.to_string());
    let cpu = |name: &Option<String>| name.clone().unwrap_or_else(|| "unknown".to_owned());
    let (host, version) = (&ceiling.host, env!("CARGO_PKG_VERSION"));
    let pairs = [
        ("CPU", cpu(&host.cpu), cpu(&here.cpu)),
        ("cores", host.cores.to_string(), here.cores.to_string()),
        ("cgroup quota", quota(host.quota_cores), quota(here.quota_cores)),
        ("kdyno's version", ceiling.kdyno_version.clone(), version.to_owned()),
        ("build", ceiling.build.clone(), BUILD.to_owned()),
        ("allocator", ceiling.allocator.clone(), ALLOCATOR.to_owned()),
        ("librdkafka", ceiling.librdkafka.clone(), here.librdkafka.clone()),
        ("clock", ceiling.clock.clone(), clock.word().to_owned()),
    ];
    let told = |(what, then, now): (&str, String, String)| {
        (then != now).then(|| format!("{what} was {then} and is {now}"))
    };
    pairs.into_iter().filter_map(told).collect()
}

/// Of the rows of a sink the one that is nearest to a run: the size by its ratio, then as many lanes or
/// the next fewer.
fn part(ceiling: &Ceiling, of: &str, run: &Speed) -> Option<CeilingPart> {
    let apart = |row: &Throughput| {
        let (less, more) = (run.size.min(row.message_size), run.size.max(row.message_size));
        float(more) / float(less.max(1))
    };
    let fits = |row: &&Throughput| row.of == of && 0.0 < row.messages_per_second;
    let rows = || ceiling.throughput.iter().filter(fits);
    let size = rows().min_by(|one, two| apart(one).total_cmp(&apart(two)))?.message_size;
    let lanes = u64::try_from(run.lanes).unwrap_or(u64::MAX);
    let same = || rows().filter(|row| row.message_size == size);
    let below = same().filter(|row| row.lanes <= lanes).max_by_key(|row| row.lanes);
    let row = below.or_else(|| same().min_by_key(|row| row.lanes))?;
    let share = run.per_second / row.messages_per_second;
    Some(CeilingPart {
        messages_per_second: row.messages_per_second,
        // Six decimals keep a share of one in a million.
        share: (share * 1e6).round() / 1e6,
        of: of.to_owned(),
        lanes: row.lanes,
        message_size: size,
        measured_at: ceiling.measured_at.clone(),
        copied_bytes_per_second: None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{ceiling, environment};
    use super::{Ceiling, Environment, FILE, Kept, Speed, part, save};
    use engine::time::ClockSource;
    use std::fs;

    #[test]
    fn a_run_is_set_against_the_nearest_size_and_as_many_lanes_or_the_next_fewer() {
        let check = |of: &str, (lanes, size): (usize, u64), expected: (u64, u64, f64)| {
            let run = Speed { per_second: 970_000.0, lanes, size };
            let part = part(&ceiling(), of, &run).expect("there is a row");
            assert_eq!(
                (part.lanes, part.message_size),
                (expected.0, expected.1),
                "{lanes}, {size}"
            );
            let speed = (part.messages_per_second - expected.2).abs();
            assert!(speed < 1e-6, "{of}, {lanes} lanes, {size} B: {part:?}");
            let share = part.share * part.messages_per_second;
            assert!((share - 970_000.0).abs() < 20.0, "the run's speed over the row's: {part:?}");
        };
        check("loopback", (1, 100), (1, 100, 9_700_000.0));
        check("loopback", (2, 100), (2, 100, 18_500_000.0));
        check("loopback", (7, 100), (2, 100, 18_500_000.0));
        check("loopback", (1, 1_024), (1, 100, 9_700_000.0));
        check("loopback", (1, 4_096), (1, 65_536, 7_900_000.0));
        check("embedded", (2, 1), (2, 100, 1_300_000.0));
        check("embedded", (0, 1_000_000), (1, 65_536, 21_000.0));
        let speed = Speed { per_second: 1.0, lanes: 1, size: 100 };
        assert_eq!(part(&ceiling(), "other", &speed), None, "nothing to set it against");
        let mut broken = ceiling();
        broken.throughput.iter_mut().for_each(|row| row.messages_per_second = 0.0);
        assert_eq!(part(&broken, "loopback", &speed), None, "nothing is divided by zero");
    }

    /// The note on a ceiling that was changed after it was measured, or on another host.
    fn note(change: impl FnOnce(&mut Ceiling), here: &Environment) -> Option<String> {
        let folder = tempfile::tempdir().expect("a folder of our own");
        let mut changed = ceiling();
        change(&mut changed);
        save(&changed, folder.path()).expect("it is written");
        let kept = Kept::read(folder.path(), here, ClockSource::Tsc);
        assert_eq!(kept.ceiling.is_none(), kept.note.is_some(), "ignored with a note, or used");
        kept.note
    }

    #[test]
    fn a_ceiling_of_another_host_or_build_is_ignored_with_a_note() {
        let here = environment();
        assert_eq!(note(|_| {}, &here), None, "measured here");
        assert_eq!(note(|of| of.host.kernel = None, &here), None, "the kernel may differ");
        assert_eq!(note(|of| of.host.name = None, &here), None, "a name says nothing");
        let check = |change: fn(&mut Ceiling), words: &str| {
            let told = note(change, &here).expect(words);
            assert!(told.contains("ceiling.json is ignored: ") && told.contains(words), "{told}");
        };
        check(|of| of.host.cpu = Some("Other 1".to_owned()), "CPU was Other 1 and is Made Up 9000");
        check(|of| of.host.cpu = None, "CPU was unknown and is Made Up 9000");
        check(|of| of.host.cores = 64, "cores was 64 and is 2");
        check(|of| of.host.quota_cores = Some(1.5), "cgroup quota was 1.5 and is none");
        check(|of| of.kdyno_version = "0.0.1".to_owned(), "kdyno's version was 0.0.1 and is ");
        check(|of| of.build = "other".to_owned(), "build was other and is ");
        check(|of| of.allocator = "other".to_owned(), "allocator was other and is ");
        check(|of| of.librdkafka = "2.3.0".to_owned(), "librdkafka was 2.3.0 and is 2.12.1");
        check(|of| of.clock = "os".to_owned(), "clock was os and is tsc");
        check(|of| of.schema = "kdyno.ceiling/2".to_owned(), "need \"kdyno.ceiling/1\"");
        check(|of| of.complete = false, "not complete");
    }

    #[test]
    fn a_file_that_is_no_ceiling_is_ignored_with_a_note_and_none_is_no_news() {
        let folder = tempfile::tempdir().expect("a folder of our own");
        let read = || Kept::read(folder.path(), &environment(), ClockSource::Tsc);
        assert!(read().note.is_none() && read().ceiling.is_none(), "there is none");
        let long = "1".repeat((4 << 20) + 1);
        for (text, words) in [
            ("", "no JSON"),
            ("{\"schema\": \"kdyno.ceil", "no JSON"),
            ("[]", "schema: got \"\""),
            ("{\"schema\": \"kdyno.ceiling/1\"}", "missing field"),
            (long.as_str(), "longer than"),
        ] {
            fs::write(folder.path().join(FILE), text).expect("the folder is ours");
            let kept = read();
            assert!(kept.ceiling.is_none(), "{words}");
            let told = kept.note().expect(words);
            assert!(told.contains(words), "{told}");
        }
        fs::remove_file(folder.path().join(FILE)).expect("it is ours");
        fs::create_dir(folder.path().join(FILE)).expect("the folder is ours");
        assert!(read().note.is_some(), "a folder of that name");
    }

    #[test]
    fn a_ceiling_is_written_whole_and_reads_back() {
        let folder = tempfile::tempdir().expect("a folder of our own");
        let results = folder.path().join("deep/results");
        let path = save(&ceiling(), &results).expect("it is written");
        assert_eq!(path, results.join(FILE), "beside the run directories");
        let kept = Kept::read(&results, &environment(), ClockSource::Tsc);
        assert_eq!(kept.ceiling, Some(ceiling()), "every field");
        save(&ceiling(), &results).expect("one that is there is replaced");
        let names: Vec<_> = fs::read_dir(&results).expect("a folder").collect();
        assert_eq!(names.len(), 1, "nothing else, no leftover: {names:?}");
    }
}
