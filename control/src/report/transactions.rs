//! What became of transactions, as the file and the summary write it.

use super::Report;
use super::errors::Errors;
use super::latency::Block;
use super::number::{ratio, thousandth};
use super::streams::is_timed;
use super::text_table::{count, percent, span, table};
use engine::measure::{Balance, PhaseTally, Transacted};
use engine::plan::Plan;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The transactions that ended in the measured phase, and the messages that were due in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TransactionPart {
    /// What consumers see: `read_committed` or `read_uncommitted`.
    pub isolation: Cow<'static, str>,
    /// Begun.
    pub begun: u64,
    /// Committed.
    pub committed: u64,
    /// Aborted, as was asked for.
    pub aborted: u64,
    /// Aborted because they could not be committed.
    pub forced_to_abort: u64,
    /// Neither, as far as their producers know.
    pub undecided: u64,
    /// Part of all that ended that was aborted as asked for, 0 to 1; null where none ended.
    pub abort_ratio: Option<f64>,
    /// Acked messages of each that ended, on average; null where none did.
    pub messages_per_transaction: Option<f64>,
    /// Acked messages of committed ones: what consumers must receive.
    pub committed_messages: u64,
    /// Acked messages of those aborted: what they must not.
    pub aborted_messages: u64,
    /// Acked messages of those neither committed nor aborted: consumers may receive them.
    pub undecided_messages: u64,
    /// Aborted messages that consumers received all the same, over all subscriptions; null: not examined,
    /// since consumers see everything or messages were told apart by counts alone.
    pub aborted_but_delivered: Option<u64>,
    /// Refusals to begin, commit or abort that were final.
    #[serde(flatten)]
    pub errors: Errors,
    /// How long beginning took.
    pub begin: Block,
    /// From the decision to end one to the answer for the last of its messages.
    pub drain: Block,
    /// From there to the answer that it is committed.
    pub commit: Block,
    /// From there to the answer that it is aborted.
    pub abort: Block,
    /// By message of committed ones: from its due time to that answer. Null in a closed loop.
    pub visible: Option<Block>,
}

impl TransactionPart {
    /// What was seen of them; `None` where the run had none.
    pub(super) fn of(plan: &Plan, seen: &PhaseTally, balances: &[Balance]) -> Option<Self> {
        let clients = &plan.demand.clients;
        clients.transactions?;
        let nothing = Transacted::default();
        let all = seen.transactions.as_deref().unwrap_or(&nothing);
        let is_hidden = clients.reads_committed();
        let told: Option<Vec<u64>> =
            balances.iter().map(|one| one.repeats.map(|of| of.aborted_but_present)).collect();
        let told = told.filter(|counts| is_hidden && !counts.is_empty());
        let settled = all.committed_messages + all.aborted_messages;
        Some(Self {
            isolation: if is_hidden { "read_committed" } else { "read_uncommitted" }.into(),
            begun: all.begun,
            committed: all.committed,
            aborted: all.aborted,
            forced_to_abort: all.forced,
            undecided: all.undecided,
            abort_ratio: ratio(all.aborted, all.ended()),
            messages_per_transaction: ratio(seen.acked.messages, all.ended()).map(thousandth),
            committed_messages: all.committed_messages,
            aborted_messages: all.aborted_messages,
            undecided_messages: seen.acked.messages.saturating_sub(settled),
            aborted_but_delivered: told.map(|counts| counts.iter().sum()),
            errors: Errors::of(&[&all.errors]),
            begin: Block::full(&all.begin),
            drain: Block::full(&all.drain),
            commit: Block::full(&all.commit),
            abort: Block::full(&all.abort),
            visible: plan.demand.streams.iter().all(is_timed).then(|| Block::full(&all.visible)),
        })
    }

    /// How many there were and what became of them and their messages: a line each.
    pub(super) fn counts(&self) -> Vec<String> {
        let ended = self.committed + self.aborted + self.forced_to_abort + self.undecided;
        let per = self.messages_per_transaction.map_or("-".to_owned(), |per| format!("{per:.1}"));
        let mut lines = vec![format!(
            "transactions: {} of {per} messages, {} committed, {} aborted ({})",
            count(ended),
            count(self.committed),
            count(self.aborted),
            percent(self.aborted, ended),
        )];
        if 0 < self.forced_to_abort + self.undecided {
            lines.push(format!(
                "could not be committed: {}; neither committed nor aborted: {}",
                count(self.forced_to_abort),
                count(self.undecided),
            ));
        }
        lines.push(format!(
            "their messages: {} committed, {} aborted",
            count(self.committed_messages),
            count(self.aborted_messages),
        ));
        lines
    }

