//! What became of a backlog, as the file and the summary write it.

use super::number::{float, mib, micros, per_second, seconds, thousandth};
use super::streams::is_timed;
use super::text_table::{count, rate, span, table};
use engine::measure::{BacklogEnd, BacklogSeen, Latency, Leg, Phase};
use engine::plan::Plan;
use engine::run::Outcome;
use engine::units::Nanos;
use serde::{Deserialize, Serialize};

/// The backlog that consumers found, and what draining it did to producers. Counts of unread messages are
/// those of all subscriptions added up.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BacklogPart {
    /// How many messages were to be unread.
    pub asked_messages: u64,
    /// The bytes of their bodies.
    pub asked_bytes: u64,
    /// How many could be left for it to count as drained.
    pub drained_at_messages: u64,
    /// What stood when consumers were let go; null where it did not come to that.
    pub built: Option<Built>,
    /// Whether it was drained.
    pub drained: bool,
    /// How fast consumers read; null where there was nothing to drain.
    pub drain: Option<Drain>,
    /// What was unread when it was drained, given up, or the run ended.
    pub left: Left,
    /// The warm-up before it; null without one.
    pub before: Option<LegPart>,
    /// While consumers were held.
    pub building: LegPart,
    /// While it was drained; null where it did not come to that.
    pub draining: Option<LegPart>,
    /// From then on; null where it did not come to that.
    pub after: Option<LegPart>,
}

/// A backlog that stood.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Built {
    /// How many messages.
    pub messages: u64,
    /// The bytes of their bodies.
    pub bytes: u64,
    /// How long it took.
    pub seconds: f64,
}

/// What is left of a backlog.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Left {
    /// How many messages.
    pub messages: u64,
    /// The bytes of their bodies.
    pub bytes: u64,
}

/// How it was drained.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Drain {
    /// How long that took, to the end of a second; or how long it was waited for.
    pub seconds: f64,
    /// Received meanwhile by all subscriptions.
    pub messages: u64,
    /// Messages received per second.
    pub messages_per_second: Option<f64>,
    /// Bytes received per second.
    pub bytes_per_second: Option<f64>,
    /// How much less was unread at the end of a second than at its beginning, on average; below zero
    /// where it grew.
    pub shrunk_per_second: Option<f64>,
    /// Messages received per second by each subscription.
    pub subscriptions_per_second: Vec<Option<f64>>,
}

/// What producers did in a part of the run, and how fast they were answered.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct LegPart {
    /// How long it lasted.
    pub seconds: f64,
    /// Taken by the clients in it.
    pub sent: u64,
    /// The same per second: the producers' rate.
    pub sent_per_second: Option<f64>,
    /// Acked in it.
    pub acked: u64,
    /// The same per second.
    pub acked_per_second: Option<f64>,
    /// Publish latency of what was acked in it, median; null in a closed loop.
    pub publish_p50_us: Option<f64>,
    /// The same, 99th percentile.
    pub publish_p99_us: Option<f64>,
}

impl BacklogPart {
    pub(super) fn of(plan: &Plan, outcome: &Outcome) -> Option<Self> {
        let (asked, seen) = plan.demand.backlog.zip(outcome.backlog.as_ref())?;
        let timed = plan.demand.streams.iter().all(is_timed);
        let part = |leg: &Leg| {
            let time = Time { length: leg.length, counted: leg.counted(), timed };
            LegPart::of(time, (leg.sent, leg.acked), &leg.publish)
        };
        let begun = |leg: &Leg| leg.first.is_some().then(|| part(leg));
        let stood = seen.draining.first.is_some();
        Some(Self {
            asked_messages: asked.messages,
            asked_bytes: asked.bytes.0,
            drained_at_messages: asked.left,
            built: stood.then(|| Built {
                messages: seen.stood.messages,
                bytes: seen.stood.bytes.0,
                seconds: seconds(seen.building.length),
            }),
            drained: seen.end == BacklogEnd::Drained,
            drain: stood.then(|| drain(seen)),
            left: Left { messages: seen.left.messages, bytes: seen.left.bytes.0 },
            before: before(plan, outcome, timed),
            building: part(&seen.building),
            draining: begun(&seen.draining),
            after: begun(&seen.after),
        })
    }

