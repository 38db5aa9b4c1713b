//! A lane that is stuck behind an endpoint that lives: its worker is lost all the same.

use super::{Fleet, workload};
use crate::real::{count, has_finding};
use std::path::{Path, PathBuf};

/// A group of threads that stand still; they go on when it is dropped.
struct Freezer(PathBuf);

impl Freezer {
    /// Freezes one thread of a process; `None` where this machine has no way to.
    fn of(pid: &str, thread: &str) -> Option<Self> {
        let id = thread_of(pid, thread)?;
        let folder = Path::new("/sys/fs/cgroup/freezer").join(format!("kdyno-test-{pid}"));
        std::fs::create_dir(&folder).ok()?;
        let group = Self(folder);
        std::fs::write(group.0.join("tasks"), &id).ok()?;
        std::fs::write(group.0.join("freezer.state"), "FROZEN").ok()?;
        Some(group)
    }
}

impl Drop for Freezer {
    fn drop(&mut self) {
        // A thread that has ended meanwhile need not be moved.
        let _thawed = std::fs::write(self.0.join("freezer.state"), "THAWED");
        let tasks = std::fs::read_to_string(self.0.join("tasks")).unwrap_or_default();
        for task in tasks.lines() {
            let _moved = std::fs::write("/sys/fs/cgroup/freezer/tasks", task);
        }
        let _removed = std::fs::remove_dir(&self.0);
    }
}

/// The id of a process's thread of that name.
fn thread_of(pid: &str, name: &str) -> Option<String> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let own = tasks.filter_map(Result::ok).find(|task| {
        let comm = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
        comm.trim() == name
    })?;
    own.file_name().into_string().ok()
}

#[test]
fn a_lane_that_is_stuck_behind_a_living_endpoint_costs_the_run_its_worker() {
    let Some(fleet) = Fleet::of(3) else { return };
    let mut run = fleet.run(&workload(2_000, 16), &[]).start();
    run.await_words("    1 s |");
    let Some(_frozen) = Freezer::of(&fleet.workers[1].pid(), "produce-0") else {
        println!("this machine has no way to freeze a thread");
        return;
    };
    let ran = run.finish();
    let result = ran.result();
    assert_eq!(ran.code, 14, "{:#}\n{}", result["verdict"], ran.stderr);
    assert!(has_finding(&result, "worker_lost"), "{:#}", result["verdict"]);
    assert!(ran.stderr.contains("is stuck: nothing of it for"), "{}", ran.stderr);
    assert_eq!(count(&result, "/produced/due"), 32_000, "what is due is due");
    let seconds = result["intervals"].as_array().expect("a list");
    let late = seconds.iter().find(|second| count(second, "/t_s") == 14).expect("it ran on");
    let produced = count(late, "/produced");
    assert!(
        (1_900..=2_100).contains(&produced),
        "the others have taken its share over: {produced}"
    );
    assert_eq!(result["verification"]["lost"], 0, "{:#}", result["verification"]);
    for subscription in result["consumed"]["subscriptions"].as_array().expect("a list") {
        assert_eq!(subscription["drained"], true, "{}\n{subscription:#}", fleet.workers[1].said());
    }
    assert!(fleet.topics_of(&result).is_empty(), "no topic is left");
}
