//! What an observation says of the network over a phase, as the verdict takes it.

use super::number::float;
use crate::monitor::{Observation, Sample, Tcp, Traffic, Waits};
use engine::host::Card;
use engine::measure::{CardSeen, NetworkSeen, TcpSeen};
use engine::units::{Bytes, Nanos, Timestamp};
use std::collections::HashMap;

/// Nothing where no look stands for a moment of the phase, nor where all connections stayed on this
/// host: whatever its cards carried then, it was not this run's.
#[must_use]
pub fn network_seen(
    observation: &Observation,
    (from, until): (Timestamp, Timestamp),
) -> Option<NetworkSeen> {
    let is_inside = |sample: &&Sample| (from..until).contains(&sample.stands_for());
    let samples: Vec<&Sample> = observation.samples.iter().filter(is_inside).collect();
    let told: Vec<(Nanos, &Tcp)> =
        samples.iter().filter_map(|sample| Some((sample.span, sample.tcp.as_ref()?))).collect();
    let stayed_here = !told.is_empty() && told.iter().all(|(_, tcp)| tcp.busiest.is_empty());
    if samples.is_empty() || stayed_here {
        return None;
    }
    let left = || told.iter().filter(|(_, tcp)| !tcp.busiest.is_empty());
    let on_cards = 0 < left().count() && left().all(|(_, tcp)| tcp.on_cards);
    // Of several cards nobody says which of them our connections went over, and a card that others fill
    // says nothing of this run.
    let ours = match observation.cards.as_slice() {
        [one] if on_cards => Some(one),
        _ => None,
    };
    Some(NetworkSeen {
        card: ours.and_then(|card| card_seen(card, &samples)),
        tcp: tcp_seen(&told),
        carried: ours.map(|card| card.speed),
    })
}

/// The host's only card.
fn card_seen(card: &Card, samples: &[&Sample]) -> Option<CardSeen> {
    let looks = samples.iter().filter_map(|of| Some((of.span, of.cards.first().copied()??)));
    let looks: Vec<(Nanos, Traffic)> = looks.collect();
    let span: f64 = looks.iter().map(|(span, _)| span.as_secs_f64()).sum();
    let moved = |side: fn(&Traffic) -> Bytes| -> u64 {
        looks.iter().map(|(_, traffic)| side(traffic).0).sum()
    };
    let most = moved(|of| of.received).max(moved(|of| of.sent));
    let bytes_per_second = float(most) / span;
    (0.0 < span).then(|| CardSeen {
        name: card.name.clone(),
        speed: card.speed,
        bytes_per_second,
        share: bytes_per_second / float(card.speed.0),
    })
}

/// Of one connection over the phase: of the busiest of each look there are always some that were busy
/// just then, however little each of them was.
fn tcp_seen(told: &[(Nanos, &Tcp)]) -> Option<TcpSeen> {
    let whole: f64 = told.iter().map(|(span, _)| span.as_secs_f64()).sum();
    let mut waited: HashMap<u32, Nanos> = HashMap::new();
    for (span, tcp) in told {
        for waits in &tcp.busiest {
            let sum = waited.entry(waits.inode).or_default();
            *sum = *sum + waits.network().min(*span);
        }
    }
    let one = waited.into_iter().max_by_key(|(inode, sum)| (*sum, *inode)).map(|(inode, _)| inode);
    let looks_at = |tcp: &Tcp| tcp.busiest.iter().copied().find(|of| Some(of.inode) == one);
    let busiest = || told.iter().filter_map(|(span, tcp)| Some((*span, looks_at(tcp)?)));
    // A look may miss a connection, which then has counted since the look before.
    let part = |read: fn(&Waits) -> Nanos| {
        let times = busiest().map(|(span, waits)| read(&waits).min(span).as_secs_f64());
        times.sum::<f64>() / whole
    };
    let resent: u64 = told.iter().map(|(_, tcp)| tcp.resent.0).sum();
    let counted = |looks: usize| u64::try_from(looks).expect("a count of looks");
    (0.0 < whole).then(|| TcpSeen {
        looks: counted(told.len()),
        looks_with_unsent: counted(busiest().filter(|(_, of)| Bytes(0) < of.unsent).count()),
        busy: part(|of| of.busy),
        receiver_limited: part(|of| of.receiver_limited),
        buffer_limited: part(|of| of.buffer_limited),
        resent_per_second: float(resent) / whole,
    })
}

