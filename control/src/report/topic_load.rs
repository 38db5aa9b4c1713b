//! How unevenly messages lie on the partitions of a topic.

use super::Report;
use super::number::thousandth;
use super::text::WIDTH;
use super::text_table::{percent, wrapped};
use engine::measure::{Tally, TopicLoad, topic_loads};
use engine::plan::Plan;
use serde::{Deserialize, Serialize};

/// From so many times the mean on, the most loaded partition has a line in the summary. Batches, and keys that
/// come by chance, make a few hundredths in a run of usual length.
const UNEVEN: f64 = 1.25;

/// How the messages of one topic lie on its partitions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TopicLoadPart {
    /// The topic.
    pub topic: String,
    /// Its partitions, those without a message too.
    pub partitions: u32,
    /// Messages acked on all of them in the measured phase.
    pub messages: u64,
    /// The partition with the most; of several the first.
    pub most_loaded: u32,
    /// Messages acked on that one.
    pub most_loaded_messages: u64,
    /// Its part of all of them.
    pub most_loaded_share: f64,
    /// Its messages ÷ the mean over all partitions: 1 where all have the same.
    pub times_mean: f64,
}

impl TopicLoadPart {
    /// The topics of several partitions that messages were acked on; none where partitions are not told apart.
    pub(super) fn all(plan: &Plan, tally: &Tally) -> Vec<Self> {
        let loads = topic_loads(&plan.demand, tally).into_iter();
        let part = |load: TopicLoad| Self {
            most_loaded_share: load.share(),
            times_mean: thousandth(load.times_mean()),
            topic: load.topic,
            partitions: load.partitions,
            messages: load.acked,
            most_loaded: load.most_loaded,
            most_loaded_messages: load.acked_most,
        };
        loads.map(part).collect()
    }
}

/// The most loaded partition of the most uneven topic, for people; nothing where all have about the same.
pub(super) fn text(report: &Report) -> String {
    let topics = report.partitions.topics.iter().filter(|topic| UNEVEN <= topic.times_mean);
    let worst = topics.max_by(|one, other| one.times_mean.total_cmp(&other.times_mean));
    let Some(worst) = worst else { return String::new() };
    let TopicLoadPart { topic, partitions, messages, most_loaded, .. } = worst;
    let share = percent(worst.most_loaded_messages, *messages);
    let line = format!(
        "most loaded partition: {most_loaded} of {topic}, with {share} of its messages, {:.2} times the \
         mean of its {partitions}",
        worst.times_mean
    );
    wrapped(&line, "", WIDTH)
}

#[cfg(test)]
mod tests {
    use super::{TopicLoadPart, text};
    use crate::report::fixture::{self, Made};
    use engine::units::Nanos;

    /// A clean run with so many messages on the four partitions of its two topics.
    fn made(messages: [u64; 4]) -> Made {
        let mut made = Made::clean();
        let partitions = &mut made.outcome.tally.streams[0].partitions;
        for (place, count) in messages.into_iter().enumerate() {
            (0..count).for_each(|_| partitions.record(place, Some(Nanos(1))));
        }
        made
    }

    #[test]
    fn each_topic_has_its_most_loaded_partition_and_the_worst_of_them_a_line() {
        let report = fixture::report(&made([30, 90, 20, 20]));
        let part = |topic: &str, messages, most: (u32, u64), share, times_mean| TopicLoadPart {
            topic: topic.to_owned(),
            partitions: 2,
            messages,
            most_loaded: most.0,
            most_loaded_messages: most.1,
            most_loaded_share: share,
            times_mean,
        };
        let worst = part("made-main-0", 120, (1, 90), 0.75, 1.5);
        let even = part("made-main-1", 40, (0, 20), 0.5, 1.0);
        assert_eq!(report.partitions.topics, [worst, even], "both topics");
        let line = "most loaded partition: 1 of made-main-0, with 75.000 % of its messages, 1.50 times the \
                    mean of its 2";
        let told = text(&report);
        let words: Vec<&str> = told.split_whitespace().collect();
        assert_eq!(words.join(" "), line, "the worst");
    }

    #[test]
    fn what_is_even_has_no_line_and_what_had_no_message_is_left_out() {
        let report = fixture::report(&made([0, 0, 100, 104]));
        assert_eq!(report.partitions.topics.len(), 1, "a topic without a message has no load");
        assert_eq!(text(&report), "", "about the same");
        let none = fixture::report(&made([0; 4]));
        assert!(none.partitions.topics.is_empty(), "nothing was acked");
    }
}
