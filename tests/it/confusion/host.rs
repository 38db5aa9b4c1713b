//! Cases in which this host does not let the client run.

use super::mock::{broker, sending};
use crate::cli::{Ran, workload};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Processes that do nothing, all the time, on one core.
struct Competitors(Vec<Child>);

impl Competitors {
    fn on(core: usize, count: usize) -> Option<Self> {
        let core = core.to_string();
        let spinning = ["-c", &core, "sh", "-c", "while :; do :; done"];
        let begin = |_| Command::new("taskset").args(spinning).stdin(Stdio::null()).spawn().ok();
        (0..count).map(begin).collect::<Option<Vec<Child>>>().map(Self)
    }
}

impl Drop for Competitors {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // One that has ended by itself needs no end.
            let _ended = child.kill().and_then(|()| child.wait());
        }
    }
}

/// The last core that this process may use: the first has most of the interrupts.
fn last_core() -> usize {
    let cores = engine::host::machine().cores;
    cores.last().expect("a machine has a core").id
}

/// Three of four turns of the lane's core go to others.
pub(super) fn competitors() -> Option<Ran> {
    let core = last_core();
    let _competitors = Competitors::on(core, 3)?;
    let broker = broker(4, 0);
    let run = sending(&broker, &workload("competitors", 2_000, "4s"), "linger.ms=1");
    Some(run.and(&["--wait", "spin", "--cores", &core.to_string()]).run())
}

/// A cgroup with a quota, removed at the end.
struct Cgroup(PathBuf);

impl Cgroup {
    /// One that grants a fifth of a core in periods of 100 ms; `None` where none can be made.
    fn of_a_fifth() -> Option<Self> {
        let name = format!("kdyno-test-{}", std::process::id());
        let v1 = [("cpu.cfs_period_us", "100000"), ("cpu.cfs_quota_us", "20000")];
        let v2 = [("cpu.max", "20000 100000")];
        let made = |top: &str, settings: &[(&str, &str)]| {
            let folder = Path::new(top).join(&name);
            std::fs::create_dir(&folder).ok()?;
            let group = Self(folder);
            let set = |(file, value): &(&str, &str)| std::fs::write(group.0.join(file), value);
            settings.iter().all(|setting| set(setting).is_ok()).then_some(group)
        };
        made("/sys/fs/cgroup/cpu", &v1).or_else(|| made("/sys/fs/cgroup", &v2))
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // It is empty: its only process has ended.
        let _removed = std::fs::remove_dir(&self.0);
    }
}

pub(super) fn small_cgroup() -> Option<Ran> {
    let group = Cgroup::of_a_fifth()?;
    let broker = broker(4, 0);
    let tasks = group.0.join("cgroup.procs");
    let enter = "echo $$ > \"$0\" && exec \"$@\"";
    let run = sending(&broker, &workload("withheld", 2_000, "4s"), "linger.ms=1")
        .and(&["--wait", "spin"]);
    Some(run.through(&["sh", "-c", enter, tasks.to_str()?]).run())
}
