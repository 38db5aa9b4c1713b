//! The checks of whether bodies went faster than anything here could have carried them.

use super::constants::ABOVE;
use super::facts::{number, share, text};
use super::tally::Phase;
use super::verdict::{Case, Found};
use crate::plan::{ClientSettings, Role};
use crate::units::{Nanos, Timestamp};

/// Every check, in the order in which equally grave findings are told.
pub(super) const CHECKS: &[fn(&Case<'_>, &mut Found)] = &[above_nic, above_ceiling];

/// Bytes of bodies per second: which, and how many.
type Flow = (&'static str, f64);

/// What was acked and what was received, over the phase or until the last of it where that took longer.
fn flows(case: &Case<'_>) -> [Flow; 2] {
    let total = case.tally.total(Phase::Measured);
    let phase = case.plan.demand.phases.measured;
    let over = |bytes: u64, ends: Option<(Timestamp, Timestamp)>| {
        let took = ends.map_or(Nanos::ZERO, |(first, last)| first.until(last));
        share(bytes, phase.max(took).0) * 1e9
    };
    let acked = &total.acked;
    let read = total.consumed.iter().map(|of| of.bytes).sum();
    let first = total.consumed.iter().filter_map(|of| of.window.first()).min();
    let last = total.consumed.iter().filter_map(|of| of.window.last()).max();
    [
        ("acked", over(acked.bytes, acked.window.first().zip(acked.window.last()))),
        ("received", over(read, first.zip(last))),
    ]
}

/// Whether bodies may be smaller on their way than they are here.
fn is_compressed(clients: &ClientSettings) -> bool {
    let plain = ["none", "producer", "uncompressed"];
    let codecs = ["compression.codec", "compression.type"];
    let mut settings = clients.producer.iter().chain(&clients.topic);
    settings.any(|(name, value)| {
        codecs.contains(&name.as_str()) && !plain.contains(&value.to_lowercase().as_str())
    })
}

fn above_nic(case: &Case<'_>, found: &mut Found) {
    let Some(carried) = case.evidence.network.and_then(|seen| seen.carried) else { return };
    if !is_compressed(&case.plan.demand.clients) {
        let by = ("the network card that they went over", share(carried.0, 1));
        raise("bytes_above_nic", &flows(case), by, found);
    }
}

/// librdkafka copies each body once on the lane that sends it, so bodies go no faster than lanes copy.
fn above_ceiling(case: &Case<'_>, found: &mut Found) {
    let copied = case.evidence.standing.and_then(|standing| standing.copied_per_second);
    let Some(copied) = copied else { return };
    let lanes = case.plan.lanes.iter().filter(|lane| lane.role() == Role::Producer).count();
    let lanes = u64::try_from(lanes).expect("lanes are few");
    let by = ("copying memory on the producing lanes", copied * share(lanes, 1));
    raise("bytes_above_ceiling", &flows(case)[..1], by, found);
}

/// Names each flow that is above what something carries in a second.
fn raise(code: &'static str, flows: &[Flow], (by, carried): (&str, f64), found: &mut Found) {
    for (what, per_second) in flows.iter().filter(|(_, flow)| ABOVE * carried < *flow) {
        found.warn(
            code,
            format!(
                "{:.1} MB/s of bodies were {what}, more than the {:.1} MB/s that {by} can carry. One of \
                 the two is wrong: the messages did not all go there and back, or the figure that they \
                 are set against is of something else. Do not quote this rate before it is known which; \
                 set it against what the brokers counted.",
                per_second / 1e6,
                carried / 1e6
            ),
            vec![
                text("what", *what),
                number("bytes_per_second", *per_second),
                number("carried_bytes_per_second", carried),
                number("warned_from", ABOVE),
            ],
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::measure::network::NetworkSeen;
    use crate::measure::standing::Standing;
    use crate::measure::verdict::{Evidence, Verdict};
    use crate::measure::verdict_fixture::{evidence, plan, tally};
    use crate::plan::ClientCount;
    use crate::units::Bytes;

    /// What is raised where so many MB/s were acked and read in all, over cards of 125 MB/s and on lanes
    /// that copy as much.
    fn check(acked: u64, read: u64, codec: &str, expected: &[&str]) {
        let mut plan = plan(ClientCount::Shared);
        let codec = ("compression.codec".to_owned(), codec.to_owned());
        plan.demand.clients.producer = vec![codec];
        let mut tally = tally(&plan);
        let seen = &mut tally.streams[0].measured;
        seen.acked.bytes = acked * 10_000_000;
        seen.consumed[0].bytes = read * 10_000_000;
        let lanes = plan.lanes.iter().filter(|lane| lane.name.starts_with("produce")).count();
        let standing = Standing {
            share: 0.1,
            messages_per_second: 1e6,
            lanes: 1,
            against: "the null sink",
            copied_per_second: Some(200e6 / u32::try_from(lanes).map_or(1.0, f64::from)),
        };
        let network = NetworkSeen { carried: Some(Bytes(125_000_000)), ..NetworkSeen::default() };
        let told = Evidence { network: Some(&network), standing: Some(standing), ..evidence() };
        let verdict = Verdict::of(&plan, &tally, &told);
        let codes: Vec<&str> = verdict.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, expected, "{acked}, {read}: {:?}", verdict.findings);
        assert!(verdict.valid, "a doubt never changes `valid`");
    }

    #[test]
    fn what_went_faster_than_it_can_be_carried_is_named() {
        check(100, 100, "none", &[]);
        check(125, 120, "none", &[]);
        check(130, 120, "none", &["bytes_above_nic"]);
        check(120, 130, "none", &["bytes_above_nic"]);
        // Compressed, they may be a tenth on their way.
        check(190, 400, "lz4", &[]);
        check(210, 400, "lz4", &["bytes_above_ceiling"]);
        check(210, 400, "none", &["bytes_above_nic", "bytes_above_nic", "bytes_above_ceiling"]);
    }
}
