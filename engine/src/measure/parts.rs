//! The mean publish latency in parts that add up: send delay, queue, broker, rest.

use super::client_tally::ClientStats;
use super::constants::{
    PARTS_CLOCK_ERROR, PARTS_COVERED, REST_LEAST, REST_SHARE, REST_SHARE_BELOW_ZERO,
};
use super::facts::{count, number, share, text};
use super::latency::Latency;
use super::tally::Tally;
use super::verdict::{Case, Found};
use crate::plan::Plan;

/// Where the mean publish latency of the measured phase went, each part a mean over messages, in
/// nanoseconds.
///
/// Publish latency and send delay are ours, exact, and of every acked message. Queue and broker are
/// librdkafka's own, of those messages that were answered in the windows that its statistics cover:
/// windows that reach into a warm-up are left out, and the last one is never told, up to an interval.
/// Where these went as the others did, nothing is lost by it; else rest takes the difference. What is
/// known by requests is weighted by their messages (see [`super::Weighed`]).
///
/// Rest is what is left of the whole: from our reading of the clock to the client's own in its call,
/// compressing a batch, taking an answer apart, and the wait until the lane hears of it. It is below
/// zero where parts overlap: a message that is sent again waits in the queue for all it has been
/// through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PublishParts {
    /// Messages whose waits librdkafka told.
    pub messages: u64,
    /// Acked messages.
    pub acked: u64,
    /// The whole: due → acked.
    pub publish: f64,
    /// Due → sent.
    pub send_delay: f64,
    /// Sent → written to the socket: the wait for a batch, for the request's turn, for the socket.
    pub queue: f64,
    /// Written → answered.
    pub broker: f64,
}

impl PublishParts {
    /// What is not in the other parts.
    #[must_use]
    pub fn rest(&self) -> f64 {
        self.publish - self.send_delay - self.queue - self.broker
    }

    /// The same as a part of the whole.
    #[must_use]
    pub fn rest_share(&self) -> f64 {
        self.rest() / self.publish
    }

    /// All streams together. `None` where a part is not known: in a closed loop nothing is due, with
    /// `acks=0` nothing is answered, and without statistics nobody knows.
    #[must_use]
    pub fn of(plan: &Plan, tally: &Tally, client: &ClientStats) -> Option<Self> {
        let all_are_timed = plan.demand.streams.iter().all(|stream| stream.pace.is_paced());
        let weighed = client.measured.producers.weighed;
        let acked: u64 = tally.streams.iter().map(|stream| stream.measured.publish.count()).sum();
        if !all_are_timed || is_unanswered(plan) || weighed.messages == 0 || acked == 0 {
            return None;
        }
        let mean = |latency: fn(&super::PhaseTally) -> &Latency| {
            let all = tally.streams.iter().map(|stream| latency(&stream.measured));
            all.map(|one| one.mean_nanos() * share(one.count(), acked)).sum::<f64>()
        };
        let (publish, service) = (mean(|seen| &seen.publish), mean(|seen| &seen.service));
        let by_message = |nanos: u128| divided(nanos, weighed.messages);
        Some(Self {
            messages: weighed.messages,
            acked,
            publish,
            send_delay: publish - service,
            queue: by_message(weighed.queue_wait + weighed.transmit_wait),
            broker: by_message(weighed.round_trip),
        })
    }
}

/// Whether brokers are told not to answer.
fn is_unanswered(plan: &Plan) -> bool {
    let settings = &plan.demand.clients.producer;
    let acks = |name: &str| matches!(name, "request.required.acks" | "acks");
    settings.iter().rev().find(|(name, _)| acks(name)).is_some_and(|(_, value)| value == "0")
}

/// A mean in nanoseconds; there is at least one message.
#[expect(
    clippy::cast_precision_loss,
    reason = "floats begin in the report; 53 bits of ns are enough"
)]
pub(super) fn divided(nanos: u128, messages: u64) -> f64 {
    nanos as f64 / messages as f64
}

