//! What a run that sends nothing found and read, as the file and the summary write it.

use super::Report;
use super::text_table::{count, percent, rate};
use super::traffic::Flow;
use engine::measure::CatchUpEnd;
use engine::run::Outcome;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// How much of what was there was read. Offsets are an upper bound of messages: compaction and transactions
/// leave some that hold none.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CatchUpPart {
    /// From the first offset to the end of every partition when the run began, once for each group; 0 where
    /// consumers began at the end.
    pub offsets: u64,
    /// Of these, how many had not been passed when reading ended.
    pub left: u64,
    /// `all_read`: every group passed the ends that stood when the run began; `enough`: as many messages were
    /// read as were asked for; `time_over`: the time that was
    /// asked for was over; `broken`: it ended before, and the findings say why.
    pub ended: Cow<'static, str>,
}

impl CatchUpPart {
    pub(super) fn of(outcome: &Outcome) -> Option<Self> {
        let seen = outcome.catch_up?;
        let ended = match seen.end {
            CatchUpEnd::AllRead => "all_read",
            CatchUpEnd::Enough => "enough",
            CatchUpEnd::TimeOver => "time_over",
            CatchUpEnd::Broken => "broken",
        };
        Some(Self { offsets: seen.offsets, left: seen.left, ended: ended.into() })
    }

    /// What a valid run came to.
    pub(super) fn valid(&self, flow: &Flow) -> String {
        let fast = rate(flow.messages_per_second);
        let what = match &*self.ended {
            "all_read" => "all that was there was read",
            "enough" => "as many messages were read as were asked for",
            _ => "what is there was read for as long as was asked",
        };
        format!("VALID: {what}, at {fast} msg/s\n")
    }
}

/// What was run; nothing where it sends.
pub(super) fn load(report: &Report) -> Option<String> {
    report.catch_up.as_ref()?;
    let (name, plan) = (&report.test_name, &report.plan);
    Some(format!(
        "{name}: reads what is there, {} topics, {} partitions, {} consumers, {} s\n",
        plan.topics, plan.partitions, plan.consumers, plan.measured_s,
    ))
}

/// What was there and what was read, under their heads; nothing where the run sends.
pub(super) fn count_rows(report: &Report) -> Option<Vec<Vec<String>>> {
    let part = report.catch_up.as_ref()?;
    let head = ["", "messages", "share", "msg/s", "MiB/s"].map(str::to_owned).to_vec();
    let passed = part.offsets.saturating_sub(part.left);
    let share = format!("{} passed", percent(passed, part.offsets));
    let mut rows = vec![head, vec!["offsets".to_owned(), count(part.offsets), share]];
    let several = 1 < report.consumed.subscriptions.len();
    rows.extend(report.consumed.subscriptions.iter().map(|of| {
        let name = if several {
            format!("read, subscription {}", of.subscription)
        } else {
            "read".to_owned()
        };
        let mib = of.flow.mib_per_second.map_or("-".to_owned(), |mib| format!("{mib:.2}"));
        let fast = rate(of.flow.messages_per_second);
        vec![name, count(of.messages), String::new(), fast, mib]
    }));
    Some(rows)
}

/// A made-up catch-up: all that was there was read, an offset held nothing.
#[cfg(test)]
pub(super) fn made() -> super::fixture::Made {
    let mut made = super::fixture::Made::clean();
    let stream = &mut made.plan.demand.streams[0];
    (stream.producers_per_topic, stream.pace) = (0, engine::plan::Pace::Max { in_flight: None });
    let end = CatchUpEnd::AllRead;
    made.outcome.catch_up = Some(engine::measure::CatchUpSeen { offsets: 400_001, left: 0, end });
    made
}

#[cfg(test)]
mod tests {
    use super::{count_rows, load, made};
    use crate::report::fixture::{self, Made};

    #[test]
    fn what_was_there_and_what_was_read_stand_in_place_of_what_was_sent() {
        let report = fixture::report(&made());
        let part = report.catch_up.as_ref().expect("nobody sends");
        assert_eq!((part.offsets, part.left, &*part.ended), (400_001, 0, "all_read"));
        let rows = count_rows(&report).expect("there are some");
        let column = |at: usize| -> Vec<&str> {
            rows.iter().map(|row| row.get(at).map_or("", String::as_str)).collect()
        };
        assert_eq!(column(0), ["", "offsets", "read, subscription 0", "read, subscription 1"]);
        assert_eq!(column(1), ["messages", "400,001", "200,000", "200,000"]);
        let line = load(&report).expect("there is one");
        assert!(line.starts_with("made up: reads what is there, "), "{line}");
        let valid = part.valid(&report.consumed.flow);
        assert!(valid.starts_with("VALID: all that was there was read, at "), "{valid}");
        let sends = fixture::report(&Made::clean());
        assert!(sends.catch_up.is_none() && load(&sends).is_none(), "who sends has none");
    }
}
