//! A host's share of a run: which logical producers and consumers are its own.

use super::placement::Role;

/// Every `step`-th number from `first` on.
///
/// Numbers run over all streams, or over all groups, so that streams of one producer do not all fall
/// to the first host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deal {
    /// The first number; below `step`.
    pub first: u64,
    /// How far apart they are; at least 1.
    pub step: u64,
}

impl Deal {
    /// Everything.
    pub const WHOLE: Self = Self { first: 0, step: 1 };

    /// The deal of one host among `hosts`, dealt round-robin.
    ///
    /// # Panics
    /// When there are no hosts, or the host is not one of them.
    #[must_use]
    pub fn of_host(host: u64, hosts: u64) -> Self {
        assert!(host < hosts, "a host is one of those that there are");
        Self { first: host, step: hosts }
    }

    /// This deal dealt on to `heirs`, round-robin: their deals are apart and make up this one.
    #[must_use]
    pub fn split(self, heirs: u64) -> Vec<Self> {
        let part = |heir| Self { first: self.first + heir * self.step, step: self.step * heirs };
        (0..heirs).map(part).collect()
    }

    /// Whether a number is among them.
    #[must_use]
    pub const fn holds(self, number: u64) -> bool {
        number % self.step == self.first
    }

    /// Those of so many numbers from `base` on, counted from `base`.
    pub fn among(self, base: u64, count: u64) -> impl Iterator<Item = u64> {
        let skip = (self.first + self.step - base % self.step) % self.step;
        let step = usize::try_from(self.step).unwrap_or(usize::MAX);
        (skip..count).step_by(step)
    }

    /// How many those are.
    #[must_use]
    pub const fn count_among(self, base: u64, count: u64) -> u64 {
        let skip = (self.first + self.step - base % self.step) % self.step;
        count.saturating_sub(skip).div_ceil(self.step)
    }
}

/// A task's part of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Which logical producers and consumers.
    pub deal: Deal,
    /// What its lanes do; `None` for both.
    pub role: Option<Role>,
    /// Which holder of these producers this is: 0 for the first, one more whenever they are taken over.
    pub incarnation: u16,
}

impl Share {
    /// The whole run on one host.
    pub const WHOLE: Self = Self { deal: Deal::WHOLE, role: None, incarnation: 0 };

    /// Whether it was taken over from a host that was lost: its lanes come to a machine that is in use.
    #[must_use]
    pub const fn is_taken_over(&self) -> bool {
        0 < self.incarnation
    }
}

#[cfg(test)]
mod tests {
    use super::Deal;
    use proptest::prelude::{prop_assert_eq, proptest};

    fn all(deals: &[Deal], base: u64, count: u64) -> Vec<u64> {
        let mut all: Vec<u64> = deals.iter().flat_map(|deal| deal.among(base, count)).collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn a_hundred_producers_on_three_hosts_and_the_third_ones_on_two() {
        let count = |deal: Deal| deal.count_among(0, 100);
        let hosts: Vec<Deal> = (0..3).map(|host| Deal::of_host(host, 3)).collect();
        assert_eq!(hosts.iter().map(|deal| count(*deal)).collect::<Vec<_>>(), [34, 33, 33]);
        let heirs = hosts[0].split(2);
        assert_eq!(heirs.iter().map(|deal| count(*deal)).collect::<Vec<_>>(), [17, 17]);
        assert_eq!(all(&heirs, 0, 100), all(&hosts[..1], 0, 100), "no more and no less");
    }

    #[test]
    fn streams_of_one_producer_do_not_all_fall_to_the_first_host() {
        let host_of =
            |base: u64| (0..4).find(|host| Deal::of_host(*host, 4).count_among(base, 1) == 1);
        assert_eq!([0, 1, 2, 3, 4].map(host_of), [Some(0), Some(1), Some(2), Some(3), Some(0)]);
    }

    proptest! {
        #[test]
        fn hosts_and_heirs_share_everything_once(
            hosts in 1_u64..12, heirs in 1_u64..5, lost in 0_u64..12, base in 0_u64..50, count in 0_u64..300,
        ) {
            let mut deals: Vec<Deal> = (0..hosts).map(|host| Deal::of_host(host, hosts)).collect();
            let taken = deals.swap_remove(usize::try_from(lost % hosts).expect("few"));
            deals.extend(taken.split(heirs));
            prop_assert_eq!(all(&deals, base, count), (0..count).collect::<Vec<_>>());
            for deal in deals {
                let own: Vec<u64> = deal.among(base, count).collect();
                prop_assert_eq!(deal.count_among(base, count), u64::try_from(own.len()).expect("few"));
                for number in 0..count {
                    prop_assert_eq!(deal.holds(base + number), own.contains(&number));
                }
            }
        }
    }
}
