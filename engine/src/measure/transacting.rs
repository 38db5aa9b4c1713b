//! What a recorder is told of its lane's transactions.

use super::account::{Entry, Side};
use super::duty::Duty;
use super::recorder::Recorder;
use super::transacted::Transacted;
use super::transaction::{Fate, OpenTransaction, Run, TransactionEnd};
use crate::link::{End, Failure};
use crate::plan::{Demand, StreamDemand};
use crate::units::{Nanos, Timestamp};

/// By stream; for those that the lane sends in transactions.
pub(super) fn open_transactions(demand: &Demand, duties: &[Duty]) -> Vec<Option<OpenTransaction>> {
    let open = |(stream, of): (usize, &StreamDemand)| {
        let is_sent = duties.contains(&Duty::Send { stream });
        let partitions = usize::try_from(of.partitions()).expect("partitions fit in memory");
        let is_asked = is_sent && demand.clients.transactions.is_some();
        is_asked.then(|| OpenTransaction::of(partitions))
    };
    demand.streams.iter().enumerate().map(open).collect()
}

impl Recorder {
    /// A transaction of this stream was begun, which took so long.
    pub fn transaction_begun(&mut self, stream: usize, took: Nanos) {
        let seen = self.transacted(stream);
        seen.begun += 1;
        seen.begin.record(Some(took));
    }

    /// The client refused to begin a transaction.
    pub fn transaction_refused(&mut self, stream: usize, failure: Failure) {
        self.transacted(stream).errors.count(failure.code);
    }

    /// A transaction of this stream ended at `now`: what was acked of it is visible from then on, never
    /// will be, or nobody knows.
    pub fn transaction_ended(&mut self, now: Timestamp, stream: usize, end: &TransactionEnd) {
        self.turn_page(now);
        let TransactionEnd { fate, how, drain, took, failure } = *end;
        let seen = self.transacted(stream);
        seen.drain.record(Some(drain));
        match fate {
            Fate::Committed => seen.committed += 1,
            Fate::Aborted => seen.aborted += 1,
            Fate::Forced => seen.forced += 1,
            Fate::Undecided => seen.undecided += 1,
        }
        if fate != Fate::Undecided {
            let answered = if how == End::Commit { &mut seen.commit } else { &mut seen.abort };
            answered.record(Some(took));
        }
        if let Some(failure) = failure {
            seen.errors.count(failure.code);
        }
        let Some(mut open) = self.open[stream].take() else { return };
        let (runs, dues) = open.parts();
        runs.iter().for_each(|run| self.settle(stream, run, fate));
        if fate == Fate::Committed {
            for due in dues {
                let phase = self.phase_of(*due);
                let of_phase = self.tally.streams[stream].phase(phase).transacted();
                of_phase.visible.record(now.since(*due));
            }
        }
        open.clear();
        self.open[stream] = Some(open);
    }

    /// Counts the messages of a run, and notes their numbers.
    fn settle(&mut self, stream: usize, run: &Run, fate: Fate) {
        let Run { series, stretch, place, offset } = *run;
        let all = &mut self.tally.streams[stream];
        let seen = all.phase(stretch.phase).transacted();
        let side = match fate {
            Fate::Committed => {
                seen.committed_messages += stretch.count;
                Some(Side::Committed)
            }
            Fate::Aborted | Fate::Forced => {
                seen.aborted_messages += stretch.count;
                Some(Side::Aborted)
            }
            Fate::Undecided => None,
        };
        if let Some(side) = side {
            all.account.note(Entry { side, series, stretch });
        }
        // Who reads what is committed alone is never seen to pass an offset that is not.
        if fate == Fate::Committed || !self.hides_until_committed {
            all.acked_offsets[place] = all.acked_offsets[place].max(offset);
        }
    }

    fn transacted(&mut self, stream: usize) -> &mut Transacted {
        let present = self.present;
        self.tally.streams[stream].phase(present).transacted()
    }
}
