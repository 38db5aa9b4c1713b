//! What the process uses: processor time of all its threads, and memory.

use super::outcome::Cost;
use crate::units::Nanos;
use rustix::time::{ClockId, clock_gettime};

/// User and system time of the whole process so far, by the operating system's own accounting.
pub(super) fn cpu_now() -> Nanos {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(spent.tv_sec).unwrap_or(0);
    Nanos::from_secs(seconds) + Nanos(u64::try_from(spent.tv_nsec).unwrap_or(0))
}

/// The cost since `begun`; the memory's peak is that of the process's whole life.
pub(super) fn cost_since(begun: Nanos) -> Cost {
    Cost { cpu: cpu_now().less(begun), peak_rss: peak_rss().unwrap_or(0) }
}

/// `VmHWM` of Linux, in bytes.
fn peak_rss() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::{cost_since, cpu_now};
    use crate::units::Nanos;

    #[test]
    fn work_shows_in_the_cost() {
        let begun = cpu_now();
        while cpu_now().less(begun) < Nanos::from_millis(20) {}
        let cost = cost_since(begun);
        assert!(Nanos::from_millis(20) <= cost.cpu, "{cost:?}");
        assert!(1 << 20 < cost.peak_rss, "{cost:?}");
    }
}
