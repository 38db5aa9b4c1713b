//! What a lane has to do, and who follows the numbers of its messages.

use super::account::Side;
use super::follow::Follower;
use crate::plan::{Demand, StreamDemand, Verification};

/// What a lane does, and so what its recorder follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Sends messages of a stream and hears what became of them.
    Send {
        /// The stream.
        stream: usize,
    },
    /// Reads a subscription of a stream.
    Read {
        /// The stream.
        stream: usize,
        /// The subscription.
        subscription: usize,
    },
}

impl Duty {
    /// Everything there is to do.
    #[must_use]
    pub fn all(demand: &Demand) -> Vec<Self> {
        let of_stream = |(stream, of): (usize, &StreamDemand)| {
            let subscriptions = usize::try_from(of.subscriptions).expect("they fit in memory");
            let read = move |subscription| Self::Read { stream, subscription };
            std::iter::once(Self::Send { stream }).chain((0..subscriptions).map(read))
        };
        demand.streams.iter().enumerate().flat_map(of_stream).collect()
    }
}

/// Those who follow the numbers of one stream's messages on this lane.
#[derive(Debug, Default)]
pub(super) struct Followers {
    /// Of what was acked, and of what failed.
    pub(super) sent: Option<(Follower, Follower)>,
    /// By subscription.
    pub(super) received: Vec<Option<Follower>>,
}

impl Followers {
    /// Those that a lane with these duties needs, by stream; none where messages are only counted.
    pub(super) fn of(demand: &Demand, duties: &[Duty]) -> Vec<Self> {
        let none = |stream: &StreamDemand| {
            let subscriptions = usize::try_from(stream.subscriptions).expect("they fit in memory");
            Followers { sent: None, received: (0..subscriptions).map(|_| None).collect() }
        };
        let mut followers: Vec<Followers> = demand.streams.iter().map(none).collect();
        if demand.verification == Verification::Counts {
            return followers;
        }
        for duty in duties {
            match *duty {
                Duty::Send { stream } => {
                    let acked = Follower::new(Side::Acked, &demand.streams[stream]);
                    followers[stream].sent = Some((acked, Follower::sparse(Side::Failed)));
                }
                Duty::Read { stream, subscription } => {
                    let number =
                        u32::try_from(subscription).expect("a plan's subscriptions are a u32");
                    let follower = Follower::new(Side::Received(number), &demand.streams[stream]);
                    followers[stream].received[subscription] = Some(follower);
                }
            }
        }
        followers
    }
}
