//! A producing lane's share of the load: whose turn it is, and the message that goes out.

use crate::link::{Header, Message};
use crate::message::{Bodies, Keys, Stamp, murmur2};
use crate::plan::{Partitioner, ProducerClient, Route, StampPlace, StreamDemand};
use crate::units::Timestamp;

/// A logical producer of this lane.
#[derive(Debug)]
struct Slot {
    producer: u32,
    /// Which of the lane's clients carries it.
    client: usize,
    route: Route,
    partitions: u32,
    /// Where its partitions' numbers begin in `sequences`.
    base: usize,
    /// The partition of messages without a key.
    partition: u32,
    /// Bytes sent to that partition since it was chosen.
    filled: u64,
}

/// What is about to be sent: chosen, but not numbered until the client takes it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shot {
    slot: usize,
    /// Which client sends it.
    pub(super) client: usize,
    partition: u32,
    key: Option<usize>,
    /// What it will carry.
    pub(super) stamp: Stamp,
}

/// The producing lane's state, made before the run.
#[derive(Debug)]
pub(super) struct Load {
    slots: Vec<Slot>,
    /// The next number of each producer and partition.
    sequences: Vec<u64>,
    bodies: Bodies,
    keys: Keys,
    partitioner: Partitioner,
    place: StampPlace,
    encoded: [u8; Stamp::SIZE],
    run: u64,
    stream: u16,
}

/// Whose load this is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owner {
    pub(super) run: u64,
    pub(super) stream: usize,
    pub(super) lane: usize,
}

impl Load {
    /// The load of a lane's clients. Returns it with the lane's producers, ascending: slot *k* of a
    /// [`crate::time::Walk`] over them is slot *k* here.
    pub(super) fn new(
        stream: &StreamDemand,
        clients: &[ProducerClient],
        owner: Owner,
    ) -> (Self, Vec<u64>) {
        let mut carried: Vec<(u64, usize)> = clients
            .iter()
            .enumerate()
            .flat_map(|(index, client)| {
                client.producers.iter().map(move |producer| (*producer, index))
            })
            .collect();
        carried.sort_unstable();
        let mut base = 0;
        let slots = carried
            .iter()
            .map(|(producer, client)| {
                let topic = usize::try_from(*producer).expect("producers fit in memory")
                    % stream.topics.len();
                let partitions = stream.topics[topic].partitions;
                let slot = Slot {
                    producer: u32::try_from(*producer).expect("fewer than 2^32 producers"),
                    client: *client,
                    route: Route(u32::try_from(topic).expect("fewer than 2^32 topics")),
                    partitions,
                    base,
                    partition: u32::try_from(producer % u64::from(partitions))
                        .expect("below a u32"),
                    filled: 0,
                };
                base += usize::try_from(partitions).expect("partitions fit in memory");
                slot
            })
            .collect();
        let lane = u64::try_from(owner.lane).expect("a lane's index fits in 64 bits");
        let load = Self {
            slots,
            sequences: vec![0; base],
            bodies: Bodies::new(&stream.bodies, owner.lane * 7919),
            keys: Keys::new(stream.keys, owner.run, lane),
            partitioner: stream.partitioner,
            place: stream.stamp,
            encoded: [0; Stamp::SIZE],
            run: owner.run,
            stream: u16::try_from(owner.stream).expect("fewer than 65,536 streams"),
        };
        (load, carried.into_iter().map(|(producer, _)| producer).collect())
    }

    /// How many logical producers there are.
    pub(super) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// Chooses key and partition of the slot's next message.
    pub(super) fn aim(&mut self, slot: usize, due: Timestamp, sent: Timestamp) -> Shot {
        let key = self.keys.draw();
        let owner = &self.slots[slot];
        let partition = match key {
            Some(index) => murmur2(self.keys.key(index)) % owner.partitions,
            None => owner.partition,
        };
        let place = owner.base + usize::try_from(partition).expect("partitions fit in memory");
        let stamp = Stamp {
            run: self.run,
            producer: owner.producer,
            incarnation: 0,
            stream: self.stream,
            sequence: self.sequences[place],
            due,
            sent,
        };
        if self.place == StampPlace::Header {
            self.encoded = stamp.encode();
        }
        Shot { slot, client: owner.client, partition, key, stamp }
    }

    /// Calls `offer` with the message of a shot, as often as `offer` asks for it again.
    pub(super) fn fire<R>(&mut self, shot: &Shot, offer: impl FnOnce(&Message<'_>) -> R) -> R {
        let owner = &self.slots[shot.slot];
        let header = [Header { name: "kdyno", value: &self.encoded }];
        let in_body = self.place == StampPlace::Body;
        let (headers, body): (&[Header<'_>], &[u8]) = if in_body {
            (&[], self.bodies.stamped(&shot.stamp))
        } else {
            (&header, self.bodies.plain())
        };
        offer(&Message {
            route: owner.route,
            partition: Some(i32::try_from(shot.partition).expect("fewer than 2^31 partitions")),
            key: shot.key.map(|index| self.keys.key(index)),
            headers,
            body,
            stamp: &shot.stamp,
            stamp_in_body: in_body,
        })
    }

    /// The client took it: its number is used, and its partition may have had its fill.
    pub(super) fn taken(&mut self, shot: &Shot, bytes: u64) {
        let owner = &mut self.slots[shot.slot];
        let partition = usize::try_from(shot.partition).expect("partitions fit in memory");
        self.sequences[owner.base + partition] += 1;
        if shot.key.is_some() {
            return;
        }
        owner.filled += bytes;
        let limit = match self.partitioner {
            Partitioner::RoundRobin => 0,
            Partitioner::Sticky { batch } => batch.0,
        };
        if limit <= owner.filled {
            owner.filled = 0;
            owner.partition =
                if owner.partition + 1 == owner.partitions { 0 } else { owner.partition + 1 };
        }
    }
}