/// Do the parts make up the whole? Asked where most of the messages are in them.
pub(super) fn parts_add_up(case: &Case<'_>, found: &mut Found) {
    let parts =
        case.evidence.client.and_then(|client| PublishParts::of(case.plan, case.tally, client));
    let Some(parts) = parts.filter(|of| PARTS_COVERED <= share(of.messages, of.acked)) else {
        return;
    };
    let rest = parts.rest();
    let is_large = parts.publish * REST_SHARE < rest && REST_LEAST.as_micros_f64() * 1e3 < rest;
    let allowed = parts.publish * REST_SHARE_BELOW_ZERO + PARTS_CLOCK_ERROR.as_micros_f64() * 1e3;
    let is_negative = rest < -allowed;
    if !is_large && !is_negative {
        return;
    }
    let percent = parts.rest_share() * 100.0;
    let [publish, send_delay, queue, broker, left] =
        [parts.publish, parts.send_delay, parts.queue, parts.broker, rest].map(|of| of / 1e3);
    let words = if is_large {
        "The rest is this client's: compressing, taking answers apart, hearing of them late \
         (engine.ack_wait), or a load so uneven that the statistics' windows missed it. Free the \
         cores of lanes and clients, or run longer."
    } else {
        "Parts overlap or their windows are not the run's: messages that were sent again wait in \
         the queue for all they have been through, and an uneven load is not the same in both. Do \
         not read the parts one by one."
    };
    let resent = case.evidence.client.map_or(0, |client| client.measured.producers.resent);
    found.warn(
        "parts_do_not_add_up",
        format!(
            "Of the mean publish latency of {publish:.0} us, {left:.0} us ({percent:.0} %) are in no \
             part: send delay {send_delay:.0}, queue {queue:.0}, broker {broker:.0}. {words}"
        ),
        vec![
            number("publish_mean_us", publish),
            number("send_delay_mean_us", send_delay),
            number("queue_mean_us", queue),
            number("broker_mean_us", broker),
            number("rest_mean_us", left),
            count("messages_covered", parts.messages),
            count("acked", parts.acked),
            count("resent", resent),
        ],
    );
}

/// What clients said of themselves and did not reach the result.
pub(super) fn statistics_missing(case: &Case<'_>, found: &mut Found) {
    let Some(client) = case.evidence.client else { return };
    let (dropped, unreadable) = (client.dropped, client.unreadable);
    if dropped + unreadable == 0 {
        return;
    }
    let complaint = client.complaint.as_deref().unwrap_or("none");
    found.note(
        "client_statistics_missing",
        format!(
            "{dropped} of the clients' statistics were dropped because nobody had room for them, \
             {unreadable} could not be read. Means are of the others. Set a longer \
             statistics.interval.ms, or use fewer clients."
        ),
        vec![
            count("dropped", dropped),
            count("unreadable", unreadable),
            text("complaint", complaint),
        ],
    );
}

#[cfg(test)]
mod tests {
    use super::PublishParts;
    use crate::measure::client_tally::{ClientStats, Weighed};
    use crate::measure::tally::Tally;
    use crate::measure::verdict::{Evidence, Verdict};
    use crate::measure::verdict_fixture::{evidence, plan, tally as clean};
    use crate::plan::{ClientCount, Pace, Plan};
    use crate::units::Nanos;

    /// A run of 1,000 messages, half of them sent 1 ms after their due and half on time, all acked
    /// 10 ms after they were sent.
    fn run() -> (Plan, Tally) {
        let plan = plan(ClientCount::Shared);
        let mut tally = Tally::new(&plan.demand);
        let seen = &mut tally.streams[0].measured;
        for number in 0..1_000 {
            let delay = Nanos::from_millis(number % 2);
            seen.send_delay.record(Some(delay));
            seen.service.record(Some(Nanos::from_millis(10)));
            seen.publish.record(Some(delay + Nanos::from_millis(10)));
        }
        (plan, tally)
    }

    /// What a client says of so many messages, each with these waits in microseconds.
    fn client(messages: u64, queue: u64, transmit: u64, round_trip: u64) -> ClientStats {
        let nanos = |micros: u64| u128::from(micros * 1_000) * u128::from(messages);
        let mut stats = ClientStats::default();
        stats.measured.producers.weighed = Weighed {
            messages,
            queue_wait: nanos(queue),
            transmit_wait: nanos(transmit),
            round_trip: nanos(round_trip),
        };
        stats
    }

    #[test]
    fn the_parts_are_means_by_message_and_add_up_to_the_whole() {
        let (plan, tally) = run();
        let parts =
            PublishParts::of(&plan, &tally, &client(900, 4_000, 100, 5_500)).expect("known");
        let close = |got: f64, micros: f64| (got / 1e3 - micros).abs() < 0.001;
        assert!(close(parts.publish, 10_500.0), "{parts:?}");
        assert!(close(parts.send_delay, 500.0), "{parts:?}");
        assert!(close(parts.queue, 4_100.0), "both waits on this side: {parts:?}");
        assert!(close(parts.broker, 5_500.0), "{parts:?}");
        assert!(close(parts.rest(), 400.0), "{parts:?}");
        assert_eq!((parts.messages, parts.acked), (900, 1_000), "how many each is of");
    }

