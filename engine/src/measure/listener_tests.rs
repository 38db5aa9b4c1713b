//! Laws of the listener: what of a client's words counts, in which second, and by what weight.

use super::listener::{ClientId, Listener, Said, Teller, channel};
use super::{ClientStats, ClientTally, Weighed};
use crate::link::{BrokerSample, ClientSample, Counters, Mean, Statistics};
use crate::plan::Role;
use crate::units::{Nanos, Timestamp};

const MEASURED: Timestamp = Timestamp::from_nanos(100_000_000_000);

fn at(millis: i64) -> Timestamp {
    let shifted = Timestamp::from_nanos(90_000_000_000);
    shifted + Nanos::from_millis(u64::try_from(10_000 + millis).expect("within ten seconds before"))
}

/// Statistics made up, or such as nobody can read.
#[derive(Debug)]
struct Words(Result<ClientSample, String>);

impl Statistics for Words {
    fn read(&self) -> Result<ClientSample, String> {
        self.0.clone()
    }
}

fn mean(count: u64, each: u64) -> Mean {
    Mean { count, sum: count * each, max: each }
}

/// A broker to which so many messages went by so many requests, and what each of them waited.
fn broker(
    name: &str,
    messages: u64,
    requests: u64,
    (queue, transmit, trip): (u64, u64, u64),
) -> BrokerSample {
    BrokerSample {
        name: name.to_owned(),
        queue_wait: mean(messages, queue),
        transmit_wait: mean(requests, transmit),
        round_trip: mean(requests, trip),
        ..BrokerSample::default()
    }
}

/// A producer that has made so many requests and connections since it was made.
fn sample(requests: u64, connects: u64, brokers: Vec<BrokerSample>) -> ClientSample {
    ClientSample {
        role: Role::Producer,
        counters: Counters { requests, connects, ..Counters::default() },
        batch_messages: Mean::default(),
        batch_bytes: Mean::default(),
        queued: 0,
        max_in_flight: 5,
        brokers,
    }
}

/// Clients and who listens to them.
struct Talk {
    teller: Teller,
    listener: Listener,
}

impl Talk {
    fn new() -> Self {
        let (teller, listener) = channel(1);
        Self { teller, listener }
    }

    /// With a measured phase that began at [`MEASURED`], after so many seconds of warm-up.
    fn started(warmup: u64) -> Self {
        let mut talk = Self::new();
        talk.listener.start(MEASURED, Nanos::from_secs(warmup));
        talk
    }

    fn say(&mut self, client: ClientId, millis: i64, said: Result<ClientSample, String>) {
        self.teller.tell(Said { client, at: at(millis), statistics: Box::new(Words(said)) });
        self.listener.hear();
    }

    fn requests(&mut self, client: ClientId, millis: i64, requests: u64) {
        self.say(client, millis, Ok(sample(requests, 1, Vec::new())));
    }

    fn stats(&self) -> ClientStats {
        self.listener.stats().expect("somebody spoke")
    }

    fn producers(&self) -> ClientTally {
        self.stats().measured.producers
    }

    /// Requests of the first seconds; −1 where nothing was said.
    fn seconds(&mut self) -> Vec<i64> {
        let second = |number| match self.listener.take_second(number) {
            Some(said) => i64::try_from(said.producers.done.requests).expect("few"),
            None => -1,
        };
        (0..4).map(second).collect()
    }
}

#[test]
fn a_windows_counts_go_to_the_second_of_its_middle_and_add_up() {
    let mut talk = Talk::started(5);
    for (millis, requests) in [(-1_400, 100), (-400, 200), (600, 310), (1_600, 450), (2_600, 470)] {
        talk.requests((0, 0), millis, requests);
    }
    // From 600 to 1,600 the middle is at 1,100.
    assert_eq!(talk.seconds(), [-1, 140, 20, -1], "by second");
    let producers = talk.producers();
    assert_eq!(
        (producers.samples, producers.done.requests),
        (2, 160),
        "only what began in the phase"
    );
    assert_eq!(talk.seconds(), [-1; 4], "a second is given out once");
}

#[test]
fn without_a_warm_up_the_window_of_the_start_counts() {
    let mut talk = Talk::started(0);
    for (millis, requests) in [(-900, 4), (100, 30), (1_100, 130)] {
        talk.requests((0, 0), millis, requests);
    }
    assert_eq!(talk.seconds(), [126, -1, -1, -1], "both lie in the first second");
    let mut early = Talk::started(0);
    early.requests((0, 0), 800, 50);
    assert_eq!(early.producers().done.requests, 50, "a client that never spoke before");
}

#[test]
fn each_client_is_compared_with_itself_and_both_are_added() {
    let mut talk = Talk::started(1);
    for (client, base) in [((0, 0), 1_000), ((0, 1), 50), ((1, 0), 7)] {
        talk.requests(client, 10, base);
        talk.requests(client, 1_010, base + base / 10 + 1);
    }
    let producers = talk.producers();
    assert_eq!((producers.samples, producers.done.requests), (3, 101 + 6 + 1), "three clients");
}

#[test]
fn connections_made_on_the_way_to_the_start_are_no_reconnects() {
    let mut talk = Talk::started(0);
    talk.say((0, 0), 900, Ok(sample(10, 3, Vec::new())));
    assert_eq!(talk.producers().done.connects, 0, "it began with them");
    talk.say((0, 0), 1_900, Ok(sample(20, 5, Vec::new())));
    assert_eq!(talk.producers().done.connects, 2, "made since");
}

