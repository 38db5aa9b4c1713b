//! When a run became steady: its rate as asked, its latency no longer falling.

use crate::units::Nanos;

/// Seconds in a row that must agree: fewer could be chance, more would take most of a short run.
const WINDOW: usize = 5;

/// How far a second's acks may lie from what was due in it, in thousandths.
const RATE_PERMILLE: u64 = 20;

/// How far a second's median publish latency may lie above the least of the window: half of it, and a
/// millisecond, which on a fast broker is what a busy host does.
const LATENCY_SLACK: Nanos = Nanos::from_millis(1);

/// One second of a run, of both phases: numbered from the start of the measured phase, so that the
/// warm-up's are negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pulse {
    /// Which second.
    pub second: i64,
    /// Acked in it.
    pub acked: u64,
    /// Their publish latency, median.
    pub publish_p50: Nanos,
}

/// The second from whose beginning on the run was steady: the first of five in a row in which as
/// many were acked as were due, within 2 %, and no median publish latency stood out. Groups are
/// stable and leaders known before the first message is due, so nothing else is waited for.
///
/// `None` where no five seconds in a row were so, or no schedule says what was due.
#[must_use]
pub fn steady_since(pulses: &[Pulse], due_per_second: Option<u64>) -> Option<i64> {
    let due = due_per_second?;
    let is_steady = |window: &&[Pulse]| {
        let follow = window.windows(2).all(|pair| pair[0].second + 1 == pair[1].second);
        let on_rate = window.iter().all(|of| of.acked.abs_diff(due) * 1_000 <= due * RATE_PERMILLE);
        let least = window.iter().map(|of| of.publish_p50).min().unwrap_or_default();
        let most = window.iter().map(|of| of.publish_p50).max().unwrap_or_default();
        follow && on_rate && most <= least + Nanos(least.0 / 2) + LATENCY_SLACK
    };
    pulses.windows(WINDOW).find(is_steady).map(|window| window[0].second)
}

#[cfg(test)]
mod tests {
    use super::{Pulse, steady_since};
    use crate::units::Nanos;

    /// Seconds from the first number on: acks and microseconds.
    fn check(from: i64, seconds: &[(u64, u64)], expected: Option<i64>) {
        let pulse = |(second, (acked, micros)): (i64, &(u64, u64))| Pulse {
            second,
            acked: *acked,
            publish_p50: Nanos(micros * 1_000),
        };
        let pulses: Vec<Pulse> = (from..).zip(seconds).map(pulse).collect();
        assert_eq!(steady_since(&pulses, Some(1_000)), expected, "{seconds:?} from {from}");
        assert_eq!(steady_since(&pulses, None), None, "a closed loop has no rate to reach");
    }

    #[test]
    fn steady_is_five_seconds_at_the_rate_with_no_latency_that_stands_out() {
        let steady = (1_000, 2_000);
        check(0, &[steady; 5], Some(0));
        check(0, &[steady; 4], None);
        check(-3, &[steady; 9], Some(-3));
        check(-2, &[&[(900, 2_000)][..], &[steady; 5]].concat(), Some(-1));
        check(-2, &[&[(1_000, 9_000), (1_000, 5_000)][..], &[steady; 5]].concat(), Some(0));
        check(0, &[&[(980, 2_000), (1_020, 4_000)][..], &[steady; 3]].concat(), Some(0));
        check(0, &[&[steady; 3][..], &[(979, 2_000)], &[steady; 4]].concat(), None);
        let falling: Vec<(u64, u64)> = (1..9).map(|nth| (1_000, 500_000 / nth)).collect();
        check(0, &falling, None);
    }
}
