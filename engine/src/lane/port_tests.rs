//! Laws of a lane's port: whose words are whose.

use super::board::Board;
use super::doubles::{REFUSAL, START};
use super::port::{ACKS_PER_LOOK, Port};
use crate::link::{
    Ack, ClientSample, Counters, Denied, End, Mean, Message, Offer, Outcome, Outlet, OutletSink,
    Statistics,
};
use crate::measure::{Duty, Recorder, mailboxes};
use crate::message::Stamp;
use crate::plan::samples;
use crate::plan::{Role, Route};
use crate::time::virtual_time::StepClock;
use crate::time::{Border, Clock};
use crate::units::Nanos;

/// What a client says after so many requests.
#[derive(Debug)]
struct Words(u64);

impl Statistics for Words {
    fn read(&self) -> Result<ClientSample, String> {
        Ok(ClientSample {
            role: Role::Producer,
            counters: Counters { requests: self.0, ..Counters::default() },
            batch_messages: Mean::default(),
            batch_bytes: Mean::default(),
            queued: 0,
            max_in_flight: 1,
            brokers: Vec::new(),
        })
    }
}

/// A client that makes a request, says so, and brings some acks whenever it is looked at.
struct Talker {
    requests: u64,
    acks: usize,
}

impl Outlet for Talker {
    fn offer(&mut self, _message: &Message<'_>) -> Offer {
        Offer::Refused(REFUSAL)
    }

    fn poll(&mut self, clock: &impl Clock, limit: usize, sink: &mut impl OutletSink) -> bool {
        self.requests += 1;
        sink.statistics(clock.now(), Box::new(Words(self.requests)));
        let outcome = Outcome::Persisted { partition: 0, offset: 0 };
        let ack = Ack { stamp: Stamp::default(), route: Route(0), bytes: 0, outcome };
        sink.acks(clock.now(), &vec![ack; self.acks.min(limit)]);
        false
    }

    fn in_flight(&self) -> u64 {
        0
    }

    fn purge(&mut self) {}

    fn begin(&mut self) -> Result<(), Denied> {
        Err(Denied::for_good(REFUSAL))
    }

    fn end(&mut self, _how: End, _within: Nanos) -> Result<(), Denied> {
        Err(Denied::for_good(REFUSAL))
    }

    fn last_words(&self) -> Option<&str> {
        None
    }
}

#[test]
fn a_client_is_heard_under_its_own_number_wherever_the_look_begins() {
    let clock = StepClock::default();
    clock.advance(Nanos(START.as_nanos()));
    let demand = samples::demand(samples::stream(1));
    let (boxes, mut collector) = mailboxes(&demand, 1);
    let (mailbox, tally) = boxes.into_iter().next().expect("one lane has one mailbox");
    let mut recorder = Recorder::new(tally, mailbox, &demand, &Duty::all(&demand));
    recorder.start(&Border::fixed(START, START));
    collector.listener().start(START, Nanos::from_secs(1));
    let board = Board::new(1);
    // Far apart, so that one's words under another's number would be a step of thousands.
    let talkers = [1_000, 50_000, 9_000].map(|requests| Talker { requests, acks: 12 });
    let mut port = Port::new(Vec::from(talkers), recorder, 0, &board);
    for _ in 0..20 {
        clock.advance(Nanos::from_millis(10));
        // The third fills the room, so that the next look begins with it.
        port.serve(&clock, ACKS_PER_LOOK, clock.now());
        collector.listener().hear();
    }
    let said = collector.listener().stats().expect("they spoke").measured.producers;
    assert_eq!(
        said.samples, said.done.requests,
        "each look is one more request of the same client"
    );
    assert!(40 < said.samples, "and all were looked at: {}", said.samples);
}
