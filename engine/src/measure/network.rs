//! Whether the way to the broker limited a run: a network card at its end, or connections that wait for nothing else.

use super::constants::{CARD_FULL, WAY_BACKLOG, WAY_BUSY, WAY_LOOKS_LEAST};
use super::facts::{count, number, share, text};
use super::limits;
use super::verdict::{Case, Found};
use crate::units::Bytes;
use serde::{Deserialize, Serialize};

/// Every check, in the order in which equally grave findings are told.
pub(super) const CHECKS: &[fn(&Case<'_>, &mut Found)] = &[card_full, way_busy];

/// What was seen of the network in the measured phase of a run that left its host.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NetworkSeen {
    /// The card that all our connections to other hosts went over; `None` where it is not the only one
    /// whose speed is known.
    pub card: Option<CardSeen>,
    /// What TCP said of our connections; `None` where the system does not tell.
    pub tcp: Option<TcpSeen>,
    /// What that card carries in a second; `None` where one of the connections went over anything else,
    /// or stayed on this host.
    pub carried: Option<Bytes>,
}

/// A network card, over the measured phase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CardSeen {
    /// Its name.
    pub name: String,
    /// What it carries in a second, in each direction.
    pub speed: Bytes,
    /// What went through it in a second, in the direction in which more went, whoever's it was.
    pub bytes_per_second: f64,
    /// The same ÷ the speed.
    pub share: f64,
}

/// TCP's own account of that of our connections which, over the phase, waited most for its way.
///
/// The spans are parts of the time, 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TcpSeen {
    /// How often it was looked at.
    pub looks: u64,
    /// Looks that found data waiting to be sent.
    pub looks_with_unsent: u64,
    /// Data of ours was on its way, or waited to be sent.
    pub busy: f64,
    /// Of that, the other end did not read.
    pub receiver_limited: f64,
    /// Of that, all that our own send buffer held was sent at once.
    pub buffer_limited: f64,
    /// Bytes that all connections sent again, per second.
    pub resent_per_second: f64,
}

impl TcpSeen {
    /// The part of the time in which nothing but the way was waited for.
    fn network(&self) -> f64 {
        self.busy - self.receiver_limited - self.buffer_limited
    }

    /// A way that only is long is busy all the time too, with data that is all in flight; one that
    /// carries too little makes data wait.
    fn is_way_busy(&self) -> bool {
        WAY_LOOKS_LEAST <= self.looks
            && WAY_BUSY <= self.network()
            && WAY_BACKLOG <= share(self.looks_with_unsent, self.looks)
    }
}

fn full_card<'run>(case: &Case<'run>) -> Option<&'run CardSeen> {
    let card = case.evidence.network?.card.as_ref()?;
    (CARD_FULL <= card.share).then_some(card)
}

fn busy_way(case: &Case<'_>) -> Option<TcpSeen> {
    case.evidence.network?.tcp.filter(TcpSeen::is_way_busy)
}

/// Whether the network was the limit of a run that went slower than it could have gone. A broker that
/// asked to wait held the run back by its own word.
pub(super) fn is_network_limited(case: &Case<'_>) -> bool {
    !limits::is_throttled(case) && (full_card(case).is_some() || busy_way(case).is_some())
}

fn card_full(case: &Case<'_>, found: &mut Found) {
    let Some(card) = full_card(case) else { return };
    found.warn(
        "network_saturated",
        format!(
            "The network card {} carried {:.1} MB/s on average in one direction, {:.0} % of the {:.1} \
             MB/s that it can. From here on the card decides how fast a run goes, so a faster cluster \
             would not show, and what waits for it is in the latencies. Use a faster card, compression \
             (compression.type), or spread the load over several hosts.",
            card.name,
            card.bytes_per_second / 1e6,
            card.share * 100.0,
            megabytes(card.speed)
        ),
        vec![
            text("card", card.name.as_str()),
            number("bytes_per_second", card.bytes_per_second),
            count("speed_bytes_per_second", card.speed.0),
            number("share", card.share),
            number("warned_from", CARD_FULL),
        ],
    );
}

fn way_busy(case: &Case<'_>, found: &mut Found) {
    let Some(tcp) = busy_way(case) else { return };
    found.warn(
        "network_saturated",
        format!(
            "In {:.0} % of the time a connection had data on its way to the broker and waited neither \
             for the broker to read nor for us to write more, and {} of {} looks found more data \
             waiting behind it ({:.1} KB/s were sent again). The way carries no more than that, so a \
             faster cluster would not show, and what waits is in the latencies. Look at what lies \
             between the hosts (links, switches, shaping of the cloud or the container), or use \
             compression (compression.type).",
            tcp.network() * 100.0,
            tcp.looks_with_unsent,
            tcp.looks,
            tcp.resent_per_second / 1e3
        ),
        vec![
            number("busy_share", tcp.busy),
            number("receiver_limited_share", tcp.receiver_limited),
            number("buffer_limited_share", tcp.buffer_limited),
            count("looks", tcp.looks),
            count("looks_with_unsent", tcp.looks_with_unsent),
            number("resent_bytes_per_second", tcp.resent_per_second),
            number("warned_from", WAY_BUSY),
        ],
    );
}

