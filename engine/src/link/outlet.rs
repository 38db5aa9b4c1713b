//! The producing side of a broker.

use super::{Denied, End, Statistics};
use crate::message::Stamp;
use crate::plan::Route;
use crate::time::Clock;
use crate::units::{Nanos, Timestamp};

/// One header of a message.
#[derive(Clone, Copy, Debug)]
pub struct Header<'run> {
    /// Its name.
    pub name: &'run str,
    /// Its value.
    pub value: &'run [u8],
}

/// A message on its way to the client. The stamp is in the body or in the headers already.
#[derive(Clone, Copy, Debug)]
pub struct Message<'run> {
    /// Where to.
    pub route: Route,
    /// Which partition of it; `None` leaves the choice to the client.
    pub partition: Option<i32>,
    /// The key, if any.
    pub key: Option<&'run [u8]>,
    /// The headers; mostly none.
    pub headers: &'run [Header<'run>],
    /// The body.
    pub body: &'run [u8],
    /// What the ack gives back.
    pub stamp: &'run Stamp,
    /// Whether the ack can read the stamp from the body.
    pub stamp_in_body: bool,
}

/// What became of an offered message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// The client took it.
    Accepted,
    /// The client's buffer is full: poll, then offer again.
    Full,
    /// The client will never take it.
    Refused(Failure),
}

/// A failure by its kind and the client's own code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Failure {
    /// The kind, for people.
    pub kind: FailureKind,
    /// librdkafka's error code (`rd_kafka_resp_err_t`), negative for the client's own.
    pub code: i32,
}

/// The kinds that failures are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureKind {
    /// Transport, all brokers down, name resolution, TLS.
    Network,
    /// A message's, a request's or the metadata's time ran out.
    Timeout,
    /// The message itself: invalid, too large, wrong codec.
    Serialization,
    /// The broker's answer.
    Kafka,
    /// The client's own refusal: its state, its queue, a purge.
    Client,
}

/// A broker's answer for one message.
#[derive(Clone, Copy, Debug)]
pub struct Ack {
    /// The stamp the message carried.
    pub stamp: Stamp,
    /// The topic it went to.
    pub route: Route,
    /// Bytes of its body.
    pub bytes: u32,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of an accepted message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The broker has it. The offset is −1 where the broker does not say (acks=0).
    Persisted {
        /// The partition it lies on.
        partition: i32,
        /// Its offset there.
        offset: i64,
    },
    /// The client gave it up.
    Failed {
        /// The partition it was meant for.
        partition: i32,
        /// Why.
        failure: Failure,
        /// The broker may have it all the same.
        maybe_persisted: bool,
    },
    /// We gave it up, by [`Outlet::purge`]: neither acked nor failed.
    Purged {
        /// The partition it was meant for; negative where the client had not chosen it yet.
        partition: i32,
    },
}

/// Takes what an outlet reports.
pub trait OutletSink {
    /// The answers of one delivery event, read at `now`.
    fn acks(&mut self, now: Timestamp, acks: &[Ack]);

    /// A request with messages was answered, or given up by the client: its answers follow. Links that have
    /// no requests never say so.
    fn answered(&mut self) {}

    /// The client's call that answers are there was heard `waited` after it was made: our own share
    /// in what their latencies say.
    fn heard(&mut self, waited: Nanos);

    /// The client reports trouble of its own; `fatal` when it will never work again.
    fn trouble(&mut self, failure: Failure, fatal: bool);

    /// A broker said that the client may not do what it does, and never will be: in these words.
    fn denied(&mut self, _words: String) {}

    /// The client says how it is, heard at `now`. Who does not ask about it need not listen.
    fn statistics(&mut self, _now: Timestamp, _statistics: Box<dyn Statistics>) {}
}

/// One client that produces.
pub trait Outlet {
    /// Tries to hand over one message; never blocks. The bytes are copied before it returns.
    fn offer(&mut self, message: &Message<'_>) -> Offer;

    /// The same for messages of one route at once, in their order, with one answer each. What comes
    /// after the first that found the client full may be answered so without being tried.
    fn offer_all<'run>(
        &mut self,
        messages: impl ExactSizeIterator<Item = Message<'run>>,
        answers: &mut Vec<Offer>,
    ) {
        for message in messages {
            let answer = match answers.last() {
                Some(Offer::Full) => Offer::Full,
                _ => self.offer(&message),
            };
            answers.push(answer);
        }
    }

    /// Delivers what is pending, at most about `limit` acks; never blocks. Returns whether there
    /// may be more.
    fn poll(&mut self, clock: &impl Clock, limit: usize, sink: &mut impl OutletSink) -> bool;

    /// How many accepted messages still wait for their answer.
    fn in_flight(&self) -> u64;

    /// Gives up every message in flight; their answers come through `poll` as failures.
    fn purge(&mut self);

    /// Begins a transaction.
    ///
    /// # Errors
    /// The client's refusal, e.g. when it is not transactional.
    fn begin(&mut self) -> Result<(), Denied>;

    /// Ends the transaction; nothing may be in flight. Blocks for at most about `within`.
    ///
    /// # Errors
    /// The broker's or the client's refusal, or that it was not answered `within` that time: then the
    /// same call may be made again.
    fn end(&mut self, how: End, within: Nanos) -> Result<(), Denied>;

    /// The client's last own words about trouble, for messages to people.
    fn last_words(&self) -> Option<&str>;
}
