//! Laws of tallies that travel between hosts: they arrive as they were sent, and bytes that nobody sent
//! do no harm.

use super::tally_tests::{Entry, demand, entries, one_of_each, record, record_all};
use super::{
    ClientStats, ClientTallies, ClientTally, LaneEnd, PhaseTally, Silence, Tally, Transacted,
    Weighed,
};
use crate::link::Counters;
use crate::plan::{Demand, Verification, samples};
use crate::units::{Nanos, Timestamp};
use proptest::prelude::{any, prop, proptest};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// As many hosts share a run.
const HOSTS: usize = 8;

fn sent<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_stdvec(value).expect("memory takes it")
}

fn received<T: DeserializeOwned>(bytes: &[u8]) -> T {
    let (value, rest) = postcard::take_from_bytes(bytes).expect("what was sent can be read");
    assert!(rest.is_empty(), "and nothing else was");
    value
}

/// What arrives is what was sent.
fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let bytes = sent(value);
    let back: T = received(&bytes);
    assert_eq!(&back, value, "in every field");
    assert_eq!(sent(&back), bytes, "and sent on it is the same");
}

/// Merges what was sent into a tally, as whoever gets it does.
fn merged(tallies: impl IntoIterator<Item = Tally>) -> Tally {
    let mut total = Tally::new(&demand());
    for tally in tallies {
        assert_eq!(tally.fits(&demand()), Ok(()), "of this run");
        total.merge(&tally);
    }
    total
}

/// Merges what may be read from bytes, where it fits. Numbers near 2^64 are for nobody to add up.
fn try_merge(bytes: &[u8]) {
    let Ok(tally) = postcard::from_bytes::<Tally>(bytes) else { return };
    if tally.fits(&demand()).is_ok() {
        assert_eq!(merged([tally.clone()]), merged([received(&sent(&tally))]), "it is sound");
    }
}

#[test]
fn one_of_everything_arrives() {
    check(&record_all(&one_of_each()));
    check(&Tally::new(&demand()));
    let logged = record_all(&one_of_each());
    check(&merged([logged]));
}

#[test]
fn transactions_arrive_and_are_merged() {
    let mut tally = Tally::new(&demand());
    let mut made = Transacted { begun: 3, committed: 2, aborted: 1, ..Transacted::default() };
    (made.committed_messages, made.aborted_messages) = (20, 10);
    made.errors.count(51);
    [&mut made.begin, &mut made.commit, &mut made.visible]
        .into_iter()
        .for_each(|latency| latency.record(Some(Nanos(5_000))));
    tally.streams[1].warmup.transactions = Some(Box::new(made));
    check(&tally);
    let arrived = || received::<Tally>(&sent(&tally));
    assert_eq!(merged([arrived(), arrived()]), merged([tally.clone(), tally.clone()]), "as sent");
    let warmup = &merged([arrived(), arrived()]).streams[1].warmup;
    let of = warmup.transactions.as_deref().expect("they arrived");
    assert_eq!((warmup.committed(), of.commit.count(), of.errors.total()), (40, 2, 2), "both");
}

#[test]
fn what_is_not_there_takes_few_bytes() {
    let mut demand = samples::demand(samples::stream(1));
    let size = |of: &Demand| sent(&Tally::new(of)).len();
    let small = size(&demand);
    assert!(small < 100, "{small} bytes");
    demand.streams[0].topics = samples::topics(1, 1_000);
    let large = size(&demand);
    assert!(large < small + 1_010, "a byte for each partition: {large} bytes");
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(16))]

    #[test]
    fn what_hosts_recorded_and_sent_is_what_one_host_recorded(
        shares in prop::collection::vec(entries(), HOSTS),
    ) {
        let all: Vec<Entry> = shares.concat();
        let tallies: Vec<Tally> = shares.iter().map(|share| record(share)).collect();
        tallies.iter().for_each(check);
        let arrived = merged(tallies.iter().map(|tally| received(&sent(tally))));
        assert_eq!(arrived, record(&all), "bit for bit");
        assert_eq!(sent(&arrived), sent(&merged(tallies)), "bit for bit");
        // Merged on the way, as by a host that was not asked for a while.
        let halfway: Vec<Tally> = shares
            .chunks(HOSTS / 2)
            .map(|half| received(&sent(&merged(half.iter().map(|share| record(share))))))
            .collect();
        assert_eq!(merged(halfway), arrived, "bit for bit");
    }

    #[test]
    fn a_tally_that_arrived_goes_on_as_any_other(first in entries(), second in entries()) {
        let mut arrived: Tally = received(&sent(&record(&first)));
        arrived.merge(&record(&second));
        assert_eq!(arrived, record(&[first, second].concat()), "in every field");
        arrived.clear();
        assert_eq!(arrived, Tally::new(&demand()), "as new");
    }
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(256))]

    #[test]
    fn bytes_that_nobody_sent_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        try_merge(&bytes);
    }

    #[test]
    fn bytes_that_were_damaged_are_read_or_refused(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let whole = sent(&record_all(&one_of_each()));
        let short = &whole[..cut.index(whole.len())];
        assert!(postcard::from_bytes::<Tally>(short).is_err(), "cut at {}", short.len());
        let mut damaged = whole;
        for (place, with) in flips {
            let at = place.index(damaged.len());
            damaged[at] ^= with;
        }
        try_merge(&damaged);
    }
}