fn megabytes(speed: Bytes) -> f64 {
    share(speed.0, 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::{CardSeen, NetworkSeen, TcpSeen};
    use crate::link::Mean;
    use crate::measure::client_tally::ClientStats;
    use crate::measure::tally::Tally;
    use crate::measure::verdict::{Evidence, LimitedBy, Severity, Verdict};
    use crate::measure::verdict_fixture::{evidence, plan, tally};
    use crate::plan::{ClientCount, Pace, Plan};
    use crate::units::Bytes;

    /// 20,000/s of 1 KiB over a link of 40 Mbit/s (tbf, burst 64 KB, latency 50 ms) between two network
    /// namespaces, to librdkafka's mock broker: recorded 2026-11-26, 4,798 KB/s went through. The same
    /// without the limit, as fast as acks came, had `busy` 0.526 at 692 MB/s.
    const SHAPED: TcpSeen = TcpSeen {
        looks: 6,
        looks_with_unsent: 6,
        busy: 0.9998,
        receiver_limited: 0.0,
        buffer_limited: 0.0,
        resent_per_second: 0.0,
    };

    /// 1,000/s over the same link without a limit, to a broker whose answers took a second, with a queue
    /// of 200 messages: recorded on the same day.
    const SLOW_BROKER: TcpSeen = TcpSeen { looks: 4, looks_with_unsent: 0, busy: 0.0003, ..SHAPED };

    fn card(share: f64) -> CardSeen {
        let (name, speed) = ("eth0".to_owned(), Bytes(125_000_000));
        CardSeen { name, speed, bytes_per_second: share * 125e6, share }
    }

    /// How a run went.
    #[derive(Clone, Copy, Debug)]
    enum Went {
        /// As asked.
        AsAsked,
        /// As asked in the end, with offers that met a full queue.
        HeldBack,
        /// Half of it, with offers that met a full queue.
        Half,
        /// As fast as acks came.
        Closed,
    }

    fn made(went: Went) -> (Plan, Tally) {
        let mut plan = plan(ClientCount::Shared);
        let mut tally = tally(&plan);
        let seen = &mut tally.streams[0].measured;
        match went {
            Went::AsAsked => {}
            Went::HeldBack => seen.produced.held_back = 1_000,
            Went::Half => {
                seen.produced.held_back = 1_000;
                (seen.acked.messages, seen.produced.messages) = (100_000, 100_000);
                seen.consumed.iter_mut().for_each(|consumed| consumed.messages = 100_000);
            }
            Went::Closed => plan.demand.streams[0].pace = Pace::Max { in_flight: None },
        }
        (plan, tally)
    }

    /// What limited a run, and how often its network is named.
    fn check(went: Went, seen: &NetworkSeen, expected: (LimitedBy, usize)) {
        let (plan, tally) = made(went);
        let judged = |network| Verdict::of(&plan, &tally, &Evidence { network, ..evidence() });
        let verdict = judged(Some(seen));
        let named = verdict.findings.iter().filter(|of| of.code == "network_saturated");
        let grave = named.clone().any(|finding| finding.severity != Severity::Warning);
        let got = (verdict.limited_by, named.count());
        assert_eq!(got, expected, "{went:?}, {seen:?}: {:?}", verdict.findings);
        assert!(!grave && verdict.valid == judged(None).valid, "a warning never changes `valid`");
    }

    fn tcp(tcp: TcpSeen) -> NetworkSeen {
        NetworkSeen { card: Some(card(0.04)), tcp: Some(tcp), carried: None }
    }

    #[test]
    fn a_shaped_link_is_the_limit_and_a_slow_broker_is_not_taken_for_one() {
        check(Went::Half, &tcp(SHAPED), (LimitedBy::Network, 1));
        check(Went::HeldBack, &tcp(SHAPED), (LimitedBy::Network, 1));
        check(Went::Closed, &tcp(SHAPED), (LimitedBy::Network, 1));
        check(Went::AsAsked, &tcp(SHAPED), (LimitedBy::Nothing, 1));
        check(Went::Half, &tcp(SLOW_BROKER), (LimitedBy::Broker, 0));
        check(Went::Closed, &tcp(SLOW_BROKER), (LimitedBy::Unknown, 0));
    }

    #[test]
    fn a_connection_that_waits_for_something_else_says_nothing_of_its_way() {
        let other = |tcp: TcpSeen| check(Went::Half, &self::tcp(tcp), (LimitedBy::Broker, 0));
        other(TcpSeen { receiver_limited: 0.2, ..SHAPED });
        other(TcpSeen { buffer_limited: 0.2, ..SHAPED });
        other(TcpSeen { busy: 0.89, ..SHAPED });
        // All that there is to send is in flight: the way is long, not narrow.
        other(TcpSeen { looks_with_unsent: 2, ..SHAPED });
        other(TcpSeen { looks: 2, looks_with_unsent: 2, ..SHAPED });
    }

    #[test]
    fn a_card_at_its_end_is_the_limit_also_where_nothing_is_known_of_tcp() {
        let with = |share| NetworkSeen { card: Some(card(share)), ..NetworkSeen::default() };
        check(Went::Half, &with(0.90), (LimitedBy::Network, 1));
        check(Went::Half, &with(0.89), (LimitedBy::Broker, 0));
        check(Went::AsAsked, &with(0.97), (LimitedBy::Nothing, 1));
        check(Went::Half, &NetworkSeen::default(), (LimitedBy::Broker, 0));
        let both = NetworkSeen { card: Some(card(0.95)), ..tcp(SHAPED) };
        check(Went::Half, &both, (LimitedBy::Network, 2));
    }

    #[test]
    fn a_broker_that_asked_to_wait_held_the_run_back_itself() {
        let (plan, tally) = made(Went::Half);
        let mut client = ClientStats::default();
        client.measured.producers.throttle_ms = Mean { count: 3, sum: 900, max: 500 };
        let network = tcp(SHAPED);
        let seen = Evidence { network: Some(&network), client: Some(&client), ..evidence() };
        assert_eq!(Verdict::of(&plan, &tally, &seen).limited_by, LimitedBy::Broker);
    }
}
