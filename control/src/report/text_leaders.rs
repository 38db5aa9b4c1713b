//! Publish latency by the broker that leads, for people: a line for each, where there is more than one.

use super::Report;
use super::partitions::LeaderPart;
use super::text_table::{count, span, table, wrapped};

/// Brokers shown at most, the slowest first.
const BROKERS_MAX: usize = 20;

/// Which broker is slow: a row for each under their heads; none where fewer than two lead.
pub(super) fn rows(report: &Report) -> Vec<Vec<String>> {
    let mut all: Vec<&LeaderPart> = report.partitions.leaders.iter().collect();
    if all.len() < 2 {
        return Vec::new();
    }
    all.sort_by(|one, other| other.publish_p99_us.total_cmp(&one.publish_p99_us));
    let head = ["publish led by", "partitions", "messages", "p50", "p99", "max"];
    let row = |of: &&LeaderPart| {
        vec![
            format!("broker {} {}", of.broker, of.address),
            count(of.partitions),
            count(of.messages),
            span(Some(of.publish_p50_us)),
            span(Some(of.publish_p99_us)),
            span(Some(of.publish_max_us)),
        ]
    };
    let head = head.map(str::to_owned).to_vec();
    std::iter::once(head).chain(all.iter().take(BROKERS_MAX).map(row)).collect()
}

/// What the rows leave out, and what they cannot tell apart.
pub(super) fn notes(report: &Report) -> Vec<String> {
    let of = &report.partitions;
    if of.leaders.len() < 2 {
        return Vec::new();
    }
    let more = of.leaders.len().saturating_sub(BROKERS_MAX);
    let more = (0 < more).then(|| format!("and {more} faster brokers (result.json has them)"));
    let moved = of.leaders_moved.filter(|moved| 0 < *moved).map(|moved| {
        format!(
            "partitions that another broker led when the run began: {}; all that was sent to them is told \
             with who led them at the end",
            count(moved)
        )
    });
    more.into_iter().chain(moved).collect()
}

/// Both as text.
pub(super) fn leaders(report: &Report, width: usize) -> String {
    let lines: String = notes(report).iter().map(|note| wrapped(note, "", width)).collect();
    table(&rows(report)) + &lines
}

/// Two brokers, of which the second leads every other partition and has become the leader of one.
#[cfg(test)]
pub(super) fn led(made: &super::fixture::Made) -> engine::measure::LeadersSeen {
    let topics = made.plan.demand.streams.iter().flat_map(|stream| &stream.topics);
    let topic = |topic: &engine::plan::TopicPlan| {
        let leaders = (0..topic.partitions).map(|of| if of % 2 == 0 { 1 } else { 2 });
        (topic.name.clone(), leaders.collect())
    };
    let at_end = engine::link::Leaders {
        brokers: (1..=2).map(|id| (id, format!("b{id}:9092"))).collect(),
        topics: topics.map(topic).collect(),
    };
    engine::measure::LeadersSeen { at_end, moved: 1 }
}

#[cfg(test)]
mod tests {
    use super::{leaders, led};
    use crate::report::fixture::{Made, report};
    use engine::units::Nanos;

    #[test]
    fn where_several_brokers_lead_the_slowest_is_told_first() {
        let mut made = Made::clean();
        assert_eq!(leaders(&report(&made), 200), "", "who leads is not known");
        made.outcome.leaders = Some(led(&made));
        let stream = &mut made.outcome.tally.streams[0];
        for (place, micros) in [(0, 900), (1, 70_000)] {
            (0..1_200).for_each(|_| stream.partitions.record(place, Some(Nanos(micros * 1_000))));
        }
        let text = leaders(&report(&made), 200);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4, "{text}");
        assert!(lines[0].starts_with("publish led by"), "{text}");
        assert!(lines[1].starts_with("broker 2 b2:9092") && lines[1].contains("1,200"), "{text}");
        assert!(lines[2].starts_with("broker 1 b1:9092"), "{text}");
        assert!(
            lines[3].starts_with("partitions that another broker led when the run began: 1;"),
            "{text}"
        );
    }
}
