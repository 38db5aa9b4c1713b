//! What was acked of a lane's open transaction, until it is known to be committed or aborted.

use super::stretch::{Series, Stretch};
use super::tally::Phase;
use crate::link::{End, Failure};
use crate::message::Stamp;
use crate::units::{Nanos, Timestamp};

/// What became of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Its messages are visible.
    Committed,
    /// As was planned: its messages never are.
    Aborted,
    /// The same, since the client could not commit it.
    Forced,
    /// Nobody answered, or the client's answer says nothing of it.
    Undecided,
}

/// How a transaction ended.
#[derive(Clone, Copy, Debug)]
pub struct TransactionEnd {
    /// What became of it.
    pub fate: Fate,
    /// The last call that was made.
    pub how: End,
    /// From the decision to end it to the last of its messages' answers.
    pub drain: Nanos,
    /// From there to the last call's answer.
    pub took: Nanos,
    /// The refusal that was final, if there was one.
    pub failure: Option<Failure>,
}

/// Messages of one partition that follow one another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) series: Series,
    pub(super) stretch: Stretch,
    /// The partition's place in the row of all.
    pub(super) place: usize,
    /// The highest offset.
    pub(super) offset: i64,
}

/// The acked messages of the open transaction: a run or a few of each partition, and each one's due
/// time. Memory is kept from one transaction to the next.
#[derive(Debug)]
pub(super) struct OpenTransaction {
    runs: Vec<Run>,
    /// By place: which run was the partition's last.
    last: Vec<Option<usize>>,
    dues: Vec<Timestamp>,
}

impl OpenTransaction {
    /// For a stream of so many partitions.
    pub(super) fn of(partitions: usize) -> Self {
        Self { runs: Vec::new(), last: vec![None; partitions], dues: Vec::new() }
    }

    /// A message was acked on a partition, by its place in the row of all.
    pub(super) fn acked(
        &mut self,
        (stamp, phase): (&Stamp, Phase),
        (place, partition): (usize, i32),
        offset: i64,
    ) {
        self.dues.push(stamp.due);
        let number = i64::try_from(stamp.sequence).expect("nobody sends 2^63 messages");
        let next = Stretch::of_one(stamp.sequence, number, phase);
        let last = self.last[place].and_then(|at| self.runs.get_mut(at));
        if let Some(run) = last.filter(|run| run.stretch.is_followed_by(&next)) {
            run.stretch.count += 1;
            run.stretch.to = number;
            run.offset = run.offset.max(offset);
            return;
        }
        let series = Series {
            producer: stamp.producer,
            incarnation: stamp.incarnation,
            partition: u32::try_from(partition).expect("an answered partition is not negative"),
        };
        self.last[place] = Some(self.runs.len());
        self.runs.push(Run { series, stretch: next, place, offset });
    }

    /// What was acked, by runs, and each message's due time.
    pub(super) fn parts(&self) -> (&[Run], &[Timestamp]) {
        (&self.runs, &self.dues)
    }

    /// The next one begins.
    pub(super) fn clear(&mut self) {
        self.runs.iter().for_each(|run| self.last[run.place] = None);
        self.runs.clear();
        self.dues.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::{OpenTransaction, Run};
    use crate::measure::tally::Phase;
    use crate::message::Stamp;

    /// The runs of messages by partition, number and phase, acked at ten times their number.
    fn runs(seen: &[(i32, u64, Phase)]) -> Vec<(usize, u64, u64, i64)> {
        let mut open = OpenTransaction::of(4);
        let mut told = Vec::new();
        // Twice, so that nothing is left of the first.
        for _ in 0..2 {
            for (partition, sequence, phase) in seen {
                let stamp = Stamp { sequence: *sequence, ..Stamp::default() };
                let place = usize::try_from(*partition).expect("not negative");
                let offset = i64::try_from(*sequence).expect("a small number") * 10;
                open.acked((&stamp, *phase), (place, *partition), offset);
            }
            let (runs, dues) = open.parts();
            assert_eq!(dues.len(), seen.len(), "one for each message");
            let shown = |run: &Run| (run.place, run.stretch.first, run.stretch.count, run.offset);
            told = runs.iter().map(shown).collect();
            open.clear();
        }
        told
    }

    #[test]
    fn a_partition_has_one_run_unless_numbers_are_missing_or_the_phase_changes() {
        let all = Phase::Measured;
        assert_eq!(
            runs(&[(0, 5, all), (1, 0, all), (0, 6, all), (1, 1, all), (0, 7, all)]),
            [(0, 5, 3, 70), (1, 0, 2, 10)],
            "interleaved"
        );
        assert_eq!(
            runs(&[(2, 0, all), (2, 2, all), (2, 3, all)]),
            [(2, 0, 1, 0), (2, 2, 2, 30)],
            "one failed"
        );
        assert_eq!(
            runs(&[(3, 0, Phase::Warmup), (3, 1, all)]),
            [(3, 0, 1, 0), (3, 1, 1, 10)],
            "each phase by itself"
        );
    }
}
