//! How fast the run went while all its lanes were sending.

use super::number::{float, per_second, thousandth};
use engine::measure::Window;
use engine::run::Interval;
use engine::units::{NANOS_PER_SECOND, Nanos, Timestamp};
use std::collections::BTreeSet;

/// What one producing lane sent, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    /// Messages accepted.
    pub(super) messages: u64,
    /// From its first send to its last.
    pub(super) window: Window,
}

/// So many whole seconds make the counts of seconds the better source: a lane hands a second over
/// some milliseconds after its end, which moves a few messages over the edge, at each end once.
const ENOUGH_SECONDS: u64 = 5;

/// Messages per second between the last lane's first send and the first lane's last.
///
/// The counts of the whole seconds in between are what was really sent then. Where there are too few
/// of them, each lane's messages are taken as evenly spread over its own window: exact for lanes of
/// a constant rate, which is what a schedule gives them.
pub(super) fn plateau(
    lanes: &[Share],
    seconds: &[Interval],
    start: Option<Timestamp>,
) -> Option<f64> {
    let ends = |share: &Share| Some((share.window.first()?, share.window.last()?, share.messages));
    let sending: Vec<(Timestamp, Timestamp, u64)> = lanes.iter().filter_map(ends).collect();
    let from = sending.iter().map(|(first, _, _)| *first).max()?;
    let to = sending.iter().map(|(_, last, _)| *last).min()?;
    let span = to.since(from).filter(|span| Nanos::ZERO < *span)?;
    if let Some(rate) = start.and_then(|start| by_seconds(seconds, start, from, to)) {
        return Some(rate);
    }
    let part = |(first, last, messages): &(Timestamp, Timestamp, u64)| {
        float(*messages) * float(span.0) / float(first.until(*last).0)
    };
    Some(thousandth(sending.iter().map(part).sum::<f64>() / span.as_secs_f64()))
}

/// The same from the counts of the whole seconds between `from` and `to`.
fn by_seconds(
    seconds: &[Interval],
    start: Timestamp,
    from: Timestamp,
    to: Timestamp,
) -> Option<f64> {
    let first = start.until(from).0.div_ceil(NANOS_PER_SECOND);
    let end = start.until(to).0 / NANOS_PER_SECOND;
    let whole = end.checked_sub(first).filter(|whole| ENOUGH_SECONDS <= *whole)?;
    let within = |interval: &&Interval| (first..end).contains(&u64::from(interval.second));
    let own: Vec<&Interval> = seconds.iter().filter(within).collect();
    let seen: BTreeSet<u32> = own.iter().map(|interval| interval.second).collect();
    let messages = own.iter().map(|interval| interval.produced).sum();
    // A second that is missing is not a second without messages.
    let is_whole = u64::try_from(seen.len()) == Ok(whole);
    is_whole.then(|| per_second(messages, Nanos::from_secs(whole))).flatten()
}

#[cfg(test)]
mod tests {
    use super::{Share, plateau};
    use engine::measure::Window;
    use engine::run::Interval;
    use engine::units::{Nanos, Timestamp};

    const START: Timestamp = Timestamp::from_nanos(1_000_000_000_000);

    /// A lane that sends `messages` from one second to another.
    fn share(from_s: u64, to_s: u64, messages: u64) -> Share {
        let mut window = Window::default();
        window.include(START + Nanos::from_secs(from_s));
        window.include(START + Nanos::from_secs(to_s));
        Share { messages, window }
    }

    /// The rate over the outer window, and the plateau.
    fn check(lanes: &[Share], throughput: f64, expected: f64) {
        let mut window = Window::default();
        lanes.iter().for_each(|lane| window.merge(&lane.window));
        let outer = window.first().zip(window.last()).expect("lanes sent");
        let messages: u64 = lanes.iter().map(|lane| lane.messages).sum();
        let rate = super::per_second(messages, outer.0.until(outer.1)).expect("time passed");
        assert!((rate - throughput).abs() < 0.5, "throughput {rate}, not {throughput}");
        let got = plateau(lanes, &[], Some(START)).expect("the lanes overlap");
        assert!((got - expected).abs() < 0.5, "plateau {got}, not {expected}");
    }

    #[test]
    fn the_studys_two_examples() {
        let uneven = [share(0, 10, 10_000), share(0, 12, 10_000), share(1, 11, 10_000)];
        check(&uneven, 2_500.0, 2_833.0);
        check(&[share(0, 10, 50_000), share(2, 12, 50_000)], 8_333.0, 10_000.0);
    }

    #[test]
    fn the_counts_of_whole_seconds_say_what_a_changing_rate_really_did() {
        let lanes = [share(0, 10, 55_000), share(1, 10, 45_000)];
        let second = |second: u32| Interval {
            second,
            produced: if second < 5 { 5_000 } else { 15_000 },
            ..Interval::default()
        };
        let seconds: Vec<Interval> = (0..10).map(second).collect();
        let got = plateau(&lanes, &seconds, Some(START));
        assert_eq!(got, Some(10_555.556), "95,000 messages in seconds 1 to 9");
        let gap = plateau(&lanes, &seconds[..7], Some(START));
        assert_eq!(gap, Some(10_500.0), "a missing second is no empty one: lanes' own rates");
    }

    #[test]
    fn lanes_that_never_sent_together_have_no_plateau() {
        assert_eq!(plateau(&[share(0, 2, 5), share(3, 4, 5)], &[], Some(START)), None, "apart");
        assert_eq!(plateau(&[], &[], None), None, "no lanes");
    }
}
