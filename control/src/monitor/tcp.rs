//! What TCP did for this process's connections to other hosts since the look before.

use super::sample::{Tcp, Waits};
use engine::host::Connection;
use engine::units::{Bytes, Nanos};
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

/// Connections whose waits are kept of each look. More than so many that are busy all the time are not
/// told apart.
const KEPT: usize = 16;

/// The connections as they were at the last look, by their sockets' numbers.
#[derive(Debug, Default)]
pub(super) struct Connections(Option<HashMap<u32, Connection>>);

impl Connections {
    /// What happened since the look before; `None` at the first, and where the system did not tell.
    ///
    /// Connections that stay on this host are left out, since no network is between their ends. `cards`
    /// are the addresses of the cards whose speed is known.
    pub(super) fn grown(
        &mut self,
        now: Option<Vec<Connection>>,
        cards: &HashSet<IpAddr>,
    ) -> Option<Tcp> {
        let any_stays = now.iter().flatten().any(Connection::stays_here);
        let leaving = now.map(|all| all.into_iter().filter(|of| !of.stays_here()));
        let by_inode = leaving.map(|all| all.map(|of| (of.inode, of)).collect());
        let before = std::mem::replace(&mut self.0, by_inode)?;
        let open = self.0.as_ref()?.values();
        let on_cards = !any_stays && open.clone().all(|of| cards.contains(&of.local));
        let steps = open.map(|of| step(before.get(&of.inode), of));
        let mut steps: Vec<(Waits, [Bytes; 2])> = steps.collect();
        // Not the mean of all: most stand idle, being there for questions, for other brokers or for
        // reading. Nor by their bytes: one slow way among many has few of them, because it is slow,
        // and holds up the run all the same.
        steps.sort_unstable_by_key(|(waits, _)| std::cmp::Reverse(waits.network()));
        let total = |side: usize| Bytes(steps.iter().map(|(_, bytes)| bytes[side].0).sum());
        Some(Tcp {
            on_cards,
            sent: total(0),
            resent: total(1),
            busiest: steps.iter().take(KEPT).map(|(waits, _)| *waits).collect(),
        })
    }
}

/// What a connection did since it was last seen, or since it was made.
fn step(before: Option<&Connection>, now: &Connection) -> (Waits, [Bytes; 2]) {
    // The number of a closed socket is given to new ones, which count from zero.
    let before = before.filter(|of| of.sent <= now.sent && of.busy <= now.busy);
    let span = |of: fn(&Connection) -> Nanos| of(now).less(before.map_or(Nanos::ZERO, of));
    let bytes = |of: fn(&Connection) -> Bytes| {
        Bytes(of(now).0.saturating_sub(before.map_or(0, |before| of(before).0)))
    };
    let waits = Waits {
        inode: now.inode,
        busy: span(|of| of.busy),
        receiver_limited: span(|of| of.receiver_limited),
        buffer_limited: span(|of| of.buffer_limited),
        unsent: now.unsent,
    };
    (waits, [bytes(|of| of.sent), bytes(|of| of.resent)])
}

#[cfg(test)]
mod tests {
    use super::{Connections, Tcp, Waits};
    use engine::host::Connection;
    use engine::units::{Bytes, Nanos};
    use std::collections::HashSet;
    use std::net::IpAddr;

    /// A connection to another host, by its figures in milliseconds and bytes.
    fn connection(inode: u32, [busy, receiver, buffer]: [u64; 3], sent: u64) -> Connection {
        Connection {
            inode,
            local: IpAddr::from([10, 0, 0, 1]),
            remote: IpAddr::from([10, 0, 0, 2]),
            busy: Nanos::from_millis(busy),
            receiver_limited: Nanos::from_millis(receiver),
            buffer_limited: Nanos::from_millis(buffer),
            sent: Bytes(sent),
            resent: Bytes(sent / 10),
            unsent: Bytes(sent / 2),
        }
    }

    /// Looks at these in turn; what the last look says.
    fn check(looks: &[Option<&[Connection]>], expected: Option<(u64, u64, Option<[u64; 4]>)>) {
        let mut connections = Connections::default();
        let mut last = None;
        for look in looks {
            last = connections.grown(look.map(<[Connection]>::to_vec), &HashSet::new());
        }
        let told = last.as_ref().and_then(|tcp| tcp.busiest.first()).map(|waits| waits.inode);
        let last = last.map(|mut tcp| {
            tcp.busiest.truncate(1);
            tcp
        });
        let expected = expected.map(|(sent, resent, busiest)| Tcp {
            on_cards: false,
            sent: Bytes(sent),
            resent: Bytes(resent),
            busiest: busiest
                .into_iter()
                .map(|[busy, receiver, buffer, unsent]| Waits {
                    inode: told.expect("one is the busiest"),
                    busy: Nanos::from_millis(busy),
                    receiver_limited: Nanos::from_millis(receiver),
                    buffer_limited: Nanos::from_millis(buffer),
                    unsent: Bytes(unsent),
                })
                .collect(),
        });
        assert_eq!(last, expected, "{looks:?}");
    }

    #[test]
    fn what_happened_between_two_looks_is_told_of_the_one_that_waited_most_for_its_way() {
        let idle = connection(1, [5, 0, 0], 40);
        let before = [idle, connection(2, [100, 10, 10], 1_000), connection(3, [100, 0, 0], 50)];
        let after = [idle, connection(2, [900, 15, 12], 3_000), connection(3, [1_000, 800, 0], 90)];
        check(&[Some(&before), Some(&after)], Some((2_040, 204, Some([800, 5, 2, 1_500]))));
    }

    #[test]
    fn a_connection_that_is_new_counts_from_its_beginning() {
        let (old, new) = (connection(1, [900, 0, 0], 1_000), connection(1, [30, 0, 0], 10));
        let told = Some((10, 1, Some([30, 0, 0, 5])));
        check(&[Some(&[]), Some(&[new])], told);
        check(&[Some(&[old]), Some(&[new])], told);
    }

    #[test]
    fn what_is_not_told_is_none_and_what_stays_here_is_no_network() {
        let busy = connection(1, [900, 0, 0], 1_000);
        check(&[Some(&[busy])], None);
        check(&[Some(&[busy]), None], None);
        check(&[None, Some(&[busy])], None);
        let here = Connection { remote: busy.local, ..busy };
        check(&[Some(&[]), Some(&[here])], Some((0, 0, None)));
        check(
            &[Some(&[]), Some(&[here, connection(2, [7, 0, 0], 20)])],
            Some((20, 2, Some([7, 0, 0, 10]))),
        );
    }

    #[test]
    fn a_connection_is_on_a_card_by_the_address_of_our_end() {
        let check = |cards: &[[u8; 4]], expected: bool| {
            let mut connections = Connections::default();
            let cards: HashSet<IpAddr> = cards.iter().map(|of| IpAddr::from(*of)).collect();
            let look = || Some(vec![connection(1, [0; 3], 0)]);
            assert_eq!(connections.grown(look(), &cards), None, "the first look");
            let told = connections.grown(look(), &cards).expect("it is told");
            assert_eq!(told.on_cards, expected, "{cards:?}");
        };
        check(&[[10, 0, 0, 7], [10, 0, 0, 1]], true);
        check(&[[10, 0, 0, 2]], false);
        check(&[], false);
    }
}
