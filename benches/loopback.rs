//! How many messages a second go through one producing lane, the in-memory link and one consuming
//! lane: what the engine itself can do on this host.

use engine::host::machine;
use engine::plan::{Plan, Role, Wishes};
use engine::units::Nanos;
use kdyno_benches::{Digest, Silent, Size, demand, is_asked, run, throughput};

fn main() {
    if !is_asked(env!("CARGO_CRATE_NAME")) {
        return;
    }
    let millis = Size::of_this_run().choose(50, 2_000);
    let cores = u64::try_from(machine().cores.len()).expect("cores fit in 64 bits");
    let parameters = [("milliseconds", millis), ("bytes", 100), ("lanes", 2), ("cores", cores)];
    throughput("loopback: end to end", &parameters, || {
        let outcome = run("loopback", plan(Nanos::from_millis(millis)), &mut Silent);
        let measured = &outcome.tally.streams[0].measured;
        let (sent, read) = (measured.produced.messages, measured.received());
        // How many there are differs; that none is lost, failed or left does not.
        let mut digest = Digest::default();
        let astray = [
            sent - measured.acked.messages,
            sent - read,
            measured.errors(),
            measured.outstanding(),
        ];
        astray.into_iter().for_each(|counter| digest.add(counter));
        (read * 1_000 / millis, digest)
    });
}

fn plan(measured: Nanos) -> Plan {
    let plan = Plan::new(demand(measured), &machine(), &Wishes::default()).expect("no wishes");
    for role in [Role::Producer, Role::Consumer] {
        let lanes = plan.lanes.iter().filter(|lane| lane.role() == role).count();
        assert!(lanes == 1, "one lane of each role");
    }
    plan
}