#[test]
fn every_single_damaged_byte_is_read_or_refused() {
    let mut bytes = sent(&record_all(&one_of_each()));
    for place in 0..bytes.len() {
        for with in [1, 0x80, 0xFF] {
            bytes[place] ^= with;
            try_merge(&bytes);
            bytes[place] ^= with;
        }
    }
}

#[test]
fn a_tally_of_another_shape_does_not_fit() {
    let check = |change: fn(&mut Demand), words: &str| {
        let mut other = demand();
        change(&mut other);
        let fault = Tally::new(&demand()).fits(&other).expect_err("it is another's");
        assert!(fault.contains(words), "{fault}");
        assert_eq!(Tally::new(&other).fits(&other), Ok(()), "its own fits");
    };
    check(|of| of.streams.truncate(1), "streams: got 2, need 1,");
    check(|of| of.streams[1].subscriptions = 3, "stream main: subscriptions: got 2, need 3,");
    check(|of| of.streams[0].topics.clear(), "stream main: partitions: got 4, need 0,");
    check(
        |of| of.verification = Verification::Counts,
        "verification: got by numbers, need by counts,",
    );
    let mut many = demand();
    many.streams[1].topics = samples::topics(1, 2_000);
    let mut changed = Tally::new(&many);
    let others = Tally::new(&demand()).streams.swap_remove(0);
    changed.streams[0].partitions = others.partitions;
    let fault = changed.fits(&many).expect_err("nobody tells 2,004 partitions apart");
    assert!(fault.contains("told apart: got 4, need 0,"), "{fault}");
    let mut elsewhere = Tally::new(&demand());
    let silence = Silence::between(Timestamp::default(), Timestamp::from_nanos(1), 4, true);
    elsewhere.streams[0].silences.partitions.file(silence);
    assert!(elsewhere.fits(&demand()).is_err(), "there are four partitions");
    let mut phase = Tally::new(&demand());
    phase.streams[0].warmup.consumed.clear();
    assert!(phase.fits(&demand()).is_err(), "either phase counts");
    assert!(
        Tally::of_a_second(&demand()).fits(&demand()).is_err(),
        "it leaves out what lanes have"
    );
}

#[test]
fn more_streams_than_anybody_has_are_refused() {
    let mut tally = Tally::new(&demand());
    tally.streams = vec![tally.streams[0].clone(); 64];
    check(&tally);
    tally.streams.push(tally.streams[0].clone());
    assert!(postcard::from_bytes::<Tally>(&sent(&tally)).is_err(), "one more");
}

#[test]
fn the_end_of_a_lane_and_the_words_of_clients_arrive() {
    let words = || Some("it is late".to_owned());
    check(&LaneEnd::default());
    check(&LaneEnd { error: words(), struck: None });
    check(&LaneEnd { error: None, struck: words() });
    let weighed = Weighed { messages: 1, queue_wait: u128::MAX, transmit_wait: 2, round_trip: 3 };
    let done = Counters { requests: 4, disconnects: 5, ..Counters::default() };
    let producers =
        ClientTally { done, weighed, round_trip_min: Some(6), ..ClientTally::default() };
    let measured = ClientTallies { producers, consumers: ClientTally { looks: 7, ..producers } };
    check(&ClientStats { measured, dropped: 8, unreadable: 9, complaint: words() });
}

/// A histogram that arrived answers as the one that was sent.
#[test]
fn what_arrived_answers_the_same() {
    let tally = record(&one_of_each());
    let back: Tally = received(&sent(&tally));
    let figures = |phase: &PhaseTally| {
        [&phase.send_delay, &phase.publish, &phase.service, &phase.end_to_end, &phase.transit].map(
            |of| {
                let spans = [of.min(), of.max(), of.percentile(50.0), of.percentile(99.9)];
                let floats = [of.mean_nanos(), of.stdev_nanos()].map(f64::to_bits);
                (spans, floats, of.count(), of.samples_beyond(50.0), of.encode())
            },
        )
    };
    for (here, there) in back.streams.iter().zip(&tally.streams) {
        assert_eq!(figures(&here.measured), figures(&there.measured), "every answer");
    }
}