    #[test]
    fn streams_count_by_their_messages() {
        let (mut plan, mut tally) = run();
        plan.demand.streams.push(plan.demand.streams[0].clone());
        let mut second = tally.streams[0].clone();
        second.measured.publish.clear();
        second.measured.service.clear();
        for _ in 0..3_000 {
            second.measured.publish.record(Some(Nanos::from_millis(2)));
            second.measured.service.record(Some(Nanos::from_millis(2)));
        }
        tally.streams.push(second);
        let parts = PublishParts::of(&plan, &tally, &client(4_000, 1, 1, 1)).expect("known");
        let expected = (1_000.0 * 10.5e6 + 3_000.0 * 2e6) / 4_000.0;
        assert!((parts.publish - expected).abs() < 1.0, "{parts:?}, not {expected}");
    }

    #[test]
    fn what_is_not_known_has_no_parts() {
        let (plan, tally) = run();
        let known = client(900, 1, 1, 1);
        let check = |asked: &Plan, seen: &Tally, said: &ClientStats, why: &str| {
            assert_eq!(PublishParts::of(asked, seen, said), None, "{why}");
        };
        check(&plan, &tally, &ClientStats::default(), "no statistics");
        check(&plan, &Tally::new(&plan.demand), &known, "nothing acked");
        let mut closed = plan.clone();
        closed.demand.streams[0].pace = Pace::Max { in_flight: None };
        check(&closed, &tally, &known, "nothing is due");
        let mut unanswered = plan;
        for (name, value) in [("acks", "all"), ("request.required.acks", "0")] {
            unanswered.demand.clients.producer.push((name.to_owned(), value.to_owned()));
        }
        check(&unanswered, &tally, &known, "nothing is answered");
        unanswered.demand.clients.producer.push(("acks".to_owned(), "1".to_owned()));
        assert!(PublishParts::of(&unanswered, &tally, &known).is_some(), "the last one counts");
    }

    /// What is found in a clean run of 200,000 messages whose publish latency is 1,200 us, 200 of
    /// them send delay, when its clients say this: code and message.
    fn found(client: ClientStats) -> Vec<(&'static str, String)> {
        let plan = plan(ClientCount::Shared);
        let mut tally = clean(&plan);
        let seen = &mut tally.streams[0].measured;
        (0..seen.service.count()).for_each(|_| seen.publish.record(Some(Nanos(1_200_000))));
        let client: &'static ClientStats = Box::leak(Box::new(client));
        let verdict = Verdict::of(&plan, &tally, &Evidence { client: Some(client), ..evidence() });
        assert!(verdict.valid, "a caution never changes that");
        verdict.findings.into_iter().map(|finding| (finding.code, finding.message)).collect()
    }

    #[test]
    fn a_rest_that_is_large_or_below_zero_is_told_with_all_parts() {
        let check = |messages: u64, queue: u64, broker: u64, words: Option<&str>| {
            let found = found(client(messages, queue, 0, broker));
            match (&found[..], words) {
                ([], None) => {}
                ([("parts_do_not_add_up", message)], Some(words)) if message.contains(words) => {}
                _ => panic!("queue {queue}, broker {broker}: {found:?}, expected {words:?}"),
            }
        };
        check(200_000, 500, 450, None);
        check(200_000, 100, 500, None);
        check(200_000, 100, 200, Some("1200 us, 700 us (58 %) are in no part"));
        check(200_000, 500, 600, None);
        check(200_000, 600, 700, Some("-300 us (-25 %) are in no part"));
        check(179_000, 600, 700, None);
        check(179_000, 100, 200, None);
    }

    #[test]
    fn what_was_dropped_or_unreadable_is_told() {
        let missing = |dropped: u64, unreadable: u64| {
            let complaint = (0 < unreadable).then(|| "line 1".to_owned());
            found(ClientStats { dropped, unreadable, complaint, ..client(200_000, 500, 0, 450) })
        };
        assert_eq!(missing(0, 0), [], "all of it was heard");
        for (dropped, unreadable, words) in [(3, 0, "3 of the clients'"), (0, 2, "2 could not")] {
            let found = missing(dropped, unreadable);
            let [(code, message)] = &found[..] else { panic!("one finding: {found:?}") };
            assert_eq!(*code, "client_statistics_missing", "{message}");
            assert!(message.contains(words), "{message}");
        }
    }
}
