//! When a run became steady: its rate as asked, its latency no longer falling.

use crate::units::Nanos;

/// Seconds in a row that must agree: fewer could be chance, more would take most of a short run.
pub const STEADY_WINDOW: usize = 5;

/// How far a second's acks may lie from what was due in it, in thousandths.
const RATE_PERMILLE: u64 = 20;

/// How far a second's acks may lie from the window's median where nothing says what was due, in
/// thousandths. What a closed loop reaches is not asked of it, it varies by some percent from second
/// to second for good; so close to the median a trend is less than a fortieth a second.
const FREE_PERMILLE: u64 = 50;

/// How far a second's median publish latency may lie above the least of the window: half of it, and a
/// millisecond, which on a fast broker is what a busy host does.
const LATENCY_SLACK: Nanos = Nanos::from_millis(1);

/// One second of a run, of both phases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pulse {
    /// Which second, from the border's origin.
    pub second: i64,
    /// Acked in it.
    pub acked: u64,
    /// Their publish latency, median.
    pub publish_p50: Nanos,
}

/// The second from whose beginning on the run was steady: the first of five in a row in which as
/// many were acked as were due, within 2 %, and no median publish latency stood out. Where no
/// schedule says what was due, acks lie within 5 % of the five seconds' median. Groups are stable
/// and leaders known before the first message is due, so nothing else is waited for.
///
/// `None` where no five seconds in a row were so.
#[must_use]
pub fn steady_since(pulses: &[Pulse], due_per_second: Option<u64>) -> Option<i64> {
    let is_steady = |window: &&[Pulse]| {
        let follow = window.windows(2).all(|pair| pair[0].second + 1 == pair[1].second);
        let (rate, permille) = match due_per_second {
            Some(due) => (due, RATE_PERMILLE),
            None => (median_acked(window), FREE_PERMILLE),
        };
        // A message at each edge of a second may fall to its neighbour.
        let allowed = (rate * permille / 1_000).max(2);
        let on_rate = |of: &Pulse| of.acked.abs_diff(rate) <= allowed;
        let least = window.iter().map(|of| of.publish_p50).min().unwrap_or_default();
        let most = window.iter().map(|of| of.publish_p50).max().unwrap_or_default();
        let is_even = most <= least + Nanos(least.0 / 2) + LATENCY_SLACK;
        follow && 0 < rate && window.iter().all(on_rate) && is_even
    };
    pulses.windows(STEADY_WINDOW).find(is_steady).map(|window| window[0].second)
}

fn median_acked(window: &[Pulse]) -> u64 {
    let mut acked: Vec<u64> = window.iter().map(|of| of.acked).collect();
    acked.sort_unstable();
    acked[acked.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::{Pulse, steady_since};
    use crate::units::Nanos;

    /// Seconds from the first number on: acks and microseconds.
    fn steady(from: i64, seconds: &[(u64, u64)], due: Option<u64>) -> Option<i64> {
        let pulse = |(second, (acked, micros)): (i64, &(u64, u64))| Pulse {
            second,
            acked: *acked,
            publish_p50: Nanos(micros * 1_000),
        };
        let pulses: Vec<Pulse> = (from..).zip(seconds).map(pulse).collect();
        steady_since(&pulses, due)
    }

    #[test]
    fn steady_is_five_seconds_at_the_rate_with_no_latency_that_stands_out() {
        let check = |from: i64, seconds: &[(u64, u64)], expected: Option<i64>| {
            let got = steady(from, seconds, Some(1_000));
            assert_eq!(got, expected, "{seconds:?} from {from}");
        };
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

    #[test]
    fn a_closed_loop_is_steady_when_its_seconds_lie_near_their_median() {
        let check = |acked: [u64; 6], expected: Option<i64>| {
            let seconds = acked.map(|acked| (acked, 2_000));
            assert_eq!(steady(0, &seconds, None), expected, "{acked:?}");
        };
        check([1_000; 6], Some(0));
        check([950, 1_050, 1_000, 1_000, 1_000, 0], Some(0));
        check([949, 1_000, 1_000, 1_000, 1_000, 1_000], Some(1));
        check([1_000, 1_000, 1_051, 1_000, 1_000, 1_000], None);
        // Rising by a thirtieth a second it is on its way to somewhere.
        check([900, 930, 960, 990, 1_020, 1_050], None);
        check([0; 6], None);
        let slower: Vec<(u64, u64)> = (1..9).map(|nth| (1_000, 5_000 * nth)).collect();
        assert_eq!(steady(0, &slower, None), None, "its queue grows");
    }
}