    /// A few lines for people.
    pub(super) fn text(&self) -> String {
        let asked = size(self.asked_messages, self.asked_bytes);
        let built = match self.built {
            Some(of) => format!("{} unread after {:.1} s", size(of.messages, of.bytes), of.seconds),
            None => format!(
                "not built, {} unread after {:.1} s",
                size(self.left.messages, self.left.bytes),
                self.building.seconds
            ),
        };
        let mut out = format!("backlog of {asked}: {built}\n");
        if let Some(drain) = &self.drain {
            let mib =
                drain.bytes_per_second.map_or("-".to_owned(), |bytes| format!("{:.2}", mib(bytes)));
            let (how, last) =
                if self.drained { ("drained", "left") } else { ("NOT drained", "unread") };
            out.push_str(&format!(
                "{how} in {:.1} s at {} msg/s, {mib} MiB/s received; {} messages {last}\n",
                drain.seconds,
                rate(drain.messages_per_second),
                count(self.left.messages),
            ));
        }
        let head = ["producers", "s", "sent/s", "acked/s", "publish p50", "p99"];
        let head = head.map(str::to_owned).to_vec();
        let legs = [
            ("before (warm-up)", self.before),
            ("while building", Some(self.building)),
            ("while draining", self.draining),
            ("after", self.after),
        ];
        let row = |(name, leg): (&str, Option<LegPart>)| {
            let leg = leg?;
            Some(vec![
                name.to_owned(),
                format!("{:.1}", leg.seconds),
                rate(leg.sent_per_second),
                rate(leg.acked_per_second),
                span(leg.publish_p50_us),
                span(leg.publish_p99_us),
            ])
        };
        let rows: Vec<Vec<String>> = legs.into_iter().filter_map(row).collect();
        out.push_str(&table(&[vec![head], rows].concat()));
        out + &self.interference()
    }

    /// What draining did to producers.
    fn interference(&self) -> String {
        let building = self.building.publish_p99_us.filter(|p99| 0.0 < *p99);
        let draining = self.draining.and_then(|leg| leg.publish_p99_us);
        let Some((before, meanwhile)) = building.zip(draining) else { return String::new() };
        format!(
            "interference: publish p99 while draining is {:.2} times that while building\n",
            meanwhile / before
        )
    }
}

/// A leg's time.
#[derive(Clone, Copy)]
struct Time {
    /// How long it was.
    length: Nanos,
    /// The time that its counts are of.
    counted: Nanos,
    /// Whether its messages have due times.
    timed: bool,
}

impl LegPart {
    fn of(time: Time, (sent, acked): (u64, u64), publish: &Latency) -> Self {
        let at = |percent: f64| {
            (time.timed && 0 < publish.count()).then(|| micros(publish.percentile(percent)))
        };
        Self {
            seconds: seconds(time.length),
            sent,
            sent_per_second: per_second(sent, time.counted),
            acked,
            acked_per_second: per_second(acked, time.counted),
            publish_p50_us: at(50.0),
            publish_p99_us: at(99.0),
        }
    }
}

fn drain(seen: &BacklogSeen) -> Drain {
    let leg = &seen.draining;
    let rate = |count: u64| per_second(count, leg.counted());
    let each = leg.by_subscription.iter().map(|read| rate(*read));
    let (read, brought) = (rate(leg.received), rate(leg.owed));
    Drain {
        seconds: seconds(leg.length),
        messages: leg.received,
        messages_per_second: read,
        bytes_per_second: rate(leg.received_bytes.0),
        shrunk_per_second: read.zip(brought).map(|(read, brought)| thousandth(read - brought)),
        subscriptions_per_second: each.collect(),
    }
}

/// The warm-up, if there was one.
fn before(plan: &Plan, outcome: &Outcome, timed: bool) -> Option<LegPart> {
    let start = outcome.start.filter(|_| Nanos::ZERO < plan.demand.phases.warmup.longest())?;
    let seen = outcome.tally.total(Phase::Warmup);
    let length = start.at.until(start.measured);
    let time = Time { length, counted: length, timed };
    Some(LegPart::of(time, (seen.produced.messages, seen.acked.messages), &seen.publish))
}

fn size(messages: u64, bytes: u64) -> String {
    format!("{} messages ({:.2} MiB)", count(messages), mib(float(bytes)))
}