    /// What took its time, by name; aborts only where there were some.
    pub(super) fn steps(&self) -> Vec<(&'static str, &Block)> {
        let steps = [
            ("begin", Some(&self.begin)),
            ("last answers", Some(&self.drain)),
            ("commit", Some(&self.commit)),
            ("abort", Some(&self.abort).filter(|of| 0 < of.count)),
            ("due to committed", self.visible.as_ref()),
        ];
        steps.into_iter().filter_map(|(name, block)| Some((name, block?))).collect()
    }

    fn text(&self) -> String {
        let head = ["", "p50", "p99", "max"].map(str::to_owned).to_vec();
        let row = |(name, block): (&str, &Block)| {
            let spans = [block.p50_us, block.p99_us, block.max_us].map(span);
            std::iter::once(name.to_owned()).chain(spans).collect()
        };
        let rows: Vec<Vec<String>> =
            std::iter::once(head).chain(self.steps().into_iter().map(row)).collect();
        self.counts().join("\n") + "\n" + &table(&rows)
    }
}

/// The transactions in the summary; nothing where there were none.
pub(super) fn in_words(part: Option<&TransactionPart>) -> String {
    part.map_or_else(String::new, TransactionPart::text)
}

/// What consumers were to receive: `acked`, or `committed`.
pub(super) fn owed(report: &Report) -> &'static str {
    match &report.transactions {
        Some(part) if part.isolation == "read_committed" => "committed",
        _ => "acked",
    }
}

/// The clean run in transactions of 100 messages, a tenth of them aborted, read at this level.
#[cfg(test)]
pub(super) fn made(isolation: &str) -> super::fixture::Made {
    use engine::plan::{TransactionLength, Transactions};
    use engine::units::Nanos;

    let mut made = super::fixture::Made::clean();
    let clients = &mut made.plan.demand.clients;
    clients.transactions = Some(Transactions {
        length: TransactionLength::Messages(100),
        aborts_per_million: 100_000,
        seed: 1,
        longest: Nanos::from_secs(30),
    });
    clients.consumer.push(("isolation.level".to_owned(), isolation.to_owned()));
    let seen = &mut made.outcome.tally.streams[0].measured;
    let tenth = seen.acked.messages / 10;
    let mut of = Transacted {
        begun: 2_000,
        committed: 1_800,
        aborted: 200,
        committed_messages: seen.acked.messages - tenth,
        aborted_messages: tenth,
        ..Transacted::default()
    };
    of.commit.record(Some(Nanos::from_millis(2)));
    of.abort.record(Some(Nanos::from_millis(1)));
    of.visible.record(Some(Nanos::from_millis(9)));
    seen.transactions = Some(Box::new(of));
    made
}

#[cfg(test)]
mod tests {
    use super::{in_words, made, owed};
    use crate::report::fixture::{self, Made};

    #[test]
    fn a_tenth_of_the_transactions_is_aborted_and_their_messages_are_expected_nowhere() {
        let report = fixture::report(&made("read_committed"));
        let part = report.transactions.as_ref().expect("there were some");
        assert_eq!((part.begun, part.committed, part.aborted), (2_000, 1_800, 200), "fates");
        assert_eq!((part.abort_ratio, part.messages_per_transaction), (Some(0.1), Some(100.0)));
        let messages = (part.committed_messages, part.aborted_messages, part.undecided_messages);
        assert_eq!(messages, (180_000, 20_000, 0), "each is one or the other");
        let p50 = part.commit.p50_us.expect("commits are timed");
        assert!((p50 - 2_000.0).abs() < 3.0, "2 ms: {p50}");
        assert_eq!(part.visible.as_ref().map(|of| of.count), Some(1), "visible");
        let expected: Vec<u64> =
            report.consumed.subscriptions.iter().map(|of| of.expected).collect();
        assert_eq!(expected, [180_000, 180_000], "of each subscription");
        assert_eq!(owed(&report), "committed", "in words");
    }

    #[test]
    fn who_reads_uncommitted_is_owed_everything_acked() {
        let report = fixture::report(&made("read_uncommitted"));
        let of = &report.consumed.subscriptions[0];
        assert_eq!((of.expected, owed(&report)), (200_000, "acked"), "all of it");
        let part = report.transactions.as_ref().expect("there were some");
        assert_eq!(part.aborted_but_delivered, None, "not examined");
    }

    #[test]
    fn the_summary_says_how_many_and_how_long() {
        let report = fixture::report(&made("read_committed"));
        let words = in_words(report.transactions.as_ref());
        let first = "transactions: 2,000 of 100.0 messages, 1,800 committed, 200 aborted (10.000 %)\n\
                     their messages: 180,000 committed, 20,000 aborted\n";
        assert!(words.starts_with(first), "{words}");
        for part in ["commit", "abort", "due to committed"] {
            assert!(words.contains(part), "{part}: {words}");
        }
        let none = fixture::report(&Made::clean());
        assert_eq!(in_words(none.transactions.as_ref()), "", "nothing where there are none");
    }
}
