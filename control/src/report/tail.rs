//! Is the tail of the publish latency the client's own?

use super::number::{micros, thousandth};
use engine::measure::{Latency, PhaseTally};
use engine::units::Nanos;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Percentiles at which it is asked.
const ASKED: [f64; 2] = [99.0, 99.9];

/// From this share of the latency on the client explains it.
const MOSTLY: f64 = 0.5;

/// Below this share the client has no part in it that matters.
const HARDLY: f64 = 0.1;

/// One percentile of the publish latency, and what the client had in it.
///
/// Percentiles do not add up, so this is an estimate, and on the safe side: the client's part is the
/// greater of the send delay's percentile (messages that left late) and of the hiccups' (a core that
/// was away when the ack came, or the message was due).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tail {
    /// Which percentile.
    pub percentile: f64,
    /// The publish latency there.
    pub publish_us: f64,
    /// The send delay there.
    pub send_delay_us: f64,
    /// What the lanes' cores were away for, there; null where no lane waited, or hiccups are off.
    pub hiccup_us: Option<f64>,
    /// The client's part, 0 to 1; null where hiccups are off, which leaves half of it unseen.
    pub client_share: Option<f64>,
    /// `yes` from a half on, `no` below a tenth, `in part` between, `unknown` where hiccups are off.
    pub explained_by_client: Cow<'static, str>,
}

impl Tail {
    /// Empty where nothing was acked; without hiccups where they are off.
    pub(super) fn all(seen: &PhaseTally, hiccup: Option<&Latency>) -> Vec<Self> {
        if seen.publish.count() == 0 || seen.send_delay.count() == 0 {
            return Vec::new();
        }
        ASKED.into_iter().map(|percentile| Self::at(percentile, seen, hiccup)).collect()
    }

    fn at(percentile: f64, seen: &PhaseTally, hiccups: Option<&Latency>) -> Self {
        let publish = seen.publish.percentile(percentile);
        let send_delay = seen.send_delay.percentile(percentile);
        let hiccup = hiccups.filter(|spans| 0 < spans.count());
        let hiccup = hiccup.map(|spans| spans.percentile(percentile));
        let ours = send_delay.max(hiccup.unwrap_or(Nanos::ZERO));
        let share = if publish == Nanos::ZERO { 0.0 } else { micros(ours) / micros(publish) };
        let share = hiccups.map(|_| share.min(1.0));
        Self {
            percentile,
            publish_us: micros(publish),
            send_delay_us: micros(send_delay),
            hiccup_us: hiccup.map(micros),
            client_share: share.map(thousandth),
            explained_by_client: match share {
                None => "unknown",
                Some(share) if MOSTLY <= share => "yes",
                Some(share) if share < HARDLY => "no",
                Some(_) => "in part",
            }
            .into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Tail;
    use crate::report::fixture::Made;
    use engine::measure::Latency;
    use engine::units::Nanos;

    /// A thousand messages at 1 ms, of which so many took 100 ms and left so late.
    fn check(send_delay_us: u64, hiccup_us: Option<u64>, expected: (&str, f64)) {
        let mut seen = Made::clean().outcome.tally.streams[0].measured.clone();
        seen.publish.clear();
        seen.send_delay.clear();
        let mut hiccup = Latency::default();
        for number in 0..1_000 {
            let is_late = number < 20;
            let millis = if is_late { 100 } else { 1 };
            seen.publish.record(Some(Nanos::from_millis(millis)));
            let delay = if is_late { Nanos(send_delay_us * 1_000) } else { Nanos(50) };
            seen.send_delay.record(Some(delay));
            let away = hiccup_us.filter(|_| is_late).unwrap_or(0);
            if hiccup_us.is_some() {
                hiccup.record(Some(Nanos(away * 1_000)));
            }
        }
        let off = &Tail::all(&seen, None)[0];
        assert_eq!((&*off.explained_by_client, off.client_share), ("unknown", None), "{off:?}");
        let got = &Tail::all(&seen, Some(&hiccup))[0];
        assert_eq!(got.explained_by_client, expected.0, "{got:?}");
        let share = got.client_share.expect("hiccups are asked for");
        assert!((share - expected.1).abs() < 0.002, "{got:?}");
        assert_eq!(got.hiccup_us.is_some(), hiccup_us.is_some(), "null where nobody looked");
    }

    #[test]
    fn the_greater_of_send_delay_and_hiccups_decides() {
        check(100, None, ("no", 0.001));
        check(9_900, None, ("no", 0.099));
        check(30_000, Some(0), ("in part", 0.3));
        check(100, Some(30_000), ("in part", 0.3));
        check(60_000, Some(100), ("yes", 0.6));
        check(100, Some(100_000), ("yes", 1.0));
    }

    #[test]
    fn without_an_ack_nothing_is_asked() {
        let mut seen = Made::clean().outcome.tally.streams[0].measured.clone();
        seen.publish.clear();
        assert_eq!(Tail::all(&seen, Some(&Latency::default())), [], "nothing was acked");
    }
}