#[cfg(test)]
mod tests {
    use super::network_seen;
    use crate::monitor::{Observation, Sample};
    use crate::report::fixture::Made;
    use engine::measure::NetworkSeen;
    use engine::units::{Bytes, Nanos, Timestamp};

    /// What is seen of the fixture's measured phase, its samples changed.
    fn seen(change: impl FnMut(&mut Sample)) -> Option<NetworkSeen> {
        let (mut observation, phase) = watched();
        observation.samples.iter_mut().for_each(change);
        network_seen(&observation, phase)
    }

    fn watched() -> (Observation, (Timestamp, Timestamp)) {
        let made = Made::troubled();
        let start = made.outcome.start.expect("it started");
        (made.observation.expect("it was watched"), (start.measured, start.end))
    }

    #[test]
    fn figures_are_over_the_whole_time_of_the_looks_at_the_phase() {
        let mut looks = 0_u8;
        let seen = seen(|sample| {
            looks += 1;
            let busiest = sample.tcp.as_mut().and_then(|tcp| tcp.busiest.first_mut());
            let busiest = busiest.expect("it has a connection");
            if looks.is_multiple_of(2) {
                (busiest.busy, busiest.unsent) = (Nanos::from_millis(400), Bytes(0));
            }
        });
        let seen = seen.expect("it was looked at");
        let tcp = seen.tcp.expect("it is told");
        assert_eq!(
            (tcp.looks, tcp.looks_with_unsent),
            (10, 5),
            "the look at the drain is not in it"
        );
        assert_eq!(seen.carried, Some(Bytes(125_000_000)), "by the only card");
        let card = seen.card.expect("its speed is known");
        assert_eq!((card.name.as_str(), card.speed), ("eth0", Bytes(125_000_000)), "the only one");
        for (name, got, expected) in [
            ("busy", tcp.busy, 0.3),
            ("receiver", tcp.receiver_limited, 0.05),
            ("buffer", tcp.buffer_limited, 0.01),
            ("resent", tcp.resent_per_second, 3_000.0),
            ("card", card.bytes_per_second, 2e6),
            ("share", card.share, 0.016),
        ] {
            assert!((got - expected).abs() < 1e-9, "{name}: {got}, not {expected}");
        }
    }

    #[test]
    fn a_way_is_busy_only_where_one_connection_was_all_the_time() {
        let busy = |each: bool| {
            let mut looks = 0_u32;
            let seen = seen(|sample| {
                looks += 1;
                let span = sample.span;
                let tcp = sample.tcp.as_mut().expect("it is told");
                let Some(one) = tcp.busiest.first_mut() else { panic!("there is one") };
                (one.receiver_limited, one.buffer_limited) = (Nanos::ZERO, Nanos::ZERO);
                // Longer than the look: it was missed by the one before.
                (one.busy, one.inode) = (span + span, if each { looks } else { 7 });
            });
            seen.and_then(|of| of.tcp).map(|tcp| tcp.busy)
        };
        assert_eq!((busy(false), busy(true)), (Some(1.0), Some(0.1)), "one; another in each look");
    }

    #[test]
    fn what_is_not_told_is_none_and_a_run_that_stayed_here_had_no_network() {
        let untold = seen(|sample| sample.tcp = None).expect("there are looks");
        assert_eq!(untold, NetworkSeen::default(), "nobody knows whose the card's traffic was");
        let gone = seen(|sample| sample.cards = vec![None]).expect("there are connections");
        assert!(gone.tcp.is_some() && gone.card.is_none(), "{gone:?}");
        let beside = seen(|sample| sample.tcp.as_mut().expect("it is told").on_cards = false);
        let beside = beside.expect("there are connections");
        assert!(beside.card.is_none() && beside.carried.is_none(), "by something else: {beside:?}");
        let here = seen(|sample| {
            sample.tcp.as_mut().expect("it is told").busiest.clear();
        });
        assert_eq!(here, None, "whatever its cards carried, it was not this run's");
        let (observation, (from, _)) = watched();
        assert_eq!(network_seen(&observation, (from, from)), None, "an empty phase");
    }
}
