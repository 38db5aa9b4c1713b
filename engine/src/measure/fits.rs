//! Whether a tally that came from elsewhere has the shape of a plan, so that merging leaves nothing out.

use super::partitions::Partitions;
use super::silences::Silence;
use super::tally::{StreamTally, Tally};
use crate::plan::{Demand, StreamDemand, Verification};

impl Tally {
    /// Whether this tally is one of a lane of this demand: then it may be merged with others of it.
    ///
    /// # Errors
    /// What it has too many or too few of.
    pub fn fits(&self, demand: &Demand) -> Result<(), String> {
        same("a tally: streams", self.streams.len(), demand.streams.len())?;
        for (seen, stream) in self.streams.iter().zip(&demand.streams) {
            fits(seen, stream, demand)
                .map_err(|fault| format!("a tally: stream {}: {fault}", stream.name))?;
        }
        Ok(())
    }
}

fn fits(seen: &StreamTally, stream: &StreamDemand, demand: &Demand) -> Result<(), String> {
    let StreamTally { warmup, measured, acked_offsets, partitions, account, silences } = seen;
    for phase in [warmup, measured] {
        same("subscriptions", phase.consumed.len(), count(stream.subscriptions.into()))?;
    }
    same("partitions", acked_offsets.len(), count(stream.partitions()))?;
    let told_apart = Partitions::told_apart(demand, stream);
    same("partitions that are told apart", partitions.messages.len(), told_apart)?;
    let is_there = |silence: &Silence| u64::from(silence.place) < stream.partitions();
    if !silences.partitions.all().iter().all(is_there) {
        return Err("silences: of a partition that was not planned".to_owned());
    }
    let is_kept = demand.verification != Verification::Counts;
    if account.is_kept() != is_kept {
        let words = |of: bool| if of { "by numbers" } else { "by counts" };
        let (got, needed) = (words(account.is_kept()), words(is_kept));
        return Err(format!("verification: got {got}, need {needed}, as it was planned"));
    }
    Ok(())
}

fn same(what: &str, got: usize, needed: usize) -> Result<(), String> {
    if got == needed {
        return Ok(());
    }
    Err(format!("{what}: got {got}, need {needed}, as many as were planned"))
}

fn count(number: u64) -> usize {
    usize::try_from(number).expect("what a plan counts fits in memory")
}
