//! What the cgroup grants this process of its cores, and for how long it withheld them (CFS
//! bandwidth control, both versions of cgroups).

use crate::units::{Millicores, Nanos};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// How often and for how long a cgroup was kept off the cores because its quota was used up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Throttled {
    /// Periods in which it was.
    pub periods: u64,
    /// Periods in all.
    pub of: u64,
    /// For how long, summed over the cores that it would have used.
    pub time: Nanos,
}

/// The counters of each cgroup that this process is in, from its own upwards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Throttling(Vec<(PathBuf, Throttled)>);

impl Throttling {
    /// What happened since `earlier`, in the cgroup that withheld most: a pause of an outer one is
    /// a pause of the inner one too, and adding them would count it twice. `None` where nobody
    /// counts.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Option<Throttled> {
        let grown = self.0.iter().filter_map(|(path, now)| {
            let (_, before) = earlier.0.iter().find(|(known, _)| known == path)?;
            Some(Throttled {
                periods: now.periods.saturating_sub(before.periods),
                of: now.of.saturating_sub(before.of),
                time: now.time.less(before.time),
            })
        });
        grown.max_by_key(|throttled| (throttled.time, throttled.periods, throttled.of))
    }
}

/// The counters so far.
#[must_use]
pub fn throttling() -> Throttling {
    throttling_below(Path::new("/"))
}

fn throttling_below(root: &Path) -> Throttling {
    let counted = |path: PathBuf| {
        let counters = throttled(&fs::read_to_string(path.join("cpu.stat")).ok()?)?;
        Some((path, counters))
    };
    Throttling(own_cgroups(root).into_iter().filter_map(counted).collect())
}

/// The least that any cgroup which this process is in grants of the cores; `None` without a limit.
pub(super) fn quota(root: &Path) -> Option<Millicores> {
    let read = |path: PathBuf| fs::read_to_string(path).ok();
    let of = |folder: PathBuf| {
        let v2 = read(folder.join("cpu.max")).and_then(|text| {
            let (quota, period) = text.trim().split_once(' ')?;
            ratio(quota, period)
        });
        v2.or_else(|| {
            ratio(
                read(folder.join("cpu.cfs_quota_us"))?.trim(),
                read(folder.join("cpu.cfs_period_us"))?.trim(),
            )
        })
    };
    own_cgroups(root).into_iter().filter_map(of).min()
}

/// Quota ÷ period, both in microseconds; `max` and −1 stand for no limit. Never quite zero.
fn ratio(quota_us: &str, period_us: &str) -> Option<Millicores> {
    let (quota, period): (u64, u64) = (quota_us.parse().ok()?, period_us.parse().ok()?);
    Some(Millicores(quota.saturating_mul(1_000).checked_div(period)?.max(1)))
}

/// The counters of a `cpu.stat`; `None` in a cgroup that cannot be limited.
fn throttled(stat: &str) -> Option<Throttled> {
    let value = |name: &str| {
        let mut words = stat.lines().filter_map(|line| line.split_once(' '));
        words.find_map(|(key, value)| (key == name).then(|| value.trim().parse::<u64>().ok())?)
    };
    // Version 2 counts microseconds, version 1 nanoseconds.
    let time = value("throttled_usec").map(|micros| Nanos(micros.saturating_mul(1_000)));
    Some(Throttled {
        periods: value("nr_throttled")?,
        of: value("nr_periods")?,
        time: time.or_else(|| value("throttled_time").map(Nanos))?,
    })
}

/// The folders of the cgroups which this process is in and which can limit processor time, from its
/// own upwards, of both versions.
fn own_cgroups(root: &Path) -> Vec<PathBuf> {
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap_or_default();
    let (member, mounts) = (read("proc/self/cgroup"), read("proc/self/mountinfo"));
    let mut folders = Vec::new();
    for line in member.lines() {
        // Hierarchy, controllers, path: `0::/a/b` in version 2, `1:cpu,cpuacct:/a/b` in version 1.
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else { continue };
        let is_v2 = controllers.is_empty();
        if !is_v2 && !controllers.split(',').any(|name| name == "cpu") {
            continue;
        }
        if let Some((top, at)) = mounts.lines().find_map(|mount| mounted(mount, is_v2)) {
            // A container without a cgroup namespace sees its own cgroup as the top of the mount.
            let below = Path::new(path).strip_prefix(top).unwrap_or(Path::new(""));
            let at = root.join(at.trim_start_matches('/'));
            let own = at.join(below);
            folders
                .extend(own.ancestors().take_while(|up| up.starts_with(&at)).map(Path::to_owned));
        }
    }
    folders
}

/// The top and the place of a mount that can limit processor time, from a line of `mountinfo`.
fn mounted(line: &str, is_v2: bool) -> Option<(&str, &str)> {
    let (mount, system) = line.split_once(" - ")?;
    let mut system = system.split(' ');
    let is_it = match (system.next()?, is_v2) {
        ("cgroup2", true) => true,
        ("cgroup", false) => system.next_back()?.split(',').any(|option| option == "cpu"),
        _ => false,
    };
    let mut fields = mount.split(' ').skip(3);
    is_it.then_some((fields.next()?, fields.next()?))
}