/// A made-up run that was drained, for tests.
#[cfg(test)]
pub(super) fn made() -> super::fixture::Made {
    use engine::measure::Unread;
    use engine::plan::Backlog;
    use engine::units::Bytes;
    let mut made = super::fixture::Made::clean();
    made.plan.demand.backlog = Some(Backlog {
        messages: 100_000,
        bytes: Bytes(10_000_000),
        left: 1_000,
        drain_rate: None,
        build_within: Nanos::from_secs(60),
        drain_within: Nanos::from_secs(600),
        after: Nanos::from_secs(3),
    });
    let leg = |(first, seconds): (u32, u64), received: u64, micros: u64| {
        let mut leg = Leg {
            first: Some(first),
            last: Some(first + u32::try_from(seconds).expect("few") - 1),
            length: Nanos::from_secs(seconds),
            sent: seconds * 20_010,
            acked: seconds * 20_000,
            owed: seconds * 40_000,
            received,
            received_bytes: Bytes(received * 100),
            by_subscription: vec![received / 2; 2],
            publish: Latency::default(),
        };
        (1..=100).for_each(|share| leg.publish.record(Some(Nanos(share * micros * 10))));
        leg
    };
    let unread = |messages: u64| Unread { messages, bytes: Bytes(messages * 100) };
    made.outcome.backlog = Some(BacklogSeen {
        building: leg((0, 3), 0, 2_000),
        draining: leg((3, 4), 279_500, 5_000),
        after: leg((7, 3), 120_000, 2_000),
        stood: unread(120_000),
        left: unread(500),
        end: BacklogEnd::Drained,
    });
    made
}

#[cfg(test)]
mod tests {
    use super::{BacklogPart, made};
    use crate::report::fixture::{self, Made};
    use engine::measure::{BacklogEnd, Given, Leg};
    use engine::plan::Pace;
    use engine::units::Nanos;

    fn part(made: &Made) -> BacklogPart {
        BacklogPart::of(&made.plan, &made.outcome).expect("one was asked for")
    }

    /// Whether a number is what was expected, as near as the report rounds.
    fn check(got: Option<f64>, expected: f64) {
        let got = got.expect("it is known");
        assert!((got - expected).abs() <= expected.abs() / 1_000.0, "{got}, not {expected}");
    }

    #[test]
    fn a_backlog_is_told_with_its_rates_and_what_it_did_to_producers() {
        let mut run = made();
        // Let go in the middle of a second: rates are those of the seconds that are counted.
        run.outcome.backlog.as_mut().expect("made").draining.length = Nanos::from_millis(4_400);
        let part = part(&run);
        assert!(part.drained, "it was");
        let built = part.built.expect("it stood");
        assert_eq!((built.messages, built.bytes, part.left.messages), (120_000, 12_000_000, 500));
        let drain = part.drain.as_ref().expect("it was drained");
        check(Some(drain.seconds), 4.4);
        check(drain.messages_per_second, 69_875.0);
        check(drain.bytes_per_second, 6_987_500.0);
        check(drain.shrunk_per_second, 29_875.0);
        assert_eq!(drain.subscriptions_per_second, [Some(34_937.5); 2], "each");
        check(part.draining.and_then(|leg| leg.acked_per_second), 20_000.0);
        check(part.before.and_then(|leg| leg.acked_per_second), 20_000.0);
        check(part.building.sent_per_second, 20_010.0);
        check(part.building.publish_p99_us, 1_980.0);
        check(part.draining.and_then(|leg| leg.publish_p99_us), 4_950.0);
        check(part.after.and_then(|leg| leg.publish_p50_us), 1_000.0);
    }

    #[test]
    fn the_summary_tells_how_long_it_took_and_the_interference() {
        fixture::golden("backlog.txt", &part(&made()).text());
    }

    #[test]
    fn one_that_was_not_built_or_not_drained_is_told_so() {
        let mut run = made();
        let seen = run.outcome.backlog.as_mut().expect("made");
        seen.end = BacklogEnd::NotDrained(Given::Bound);
        seen.after = Leg::default();
        let not_drained = part(&run);
        assert!(!not_drained.drained && not_drained.after.is_none(), "{not_drained:?}");
        let text = not_drained.text();
        assert!(text.contains("NOT drained in 4.0 s at 69,875 msg/s"), "{text}");
        let unbuilt = run.outcome.backlog.as_mut().expect("made");
        unbuilt.end = BacklogEnd::NotBuilt(Given::Bound);
        unbuilt.draining = Leg::default();
        let not_built = part(&run);
        assert!(not_built.built.is_none() && not_built.drain.is_none(), "{not_built:?}");
        assert!(not_built.text().contains("not built, 500 messages"), "{}", not_built.text());
    }

    #[test]
    fn what_was_not_asked_for_or_has_no_due_times_is_not_told() {
        let clean = Made::clean();
        assert!(BacklogPart::of(&clean.plan, &clean.outcome).is_none(), "no backlog");
        let mut closed = made();
        closed.plan.demand.streams[0].pace = Pace::Max { in_flight: None };
        let told = part(&closed);
        assert_eq!(told.building.publish_p99_us, None, "no due times");
        check(told.building.acked_per_second, 20_000.0);
        assert!(!told.text().contains("interference"), "nothing to compare");
    }
}