#[test]
fn a_count_that_falls_counts_as_nothing() {
    let mut talk = Talk::started(0);
    for requests in [100, 40, 60] {
        talk.requests((0, 0), 500, requests);
    }
    assert_eq!(talk.producers().done.requests, 100 + 20, "a broker left, then work went on");
}

#[test]
fn messages_sent_again_are_those_beyond_what_was_taken() {
    let mut talk = Talk::started(1);
    for (millis, handed_over, taken) in [
        (100, 900, 1_000),
        (200, 1_950, 2_000),
        (300, 3_030, 3_000),
        (400, 4_010, 4_000),
        (500, 5_050, 5_000),
    ] {
        let mut said = sample(0, 0, Vec::new());
        (said.counters.handed_over, said.counters.taken) = (handed_over, taken);
        talk.say((0, 0), millis, Ok(said));
    }
    assert_eq!(talk.producers().resent, 50, "at least: what waits hides as many");
}

#[test]
fn waits_of_requests_count_by_the_messages_that_met_them() {
    let mut talk = Talk::started(1);
    talk.say((0, 0), 0, Ok(sample(0, 0, Vec::new())));
    // Of 1,000 messages nine tenths went to the fast broker, by as many requests as to the slow one.
    let brokers =
        vec![broker("fast", 900, 10, (500, 20, 1_000)), broker("slow", 100, 10, (900, 40, 9_000))];
    talk.say((0, 0), 1_000, Ok(sample(20, 0, brokers)));
    let expected = Weighed {
        messages: 1_000,
        queue_wait: 900 * 500_000 + 100 * 900_000,
        transmit_wait: 900 * 20_000 + 100 * 40_000,
        round_trip: 900 * 1_000_000 + 100 * 9_000_000,
    };
    assert_eq!(talk.producers().weighed, expected, "1.8 ms a message, where a request took 5 ms");
    assert_eq!(talk.producers().round_trip.value(), Some(5_000.0), "by request");
}

#[test]
fn messages_that_a_stall_holds_up_count_with_the_round_trip_that_ends_it() {
    let mut talk = Talk::started(1);
    talk.say((0, 0), 0, Ok(sample(0, 0, Vec::new())));
    let mut silent = broker("b", 100, 5, (300, 10, 0));
    silent.round_trip = Mean::default();
    talk.say((0, 0), 1_000, Ok(sample(5, 0, vec![silent])));
    assert_eq!(talk.producers().weighed, Weighed::default(), "nothing is answered yet");
    talk.say((0, 0), 2_000, Ok(sample(10, 0, vec![broker("b", 300, 5, (700, 30, 2_000_000))])));
    let weighed = talk.producers().weighed;
    assert_eq!(weighed.messages, 400, "those of the silent second too");
    assert_eq!(weighed.queue_wait, 100 * 300_000 + 300 * 700_000, "each with its own wait");
    assert_eq!(weighed.transmit_wait, 400 * 20_000, "the mean of all ten requests");
    assert_eq!(weighed.round_trip, 400 * 2_000_000_000, "the stall is theirs");
}

#[test]
fn requests_without_messages_weigh_nothing() {
    let mut talk = Talk::started(1);
    talk.say((0, 0), 0, Ok(sample(0, 0, Vec::new())));
    talk.say((0, 0), 1_000, Ok(sample(3, 0, vec![broker("b", 0, 3, (0, 9_000, 50))])));
    talk.say((0, 0), 2_000, Ok(sample(4, 0, vec![broker("b", 10, 1, (100, 20, 500))])));
    let weighed = talk.producers().weighed;
    assert_eq!((weighed.messages, weighed.transmit_wait), (10, 200_000), "only the messages' own");
}

#[test]
fn what_finds_no_room_and_what_nobody_understands_is_counted() {
    let mut talk = Talk::started(0);
    assert_eq!(talk.listener.stats(), None, "nobody spoke: not examined is not zero");
    for number in 0..70 {
        let statistics = Box::new(Words(Ok(sample(number, 0, Vec::new()))));
        talk.teller.tell(Said { client: (0, 0), at: at(100), statistics });
    }
    talk.listener.hear();
    let stats = talk.stats();
    assert_eq!((stats.measured.producers.samples, stats.dropped), (64, 6), "room for 64");
    talk.say((0, 0), 200, Err("line 1: no".to_owned()));
    talk.say((0, 0), 300, Err("line 9: no".to_owned()));
    let later = talk.stats();
    assert_eq!(
        (later.unreadable, later.complaint.as_deref()),
        (2, Some("line 1: no")),
        "the first"
    );
    drop(talk.listener);
    let statistics = Box::new(Words(Err(String::new())));
    talk.teller.tell(Said { client: (0, 0), at: at(400), statistics });
}

#[test]
fn what_is_said_before_the_start_tells_only_where_counters_stood() {
    let mut talk = Talk::new();
    talk.requests((0, 0), -2_000, 40);
    assert_eq!(talk.stats().measured.producers, ClientTally::default(), "heard, not counted");
    talk.listener.start(MEASURED, Nanos::ZERO);
    talk.requests((0, 0), 500, 90);
    assert_eq!(talk.producers().done.requests, 50, "since then");
}