#[cfg(test)]
mod tests {
    use super::{Throttled, quota, throttling_below};
    use crate::units::{Millicores, Nanos};
    use std::fs;
    use std::path::Path;
    use tempfile::TempDir;

    const V2: &str =
        "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
    const V1: &str = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n\
        32 31 0:29 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n\
        33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n\
        41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

    /// A made-up root: where this process belongs, what is mounted, and files of cgroups.
    fn made_up(member: &str, mounts: &str, files: &[(&str, &str)]) -> TempDir {
        let root = tempfile::tempdir().expect("a folder of our own");
        write(root.path(), "proc/self/cgroup", member);
        write(root.path(), "proc/self/mountinfo", mounts);
        for (path, text) in files {
            write(root.path(), &format!("sys/fs/cgroup/{path}"), text);
        }
        root
    }

    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("inside the root")).expect("the root is ours");
        fs::write(path, text).expect("the root is ours");
    }

    #[test]
    fn the_least_grant_on_the_way_up_wins() {
        let check = |member: &str, mounts: &str, files: &[(&str, &str)], cores: Option<u64>| {
            let root = made_up(member, mounts, files);
            assert_eq!(quota(root.path()), cores.map(Millicores), "{member} {files:?}");
        };
        check("0::/a/b\n", V2, &[], None);
        check("0::/a/b\n", V2, &[("a/b/cpu.max", "max 100000\n")], None);
        check("0::/a/b\n", V2, &[("a/b/cpu.max", "150000 100000\n")], Some(1_500));
        let outer = [("a/cpu.max", "50000 100000\n"), ("a/b/cpu.max", "150000 100000\n")];
        check("0::/a/b\n", V2, &outer, Some(500));
        check(
            "0::/\n",
            V2,
            &[("cpu.max", "400000 100000\n"), ("c/cpu.max", "1 1000\n")],
            Some(4_000),
        );
        let member = "3:cpuset:/x\n2:cpu,cpuacct:/a\n0::/\n";
        let v1 = |quota| {
            [
                ("cpu,cpuacct/a/cpu.cfs_quota_us", quota),
                ("cpu,cpuacct/a/cpu.cfs_period_us", "50000\n"),
            ]
        };
        check(member, V1, &v1("-1\n"), None);
        check(member, V1, &v1("25000\n"), Some(500));
        check(member, "", &v1("25000\n"), None);
        check("", V1, &v1("25000\n"), None);
    }

    #[test]
    fn a_container_that_sees_its_own_cgroup_as_the_top_is_understood() {
        let mounts = V2.replace("0:26 /", "0:26 /docker/4711");
        let root = made_up("0::/docker/4711\n", &mounts, &[("cpu.max", "200000 100000\n")]);
        assert_eq!(quota(root.path()), Some(Millicores(2_000)), "the mount's top is its own");
    }

    #[test]
    fn of_several_cgroups_the_one_that_withheld_most_is_told() {
        let stat = |periods: u64, throttled: u64, micros: u64| {
            format!(
                "usage_usec 7\nnr_periods {periods}\nnr_throttled {throttled}\nthrottled_usec {micros}\nnr_bursts 0\n"
            )
        };
        let (inner, outer) = (stat(100, 5, 5_000), stat(900, 50, 40_000));
        let root = made_up(
            "0::/a/b\n",
            V2,
            &[("cpu.stat", "usage_usec 7\n"), ("a/cpu.stat", &outer), ("a/b/cpu.stat", &inner)],
        );
        let before = throttling_below(root.path());
        write(root.path(), "sys/fs/cgroup/a/b/cpu.stat", &stat(120, 17, 345_000));
        write(root.path(), "sys/fs/cgroup/a/cpu.stat", &stat(920, 51, 40_100));
        let expected = Throttled { periods: 12, of: 20, time: Nanos::from_millis(340) };
        assert_eq!(throttling_below(root.path()).since(&before), Some(expected), "the inner one");
    }

    #[test]
    fn version_1_counts_nanoseconds_and_nobody_counts_where_there_is_none() {
        let stat = |time: u64| format!("nr_periods 3\nnr_throttled 2\nthrottled_time {time}\n");
        let root =
            made_up("2:cpu,cpuacct:/a\n0::/\n", V1, &[("cpu,cpuacct/a/cpu.stat", &stat(1_000))]);
        let before = throttling_below(root.path());
        write(root.path(), "sys/fs/cgroup/cpu,cpuacct/a/cpu.stat", &stat(5_001_000));
        let since = throttling_below(root.path()).since(&before).expect("it counts");
        assert_eq!(since.time, Nanos::from_millis(5), "nanoseconds");
        let none = made_up("0::/\n", V2, &[("cpu.stat", "usage_usec 7\n")]);
        let nobody = throttling_below(none.path());
        assert_eq!(nobody.since(&nobody), None, "no counters, no zeros");
    }
}
