//! Laws of a run in shares: what eight lanes saw, sent from eight hosts, is what one lane sees alone.

use super::doubles::{Case, Script};
use crate::measure::{Account, Phase, Tally};
use crate::plan::{StreamDemand, samples};
use crate::units::Nanos;

const SHARES: u64 = 8;
const PRODUCERS: u32 = 16;

/// A lane with these of the producers.
fn lane(producers: impl Iterator<Item = u64>) -> Tally {
    let stream = StreamDemand { producers_per_topic: PRODUCERS, ..samples::stream(5_000) };
    let script = Script { answer_after: Nanos(700_000), ..Script::default() };
    let ran = Case { script, producers: producers.collect(), ..Case::new(stream) }.run();
    assert_eq!(ran.struck, None, "sent and answered in time");
    ran.tally
}

fn sent(tally: &Tally) -> Tally {
    let bytes = postcard::to_stdvec(tally).expect("memory takes it");
    postcard::from_bytes(&bytes).expect("what was sent can be read")
}

/// Everything that does not depend on who sent first.
fn said(tally: &mut Tally) -> (Vec<u64>, Account) {
    let phase = tally.streams[0].phase(Phase::Measured);
    let (produced, acked) = (&phase.produced, &phase.acked);
    let counts = vec![
        produced.due,
        produced.attempted,
        produced.messages,
        produced.bytes,
        produced.unsent,
        acked.messages,
        acked.bytes,
        phase.send_delay.count(),
        phase.publish.count(),
        phase.service.count(),
    ];
    (counts, tally.streams[0].account.clone())
}

#[test]
fn eight_shares_sent_from_eight_hosts_are_one_lanes_run() {
    let all = u64::from(PRODUCERS);
    let step = usize::try_from(SHARES).expect("it is small");
    let shares: Vec<Tally> = (0..SHARES).map(|of| lane((of..all).step_by(step))).collect();
    let empty = || {
        let mut tally = shares[0].clone();
        tally.clear();
        tally
    };
    let (mut arrived, mut here) = (empty(), empty());
    for share in &shares {
        assert_eq!(&sent(share), share, "in every field");
        arrived.merge(&sent(share));
        here.merge(share);
    }
    assert_eq!(arrived, here, "in every field");
    let (counts, account) = said(&mut arrived);
    assert_eq!((counts[0], counts[5]), (5_000, 5_000), "due and acked");
    let mut alone = lane(0..all);
    assert!(account.is_whole() && said(&mut alone) == (counts, account), "as one lane saw it");
}
