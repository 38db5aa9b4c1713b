//! Runs of the binary as a user's shell would make them.

use engine::time::{Clock, OsClock};
use engine::units::Nanos;
use serde_json::Value;
use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{PoisonError, RwLockReadGuard, RwLockWriteGuard};
use tempfile::TempDir;

/// The file that takes stderr of an invocation that goes on.
const SAID: &str = "stderr.log";

/// How long the words of an invocation may be waited for: as long as no step of a run may take.
const PATIENCE: Nanos = Nanos::from_secs(90);

/// An invocation of kdyno in a folder of its own.
#[derive(Debug)]
pub(crate) struct Kdyno {
    command: Command,
    folder: TempDir,
}

/// What an invocation came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    folder: TempDir,
}

impl Kdyno {
    /// `kdyno` with these words, to be run in a new empty folder, where results go.
    pub(crate) fn new(words: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder of our own");
        let mut command = Command::new(env!("CARGO_BIN_EXE_kdyno-under-test"));
        command.args(words).current_dir(folder.path()).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { command, folder }
    }

    /// Further words.
    pub(crate) fn and(mut self, words: &[&str]) -> Self {
        self.command.args(words);
        self
    }

    /// A file beside it, before it runs.
    pub(crate) fn with_file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.folder.path().join(name), text).expect("the folder is ours");
        self
    }

    /// The same begun by these words, e.g. `sh -c '… exec "$@"' sh`: it is the rest of their line.
    pub(crate) fn through(mut self, words: &[&str]) -> Self {
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).arg(self.command.get_program()).args(self.command.get_args());
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        self.command = command;
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(mut self) -> Ran {
        let output = self.command.output().expect("the binary was built with the tests");
        Ran::of(&output, self.folder)
    }

    /// With this variable in its environment.
    pub(crate) fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it with stdout and stderr on a terminal, of which nobody holds this end afterwards.
    pub(crate) fn run_at(mut self, terminal: OwnedFd) -> Ran {
        let second = terminal.try_clone().expect("a descriptor more");
        self.command.stdout(terminal).stderr(second);
        self.run()
    }

    /// Starts it, to be sent signals; what it says on stderr can be read meanwhile.
    pub(crate) fn start(mut self) -> Started {
        let said = File::create(self.folder.path().join(SAID)).expect("the folder is ours");
        let child = self.command.stderr(said).spawn().expect("the binary was built with the tests");
        Started { child, folder: self.folder }
    }
}

/// An invocation that goes on.
#[derive(Debug)]
pub(crate) struct Started {
    child: Child,
    folder: TempDir,
}

impl Started {
    /// The process's id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has said on stderr so far.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(self.folder.path().join(SAID)).expect("the file is ours")
    }

    /// The run directories that it has made so far.
    pub(crate) fn run_directories(&self) -> Vec<PathBuf> {
        run_directories(self.folder.path())
    }

    /// Writes to the end of a file beside it.
    pub(crate) fn append(&self, name: &str, text: &str) {
        let mut options = File::options();
        let file = options.create(true).append(true).open(self.folder.path().join(name));
        file.and_then(|mut file| file.write_all(text.as_bytes())).expect("the folder is ours");
    }

    /// Waits until it has said these words on stderr.
    pub(crate) fn await_words(&mut self, words: &str) {
        let clock = OsClock::anchored();
        let until = clock.now() + PATIENCE;
        while !self.said().contains(words) {
            let ended = self.child.try_wait().expect("the process is ours");
            assert!(ended.is_none(), "it ended without saying '{words}': {}", self.said());
            assert!(clock.now() < until, "it did not say '{words}': {}", self.said());
            clock.park(Nanos::from_millis(5));
        }
    }

    /// Waits for its end.
    pub(crate) fn finish(self) -> Ran {
        let said = self.folder.path().join(SAID);
        let mut output = self.child.wait_with_output().expect("the process is ours");
        output.stderr = std::fs::read(said).expect("the file is ours");
        Ran::of(&output, self.folder)
    }
}

