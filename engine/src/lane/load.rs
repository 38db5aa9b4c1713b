//! A producing lane's share of the load: whose turn it is, and the message that goes out.

use crate::link::{Header, Message};
use crate::message::{Bodies, Covered, Keys, Stamp, murmur2};
use crate::plan::{Partitioner, ProducerClient, Route, StampPlace, StreamDemand, Verification};
use crate::time::Turn;
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

/// What is about to be sent: chosen, numbered and stamped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shot {
    slot: usize,
    /// Which client sends it.
    pub(super) client: usize,
    partition: u32,
    key: Option<usize>,
    body: usize,
    /// Bytes of its body.
    pub(super) bytes: u64,
    /// What it carries.
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
    /// Logical producers of the whole stream.
    producers: u64,
    partitioner: Partitioner,
    place: StampPlace,
    encoded: [u8; Stamp::SIZE],
    run: u64,
    incarnation: u16,
    stream: u16,
    shots: Vec<Shot>,
    /// Shots that may wait for one another.
    room: usize,
}

/// Messages handed over at once at most: as many as a lane sends before it looks for acks.
pub(super) const BATCH: usize = 16;

/// Bytes of the bodies of one batch at most, so that they stay in the core's first cache.
const BATCH_BYTES: u64 = 32 * 1024;

/// Whose load this is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owner {
    pub(super) run: u64,
    pub(super) stream: usize,
    /// Which holder of its producers the lane is.
    pub(super) incarnation: u16,
    /// How closely the run looks at what comes back.
    pub(super) verification: Verification,
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
        // Lanes of all hosts differ in it.
        let first = carried.first().map_or(0, |(producer, _)| *producer);
        let offset = usize::try_from(first).expect("producers fit in memory").wrapping_mul(7919);
        let room = room(stream);
        let covered = match (owner.verification, stream.stamp) {
            (Verification::Counts | Verification::Numbers, _) => Covered::Stamp,
            (Verification::Payload, StampPlace::Body) => Covered::BodyBehind,
            (Verification::Payload, StampPlace::Header) => Covered::BodyBeside,
        };
        let load = Self {
            slots,
            sequences: vec![0; base],
            bodies: Bodies::new(&stream.bodies, offset, room).covered(covered),
            keys: Keys::new(
                &stream.keys,
                u64::try_from(owner.stream).expect("fewer than 65,536 streams"),
            ),
            producers: stream.producers(),
            partitioner: stream.partitioner,
            place: stream.stamp,
            encoded: [0; Stamp::SIZE],
            run: owner.run,
            incarnation: owner.incarnation,
            stream: u16::try_from(owner.stream).expect("fewer than 65,536 streams"),
            shots: Vec::with_capacity(room),
            room,
        };
        (load, carried.into_iter().map(|(producer, _)| producer).collect())
    }

    /// How many logical producers there are.
    pub(super) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// Whether the slot's next message may be handed over together with those aimed so far.
    pub(super) fn joins(&self, slot: usize) -> bool {
        let Some(first) = self.shots.first() else { return true };
        let (own, other) = (&self.slots[slot], &self.slots[first.slot]);
        self.shots.len() < self.room && own.client == other.client && own.route == other.route
    }

    /// The slot's message of a round, with that due time: what a closed loop has in place of a walk.
    pub(super) fn turn(&self, (round, slot): (u64, usize), due: Timestamp) -> Turn {
        let index = round * self.producers + u64::from(self.slots[slot].producer);
        Turn { index, slot, due }
    }

    /// Chooses key, partition and number of the message whose turn it is, and stamps it.
    pub(super) fn aim(&mut self, Turn { index, slot, due }: Turn, sent: Timestamp) {
        let key = self.keys.place(index);
        let body = self.bodies.advance();
        let bytes = u64::try_from(self.bodies.body(body).len()).expect("a body fits in 64 bits");
        let owner = &mut self.slots[slot];
        let partition = match key {
            Some(place) => murmur2(self.keys.key(place)) % owner.partitions,
            None => owner.stick(self.partitioner, bytes),
        };
        let place = owner.base + usize::try_from(partition).expect("partitions fit in memory");
        let stamp = Stamp {
            run: self.run,
            producer: owner.producer,
            incarnation: self.incarnation,
            stream: self.stream,
            sequence: self.sequences[place],
            due,
            sent,
        };
        self.sequences[place] += 1;
        match self.place {
            StampPlace::Header => self.encoded = stamp.encode_over(self.bodies.cover(body)),
            StampPlace::Body => self.bodies.stamp(body, &stamp),
        }
        let client = owner.client;
        self.shots.push(Shot { slot, client, partition, key, body, bytes, stamp });
    }

    /// What was aimed and not yet cleared.
    pub(super) fn shots(&self) -> &[Shot] {
        &self.shots
    }

    /// Calls `offer` with the message of a shot.
    pub(super) fn fire<R>(&self, shot: &Shot, offer: impl FnOnce(&Message<'_>) -> R) -> R {
        let header = [Header { name: "kdyno", value: &self.encoded }];
        let in_body = self.place == StampPlace::Body;
        offer(&self.message(shot, if in_body { &[] } else { &header }))
    }

    /// The messages of all shots, for streams whose stamps lie in the body.
    pub(super) fn messages(&self) -> impl ExactSizeIterator<Item = Message<'_>> {
        self.shots.iter().map(|shot| self.message(shot, &[]))
    }

    fn message<'own>(&'own self, shot: &'own Shot, headers: &'own [Header<'own>]) -> Message<'own> {
        Message {
            route: self.slots[shot.slot].route,
            partition: Some(i32::try_from(shot.partition).expect("fewer than 2^31 partitions")),
            key: shot.key.map(|index| self.keys.key(index)),
            headers,
            body: self.bodies.body(shot.body),
            stamp: &shot.stamp,
            stamp_in_body: self.place == StampPlace::Body,
        }
    }

    /// Forgets the shots. Those at the end that were not `taken` give their numbers back; one that
    /// was refused before another was taken leaves a gap, as a failed delivery does.
    pub(super) fn clear(&mut self, mut taken: impl FnMut(usize) -> bool) {
        for index in (0..self.shots.len()).rev() {
            if taken(index) {
                break;
            }
            let shot = &self.shots[index];
            let owner = &mut self.slots[shot.slot];
            let partition = usize::try_from(shot.partition).expect("partitions fit in memory");
            self.sequences[owner.base + partition] -= 1;
            if shot.key.is_none() {
                owner.filled = owner.filled.saturating_sub(shot.bytes.max(1));
            }
        }
        self.shots.clear();
    }
}

impl Slot {
    /// The partition of a message of `bytes` without a key: the present one until it has had its
    /// fill, then the next.
    fn stick(&mut self, partitioner: Partitioner, bytes: u64) -> u32 {
        let fill = match partitioner {
            Partitioner::RoundRobin => 1,
            Partitioner::Sticky { batch } => batch.0.max(1),
        };
        if fill <= self.filled {
            self.filled = 0;
            self.partition =
                if self.partition + 1 == self.partitions { 0 } else { self.partition + 1 };
        }
        self.filled += bytes.max(1);
        self.partition
    }
}

/// How many of a stream's messages may be handed over at once.
fn room(stream: &StreamDemand) -> usize {
    if stream.stamp == StampPlace::Header {
        return 1;
    }
    let longest = stream.bodies.iter().map(Vec::len).max().unwrap_or(0);
    let longest = u64::try_from(longest.max(1)).expect("a body fits in 64 bits");
    usize::try_from(BATCH_BYTES / longest).unwrap_or(BATCH).clamp(1, BATCH)
}
