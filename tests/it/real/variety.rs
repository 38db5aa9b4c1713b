//! Acks, sizes, keys, codecs, closed loops: the counts are exact under all of them.

use super::load::{Load, SMALL};
use super::{assert_exact, assert_read, count, shared_turn};
use crate::cli::Kdyno;

#[test]
fn counts_are_exact_whatever_is_sent() {
    let Some(turn) = shared_turn() else { return };
    let check = |name: &str, load: &Load<'_>, words: &[&str]| {
        let load = Load { name, warmup: 0, ..*load };
        let ran = Kdyno::new(&["run", "w.yaml", "--bootstrap-server", &turn.address])
            .and(words)
            .with_file("w.yaml", &load.yaml())
            .run();
        assert_exact(&ran, load.due(), 1);
    };
    check("acks 0", &SMALL, &["--set", "driver.producerConfig.acks=0"]);
    check("acks 1", &SMALL, &["--set", "driver.producerConfig.acks=1"]);
    check("one byte", &Load { size: 1, ..SMALL }, &[]);
    check("random keys", &Load { more: "keyDistributor: RANDOM\n", ..SMALL }, &[]);
    check("lz4", &SMALL, &["--set", "driver.producerConfig.compression.type=lz4"]);
}

#[test]
fn a_closed_loop_ends_with_every_message_read() {
    let Some(turn) = shared_turn() else { return };
    let ran = Kdyno::new(&["run", "w.yaml", "--bootstrap-server", &turn.address])
        .and(&["--rate", "max", "--in-flight", "1000"])
        .with_file("w.yaml", &Load { name: "closed loop", ..SMALL }.yaml())
        .run();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let result = ran.result();
    let sent = count(&result, "/produced/messages");
    assert!(1_000 < sent, "more than one window: {sent}");
    assert_eq!(count(&result, "/acked/messages"), sent, "acked");
    assert_read(&result, sent, 1);
}