impl Ran {
    fn of(output: &Output, folder: TempDir) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            folder,
        }
    }

    /// The names of all that is in its folder, the given files included.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).expect("the folder is ours");
        let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("readable").file_name();
        let mut names: Vec<String> =
            entries.map(|entry| name(entry).to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// Where a file in its folder is.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The run directories it made, by the runs' names.
    pub(crate) fn run_directories(&self) -> Vec<PathBuf> {
        run_directories(self.folder.path())
    }

    /// The result of its only run.
    pub(crate) fn result(&self) -> Value {
        let directories = self.run_directories();
        assert_eq!(directories.len(), 1, "one run directory: {directories:?}\n{}", self.stderr);
        read_json(&directories[0].join("result.json"))
    }
}

/// The directories of the runs that were begun in a folder, by the runs' names.
fn run_directories(folder: &Path) -> Vec<PathBuf> {
    let results = folder.join("results");
    let apart = ["invalid", "unfinished"].map(|word| results.join(word));
    let mut paths = entries(&results);
    paths.retain(|path| !apart.contains(path));
    paths.extend(apart.iter().flat_map(|place| entries(place)));
    paths.sort_by_key(|path| path.file_name().map(ToOwned::to_owned));
    paths
}

/// What is in a folder, by name.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.sort();
    paths
}

/// A JSON file.
pub(crate) fn read_json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("the file is there");
    serde_json::from_str(&text).expect("the file is JSON")
}

/// A number of a result by its path, e.g. `/acked/messages`.
pub(crate) fn number(result: &Value, path: &str) -> f64 {
    result
        .pointer(path)
        .and_then(Value::as_f64)
        .unwrap_or_else(|| panic!("{path} is a number in {result:#}"))
}

/// Held by tests whose timing suffers from others, or whose load spoils that of others; shared by those that
/// ask for little, take their time, and judge by counts.
#[expect(clippy::disallowed_types, reason = "tests share the machine; lanes share nothing")]
static MACHINE: std::sync::RwLock<()> = std::sync::RwLock::new(());

/// The right to use the machine, for as long as this lives.
#[derive(Debug)]
pub(crate) enum Room {
    Alone { _held: RwLockWriteGuard<'static, ()> },
    BesideOthers { _held: RwLockReadGuard<'static, ()> },
}

/// Waits until no other such test runs; one that failed holds up nobody.
pub(crate) fn alone() -> Room {
    Room::Alone { _held: MACHINE.write().unwrap_or_else(PoisonError::into_inner) }
}

/// Waits until no test runs that needs the machine for itself.
pub(crate) fn beside_others() -> Room {
    Room::BesideOthers { _held: MACHINE.read().unwrap_or_else(PoisonError::into_inner) }
}

/// A workload of one topic of four partitions, 100-byte messages, without warm-up.
pub(crate) fn workload(name: &str, rate: u64, duration: &str) -> String {
    format!(
        "name: {name}\ntopics: 1\npartitionsPerTopic: 4\nmessageSize: 100\nproducersPerTopic: 1\n\
         subscriptionsPerTopic: 1\nconsumerPerSubscription: 1\nproducerRate: {rate}\n\
         testDuration: {duration}\nwarmupDuration: 0s\n"
    )
}

/// The same as fast as acks come: nothing is due, so no send is late however busy the machine is.
pub(crate) fn closed(name: &str, duration: &str) -> String {
    workload(name, 1, duration).replace("producerRate: 1", "producerRate: max")
}

/// What findings a result has, by their codes.
pub(crate) fn findings(result: &Value) -> Vec<String> {
    let findings = result.pointer("/verdict/findings").and_then(Value::as_array);
    let codes = findings.expect("every result has findings").iter();
    codes.map(|finding| finding["code"].as_str().unwrap_or_default().to_owned()).collect()
}
