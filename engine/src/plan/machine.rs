//! The machine as a plan sees it: the cores there are, where each lies, and how much of them is ours.

use crate::units::Millicores;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The cores that this process may use, and how much of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The cores, by rising id; at least one.
    pub cores: Vec<Core>,
    /// What the cgroup grants of them in all; `None` where nothing less than the cores is granted.
    pub quota: Option<Millicores>,
}

/// A core as the system numbers them: with simultaneous multithreading, one thread of a physical core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Core {
    /// Its number.
    pub id: usize,
    /// The NUMA node that it lies on.
    pub node: usize,
    /// Its physical core: the lowest number among the threads of it, usable or not.
    pub physical: usize,
}

impl Machine {
    /// Physical cores with these numbers, all on one node, without a quota.
    #[must_use]
    pub fn of_cores(ids: impl IntoIterator<Item = usize>) -> Self {
        let core = |id| Core { id, node: 0, physical: id };
        Self { cores: ids.into_iter().map(core).collect(), quota: None }
    }

    /// The cores' numbers.
    #[must_use]
    pub fn ids(&self) -> Vec<usize> {
        self.cores.iter().map(|core| core.id).collect()
    }

    /// The numbers of the nodes that the cores lie on, rising.
    #[must_use]
    pub fn nodes(&self) -> Vec<usize> {
        distinct(self.cores.iter().map(|core| core.node))
    }

    /// How many physical cores there are.
    #[must_use]
    pub fn physical_cores(&self) -> usize {
        distinct(self.cores.iter().map(|core| core.physical)).len()
    }

    /// How many cores can be busy all the time without exceeding the quota; at least one.
    #[must_use]
    pub fn budget(&self) -> usize {
        let granted = self.quota.map(|quota| usize::try_from(quota.0 / 1_000));
        granted.and_then(Result::ok).unwrap_or(usize::MAX).clamp(1, self.cores.len().max(1))
    }
}

/// Each number once, rising.
pub(super) fn distinct(numbers: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut numbers: Vec<usize> = numbers.collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// Cores as the system and our flags write them: `0-3,8`.
#[derive(Clone, Copy, Debug)]
pub struct CoreList<'list>(pub &'list [usize]);

impl fmt::Display for CoreList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sorted = distinct(self.0.iter().copied());
        let ranges =
            sorted.chunk_by(|before, after| before + 1 == *after).map(|range| match range {
                [first, .., last] => format!("{first}-{last}"),
                [one] => one.to_string(),
                [] => String::new(),
            });
        f.write_str(&ranges.collect::<Vec<_>>().join(","))
    }
}

/// What there is, in a line of the plan.
impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (cores, physical) = (self.cores.len(), self.physical_cores());
        write!(f, "cores {}", CoreList(&self.ids()))?;
        if physical < cores {
            write!(f, " ({cores} threads of {physical} physical cores)")?;
        }
        match self.nodes().as_slice() {
            [one] => write!(f, ", NUMA node {one}")?,
            many => write!(f, ", NUMA nodes {}", CoreList(many))?,
        }
        match self.quota {
            Some(quota) => write!(f, ", cgroup quota of {quota} cores"),
            None => f.write_str(", no cgroup quota"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CoreList, Machine};
    use crate::units::Millicores;

    #[test]
    fn cores_are_listed_as_the_flags_take_them() {
        let check = |cores: &[usize], text: &str| {
            assert_eq!(CoreList(cores).to_string(), text, "{cores:?}");
        };
        check(&[], "");
        check(&[5], "5");
        check(&[3, 0, 1, 2], "0-3");
        check(&[0, 1, 4, 6, 7, 8], "0-1,4,6-8");
    }

    #[test]
    fn the_budget_is_what_can_be_busy_all_the_time() {
        let check = |quota: Option<u64>, budget: usize| {
            let machine = Machine { quota: quota.map(Millicores), ..Machine::of_cores(0..8) };
            assert_eq!(machine.budget(), budget, "{quota:?} of 8 cores");
        };
        check(None, 8);
        check(Some(100), 1);
        check(Some(1_500), 1);
        check(Some(4_000), 4);
        check(Some(7_999), 7);
        check(Some(64_000), 8);
    }
}
