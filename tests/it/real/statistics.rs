//! A real broker's clients say how they are, and where the publish latency went.

use super::load::{Load, SMALL};
use super::{assert_exact, shared_turn};
use crate::cli::{Kdyno, number};
use crate::statistics::assert_spoken;

#[test]
fn a_real_brokers_round_trips_are_in_the_parts_of_the_publish_latency() {
    let Some(turn) = shared_turn() else { return };
    let load = Load { name: "talk", rate: 10_000, size: 1_024, seconds: 6, ..SMALL };
    let ran = Kdyno::new(&["run", "w.yaml", "--bootstrap-server", &turn.address])
        .with_file("w.yaml", &load.yaml())
        .run();
    let result = assert_exact(&ran, load.due(), 1);
    println!("{}", assert_spoken(&ran, 6));
    let rest = number(&result, "/client/publish_parts/rest_share");
    assert!(rest.abs() <= 0.5, "generous on a crowded host: {rest}");
    let covered = number(&result, "/client/publish_parts/messages");
    let acked = number(&result, "/acked/messages");
    assert!(acked / 2.0 < covered && covered <= acked, "most of {acked}: {covered}");
    let per_batch = number(&result, "/client/producers/batch_messages_mean");
    assert!(per_batch * 1_024.0 < number(&result, "/client/producers/batch_bytes_mean"), "framed");
}
