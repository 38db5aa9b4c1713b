//! The host as the system describes it: where cores lie, what the cgroup grants and withheld, how fast
//! its network cards are, and what this process uses.

mod cards;
mod cgroup;
mod connections;
mod process;
mod threads;
mod topology;

pub use cards::{Card, cards};
pub use cgroup::{Throttled, Throttling, throttling};
pub use connections::{Connection, connections};
pub use process::{Storage, cpu_time, peak_resident, resident, storage};
pub use threads::{Busy, ThreadTime, busiest, threads};

use crate::plan::Machine;
use crate::units::Millicores;
use std::path::Path;

/// The machine that this process may use.
#[must_use]
pub fn machine() -> Machine {
    let mut ids: Vec<usize> =
        core_affinity::get_core_ids().unwrap_or_default().into_iter().map(|core| core.id).collect();
    ids.sort_unstable();
    if ids.is_empty() {
        ids.push(0);
    }
    let cores = topology::cores(Path::new("/"), &ids);
    let parallelism = std::thread::available_parallelism().map_or(ids.len(), usize::from);
    let quota = granted(cgroup::quota(Path::new("/")), parallelism, ids.len());
    Machine { cores, quota }
}

/// The quota, where it is less than the cores. Where we found none and the standard library, which
/// looks in other places, did, its whole number stands.
fn granted(quota: Option<Millicores>, parallelism: usize, cores: usize) -> Option<Millicores> {
    let whole = |count: usize| Millicores(u64::try_from(count).unwrap_or(u64::MAX) * 1_000);
    let seen = quota.or_else(|| (parallelism < cores).then(|| whole(parallelism)));
    seen.filter(|granted| *granted < whole(cores))
}

#[cfg(test)]
mod tests {
    use super::{granted, machine};
    use crate::units::Millicores;

    #[test]
    fn a_quota_counts_where_it_is_less_than_the_cores() {
        let check = |quota: Option<u64>, parallelism: usize, expected: Option<u64>| {
            let got = granted(quota.map(Millicores), parallelism, 8);
            assert_eq!(got, expected.map(Millicores), "{quota:?}, {parallelism} of 8 cores");
        };
        check(None, 8, None);
        check(Some(1_500), 1, Some(1_500));
        check(Some(8_000), 8, None);
        check(Some(64_000), 8, None);
        check(None, 2, Some(2_000));
    }

    #[test]
    fn this_machine_has_cores_that_lie_somewhere() {
        let here = machine();
        assert!(!here.cores.is_empty(), "at least one core");
        assert!(here.physical_cores() <= here.cores.len(), "{here:?}");
        assert!(here.cores.is_sorted_by_key(|core| core.id), "{here:?}");
    }
}
