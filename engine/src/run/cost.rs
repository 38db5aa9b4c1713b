//! What the process used: processor time of all its threads, and memory.

use super::outcome::Cost;
use crate::host::{cpu_time, peak_resident};
use crate::units::Nanos;

/// The cost since `begun`, a reading of [`cpu_time`]; the memory's peak is that of the process's whole life.
#[must_use]
pub fn cost_since(begun: Nanos) -> Cost {
    let peak_rss = peak_resident().map_or(0, |peak| peak.0);
    Cost { cpu: cpu_time().less(begun), peak_rss }
}

#[cfg(test)]
mod tests {
    use super::cost_since;
    use crate::host::cpu_time;
    use crate::units::Nanos;

    #[test]
    fn work_shows_in_the_cost() {
        let begun = cpu_time();
        while cpu_time().less(begun) < Nanos::from_millis(20) {}
        let cost = cost_since(begun);
        assert!(Nanos::from_millis(20) <= cost.cpu, "{cost:?}");
        assert!(1 << 20 < cost.peak_rss, "{cost:?}");
    }
}
